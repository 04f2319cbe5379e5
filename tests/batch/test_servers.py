"""Rows that a server answers: what a file of a run keeps of them, and which run goes on from it."""

import pytest
from remote_engines import our_server
from stub_server import CUT, chunk, events, failure, ids_stream

from dolly_widget import ask_many
from dolly_widget.engines.remote import tries
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR

IDS = (306, 499, 290, 1385, 279, 2231, 15, 276)
TEXT = "The capital of France is Paris."
QUESTIONS = ["One?", "Two?", "Three?"]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(tries, "PAUSES_S", ())


@pytest.fixture
def whole():
    return ids_stream(Model(OPENVINO_DIR).tokenizer, IDS)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "answers.jsonl"


def test_a_row_that_its_server_cut_off_is_told_and_asked_again_by_the_next_run(whole, file):
    broken = events(chunk("The capital", IDS[:2]), CUT)
    with our_server("dolly") as server:
        server.answers += [whole, broken, whole]
        results = ask_many(QUESTIONS, model=server.url, resume=file, at_once=1, progress=False)
        assert [result.finish_reason for result in results] == ["stop", "broken", "stop"]
        assert "broke off" in results[1].error
        server.answers[:] = [whole]
        results = ask_many(QUESTIONS, model=server.url, resume=file, at_once=1, progress=False)
    assert [result.text for result in results] == [TEXT] * 3
    assert len(server.asked) == 4


def test_a_server_that_is_gone_ends_the_run_with_the_rows_that_are_there(whole, file):
    with our_server("dolly") as server:
        server.answers += [whole, failure(500, "no")]
        with pytest.raises(RuntimeError) as raised:
            ask_many(QUESTIONS, model=server.url, resume=file, at_once=1, progress=False)
    assert [result.text for result in raised.value.results] == [TEXT]


def test_a_run_goes_on_at_another_server_of_the_same_model_and_not_with_another_model(whole, file):
    with our_server("dolly") as first:
        first.answers.append(whole)
        ask_many(QUESTIONS[:1], model=first.url, resume=file, progress=False)
    with our_server("dolly") as second, our_server("other") as other:
        assert ask_many(QUESTIONS[:1], model=second.url, resume=file, progress=False)[0].text == TEXT
        assert second.asked == []
        with pytest.raises(ValueError, match="another model"):
            ask_many(QUESTIONS[:1], model=other.url, resume=file, progress=False)
