"""A history's file is written anew after each answer, whole or not at all, and never over somebody else's changes."""

import os

import pytest
from exchanges import many
from scripted_engine import ScriptedEngine

from dolly_widget import DollyWidget, History
from dolly_widget.widget.session.history_file import HistoryFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.json"


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, **options):
        made.append(DollyWidget(ScriptedEngine(*answers), **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


def texts(path):
    return [exchange.result.text for exchange in History.from_json(path)]


def said(widget):
    return widget._screen.notice.message.value


def test_each_answer_is_in_the_file_when_it_has_ended(make, path):
    widget = make(["one"], ["two"], history=path)
    assert not path.exists()
    widget.ask("First.")
    assert texts(path) == ["one"]
    widget.ask("Second.")
    assert texts(path) == ["one", "two"]


def test_the_next_widget_goes_on_with_it(make, path):
    make(["one"], history=str(path)).ask("First.")
    again = make(["two"], history=path)
    assert again.response == "one"
    again.ask("Second.")
    assert texts(path) == ["one", "two"]


def test_nothing_is_left_beside_it(make, path):
    make(["one"], history=path).ask("First.")
    assert list(path.parent.iterdir()) == [path]


def test_a_link_stays_one(make, path, tmp_path):
    target = tmp_path / "elsewhere.json"
    path.symlink_to(target)
    target.write_text(History(many(1)).to_json())
    make(["one"], history=path).ask("First.")
    assert path.is_symlink()
    assert len(texts(target)) == 2


def test_what_another_program_wrote_stays_and_that_is_said(make, path):
    widget = make(["one"], ["two"], history=path)
    widget.ask("First.")
    theirs = History(many(3)).to_json()
    path.write_text(theirs)
    widget.ask("Second.")
    assert path.read_text() == theirs
    assert "changed by another program" in said(widget)
    assert len(widget.history) == 2


def test_a_disk_that_is_full_loses_no_answer(make, path, monkeypatch):
    widget = make(["one"], ["two"], history=path)
    widget.ask("First.")
    before = path.read_text()
    monkeypatch.setattr(os, "replace", None)
    monkeypatch.setattr("pathlib.Path.write_text", full)
    widget.ask("Second.")
    assert path.read_text() == before
    assert "No space left on device): download them from the history." in said(widget)
    assert (widget.status, widget.response) == ("idle", "two")


def full(*arguments, **options):
    raise OSError(28, "No space left on device")


def test_a_folder_that_is_not_there_is_refused(make, path):
    with pytest.raises(ValueError, match="cannot be read"):
        make(history=path.parent / "nowhere" / "history.json")


def test_a_history_that_is_no_path_is_written_nowhere(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(["one"], history=many(2)).ask("First.")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_history_is_refused_and_left_alone(path):
    path.write_text("mine")
    with pytest.raises(ValueError, match="is not a complete history"):
        HistoryFile(path).read()
    assert path.read_text() == "mine"


def test_what_is_deleted_or_labelled_is_so_in_the_file(make, path):
    widget = make(["one"], ["two"], history=path)
    widget.ask("First.")
    widget.ask("Second.")
    widget.label(widget.history[1], "mine")
    assert [each.label for each in History.from_json(path)] == ["", "mine"]
    widget.forget(widget.history[0])
    assert texts(path) == ["two"]
    widget._session.undo_forget()
    assert texts(path) == ["one", "two"]


def test_a_change_is_never_written_over_what_another_program_wrote(make, path):
    widget = make(["one"], history=path)
    widget.ask("First.")
    path.write_text("theirs")
    widget.forget(widget.history[0])
    assert path.read_text() == "theirs"
    assert "changed by another program" in said(widget)
