"""A directory with a Hugging Face checkpoint: what is in it, and whether it can be converted.

Reads headers only: never loads a weight, never unpickles, never imports torch or transformers. Whether Optimum knows
the type of model, and whether the numbers are any good, shows in the conversion.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion.settings import put_right
from dolly_widget.models.conversion.weight_files import (
    PICKLES,
    SAFETENSORS,
    read_json,
    refuse_lfs_pointer,
    weight_files,
)

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
# What may lie there in place of weights that can be read: files, what they are, what to do.
_FOREIGN = (
    ("adapter_config.json", "a LoRA adapter", "merge it into its base model first (peft's merge_and_unload)"),
    ("model_index.json", "a diffusers image generator", "give a language model"),
    ("model-*-of-*.safetensors", "weight files without their model.safetensors.index.json", "download it again"),
    ("pytorch_model-*-of-*.bin", "weight files without their pytorch_model.bin.index.json", "download it again"),
    ("*.gguf", "parts of a GGUF model (one of several files, or mmproj)", "give all of its files"),
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
    generation_config: Mapping[str, Any] | None
    index: tuple[str, Mapping[str, Any]] | None
    """Name and content of the file that names the weight files, where there is one."""
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
    return any((Path(directory) / name).is_file() for name in ("config.json", *SAFETENSORS, *PICKLES))


def inspect(directory: Path) -> Checkpoint:
    """Return what is in a directory. Raises ModelError, with what to do, where it cannot be converted."""
    directory = Path(directory)
    if not (directory / "config.json").is_file():
        raise ModelError(_without_config(directory))
    config = read_json(directory / "config.json")
    check_config(config, str(directory))
    names = [name for name in (*SAFETENSORS, *PICKLES) if (directory / name).is_file()]
    if not names:
        raise ModelError(_without_weights(directory))
    files = weight_files(directory / names[0])
    _check_tokenizer(directory)
    return Checkpoint(
        directory,
        config,
        files,
        generation_config=_generation_config(directory),
        index=(names[0], read_json(directory / names[0])) if names[0].endswith(".json") else None,
        is_pickled=names[0] in PICKLES,
    )


def _generation_config(directory: Path) -> dict[str, Any] | None:
    path = directory / "generation_config.json"
    if not path.is_file():
        return None
    settings = read_json(path)
    put_right(settings, str(path))
    return settings


def check_config(config: Mapping[str, Any], source: str) -> None:
    """Raise ModelError where a ``config.json`` proves that ``source``, an id or a path, is no model for this package.

    It must be a decoder that continues text, of text alone, not yet quantised, without code of its own. Passing says
    that it may be one: whether Optimum can convert its type shows only there.
    """
    problem = _without_type(config) or _other_kind(config) or _quantised(config) or _exported_wrongly(config)
    if problem:
        raise ModelError(f"{source} {problem}.")
    put_right(config, f"The config.json of {source}")


def _without_type(config: Mapping[str, Any]) -> str | None:
    model_type = config.get("model_type")
    if model_type is None or (isinstance(model_type, str) and model_type.strip()):
        return None
    return f"has a config.json that does not name a model type, but {ascii(model_type)[:60]}; {_CAUSAL_ADVICE}"


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
        "which has config.json, model.safetensors and tokenizer.json; or a GGUF file."
    )


def _without_weights(directory: Path) -> str:
    found = _foreign(directory)
    if found:
        return f"{directory} has no weights that can be converted, but {found}."
    return f"{directory} has no weights, neither model.safetensors nor pytorch_model.bin; download it again."


def _foreign(directory: Path) -> str | None:
    """What lies there in place of weights, and what to do."""
    for pattern, what, advice in _FOREIGN:
        if any(path.is_file() and path.name not in (*SAFETENSORS, *PICKLES) for path in directory.glob(pattern)):
            return f"{what}; {advice}"
    return None


def _check_tokenizer(directory: Path) -> None:
    found = next((names for names in _TOKENIZERS if all((directory / name).is_file() for name in names)), ())
    if not found and not any(directory.glob("*.tiktoken")):
        raise ModelError(
            f"{directory} has no tokenizer: tokenizer.json (or tokenizer.model, or vocab.json with merges.txt) belongs "
            "beside the weights; copy it from the model that this one was made from."
        )
    for name in found:
        refuse_lfs_pointer(directory / name)
        if name == "tokenizer.json":
            read_json(directory / name)
