"""What a model thinks is told from what it answers, however the pieces are cut."""

import math

import pytest

from dolly_widget.text.reasoning import (
    KNOWN_MARKS,
    ReasoningSplitter,
    mark_tokens,
    marks_of,
    reasoning_html,
    thought_line,
)
from dolly_widget.text.template import Prompt, Segment

HARMONY = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes."


def split(text, size, prompt=None, marks=KNOWN_MARKS):
    splitter = ReasoningSplitter(marks, prompt)
    pieces = [splitter.push(text[at : at + size]) for at in range(0, len(text), size)]
    pieces.append(splitter.flush())
    told = tuple("".join(each) for each in zip(*pieces, strict=True))
    assert told == (splitter.reasoning, splitter.text)
    return told


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<think>\nHm. a < b\n\nand </thin\n</think>\n\nYes.\n\nNo.", ("Hm. a < b\n\nand </thin", "Yes.\n\nNo.")),
        ("\n<think></think>Hi", ("", "Hi")),
        ("[THINK]Hm.[/THINK]Yes.", ("Hm.", "Yes.")),
        (HARMONY, ("Hm.", "Yes.")),
        ("<think>open to the end ", ("open to the end", "")),
        ("<think>", ("", "")),
        ("Say <think> first.</think>", ("", "Say <think> first.</think>")),
        ("`<think>` is a mark", ("", "`<think>` is a mark")),
        ("```\n<think>\n```", ("", "```\n<think>\n```")),
        ("<thin", ("", "<thin")),
        ("  Hi", ("", "  Hi")),
        ("<think>a</think>b<think>c</think>", ("a", "b<think>c</think>")),
        ("", ("", "")),
    ],
)
def test_only_a_block_at_the_beginning_is_reasoning(text, size, told):
    assert split(text, size) == told


@pytest.mark.parametrize("size", [1, 4, 100])
def test_the_prompt_may_have_opened_it(size):
    prompt = Prompt([Segment("Hi", False), Segment("<|im_start|>assistant\n<think>\n", True)])
    assert split("Hm.\n</think>\nYes.", size, prompt) == ("Hm.", "Yes.")
    assert split("Hm. And on", size, prompt) == ("Hm. And on", "")


def test_what_a_user_typed_opens_nothing():
    assert split("Yes.", 1, Prompt([Segment("Say <think>", False)])) == ("", "Yes.")


def test_a_model_that_knows_no_marks_has_no_reasoning():
    text = "<think>a</think>b"
    assert split(text, 1, marks=marks_of("{{ messages }}", lambda text: None)) == ("", text)


def test_marks_are_those_of_the_template_or_the_vocabulary():
    assert [each.opening for each in marks_of("… <think> …", lambda text: None)] == ["<think>"]
    ids = {"[THINK]": 7, "[/THINK]": 8}
    marks = marks_of("", ids.get)
    assert [each.opening for each in marks] == ["[THINK]"]
    assert mark_tokens(marks, ids.get) == {7: "[THINK]", 8: "[/THINK]"}


def test_nothing_is_held_back_longer_than_needed():
    splitter = ReasoningSplitter(KNOWN_MARKS)
    assert splitter.push("<think>One two") == ("One two", "")
    assert splitter.push(" three\n") == (" three", "")
    assert splitter.push("</think>") == ("", "")
    assert splitter.push("\n\nYes") == ("", "Yes")
    assert splitter.push(" <think>") == ("", " <think>")


@pytest.mark.parametrize(
    ("seconds", "tokens", "line"),
    [
        (3.21, 140, "Thought for 3.2 s · 140 tokens"),
        (75, 1, "Thought for 1.2 min · 1 token"),
        (math.nan, 1400, "Thought · 1,400 tokens"),
        (1.0, 0, ""),
    ],
)
def test_how_long_it_thought(seconds, tokens, line):
    assert thought_line(seconds, tokens) == line


def test_reasoning_in_a_page_is_escaped_and_folded():
    page = reasoning_html("<script>\u202e</script>", "Thought <b>")
    assert page.startswith('<details class="dw-reasoning"><summary>Thought &lt;b&gt;</summary>')
    assert "&lt;script&gt;&lt;/script&gt;" in page
    assert reasoning_html("", "Thought") == ""
