"""The list of the answers so far, from Python: what is sent, what the page asks for, and what it gets."""

import json

import pytest
from exchanges import HOSTILE, SCRIPT, all_kinds, answered, many

from dolly_widget import History
from dolly_widget.widget.history.panel import PAGE_ROWS, HistoryPanel


@pytest.fixture
def make():
    made = []

    def make_panel(history=(), on_show=lambda exchange: None):
        panel = HistoryPanel(history, on_show)
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
        "instruction": "Two",
        "answer": "Text of two lines",
        "facts": "demo · 3 tokens · ended by itself · seed 7",
    }
    assert places(rows) == [1, 0]


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
        {"kind": "export", "format": "exe"},
    ],
)
def test_a_message_that_means_nothing_does_nothing(make, content):
    shown = []
    panel = make(many(3), shown.append)
    ask(panel, **content)
    assert (shown, panel.sent) == ([], [])


def test_hostile_texts_are_sent_as_they_are_for_the_page_to_show_as_text(make):
    row = make([answered(SCRIPT, HOSTILE)]).list.listing["rows"][0]
    assert row["instruction"] == SCRIPT
    assert row["answer"] == " ".join(HOSTILE.split())
