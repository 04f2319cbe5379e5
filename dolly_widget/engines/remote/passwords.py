"""Passwords of addresses: kept in this process alone, and in no name, history, copy, log or error.

A password is given in an address once, ``http://user:password@host``. From then on the address is known without it.
"""

from __future__ import annotations

import threading
from urllib.parse import unquote, urlsplit, urlunsplit

_lock = threading.Lock()
_passwords: dict[tuple[str, str, str], str] = {}


def keep_password(url: str) -> str:
    """``url`` without its password, which is kept for whoever asks that host as that user."""
    parts = urlsplit(url)
    user, is_at, host = parts.netloc.rpartition("@")
    name, has_password, password = user.partition(":")
    if has_password and password:  # an empty one is what is left where one was taken out
        with _lock:
            _passwords[parts.scheme, host, name] = unquote(password)
    return urlunsplit(parts._replace(netloc=f"{name}{is_at}{host}" if name else host))


def has_user(url: str) -> bool:
    """Whether an address names a user."""
    return "@" in urlsplit(url).netloc


def has_password(url: str) -> bool:
    """Whether a password is kept for an address."""
    found = credentials(url)
    return found is not None and bool(found[1])


def credentials(url: str) -> tuple[str, str] | None:
    """The user's name and password for an address that names a user; None for any other."""
    parts = urlsplit(url)
    user, is_at, host = parts.netloc.rpartition("@")
    if not is_at:
        return None
    with _lock:
        return unquote(user), _passwords.get((parts.scheme, host, user), "")
