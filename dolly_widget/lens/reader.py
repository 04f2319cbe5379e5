"""Reads a text with a model's own files: logits at every position, in OpenVINO's own runtime, without an engine.

Knows nothing of prompts, settings or widgets: ids go in, logits come out, a block of positions at a time.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dolly_widget.engines import keep_last_logits
from dolly_widget.errors import EngineError
from dolly_widget.models import feed, is_recurrent
from dolly_widget.runtime import PRECISE, check_properties, explain, run_on_own_thread

if TYPE_CHECKING:
    import openvino as ov

Logits = npt.NDArray[np.float32]

# Of the logits that are there at once; and positions, for what else grows with them.
BLOCK_BYTES = 16 * 2**20
MAX_BLOCK = 256


@dataclass(frozen=True, eq=False)
class _Kept:
    """What a model has in its cache after it has read some ids: a copy."""

    ids: list[int]
    states: Mapping[str, ov.Tensor]


class Reader:
    """A directory of OpenVINO files, loaded at the first need. Callers on several threads take turns.

    A text of more than ``longrope_limit`` tokens is another one from its first token on: see ``ModelInfo``.
    """

    def __init__(self, model_dir: Path, device: str, vocab_size: int, longrope_limit: int | None = None) -> None:
        self._model_dir, self._device = model_dir, device
        self._vocab_size, self._limit = vocab_size, longrope_limit
        self._turn = threading.Lock()
        self._request: ov.InferRequest | None = None
        self._seen: list[int] = []
        self._kept: _Kept | None = None
        self._release: Callable[[], object] = _nothing
        self._is_closed = False

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._request is not None

    def load(self) -> None:
        """Load the model, unless it is loaded. Raises EngineError where that fails, or after ``close``."""
        with self._turn:
            self._loaded()

    def close(self) -> None:
        """Free the model, once the block that is being read is done."""
        self._is_closed = True
        with self._turn:
            self._request = self._kept = None
            self._release()

    @contextmanager
    def kept(self, ids: Sequence[int]) -> Iterator[None]:
        """Within it, texts that begin with ``ids`` are read from there on, whatever is read between two of them.

        Costs a copy of the model's cache, and once more at each return to it. Others may read meanwhile. A model that
        does not hand out its cache reads each text from its beginning. Raises what ``read`` raises.
        """
        with self._turn:
            if ids and self._seen != list(ids):
                self._try_to_read(ids, len(ids) - 1, lambda _: True)
            self._kept = kept = self._copied()
        try:
            yield
        finally:
            with self._turn:
                if self._kept is kept:  # not another caller's
                    if self._request is not None and kept is not None:
                        self._return_to(self._request, kept)  # a text that goes on from it need not be read again
                    self._kept = None

    def _copied(self) -> _Kept | None:
        import openvino as ov

        if self._request is None or not self._seen:
            return None
        states = {}
        try:
            for each in self._request.query_state():
                states[each.name] = tensor = ov.Tensor(each.state.element_type, each.state.shape)
                each.state.copy_to(tensor)
        except RuntimeError:  # a device that keeps it to itself
            return None
        return _Kept(list(self._seen), states) if states else None

    def _return_to(self, request: ov.InferRequest, kept: _Kept) -> None:
        self._seen = []  # until it is done
        for each in request.query_state():
            each.state = kept.states[each.name]
        self._seen = list(kept.ids)

    def read(self, ids: Sequence[int], first: int, take: Callable[[Logits], bool]) -> None:
        """Read ``ids``, and hand the logits of the positions from ``first`` to the last to ``take``, in blocks.

        A block is float32 (positions, vocab), at most ``BLOCK_BYTES``, and valid during the call only. It holds what
        follows each position; before ``first`` is reached, blocks are of no positions. ``take`` says whether to go on.
        A text that only goes on from the one before is not read again from its beginning. Raises ValueError for an id
        that the model does not have, EngineError where OpenVINO fails or after ``close``.
        """
        with self._turn:
            self._try_to_read(ids, first, take)

    def _try_to_read(self, ids: Sequence[int], first: int, take: Callable[[Logits], bool]) -> None:
        request = self._loaded()
        self._check_ids(ids, request)
        try:
            self._read(request, ids, first, take)
        except (RuntimeError, MemoryError) as exc:
            if isinstance(exc, EngineError):
                raise
            advice = "shorten the text, or choose another device"
            raise EngineError(f"Reading the text on {self._device} failed: {explain(exc, advice)}") from exc

    def _read(self, request: ov.InferRequest, ids: Sequence[int], first: int, take: Callable[[Logits], bool]) -> None:
        limit = len(ids) if self._limit is None else self._limit
        # What follows a token is what a text that ends there says: up to the limit, that is a short one.
        if first < limit and not self._read_on(request, ids[:limit], first, take):
            return
        if limit < len(ids):
            self._read_on(request, ids, max(first, limit), take)

    def _read_on(
        self, request: ov.InferRequest, ids: Sequence[int], first: int, take: Callable[[Logits], bool]
    ) -> bool:
        """Hand the logits from ``first`` on to ``take``; return whether to go on."""
        start = self._start(request, ids, first)
        block = self._block(request, len(ids))
        while start < len(ids):
            self._refuse_if_closed()
            stop = min(max(start + block, self._least(len(ids))), len(ids))
            inputs = feed(request, ids[:stop], start)
            self._seen = []  # until it is done: an interrupt would leave a cache in an unknown state
            # Shared: no copy of what may be as large as all else.
            texts = request.infer(inputs, share_outputs=True)["logits"]
            # With one thread, OpenVINO runs what does not take them.
            if len(texts) != 1 or texts.shape[1] not in (stop - start, block):
                raise EngineError(
                    f"Reading the text on {self._device} failed: the model does not give logits for each of its "
                    "tokens. Convert the model again."
                )
            self._seen = list(ids[:stop])
            logits = texts[0]
            if not take(logits[len(logits) - max(0, stop - max(first, start)) :]):
                return False
            start = stop
        return True

    def _least(self, length: int) -> int:
        """Where the first block of a text of this length has to end: it says whether the text is a long one."""
        return 0 if self._limit is None or length <= self._limit else self._limit + 1

    def _start(self, request: ov.InferRequest, ids: Sequence[int], first: int) -> int:
        """Where to begin: behind what the model has in its cache, or had, if that is how the text begins."""
        if self._can_go_on(request, self._seen, ids, first):
            return len(self._seen)
        kept = self._kept
        if kept is not None and self._can_go_on(request, kept.ids, ids, first):
            self._return_to(request, kept)
            return len(kept.ids)
        request.reset_state()
        self._seen = []
        return 0

    def _can_go_on(self, request: ov.InferRequest, seen: Sequence[int], ids: Sequence[int], first: int) -> bool:
        known = len(seen)
        is_same_kind = self._limit is None or (known > self._limit) == (len(ids) > self._limit)
        can_go_on = is_same_kind and bool(request.query_state())
        if is_recurrent(request):
            can_go_on = known == len(ids) - 1
        return can_go_on and 0 < known <= first and list(ids[:known]) == seen

    def _block(self, request: ov.InferRequest, length: int) -> int:
        """Positions of a block; all at once where the model has no cache that would remember those before."""
        is_at_once = is_recurrent(request) or not request.query_state()
        return length if is_at_once else _rows(self._width(request))

    def _width(self, request: ov.InferRequest) -> int:
        width = request.get_compiled_model().output("logits").get_partial_shape()[-1]
        return int(width.get_length()) if width.is_static else self._vocab_size

    def _check_ids(self, ids: Sequence[int], request: ov.InferRequest) -> None:
        size = self._width(request)
        for token_id in ids:
            if not 0 <= token_id < size:
                raise ValueError(f"There is no token {token_id}: the model has {size:,} tokens, counted from 0.")

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise EngineError("This engine is closed: load the model again.")

    def _loaded(self) -> ov.InferRequest:
        self._refuse_if_closed()
        self._request = self._request or self._load()
        return self._request

    def _load(self) -> ov.InferRequest:
        try:
            compiled = run_on_own_thread(self._compile)
        except (RuntimeError, MemoryError) as exc:
            advice = "choose another device, or convert the model again"
            raise EngineError(f"OpenVINO could not load {self._model_dir}: {explain(exc, advice)}") from exc
        # As in the Optimum engine: OpenVINO would keep the activations of a model with its cache inside.
        self._release = release = weakref.finalize(self, compiled.release_memory)
        release.atexit = False
        return compiled.create_infer_request()

    def _compile(self) -> ov.CompiledModel:
        import openvino as ov

        core, path = ov.Core(), self._model_dir / "openvino_model.xml"
        if self._limit is None:
            return core.compile_model(path, self._device, precise(self._device))
        graph = core.read_model(path)
        width = graph.output("logits").get_partial_shape()[-1]
        # The first block of a long text is longer than a block: not all of its logits can be there.
        keep_last_logits(graph, _rows(width.get_length() if width.is_static else self._vocab_size))
        return core.compile_model(graph, self._device, precise(self._device))


def _rows(width: int) -> int:
    """Positions of a block where each has so many logits."""
    return max(1, min(MAX_BLOCK, BLOCK_BYTES // (4 * width)))


def _nothing() -> None:
    """Release nothing: no model was loaded."""


def precise(device: str) -> dict[str, Any]:
    """Those of the properties for float32 that a device takes."""
    taken: dict[str, Any] = {}
    for name, value in PRECISE.items():
        with suppress(ValueError):
            taken |= check_properties(device, {name: value})
    return taken
