"""Every sampling setting has a trait and a control, which are linked, refused, reset and preset as one."""

import html

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import SamplingParams
from dolly_widget.sampling import DEFAULTS, PRESETS, SETTINGS
from dolly_widget.widget.settings.panel import SamplingPanel
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

ANOTHER = {
    "max_new_tokens": 7,
    "temperature": 0.3,
    "top_p": 0.5,
    "top_k": 9,
    "min_p": 0.25,
    "repetition_penalty": 1.3,
    "presence_penalty": 0.5,
    "frequency_penalty": -0.5,
    "stop": ("END", "\n\n"),
    "seed": 5,
}


@pytest.fixture
def owner():
    return SettingsTraits()


@pytest.fixture
def panel(owner):
    return SamplingPanel(owner)


def control(panel, name):
    return {**panel.sliders, **panel.texts, "seed": panel.seed}[name]


def is_shown(part):
    return part.layout.display != "none"


def within(part):
    return {part}.union(*(within(child) for child in getattr(part, "children", ())))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_a_trait_and_a_control_that_follow_each_other(owner, panel, name):
    assert control(panel, name) in within(panel)
    assert control(panel, name).description == SETTINGS[name].label
    before = control(panel, name).value
    setattr(owner, TRAITS[name], ANOTHER[name])
    assert getattr(owner.params, name) == ANOTHER[name]
    chosen = control(panel, name).value
    assert chosen != before
    setattr(owner, TRAITS[name], getattr(DEFAULTS, name))
    assert control(panel, name).value == before
    control(panel, name).value = chosen
    assert owner.params == SamplingParams(**{name: ANOTHER[name]})


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_reaches_the_engine(make, name):
    engine = ScriptedEngine()
    widget = make(engine, **{name: ANOTHER[name]})
    assert getattr(widget, TRAITS[name]) == ANOTHER[name]
    widget.ask("Hi")
    setattr(widget, TRAITS[name], getattr(DEFAULTS, name))
    widget.ask("Hi", **{name: ANOTHER[name]})
    widget.instruction = "Hi"
    widget.submit().wait(LIMIT_S)
    given = SamplingParams(**{name: ANOTHER[name]})
    assert [params for _, params in engine.calls] == [given, given, DEFAULTS]


def test_the_sliders_have_the_ranges_of_the_settings(panel):
    assert {name: (slider.min, slider.max, slider.step) for name, slider in panel.sliders.items()} == {
        name: (*setting.slider.range[:2], setting.slider.step) for name, setting in SETTINGS.items() if setting.slider
    }
    assert (panel.sliders["min_p"].min, panel.sliders["min_p"].max, panel.sliders["min_p"].value) == (0, 0.99, 0)


def test_every_slider_and_every_box_of_texts_has_its_explanation_under_it(panel):
    rows = [row for row in within(panel) if "dw-explained" in row._dom_classes]
    explained = {next(iter(getattr(row.children[0], "children", row.children))): row.children[1].value for row in rows}
    controls = {**panel.sliders, **panel.texts}
    assert set(explained) == set(controls.values())
    assert all(html.escape(SETTINGS[name].help) in explained[each] for name, each in controls.items())
    assert "One per line" in explained[panel.texts["stop"]]


def test_greedy_draws_nothing_and_so_min_p_rests(owner, panel):
    panel.greedy.value = True
    assert [name for name, slider in panel.sliders.items() if slider.disabled] == [
        "temperature",
        "top_p",
        "top_k",
        "min_p",
    ]
    assert [name for name, box in panel.numbers.items() if box.disabled] == ["top_k"]


def test_a_box_reaches_what_the_slider_does_not(owner, panel):
    assert set(panel.numbers) == {"max_new_tokens", "top_k", "repetition_penalty"}
    for name, box in panel.numbers.items():
        assert (box.min, box.max) == SETTINGS[name].range[:2]
        assert not panel.sliders[name].readout
        box.value = box.max
        assert getattr(owner, name) == panel.sliders[name].value == panel.sliders[name].max == box.max
        box.value = box.min
        assert getattr(owner, name) == panel.sliders[name].value == box.min


def test_what_is_folded_away_says_what_is_on(owner, panel):
    assert {panel.sliders[name] for name in ("min_p", "presence_penalty", "frequency_penalty")} <= within(panel.more)
    assert {panel.texts["stop"]} <= within(panel.more)
    assert not {panel.seed, panel.sliders["top_p"]} & within(panel.more)
    assert (panel.more.title, panel.more.is_open) == ("More", False)
    owner.min_p, owner.frequency_penalty, owner.stop_texts = 0.25, -0.5, ["END"]
    assert panel.more.title == "More · min-p 0.25 · frequency penalty -0.5 · stop 'END'"
    owner.reset_settings()
    assert panel.more.title == "More"


def test_a_greedy_widget_has_no_seed_and_shows_the_temperature_to_come(make):
    engine = ScriptedEngine()
    widget = make(engine, temperature=0, seed=5)
    panel = widget._screen.settings
    assert (panel.seed.disabled, panel.seed.value, panel.seed.placeholder) == (True, "", "greedy: nothing is drawn")
    widget._take_own(SamplingParams(temperature=0.2))  # as a model is loaded
    assert (widget.temperature, panel.sliders["temperature"].value) == (0, 0.2)
    panel.greedy.value = False
    assert (widget.temperature, widget.seed) == (0.2, 5)
    assert (panel.seed.disabled, panel.seed.value) == (False, "5")
    panel.sliders["temperature"].value = 1.5
    panel.greedy.value = True
    widget._take_own(SamplingParams(temperature=0.3))
    panel.greedy.value = False
    assert widget.temperature == 1.5  # a hand has chosen it


@pytest.mark.parametrize("typed", ["many", "-1", "1.5", str(2**32)])
def test_a_seed_that_is_none_is_marked_and_blocks_the_question(make, typed):
    engine = ScriptedEngine()
    widget = make(engine, seed=5)
    panel = widget._screen.settings
    widget.instruction = "Hi"
    panel.seed.value = typed
    assert "dw-is-invalid" in panel.seed._dom_classes
    assert is_shown(panel.seed.hint)
    with pytest.raises(ValueError, match=rf"The seed '{typed}' is not a whole number from 0 to 4294967295: correct it"):
        widget.submit()
    widget._screen.composer._actions.submit()  # the button, and Enter
    assert "is not a whole number" in widget._screen.notice.children[0].value
    assert engine.calls == []
    panel.seed.value = "7"
    assert (panel.problem, "dw-is-invalid" in panel.seed._dom_classes) == ("", False)
    widget.submit().wait(LIMIT_S)
    assert [params.seed for _, params in engine.calls] == [7]
    panel.seed.value = typed
    panel.greedy.value = True  # which draws nothing
    assert panel.problem == ""


def test_presets_take_min_p_back_and_leave_the_stop_texts(owner, panel):
    for name in PRESETS:
        owner.min_p, owner.stop_texts = 0.3, ["END"]
        panel.presets[name].click()
        assert owner.params == SamplingParams(stop=["END"], **PRESETS[name].values)
        assert panel.texts["stop"].value == "END"
    owner.min_p = 0.3
    assert not any("dw-is-on" in button._dom_classes for button in panel.presets.values())


def test_reset_takes_all_back(owner):
    def change_all():
        for name, value in ANOTHER.items():
            setattr(owner, TRAITS[name], value)

    change_all()
    owner.reset_settings()
    assert owner.params == DEFAULTS
    panel = SamplingPanel(owner)
    change_all()
    panel.reset.click()
    assert owner.params == DEFAULTS
    assert (panel.texts["stop"].value, panel.sliders["min_p"].value, panel.seed.value) == ("", 0, "")


# The texts that end an answer


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("END", ("END",)),
        ("END\n###", ("END", "###")),
        ("\n\nEND\n", ("END",)),
        (" a \n\\n\\n", (" a ", "\n\n")),
        ("\\t|\\\\n", ("\t|\\n",)),
        ("\\d", ("\\d",)),
        ("", ()),
    ],
)
def test_the_box_holds_one_text_a_line(owner, panel, typed, texts):
    panel.texts["stop"].value = typed
    assert owner.stop_texts == texts
    assert panel.texts["stop"].value == typed  # as it was typed
    assert not is_shown(panel.texts["stop"].hint)


@pytest.mark.parametrize("texts", [("a", "b\n"), ("\\n", "\t"), ("\\",), (" ",)])
def test_texts_that_were_set_are_shown_as_they_would_be_typed(owner, panel, texts):
    owner.stop_texts = list(texts)
    shown = panel.texts["stop"].value
    assert shown.count("\n") == len(texts) - 1
    assert panel.texts["stop"].rows == len(texts)
    panel.reset.click()
    panel.texts["stop"].value = shown
    assert owner.stop_texts == texts


def test_what_no_page_can_show_is_kept_as_it_was_set(owner, panel):
    owner.stop_texts = ["a\ud800"]
    panel.texts["stop"].value.encode()
    assert owner.stop_texts == ("a\ud800",)


def test_texts_that_are_refused_stay_in_the_box_with_a_hint(owner, panel):
    box = panel.texts["stop"]
    owner.stop_texts = ["END"]
    many = "\n".join(map(str, range(17)))
    box.value = many
    assert (owner.stop_texts, box.value) == (("END",), many)
    assert "stop must hold at most 16 texts, not 17" in box.hint.value
    assert box.hint in panel.more.children
    assert panel.problem == box.hint.text
    assert is_shown(box.hint)
    box.value = "###"
    assert (owner.stop_texts, box.hint.value, is_shown(box.hint)) == (("###",), "", False)
    box.value = many
    panel.reset.click()
    assert (owner.params, box.value, is_shown(box.hint)) == (DEFAULTS, "", False)
    box.value = many
    panel.reset.click()  # of which the owner has nothing to take back
    assert (owner.params, box.value, is_shown(box.hint)) == (DEFAULTS, "", False)
    box.value = many
    owner.stop_texts = ["Q:"]
    assert (box.value, is_shown(box.hint)) == ("Q:", False)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ("END", TypeError, "a list of texts"),
        ([""], ValueError, "empty"),
        ([1], TypeError, "1 is not a text"),
        (3, TypeError, "3"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(make, owner, value, error, words):
    for refused in (
        lambda: setattr(owner, "stop_texts", value),
        lambda: make(stop=value),
        lambda: make().ask("Hi", stop=value),
    ):
        with pytest.raises(error, match=words):
            refused()
    assert owner.stop_texts == ()


def test_a_stop_text_ends_the_answer_of_the_demo_model(make):
    widget = make("demo", device="CPU", temperature=0)
    whole = widget.ask("What is the capital of France?")
    cut = widget.ask("What is the capital of France?", stop=["Paris"])
    assert "Paris" in whole.text
    assert cut.text == whole.text[: whole.text.index("Paris")].rstrip()
    assert cut.finish_reason == "stop"
    assert widget.stop_texts == ()
