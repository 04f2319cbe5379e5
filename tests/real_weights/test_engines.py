"""One answer on real weights, whichever engine writes it, and whether or not it is guessed ahead."""

from itertools import count

import pytest
from real_engines import start

from dolly_widget import SamplingParams, lens
from dolly_widget.comparison import first_difference
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.engines.speculative.engine import SpeculativeEngine
from dolly_widget.lens.reader import PRECISE

QUESTIONS = ("What is the capital of France?", "Write a sentence about the sea.", "Name three fruits.")
GREEDY = SamplingParams(max_new_tokens=24, temperature=0)
LIST = "Repeat this list word by word: one sheep, two goats, three horses, four geese, five cats, six dogs."
# Between the logits of two tokens, which engines that add in another order may swap.
NEAR_TIE = 0.05


@pytest.fixture(scope="module")
def optimum(smollm2):
    engine = start(OptimumEngine, smollm2, ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def guessing(smollm2):
    engine = start(SpeculativeEngine, smollm2, ov_config=PRECISE)
    yield engine
    engine.close()


def assert_same(engine, prompt, answer, other):
    """The same ids, up to a place where the two tokens are nearly as likely as each other."""
    place = first_difference(answer.token_ids, other.token_ids)
    if place is not None:
        logits = lens.next_token(engine, prompt, answer.token_ids[:place])
        assert abs(logits[answer.token_ids[place]] - logits[other.token_ids[place]]) < NEAR_TIE
        assert place > 4
    else:
        assert (answer.text, answer.finish_reason) == (other.text, other.finish_reason)


def test_a_fact_is_right_and_ends_by_itself(engine):
    answer = engine.generate(engine.template.render("What is the capital of France?"), GREEDY)
    assert answer.text == "The capital of France is Paris."
    assert (answer.finish_reason, answer.token_ids[-1]) == ("stop", 2)


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_engines_give_the_same_greedy_answer(engine, optimum, question):
    prompt = engine.template.render(question)
    assert_same(engine, prompt, *(each.generate(prompt, GREEDY) for each in (engine, optimum)))


@pytest.mark.parametrize("question", [*QUESTIONS, LIST])
def test_guesses_from_the_prompt_change_no_greedy_answer(engine, guessing, question):
    prompt = engine.template.render(question)
    assert_same(engine, prompt, *(each.generate(prompt, GREEDY) for each in (engine, guessing)))


def test_an_answer_that_repeats_its_prompt_takes_fewer_passes(guessing):
    answer = guessing.generate(guessing.template.render(LIST), GREEDY)
    assert "one sheep, two goats, three horses" in answer.text
    assert len(answer.pass_s) < 0.7 * answer.new_tokens


def test_a_seed_gives_the_same_drawn_answer_again_and_another_seed_another(engine):
    prompt = engine.template.render("Write a sentence about the sea.")
    params = [SamplingParams(max_new_tokens=16, temperature=1, seed=seed) for seed in (1, 2, 1)]
    first, other, again = (engine.generate(prompt, each) for each in params)
    assert first.token_ids == again.token_ids != other.token_ids


def test_the_text_comes_word_by_word(engine):
    pieces = []
    answer = engine.generate(engine.template.render("Name three fruits."), GREEDY, on_text=pieces.append)
    assert "".join(pieces) == answer.text
    assert len(pieces) > 8
    words = answer.text.split()
    assert all(any(word in text for text in ("".join(pieces[:end]) for end in count(1))) for word in words)
