"""One answer on real weights, whichever engine writes it, and whether or not it is guessed ahead."""

from functools import cache

import pytest
from real_engines import GuessingEngine, start

from dolly_widget import SamplingParams, ask_many, lens
from dolly_widget.comparison import first_difference
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.runtime import PRECISE

QUESTIONS = ("Write a sentence about the sea.", "Name three fruits.")
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
    engine = start(GuessingEngine, smollm2, ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def answers():
    """``answers(engine, instruction)``: the greedy answer, written once."""
    return cache(lambda engine, instruction: engine.generate(engine.template.render(instruction), GREEDY))


def assert_same(engine, instruction, answer, other):
    """The same ids, up to a place where the two tokens are nearly as likely as each other."""
    prompt = engine.template.render(instruction)
    place = first_difference(answer.token_ids, other.token_ids)
    if place is not None:
        logits = lens.next_token(engine, prompt, answer.token_ids[:place])
        assert abs(logits[answer.token_ids[place]] - logits[other.token_ids[place]]) < NEAR_TIE
        assert place > 4
    else:
        assert (answer.text, answer.finish_reason) == (other.text, other.finish_reason)


def test_a_fact_is_right_and_ends_by_itself(engine, answers):
    answer = answers(engine, "What is the capital of France?")
    assert answer.text == "The capital of France is Paris."
    assert (answer.finish_reason, answer.token_ids[-1]) == ("stop", 2)


@pytest.mark.parametrize("instruction", QUESTIONS)
def test_both_engines_give_the_same_greedy_answer(engine, optimum, answers, instruction):
    assert_same(engine, instruction, answers(engine, instruction), answers(optimum, instruction))


@pytest.mark.parametrize("instruction", [*QUESTIONS, LIST])
def test_guesses_from_the_prompt_change_no_greedy_answer(engine, guessing, answers, instruction):
    assert_same(engine, instruction, answers(engine, instruction), answers(guessing, instruction))


def test_an_answer_that_repeats_its_prompt_takes_fewer_passes(guessing, answers):
    answer = answers(guessing, LIST)
    assert "two goats, three horses, four geese" in answer.text
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


def test_answers_can_be_held_to_a_shape_and_written_together(engine):
    reviews = {
        "I loved this film. It was wonderful.": "positive",
        "Terrible. I want my money back.": "negative",
        "A great book, and a joy to read.": "positive",
        "The worst meal of my life.": "negative",
    }
    results = ask_many(
        [f"Is this review positive or negative? {review}" for review in reviews],
        model=engine,
        params=GREEDY,
        answer=["positive", "negative"],
    )
    assert all(each.value in ("positive", "negative") for each in results)
    for each in results:
        assert sum(each.probabilities.values()) == pytest.approx(1)
        assert each.value == max(each.probabilities, key=each.probabilities.get)
    # Not so sure of itself, but of one mind with the truth: the praised ones are likelier to be positive.
    likely = [each.probabilities["positive"] for each in results]
    assert likely[0] + likely[2] > likely[1] + likely[3]
