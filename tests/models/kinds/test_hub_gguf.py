"""A GGUF file of the hub, as the child process makes a model of it; against a server of our own."""

import hashlib
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
from gguf_files import Shape, write_gguf
from hostile_hub import HostileHub
from huggingface_hub import constants

from dolly_widget.engines import load_engine
from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.models import lookup, store
from dolly_widget.models.gguf import conversion
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.hub import cache
from dolly_widget.models.info import REQUIRED_FILES
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.kinds.hub_gguf import HubGguf
from dolly_widget.models.kinds.hub_repository import HubRepository
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.progress import ignore_progress
from dolly_widget.sampling import SamplingParams

INT8 = WeightFormat()
FILES = {
    "m-Q4_K_M.gguf": b"four bits " * 40,
    "m-Q8_0.gguf": b"eight bits " * 90,
    "m-F16-00001-of-00002.gguf": b"the first half ",
    "m-F16-00002-of-00002.gguf": b"the second half ",
    "README.md": b"read me",
}
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with one repository of GGUF files, honest until it is told otherwise."""
    files = tmp_path / "repository"
    files.mkdir()
    for name, content in FILES.items():
        (files / name).write_bytes(content)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with HostileHub({"org/name": files}) as hub:
        hub.files = files
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def converted(monkeypatch):
    """What was converted: the files that lay where the conversion looked, by name."""
    found = []

    def convert(path, staging, weight_format, on_progress, *, install_exporter=False):
        found.append({"path": path, "beside": {each.name: each.read_bytes() for each in path.parent.iterdir()}})
        for name in REQUIRED_FILES:
            (staging / name).write_text("{}")
        return {"gguf": "1"}

    monkeypatch.setattr(conversion, "convert", convert)
    monkeypatch.setattr(GgufFile, "open", lambda path: SimpleNamespace(path=path, parameters=1000))
    return found


def make(name, on_progress=ignore_progress):
    """What the child process does; returns the entry of the store."""
    source = kind_of(name).source(name, "main")
    key = source.key(INT8)
    with store.making(key) as staging:
        tools = source.make(staging, INT8, on_progress, install_exporter=False)
        return store.publish(staging, key, source.revision, tools, store.describe(staging))


def downloaded(hub):
    return [line.rpartition("/")[2] for line in hub.requests if line.startswith("GET") and "/resolve/" in line]


@pytest.mark.parametrize("name", ["org/name:m-Q8_0.gguf", "TheOrg/a.b_c:x y+z.gguf", "org/name:Q4_K_M"])
def test_a_repository_with_a_file_is_of_this_kind(name):
    assert isinstance(kind_of(name), HubGguf)


@pytest.mark.parametrize(
    "name",
    ["org/name:../x.gguf", "org/name:a/b.gguf", "org/name:", ":x.gguf", "http://x.gguf", "C:x.gguf", "a/b/c:x.gguf",
     "org/name:x\u202e.gguf", "org/..:x.gguf", "llama3:8b"],
)  # fmt: skip
def test_what_is_no_repository_or_no_file_s_name_is_not(name):
    assert not HubGguf().matches(name)


@pytest.mark.parametrize("name", ["org/name:../x.gguf", "org/name:a/b.gguf"])
def test_a_file_in_a_folder_of_a_repository_is_refused_by_its_place(name):
    with pytest.raises(ModelError, match=r"is not in the first folder of a repository: download the file with all"):
        kind_of(name)


def test_a_file_here_that_is_named_so_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("org").mkdir()
    Path("org/name:x.gguf").touch()
    assert not HubGguf().matches("org/name:x.gguf")


def test_only_the_named_file_is_downloaded_and_converted(hub, converted):
    reports = []
    entry = make("org/name:m-Q8_0.gguf", reports.append)
    assert downloaded(hub) == ["m-Q8_0.gguf"]
    assert converted[0]["path"].name == "m-Q8_0.gguf"
    assert converted[0]["beside"] == {"m-Q8_0.gguf": FILES["m-Q8_0.gguf"]}
    assert (reports[-2].stage, reports[-2].fraction, reports[-2].total_bytes) == ("download", 1.0, 990)
    of_download, of_conversion = [report.message for report in reports if report.message]
    assert "990 bytes to download" in of_download
    assert "of memory;" in of_conversion
    assert (entry.model_id, entry.weight_format) == ("org/name:m-Q8_0.gguf", "int8")
    assert entry.commit == hub.commits["org/name"]
    assert lookup.find("org/name:m-Q8_0.gguf") == entry.path
    assert lookup.find("org/name:m-Q4_K_M.gguf") is None
    assert lookup.find("org/name") is None


def test_packages_that_are_missing_are_told_before_the_download(hub, converted, monkeypatch):
    hub.tell = lambda answer: answer | {"gguf": {"architecture": "gemma2", "total": 2_600_000_000}}
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    with pytest.raises(
        ModelError, match=r"family 'gemma2', .* run `python -m pip install \"dolly-widget\[optimum\]\"`"
    ):
        make("org/name:m-Q8_0.gguf")
    assert downloaded(hub) == []


@pytest.mark.parametrize("told", [None, 5, [], {}, {"architecture": ["gemma2"]}, {"architecture": "x" * 1000}])
def test_what_a_hub_tells_of_a_family_in_other_words_does_not_count(hub, converted, told):
    hub.tell = lambda answer: answer | {"gguf": told}
    make("org/name:m-Q8_0.gguf")
    assert len(converted) == 1


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ({"license": "apache-2.0"}, "Apache-2.0"),
        ({"license": "other", "license_name": "my\nown"}, "my own"),
        *((card, "") for card in (None, 5, [], "mit", {}, {"license": {"id": "mit"}}, {"license": 7})),
        ({"license": "x" * 1_000_000}, "x" * 59 + "…"),
    ],
)
def test_the_licence_is_what_the_hub_tells_of_the_card(hub, card, licence):
    hub.tell = lambda answer: answer | {"cardData": card}
    for name in ("org/name:m-Q8_0.gguf", "org/name:m-F16-00002-of-00002.gguf"):
        assert kind_of(name).source(name, "main").licence == licence


def test_all_parts_of_a_split_file_are_downloaded_beside_each_other(hub, converted):
    make("org/name:m-F16-00002-of-00002.gguf")
    parts = ["m-F16-00001-of-00002.gguf", "m-F16-00002-of-00002.gguf"]
    assert sorted(downloaded(hub)) == parts
    assert converted[0]["path"].name == parts[0]
    assert converted[0]["beside"] == {name: FILES[name] for name in parts}


def test_a_repository_with_several_asks_for_one_and_downloads_nothing(hub):
    with pytest.raises(ModelChoiceError, match=r"org/name holds 3 GGUF files; name one as 'org/name:m-F16-00001"):
        HubRepository().source("org/name", "main")
    assert downloaded(hub) == []


def test_a_repository_with_one_is_found_again_by_its_own_name(hub, converted):
    for name in list(FILES)[1:]:
        (hub.files / name).unlink()
    entry = make("org/name")
    assert converted[0]["path"].name == "m-Q4_K_M.gguf"
    assert entry.model_id == "org/name"
    assert lookup.find("org/name") == entry.path


def test_names_of_files_that_differ_in_odd_letters_alone_are_stored_apart():
    names = [store.Key(f"org/name:{file}.gguf", "0" * 40, "int8").name for file in ("a b", "a+b", "a..b", "a-b")]
    assert len(set(names)) == 4
    assert all(name.startswith("org--name--a") and "/" not in name and ".." not in name for name in names)


def test_a_download_that_is_cut_off_is_taken_up_again(hub, converted):
    hub.cuts["m-Q8_0.gguf"] = [100, 300]
    make("org/name:m-Q8_0.gguf")
    assert downloaded(hub) == ["m-Q8_0.gguf"] * 3
    assert converted[0]["beside"]["m-Q8_0.gguf"] == FILES["m-Q8_0.gguf"]


def test_the_parts_that_are_here_are_not_downloaded_again(hub, converted):
    hub.errors["00002-of-00002.gguf"] = 503
    with pytest.raises(ModelError):
        make("org/name:m-F16-00001-of-00002.gguf")
    hub.errors.clear()
    hub.requests.clear()
    make("org/name:m-F16-00001-of-00002.gguf")
    assert downloaded(hub) == ["m-F16-00002-of-00002.gguf"]


def test_a_file_that_is_here_is_converted_without_the_hub_and_has_to_be_named(hub, converted, monkeypatch):
    make("org/name:m-Q8_0.gguf")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    source = kind_of("org/name:m-Q8_0.gguf").source("org/name:m-Q8_0.gguf", "main")
    assert source.key(INT8).commit == hub.commits["org/name"]
    for name in ("org/name", "org/name:m-Q4_K_M.gguf"):
        with pytest.raises(ModelError, match="cannot be reached"):
            kind_of(name).source(name, "main")


def lie(hub, name, **facts):
    """Have the hub describe a file otherwise."""

    def tell(answer):
        for file in answer["siblings"]:
            if file["rfilename"] == name:
                file.update(facts)
        return answer

    hub.tell = tell


@pytest.mark.parametrize(
    ("play", "says"),
    [
        (lambda hub: hub.bodies.update({"m-Q8_0.gguf": LFS_POINTER}), "damaged"),
        (lambda hub: hub.bodies.update({"m-Q8_0.gguf": b"x" * 990}), "announced content"),
        (lambda hub: hub.bodies.update({"m-Q8_0.gguf": 1 << 20}), "does not end after its 990 bytes"),
        (lambda hub: lie(hub, "m-Q8_0.gguf", size=7), "damaged"),
        (lambda hub: lie(hub, "m-Q8_0.gguf", lfs={"sha256": hashlib.sha256(b"other").hexdigest()}), "ETag"),
        (lambda hub: lie(hub, "m-Q8_0.gguf", lfs={"sha256": "../../evil"}), "checksum"),
        (lambda hub: lie(hub, "README.md", rfilename="../../evil.gguf"), "no repository can have"),
        (lambda hub: hub.other_headers.update({"ETag": "/home/me/.bashrc"}), "ETag"),
        (lambda hub: hub.other_headers.update({"X-Repo-Commit": "../../evil"}), "another commit"),
    ],
)
def test_a_hub_that_lies_gets_one_sentence_and_nothing_is_converted(hub, converted, play, says):
    play(hub)
    with pytest.raises(ModelError, match=says) as caught:
        make("org/name:m-Q8_0.gguf")
    assert "\n" not in str(caught.value)
    assert converted == []
    assert store.entries() == ()
    assert list(cache.folder("org/name").glob("snapshots/*/*")) == []


def test_what_was_uploaded_as_an_lfs_pointer_is_told(hub):
    (hub.files / "m-Q8_0.gguf").write_bytes(LFS_POINTER)
    with pytest.raises(ModelError, match=r"m-Q8_0\.gguf is a Git LFS pointer, not the file itself"):
        make("org/name:m-Q8_0.gguf")
    assert store.entries() == ()


def test_a_name_with_a_folder_in_a_hub_s_list_becomes_no_path(hub, converted):
    lie(hub, "README.md", rfilename="folder/m-Q2_K.gguf")
    with pytest.raises(ModelChoiceError) as caught:
        HubRepository().source("org/name", "main")
    assert not any("/" in name for name, _ in caught.value.choices)


def test_a_file_of_the_hub_becomes_a_model_that_answers(hub):
    """All of it, in the child process."""
    write_gguf(hub.files / "tiny-F16.gguf", Shape())
    reports = []
    model_dir = lookup.convert("org/name:tiny-F16.gguf", "fp16", on_progress=reports.append)
    assert {"download", "load", "export", "check"} <= {report.stage for report in reports}
    assert downloaded(hub) == ["tiny-F16.gguf"]
    engine = load_engine("org/name:tiny-F16.gguf", weight_format="fp16", device="CPU")
    try:
        assert engine.model.directory == model_dir
        assert engine.model.name == "org/name:tiny-F16.gguf"
        prompt = engine.template.render("Where do the sheep sleep?")
        assert engine.generate(prompt, SamplingParams(max_new_tokens=4, temperature=0)).new_tokens > 0
    finally:
        engine.close()


def test_what_a_killed_download_left_is_tidied(hub, monkeypatch):
    tidied = []
    monkeypatch.setattr(cache, "remove_leftovers", tidied.append)
    HubGguf().tidy("org/name:m-Q8_0.gguf")
    assert tidied == ["org/name"]
