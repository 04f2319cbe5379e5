"""What goes wrong within: a client is told that it did, and the log why."""

import json
import logging

import pytest
from scripted_engine import ScriptedEngine
from served import client_of

from dolly_widget.errors import EngineError, ModelError

PATH = "/home/somebody/model.bin"


class Failing(ScriptedEngine):
    def generate(self, prompt, params, *, endings=None, **more):
        return super().generate(prompt, params, **more)


@pytest.mark.parametrize("error", [EngineError(f"OpenVINO could not load {PATH}."), ModelError(f"{PATH} is broken.")])
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
def test_a_failure_is_logged_and_not_told(error, path, caplog):
    engine = Failing([error], [error], ["ok"])
    sent = {"prompt": "Hi", "messages": [{"role": "user", "content": "Hi"}]}
    with client_of(engine) as client, caplog.at_level(logging.ERROR):
        response = client.post(path, json=sent)
        assert response.status_code == 500
        assert response.json()["error"] == {
            "message": "The server failed to answer: its log says why.",
            "type": "server_error",
            "param": None,
            "code": "internal_error",
        }
        assert PATH in caplog.text
        streamed = client.post(path, json={**sent, "stream": True})
        assert streamed.status_code == 200  # it had begun
        assert PATH not in streamed.text
        *_, last, rest = streamed.text.split("\n\n")
        assert rest == ""
        assert json.loads(last.removeprefix("data: "))["error"]["code"] == "internal_error"
        assert client.post(path, json=sent).status_code == 200
        assert client.service.line.is_empty


def test_a_bug_of_an_engine_is_logged_too_and_not_told(caplog):
    with client_of(Failing([RuntimeError(PATH)], [RuntimeError(PATH)])) as client, caplog.at_level(logging.ERROR):
        response = client.post("/v1/completions", json={"prompt": "Hi"})  # which the server logs
        assert (response.status_code, PATH in response.text) == (500, False)
        streamed = client.post("/v1/completions", json={"prompt": "Hi", "stream": True})
        assert PATH not in streamed.text
        assert PATH in caplog.text


def test_a_text_that_does_not_fit_is_the_client_s_to_shorten():
    engine = Failing([ValueError("This text does not fit into memory: shorten it, or allow fewer new tokens.")])
    with client_of(engine) as client:
        response = client.post("/v1/completions", json={"prompt": "Hi"})
        assert (response.status_code, "shorten it" in response.text) == (400, True)


@pytest.mark.parametrize("error", [ValueError, TypeError])
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
def test_a_bug_that_looks_like_a_wrong_value_is_no_mistake_of_the_client_s(error, path, monkeypatch, caplog):
    def fail(*arguments):
        raise error(PATH)

    with client_of(Failing()) as client, caplog.at_level(logging.ERROR):
        monkeypatch.setattr(client.service, "check_length", fail)
        response = client.post(path, json={"prompt": "Hi", "messages": [{"role": "user", "content": "Hi"}]})
        assert (response.status_code, response.json()["error"]["code"]) == (500, "internal_error")
        assert PATH not in response.text
        if error is ValueError:  # of any other, the framework tells the server
            assert PATH in caplog.text


def test_one_answer_that_fails_ends_the_others_of_its_request():
    engine = Failing([RuntimeError("no")], ["a"], ["b"])
    with client_of(engine) as client:
        assert client.post("/v1/completions", json={"prompt": "Hi", "n": 3}).status_code == 500
        assert client.service.line.is_empty


def test_a_bug_in_a_route_is_told_in_the_same_words(monkeypatch):
    engine = Failing()
    with client_of(engine) as client:
        monkeypatch.setattr(client.service, "check_model", lambda body: 1 / 0)
        response = client.post("/v1/completions", json={"prompt": "Hi"})
        assert (response.status_code, response.json()["error"]["code"]) == (500, "internal_error")
        assert "ZeroDivision" not in response.text
