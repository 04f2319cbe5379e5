"""What to load, and how: the value that is passed around in the place of nine arguments. Loads nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dolly_widget.engines.registry import ENGINES, LOCAL_ENGINES, check_engine
from dolly_widget.engines.remote.address import ServerName, is_server
from dolly_widget.models import Model, WeightFormat, find, resolve, title_of
from dolly_widget.runtime import OnProgress, check_device, devices_behind, ignore_progress
from dolly_widget.sampling import DEFAULTS, SETTINGS, SamplingParams
from dolly_widget.text import PromptTemplate, ServerTemplate, visible_name

if TYPE_CHECKING:
    from dolly_widget.engines.remote.server import Server

_INT8 = WeightFormat()
_THREADS, _PINNING = "INFERENCE_NUM_THREADS", "ENABLE_CPU_PINNING"
_ENGINES_HELP = f"what runs the model: {' or '.join(f'{name} ({ENGINES[name].title})' for name in LOCAL_ENGINES)}"


def _option(metavar: str, help: str) -> dict[str, str]:
    """The metadata of a field that command lines have an option for."""
    return {"metavar": metavar, "help": help}


@dataclass(frozen=True)
class EngineSetup:
    """A model as a user asks for it, and how it is to run.

    Plain arguments will do: paths, names of weight formats, and a mapping for ``ov_config`` become what the fields
    hold. Raises ValueError for an empty name, an unknown engine or an unknown weight format.
    """

    model: str = field(
        default="demo",
        metadata=_option(
            "MODEL", "'demo', 'smollm2', a model id of the Hugging Face hub, a directory, or a server's URL"
        ),
    )
    """A directory of OpenVINO files or of a checkpoint can be given too. Of a server: see ``ServerName``."""
    revision: str | None = field(default=None, metadata=_option("REV", "branch, tag or commit of the model on the hub"))
    weight_format: WeightFormat = field(
        default=_INT8, metadata=_option("FORMAT", "fp16, int8 or int4: how a conversion stores the weights")
    )
    device: str = field(default="AUTO", metadata=_option("DEVICE", "AUTO, CPU, GPU, NPU or the like"))
    engine: str = field(default="genai", metadata=_option("ENGINE", _ENGINES_HELP))
    template: PromptTemplate | None = None
    """Replaces the model's own prompt template; None: the model's own."""
    ov_config: tuple[tuple[str, Any], ...] = ()
    """OpenVINO properties, such as ``(("CACHE_DIR", "cache"),)``."""
    prompt_lookup: bool = field(
        default=False, metadata=_option("", "guess tokens from the prompt: faster for answers that quote it")
    )
    draft: str | None = field(
        default=None, metadata=_option("MODEL", "a smaller model with the same tokenizer that drafts tokens ahead")
    )
    tokenizer: str | None = field(
        default=None, metadata=_option("MODEL", "for a server's model: a model on this machine with the same tokenizer")
    )
    """Its template is taken, too. Not needed where the server hands its own out, as ``dolly-widget serve`` does."""

    def __post_init__(self) -> None:
        if not str(self.model).strip():
            raise ValueError("Name a model first: an id of the Hugging Face hub, a directory, or a server's URL.")
        check_engine(self.engine)
        if is_server(str(self.model)):
            object.__setattr__(self, "model", str(ServerName.parse(str(self.model))))
            object.__setattr__(self, "engine", "remote")
        elif self.engine == "remote":
            raise ValueError("The engine 'remote' is for servers: give the URL of one as the model.")
        plain = {
            "model": os.fspath(self.model),
            "draft": None if self.draft is None else os.fspath(self.draft),
            "tokenizer": None if self.tokenizer is None else os.fspath(self.tokenizer),
            "weight_format": WeightFormat.of(self.weight_format),
            "ov_config": _pairs(self.ov_config),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    @property
    def server(self) -> ServerName | None:
        """The server that runs the model; None where this machine does."""
        return ServerName.parse(self.model) if self.engine == "remote" else None

    @property
    def name(self) -> str:
        """What to call the model before its files say it."""
        return visible_name(title_of(self.model) if self.server is None else self.server.title)

    @property
    def properties(self) -> dict[str, Any]:
        """``ov_config`` as OpenVINO takes it."""
        return dict(self.ov_config)

    @property
    def is_guessing(self) -> bool:
        """Whether tokens are to be guessed ahead."""
        return self.prompt_lookup or self.draft is not None

    def checked(self) -> EngineSetup:
        """The same, its device as OpenVINO spells it. Raises ValueError for a device that is not here, or cannot guess.

        Looks the devices up, which takes a moment the first time.
        """
        if self.server is not None:
            return self._checked_for_server()
        if self.tokenizer is not None:
            raise ValueError("tokenizer is for a server's model: leave it out.")
        if isinstance(self.template, ServerTemplate):
            raise ValueError("SERVER_TEMPLATE is for a server's model: leave template out.")
        checked = replace(self, device=check_device(self.device))
        if self.prompt_lookup and self.draft is not None:
            raise ValueError("prompt_lookup does not go with draft: leave one of them out.")
        if self.is_guessing:
            if any(name.startswith("NPU") for name in devices_behind(checked.device)):
                raise ValueError(
                    "An NPU does not support prompt_lookup or draft: leave them out, or choose another device."
                )
            if self.engine != "genai":
                raise ValueError(
                    f"The engine {self.engine!r} does not support prompt_lookup or draft: leave them out, or use the "
                    "engine 'genai'."
                )
        return checked

    def _checked_for_server(self) -> EngineSetup:
        """See ``checked``. A server has chosen all that is about its files and its machine."""
        for name in ("revision", "device", "ov_config", "prompt_lookup", "draft"):
            if getattr(self, name) != getattr(_DEFAULTS, name):
                raise ValueError(f"A server does not take {name}, which it has chosen itself: leave it out.")
        return self

    def refuse_server(self) -> None:
        """Raise ValueError where the model is a server's: its weights are not on this machine."""
        if self.server is not None:
            raise ValueError("This needs a model on this machine, not a server's: name one, or a directory.")

    def find(self) -> Prepared | None:
        """The models, where all of them can be run as they are; None where one has to be downloaded or converted.

        Raises ModelError for what is known to be impossible, such as a path that is not there. Asks no server.
        """
        if self.server is not None:
            return None
        directory = find(self.model, self.weight_format, self.revision)
        if self.draft is None:
            return None if directory is None else Prepared(Model.of(directory), None)
        draft = find(self.draft, self.weight_format)
        return None if directory is None or draft is None else Prepared(Model.of(directory), Model.of(draft))

    def prepare(self, *, on_progress: OnProgress = ignore_progress, stop: threading.Event | None = None) -> Prepared:
        """The models, downloaded and converted where they are missing. Blocks. Raises what ``resolve`` raises.

        Of a server: what it says of itself and its model. Raises EngineError where it cannot be reached.
        """
        if self.server is not None:
            from dolly_widget.engines.remote.server import connect

            server = connect(self.server, self.tokenizer, stop=stop)
            return Prepared(server.model, None, server)
        if found := self.find():
            return found
        model = resolve(self.model, self.weight_format, self.revision, on_progress=on_progress, stop=stop)
        if self.draft is None:
            return Prepared(Model.of(model), None)
        draft = resolve(self.draft, self.weight_format, on_progress=on_progress, stop=stop)
        return Prepared(Model.of(model), Model.of(draft))

    def with_threads(self, count: int) -> EngineSetup:
        """The same, as one of several engines on a machine: with so many threads, and on whichever processors are free.

        With more threads, they would wait for each other; left to itself, OpenVINO has the threads of each begin at the
        first processor, and stay there while they compute. What the properties say already stays.
        """
        if "CPU" not in devices_behind(self.device.upper()):
            return self
        return replace(self, ov_config=tuple({_THREADS: count, _PINNING: False, **self.properties}.items()))

    def needs_same_models(self, other: EngineSetup) -> bool:
        """Whether both need the same files."""
        return replace(self, device=other.device, template=other.template) == other


class Prepared(NamedTuple):
    """The models of a setup, their files all here; or the server that runs it."""

    model: Model | None
    """None: the tokenizer of a server's model is not known here."""
    draft: Model | None
    server: Server | None = None

    @property
    def sampling(self) -> SamplingParams:
        """The sampling settings that the model begins with: its own, or the project's defaults."""
        return DEFAULTS if self.model is None else self.model.sampling

    def here(self) -> Model:
        """The model of a setup that is no server's."""
        assert self.model is not None
        return self.model


def _pairs(properties: Any) -> tuple[tuple[str, Any], ...]:
    """OpenVINO properties as pairs; paths become texts."""
    pairs = properties.items() if isinstance(properties, Mapping) else properties or ()
    return tuple((str(name), os.fspath(value) if isinstance(value, os.PathLike) else value) for name, value in pairs)


_DEFAULTS = EngineSetup()
SETUP_FIELDS = tuple(each.name for each in fields(EngineSetup))
TYPED_FIELDS = {each.name: each for each in fields(EngineSetup) if each.metadata}
"""The fields that command lines have an option for, with a ``metavar`` and a ``help`` in their metadata."""


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keyword arguments in two: those of ``EngineSetup``, and sampling settings. TypeError for any other name."""
    setup = {name: value for name, value in options.items() if name in SETUP_FIELDS}
    sampling = {name: value for name, value in options.items() if name not in SETUP_FIELDS}
    unknown = ", ".join(repr(name) for name in sampling if name not in SETTINGS)
    if unknown:
        known = ", ".join([*SETUP_FIELDS[1:], *SETTINGS])
        raise TypeError(f"There is no setting {unknown}; choose from {known}.")
    return setup, sampling
