"""What a model's graph takes, from the text of its file: whether it can generate, and with which engine. Loads nothing.

Source: OpenVINO's IR format (layers "Parameter" and "ReadValue"); optimum-cli export openvino, --task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints
from dolly_widget.models.info import ModelInfo

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
    found = (_NAMES.search(layer) for layer in _PARAMETER.findall(text))
    # A port with several names is called by any of them: the first.
    names = (match[1].partition(b",")[0] for match in found if match)
    return GraphInputs(frozenset(name.decode("utf-8", "replace") for name in names), _STATE in text)


def check_generates(model_dir: Path) -> None:
    """Raise ModelError where a graph cannot continue a text token by token: exported without a cache, or another kind.

    A graph that cannot be understood passes.
    """
    inputs = graph_inputs(model_dir)
    if not inputs.names or inputs.has_cache:
        return
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
