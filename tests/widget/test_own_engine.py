"""A widget with an engine of somebody's own that has the methods of `Engine` and nothing else: text, and no tokens."""

import pytest
from scripted_engine import LIMIT_S

from dolly_widget import PLAIN, Engine, EngineError, GenerationResult, SamplingParams, compare
from dolly_widget.engines import EngineSetup, HasModel, sharing

SENTENCE = "The engine returned this answer as text only: it has no tokens to colour or replace."


class Echo:
    """Answers with what it is asked. Nothing of it is on this machine."""

    device, template, token_ids = "far away", PLAIN, ()

    def __init__(self):
        self.calls = []

    def generate(self, prompt, params, *, on_text=lambda piece: None, stop=None):
        self.calls.append(params)
        for piece in str(prompt).split():
            on_text(f"{piece} ")
        return GenerationResult(str(prompt), self.token_ids, 0, "stop", params.seed or 0, 0.25, 0.1)

    def close(self):
        raise AssertionError("It is its owner's to close.")


class WithIds(Echo):
    """Tells tokens, of which nobody here knows what they mean."""

    token_ids = (7, 8)


class Named(Echo):
    """Calls its model by a name, as many do: that is no files either."""

    model = "somebody/large"


def message(widget):
    return widget._screen.answer.lens.message.value


def test_it_is_an_engine_by_the_protocol_alone():
    assert isinstance(Echo(), Engine)
    assert not isinstance(Echo(), HasModel)


def test_the_widget_shows_it_and_answers(make):
    engine = Echo()
    widget = make(engine)
    assert (widget.status, widget.device, repr(widget)) == (
        "idle",
        "far away",
        "DollyWidget('Echo', device='far away')",
    )
    assert "<b>Echo</b> · far away" in widget._screen.model.value
    assert widget._screen.settings.device.disabled
    assert widget._screen.settings.device.value == "far away"
    result = widget.ask("Say this.", "And that.", min_p=0.2)
    assert (result.text, widget.response, widget.error) == ("Say this.\n\nAnd that.", result.text, "")
    assert engine.calls == [SamplingParams(min_p=0.2)]
    exchange = widget.history[0]
    assert (exchange.model_dir, exchange.setup, exchange.template_name) == (None, None, "plain")
    assert widget.history.from_json(widget.history.to_json()) == widget.history


def test_the_prompt_is_shown_as_text_and_nothing_is_counted(make):
    widget = make(Echo())
    panel = widget._screen.prompt
    panel.is_open = True
    widget.instruction = "Say this."
    assert (panel.title, panel.view.count) == ("Prompt", "")
    assert panel.view.stretches == [["user-text", "Say this.", ""]]


def test_the_lens_says_why_there_is_nothing_to_colour(make):
    widget = make(Echo())
    widget.lens = True
    assert "when it is finished" in message(widget)
    widget.ask("Say this.")
    assert SENTENCE in message(widget)
    assert widget._screen.answer.view.layout.display is None
    assert widget._screen.answer.lens.view.tokens == []


def test_what_if_and_the_explorer_are_refused_in_a_sentence(make):
    widget = make(Echo())
    widget.ask("Say this.")
    for act in (widget.explore, lambda place: widget.regenerate_from(place, 5)):
        with pytest.raises(ValueError, match=SENTENCE):
            act(0)
    assert widget.regenerate().wait(LIMIT_S).text == "Say this."
    with pytest.raises(ValueError, match=r"cannot continue an answer: it has no check_beginning"):
        widget.ask("Say this.", prefix_ids=[5])


def test_tokens_of_a_model_that_is_not_here_can_be_neither_coloured_nor_replaced(make):
    widget = make(WithIds())
    widget.ask("Say this.")
    widget.lens = True
    with pytest.raises(ValueError, match="none on this machine"):
        widget._screen.answer.lens.job.wait(LIMIT_S)
    assert "none on this machine" in message(widget)
    for act in (widget.explore, lambda place: widget.regenerate_from(place, 5)):
        with pytest.raises(ValueError, match="none on this machine"):
            act(0)


def test_another_model_takes_its_place(make):
    widget = make(Echo(), temperature=0)
    widget.ask("Say this.")
    widget.load("demo").wait(LIMIT_S)
    assert (widget.device, widget._screen.settings.device.value) == ("AUTO", "AUTO")
    assert "Paris" in widget.ask("What is the capital of France?").text
    assert "tokens" in widget._screen.prompt.title
    assert "Echo" not in widget._screen.model.value


def test_it_stays_where_another_model_cannot_be_loaded(make, monkeypatch):
    def fail(*arguments):
        raise EngineError("The CPU is on strike.")

    monkeypatch.setattr(sharing, "start_engine", fail)
    widget = make(Echo())
    with pytest.raises(EngineError):
        widget.load("demo", weight_format="fp16").wait(LIMIT_S)
    assert (widget.error, widget.device) == ("The CPU is on strike.", "far away")
    assert widget.ask("Say this.").text == "Say this."


def test_a_setup_is_a_model_too(make):
    setup = EngineSetup("demo", device="CPU", template=PLAIN, ov_config={"INFERENCE_NUM_THREADS": 1})
    widget = make(setup, max_new_tokens=2)
    widget.ask("Hi")
    assert (widget.device, widget.history[0].setup, widget.history[0].template_name) == ("CPU", setup, "plain")
    with pytest.raises(TypeError, match="An EngineSetup takes no further options: set device in it"):
        make(setup, device="AUTO")


def test_an_unknown_option_is_named_with_those_that_there_are(make):
    with pytest.raises(TypeError, match=r"no setting 'devise'; choose from revision, .*device, .*min_p, .*stop, seed"):
        make("demo", devise="CPU")


def test_a_name_where_others_have_their_files_is_no_model_of_this_machine(make):
    widget = make(Named())
    assert widget.ask("Say this.").text == "Say this."
    assert (widget.status, widget.history[0].model_dir) == ("idle", None)
    widget.lens = True
    widget.wait(LIMIT_S)
    assert SENTENCE in message(widget)
    with pytest.raises(ValueError, match="its model's files on this machine"):
        compare("Hi", model=Named())
