"""A file that is nested 200,000 deep is a sentence that names it, whichever file it is."""

import json
import shutil

import pytest

from dolly_widget import History
from dolly_widget.models.conversion import checkpoints
from dolly_widget.models.info import ModelInfo
from dolly_widget.models.template_files import chat_template, template_for
from dolly_widget.text import Tokenizer

DEEP = b"[" * 200_000 + b"]" * 200_000
IN_AN_OBJECT = b'{"a":' + DEEP + b"}"


@pytest.fixture
def model_dir(demo_dir, tmp_path):
    return shutil.copytree(demo_dir, tmp_path / "model")


@pytest.mark.parametrize("content", [DEEP, IN_AN_OBJECT])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("config.json", lambda path: ModelInfo(path).max_positions),
        ("config.json", checkpoints.inspect),
        ("generation_config.json", lambda path: ModelInfo(path).end_ids),
        ("tokenizer_config.json", chat_template),
        ("special_tokens_map.json", chat_template),
        ("tokenizer.json", template_for),
        ("tokenizer.json", Tokenizer),
    ],
)
def test_a_file_of_a_model(model_dir, name, read, content):
    (model_dir / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages[0].content }}"}))
    (model_dir / name).write_bytes(content)
    with pytest.raises(ValueError, match=name.replace(".", r"\.")) as caught:
        read(model_dir)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("content", [DEEP, IN_AN_OBJECT])
def test_the_files_of_a_checkpoint_s_weights(tmp_path, content):
    (tmp_path / "config.json").write_text(
        json.dumps({"architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox"})
    )
    index, weights = tmp_path / "model.safetensors.index.json", tmp_path / "model.safetensors"
    index.write_bytes(content)
    with pytest.raises(ValueError, match=r"index\.json is damaged"):
        checkpoints.inspect(tmp_path)
    weights.write_bytes(len(content).to_bytes(8, "little") + content + bytes(8))
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged: its header cannot be read"):
        checkpoints.inspect(tmp_path)


@pytest.mark.parametrize("content", [DEEP, IN_AN_OBJECT])
def test_a_history(tmp_path, content):
    path = tmp_path / "history.json"
    path.write_bytes(content)
    for source in (path, content.decode()):
        with pytest.raises(ValueError, match="is not a complete history"):
            History.from_json(source)
