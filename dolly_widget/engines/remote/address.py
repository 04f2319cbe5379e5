"""Servers by name: their addresses, and the model that is asked for. Asks no server.

A name is a text, as all names of models are: ``http://host:8000/v1``, several of them with commas in between, and the
server's own name of a model behind a ``#``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from dolly_widget.engines.remote.passwords import keep_password

_SCHEMES = ("http://", "https://")
_NEXT = re.compile(r"\s*,\s*(?=https?://)", re.IGNORECASE)
_MAX_CHARS = 4096
# An address of which the password holds a / ? or # ends there, and the rest of it would be a path, a query, or a model.
_STRAY = (
    "There is an @ behind the host of this address: in a password, write @ as %40, # as %23, / as %2F and ? as %3F; in "
    "a model's name, @ as %40."
)


def is_server(model: str) -> bool:
    """Whether the name of a model is that of a server."""
    return model.strip().lower().startswith(_SCHEMES)


@dataclass(frozen=True)
class ServerName:
    """One server, or several that serve the same model. ``str(name)`` is the text that makes it again.

    It never holds a password: that of an address is kept beside, see ``passwords``.
    """

    urls: tuple[str, ...]
    """Where the API begins, ``http://host:8000/v1``, without a slash at the end; with a user's name, if one was given.

    The first is asked, the others where it does not answer.
    """
    model: str = ""
    """The server's name of the model; "" where it is the only one there."""

    @classmethod
    def parse(cls, text: str, model: str = "") -> ServerName:
        """The name that ``text`` is; ``model`` is the server's name of the model, where the text has none.

        Raises ValueError for what is no address of a server.
        """
        if len(text) > _MAX_CHARS:
            raise ValueError(f"This address has more than {_MAX_CHARS:,} characters: shorten it.")
        addresses, _, named = text.strip().partition("#")
        if "@" in named:
            raise ValueError(_STRAY)
        urls = tuple(dict.fromkeys(_checked(each) for each in _NEXT.split(addresses)))
        return cls(urls, unquote(named).strip() or model.strip())

    def of_model(self, model: str) -> ServerName:
        """The same servers, and another model of theirs."""
        return ServerName(self.urls, model)

    @property
    def host(self) -> str:
        """The first server's host and port: "localhost:8000"."""
        return host_of(self.urls[0])

    @property
    def title(self) -> str:
        """What to call the model: "dolly at localhost:8000"."""
        return f"{self.model} at {self.host}" if self.model else self.host

    def __str__(self) -> str:
        return ",".join(self.urls) + (f"#{quote(self.model, safe='/:+ ')}" if self.model else "")


def host_of(url: str) -> str:
    """The host of an address, with its port if it names one, and without a user's name."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _checked(url: str) -> str:
    """An address as it is kept: without its password, query and last slash. Raises ValueError for what is none."""
    try:
        parts = urlsplit(url.strip())
        is_address = bool(parts.hostname) and parts.scheme in ("http", "https") and (parts.port is None or parts.port)
    except ValueError:
        is_address = False
    if not is_address or any(not each.isprintable() or each.isspace() or each == "," for each in url.strip()):
        # Not quoted: it may hold a password.
        raise ValueError("This is no address of a server: write one as http://host:8000/v1, several with commas.")
    if "@" in f"{parts.path}{parts.query}":
        raise ValueError(_STRAY)
    return keep_password(_without_query(parts))


def _without_query(parts: SplitResult) -> str:
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
