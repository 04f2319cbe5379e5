"""``%%dolly --choices``: the answer is one of a few, with a value and probabilities in the variable."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dolly_widget.magic import magics
from dolly_widget.magic.request import DollyError, read_request


def choices_of(options, **names):
    return list(read_request(f"{options} Is it good?", None, names).shape.choices)


@pytest.mark.parametrize(
    ("options", "choices"),
    [
        ("--choices a,b", ["a", "b"]),
        ("--choices=yes", ["yes"]),
        ('--choices "very good, bad"', ["very good", "bad"]),
        ("""--choices '"a, b",c'""", ["a, b", "c"]),
        ("--choices no,none", ["no", "none"]),
    ],
)
def test_choices_stand_between_commas(options, choices):
    assert choices_of(options) == choices


def test_a_variable_may_be_a_list_of_them_or_a_text_that_lists_them():
    assert choices_of("--choices {labels}", labels=["very good", "bad, rather"]) == ["very good", "bad, rather"]
    assert choices_of("--choices {labels}", labels="a,b") == ["a", "b"]
    with pytest.raises(DollyError, match="one line, with commas between them"):
        choices_of("--choices {labels}", labels='a,b\n"c,d')


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--choices a,a", "is there twice"),
        ("--choices a,,b", "A choice is empty"),
        ('--choices ""', "no choices|is empty|needs a value"),
        ("--choices --seed 3", "--choices needs a value"),
    ],
)
def test_choices_that_are_wrong_are_refused_in_a_sentence(options, sentence):
    with pytest.raises(DollyError, match=sentence):
        choices_of(options)


def test_without_choices_there_is_no_shape():
    assert read_request("Is it good?", None, {}).shape is None


@pytest.fixture
def shell():
    shell = InteractiveShell()
    magics.load(shell)
    yield shell
    magics.unload(shell)
    InteractiveShell.clear_instance()


def test_the_variable_has_the_value_and_the_probabilities(shell, capsys):
    shell.run_cell("%dolly --temperature 0 --choices yes,no -o sky Is the sky blue?").raise_error()
    sky = shell.user_ns["sky"]
    assert sky.value == sky.text == max(sky.probabilities, key=sky.probabilities.get)
    assert list(sky.probabilities) == ["yes", "no"]
    assert sum(sky.probabilities.values()) == pytest.approx(1)


def test_an_answer_that_was_cut_stays_and_is_an_error(shell, capsys):
    line = "%dolly --max-new-tokens 1 --choices Constantinople,Constance -o town Which town?"
    result = shell.run_cell(line)
    assert "max_new_tokens was reached" in str(result.error_in_exec)
    assert "Constantinople".startswith(shell.user_ns["town"].text)
    assert shell.user_ns["town"].value is None


def test_the_help_names_choices(shell):
    assert "--choices A,B" in shell.magics_manager.magics["line"]["dolly"].__doc__
