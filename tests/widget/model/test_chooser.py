"""The box that another model is chosen in: what it offers is shown as it is."""

import pytest

from dolly_widget.models import store
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.widget.model.chooser import ModelChooser


@pytest.fixture
def chooser(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return ModelChooser(lambda name, weight_format: None)


def put(model_id):
    key = store.Key(model_id, "0" * 40, "int8")
    with store.making(key) as staging:
        for name in REQUIRED_FILES:
            (staging / name).write_text("{}")
        store.publish(staging, key, "", {}, store.describe(staging))


def test_stored_models_are_offered_by_their_names(chooser):
    put("org/name")
    put("/home/me/checkpoint")
    chooser.is_open = True
    assert {"org/name", "/home/me/checkpoint"} <= set(chooser.name.options)
    assert "Stored here: /home/me/checkpoint (int8, 8 bytes), org/name (int8, 8 bytes)." in chooser.stored.value


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\x1b[2J", "\n"])
def test_a_name_that_is_not_what_it_looks_like_is_shown_with_signs_and_not_offered(chooser, mark):
    put(f"/home/me/{mark}evil")
    chooser.is_open = True
    assert not any("evil" in name for name in chooser.name.options)
    assert "evil (int8" in chooser.stored.value
    assert mark not in chooser.stored.value


def test_a_cache_that_cannot_be_read_is_a_hint(chooser, tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.is_dir", denied)
    chooser.is_open = True
    assert f"The cache {tmp_path / 'cache'} cannot be used (Permission denied)" in chooser.hint.value
    assert chooser.hint.layout.display is None
