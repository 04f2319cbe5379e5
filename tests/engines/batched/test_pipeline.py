"""What a pipeline does with requests that it cannot end as asked: no answer that is cut off looks like a whole one."""

from dataclasses import replace

import openvino_genai as genai
import pytest
from real_engines import share, start

from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.engines.batched.pipeline import BatchedPipeline
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.runtime import Job
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY

LIMIT_S = 60
GREEDY = SamplingParams(temperature=0, max_new_tokens=30)
# No answer of any model ends so soon by itself.
ENDLESS = SamplingParams(temperature=5, top_p=1, seed=8, max_new_tokens=900)
TOO_LARGE = "This text does not fit into memory: shorten it, or allow fewer new tokens."


def asked(place, params=GREEDY):
    return GenerationRequest(DOLLY.render(f"What is the capital of {place}?"), params)


@pytest.fixture
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir)
    yield engine
    Job(lambda stop: engine.close()).wait(LIMIT_S)


# Stopped, as at the end of Python


@pytest.fixture
def is_stopped_after_a_step(monkeypatch):
    step = BatchedPipeline._step

    def last_step(pipeline, running):
        step(pipeline, running)
        pipeline._worker._shut(forgets=True)

    monkeypatch.setattr(BatchedPipeline, "_step", last_step)


def test_an_answer_that_it_cuts_off_is_a_cancelled_one(engine, is_stopped_after_a_step):
    result = engine.generate(asked("France").prompt, ENDLESS)
    assert result.finish_reason == "cancelled"
    assert result.new_tokens <= 1


def test_answers_that_it_cuts_off_are_cancelled_ones(engine, is_stopped_after_a_step):
    outcomes = dict(generate_many(engine, [asked(place, ENDLESS) for place in ("France", "Italy", "Peru")]))
    assert [outcomes[number].finish_reason for number in range(3)] == ["cancelled"] * 3


def test_what_is_asked_of_a_closed_one_is_cancelled_at_once(engine):
    engine._loaded.close()
    result = Job(lambda stop: engine.generate(asked("France").prompt, GREEDY)).wait(LIMIT_S)
    assert (result.finish_reason, result.new_tokens) == ("cancelled", 0)


# Too large for memory


class Ignored:
    """What the library gives for a request for whose cache there is no memory."""

    def can_read(self):
        return False

    def get_status(self):
        return genai.GenerationStatus.IGNORED


@pytest.fixture
def peru_is_too_large(monkeypatch, demo_dir):
    add = BatchedPipeline._add

    def added(pipeline, running):
        return Ignored() if running.text.params.max_new_tokens == 31 else add(pipeline, running)

    monkeypatch.setattr(BatchedPipeline, "_add", added)


PERU = asked("Peru", replace(GREEDY, max_new_tokens=31))


def test_a_text_without_room_in_memory_is_an_outcome_and_stops_nobody(engine, peru_is_too_large):
    outcomes = dict(generate_many(engine, [asked("France"), PERU, asked("Italy")]))
    assert isinstance(outcomes[1], ValueError)
    assert str(outcomes[1]) == TOO_LARGE
    assert "Paris" in outcomes[0].text
    assert "Rome" in outcomes[2].text
    assert not engine._loaded.is_broken


def test_alone_it_is_the_same_sentence_and_the_engine_is_still_shared(demo_dir, peru_is_too_large):
    ours = share(demo_dir)
    with pytest.raises(ValueError, match=f"^{TOO_LARGE}$"):
        ours.generate(PERU.prompt, PERU.params)
    other = share(demo_dir)
    assert other._shared is ours._shared
    ours.close()
    other.close()
