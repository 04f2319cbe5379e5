"""Presence and frequency penalty are OpenAI's in every engine: of the answer's tokens, whatever the logits' sign."""

import shutil

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops
from real_engines import GuessingEngine, start

from dolly_widget import DOLLY, SamplingParams
from dolly_widget.engines.answer import endings
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.engines.stepped_model import SteppedModel
from dolly_widget.lens import next_token, score
from dolly_widget.runtime import PRECISE
from dolly_widget.text import PLAIN

PROMPT = DOLLY.render("Give five ideas for great weekend with family")
ENGINES = [GenAIEngine, OptimumEngine, GuessingEngine]
NEW_TOKENS = 40
PENALTIES = [(1.5, 0.5), (0, 2), (-1, -2)]


@pytest.fixture(scope="module")
def low_dir(demo_dir, tmp_path_factory):
    """The demonstration model with 100 less in every logit: the same distribution, and no logit is positive."""
    directory = shutil.copytree(demo_dir, tmp_path_factory.mktemp("low") / "model")
    graph = ov.Core().read_model(directory / "openvino_model.xml")
    result = graph.output("logits").get_node()
    lower = ops.subtract(result.input_value(0), ops.constant(np.float32(100)))
    lower.output(0).set_names({"logits"})
    result.input_value(0).set_names(set())
    result.input(0).replace_source_output(lower.output(0))
    saved = directory / "lower.xml"
    ov.save_model(graph, saved, compress_to_fp16=False)
    for suffix in (".xml", ".bin"):
        saved.with_suffix(suffix).replace(directory / f"openvino_model{suffix}")
    return directory


@pytest.fixture(params=ENGINES, ids=lambda each: each.__name__)
def engine(request, low_dir):
    engine = start(request.param, low_dir, ov_config=PRECISE)
    yield engine
    engine.close()


def expected(engine, presence_penalty, frequency_penalty, prefix=()):
    """The greedy answer, by the definition: of each token the logit, less what it and each earlier use of it costs."""
    ids = list(prefix)
    while len(ids) < NEW_TOKENS and not (ids and ids[-1] in endings(engine.model, engine.template).ids):
        scores = next_token(engine, PROMPT, ids).astype(np.float64)
        for token_id in set(ids):
            scores[token_id] -= presence_penalty + frequency_penalty * ids.count(token_id)
        ids.append(int(scores.argmax()))
    return tuple(ids)


def greedy(presence_penalty, frequency_penalty, **changes):
    return SamplingParams(
        max_new_tokens=NEW_TOKENS,
        temperature=0,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        **changes,
    )


@pytest.mark.parametrize(("presence_penalty", "frequency_penalty"), PENALTIES)
def test_a_greedy_answer_is_that_of_the_definition(engine, presence_penalty, frequency_penalty):
    params = greedy(presence_penalty, frequency_penalty)
    answer = engine.generate(PROMPT, params)
    assert answer.token_ids == expected(engine, presence_penalty, frequency_penalty)
    assert set(score(engine, PROMPT, answer.token_ids, params).ranks) == {1}


def test_a_beginning_that_is_given_counts_as_the_answer_and_the_prompt_does_not(engine):
    prefix = engine.generate(PROMPT, greedy(0, 0)).token_ids[:12]
    params = greedy(2, 1)
    answer = engine.generate(PROMPT, params, prefix_ids=prefix)
    assert answer.token_ids == expected(engine, 2, 1, prefix)
    assert answer.token_ids != engine.generate(PROMPT, greedy(0, 0)).token_ids


def test_drawn_answers_repeat_for_a_seed_and_stop_at_a_text(engine):
    params = SamplingParams(max_new_tokens=24, temperature=1.5, presence_penalty=1, seed=3)
    first = engine.generate(PROMPT, params)
    assert engine.generate(PROMPT, params).token_ids == first.token_ids
    other = engine.generate(PROMPT, SamplingParams(max_new_tokens=24, temperature=1.5, presence_penalty=1, seed=4))
    assert other.token_ids != first.token_ids


def test_genai_comes_back_for_settings_without_penalties(low_dir):
    engine = start(GenAIEngine, low_dir, ov_config=PRECISE)
    before = engine.generate(PROMPT, greedy(0, 0)).token_ids
    engine.generate(PROMPT, greedy(1, 0))
    assert isinstance(engine._loaded, SteppedModel)  # in the place of the other, not beside it
    assert engine.generate(PROMPT, greedy(0, 0)).token_ids == before
    assert not isinstance(engine._loaded, SteppedModel)
    engine.close()


def test_genais_own_penalties_would_raise_negative_logits(low_dir):
    """Why GenAI is not asked: once this fails, GenAI can be given both settings, and the stepped model can go."""
    import openvino_genai as genai

    engine = start(GenAIEngine, low_dir, ov_config={**PRECISE, "ATTENTION_BACKEND": "SDPA"})
    ids = np.array([engine.model.encode(PROMPT)], dtype=np.int64)
    config = genai.GenerationConfig()
    config.max_new_tokens, config.presence_penalty, config.apply_chat_template = NEW_TOKENS, 2.0, False
    inputs = genai.TokenizedInputs(ov.Tensor(ids), ov.Tensor(np.ones_like(ids)))
    made = tuple(engine._loaded.generate(inputs, config).tokens[0])
    assert made != expected(engine, 2, 0)[: len(made)]
    engine.close()


def test_what_the_prompt_says_costs_nothing(engine):
    """A prompt that is a list: the answer repeats its words, none of which it has used itself."""
    prompt = PLAIN.render("one two three four five six seven eight, " * 6)
    params = SamplingParams(max_new_tokens=4, temperature=0, presence_penalty=2, frequency_penalty=2)
    free = SamplingParams(max_new_tokens=4, temperature=0)
    assert engine.generate(prompt, params).token_ids == engine.generate(prompt, free).token_ids
