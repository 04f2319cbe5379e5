"""Any JSON object, as a shape."""

import json

import pytest
from real_engines import start
from served import client_of

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.serving.any_json import ANY_OBJECT

OBJECTS = ["{}", '{"a":1}', '{ "a": [1, -2.5e+3, true, null, {"b": ""}]}', '{"\\u00e9\\n": "é"}', '{\n  "a": "b"\n}']
OTHERS = ["[]", '"a"', "1", "{", '{"a"}', '{"a":}', '{"a":1,}', "{'a':1}", '{"a":01}', '{"a":"\n"}', "x{}", "{} x"]


@pytest.mark.parametrize("text", OBJECTS)
def test_an_object_has_its_value(text):
    assert ANY_OBJECT.parse(text) == json.loads(text)
    assert ANY_OBJECT.is_whole(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_object_has_no_value(text):
    with pytest.raises(ValueError, match=r"."):
        ANY_OBJECT.parse(text)


def test_whatever_is_drawn_is_an_object(demo_dir):
    """At a temperature at which all comes that the grammar lets through."""
    engine, values = start(GenAIEngine, demo_dir, device="CPU"), []
    form = {"type": "json_object"}
    with client_of(engine) as client:
        for temperature in (1, 2.5):
            sent = {"prompt": "{", "response_format": form, "max_tokens": 60, "temperature": temperature, "n": 32}
            for choice in client.post("/v1/completions", json={**sent, "seed": 1}).json()["choices"]:
                assert choice["text"].startswith("{")
                if choice["finish_reason"] == "stop":
                    values.append(json.loads(choice["text"]))
    engine.close()
    assert len(values) >= 5
    assert all(isinstance(value, dict) for value in values)
    assert any(values)
