"""A model that was made is compared in every engine: what OpenVINO GenAI computes wrongly is found, and run rightly."""

import functools
import shutil

import numpy as np
import pytest
from family_models import make_family
from lens_files import echo
from real_engines import start
from warm_conversions import converting

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.errors import ModelError
from dolly_widget.models import attention
from dolly_widget.models.conversion import verification
from dolly_widget.models.conversion.verification import verify
from dolly_widget.models.entry import MANIFEST
from dolly_widget.models.info import ModelInfo
from dolly_widget.runtime import ignore_progress
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import PLAIN

EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}
TEXT = "Where do the electric sheep sleep? They sleep where"
GREEDY = SamplingParams(max_new_tokens=12, temperature=0)
SDPA_SENTENCE = 'OpenVINO GenAI computes this model rightly with its attention backend "SDPA" only, which it will use.'
WRONG_WITH_PAGED_ATTENTION = pytest.mark.parametrize(
    "family", ["mpt", "falcon (alibi)", pytest.param("gpt_neo", marks=pytest.mark.slow)]
)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """``converted(family)``: its checkpoint, its directory in the store, and the reports; made once."""
    with pytest.MonkeyPatch.context() as patch, converting() as convert:
        patch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path_factory.mktemp("cache")))

        @functools.cache
        def make(family):
            checkpoint = make_family(family, tmp_path_factory.mktemp("families") / "checkpoint")
            return checkpoint, *convert(checkpoint, "fp16")

        yield make


def of_transformers(checkpoint):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(checkpoint)(TEXT, return_tensors="pt")
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    text = model.generate(**ids, max_new_tokens=GREEDY.max_new_tokens, do_sample=False, pad_token_id=0)
    return tuple(text[0, ids.input_ids.shape[1] :].tolist())


def of_genai(model_dir, **properties):
    engine = start(GenAIEngine, model_dir, ov_config=EXACT | properties)
    try:
        return engine.generate(PLAIN.render(TEXT), GREEDY).token_ids
    finally:
        engine.close()


@WRONG_WITH_PAGED_ATTENTION
def test_genai_says_what_transformers_says(converted, family):
    checkpoint, model_dir, reports = converted(family)
    assert of_genai(model_dir) == of_transformers(checkpoint)
    assert ModelInfo(model_dir).entry.manifest["genai_attention"] == "SDPA"
    assert [report.message for report in reports if report.stage == "check" and report.message] == [SDPA_SENTENCE]


@WRONG_WITH_PAGED_ATTENTION
def test_the_check_finds_it_without_knowing_the_family(converted, family, monkeypatch):
    monkeypatch.setattr(attention, "_is_sdpa_only", lambda config: False)
    assert verify(converted(family)[1], ignore_progress) == "SDPA"


def test_files_of_somebody_else_are_run_by_their_family(converted, tmp_path):
    checkpoint, model_dir, _ = converted("mpt")
    theirs = shutil.copytree(model_dir, tmp_path / "theirs")
    (theirs / MANIFEST).unlink()
    assert of_genai(theirs) == of_transformers(checkpoint)


def test_a_backend_that_is_wrong_is_refused_and_the_right_one_may_be_named(converted):
    checkpoint, model_dir, _ = converted("mpt")
    with pytest.raises(ValueError, match=r"wrongly with ATTENTION_BACKEND='PA': leave it out of ov_config\.$"):
        of_genai(model_dir, ATTENTION_BACKEND="PA")
    assert of_genai(model_dir, ATTENTION_BACKEND="SDPA") == of_transformers(checkpoint)


def test_a_model_that_is_right_takes_either_backend(demo_dir):
    usual, paged, plain = (
        of_genai(demo_dir, **properties)
        for properties in ({}, {"ATTENTION_BACKEND": "PA"}, {"ATTENTION_BACKEND": "SDPA"})
    )
    assert usual == paged == plain != ()
    with pytest.raises(ValueError, match=r"^ATTENTION_BACKEND must be 'PA' or 'SDPA', not 'FAST': correct it in ov_co"):
        of_genai(demo_dir, ATTENTION_BACKEND="FAST")


def test_a_model_that_is_right_is_told_nothing_about(demo_dir):
    reports = []
    assert verify(demo_dir, reports.append) == "default"
    assert reports == []


@pytest.mark.parametrize("written", [[], [5] * 16], ids=["cannot be run", "wrong"])
def test_what_genai_computes_in_no_way_is_for_optimum(demo_dir, monkeypatch, written):
    reports = []
    monkeypatch.setattr(verification, "_continue", lambda *arguments: written)
    assert verify(demo_dir, reports.append) == "none"
    (report,) = reports
    assert report.message.startswith("OpenVINO GenAI computes this model wrongly, or not at all: run it with engine=")


def test_near_ties_are_right(demo_dir, monkeypatch):
    """Engines add in other orders: of two tokens that are nearly as likely, either may come."""
    judge = verification._Judge(demo_dir)
    logits = np.zeros((3, 10), dtype=np.float32)
    logits[:, 3], logits[:, 4], logits[:, 5] = 10, 9.99, 9
    monkeypatch.setattr(judge, "_read", lambda ids, start: logits)
    assert judge.agrees([1], [3, 4])
    assert not judge.agrees([1], [3, 5])
    assert not judge.agrees([1], [])


def test_the_text_leaves_a_window_that_is_not_too_long(demo_dir, monkeypatch):
    def length(**config):
        info = ModelInfo(demo_dir)
        monkeypatch.setattr(ModelInfo, "config", config)
        return len(verification._prompt(info))

    assert length() == length(sliding_window=4096) == 32
    assert length(sliding_window=200) == length(window_size=200) == 232
    assert length(max_position_embeddings=20) == 4


def test_numbers_that_are_none_are_refused(demo_dir, tmp_path):
    broken = echo(demo_dir, tmp_path / "broken", added=dict.fromkeys(range(4096), np.nan)).model.directory
    with pytest.raises(ModelError, match=r"computes infinite numbers, or none \(NaN\); nothing was stored"):
        verify(broken, ignore_progress)


def test_a_cache_that_changes_the_numbers_is_refused(demo_dir, tmp_path, monkeypatch):
    """Of this graph, what follows a token depends on how many are read at once."""
    import openvino as ov
    from openvino import opset13 as ops

    model_dir = echo(demo_dir, tmp_path / "counting").model.directory
    ids = ops.parameter([-1, -1], np.int64, name="input_ids")
    ids.output(0).set_names({"input_ids"})
    one_hot = ops.one_hot(ids, ops.constant(4096), ops.constant(np.float32(1)), ops.constant(np.float32(0)), axis=-1)
    count = ops.convert(ops.gather(ops.shape_of(ids), ops.constant(1), ops.constant(0)), np.float32)
    logits = ops.multiply(one_hot, count)
    logits.output(0).set_names({"logits"})
    ov.save_model(ov.Model([logits], [ids], "counting"), model_dir / "openvino_model.xml")
    monkeypatch.setattr(verification, "_continue", lambda *arguments: [])
    with pytest.raises(ModelError, match="goes on from its cache with other numbers than it computes from the whole"):
        verify(model_dir, ignore_progress)


def test_what_cannot_be_run_is_refused(demo_dir, tmp_path):
    broken = shutil.copytree(demo_dir, tmp_path / "broken")
    (broken / "openvino_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="OpenVINO cannot load the model that was made; nothing was stored"):
        verify(broken, ignore_progress)
