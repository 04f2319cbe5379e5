"""Keys and passwords on their way to a server: where they come from, the header that carries them, and their masking.

A key is read when it is needed, and kept nowhere. It stands in the environment variable ``DOLLY_WIDGET_API_KEY``, or in
the file that ``DOLLY_WIDGET_API_KEY_FILE`` names: one line is the key for every server, and lines ``HOST[:PORT] KEY``
are for one each. A user's name in an address takes the place of a key.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from dolly_widget.engines.remote.address import host_of
from dolly_widget.engines.remote.passwords import credentials

VARIABLE = "DOLLY_WIDGET_API_KEY"
FILE_VARIABLE = "DOLLY_WIDGET_API_KEY_FILE"
_MAX_FILE_BYTES = 1 << 16
_MASK = "…"
_LEAST_HIDDEN = 12
"""Characters of a key that nobody has made up: "ollama" is the key that Ollama's users send."""


@dataclass(frozen=True)
class Secret:
    """What opens one server to us. Its parts are in no ``repr``."""

    header: str = field(default="", repr=False)
    """The value of ``Authorization``; "" where nothing is sent."""
    _texts: tuple[str, ...] = field(default=(), repr=False)

    def mask(self, text: str) -> str:
        """``text`` without the key or password, in whichever spelling a server may echo it."""
        for each in self._texts:
            text = text.replace(each, _MASK)
        return text

    def is_told_by(self, name: str) -> bool:
        """Whether a name is the key or password, or holds it. A short one may be a word that a name holds anyway."""
        return any(each == name or (len(each) >= _LEAST_HIDDEN and each in name) for each in self._texts)


def secret_for(url: str) -> Secret:
    """The key or password for an address.

    Raises ValueError for a key that cannot be sent, OSError for a file that cannot be read.
    """
    if pair := credentials(url):
        token = base64.b64encode(":".join(pair).encode()).decode()
        return Secret(f"Basic {token}", _spellings(token, pair[1]))
    key = os.environ.get(VARIABLE, "").strip() or _from_file(url)
    if not key:
        return Secret()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError(f"The key for {host_of(url)} holds a character that no key has: correct it.")
    return Secret(f"Bearer {key}", _spellings(key))


def _spellings(*secrets: str) -> tuple[str, ...]:
    """The longest first: one may be part of another."""
    texts = {spelled for each in secrets if each for spelled in (each, quote(each, safe=""), json.dumps(each)[1:-1])}
    return tuple(sorted(texts, key=len, reverse=True))


def _from_file(url: str) -> str:
    name = os.environ.get(FILE_VARIABLE, "").strip()
    if not name:
        return ""
    try:
        with Path(name).expanduser().open("rb") as file:
            text = file.read(_MAX_FILE_BYTES).decode()
    except (OSError, RuntimeError, UnicodeDecodeError):  # RuntimeError: "~nobody"
        raise OSError(f"{FILE_VARIABLE} names {name}, which cannot be read: correct it, or unset it.") from None
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    keys = {words[0].lower(): words[1] for words in lines if len(words) == 2}
    keys[""] = next((words[0] for words in lines if len(words) == 1), "")
    parts = urlsplit(url)
    places = (host_of(url).lower(), f"{parts.hostname}:{parts.port or _DEFAULT_PORTS[parts.scheme]}", parts.hostname)
    return next((keys[place] for place in (*places, "") if place in keys), "")


_DEFAULT_PORTS = {"http": 80, "https": 443}
