"""A GGUF file, whole or in parts, and what is a GGUF file but no language model."""

import os

import pytest
from gguf_files import Shape, write_gguf

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.file import GgufFile, fingerprint, is_gguf, models_in, parts_of


def write_split(directory):
    """Three parts, by name."""
    write_gguf(directory / "sheep.gguf", split_max_tensors=10)
    return sorted(directory.iterdir())


def test_a_file_says_what_it_holds(tmp_path):
    contents = write_gguf(tmp_path / "sheep.gguf", quantisation="Q5_0")
    file = GgufFile.open(tmp_path / "sheep.gguf")
    assert file.architecture == "llama"
    assert file.metadata["llama.attention.head_count"] == 8
    assert [tensor.name for tensor in file.tensors] == list(contents)
    assert {tensor.type_name for tensor in file.tensors} == {"Q5_0", "F32"}
    assert file.parameters == sum(tensor.parameters for tensor in file.tensors) > 1_000_000


def test_any_part_stands_for_the_whole(tmp_path):
    parts = write_split(tmp_path)
    assert len(parts) == 3
    files = [GgufFile.open(part) for part in parts]
    assert files[0] == files[1] == files[2]
    assert files[0].path == parts[0]
    assert len(files[0].tensors) == 21
    assert {tensor.path for tensor in files[0].tensors} == set(parts)


def test_a_part_that_is_missing_is_named(tmp_path):
    parts = write_split(tmp_path)
    parts[1].unlink()
    with pytest.raises(ModelError, match=r"one of 3 files of a model, and sheep-00002-of-00003.gguf is missing"):
        GgufFile.open(parts[2])


def test_a_part_without_its_name_is_refused(tmp_path):
    part = write_split(tmp_path)[0].rename(tmp_path / "sheep.gguf")
    with pytest.raises(ModelError, match="is one of 3 files of a model, and does not have the name"):
        GgufFile.open(part)


def test_a_part_under_another_ones_name_is_refused(tmp_path):
    parts = write_split(tmp_path)
    parts[1].write_bytes(parts[2].read_bytes())
    with pytest.raises(ModelError, match=r"sheep-00002-of-00003.gguf is not what its name says, part 2 of 3"):
        GgufFile.open(parts[0])


def test_a_part_of_another_model_is_refused(tmp_path):
    parts = write_split(tmp_path)
    (tmp_path / "other").mkdir()
    write_gguf(tmp_path / "other" / "sheep.gguf", Shape(layers=3), split_max_tensors=13)
    others = sorted((tmp_path / "other").iterdir())
    assert [other.name for other in others] == [part.name for part in parts]
    parts[2].write_bytes(others[2].read_bytes())
    with pytest.raises(ModelError, match="do not belong together"):
        GgufFile.open(parts[0])


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (Shape("bert"), r"does not continue text: it is an embedding model or an encoder \(bert\)"),
        (Shape("nomic-bert"), "is an embedding model or an encoder"),
        (Shape("t5"), "does not continue text"),
        (Shape("qwen3", metadata={"qwen3.pooling_type": ("uint32", 3)}), "is an embedding model or an encoder"),
        (Shape(metadata={"llama.attention.causal": ("bool", False)}), "does not continue text"),
        (Shape("clip"), "is the part of a model that reads images or sound; give the GGUF file of the language"),
        (Shape(metadata={"general.type": ("string", "mmproj")}), "is the part of a model that reads images or sound"),
        (Shape(metadata={"general.type": ("string", "adapter")}), r"is an adapter \(LoRA\), not a model"),
        (Shape("../x"), "does not name its architecture"),
        (Shape(metadata={"general.architecture": ("uint32", 3)}), "does not name its architecture"),
    ],
)
def test_what_is_no_language_model_is_refused_by_its_kind(tmp_path, shape, sentence):
    write_gguf(tmp_path / "sheep.gguf", shape)
    with pytest.raises(ModelError, match=sentence):
        GgufFile.open(tmp_path / "sheep.gguf")


def test_a_file_without_weights_is_refused(tmp_path):
    write_gguf(tmp_path / "vocabulary.gguf", contents={})
    with pytest.raises(ModelError, match="holds no weights"):
        GgufFile.open(tmp_path / "vocabulary.gguf")


def test_an_embedding_of_another_tokenizer_is_refused(tmp_path):
    write_gguf(tmp_path / "sheep.gguf", Shape(metadata={"tokenizer.ggml.tokens": ("array", ["a", "b"])}))
    with pytest.raises(ModelError, match="is damaged: its tokenizer has 2 tokens, and its embedding 288 rows"):
        GgufFile.open(tmp_path / "sheep.gguf")


def test_the_fingerprint_changes_with_any_part(tmp_path):
    parts = write_split(tmp_path)
    before = fingerprint(parts_of(parts[0]))
    assert before == fingerprint(parts_of(parts[2]))
    os.utime(parts[1], ns=(1, 1))
    assert fingerprint(parts_of(parts[0])) != before


def test_the_models_of_a_directory_are_listed_without_parts_and_eyes(tmp_path):
    write_split(tmp_path)
    for name in ("goat.GGUF", "mmproj-sheep-f16.gguf", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in models_in(tmp_path)] == ["goat.GGUF", "sheep-00001-of-00003.gguf"]


def test_a_file_is_known_by_its_name_or_its_beginning(tmp_path):
    blob = tmp_path / "sha256-3e0f"  # as Ollama keeps them
    blob.write_bytes(b"GGUF")
    other = tmp_path / "model.bin"
    other.write_bytes(b"GGU")
    (tmp_path / "empty.gguf").touch()
    assert is_gguf(blob)
    assert is_gguf(tmp_path / "empty.gguf")
    assert not is_gguf(other)
    assert not is_gguf(tmp_path)
    assert not is_gguf(tmp_path / "missing.gguf")
