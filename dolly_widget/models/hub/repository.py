"""Which files of a hub repository are needed, by their names and sizes alone. Asks no hub, and reads no file."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dolly_widget.errors import ModelError
from dolly_widget.models.hub import gguf_files
from dolly_widget.models.hub.file_name import is_file_name

_OPENVINO = ("openvino_model.xml", "openvino_model.bin")
_OPENVINO_TOKENIZER = ("openvino_tokenizer.*", "openvino_detokenizer.*")
_TOKENIZER = (
    *("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt"),
    *("spiece.model", "sentencepiece.bpe.model", "*.tiktoken"),
)
_SETTINGS = (
    *("config.json", "generation_config.json", "tokenizer*.json", "special_tokens_map.json", "added_tokens.json"),
    *("merges.txt", "chat_template.jinja", "chat_template.json"),
)
_SAFETENSORS = ("model.safetensors", re.compile(r"model-\d+-of-(\d+)\.safetensors"))
_PICKLES = ("pytorch_model.bin", re.compile(r"pytorch_model-\d+-of-(\d+)\.bin"))
# What a repository without usable weights may hold instead, and what to do then.
_INSTEAD = (
    ("adapter_model.*", "a LoRA adapter", "merge it into its base model, or give the id of the base model"),
    ("*.gguf", "GGUF files in folders, or parts of one", "download one with all its parts, and give its path"),
    ("model_index.json", "an image pipeline", "give the id of a language model"),
    ("openvino_*.xml", "an OpenVINO model of another kind", "give the id of a causal language model"),
    ("*.safetensors", "safetensors under other names", "give the id of a checkpoint with model.safetensors"),
    ("*.onnx", "ONNX files", "give the id of the model that they were made from"),
    ("*.h5", "TensorFlow weights", "give the id of a checkpoint with safetensors"),
    ("*.msgpack", "Flax weights", "give the id of a checkpoint with safetensors"),
)


@dataclass(frozen=True)
class Repository:
    """A model's repository at one commit: the files of it that are needed, and what they are."""

    model_id: str
    revision: str
    commit: str
    """40 hex digits."""
    files: Mapping[str, int]
    """What will be fetched: name -> bytes."""
    is_openvino: bool
    """It holds OpenVINO files: no conversion is needed."""
    is_pickled: bool
    """Its only weights are pickles (``pytorch_model*.bin``)."""
    gguf: str = ""
    """The GGUF file that is needed, of a split one its first part; empty where it is another kind of model."""
    gguf_architecture: str = ""
    """The family of its GGUF files as the hub tells it, which may be that of another file; empty where it does not."""
    licence: str = ""
    """As the hub tells it from the model card; empty where it does not, or could not be asked."""
    etags: Mapping[str, str] = field(default_factory=dict)
    """Name -> the hub's name for the content; empty where the hub could not be asked."""

    @property
    def size_bytes(self) -> int:
        """Size of all files that are needed."""
        return sum(self.files.values())

    @property
    def weights_bytes(self) -> int:
        """Size of the weights among them."""
        return sum(size for name, size in self.files.items() if name.endswith((".bin", ".safetensors", ".gguf")))

    @property
    def has_tokenizer(self) -> bool:
        """Whether a tokenizer is among the files."""
        return any(_is_any_of(name, _TOKENIZER) for name in self.files)


def choose(
    model_id: str, revision: str, commit: str, sizes: Mapping[str, int], etags: Mapping[str, str], file: str = ""
) -> Repository:
    """Choose the files that are needed, from all names and their bytes; ``etags`` may be empty.

    ``file`` names a GGUF file of the repository. Where there are GGUF files only, and just one, it need not be named.
    Raises ModelError where they are no model that can be run or converted, ModelChoiceError where they are several.
    """
    if file:
        return _gguf(model_id, revision, commit, sizes, etags, file)
    names = [name for name in sizes if "/" not in name]
    is_openvino = all(name in names for name in _OPENVINO)
    safe = _OPENVINO if is_openvino else _weights(model_id, names, _SAFETENSORS)
    weights = safe or _weights(model_id, names, _PICKLES)
    if not weights and gguf_files.models_in(sizes):
        return _gguf(model_id, revision, commit, sizes, etags, file)
    if not weights:
        raise ModelError(f"{model_id} has no weights that can be run or converted{_instead(sizes)}.")
    if "config.json" not in names:
        raise ModelError(f"{model_id} has no config.json, so nothing says how its weights are used: give another id.")
    if is_openvino and "tokenizer.json" not in names:
        raise ModelError(
            f"{model_id} has no tokenizer.json, which running needs: give the id of the model that it was made from."
        )
    patterns = (*_SETTINGS, *_TOKENIZER, *(_OPENVINO_TOKENIZER if is_openvino else ()))
    chosen = dict.fromkeys((*weights, *(name for name in names if _is_any_of(name, patterns))))
    _check_names(model_id, chosen)
    return Repository(
        model_id=model_id,
        revision=revision,
        commit=commit,
        files={name: sizes[name] for name in chosen},
        is_openvino=is_openvino,
        is_pickled=not safe,
        etags={name: etags[name] for name in chosen if etags.get(name)},
    )


def _gguf(
    model_id: str, revision: str, commit: str, sizes: Mapping[str, int], etags: Mapping[str, str], file: str
) -> Repository:
    parts = gguf_files.pick(model_id, sizes, file)
    _check_names(model_id, parts)
    return Repository(
        model_id=model_id,
        revision=revision,
        commit=commit,
        files={name: sizes[name] for name in parts},
        is_openvino=False,
        is_pickled=False,
        gguf=parts[0],
        etags={name: etags[name] for name in parts if etags.get(name)},
    )


def _check_names(model_id: str, names: Iterable[str]) -> None:
    if bad := next((name for name in names if not is_file_name(name)), None):
        raise ModelError(f"{model_id} has a file named {bad[:80]!a}, which cannot be a file's name: choose another id.")


def _weights(model_id: str, names: Sequence[str], kind: tuple[str, re.Pattern[str]]) -> tuple[str, ...]:
    """One kind of weights: a file, or an index and its shards; () if there are none, ModelError if one is missing."""
    whole, pattern = kind
    index = f"{whole}.index.json"
    shards = [found for name in names if (found := pattern.fullmatch(name))]
    if whole in names:
        return (whole,)
    if index not in names or not shards:
        return ()
    if len(shards) < (count := int(shards[0][1])):
        raise ModelError(
            f"{model_id} is incomplete: it has {len(shards)} of the {count} files of its weights; "
            "choose another revision."
        )
    return (index, *(shard[0] for shard in shards))


def _instead(names: Iterable[str]) -> str:
    """What the repository holds instead of weights, and what to do, as the end of a sentence."""
    for pattern, holds, advice in _INSTEAD:
        if fnmatch.filter(names, pattern):
            return f", but {holds}: {advice}"
    return ": check the id and the revision"


def _is_any_of(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
