"""The text of a document: plain text, Markdown, CSV, HTML, PDF. Knows no widget.

What a file holds is untrusted: size, pages and time are bounded, and what cannot be read is one sentence. Nothing is
cut silently.
"""

from __future__ import annotations

import io
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dolly_widget.text.characters import encodable, visible_name

MAX_BYTES = 20 * 2**20
"""The largest file that is read."""
MAX_CHARS = 1_000_000
"""The longest text that is taken out of one: about 250,000 tokens."""
MAX_PAGES = 2_000
SUFFIXES = (".txt", ".md", ".markdown", ".csv", ".tsv", ".html", ".htm", ".pdf", ".json", ".log", ".rst", ".py")
"""What a page offers to choose; any other file that holds text is read, too."""
_LONGEST_S = 30.0
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# What a text has of control characters: tab, line feed, form feed, carriage return, escape (of logs with colours).
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.001


class DocumentError(ValueError):
    """A file whose text cannot be had: one sentence that says why, and what to do."""


def read_file(path: str | Path) -> str:
    """The text of a file. Raises DocumentError, a ValueError, for one that cannot be read, or holds no text."""
    path = Path(path)
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as exc:  # RuntimeError: "~nobody"
        reason = getattr(exc, "strerror", None) or str(exc).rstrip(".")
        raise DocumentError(f"{path} cannot be read ({reason}): give the path of a file with a text.") from exc
    return read_document(path.name, data)


def read_document(name: str, data: bytes, stop: threading.Event | None = None) -> str:
    """The text of a file called ``name`` that holds ``data``; its end, or a PDF's mark, says how to read it.

    Setting ``stop`` ends it. Raises DocumentError, a ValueError, for what is too large, too slow, or holds no text.
    """
    name = shown_name(name)
    if len(data) > MAX_BYTES:
        raise too_large(name)
    clock = _Clock(name, stop or threading.Event())
    suffix = Path(name).suffix.lower()
    if suffix == ".pdf" or data[:1024].lstrip().startswith(b"%PDF-"):
        text = _pdf(name, data, clock)
    elif suffix in (".html", ".htm", ".xhtml"):
        from dolly_widget.text.html_text import html_text  # seldom needed

        text = html_text(_decoded(name, data), clock.check)
    else:
        text = _decoded(name, data)
    text = encodable(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")).strip("\n")
    if not text.strip():
        raise DocumentError(f"{name} is empty: attach a file with a text.")
    return _checked_length(name, text)


def too_large(name: str) -> DocumentError:
    """The error of a file of more than ``MAX_BYTES``."""
    return DocumentError(
        f"{shown_name(name)} has more than {MAX_BYTES // 2**20} MB, the most that is read: attach a part of it."
    )


def shown_name(name: str) -> str:
    """A file's name, without its place, as it can be shown: it may be anything."""
    last = re.split(r"[/\\]", name)[-1][-200:]
    return visible_name(last) or "The file"


def _checked_length(name: str, text: str) -> str:
    if len(text) > MAX_CHARS:
        raise DocumentError(
            f"The text of {name} has more than {MAX_CHARS:,} characters, the most that is read: attach a part of it."
        )
    return text


class _Clock:
    """Says when reading has to end."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        self._name, self._stop = name, stop
        self._deadline = time.monotonic() + _LONGEST_S

    def check(self) -> None:
        if self._stop.is_set():
            raise DocumentError(f"Reading {self._name} was stopped.")
        if time.monotonic() > self._deadline:
            raise DocumentError(f"Reading {self._name} takes too long: save it as text, or attach a part of it.")


# Plain text


def _decoded(name: str, data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decode(name, data, encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _decode(name, data, "cp1252")
    if len(_CONTROLS.findall(text)) > _MOST_CONTROLS * len(text):
        raise _no_text(name)
    return text


def _decode(name: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise _no_text(name) from exc


def _no_text(name: str) -> DocumentError:
    return DocumentError(f"{name} is not a text: attach text, Markdown, CSV, HTML or PDF.")


# HTML

# PDF


def _pdf(name: str, data: bytes, clock: _Clock) -> str:
    try:
        with _no_remarks():
            text = "\n\n".join(_pages(name, data, clock))
    except DocumentError:
        raise
    except Exception as exc:  # pypdf raises nearly anything for a file that is damaged, RecursionError too
        raise DocumentError(f"{name} is a damaged PDF file: save it again, or attach its text.") from exc
    if not text.strip():
        raise DocumentError(f"{name} holds pictures of pages and no text: run a text recognition (OCR) on it first.")
    return text


def _pages(name: str, data: bytes, clock: _Clock) -> Iterator[str]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not _opens(reader):
        raise DocumentError(f"{name} is protected by a password: save it without one, and attach that.")
    if len(reader.pages) > MAX_PAGES:
        raise DocumentError(f"{name} has more than {MAX_PAGES:,} pages, the most that are read: attach a part of it.")
    count = 0
    for page in reader.pages:
        clock.check()
        text = page.extract_text(visitor_operand_before=_checking(clock))
        count += len(text)
        if count > MAX_CHARS:
            _checked_length(name, "x" * count)
        yield text.strip()


def _opens(reader: Any) -> bool:
    """Whether an encrypted file opens without a password, as most do that only forbid printing."""
    from pypdf.errors import DependencyError

    try:
        return bool(reader.decrypt(""))
    except DependencyError:  # the newer ciphers need a package that we do without
        return False


def _checking(clock: _Clock) -> Callable[..., None]:
    return lambda *_: clock.check()


@contextmanager
def _no_remarks() -> Iterator[None]:
    """Keep pypdf from logging what it makes of a file that is not quite right."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
