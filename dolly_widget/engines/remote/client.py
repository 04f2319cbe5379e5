"""The HTTP client of one request: whom it trusts, which proxy it takes, and what it keeps from the logs."""

from __future__ import annotations

import functools
import logging
import ssl
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx


def http_client(url: str, timeout: httpx.Timeout) -> httpx.Client:
    """A client for requests to ``url`` on this thread, whose requests are in no log from now on.

    Nothing of the environment counts for it, such as the passwords in a ``.netrc``, but ``HTTPS_PROXY`` and the
    certificates of ``SSL_CERT_FILE``.
    """
    import httpx

    _stay_quiet()
    return httpx.Client(verify=_tls(url), proxy=_proxy(url), trust_env=False, timeout=timeout)


@functools.cache
def _verifying() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()  # with what SSL_CERT_FILE and SSL_CERT_DIR name, as a company's own authority


def _tls(url: str) -> ssl.SSLContext:
    # Reading all certificate authorities takes 20 ms. Without TLS, an empty context will do.
    return _verifying() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxy(url: str) -> str | None:
    """The proxy of the environment, for https alone: it hands on what it cannot read.

    A server without TLS is one of the own network, and is asked without anybody in between.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if parts.scheme != "https" or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    found = proxies.get("https") or proxies.get("all") or ""
    address = found if "://" in found or not found else f"http://{found}"
    return address if address.startswith(("http://", "https://")) else None  # SOCKS would need a library more


class _Quiet(logging.Filter):
    """Drops what libraries log on our threads: the headers of an answer, in which a server may echo a key."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is another's."""
        return not hasattr(self.threads, "is_ours")


_QUIET = _Quiet()
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")


def _stay_quiet() -> None:
    _QUIET.threads.is_ours = True
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_QUIET)  # safe twice
