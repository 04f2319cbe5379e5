"""Which turns of a long chat the model is given."""

import pytest

from dolly_widget.widget.session.window import turns_left_out


def sizes(*tokens, question=10):
    """Tokens of a prompt without the first n turns, each of these tokens."""
    return lambda left_out: question + sum(tokens[left_out:])


def test_what_has_room_is_given_whole():
    assert turns_left_out(3, sizes(10, 10, 10), 40) == 0
    assert turns_left_out(0, sizes(), 10) == 0


def test_the_oldest_go_and_a_quarter_of_the_room_is_made_free():
    size = sizes(*[10] * 10)
    left_out = turns_left_out(10, size, 100)
    assert size(left_out) <= 75 < size(left_out - 1)


def test_what_was_left_out_stays_out_while_there_is_room():
    assert turns_left_out(10, sizes(*[10] * 10), 200, before=4) == 4


def test_the_beginning_moves_once_in_several_turns():
    """Each move is a prompt that the engine has to read anew."""
    begins, before = [], 0
    for count in range(1, 101):
        before = turns_left_out(count, sizes(*[10] * count), 200, before)
        begins.append(before)
    assert begins == sorted(begins)
    assert len(set(begins)) < 20


def test_each_prompt_has_room_where_the_question_has():
    before = 0
    for count in range(1, 60):
        tokens = [7 * n % 23 for n in range(count)]
        before = turns_left_out(count, sizes(*tokens), 90, before)
        assert sizes(*tokens)(before) <= 90


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_question_that_is_too_long_itself_stands_alone(count):
    assert turns_left_out(count, sizes(*[10] * count, question=500), 100) == count


def test_more_than_there_are_cannot_be_left_out():
    assert turns_left_out(2, sizes(10, 10), 100, before=5) == 2
