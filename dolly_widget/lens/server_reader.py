"""Reads a text by asking a server what may follow: logits of the likeliest tokens, and one for all the others."""

from __future__ import annotations

import contextlib
import math
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dolly_widget.engines import GivesLogprobs
from dolly_widget.errors import EngineError
from dolly_widget.lens.reader import Logits

NOTE = (
    "The server gives the probabilities of the 20 likeliest tokens; the others are shown with equal shares of the rest."
)
# Of all tokens that the server does not name: zero would have no logarithm.
_LEAST_REST = 1e-9


class ServerReader:
    """Takes the place of a ``Reader`` where the model is a server's. Keeps no engine alive.

    Raises ValueError where the server gives no probabilities.
    """

    is_loaded = True
    """Nothing has to be loaded here."""

    def __init__(self, engine: GivesLogprobs, vocab_size: int) -> None:
        engine.check_logprobs()
        self._engine, self._vocab_size = weakref.ref(engine), vocab_size

    def load(self) -> None:
        """Do nothing: the server has loaded it."""

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def kept(self, ids: Sequence[int]) -> contextlib.AbstractContextManager[None]:
        """See ``Reader.kept``: a server keeps what texts begin with by itself."""
        return contextlib.nullcontext()

    def read(
        self,
        ids: Sequence[int],
        first: int,
        take: Callable[[Logits], bool],
        *,
        stop: threading.Event | None = None,
    ) -> None:
        """See ``Reader.read``; each block is one position. Raises EngineError where the server fails."""
        engine = self._engine()
        if engine is None:
            raise EngineError("This engine is closed: load the model again.")
        with contextlib.closing(engine.logprobs_after(ids, first, stop=stop)) as places:
            for likeliest in places:
                if not take(logits_of(likeliest, self._vocab_size)[None]):
                    return


def logits_of(likeliest: Mapping[int, float], vocab_size: int) -> Logits:
    """Float32 (vocab,): the log-probabilities that are known, and equal shares of the rest for all other tokens.

    Raises ValueError for an id that is not in the vocabulary.
    """
    if outside := next((token_id for token_id in likeliest if not 0 <= token_id < vocab_size), None):
        raise ValueError(f"The server names the token {outside}, but the tokenizer has {vocab_size:,}: name its own.")
    rest = max(1 - math.fsum(map(math.exp, likeliest.values())), _LEAST_REST)
    others = max(vocab_size - len(likeliest), 1)
    # None of the others is likelier than the last one that is named.
    share = min(math.log(rest / others), min(likeliest.values(), default=0.0))
    logits = np.full(vocab_size, share, dtype=np.float32)
    logits[list(likeliest)] = list(likeliest.values())
    return logits
