"""``dolly-widget models``, on a real store with small files."""

import json
import re
import shutil

import pytest
from stored import COMMIT
from stored import put as put_model

from dolly_widget.cli import entry_point
from dolly_widget.models import store

DOLLY = "databricks/dolly-v2-3b"
ALWAYS = ["Always here:", "  demo  the demonstration model · small and fast, but knows little · 7.9 MB", ""]


@pytest.fixture(autouse=True)
def cache_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(model_id=DOLLY, weight_format="int8", **facts):
    return put_model(model_id, weight_format, **facts)


def models(capsys, *arguments):
    """Exit code, stdout and stderr of ``dolly-widget models``."""
    code = entry_point.main(["models", *arguments])
    return code, *capsys.readouterr()


def names():
    return [entry.name for entry in store.entries()]


def test_the_list_has_all_that_is_known_within_80_columns(capsys, cache_dir, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1e11, 28e9, 72e9))
    int4, int8 = put(weight_format="int4-g64-r0.8", weights=700), put(weights=2_800_000)
    put("/home/me/my-checkpoint", weight_format="fp16", commit="c0ffee" * 6 + "c0ff", revision="", licence="bsd")
    code, out, err = models(capsys)
    today = int4.created[:10]
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        *ALWAYS,
        "/home/me/my-checkpoint · bsd",
        f"  fp16           1.5 kB     c0ffeec0       {today}",
        f"    {names()[-1]}",
        f"{DOLLY} · MIT",
        f"  int4-g64-r0.8  700 bytes  main@f6c9be08  {today}",
        f"    {int4.name}",
        f"  int8           2.8 MB     main@f6c9be08  {today}",
        f"    {int8.name}",
        "",
        f"3 models in {cache_dir}",
        "Used here: 2.8 MB · free on this disk: 72 GB",
        "Of these, dolly-v2-3b can be named so.",
        "",
        "To be had by name, as in  dolly-widget convert smollm2:",
        "  smollm2       SmolLM2 135M · real, small · 93 MB",
        "    Apache-2.0 · 93 MB to download · 149 MB on disk",
        "  dolly-v2-7b   Dolly 2.0 7B · the original, medium · 14 GB",
        "    MIT · 14 GB to download · 6.9 GB on disk · needs the optimum extra",
        "  dolly-v2-12b  Dolly 2.0 12B · the original, large · 24 GB",
        "    MIT · 24 GB to download · 12 GB on disk · needs the optimum extra",
    ]
    assert max(len(line) for line in out.splitlines() if str(cache_dir) not in line) <= 80


def test_a_file_that_another_program_keeps_is_called_as_it_is_there_and_can_be_removed_so(capsys):
    blob = "/models/blobs/sha256-" + "ab" * 32
    put(blob, commit="c0ffee" * 6 + "c0ff", revision="", title="llama3.2:1b (Ollama)")
    assert models(capsys)[1].splitlines()[3] == f"llama3.2:1b (Ollama): {blob}"
    assert models(capsys, "remove", "llama3.2:1b (Ollama)")[0] == 0
    assert names() == []


def test_a_revision_that_is_the_commit_is_not_shown_twice(capsys):
    put(revision=COMMIT)
    assert models(capsys)[1].count("f6c9be08") == 2  # in the row and in the name


@pytest.mark.parametrize("arguments", [(), ("check",)])
def test_an_empty_store_is_said_and_no_error(arguments, capsys, cache_dir):
    code, out, err = models(capsys, *arguments)
    assert (code, err) == (0, "")
    assert re.search(r"^There are no models in .*\n", out, re.MULTILINE)
    assert ("smollm2" in out) == (arguments == ())
    assert str(cache_dir) in out


def test_remove_deletes_by_name_or_by_id_and_says_what_is_freed(capsys):
    first, second, kept = put(), put("org/other", weights=2_000_000), put("org/kept")
    code, out, err = models(capsys, "remove", first.name, "org/other", first.name)
    assert (code, err) == (0, "")
    assert out == f"Removed {first.name}: 1.5 kB freed.\nRemoved {second.name}: 2.0 MB freed.\n"
    assert names() == [kept.name]
    assert not first.path.exists()


@pytest.mark.parametrize("command", ["remove", "check"])
def test_an_id_that_is_there_twice_is_not_enough(capsys, command):
    entries = [put(), put(weight_format="int4")]
    code, out, err = models(capsys, command, DOLLY)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"dolly-widget: The store has 2 models '{DOLLY}': name one of them, .*\n", err)
    assert all(entry.name in err for entry in entries)
    assert len(names()) == 2


@pytest.mark.parametrize("command", ["remove", "check"])
def test_an_unknown_name_is_one_sentence_and_nothing_is_done(capsys, command):
    entry = put()
    code, out, err = models(capsys, command, entry.name, "nonsense")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"dolly-widget: There is no model 'nonsense' in the store.*\n", err)
    assert names() == [entry.name]


def test_remove_wants_a_name(capsys):
    with pytest.raises(SystemExit, match="2"):
        models(capsys, "remove")


def test_check_finds_the_damaged_file_and_says_what_to_do(capsys):
    whole, damaged = put("org/a"), put("org/b")
    assert models(capsys, "check")[:2] == (0, f"{whole.name}: whole\n{damaged.name}: whole\n")
    (damaged.path / "openvino_model.bin").write_bytes(b"\1" * 1500)
    code, out, err = models(capsys, "check")
    assert (code, err) == (1, "")
    assert f"{whole.name}: whole\n{damaged.name}: damaged: openvino_model.bin\n" in out
    assert f"dolly-widget models remove {damaged.name}" in out.splitlines()[-1]
    assert models(capsys, "check", "org/a")[0] == 0


def test_what_a_model_was_made_from_cannot_move_the_cursor_or_turn_text_around(capsys):
    entry = put("/home/me/a\x1b[2J\u202egnp\nb", weight_format="fp16", revision="v1\x1b]0;title\x07\u202e")
    code, out, _ = models(capsys)
    lines = out.splitlines()[len(ALWAYS) :]
    assert code == 0
    assert lines[0] == "/home/me/a␛[2JU+202Egnp↵b"
    assert "v1␛]0;title␇U+202E@f6c9be08" in lines[1]
    assert lines[2] == f"    {entry.name}"
    (entry.path / "config.json").write_bytes(b"")
    assert all(line.isprintable() for line in (*lines, *models(capsys, "check")[1].splitlines()))
    assert models(capsys, "--json")[1].replace("\n", "").isprintable()


def test_json_has_what_is_here_and_what_can_be_had(capsys, cache_dir):
    entry = put(weights=2000)
    code, out, err = models(capsys, "--json")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert (data["cache"], data["size_bytes"]) == (str(cache_dir), entry.size_bytes)
    assert data["demo"]["name"] == "demo"
    (model,) = data["models"]
    assert model["licence"] == "MIT"
    assert data["free_bytes"] > 0
    assert model["path"] == str(entry.path)
    assert (model["name"], model["model_id"], model["weight_format"]) == (entry.name, DOLLY, "int8")
    here = {each["name"]: each["is_here"] for each in data["catalogue"]}
    assert here == {"smollm2": False, "dolly-v2-3b": True, "dolly-v2-7b": False, "dolly-v2-12b": False}
    assert all(each["download_bytes"] > 0 and each["disk_bytes"] > 0 for each in data["catalogue"])


def test_a_name_of_the_catalogue_names_its_model_in_the_store(capsys):
    entry = put()
    assert models(capsys, "check", "dolly-v2-3b")[:2] == (0, f"{entry.name}: whole\n")
    assert models(capsys, "remove", "dolly-v2-3b")[0] == 0
    assert names() == []


def test_an_error_cannot_move_the_cursor_or_turn_text_around(capsys):
    code, _, err = models(capsys, "remove", "a\x1b[2J", "--", "\u202eb")
    assert code == 2
    assert err.removesuffix("\n").isprintable()


@pytest.mark.parametrize("arguments", [(), ("check",), ("remove", "x")])
def test_a_cache_that_cannot_be_read_is_a_sentence(capsys, monkeypatch, arguments, cache_dir):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.is_dir", denied)
    code, _, err = models(capsys, *arguments)
    assert code == 2
    assert err.startswith(f"dolly-widget: The cache {cache_dir} cannot be used (Permission denied): ")
    assert err.count("\n") == 1
