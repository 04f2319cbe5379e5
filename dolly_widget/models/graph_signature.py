"""What a model's graph takes, and so whether it can generate, and with which engine. Loads nothing.

Source: OpenVINO's IR format (layers "Parameter" and "ReadValue"); optimum-cli export openvino, --task.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints
from dolly_widget.models.info import ModelInfo

if TYPE_CHECKING:
    import numpy.typing as npt
    import openvino as ov

# Bounded: the file may be anybody's.
_PARAMETER = re.compile(rb'<layer [^<>]{1,2000}type="Parameter".{1,4000}?</layer>', re.DOTALL)
_NAMES = re.compile(rb'<port [^<>]{1,200}names="([^"]{1,2000})"')
_STATE = b'type="ReadValue"'
_GENAI_INPUTS = {"input_ids", "attention_mask", "position_ids", "beam_idx"}


@dataclass(frozen=True)
class GraphInputs:
    """Inputs of a graph, by name. Empty where the file could not be understood: loading it will say more."""

    names: frozenset[str]
    has_state: bool
    """Whether it keeps its cache inside."""

    @property
    def has_cache(self) -> bool:
        """Whether it can go on from a text that it has read, its cache inside or among its inputs."""
        return self.has_state or any(name.startswith("past_key_values") for name in self.names)

    @property
    def foreign_to_genai(self) -> frozenset[str]:
        """Inputs that OpenVINO GenAI does not fill."""
        return self.names - _GENAI_INPUTS


def graph_inputs(model_dir: Path) -> GraphInputs:
    """What ``openvino_model.xml`` in a directory takes. Raises ModelError where it cannot be read."""
    path = model_dir / "openvino_model.xml"
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise ModelError(f"{path} cannot be read; convert or download the model again.") from exc
    if not text.rstrip().endswith(b"</net>"):  # truncated: what is missing may be there
        return GraphInputs(frozenset(), False)
    found = (_NAMES.search(layer) for layer in _PARAMETER.findall(text))
    # A port with several names is called by any of them: the first.
    names = (match[1].partition(b",")[0] for match in found if match)
    return GraphInputs(frozenset(name.decode("utf-8", "replace") for name in names), _STATE in text)


def check_generates(model_dir: Path) -> GraphInputs:
    """Return what a graph takes that can continue a text token by token; one that cannot be understood passes.

    Raises ModelError for any other: exported without a cache, or of another kind.
    """
    inputs = graph_inputs(model_dir)
    if not inputs.names or inputs.has_cache:
        return inputs
    checkpoints.check_config(ModelInfo(model_dir).config, str(model_dir))
    if "input_ids" not in inputs.names:
        raise ModelError(
            f"{model_dir} takes no token ids, and so is only a part of a model; give a text-only language model."
        )
    raise ModelError(
        f"{model_dir} was exported without a cache, and cannot continue a text: export it again with `optimum-cli "
        "export openvino --model MODEL --task text-generation-with-past DIRECTORY`, or give the checkpoint that it "
        "was made from."
    )


def is_recurrent(request: ov.InferRequest) -> bool:
    """Whether a graph goes on from what it has read by one token at a time only: Mamba's kind."""
    return "cache_position" in _names(request)


def feed(request: ov.InferRequest, ids: Sequence[int], start: int) -> dict[str, npt.NDArray[Any]]:
    """What a loaded graph takes of: the ids from ``start``, those before being in its cache, in one text of one beam.

    Source: optimum-intel 2.1, ``OVModelForCausalLM`` and ``OVModelWithMambaForCausalLM``.
    """
    import numpy as np

    row = np.array([ids[start:]], dtype=np.int64)
    names = _names(request)
    inputs: dict[str, npt.NDArray[Any]] = {
        "input_ids": row,
        "attention_mask": np.ones((1, len(ids)), dtype=np.int64),
        "position_ids": np.arange(start, len(ids)).reshape(row.shape),
        "beam_idx": np.zeros(1, dtype=np.int32),
    }
    if "cache_position" in names:
        states = request.query_state()
        # At the beginning, a place for each column of the convolution's state; later, any number.
        width = next((state.state.shape[-1] for state in states if "conv" in state.name), 4)
        inputs["cache_position"] = np.arange(width) if start == 0 else np.array([start])
        if not any("key" in state.name for state in states):
            inputs["attention_mask"] = np.ones_like(row)
    return {name: value for name, value in inputs.items() if name in names}


def _names(request: ov.InferRequest) -> set[str]:
    return set().union(*(each.get_names() for each in request.get_compiled_model().inputs))
