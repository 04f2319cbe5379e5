"""What an engine is, as protocols: the one that all have, and small ones for what only some can do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from dolly_widget.engines.answer import Endings
from dolly_widget.engines.result import GenerationResult
from dolly_widget.models import Model
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, PromptTemplate


@runtime_checkable
class Engine(Protocol):
    """A loaded model on a device. Callers on several threads are answered together, or take turns."""

    device: str
    template: PromptTemplate

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
    ) -> GenerationResult:
        """Answer ``prompt``; blocks. ``on_text`` gets each piece of text as it comes, on some thread.

        Of a model that thinks first, that is the answer alone; a ``Listener`` gets the reasoning too. Setting ``stop``
        ends the answer after the current step, with the text so far. An exception out of ``on_text`` ends it too and
        comes out here. Raises PromptTooLongError before anything runs, ValueError where the text does not fit into
        memory, EngineError where the device fails, RuntimeError where it is called from its own ``on_text``.
        """
        ...

    def close(self) -> None:
        """Cancel what runs, and free the model. Safe to call twice; ``generate`` then raises EngineError."""
        ...


@runtime_checkable
class HasModel(Protocol):
    """An engine whose model is files on this machine: its tokens can be counted, coloured and explored."""

    model: Model


@runtime_checkable
class LocalEngine(Engine, HasModel, Protocol):
    """An engine that runs files on this machine."""


@runtime_checkable
class ServerFacts(Protocol):
    """What is told of a server."""

    @property
    def host(self) -> str:
        """Where it is: "localhost:8000"."""
        ...

    @property
    def model_name(self) -> str:
        """Its own name of the model that answers."""
        ...

    @property
    def offers(self) -> tuple[str, ...]:
        """All of its models, each as ``load_engine`` takes it."""
        ...


def server_of(engine: object) -> ServerFacts | None:
    """The server that an engine asks; None where it runs its model itself."""
    server = getattr(engine, "server", None)
    return server if isinstance(server, ServerFacts) else None


def local_model(engine: object) -> Model | None:
    """The model of an engine whose files are on this machine; None for any other engine.

    A protocol asks for the attribute alone, and what an engine of somebody's own calls ``model`` may be a name.
    """
    model = getattr(engine, "model", None)
    return model if isinstance(model, Model) else None


@runtime_checkable
class Continues(Protocol):
    """An engine that can go on from the beginning of an answer."""

    def check_beginning(self, token_ids: Sequence[int]) -> list[int]:
        """``token_ids`` as ``generate`` takes them. Raises ValueError for an id that is not in the vocabulary."""
        ...

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
        prefix_ids: Sequence[int] = (),
    ) -> GenerationResult:
        """Answer as ``Engine.generate`` does, going on from ``prefix_ids``, the answer's first tokens.

        They count towards ``max_new_tokens``, and the text begins with theirs.
        """
        ...


@runtime_checkable
class ContinuesText(Protocol):
    """An engine that can go on from an answer's text, where its tokens are not known here."""

    def check_text(self) -> None:
        """Raise ValueError, with the reason, where it cannot."""
        ...

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
        prefix_text: str = "",
    ) -> GenerationResult:
        """Answer as ``Engine.generate`` does, going on from ``prefix_text``, with which the text begins.

        ``max_new_tokens`` counts what is new.
        """
        ...


@runtime_checkable
class GivesLogprobs(Protocol):
    """An engine without weights here that tells how likely tokens are."""

    def check_logprobs(self) -> None:
        """Raise ValueError, with the reason, where it cannot."""
        ...

    def logprobs_after(
        self, token_ids: Sequence[int], first: int, *, stop: threading.Event | None = None
    ) -> Generator[Mapping[int, float], None, None]:
        """Yield what may follow ``token_ids[: place + 1]``, for each place from ``first`` to the last.

        By id, the natural logarithm of the probability of each of the likeliest tokens, 20 if there are as many, by the
        model alone: temperature 1, no filter. Raises EngineError where it cannot be asked.
        """
        ...


@runtime_checkable
class Constrains(Protocol):
    """An engine that can hold an answer to a shape."""

    def check_shape(self, params: SamplingParams) -> None:
        """Raise ValueError where no answer can be held to a shape, or not with these settings."""
        ...

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
        answer: Any = None,
    ) -> GenerationResult:
        """Answer as ``Engine.generate`` does, in the shape that ``answer`` says: see ``shape_of``.

        ``value`` of the result is what the text means. Raises ValueError for a shape that is not supported, or settings
        that do not go with one; IncompleteAnswerError, with the text so far, where the answer ended too early.
        """
        ...


@runtime_checkable
class EndsOtherwise(Protocol):
    """An engine whose answers end as a caller says, in the place of what model and template say."""

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
        endings: Endings | None = None,
    ) -> GenerationResult:
        """Answer as ``Engine.generate`` does, until one of ``endings``; ``params.stop`` counts for nothing then."""
        ...


@runtime_checkable
class KeepsCache(Protocol):
    """An engine that keeps what it has computed of several texts, and knows what that takes."""

    @property
    def cache_bytes(self) -> int:
        """Memory of the keys and values of all texts; 0 where that is not known."""
        ...

    def fits(self, tokens: int) -> bool:
        """Whether texts of so many tokens in all fit into memory; True where that is not known."""
        ...


@runtime_checkable
class NotifiesOnClose(Protocol):
    """An engine that calls functions when it is closed, to free what was made for it."""

    def when_closed(self, free: Callable[[], None]) -> None:
        """Have ``close`` call ``free``; call it at once if the engine is closed already."""
        ...
