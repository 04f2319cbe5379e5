"""How much a server takes on, and whom it lets in: values. Knows no framework."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

KEY_VARIABLE = "DOLLY_WIDGET_API_KEY"
RETRY_S = 5
"""When one who was refused for want of room may ask again."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""The names of this machine that no other machine can be behind."""


@dataclass(frozen=True)
class Limits:
    """What bounds a server's work. Raises ValueError for a limit below what it can be."""

    max_running: int = 64
    """Answers that are written at a time."""
    max_waiting: int = 256
    """Answers that wait for their turn; a request beyond them is refused at once, with 429."""
    max_answers: int = 128
    """Answers of one request: prompts × ``n``."""
    max_body_bytes: int = 4 << 20
    chat_tokens: int = 1024
    """New tokens of a chat answer whose request says no number."""
    has_logprobs: bool = True
    """Whether log-probabilities are given: the model is loaded a second time for them, at their first need."""
    has_penalties: bool = True
    """Whether presence_penalty and frequency_penalty are taken: all others stand still while such an answer is written,
    and the model is loaded anew for it."""
    head_s: float = 10.0
    """Seconds for the headers of a request to arrive."""
    body_s: float = 30.0
    """Seconds for a request's body to arrive."""
    write_s: float = 60.0
    """Seconds that a reader may take nothing of what is sent to it; its connection is closed then."""
    drain_s: float = 30.0
    """Seconds that running answers have after SIGTERM."""

    def __post_init__(self) -> None:
        for name, least in (("max_running", 1), ("max_waiting", 0), ("max_answers", 1), ("max_body_bytes", 1024)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least:,}, not {getattr(self, name):,}.")
        if not 0 <= self.drain_s < math.inf:
            raise ValueError(f"drain_s must be a number of seconds, at least 0, not {self.drain_s}.")

    @property
    def largest_request(self) -> int:
        """Answers that one request can have."""
        return min(self.max_answers, self.max_running + self.max_waiting)


@dataclass(frozen=True)
class Access:
    """Who may ask a server."""

    key: str | None = field(default=None, repr=False)
    """What a client has to send as its bearer token; None: nothing. ValueError for what no header can hold."""
    hosts: tuple[str, ...] = LOOPBACK
    """Names, without a port, that the server may be called by: a page elsewhere can make a name of its own lead here.

    An unspecified address (``0.0.0.0``, ``[::]``) stands for every address written in numbers, "*" for every name.
    """
    origins: tuple[str, ...] = ()
    """Web pages that may ask (``https://host``), beside those of the server itself; "*" stands for all."""

    def __post_init__(self) -> None:
        key = self.key
        if key is not None and not (key and key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("The key must be printable ASCII characters without spaces, as a header takes them.")

    @classmethod
    def at(cls, host: str, key: str | None = None, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> Access:
        """What fits a server that listens at ``host``. Raises ValueError where others could ask without a key."""
        if not (is_loopback(host) or key):
            raise ValueError(
                f"At {host}, everyone who can reach this machine could ask: set a key in the environment variable "
                f"{KEY_VARIABLE}, or in a file."
            )
        return cls(key or None, tuple(dict.fromkeys((*LOOPBACK, in_url(host), *hosts))), tuple(origins))


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def in_url(host: str) -> str:
    """An address as it stands in a URL: one of version 6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
