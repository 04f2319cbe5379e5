"""A history file of somebody else: each value may be anything, and its chats may be as long as its writer likes."""

import copy
import json

import pytest
from exchanges import all_kinds, answered

from dolly_widget import History, as_code
from dolly_widget.history import as_markdown, chats
from dolly_widget.history import exchange as exchange_module
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
        sentence = str(exc)
    assert len(sentence) < 400
    assert sentence.isprintable()
    assert "export the history again." in sentence
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


# Chats


def chained(count, branches=0):
    """JSON of exchanges each of which goes on from the one before, and of some that go on from the last."""
    (data,) = json.loads(History([answered(prompt=Prompt([]))]).to_json())["exchanges"]
    chain = [{**data, "instruction": f"q{n}", "turns": {"after": n - 1} if n else []} for n in range(count)]
    ends = [{**data, "instruction": f"b{n}", "turns": {"after": count - 1}} for n in range(branches)]
    return json.dumps({"kind": "dolly_widget.history", "version": 1, "exchanges": chain + ends})


class Counted:
    """A function that counts how often it is called."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *arguments):
        self.calls += 1
        return self.function(*arguments)


@pytest.fixture
def counted(monkeypatch):
    def count(owner, name):
        found = Counted(getattr(owner, name))
        monkeypatch.setattr(owner, name, found)
        return found

    return count


@pytest.mark.parametrize(("count", "branches"), [(50, 0), (500, 0), (500, 60)])
def test_a_turn_is_made_once_however_many_exchanges_go_on_from_it(counted, count, branches):
    text = chained(count, branches)
    made = counted(exchange_module, "Turn")
    history = History.from_json(text)
    assert made.calls <= count
    assert len(history[-1].turns) == (count if branches else count - 1)
    firsts = {id(each.turns[0]) for each in history[1:]}
    assert len(firsts) == 1
    assert len({id(each.turns) for each in history[count:]}) == bool(branches)


@pytest.mark.parametrize(("count", "branches"), [(50, 20), (300, 60)])
def test_writing_takes_each_answer_once(counted, count, branches):
    history = History.from_json(chained(count, branches))
    read = counted(as_markdown, "harmless_markdown")
    written = counted(as_markdown, "_turn_markdown")
    history.to_markdown()
    assert (read.calls, written.calls) == (count + branches, 0)
    assert history.to_json() == History.from_json(history.to_json()).to_json()
    assert '"turns": [["' not in history.to_json()


def test_a_small_file_cannot_ask_for_any_number_of_turns(monkeypatch):
    monkeypatch.setattr(chats, "MAX_TURNS", 1000)
    assert len(History.from_json(chained(40, 400))) == 440  # those that go on from the same one share its turns
    with pytest.raises(
        ValueError, match=r"at exchange 46 \(with it, more than 1,000 earlier turns .* be kept\): export"
    ):
        History.from_json(chained(60))


@pytest.mark.parametrize(
    "turns", [{"after": 1}, {"after": 2}, {"after": -1}, {"after": True}, {"after": "0"}, {"after": [[]]}]
)
def test_turns_follow_an_exchange_that_came_before(turns):
    data = json.loads(chained(3))
    data["exchanges"][1]["turns"] = turns
    with pytest.raises(ValueError, match=r"its turns follow an exchange that is not an earlier one"):
        History.from_json(json.dumps(data))


def test_other_turns_of_the_same_words_are_not_taken_for_those():
    one, two = (answered("Same", "same", turns=(Turn(word, "", word),)) for word in ("one", "two"))
    goes_on = [answered("Next", turns=each.turns_after) for each in (one, two)]
    history = History([one, two, *goes_on])
    assert History.from_json(history.to_json()) == history


def test_nesting_is_refused_in_a_sentence():
    deep = "[" * 500 + "]" * 500
    for place in ('"context": ""', '"turns": []', '"after": 0'):
        text = chained(2).replace(place, f"{place.partition(':')[0]}: {deep}")
        with pytest.raises(ValueError, match="is not a complete history: give the output of"):
            History.from_json(text)
