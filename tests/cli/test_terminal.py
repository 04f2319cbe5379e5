"""What is shown while a model is prepared: one line that is rewritten in a terminal, few lines in a log."""

import pytest
from command_line import RecordingStream

from dolly_widget.cli.terminal import shown_meanwhile, shown_progress
from dolly_widget.runtime.progress import Progress

REPORTS = [
    Progress("plan"),
    Progress("plan", message="This needs 6 GB."),
    *[Progress("download", done_bytes=done * 10**7, total_bytes=10**9) for done in range(0, 101, 3)],
    Progress("load", 0.5),
    Progress("export", message="The file is a pickle."),
    Progress("export", message="The file is a pickle."),
    Progress("compress"),
]


def screen(text):
    """The lines that a terminal shows after ``text``; line breaks and carriage returns alone move its cursor."""
    lines, column = [""], 0
    for character in text:
        if character == "\n":
            lines.append("")
        elif character != "\r":
            lines[-1] = lines[-1][:column].ljust(column) + character + lines[-1][column + 1 :]
        column = 0 if character in "\n\r" else column + 1
    return [line.rstrip() for line in lines]


def show(stream, *reports):
    with shown_progress(stream) as on_progress:
        for report in reports:
            on_progress(report)
            yield stream.getvalue()


def test_a_terminal_has_one_line_that_is_rewritten_and_each_message_once_above_it():
    stream = RecordingStream(is_terminal=True)
    screens = [screen(text) for text in show(stream, *REPORTS)]
    assert screens[0] == ["Looking at the model"]
    assert screens[1] == ["This needs 6 GB.", "Looking at the model"]
    assert screens[2] == ["This needs 6 GB.", "Downloading: 0 bytes of 1.0 GB"]
    assert screens[3] == ["This needs 6 GB.", "Downloading: 30.0 MB of 1.0 GB"]
    assert screens[-1] == ["This needs 6 GB.", "The file is a pickle.", "Compressing the weights"]


def test_a_terminal_s_line_is_gone_at_the_end():
    stream = RecordingStream(is_terminal=True)
    list(show(stream, Progress("plan", message="This needs 6 GB.")))
    assert screen(stream.getvalue()) == ["This needs 6 GB.", ""]
    assert stream.getvalue().endswith("\r")


def test_a_terminal_s_line_is_gone_after_an_error():
    stream = RecordingStream(is_terminal=True)
    reports = show(stream, Progress("load"), Progress("export"))
    assert screen(next(reports)) == ["Loading the weights"]
    with pytest.raises(ZeroDivisionError):
        reports.throw(ZeroDivisionError())
    assert screen(stream.getvalue()) == [""]


def test_a_terminal_gets_nothing_while_nothing_changes():
    stream = RecordingStream(is_terminal=True)
    first, second = show(stream, Progress("load", 0.501), Progress("load", 0.502))
    assert first == second == "\rLoading the weights: 50%"
    assert stream.writes[0] == first


def test_a_line_stays_within_the_terminal(monkeypatch):
    import os

    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((12, 5)))
    stream = RecordingStream(is_terminal=True)
    stream.fileno = lambda: 2
    assert list(show(stream, Progress("download"))) == ["\rDownloading"]
    assert list(show(stream, Progress("check")))[-1].endswith("\rChecking th")


def test_a_log_has_a_line_for_each_stage_tenth_and_message():
    stream = RecordingStream()
    *_, text = show(stream, *REPORTS)
    lines = text.splitlines()
    assert lines[:3] == ["Looking at the model", "This needs 6 GB.", "Downloading: 0 bytes of 1.0 GB"]
    assert lines[3:12] == [f"Downloading: {done}0 MB of 1.0 GB" for done in (12, 21, 30, 42, 51, 60, 72, 81, 90)]
    assert lines[12:] == [
        "Loading the weights: 50%",
        "The file is a pickle.",
        "Exporting to OpenVINO",
        "Compressing the weights",
    ]
    assert "".join(stream.writes) == text


@pytest.mark.parametrize("is_terminal", [True, False])
def test_control_characters_of_a_message_are_not_sent(is_terminal):
    stream = RecordingStream(is_terminal)
    *_, text = show(stream, Progress("plan", message="a\x1b[2Jb"))
    assert "\x1b" not in text
    assert "a␛[2Jb" in text


def test_a_line_is_shown_in_a_terminal_as_long_as_something_takes():
    stream = RecordingStream(is_terminal=True)
    with shown_meanwhile("Loading a\x1bb…", stream):
        assert stream.getvalue() == "Loading a␛b…"
    assert stream.getvalue().endswith("\r" + " " * 12 + "\r")


def test_a_log_is_not_told_of_it():
    stream = RecordingStream()
    with shown_meanwhile("Loading…", stream):
        pass
    assert stream.getvalue() == ""
