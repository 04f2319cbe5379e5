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

from dolly_widget.errors import ModelError
from dolly_widget.models import attention, graph_file, store
from dolly_widget.models.demo import OPENVINO_DIR as DEMO_DIR
from dolly_widget.models.entry import Entry, read_manifest
from dolly_widget.models.files import REQUIRED_FILES, WEIGHT_FILES
from dolly_widget.text import read_json, visible_name

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


def read_settings(path: Path) -> dict[str, Any]:
    """The object that a JSON file of a model holds. Raises ModelError where it cannot be read, or is none."""
    try:
        content = read_json(path)
    except (OSError, ValueError) as exc:
        raise ModelError(f"{path} cannot be read; convert or download the model again.") from exc
    if not isinstance(content, dict):
        raise ModelError(f"{path} contains no settings; convert or download the model again.")
    return content


def _token_ids(path: Path, settings: dict[str, Any], key: str) -> frozenset[int]:
    """The ids that settings give under ``key``: one, several or none. Raises ModelError for anything else."""
    given = settings.get(key)
    ids = given if isinstance(given, list) else [] if given is None else [given]
    for token_id in ids:
        if type(token_id) is not int or token_id >= 2**63:  # a bool is an int, too
            raise ModelError(f"{path} gives {json.dumps(token_id)[:40]} as {key}: put the number of a token there.")
    return frozenset(token_id for token_id in ids if token_id >= 0)


@dataclass(frozen=True)
class ModelInfo:
    """What the files of a model directory say about it. Read on demand; raises ModelError for a broken file."""

    model_dir: Path

    @property
    def name(self) -> str:
        """ "demo" for the bundled model; for one of the store, its ``Entry.title``; else the directory's name."""
        if self.is_demo:
            return "demo"
        return visible_name(self.entry.title if self.entry else self.model_dir.resolve().name)

    @cached_property
    def entry(self) -> Entry | None:
        """What the store knows of it; None for files that are not the store's, whatever a manifest among them says."""
        return store.entry_at(self.model_dir)

    @property
    def is_demo(self) -> bool:
        """Whether this is the bundled demonstration model."""
        return self.model_dir.resolve() == DEMO_DIR.resolve()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's ``config.json``."""
        return read_settings(self.model_dir / "config.json")

    @cached_property
    def generation_config(self) -> dict[str, Any]:
        """The model's ``generation_config.json``; empty where it has none."""
        path = self.model_dir / "generation_config.json"
        return read_settings(path) if path.is_file() else {}

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
        inner = self.config.get("text_config")  # of a model that can see
        size = self.config.get("vocab_size", inner.get("vocab_size") if isinstance(inner, dict) else None)
        return size if type(size) is int and size > 0 else None

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """Ids that end a text, from ``config.json`` and ``generation_config.json``; a negative one stands for none."""
        found = _token_ids(self.model_dir / "config.json", self.config, "eos_token_id")
        path = self.model_dir / "generation_config.json"
        return found | _token_ids(path, self.generation_config, "eos_token_id")

    @property
    def genai_attention(self) -> str:
        """With which attention OpenVINO GenAI is right for the model: see ``attention.GENAI_ATTENTION``."""
        # A manifest counts outside the store, too: all that it can do here is forbid.
        return attention.genai_attention(self.config, read_manifest(self.model_dir))

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
        with graph_file.reading(path):
            for layer in graph_file.elements(path):
                if layer.tag != "layer":
                    continue
                data = layer.find("data")
                if layer.get("type") == "Const" and data is not None:
                    shape = graph_file.numbers(data.get("shape", ""))
                    # Scales and zero points are columns; scalars and masks are no weights either.
                    if shape and shape[-1] > 1 and data.get("element_type") not in ("boolean", "i32", "i64"):
                        counts[data.get("element_type", "")] += math.prod(shape)
                layer.clear()
        return counts
