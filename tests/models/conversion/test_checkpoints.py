"""A checkpoint directory is whole and of the right kind, or one sentence says what is wrong and what to do."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from checkpoint_factory import KINDS, WRONG_KINDS, make_checkpoint

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints
from dolly_widget.models.conversion.checkpoints import bits_per_weight, check_config, inspect, is_checkpoint

SHARDED = "sharded"
INDEX = "model.safetensors.index.json"
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5684548185\n"
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes a checkpoint of a kind, or returns the one that is there: not to be changed."""
    root = tmp_path_factory.mktemp("checkpoints")
    return lambda kind: root / kind if (root / kind).is_dir() else make_checkpoint(root / kind, kind)


@pytest.fixture
def copy_of(made, tmp_path):
    """Makes a copy of a checkpoint, to break."""
    return lambda kind="dolly": shutil.copytree(made(kind), tmp_path / "my model")


def state(directory):
    return {path: (path.is_file() and path.read_bytes(), path.stat().st_mtime_ns) for path in directory.rglob("*")}


def refusal(directory):
    """The sentence that refuses a directory, which must stay as it was."""
    before = state(directory)
    with pytest.raises(ModelError) as refused:
        inspect(directory)
    assert state(directory) == before
    message = str(refused.value)
    assert str(directory) in message
    assert_is_one_sentence(message)
    return message


def assert_is_one_sentence(message):
    assert "\n" not in message
    assert message.endswith(".")
    assert ". " not in message
    assert len(message) < 400
    assert not any(word in message for word in ("Traceback", "site-packages", "Errno", "Error"))


def keep_only(directory, *names):
    for path in directory.iterdir():
        if path.name not in names:
            path.unlink()


def truncate(path, size):
    os.truncate(path, size if size >= 0 else path.stat().st_size + size)


def rewrite_header(path, change):
    """Change the header of a safetensors file, its data kept."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(change(json.loads(content[8:end]))).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[end:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_checkpoint_is_taken(made, kind):
    checkpoint = inspect(made(kind))
    assert is_checkpoint(made(kind))
    assert checkpoint.directory == made(kind)
    assert checkpoint.config == json.loads((made(kind) / "config.json").read_text())
    assert checkpoint.is_pickled == kind.startswith("pickled")
    suffix = ".bin" if checkpoint.is_pickled else ".safetensors"
    assert {*checkpoint.weight_files} == {*made(kind).glob(f"*{suffix}")}
    assert (len(checkpoint.weight_files) >= 3) == ("sharded" in kind)
    assert checkpoint.weights_bytes == sum(path.stat().st_size for path in made(kind).glob(f"*{suffix}"))


def test_a_path_as_text_is_taken(made):
    assert inspect(str(made("dolly"))) == inspect(made("dolly"))


def test_safetensors_come_before_pickles_and_variants_do_not_count(copy_of, made):
    directory = copy_of()
    shutil.copy(made("pickled") / "pytorch_model.bin", directory)
    shutil.copy(directory / "model.safetensors", directory / "model.fp16.safetensors")
    shutil.copy(directory / "model.safetensors", directory / "model-00001-of-00002.safetensors")
    checkpoint = inspect(directory)
    assert checkpoint.weight_files == (directory / "model.safetensors",)
    assert not checkpoint.is_pickled


def test_links_as_in_the_hub_cache_are_followed(made, tmp_path):
    for path in made(SHARDED).iterdir():
        (tmp_path / path.name).symlink_to(path)
    assert inspect(tmp_path).weights_bytes == inspect(made(SHARDED)).weights_bytes


@pytest.mark.parametrize("name", ["vocab.json merges.txt", "tokenizer.model", "qwen.tiktoken"])
def test_other_forms_of_tokenizer_are_taken(copy_of, name):
    directory = copy_of()
    (directory / "tokenizer.json").unlink()
    for part in name.split():
        (directory / part).write_text("{}")
    assert inspect(directory)


def test_a_pickle_of_the_older_format_is_taken(copy_of):
    import torch

    directory = copy_of("pickled")
    weights = {"weight": torch.zeros(3)}
    torch.save(weights, directory / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    assert inspect(directory).is_pickled


def test_a_fingerprint_is_like_a_commit_and_stays(copy_of):
    directory = copy_of()
    fingerprint = inspect(directory).fingerprint
    assert len(fingerprint) == 40
    assert set(fingerprint) <= set("0123456789abcdef")
    assert inspect(directory).fingerprint == fingerprint
    (directory / "README.md").write_text("Of no account.")
    assert inspect(directory).fingerprint == fingerprint


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "generation_config.json"])
def test_a_fingerprint_changes_with_every_file_that_counts(copy_of, name):
    directory = copy_of()
    fingerprint = inspect(directory).fingerprint
    stat = (directory / name).stat()
    os.utime(directory / name, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert inspect(directory).fingerprint != fingerprint


def test_a_fingerprint_changes_with_a_new_file_and_with_the_config_alone(copy_of):
    directory = copy_of()
    first = inspect(directory).fingerprint
    (directory / "chat_template.jinja").write_text("{{ messages }}")
    second = inspect(directory).fingerprint
    stat = (directory / "config.json").stat()
    text = (directory / "config.json").read_text()
    (directory / "config.json").write_text(text.replace("0.25", "0.75"))
    os.utime(directory / "config.json", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (directory / "config.json").stat().st_size == stat.st_size
    assert len({first, second, inspect(directory).fingerprint}) == 3


WRONG = {
    "encoder_decoder": "is an encoder-decoder model (T5ForConditionalGeneration); give a causal language model",
    "vision": "is a model for images (ViTForImageClassification); give a text-only language model",
    "vision_language": "is a model for text and images (LlavaForConditionalGeneration); give a text-only language",
    "embedding": "is an embedding model, or one that lacks its output layer (BertModel); give a causal language model",
}


@pytest.mark.parametrize("kind", WRONG_KINDS)
def test_a_checkpoint_of_something_else_is_refused_where_its_config_proves_it(made, kind):
    if kind in WRONG:
        assert WRONG[kind] in refusal(made(kind))
    else:  # whether a type is known is the converter's to say
        assert inspect(made(kind))


# Each breaks a whole checkpoint of a kind; what the refusal must say.
FAULTS = [
    ("dolly", lambda d: keep_only(d), "does not hold a model: give a directory of OpenVINO files, or of a Hugging"),
    ("dolly", lambda d: (d / "config.json").unlink(), "has weights but no config.json"),
    (
        "dolly",
        lambda d: (d / "config.json").write_text('{"model_type": '),
        "config.json is damaged: it is not valid JSON",
    ),
    (
        "dolly",
        lambda d: (d / "config.json").write_bytes(b"\xff\xfe\x00"),
        "config.json is damaged: it is not valid JSON",
    ),
    ("dolly", lambda d: (d / "config.json").write_text("[" * 100_000), "config.json is damaged: it is not valid JSON"),
    ("dolly", lambda d: (d / "config.json").write_text("[]"), "config.json contains no settings; download it again"),
    ("dolly", lambda d: (d / "config.json").write_text(LFS_POINTER), "config.json is a Git LFS pointer"),
    ("dolly", lambda d: (d / "config.json").write_text("{}"), "has a config.json that does not name a model type"),
    ("dolly", lambda d: (d / "model.safetensors").unlink(), "has no weights, neither model.safetensors nor pytorch_"),
    (
        "dolly",
        lambda d: (d / "model.safetensors").write_text(LFS_POINTER),
        "not the file itself; run `git lfs pull` in",
    ),
    ("dolly", lambda d: (d / "model.safetensors").write_bytes(b""), "model.safetensors is truncated: 0 of at least 8"),
    ("dolly", lambda d: truncate(d / "model.safetensors", 1000), "is truncated: 1,000 of at least"),
    (
        "dolly",
        lambda d: truncate(d / "model.safetensors", -1),
        "is truncated: 601,503 bytes instead of 601,504; downl",
    ),
    ("dolly", lambda d: truncate(d / "model.safetensors", 700_000), "is damaged: 700,000 bytes instead of 601,504"),
    ("dolly", lambda d: (d / "model.safetensors").write_bytes(bytes(600_000)), "damaged: its header cannot be read"),
    ("dolly", lambda d: (d / "model.safetensors").write_bytes(b"<html>" * 99), "damaged: its header cannot be read"),
    ("dolly", lambda d: rewrite_header(d / "model.safetensors", list), "damaged: its header cannot be read"),
    (
        "dolly",
        lambda d: rewrite_header(d / "model.safetensors", lambda header: dict([*header.items()][::2])),
        "model.safetensors is damaged: its header cannot be read",
    ),
    (
        "dolly",
        lambda d: rewrite_header(d / "model.safetensors", lambda header: header | {"one": {"shape": []}}),
        "model.safetensors is damaged: its header cannot be read",
    ),
    ("dolly", lambda d: (d / "model.safetensors").write_bytes(b"\x02" + bytes(7) + b"{}"), "holds no weights; downl"),
    ("dolly", lambda d: (d / "tokenizer.json").unlink(), "has no tokenizer: tokenizer.json (or tokenizer.model, or"),
    ("dolly", lambda d: truncate(d / "tokenizer.json", 5000), "tokenizer.json is damaged: it is not valid JSON"),
    ("dolly", lambda d: (d / "tokenizer.json").write_text(LFS_POINTER), "tokenizer.json is a Git LFS pointer"),
    (
        "dolly",
        lambda d: (d / "tokenizer.json").rename(d / "tokenizer.model").write_text(LFS_POINTER),
        "tokenizer.model is a Git LFS pointer",
    ),
    (
        SHARDED,
        lambda d: (d / INDEX).write_text(json.dumps({"weight_map": {"a": "two\nlines.safetensors"}})),
        "does not say which files hold the weights",
    ),
    (
        "dolly",
        lambda d: (d / "tokenizer.json").rename(d / "merges.txt"),
        "has no tokenizer: tokenizer.json (or tokenizer.model, or vocab.json with merges.txt) belongs beside the",
    ),
    (
        SHARDED,
        lambda d: (d / "model-00002-of-00005.safetensors").unlink(),
        "lacks 1 of the 5 weight files that model.safetensors.index.json names, namely model-00002-of-00005.safetensor",
    ),
    (
        SHARDED,
        lambda d: [(d / f"model-0000{n}-of-00005.safetensors").unlink() for n in (3, 4)],
        "lacks 2 of the 5 weight files that model.safetensors.index.json names, first model-00003-of-00005.safetensors",
    ),
    (
        SHARDED,
        lambda d: truncate(d / "model-00004-of-00005.safetensors", -8),
        "model-00004-of-00005.safetensors is trunc",
    ),
    (
        SHARDED,
        lambda d: shutil.copy(d / "model-00001-of-00005.safetensors", d / "model-00002-of-00005.safetensors"),
        "model-00002-of-00005.safetensors lacks weights that model.safetensors.index.json says are in it",
    ),
    (SHARDED, lambda d: (d / INDEX).unlink(), "but weight files without their model.safetensors.index.json; download"),
    (SHARDED, lambda d: (d / INDEX).write_text("{"), f"{INDEX} is damaged: it is not valid JSON"),
    (SHARDED, lambda d: (d / INDEX).write_text("{}"), "does not say which files hold the weights"),
    (
        SHARDED,
        lambda d: (d / INDEX).write_text('{"weight_map": {"a": 1}}'),
        "does not say which files hold the weights",
    ),
    (
        SHARDED,
        lambda d: (d / INDEX).write_text('{"weight_map": {"a": "../my model/model.safetensors"}}'),
        "does not say which files hold the weights",
    ),
    (
        SHARDED,
        lambda d: (d / INDEX).write_text('{"weight_map": {"a": "weights.bin"}}'),
        "does not say which files hold the weights",
    ),
    (
        "pickled",
        lambda d: truncate(d / "pytorch_model.bin", 300_000),
        "truncated: its end is missing after 300,000 bytes; downl",
    ),
    (
        "pickled",
        lambda d: (d / "pytorch_model.bin").write_bytes(b""),
        "is damaged: its 0 bytes are not PyTorch weights",
    ),
    ("pickled", lambda d: (d / "pytorch_model.bin").write_text("<html>"), "is damaged: its 6 bytes are not PyTorch"),
    ("pickled", lambda d: (d / "pytorch_model.bin").write_text(LFS_POINTER), "pytorch_model.bin is a Git LFS pointer"),
    ("pickled", lambda d: cut_out(d / "pytorch_model.bin"), "damaged: an archive, but not one of PyTorch weights"),
    ("pickled", lambda d: replace_by_archive(d / "pytorch_model.bin"), "damaged: an archive, but not one of PyTorch"),
    (
        "pickled_sharded",
        lambda d: (d / "pytorch_model-00001-of-00005.bin").unlink(),
        "lacks 1 of the 5 weight files that pytorch_model.bin.index.json names, namely pytorch_model-00001-of-00005",
    ),
    (
        "pickled_sharded",
        lambda d: (d / "pytorch_model.bin.index.json").unlink(),
        "but weight files without their pytorch_model.bin.index.json; download it again",
    ),
    ("pickled_sharded", lambda d: truncate(d / "pytorch_model-00003-of-00005.bin", -30), "its end is missing"),
]


def cut_out(path):
    content = path.read_bytes()
    path.write_bytes(content[:100_000] + content[110_000:])


def replace_by_archive(path):
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")


@pytest.mark.parametrize(("kind", "fault", "sentence"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_fault_is_one_sentence_and_nothing_is_changed(copy_of, kind, fault, sentence):
    directory = copy_of(kind)
    fault(directory)
    assert sentence in refusal(directory)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "adapter_model.safetensors adapter_config.json",
            "a LoRA adapter; merge it into its base model first (peft's m",
        ),
        ("mmproj-F16.gguf", "parts of a GGUF model (one of several files, or mmproj); give all of its files"),
        ("sheep-00002-of-00003.gguf", "parts of a GGUF model (one of several files, or mmproj); give all of its"),
        ("model.onnx", "ONNX weights; give the PyTorch checkpoint"),
        ("onnx/decoder_model.onnx", "ONNX weights; give the PyTorch checkpoint"),
        ("tf_model.h5", "TensorFlow weights; give a checkpoint with PyTorch weights"),
        ("flax_model.msgpack", "Flax weights; give a checkpoint with PyTorch weights"),
        ("consolidated.00.pth", "weights in the author's own layout; give the model in Hugging Face's format"),
        ("consolidated.safetensors", "weights in the author's own layout; give the model in Hugging Face's format"),
        ("model.fp16.safetensors", "weights under another name; save it again with save_pretrained"),
        ("model_index.json unet/config.json", "a diffusers image generator; give a language model"),
    ],
)
@pytest.mark.parametrize("has_config", [True, False])
def test_weights_of_another_kind_are_named_with_what_to_do(copy_of, name, sentence, has_config):
    directory = copy_of()
    keep_only(directory, "tokenizer.json", *(["config.json"] if has_config else []))
    for part in name.split():
        (directory / part).parent.mkdir(exist_ok=True)
        (directory / part).write_bytes(b"weights")
    start = "has no weights that can be converted, but" if has_config else "has no config.json, but"
    assert f"{start} {sentence}" in refusal(directory)


@pytest.mark.parametrize("inner", ["checkpoint-500", "snapshots/0123abcd"])
def test_a_directory_around_a_checkpoint_names_the_one_inside(made, tmp_path, inner):
    shutil.copytree(made("dolly"), tmp_path / inner)
    assert not is_checkpoint(tmp_path)
    assert refusal(tmp_path).endswith(f"is not a model, but contains one: give {tmp_path / inner}.")


@pytest.mark.parametrize("content", ["notes.txt", "script.py", "training_args.bin"])
def test_a_directory_of_something_else_is_told_what_was_expected(tmp_path, content):
    (tmp_path / content).write_text("Something.")
    assert not is_checkpoint(tmp_path)
    assert "which has config.json, model.safetensors and tokenizer.json" in refusal(tmp_path)


def test_a_directory_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(ModelError, match=r"There is no directory .*nowhere: give one"):
        inspect(tmp_path / "nowhere")


def test_a_file_that_cannot_be_read_is_a_sentence(copy_of, monkeypatch):
    # Permissions do not stop root, who runs the tests in many a container.
    directory = copy_of()

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(checkpoints.Path, "open", refuse)
    with pytest.raises(ModelError) as refused:
        inspect(directory)
    assert (
        str(refused.value) == f"{directory / 'config.json'} cannot be read (Permission denied); check its permissions."
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"quantization_config": {"quant_method": "gptq"}},
            "is already quantised with gptq; give the original, unquantised",
        ),
        ({"quantization_config": {"quant_method": "awq"}}, "with awq"),
        ({"quantization_config": {"quant_method": "mxfp4"}}, "with mxfp4"),
        ({"quantization_config": {"quant_method": "fp8"}}, "with fp8"),
        ({"quantization_config": {"load_in_8bit": True}}, "by another method"),
        ({"compression_config": {"quant_method": "compressed-tensors"}}, "with compressed-tensors"),
        ({"text_config": {"quantization_config": {"quant_method": "bitsandbytes"}}}, "with bitsandbytes"),
        ({"quantization": {"bits": 4}, "quantization_config": {"bits": 4}}, "is already quantised for MLX"),
        ({"vision_config": {}}, "is a model for text and images (LlamaForCausalLM)"),
        ({"architectures": ["Qwen2AudioForConditionalGeneration"], "audio_config": {}}, "a model for text and audio"),
        ({"architectures": ["Wav2Vec2ForCTC"], "conv_stride": [5]}, "is a model for audio (Wav2Vec2ForCTC)"),
        ({"architectures": ["Qwen2_5OmniModel"], "vision_config": {}}, "is a model for images"),
        ({"architectures": ["SomeForConditionalGeneration"]}, "is a multimodal model (SomeForConditional"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "is a classifier (LlamaForSequenceClassification)"),
        ({"architectures": ["LlamaModel"]}, "or one that lacks its output layer (LlamaModel)"),
        ({"architectures": ["BertForMaskedLM"], "model_type": "bert"}, "is an embedding model"),
        ({"architectures": None, "model_type": "xlm-roberta"}, "lacks its output layer (xlm-roberta)"),
        ({"architectures": None, "model_type": "t5", "is_encoder_decoder": True}, "an encoder-decoder model (t5)"),
        ({"architectures": ["VisionEncoderDecoderModel"], "encoder": {}, "decoder": {}}, "an encoder-decoder model"),
        ({"architectures": ["T5WithLMHeadModel"], "is_encoder_decoder": True}, "an encoder-decoder model"),
        ({"architectures": None, "model_type": None}, "has a config.json that does not name a model type"),
        ({"architectures": "LlamaForCausalLM", "model_type": ["llama"]}, "does not name a model type"),
        ({"architectures": [None, {}], "model_type": "llama"}, "lacks its output layer"),
        (
            {"architectures": ["ChatGLMModel"], "auto_map": {"AutoModelForCausalLM": "modeling_chatglm.ChatGLM"}},
            "needs custom code (ChatGLMModel), which is never run here; give a model of a type that transformers",
        ),
        ({"architectures": None, "model_type": None, "auto_map": {"AutoConfig": "a.B"}}, "needs custom code"),
        (
            {"model_type": "afmoe"},
            "has the type 'afmoe', which OpenVINO computes wrongly; give a model of another type",
        ),
    ],
    ids=str,
)
def test_a_config_that_proves_another_kind_of_model_is_refused(settings, sentence):
    with pytest.raises(ModelError) as refused:
        check_config(LLAMA | settings, "some/model")
    assert str(refused.value).startswith("some/model ")
    assert sentence in str(refused.value)
    assert_is_one_sentence(str(refused.value))


def test_names_out_of_a_config_cannot_break_the_sentence():
    name = "Model\nTraceback: " + "x" * 1000
    with pytest.raises(ModelError) as refused:
        check_config({"architectures": [name], "model_type": "llama"}, "some/model")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"architectures": None},
        {"quantization_config": None},
        {"quantization_config": {}},
        # Falcon, Phi and DeepSeek come with code that transformers no longer needs.
        {"auto_map": {"AutoConfig": "configuration_phi3.Phi3Config", "AutoModelForCausalLM": "modeling_phi3.Phi3"}},
        {"is_encoder_decoder": False},
        {"is_encoder_decoder": True, "architectures": ["BartForCausalLM"]},
    ],
    ids=str,
)
def test_a_config_that_may_be_a_causal_model_passes(settings):
    check_config(LLAMA | settings, "some/model")


def test_every_causal_model_that_transformers_knows_passes():
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL

    # Those of the list that read images or sound too: their language model alone has a type and a class of its own.
    of_more_than_text = {"fuyu", "gemma3", "gemma3n", "gemma4", "got_ocr2", "moshi"}
    # Those whose config of the whole tells of images or sound, and whose language model has a config of its own.
    wholes = of_more_than_text | {"git", "llama4", "mllama", "phi4_multimodal", "qwen3_5", "qwen3_5_moe", "whisper"}
    refused, refused_whole = set(), set()
    for model_type, names in CAUSAL.items():
        for name in [names] if isinstance(names, str) else names:
            named = {"model_type": model_type, "architectures": [name]}
            refused |= {model_type} if refuses(named) else set()
            # These two have no config without those of their parts.
            if model_type not in ("musicgen", "musicgen_melody"):
                full = CONFIG_MAPPING[model_type]().to_dict()
                refused_whole |= {model_type} if refuses(full | named) else set()
    assert len(CAUSAL) > 100
    wrong = {"afmoe"}
    assert refused == of_more_than_text | wrong
    assert refused_whole == wholes | wrong


def refuses(config):
    try:
        check_config(config, "some/model")
    except ModelError:
        return True
    return False


@pytest.mark.parametrize(
    ("settings", "bits"),
    [
        ({"dtype": "float32"}, 32),
        ({"torch_dtype": "bfloat16"}, 16),
        ({"torch_dtype": "torch.float16"}, 16),
        ({"dtype": "float16", "torch_dtype": "float32"}, 16),
        ({}, 16),
        ({"dtype": ["float32"]}, 16),
    ],
    ids=str,
)
def test_bits_per_weight_are_those_of_the_config(settings, bits):
    assert bits_per_weight(settings) == bits


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 32), ("bfloat16", 16), ("float16", 16)])
def test_bits_per_weight_hold_for_what_transformers_writes(tmp_path, dtype, bits):
    checkpoint = inspect(make_checkpoint(tmp_path, "dolly", dtype=dtype))
    assert bits_per_weight(checkpoint.config) == bits
    assert 0.9 < checkpoint.weights_bytes / (150_000 * bits / 8) < 1.1


def test_inspecting_needs_neither_torch_nor_transformers(made):
    script = (
        "import sys; from dolly_widget.models.conversion import checkpoints; checkpoints.inspect(sys.argv[1]); "
        "print([name for name in ('torch', 'transformers', 'safetensors', 'openvino') if name in sys.modules])"
    )
    run = [sys.executable, "-c", script, str(made("pickled_sharded"))]
    assert subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip() == "[]"
