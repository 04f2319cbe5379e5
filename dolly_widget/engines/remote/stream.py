"""The chunks of an answer, out of the bytes that a server sends. Knows nothing of what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dolly_widget.engines.remote import faults
from dolly_widget.engines.remote.calls import Call
from dolly_widget.engines.remote.chunks import Chunk, read_chunk, read_event
from dolly_widget.engines.remote.events import EventParser, TooLongError
from dolly_widget.engines.remote.faults import Refusal, RefusedError
from dolly_widget.engines.remote.lost import LostError


def chunks_of(answered: Call, on_part: Callable[[], None]) -> Iterator[Chunk | None]:
    """What a server answers, whole or streamed; None stands for ``[DONE]``. Raises LostError, RefusedError.

    Whoever takes the chunks says which of them count, see ``Exchange.parts``.
    ``on_part`` is called when some more of it has come over the network.
    """
    kind = answered.head.content_type.lower()
    if "html" in kind:
        raise RefusedError(Refusal(answered.head.status, "", is_page=True))
    if kind.startswith("application/json"):  # it does not stream
        whole = answered.json()
        on_part()
        yield read_chunk(whole)
        return
    parser = EventParser()
    try:
        for part in answered.parts(every_part_counts=False):
            on_part()
            for event in parser.push(part):
                yield from read_event(event)
        for event in parser.end():
            yield from read_event(event)
    except TooLongError as exc:
        raise LostError(f"sends what is no answer: {exc}", advice="look at its log") from None
    except ValueError:
        raise LostError("sends what is no answer", advice="check that it is an OpenAI-compatible server") from None


def refusal_within(error: object, answered: Call) -> Refusal:
    """The refusal that a server sends in the place of a piece."""
    code = error.get("code", error.get("status")) if isinstance(error, dict) else None
    status = code if type(code) is int and 400 <= code < 600 else 500
    return Refusal(status, faults.said(error, answered.mask), faults.without_secrets(error, answered.mask))
