"""GGUF files of families that need PyTorch, converted: the OpenVINO model writes what the checkpoint's would."""

import importlib.util
import os
import shutil

import pytest
from gguf_checkpoints import CASES, changed, make_gguf

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import exporters, needs, worker
from dolly_widget.models.gguf import conversion
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.progress import ignore_progress

# Dolly's own family. The others take five seconds each.
QUICK = ("gptneox",)
NEEDS_EXPORTER = {"gemma", "gemma2", "gemma3", "gemma3 (long)"}
NEW_TOKENS = 16


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    for name, value in worker.QUIET.items():
        monkeypatch.setenv(name, value)


def greedy(checkpoint, ids):
    """What transformers writes after ``ids``."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    prompt = torch.tensor([ids])
    done = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    return done[0, len(ids) :].tolist()


def written(model_dir, ids):
    """What OpenVINO GenAI writes after ``ids``, in full precision."""
    import numpy as np
    import openvino as ov
    import openvino_genai as genai

    pipeline = genai.LLMPipeline(str(model_dir), "CPU", EXECUTION_MODE_HINT="ACCURACY")
    config = genai.GenerationConfig()
    config.max_new_tokens, config.ignore_eos, config.apply_chat_template = NEW_TOKENS, True, False
    prompt = np.array([ids], dtype=np.int64)
    return list(
        pipeline.generate(genai.TokenizedInputs(ov.Tensor(prompt), ov.Tensor(np.ones_like(prompt))), config).tokens[0]
    )


def check(name, directory, weight_format="fp16"):
    path, checkpoint = make_gguf(name, directory)
    staging = directory / "staging"
    staging.mkdir()
    tools = conversion.convert(path, staging, WeightFormat.of(weight_format), ignore_progress)
    assert "gguf" in tools
    assert not [each for each in staging.iterdir() if each.is_dir()]
    ids = [(7 * i) % 257 for i in range(40)]
    assert written(staging, ids) == greedy(checkpoint, ids)


@pytest.mark.parametrize("name", QUICK)
def test_the_converted_model_writes_what_transformers_writes(tmp_path, name):
    check(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CASES if name not in QUICK])
def test_every_family_writes_what_transformers_writes(tmp_path, name):
    """Those of Gemma with the exporter that they need, from the package index where it is not in the cache yet."""
    if name in NEEDS_EXPORTER:
        exporters.install(exporters.EXPORTERS[0], ignore_progress)
    check(name, tmp_path)


def test_an_exporter_that_is_missing_is_told_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    path, _ = make_gguf("gemma", tmp_path)
    (tmp_path / "staging").mkdir()
    with pytest.raises(ModelError, match=r"model.gguf has the type 'gemma', .* --install-exporter` once"):
        conversion.convert(path, tmp_path / "staging", WeightFormat(), ignore_progress)
    assert os.listdir(tmp_path / "staging") == []


@pytest.mark.parametrize("missing", ["torch", "optimum"])
def test_packages_that_are_missing_are_named_before_any_work(tmp_path, monkeypatch, missing):
    path, _ = make_gguf("gpt2", tmp_path)
    (tmp_path / "staging").mkdir()
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find_spec(name))
    with pytest.raises(ModelError) as caught:
        conversion.convert(path, tmp_path / "staging", WeightFormat(), ignore_progress)
    assert str(caught.value) == (
        f"{path} is of the family 'gpt2', whose GGUF files are converted with PyTorch: run "
        '`python -m pip install "dolly-widget[optimum]"`, or give a file of llama, qwen2, qwen3.'
    )
    assert os.listdir(tmp_path / "staging") == []


def test_a_disk_that_is_too_small_is_told_before_any_work(tmp_path, monkeypatch):
    path, _ = make_gguf("gpt2", tmp_path)
    (tmp_path / "staging").mkdir()
    monkeypatch.setattr(needs, "free_for", lambda directory: needs.Free(100_000, 64e9))
    with pytest.raises(ModelError, match=r"The disk is too full: this needs .* of disk"):
        conversion.convert(path, tmp_path / "staging", WeightFormat(), ignore_progress)
    assert os.listdir(tmp_path / "staging") == []


def test_weights_that_lack_a_tensor_are_refused_by_its_name(tmp_path):
    path, _ = make_gguf("gpt2", tmp_path)
    cut = changed(path, tmp_path / "cut.gguf", tensors={"blk.1.ffn_norm.weight": None})
    (tmp_path / "staging").mkdir()
    with pytest.raises(ModelError, match=r"transformer\.h\.1\.ln_2\.weight is missing"):
        conversion.convert(cut, tmp_path / "staging", WeightFormat(), ignore_progress)
    shutil.rmtree(tmp_path / "staging")
