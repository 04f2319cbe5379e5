"""How a GGUF file's model is built: its sizes, by the metadata, and the tensors that it has to have.

For the families that OpenVINO GenAI's reader of GGUF files knows. What that reader would compute wrongly, or read
beyond an array's end, is refused here. Reads no weight.

Sources: llama.cpp, gguf-py/gguf/constants.py (keys and tensors); openvino.genai, src/cpp/src/gguf_utils.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.file import GgufFile

Shapes: TypeAlias = "dict[str, tuple[int, ...]]"

FAMILIES = ("llama", "qwen2", "qwen3")
ROPE_FACTORS = "rope_freqs.weight"
# What older files have beside the weights: it can be computed.
_COMPUTED = "attn_rot_embd.weight"
_BIASED = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
_LARGEST = 1 << 24
_SHOWN = 3


@dataclass(frozen=True)
class Structure:
    """The sizes of a model of one of ``FAMILIES``."""

    family: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    vocab: int
    context: int
    """Most tokens of a text."""
    epsilon: float
    """Of the RMS norms (Zhang and Sennrich 2019)."""
    rope_base: float
    """See ``rotary``."""
    rope_scale: float
    """By how much the positions are divided: 1 where the rotary embedding is not stretched."""
    is_tied: bool
    """The output layer is the embedding."""

    @classmethod
    def of(cls, file: GgufFile) -> Structure:
        """The structure of a file whose tensors are those of its family, in the right shapes. Raises ModelError."""
        if file.architecture not in FAMILIES:
            raise ModelError(
                f"{file.path} is of the family {file.architecture!r}, and only GGUF files of {', '.join(FAMILIES)} are "
                "converted here: give the checkpoint that it was made from."
            )
        found = _Numbers(file)
        heads, hidden = found.integer("attention.head_count"), found.integer("embedding_length")
        shapes = {tensor.name: tensor.shape for tensor in file.tensors}
        structure = cls(
            family=file.architecture,
            layers=found.integer("block_count"),
            hidden=hidden,
            heads=heads,
            kv_heads=found.integer("attention.head_count_kv", heads),
            head_size=found.integer("attention.key_length", hidden // heads),
            feed_forward=found.integer("feed_forward_length"),
            vocab=shapes.get("token_embd.weight", (0,))[0],
            context=found.integer("context_length", 2048),
            epsilon=found.real("attention.layer_norm_rms_epsilon"),
            rope_base=found.real("rope.freq_base", 10000.0),
            rope_scale=_rope_scale(found),
            is_tied="output.weight" not in shapes,
        )
        _check(structure, found, shapes)
        return structure

    def matrices(self) -> Shapes:
        """Shapes by name of what is multiplied with: what a weight format compresses."""
        q, kv = self.heads * self.head_size, self.kv_heads * self.head_size
        layer: Shapes = {
            "attn_q": (q, self.hidden),
            "attn_k": (kv, self.hidden),
            "attn_v": (kv, self.hidden),
            "attn_output": (self.hidden, q),
            "ffn_gate": (self.feed_forward, self.hidden),
            "ffn_up": (self.feed_forward, self.hidden),
            "ffn_down": (self.hidden, self.feed_forward),
        }
        ends = ("token_embd.weight",) if self.is_tied else ("token_embd.weight", "output.weight")
        found: Shapes = dict.fromkeys(ends, (self.vocab, self.hidden))
        return found | {f"blk.{i}.{name}.weight": shape for i in range(self.layers) for name, shape in layer.items()}

    def norms(self) -> Shapes:
        """Shapes by name of the norms' weights, which are few and stay exact."""
        layer: Shapes = {"attn_norm": (self.hidden,), "ffn_norm": (self.hidden,)}
        if self.family == "qwen3":
            layer |= {"attn_q_norm": (self.head_size,), "attn_k_norm": (self.head_size,)}
        found: Shapes = {"output_norm.weight": (self.hidden,)}
        return found | {f"blk.{i}.{name}.weight": shape for i in range(self.layers) for name, shape in layer.items()}

    def biases(self) -> Shapes:
        """Shapes by name of the biases, of which a model has all, some or none."""
        rows = self.matrices()
        names = (f"blk.{i}.{name}" for i in range(self.layers) for name in _BIASED)
        return {f"{name}.bias": rows[f"{name}.weight"][:1] for name in names}


class _Numbers:
    """The numbers of a file's metadata, under its architecture's name."""

    def __init__(self, file: GgufFile) -> None:
        self.path = file.path
        self._metadata: Mapping[str, Any] = file.metadata
        self._prefix = file.architecture

    def get(self, name: str) -> Any:
        return self._metadata.get(f"{self._prefix}.{name}")

    def integer(self, name: str, default: int | None = None) -> int:
        """A count. One that is given for each layer has to be the same for all."""
        value = self.get(name)
        value = default if value is None else value
        if isinstance(value, list):
            value = value[0] if value and all(each == value[0] for each in value) else value
        if type(value) is not int or not 0 < value <= _LARGEST:
            raise self.refused(name, value, "a whole number above 0, the same for all layers")
        return value

    def real(self, name: str, default: float | None = None) -> float:
        value = self.get(name)
        value = default if value is None else value
        # Beyond these, float32 is 0 or infinite.
        if not isinstance(value, int | float) or isinstance(value, bool) or not 1e-30 <= value <= 1e30:
            raise self.refused(name, value, "a number above 0 that float32 holds")
        return float(value)

    def refused(self, name: str, value: object, expected: str) -> ModelError:
        key = f"{self._prefix}.{name}"
        found = f"gives {ascii(value)[:60]} as {key}, where {expected} can be used"
        found = f"does not give {key}, which has to be {expected}" if value is None else found
        return ModelError(
            f"{self.path} {found}: give another file of the model, or the checkpoint that it was made from."
        )


def _rope_scale(found: _Numbers) -> float:
    kind = found.get("rope.scaling.type")
    if kind in (None, "none"):
        return found.real("rope.scale_linear", 1.0)
    if kind != "linear":
        raise found.refused("rope.scaling.type", kind, "'linear' or 'none'")
    return found.real("rope.scaling.factor", 1.0)


def _check(structure: Structure, found: _Numbers, shapes: Shapes) -> None:
    """Raise ModelError for a model that is built otherwise than its family, by its settings or its tensors."""
    if found.get("expert_count"):
        raise found.refused("expert_count", found.get("expert_count"), "0 (no mixture of experts)")
    for name in ("attention.value_length", "rope.dimension_count"):
        if found.integer(name, structure.head_size) != structure.head_size:
            raise found.refused(name, found.get(name), f"{structure.head_size}, the size of a head,")
    if structure.heads % structure.kv_heads or structure.head_size % 2:
        raise found.refused("attention.head_count", structure.heads, f"a multiple of {structure.kv_heads}")
    if structure.layers > len(shapes):
        raise found.refused("block_count", structure.layers, f"no more than its {len(shapes):,} tensors")
    _check_tensors(structure, found, shapes)


def _check_tensors(structure: Structure, found: _Numbers, shapes: Shapes) -> None:
    needed = structure.matrices() | structure.norms()
    factors = {ROPE_FACTORS: (structure.head_size // 2,)}
    known = needed | structure.biases() | factors
    missing = [name for name in needed if name not in shapes]
    others = [name for name in shapes if name not in known and not name.endswith(_COMPUTED)]
    for names, what in ((missing, "lacks"), (others, "has weights that its family does not use:")):
        if names:
            raise ModelError(
                f"{found.path} {what} {', '.join(_listed(names))}: give another file of the model, or the checkpoint "
                "that it was made from."
            )
    for name, shape in shapes.items():
        if name in known and shape != known[name]:
            raise ModelError(
                f"{found.path} is damaged: {name} has the shape {shape} instead of {known[name]}; download it again."
            )


def _listed(names: list[str]) -> Iterator[str]:
    yield from (ascii(name)[:60] for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        yield f"and {len(names) - _SHOWN} more"
