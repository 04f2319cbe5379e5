"""A mistyped command line: one sentence, with what was probably meant, and exit code 2."""

import re

import pytest

from dolly_widget.cli import entry_point


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["ask", "Hi", "--temprature", "9"],
            "There is no option --temprature: did you mean --temperature? See  ",
        ),
        (["ask", "Hi", "--temprature=9"], "There is no option --temprature: did you mean --temperature?"),
        (["chat", "--mdoel", "demo"], "There is no option --mdoel: did you mean --model?"),
        (["ask", "Hi", "--qqqq"], "There is no option --qqqq. See  dolly-widget ask --help"),
        (["--verison"], "There is no option --verison: did you mean --version?"),
        (["aks", "Hi"], "There is no command 'aks': did you mean ask? See  dolly-widget --help"),
        (["qqqq"], "There is no command 'qqqq': choose from lab, app, ask, chat, map, convert, models, bench, serve."),
        (["models", "rmove", "x"], "There is no command 'rmove': did you mean remove? See  dolly-widget models --help"),
        (["app", "--theme", "drak"], "There is no value for --theme 'drak': did you mean dark?"),
        (["ask", "Who", "is", "Dolly?"], "There is no place for 'is Dolly?': put a text of several words in quotes."),
        (["ask", "--model"], "Argument --model: expected one argument."),
        (["models", "remove"], "The following arguments are required: NAME."),
    ],
)
def test_a_mistyped_line_is_a_sentence(arguments, says, capsys):
    with pytest.raises(SystemExit, match="2"):
        entry_point.main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"dolly-widget: {says}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("typed", ["\x1b[2J" + "x" * 1000, "--\x1b[2J" + "x" * 1000, "--m=\x1b[2J"])
def test_what_is_typed_is_shown_in_part_and_never_obeyed(typed, capsys):
    with pytest.raises(SystemExit):
        entry_point.main(["ask", "Hi", typed])
    err = capsys.readouterr().err
    assert re.fullmatch(r"[ -~…␛]+\n", err)
    assert len(err) < 250


def test_the_beginning_of_an_option_is_enough(capsys):
    assert entry_point.main(["ask", "Hi", "--temp", "-1"]) == 2
    assert "--temperature must be" in capsys.readouterr().err
