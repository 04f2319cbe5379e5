"""A model's own files in OpenVINO's runtime, with a cache of the text so far that can be shortened again.

Knows nothing of prompts, settings or guesses: ids go in, logits come out.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dolly_widget.engines import EngineError
from dolly_widget.engines.graphs import keep_last_logits

if TYPE_CHECKING:
    import openvino as ov

Logits = npt.NDArray[np.float32]

_INPUTS = {"input_ids", "attention_mask", "position_ids", "beam_idx"}
# Positions of a text that are read at once; between two such blocks, an answer can be stopped.
BLOCK = 256
# Places in the cache that are no longer looked at: reading a text anew costs less than carrying more of them.
_MOST_HOLES = 512


class CachedModel:
    """A model directory on a device, and the ids that it has read. For one caller at a time.

    What is taken back stays in the cache, and is masked: shortening the cache itself would copy all of it.
    ``count`` is the number of positions that ``read`` gives logits for. Raises EngineError for a model whose memory is
    not a cache of keys and values by position, RuntimeError where OpenVINO cannot load it.
    """

    def __init__(self, model_dir: Path, device: str, properties: dict[str, Any], count: int) -> None:
        import openvino as ov

        core = ov.Core()
        graph = core.read_model(model_dir / "openvino_model.xml")
        _refuse_other_kinds(graph, model_dir)
        keep_last_logits(graph, count)
        compiled = core.compile_model(graph, device, properties)
        self._request = compiled.create_infer_request()
        self._ids: list[int] = []
        self._mask = np.zeros(0, dtype=np.int64)
        # OpenVINO 2026.4 keeps the graph of a model with a cache inside when it is freed, activations and all.
        weakref.finalize(self, compiled.release_memory).atexit = False

    def resume(self, ids: Sequence[int]) -> int:
        """Keep what ``ids`` and the text so far begin with in common; return how many of ``ids`` need not be read.

        The last one always has to be: it is what logits follow.
        """
        limit = min(len(self._ids), len(ids) - 1)
        known = next((place for place in range(limit) if self._ids[place] != ids[place]), limit)
        if known == 0 or self._mask.size - known > _MOST_HOLES:
            self._request.reset_state()
            self._mask, self._ids, known = self._mask[:0], [], 0
        self.keep(known)
        return known

    def keep(self, count: int) -> None:
        """Keep the first ``count`` ids of the text so far."""
        self._mask[np.flatnonzero(self._mask)[count:]] = 0
        del self._ids[count:]

    def read(self, ids: Sequence[int]) -> Logits:
        """Read on; return what follows each of the last ``count`` of ``ids``, float32 (positions, vocab).

        Valid until the next call. At most ``BLOCK`` ids at once.
        """
        before, count = self._ids, len(ids)
        known = len(before)
        mask = np.concatenate([self._mask, np.ones(count, dtype=np.int64)])
        inputs = {
            "input_ids": np.array([ids], dtype=np.int64),
            "attention_mask": mask[np.newaxis],
            "position_ids": np.arange(known, known + count)[np.newaxis],
            "beam_idx": np.zeros(1, dtype=np.int32),
        }
        self._ids = []  # until it is done: a failure leaves a cache of who knows what
        outputs = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        self._ids, self._mask = [*before, *ids], mask
        logits: Logits = outputs["logits"][0]
        return logits


def _refuse_other_kinds(graph: ov.Model, model_dir: Path) -> None:
    """Raise EngineError for a model in whose memory single positions cannot be masked."""
    names = set().union(*(each.get_names() for each in graph.inputs))
    memories = [each.get_info().variable_id for each in graph.get_variables()]
    if names != _INPUTS or not memories or not all("key" in name or "value" in name for name in memories):
        raise EngineError(
            f"{model_dir.name} cannot check guesses, as its memory is not one of keys and values by position: "
            "leave prompt_lookup and draft out."
        )
