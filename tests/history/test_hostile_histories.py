"""A history file of somebody else: each value may be anything, and its chats may be as long as its writer likes."""

import copy
import json
import sys

import pytest
from exchanges import all_kinds, answered

from dolly_widget import History, as_code
from dolly_widget.history import answer_markdown, as_markdown, chats
from dolly_widget.text import Prompt, Turn

LEAVES = [
    *("", "x" * 300_000, "\u202e\u2066<script>\0\ud800\n\r\u2028", "[x]()", "$a$"),
    *(0, -1, 10**400, 2**64, 1e308, 5e-324, True, None),
    *([], [[]], {}, {"after": 0}, {"kind": "ChatTemplate"}, ["a", ["b"]]),
]


def places(data, path=()):
    """The path to each value in plain data."""
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def with_value(data, path, value):
    changed = copy.deepcopy(data)
    *above, last = ("exchanges", *path)
    place = changed
    for key in above:
        place = place[key]
    place[last] = value
    return json.dumps(changed)


def read(text):
    """The history, or None where it is refused, in one line of a bounded length that says what to do."""
    try:
        return History.from_json(text)
    except ValueError as exc:
        assert len(str(exc)) < 400
        assert str(exc).isprintable()
        assert "export the history again." in str(exc)
        return None


@pytest.mark.parametrize("exchange", [all_kinds()[1], all_kinds()[7]], ids=["own template", "chat template"])
def test_any_value_anywhere_is_refused_in_a_sentence_or_can_be_shown_and_taken_away(exchange):
    data = json.loads(History([answered(), exchange]).to_json())
    found = [read(with_value(data, path, value)) for path in places(data["exchanges"]) if path for value in LEAVES]
    histories = [each for each in found if each is not None]
    assert 0 < len(histories) < len(found)
    for history in histories:
        assert History.from_json(history.to_json()).to_json() == history.to_json()
        history.to_markdown().encode()
        repr((history, history[-1]))
        compile(as_code(history[-1]), "cell", "exec")
    assert len(History(each[-1] for each in histories).to_dataframe()) == len(histories)
