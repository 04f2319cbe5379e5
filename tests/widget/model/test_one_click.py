"""Models that one click loads, and which of them stand below the demonstration model's name."""

import ipywidgets
import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.models.info import ModelInfo
from dolly_widget.widget.model import catalogue_offers
from dolly_widget.widget.model.one_click import Offer, OneClick
from dolly_widget.widget.page.layout import descendants


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))


def shown(part):
    return [button.description for button in part.buttons if button.layout.display != "none"]


def test_it_is_hidden_until_there_is_something_and_again_when_there_is_nothing():
    part = OneClick(print, 2)
    assert part.layout.display == "none"
    part.show("<b>Two:</b>", [Offer("a", "Model A"), Offer("b", "Model B", "small")])
    assert part.layout.display is None
    assert (part.text.value, shown(part)) == ("<b>Two:</b>", ["Model A", "Model B"])
    part.show("", [])
    assert (part.layout.display, shown(part)) == ("none", [])


def test_a_click_chooses_what_is_offered_then():
    chosen = []
    part = OneClick(chosen.append, 2)
    part.show("", [Offer("a", "Model A"), Offer("b", "Model B")])
    first, second = part.buttons
    first.click()
    part.show("", [Offer("c", "Model C")])
    assert part.buttons == (first, second)
    first.click()
    second.click()  # which came late
    assert chosen == ["a", "c"]


def test_what_is_disabled_stays_so_for_offers_that_come_later():
    part = OneClick(print, 2)
    part.disabled = True
    part.show("", [Offer("a", "Model A")])
    assert part.buttons[0].disabled
    part.disabled = False
    assert not part.buttons[0].disabled


def test_its_buttons_are_closed_with_the_widget_that_it_is_in():
    part = OneClick(print, 2)
    part.show("", [Offer("a", "Model A")])
    assert {part.buttons[0], part.buttons[0].layout} <= set(descendants(ipywidgets.VBox([part])))


def test_the_demonstration_offers_the_next_step_and_its_size_is_computed(monkeypatch):
    text, offers = catalogue_offers.next_steps(ModelInfo(OPENVINO_DIR), "int8")
    millions = round(ModelInfo(OPENVINO_DIR).parameters / 1e6)
    assert f"This is a {millions}-million-parameter demonstration." in text
    assert [offer.label for offer in offers] == ["Get SmolLM2 (93 MB)", "Get Dolly 2.0 3B (2.8 GB)"]
    assert [offer.model for offer in offers] == ["smollm2", "dolly-v2-3b"]
    monkeypatch.setattr(ModelInfo, "parameters", 7_600_000)
    assert "an 8-million-parameter" in catalogue_offers.next_steps(ModelInfo(OPENVINO_DIR), "int8")[0]


def test_what_is_stored_is_loaded_and_not_fetched():
    key = store.Key("databricks/dolly-v2-3b", "0" * 40, "int8")
    with store.making(key) as staging:
        for name in REQUIRED_FILES:
            (staging / name).write_text("{}")
        store.publish(staging, key, "main", {}, store.describe(staging))
    _, offers = catalogue_offers.next_steps(ModelInfo(OPENVINO_DIR), "int8")
    assert [offer.label for offer in offers] == ["Get SmolLM2 (93 MB)", "Load Dolly 2.0 3B"]
    _, offers = catalogue_offers.next_steps(ModelInfo(OPENVINO_DIR), "int4")  # is not stored
    assert [offer.label for offer in offers] == ["Get SmolLM2 (93 MB)", "Get Dolly 2.0 3B (1.6 GB)"]


def test_a_store_that_cannot_be_read_is_no_reason_to_offer_nothing(monkeypatch):
    def refuse(*_):
        raise ModelError("The store cannot be read.")

    monkeypatch.setattr(catalogue_offers, "find", refuse)
    _, offers = catalogue_offers.next_steps(ModelInfo(OPENVINO_DIR), "int8")
    assert [offer.label for offer in offers] == ["Get SmolLM2 (93 MB)", "Get Dolly 2.0 3B (2.8 GB)"]


def test_another_model_offers_nothing(tmp_path):
    assert catalogue_offers.next_steps(ModelInfo(tmp_path), "int8") == ("", [])
