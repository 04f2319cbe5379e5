"""What GenAI's engine has loaded makes way for what penalties need, and comes back: one at a time, none for good."""

import gc
import weakref
from dataclasses import replace

import pytest
from real_engines import start

from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.engines.batched.pipeline import BatchedPipeline
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.stepped_model import SteppedModel
from dolly_widget.errors import EngineError
from dolly_widget.runtime import Job
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY

LIMIT_S = 60
PROMPT = DOLLY.render("What is the capital of France?")
GREEDY = SamplingParams(temperature=0, max_new_tokens=8)
PENALISED = replace(GREEDY, presence_penalty=0.5)


@pytest.fixture
def make(demo_dir):
    made = []

    def make(**options):
        made.append(start(GenAIEngine, demo_dir, **options))
        return made[-1]

    yield make
    for engine in made:
        Job(lambda stop, engine=engine: engine.close()).wait(LIMIT_S)


def fails(*arguments, **options):
    raise RuntimeError("out of memory")


def three_at_once(engine):
    requests = [GenerationRequest(PROMPT, GREEDY)] * 3
    return Job(lambda stop: dict(generate_many(engine, requests))).wait(LIMIT_S)


@pytest.mark.parametrize("ask", [lambda engine: engine.generate(PROMPT, GREEDY), three_at_once], ids=["one", "many"])
def test_a_reload_that_fails_is_one_sentence_and_the_next_question_loads_again(make, monkeypatch, ask):
    engine = make()
    engine.generate(PROMPT, PENALISED)
    with monkeypatch.context() as patch:
        patch.setattr(BatchedPipeline, "__init__", fails)
        with pytest.raises(EngineError, match=r"^OpenVINO could not load .* on CPU: there is not enough memory"):
            ask(engine)
    assert {"Paris" in each.text for each in three_at_once(engine).values()} == {True}
    assert isinstance(engine._loaded, BatchedPipeline)


def test_a_model_that_cannot_be_loaded_for_penalties_still_answers_without(make, monkeypatch):
    engine = make()
    with monkeypatch.context() as patch:
        patch.setattr(SteppedModel, "__init__", fails)
        with pytest.raises(EngineError, match="not enough memory"):
            engine.generate(PROMPT, PENALISED)
    assert "Paris" in engine.generate(PROMPT, GREEDY).text
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.generate(PROMPT, GREEDY)


def test_after_a_load_that_failed_it_can_be_closed(make, monkeypatch):
    engine = make()
    monkeypatch.setattr(SteppedModel, "__init__", fails)
    with pytest.raises(EngineError, match="not enough memory"):
        engine.generate(PROMPT, PENALISED)
    engine.close()
    for params in (GREEDY, PENALISED):
        with pytest.raises(EngineError, match="closed"):
            engine.generate(PROMPT, params)


def test_one_that_was_first_loaded_for_one_caller_at_a_time_stays_so(make, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(BatchedPipeline, "__init__", fails)
        engine = make()
    before = type(engine._loaded)
    assert before is not BatchedPipeline
    for _ in range(2):
        assert {"Paris" in each.text for each in three_at_once(engine).values()} == {True}
        assert type(engine._loaded) is before
        engine.generate(PROMPT, PENALISED)


@pytest.mark.parametrize("options", [{}, {"ov_config": {"ATTENTION_BACKEND": "SDPA"}}], ids=["batched", "alone"])
def test_what_is_loaded_is_freed_before_anything_takes_its_place(make, monkeypatch, options):
    engine, held = make(**options), []

    def watched(load):
        def load_watched(properties):
            gc.collect()
            held.extend([] if last() is None else [last()])
            return load(properties)

        return load_watched

    for name in ("_load", "_load_stepped"):
        monkeypatch.setattr(engine, name, watched(getattr(engine, name)))
    for params in (PENALISED, GREEDY, PENALISED):
        engine.generate(PROMPT, GREEDY if params is PENALISED else PENALISED)
        last = weakref.ref(engine._loaded)
        engine.generate(PROMPT, params)
    assert held == []
