"""The probability of each choice is that of all ways to write it, token by token, among the tokens that are allowed."""

import math
import re

import numpy as np
import pytest
from lens_files import Files, echo
from real_engines import start

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.errors import EngineError
from dolly_widget.lens import ChoiceReader, choice_probabilities, next_token, reader
from dolly_widget.lens.opened import open_model
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.shapes import shape_of
from dolly_widget.text.template import DOLLY, PLAIN, Prompt

SKY = DOLLY.render("What colour is the sky?")
SHEEP = PLAIN.render("Where do the sheep sleep?")


@pytest.fixture(scope="module")
def files(demo_dir):
    return Files(demo_dir)


@pytest.fixture(scope="module")
def choices(files):
    reader_of_choices = ChoiceReader(files.model)
    yield reader_of_choices
    reader_of_choices.close()


@pytest.fixture
def runs(monkeypatch):
    """Number of ids of each run of the model."""
    counts = []
    feed = reader.feed

    def watched(request, ids, start):
        counts.append(len(ids) - start)
        return feed(request, ids, start)

    monkeypatch.setattr(reader, "feed", watched)
    return counts


def by_brute_force(files, prompt, texts, end_ids, written="", ids=()):
    """{text: probability}, by trying every token of the vocabulary at each place of each way."""
    tokenizer = files.model.tokenizer
    pieces = {each: tokenizer.token_text(each) for each in range(tokenizer.vocab_size) if tokenizer.has_text(each)}
    allowed = {each: piece for each, piece in pieces.items() if any(text.startswith(written + piece) for text in texts)}
    ends = sorted(end_ids) if written in texts else []
    logits = next_token(files, prompt, ids)[[*allowed, *ends]].astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    found = dict.fromkeys(texts, 0.0)
    for token_id, share in zip([*allowed, *ends], shares, strict=True):
        if token_id in ends:
            found[written] += share
            continue
        onward = by_brute_force(files, prompt, texts, end_ids, written + allowed[token_id], (*ids, token_id))
        for text in texts:
            found[text] += share * onward[text]
    return found


@pytest.mark.parametrize(
    "texts",
    [
        ["blue", "green"],
        ["no", "none", "nobody"],
        ["none", "no"],
        ["In", "In the", "In th"],
        ["7", "77", "8"],
        ["ü", "ö"],
    ],
)
@pytest.mark.parametrize("prompt", [SKY, SHEEP])
def test_probabilities_are_those_of_all_ways_to_write_each_choice(files, choices, texts, prompt):
    found = choices.probabilities(prompt, shape_of(texts))
    assert list(found) == texts
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)
    if texts != ["ü", "ö"]:  # whose tokens are parts of a character
        assert found == pytest.approx(by_brute_force(files, prompt, texts, {0, 4093}), abs=2e-3)


def test_they_are_how_often_constrained_decoding_draws_each(demo_dir, files, choices):
    texts = ["nobody", "none", "no"]
    engine = start(GenAIEngine, demo_dir)
    prompt = DOLLY.render("Who is in the house? Say nobody or none.")
    expected = choices.probabilities(prompt, shape_of(texts))
    draws = [
        engine.generate(prompt, SamplingParams(temperature=1, top_p=1, max_new_tokens=12, seed=seed), answer=texts).text
        for seed in range(200)
    ]
    engine.close()
    for text in texts:
        deviation = math.sqrt(expected[text] * (1 - expected[text]) / len(draws))
        assert draws.count(text) / len(draws) == pytest.approx(expected[text], abs=4 * deviation + 0.005)


def test_choices_that_begin_differently_take_one_pass(choices, runs):
    choices.probabilities(DOLLY.render("Is it blue or green?"), shape_of(["blue", "green", "yellow"]))
    assert len(runs) == 1


def test_what_begins_alike_is_read_from_the_prompts_end_on(files, choices, runs):
    prompt = DOLLY.render("Is it in the house or in the garden?")
    choices.probabilities(prompt, shape_of(["In the house", "In the garden"]))
    assert runs[0] == len(files.model.encode(prompt))
    assert len(runs) > 1
    assert max(runs[1:]) < 12


def test_keys_are_values_and_not_texts(choices):
    assert set(choices.probabilities(SKY, shape_of([3, 30]))) == {3, 30}


def test_one_choice_is_certain(choices):
    assert choices.probabilities(SKY, shape_of(["blue"])) == {"blue": 1}


def test_a_reader_is_loaded_once_for_many_prompts(choices, monkeypatch):
    choices.probabilities(SKY, shape_of(["blue", "green"]))
    monkeypatch.setattr(reader.Reader, "_load", lambda self: pytest.fail("loaded again"))
    choices.probabilities(SHEEP, shape_of(["blue", "green"]))


def test_an_engines_reader_is_the_lenss(demo_dir, files):
    mine = ChoiceReader.of(files)
    assert mine.probabilities(SKY, shape_of(["blue", "green"])) == choice_probabilities(
        files.model, SKY, shape_of(["blue", "green"])
    )
    mine.close()
    assert open_model(files).reader.is_loaded


def test_a_closed_reader_says_so(files):
    mine = ChoiceReader(files.model)
    mine.close()
    mine.close()
    with pytest.raises(EngineError, match="closed"):
        mine.probabilities(SKY, shape_of(["blue", "green"]))


def test_an_empty_prompt_is_refused(choices):
    with pytest.raises(ValueError, match="prompt is empty"):
        choices.probabilities(Prompt([]), shape_of(["blue", "green"]))


def test_a_prompt_that_leaves_no_room_is_refused(choices):
    with pytest.raises(ValueError, match="leaves too little"):
        choices.probabilities(PLAIN.render("word " * 3000), shape_of(["blue", "green"]))


def test_a_shape_without_choices_has_no_probabilities(choices):
    with pytest.raises(ValueError, match="one of several choices"):
        choices.probabilities(SKY, shape_of(re.compile("a+")))


def test_logits_that_are_no_numbers_are_refused(demo_dir, tmp_path):
    broken = echo(demo_dir, tmp_path / "broken", added=dict.fromkeys(range(4096), np.nan))
    with pytest.raises(ValueError, match="NaN"):
        choice_probabilities(broken.model, SKY, shape_of(["blue", "green"]))
