"""Whatever goes wrong with a download or a conversion is told in one sentence, and leaves the store as it was."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from checkpoint_factory import WRONG_KINDS
from hub_server import Hold, HubServer

from dolly_widget import models
from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import child, making
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.jobs import Job

LIMIT_S = 240
SLOW = {"marks": pytest.mark.slow}  # a quarter of a minute each
STAGES = ("plan", "load", "export", "compress", "write", "check")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def broken(checkpoint, tmp_path):
    """``broken(kind)``: a copy of a checkpoint, to break."""
    return lambda kind: Path(shutil.copytree(checkpoint(kind), tmp_path / f"my {kind}"))


def conversions():
    """The child processes that are at work for this one."""
    children = psutil.Process().children()
    return [child for child in children if is_conversion(child)]


def is_conversion(process):
    try:
        return "dolly_widget.models.conversion.child" in process.cmdline()
    except psutil.Error:  # it has ended
        return False


def leftovers(cache):
    return [path for path in (cache / "models" / ".making").rglob("*") if path.is_file()]


# Bad input


def drop(name):
    return lambda directory: (directory / name).unlink()


def cut(name, share):
    def cut_file(directory):
        content = (directory / name).read_bytes()
        (directory / name).write_bytes(content[: int(len(content) * share)])

    return cut_file


def drop_a_shard(directory):
    next(directory.glob("model-00002-*")).unlink()


def write(name, content):
    return lambda directory: (directory / name).write_bytes(content)


class Exploit:
    """What a pickle can do, where its loader lets it."""

    def __reduce__(self):
        return os.mkdir, ("exploited",)


def plant_an_exploit(directory):
    import torch

    torch.save({"embed_out.weight": Exploit()}, directory / "pytorch_model.bin")


def empty(directory):
    for path in directory.iterdir():
        path.unlink()


# kind of checkpoint, what is done to it, what the sentence says
FAULTS = {
    **{
        kind: (kind, lambda directory: None, part)
        for kind, part in zip(
            WRONG_KINDS,
            ("encoder-decoder", "images", "images", "'nonesuch'", "nonesuch", "embedding"),
            strict=True,
        )
    },
    "a missing shard": ("sharded", drop_a_shard, "lacks 1 of the"),
    "truncated safetensors": ("dolly", cut("model.safetensors", 0.9), "is truncated"),
    "a truncated header": ("dolly", cut("model.safetensors", 0.001), "is truncated"),
    "an empty file": ("dolly", cut("model.safetensors", 0), "is truncated"),
    "a truncated pickle": ("pickled", cut("pytorch_model.bin", 0.9), "is truncated"),
    "a pickle with code": ("pickled", plant_an_exploit, "contains more than weights"),
    "a pointer of Git LFS": (
        "dolly",
        write("model.safetensors", b"version https://git-lfs.github.com"),
        "git lfs pull",
    ),
    "no weights": ("dolly", drop("model.safetensors"), "no weights"),
    "no config": ("dolly", drop("config.json"), "config.json"),
    "a broken config": ("dolly", cut("config.json", 0.5), "config.json is damaged"),
    "no tokenizer": ("dolly", drop("tokenizer.json"), "no tokenizer"),
    "a broken tokenizer": ("dolly", cut("tokenizer.json", 0.5), "tokenizer.json"),
    "a directory of something else": ("dolly", empty, "does not hold a model"),
    "config and weights of two models": (
        "dolly",
        lambda directory: change_sizes(directory),
        "do not have the shapes that its config.json gives",
    ),
}


def change_sizes(directory):
    config = json.loads((directory / "config.json").read_text())
    config["hidden_size"] *= 2
    (directory / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_is_refused_in_one_sentence(broken, cache, tmp_path, monkeypatch, fault):
    kind, damage, part = FAULTS[fault]
    directory = broken(kind)
    damage(directory)
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    with pytest.raises(ModelError) as refused:
        models.resolve(directory)
    message = str(refused.value)
    assert part in message
    assert message.endswith(".")
    assert not [bad for bad in ("\n", "Traceback", ".py", ".cpp", "site-packages", "0x") if bad in message]
    assert len(message) < 450
    assert store.entries() == ()
    assert not leftovers(cache)
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before
    assert not (tmp_path / "exploited").exists()


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("", "There is no model ''"),
        ("no/such/model/at/all", "There is no model"),
        ("C:\\models\\dolly", "There is no model"),
        ("/no/such/directory", "There is no model"),
        ("https://huggingface.co/databricks/dolly-v2-3b", "There is no model"),
    ],
)
def test_what_is_neither_a_path_nor_an_id_is_refused_at_once(model, part, cache):
    with pytest.raises(ModelError, match="give 'demo', 'smollm2', a directory, a GGUF file, or the id") as refused:
        models.find(model)
    assert part in str(refused.value)
    assert not cache.exists()


def test_a_file_is_refused_with_its_directory(checkpoint):
    path = checkpoint("dolly") / "model.safetensors"
    with pytest.raises(ModelError, match="is a file: give the directory"):
        models.find(path)


def test_without_the_extra_the_command_that_brings_it_is_named(checkpoint, monkeypatch):
    monkeypatch.setattr(making.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r'python -m pip install "dolly-widget\[optimum\]"'):
        child.prepare(str(checkpoint("dolly")), WeightFormat(), "main", lambda progress: None)
    assert store.entries() == ()


def test_what_cannot_write_a_token_is_not_stored(checkpoint, demo_dir, monkeypatch):
    def make_half(checkpoint, target, weight_format, on_progress, **_):
        shutil.copytree(demo_dir, target, dirs_exist_ok=True)
        cut("openvino_model.bin", 0.5)(target)

    monkeypatch.setattr("dolly_widget.models.conversion.export.export", make_half)
    with pytest.raises(ModelError, match="OpenVINO cannot load the model that was made; nothing was stored"):
        child.prepare(str(checkpoint("dolly")), WeightFormat(), "main", lambda progress: None)
    assert store.entries() == ()


# From the hub


@pytest.fixture
def hub(checkpoint, demo_dir, tmp_path, monkeypatch):
    with HubServer({"lab/tiny-dolly": checkpoint("dolly"), "lab/tiny-ov": demo_dir}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        # Child processes read the environment; in this one, the library has read it before.
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub" / "hub"))
        yield server


def test_an_id_with_a_checkpoint_is_downloaded_and_converted(hub):
    reports = []
    assert models.find("lab/tiny-dolly") is None
    model_dir = models.resolve("lab/tiny-dolly", on_progress=reports.append)
    entry = store.entries()[0]
    assert (entry.model_id, entry.revision, entry.commit) == ("lab/tiny-dolly", "main", hub.commits["lab/tiny-dolly"])
    assert entry.path == model_dir
    downloads = [report for report in reports if report.stage == "download"]
    assert downloads[-1].fraction == 1
    assert downloads[-1].done_bytes == downloads[-1].total_bytes > 100_000
    assert any("to download" in report.message for report in reports)
    hub.requests.clear()
    assert models.resolve("lab/tiny-dolly") == models.find("lab/tiny-dolly") == model_dir
    assert hub.requests == []  # what is here is used without asking anybody


def test_an_id_with_openvino_files_is_only_downloaded(hub, demo_dir):
    reports = []
    model_dir = models.resolve("lab/tiny-ov", "int4", on_progress=reports.append)
    assert {report.stage for report in reports} == {"plan", "download", "check"}
    assert store.entries()[0].weight_format == store.PUBLISHED
    assert (model_dir / "openvino_model.bin").read_bytes() == (demo_dir / "openvino_model.bin").read_bytes()
    assert "torch" not in " ".join(hub.requests)
    shutil.rmtree(Path(os.environ["HF_HOME"]))  # emptying the hub's cache takes nothing away
    assert store.entries()[0].damaged() == ()


def test_what_else_is_in_the_hub_cache_stays_there(hub):
    entry = store.remove(models.resolve("lab/tiny-ov").name)
    snapshot = next(Path(os.environ["HF_HOME"]).glob("hub/*/snapshots/*"))
    (snapshot / "pytorch_model.bin").write_bytes(b"of another tool")
    assert models.resolve("lab/tiny-ov") == entry.path
    assert not (entry.path / "pytorch_model.bin").exists()


def test_stopping_a_download_leaves_nothing_half_fetched(hub):
    hold = hub.holds["model.safetensors"] = Hold(after=50_000)
    job = Job(lambda stop: models.resolve("lab/tiny-dolly", stop=stop))
    assert hold.reached.wait(LIMIT_S)
    assert list(Path(os.environ["HF_HOME"]).rglob("*.incomplete"))
    job.stop()
    with pytest.raises(ModelError, match="stopped; nothing was changed"):
        job.wait(LIMIT_S)
    hold.released.set()
    assert not list(Path(os.environ["HF_HOME"]).rglob("*.incomplete"))
    assert not conversions()


def test_the_download_of_openvino_files_does_not_import_torch(hub):
    code = """
import sys
from dolly_widget.models.conversion import child
from dolly_widget.models.weight_format import WeightFormat
child.prepare("lab/tiny-ov", WeightFormat(), "main", lambda progress: None)
print([name for name in ("torch", "transformers", "optimum", "nncf") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_new_commit_is_converted_when_asked_for(hub, demo_dir, tmp_path):
    first = models.resolve("lab/tiny-ov")
    changed = shutil.copytree(demo_dir, tmp_path / "changed")
    (changed / "generation_config.json").write_text('{"eos_token_id": 5}')
    hub.commit("lab/tiny-ov", changed)
    assert models.resolve("lab/tiny-ov") == first
    second = models.convert("lab/tiny-ov")
    assert second != first
    assert models.resolve("lab/tiny-ov") == models.find("lab/tiny-ov") == second
    assert models.find("lab/tiny-ov", revision=first.name.rsplit("--")[-1]) == first


def test_without_a_network_a_filled_hub_cache_is_converted(hub, monkeypatch):
    models.resolve("lab/tiny-dolly")
    for entry in store.entries():
        store.remove(entry.name)
    hub.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert models.resolve("lab/tiny-dolly").is_dir()
    assert hub.requests == []


def gate(hub):
    hub.gated.add("lab/tiny-dolly")


def take_down(hub):
    hub.errors["/main"] = 503


@pytest.mark.parametrize(
    ("model", "revision", "fault", "part"),
    [
        ("lab/unknown", None, None, "does not exist or is private"),
        ("lab/tiny-dolly", "v99", None, "no revision 'v99'"),
        ("lab/tiny-dolly", None, gate, "is gated"),
        ("lab/tiny-dolly", None, take_down, "returned error 503"),
    ],
)
def test_faults_of_the_hub_are_told_in_one_sentence(hub, cache, model, revision, fault, part):
    if fault:
        fault(hub)
    with pytest.raises(ModelError, match=part) as refused:
        models.resolve(model, revision=revision)
    assert "\n" not in str(refused.value)
    assert store.entries() == ()
    assert not leftovers(cache)


def test_no_network_is_told_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    with pytest.raises(ModelError, match="cannot be reached: check the connection"):
        models.resolve("lab/tiny-dolly")


def test_the_kind_of_a_model_is_judged_before_its_weights_are_downloaded(hub, checkpoint):
    hub.commit("lab/t5", checkpoint("encoder_decoder"))
    with pytest.raises(ModelError, match="encoder-decoder"):
        models.resolve("lab/t5")
    assert not [request for request in hub.requests if "safetensors" in request]


# A full disk


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """``small_disk(bytes)``: the store is on a file system of its own, as large as that."""
    mounted = []

    def mount(size):
        place = tmp_path / "disk"
        place.mkdir()
        run = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True)
        if run.returncode:
            pytest.skip("mounting a small file system is for root alone")
        mounted.append(place)
        monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(place))
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_that_is_too_small_is_told_before_anything_starts(small_disk, checkpoint):
    small_disk(200_000)
    reports = []
    with pytest.raises(ModelError, match=r"The disk is too full: this needs .* of disk.*; .* are free") as refused:
        models.resolve(checkpoint("dolly"), on_progress=reports.append)
    assert "DOLLY_WIDGET_CACHE" in str(refused.value)
    assert {report.stage for report in reports} == {"plan"}


@pytest.mark.parametrize("stage", [pytest.param("load", **SLOW), pytest.param("compress", **SLOW), "write"])
def test_a_disk_that_becomes_full_is_told_and_the_next_attempt_works(small_disk, checkpoint, stage):
    place = small_disk(8_000_000)
    filler = place / "other programs' files"

    def fill(progress):
        if progress.stage == stage and not filler.exists():
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))

    with pytest.raises(ModelError, match="disk is full; nothing was stored") as refused:
        models.resolve(checkpoint("dolly"), on_progress=fill)
    assert "\n" not in str(refused.value)
    assert store.entries() == ()
    assert not leftovers(place)
    filler.unlink()
    assert models.resolve(checkpoint("dolly")).is_dir()


# Killed


def kill_after(moment, pause_s):
    """An ``on_progress`` that kills the child ``pause_s`` after it has told of the stage ``moment``."""
    done = threading.Event()

    def on_progress(progress):
        if progress.stage == moment and not done.is_set():
            done.set()
            threading.Event().wait(pause_s)  # where in the stage it dies is meant to be anywhere
            for child in conversions():
                child.kill()

    return on_progress


def refusal(model, on_progress):
    """What ``resolve`` says; None where it succeeds."""
    try:
        models.resolve(model, on_progress=on_progress)
    except ModelError as exc:
        return str(exc)


# Once at each stage; more moments take minutes.
@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_a_child_that_is_killed_anywhere_leaves_nothing_and_the_next_call_converts(checkpoint, cache, kills):
    moments = random.Random(20)
    directory = checkpoint("dolly")
    for index in range(kills):
        stage, pause_s = STAGES[index % len(STAGES)], moments.choice((0, 0.02, 0.1, 0.4))
        message = refusal(directory, kill_after(stage, pause_s))
        if message is None:  # it was faster than the kill: what is there must be whole
            entry = store.entries()[0]
            assert entry.damaged() == ()
            store.remove(entry.name)
        else:
            assert "was killed by SIGKILL" in message
            assert models.find(directory) is None
            assert store.entries() == ()
        assert not leftovers(cache)
        assert not conversions()
    assert models.resolve(directory).is_dir()
    assert store.entries()[0].damaged() == ()


KERNEL = """
import sys
from dolly_widget import models
models.resolve(sys.argv[1], on_progress=lambda progress: print(progress.stage, flush=True))
"""


@pytest.mark.parametrize("stage", ["plan", pytest.param("export", **SLOW), pytest.param("compress", **SLOW), "write"])
def test_when_the_kernel_is_killed_the_child_ends_and_the_next_call_converts(checkpoint, cache, stage):
    directory = checkpoint("dolly")
    kernel = subprocess.Popen([sys.executable, "-c", KERNEL, directory], stdout=subprocess.PIPE, text=True)
    with kernel.stdout:
        next(line for line in kernel.stdout if line.strip() == stage)
        children = psutil.Process(kernel.pid).children()
        assert children
        kernel.send_signal(signal.SIGKILL)
        kernel.wait()
    model_dir = models.resolve(directory)  # waits for the lock, which the child holds until it has ended
    assert psutil.wait_procs(children, timeout=LIMIT_S)[1] == []
    assert [entry.path for entry in store.entries()] == [model_dir]
    assert store.entries()[0].damaged() == ()
    assert not leftovers(cache)


def test_a_child_does_not_outlive_its_kernel(hub):
    """It stands in a download that never goes on; nothing but the end of the kernel can end it."""
    hold = hub.holds["model.safetensors"] = Hold(after=50_000)
    kernel = subprocess.Popen([sys.executable, "-c", KERNEL, "lab/tiny-dolly"], stdout=subprocess.DEVNULL)
    assert hold.reached.wait(LIMIT_S)
    children = psutil.Process(kernel.pid).children()
    kernel.kill()
    kernel.wait()
    assert len(children) == 1
    assert psutil.wait_procs(children, timeout=8)[1] == []  # well before the library gives the download up
    hold.released.set()


def test_a_crash_is_told_with_the_end_of_its_log(checkpoint, monkeypatch, tmp_path):
    """Of a bug nobody has foreseen: the kernel lives, and the log says more."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if sys.argv[:1] == ['-m']:\n"
        "    print('the cause is told here', file=sys.stderr)\n"
        "    sys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ModelError) as crashed:
        models.resolve(checkpoint("dolly"))
    first, *log = str(crashed.value).splitlines()
    assert "ended with exit code" in first
    assert "nothing was stored" in first
    assert log
