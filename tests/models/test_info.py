"""A directory is a whole model or one sentence says what it lacks; what the files say about a model is true."""

import json
import math
import shutil

import numpy as np
import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.models.info import ModelInfo, check_files


@pytest.fixture
def model_dir(tmp_path, demo_dir):
    """A copy of the demo model's small files, to break; its weights are a stand-in of a few bytes."""
    copy = tmp_path / "my model"
    copy.mkdir()
    for name in REQUIRED_FILES:
        if name != "openvino_model.bin":
            shutil.copyfile(demo_dir / name, copy / name)
    (copy / "openvino_model.bin").write_bytes(b"weights")
    return copy


def config(model_dir, **settings):
    (model_dir / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return ModelInfo(model_dir)


@pytest.mark.parametrize(
    "missing", [*([name] for name in REQUIRED_FILES), list(REQUIRED_FILES[:2]), list(REQUIRED_FILES)]
)
def test_an_incomplete_directory_names_what_is_missing(model_dir, missing):
    for name in missing:
        (model_dir / name).unlink()
    with pytest.raises(ModelError) as incomplete:
        check_files(model_dir)
    message = str(incomplete.value)
    assert message.startswith(f"{model_dir} is not a complete OpenVINO model: {', '.join(missing)} ")
    assert f" {'is' if len(missing) == 1 else 'are'} missing" in message
    assert [name for name in REQUIRED_FILES if name in message] == missing


def test_a_directory_in_the_place_of_a_file_counts_as_missing(model_dir):
    (model_dir / "config.json").unlink()
    (model_dir / "config.json").mkdir()
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        check_files(model_dir)


def test_the_demo_model_is_described_truly(demo_dir):
    info = ModelInfo(demo_dir)
    assert info.precision == "INT8"
    assert info.max_positions == json.loads((demo_dir / "config.json").read_text())["max_position_embeddings"]
    assert info.size_bytes == (demo_dir / "openvino_model.bin").stat().st_size
    # INT8: about one byte a weight.
    assert info.parameters == pytest.approx(info.size_bytes, rel=0.05)
    assert info.end_ids == {0}


def test_the_number_of_weights_is_that_of_the_architecture(demo_dir):
    """GPT-NeoX: embeddings in and out; a layer: 4 h² of attention, 2 h·i of the MLP, biases, two norms; a last norm."""
    info = ModelInfo(demo_dir)
    hidden, inner, layers, vocab = (
        info.config[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size")
    )
    layer = 4 * hidden**2 + 2 * hidden * inner + (4 * hidden + inner + hidden) + 4 * hidden
    assert info.parameters == pytest.approx(2 * vocab * hidden + layers * layer + 2 * hidden, rel=0.01)


def test_the_number_of_weights_is_that_of_the_checkpoint(demo_dir):
    """Where the checkpoint is beside the OpenVINO files, as in the repository."""
    path = demo_dir.parent / "checkpoint" / "model.safetensors"
    if not path.is_file():
        pytest.skip("no checkpoint beside the model")
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    count = sum(int(np.prod(tensor["shape"])) for name, tensor in header.items() if name != "__metadata__")
    assert ModelInfo(demo_dir).parameters == pytest.approx(count, rel=0.01)


@pytest.mark.parametrize(
    ("weight_type", "numpy_type", "precision"),
    [("f32", np.float32, "FP32"), ("f16", np.float16, "FP16"), ("i8", np.int8, "INT8"), ("u8", np.uint8, "INT8")],
)
def test_weights_are_counted_without_their_scales(tmp_path, weight_type, numpy_type, precision):
    import openvino as ov
    from openvino import opset13 as ops

    x = ops.parameter([1, 64], np.float32)
    weights = ops.convert(ops.constant(np.ones((64, 32), numpy_type)), np.float32)
    scale = ops.constant(np.ones((64, 1), np.float32))
    model = ov.Model([ops.matmul(x, ops.multiply(weights, scale), False, False)], [x])
    ov.save_model(model, tmp_path / "openvino_model.xml", compress_to_fp16=False)
    info = ModelInfo(tmp_path)
    assert info._weights == {weight_type: 64 * 32}
    assert (info.parameters, info.precision) == (64 * 32, precision)


@pytest.mark.parametrize(
    ("kind", "precision"),
    [
        ("u4", "INT4"),
        ("i4", "INT4"),
        ("nf4", "INT4"),
        ("bf16", "BF16"),
        ("f16", "FP16"),
        ("f32", "FP32"),
        ("i8", "INT8"),
    ],
)
def test_the_precision_is_that_of_most_weights(tmp_path, kind, precision):
    layers = "".join(
        f'<layer id="{i}" type="Const"><data element_type="{element}" shape="{shape}"/></layer>'
        for i, (element, shape) in enumerate([(kind, "8, 4, 16"), ("f32", "8, 4, 1"), ("f64", "16"), ("i64", "9, 999")])
    )
    (tmp_path / "openvino_model.xml").write_text(f"<net><layers>{layers}</layers></net>", encoding="utf-8")
    assert ModelInfo(tmp_path).precision == precision
    assert ModelInfo(tmp_path).parameters == 8 * 4 * 16 + 16


def test_the_longest_text_has_several_names(model_dir):
    for key in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"):
        assert config(model_dir, **{key: 77}).max_positions == 77
    assert config(model_dir).max_positions is None
    assert config(model_dir, max_position_embeddings=None, n_ctx=8).max_positions == 8


@pytest.mark.parametrize(
    ("in_config", "in_generation_config", "expected"),
    [
        ({}, None, set()),
        ({"eos_token_id": 0}, None, {0}),
        ({"eos_token_id": [1, 2]}, None, {1, 2}),
        ({"eos_token_id": None}, None, set()),
        ({"eos_token_id": 0}, {}, {0}),
        ({"eos_token_id": 0}, {"eos_token_id": 5}, {0, 5}),
        ({"eos_token_id": 0}, {"eos_token_id": [5, 6]}, {0, 5, 6}),
        ({"eos_token_id": 0}, {"eos_token_id": None}, {0}),
        ({"eos_token_id": -1}, {"eos_token_id": [-1, 5]}, {5}),
    ],
)
def test_both_configs_say_what_ends_a_text(model_dir, in_config, in_generation_config, expected):
    info = config(model_dir, **in_config)
    if in_generation_config is not None:
        (model_dir / "generation_config.json").write_text(json.dumps(in_generation_config), encoding="utf-8")
    assert info.end_ids == expected


@pytest.mark.parametrize(
    "value", ["</s>", "2", [None, 3], True, 2.0, [[1]], {}, 10**400], ids=lambda value: str(value)[:9]
)
@pytest.mark.parametrize("name", ["config.json", "generation_config.json"])
def test_an_end_that_is_no_id_is_named(model_dir, name, value):
    info = config(model_dir)
    (model_dir / name).write_text(json.dumps({"eos_token_id": value}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"as eos_token_id: put the number of a token there\.$") as odd:
        _ = ModelInfo(info.model_dir).end_ids
    assert str(odd.value).startswith(f"{model_dir / name} gives ")
    assert len(str(odd.value)) < 200 + len(str(model_dir))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"text"', b"\xff"])
@pytest.mark.parametrize("name", ["config.json", "generation_config.json"])
def test_a_broken_config_is_named(model_dir, name, content):
    (model_dir / name).write_bytes(content)
    with pytest.raises(ModelError) as broken:
        _ = ModelInfo(model_dir).end_ids
    assert str(model_dir / name) in str(broken.value)
    assert "\n" not in str(broken.value)


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_damaged_graph_is_named(model_dir, share):
    path = model_dir / "openvino_model.xml"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    for read in (lambda info: info.parameters, lambda info: info.precision):
        with pytest.raises(ModelError, match="is damaged; convert or download the model again") as damaged:
            read(ModelInfo(model_dir))
        assert str(path) in str(damaged.value)


def test_nothing_is_read_until_it_is_asked_for(tmp_path):
    info = ModelInfo(tmp_path / "nowhere")
    assert info.name == "nowhere"
    with pytest.raises(ModelError):
        _ = info.max_positions


@pytest.fixture
def stored(model_dir, tmp_path, monkeypatch):
    """Puts the model into a store, made from what is given, and returns its directory there."""
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))

    def put(model_id):
        key = store.Key(model_id, "0" * 40, "int8")
        with store.making(key) as staging:
            shutil.copytree(model_dir, staging, dirs_exist_ok=True)
            return store.publish(staging, key, "main", {}, store.describe(staging)).path

    return put


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("databricks/dolly-v2-3b", "databricks/dolly-v2-3b"),
        ("gpt2", "gpt2"),
        ("/home/me/models/mine", "mine"),
        ("/home/me/models/\u202egnp.mine", "U+202Egnp.mine"),
        ("/home/me/models/two\n\x1b[2Jlines", "two↵␛[2Jlines"),
    ],
)
def test_a_model_of_the_store_is_called_what_it_was_made_from(stored, model_id, name):
    assert ModelInfo(stored(model_id)).name == name


def test_a_manifest_elsewhere_than_in_the_store_cannot_claim_another_origin(stored, tmp_path):
    path = stored("databricks/dolly-v2-3b")
    other = shutil.copytree(path, tmp_path / "downloads" / path.name)
    assert (ModelInfo(other).name, ModelInfo(other).entry) == (path.name, None)
    link = tmp_path / "mine"
    link.symlink_to(path)
    assert ModelInfo(link).name == "databricks/dolly-v2-3b"


def test_a_directory_of_the_store_with_the_manifest_of_another_is_no_entry(stored):
    path = stored("databricks/dolly-v2-3b")
    renamed = path.rename(path.with_name("other--name--int8--000000000000"))
    assert ModelInfo(renamed).name == renamed.name


def test_the_marks_that_turn_text_around_are_shown_in_a_directory_s_name(tmp_path):
    assert ModelInfo(tmp_path / "evil\u202egnp.bin").name == "evilU+202Egnp.bin"


@pytest.mark.parametrize("positions", ["many", math.inf])
def test_positions_that_are_no_number_are_named(model_dir, positions):
    with pytest.raises(ModelError, match=rf"config\.json gives {positions!r} as the number of positions"):
        _ = config(model_dir, max_position_embeddings=positions).max_positions


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"num_hidden_layers": 32, "num_attention_heads": 32, "hidden_size": 2560}, 163_840),  # dolly-v2-3b
        (  # Qwen2.5-0.5B: fewer heads for keys and values
            {"num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "hidden_size": 896},
            6_144,
        ),
        (  # Gemma-2-2b: heads of a size of their own
            {
                "num_hidden_layers": 26,
                "num_attention_heads": 8,
                "num_key_value_heads": 4,
                "head_dim": 256,
                "hidden_size": 2304,
            },
            53_248,
        ),
        ({"num_attention_heads": 8, "hidden_size": 64}, None),
        (  # Falcon-7B: one head for keys and values
            {"num_hidden_layers": 32, "num_attention_heads": 71, "hidden_size": 4544, "multi_query": True},
            None,
        ),
        (  # a number for each layer
            {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64, "num_key_value_heads": [4, 2]},
            None,
        ),
    ],
)
def test_the_size_of_the_cache_is_that_of_the_architecture(model_dir, settings, count):
    assert config(model_dir, **settings).cache_values_per_token == count
