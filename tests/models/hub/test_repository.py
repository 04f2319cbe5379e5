"""Which files of a hub repository are needed: lists of names in, a choice or one sentence out."""

import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models.hub.repository import choose

COMMIT = "0123456789" * 4
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
TORCH = ("config.json", "generation_config.json", *TOKENIZER, "model.safetensors")
OPENVINO = ("config.json", *TOKENIZER, "openvino_model.xml", "openvino_model.bin")
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
PICKLE_SHARDS = ("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin")


def sizes_of(names):
    """Bytes that tell the files apart."""
    return {name: 100 + number for number, name in enumerate(names)}


@pytest.mark.parametrize(
    ("names", "chosen", "is_openvino", "is_pickled"),
    [
        pytest.param((*TORCH, "pytorch_model.bin"), TORCH, False, False, id="safetensors before pickles"),
        pytest.param(
            (*TORCH, "model.fp16.safetensors", "consolidated.safetensors", "adapter_model.safetensors"),
            TORCH,
            False,
            False,
            id="no other variants",
        ),
        pytest.param(
            (
                *TORCH,
                "README.md",
                "LICENSE",
                "modeling_x.py",
                "tf_model.h5",
                "onnx/model.onnx",
                "tokenizer_2/vocab.json",
            ),
            TORCH,
            False,
            False,
            id="no other files",
        ),
        pytest.param(
            (
                "config.json",
                "vocab.json",
                "merges.txt",
                "chat_template.jinja",
                "added_tokens.json",
                "model.safetensors",
            ),
            (
                "config.json",
                "vocab.json",
                "merges.txt",
                "chat_template.jinja",
                "added_tokens.json",
                "model.safetensors",
            ),
            False,
            False,
            id="older tokenizers, chat template",
        ),
        pytest.param(
            ("config.json", "tokenizer.model", "model.safetensors.index.json", *SHARDS, "pytorch_model.bin"),
            ("config.json", "tokenizer.model", "model.safetensors.index.json", *SHARDS),
            False,
            False,
            id="shards",
        ),
        pytest.param(
            ("config.json", "tokenizer.json", "pytorch_model.bin", "training_args.bin"),
            ("config.json", "tokenizer.json", "pytorch_model.bin"),
            False,
            True,
            id="pickle",
        ),
        pytest.param(
            ("config.json", "tokenizer.json", "pytorch_model.bin.index.json", *PICKLE_SHARDS),
            ("config.json", "tokenizer.json", "pytorch_model.bin.index.json", *PICKLE_SHARDS),
            False,
            True,
            id="pickled shards",
        ),
        pytest.param(
            (*OPENVINO, "openvino_tokenizer.xml", "openvino_tokenizer.bin", *TORCH, "pytorch_model.bin"),
            (*OPENVINO, "openvino_tokenizer.xml", "openvino_tokenizer.bin", "generation_config.json"),
            True,
            False,
            id="openvino, and no weights of torch",
        ),
        pytest.param(
            (*TORCH, "openvino_model.xml", "openvino/openvino_model.bin"), TORCH, False, False, id="half openvino"
        ),
    ],
)
def test_only_the_needed_files_are_chosen(names, chosen, is_openvino, is_pickled):
    sizes = sizes_of(names)
    repository = choose("org/name", "v1", COMMIT, sizes, {})
    assert dict(repository.files) == {name: sizes[name] for name in chosen}
    assert (repository.is_openvino, repository.is_pickled) == (is_openvino, is_pickled)
    assert (repository.model_id, repository.revision, repository.commit) == ("org/name", "v1", COMMIT)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("config.json", "folder/x-Q4_K_M.gguf"), "GGUF files in folders"),
        (("adapter_config.json", "adapter_model.safetensors"), "LoRA adapter"),
        (("model_index.json", "unet/model.safetensors"), "an image pipeline"),
        (("config.json", "openvino_encoder_model.xml", "openvino_decoder_model.xml"), "another kind"),
        (("config.json", "consolidated.safetensors"), "model.safetensors"),
        (("config.json", "onnx/model.onnx"), "ONNX"),
        (("config.json", "tf_model.h5"), "TensorFlow"),
        (("README.md",), "check the id"),
        ((*TOKENIZER, "model.safetensors"), "no config.json"),
        (("config.json", "openvino_model.xml", "openvino_model.bin"), "no tokenizer.json"),
        (("config.json", "model.safetensors.index.json", SHARDS[1]), "1 of the 2 files"),
        (("config.json", "pytorch_model.bin.index.json", PICKLE_SHARDS[0]), "1 of the 2 files"),
    ],
)
def test_a_repository_without_usable_weights_is_refused_saying_what_it_holds(names, says):
    with pytest.raises(ModelError, match=f"^org/name .*{says}.*[.]$"):
        choose("org/name", "main", COMMIT, sizes_of(names), {})


@pytest.mark.parametrize("names", [TORCH, OPENVINO, ("config.json", "tokenizer.json", "pytorch_model.bin")])
def test_the_size_of_the_weights_is_part_of_the_whole(names):
    repository = choose("org/name", "main", COMMIT, {**dict.fromkeys(names, 10), names[-1]: 5000}, {})
    assert repository.weights_bytes == 5000
    assert repository.size_bytes == 5000 + 10 * (len(names) - 1)


def test_etags_are_kept_where_the_hub_names_them():
    etags = {"config.json": "e1", "model.safetensors": "", "README.md": "e3"}
    repository = choose("org/name", "main", COMMIT, sizes_of((*TORCH, "README.md")), etags)
    assert dict(repository.etags) == {"config.json": "e1"}


@pytest.mark.parametrize(
    ("tokenizer", "has_tokenizer"),
    [
        (("tokenizer.json",), True),
        (("qwen.tiktoken",), True),
        (("tokenizer_config.json", "merges.txt"), False),
        ((), False),
    ],
)
def test_a_tokenizer_is_seen(tokenizer, has_tokenizer):
    names = ("config.json", "model.safetensors", *tokenizer)
    assert choose("org/name", "main", COMMIT, sizes_of(names), {}).has_tokenizer == has_tokenizer
