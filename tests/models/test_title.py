"""A model that a path names has a name that a person knows, and never a digest alone where there is a better one."""

import json

import pytest
from gguf import GGUFValueType, GGUFWriter

from dolly_widget.models import title
from dolly_widget.models.title import title_of

DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def ollama(tmp_path, monkeypatch):
    """The folder of Ollama on this machine: an empty one. Nothing of the machine's own is seen."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    title._title_of_blob.cache_clear()
    return tmp_path / "ollama"


def put_blob(ollama, **metadata):
    blob = ollama / "blobs" / f"sha256-{DIGEST}"
    blob.parent.mkdir(parents=True)
    writer = GGUFWriter(blob, "llama")
    for key, value in metadata.items():
        writer.add_key_value(f"general.{key}", value, GGUFValueType.get_type(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return blob


def put_manifest(ollama, name):
    path = ollama / "manifests" / "registry.ollama.ai" / "library" / name
    path.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{DIGEST}"}
    path.write_text(json.dumps({"layers": [layer]}))


@pytest.mark.parametrize("name", ["demo", "smollm2", "databricks/dolly-v2-3b", "owner/name:file.gguf"])
def test_a_name_is_its_own_title(name):
    assert title_of(name) == name


def test_a_file_and_a_directory_are_called_by_their_own_names(tmp_path):
    file = tmp_path / "models" / "SmolLM2.Q4_1.gguf"
    file.parent.mkdir()
    file.write_bytes(b"GGUF")
    assert title_of(str(file)) == "SmolLM2.Q4_1.gguf"
    assert title_of(str(file.parent)) == "models"


def test_a_file_that_ollama_keeps_is_called_as_ollama_calls_it(ollama):
    blob = put_blob(ollama, name="Llama 3.2 1B Instruct")
    put_manifest(ollama, "llama3.2/1b")
    assert title_of(str(blob)) == "llama3.2:1b (Ollama)"


def test_a_digest_that_no_manifest_names_has_the_file_s_own_name_before_it(ollama):
    """With the digest: a file can say that it is any model."""
    assert (
        title_of(str(put_blob(ollama, name=" databricks/dolly-v2-3b "))) == "databricks/dolly-v2-3b (sha256-abababab…)"
    )


def test_a_file_s_own_name_is_bounded(ollama):
    assert title_of(str(put_blob(ollama, name="x" * 5000))) == f"{'x' * 60} (sha256-abababab…)"


@pytest.mark.parametrize("metadata", [{}, {"name": 7}])
def test_a_file_that_does_not_say_its_name_has_the_digest_s_beginning(ollama, metadata):
    assert title_of(str(put_blob(ollama, **metadata))) == "sha256-abababab…"


def test_a_damaged_file_has_the_digest_s_beginning(ollama):
    blob = put_blob(ollama)
    blob.write_bytes(b"GGUF")
    assert title_of(str(blob)) == "sha256-abababab…"
