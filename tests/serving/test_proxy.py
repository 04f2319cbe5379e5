"""What stands in Ray's proxy: who gets in, another try where a replica ended, and how much of a body is taken in."""

import asyncio
import json

import pytest
from loops import in_loop

from dolly_widget.serving import proxy
from dolly_widget.serving.limits import KEY_VARIABLE, Limits
from dolly_widget.serving.proxy import Passage

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/v1/completions",
    "headers": [(b"host", b"localhost"), (b"origin", b"https://a.example")],
}
START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = [
    {"type": "http.request", "body": b"one", "more_body": True},
    {"type": "http.request", "body": b"two", "more_body": False},
]


def served(app, messages=BODY, scope=SCOPE):
    """What a client is sent by ``app``, of which it gets these messages and no more."""
    sent, left = [], list(messages)

    async def receive():
        if left:
            return left.pop(0)
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    in_loop(asyncio.wait_for(app(scope, receive, send), 30))
    return sent


class Replicas:
    """Of which the first ``dead`` end before they answer, when they have read ``reads`` messages."""

    def __init__(self, dead, reads=2):
        self.dead, self.reads, self.asked, self.scopes = dead, reads, [], []

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        self.asked.append([await receive() for _ in range(self.reads)])
        scope["headers"].append((b"x-request-id", b"7"))  # as Ray does
        if len(self.asked) > self.dead:
            await send(START)


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_a_request_whose_replica_ended_goes_to_another_one_whole(reads):
    replicas = Replicas(2, reads)
    assert served(Passage(replicas, Limits())) == [START]
    assert replicas.asked == [BODY[:reads]] * 3
    assert [len(scope["headers"]) for scope in replicas.scopes] == [2, 2, 2]


def test_an_answer_that_has_begun_is_not_begun_again():
    class Breaks(Replicas):
        async def __call__(self, scope, receive, send):
            self.asked.append(1)
            await send(START)

    replicas = Breaks(9)
    assert served(Passage(replicas, Limits())) == [START]
    assert len(replicas.asked) == 1


def test_a_client_that_left_is_not_answered_again():
    replicas = Replicas(9, 3)
    assert served(Passage(replicas, Limits()), [*BODY, {"type": "http.disconnect"}]) == []
    assert len(replicas.asked) == 1


def test_where_no_replica_stays_the_client_is_told_to_ask_again():
    replicas = Replicas(9)
    start, body = served(Passage(replicas, Limits()))
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"]
    assert json.loads(body["body"])["error"]["code"] == "replica_ended"
    assert len(replicas.asked) == 3


def test_no_more_of_a_body_is_taken_in_than_a_replica_reads():
    taken = []

    async def refuses(scope, receive, send):
        async def queue():  # as the proxy does, whatever the replica is at
            while True:
                taken.append(await receive())

        task = asyncio.ensure_future(queue())
        while len(taken) < 3:
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        await send({**START, "status": 413})
        task.cancel()

    block = {"type": "http.request", "body": b"x" * 512, "more_body": True}
    sent = served(Passage(refuses, Limits(max_body_bytes=1024)), [block] * 100)
    assert sent[0]["status"] == 413
    assert len(taken) == 3


def test_the_page_that_asks_is_named_once():
    replicas = Replicas(0)
    served(Passage(replicas, Limits()))
    assert [name for name, _ in replicas.scopes[0]["headers"]] == [b"host", b"x-request-id"]


def whole(monkeypatch, replicas, key="sk-7", **said):
    monkeypatch.setenv(KEY_VARIABLE, key)
    monkeypatch.setenv(proxy.ACCESS, json.dumps(said))
    app = replicas
    for middleware in proxy.guards():  # in Ray's order
        app = middleware.cls(app, *middleware.args, **middleware.kwargs)
    return app


def test_nothing_reaches_the_proxy_that_was_not_let_in(monkeypatch):
    replicas = Replicas(0)
    app = whole(monkeypatch, replicas, hosts=["localhost"], max_body_bytes=2048)
    right = [(b"host", b"localhost"), (b"authorization", b"Bearer sk-7")]
    wrong = {
        401: [(b"host", b"localhost")],
        403: [(b"host", b"evil.example"), right[1]],
        413: [*right, (b"content-length", b"4096")],
    }
    for path in ("/v1/completions", "/-/routes", "/-/healthz", "/"):
        for status, headers in wrong.items():
            assert served(app, scope={**SCOPE, "path": path, "headers": headers})[0]["status"] == status
    foreign = [*right, (b"origin", b"https://evil.example")]
    assert served(app, scope={**SCOPE, "headers": foreign})[0]["status"] == 403
    assert replicas.asked == []
    assert served(app, scope={**SCOPE, "headers": right}) == [START]


def test_a_page_that_may_ask_gets_the_answer_by_the_proxys_word(monkeypatch):
    app = whole(monkeypatch, Replicas(0), key="", hosts=["localhost"], origins=["https://a.example"])
    (start,) = served(app)
    assert dict(start["headers"])[b"access-control-allow-origin"] == b"https://a.example"


def test_a_proxy_that_is_told_nothing_is_as_strict_as_a_server(monkeypatch):
    app = whole(monkeypatch, Replicas(0), key="")
    assert served(app)[0]["status"] == 403  # a page of elsewhere
    own = [(b"host", b"localhost:8000")]
    assert served(app, scope={**SCOPE, "headers": own}) == [START]


def test_no_websocket_reaches_a_replica():
    replicas = Replicas(0)
    assert served(Passage(replicas, Limits()), scope={"type": "websocket"}) == [
        {"type": "websocket.close", "code": 1008}
    ]
    assert replicas.scopes == []
