"""A directory of OpenVINO files: whether it is whole, and what its files say about the model.

Knows nothing about engines or about where models come from: it reads files, and never loads a model.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from dolly_widget.errors import ModelError
from dolly_widget.models import attention
from dolly_widget.models.demo import OPENVINO_DIR as DEMO_DIR

WEIGHT_FILES = ("openvino_model.xml", "openvino_model.bin")
REQUIRED_FILES = (*WEIGHT_FILES, "config.json", "tokenizer.json")
# Where a model came from, and what made it: in the directory of every model of the store.
MANIFEST = "dolly_widget.json"
# A Hugging Face config names the longest text in one of these ways.
_POSITIONS_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")
# Where a config has one of these, its heads for keys and values are counted in another way.
_OTHER_CACHES = {"multi_query", "num_kv_heads", "kv_lora_rank"}
_PRECISIONS = {"u8": "INT8", "i8": "INT8", "u4": "INT4", "i4": "INT4", "nf4": "INT4"}


def is_openvino(directory: Path) -> bool:
    """Whether a directory holds OpenVINO files of a language model, whole or not."""
    return any((directory / name).is_file() for name in WEIGHT_FILES)


def check_files(model_dir: Path) -> Path:
    """Return ``model_dir`` where all files are there that running needs; raises ModelError, naming them, where not."""
    missing = [name for name in REQUIRED_FILES if not (model_dir / name).is_file()]
    if missing:
        raise ModelError(
            f"{model_dir} is not a complete OpenVINO model: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing; convert or download it again."
        )
    return model_dir


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ModelError(f"{path} cannot be read; convert or download the model again.") from exc
    if not isinstance(content, dict):
        raise ModelError(f"{path} contains no settings; convert or download the model again.")
    return content


@dataclass(frozen=True)
class ModelInfo:
    """What the files of a model directory say about it. Read on demand; raises ModelError for a broken file."""

    model_dir: Path

    @property
    def name(self) -> str:
        """ "demo" for the bundled model; the model's id where a manifest says it; otherwise the directory's name."""
        if self.is_demo:
            return "demo"
        model_id = Path(str(self.manifest.get("model_id"))) if self.manifest else self.model_dir.resolve()
        return model_id.name if model_id.is_absolute() else model_id.as_posix()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Where the store's model came from, and what made it; empty for files that are not the store's."""
        path = self.model_dir / MANIFEST
        return _read_json(path) if path.is_file() else {}

    @property
    def is_demo(self) -> bool:
        """Whether this is the bundled demonstration model."""
        return self.model_dir.resolve() == DEMO_DIR.resolve()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's ``config.json``."""
        return _read_json(self.model_dir / "config.json")

    @property
    def max_positions(self) -> int | None:
        """Most tokens, prompt and answer together, that the model was made for; None where its config is silent."""
        found = next((self.config[key] for key in _POSITIONS_KEYS if self.config.get(key)), None)
        if found is not None and not (isinstance(found, int | float) and math.isfinite(found)):
            raise ModelError(
                f"{self.model_dir / 'config.json'} gives {found!r} as the number of positions: correct it."
            )
        return None if found is None else int(found)

    @property
    def cache_values_per_token(self) -> int | None:
        """Numbers that the key-value cache keeps for each token of a text; None where the config does not say.

        A key and a value for each layer and each key-value head (Ainslie et al. 2023, GQA: fewer than heads).
        """
        layers, heads, hidden = (
            self.config.get(key) for key in ("num_hidden_layers", "num_attention_heads", "hidden_size")
        )
        if not (layers and heads and hidden) or not _OTHER_CACHES.isdisjoint(self.config):
            return None
        head_size = self.config.get("head_dim") or hidden // heads
        numbers = (layers, self.config.get("num_key_value_heads") or heads, head_size)
        return 2 * math.prod(numbers) if all(isinstance(number, int) for number in numbers) else None

    @property
    def vocab_size(self) -> int | None:
        """Number of tokens that the model has logits for; None where the config does not say."""
        size = self.config.get("vocab_size")
        return size if isinstance(size, int) else None

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """Ids that end a text, from ``generation_config.json`` and ``config.json``."""
        ids = self.config.get("eos_token_id")
        path = self.model_dir / "generation_config.json"
        if path.is_file():
            ids = _read_json(path).get("eos_token_id", ids)
        return frozenset(ids if isinstance(ids, list) else [] if ids is None else [ids])

    @property
    def genai_attention(self) -> str:
        """With which attention OpenVINO GenAI is right for the model: see ``attention.GENAI_ATTENTION``."""
        return attention.genai_attention(self.config, self.manifest)

    @property
    def longrope_limit(self) -> int | None:
        """The longest text that is computed otherwise than longer ones: see ``attention.longrope_limit``."""
        return attention.longrope_limit(self.config)

    @property
    def size_bytes(self) -> int:
        """Size of the weights on disk."""
        return (self.model_dir / "openvino_model.bin").stat().st_size

    @property
    def parameters(self) -> int:
        """Number of weights; scales and zero points of a compressed model do not count."""
        return sum(self._weights.values())

    @property
    def precision(self) -> str:
        """Type that most weights are stored in: "INT8", "INT4", "FP16", "FP32"."""
        kind = max(self._weights, key=self._weights.__getitem__, default="")
        return _PRECISIONS.get(kind, kind.upper().replace("F", "FP").replace("BFP", "BF"))

    @cached_property
    def _weights(self) -> Counter[str]:
        """Number of weights by element type, from the constants of the graph."""
        counts: Counter[str] = Counter()
        path = self.model_dir / "openvino_model.xml"
        try:
            for _, layer in ElementTree.iterparse(path):
                if layer.tag != "layer":
                    continue
                data = layer.find("data")
                if layer.get("type") == "Const" and data is not None:
                    shape = [int(size) for size in data.get("shape", "").split(",") if size.strip()]
                    # Scales and zero points are columns; scalars and masks are no weights either.
                    if shape and shape[-1] > 1 and data.get("element_type") not in ("boolean", "i32", "i64"):
                        counts[data.get("element_type", "")] += math.prod(shape)
                layer.clear()
        except (OSError, ElementTree.ParseError) as exc:
            raise ModelError(f"{path} is damaged; convert or download the model again.") from exc
        return counts
