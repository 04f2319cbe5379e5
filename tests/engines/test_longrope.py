"""LongRoPE: a text beyond its limit is another one from its first token on, in both engines and in the lens."""

import functools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from family_models import make_family
from real_engines import start

from dolly_widget.engines import EngineSetup, load_engine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.lens import LocalModel, next_token, reader, score
from dolly_widget.models.conversion.export import export
from dolly_widget.models.info import ModelInfo
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import ignore_progress
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import PLAIN

LIMIT = 64
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}
GREEDY = SamplingParams(max_new_tokens=12, temperature=0)
WORDS = "the quick brown fox jumps over the lazy dog and then it sleeps for a hundred days in the warm sun of May"
# A token is a byte. Below the limit, up to it and beyond; from just below it into what is beyond.
LENGTHS = (20, LIMIT - 12, LIMIT - 5, LIMIT, LIMIT + 1, 90)


@pytest.fixture(scope="module")
def phi3(tmp_path_factory):
    """A checkpoint's files, and what PyTorch says of a text: ``logits(ids)``, of the token that follows it."""
    import torch
    from transformers import AutoModelForCausalLM

    directory = tmp_path_factory.mktemp("phi3")
    checkpoint = make_family("phi3 (longrope)", directory / "checkpoint")
    (directory / "openvino").mkdir()
    export(checkpoint, directory / "openvino", WeightFormat("fp16"), ignore_progress)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)

    @functools.cache
    def logits(ids):
        # Without a cache: transformers 5.5 forgets the text where it should read it again.
        with torch.no_grad():
            return model(torch.tensor([ids]), use_cache=False).logits[0, -1].numpy()

    return SimpleNamespace(directory=directory / "openvino", logits=logits)


def continued(phi3, ids):
    text = tuple(ids)
    for _ in range(GREEDY.max_new_tokens):
        text += (int(phi3.logits(text).argmax()),)
    return text[len(ids) :]


@pytest.mark.parametrize("engine_class", [GenAIEngine, OptimumEngine])
def test_texts_are_continued_as_by_pytorch_below_the_limit_across_it_and_beyond(phi3, engine_class):
    """One engine for all, which must not keep for a long text what it knows of a short one that begins alike."""
    engine = start(engine_class, phi3.directory, ov_config=EXACT)
    for length in (*LENGTHS, *reversed(LENGTHS)):
        prompt = PLAIN.render(WORDS[:length])
        result = engine.generate(prompt, GREEDY)
        assert result.token_ids == continued(phi3, engine.model.tokenizer.encode(prompt)), length
        assert len(result.pass_s) == GREEDY.max_new_tokens - 1
        assert result.tpot_s > 0
    engine.close()


def test_beams_that_cross_the_limit_do_not_fail(phi3):
    engine = start(OptimumEngine, phi3.directory, ov_config=EXACT)
    assert engine.generate(PLAIN.render(WORDS[: LIMIT - 5]), GREEDY, num_beams=2).new_tokens == 12
    engine.close()


@pytest.mark.parametrize("block", [256, 5])
def test_the_lens_says_of_each_place_what_pytorch_says(phi3, monkeypatch, block):
    monkeypatch.setattr(reader, "MAX_BLOCK", block)
    model = LocalModel(EngineSetup(phi3.directory, device="CPU"))
    ids = model.model.tokenizer.encode(PLAIN.render(WORDS))
    for first, count in ((3, 20), (60, 20), (20, 70), (LIMIT - 1, 2), (LIMIT, 2), (80, 10), (3, LIMIT - 3)):
        scores = score(model, PLAIN.render(WORDS[:first]), ids[first : first + count])
        expected = [phi3.logits(tuple(ids[:place]))[ids[place]] for place in range(first, first + count)]
        np.testing.assert_allclose(scores.logits, expected, atol=1e-3)


def test_the_lens_follows_an_answer_across_the_limit(phi3):
    model = LocalModel(EngineSetup(phi3.directory, device="CPU"))
    prompt = PLAIN.render(WORDS[: LIMIT - 3])
    ids = model.model.tokenizer.encode(PLAIN.render(WORDS))
    for length in range(LIMIT - 3, LIMIT + 5):
        logits = next_token(model, prompt, ids[LIMIT - 3 : length])
        np.testing.assert_allclose(logits, phi3.logits(tuple(ids[:length])), atol=1e-3)


@pytest.mark.parametrize("name", ["prompt_lookup", "draft"])
def test_guesses_cannot_be_taken_back_across_the_limit(phi3, name):
    options = {"prompt_lookup": True} if name == "prompt_lookup" else {"draft": phi3.directory}
    with pytest.raises(EngineError, match=f"does not support {name}: leave it out"):
        load_engine(phi3.directory, device="CPU", **options)


def limited(monkeypatch, prompt, engine, more):
    """Have the demonstration model's texts change ``more`` tokens after the prompt."""
    limit = len(engine.model.encode(prompt)) + more
    monkeypatch.setattr(ModelInfo, "longrope_limit", property(lambda info: limit))


def test_a_shape_that_would_cross_the_limit_is_incomplete_and_says_why(demo_dir, monkeypatch):
    """The library would begin it anew, and the text be one and a half."""
    engine, prompt = start(GenAIEngine, demo_dir), PLAIN.render("Write a number")
    limited(monkeypatch, prompt, engine, 2)
    for answer in (re.compile("[0-9]{60}"), ["one two three four five six"]):
        with pytest.raises(IncompleteAnswerError, match="cannot hold a shape across its limit of") as cut:
            engine.generate(prompt, SamplingParams(max_new_tokens=30, seed=1, temperature=5, top_p=1), answer=answer)
        assert cut.value.result.new_tokens == 3
        assert cut.value.result.finish_reason == "length"
    engine.close()


def test_a_shape_that_is_whole_at_the_limit_is_an_answer(demo_dir, monkeypatch):
    engine, prompt = start(GenAIEngine, demo_dir), PLAIN.render("Write a number")
    whole = engine.generate(prompt, GREEDY, answer=["one two", "one three"])
    tokens = whole.new_tokens - 1  # without the one that ended it
    limited(monkeypatch, prompt, engine, tokens - 1)
    cut = engine.generate(prompt, GREEDY, answer=["one two", "one three"])
    assert cut.value == whole.value
    assert cut.new_tokens == tokens
    engine.close()
