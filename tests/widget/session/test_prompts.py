"""One question renders its prompt once and encodes it once, whoever shows it and whoever asks it."""

import shutil
from typing import ClassVar

import pytest
import tokenizers
from scripted_engine import LIMIT_S

from dolly_widget import DollyWidget, Prompt, PromptTemplate
from dolly_widget.text import Segment
from dolly_widget.text.template import DOLLY
from dolly_widget.widget.session.prompts import Prompts

WHO = "Who is Dolly?"
TEXT = "Dolly is a sheep."


class Backend:
    """The library's tokenizer, which writes down what it encodes."""

    encoded: ClassVar = []

    def __init__(self, backend):
        self.__dict__["_backend"] = backend

    @classmethod
    def from_file(cls, path):
        return cls(Library.from_file(path))

    def __getattr__(self, name):
        return getattr(self._backend, name)

    def __setattr__(self, name, value):
        setattr(self._backend, name, value)

    def encode(self, text, **options):
        self.encoded.append(text)
        return self._backend.encode(text, **options)


Library = tokenizers.Tokenizer


class Done:
    """What was rendered and encoded of a question since the last time."""

    def __init__(self):
        self.rendered, Backend.encoded = [], []

    def take(self, instruction):
        done = [sum(instruction in text for text in texts) for texts in (self.rendered, Backend.encoded)]
        self.rendered.clear()
        Backend.encoded.clear()
        return done


@pytest.fixture
def done(monkeypatch):
    done, render = Done(), PromptTemplate.render

    def counted(template, instruction, context=""):
        done.rendered.append(instruction)
        return render(template, instruction, context)

    monkeypatch.setattr(PromptTemplate, "render", counted)
    monkeypatch.setattr(tokenizers, "Tokenizer", Backend)
    return done


@pytest.fixture
def make(done, demo_dir, tmp_path):
    """Makes widgets with a copy of the demo model: the tokenizer of another test's widget would not be counted."""
    model_dir, made = shutil.copytree(demo_dir, tmp_path / "copy"), []

    def make_widget(**options):
        made.append(DollyWidget(str(model_dir), device="CPU", max_new_tokens=3, seed=1, **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


@pytest.fixture
def widget(make, done):
    widget = make()
    widget.wait(LIMIT_S)
    done.take("")
    return widget


def type_in(widget, instruction):
    """What the page sends when a reader types."""
    widget._screen.composer.set_state({"instruction": instruction})


@pytest.mark.parametrize("context", ["", TEXT])
@pytest.mark.parametrize("is_open", [False, True])
def test_ask_renders_once_and_encodes_once(widget, done, context, is_open):
    widget._screen.prompt.is_open = is_open
    done.take("")
    widget.ask(WHO, context)
    assert done.take(WHO) == [1, 1]
    widget.ask(WHO, context, temperature=0)  # the same question
    assert done.take("") == [0, 0]
    widget.ask("Another question.", context)
    assert done.take("") == [1, 1]


def test_ask_renders_once_while_the_model_is_loading(make, done):
    widget = make()
    widget.ask(WHO, TEXT)
    assert done.take(WHO) == [1, 1]


@pytest.mark.parametrize("context", ["", TEXT])
def test_what_was_typed_is_rendered_when_it_is_typed_and_not_again_when_it_is_asked(widget, done, context):
    widget._screen.context.value = context
    done.take("")
    for typed in ("Who", WHO):
        type_in(widget, typed)
        assert done.take("") == [1, 1]
    widget.submit().wait(LIMIT_S)
    assert done.take("") == [0, 0]
    assert str(widget.history[0].prompt) == str(DOLLY.render(WHO, context))


def test_an_answer_again_renders_and_encodes_nothing(widget, done):
    widget.ask(WHO)
    done.take("")
    widget.regenerate().wait(LIMIT_S)
    assert done.take("") == [0, 0]


def test_a_second_widget_with_the_same_engine_renders_and_encodes_once(widget, make, done):
    other = make()
    other.wait(LIMIT_S)
    done.take("")
    other.ask(WHO, TEXT)
    assert done.take("") == [1, 1]


def test_a_chat_that_empties_its_box_renders_and_encodes_each_question_once(make, done):
    class Chat:
        name, stop, takes_turns = "chat", (), True

        def render(self, instruction, context="", turns=()):
            done.rendered.append(instruction)
            said = "".join(f"{turn.instruction} {turn.answer} " for turn in turns)
            return Prompt([Segment(f"{said}{context} {instruction}", False)])

    widget = make(template=Chat(), chat=True)
    widget.wait(LIMIT_S)
    for question in (WHO, "And who is Shaun?"):
        widget.context = TEXT
        done.take("")
        type_in(widget, question)
        widget.submit().wait(LIMIT_S)
        # Below, the empty box is shown with the new turns, which hold the question.
        assert done.rendered.count(question) == 1
        assert sum(text.endswith(question) for text in Backend.encoded) == 1


def test_another_template_context_or_turn_is_another_prompt():
    prompts = Prompts()
    one, other = PromptTemplate("one", (), "1: {instruction}"), PromptTemplate("other", (), "2: {instruction}")
    assert prompts.render(one, "Hi") is prompts.render(one, "Hi", "")
    assert str(prompts.render(other, "Hi")) == "2: Hi"
    assert str(prompts.render(one, "Hi", "a text")) == "Hi\n\na text"
    assert str(prompts.render(one, "Hi")) == "1: Hi"
    with pytest.raises(ValueError, match="chat"):
        prompts.render(one, "Hi", "", [("a", "", "b")])
