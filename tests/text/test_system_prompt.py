"""A system prompt stands where the model's template has it, as the user's text, or is refused."""

import pytest
from chats import CHATS, EVERY_CHAT, MESSAGES, chat, templates_text, users_text

from dolly_widget.text.chat_template import ChatTemplate, render, takes_system
from dolly_widget.text.template import DOLLY, PLAIN, Turn

RULE = "Answer in one sentence."
CHATML = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are a helpful AI assistant.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
DROPS = "{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}"
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ messages[0].content }}"


def expected(name, message, system, turns=()):
    said = [{"role": "system", "content": system}]
    for turn in turns:
        said += [{"role": "user", "content": turn.instruction}, {"role": "assistant", "content": turn.answer}]
    said += [{"role": "user", "content": message}]
    return chat(name)[1].apply_chat_template(said, tokenize=False, add_generation_prompt=True)


@EVERY_CHAT
def test_what_takes_one_is_found_by_rendering_and_the_text_is_that_of_transformers(name):
    template, _ = chat(name)
    try:
        reference = expected(name, "Hello", RULE)
    except Exception:  # jinja's, for a template that raises one
        reference = ""
    assert template.takes_system == (RULE in reference)
    if template.takes_system:
        prompt = template.render("Hello", system=RULE)
        assert str(prompt) == reference
        assert users_text(prompt) == [RULE, "Hello"]
        turns = [Turn("Hi", "", "Hello!")]
        if template.takes_turns:
            assert str(template.render("Hello", turns=turns, system=RULE)) == expected(name, "Hello", RULE, turns)
    else:
        with pytest.raises(ValueError, match="This model's template takes no system prompt"):
            template.render("Hello", system=RULE)


def test_some_of_the_templates_take_one_and_some_do_not():
    assert {takes_system(chat(name)[0]) for name in CHATS} == {True, False}


@pytest.mark.parametrize("system", [each for each in MESSAGES if each.strip() and "\ud800" not in each])
def test_it_is_the_users_text_whatever_it_says(system):
    template = ChatTemplate(source=CHATML)
    prompt = template.render("Hello", system=system)
    assert users_text(prompt) == [system, "Hello"]
    assert templates_text(prompt) == templates_text(template.render("Hello", system="?"))


@pytest.mark.parametrize("system", ["", " \n"])
def test_without_one_the_templates_own_stays(system):
    template = ChatTemplate(source=CHATML)
    prompt = template.render("Hello", system=system)
    assert str(prompt) == str(template.render("Hello"))
    assert "You are a helpful AI assistant." in str(prompt)
    assert "helpful" not in str(template.render("Hello", system=RULE))


@pytest.mark.parametrize("template", [DOLLY, PLAIN, ChatTemplate(source=DROPS), ChatTemplate(source=REFUSES)])
def test_what_takes_none_says_so_in_a_sentence(template):
    assert not takes_system(template)
    assert str(render(template, "Hello", system=" ")) == str(template.render("Hello"))
    with pytest.raises(ValueError, match=r"takes no system prompt: leave it empty, or say it in the instruction\.$"):
        render(template, "Hello", system=RULE)


def test_one_that_is_left_out_of_a_longer_chat_is_an_error():
    source = "{% if messages|length < 4 %}{{ messages[0].content }}{% endif %}{{ messages[-1].content }}"
    template = ChatTemplate(source=source)
    assert template.takes_system
    with pytest.raises(ValueError, match=r"cannot be used"):
        template.render("Hello", turns=[Turn("Hi", "", "Hello!")], system=RULE)


def test_a_template_of_ones_own_says_that_it_takes_one():
    class Own:
        name, stop, takes_system = "own", (), True

        def render(self, instruction, context="", turns=(), system=""):
            return PLAIN.render(f"{system}|{instruction}")

    assert str(render(Own(), "Hello", system=RULE)) == f"{RULE}|Hello"
    assert str(render(Own(), "Hello")) == "|Hello"
