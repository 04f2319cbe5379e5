"""What is in the store is whole; what was being made when a process died is swept away, and nobody is hindered."""

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.entry import MANIFEST, PUBLISHED, Key
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.models.info import ModelInfo
from dolly_widget.runtime.jobs import Job

LIMIT_S = 60
KEY = Key("databricks/dolly-v2-3b", "0123456789abcdef" * 2 + "01234567", "int8")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def add(key=KEY, revision="main"):
    with store.making(key) as staging:
        for name in REQUIRED_FILES:
            (staging / name).write_text(f'{{"this is": "{name}"}}')
        return store.publish(staging, key, revision, {"openvino": "2026.4.1"}, store.describe(staging))


def files_below(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_the_cache_is_the_users_unless_another_is_chosen(monkeypatch, tmp_path):
    assert store.cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("DOLLY_WIDGET_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert store.cache_dir() == tmp_path / "home" / "dolly-widget"


def test_an_empty_store_has_no_entries_and_is_not_made_by_looking(cache):
    assert store.entries() == ()
    assert store.get(KEY) is None
    assert not cache.exists()


def test_what_was_published_is_found_and_tells_where_it_is_from():
    entry = add()
    assert store.entries() == (entry,)
    assert store.get(KEY) == entry
    assert (entry.model_id, entry.commit, entry.weight_format) == (KEY.model_id, KEY.commit, KEY.weight_format)
    assert entry.revision == "main"
    assert entry.name == "databricks--dolly-v2-3b--int8--0123456789ab"
    assert entry.size_bytes == sum((entry.path / name).stat().st_size for name in REQUIRED_FILES)
    assert entry.damaged() == ()
    manifest = json.loads((entry.path / MANIFEST).read_text())
    assert manifest["tools"] == {"openvino": "2026.4.1"}
    assert set(manifest["files"]) == set(REQUIRED_FILES)
    assert ModelInfo(entry.path).name == "databricks/dolly-v2-3b"


@pytest.mark.parametrize(
    "other",
    [
        Key("databricks/dolly-v2-7b", KEY.commit, KEY.weight_format),
        Key(KEY.model_id, "f" * 40, KEY.weight_format),
        Key(KEY.model_id, KEY.commit, "int4"),
        Key("/home/me/databricks/dolly-v2-3b", KEY.commit, KEY.weight_format),
        Key("/home/you/databricks/dolly-v2-3b", KEY.commit, KEY.weight_format),
    ],
)
def test_model_commit_and_format_tell_entries_apart(other):
    first, second = add(), add(other)
    assert first.name != second.name
    assert {entry.name for entry in store.entries()} == {first.name, second.name}
    assert store.get(other) == second


def test_two_directories_of_the_same_name_are_two():
    names = {Key(path, KEY.commit, "int8").name for path in ("/home/me/model", "/home/you/model", "/home/me/mo del")}
    assert len(names) == 3
    assert all(name.isascii() and "/" not in name for name in names)


def test_the_newest_of_a_revision_is_taken():
    old, new = add(), add(Key(KEY.model_id, "f" * 40, "int8"))
    tagged = add(Key(KEY.model_id, "e" * 40, "int8"), revision="v1")
    assert store.newest(KEY.model_id, "int8") == new
    assert store.newest(KEY.model_id, "int8", "v1") == tagged
    assert store.newest(KEY.model_id, "int8", old.commit[:10]) == old
    assert store.newest(KEY.model_id, "int4") is None
    assert store.newest(KEY.model_id, "int8", "other") is None
    assert store.newest("someone/else", "int8") is None


def test_openvino_files_of_the_hub_are_what_they_are_in_any_format():
    published = add(Key(KEY.model_id, KEY.commit, PUBLISHED))
    assert store.newest(KEY.model_id, "int4") == store.newest(KEY.model_id, "fp16") == published


# Nothing half-made


def test_an_exception_while_making_leaves_nothing(cache):
    def fail():
        with store.making(KEY) as staging:
            (staging / "openvino_model.bin").write_bytes(b"half")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert store.entries() == ()
    assert [name for name in files_below(cache) if not name.endswith(".lock")] == []


@pytest.mark.parametrize("name", [*REQUIRED_FILES, MANIFEST])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_an_entry_with_a_file_missing_or_cut_is_no_entry_and_is_made_anew(name, damage):
    path = add().path / name
    content = path.read_bytes()
    path.unlink() if damage == "missing" else path.write_bytes(content[:-3] if damage == "cut" else b"")
    assert store.entries() == ()
    assert store.get(KEY) is None
    assert store.newest(KEY.model_id, "int8") is None
    anew = add()
    assert store.entries() == (anew,)


def test_changed_bytes_are_found_by_their_digest():
    entry = add()
    path = entry.path / "openvino_model.bin"
    path.write_bytes(path.read_bytes().replace(b"model", b"MODEL"))
    assert store.get(KEY) == entry  # of the same size: only reading it all would tell
    assert entry.damaged() == ("openvino_model.bin",)


MAKER = """
import os, sys
from dolly_widget.models import store
key = store.Key(*sys.argv[1:4])
with store.making(key) as staging:
    (staging / "openvino_model.bin").write_bytes(b"half")
    print(staging, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def maker():
    """A process that has begun to make KEY and goes on until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER, KEY.model_id, KEY.commit, KEY.weight_format],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.staging = process.stdout.readline().strip()
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def kill(process):
    process.kill()
    process.wait()


def test_a_second_maker_of_the_same_waits_for_the_first(maker):
    waiting = threading.Event()

    def make(stop):
        with store.making(KEY, on_wait=waiting.set):
            return maker.poll()

    job = Job(make)
    assert waiting.wait(LIMIT_S)
    assert not job.done
    kill(maker)
    assert job.wait(LIMIT_S) is not None


def test_makers_of_different_models_do_not_wait_for_each_other(maker):
    waits = []
    with store.making(Key("another/model", KEY.commit, "int8"), on_wait=lambda: waits.append(1)):
        assert os.path.isdir(maker.staging)
    assert waits == []


def test_sweeping_lets_be_what_is_being_made_and_deletes_what_was_left(maker):
    store.sweep()
    assert os.path.isfile(f"{maker.staging}/openvino_model.bin")
    kill(maker)
    assert os.path.isdir(maker.staging)
    store.sweep()
    assert not os.path.exists(maker.staging)


def test_the_next_maker_of_anything_sweeps(maker, cache):
    kill(maker)
    add(Key("another/model", KEY.commit, "int8"))
    assert not os.path.exists(maker.staging)
    assert not list((cache / "models" / ".making").glob("*"))


# Removing


def test_removing_deletes_the_entry_and_nothing_else():
    first, second = add(), add(Key("another/model", KEY.commit, "int8"))
    assert store.remove(first.name) == first
    assert not first.path.exists()
    assert store.entries() == (second,)
    assert add().path.is_dir()


def test_removing_frees_what_nobody_else_has(tmp_path):
    entry = add()
    assert entry.own_bytes == entry.size_bytes
    shared = entry.path / "openvino_model.bin"
    os.link(shared, tmp_path / "in the hub's cache")
    assert entry.own_bytes == entry.size_bytes - shared.stat().st_size


@pytest.mark.parametrize("name", ["nonesuch", "", ".", "..", ".making", "../models"])
def test_removing_what_is_not_there_is_refused(name, cache):
    entry = add()
    with pytest.raises(ModelError, match="There is no model"):
        store.remove(name)
    assert store.entries() == (entry,)


def test_what_is_being_made_cannot_be_removed(maker):
    path = store._models_dir() / KEY.name
    other = add(Key("another/model", KEY.commit, "int8"))
    shutil.copytree(other.path, path)
    (path / MANIFEST).write_text(json.dumps({**other.manifest, "model_id": KEY.model_id}))
    with pytest.raises(ModelError, match="is being converted"):
        store.remove(KEY.name)
    assert path.is_dir()


# What comes from outside


@pytest.mark.parametrize(
    "commit",
    ["", "/../../../..", "../" * 12, "/home/me/.bashrc", "a" * 39, "a" * 41, "A" * 40, "g" * 40, "a" * 40 + "\n", None],
)
def test_a_key_takes_no_commit_but_40_hex_digits(commit):
    with pytest.raises(ModelError, match="40 hex digits"):
        Key(KEY.model_id, commit, "int8")


@pytest.mark.parametrize(
    ("model_id", "weight_format"),
    [
        ("org/name", "../../x"),
        ("org/name", "/etc"),
        ("org/name", "int8\n"),
        ("../name", "int8"),
        ("org/..", "int8"),
        (".hidden", "int8"),
        ("org\\name", "int8"),
        ("C:name", "int8"),
        ("org/n\u202eame", "int8"),
    ],
)
def test_a_key_s_name_is_a_directory_s_name(model_id, weight_format):
    with pytest.raises(ModelError, match="cannot be stored as"):
        Key(model_id, KEY.commit, weight_format)


@pytest.mark.parametrize(
    "path", ["/home/me/a..b", "/home/me/.hidden", "/home/me/...", "/home/me/\u202e", "/", "/x/\udcff"]
)
def test_any_directory_can_be_kept(path):
    name = Key(path, KEY.commit, "int8").name
    assert name.isascii()
    assert ".." not in name
    assert name[0] not in "./"


def damaged_manifests():
    changes = {
        "model_id": [7, None, ["a"], "other/name", "../name"],
        "commit": [7, "/../../../..", "../" * 14, KEY.commit.upper()],
        "weight_format": [None, "../x"],
        "revision": [None, {}],
        "created": [0],
        "files": [[], "", None, {"../../x": {"bytes": 1, "sha256": ""}}, {"/etc/passwd": {"bytes": 1, "sha256": ""}}],
    }
    return [(name, value) for name, values in changes.items() for value in values]


@pytest.mark.parametrize(("name", "value"), damaged_manifests())
def test_a_manifest_of_the_wrong_types_is_no_entry(name, value):
    entry = add()
    (entry.path / MANIFEST).write_text(json.dumps({**entry.manifest, name: value}))
    assert store.entries() == ()
    assert store.get(KEY) is None


@pytest.mark.parametrize("file", [{"bytes": "7"}, {"bytes": True}, {"bytes": 1.0}, {"sha256": 7}, {"sha256": None}])
def test_a_manifest_with_a_file_of_the_wrong_types_is_no_entry(file):
    entry = add()
    files = {name: {**told, **file} for name, told in entry.manifest["files"].items()}
    (entry.path / MANIFEST).write_text(json.dumps({**entry.manifest, "files": files}))
    assert store.entries() == ()


@pytest.mark.parametrize("content", [b"[" * 200_000, b"[]", b"7", b"\xff", b" " * (2 << 20)])
def test_a_manifest_that_is_none_is_no_entry(content):
    (add().path / MANIFEST).write_bytes(content)
    assert store.entries() == ()


def test_an_entry_of_another_commit_with_the_same_beginning_is_not_taken():
    other = Key(KEY.model_id, KEY.commit[:12] + "f" * 28, KEY.weight_format)
    add(other)
    assert store.get(KEY) is None
    assert add().commit == KEY.commit
    assert store.get(KEY).commit == KEY.commit


# Deleting


@pytest.fixture
def treasure(tmp_path):
    """A folder of the user's that a link leads to."""
    folder = tmp_path / "treasure"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    return folder


def test_sweeping_does_not_follow_a_link(treasure, cache):
    making = cache / "models" / ".making"
    making.mkdir(parents=True)
    (making / "link").symlink_to(treasure)
    (making / "file").write_text("x")
    (making / "left").mkdir()
    (making / "left" / "link").symlink_to(treasure)
    store.sweep()
    assert list(making.iterdir()) == []
    assert (treasure / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("place", [".making", f".making/{KEY.name}"])
def test_nothing_is_made_or_deleted_behind_a_link(treasure, cache, place):
    link = cache / "models" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(treasure)
    with contextlib.suppress(ModelError):
        add()
        store.remove(KEY.name)
    assert [path.name for path in treasure.iterdir()] == ["thesis.tex"]


def test_only_what_is_directly_in_a_folder_is_deleted_there(treasure):
    for path in (treasure, treasure / "a" / "b", treasure / ".."):
        with pytest.raises(ValueError, match="is not in"):
            store._delete(path, treasure)
    assert (treasure / "thesis.tex").is_file()


# A cache that cannot be used


def test_a_cache_that_is_a_file_is_a_sentence(cache):
    cache.write_text("a file")
    for action in (add, lambda: store.remove("x")):
        with pytest.raises(ModelError) as caught:
            action()
        assert str(caught.value).startswith((f"The cache {cache} cannot be used (", "There is no model 'x'"))
    store.sweep()
    assert store.entries() == ()
    assert cache.read_text() == "a file"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("call", ["os.mkdir", "tempfile.mkdtemp", "os.replace"])
def test_a_cache_that_cannot_be_written_to_is_a_sentence(monkeypatch, cache, number, call):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(call, refuse)
    with pytest.raises(ModelError) as caught:
        add()
    assert str(caught.value) == (
        f"The cache {cache} cannot be used ({os.strerror(number)}): check its permissions, or set DOLLY_WIDGET_CACHE "
        "to a directory that you can write to."
    )
    store.sweep()


@pytest.mark.parametrize("chosen", ["~nobody-of-this-name/x", None])
def test_a_user_without_a_home_is_told_to_choose_a_cache(monkeypatch, chosen):
    import platformdirs

    if chosen is None:
        monkeypatch.delenv("DOLLY_WIDGET_CACHE")
        monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_: Path("~/.cache/dolly-widget"))
    else:
        monkeypatch.setenv("DOLLY_WIDGET_CACHE", chosen)
    with pytest.raises(ModelError, match="There is no home directory for the cache: set DOLLY_WIDGET_CACHE"):
        store.cache_dir()
