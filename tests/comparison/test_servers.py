"""``compare`` across servers and models of this machine: by tokens where they are known, and else by words."""

import math

import pytest
from remote_engines import other_server, our_server
from stub_server import ids_stream, stream

from dolly_widget import compare, load_engine
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR

QUESTION = "What is the capital of France?"
IDS = (306, 499, 290, 1385, 279, 2231, 15, 276)
TEXT = "The capital of France is Paris."


@pytest.fixture
def tokens():
    return Model(OPENVINO_DIR).tokenizer


@pytest.fixture
def server(tokens):
    with our_server("dolly") as server:
        server.answers.append(ids_stream(tokens, IDS))
        yield server


def test_a_server_stands_beside_a_model_of_this_machine(server):
    table = compare(QUESTION, model=["demo", server.url], temperature=0, max_new_tokens=20)
    here, there = table.rows
    assert (there.label, there.model) == (f"dolly at {server.host}",) * 2
    assert (there.precision, there.device, there.size_bytes, there.memory_bytes) == ("server", server.host, None, None)
    assert there.text == here.text == TEXT
    assert (there.compared_by, there.first_difference) == ("tokens", len(IDS))  # where the other one has its end
    assert there.ttft_s == there.result.ttft_s
    assert "network included" in str(table)
    assert len(server.asked) == 1


def test_of_a_model_of_this_machine_nothing_is_said_of_a_network():
    assert "network" not in str(compare(QUESTION, temperature=0, max_new_tokens=4))


def test_an_answer_in_text_alone_is_compared_by_its_characters():
    with other_server("a") as server:
        server.answers += [stream("The capital of ", "Spain is Madrid.")]
        first, second = compare(QUESTION, model=["demo", server.url], temperature=0).rows
    assert second.compared_by == "characters"
    assert second.tokens == ("The", " capital", " of", " Spain", " is", " Madrid.")
    assert "“ Spain” instead of “␣France”" in second.departure
    assert first.departure == ""


def test_a_server_is_asked_once_for_each_setting(server):
    table = compare(QUESTION, model=[server.url], settings=[{"temperature": 0}, {"temperature": 1}])
    assert [row.label for row in table.rows] == ["temperature 0", "temperature 1"]
    assert len(server.asked) == 2


def test_an_engine_of_a_server_is_compared_as_it_is(server):
    engine = load_engine(server.url)
    (row,) = compare(QUESTION, model=engine, temperature=0).rows
    assert (row.model, row.precision, row.text) == (f"dolly at {server.host}", "server", TEXT)
    assert not math.isnan(row.ttft_s)


def test_weight_formats_make_no_difference_at_a_server(server):
    with pytest.raises(ValueError, match="Several weight formats make no difference here"):
        compare(QUESTION, model=server.url, weight_format=["int8", "int4"])
