"""A GGUF file becomes the checkpoint that it was made from, in each family; what is not known is refused by name."""

import json
from functools import cache

import numpy as np
import pytest
from gguf_checkpoints import CASES, changed, make_gguf
from gguf_files import Shape, write_gguf

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints
from dolly_widget.models.gguf import families, family_configs, family_settings
from dolly_widget.models.gguf.checkpoint import to_checkpoint
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.runtime.progress import ignore_progress

EVERY = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """``case(name)``: a checkpoint of a family, its GGUF file, and the checkpoint that this becomes; made once."""

    @cache
    def make(name):
        directory = tmp_path_factory.mktemp("family")
        path, checkpoint = make_gguf(name, directory)
        to_checkpoint(path, directory / "again", ignore_progress)
        return path, checkpoint, directory / "again"

    return make


def weights(directory):
    from safetensors.numpy import load_file

    return load_file(directory / "model.safetensors")


@EVERY
def test_the_weights_are_those_of_the_checkpoint_by_name_shape_and_value(case, name):
    _, checkpoint, again = case(name)
    expected, found = weights(checkpoint), weights(again)
    if name.startswith("gemma"):
        expected.pop("lm_head.weight", None)
    assert found.keys() == expected.keys()
    for each, values in expected.items():
        np.testing.assert_array_equal(found[each], values.astype(np.float16), err_msg=each)


@EVERY
def test_the_model_computes_the_same(case, name):
    """In transformers: its settings are the same as well. The text is longer than the windows."""
    import torch
    from transformers import AutoModelForCausalLM

    _, *directories = case(name)
    length = 300 if "longrope" in name else 40
    ids = torch.randint(0, 257, (1, length), generator=torch.Generator().manual_seed(1))
    first, second = (AutoModelForCausalLM.from_pretrained(each, dtype=torch.float32) for each in directories)
    with torch.no_grad():
        # Epsilons are float32 in GGUF.
        torch.testing.assert_close(second(ids).logits, first(ids).logits, atol=1e-4, rtol=1e-4)


@EVERY
def test_what_is_written_is_a_whole_checkpoint(case, name):
    again = case(name)[2]
    found = checkpoints.inspect(again)
    assert found.config["architectures"][0].endswith(("ForCausalLM", "LMHeadModel"))
    assert found.config["eos_token_id"] == 0
    assert {path.name for path in again.iterdir()} == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_progress_is_told_and_ends_with_all_bytes(tmp_path):
    path, _ = make_gguf("gpt2", tmp_path)
    reports = []
    to_checkpoint(path, tmp_path / "again", reports.append)
    assert {report.stage for report in reports} == {"load"}
    assert (reports[-1].fraction, reports[-1].done_bytes) == (1.0, reports[-1].total_bytes)


def test_an_architecture_that_is_not_known_is_named_with_those_that_are(tmp_path):
    write_gguf(tmp_path / "m.gguf", Shape(architecture="rwkv7"))
    with pytest.raises(
        ModelError, match=r"of the family 'rwkv7', whose .* of bloom, .*gemma3, .*llama, .*starcoder2\."
    ):
        to_checkpoint(tmp_path / "m.gguf", tmp_path / "again", ignore_progress)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("name", "metadata", "says"),
    [
        ("gemma2", {"gemma2.attention.novelty": 3}, "has the setting 'gemma2.attention.novelty'"),
        ("gemma2", {"gemma2.attention.sliding_window": "wide"}, "gives 'wide' as gemma2.attention.sliding_window"),
        ("phi3", {"phi3.rope.scaling.type": "yarn"}, "gives 'yarn' as phi3.rope.scaling.type"),
        ("gpt2", {"gpt2.attention.head_count": 5}, "gives 5 as gpt2.attention.head_count"),
        ("gpt2", {"gpt2.attention.head_count": 0}, "gives 0 as gpt2.attention.head_count"),
        ("gpt2", {"gpt2.block_count": 1 << 20}, "no more than its"),
        ("gpt2", {"gpt2.vocab_size": 7}, "gives 7 as gpt2.vocab_size"),
        ("falcon", {"falcon.tensor_data_layout": "other"}, "gives 'other' as falcon.tensor_data_layout"),
        ("stablelm", {"stablelm.use_parallel_residual": 1}, "gives 1 as stablelm.use_parallel_residual"),
        ("qwen3moe", {"qwen3moe.expert_weights_norm": False}, "gives False as qwen3moe.expert_weights_norm"),
        ("gemma3", {"gemma3.attention.layer_norm_rms_epsilon": None}, "attention.layer_norm_rms_epsilon"),
    ],
)
def test_a_setting_that_is_not_known_or_makes_no_sense_is_refused_by_name(case, tmp_path, name, metadata, says):
    path = changed(case(name)[0], tmp_path / "m.gguf", metadata)
    with pytest.raises(ModelError) as caught:
        to_checkpoint(path, tmp_path / "again", ignore_progress)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    "name", ["rope_freqs.weight", "blk.0.attn_q_norm.weight", "blk.01.attn_norm.weight", "../x.weight"]
)
def test_a_tensor_that_the_family_does_not_have_is_refused_by_name(case, tmp_path, name):
    path = changed(case("gptneox")[0], tmp_path / "m.gguf", tensors={name: np.ones(8, np.float32)})
    with pytest.raises(ModelError, match="has weights that its family, 'gptneox', is not known to have: ") as caught:
        to_checkpoint(path, tmp_path / "again", ignore_progress)
    assert repr(name) in str(caught.value)


def test_a_file_without_an_embedding_is_refused(case, tmp_path):
    path = changed(case("gpt2")[0], tmp_path / "m.gguf", tensors={"token_embd.weight": None})
    with pytest.raises(ModelError, match="has no embedding"):
        families.config_of(GgufFile.open(path))


def test_weights_that_are_no_numbers_are_refused(case, tmp_path):
    bad = np.full((384, 64), np.nan, np.float32)
    path = changed(case("gpt2")[0], tmp_path / "m.gguf", tensors={"token_embd.weight": bad})
    with pytest.raises(ModelError, match=r"token_embd\.weight has weights that are not numbers"):
        to_checkpoint(path, tmp_path / "again", ignore_progress)


@pytest.mark.parametrize(
    ("layers", "scale"), [(2, 16), (46, 4)]
)  # llama.cpp, src/models/gemma2.cpp: 46 layers are the 27B's
def test_gemma_27b_has_a_scale_of_its_own(monkeypatch, case, layers, scale):
    file = GgufFile.open(case("gemma2")[0])
    settings = family_settings.Settings(file)
    monkeypatch.setattr(family_settings.Settings, "layers", layers)
    settings._metadata = {**file.metadata, "gemma2.attention.head_count": 16}
    assert family_configs.gemma2(settings)["query_pre_attn_scalar"] == scale


def test_the_config_says_float16_and_what_ends_an_answer(case, tmp_path):
    path = changed(case("gpt2")[0], tmp_path / "m.gguf", {"tokenizer.ggml.eot_token_id": 7})
    to_checkpoint(path, tmp_path / "again", ignore_progress)
    for name in ("config.json", "generation_config.json"):
        assert json.loads((tmp_path / "again" / name).read_text())["eos_token_id"] == [0, 7]
    assert json.loads((tmp_path / "again" / "config.json").read_text())["dtype"] == "float16"
