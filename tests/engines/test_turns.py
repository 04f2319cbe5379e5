"""Turns, shared or exclusive: none is lost, and none counts twice."""

import pytest

from dolly_widget.engines.turns import Turn, Turns


def at_once():
    return True


def nothing():
    return


def test_those_who_share_come_together_and_others_alone():
    turns = Turns()
    first, second = Turn(is_shared=True), Turn(is_shared=True)
    assert turns.take(first, gives_up=at_once)
    assert turns.take(second, gives_up=at_once)
    assert not turns.take(Turn(is_shared=False), gives_up=at_once)
    turns.give_back(first, at_last=nothing)
    turns.give_back(second, at_last=nothing)
    alone = Turn(is_shared=False)
    assert turns.take(alone, gives_up=at_once)
    assert not turns.take(Turn(is_shared=True), gives_up=at_once)


def test_a_turn_that_is_given_back_twice_is_one():
    turns, last = Turns(), []
    first, second = Turn(is_shared=True), Turn(is_shared=True)
    assert turns.take(first, gives_up=at_once)
    assert turns.take(second, gives_up=at_once)
    for _ in range(2):
        turns.give_back(first, at_last=lambda: last.append("first"))
    assert not turns.are_free
    assert last == []
    turns.give_back(second, at_last=lambda: last.append("second"))
    turns.give_back(second, at_last=lambda: last.append("again"))
    assert turns.are_free
    assert last == ["second"]


def test_an_interrupt_while_one_waits_or_leaves_leaves_no_turn_taken():
    def interrupt():
        raise KeyboardInterrupt

    turns = Turns()
    first, second = Turn(is_shared=False), Turn(is_shared=False)
    assert turns.take(first, gives_up=at_once)
    with pytest.raises(KeyboardInterrupt):
        turns.take(second, gives_up=interrupt)
    turns.give_back(second, at_last=interrupt)  # it was never taken
    with pytest.raises(KeyboardInterrupt):
        turns.give_back(first, at_last=interrupt)
    assert turns.are_free
    assert turns.take(Turn(is_shared=True), gives_up=at_once)
