"""A chat template that does not end: nothing that a user does waits for it."""

import pytest
from chats import CHATS, write_tokenizer
from child_processes import HANGS, watch
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget.errors import ModelError
from dolly_widget.models import template_check


@pytest.fixture
def children(monkeypatch):
    found = watch(monkeypatch)
    yield found
    assert found.have_ended


@pytest.fixture
def loading(children, make, demo_dir, tmp_path, monkeypatch):
    """A widget that loads a model whose template hangs, and the child process that renders it."""
    monkeypatch.setattr(template_check, "_COMMAND", HANGS)
    monkeypatch.setattr(template_check, "_TIMEOUT_S", LIMIT_S)
    for path in demo_dir.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "tokenizer.json").unlink()
    write_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(CHATS["qwen2.5"], encoding="utf-8")
    widget = make(str(tmp_path))
    assert children.started.wait(LIMIT_S)
    assert widget.status == "loading"
    return widget, children.processes


def was_stopped(job):
    """Whether a load ended as it was stopped, and not as the template took too long."""
    return "Loading the model was stopped" in str(job.error)


def test_close_ends_it(loading):
    widget, (child,) = loading
    job = widget._session.loader.job
    widget.close()
    assert was_stopped(job)
    assert child.poll() is not None


def test_another_model_takes_its_place(loading):
    widget, (child,) = loading
    before = widget._session.loader.job
    widget.load("demo").wait(LIMIT_S)
    assert was_stopped(before)
    assert child.poll() is not None
    assert widget.status == "idle"
    assert widget.ask("Hello", max_new_tokens=1).token_ids


def test_stop_returns_and_cancelling_ends_it(loading):
    widget, (child,) = loading
    widget.stop()
    assert widget.status == "loading"
    widget._session.cancel_loading()
    wait_for(widget, "status", "error")
    assert child.poll() is not None
    assert "Loading the model was stopped" in widget.error


def test_another_widget_goes_on(loading, make):
    other = make(ScriptedEngine(["Yes."]))
    _, (child,) = loading
    assert other.ask("Sure?").text == "Yes."
    assert child.poll() is None


def test_a_template_that_is_ended_is_the_widgets_error(loading, monkeypatch):
    widget, _ = loading
    monkeypatch.setattr(template_check, "_TIMEOUT_S", 0.0)
    widget._session.cancel_loading()
    wait_for(widget, "status", "error")
    job = widget.load(widget._session.loader.choice.model)
    with pytest.raises(ValueError, match="takes too long") as ended:
        job.wait(LIMIT_S)
    assert not isinstance(ended.value, ModelError)
    assert widget.error == "The model's chat template takes too long: pass your own PromptTemplate as template=."
