"""Presets and the reset of the sampling settings, from Python and from the panel's buttons."""

import pytest
import traitlets

from dolly_widget import SamplingParams
from dolly_widget.sampling import SETTINGS, SHAPING
from dolly_widget.sampling.presets import PRESETS
from dolly_widget.widget.settings.panel import SamplingPanel
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits


@pytest.fixture
def owner():
    return SettingsTraits()


def marked(panel):
    return [name for name, button in panel.presets.items() if "dw-is-on" in button._dom_classes]


def test_traits_and_presets_have_all_settings(owner):
    assert set(TRAITS) == set(SETTINGS)
    for name, trait in TRAITS.items():
        assert getattr(owner, trait) == getattr(SamplingParams(), name)
        assert owner.traits()[trait].metadata["help"] == SETTINGS[name].help
    assert all(set(preset.values) == set(SHAPING) for preset in PRESETS.values())


def test_balanced_is_the_defaults():
    assert SamplingParams(**PRESETS["balanced"].values) == SamplingParams()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_the_drawing_and_leaves_length_and_seed(owner, name):
    owner.max_new_tokens, owner.seed, owner.top_k = 7, 5, 9
    owner.apply_preset(name)
    assert owner.params == SamplingParams(max_new_tokens=7, seed=5, **PRESETS[name].values)


def test_nobody_sees_a_preset_half_applied(owner):
    seen = []
    owner.observe(lambda change: seen.append(owner.params), traitlets.All)
    owner.apply_preset("creative")
    assert set(seen) == {SamplingParams(temperature=1.2, top_p=0.97)}


def test_an_unknown_preset_says_which_there_are(owner):
    with pytest.raises(ValueError, match=r"There is no preset 'wild': choose one of precise, balanced, creative\."):
        owner.apply_preset("wild")


def test_reset_takes_all_settings_back(owner):
    owner.apply_preset("creative")
    owner.top_k, owner.max_new_tokens, owner.repetition_penalty, owner.seed = 3, 4, 1.5, 5
    owner.reset_settings()
    assert owner.params == SamplingParams()


def test_the_panel_marks_the_preset_that_the_settings_are(owner):
    panel = SamplingPanel(owner)
    assert marked(panel) == ["balanced"]
    panel.presets["precise"].click()
    assert marked(panel) == ["precise"]
    assert (panel.sliders["temperature"].value, panel.sliders["top_p"].value) == (0.2, 0.9)
    panel.sliders["top_p"].value = 0.5
    assert marked(panel) == []


def test_the_panels_reset_takes_greedy_and_what_is_no_seed_away(owner):
    panel = SamplingPanel(owner)
    panel.seed.value = "many"
    panel.greedy.value = True
    panel.reset.click()
    assert owner.params == SamplingParams()
    assert (panel.greedy.value, panel.seed.value, panel.seed.hint.value) == (False, "", "")
