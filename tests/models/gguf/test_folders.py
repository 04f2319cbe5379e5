"""GGUF files of Ollama and LM Studio are found by their documented places, and nothing outside of them is read."""

import json
import os
import sys

import pytest

from dolly_widget.models.gguf import folders
from dolly_widget.models.gguf.folders import KeptFile, kept_files

DIGEST = "ab" * 32
OFFICIAL = "registry.ollama.ai/library/llama3.2/1b"

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    monkeypatch.setattr(folders, "_SERVICE", home / "service")
    return home


@pytest.fixture
def ollama(home):
    return home / ".ollama" / "models"


@pytest.fixture
def lm_studio(home):
    return home / ".lmstudio" / "models"


def put(path, content=b"GGUF\x03\0\0\0"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_manifest(models, name=OFFICIAL, digest=f"sha256:{DIGEST}", **more):
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "00" * 32},
        {"mediaType": "application/vnd.ollama.image.model", "digest": digest},
    ]
    content = {"schemaVersion": 2, "layers": layers} | more
    return put(models / "manifests" / name, json.dumps(content).encode())


def put_ollama(models, name=OFFICIAL, digest=DIGEST):
    put_manifest(models, name, f"sha256:{digest}")
    return put(models / "blobs" / f"sha256-{digest}")


def names():
    return [file.name for file in kept_files()]


def test_a_machine_without_either_has_none(home):
    assert kept_files() == ()
    assert list(home.iterdir()) == []


# Ollama


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (OFFICIAL, "llama3.2:1b"),
        ("registry.ollama.ai/someone/model/latest", "someone/model:latest"),
        ("hf.co/bartowski/Llama-3.2-1B-GGUF/Q4_K_M", "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M"),
    ],
)
def test_ollama_s_models_have_its_names(ollama, place, shown):
    blob = put_ollama(ollama, place)
    assert kept_files() == (KeptFile(f"{shown} (Ollama)", blob),)


def test_a_host_may_have_a_port():
    assert folders._ollama_name(("localhost:5000", "a", "b", "c")) == "localhost:5000/a/b:c"


def test_the_folder_that_ollama_is_told_to_use_counts_alone(ollama, tmp_path, monkeypatch):
    put_ollama(ollama)
    blob = put_ollama(tmp_path / "elsewhere", "registry.ollama.ai/library/qwen3/4b")
    monkeypatch.setenv("OLLAMA_MODELS", f'"{tmp_path / "elsewhere"}"')
    assert kept_files() == (KeptFile("qwen3:4b (Ollama)", blob),)


def test_the_service_s_models_are_found(home):
    blob = put_ollama(home / "service")
    assert kept_files() == (KeptFile("llama3.2:1b (Ollama)", blob),)


@pytest.mark.parametrize(
    "digest",
    [
        "",
        None,
        7,
        "sha256:" + "zz" * 32,
        "sha256:../../secret",
        f"sha256:{DIGEST}/../x",
        f"md5:{DIGEST}",
        f"sha256:{DIGEST}\n",
    ],
)
def test_a_digest_that_is_none_leads_nowhere(ollama, digest):
    put(ollama / "blobs" / f"sha256-{DIGEST}")
    put(ollama / "secret")
    put_manifest(ollama, digest=digest)
    assert kept_files() == ()


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"layers": 7}',
        b'{"layers": [7, {}]}',
        b'{"layers": null}',
        b"[" * 200,
        b" " * (2 << 20),
    ],
)
def test_a_broken_manifest_is_left_out(ollama, manifest):
    put_ollama(ollama)
    put(ollama / "manifests" / "registry.ollama.ai/library/broken/latest", manifest)
    assert names() == ["llama3.2:1b (Ollama)"]


def test_a_model_of_other_layers_is_left_out(ollama):
    put_ollama(ollama)
    layer = {"mediaType": "application/vnd.ollama.image.projector", "digest": f"sha256:{DIGEST}"}
    put_manifest(ollama, "registry.ollama.ai/library/eyes/latest", layers=[layer])
    assert names() == ["llama3.2:1b (Ollama)"]


@pytest.mark.parametrize("content", [b"", b"GGU", b"version https://git-lfs.github.com/spec/v1"])
def test_what_is_no_gguf_file_is_left_out(ollama, lm_studio, content):
    put_ollama(ollama).write_bytes(content)
    put(lm_studio / "a/b/c.gguf", content)
    assert kept_files() == ()


@pytest.mark.parametrize("name", ["a b", "..", "-x", "x" * 81, "é", "\u202ex"])
def test_a_name_that_ollama_does_not_allow_is_left_out(name):
    assert folders._ollama_name(("registry.ollama.ai", "library", name, "latest")) is None
    assert folders._ollama_name(("registry.ollama.ai", "library", "m", name)) is None
    assert folders._ollama_name((name, "library", "m", "latest")) is None


# LM Studio


def test_lm_studio_s_files_have_their_places_for_names(home, lm_studio):
    one = put(lm_studio / "infra-ai/ocelot-v1/ocelot-v1-q4_0.gguf")
    two = put(home / ".cache/lm-studio/models/org/model/model.GGUF")
    assert kept_files() == (
        KeptFile("infra-ai/ocelot-v1/ocelot-v1-q4_0.gguf (LM Studio)", one),
        KeptFile("org/model/model.GGUF (LM Studio)", two),
    )


def test_the_folder_that_lm_studio_is_told_to_use_is_found(home, tmp_path):
    put(home / ".lmstudio/settings.json", json.dumps({"downloadsFolder": str(tmp_path / "models")}).encode())
    path = put(tmp_path / "models/a/b/c.gguf")
    assert kept_files() == (KeptFile("a/b/c.gguf (LM Studio)", path),)


def test_lm_studio_s_pointer_leads_to_its_home(home, tmp_path):
    put(home / ".lmstudio-home-pointer", f"{tmp_path / 'moved'}\n".encode())
    path = put(tmp_path / "moved/models/a/b/c.gguf")
    assert kept_files() == (KeptFile("a/b/c.gguf (LM Studio)", path),)


@pytest.mark.parametrize("content", [b"", b"relative/place", b"\xff\xfe", b"/\0", b"x" * 10_000])
def test_a_broken_pointer_leads_nowhere(home, lm_studio, content):
    put(lm_studio / "a/b/c.gguf")
    put(home / ".lmstudio-home-pointer", content)
    assert names() == ["a/b/c.gguf (LM Studio)"]


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"downloadsFolder": 7}', b'{"downloadsFolder": "models"}', b'{"downloadsFolder": "/\\u0000"}'],
)
def test_broken_settings_are_as_good_as_none(home, lm_studio, content):
    put(lm_studio / "a/b/c.gguf")
    put(home / ".lmstudio/settings.json", content)
    assert names() == ["a/b/c.gguf (LM Studio)"]


def test_parts_of_vision_models_and_later_parts_are_left_out(lm_studio):
    for name in (
        "m-00001-of-00003.gguf",
        "m-00002-of-00003.gguf",
        "m-00003-of-00003.gguf",
        "mmproj-model-f16.gguf",
        "m.mmproj-Q8_0.gguf",
        "config.json",
    ):
        put(lm_studio / "a/b" / name)
    assert names() == ["a/b/m-00001-of-00003.gguf (LM Studio)"]


def test_only_the_documented_depth_is_looked_at(lm_studio):
    put(lm_studio / "top.gguf")
    put(lm_studio / "a/two.gguf")
    put(lm_studio / "a/b/c/four.gguf")
    assert kept_files() == ()


# Both


@needs_links
def test_links_do_not_lead_out(ollama, lm_studio, tmp_path):
    secret = put(tmp_path / "secret/b/c.gguf")
    put_manifest(ollama)
    (ollama / "blobs").mkdir()
    (ollama / "blobs" / f"sha256-{DIGEST}").symlink_to(secret)
    other = put_ollama(ollama, "registry.ollama.ai/library/other/latest", "cd" * 32)
    manifest = ollama / "manifests/registry.ollama.ai/library/other/latest"
    manifest.rename(tmp_path / "manifest")
    manifest.symlink_to(tmp_path / "manifest")
    assert other.is_file()
    (lm_studio / "a/b").mkdir(parents=True)
    (lm_studio / "a/b/c.gguf").symlink_to(secret)
    (lm_studio / "linked").symlink_to(tmp_path / "secret")
    (lm_studio / "circle").symlink_to(lm_studio / "circle")
    assert kept_files() == ()


@needs_links
def test_a_folder_that_is_a_link_itself_is_read(home, tmp_path):
    put(tmp_path / "disk/models/a/b/c.gguf")
    (home / ".lmstudio").symlink_to(tmp_path / "disk")
    assert names() == ["a/b/c.gguf (LM Studio)"]


@needs_links
def test_what_is_no_file_is_not_opened(ollama, lm_studio):
    """A pipe would be waited for."""
    for place in (ollama / "manifests" / OFFICIAL, lm_studio / "a/b/c.gguf", lm_studio.parent / "settings.json"):
        place.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(place)
    put_manifest(ollama, "registry.ollama.ai/library/pipe/latest")
    (ollama / "blobs").mkdir()
    os.mkfifo(ollama / "blobs" / f"sha256-{DIGEST}")
    assert kept_files() == ()


def test_no_more_than_a_few_hundred_are_listed(lm_studio, monkeypatch):
    monkeypatch.setattr(folders, "_MAX_FILES", 3)
    monkeypatch.setattr(folders, "_MAX_ENTRIES", 4)
    for index in range(6):
        put(lm_studio / f"a/b/{index}.gguf")
        put(lm_studio / f"{index}/b/c.gguf")
    assert len(kept_files()) == 3


def test_a_home_that_cannot_be_told_has_none(monkeypatch):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", unknown)
    assert kept_files() == ()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="nothing is closed to this user")
def test_a_folder_that_is_closed_is_left_out(ollama, lm_studio):
    put_ollama(ollama)
    put(lm_studio / "a/b/c.gguf")
    (ollama / "manifests").chmod(0)
    try:
        assert names() == ["a/b/c.gguf (LM Studio)"]
    finally:
        (ollama / "manifests").chmod(0o700)
