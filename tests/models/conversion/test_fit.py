"""Weights that are not those of their model are refused, and no others: transformers would make them up."""

import json
import shutil
from pathlib import Path

import pytest
from checkpoint_factory import SIZES, SPREAD, change_config

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints, making
from dolly_widget.models.conversion.fit import UnfitWeightsError, check, unfit_weights_refused
from dolly_widget.models.weight_format import WeightFormat


@pytest.fixture
def saved(checkpoint, tmp_path):
    """``saved(change, kind)``: a copy of a checkpoint, whose weights ``change`` has changed."""
    from safetensors.torch import load_file, save_file

    def save(change, kind="dolly"):
        directory = Path(shutil.copytree(checkpoint(kind), tmp_path / "my model"))
        weights = change(load_file(directory / "model.safetensors"))
        save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
        return directory

    return save


def load(directory):
    from transformers import AutoModelForCausalLM

    with unfit_weights_refused():
        return AutoModelForCausalLM.from_pretrained(directory)


def without(part):
    return lambda weights: {name: tensor for name, tensor in weights.items() if part not in name}


def one_layer_more(weights):
    return weights | {name.replace(".1.", ".2."): tensor.clone() for name, tensor in weights.items() if ".1." in name}


def plus(*names):
    import torch

    return lambda weights: weights | {name: torch.zeros(4) for name in names}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (without("embed_out"), r"\(embed_out.weight is missing\)"),
        (without("layers.1."), r"layers\.1\..*, .*layers\.1\..* and 9 more are missing"),
        (one_layer_more, r"layers\.2\..* are unexpected"),
        (plus("gpt_neox.layers.0.attention.query.bias"), r"query\.bias is unexpected"),
        (lambda weights: {f"other.{name}": each for name, each in weights.items()}, "are missing; other.* unexpected"),
    ],
    ids=["no output layer", "no second layer", "a third layer", "a bias more", "names of another model"],
)
def test_weights_that_do_not_fit_are_refused_by_name(saved, change, part):
    with pytest.raises(UnfitWeightsError, match=part):
        load(saved(change))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *((kind, lambda weights: weights) for kind in ("dolly", "llama", "qwen", "tied")),
        # As EleutherAI's and Databricks's checkpoints have them: masks and frequencies, which are computed today.
        (
            "dolly",
            plus(
                *(
                    f"gpt_neox.layers.{layer}.attention.{name}"
                    for layer in (0, 1)
                    for name in ("bias", "masked_bias", "rotary_emb.inv_freq")
                )
            ),
        ),
        ("llama", plus("model.layers.0.self_attn.rotary_emb.inv_freq", "v_head.summary.weight", "model.mtp.fc.weight")),
        ("dolly", lambda weights: {name.removeprefix("gpt_neox."): tensor for name, tensor in weights.items()}),
        ("tied", lambda weights: weights | {"lm_head.weight": weights["model.embed_tokens.weight"].clone()}),
    ],
)
def test_what_fits_is_loaded(saved, kind, change):
    load(saved(change, kind))


@pytest.mark.parametrize("kind", ["sharded", "pickled", "pickled_sharded"])
def test_every_form_of_weights_is_loaded(checkpoint, kind):
    load(checkpoint(kind))


def test_what_a_load_misses_in_a_pickle_is_named(checkpoint, tmp_path):
    import torch

    directory = Path(shutil.copytree(checkpoint("pickled"), tmp_path / "copy"))
    weights = torch.load(directory / "pytorch_model.bin", weights_only=True)
    del weights["embed_out.weight"]
    torch.save(weights, directory / "pytorch_model.bin")
    with pytest.raises(UnfitWeightsError, match=r"embed_out\.weight is missing"):
        load(directory)


WIDE = {**SIZES, **SPREAD, "vocab_size": 384, "intermediate_size": 128}
NARROW = {"vocab_size": 384, "bos_token_id": 0, "eos_token_id": 0}
FAMILIES = {
    "GPT2": {"n_embd": 64, "n_layer": 2, "n_head": 4, **NARROW},
    "GPTNeo": {
        "hidden_size": 64,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        **NARROW,
    },
    "GPTJ": {"n_embd": 64, "n_layer": 2, "n_head": 4, "rotary_dim": 8, **NARROW},
    "CodeGen": {"n_embd": 64, "n_layer": 2, "n_head": 4, "rotary_dim": 8, **NARROW},
    "OPT": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 128, **NARROW},
    "Bloom": {"hidden_size": 64, "n_layer": 2, "n_head": 4, **NARROW},
    "Falcon": WIDE,
    "Mpt": {"d_model": 64, "n_layers": 2, "n_heads": 4, **NARROW},
    "GPTBigCode": {"n_embd": 64, "n_layer": 2, "n_head": 4, **NARROW},
    "Phi": WIDE,
    "Phi3": {**WIDE, "pad_token_id": 0},
    "Gemma": {**WIDE, "head_dim": 16},
    "Mamba": {"hidden_size": 64, "num_hidden_layers": 2, "state_size": 8, **NARROW},
    "Mixtral": {**WIDE, "num_local_experts": 2, "num_key_value_heads": 2},
    "Qwen3Moe": {
        **WIDE,
        "num_experts": 2,
        "num_experts_per_tok": 1,
        "moe_intermediate_size": 32,
        "num_key_value_heads": 2,
    },
    "Cohere": WIDE,
    "Olmo2": WIDE,
    "Granite": WIDE,
    "StableLm": WIDE,
    "Starcoder2": WIDE,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_is_refused_with_its_own_weights(family, tmp_path):
    """Those that share weights, compute masks, or are saved under other names than they are loaded as, among them."""
    import transformers

    config = getattr(transformers, f"{family}Config")(**FAMILIES[family])
    class_name = {"GPT2": "GPT2LMHeadModel"}.get(family, f"{family}ForCausalLM")
    getattr(transformers, class_name)(config).save_pretrained(tmp_path)
    load(tmp_path)


def test_the_end_of_a_load_is_told_where_the_weights_fit(saved, checkpoint):
    from transformers import AutoModelForCausalLM

    loaded = []
    with unfit_weights_refused(lambda: loaded.append(True)):
        AutoModelForCausalLM.from_pretrained(checkpoint("dolly"))
        with pytest.raises(UnfitWeightsError):
            AutoModelForCausalLM.from_pretrained(saved(without("embed_out")))
    assert loaded == [True]


def test_a_load_is_as_it_was_afterwards(checkpoint):
    from transformers import PreTrainedModel

    before = PreTrainedModel.__dict__["from_pretrained"]
    with pytest.raises(LookupError), unfit_weights_refused():
        raise LookupError
    assert PreTrainedModel.__dict__["from_pretrained"] is before


def test_a_sentence_has_a_few_names_made_harmless():
    names = [f"layers.{index}.\x1b[31mweight\u202e" for index in range(1000)]
    with pytest.raises(UnfitWeightsError) as refused:
        check(names, [])
    assert str(refused.value).isascii()
    assert "and 997 more are missing" in str(refused.value)
    assert len(str(refused.value)) < 400
    assert "\x1b" not in str(refused.value)


# In a conversion


def converted(directory, staging, reports=None):
    staging.mkdir()
    report = (lambda progress: None) if reports is None else reports.append
    making.convert_checkpoint(
        directory.name, checkpoints.inspect(directory), staging, WeightFormat("fp16"), None, report
    )
    return (staging / "openvino_model.bin").read_bytes()


@pytest.fixture(scope="module")
def plain(checkpoint, tmp_path_factory):
    """The bytes that the unchanged checkpoint becomes."""
    return converted(checkpoint("dolly"), tmp_path_factory.mktemp("plain") / "staging")


def test_a_compiled_model_is_converted_as_if_it_were_not(saved, plain, tmp_path):
    directory = saved(lambda weights: {f"_orig_mod.{name}": tensor for name, tensor in weights.items()})
    reports = []
    assert converted(directory, tmp_path / "a", reports) == plain
    assert "The names of the weights contain '_orig_mod.'" in " ".join(report.message for report in reports)
    assert not (tmp_path / "a" / "checkpoint").exists()


def test_a_conversion_of_unfit_weights_ends_before_the_export(saved, tmp_path):
    directory = saved(without("embed_out"))
    reports = []
    with pytest.raises(ModelError) as refused:
        converted(directory, tmp_path / "a", reports)
    assert str(refused.value) == (
        "my model (type 'gpt_neox') cannot be converted: its weights do not fit its config.json (embed_out.weight is "
        "missing); download it again, or save it again with save_pretrained."
    )
    assert not (tmp_path / "a" / "openvino_model.xml").exists()


def test_settings_of_a_wrong_type_are_named(checkpoint, tmp_path):
    directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / "my model"))
    change_config(directory, vocab_size="384")
    with pytest.raises(ModelError, match=r"its config\.json is not valid: Field 'vocab_size' expected int, got str"):
        converted(directory, tmp_path / "a")


def test_an_index_without_metadata_and_an_attention_that_is_not_here_are_no_hindrance(checkpoint, plain, tmp_path):
    directory = Path(shutil.copytree(checkpoint("sharded"), tmp_path / "copy"))
    change_config(directory, _attn_implementation="flash_attention_2", eos_token_id=-1)
    index = directory / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": json.loads(index.read_text())["weight_map"]}))
    assert converted(directory, tmp_path / "a") == plain
    assert json.loads((tmp_path / "a" / "config.json").read_text()).get("eos_token_id") is None
