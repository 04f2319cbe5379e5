"""A type that the installed transformers cannot export: which version can, how it comes here, and the export with it.

The versions are stood in for: by a `pip` and a `transformers` that come first on the path of the processes.
"""

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from checkpoint_factory import SIZES, SPREAD, change_config
from hub_server import HubServer

from dolly_widget import models
from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import checkpoints, child, exporters, making
from dolly_widget.models.conversion.exporters import EXPORTERS, Exporter
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.jobs import Job

LIMIT_S = 240
INSTALLED = importlib.metadata.version("transformers")
GEMMA = {"model_type": "gemma", "architectures": ["GemmaForCausalLM"]}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def ignore(progress):
    pass


def leftovers(cache):
    return [path for path in (cache / "exporters").glob("*") if path.name != ".lock"]


# Which one


@pytest.mark.parametrize("model_type", ["gpt_neox", "llama", "qwen3", "mistral", "gpt2"])
def test_what_the_installed_transformers_exports_needs_no_other(model_type):
    assert exporters.choose("some/model", {"model_type": model_type}) is None


@pytest.mark.parametrize(
    ("model_type", "version"),
    [
        *(
            (model_type, "4.57.6")
            for model_type in ("gemma", "gemma2", "gemma3_text", "glm", "mamba", "lfm2", "exaone4", "qwen3_next")
        ),
        ("qwen3_5_text", "5.2.0"),
        ("lfm2_moe", "5.2.0"),
    ],
)
def test_another_type_has_the_first_version_that_fits(model_type, version):
    assert exporters.choose("some/model", {"model_type": model_type}).version == version


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({"model_type": "deepseek_v3"}, "only with transformers 4.53.3 or older and the model's own code"),
        ({"model_type": "deepseek_v2"}, "only with transformers 4.53.3 or older and the model's own code"),
        (
            {"model_type": "gemma4_text"},
            "with no version of transformers: it asks for at least 5.5, and for at most 5.0",
        ),
        ({"model_type": "gemma3n_text"}, "only with transformers 5.0, which is not offered here"),
        ({"model_type": "nonesuch"}, "'nonesuch', which Optimum Intel"),
        ({"model_type": "baichuan", "auto_map": {}}, "needs custom code for its type, 'baichuan'"),
        ({}, "has a config.json without a model_type"),
        ({"model_type": None}, "has a config.json without a model_type"),
    ],
)
def test_what_nothing_can_export_is_refused_by_name_with_the_reason(config, part):
    with pytest.raises(ModelError, match=r"^some/model .*\.$") as refused:
        exporters.choose("some/model", config)
    assert part in str(refused.value)


def test_every_type_that_optimum_knows_is_decided_as_optimum_decides():
    """What is chosen is within the bounds that the export checks at its end; what is refused is out of them."""
    from optimum.exporters.tasks import TasksManager
    from packaging.version import Version

    decided = 0
    for model_type, supported in TasksManager._SUPPORTED_MODEL_TYPE.items():
        config = supported.get("openvino", {}).get("text-generation-with-past")
        if config is None:
            continue
        try:
            exporter = exporters.choose("some/model", {"model_type": model_type})
        except ModelError:
            continue
        version = Version(INSTALLED if exporter is None else exporter.version)
        bounds = [getattr(config.func, f"{end}_TRANSFORMERS_VERSION", None) for end in ("MIN", "MAX")]
        assert bounds[0] is None or version >= Version(str(bounds[0]))
        assert bounds[1] is None or version <= Version(str(bounds[1]))
        decided += 1
    assert decided > 50


def test_the_refusal_says_what_to_run_and_what_it_costs(cache):
    with pytest.raises(ModelError) as refused:
        making.require_support("google/gemma-2b", GEMMA, False, ignore)
    assert str(refused.value) == (
        f"google/gemma-2b has the type 'gemma', which is exported with transformers 4.57.6, not with the installed "
        f"{INSTALLED}: run `dolly-widget convert google/gemma-2b --install-exporter` once, which adds transformers "
        "4.57.6 (about 70.0 MB) to the cache for models of such types, and leaves your environment as it is."
    )
    assert not cache.exists()


def test_a_directory_is_quoted_in_the_command(cache):
    with pytest.raises(ModelError, match="dolly-widget convert '/my models/gemma' --install-exporter"):
        making.require_support("/my models/gemma", GEMMA, False, ignore)


def test_a_type_that_needs_another_version_is_refused_before_its_weights_are_downloaded(
    checkpoint, tmp_path, monkeypatch
):
    directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / "gemma"))
    change_config(directory, **GEMMA)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub" / "hub"))
    with HubServer({"lab/gemma": directory}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(ModelError, match=r"^lab/gemma has the type 'gemma'.*--install-exporter"):
            child.prepare("lab/gemma", WeightFormat(), "main", ignore)
        assert not [request for request in hub.requests if "safetensors" in request or "tokenizer" in request]


# How it comes here

FAKE_PIP = """
import json, os, sys
from pathlib import Path
target = Path(sys.argv[sys.argv.index("--target") + 1])
Path(os.environ["PIP_CALLS"]).open("a").write(json.dumps(sys.argv) + chr(10))
(target / "transformers").mkdir()
exec(os.environ.get("PIP_DOES", ""))
(target / "transformers" / "__init__.py").write_text("")
"""


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """What `python -m pip` was called with: it is one that needs no network, and does what PIP_DOES says."""
    (tmp_path / "path" / "pip").mkdir(parents=True)
    (tmp_path / "path" / "pip" / "__init__.py").touch()
    (tmp_path / "path" / "pip" / "__main__.py").write_text(FAKE_PIP)
    paths = [str(tmp_path / "path"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setenv("PIP_CALLS", str(tmp_path / "calls"))
    return lambda: [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def test_an_exporter_is_installed_once_without_what_it_depends_on(pip, cache):
    reports = []
    exporter = EXPORTERS[0]
    assert not exporter.is_installed
    for _ in range(2):
        assert exporters.install(exporter, reports.append) == cache / "exporters" / "transformers-4.57.6"
    assert exporter.is_installed
    (call,) = pip()
    assert set(call) > {"install", "--no-deps", "--only-binary=:all:", *exporter.packages}
    assert leftovers(cache) == [exporter.directory]
    assert str(reports[0]).endswith("transformers 4.57.6, about 70.0 MB.")
    making.require_support("google/gemma-2b", GEMMA, False, ignore)


def test_what_pip_says_is_told_and_nothing_is_left(pip, cache, monkeypatch):
    fail = "sys.exit('ERROR: No matching distribution found for transformers==4.57.6')"
    monkeypatch.setenv("PIP_DOES", fail)
    with pytest.raises(ModelError) as refused:
        exporters.install(EXPORTERS[0], ignore)
    assert str(refused.value).startswith(
        "transformers 4.57.6 cannot be installed (No matching distribution found for transformers==4.57.6): check"
    )
    assert "\n" not in str(refused.value)
    assert leftovers(cache) == []
    monkeypatch.delenv("PIP_DOES")
    assert exporters.install(EXPORTERS[0], ignore).is_dir()


def test_without_pip_it_is_said_how_to_get_it(monkeypatch, cache):
    monkeypatch.setattr(exporters.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="has no pip: run `python -m ensurepip`"):
        exporters.install(EXPORTERS[0], ignore)
    assert not cache.exists()


def test_what_a_killed_installation_has_left_is_removed(pip, cache):
    (cache / "exporters" / ".making-x" / "transformers").mkdir(parents=True)
    (cache / "exporters" / "transformers-4.57.6").mkdir()  # without what makes it whole
    assert not EXPORTERS[0].is_installed
    exporters.sweep()
    assert not (cache / "exporters" / ".making-x").exists()
    assert exporters.install(EXPORTERS[0], ignore) == EXPORTERS[0].directory
    assert EXPORTERS[0].is_installed


# The export with it

FAKE_TRANSFORMERS = """
import os, sys
from pathlib import Path
exec(Path(__file__).with_name("before.py").read_text())
here = str(Path(__file__).parents[1])
sys.path.remove(here)
del sys.modules["transformers"]
import transformers
"""


@pytest.fixture
def exporter(monkeypatch):
    """``exporter(before, version)``: an installed one, which does ``before`` and is then the transformers of here."""

    def make(before, version=INSTALLED):
        made = Exporter(version, (), 0)
        package = made.directory / "transformers"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(FAKE_TRANSFORMERS)
        (package / "before.py").write_text(before)
        return made

    return make


def convert(checkpoint, staging, exporter, reports):
    staging.mkdir()
    found = checkpoints.inspect(checkpoint)
    return making.convert_checkpoint("my model", found, staging, WeightFormat("fp16"), exporter, reports.append)


def test_the_export_runs_in_a_process_with_that_version_first(checkpoint, exporter, tmp_path):
    proof, reports = tmp_path / "proof", []
    made = exporter(f"Path({str(proof)!r}).write_text(sys.argv[0])")
    others = convert(checkpoint("dolly"), tmp_path / "staging", made, reports)
    assert others == {"transformers": INSTALLED}
    assert Path(proof.read_text()).name in ("-m", "exporting.py")
    assert {"load", "export"} <= {report.stage for report in reports}
    names = {path.name for path in (tmp_path / "staging").iterdir()}
    assert {"openvino_model.xml", "openvino_model.bin", "config.json", "tokenizer.json"} <= names
    assert "checkpoint" not in names


@pytest.mark.parametrize(
    ("before", "version", "part"),
    [
        ("os.kill(os.getpid(), 9)", INSTALLED, "was killed by SIGKILL (often because of too little memory); nothing"),
        (
            "sys.exit('the cause')",
            INSTALLED,
            "ended with exit code 1; nothing was stored. The end of its log:\nthe cause",
        ),
        ("", "4.57.6", f"Python finds transformers {INSTALLED} in "),
    ],
    ids=["killed", "crashed", "another version"],
)
def test_what_goes_wrong_there_is_told_here(checkpoint, exporter, tmp_path, before, version, part):
    with pytest.raises(ModelError) as refused:
        convert(checkpoint("dolly"), tmp_path / "staging", exporter(before, version), [])
    assert part in str(refused.value)


def test_weights_that_do_not_fit_are_refused_there_too(checkpoint, exporter, tmp_path):
    from safetensors.torch import load_file, save_file

    directory = Path(shutil.copytree(checkpoint("dolly"), tmp_path / "copy"))
    weights = load_file(directory / "model.safetensors")
    del weights["embed_out.weight"]
    save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"^my model \(type 'gpt_neox'\) .* \(embed_out\.weight is missing\)"):
        convert(directory, tmp_path / "staging", exporter(""), [])


@pytest.fixture
def standing(checkpoint, exporter, tmp_path):
    """A checkpoint whose export never ends, and a function that waits for it to begin and returns its process."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no os.mkfifo: the test waits at a named pipe until the export has begun")
    directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / "gemma"))
    change_config(directory, **GEMMA)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    exporter(f"Path({str(pipe)!r}).write_text(str(os.getpid()))\nimport signal\nsignal.pause()", "4.57.6")
    return directory, lambda: psutil.Process(int(pipe.read_text()))


def test_stopping_ends_the_export_too(standing, cache):
    directory, begun = standing
    stop = threading.Event()
    job = Job(lambda _: models.resolve(directory, stop=stop))
    process = begun()
    stop.set()
    with pytest.raises(ModelError, match="was stopped; nothing was changed"):
        job.wait(LIMIT_S)
    assert psutil.wait_procs([process], timeout=LIMIT_S)[1] == []
    assert store.entries() == ()


KERNEL = "import sys; from dolly_widget import models; models.resolve(sys.argv[1])"


@pytest.mark.parametrize("victim", ["kernel", pytest.param("child", marks=pytest.mark.slow)])
def test_the_export_does_not_outlive_who_asked_for_it(standing, victim):
    directory, begun = standing
    kernel = subprocess.Popen([sys.executable, "-c", KERNEL, directory], stderr=subprocess.DEVNULL)
    process = begun()
    (kernel if victim == "kernel" else process.parent()).send_signal(signal.SIGKILL)
    kernel.wait()
    assert psutil.wait_procs([process], timeout=LIMIT_S)[1] == []


# The real ones


@pytest.mark.slow
@pytest.mark.parametrize(("family", "version"), [("Gemma", "4.57.6"), ("Qwen3_5", "5.2.0")])
def test_a_model_of_such_a_type_is_converted_and_says_what_pytorch_says(tmp_path, checkpoint, family, version):
    """Needs the package index. The rotary base is not the usual one, which version 4 would take where it reads none."""
    import torch
    import transformers

    from dolly_widget import SamplingParams, load_engine
    from dolly_widget.text import PLAIN

    special = {
        "Gemma": {"head_dim": 16, "num_key_value_heads": 2},
        "Qwen3_5": {
            **{"head_dim": 16, "num_key_value_heads": 2, "linear_num_value_heads": 4, "linear_num_key_heads": 2},
            **{"linear_key_head_dim": 16, "linear_value_head_dim": 16},
            "layer_types": ["linear_attention", "full_attention"],
        },
    }[family]
    config_class = getattr(transformers, {"Qwen3_5": "Qwen3_5TextConfig"}.get(family, f"{family}Config"))
    rope = {"rope_type": "default", "rope_theta": 500.0}
    config = config_class(
        **SIZES, **SPREAD, **special, vocab_size=384, intermediate_size=128, pad_token_id=0, rope_parameters=rope
    )
    torch.manual_seed(1)
    model = getattr(transformers, f"{family}ForCausalLM")(config).half().float().eval()
    directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / family))
    (directory / "generation_config.json").unlink()
    model.save_pretrained(directory)
    with pytest.raises(ModelError, match="--install-exporter"):
        models.resolve(directory, "fp16")
    made = models.resolve(directory, "fp16", install_exporter=True)
    assert json.loads((made / "dolly_widget.json").read_text())["tools"]["transformers"] == version
    exact = {"EXECUTION_MODE_HINT": "ACCURACY"}
    engine = load_engine(directory, device="CPU", weight_format="fp16", ov_config=exact)
    prompt = PLAIN.render("Where do the electric sheep sleep?")
    ids = torch.tensor([engine.model.tokenizer.encode(prompt)])
    expected = model.generate(ids, max_new_tokens=12, do_sample=False, pad_token_id=0, eos_token_id=None)
    result = engine.generate(prompt, SamplingParams(temperature=0, max_new_tokens=12))
    count = len(result.token_ids)
    assert count >= 1
    assert list(result.token_ids) == expected[0, ids.shape[1] :].tolist()[:count]
