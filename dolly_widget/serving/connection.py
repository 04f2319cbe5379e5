"""One client's connection: closed where it is too slow to be anything but a burden. Knows no route.

What uvicorn does not bound by itself (0.54): how long the headers of a request may take, and how long a reader may take
nothing of what is sent to it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from dolly_widget.serving.limits import Limits


def connection_class(limits: Limits) -> type[H11Protocol]:
    """The protocol class of a server with these limits."""

    class Connection(H11Protocol):
        """See the module."""

        _head_timer: asyncio.TimerHandle | None = None
        _write_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_head_timer()
            else:  # part of a head, perhaps a byte at a time: the timer that runs goes on
                self._await_head()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._write_timer = self._write_timer or self.loop.call_later(limits.write_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stop_write_timer()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_head_timer()
            self._stop_write_timer()
            super().connection_lost(exc)

        def _await_head(self) -> None:
            self._head_timer = self._head_timer or self.loop.call_later(limits.head_s, self.transport.abort)

        def _stop_head_timer(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _stop_write_timer(self) -> None:
            if self._write_timer is not None:
                self._write_timer.cancel()
                self._write_timer = None

    return Connection


def is_sending(connection: Any) -> bool:
    """Whether the client has yet to take something of what was written to its connection."""
    return bool(connection.transport.get_write_buffer_size())
