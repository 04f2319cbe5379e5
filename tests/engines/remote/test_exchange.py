"""A connection that nobody waits for any longer."""

import socket

import pytest
from stub_server import Hold, StubServer, events

from dolly_widget.engines.remote.exchange import Exchange, Request, _LeftError


class Stream:
    """A connection as httpcore has it."""

    def __init__(self):
        self.ends = socket.socketpair()

    def get_extra_info(self, name):
        return self.ends[0]

    def close(self):
        self.ends[0].close()


def test_a_connection_that_is_made_after_its_caller_has_left_is_closed():
    stream = Stream()
    with StubServer() as server:
        server.answers.append(events(Hold()))
        exchange = Exchange(Request("POST", f"{server.url}/completions", {"Content-Type": "x"}, b"{}"))
        exchange.leave()
        with pytest.raises(_LeftError):
            exchange._trace("connection.connect_tcp.complete", {"return_value": stream})
    assert stream.ends[0].fileno() == -1
    stream.ends[1].close()
