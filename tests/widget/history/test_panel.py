"""The list of the answers so far, from Python: what is sent, what the page asks for, and what it gets."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from exchanges import HOSTILE, SCRIPT, all_kinds, answered, many

from dolly_widget import History
from dolly_widget.widget.history.panel import PAGE_ROWS, HistoryActions, HistoryPanel
from dolly_widget.widget.session.edits import Edit, Edits


@pytest.fixture
def make():
    made = []

    def make_panel(history=(), on_show=lambda exchange: None):
        history = history if isinstance(history, list) else list(history)
        edits = Edits(history)
        panel = HistoryPanel(
            history,
            HistoryActions(
                show=on_show,
                delete=lambda exchange: panel.refresh(edits.delete(exchange)),
                undo=lambda: panel.refresh(edits.undelete()),
                label=lambda exchange, text: panel.refresh(edits.label(exchange, text)),
            ),
        )
        panel.sent = []
        panel.list.send = panel.sent.append
        made.append(panel)
        return panel

    yield make_panel
    for panel in made:
        panel.list.close()
        panel.close()


def places(rows):
    return [row["place"] for row in rows]


def ask(panel, **content):
    """As a page that has heard of all edits."""
    content.setdefault("edits", panel.list.listing["edits"])
    panel.list._handle_custom_msg(content, [])


def test_the_title_counts_the_answers(make):
    history = []
    panel = make(history)
    assert (panel.title, panel.is_open) == ("History", False)
    history.extend(many(1_200))
    panel.refresh()
    assert panel.title == "History · 1,200"
    assert repr(panel) == "HistoryPanel(1200 answers)"
    assert repr(panel.list) == "HistoryList(1200 answers)"


def test_rows_are_the_newest_first_and_say_what_and_how(make):
    panel = make([answered("One"), answered("Two", "Text\n  of   two lines")])
    rows = panel.list.listing["rows"]
    assert rows[0] == {
        "place": 1,
        "label": "",
        "time": "",
        "instruction": "Two",
        "answer": "Text of two lines",
        "facts": "demo · 3 tokens · ended by itself · seed 7",
    }
    assert places(rows) == [1, 0]


def test_a_greedy_answer_has_no_seed(make):
    exchange = answered("One")
    greedy = replace(exchange, result=replace(exchange.result, is_greedy=True))
    assert make([greedy]).list.listing["rows"][0]["facts"] == "demo · 3 tokens · ended by itself · greedy"


def test_what_is_sent_for_a_new_answer_stays_small(make):
    history = [answered("long " * 10_000, "text " * 10_000, "context " * 10_000) for _ in range(200)]
    panel = make(history)
    assert len(panel.list.listing["rows"]) == PAGE_ROWS
    assert len(json.dumps(panel.list.listing)) < 30_000
    assert panel.list.listing["rows"][0]["instruction"].endswith("…")


def test_every_kind_of_exchange_has_a_row_that_can_be_sent(make):
    panel = make(all_kinds())
    assert len(panel.list.listing["rows"]) == len(all_kinds())
    assert json.dumps(panel.list.listing, ensure_ascii=False).encode("utf-8")


def test_the_search_is_in_full_texts_and_in_older_answers_too(make):
    history = [answered("x " * 500 + "needle"), *many(100)]
    panel = make(history)
    panel.list.query = "NEEDLE"
    listing = panel.list.listing
    assert (listing["query"], places(listing["rows"]), listing["matches"], listing["total"]) == ("NEEDLE", [0], 1, 101)
    history.append(answered("another needle"))
    panel.refresh()
    assert places(panel.list.listing["rows"]) == [101, 0]
    panel.list.query = "zebra"
    assert (panel.list.listing["rows"], panel.list.listing["matches"]) == ([], 0)


def test_older_rows_come_a_page_at_a_time(make):
    panel = make(many(120))
    ask(panel, kind="more", place=70, request="a", query="")
    ask(panel, kind="more", place=20, request="b", query="")
    first, second = panel.sent
    assert (first["kind"], first["request"], places(first["rows"])) == ("more", "a", list(range(69, 19, -1)))
    assert places(second["rows"]) == list(range(19, -1, -1))


def test_older_rows_are_of_what_is_looked_for(make):
    panel = make(many(120))
    panel.list.query = "question 1"
    ask(panel, kind="more", place=10, request="a", query="question 1")
    assert places(panel.sent[0]["rows"]) == [9, 0]


def test_older_rows_that_were_asked_for_under_other_words_are_not_sent(make):
    """The page would show them below the newest ones that the new words find, with a hole between."""
    panel = make(many(120))
    panel.list.query = "question 1"
    ask(panel, kind="more", place=70, request="a", query="")
    assert panel.sent == []


@pytest.mark.parametrize(
    ("ending", "query", "count"), [("json", "", 3), ("json", "2", 1), ("md", "", 3), ("md", "2", 1)]
)
def test_a_file_holds_what_is_found_the_oldest_first(make, ending, query, count):
    panel = make(many(3))
    panel.list.query = query
    ask(panel, kind="export", format=ending, request="r")
    (sent,) = panel.sent
    assert (sent["kind"], sent["request"], sent["name"]) == ("file", "r", f"dolly-history.{ending}")
    found = History(many(3)[1:2] if query else many(3))
    assert len(found) == count
    assert sent["text"] == (found.to_json() if ending == "json" else found.to_markdown())


def test_choosing_a_row_shows_its_answer(make):
    shown = []
    history = many(3)
    panel = make(history, shown.append)
    ask(panel, kind="show", place=1)
    assert shown == [history[1]]
    panel.show(history[1])
    assert panel.list.shown == 1
    panel.show(None)
    assert panel.list.shown == -1


def test_equal_answers_are_told_apart(make):
    history = [answered(), answered(), answered()]
    panel = make(history)
    panel.show(history[1])
    assert panel.list.shown == 1


def test_no_answer_is_shown_while_one_is_being_written(make):
    shown = []
    panel = make(many(3), shown.append)
    panel.rest(True)
    ask(panel, kind="show", place=1)
    assert shown == []
    panel.rest(False)
    ask(panel, kind="show", place=1)
    assert len(shown) == 1


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "show"},
        {"kind": "show", "place": 9},
        {"kind": "show", "place": -1},
        {"kind": "show", "place": "1"},
        {"kind": "show", "place": None},
        {"kind": "show", "place": 1, "edits": 7},
        {"kind": "show", "place": 1, "edits": "0"},
        {"kind": "export", "format": "exe"},
        {"kind": "delete"},
        {"kind": "delete", "place": 3},
        {"kind": "delete", "place": 1.5},
        {"kind": "delete", "place": 1, "edits": None},
        {"kind": "label", "place": 1},
        {"kind": "label", "place": 1, "label": 3},
        {"kind": "more", "place": "1", "query": ""},
        {"kind": "undo"},
        {"kind": "forget", "place": 1},
    ],
)
def test_a_message_that_means_nothing_does_nothing(make, content):
    shown, history = [], many(3)
    panel = make(history, shown.append)
    ask(panel, **content)
    assert (shown, panel.sent, history) == ([], [], many(3))


# Times


def test_a_row_has_its_time_in_utc_for_the_page_to_tell(make):
    half_past = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    row = make([answered(answered_at=half_past)]).list.listing["rows"][0]
    assert row["time"] == "2026-02-28T23:30:00+00:00"


# Deleting


def edit_of(panel):
    """Where there is a row: how many rows above it are found, and what it says."""
    edit = panel.list.listing["edit"]
    return edit["kind"], edit["place"], *((edit["index"], edit["row"]["instruction"]) if edit["row"] else ())


def test_a_deleted_answer_is_gone_and_can_be_brought_back(make):
    history = many(3)
    one, two, three = history
    panel = make(history)
    ask(panel, kind="delete", place=1)
    assert history == [one, three]
    assert (panel.title, panel.list.deleted) == ("History · 2", "Question 2: what is it?")
    assert places(panel.list.listing["rows"]) == [1, 0]
    assert edit_of(panel) == ("remove", 1)
    ask(panel, kind="undo")
    assert history == [one, two, three]
    assert (panel.title, panel.list.deleted) == ("History · 3", "")
    assert edit_of(panel) == ("insert", 1, 1, "Question 2: what is it?")


def test_the_last_answer_leaves_an_empty_list_and_comes_back(make):
    history = many(1)
    panel = make(history)
    ask(panel, kind="delete", place=0)
    assert (panel.title, panel.list.listing["rows"], panel.list.listing["total"]) == ("History", [], 0)
    ask(panel, kind="undo")
    assert places(panel.list.listing["rows"]) == [0]


def test_a_deletion_can_be_undone_until_the_next_action(make):
    history = many(3)
    panel = make(history)
    for act in (
        lambda: ask(panel, kind="show", place=0),
        lambda: ask(panel, kind="label", place=0, label="x"),
        lambda: panel.rest(True),
    ):
        ask(panel, kind="delete", place=1)
        assert panel.list.deleted
        act()
        assert panel.list.deleted == ""
        left = len(history)
        panel.rest(False)
        ask(panel, kind="undo")
        assert len(history) == left
        history.append(answered())
        panel.refresh()


def test_a_click_that_is_late_deletes_no_other_answer(make):
    """Two pages show the same list: the places in the second one are those of before."""
    history = many(4)
    kept = history[:2]
    panel = make(history)
    ask(panel, kind="delete", place=2, edits=0)
    ask(panel, kind="delete", place=2, edits=0)
    assert history == [*kept, many(4)[3]]
    ask(panel, kind="more", place=2, request="a", query="", edits=0)
    assert panel.sent == []


def test_nothing_is_changed_while_an_answer_is_being_written(make):
    history = many(3)
    panel = make(history)
    panel.rest(True)
    ask(panel, kind="delete", place=1)
    ask(panel, kind="label", place=1, label="x")
    assert (history, panel.list.deleted) == (many(3), "")


def test_a_deletion_that_is_refused_cannot_be_undone(make):
    panel = HistoryPanel(many(1), HistoryActions(*[lambda *_: None] * 4))
    panel.list._handle_custom_msg({"kind": "delete", "place": 0, "edits": 0}, [])
    assert panel.list.deleted == ""
    panel.list.close()
    panel.close()


def test_an_edit_tells_how_many_rows_above_it_are_found(make):
    """So that the page knows whether it belongs among the rows that it has."""
    panel = make([answered(text) for text in ("a cat", "a dog", "two cats", "a cat", "a cat")])
    panel.list.query = "cat"
    ask(panel, kind="delete", place=2)
    assert edit_of(panel) == ("remove", 2)
    ask(panel, kind="undo")
    assert edit_of(panel) == ("insert", 2, 2, "two cats")
    panel.refresh(Edit("change", 1))
    assert edit_of(panel) == ("change", 1)


# Labels


def test_a_label_stands_in_the_row_and_is_found(make):
    history = many(3)
    panel = make(history)
    ask(panel, kind="label", place=1, label="  the <b>good</b>\n one ")
    assert [each.label for each in history] == ["", "the <b>good</b> one", ""]
    assert panel.list.listing["rows"][1]["label"] == "the <b>good</b> one"
    assert edit_of(panel) == ("change", 1, 1, "Question 2: what is it?")
    panel.list.query = "GOOD"
    assert places(panel.list.listing["rows"]) == [1]
    ask(panel, kind="label", place=1, label="")
    assert (history[1].label, panel.list.listing["rows"]) == ("", [])
    assert edit_of(panel) == ("change", 1)


def test_a_label_is_bounded(make):
    history = many(1)
    ask(make(history), kind="label", place=0, label="x " * 10_000_000)
    assert len(history[0].label) == 79


def test_what_was_deleted_is_called_by_its_label(make):
    panel = make([answered(SCRIPT, label="mine"), answered("word " * 1000), answered("")])
    for place, name in ((0, "mine"), (0, "word " * 11 + "word…"), (0, "an answer")):
        ask(panel, kind="delete", place=place)
        assert panel.list.deleted == name


def test_hostile_texts_are_sent_as_they_are_for_the_page_to_show_as_text(make):
    row = make([answered(SCRIPT, HOSTILE)]).list.listing["rows"][0]
    assert row["instruction"] == SCRIPT
    assert row["answer"] == " ".join(HOSTILE.split())
