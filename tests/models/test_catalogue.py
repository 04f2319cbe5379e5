"""The catalogue: one list of what is offered by name."""

import re

import pytest

from dolly_widget.models.catalogue import CATALOGUE, KNOWN_MODELS, GgufDownload, HubModels, named, similar
from dolly_widget.models.commits import is_commit
from dolly_widget.models.hub import client
from dolly_widget.models.weight_format import NAMES


def test_the_known_models_are_demo_and_the_names_and_ids_of_the_catalogue():
    assert KNOWN_MODELS[:2] == ("demo", "smollm2")
    assert {"dolly-v2-3b", "databricks/dolly-v2-12b", "OpenVINO/dolly-v2-3b-int4-ov"} <= set(KNOWN_MODELS)
    assert len(set(KNOWN_MODELS)) == len(KNOWN_MODELS)
    assert all(client.is_model_id(model) for model in KNOWN_MODELS)


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
def test_a_model_says_what_it_is_and_what_it_costs(model):
    assert named(model.name) is model
    assert model.title
    assert model.about
    assert model.licence
    for weight_format in NAMES:
        assert 0.5 * model.parameters < model.disk_bytes(weight_format) < 2.3 * model.parameters
        assert 0.5 * model.parameters < model.download_bytes(weight_format) < 2.1 * model.parameters


def test_a_file_is_pinned_by_its_digest_and_a_package_by_its_version():
    for source in [model.source for model in CATALOGUE if isinstance(model.source, GgufDownload)]:
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert is_commit(source.commit)
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", source.requirement)
        assert source.member.endswith(f"/{source.file_name}")


def test_ready_files_are_taken_for_their_formats_and_the_checkpoint_for_all_else():
    models = HubModels("org/model", 16e9, {"int8": ("org/model-int8", 8e9)})
    assert models.id_for("int8") == models.id_for("int8", "main") == "org/model-int8"
    assert models.id_for("int4-g64") == models.id_for("int8", "v1") == "org/model"
    assert set(named("dolly-v2-3b").source.ready) == set(NAMES)


def test_what_needs_torch_says_so():
    assert {model.name for model in CATALOGUE if model.needs_torch()} == {"dolly-v2-7b", "dolly-v2-12b"}
    assert named("dolly-v2-3b").needs_torch("int4-g64")
    assert not named("dolly-v2-3b").needs_torch("int4")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("smolm2", "smollm2"),
        ("SmolLM2", "smollm2"),
        ("doly-v2-3b", "dolly-v2-3b"),
        ("Demo", "demo"),
        ("gpt2", None),
        ("org/smollm2-clone", None),
        ("", None),
        ("s" * 10_000_000, None),
    ],
)
def test_a_misspelling_is_near_to_a_name_and_another_name_is_not(name, known):
    assert similar(name) == known
