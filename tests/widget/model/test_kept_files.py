"""Files that other programs keep are offered in the box by their names there, and loaded by their paths."""

import pytest

from dolly_widget.models import store
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.models.gguf.folders import KeptFile
from dolly_widget.widget.model import chooser as module
from dolly_widget.widget.model.chooser import ModelChooser

LLAMA, EVIL = "llama3.2:1b (Ollama)", "a/b/\u202egpj.gguf (LM Studio)"


@pytest.fixture
def asked(monkeypatch):
    asked = []

    def kept_files():
        asked.append(1)
        return (KeptFile(EVIL, "/evil.gguf"), KeptFile(LLAMA, "/blobs/sha256-0"))

    monkeypatch.setattr(module, "kept_files", kept_files)
    return asked


@pytest.fixture
def loaded():
    return []


@pytest.fixture
def chooser(tmp_path, monkeypatch, asked, loaded):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return ModelChooser(lambda name, weight_format: loaded.append(name), uses=dict)


def test_they_are_looked_for_when_the_box_is_opened(chooser, asked):
    assert asked == []
    chooser.is_open = True
    assert asked == [1]
    assert LLAMA in chooser.name.options
    assert EVIL not in chooser.name.options


def test_one_that_is_stored_is_offered_by_its_name_alone(chooser):
    key = store.Key("/blobs/sha256-0", "0" * 40, "int8")
    with store.making(key) as staging:
        for name in REQUIRED_FILES:
            (staging / name).write_text("{}")
        store.publish(staging, key, "", {}, store.describe(staging), title=LLAMA)
    chooser.is_open = True
    assert LLAMA in chooser.name.options
    assert "/blobs/sha256-0" not in chooser.name.options
    stored, kept = [model for model in chooser.stored.listing["models"] if model["title"] == LLAMA]
    assert [row["label"] for row in stored["rows"]] == ["INT8"]
    assert kept["rows"] == [{"key": LLAMA, "label": "GGUF", "size": "0 bytes", "state": "", "can_load": True}]


def test_the_one_that_is_chosen_is_loaded_by_its_path(chooser, loaded):
    chooser.is_open = True
    chooser.name.value = f" {LLAMA}"
    chooser.load.click()
    assert loaded == ["/blobs/sha256-0"]
    chooser.loaded("/blobs/other")
    assert chooser.is_open
    chooser.loaded("/blobs/sha256-0")
    assert (chooser.is_open, chooser.name.value) == (False, "")
