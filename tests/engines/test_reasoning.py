"""An answer of a model that thinks first: the text is the answer, the reasoning is beside it, the ids are all."""

import threading

import pytest

from dolly_widget.engines import Listener
from dolly_widget.engines.answer import Answer, ignore_text
from dolly_widget.text.reasoning import KNOWN_MARKS, ReasoningSplitter
from dolly_widget.text.stream import TextStream
from dolly_widget.text.template import Prompt, Segment
from dolly_widget.text.tokenizer import Tokenizer

CANCELS = (threading.Event(), threading.Event())


@pytest.fixture
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


def ids_of(tokenizer, text):
    return tokenizer.encode(Prompt([Segment(text, False)], adds_special_tokens=False))


def answered(tokenizer, ids, on_text=ignore_text, marks=None):
    answer = Answer(TextStream(tokenizer), on_text, CANCELS, splitter=ReasoningSplitter(KNOWN_MARKS), marks=marks)
    answer.start()
    for token_id in ids:
        answer.write([token_id])
        answer.step()
    answer.finish()
    return answer.result(5, "stop", 0)


def test_the_reasoning_is_no_part_of_the_text(tokenizer):
    thought, rest = ids_of(tokenizer, "<think>\nHm, two.\n</think>"), ids_of(tokenizer, "\n\nIt is two.")
    result = answered(tokenizer, [*thought, *rest])
    assert (result.text, result.reasoning) == ("It is two.", "Hm, two.")
    assert result.token_ids == (*thought, *rest)
    assert result.new_tokens == len(thought) + len(rest)
    assert len(thought) - 1 <= result.reasoning_tokens <= len(thought) + 1
    assert result.reasoning_s > 0
    assert result.thought.startswith("Thought for 0.0 s")


def test_an_answer_without_is_as_it_was(tokenizer):
    result = answered(tokenizer, ids_of(tokenizer, "Say <think>."))
    assert (result.text, result.reasoning, result.reasoning_tokens) == ("Say <think>.", "", 0)
    assert result.thought == ""


def test_one_that_never_closed_has_no_text(tokenizer):
    result = answered(tokenizer, ids_of(tokenizer, "<think>Hm, two"))
    assert (result.text, result.reasoning) == ("", "Hm, two")


def test_a_listener_gets_both_and_a_function_the_answer_alone(tokenizer):
    ids = ids_of(tokenizer, "<think>Hm, two.</think>It is two.")
    told, thoughts, alone = [], [], []
    answered(tokenizer, ids, Listener(told.append, thoughts.append))
    answered(tokenizer, ids, alone.append)
    assert ("".join(told), "".join(thoughts)) == ("It is two.", "Hm, two.")
    assert alone == told


def test_marks_that_are_special_tokens_count_although_they_have_no_text(tokenizer):
    end = tokenizer.special_id("### End")
    assert end is not None
    middle = ids_of(tokenizer, "Hm, two.")
    # As if "### End" opened it, and "### Response:" closed it.
    close = next(i for i in range(tokenizer.vocab_size) if tokenizer.is_special(i) and i != end)
    ids = [end, *middle, close, *ids_of(tokenizer, "Two."), end]
    result = answered(tokenizer, ids, marks={end: "[THINK]", close: "[/THINK]"})
    assert (result.text, result.reasoning) == ("Two.", "Hm, two.")
