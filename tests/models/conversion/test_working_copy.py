"""The export is given a copy of the checkpoint: linked where it is right, written where it is not."""

import json
import shutil
from pathlib import Path

import pytest
from checkpoint_factory import change_config

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints, tensors, working_copy
from dolly_widget.models.conversion.exporters import EXPORTERS


@pytest.fixture
def copied(tmp_path):
    """``copied(directory, exporter)``: its working copy, and what was reported."""

    def copy(directory, exporter=None):
        reports = []
        place = working_copy.make(
            "my model", checkpoints.inspect(directory), tmp_path / "working", exporter, reports.append
        )
        return place, [report.message for report in reports]

    return copy


@pytest.fixture
def renamed(checkpoint, tmp_path):
    """``renamed(rename, kind)``: a copy of a checkpoint with other names of its tensors."""

    def rename_all(rename, kind="dolly"):
        directory = Path(shutil.copytree(checkpoint(kind), tmp_path / "renamed"))
        for path in (*directory.glob("*.safetensors"), *directory.glob("*.bin")):
            tensors.write_renamed(path, path.with_suffix(".new"), rename) if path.suffix == ".bin" else (
                tensors.write_renamed(path, path.with_name("new.safetensors"), rename)
            )
            new = path.with_suffix(".new") if path.suffix == ".bin" else path.with_name("new.safetensors")
            new.replace(path)
        for path in directory.glob("*.index.json"):
            index = json.loads(path.read_text())
            index["weight_map"] = {rename(name): file for name, file in index["weight_map"].items()}
            path.write_text(json.dumps(index))
        return directory

    return rename_all


def weights(directory):
    """Values by name, of all weight files."""
    import torch
    from safetensors.torch import load_file

    found = {}
    for path in directory.iterdir():
        if path.suffix == ".safetensors":
            found |= load_file(path)
        elif path.suffix == ".bin":
            found |= torch.load(path, weights_only=True)
    return {name: tensor.tolist() for name, tensor in found.items()}


def in_layers(name):
    return f"_orig_mod.{name}".replace(".attention.", "._orig_mod.attention.")


@pytest.mark.parametrize(
    ("kind", "rename"),
    [
        ("dolly", lambda name: f"_orig_mod.{name}"),
        ("dolly", lambda name: f"module.{name}"),
        ("dolly", lambda name: f"module._orig_mod.{name}"),
        ("dolly", lambda name: f"_orig_mod.module.{name}"),
        ("dolly", lambda name: f"base_model.model.{name}"),
        ("dolly", lambda name: name.replace("gpt_neox.", "gpt_neox._orig_mod.")),
        ("dolly", in_layers),
        ("sharded", lambda name: f"_orig_mod.{name}"),
        ("pickled", lambda name: f"module.{name}"),
        ("pickled_sharded", lambda name: f"module.{name}"),
    ],
)
def test_a_wrapper_s_name_is_left_out_of_those_of_the_weights(renamed, copied, checkpoint, kind, rename):
    directory = renamed(rename, kind)
    before = {path: path.read_bytes() for path in directory.iterdir()}
    place, (note,) = copied(directory)
    assert weights(place) == weights(checkpoint(kind))
    assert note.startswith("The names of the weights contain '")
    assert {path: path.read_bytes() for path in directory.iterdir()} == before
    for index in place.glob("*.index.json"):
        assert set(json.loads(index.read_text())["weight_map"]) == set(weights(place))


def test_what_is_right_is_linked_and_nothing_reported(copied, checkpoint):
    place, notes = copied(checkpoint("dolly"))
    assert notes == []
    assert (place / "model.safetensors").is_symlink()
    assert (place / "model.safetensors").samefile(checkpoint("dolly") / "model.safetensors")
    assert {path.name for path in place.iterdir()} >= {"tokenizer.json", "config.json", "generation_config.json"}


def test_where_two_names_would_become_one_all_stay(renamed, copied):
    directory = renamed(lambda name: name.replace(".0.", ".1._orig_mod."))
    place, notes = copied(directory)
    assert notes == []
    assert set(weights(place)) == set(weights(directory))


@pytest.mark.parametrize("part", [".lora_A.default", ".base_layer", ".lora_embedding_B.default"])
def test_an_adapter_that_is_not_merged_is_refused(renamed, copied, part):
    directory = renamed(
        lambda name: f"base_model.model.{name.replace('.query_key_value', f'.query_key_value{part}')}", "dolly"
    )
    with pytest.raises(ModelError, match=r"^my model contains an adapter \(LoRA\).*merge_and_unload\(\)"):
        copied(directory)


def test_a_merged_model_s_adapter_config_is_left_out(copied, checkpoint, tmp_path):
    """transformers would look for the base model that it names, on the hub."""
    directory = Path(shutil.copytree(checkpoint("dolly"), tmp_path / "copy"))
    (directory / "adapter_config.json").write_text('{"base_model_name_or_path": "some/model", "peft_type": "LORA"}')
    assert not (copied(directory)[0] / "adapter_config.json").exists()


def test_settings_are_put_right_in_the_copy_alone(copied, checkpoint, tmp_path):
    directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / "copy"))
    change_config(directory, eos_token_id=-1, _attn_implementation="flash_attention_2")
    (directory / "generation_config.json").write_text('{"eos_token_id": [1, -1]}')
    before = {path: path.read_bytes() for path in directory.iterdir()}
    place, _ = copied(directory)
    config = json.loads((place / "config.json").read_text())
    assert config["eos_token_id"] is None
    assert "_attn_implementation" not in config
    assert json.loads((place / "generation_config.json").read_text()) == {"eos_token_id": [1]}
    assert {path: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize(
    ("exporter", "theta"), [(None, None), (EXPORTERS[0], 10000.0), (EXPORTERS[1], None)], ids=["none", "4", "5"]
)
def test_only_version_4_is_given_its_own_form(copied, checkpoint, exporter, theta):
    config = json.loads((copied(checkpoint("llama"), exporter)[0] / "config.json").read_text())
    assert config.get("rope_theta") == theta
    assert ("rope_parameters" in config) is (theta is None)


@pytest.mark.parametrize("metadata", [None, [], "x"])
def test_an_index_gets_metadata(copied, checkpoint, tmp_path, metadata):
    directory = Path(shutil.copytree(checkpoint("sharded"), tmp_path / "copy"))
    path = directory / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    path.write_text(
        json.dumps({"weight_map": index["weight_map"]} | ({} if metadata is None else {"metadata": metadata}))
    )
    written = json.loads((copied(directory)[0] / path.name).read_text())
    assert written == {"metadata": {}, "weight_map": index["weight_map"]}
