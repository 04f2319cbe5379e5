"""The weights of a GGUF file, dequantised and written again in a type that OpenVINO GenAI reads exactly.

Its reader computes Q4_1 wrongly without a word, and fails for most others. It is right for F16, Q8_0, Q4_0, and the
Q4_1 of ``four_bits``, as far as zero points are whole numbers.

A tensor at a time, in blocks of rows: memory holds one tensor as it is written, and a block in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf import four_bits
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.header import Tensor
from dolly_widget.models.gguf.structure import ROPE_FACTORS, Structure
from dolly_widget.runtime import OnProgress, Progress

if TYPE_CHECKING:
    import gguf

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Bytes = npt.NDArray[np.uint8]
_Number = TypeVar("_Number", bound=np.generic)

F16, Q8_0, Q4_1 = "F16", "Q8_0", "Q4_1"
_Q4_0 = "Q4_0"
_FOUR_BITS = (_Q4_0, *four_bits.KEPT)
# A weight, with its share of the scales and minima: those of Q4_1.
_MOST_BITS = 5
# llama.cpp, include/llama.h (llama_ftype).
_FILE_TYPES = {F16: 1, Q4_1: 3, Q8_0: 7}
_BLOCK_PARAMETERS = 1 << 22
# GenAI maps one part at a time into memory.
_PART_BYTES = 64 << 20
_MAX_PARTS = 64
_LARGEST_F16 = 65504.0


def write(file: GgufFile, structure: Structure, matrix_type: str, target: Path, on_progress: OnProgress) -> Path:
    """Write the weights of ``file`` into the empty directory ``target``, in parts, and return the first.

    ``matrix_type`` is F16, Q8_0 or Q4_1: for what is multiplied with. With Q4_1, the embedding and the output layer
    are Q8_0, and what the file has in four bits stays as it is; where that is most, matrices of more bits were found
    worth them, and are Q8_0. Norms and biases are F32. Raises ModelError for weights that are
    no numbers, or that F16 cannot hold.
    """
    import gguf

    tensors = {tensor.name: tensor for tensor in file.tensors}
    names = _names(structure, tensors)
    keeps = matrix_type == Q4_1 and _is_in_four_bits([tensors[name] for name in names])
    plan = {name: _type_of(name, tensors[name], matrix_type, keeps) for name in names}
    sizes = {name: _n_bytes(tensors[name], kind) for name, kind in plan.items()}
    total = sum(sizes.values())
    part_bytes = max(_PART_BYTES, total // _MAX_PARTS) if total > _PART_BYTES else 0  # 0: one file
    writer = gguf.GGUFWriter(target / "weights.gguf", structure.family, split_max_size=part_bytes)
    try:
        _add_metadata(writer, structure, _FILE_TYPES[matrix_type])
        for name, kind in plan.items():
            writer.add_tensor_info(name, tensors[name].shape, np.dtype(np.float32), sizes[name], kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        done = _Done(sum(tensors[name].n_bytes for name in plan), on_progress)
        for name, kind in plan.items():
            writer.write_tensor_data(_encoded(tensors[name], kind, structure, done))
    finally:
        writer.close()
    return min(target.glob("*.gguf"))  # by their names, the first part


def exact(file: GgufFile, structure: Structure) -> dict[str, Floats]:
    """The tensors that are not compressed, as ``write`` wrote them: norms and biases."""
    tensors = {tensor.name: tensor for tensor in file.tensors}
    names = structure.norms() | structure.biases()
    return {name: _arranged(name, _all(tensors[name]), structure) for name in names if name in tensors}


def zero_points(file: GgufFile, structure: Structure, first: Path) -> dict[bytes, Halves]:
    """Zero points, (rows, blocks), by the digest of their scales, of matrices that ``file`` has in four bits.

    Of what ``write`` wrote, whose first part is ``first``; in the order of rows that GenAI makes. Raises LookupError
    where two matrices have the same scales, and other zero points.
    """
    names = {tensor.name for tensor in file.tensors if tensor.type_name in four_bits.KEPT}
    found: dict[bytes, Halves] = {}
    for tensor in GgufFile.open(first).tensors:
        if tensor.name in names and tensor.type_name == Q4_1:
            raw = np.fromfile(tensor.path, np.uint8, tensor.n_bytes, offset=tensor.offset)
            parts = (each.reshape(tensor.shape[0], -1) for each in four_bits.zero_points(raw))
            scales, zeros = (_arranged(tensor.name, each, structure) for each in parts)
            if not np.array_equal(found.setdefault(four_bits.digest(scales), zeros), zeros):
                raise LookupError(f"the scales of {tensor.name} are those of another matrix")
    return found


def rope_factors(file: GgufFile) -> Floats | None:
    """What the rotary frequencies are divided by; None where a model has no such factors. Raises ModelError."""
    found = next((tensor for tensor in file.tensors if tensor.name == ROPE_FACTORS), None)
    if found is None:
        return None
    factors = _all(found)
    if not (factors > 0).all():
        raise ModelError(f"{found.path} is damaged: {ROPE_FACTORS} has factors not above 0; download it again.")
    return factors


def _names(structure: Structure, tensors: Mapping[str, Tensor]) -> list[str]:
    return [name for name in structure.matrices() | structure.norms() | structure.biases() if name in tensors]


def _is_in_four_bits(tensors: Sequence[Tensor]) -> bool:
    """Whether most of the weights are, which are then to stay so."""
    four = sum(tensor.parameters for tensor in tensors if tensor.type_name in _FOUR_BITS)
    return 2 * four > sum(tensor.parameters for tensor in tensors if tensor.name.startswith("blk."))


def _type_of(name: str, tensor: Tensor, matrix_type: str, keeps: bool) -> gguf.GGMLQuantizationType:
    """``keeps``: whether matrices of more than four bits are to have eight."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    if len(tensor.shape) < 2:
        return GGMLQuantizationType.F32
    # GenAI packs the zero points of two blocks into a byte: their number has to be even.
    is_fine = (
        not name.startswith("blk.")
        or tensor.shape[0] % 2
        or (keeps and 8 * tensor.n_bytes > _MOST_BITS * tensor.parameters)
    )
    chosen = Q8_0 if matrix_type == Q4_1 and is_fine else matrix_type
    chosen = tensor.type_name if (chosen, tensor.type_name) == (Q4_1, _Q4_0) else chosen
    kind = GGMLQuantizationType[chosen]
    block_size, _ = GGML_QUANT_SIZES[kind]
    return kind if tensor.shape[-1] % block_size == 0 else GGMLQuantizationType.F16


def _n_bytes(tensor: Tensor, kind: gguf.GGMLQuantizationType) -> int:
    from gguf import GGML_QUANT_SIZES

    block_size, block_bytes = GGML_QUANT_SIZES[kind]
    return tensor.parameters // block_size * block_bytes


def _add_metadata(writer: gguf.GGUFWriter, structure: Structure, file_type: int) -> None:
    """What GenAI's reader asks for, in the types that it expects, whatever the source has."""
    writer.add_file_type(file_type)
    writer.add_block_count(structure.layers)
    writer.add_context_length(structure.context)
    writer.add_embedding_length(structure.hidden)
    writer.add_head_count(structure.heads)
    writer.add_head_count_kv(structure.kv_heads)
    writer.add_key_length(structure.head_size)
    writer.add_layer_norm_rms_eps(structure.epsilon)
    writer.add_rope_freq_base(structure.rope_base)


@dataclass
class _Done:
    """Tells how much of the source is read."""

    total_bytes: int
    on_progress: OnProgress
    done_bytes: int = 0

    def add(self, count: int) -> None:
        self.done_bytes += count
        fraction = self.done_bytes / self.total_bytes
        self.on_progress(Progress("load", fraction, done_bytes=self.done_bytes, total_bytes=self.total_bytes))


def _encoded(tensor: Tensor, kind: gguf.GGMLQuantizationType, structure: Structure, done: _Done) -> npt.NDArray[Any]:
    """A tensor's bytes in the type ``kind``; those of the file where they are of that type already."""
    from gguf import GGMLQuantizationType, quants

    encoded = np.empty(_n_bytes(tensor, kind), np.uint8)
    end = 0
    for raw, values in _blocks(tensor):
        _check_values(tensor, values)
        if kind is GGMLQuantizationType.Q4_1:
            is_kept = tensor.type_name in four_bits.KEPT
            block = (four_bits.kept(raw, tensor.type_name) if is_kept else four_bits.quantised(values)).ravel()
        elif kind is GGMLQuantizationType[tensor.type_name]:
            block = raw
        else:
            block = quants.quantize(np.ascontiguousarray(values), kind).view(np.uint8).ravel()
        encoded[end : end + len(block)] = block
        end += len(block)
        done.add(len(raw))
    if kind is GGMLQuantizationType.F32:
        return _arranged(tensor.name, encoded.view(np.float32), structure)
    return encoded


def _blocks(tensor: Tensor) -> Iterator[tuple[Bytes, Floats]]:
    """Rows of a tensor, some at a time: their bytes, and what these stand for, (rows, row size)."""
    from gguf import GGMLQuantizationType, quants

    rows = tensor.parameters // tensor.shape[-1]
    row_bytes = tensor.n_bytes // rows
    at_once = max(1, _BLOCK_PARAMETERS // tensor.shape[-1])
    with tensor.path.open("rb") as file:
        file.seek(tensor.offset)
        for start in range(0, rows, at_once):
            count = min(at_once, rows - start) * row_bytes
            raw = np.fromfile(file, np.uint8, count)
            if len(raw) < count:  # it was whole when it was opened
                raise ModelError(f"{tensor.path} has become shorter while it was read; download it again.")
            values = quants.dequantize(raw.reshape(-1, row_bytes), GGMLQuantizationType[tensor.type_name])
            yield raw, values.reshape(-1, tensor.shape[-1])


def _all(tensor: Tensor) -> Floats:
    return np.concatenate([values for _, values in _blocks(tensor)]).reshape(tensor.shape)


def _arranged(name: str, values: npt.NDArray[_Number], structure: Structure) -> npt.NDArray[_Number]:
    """What belongs to the rows of a llama's queries or keys, (rows, …), in the order that GenAI gives those rows.

    A llama's file has the two halves of each head interleaved. GenAI puts the rows of the weights back in order
    (building_blocks.cpp, reorder_interleaved_format), and forgets the bias.
    """
    if structure.family != "llama" or not (".attn_q." in name or ".attn_k." in name):
        return values
    pairs = values.reshape(-1, structure.head_size // 2, 2, *values.shape[1:])
    return pairs.swapaxes(1, 2).reshape(values.shape)


def _check_values(tensor: Tensor, values: Floats) -> None:
    if not np.isfinite(values).all():
        raise ModelError(
            f"{tensor.path} is damaged: {tensor.name} has weights that are not numbers; download it again."
        )
    if np.abs(values).max() > _LARGEST_F16:
        raise ModelError(
            f"{tensor.path} has weights above {_LARGEST_F16:,.0f} ({tensor.name}), which 16 bits cannot hold; give "
            "another model."
        )
