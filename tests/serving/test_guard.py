"""Who gets in: a probe of all routes, from outside."""

import pytest
from loops import in_loop
from scripted_engine import ScriptedEngine
from served import client_of
from starlette.websockets import WebSocketDisconnect

from dolly_widget.serving import Access, Limits
from dolly_widget.serving.guard import Guard

KEY = "sesame-0123456789"
ROUTES = [
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/dolly"),
    ("GET", "/v1/models/dolly/files/tokenizer.json"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("DELETE", "/v1/models/dolly"),
    ("PUT", "/"),
    ("OPTIONS", "/v1/completions"),
    ("TRACE", "/v1/models"),
]
EACH_ROUTE = pytest.mark.parametrize(("method", "path"), ROUTES)
BEHIND_THE_KEY = pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if each[1] != "/health"])
HIS = {"Authorization": f"Bearer {KEY}".encode()}


@pytest.fixture(scope="module")
def engine():
    return ScriptedEngine()


@pytest.fixture(scope="module")
def client(engine):
    with client_of(engine, access=Access(KEY), limits=Limits(max_body_bytes=2000)) as client:
        yield client
    assert engine.calls == []


@BEHIND_THE_KEY
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY, "é"],
)
def test_without_the_key_nothing_is_said(client, method, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    response = client.request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert KEY not in response.text


def test_the_key_opens(client):
    assert client.get("/v1/models", headers=HIS).status_code == 200
    assert client.get("/v1/models", headers={"Authorization": f"bearer  {KEY} ".encode()}).status_code == 200
    assert client.get("/health").status_code == 200


@EACH_ROUTE
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "", "[::2]:80", "a b"]
)
def test_by_a_foreign_name_nothing_is_said(client, method, path, host):
    response = client.request(method, path, headers={**HIS, "Host": host})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "host_not_allowed"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1:1", "[::1]", "[::1]:8000"])
def test_the_names_of_this_machine_are_its_own(client, host):
    assert client.get("/v1/models", headers={**HIS, "Host": host}).status_code == 200


@EACH_ROUTE
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1234", "http://localhost.evil.example"]
)
def test_for_a_foreign_page_nothing_is_done(client, method, path, origin):
    response = client.request(method, path, headers={**HIS, "Origin": origin})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "origin_not_allowed"
    assert "access-control-allow-origin" not in response.headers


@EACH_ROUTE
def test_a_body_that_is_too_large_is_not_read(client, method, path):
    response = client.request(method, path, headers=HIS, content=b"x" * 2001)
    assert response.status_code == 413
    assert "2,000 bytes" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
def test_a_body_of_unknown_length_is_read_to_the_limit(client, path):
    read = []

    def blocks():
        for count in range(100):
            read.append(count)
            yield b" " * 100

    headers = {**HIS, "Content-Type": "application/json"}
    assert client.post(path, content=blocks(), headers=headers).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 30, "٣"])
def test_a_length_that_is_none_is_refused(client, length):
    headers = {**HIS, "Content-Length": length.encode(), "Content-Type": "application/json"}
    assert client.post("/v1/completions", content=b"{}", headers=headers).status_code in (400, 413)


def test_a_page_that_may_ask_can_read_the_answer(engine):
    origin = "https://notes.example"
    with client_of(engine, access=Access(KEY, origins=(origin,))) as client:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        before = client.options("/v1/completions", headers=asked)  # which a browser sends without the key
        assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, origin)
        assert "Authorization" in before.headers["access-control-allow-headers"]
        answer = client.get("/v1/models", headers={"Origin": origin, **HIS})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
        assert client.get("/v1/models", headers={"Origin": origin}).status_code == 401
        assert client.get("/v1/models", headers={"Origin": "https://other.example", **HIS}).status_code == 403


def test_a_page_of_the_server_s_own_is_no_foreign_one(client):
    assert client.get("/v1/models", headers={**HIS, "Origin": "http://localhost"}).status_code == 200


def test_an_unspecified_address_stands_for_addresses_and_for_no_name(engine):
    with client_of(engine, access=Access.at("0.0.0.0", KEY, ["dolly.lan"])) as client:
        for host, status in (("10.1.2.3:80", 200), ("[fe80::1]", 200), ("dolly.lan", 200), ("evil.example", 403)):
            assert client.get("/v1/models", headers={**HIS, "Host": host}).status_code == status


def test_an_address_that_others_can_reach_wants_a_key():
    for host in ("0.0.0.0", "192.168.1.2", "::", "", "dolly.lan"):
        with pytest.raises(ValueError, match="DOLLY_WIDGET_API_KEY"):
            Access.at(host)
        assert Access.at(host, KEY).key == KEY
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert Access.at(host).key is None


@pytest.mark.parametrize("key", ["", " ", "two words", "new\nline", "sésame"])
def test_a_key_is_what_a_header_can_hold(key):
    with pytest.raises(ValueError, match="printable ASCII"):
        Access(key)


def test_a_key_is_in_no_text_of_its_holder():
    assert KEY not in repr(Access(KEY))


def test_a_page_may_send_the_headers_that_its_client_has(engine):
    origin = "https://notes.example"
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    with client_of(engine, access=Access(KEY, origins=(origin,))) as client:
        for wanted in ("authorization,content-type,x-stainless-arch", "x-stainless-lang, x-stainless-os"):
            before = client.options("/v1/models", headers={**asked, "Access-Control-Request-Headers": wanted})
            assert before.headers["access-control-allow-headers"] == wanted
        for wanted in ("a b", "x" * 9000, "é"):
            before = client.options("/v1/models", headers={**asked, "Access-Control-Request-Headers": wanted.encode()})
            assert before.headers["access-control-allow-headers"] == "Authorization, Content-Type"


def test_a_page_that_may_ask_can_read_why_it_was_refused(engine):
    page = {"Origin": "https://notes.example"}
    with client_of(engine, access=Access(KEY, origins=(page["Origin"],))) as client:
        for status, headers in (
            (401, {}),
            (413, {**HIS, "Content-Length": b"9" * 12}),
            (400, {**HIS, "Content-Length": b"-1"}),
        ):
            response = client.post("/v1/completions", content=b"{}", headers={**page, **headers})
            assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, page["Origin"])
            assert response.headers.get_list("vary") == ["Origin"]


def test_no_websocket_gets_in(engine):
    with client_of(engine, access=Access(None)) as client:
        with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/v1/completions"):
            pass
        assert closed.value.code == 1008


def test_what_is_no_request_does_not_reach_the_application():
    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    async def send(message):
        sent.append(message)

    for kind in ("websocket", "lifespan"):
        in_loop(Guard(app, Access(KEY), Limits())({"type": kind}, None, send))
    assert (seen, sent) == (["lifespan"], [{"type": "websocket.close", "code": 1008}])
