"""A directory with a Hugging Face checkpoint: what is in it, and whether it can be converted.

Reads headers only: never loads a weight, never unpickles, never imports torch or transformers. Whether Optimum knows
the type of model, and whether the numbers are any good, shows in the conversion.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError

# In the order in which transformers looks for them; an index names the files that it stands for.
_SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_SETTINGS_SUFFIXES = frozenset({".json", ".jinja", ".model", ".txt", ".tiktoken"})
_TOKENIZERS = (
    ("tokenizer.json",),
    ("tokenizer.model",),
    ("vocab.json", "merges.txt"),
    ("vocab.txt",),
    ("spiece.model",),
    ("sentencepiece.bpe.model",),
    ("tekken.json",),
)
_LFS_POINTER = b"version https://git-lfs"
# Source: huggingface/safetensors, README ("Format") and safetensors/src/tensor.rs (MAX_HEADER_SIZE).
_MAX_HEADER_BYTES = 100_000_000
# Source: pytorch, torch/serialization.py: a zip archive, or its older format, a pickle that begins with MAGIC_NUMBER.
_ZIP = b"PK\x03\x04"
_LEGACY_PICKLE = b"\x80\x02\x8a\x0a" + 0x1950A86A20F9469CFC6C.to_bytes(10, "little")

# What may lie there in place of weights that can be read: files, what they are, what to do.
_FOREIGN = (
    ("adapter_config.json", "a LoRA adapter", "merge it into its base model first (peft's merge_and_unload)"),
    ("model_index.json", "a diffusers image generator", "give a language model"),
    ("model-*-of-*.safetensors", "weight files without their model.safetensors.index.json", "download it again"),
    ("pytorch_model-*-of-*.bin", "weight files without their pytorch_model.bin.index.json", "download it again"),
    ("*.gguf", "GGUF weights, for llama.cpp", "give the PyTorch checkpoint that they were made from"),
    ("*.onnx", "ONNX weights", "give the PyTorch checkpoint that they were made from"),
    ("onnx/*.onnx", "ONNX weights", "give the PyTorch checkpoint that they were made from"),
    ("tf_model*.h5", "TensorFlow weights", "give a checkpoint with PyTorch weights"),
    ("flax_model*.msgpack", "Flax weights", "give a checkpoint with PyTorch weights"),
    ("consolidated*", "weights in the author's own layout", "give the model in Hugging Face's format"),
    ("*.safetensors", "weights under another name", "save it again with save_pretrained"),
    ("*.pth", "weights under another name", "save it again with save_pretrained"),
)
_AGAIN = "download it again."

# What OpenVINO 2026.4 makes of Optimum Intel 2.1's export is not what PyTorch computes: tests/benchmarks/families.py.
_WRONG_TYPES = {"afmoe"}

_CAUSAL = ("ForCausalLM", "LMHeadModel", "ModelWithLMHead", "BertGenerationDecoder")
_CLASSIFIERS = ("Classification", "QuestionAnswering", "MultipleChoice", "RewardModel")
# What a model reads beside text: fields of its config, and types without such a field.
_SENSES = (
    ("images", {"vision_config", "vision_tower", "mm_vision_tower", "visual", "image_size"}, {"fuyu", "got_ocr2"}),
    ("audio", {"audio_config", "audio_encoder_config", "speech_config", "num_mel_bins", "conv_stride"}, {"moshi"}),
)
_CAUSAL_ADVICE = "give a causal language model: its config.json names an architecture that ends with ForCausalLM"
_BITS = {"float64": 64, "float32": 32, "float16": 16, "bfloat16": 16}


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint of a causal language model, as ``inspect`` found it."""

    directory: Path
    config: Mapping[str, Any]
    weight_files: tuple[Path, ...]
    """Those that transformers would load; variants and other formats beside them do not count."""
    is_pickled: bool
    """The weights are pickles, which may hold code: only torch's weights-only loader reads them."""

    @property
    def weights_bytes(self) -> int:
        """Size of the weight files."""
        return sum(path.stat().st_size for path in self.weight_files)

    @property
    def fingerprint(self) -> str:
        """40 hex digits that change with the files, as a commit does: of the config, and of all names, sizes, times.

        A file counts by its size and its modification time in nanoseconds; it is not read.
        """
        settings = (path for path in self.directory.iterdir() if path.suffix in _SETTINGS_SUFFIXES and path.is_file())
        files = sorted({*settings, *self.weight_files})
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        return hashlib.sha256(json.dumps([self.config, stats], sort_keys=True).encode()).hexdigest()[:40]


def is_checkpoint(directory: Path) -> bool:
    """Whether a directory looks like a checkpoint, whole or not: it has a ``config.json``, or weights of that kind."""
    return any((Path(directory) / name).is_file() for name in ("config.json", *_SAFETENSORS, *_PICKLES))


def inspect(directory: Path) -> Checkpoint:
    """Return what is in a directory. Raises ModelError, with what to do, where it cannot be converted."""
    directory = Path(directory)
    if not (directory / "config.json").is_file():
        raise ModelError(_without_config(directory))
    config = _read_json(directory / "config.json")
    check_config(config, str(directory))
    names = [name for name in (*_SAFETENSORS, *_PICKLES) if (directory / name).is_file()]
    if not names:
        raise ModelError(_without_weights(directory))
    files = _weight_files(directory / names[0])
    _check_tokenizer(directory)
    return Checkpoint(directory, config, files, is_pickled=names[0] in _PICKLES)


def check_config(config: Mapping[str, Any], source: str) -> None:
    """Raise ModelError where a ``config.json`` proves that ``source``, an id or a path, is no model for this package.

    It must be a decoder that continues text, of text alone, not yet quantised, without code of its own. Passing says
    that it may be one: whether Optimum can convert its type shows only there.
    """
    problem = _other_kind(config) or _quantised(config) or _exported_wrongly(config)
    if problem:
        raise ModelError(f"{source} {problem}.")


def bits_per_weight(config: Mapping[str, Any]) -> int:
    """Bits that a weight takes in a checkpoint, by its config; 16 where that is silent."""
    dtype = config.get("dtype") or config.get("torch_dtype")
    return _BITS.get(str(dtype).removeprefix("torch."), 16)


def _architectures(config: Mapping[str, Any]) -> list[str]:
    names = config.get("architectures")
    return [_word(name) for name in names] if isinstance(names, list) else []


def _word(value: object) -> str:
    """A name out of a config, fit for a sentence; "" for what is none."""
    return " ".join(value.split())[:60] if isinstance(value, str) else ""


def _other_kind(config: Mapping[str, Any]) -> str | None:
    """What a model is, and what to give instead, unless it may be a causal language model."""
    names, model_type = _architectures(config), _word(config.get("model_type"))
    called = f" ({', '.join(names) or model_type})"
    is_causal = any(name.endswith(_CAUSAL) for name in names)
    if (config.get("is_encoder_decoder") or {"encoder", "decoder"} <= set(config)) and not _ends(names, "ForCausalLM"):
        return f"is an encoder-decoder model{called}; {_CAUSAL_ADVICE}"
    reads_text = is_causal or "text_config" in config or _ends(names, "ForConditionalGeneration")
    for sense, fields, types in _SENSES:
        if fields & set(config) or model_type in types:
            what = f"text and {sense}" if reads_text else sense
            return f"is a model for {what}{called}; give a text-only language model"
    if is_causal:
        return None
    if _needs_own_code(config):
        return f"needs custom code{called}, which is never run here; give a model of a type that transformers supports"
    if not names and not model_type:
        return f"has a config.json that does not name a model type; {_CAUSAL_ADVICE}"
    # Encoders are known by their type where a config names no architecture.
    if not names and "bert" not in model_type and model_type not in ("electra", "mpnet"):
        return None
    return f"is {_kind_of(names)}{called}; {_CAUSAL_ADVICE}"


def _ends(names: list[str], suffix: str) -> bool:
    return any(name.endswith(suffix) for name in names)


def _needs_own_code(config: Mapping[str, Any]) -> bool:
    # A type that transformers knows may come with code too, which it then ignores: only a config without a causal
    # architecture of the usual name, or without a type, cannot do without.
    classes = config.get("auto_map")
    return isinstance(classes, Mapping) and ("AutoModelForCausalLM" in classes or not config.get("model_type"))


def _kind_of(names: list[str]) -> str:
    if any(word in name for name in names for word in _CLASSIFIERS):
        return "a classifier"
    if _ends(names, "ForConditionalGeneration"):
        return "a multimodal model"
    return "an embedding model, or one that lacks its output layer"


def _quantised(config: Mapping[str, Any]) -> str | None:
    for settings in (config, config.get("text_config")):
        if not isinstance(settings, Mapping):
            continue
        found = settings.get("quantization_config") or settings.get("compression_config")
        if found or settings.get("quantization"):
            method = _word(found.get("quant_method")) if isinstance(found, Mapping) else ""
            by = f"with {method}" if method else "for MLX" if settings.get("quantization") else "by another method"
            return f"is already quantised {by}; give the original, unquantised model"
    return None


def _exported_wrongly(config: Mapping[str, Any]) -> str | None:
    model_type = _word(config.get("model_type"))
    if model_type not in _WRONG_TYPES:
        return None
    return f"has the type {model_type!r}, which OpenVINO computes wrongly; give a model of another type"


def _without_config(directory: Path) -> str:
    if not directory.is_dir():
        return f"There is no directory {directory}: give one that holds a checkpoint."
    if is_checkpoint(directory):
        return f"{directory} has weights but no config.json, which says how they are used; {_AGAIN}"
    found = _foreign(directory)
    if found:
        return f"{directory} has no config.json, but {found}."
    inner = (path for pattern in ("*", "snapshots/*") for path in sorted(directory.glob(f"{pattern}/config.json")))
    for path in inner:
        return f"{directory} is not a model, but contains one: give {path.parent}."
    return (
        f"{directory} does not hold a model: give a directory of OpenVINO files, or of a Hugging Face checkpoint, "
        "which has config.json, model.safetensors and tokenizer.json."
    )


def _without_weights(directory: Path) -> str:
    found = _foreign(directory)
    if found:
        return f"{directory} has no weights that can be converted, but {found}."
    return f"{directory} has no weights, neither model.safetensors nor pytorch_model.bin; download it again."


def _foreign(directory: Path) -> str | None:
    """What lies there in place of weights, and what to do."""
    for pattern, what, advice in _FOREIGN:
        if any(path.is_file() and path.name not in (*_SAFETENSORS, *_PICKLES) for path in directory.glob(pattern)):
            return f"{what}; {advice}"
    return None


def _read_json(path: Path) -> dict[str, Any]:
    _refuse_lfs_pointer(path)
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as exc:
        raise ModelError(f"{path} is damaged: it is not valid JSON; {_AGAIN}") from exc
    if not isinstance(content, dict):
        raise ModelError(f"{path} contains no settings; {_AGAIN}")
    return content


def _refuse_lfs_pointer(path: Path) -> None:
    """The first look into a file: raise ModelError where it cannot be read, or only stands for the real one."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER))
    except OSError as exc:
        raise ModelError(f"{path} cannot be read ({exc.strerror}); check its permissions.") from exc
    if start == _LFS_POINTER:
        raise ModelError(f"{path} is a Git LFS pointer, not the file itself; run `git lfs pull` in {path.parent}.")


def _weight_files(path: Path) -> tuple[Path, ...]:
    """The weight files that a single one or an index stands for, all checked."""
    is_index = path.suffix == ".json"
    places = _weight_map(path) if is_index else {}
    files = tuple(path.parent / name for name in sorted(set(places.values()))) if is_index else (path,)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ModelError(
            f"{path.parent} lacks {len(missing)} of the {len(files)} weight files that {path.name} names, "
            f"{'first' if len(missing) > 1 else 'namely'} {missing[0]}; download it again."
        )
    for file in files:
        _refuse_lfs_pointer(file)
        if file.suffix != ".safetensors":
            _check_pickle(file)
            continue
        # transformers fills weights that it misses with random ones, and only warns.
        if not {tensor for tensor, name in places.items() if name == file.name} <= _check_safetensors(file):
            raise ModelError(f"{file} lacks weights that {path.name} says are in it; download both again.")
    return files


def _weight_map(index: Path) -> dict[str, str]:
    """File name by tensor, from an index that names only files beside it, of the same format."""
    places = _read_json(index).get("weight_map")
    suffix = ".safetensors" if index.name in _SAFETENSORS else ".bin"
    if not isinstance(places, dict) or not places or not all(_is_plain(name, suffix) for name in places.values()):
        raise ModelError(f"{index} is damaged: it does not say which files hold the weights; download it again.")
    return places


def _is_plain(name: object, suffix: str) -> bool:
    return isinstance(name, str) and name.endswith(suffix) and name.isprintable() and not set(name) & set("/\\")


def _check_safetensors(path: Path) -> set[str]:
    """Compare the size of a file with what its header says, and return the names of its tensors.

    A file is 8 bytes with the header's length (little-endian), the header (JSON), then the data without gaps.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header_end = 8 + int.from_bytes(file.read(8), "little")
        if size < 8 or (size < header_end <= _MAX_HEADER_BYTES):
            raise ModelError(f"{path} is truncated: {size:,} of at least {max(8, header_end):,} bytes; {_AGAIN}")
        header = file.read(header_end - 8) if header_end <= _MAX_HEADER_BYTES else b""
    try:
        tensors = {name: entry for name, entry in json.loads(header).items() if name != "__metadata__"}
        expected = header_end + _data_bytes(sorted(entry["data_offsets"] for entry in tensors.values()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise ModelError(f"{path} is damaged: its header cannot be read; {_AGAIN}") from exc
    if size != expected:
        what = "truncated" if size < expected else "damaged"
        raise ModelError(f"{path} is {what}: {size:,} bytes instead of {expected:,}; {_AGAIN}")
    if not tensors:
        raise ModelError(f"{path} holds no weights; {_AGAIN}")
    return set(tensors)


def _data_bytes(spans: list[list[int]]) -> int:
    """Where the last of the sorted [start, end) ends; ValueError unless each starts where the one before ends."""
    position = 0
    for start, end in spans:
        if start != position or end < start:
            raise ValueError(f"gap or overlap at {position}")
        position = end
    return position


def _check_pickle(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(len(_LEGACY_PICKLE))
    if start == _LEGACY_PICKLE:
        return
    if not start.startswith(_ZIP):
        raise ModelError(f"{path} is damaged: its {path.stat().st_size:,} bytes are not PyTorch weights; {_AGAIN}")
    try:
        with zipfile.ZipFile(path) as archive:
            names, begins = archive.namelist(), min(entry.header_offset for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise ModelError(
            f"{path} is truncated: its end is missing after {path.stat().st_size:,} bytes; {_AGAIN}"
        ) from exc
    # A piece that is missing in the middle moves the beginning before the file's.
    if begins != 0 or not any(name.endswith("data.pkl") for name in names):
        raise ModelError(f"{path} is damaged: an archive, but not one of PyTorch weights; {_AGAIN}")


def _check_tokenizer(directory: Path) -> None:
    found = next((names for names in _TOKENIZERS if all((directory / name).is_file() for name in names)), ())
    if not found and not any(directory.glob("*.tiktoken")):
        raise ModelError(
            f"{directory} has no tokenizer: tokenizer.json (or tokenizer.model, or vocab.json with merges.txt) belongs "
            "beside the weights; copy it from the model that this one was made from."
        )
    for name in found:
        _refuse_lfs_pointer(directory / name)
        if name == "tokenizer.json":
            _read_json(directory / name)
