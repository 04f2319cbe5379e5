"""One HTTP request and its answer, as bytes that come. Knows nothing of what is asked.

A job of its own does the waiting: for a name, a connection, and bytes. The caller looks at what has come in short
steps, and so it can always leave: at a deadline, or when it is asked to stop. To leave is to shut the connection, which
the server sees at once. One connection a request: llama.cpp drops those that are kept for a next one.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dolly_widget.engines.remote import lost
from dolly_widget.engines.remote.client import http_client
from dolly_widget.engines.remote.lost import LostError, lost_by, not_connected
from dolly_widget.runtime import Job

if TYPE_CHECKING:
    import httpx

FIRST_S = 300.0
"""A long prompt on a server without a GPU, behind others who wait, takes minutes."""
BETWEEN_S = 60.0
"""The slowest models take seconds for a token. One who waits for longer waits for nothing."""
MAX_ANSWER_BYTES = 256 << 20
"""Of a whole answer: 32,768 tokens at 8 kilobytes each."""
_POLL_S = 0.02
_PUT_S = 0.1
_PARTS = 64
_CHUNK_BYTES = 1 << 16


class StoppedError(Exception):
    """The caller was asked to stop."""


class Head(NamedTuple):
    """How an answer begins."""

    status: int
    content_type: str
    location: str
    retry_after: str
    server: str


@dataclass(frozen=True)
class Request:
    """What is asked."""

    method: str
    url: str
    """Without a user's name."""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class _End(NamedTuple):
    error: LostError | None


class Exchange:
    """A request that is under way, for one caller: use it with ``with``, which leaves it.

    ``gives_up`` is asked every 20 ms. ``first_s`` bounds the wait for the head, and then for the first that counts;
    ``between_s`` for each that follows. See ``parts`` for what counts.
    """

    def __init__(
        self,
        request: Request,
        gives_up: Callable[[], bool] = lambda: False,
        *,
        first_s: float | None = None,
        between_s: float | None = None,
    ) -> None:
        self._gives_up = gives_up
        self._first_s = FIRST_S if first_s is None else first_s
        self._between_s = BETWEEN_S if between_s is None else between_s
        self._parts: queue.Queue[Head | bytes | _End] = queue.Queue(_PARTS)
        self._is_left, self._is_connected = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._socket: Any = None
        self._bytes = 0
        self._limit_s = self._deadline = 0.0
        self._is_hurried = False
        self._job = Job(lambda _: self._work(request), name="dolly-server")

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Shut the connection, whatever is going on. Returns at once; safe twice."""
        self._is_left.set()
        with self._lock:
            if self._socket is not None:
                _shut(self._socket)

    def progressed(self) -> None:
        """Something has come that counts: the next may take as long again."""
        if not self._is_hurried:
            self._allow(self._between_s)

    def hurry(self, seconds: float) -> None:
        """Take what comes within ``seconds`` from now, whatever it is; then, it is as if the answer had ended."""
        if not self._is_hurried:
            self._is_hurried = True
            self._allow(seconds)

    def _allow(self, limit_s: float) -> None:
        self._limit_s, self._deadline = limit_s, time.monotonic() + limit_s

    def head(self) -> Head:
        """How the answer begins. Raises LostError, StoppedError."""
        self._allow(self._first_s)
        part = self._next()
        if isinstance(part, _End):
            raise part.error or LostError("ended without an answer")
        assert isinstance(part, Head)
        self._allow(self._first_s)
        return part

    def parts(self, *, every_part_counts: bool = True) -> Iterator[bytes]:
        """What comes after the head, as it comes. Raises LostError, StoppedError.

        Where not every part counts, as those that only keep a connection alive, the reader calls ``progressed``.
        """
        try:
            while isinstance(part := self._next(), bytes):
                self._bytes += len(part)
                if self._bytes > MAX_ANSWER_BYTES:
                    raise LostError(f"sent more than {MAX_ANSWER_BYTES >> 20} MB")
                yield part
                if every_part_counts:
                    self.progressed()
                self._check_time()
            if isinstance(part, _End) and part.error is not None:
                raise part.error
        except LostError:
            if not self._is_hurried:
                raise

    def read(self, max_bytes: int) -> bytes:
        """All that comes after the head. Raises LostError where it is more than ``max_bytes``, StoppedError."""
        whole = bytearray()
        for part in self.parts():
            whole += part
            if len(whole) > max_bytes:
                raise LostError(f"sent more than {max_bytes:,} bytes where few were asked for")
        return bytes(whole)

    def _next(self) -> Head | bytes | _End:
        started = time.monotonic()
        while True:
            if self._gives_up():
                raise StoppedError
            with contextlib.suppress(queue.Empty):
                return self._parts.get(timeout=_POLL_S)
            # A name that nobody answers for is not bounded by a timeout of the connection's.
            if time.monotonic() - started > lost.CONNECT_S + 1 and not self._is_connected.is_set():
                raise not_connected()
            self._check_time()

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            what = "nothing" if self._bytes == 0 else "nothing more"
            raise LostError(f"sent {what} for {self._limit_s:g} s", is_slow=True)

    # On the job's thread

    def _work(self, request: Request) -> None:
        try:
            self._ask(request)
            end = _End(None)
        except _LeftError:
            return
        except Exception as exc:  # whatever a library raises for a network, or a server that is none
            # Not the exception itself, which holds the request, and with it the key.
            end = _End(lost_by(exc, self._is_connected.is_set()))
        with contextlib.suppress(_LeftError):
            self._put(end)

    def _ask(self, request: Request) -> None:
        import httpx

        longest = max(self._first_s, self._between_s) + lost.CONNECT_S  # where nobody waits any longer
        times = httpx.Timeout(longest, connect=lost.CONNECT_S)
        with http_client(request.url, times) as client:
            asked = client.build_request(
                request.method,
                request.url,
                content=request.body or None,
                headers={**request.headers, "Accept-Encoding": "identity", "Connection": "close"},
                extensions={"trace": self._trace},
            )
            answer = client.send(asked, stream=True, follow_redirects=False)
            try:
                self._hand_over(answer)
            finally:
                answer.close()

    def _hand_over(self, answer: httpx.Response) -> None:
        names = ("content-type", "location", "retry-after", "server")
        self._put(Head(answer.status_code, *(answer.headers.get(name, "")[:1000] for name in names)))
        if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise LostError("compresses what was asked for as it is")  # a kilobyte could become a gigabyte
        for part in answer.iter_raw():
            for start in range(0, len(part), _CHUNK_BYTES):
                self._put(part[start : start + _CHUNK_BYTES])

    def _put(self, part: Head | bytes | _End) -> None:
        """Hand a part to the caller; wait where it has not taken those before."""
        while not self._is_left.is_set():
            with contextlib.suppress(queue.Full):
                self._parts.put(part, timeout=_PUT_S)
                return
        raise _LeftError

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        """What httpcore calls at each step: a connection can be shut from when it is made."""
        if not name.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        with self._lock:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._is_left.is_set():
                _shut(self._socket)
                info["return_value"].close()  # nobody else has it yet
                raise _LeftError
        self._is_connected.set()


class _LeftError(Exception):
    """Nobody waits for the answer any longer."""


def _shut(connection: Any) -> None:
    # Not a TLS socket's own: that takes its state away from under whoever is reading.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
