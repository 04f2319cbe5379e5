"""Settings as fields of a request, by the kind of a server; and what becomes of those that are refused."""

import datetime
import re

import pytest

from dolly_widget.engines.remote import fields
from dolly_widget.engines.remote.faults import Refusal
from dolly_widget.engines.remote.kinds import LLAMA_CPP, OTHER, OURS, VLLM
from dolly_widget.sampling import SETTINGS, SamplingParams
from dolly_widget.text.shapes import shape_of

ALL = SamplingParams(
    max_new_tokens=7,
    temperature=0.5,
    top_p=0.25,
    top_k=3,
    min_p=0.125,
    repetition_penalty=1.5,
    presence_penalty=0.75,
    frequency_penalty=-0.75,
)


@pytest.mark.parametrize("kind", [OURS, VLLM, LLAMA_CPP, OTHER])
def test_every_setting_that_shapes_draws_reaches_every_kind(kind):
    found = fields.settings_fields(ALL, 5, kind)
    named = {fields.SETTING_OF.get(name, name): value for name, value in found.items()}
    for name, setting in SETTINGS.items():
        if setting.shapes_draws:
            assert named[name] == getattr(ALL, name)
    assert found["seed"] == 5


def test_what_is_off_is_said_where_a_server_has_defaults_of_its_own():
    off = SamplingParams(temperature=1, top_p=1)
    for kind in (OURS, VLLM):
        assert {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}.items() <= fields.settings_fields(
            off, 5, kind
        ).items()
    llama = fields.settings_fields(off, 5, LLAMA_CPP)
    assert {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0, "repeat_last_n": -1}.items() <= llama.items()
    assert llama["samplers"] == ["penalties", "temperature", "top_k", "top_p", "min_p"]
    assert fields.settings_fields(off, 5, OTHER) == {"temperature": 1.0, "top_p": 1.0, "seed": 5}


def test_greedy_is_a_temperature_of_0():
    assert fields.settings_fields(SamplingParams(temperature=1e-30), 5, OTHER)["temperature"] == 0.0


def test_the_seed_that_means_any_to_llama_cpp_is_another():
    assert fields.settings_fields(ALL, 2**32 - 1, LLAMA_CPP)["seed"] == 2**32 - 2
    assert fields.settings_fields(ALL, 2**32 - 1, VLLM)["seed"] == 2**32 - 1


@pytest.mark.parametrize("kind", [OURS, VLLM])
@pytest.mark.parametrize(
    ("answer", "field", "value"),
    [
        (["a", "b"], "structured_outputs", {"choice": ["a", "b"]}),
        (bool, "structured_outputs", {"choice": ["yes", "no"]}),
        (re.compile("a+"), "structured_outputs", {"regex": "a+"}),
        (datetime.date, "structured_outputs", {"regex": "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"}),
        (int, "response_format", {"type": "integer"}),
        (float, "response_format", {"type": "number"}),
        ({"type": "string", "maxLength": 3}, "response_format", {"type": "string", "maxLength": 3}),
    ],
)
def test_each_shape_is_told(kind, answer, field, value):
    found = fields.shape_fields(shape_of(answer), kind)
    assert found.keys() == {field}
    told = found[field]["json_schema"]["schema"] if field == "response_format" else found[field]
    assert told == value


def test_llama_cpp_is_told_every_shape_as_its_grammar():
    for answer in (["a", "b"], int, re.compile("a+"), {"type": "string"}):
        shape = shape_of(answer)
        assert fields.shape_fields(shape, LLAMA_CPP) == {"grammar": shape.grammar}


def refusal(says, status=400, **error):
    return Refusal(status, says, {"error": {"message": says, **error}})


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (refusal("Unknown field: top_k"), ("top_k",)),
        (refusal("top_k and min_p are not permitted", 422), ("top_k", "min_p")),
        (refusal("no", param="seed"), ()),
        (refusal("not supported", param="seed"), ("seed",)),
        (refusal("seed must be smaller"), ()),
        (refusal("top_k must be smaller"), ("top_k",)),
        (refusal("at most 4 stop sequences", param="stop"), ("stop",)),
        (refusal("at most 4 stop sequences"), ("stop",)),
        (refusal("please stop asking"), ()),
        (refusal("the request was cut: stop"), ()),
        (refusal("stop is not supported"), ("stop",)),
        (refusal("stream_options must have an object", param="stream_options"), ("stream_options",)),
        (refusal("stream_options must have an object"), ()),
        (refusal("structured_outputs is unknown"), ()),
        (refusal("grammar is not supported", param="grammar"), ()),
        (refusal("my_top_k_2 is unknown"), ()),
        (refusal("unknown model"), ()),
        (refusal("unknown prompt"), ()),
        (refusal("top_k", 500), ()),
        (refusal("stream_options is only allowed with stream: unknown"), ("stream_options",)),
    ],
)
def test_fields_that_are_refused_by_name_can_be_left_out(said, names):
    names_sent = [
        "model",
        "prompt",
        "top_k",
        "min_p",
        "seed",
        "stop",
        "stream_options",
        "structured_outputs",
        "grammar",
    ]
    sent = dict.fromkeys(names_sent)
    assert fields.refused_fields(said, sent) == names


def test_the_note_names_settings_that_are_not_off():
    assert fields.matters("top_k", SamplingParams(top_k=1))
    assert not fields.matters("top_k", SamplingParams())
    assert not fields.matters("top_k", SamplingParams(top_k=1, temperature=0))
    assert fields.matters("repeat_penalty", SamplingParams(repetition_penalty=1.5, temperature=0))
    assert not fields.matters("stop", SamplingParams(stop=["x"]))
    assert fields.note_of_refused("h", ["repeat_penalty"]).startswith("h does not take repetition_penalty: ")
    assert fields.note_of_refused("h", ["top_k", "min_p", "seed"]).startswith("h does not take top_k, min_p and seed: ")
    assert fields.note_of_refused("h", ["stream_options"]) == ""
