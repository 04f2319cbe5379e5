"""A model opened for the lens, beside the engine that generates with it. Knows nothing of scores."""

from __future__ import annotations

import functools
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from dolly_widget.engines import EngineSetup, GivesLogprobs, NotifiesOnClose, local_model, within_candidates
from dolly_widget.lens.reader import Logits, Reader
from dolly_widget.lens.server_reader import NOTE, ServerReader
from dolly_widget.models import Model
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Label, in_bytes, token_label

LARGE_BYTES = 10**9
"""A model of this size is not loaded a second time without a word."""


class Source(Protocol):
    """What the lens needs of an engine: its model, and the device that it runs on."""

    model: Model
    device: str


def extra_bytes(engine: Source) -> int:
    """Memory, in bytes, that the next call takes to load the engine's model for the lens; 0 where it is loaded.

    About the size of the weights, which stay compressed when it computes in float32; pages of the mapped file, which
    the system takes back at need, do not count. Raises ValueError where ``engine`` has no files here.
    """
    opened = open_model(engine)
    return 0 if opened.reader.is_loaded else opened.model.info.size_bytes


def load(engine: Source) -> None:
    """Load the engine's model for the lens now, without a warning: for those who have told of ``extra_bytes``."""
    open_model(engine).reader.load()


def limits(engine: Source) -> str:
    """A sentence on what is not known of the engine's probabilities; "" where all is."""
    return NOTE if isinstance(open_model(engine).reader, ServerReader) else ""


def labeller(engine: Source) -> Callable[[int], Label]:
    """How to show the tokens of the engine's model: a function from an id to its label."""
    return functools.cache(functools.partial(token_label, open_model(engine).model.tokenizer))


class LocalModel:
    """A model on a device, for the lens alone: nothing generates with it, so that it is loaded once.

    Raises what ``EngineSetup.prepare`` raises, ValueError for an unknown device.
    """

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup.checked()
        setup.refuse_server()
        self.model, self.device = setup.prepare().here(), self.setup.device
        self.template = setup.template or self.model.template

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """What the default engine makes of the settings."""
        return within_candidates(params)


class _Opened(NamedTuple):
    """What is known of an engine's model. Keeps no engine alive."""

    reader: Reader | ServerReader
    model: Model

    def read(
        self,
        ids: Sequence[int],
        first: int,
        take: Callable[[Logits], bool],
        stop: threading.Event | None = None,
    ) -> None:
        """See ``Reader.read``. ``take`` says whether to go on; ``stop`` ends the wait for a server, too."""
        if isinstance(self.reader, ServerReader):
            self.reader.read(ids, first, take, stop=stop)
        else:
            self.reader.read(ids, first, take)


_register: weakref.WeakKeyDictionary[Source, _Opened] = weakref.WeakKeyDictionary()


_register_lock = threading.Lock()


def open_model(engine: Source) -> _Opened:
    """The model of ``engine``, opened once for all who ask, until the engine is closed."""
    with _register_lock:
        if engine not in _register:
            _register[engine] = opened = _open(engine)
            if isinstance(engine, NotifiesOnClose):
                engine.when_closed(opened.reader.close)
        return _register[engine]


def _open(engine: Source) -> _Opened:
    model = local_model(engine)
    if isinstance(engine, GivesLogprobs):
        engine.check_logprobs()
        if model is not None:
            return _Opened(ServerReader(engine, model.vocab_size), model)
    if model is None:
        raise ValueError(
            f"The lens reads a model's OpenVINO files, and {engine!r} has none on this machine: "
            "use an engine from load_engine(…)."
        )
    limit = model.info.longrope_limit
    return _Opened(Reader(model.directory, engine.device, model.tokenizer.vocab_size, limit), model)


def warn_of_memory(engine: Source, opened: _Opened) -> None:
    """Warn a script that calls; a widget asks its reader before it calls ``load``."""
    size = opened.model.info.size_bytes
    if size >= LARGE_BYTES and not opened.reader.is_loaded and not isinstance(engine, LocalModel):
        warnings.warn(
            f"The lens loads {opened.model.name} a second time, which takes about {in_bytes(size)} of memory until the "
            "engine is closed.",
            stacklevel=3,
        )
