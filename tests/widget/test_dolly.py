"""DollyWidget from Python, on a scripted engine; and, where the model matters, on the demo model."""

import re
import threading

import ipywidgets
import pytest
import traitlets
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

import dolly_widget.widget.dolly as widget_module
from dolly_widget import DollyWidget, EngineError, PromptTemplate, SamplingParams
from dolly_widget.errors import ModelError, PromptTooLongError
from tests.demo_model.corpus import showcase


def screen(widget):
    return widget._screen


def press(widget, kind, instruction=""):
    """What the page sends when a key or button is pressed."""
    screen(widget).composer._handle_custom_msg({"kind": kind, "instruction": instruction}, [])


def notice(widget):
    return screen(widget).notice.message.value


def widget_instances():
    """Ids of all widgets that a kernel knows."""
    return list(ipywidgets.widgets.widget._instances)


# asking


def test_ask_returns_the_answer_and_shows_it(make):
    widget = make(ScriptedEngine(["Dolly ", "is a **sheep**."]))
    result = widget.ask("Who is Dolly?", "A text.", temperature=0.3, seed=5)
    assert result.text == widget.response == screen(widget).answer.view.text == "Dolly is a **sheep**."
    assert "<strong>sheep</strong>" in screen(widget).answer.view.html
    assert not screen(widget).answer.view.is_streaming
    assert (widget.status, widget.error) == ("idle", "")
    assert (
        "2 tokens · 10.0 tokens/s · first token after 250 ms · ended by itself · seed 5"
        in screen(widget).answer.stats.value
    )


def test_ask_changes_settings_for_one_answer_only(make):
    engine = ScriptedEngine()
    widget = make(engine, temperature=0.5)
    widget.ask("one", temperature=0, max_new_tokens=2000)
    widget.ask("two")
    assert [params for _, params in engine.calls] == [
        SamplingParams(temperature=0, max_new_tokens=2000),
        SamplingParams(temperature=0.5),
    ]


def test_the_prompt_is_the_template_s_with_instruction_and_context(make):
    engine = ScriptedEngine()
    make(engine).ask("Who?", "The text.")
    assert engine.calls[0][0] == str(engine.template.render("Who?", "The text."))


def test_submit_returns_a_job_and_writes_in_the_background(make):
    engine = ScriptedEngine(["one ", "two"], stepwise=True)
    widget = make(engine)
    widget.instruction = "Count."
    job = widget.submit()
    assert (widget.status, screen(widget).composer.state) == ("generating", "answering")
    engine.step()
    wait_for(widget, "response", "one ")
    assert not job.done
    engine.step()
    assert job.wait(LIMIT_S).text == "one two"
    assert (widget.status, screen(widget).composer.state) == ("idle", "ready")


def test_wait_returns_the_last_answer_and_none_before_there_is_one(make):
    widget = make(ScriptedEngine(["hello"]))
    assert widget.wait(LIMIT_S) is None
    widget.instruction = "Hi"
    widget.submit()
    assert widget.wait(LIMIT_S).text == "hello"


def test_history_keeps_every_exchange(make):
    widget = make(ScriptedEngine(["a"], ["b"]))
    widget.ask("first", "context")
    widget.ask("second", seed=3)
    assert [(e.instruction, e.context, e.result.text, e.params.seed) for e in widget.history] == [
        ("first", "context", "a", None),
        ("second", "", "b", 3),
    ]


# answering again


def test_regenerate_asks_the_same_with_a_fresh_seed(make):
    engine = ScriptedEngine(["one"], ["two"])
    widget = make(engine, temperature=0.5)
    widget.ask("Who?", "The text.", seed=5, top_k=7)
    widget.instruction = "Something else."
    assert widget.regenerate().wait(LIMIT_S).text == "two"
    assert engine.calls[1] == (engine.calls[0][0], SamplingParams(temperature=0.5, top_k=7))
    assert (widget.instruction, len(widget.history)) == ("Something else.", 2)
    screen(widget).answer.pager.older.click()
    assert widget.response == "one"


@pytest.mark.parametrize(("sampling", "reason"), [(None, "no answer yet"), ({"temperature": 0}, "the same answer")])
def test_what_cannot_be_answered_again_is_a_hint(make, sampling, reason):
    widget = make(ScriptedEngine(["one"]))
    if sampling is not None:
        widget.ask("Who?", **sampling)
    with pytest.raises(ValueError, match=reason):
        widget.regenerate()
    screen(widget).answer.regenerate.click()
    assert reason in notice(widget)
    screen(widget).notice.dismiss.click()
    assert (notice(widget), screen(widget).notice.layout.display) == ("", "none")


# stopping


def test_stop_keeps_the_text_so_far(make):
    engine = ScriptedEngine(["so far ", "never"], stepwise=True)
    widget = make(engine)
    widget.instruction = "Go on."
    widget.submit()
    engine.step()
    wait_for(widget, "response", "so far ")
    widget.stop()
    assert widget.wait(LIMIT_S).finish_reason == "cancelled"
    assert (widget.response, widget.status, widget.history[-1].result.text) == ("so far ", "idle", "so far ")
    assert "stopped" in screen(widget).answer.stats.value


def test_stop_says_stopping_until_the_engine_has_stopped(make):
    release = threading.Event()

    class Slow(ScriptedEngine):
        def generate(self, prompt, params, *, on_text, stop):
            assert stop.wait(LIMIT_S)
            assert release.wait(LIMIT_S)
            return self._result([], "cancelled", params)

    widget = make(Slow())
    widget.instruction = "Read this long text."
    widget.submit()
    widget.stop()
    assert (widget.status, screen(widget).composer.state) == ("stopping", "stopping")
    release.set()
    widget.wait(LIMIT_S)
    assert widget.status == "idle"


def test_stop_with_nothing_running_does_nothing(make):
    widget = make()
    widget.stop()
    assert widget.status == "idle"
    assert widget.ask("still works").text == "ok"


def test_an_interrupt_during_ask_stops_the_answer(make, monkeypatch):
    engine = ScriptedEngine(["so far", "never"], stepwise=True)
    widget = make(engine)
    original = widget_module.Job.wait
    interrupts = [KeyboardInterrupt()]

    def wait(job, timeout_s=None):
        if interrupts:
            engine.step()
            wait_for(widget, "response", "so far")
            raise interrupts.pop()
        return original(job, timeout_s)

    monkeypatch.setattr(widget_module.Job, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        widget.ask("Go on.")
    assert (widget.response, widget.history[-1].result.finish_reason, widget.status) == ("so far", "cancelled", "idle")


# mistakes


@pytest.mark.parametrize("instruction", ["", "  \n\t"])
def test_an_empty_instruction_is_a_hint_and_runs_nothing(make, instruction):
    engine = ScriptedEngine()
    widget = make(engine)
    widget.instruction = instruction
    with pytest.raises(ValueError, match="Write an instruction first"):
        widget.submit()
    press(widget, "submit", instruction)
    assert "Write an instruction first" in notice(widget)
    assert (engine.calls, widget.history, widget.status) == ([], (), "idle")


def test_submit_while_generating_is_refused_and_the_running_answer_goes_on(make):
    engine = ScriptedEngine(["one ", "two"], stepwise=True)
    widget = make(engine)
    widget.instruction = "Count."
    job = widget.submit()
    engine.step()
    wait_for(widget, "response", "one ")
    for again in (widget.submit, lambda: widget.ask("Other."), widget.clear):
        with pytest.raises(RuntimeError, match="still being written"):
            again()
    assert (widget.instruction, widget.response) == ("Count.", "one ")
    engine.step()
    assert job.wait(LIMIT_S).text == "one two"
    assert len(engine.calls) == 1


@pytest.mark.parametrize(
    ("name", "value", "span"),
    [
        ("temperature", 9, "0 to 5"),
        ("temperature", float("nan"), "0 to 5"),
        ("top_p", 0, "above 0 to 1"),
        ("top_k", 1025, "0 to 1024"),
        ("max_new_tokens", 0, "1 to 32768"),
        ("max_new_tokens", 32_769, "1 to 32768"),
        ("repetition_penalty", 3, "0.01 to 2"),
        ("presence_penalty", 3, "-2 to 2"),
        ("frequency_penalty", -3, "-2 to 2"),
        ("seed", -1, "0 to 4294967295"),
    ],
)
def test_a_value_out_of_range_names_field_value_and_range_and_changes_nothing(make, name, value, span):
    widget = make()
    before = getattr(widget, name)
    with pytest.raises(ValueError, match=name) as raised:
        setattr(widget, name, value)
    assert span in str(raised.value)
    assert str(value) in str(raised.value)
    assert getattr(widget, name) == before
    message = str(raised.value)
    for refused in (
        lambda: make(**{name: value}),
        lambda: widget.ask("Hi", **{name: value}),
        lambda: SamplingParams(**{name: value}),
    ):
        with pytest.raises(ValueError, match=name) as raised:
            refused()
        assert str(raised.value) == message


def test_an_unknown_setting_is_named_with_those_that_there_are(make):
    with pytest.raises(TypeError, match=r"'temprature'; choose from .*temperature"):
        make(temprature=1)
    with pytest.raises(TypeError, match="temprature"):
        make().ask("Hi", temprature=1)


def test_a_wrong_model_or_device_is_told_at_once():
    with pytest.raises(ModelError, match="no model"):
        DollyWidget("./nowhere/at-all")
    with pytest.raises(ValueError, match="no device 'TPU'"):
        DollyWidget(device="TPU")
    with pytest.raises(ValueError, match="no engine 'turbo'"):
        DollyWidget(engine="turbo")


@pytest.mark.parametrize(
    "options",
    [
        {"template": PromptTemplate("mine")},
        {"prompt_lookup": True},
        {"draft": "demo"},
        {"device": "CPU"},
        {"weight_format": "int4", "revision": "main"},
    ],
)
def test_setup_options_beside_a_loaded_engine_are_refused(options):
    sentence = f"A loaded engine takes no options: pass {', '.join(options)} to load_engine(…) instead."
    with pytest.raises(ValueError, match=re.escape(sentence)):
        DollyWidget(ScriptedEngine(), **options)


def test_an_engine_that_fails_in_mid_answer_leaves_text_and_a_sentence(make):
    widget = make(ScriptedEngine(["so far", EngineError("The device went away: load the model again.")], ["better"]))
    with pytest.raises(EngineError):
        widget.ask("Hi")
    assert (widget.status, widget.response, widget.error) == (
        "error",
        "so far",
        "The device went away: load the model again.",
    )
    assert "Traceback" not in notice(widget)
    assert screen(widget).answer.view.text == "so far"
    assert widget.ask("again").text == "better"
    assert (widget.status, widget.error, notice(widget)) == ("idle", "", "")


def test_a_bug_shows_its_traceback(make):
    widget = make(ScriptedEngine([ZeroDivisionError("<b>oops</b>")]))
    with pytest.raises(ZeroDivisionError):
        widget.ask("Hi")
    assert "Traceback" in notice(widget)
    assert "&lt;b&gt;oops" in notice(widget)
    assert "<b>oops" not in notice(widget)


def test_a_prompt_too_long_offers_what_fits(make):
    widget = make(ScriptedEngine([PromptTooLongError(1900, 256, 2048)], ["fits"]))
    with pytest.raises(PromptTooLongError):
        widget.ask("Hi")
    assert widget.error == "108 tokens too long for this model: shorten the text, or allow fewer new tokens."
    assert screen(widget).notice.remedy.description == "Set max new tokens to 148"
    screen(widget).notice.remedy.click()
    assert widget.wait(LIMIT_S).text == "fits"
    assert widget.max_new_tokens == 148
    assert screen(widget).notice.remedy.layout.display == "none"


@pytest.mark.parametrize(
    "text", ["### End", "<|endoftext|>", "<script>alert(1)</script>", "</textarea>", "a\0b", "😀", "שלום", "x" * 1500]
)
def test_strange_text_is_ordinary_text(make, text):
    engine = ScriptedEngine([text])
    widget = make(engine)
    assert widget.ask(text).text == text
    assert text in engine.calls[0][0]
    assert "<script" not in screen(widget).answer.view.html + screen(widget).answer.conversation.items[0]["question"]


def test_lone_surrogates_become_replacement_characters(make):
    widget = make()
    widget.instruction = "a\ud800b"
    assert widget.instruction == screen(widget).composer.instruction == "a\ufffdb"
    widget.ask("c\ud800", "d\ud800")
    assert widget.history[-1].asked[:2] == ("c\ufffd", "d\ufffd")


# the controls


def test_controls_and_traits_follow_each_other(make):
    widget = make()
    for name, value in {"top_p": 0.5, "top_k": 7, "max_new_tokens": 99, "repetition_penalty": 1.5}.items():
        setattr(widget, name, value)
        assert screen(widget).settings.sliders[name].value == value
    screen(widget).settings.sliders["top_p"].value = 0.9199999999999999
    assert widget.top_p == 0.92
    screen(widget).settings.sliders["temperature"].value = 1.5
    assert widget.temperature == 1.5


def test_greedy_is_temperature_zero_and_gives_the_temperature_back(make):
    widget = make(temperature=1.3)
    screen(widget).settings.greedy.value = True
    assert widget.params.is_greedy
    assert screen(widget).settings.sliders["top_p"].disabled
    screen(widget).settings.greedy.value = False
    assert widget.temperature == 1.3
    widget.temperature = 0
    assert screen(widget).settings.greedy.value


def test_the_seed_box_takes_a_number_or_nothing_and_hints_otherwise(make):
    widget = make()
    box, hint = screen(widget).settings.seed, screen(widget).settings.seed.hint
    box.value = "42"
    assert widget.seed == 42
    for wrong in ("x", "-1", "1.5", "99999999999"):
        box.value = wrong
        assert widget.seed == 42
        assert "whole number" in hint.value
    box.value = ""
    assert widget.seed is None
    assert hint.value == ""
    widget.seed = 7
    assert box.value == "7"


def test_a_folded_context_says_that_it_is_there(make):
    widget = make()
    fold = screen(widget).context_fold
    assert (fold.is_open, fold.title) == (False, "Context")
    widget.context = "two words"
    assert fold.title == "Context · 2 words"
    widget.clear()
    assert fold.title == "Context"


def test_the_examples_are_the_ten_that_the_demo_model_learnt_or_one_s_own(make):
    assert widget_module.EXAMPLES == showcase.EXAMPLES
    assert screen(make()).composer.examples == list(showcase.EXAMPLES)
    assert screen(make(examples=["Mine"])).composer.examples == ["Mine"]


def test_submit_button_and_clear_button(make):
    widget = make(ScriptedEngine(["answer"]))
    press(widget, "submit", "Hi")
    widget.wait(LIMIT_S)
    assert widget.response == "answer"
    widget.instruction = "Written, and not submitted."
    press(widget, "clear")
    assert screen(widget).composer.recalled == ["Written, and not submitted.", "Hi"]
    assert (
        widget.instruction,
        widget.response,
        screen(widget).answer.view.text,
        screen(widget).answer.stats.value,
    ) == (
        "",
        "",
        "",
        "",
    )
    assert len(widget.history) == 1


def test_the_sliders_ranges_and_defaults(make):
    widget = make()
    sliders = screen(widget).settings.sliders
    assert {name: (s.min, s.max, s.value) for name, s in sliders.items()} == {
        "temperature": (0.1, 5.0, 0.8),
        "top_p": (0.01, 1.0, 0.92),
        "top_k": (0, 50, 0),
        "min_p": (0, 0.99, 0),
        "max_new_tokens": (1, 1000, 256),
        "repetition_penalty": (1.0, 2.0, 1.0),
        "presence_penalty": (-2.0, 2.0, 0.0),
        "frequency_penalty": (-2.0, 2.0, 0.0),
    }
    assert screen(widget).composer.placeholder == "Write an email about an alpaca that likes flan"


def test_status_and_response_cannot_be_set(make):
    for name, value in {"status": "idle", "response": "mine", "error": "mine"}.items():
        with pytest.raises(traitlets.TraitError):
            setattr(make(), name, value)


def test_the_device_cannot_change_in_mid_answer(make):
    engine = ScriptedEngine(["one", "two"], stepwise=True)
    widget = make(engine)
    widget.instruction = "Hi"
    widget.submit()
    assert screen(widget).settings.device.disabled
    with pytest.raises(RuntimeError, match="still being written"):
        widget.device = "AUTO"
    engine.step(2)
    widget.wait(LIMIT_S)


def test_two_widgets_share_an_engine():
    engine = ScriptedEngine(["a"], ["b"])
    one, two = DollyWidget(engine), DollyWidget(engine)
    assert (one.ask("1").text, two.ask("2").text) == ("a", "b")
    one.close()
    two.close()


# the end


def test_close_stops_the_answer_closes_all_parts_and_is_safe_twice():
    engine = ScriptedEngine(["one", "two"], stepwise=True)
    widget = DollyWidget(engine)
    widget.instruction = "Hi"
    job = widget.submit()
    before = [*widget_module.descendants(widget), widget]
    assert all(part.comm is not None for part in before)
    widget.close()
    widget.close()
    assert job.done
    assert [part for part in before if part.comm is not None] == []
    for call in (widget.submit, lambda: widget.ask("Hi"), widget.clear):
        with pytest.raises(RuntimeError, match="closed"):
            call()
    widget.stop()


def test_a_widget_leaves_no_parts_behind():
    before = set(widget_instances())
    DollyWidget(ScriptedEngine()).close()
    assert set(widget_instances()) <= before


def test_the_repr_is_short_and_always_the_same(make):
    widget = make()
    before = repr(widget)
    widget.ask("Hi")
    assert repr(widget) == before == "DollyWidget('demo', device='CPU')"


# the demo model


def test_the_demo_model_answers_and_says_that_it_is_a_demonstration():
    widget = DollyWidget()
    result = widget.ask("What is the capital of France?", temperature=0)
    assert "Paris" in result.text
    assert result.finish_reason == "stop"
    assert "-million-parameter demonstration." in screen(widget).next_steps.text.value
    assert "INT8" in screen(widget).model.value
    widget.close()


def test_a_real_prompt_too_long_runs_nothing():
    widget = DollyWidget(max_new_tokens=1000)
    with pytest.raises(PromptTooLongError) as raised:
        widget.ask("cat " * 1500)
    assert raised.value.largest_max_new_tokens == 2048 - raised.value.prompt_tokens
    assert widget.response == ""
    with pytest.raises(PromptTooLongError, match="shorten the text"):
        widget.ask("x" * 100_000)
    widget.close()
