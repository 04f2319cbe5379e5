"""What ends an answer in the place of what its model says, ids as a prompt, and ids as they come."""

import pytest
from real_engines import start

from dolly_widget.engines.answer import Endings, Listener, ignore_text
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.template import DOLLY, Prompt

WHO = DOLLY.render("Who is Dolly?")


@pytest.fixture(scope="module", params=[GenAIEngine, OptimumEngine], ids=["genai", "optimum"])
def engine(request, demo_dir):
    engine = start(request.param, demo_dir, device="CPU")
    yield engine
    engine.close()


def answered(engine, prompt=WHO, count=100, **more):
    return engine.generate(prompt, SamplingParams(temperature=0, max_new_tokens=count), **more)


def test_a_token_that_a_caller_names_ends_the_answer(engine):
    usual = answered(engine)
    assert usual.finish_reason == "stop"
    result = answered(engine, endings=Endings(frozenset({usual.token_ids[4]}), ()))
    assert result.token_ids == usual.token_ids[: usual.token_ids.index(usual.token_ids[4]) + 1]
    assert result.finish_reason == "stop"


def test_a_text_that_a_caller_names_ends_the_answer(engine):
    usual = answered(engine)
    result = answered(engine, endings=Endings(frozenset(), (usual.text[12:18],)))
    assert (result.text, result.finish_reason) == (usual.text[:12].rstrip(), "stop")


def test_without_an_ending_the_model_s_own_counts_for_nothing(engine):
    usual = answered(engine)
    result = answered(engine, count=usual.new_tokens + 4, endings=Endings(frozenset(), ()))
    assert (result.new_tokens, result.finish_reason) == (usual.new_tokens + 4, "length")
    assert result.token_ids[: usual.new_tokens] == usual.token_ids


def test_ids_as_a_prompt_are_read_as_they_are(engine):
    ids = engine.model.encode(WHO)
    assert answered(engine, Prompt(token_ids=ids)).token_ids == answered(engine).token_ids
    # A text that would be encoded otherwise: its ids count.
    assert answered(engine, Prompt(WHO[:1], token_ids=ids)).prompt_tokens == len(ids)


def test_ids_that_the_model_does_not_have_are_refused(engine):
    for token_id in (4096, -1):
        with pytest.raises(ValueError, match=f"There is no token {token_id}: the model has 4,096 tokens"):
            answered(engine, Prompt(token_ids=[5, token_id]))


def test_ids_come_after_their_text_and_are_the_answer_s(engine):
    told = []
    listener = Listener(told.append, ignore_text, on_ids=lambda ids: told.append(tuple(ids)))
    result = answered(engine, on_text=listener)
    ids = [token_id for each in told if isinstance(each, tuple) for token_id in each]
    assert tuple(ids) == result.token_ids
    assert "".join(each for each in told if isinstance(each, str)) == result.text
    assert isinstance(told[0], str)
    assert told[1] == result.token_ids[:1]
