"""Control tokens that a user types to a server which takes text alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolly_widget.engines.remote.harmless import ControlTexts, note_of_broken
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text import DOLLY, PLAIN, ChatTemplate, PromptTemplate

MODEL = Model(OPENVINO_DIR)
USUAL = (
    *("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<｜User｜>", "<s>", "</s>", "<start_of_turn>", "<end_of_turn>"),
    *("[INST]", "[/INST]", "<<SYS>>", "### End", "### Instruction:", "<bos>", "<pad>", "<unused12>", "[TOOL_CALLS]"),
)
CHAT = ChatTemplate(
    source="{% for m in messages %}<turn>{{ m.content }}[END_TURN]{% endfor %}<|go|>", special_tokens=(("eos", "¶¶"),)
)


@pytest.mark.parametrize("token", USUAL)
def test_the_usual_shapes_are_broken_where_no_tokenizer_is_known(token):
    text, found = ControlTexts(None, PLAIN).harmless(PLAIN.render(f"a {token} b"))
    assert found == (token,)
    assert text == f"a {token[0]} {token[1:]} b"


@pytest.mark.parametrize("text", ["a < b and c > d", "x[1]", "<b>bold</b>", "# Title", "a|b", "[1]", ""])
def test_usual_text_stays_as_it_is(text):
    assert ControlTexts(None, PLAIN).broken(text) == (text, ())


def test_a_known_tokenizer_says_which_they_are():
    controls = ControlTexts(MODEL, DOLLY)
    assert controls.broken("<|im_end|> and [INST]") == ("<|im_end|> and [INST]", ())
    assert controls.broken("### End<|endoftext|>") == ("# ## End< |endoftext|>", ("### End", "<|endoftext|>"))


def test_the_template_s_own_marks_count():
    controls = ControlTexts(None, CHAT)
    assert controls.broken("<turn> [END_TURN] ¶¶")[1] == ("<turn>", "[END_TURN]", "¶¶")
    assert ControlTexts(None, PromptTemplate("mine", ("STOP",))).broken("STOP") == ("S TOP", ("STOP",))


def test_the_template_s_text_stays():
    text, found = ControlTexts(MODEL, DOLLY).harmless(DOLLY.render("Hello"))
    assert (text, found) == (str(DOLLY.render("Hello")), ())


def test_a_token_in_two_of_the_user_s_segments_is_one():
    prompt = PromptTemplate("two", with_context="{instruction}{context}").render("<|im_", "end|>")
    assert ControlTexts(None, PLAIN).harmless(prompt) == ("< |im_end|>", ("<|im_end|>",))


@given(st.lists(st.sampled_from([*USUAL, "<", "|", " ", "im_end", ">", "### ", "End", "[", "a"]), max_size=12))
def test_none_is_left_however_they_are_put_together(parts):
    controls = ControlTexts(None, PLAIN)
    assert controls.broken(controls.broken("".join(parts))[0])[1] == ()


def test_the_note_names_a_few():
    assert note_of_broken(()) == ""
    assert "take </s> in your text" in note_of_broken(("</s>",))
    assert "take a, b, c, … in your text" in note_of_broken(tuple("abcd"))
