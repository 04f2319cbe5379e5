"""Which GGUF files of a repository are one model, and which of them is needed: names in, names or one sentence out."""

import pytest

from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.models.hub.gguf_files import MAX_CHOICES, models_in, pick
from dolly_widget.models.hub.repository import choose

COMMIT = "0123456789" * 4
SPLIT = tuple(f"m-F16-0000{i}-of-00003.gguf" for i in (1, 2, 3))
SIZES = {"m-Q8_0.gguf": 900_000_000, "m-Q4_K_M.gguf": 500_000_000, **dict.fromkeys(SPLIT, 2_000_000_000)}
CHECKPOINT = {"config.json": 10, "tokenizer.json": 20, "model.safetensors": 3000}


def chosen(sizes, file="", etags=()):
    return choose("org/name", "main", COMMIT, sizes, dict(etags), file)


def test_models_are_listed_from_the_smallest_with_all_parts_of_a_split_one():
    assert models_in({**SIZES, "README.md": 5}) == {
        "m-Q4_K_M.gguf": ("m-Q4_K_M.gguf",),
        "m-Q8_0.gguf": ("m-Q8_0.gguf",),
        SPLIT[0]: SPLIT,
    }


@pytest.mark.parametrize(
    "name",
    ["folder/m.gguf", "../m.gguf", "mmproj-m-f16.gguf", "m.imatrix.gguf", "m\u202e.gguf", ".gguf ", SPLIT[0], SPLIT[2]],
)
def test_what_is_no_whole_language_model_is_not_offered(name):
    assert models_in({name: 5}) == {}


@pytest.mark.parametrize("count", ["00000", "99999"])
def test_a_number_of_parts_that_no_repository_has_is_not_counted_to(count):
    assert models_in({f"m-00001-of-{count}.gguf": 5}) == {}


def test_the_only_model_need_not_be_named():
    repository = chosen(
        {"m-Q8_0.gguf": 9, "mmproj-m.gguf": 5, "config.json": 4}, etags={"m-Q8_0.gguf": "e", "config.json": "f"}
    )
    assert (dict(repository.files), repository.gguf) == ({"m-Q8_0.gguf": 9}, "m-Q8_0.gguf")
    assert dict(repository.etags) == {"m-Q8_0.gguf": "e"}
    assert (repository.weights_bytes, repository.is_openvino, repository.is_pickled) == (9, False, False)


def test_several_are_told_with_their_sizes_and_how_to_name_one():
    with pytest.raises(ModelChoiceError) as caught:
        chosen(SIZES)
    assert str(caught.value) == (
        "org/name holds 3 GGUF files; name one as 'org/name:m-Q4_K_M.gguf': m-Q4_K_M.gguf (500 MB), "
        f"m-Q8_0.gguf (900 MB), {SPLIT[0]} (6.0 GB)."
    )
    assert caught.value.model == "org/name"
    assert caught.value.choices == (
        ("m-Q4_K_M.gguf", 500_000_000),
        ("m-Q8_0.gguf", 900_000_000),
        (SPLIT[0], 6_000_000_000),
    )


def test_a_thousand_files_are_a_short_sentence_and_a_bounded_choice():
    with pytest.raises(ModelChoiceError) as caught:
        chosen({f"m{i:04}.gguf": i for i in range(1000)})
    assert "992 more" in str(caught.value)
    assert len(str(caught.value)) < 400
    assert len(caught.value.choices) == MAX_CHOICES


@pytest.mark.parametrize("part", SPLIT)
def test_a_split_model_is_named_by_any_part(part):
    repository = chosen(SIZES, part)
    assert (tuple(repository.files), repository.gguf) == (SPLIT, SPLIT[0])


def test_a_file_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(ModelChoiceError, match=r"^org/name has no file 'm-Q5.gguf', but 3 GGUF files; name one as"):
        chosen(SIZES, "m-Q5.gguf")


@pytest.mark.parametrize("file", ["README.md", "config.json", "../../.bashrc", "folder/m.gguf"])
def test_only_a_gguf_file_beside_the_others_can_be_named(file):
    with pytest.raises(ModelError, match="has no file"):
        chosen({**CHECKPOINT, "m.gguf": 5, "README.md": 5, "../../.bashrc": 5, "folder/m.gguf": 5}, file)


def test_a_split_model_without_one_of_its_parts_is_refused():
    with pytest.raises(ModelError, match=r"does not hold all parts of m-F16-00002-of-00003\.gguf"):
        chosen(dict.fromkeys(SPLIT[1:], 5), SPLIT[1])


def test_a_checkpoint_comes_before_gguf_files_and_a_named_file_before_the_checkpoint():
    sizes = {**CHECKPOINT, **SIZES}
    assert dict(chosen(sizes).files) == CHECKPOINT
    assert dict(chosen(sizes, "m-Q8_0.gguf").files) == {"m-Q8_0.gguf": 900_000_000}


def test_gguf_files_in_folders_are_told():
    with pytest.raises(ModelError, match="GGUF files in folders, or parts of one: download one with all its parts"):
        chosen({"Q8_0/m.gguf": 5, "README.md": 5})


def test_only_whole_names_are_picked():
    assert pick("org/name", {"a.gguf": 1, "b.gguf": 2}, "b.gguf") == ("b.gguf",)
    with pytest.raises(ModelError):
        pick("org/name", {"a.gguf": 1, "b.gguf": 2}, "b")
