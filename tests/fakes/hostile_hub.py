"""A hub that lies: ``HubServer`` with the tricks that a wrong mirror, or somebody in between, can play.

    with HostileHub({"org/name": directory}) as hub:
        hub.other_headers["ETag"] = "/home/me/.bashrc"

Each attribute is one kind of trick; ``reform`` makes it an honest hub again.
"""

import gzip
import json

from hub_server import Handler, HubServer


class _HostileHandler(Handler):
    def _tell(self, answer):
        told = self._hub.tell(answer)
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        if self._hub.compresses:
            body = gzip.compress(body)
        self._send(200, body, {"Content-Type": "application/json", **self._encoding()})

    def _encoding(self):
        return {"Content-Encoding": "gzip"} if self._hub.compresses else {}

    def _send_file(self, commit, path):
        trick = self._hub
        location = trick.redirect and trick.redirect(self.path)
        if location is not None:
            self.send_response(302)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if trick.refuses is not None and trick.refuses.pop(path.name, None):
            return self._send(404, b"{}", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        body = trick.bodies.get(path.name)
        if self.command == "GET" and body is not None:
            return self._send_other(commit, body)
        return super()._send_file(commit, path)

    def _send_other(self, commit, body):
        """A body of the trick's own: bytes, or a number of bytes that come without being announced."""
        self.send_response(200)
        if isinstance(body, bytes):
            content = gzip.compress(body) if self._hub.compresses else body
            for name, value in {"Content-Length": str(len(content)), **self._encoding()}.items():
                self.send_header(name, value)
            self.end_headers()
            return self.wfile.write(content)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while self._hub.sent < body:
                self._hub.sent += self.wfile.write(b"HOSTILE " * (1 << 13))
        except OSError:  # the client has heard enough
            pass

    def send_header(self, name, value):
        if "/resolve/" in self.path:
            value = self._hub.other_headers.get(name, value)
        if value is not None:
            super().send_header(name, value)

    def end_headers(self):
        for name, value in self._hub.more_headers.items() if "/resolve/" in self.path else ():
            super().send_header(name, value)
        super().end_headers()


class HostileHub(HubServer):
    """See above."""

    handler = _HostileHandler

    def __init__(self, repositories=()):
        super().__init__(repositories)
        self.reform()

    def reform(self):
        """Play no trick from now on."""
        self.tell = lambda answer: answer
        """What it says about a repository, made from the truth; bytes are sent as they are."""
        self.other_headers = {}
        """Header -> what it says in place of the truth; None leaves it out."""
        self.more_headers = {}
        """Header -> value, beside the true ones of a file."""
        self.bodies = {}
        """File -> what is sent for it; a number is as many bytes, without a length."""
        self.refuses = {}
        """Files that are not there, once."""
        self.redirect = None
        """Function from a path to the address that it redirects to, "" for none. Without it, nothing redirects."""
        self.compresses = False
        """Whether bodies are compressed although nobody asked for it."""
        self.sent = 0
        """Bytes that came without a length."""
