"""Server-sent events out of bytes, however they are cut. Pure: knows no network and no JSON.

Source: WHATWG HTML, "Server-sent events", section 9.2.6; beyond it, an event that the end cuts off counts, and so does
a field ``error``, which some servers send in the place of ``data``.
"""

from __future__ import annotations

from collections.abc import Iterator

MAX_EVENT_BYTES = 16 << 20
"""The largest event that is read. One with the 20 likeliest tokens has a few kilobytes."""
_BOM = b"\xef\xbb\xbf"
_FIELDS = (b"data", b"error")


class TooLongError(ValueError):
    """A line, or an event, that does not end."""


class EventParser:
    """Takes bytes as they come; gives the data of each event. Comments, and fields without a use here, are no events.

    Raises TooLongError for an event of more than ``MAX_EVENT_BYTES``.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._bytes = 0
        self._is_first = True
        self._skips_newline = False

    def push(self, data: bytes) -> list[str]:
        """The events that are whole now."""
        return [event for line in self._lines(data) if (event := self._take(line)) is not None]

    def end(self) -> list[str]:
        """The event that the end of the bytes cuts off, if there is one."""
        found = [self._take(bytes(self._line)), self._take(b"")]
        self._line.clear()
        return [event for event in found if event is not None]

    def _lines(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self._skips_newline:  # the second half of a CRLF that was cut
            data = data.removeprefix(b"\n")
        self._skips_newline = data.endswith(b"\r")
        for part in data.splitlines(keepends=True):  # of bytes: at LF, CR and CRLF alone
            self._line += part
            if self._bytes + len(self._line) > MAX_EVENT_BYTES:
                raise TooLongError("an event does not end")
            if part.endswith((b"\n", b"\r")):
                line = bytes(self._line).rstrip(b"\r\n")
                self._line.clear()
                yield line

    def _take(self, line: bytes) -> str | None:
        """Take a line; return the event that it ends."""
        if self._is_first:
            self._is_first, line = False, line.removeprefix(_BOM)
        if line:
            name, _, value = line.partition(b":")
            if name in _FIELDS:
                self._data.append(value.removeprefix(b" "))
                self._bytes += len(value) + 1
            return None
        data, self._data, self._bytes = self._data, [], 0
        return b"\n".join(data).decode("utf-8", "replace") if data else None
