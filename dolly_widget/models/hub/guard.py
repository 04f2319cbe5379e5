"""What a hub may answer: every response is checked before the library that asked for it sees it.

A hub can be a mirror, or somebody in between. Of its headers, huggingface_hub makes the paths of files; it takes any
number of bytes, follows redirects for ever, and lets hf_xet fetch from wherever the hub says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dolly_widget.models.hub.content import is_content_id
from dolly_widget.models.hub.faults import HUB, endpoint, not_a_hub, wrong_size_error

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 10
MAX_ANSWER_BYTES = 32 << 20
"""Of what the hub says about a repository: about 300 bytes a file."""
_MAX_ERROR_BYTES = 1 << 20
_MAX_WAIT_S = 300
_XET_HEADERS = ("x-xet-hash", "x-xet-refresh-route", "link")


@dataclass(frozen=True)
class Awaited:
    """The file that is being fetched, as the hub described it when it was asked about the repository."""

    model_id: str
    name: str
    commit: str
    size: int
    content_id: str
    """"" where the hub did not say."""


@contextmanager
def guarded() -> Iterator[Guard]:
    """Check what the library's requests are answered with; what is refused is a ModelError. One thread at a time."""
    _GUARD.stand_by()
    _GUARD.is_on, _GUARD.awaited = True, None
    try:
        yield _GUARD
    finally:
        _GUARD.is_on = False


class Guard:
    """Stands in the hooks of the library's own client, whose connections and proxies are kept; idle unless it is on."""

    def __init__(self) -> None:
        self.is_on = False
        self.awaited: Awaited | None = None
        """The file that is fetched; None while the hub is asked about a repository."""
        self._redirects = 0

    def stand_by(self) -> None:
        """Be in every client that the library makes from now on."""
        from huggingface_hub import set_client_factory
        from huggingface_hub.utils import _http

        factory = _http._GLOBAL_CLIENT_FACTORY
        if factory != self._client:
            self._factory = factory
            set_client_factory(self._client)

    def _client(self) -> httpx.Client:
        client = self._factory()
        hooks = client.event_hooks
        hooks["request"].append(self._prepare)
        hooks["response"].append(self._check)
        client.event_hooks = hooks
        return client

    def _prepare(self, request: httpx.Request) -> None:
        if self.is_on:
            request.headers["accept-encoding"] = "identity"

    def _check(self, response: httpx.Response) -> None:
        if not self.is_on:
            return
        self._check_redirect(response)
        _forget_long_waits(response)
        _keep_xet_at_home(response)
        if self.awaited is not None:
            _check_headers(response, self.awaited)
        self._bound_body(response)

    def _check_redirect(self, response: httpx.Response) -> None:
        if not 300 <= response.status_code < 400:
            self._redirects = 0
            return
        self._redirects += 1
        if self._redirects > MAX_REDIRECTS:
            raise not_a_hub(f"it redirects more than {MAX_REDIRECTS} times")
        before = response.url.scheme
        if _scheme_of_target(response) not in (before, "https" if before == "http" else before):
            raise not_a_hub("it redirects to another kind of address")

    def _bound_body(self, response: httpx.Response) -> None:
        from httpx import SyncByteStream

        if response.request.method == "HEAD" or not isinstance(response.stream, SyncByteStream):
            return
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            if response.is_success:  # some kilobytes could become gigabytes
                raise not_a_hub("it compresses what was asked for as it is")
            del response.headers["content-encoding"]
        limit = self._limit(response)
        if int(response.headers.get("content-length", 0)) > limit:
            raise self._too_long()
        response.stream = _bounded(response.stream, limit, self._too_long)

    def _limit(self, response: httpx.Response) -> int:
        if not response.is_success:
            return _MAX_ERROR_BYTES
        if self.awaited is None:
            return MAX_ANSWER_BYTES
        asked = re.fullmatch(r"bytes=(\d+)-", response.request.headers.get("range", ""))
        return self.awaited.size - (int(asked[1]) if asked and response.status_code == 206 else 0)

    def _too_long(self) -> Exception:
        if self.awaited is None:
            return not_a_hub(f"it says more than {MAX_ANSWER_BYTES >> 20} MB about a repository")
        what = f"{self.awaited.name} does not end after its {self.awaited.size:,} bytes"
        return wrong_size_error(self.awaited.model_id, what)


_GUARD = Guard()


def _bounded(stream: httpx.SyncByteStream, limit: int, too_long: Callable[[], Exception]) -> httpx.SyncByteStream:
    from httpx import SyncByteStream

    class Bounded(SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = limit
            for chunk in stream:
                left -= len(chunk)
                if left < 0:
                    raise too_long()
                yield chunk

        def close(self) -> None:
            stream.close()

    return Bounded()


def _scheme_of_target(response: httpx.Response) -> str:
    from httpx import InvalidURL

    try:
        return response.url.join(response.headers["location"]).scheme
    except (KeyError, InvalidURL, ValueError):
        return ""


def _forget_long_waits(response: httpx.Response) -> None:
    """Drop what would have the library wait for longer than the hub's own windows of five minutes."""
    waits = re.findall(r"t\s*=\s*(\d+)", response.headers.get("ratelimit", ""))
    if any(len(wait) > 3 or int(wait) > _MAX_WAIT_S for wait in waits):
        del response.headers["ratelimit"]


def _keep_xet_at_home(response: httpx.Response) -> None:
    """Let hf_xet, which fetches by itself, work with the hub's own storage alone; a file comes by HTTP otherwise."""
    said = response.headers.get("x-xet-refresh-route", "")
    route = response.links.get("xet-auth", {}).get("url", said)  # where hf_xet asks, with the user's token
    places = (endpoint() or HUB, f"{response.url}", route, said or route)
    if not all(f"{place}/".startswith(f"{HUB}/") for place in places):
        for name in _XET_HEADERS:
            response.headers.pop(name, None)


def _check_headers(response: httpx.Response, awaited: Awaited) -> None:
    """Compare what the library makes paths of with what was asked for: commit, name of the content, size."""
    headers = response.headers
    commit = headers.get("x-repo-commit")
    if commit not in (None, awaited.commit):
        raise not_a_hub("it sends files of another commit")
    is_followed = response.has_redirect_location and not urlsplit(headers["location"]).netloc
    if response.request.method != "HEAD" or response.is_error or is_followed:
        return
    etag = (headers.get("x-linked-etag") or headers.get("etag", "")).removeprefix("W/").strip('"')
    if commit is None or not is_content_id(etag) or etag != (awaited.content_id or etag):
        raise not_a_hub(f"the ETag of {awaited.name} is not that of its content")
    size = headers.get("x-linked-size") or headers.get("content-length", "")
    if size != str(awaited.size):
        what = f"{awaited.name} has {int(size)} bytes instead of {awaited.size}" if size.isdecimal() else "no size"
        raise wrong_size_error(awaited.model_id, what)
