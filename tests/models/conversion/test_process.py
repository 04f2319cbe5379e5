"""A checkpoint becomes a model that runs, by Optimum Intel in a child process, with its progress told."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from checkpoint_factory import KINDS
from warm_conversions import converting

from dolly_widget import models
from dolly_widget.engines.loading import load_engine
from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.info import ModelInfo
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.jobs import Job
from dolly_widget.runtime.progress import STAGES
from dolly_widget.sampling.params import SamplingParams

LIMIT_S = 240
GREEDY = SamplingParams(max_new_tokens=8, temperature=0)
# In which order a conversion of files that are here passes its stages.
LOCAL_STAGES = ["plan", "load", "export", "compress", "write", "check"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A store that the tests of this module share: each conversion takes seconds."""
    directory = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOLLY_WIDGET_CACHE", str(directory))
        yield directory


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def converted(cache, checkpoint):
    """``converted(kind, weight_format)``: its directory, and the reports that its conversion gave; made once."""
    made = {}

    def convert(kind, weight_format="int8", **options):
        key = (kind, str(weight_format), *options.items())
        if key not in made:
            way = in_a_child if key == ("dolly", "int8") else warm
            made[key] = way(checkpoint(kind, **options), weight_format)
        return made[key]

    with converting() as warm:
        yield convert


def in_a_child(directory, weight_format):
    """As a user's is, which the warm ones are not."""
    reports = []
    return models.resolve(directory, weight_format, on_progress=reports.append), reports


def answer(model_dir):
    engine = load_engine(model_dir, device="CPU")
    try:
        return engine, engine.generate(engine.template.render("Where do the sheep sleep?"), GREEDY)
    finally:
        engine.close()


def stages(reports):
    """Names of the stages in the order in which they came, each change once."""
    names = [report.stage for report in reports]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


# What comes out


@pytest.mark.parametrize("kind", KINDS)
def test_every_shape_becomes_a_model_that_answers(converted, kind):
    model_dir, reports = converted(kind)
    engine, result = answer(model_dir)
    assert result.new_tokens > 0
    assert engine.template.name == ("chat" if kind in ("llama", "qwen", "tied") else "dolly")
    assert ModelInfo(model_dir).precision == "INT8"
    assert stages(reports) == LOCAL_STAGES
    assert (model_dir / "openvino_tokenizer.xml").is_file()
    assert (model_dir / "openvino_detokenizer.xml").is_file()


@pytest.mark.parametrize("response_token", ["### Response:", "### Response:\n"])
def test_both_spellings_of_the_response_token_are_one_id(converted, checkpoint, response_token):
    from dolly_widget.text.template import DOLLY
    from dolly_widget.text.tokenizer import Tokenizer

    model_dir, _ = converted("dolly", response_token=response_token)
    tokenizer = Tokenizer(model_dir)
    token_id = tokenizer.special_id("### Response:")
    assert token_id is not None
    assert tokenizer.encode(DOLLY.render("Hello")).count(token_id) == 1
    assert answer(model_dir)[1].new_tokens > 0


@pytest.mark.parametrize(
    "kind", ["dolly", pytest.param("llama", marks=pytest.mark.slow), pytest.param("tied", marks=pytest.mark.slow)]
)
def test_a_converted_model_says_what_pytorch_says(converted, checkpoint, kind):
    """The logits of all positions of a text, in FP16, against the checkpoint's own in float32."""
    import openvino as ov
    import torch
    from transformers import AutoModelForCausalLM

    model_dir, _ = converted(kind, "fp16")
    ids = np.arange(3, 40, dtype=np.int64)[None]
    reference = AutoModelForCausalLM.from_pretrained(checkpoint(kind))(torch.from_numpy(ids)).logits.detach().numpy()
    model = ov.Core().compile_model(str(model_dir / "openvino_model.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "beam_idx": np.zeros(1, dtype=np.int32)}
    if any("position_ids" in port.names for port in model.inputs):
        inputs["position_ids"] = np.arange(ids.shape[1], dtype=np.int64)[None]
    logits = model(inputs)["logits"]
    np.testing.assert_allclose(logits, reference, atol=0.02 * np.abs(reference).max())
    assert np.abs(reference).max() > 0.5


@pytest.mark.parametrize(
    ("weight_format", "precision", "most_bytes_per_weight"),
    [
        (WeightFormat("fp16"), "FP16", 2.1),
        (WeightFormat("int8"), "INT8", 1.2),
        (WeightFormat("int4"), "INT4", 1.0),
        (WeightFormat("int4", group_size=32), "INT4", 1.0),
        (WeightFormat("int4", ratio=0.5), "INT8", 1.2),
    ],
    ids=str,
)
def test_every_weight_format_is_what_it_says(converted, weight_format, precision, most_bytes_per_weight):
    model_dir, _ = converted("dolly", weight_format)
    info = ModelInfo(model_dir)
    assert info.precision == precision
    assert info.size_bytes / info.parameters < most_bytes_per_weight
    assert str(weight_format) in model_dir.name
    assert answer(model_dir)[1].new_tokens > 0


def test_smaller_formats_are_smaller_and_settings_take_effect(converted):
    sizes = [
        ModelInfo(converted("dolly", weight_format)[0]).size_bytes
        for weight_format in (
            WeightFormat("fp16"),
            WeightFormat("int8"),
            WeightFormat("int4", ratio=0.5),
            WeightFormat("int4", group_size=32),
            WeightFormat("int4"),
        )
    ]
    assert sizes == sorted(set(sizes), reverse=True)


def test_the_manifest_tells_where_a_model_is_from_and_what_made_it(converted, checkpoint):
    model_dir, _ = converted("dolly")
    entry = next(entry for entry in store.entries() if entry.path == model_dir)
    assert entry.model_id == str(checkpoint("dolly").resolve())
    assert entry.weight_format == "int8"
    assert entry.manifest["licence"] == "MIT"
    assert entry.damaged() == ()
    assert {"dolly-widget", "openvino", "optimum-intel", "transformers", "torch", "nncf"} <= set(
        entry.manifest["tools"]
    )
    assert str(model_dir.parent) not in (model_dir / "config.json").read_text()


def test_nothing_but_the_model_is_in_the_store(converted, cache):
    model_dir, _ = converted("dolly")
    assert not list((cache / "models" / ".making").glob("*"))
    assert not list(model_dir.glob("*/"))


# Progress


def test_progress_tells_the_needs_before_anything_starts(converted):
    _, reports = converted("dolly")
    needs = [report for report in reports if report.message]
    assert len(needs) == 1
    assert needs[0].stage == "plan"
    assert "This needs" in needs[0].message
    assert " are free" in needs[0].message
    assert "pickle" not in needs[0].message


@pytest.mark.parametrize("kind", ["pickled", "pickled_sharded"])
def test_a_pickle_is_announced(converted, kind):
    _, reports = converted(kind)
    assert any("pickle" in report.message and "weights-only" in report.message for report in reports)


def test_loading_and_compressing_have_fractions_that_grow_to_one(converted):
    _, reports = converted("dolly")
    for stage in ("load", "compress"):
        fractions = [report.fraction for report in reports if report.stage == stage and report.fraction is not None]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
    assert {report.stage for report in reports} <= set(STAGES)


# Once


def test_what_is_converted_is_found_at_once_and_not_converted_again(converted, checkpoint):
    model_dir, _ = converted("dolly")
    reports = []
    assert models.find(checkpoint("dolly")) == model_dir
    assert models.resolve(checkpoint("dolly"), on_progress=reports.append) == model_dir
    assert reports == []
    assert models.resolve(model_dir) == model_dir
    assert models.find(checkpoint("dolly"), WeightFormat("int4", ratio=0.25)) is None


def test_a_changed_checkpoint_is_converted_anew(own_cache, checkpoint, tmp_path):
    import shutil

    copy = shutil.copytree(checkpoint("dolly"), tmp_path / "copy")
    first = models.resolve(copy)
    (copy / "generation_config.json").write_text('{"eos_token_id": 7}')
    assert models.find(copy) is None
    second = models.resolve(copy)
    assert first != second
    assert 7 in ModelInfo(second).end_ids
    assert len(store.entries()) == 2


RESOLVE = """
import sys
from dolly_widget import models
stages = []
path = models.resolve(sys.argv[1], on_progress=lambda report: stages.append(report.stage))
print(path, "export" in stages, "torch" in sys.modules)
"""


def test_two_processes_convert_once_and_both_get_the_model(own_cache, checkpoint):
    command = [sys.executable, "-c", RESOLVE, str(checkpoint("dolly"))]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=LIMIT_S)[0].split() for process in processes]
    assert outputs[0][0] == outputs[1][0] == str(store.entries()[0].path)
    assert sorted(converted for _, converted, _ in outputs) == ["False", "True"]
    assert [has_torch for *_, has_torch in outputs] == ["False", "False"]


# Stopping


@pytest.mark.parametrize("stage", ["plan", "load", "export", "compress"])
def test_stopping_ends_it_at_once_and_changes_nothing(own_cache, checkpoint, stage):
    import psutil

    stop = threading.Event()
    seen = []

    def on_progress(progress):
        seen.append(progress.stage)
        if progress.stage == stage:
            stop.set()

    with pytest.raises(ModelError, match="was stopped; nothing was changed"):
        models.resolve(checkpoint("dolly"), on_progress=on_progress, stop=stop)
    assert seen[-1] == stage
    assert store.entries() == ()
    assert not list((own_cache / "models" / ".making").glob("*"))
    assert not [
        child for child in psutil.Process().children() if "dolly_widget.models.conversion.child" in child.cmdline()
    ]


def test_an_exception_of_the_listener_ends_it_and_comes_out(own_cache, checkpoint):
    def on_progress(progress):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        models.resolve(checkpoint("dolly"), on_progress=on_progress)
    assert not list((own_cache / "models" / ".making").glob("*"))


def test_another_thread_can_stop_it(own_cache, checkpoint):
    begun = threading.Event()
    directory = checkpoint("dolly")
    job = Job(lambda stop: models.resolve(directory, on_progress=lambda _: begun.set(), stop=stop))
    assert begun.wait(LIMIT_S)
    job.stop()
    with pytest.raises(ModelError, match="stopped"):
        job.wait(LIMIT_S)
