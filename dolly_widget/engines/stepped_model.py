"""A model's own files in OpenVINO's runtime, a token at a time, for what a library's settings cannot say.

Knows nothing of prompts and settings: ids go in, the logits of what follows come out.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.chooser import Chooser, Logits
from dolly_widget.engines.graphs import keep_last_logits
from dolly_widget.models import Model, feed

# Positions of a text that are read at once; between two such blocks, an answer can be stopped.
_BLOCK = 256


class SteppedModel:
    """A model on a device, and the ids that it has read. For one caller at a time.

    Not for models of Mamba's kind, which take one token at a time. Raises RuntimeError where OpenVINO cannot load it.
    """

    def __init__(self, model: Model, device: str, properties: dict[str, Any]) -> None:
        import openvino as ov

        core = ov.Core()
        graph = core.read_model(model.directory / "openvino_model.xml")
        keep_last_logits(graph)
        compiled = core.compile_model(graph, device, properties)
        self._request, self._limit = compiled.create_infer_request(), model.info.longrope_limit
        self._ids: list[int] = []
        # OpenVINO 2026.4 keeps the graph of a model with a cache inside when it is freed, activations and all.
        weakref.finalize(self, compiled.release_memory).atexit = False

    def read(self, ids: Sequence[int], answer: Answer) -> Logits | None:
        """Logits of what follows ``ids``, float32 (vocab,), valid until the next call; None where it was stopped.

        A text that goes on from the one before is not read from its beginning again.
        """
        start, logits = self._start(ids), None
        while start < len(ids):
            if not answer.should_continue:
                return None
            stop = min(max(start + _BLOCK, self._least(len(ids))), len(ids))
            inputs = feed(self._request, ids[:stop], start)
            self._ids = []  # until it is done: a failure would leave a cache in an unknown state
            logits = self._request.infer(inputs, share_outputs=True)["logits"][0][-1]
            self._ids, start = list(ids[:stop]), stop
        return logits

    def _start(self, ids: Sequence[int]) -> int:
        known = len(self._ids)
        is_crossing = self._limit is not None and known <= self._limit < len(ids)
        if 0 < known < len(ids) and not is_crossing and list(ids[:known]) == self._ids:
            return known
        self._request.reset_state()
        self._ids = []
        return 0

    def _least(self, length: int) -> int:
        """Where the first block has to end: a text beyond LongRoPE's limit is another one from its first token on."""
        return 0 if self._limit is None or length <= self._limit else self._limit + 1


def write(model: SteppedModel, chooser: Chooser, ids: Sequence[int], most: int, answer: Answer) -> None:
    """Feed ``answer`` with up to ``most`` tokens that follow ``ids``, until it has enough."""
    ids = list(ids)
    for _ in range(most):
        logits = model.read(ids, answer)
        if logits is None:
            return
        ids.append(chooser.token(logits, ids))
        answer.step()
        answer.write(ids[-1:])
        if not answer.should_continue or ids[-1] in answer.end_ids:
            return
