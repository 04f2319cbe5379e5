"""A connection that was not made, or was lost: why, in words. Of a library's exception nothing is kept.

It would hold the request, and with it the key; and its own words may quote anything that a server has sent.
"""

from __future__ import annotations

import socket
import ssl

CONNECT_S = 10.0
"""A server that is there answers within a second, even across the world; some networks lose a first packet or two."""


class LostError(Exception):
    """No answer, or only part of one. The message says why: "refuses the connection"."""

    def __init__(self, why: str, *, is_connected: bool = True, is_slow: bool = False, advice: str = "") -> None:
        self.why, self.is_connected, self.is_slow = why, is_connected, is_slow
        self.advice = advice
        """What to do, where it is known."""
        super().__init__(why)


def not_connected() -> LostError:
    """The error of a server that nobody has reached in time."""
    return LostError(f"does not answer within {CONNECT_S:g} s", is_connected=False, is_slow=True)


def lost_by(exc: Exception, is_connected: bool) -> LostError:
    """What a library's exception means."""
    import httpx

    if isinstance(exc, LostError):
        return exc
    reasons = _reasons(exc)
    if tls := next((each for each in reasons if isinstance(each, ssl.SSLError)), None):
        return _of_tls(tls)
    if any(isinstance(each, socket.gaierror) for each in reasons):
        return LostError("is not known by its name", is_connected=False, advice="check the spelling")
    if any(isinstance(each, ConnectionRefusedError) for each in reasons):
        advice = "check that it runs, and the port"
        return LostError("refuses the connection", is_connected=False, advice=advice)
    if isinstance(exc, httpx.ConnectTimeout):
        return not_connected()
    if isinstance(exc, httpx.ProxyError):
        return LostError("cannot be reached through the proxy", is_connected=False, advice="check HTTPS_PROXY")
    if isinstance(exc, httpx.ConnectError):
        return LostError("cannot be reached", is_connected=False, advice="check the address and the network")
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return LostError("has an address that cannot be used", is_connected=False, advice="check the spelling")
    if isinstance(exc, httpx.RemoteProtocolError) and is_connected and "illegal" in str(exc).lower():
        return LostError("does not speak HTTP", advice="check the port")
    return LostError("closed the connection")


def _of_tls(exc: ssl.SSLError) -> LostError:
    if isinstance(exc, ssl.SSLCertVerificationError):
        says = {10: "has expired", 18: "is its own and nobody's who is trusted", 62: "is for another name"}
        what = says.get(exc.verify_code, "is not of anybody who is trusted")
        advice = "check the name, or put the certificate's authority into the file that SSL_CERT_FILE names"
        return LostError(f"has a certificate that {what}", is_connected=False, advice=advice)
    return LostError(
        "does not speak TLS here", is_connected=False, advice="try http:// in the address, or another port"
    )


def _reasons(exc: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    following: BaseException | None = exc
    while following is not None and len(found) < 10:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found
