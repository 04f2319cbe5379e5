"""``/v1/models``: what is served, and which of its files can be had."""

import json
import math
import shutil

import pytest
from real_engines import start
from scripted_engine import ScriptedEngine
from served import client_of

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.models import Model
from dolly_widget.serving import application
from dolly_widget.text import Tokenizer, read_json


@pytest.fixture
def engine(demo_dir, tmp_path):
    """Of a model in a folder with more files, and with a name that has a slash."""
    shutil.copytree(demo_dir, tmp_path / "model", dirs_exist_ok=True)
    engine = ScriptedEngine()
    engine.model = Model(tmp_path / "model")
    return engine


def test_the_model_is_there_under_its_name_and_its_own(engine):
    with client_of(engine, name="org/dolly v2") as client:
        listed = client.get("/v1/models").json()
        assert [card["id"] for card in listed["data"]] == ["org/dolly v2", "model"]
        for card in listed["data"]:
            assert client.get(f"/v1/models/{card['id']}").json() == card
            assert (card["object"], card["max_model_len"], card["root"]) == ("model", 2048, "org/dolly v2")
        response = client.get("/v1/models/gpt-4")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")


def test_its_files_make_the_same_tokenizer(engine, tmp_path):
    (tmp_path / "here").mkdir()
    with client_of(engine, name="org/dolly") as client:
        for name in client.get("/v1/models/org/dolly").json()["dolly_widget"]["files"]:
            response = client.get(f"/v1/models/org/dolly/files/{name}")
            assert response.headers["content-type"] == "application/json"
            (tmp_path / "here" / name).write_bytes(response.content)
    assert Tokenizer(tmp_path / "here").has_same_tokens(engine.model.tokenizer)
    assert read_json(tmp_path / "here/config.json") == engine.model.info.config


def test_numbers_that_json_has_not_are_given_as_the_file_has_them(engine):
    path = engine.model.directory / "config.json"
    path.write_text(json.dumps({**read_json(path), "time_step_limit": [0.0, math.inf]}))
    with client_of(engine, name="dolly") as client:
        response = client.get("/v1/models/dolly/files/config.json")
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        assert json.loads(response.text)["time_step_limit"] == [0.0, math.inf]


@pytest.mark.parametrize(
    "path",
    [
        "openvino_model.bin",
        "openvino_model.xml",
        "../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/config.json",
        "config.json%00",
        "config.json/..",
        "secret.json",
        "",
        "CONFIG.JSON",
        "special_tokens_map.json",  # which this model has not
    ],
)
def test_no_other_file_can_be_had(engine, path):
    (engine.model.directory / "secret.json").write_text('"secret"')
    with client_of(engine) as client:
        response = client.get(f"/v1/models/dolly/files/{path}")
        assert response.status_code == 404
        assert "secret" not in response.text.replace("secret.json", "")


def test_where_a_model_came_from_stays_here(engine):
    path = engine.model.directory / "config.json"
    path.write_text('{"_name_or_path": "/home/somebody/dolly", "vocab_size": 5, "n": "é"}')
    with client_of(engine) as client:
        assert client.get("/v1/models/dolly/files/config.json").json() == {"vocab_size": 5, "n": "é"}


def test_a_template_is_handed_out_as_it_is(engine):
    (engine.model.directory / "chat_template.jinja").write_text("{{ 'é' }}", encoding="utf-8")
    with client_of(engine) as client:
        assert "chat_template.jinja" in client.get("/v1/models/dolly").json()["dolly_widget"]["files"]
        response = client.get("/v1/models/dolly/files/chat_template.jinja")
        assert (response.text, response.headers["content-type"]) == ("{{ 'é' }}", "text/plain; charset=utf-8")


def test_only_a_model_of_this_machine_can_be_served(engine):
    engine.model = "a name"
    with pytest.raises(ValueError, match="Only a model of this machine"):
        application(engine, name="dolly")


def test_a_model_that_is_served_has_a_name(engine):
    with pytest.raises(ValueError, match="needs a name"):
        application(engine, name=" ")


def test_several_applications_can_be_in_one_process(demo_dir):
    first, second = (start(GenAIEngine, demo_dir, device="CPU") for _ in range(2))
    with client_of(first) as one, client_of(second, name="other") as other:
        assert one.post("/v1/completions", json={"prompt": "Hi"}).json()["model"] == "dolly"
        assert other.post("/v1/completions", json={"prompt": "Hi"}).json()["model"] == "other"
    first.close()
    second.close()
