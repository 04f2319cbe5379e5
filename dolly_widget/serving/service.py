"""What all routes of one application share: the engine, its names, the line, the figures. Knows no HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dolly_widget.engines import Engine, KeepsCache, check_constrains, local_model
from dolly_widget.sampling import SamplingParams
from dolly_widget.serving.body import Body
from dolly_widget.serving.failures import ApiError, too_long
from dolly_widget.serving.limits import Limits
from dolly_widget.serving.line import Line, Place
from dolly_widget.serving.metrics import Metrics
from dolly_widget.serving.side_thread import SideThread
from dolly_widget.serving.writing import Order, Writing

LONGEST_ANSWER = 32_768
"""New tokens that ``SamplingParams`` allows."""


class Service:
    """An engine under a name. Raises ValueError for an engine whose model is not on this machine, or an empty name."""

    def __init__(self, engine: Engine, name: str, limits: Limits) -> None:
        model = local_model(engine)
        if model is None:
            raise ValueError("Only a model of this machine can be served: load it by its name, and not by a URL.")
        if not name.strip():
            raise ValueError("A model that is served needs a name.")
        self.engine, self.model, self.limits = engine, model, limits
        self.names = tuple(dict.fromkeys((name, model.name)))
        """What clients may call it, the main one first."""
        self.created = int(time.time())
        self.line = Line(limits, self._fits)
        line = self.line
        self.metrics = Metrics(lambda: line.running, lambda: line.waiting, lambda: line.unsent, self._cache_bytes)
        self.reading, self.scoring = SideThread(), SideThread()
        """The threads that encode prompts, and that read probabilities."""
        self._writings: set[Writing] = set()
        self._is_stopped = False

    @property
    def name(self) -> str:
        """What the model is called in answers."""
        return self.names[0]

    @property
    def longest(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self.model.info.max_positions or LONGEST_ANSWER

    def check_model(self, body: Body) -> None:
        """Raise ApiError for a model that is not here; a request need not name one."""
        asked = body.text("model")
        if asked is not None and asked not in self.names:
            known = " or ".join(self.names)
            raise ApiError(404, f"There is no model {asked[:200]!r} here: ask for {known}.", "model", "model_not_found")

    def check_length(self, prompt_ids: Sequence[int], new_tokens: int) -> None:
        """Raise ApiError where a prompt leaves no room for so many new tokens, or is empty."""
        if not prompt_ids:
            raise ApiError(400, "The prompt is empty: give the model at least one token to go on from.", "prompt")
        longest = self.model.info.max_positions
        if longest is not None and len(prompt_ids) + new_tokens > longest:
            raise too_long(len(prompt_ids), new_tokens, longest)

    def check_shape(self, params: SamplingParams) -> None:
        """Raise ValueError where no answer can be held to a shape, or not with these settings."""
        check_constrains(self.engine, params)

    def write(self, order: Order, place: Place) -> Writing:
        """Write an answer when its turn has come."""
        writing = Writing(self.engine, order, place, self._ended)
        self._writings.add(writing)
        if self._is_stopped:  # meanwhile: its prompt was still being encoded
            writing.stop()
        return writing

    def stop_all(self) -> None:
        """End all answers within a step, and those that have not begun, or are being scored, at once."""
        self._is_stopped = True
        self.reading.stop()
        self.scoring.stop()
        for writing in list(self._writings):
            writing.stop()
        self.line.stop()

    def close(self) -> None:
        """End all, the threads included, as far as they end within seconds. The engine stays its owner's."""
        self.stop_all()
        self.reading.close()
        self.scoring.close()

    def _ended(self, writing: Writing) -> None:
        self._writings.discard(writing)
        self.metrics.answered(writing.result, writing.ttft_s)

    def forget(self, writing: Writing) -> None:
        """Stop an answer that nobody reads any more."""
        writing.leave()
        self._writings.discard(writing)

    def _fits(self, tokens: int) -> bool:
        return not isinstance(self.engine, KeepsCache) or self.engine.fits(tokens)

    def _cache_bytes(self) -> float:
        return self.engine.cache_bytes if isinstance(self.engine, KeepsCache) else 0
