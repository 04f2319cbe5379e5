"""A name becomes the directory of a model that can be run, or one sentence. Converting is test_convert's matter."""

import shutil

import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models import info
from dolly_widget.models.info import ModelInfo
from dolly_widget.models.kinds import bundled
from dolly_widget.models.lookup import find, resolve


@pytest.fixture
def model_dir(tmp_path, demo_dir):
    return shutil.copytree(demo_dir, tmp_path / "my model")


def test_a_directory_is_taken_as_path_and_as_text(model_dir):
    assert resolve(model_dir) == model_dir
    assert resolve(str(model_dir)) == model_dir


def test_a_directory_in_the_home_is_found(model_dir, monkeypatch):
    monkeypatch.setenv("HOME", str(model_dir.parent))
    assert resolve("~/my model") == model_dir


def test_demo_is_the_bundled_model(model_dir, monkeypatch):
    monkeypatch.setattr(bundled, "OPENVINO_DIR", model_dir)
    monkeypatch.setattr(info, "DEMO_DIR", model_dir)
    assert resolve("demo") == model_dir
    assert ModelInfo(model_dir).is_demo
    assert ModelInfo(model_dir).name == "demo"
    (model_dir / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        resolve("demo")


def test_a_directory_named_demo_is_reached_by_its_path(model_dir, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    other = model_dir.rename(tmp_path / "demo")
    assert resolve("./demo").resolve() == other
    assert not ModelInfo(other).is_demo
    assert ModelInfo(other.relative_to(tmp_path)).name == "demo"


def test_a_file_is_refused_with_its_directory(model_dir):
    with pytest.raises(ModelError, match="is a file: give the directory") as refused:
        resolve(model_dir / "openvino_model.xml")
    assert str(refused.value).endswith(f", {model_dir}.")


@pytest.mark.parametrize("model", ["/no/such/directory", "a/b/c", "Who is Dolly?", "nowhere/", "", " "])
@pytest.mark.parametrize("function", [find, resolve])
def test_what_is_no_name_is_refused_with_what_to_do(function, model):
    with pytest.raises(ModelError) as unknown:
        function(model)
    message = str(unknown.value)
    assert repr(model) in message
    assert "give 'demo', 'smollm2', a directory, a GGUF file, or the id of a model" in message
    assert "\n" not in message


@pytest.mark.parametrize("model", ["databricks/dolly-v2-3b", "gpt2", "Demo"])
def test_an_id_that_is_not_in_the_store_has_to_be_prepared(model, tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path))
    assert find(model) is None


def test_an_unknown_weight_format_is_refused_before_anything_else():
    with pytest.raises(ValueError, match="choose one of fp16, int8, int4"):
        find("demo", "int3")
