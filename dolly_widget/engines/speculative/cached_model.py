"""A model's own files in OpenVINO's runtime, with a cache of the text so far that can be shortened again.

Knows nothing of prompts, settings or guesses: ids go in, logits come out.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dolly_widget.engines.graphs import keep_last_logits
from dolly_widget.engines.one_processor import safe_properties
from dolly_widget.errors import EngineError
from dolly_widget.models import Model

if TYPE_CHECKING:
    import openvino as ov

Logits = npt.NDArray[np.float32]

_INPUTS = {"input_ids", "attention_mask", "position_ids", "beam_idx"}
# Positions of a text that are read at once; between two such blocks, an answer can be stopped.
BLOCK = 256
# Places in the cache that are no longer looked at: reading a text again costs less than carrying more of them.
_MOST_HOLES = 512


class CachedModel:
    """A model on a device, and the ids that it has read. For one caller at a time.

    What is taken back stays in the cache, and is masked: shortening the cache itself would copy all of it.
    ``count`` is the number of positions that ``read`` gives logits for. Raises EngineError for a model whose memory is
    not a cache of keys and values that all tokens look back to, whatever the text's length; RuntimeError where OpenVINO
    cannot load it.
    """

    def __init__(self, model: Model, device: str, properties: dict[str, Any], count: int) -> None:
        import openvino as ov

        self.size_bytes, self._max_positions = model.info.size_bytes, model.info.max_positions
        core = ov.Core()
        graph = core.read_model(model.directory / "openvino_model.xml")
        is_plain = _has_plain_memory(graph) and not _looks_back_so_far_only(model.info.config)
        if not is_plain or model.info.longrope_limit is not None:
            raise EngineError(
                f"{model.directory.name} does not support draft: leave it out. Its cache cannot take tokens back."
            )
        keep_last_logits(graph, count)
        # The draft may be in FP16 where the large model is not.
        compiled = core.compile_model(graph, device, safe_properties(device, properties, model.info.precision))
        self._request = compiled.create_infer_request()
        self._ids: list[int] = []
        self._mask = np.zeros(0, dtype=np.int64)
        # OpenVINO 2026.4 keeps the graph of a model with a cache inside when it is freed, activations and all.
        weakref.finalize(self, compiled.release_memory).atexit = False

    def has_places(self, count: int) -> bool:
        """Whether so many ids more can be read; some models have a mask of a fixed size."""
        return self._max_positions is None or self._mask.size + count <= self._max_positions

    def shared(self, ids: Sequence[int]) -> int:
        """How many ids the text so far and ``ids`` begin with in common; the last of ``ids`` has to be read anyway."""
        limit = min(len(self._ids), len(ids) - 1)
        return next((place for place in range(limit) if self._ids[place] != ids[place]), limit)

    def resume(self, ids: Sequence[int], more: int = 0) -> int:
        """Keep what ``ids`` begins with, if that is worth it; return how many of them need not be read.

        ``more`` is how many will follow them.
        """
        known = self.shared(ids)
        is_full = self._mask.size - known > _MOST_HOLES or not self.has_places(len(ids) - known + more)
        if known == 0 or is_full:
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
        self._ids = []  # until it is done: a failure would leave a cache in an unknown state
        outputs = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        self._ids, self._mask = [*before, *ids], mask
        logits: Logits = outputs["logits"][0]
        return logits


def _has_plain_memory(graph: ov.Model) -> bool:
    """Whether the model's memory is keys and values by position, of which single ones can be masked."""
    names = set().union(*(each.get_names() for each in graph.inputs))
    memories = [each.get_info().variable_id for each in graph.get_variables()]
    return names == _INPUTS and bool(memories) and all("key" in name or "value" in name for name in memories)


def _looks_back_so_far_only(config: Mapping[str, Any]) -> bool:
    """Whether some layers see a window of the newest places: masked ones would take room in it."""
    text = {**config, **(config.get("text_config") or {})}
    kinds = str([text.get("layer_types"), text.get("attention_types"), text.get("attention_layers")])
    has_window = bool(text.get("sliding_window")) and text.get("use_sliding_window", True)
    return (
        has_window
        or bool(text.get("attention_chunk_size"))
        or any(kind in kinds for kind in ("sliding", "chunked", "local", "linear"))
    )
