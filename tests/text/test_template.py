"""The words that a model was taught with, byte for byte, and never the user's words among the template's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolly_widget.text.template import DOLLY, PLAIN, Prompt, PromptTemplate, Segment

INTRO = "Below is an instruction that describes a task. Write a response that appropriately completes the request."


def test_dolly_without_a_context():
    prompt = DOLLY.render("Name three colours.")
    assert str(prompt) == f"{INTRO}\n\n### Instruction:\nName three colours.\n\n### Response:\n"
    assert prompt == (
        Segment(f"{INTRO}\n\n### Instruction:\n", True),
        Segment("Name three colours.", False),
        Segment("\n\n### Response:\n", True),
    )


def test_dolly_with_a_context():
    prompt = DOLLY.render("Who is it?", "Ada wrote programs.\nIn 1843.")
    assert (
        str(prompt) == f"{INTRO}\n\n### Instruction:\nWho is it?\n\n"
        "Input:\nAda wrote programs.\nIn 1843.\n\n### Response:\n"
    )
    assert [segment.text for segment in prompt if not segment.is_template] == [
        "Who is it?",
        "Ada wrote programs.\nIn 1843.",
    ]
    assert [segment.is_template for segment in prompt] == [True, False, True, False, True]


def test_dolly_stops_at_its_end_key():
    assert DOLLY.name == "dolly"
    assert DOLLY.stop == ("### End",)


@pytest.mark.parametrize("context", ["", " ", "\n\t \n"])
def test_a_context_of_white_space_is_none(context):
    assert DOLLY.render("Hello", context) == DOLLY.render("Hello")


def test_the_users_own_white_space_is_kept():
    assert "\n  Hello \n\n\n### Response:\n" in str(DOLLY.render("  Hello \n"))


def test_plain_is_the_users_text_alone():
    assert PLAIN.render("Once upon a time") == (Segment("Once upon a time", False),)
    assert str(PLAIN.render("Summarise.", "A text.")) == "Summarise.\n\nA text."
    assert PLAIN.stop == ()


def test_an_empty_instruction_leaves_the_templates_text():
    assert [segment.is_template for segment in DOLLY.render("")] == [True, True]
    assert str(DOLLY.render("")) == f"{INTRO}\n\n### Instruction:\n\n\n### Response:\n"
    assert PLAIN.render("") == ()
    assert str(PLAIN.render("")) == ""


@pytest.mark.parametrize(
    "text", ["{instruction}", "{context}", "{}", "{0}", "{{", "}", "{instruction!r:>10}", "%s", "$instruction", "\\1"]
)
def test_braces_and_fields_in_the_users_text_are_text(text):
    assert DOLLY.render(text)[1] == Segment(text, False)
    with_context = DOLLY.render(text, text)
    assert [segment.text for segment in with_context if not segment.is_template] == [text, text]
    assert str(with_context).count(text) == 2


@given(instruction=st.text(), context=st.text())
def test_the_users_text_is_in_no_segment_of_the_templates(instruction, context):
    prompt = DOLLY.render(instruction, context)
    assert isinstance(prompt, Prompt)
    assert str(prompt) == "".join(segment.text for segment in prompt)
    template_text = "".join(segment.text for segment in prompt if segment.is_template)
    rendered = DOLLY.with_context if context.strip() else DOLLY.without_context
    assert template_text == rendered.replace("{instruction}", "").replace("{context}", "")
    assert all(segment.text for segment in prompt)


def test_a_template_of_ones_own_keeps_its_braces_and_its_order():
    template = PromptTemplate(
        name="json",
        stop=("}",),
        without_context='{"task": "{instruction}"}',
        with_context='{"text": "{context}", "task": "{instruction}"}',
    )
    assert str(template.render("add")) == '{"task": "add"}'
    assert template.render("add", "1 {instruction}") == (
        Segment('{"text": "', True),
        Segment("1 {instruction}", False),
        Segment('", "task": "', True),
        Segment("add", False),
        Segment('"}', True),
    )


@pytest.mark.parametrize(
    "texts",
    [
        {"without_context": "no field"},
        {"without_context": "{instruction} {instruction}"},
        {"without_context": "{instruction} {context}"},
        {"with_context": "{context}"},
        {"with_context": "{instruction}"},
        {"with_context": "{instruction} {context} {context}"},
        {"with_context": "{instruction} {instruction} {context}"},
    ],
)
def test_a_template_without_its_fields_is_refused_by_name(texts):
    with pytest.raises(ValueError, match=r"^template 'mine': .*\{(instruction|context)\} exactly once\.$"):
        PromptTemplate(name="mine", **texts)


def test_one_stop_text_may_not_pass_for_its_letters():
    with pytest.raises(TypeError, match="stop"):
        PromptTemplate(name="mine", stop="### End")
    with pytest.raises(ValueError, match="stop"):
        PromptTemplate(name="mine", stop=("",))
    assert PromptTemplate(name="mine", stop=["a", "b"]).stop == ("a", "b")


def test_templates_are_values():
    assert hash(PromptTemplate(name="a")) == hash(PromptTemplate(name="a"))
    assert DOLLY.render("a") == DOLLY.render("a")
    assert hash(DOLLY.render("a")) == hash(DOLLY.render("a"))
