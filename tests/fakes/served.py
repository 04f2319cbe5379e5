"""An engine as a server: in this process, without a network, or on a port of this machine."""

import json
import queue
import socket
import threading
import time
from contextlib import contextmanager

from starlette.testclient import TestClient

from dolly_widget.runtime import Job
from dolly_widget.serving import application, bound_socket, run

LIMIT_S = 60


@contextmanager
def client_of(engine, **options):
    """A client of an application; what goes wrong in it is a response, as it is for a real client."""
    app = application(engine, **{"name": "dolly", **options})
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        client.service = app.state.service
        yield client


@contextmanager
def on_port(engine, **options):
    """The URL of a server of its own, and its service."""
    app, up = application(engine, **{"name": "dolly", **options}), queue.Queue()
    job = Job(lambda stop: run(app, bound_socket("127.0.0.1", 0), on_up=up.put, stop=stop))
    try:
        yield up.get(timeout=LIMIT_S), app.state.service
    finally:
        job.stop()
        job.wait(LIMIT_S)


def opened(url, body, path="/v1/completions", **headers):
    """A connection that has sent a request, and reads what it wants to."""
    host, port = url.removeprefix("http://").split(":")
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(content)}", *(f"{name}: {value}" for name, value in headers.items())]
    connection = socket.create_connection((host, int(port)), timeout=LIMIT_S)
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
    return connection


def read_until(connection, ending):
    read = b""
    while ending not in read:
        block = connection.recv(65536)
        assert block, read
        read += block
    return read


def until(condition):
    """Wait until it is true: what a server's own thread changes tells nobody."""
    polls = threading.Event()
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        polls.wait(0.005)


def events_of(text):
    """The JSON objects of a stream, which has to end with [DONE]."""
    *events, last, rest = text.split("\n\n")
    assert (last, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events if not event.startswith(":")]
