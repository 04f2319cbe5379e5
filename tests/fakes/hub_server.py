"""A hub of one's own on 127.0.0.1: directories served as the repositories of the Hugging Face hub are.

    with HubServer({"org/name": directory}) as server:
        ...  # with HF_ENDPOINT=server.url

Faults can be switched on at any time; see the attributes.
"""

import contextlib
import hashlib
import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

API = re.compile(r"/api/models/(?P<id>[^/]+(?:/[^/]+)?)/revision/(?P<revision>[^/]+)")
FILE = re.compile(r"/(?P<id>[^/]+(?:/[^/]+)?)/resolve/(?P<revision>[^/]+)/(?P<name>.+)")
# Stored apart by the hub: their ETag is a SHA-256.
LARGE = (".bin", ".safetensors", ".gguf")


class Hold:
    """A download that stands still after ``after`` bytes: wait for ``reached``, set ``released``."""

    def __init__(self, after=0):
        self.after = after
        self.reached = threading.Event()
        self.released = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self._hub.connections.add(self.connection)

    def finish(self):
        self._hub.connections.discard(self.connection)
        super().finish()

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    @property
    def _hub(self):
        return self.server.hub

    def _answer(self):
        self._hub.requests.append(f"{self.command} {self.path}")
        self._hub.headers.append(dict(self.headers))
        url = urlsplit(self.path)
        path = unquote(url.path)
        status = next((status for end, status in self._hub.errors.items() if path.endswith(end)), None)
        # As sent: a slash in a revision is quoted.
        found = API.fullmatch(url.path) or FILE.fullmatch(url.path)
        if status is not None:
            return self._refuse(status)
        if found is None:
            return self._refuse(404)
        model_id, revision = found["id"], unquote(found["revision"])
        if model_id not in self._hub.commits:
            # Whoever is not logged in is not told whether it exists.
            return self._refuse(404, "RepoNotFound") if "Authorization" in self.headers else self._refuse(401)
        commit, directory = self._hub.directory(model_id, revision)
        if directory is None:
            return self._refuse(404, "RevisionNotFound")
        if found.re is API:
            return self._describe(model_id, commit, directory, "blobs" in parse_qs(url.query))
        if model_id in self._hub.gated:
            return self._refuse(403 if "Authorization" in self.headers else 401, "GatedRepo")
        return self._send_file(commit, directory / unquote(found["name"]))

    def _refuse(self, status, code=None):
        self._send(status, b"{}", {"X-Error-Code": code} if code else {})

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _describe(self, model_id, commit, directory, with_sizes):
        siblings = []
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            file = {"rfilename": path.relative_to(directory).as_posix()}
            if with_sizes:
                size = self._hub.announced.get(path.name, path.stat().st_size)
                file |= {"size": size, "blobId": _etag(path)[:40]}
                if path.suffix in LARGE:
                    file["lfs"] = {"sha256": _etag(path), "size": size, "pointerSize": 134}
            siblings.append(file)
        gated = "manual" if model_id in self._hub.gated else False
        self._tell({"id": model_id, "sha": commit, "private": False, "gated": gated, "siblings": siblings})

    def _tell(self, answer):
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send_file(self, commit, path):
        if not path.is_file():
            return self._refuse(404, "EntryNotFound")
        size = path.stat().st_size
        start = int(re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])
        length = size - start
        if self.command == "HEAD":
            length = self._hub.announced.get(path.name, length)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", f'"{_etag(path)}"')
        self.send_header("X-Repo-Commit", commit)
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if path.name in self._hub.xet:
            self.send_header("X-Xet-Hash", _etag(path))
            self.send_header("X-Xet-Refresh-Route", f"{self._hub.url}/api/xet-token")
        self.end_headers()
        if self.command == "GET":
            self._send_body(path, start, size)

    def _send_body(self, path, start, size):
        cuts = self._hub.cuts.get(path.name)
        hold = self._hub.holds.get(path.name)
        end = min(size, start + cuts.pop(0)) if cuts else size
        pause = min(max(start, hold.after), end) if hold else end
        with path.open("rb") as file:
            file.seek(start)
            self._copy(file, pause - start)
            if hold:
                hold.reached.set()
                hold.released.wait(60)
                self._copy(file, end - pause)
        self.close_connection = end < size

    def _copy(self, file, count):
        try:
            while count and (chunk := file.read(min(count, 1 << 20))):
                self.wfile.write(chunk)
                count -= len(chunk)
            self.wfile.flush()
        except ConnectionError:  # the client was killed
            self.close_connection = True


class HubServer:
    """Serves ``repositories``, a dictionary from model id to directory, until its ``with`` ends."""

    handler = Handler

    def __init__(self, repositories=()):
        self.commits = {}
        """Model id -> the commit that "main" is."""
        self.requests = []
        """"GET /path?query", in order."""
        self.headers = []
        """The headers of each of them."""
        self.gated = set()
        """Model ids whose files are refused."""
        self.errors = {}
        """End of a path -> HTTP status: its requests fail."""
        self.cuts = {}
        """File -> list of bytes: each GET takes the first, and is cut off after as many."""
        self.holds = {}
        """File -> Hold."""
        self.announced = {}
        """File -> the size that is told beforehand, which its content does not have."""
        self.xet = set()
        """Files that are said to be in Xet storage, which is not there."""
        self.connections = set()
        """What is open at the moment: clients keep theirs for the next request."""
        self._directories = {}
        for model_id, directory in dict(repositories).items():
            self.commit(model_id, directory)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self._server.hub = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def commit(self, model_id, directory):
        """Make ``directory`` the newest commit of ``model_id``; the earlier ones can still be had."""
        count = sum(other == model_id for other, _ in self._directories)
        commit = hashlib.sha1(f"{model_id} {count}".encode()).hexdigest()
        self.commits[model_id] = commit
        self._directories[model_id, commit] = Path(directory)
        return commit

    def directory(self, model_id, revision):
        """Its files and commit, None where there is no such revision."""
        commit = self.commits[model_id] if revision == "main" else revision
        return commit, self._directories.get((model_id, commit))

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        for hold in self.holds.values():
            hold.released.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _etag(path):
    content = path.read_bytes()
    if path.suffix in LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
