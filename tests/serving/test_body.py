"""Bodies that are no request."""

import pytest
from scripted_engine import ScriptedEngine
from served import client_of


@pytest.fixture(scope="module")
def client():
    with client_of(ScriptedEngine()) as client:
        yield client


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"\xff\xfe", "no JSON"),
        (b'{"temperature": NaN}', "NaN is no number of JSON"),
        (b'{"temperature": 1e999, "prompt": "a"}', "temperature must be a number"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nested more than 100 deep"),
        (b"[" * 1_000_000, "nested more than 100 deep"),
        (b'{"seed": ' + b"9" * 10_000 + b"}", "no JSON"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else value,
)
def test_what_is_no_request_is_refused(client, content, says):
    response = client.post("/v1/completions", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert says in response.json()["error"]["message"]


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_another_type_than_json_is_refused(client, kind):
    """Which a page elsewhere could send without asking first."""
    headers = {} if kind is None else {"Content-Type": kind}
    response = client.post("/v1/completions", content=b'{"prompt": "Hi"}', headers=headers)
    assert response.status_code == 415
    assert "Content-Type: application/json" in response.json()["error"]["message"]


def test_json_may_name_its_characters(client):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/v1/completions", content=b'{"prompt": 5}', headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/completions", "POST"), ("DELETE", "/v1/models", "GET, HEAD"), ("POST", "/health", "GET, HEAD")],
)
def test_another_method_is_refused_with_those_that_there_are(client, method, path, allowed):
    response = client.request(method, path)
    assert response.status_code == 405
    assert sorted(response.headers["allow"].split(", ")) == sorted(allowed.split(", "))
    assert response.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/", "/docs", "/v1", "/v1/models/", "/v1/completions/", "/v1/embeddings"])
def test_where_there_is_nothing_it_is_said_in_openai_s_form(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
