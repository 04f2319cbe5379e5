"""A server when it was asked who it is: its models, its kind, and what is known here of the model that answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dolly_widget.engines.remote import faults
from dolly_widget.engines.remote.address import ServerName, host_of
from dolly_widget.engines.remote.calls import get_json
from dolly_widget.engines.remote.exchange import StoppedError
from dolly_widget.engines.remote.faults import RefusedError
from dolly_widget.engines.remote.keys import Secret, secret_for
from dolly_widget.engines.remote.kinds import LLAMA_CPP, OURS, kind_of
from dolly_widget.engines.remote.lost import LostError
from dolly_widget.engines.remote.tokenizer_check import check_tokenizer
from dolly_widget.engines.remote.tokenizer_files import local_tokenizer, served_tokenizer
from dolly_widget.errors import EngineError, ModelChoiceError, ModelError
from dolly_widget.models import Model, WeightlessModel
from dolly_widget.text import visible_name

_MAX_LIST_BYTES = 4 << 20
_MOST_MODELS = 1000
_LONGEST_NAME = 512
_MOST_CHOICES = 50
_MAX_POSITIONS = 2**31
_NO_LIST: Any = object()
# transformers serve fails with 500 where it has no cache of the hub's.
_WITHOUT_LIST = (200, 404, 405, 500, 501)


@dataclass(frozen=True, eq=False)
class Server:
    """A server that has answered, and its model that is asked."""

    name: ServerName
    """With the model's name."""
    roots: tuple[str, ...]
    """Where the API begins: the addresses of ``name``, with the /v1 that was left out."""
    kind: str
    """See ``kinds``."""
    models: tuple[str, ...] = ()
    """Its own names of all its models; () where it does not list them."""
    max_positions: int | None = None
    """Most tokens, prompt and answer together; None where it does not say."""
    model: Model | None = None
    """Tokenizer, template and settings of the model; None where they are not known here."""

    @property
    def host(self) -> str:
        """Where it is: "localhost:8000"."""
        return self.name.host

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where it and the others are."""
        return tuple(map(host_of, self.roots))

    @property
    def model_name(self) -> str:
        """Its own name of the model that answers."""
        return self.name.model

    @property
    def offers(self) -> tuple[str, ...]:
        """All of its models, each as ``load_engine`` takes it."""
        return tuple(str(self.name.of_model(model)) for model in self.models)

    def __repr__(self) -> str:
        return f"Server({visible_name(self.name.title)!r}, {self.kind or 'unknown kind'})"


class _Entry(NamedTuple):
    """A model as a server lists it."""

    name: str
    owner: str
    max_positions: int | None
    files: tuple[str, ...]
    root: str = ""
    """What it is called itself, where ``name`` is one of several names for it."""


def connect(
    name: ServerName,
    tokenizer: str | None = None,
    *,
    stop: threading.Event | None = None,
) -> Server:
    """Ask a server who it is, and which of its models is meant; the next address where the first does not answer.

    ``tokenizer`` names a model on this machine with the same tokenizer. Raises EngineError where none can be reached,
    or none is such a server; ModelError for a model that it does not have, ModelChoiceError where one of several has to
    be named; ModelError where ``stop`` was set.
    """
    directory = None if tokenizer is None else local_tokenizer(tokenizer)  # a mistake is told before anybody is asked
    gives_up = threading.Event().is_set if stop is None else stop.is_set
    errors: list[EngineError] = []
    for url in name.urls:
        try:
            with _errors_of(url):
                server, entry = _asked(name, url, gives_up)
                return _with_model(server, entry, directory, gives_up)
        except EngineError as exc:
            errors.append(exc)
    raise errors[0]


def _with_model(server: Server, entry: _Entry, directory: Path | None, gives_up: Callable[[], bool]) -> Server:
    """The server, with what is known here of its model; ``directory`` has its tokenizer, if one was named."""
    root = server.roots[0]
    is_named = directory is not None
    if directory is None and server.kind == OURS:
        directory = served_tokenizer(root, server.model_name, entry.files, gives_up)
    if directory is None:
        return server
    model = WeightlessModel(directory, visible_name(server.name.title), server.max_positions)
    if is_named:
        check_tokenizer(root, server.kind, server.model_name, model, gives_up)
    else:
        _check_served(server.host, model)
    return replace(server, model=model)


def _check_served(host: str, model: Model) -> None:
    try:
        assert model.tokenizer is not None
        assert model.template is not None
    except (ValueError, ModelError):  # which would name a file of the cache
        raise EngineError(
            f"{host} hands out a tokenizer that cannot be read: repair the model there, or pass tokenizer=…, a model "
            "on this machine with the same one."
        ) from None


@contextmanager
def _errors_of(url: str) -> Iterator[None]:
    """Make sentences of what goes wrong. Without a cause, which might hold what a server has said."""
    host = host_of(url)
    error: Exception
    try:
        yield
        return
    except LostError as exc:
        error = faults.lost(host, exc)
    except RefusedError as exc:
        error = faults.refused(url, exc.refusal)
    except StoppedError:
        error = ModelError(f"{host} was not asked to the end: it was stopped.")
    raise error from None


def _asked(name: ServerName, url: str, gives_up: Callable[[], bool]) -> tuple[Server, _Entry]:
    added, value, owner = _models_at(name, url, gives_up)
    entries = _entries(value, secret_for(url))
    if entries is None and value is not _NO_LIST:
        raise faults.not_a_server(host_of(url))
    kind = kind_of(next((each.owner for each in entries or () if each.owner), ""), owner)
    entry = _chosen(name, url, entries, kind)
    urls = (url, *(each for each in name.urls if each != url))  # the one that answers comes first from now on
    server = Server(
        ServerName(urls, entry.name),
        tuple(f"{each}{added}" if not urlsplit(each).path else each for each in urls),
        kind,
        tuple(each.name for each in entries or ()),
        entry.max_positions,
    )
    return server, entry


def _models_at(name: ServerName, url: str, gives_up: Callable[[], bool]) -> tuple[str, Any, str]:
    """What has to be added to an address without a path, the list of models as it is sent, and the header ``Server``.

    ``_NO_LIST`` in the place of the list where a server has none, and the model is named.
    """
    refusal: RefusedError | None = None
    for added in ("",) if urlsplit(url).path else ("/v1", ""):
        try:
            value, head = get_json(f"{url}{added}", "/models", gives_up, _MAX_LIST_BYTES)
            return added, value, head.server
        except RefusedError as exc:
            if exc.refusal.status not in _WITHOUT_LIST:
                raise
            refusal = refusal or exc
    assert refusal is not None
    if refusal.refusal.is_page or not name.model:
        raise refusal
    return "" if urlsplit(url).path else "/v1", _NO_LIST, ""


def _entries(value: Any, secret: Secret) -> list[_Entry] | None:
    """The models that a server lists, none with our key for a name; None for what is no such list."""
    listed = value.get("data") if isinstance(value, Mapping) else None
    if not isinstance(listed, list):
        return None
    found = [_entry(each) for each in listed[:_MOST_MODELS] if isinstance(each, Mapping)]
    return [
        each for each in found if each.name and len(each.name) <= _LONGEST_NAME and not secret.is_told_by(each.name)
    ]


def _entry(listed: Mapping[str, Any]) -> _Entry:
    meta, own = listed.get("meta"), listed.get("dolly_widget")
    counts = [listed.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, Mapping) else None]
    positions = [each for each in counts if type(each) is int and 0 < each < _MAX_POSITIONS]
    files = own.get("files") if isinstance(own, Mapping) else listed.get("files")
    return _Entry(
        listed["id"] if isinstance(listed.get("id"), str) else "",
        str(listed.get("owned_by", "")),
        min(positions, default=None),
        tuple(map(str, files)) if isinstance(files, list) else (),
        str(listed.get("root") or ""),
    )


def _chosen(name: ServerName, url: str, entries: list[_Entry] | None, kind: str) -> _Entry:
    """The model that is meant."""
    unknown = _Entry(name.model, "", None, ())
    if entries is None:
        return unknown
    if not name.model:
        return entries[0] if _are_one(entries) else _refuse_to_choose(name, url, entries)
    names = (name.model, f"{name.model}:latest")  # Ollama's way to name one
    if found := next((each for each in entries if each.name in names), None):
        return found
    if kind == LLAMA_CPP and len(entries) == 1:  # which answers to any name
        return entries[0]._replace(name=name.model)
    raise faults.unknown_model(host_of(url), name.model, [each.name for each in entries])


def _are_one(entries: list[_Entry]) -> bool:
    """Whether all that is listed are names of one model, as vLLM and our own server give it several."""
    return len({each.root or each.name for each in entries}) == 1 and bool(entries)


def _refuse_to_choose(name: ServerName, url: str, entries: list[_Entry]) -> _Entry:
    host = host_of(url)
    if not entries:
        raise ModelError(f"{host} has no model: load one there first.")
    shown = ", ".join(faults.short_name(each.name) for each in entries[:5]) + (", …" if len(entries) > 5 else "")
    first = name.of_model(entries[0].name)
    raise ModelChoiceError(
        f"{host} has {len(entries)} models ({shown}): name one, as in model={faults.short_name(entries[0].name)!r}, or "
        f"{faults.short_name(str(first))}.",
        ",".join(name.urls),
        [(str(name.of_model(each.name)).partition("#")[2], 0) for each in entries[:_MOST_CHOICES]],
        separator="#",
    )
