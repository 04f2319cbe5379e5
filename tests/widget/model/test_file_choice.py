"""Several GGUF files of a repository: offered below the box, none chosen for the reader."""

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget
from dolly_widget.engines import setup
from dolly_widget.errors import ModelChoiceError
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.widget.model.chooser import ModelChooser

FILES = (("m-Q4_K_M.gguf", 93_000_000), ("m-Q8_0.gguf", 1_450_000_000))
SENTENCE = "org/name holds 2 GGUF files; name one as 'org/name:m-Q4_K_M.gguf'."


def choice():
    return ModelChoiceError(SENTENCE, "org/name", FILES)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def chooser(tmp_path, monkeypatch, asked):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return ModelChooser(lambda *chosen: asked.append(chosen), uses=dict)


def is_shown(part):
    return part.layout.display != "none"


def test_nothing_is_offered_at_first(chooser):
    chooser.is_open = True
    assert not is_shown(chooser.files)


def test_the_files_are_offered_with_their_sizes_and_none_is_chosen(chooser, asked):
    chooser.offer(choice())
    assert chooser.is_open
    assert is_shown(chooser.files)
    assert [text for text, _ in chooser.files.file.options] == [
        "Choose a file…",
        "m-Q4_K_M.gguf · 93.0 MB",
        "m-Q8_0.gguf · 1.4 GB",
    ]
    assert "Choose one of the GGUF files of org/name" in chooser.hint.value
    assert chooser.files.load.disabled
    chooser.files.load.click()
    assert asked == []


def test_the_models_of_a_server_are_offered_alike(chooser, asked):
    url = "http://host:8000/v1"
    chooser.offer(ModelChoiceError("Name one.", url, [("one", 0), ("two%23words", 0)], separator="#"))
    assert [text for text, _ in chooser.files.file.options] == ["Choose a model…", "one", "two%23words"]
    assert f"Choose one of the models of {url}, and press Load this model." in chooser.hint.value
    assert chooser.files.load.description == "Load this model"
    chooser.files.file.value = f"{url}#two%23words"
    chooser.files.load.click()
    assert asked[0][0] == f"{url}#two%23words"
    chooser.offer(choice())
    assert chooser.files.load.description == "Load this file"


def test_the_chosen_file_is_loaded_in_the_chosen_format(chooser, asked):
    chooser.offer(choice())
    chooser.weight_format.value = "int4"
    chooser.files.file.value = "org/name:m-Q8_0.gguf"
    assert asked == []
    chooser.files.load.click()
    assert asked == [("org/name:m-Q8_0.gguf", "int4")]
    assert not is_shown(chooser.files)
    chooser.loaded("org/name:m-Q8_0.gguf")
    assert not chooser.is_open


@pytest.mark.parametrize("leave", ["fold", "load another"])
def test_the_files_go_with_the_question(chooser, leave):
    chooser.offer(choice())
    if leave == "fold":
        chooser.is_open = False
    else:
        chooser.name.value = "demo"
        chooser.load.click()
    assert not is_shown(chooser.files)


def test_an_offer_of_another_repository_takes_the_place_of_the_first(chooser):
    chooser.offer(choice())
    chooser.files.file.value = "org/name:m-Q8_0.gguf"
    chooser.offer(ModelChoiceError("…", "org/other", FILES[:1]))
    assert chooser.files.file.value == ""
    assert [value for _, value in chooser.files.file.options] == ["", "org/other:m-Q4_K_M.gguf"]


@pytest.fixture
def hub(monkeypatch):
    """A hub whose repository org/name asks for a file; the names that were resolved."""
    resolved = []

    def find(model, weight_format="int8", revision=None):
        return None if "/" in str(model) else OPENVINO_DIR

    def resolve(model, weight_format="int8", revision=None, *, on_progress, stop):
        resolved.append(model if revision is None else f"{model} at {revision}")
        if ":" not in model:
            raise choice()
        return OPENVINO_DIR

    monkeypatch.setattr(setup, "find", find)
    monkeypatch.setattr(setup, "resolve", resolve)
    return resolved


def test_the_model_that_runs_goes_on_until_a_file_is_chosen(make, hub):
    widget = make(ScriptedEngine(["one"]))
    screen = widget._screen
    screen.chooser.name.value = "org/name"
    screen.chooser.load.click()
    with pytest.raises(ModelChoiceError, match="holds 2 GGUF files"):
        widget._session.loader.job.wait(LIMIT_S)
    assert (widget.status, widget.error) == ("idle", "")
    assert is_shown(screen.chooser.files)
    assert not is_shown(screen.load_notice)
    assert widget.ask("Hi").text == "one"
    screen.chooser.files.file.value = "org/name:m-Q4_K_M.gguf"
    screen.chooser.files.load.click()
    widget._session.loader.job.wait(LIMIT_S)
    assert hub == ["org/name", "org/name:m-Q4_K_M.gguf"]
    assert (widget.status, widget.error) == ("idle", "")
    assert not screen.chooser.is_open


@pytest.mark.parametrize(("name", "revision"), [("org/name:m-Q8_0.gguf", " at v2"), ("org/other:m.gguf", "")])
def test_a_chosen_file_is_of_the_revision_that_was_asked_for(make, hub, name, revision):
    widget = make(ScriptedEngine(["one"]))
    with pytest.raises(ModelChoiceError):
        widget.load("org/name", revision="v2").wait(LIMIT_S)
    widget._screen.chooser._load_file(name)
    widget._session.loader.job.wait(LIMIT_S)
    assert hub == ["org/name at v2", f"{name}{revision}"]


def test_a_first_model_that_is_several_is_an_error_with_the_choice(hub):
    widget = DollyWidget("org/name")
    try:
        wait_for(widget, "status", "error")
        assert widget.error == SENTENCE
        assert is_shown(widget._screen.chooser.files)
        widget._screen.chooser.files.file.value = "org/name:m-Q8_0.gguf"
        widget._screen.chooser.files.load.click()
        widget.wait(LIMIT_S)
        assert (widget.status, widget.error) == ("idle", "")
    finally:
        widget.close()
