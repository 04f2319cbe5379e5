"""A GGUF file is a model: found by its path or its directory, converted once, stored, and run."""

import json
import os
import threading

import pytest
from gguf_files import Shape, random_weights, stored, write_gguf

from dolly_widget import DollyWidget, EngineSetup, ModelError, SamplingParams, load_engine, models
from dolly_widget.cli import entry_point
from dolly_widget.models import store
from dolly_widget.models.conversion import child
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.kinds.directory import Directory
from dolly_widget.models.kinds.gguf_file import LocalGguf
from dolly_widget.models.weight_format import WeightFormat

GREEDY = SamplingParams(max_new_tokens=4, temperature=0)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def sheep(tmp_path):
    path = tmp_path / "sheep" / "Sheep.Q4_1.gguf"
    path.parent.mkdir()
    write_gguf(path, Shape(layers=1), "Q4_1")
    return path


def prepared(name, weight_format="int8"):
    return child.prepare(str(name), WeightFormat.of(weight_format), "main", lambda progress: None)


def test_a_child_process_converts_it_and_engines_and_the_widget_run_it(sheep):
    reports = []
    model_dir = models.resolve(sheep, on_progress=reports.append)
    assert list(dict.fromkeys(report.stage for report in reports)) == ["plan", "load", "export", "write", "check"]
    assert any("of disk" in report.message for report in reports)
    assert models.find(sheep) == models.find(sheep.parent) == model_dir
    (entry,) = store.entries()
    assert (entry.model_id, entry.weight_format, entry.revision) == (str(sheep), "int8", "")
    assert entry.manifest["tools"]["gguf"]
    assert entry.manifest["genai_attention"] == "default"
    assert entry.damaged() == ()
    assert models.ModelInfo(model_dir).name == "Sheep.Q4_1.gguf"
    widget = DollyWidget(sheep.parent)
    answered = widget.ask("Where?", max_new_tokens=4, temperature=0)
    widget.close()
    engine = load_engine(sheep)
    result = engine.generate(engine.template.render("Where?"), GREEDY)
    engine.close()
    assert result.new_tokens == answered.new_tokens > 0
    assert result.text == answered.text


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ({"general.license": ("string", "mit")}, "MIT"),
        ({"general.license": ("string", "other"), "general.license.name": ("string", "my own")}, "my own"),
        ({"general.license": ("uint32", 7)}, None),
        ({}, None),
    ],
)
def test_the_manifest_has_the_licence_that_the_file_states(tmp_path, metadata, licence):
    write_gguf(tmp_path / "sheep.gguf", Shape(layers=1, metadata=metadata), "Q4_1")
    prepared(tmp_path / "sheep.gguf")
    (entry,) = store.entries()
    assert entry.manifest.get("licence") == licence


def test_a_file_of_ollama_s_is_called_as_ollama_calls_it_wherever_a_name_is_shown(sheep, tmp_path, monkeypatch):
    digest = "ab" * 32
    blob = tmp_path / "ollama" / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True)
    sheep.rename(blob)
    manifest = tmp_path / "ollama" / "manifests" / "registry.ollama.ai" / "library" / "sheep" / "1b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    assert EngineSetup(str(blob)).name == "sheep:1b (Ollama)"
    model_dir = prepared(blob)
    manifest.unlink()  # its name stays
    assert models.ModelInfo(model_dir).name == "sheep:1b (Ollama)"
    widget = DollyWidget(blob)
    widget.ask("Where?", max_new_tokens=1, temperature=0)
    exchange = widget.history[0]
    widget.close()
    assert (exchange.model_name, exchange.setup.model) == ("sheep:1b (Ollama)", str(blob))


def test_the_command_line_converts_it_and_asks_it(sheep, capsys):
    assert entry_point.main(["convert", str(sheep), "--weight-format", "fp16"]) == 0
    (entry,) = store.entries()
    assert capsys.readouterr().out == f"{entry.path}\n"
    arguments = ["--model", str(sheep), "--weight-format", "fp16", "--max-new-tokens", "3", "--temperature", "0"]
    assert entry_point.main(["ask", *arguments, "Where?"]) == 0
    assert capsys.readouterr().out


def test_a_split_file_is_one_model_whichever_part_is_given(tmp_path):
    write_gguf(tmp_path / "sheep.gguf", Shape(layers=1), split_max_tensors=5)
    parts = sorted(tmp_path.glob("*.gguf"))
    assert len(parts) == 3
    model_dir = prepared(parts[1])
    assert [models.find(name) for name in (*parts, tmp_path)] == [model_dir] * 4


def test_a_file_that_changed_is_another_model(sheep):
    model_dir = prepared(sheep)
    os.utime(sheep, ns=(1, 1))
    assert models.find(sheep) is None
    assert prepared(sheep) != model_dir


def test_a_weight_format_is_a_model_of_its_own(sheep):
    assert prepared(sheep, "fp16") != prepared(sheep, "int4")
    assert models.find(sheep, "int8") is None


def test_several_models_in_a_directory_are_named(sheep):
    (sheep.parent / "Goat.gguf").write_bytes(b"")
    with pytest.raises(ModelError, match=r"holds 2 GGUF models: give the path of one of Goat.gguf, Sheep.Q4_1.gguf\.$"):
        models.find(sheep.parent)


def test_the_part_that_sees_is_no_second_model(sheep):
    (sheep.parent / "mmproj-sheep-f16.gguf").write_bytes(b"")
    assert models.find(sheep.parent) is None


def test_files_that_can_be_run_or_were_published_come_before_it(tmp_path, sheep):
    (sheep.parent / "model.safetensors").touch()
    assert isinstance(kind_of(sheep.parent), Directory)
    assert isinstance(kind_of(sheep), LocalGguf)


def test_what_is_wrong_with_it_is_told_before_a_process_is_started(tmp_path):
    path = tmp_path / "cut.gguf"
    path.write_bytes(b"GGUF\x03")
    with pytest.raises(ModelError, match="is truncated"):
        models.find(path)


def test_a_file_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"^There is no file sheep.Q4_0.gguf: check its name"):
        models.find("./sheep.Q4_0.gguf")


def test_what_fails_leaves_nothing_behind(tmp_path):
    arrays = random_weights(Shape(layers=1))
    arrays["blk.0.ffn_up.weight"][0, 0] = float("nan")
    write_gguf(tmp_path / "sheep.gguf", Shape(layers=1), contents=stored(arrays, "F32"))
    with pytest.raises(ModelError, match="are not numbers"):
        prepared(tmp_path / "sheep.gguf")
    assert store.entries() == ()
    assert list((tmp_path / "cache").rglob("*.gguf")) == []
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["sheep.gguf"]


def test_stopping_leaves_nothing_behind(sheep):
    stop = threading.Event()
    with pytest.raises(ModelError, match="was stopped; nothing was changed"):
        models.resolve(sheep, on_progress=lambda progress: stop.set(), stop=stop)
    assert store.entries() == ()
    assert list(store.cache_dir().glob("models/.making/*")) == []
    assert [path.name for path in sheep.parent.iterdir()] == [sheep.name]


def test_neither_torch_nor_transformers_is_imported(sheep):
    """In a process of its own: others have imported them here."""
    import subprocess
    import sys

    code = f"""
import sys
from dolly_widget.models.conversion import child
from dolly_widget.models.weight_format import WeightFormat
child.prepare({str(sheep)!r}, WeightFormat("int8"), "main", lambda progress: None)
print(sorted({{"torch", "transformers", "optimum", "nncf"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
