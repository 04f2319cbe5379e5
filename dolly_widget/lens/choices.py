"""How likely a model takes each of a few answers: read from its logits, without writing any. Loads no engine.

What is computed is what constrained decoding draws from at temperature 1: at each place only tokens that go on with one
of the choices, or that end a whole one, and among them the model's own proportions. A choice may be spelled with other
tokens than the tokenizer's own (``n`` + ``one``); decoding may take each of these ways, so all are followed.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from dolly_widget.engines import GenerationResult, LocalEngine, endings, local_model, server_of
from dolly_widget.errors import EngineError
from dolly_widget.lens.opened import LARGE_BYTES, Source, extra_bytes, open_model, warn_of_memory
from dolly_widget.lens.reader import Logits, Reader
from dolly_widget.models import Model
from dolly_widget.sampling import check_logits
from dolly_widget.text import Prompt
from dolly_widget.text.shapes import Shape

# A way of spelling that is less likely is not followed: what it holds is shared out among the others.
_LEAST = 1e-3


def choice_probabilities(model: Model, prompt: Prompt, shape: Shape, device: str = "CPU") -> dict[Any, float]:
    """How likely ``model`` answers ``prompt`` with each value of ``shape``'s choices, in their order. They sum to 1.

    Loads the model, and frees it; for many prompts, keep a ``ChoiceReader``. Raises what its methods raise.
    """
    reader = ChoiceReader(model, device)
    try:
        return reader.probabilities(prompt, shape)
    finally:
        reader.close()


def with_probabilities(result: GenerationResult, engine: object, prompt: Prompt, shape: Shape) -> GenerationResult:
    """``result``, an answer of ``engine``, with the probabilities of its choices.

    Without where there are none: of another shape, of an engine without files here, of a server, of a model of more
    than ``LARGE_BYTES`` that the lens has not loaded yet, for it would be loaded a second time without a word, and
    where reading them fails: the answer is there all the same.
    """
    if not shape.choices or server_of(engine) or local_model(engine) is None or not isinstance(engine, LocalEngine):
        return result
    if extra_bytes(engine) >= LARGE_BYTES:
        return result
    try:
        return replace(result, probabilities=ChoiceReader.of(engine).probabilities(prompt, shape))
    except (ValueError, EngineError):
        return result


class ChoiceReader:
    """Reads the probabilities of choices with one model, which is loaded at the first need. For several threads."""

    def __init__(self, model: Model, device: str = "CPU") -> None:
        self._model, self._end_ids = model, endings(model, model.template).ids
        self._reader = Reader(model.directory, device, model.tokenizer.vocab_size, model.info.longrope_limit)
        self._is_own = True

    @classmethod
    def of(cls, engine: Source) -> ChoiceReader:
        """With the model that the lens opens for an engine, which is freed with the engine, and not by ``close``.

        Raises ValueError where ``engine`` has no files here, or is a server's.
        """
        opened = open_model(engine)
        if not isinstance(opened.reader, Reader):
            raise ValueError("A server gives too few probabilities for this: use a model of this machine.")
        warn_of_memory(engine, opened)
        self = cls.__new__(cls)
        self._model, self._reader, self._is_own = opened.model, opened.reader, False
        self._end_ids = endings(opened.model, getattr(engine, "template", opened.model.template)).ids
        return self

    def probabilities(self, prompt: Prompt, shape: Shape) -> dict[Any, float]:
        """How likely each value of ``shape``'s choices is as the answer to ``prompt``, in their order. They sum to 1.

        One pass over the prompt, and a short one for each token that several choices begin with. Raises ValueError
        where ``shape`` has no choices, the prompt is empty or too long for the model, its tokens spell none of them, or
        its logits are NaN or infinite; EngineError where OpenVINO fails.
        """
        if not shape.choices:
            raise ValueError("Only an answer that is one of several choices has probabilities.")
        ids = self._model.encode(prompt)
        self._check_length(ids, shape)
        masses = self._masses(ids, {text.encode(): place for place, text in enumerate(shape.choices)})
        if not masses.any():
            raise ValueError(f"{self._model.name} has no tokens for {', '.join(shape.choices)}: use other choices.")
        return dict(zip(shape.choices.values(), (masses / masses.sum()).tolist(), strict=True))

    def close(self) -> None:
        """Free the model, unless it is an engine's. Safe to call twice."""
        if self._is_own:
            self._reader.close()

    def _check_length(self, ids: list[int], shape: Shape) -> None:
        if not ids:
            raise ValueError("The prompt is empty: give the model at least one token to continue from.")
        most, longest = self._model.info.max_positions, max(len(text.encode()) for text in shape.choices or ())
        if most is not None and len(ids) + longest > most:
            raise ValueError(
                f"The prompt has {len(ids):,} tokens, which leaves too little of the model's {most:,} for a choice: "
                "shorten it."
            )

    def _masses(self, prompt_ids: list[int], choices: Mapping[bytes, int]) -> Any:
        """Of each choice, by its place: the probability of the ways that were followed."""
        masses, order = np.zeros(len(choices)), itertools.count()
        # The likeliest first, so that nothing is dropped that a later one would outweigh.
        ways = [(-1.0, next(order), _Way((), choices))]
        with ExitStack() as kept:
            while ways and (mass := -ways[0][0]) >= _LEAST * (masses.sum() + mass):
                way = heapq.heappop(ways)[-1]
                logits = self._logits([*prompt_ids, *way.token_ids])
                for share, onward in self._steps(way, logits):
                    if len(onward.rest) == 1:
                        masses[next(iter(onward.rest.values()))] += mass * share
                    else:
                        heapq.heappush(ways, (-mass * share, next(order), onward))
                if not way.token_ids and ways:  # a copy of the cache, which most choices do without
                    kept.enter_context(self._reader.kept(prompt_ids))
        return masses

    def _steps(self, way: _Way, logits: Logits) -> Iterator[tuple[float, _Way]]:
        """What can follow, each with its share: a token that goes on with some choices, or the end of one."""
        spelled = self._model.tokenizer.ids_by_bytes
        beginnings = {text[:length] for text in way.rest for length in range(1, len(text) + 1)}
        steps = [(token_id, way.after(token_id, piece)) for piece in beginnings for token_id in spelled.get(piece, ())]
        if b"" in way.rest:
            whole = _Way(way.token_ids, {b"": way.rest[b""]})
            steps += [(token_id, whole) for token_id in self._end_ids]
        steps = [step for step in steps if step[0] < len(logits)]
        if not steps:
            return iter(())
        scores = logits[[token_id for token_id, _ in steps]].astype(np.float64)
        shares = np.exp(scores - scores.max())
        return zip((shares / shares.sum()).tolist(), (onward for _, onward in steps), strict=True)

    def _logits(self, ids: list[int]) -> Logits:
        """Float32 (vocab,), of what follows ``ids``."""
        last: list[Logits] = []

        def keep(block: Logits) -> bool:
            last[:] = [block[-1].copy()] if len(block) else []  # a copy: the next block will be in its place
            return True

        self._reader.read(ids, len(ids) - 1, keep)
        check_logits(last[0])
        return last[0]


class _Way(NamedTuple):
    """The beginning of an answer, as tokens."""

    token_ids: tuple[int, ...]
    rest: Mapping[bytes, int]
    """The choices that it may become: what is still to come of each, and its place."""

    def after(self, token_id: int, piece: bytes) -> _Way:
        """This way, and one more token, which is ``piece``."""
        rest = {text[len(piece) :]: place for text, place in self.rest.items() if text.startswith(piece)}
        return _Way((*self.token_ids, token_id), rest)
