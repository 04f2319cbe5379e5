"""Rows that are answered together say what each says alone: 200 of the demonstration model, in full precision."""

import pytest
from real_engines import start
from together import rows_that_differ, texts_of_rows

from dolly_widget import SamplingParams, ask_many
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.runtime import PRECISE


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.mark.parametrize("temperature", [0, 0.8], ids=["greedy", "drawn"])
def test_two_hundred_rows_have_the_ids_that_they_have_alone(engine, temperature):
    assert rows_that_differ(engine, SamplingParams(max_new_tokens=24, temperature=temperature, seed=5)) == []


def test_a_rerun_says_the_same(engine):
    params = SamplingParams(max_new_tokens=8, seed=5)
    assert texts_of_rows(engine, params) == texts_of_rows(engine, params)


def test_choices_have_values_and_probabilities(engine):
    results = ask_many(["Is the sea blue?"] * 3, model=engine, answer=["yes", "no"], seed=1)
    assert all(each.value in ("yes", "no") for each in results)
    for each in results:
        assert list(each.probabilities) == ["yes", "no"]
        assert sum(each.probabilities.values()) == pytest.approx(1)
