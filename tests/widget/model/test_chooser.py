"""The box that another model is chosen in: what it offers is shown as it is."""

import pytest
from stored import put

from dolly_widget.models import CATALOGUE
from dolly_widget.widget.model import catalogue_offers
from dolly_widget.widget.model.chooser import ModelChooser


@pytest.fixture
def chooser(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return ModelChooser(lambda name, weight_format: None, uses=dict)


def titles(chooser):
    return [model["title"] for model in chooser.stored.listing["models"]]


def test_stored_models_are_offered_by_their_names(chooser):
    put("org/name")
    put("/home/me/checkpoint")
    chooser.is_open = True
    assert {"org/name", "/home/me/checkpoint"} <= set(chooser.name.options)
    assert titles(chooser) == ["demo", "checkpoint", "org/name"]


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\x1b[2J", "\n"])
def test_a_name_that_is_not_what_it_looks_like_is_shown_with_signs_and_not_offered(chooser, mark):
    put(f"/home/me/{mark}evil")
    chooser.is_open = True
    assert not any("evil" in name for name in chooser.name.options)
    assert "evil" in titles(chooser)[1]
    assert mark not in titles(chooser)[1]


def test_a_cache_that_cannot_be_read_is_a_hint(chooser, tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.is_dir", denied)
    chooser.is_open = True
    assert f"The cache {tmp_path / 'cache'} cannot be used (Permission denied)" in chooser.hint.value
    assert chooser.hint.layout.display is None


# With one click


@pytest.fixture
def chosen():
    return []


@pytest.fixture
def box(tmp_path, monkeypatch, chosen):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return ModelChooser(lambda *arguments: chosen.append(arguments), uses=dict)


def labels(box):
    return [button.description for button in box.catalogue.buttons]


def test_the_catalogue_is_offered_with_what_each_model_is_and_costs(box, chosen):
    assert not any(labels(box))  # nothing is looked up before it is opened
    box.is_open = True
    assert labels(box)[:2] == ["SmolLM2 135M · real, small · 93 MB", "Dolly 2.0 3B · the original, small · 2.8 GB"]
    assert len(labels(box)) == len(CATALOGUE)
    assert box.catalogue.buttons[0].tooltip == "Apache-2.0 · 93 MB to download · 149 MB on disk"
    assert box.catalogue.buttons[2].tooltip.endswith(" · needs the optimum extra")
    assert chosen == []


def test_one_click_loads_in_the_weight_format_of_the_box_and_folds_it_away(box, chosen):
    box.is_open = True
    box.weight_format.value = "int4"
    box.catalogue.buttons[0].click()
    assert chosen == [("smollm2", "int4")]
    box.loaded("another")
    assert box.is_open
    box.loaded("smollm2")
    assert not box.is_open


@pytest.mark.parametrize(("torch", "ending"), [(None, " · 14 GB · needs PyTorch"), (object(), " · 14 GB")])
def test_what_needs_torch_says_so_where_there_is_none(box, monkeypatch, torch, ending):
    monkeypatch.setattr(catalogue_offers, "find_spec", lambda name: torch)
    box.is_open = True
    assert labels(box)[2].endswith(ending)


def test_what_is_stored_in_the_weight_format_is_not_offered_and_no_other_takes_its_button(box, chosen):
    put("OpenVINO/dolly-v2-3b-int8-ov", "published")
    box.is_open = True
    displays = [button.layout.display for button in box.catalogue.buttons]
    assert displays == [None, "none", None, None]
    box.catalogue.buttons[1].click()  # late
    assert chosen == []
    box.weight_format.value = "fp16"
    assert labels(box)[1] == "Dolly 2.0 3B · the original, small · 5.6 GB"
    assert box.catalogue.buttons[1].layout.display is None


def test_what_is_wrong_with_a_choice_is_a_hint(tmp_path, monkeypatch):
    def refuse(*_):
        raise RuntimeError("An answer is still being written.")

    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    box = ModelChooser(refuse, uses=dict)
    box.is_open = True
    box.catalogue.buttons[0].click()
    assert "An answer is still being written." in box.hint.value
