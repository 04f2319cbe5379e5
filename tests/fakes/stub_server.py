"""A server of one's own on 127.0.0.1 that speaks the OpenAI API, or breaks it in whichever way a test asks for.

    with StubServer() as server:
        server.answers.append(stream("Hello", " there"))
        ...  # ask server.url

What it was asked is in ``requests``. Each POST takes the next of ``answers``; the last one stays.
"""

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

LIMIT_S = 60


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict
    fields: dict


class Hold:
    """A pause in an answer: ``reached`` is set there, and it goes on when ``released`` is."""

    def __init__(self):
        self.reached, self.released = threading.Event(), threading.Event()


CUT = object()
"""Ends an answer here, without the end of its last chunk."""


class Answer(NamedTuple):
    """Bytes, ``Hold``, CUT or functions that are called with the handler, one after the other."""

    parts: tuple = ()
    status: int = 200
    headers: dict = {}  # noqa: RUF012


def event(value):
    """The bytes of an event."""
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()


def chunk(text="", ids=None, finish=None, **more):
    """A chunk of a completion, as vLLM and our own server write it."""
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish, **more}
    return {"object": "text_completion", "choices": [choice if ids is None else {**choice, "token_ids": list(ids)}]}


def delta(text="", finish=None, **more):
    """A chunk of a chat."""
    return {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}


DONE = event("[DONE]")


def events(*values, done=True, **more):
    """An answer of these events, values or bytes."""
    parts = [
        each if isinstance(each, bytes | Hold) or each is CUT or callable(each) else event(each) for each in values
    ]
    return Answer((*parts, *([DONE] if done else [])), headers={"Content-Type": "text/event-stream"}, **more)


def stream(*texts, finish="stop"):
    """A plain answer in pieces of text."""
    return events(*(chunk(text) for text in texts), chunk("", finish=finish))


def ids_stream(tokens, ids, finish="stop", at_once=1):
    """An answer in ids, as many in a chunk as ``at_once``."""
    groups = [ids[start : start + at_once] for start in range(0, len(ids), at_once)]
    return events(*(chunk(tokens.decode(group), group) for group in groups), chunk("", (), finish=finish))


def failure(status, value, content_type="application/json", **headers):
    """An error."""
    body = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    return Answer((body,), status, {"Content-Type": content_type, **headers})


def models(*names, owner="vllm", **more):
    """A list of models."""
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner, **more} for name in names]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.stub.connections.add(self.connection)

    def finish(self):
        self.server.stub.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer({})

    def do_POST(self):
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, fields):
        stub = self.server.stub
        stub.requests.append(Asked(self.command, self.path, dict(self.headers), fields))
        answer = stub.find(self.command, self.path, fields)
        try:
            self._send(answer)
        except OSError:
            stub.left.set()
        self.close_connection = True

    def _send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        is_chunked = "Content-Length" not in answer.headers
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in answer.parts:
            if part is CUT:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if isinstance(part, Hold):
                part.reached.set()
                self._wait(part)
            elif callable(part):
                part(self)
            else:
                self._write(part, is_chunked)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, data, is_chunked):
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if is_chunked else data)
            self.wfile.flush()

    def _wait(self, hold):
        """Until it is released, or the client has gone."""
        self.connection.settimeout(0.01)
        while not hold.released.is_set():
            try:
                if not self.connection.recv(1):
                    self.server.stub.left.set()
                    raise ConnectionError
            except TimeoutError:
                continue
        self.connection.settimeout(None)


class StubServer:
    """Serves until its ``with`` ends. ``tls`` is an ``ssl.SSLContext``."""

    def __init__(self, *names, owner="vllm", tls=None, **more):
        self.models = models(*(names or ("dolly",)), owner=owner, **more)
        """What ``/v1/models`` says, or an ``Answer``."""
        self.answers = []
        self.files = {}
        """Name -> bytes, for ``/v1/models/…/files/…``."""
        self.tokenize = lambda fields: failure(404, {"detail": "Not Found"})
        """What ``/tokenize`` answers."""
        self.requests = []
        self.left = threading.Event()
        """Set when a client has gone before the end."""
        self.connections = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.stub, self._server.daemon_threads = self, True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.host = f"127.0.0.1:{self.port}"
        self.root = f"{'http' if tls is None else 'https'}://{self.host}"
        self.url = f"{self.root}/v1"

    def find(self, method, path, fields):
        """The answer to a request."""
        if method == "GET":
            if path == "/v1/models":
                return self.models if isinstance(self.models, Answer) else failure(200, self.models)
            name = path.rpartition("/files/")[2]
            return failure(200, self.files[name]) if name in self.files else failure(404, {"detail": "Not Found"})
        if path == "/tokenize":
            return self.tokenize(fields)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(fields) if callable(answer) else answer

    @property
    def asked(self):
        """The fields of each POST."""
        return [each.fields for each in self.requests if each.method == "POST" and each.path != "/tokenize"]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
