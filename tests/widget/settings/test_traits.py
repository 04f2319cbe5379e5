"""The settings begin with the model's own, follow to another model where nobody has changed them, and go back there."""

import json
import shutil

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, SamplingParams
from dolly_widget.engines import sharing
from dolly_widget.models import Model
from dolly_widget.sampling import DEFAULTS
from dolly_widget.widget.session import loader

OWN = SamplingParams(temperature=0.2, top_p=0.9, top_k=64, repetition_penalty=0.9)
OTHER = SamplingParams(temperature=0.6, top_p=0.95)


@pytest.fixture
def make_model(demo_dir, tmp_path):
    def make(name, sampling):
        directory = shutil.copytree(demo_dir, tmp_path / name)
        values = {key: value for key, value in vars(sampling).items() if value != getattr(DEFAULTS, key)}
        (directory / "generation_config.json").write_text(json.dumps({"do_sample": True, **values}))
        return directory

    return make


@pytest.fixture
def asked(monkeypatch):
    """The settings of each answer; whatever is loaded only says that it is there."""
    asked = []

    class Engine(ScriptedEngine):
        def generate(self, prompt, params, **arguments):
            asked.append(params)
            return super().generate(prompt, params, **arguments)

    def load(setup, prepared):
        engine = Engine()
        engine.model = prepared.model
        return engine

    monkeypatch.setattr(sharing, "_load", load)
    return asked


@pytest.fixture
def make(asked):
    made = []

    def make_widget(model, **options):
        made.append(DollyWidget(model, **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


def slider(widget, name):
    from dolly_widget.widget.page.layout import descendants

    panel = next(part for part in descendants(widget) if hasattr(part, "sliders"))
    return panel.sliders[name]


def test_a_model_that_is_here_gives_its_own_at_once(make, make_model, asked):
    widget = make(make_model("own", OWN))
    assert widget.params == OWN
    widget.ask("Who?")
    assert asked == [OWN]
    assert widget.history[-1].params == OWN


def test_sliders_reach_what_a_model_says_and_all_up_to_it(make, make_model):
    widget = make(make_model("own", OWN))
    assert (slider(widget, "top_k").max, slider(widget, "top_k").value) == (64, 64)
    slider(widget, "top_k").value = 60
    assert widget.top_k == 60
    widget.load(make_model("other", OTHER)).wait(LIMIT_S)
    slider(widget, "top_k").value = 63
    assert widget.top_k == 63
    widget.top_k = 1024
    assert slider(widget, "top_k").max == 1024
    for refused in (lambda: setattr(widget, "top_k", 1025), lambda: widget.ask("Hi", top_k=1025)):
        with pytest.raises(ValueError, match=r"^top_k must be 0 to 1024, not 1025\.$"):
            refused()


def test_what_was_given_stays_and_what_was_changed_too(make, make_model, asked):
    widget = make(make_model("own", OWN), top_p=0.9)
    widget.top_k = 5
    widget.load(make_model("other", OTHER)).wait(LIMIT_S)
    expected = SamplingParams(temperature=0.6, top_p=0.9, top_k=5)
    assert widget.params == expected
    widget.ask("Who?")
    widget.ask("Who?", temperature=0.3)
    assert asked == [expected, SamplingParams(temperature=0.3, top_p=0.9, top_k=5)]


def test_reset_goes_to_the_model_s_own_and_presets_stay_what_they_are(make, make_model):
    widget = make(make_model("own", OWN), temperature=0.5, seed=3)
    widget.apply_preset("balanced")
    assert widget.params == SamplingParams(seed=3)
    widget.reset_settings()
    assert widget.params == OWN
    widget.load(make_model("other", OTHER)).wait(LIMIT_S)
    assert widget.params == OTHER  # what was given was given up


def test_a_question_before_the_model_is_there_is_answered_with_its_own(make, make_model, asked, monkeypatch):
    """What is being fetched is another model than the one that runs: its settings are not known yet."""
    directory = make_model("own", OWN)
    widget = make(make_model("other", OTHER))
    widget.wait(LIMIT_S)
    prepared = loader.EngineSetup(model=str(directory)).find()
    monkeypatch.setattr(loader.EngineSetup, "find", lambda self: None)
    monkeypatch.setattr(loader.EngineSetup, "prepare", lambda self, **_: prepared)
    loading = widget.load(directory)
    widget.instruction, widget.top_p = "Who?", 0.5
    widget.submit().wait(LIMIT_S)
    loading.wait(LIMIT_S)
    expected = SamplingParams(**{**vars(OWN), "top_p": 0.5})
    assert asked == [expected]
    assert widget.params == expected


def test_an_engine_that_was_given_gives_its_model_s_own_too(make, make_model):
    engine = ScriptedEngine()
    engine.model = Model(make_model("own", OWN))
    assert make(engine).params == OWN
