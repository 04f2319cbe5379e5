"""What is not given to ``dolly-widget ask`` is the model's own."""

import json
import shutil

import pytest
from scripted_engine import ScriptedEngine

from dolly_widget import SamplingParams
from dolly_widget.cli.entry_point import main


@pytest.fixture
def model(demo_dir, tmp_path):
    directory = shutil.copytree(demo_dir, tmp_path / "own")
    said = {"do_sample": True, "temperature": 0.2, "top_p": 0.9}
    (directory / "generation_config.json").write_text(json.dumps(said))
    return str(directory)


@pytest.fixture
def engine(monkeypatch):
    engine = ScriptedEngine(["yes"])
    monkeypatch.setattr("dolly_widget.engines.start_engine", lambda setup, prepared: engine)
    return engine


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ([], SamplingParams(temperature=0.2, top_p=0.9)),
        (["--temperature", "0.8", "--seed", "3"], SamplingParams(temperature=0.8, top_p=0.9, seed=3)),
        (["--stop", "a", "--stop", "b"], SamplingParams(temperature=0.2, top_p=0.9, stop=("a", "b"))),
    ],
)
def test_what_is_not_given_is_the_model_s_own(model, engine, options, params):
    assert main(["ask", "Who?", "--model", model, *options]) == 0
    assert [asked for _, asked in engine.calls] == [params]


def test_a_mistake_is_told_before_the_model_is_looked_for(engine, capsys):
    assert main(["ask", "Who?", "--model", "/nowhere", "--top-p", "2"]) != 0
    assert "--top-p must be above 0 to 1, not 2.0" in capsys.readouterr().err
    assert engine.calls == []


def test_the_help_says_whose_the_defaults_are(capsys):
    with pytest.raises(SystemExit):
        main(["ask", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "(default: 0.8, or the model's own)" in words
    assert "(default: 256)" in words
