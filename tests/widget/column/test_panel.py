"""A column of a table, asked in the widget: its form, its run, its rows, and what goes wrong."""

import datetime
import subprocess
import sys
import threading
from dataclasses import replace

import pandas as pd
import polars as pl
import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, EngineError
from dolly_widget.widget.column import shapes, tables
from dolly_widget.widget.column.view import PAGE_ROWS
from dolly_widget.widget.session import loader


class Column:
    """The tab of a widget, as a page would use it."""

    def __init__(self, engine, variables, **options):
        self.widget = DollyWidget(engine, **options)
        self.variables = variables
        self.panel = self.widget._screen.column
        self.panel._of = (*self.panel._of[:2], lambda: self.variables)
        self.panel.is_open = True
        self.view, self.session = self.panel.controller.view, self.panel.controller.session

    def say(self, kind, **content):
        self.view._on_page(self.view, {"kind": kind, **content}, [])

    def run(self, **form):
        self.fill(**form)
        self.say("run")

    def attempt(self, **form):
        self.fill(**form)
        self.say("try")

    def fill(self, **form):
        for name, value in form.items():
            setattr(self.view, name, value)

    def wait(self):
        try:
            self.session._job.wait(LIMIT_S)
        except Exception:
            assert self.view.is_wrong  # it was told

    def rows(self):
        return [(row["row"], row["answer"]) for row in self.view.listing["rows"]]


@pytest.fixture
def make():
    made = []

    def make_column(*answers, variables=None, engine=None, **options):
        engine = engine or ScriptedEngine(*answers, **options)
        made.append(Column(engine, {"df": frame()} if variables is None else variables))
        return made[-1]

    yield make_column
    for each in made:
        each.widget.close()


def frame(count=4):
    data = {"text": [f"text {n}" for n in range(count)], "stars": range(count)}
    return pd.DataFrame(data, index=range(10, 10 + count))


def answers(count=4):
    return [[f"answer {n}"] for n in range(count)]


def answered(column):
    """The answers so far, None where there is none."""
    return [None if pd.isna(each) else each for each in column.widget.table["answer"]]


def run_until(column, count):
    """Wait until so many rows are done."""
    reached = threading.Event()
    column.view.observe(lambda _: column.view.progress.get("done", 0) >= count and reached.set(), "progress")
    assert column.view.progress.get("done", 0) >= count or reached.wait(LIMIT_S)


def test_a_widget_imports_nothing_for_it_before_it_is_opened():
    code = "import sys, dolly_widget; dolly_widget.DollyWidget().close(); print('dolly_widget.batch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"


# The form


def test_it_is_made_when_it_is_opened():
    widget = DollyWidget(ScriptedEngine())
    panel = widget._screen.column
    assert (len(panel.children), panel.table, widget.table) == (1, None, None)
    panel.is_open = True
    assert len(panel.children) == 2
    panel.is_open = False
    panel.is_open = True
    assert len(panel.children) == 2
    widget.close()


def test_it_offers_the_tables_of_the_notebook(make):
    variables = {"df": frame(), "_1": frame(), "wide": pl.DataFrame({"a": [1], "b": [2]}), "n": 3, "kind": pd.DataFrame}
    column = make(variables=variables)
    assert column.view.tables == [
        {"name": "df", "rows": 4, "columns": ["text", "stars"]},
        {"name": "wide", "rows": 1, "columns": ["a", "b"]},
    ]
    assert (column.view.table, column.view.run_label) == ("df", "Run all 4 rows")


def test_without_a_table_it_says_what_to_do_and_looks_again(make):
    column = make(variables={})
    assert "There is no DataFrame in this notebook yet" in column.view.note
    column.variables = {"later": frame(1)}
    column.say("look")
    assert (column.view.note, column.view.table, column.view.run_label) == ("", "later", "Run all rows")


def test_a_library_that_is_not_there_is_not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "polars")
    assert tables.find_tables({"df": frame(), "n": 1}).keys() == {"df"}
    assert "polars" not in sys.modules


@pytest.mark.parametrize(
    ("kind", "details", "answer"),
    [
        ("text", "", None),
        ("choices", " positive,negative, positive,", ["positive", "negative"]),
        ("bool", "", bool),
        ("int", "", int),
        ("date", "", datetime.date),
    ],
)
def test_a_shape_is_chosen(kind, details, answer):
    assert shapes.answer_of(kind, details) == answer


def test_a_pattern_is_a_regular_expression():
    assert shapes.answer_of("pattern", "[A-Z]+").pattern == "[A-Z]+"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"instruction": ""}, "Write what is to be done with each row"),
        ({"instruction": "no field"}, "names no column"),
        ({"instruction": "{wrong} and {text}"}, "There is no column 'wrong': choose from 'text', 'stars'"),
        ({"instruction": "{text"}, "The brace '{' at place 1"),
        ({"into": " "}, "Name the column of the answers"),
        ({"into": "stars"}, "The table has a column 'stars' already"),
        ({"kind": "choices", "details": "one"}, "Give two choices or more"),
        ({"kind": "pattern", "details": "("}, "The pattern is no regular expression"),
        ({"kind": "pattern", "details": ""}, "Give a regular expression"),
        ({"kind": "pattern", "details": "a{99999999999999999999}"}, "The pattern is no regular expression"),
    ],
)
def test_a_mistake_is_one_sentence(make, form, sentence):
    column = make()
    column.run(**{"instruction": "{text}", **form})
    if column.session._job is not None:
        column.wait()
    assert sentence in column.view.note
    assert column.view.is_wrong
    assert column.view.state == "ready"
    assert column.widget.table is None
    column.view.instruction = "{stars}"
    assert column.view.note == ""
    column.say("turn", place=0, order="table")
    assert column.view.note == ""  # it is not told again


def test_a_seed_that_is_no_number_is_told(make):
    column = make()
    column.widget._screen.settings.seed.value = "many"
    column.run(instruction="{text}")
    assert "not a whole number" in column.view.note


def test_an_empty_table_is_told(make):
    column = make(variables={"df": frame(0)})
    column.run(instruction="{text}")
    column.wait()
    assert column.view.note == "The table has no rows."


def test_a_table_that_was_deleted_is_told(make):
    column = make(variables={"df": frame(), "other": frame()})
    column.variables = {"other": frame()}
    column.run(instruction="{text}")
    assert "The table 'df' no longer exists: choose another one." in column.view.note
    assert column.view.table == "other"


# The run


def test_every_row_is_answered_into_a_new_column_of_a_copy(make):
    column = make(*answers())
    column.run(instruction="Shorten: {text} ({stars} stars)", into="short")
    column.wait()
    table = column.widget.table
    assert table["short"].tolist() == ["answer 0", "answer 1", "answer 2", "answer 3"]
    assert table.index.tolist() == [10, 11, 12, 13]
    assert list(column.variables["df"].columns) == ["text", "stars"]
    assert "Shorten: text 2 (2 stars)" in column.widget._session.engine.calls[2][0]
    assert column.view.progress["figures"].startswith("4 of 4 rows · ")
    assert (column.view.state, column.view.run_label) == ("ready", "Run all again")
    assert column.panel.title == "Column"


def test_three_rows_are_tried_and_the_others_follow(make):
    column = make(*answers(7), variables={"df": frame(7)})
    column.attempt(instruction="{text}")
    column.wait()
    assert column.rows() == [(1, "answer 0"), (4, "answer 1"), (7, "answer 2")]
    assert answered(column)[:4] == ["answer 0", None, None, "answer 1"]
    assert column.widget.table["answer_error"].tolist()[:4] == ["", "Not answered yet.", "Not answered yet.", ""]
    assert column.view.run_label == "Run the other 4 rows"
    column.run()
    column.wait()
    assert [answer for _, answer in column.rows()] == [f"answer {n}" for n in (0, 3, 4, 1, 5, 6, 2)]


def test_what_is_asked_otherwise_is_asked_of_all_rows(make):
    column = make(*answers(8))
    column.attempt(instruction="{text}")
    column.wait()
    column.run(instruction="{text}!")
    column.wait()
    assert [answer for _, answer in column.rows()] == [f"answer {n}" for n in (3, 4, 5, 6)]


def test_a_table_that_was_changed_is_asked_anew_and_one_that_goes_on_is_not(make):
    column = make(*answers(8), stepwise=True)
    engine = column.widget._session.engine
    column.run(instruction="{text}")
    engine.step(2)
    run_until(column, 2)
    column.variables["df"].iloc[3, 0] = "changed meanwhile"
    engine.step(2)
    column.wait()
    assert column.widget.table["text"].tolist()[3] == "text 3"
    engine.step(4)
    column.view.run_label = ""
    column.run()
    column.wait()
    assert column.widget.table["text"].tolist()[3] == "changed meanwhile"
    assert column.widget.table["answer"].tolist()[0] == "answer 4"


def test_stop_keeps_what_is_done_and_the_others_follow(make):
    column = make(*answers(), stepwise=True)
    engine = column.widget._session.engine
    column.run(instruction="{text}")
    engine.step(2)
    run_until(column, 2)
    assert column.panel.title == "Column · 2 of 4"
    assert answered(column) == ["answer 0", "answer 1", None, None]
    column.say("stop")
    column.wait()
    assert (column.view.state, column.view.run_label) == ("ready", "Run the other 2 rows")
    engine._answers.insert(0, ["answer 2"])  # the one that was cut off is written again
    engine.step(2)
    column.run()
    column.wait()
    assert column.widget.table["answer"].tolist() == [f"answer {n}" for n in range(4)]
    assert column.view.progress["done"] == 4


def test_each_row_has_a_seed_of_its_own_and_a_rerun_the_same(make):
    column = make()
    column.widget.seed = 5
    column.run(instruction="{text}")
    column.wait()
    column.run()
    column.wait()
    assert [params.seed for _, params in column.widget._session.engine.calls] == [5, 6, 7, 8] * 2


def test_without_a_seed_all_again_draws_others(make):
    column = make()
    column.run(instruction="{text}")
    column.wait()
    column.run()
    column.wait()
    first, second = (column.widget._session.engine.calls[n][1].seed for n in (0, 4))
    assert first != second


def test_an_empty_cell_and_a_row_that_fails_are_errors_of_theirs_alone(make):
    data = pd.DataFrame({"text": ["a", None, "c", "d"]})
    column = make(["one"], [ValueError("Too <long>.")], ["three"], variables={"df": data})
    column.run(instruction="{text}")
    column.wait()
    table = column.widget.table
    assert answered(column) == ["one", None, None, "three"]
    assert table["answer_error"].tolist() == ["", "'text' is empty in this row.", "Too <long>.", ""]
    assert "2 errors" in column.view.progress["figures"]
    assert column.view.listing["has_order"]
    column.say("turn", place=0, order="uncertain")
    assert [row["row"] for row in column.view.listing["rows"]] == [2, 3, 1, 4]


def test_an_engine_that_fails_leaves_what_is_done(make):
    column = make(["one"], [EngineError("The device is gone.")])
    column.run(instruction="{text}")
    column.wait()
    assert (column.view.note, column.view.is_wrong) == ("The device is gone.", True)
    assert answered(column) == ["one", None, None, None]
    assert column.view.run_label == "Run the other 3 rows"


def test_numbers_and_polars(make):
    data = pl.DataFrame({"n": [1, None, 3]})
    column = make(["one"], ["three"], variables={"df": data})
    column.run(instruction="In words: {n}")
    column.wait()
    table = column.widget.table
    assert isinstance(table, pl.DataFrame)
    assert table["answer"].to_list() == ["one", None, "three"]
    assert data.columns == ["n"]


class _Typed(ScriptedEngine):
    """Holds an answer to a shape."""

    def check_shape(self, params):
        pass

    def generate(self, prompt, params, *, answer=None, **options):
        result = super().generate(prompt, params, **options)
        return replace(result, value=answer.parse(result.text))


def test_an_answer_of_a_shape_is_a_value(make):
    column = make(engine=_Typed(*[[str(n)] for n in range(4)]))
    column.run(instruction="{text}", kind="int")
    column.wait()
    assert column.widget.table["answer"].tolist() == [0, 1, 2, 3]
    assert column.widget.table["answer"].dtype == "int64"


def test_choices_are_taken_from_the_form(make):
    column = make(engine=_Typed(["no"], ["none"], ["no"], ["none"]))
    column.run(instruction="{text}", kind="choices", details="no, none")
    column.wait()
    assert column.widget.table["answer"].tolist() == ["no", "none", "no", "none"]
    assert all(params.is_greedy for _, params in column.widget._session.engine.calls)


def test_a_click_brings_the_form_that_the_kernel_has_not_heard_of_yet(make):
    column = make()
    column.say("run", form={"table": "df", "instruction": "{stars}", "kind": "text", "details": "", "into": "new"})
    column.wait()
    assert (column.view.instruction, column.view.into) == ("{stars}", "new")
    assert "new" in column.widget.table.columns


# Beside it


def test_the_chat_goes_on_meanwhile(make):
    column = make(*answers(), ["chat"], stepwise=True)
    engine = column.widget._session.engine
    column.run(instruction="{text}")
    engine.step(5)
    assert column.widget.ask("Who?").finish_reason == "stop"
    column.wait()
    assert column.view.progress["done"] == 4
    assert column.widget.status == "idle"


def test_no_other_model_takes_its_place(make):
    column = make(*answers(), stepwise=True)
    column.run(instruction="{text}")
    with pytest.raises(RuntimeError, match="A column is being answered with this model"):
        column.widget.load("demo")
    column.say("run")  # as a second click does
    assert (column.view.note, column.view.is_wrong) == ("", False)
    column.say("stop")
    column.wait()
    column.widget.load("demo").wait(LIMIT_S)


def test_it_waits_for_a_model_that_is_loading_and_stop_ends_that(monkeypatch):
    may_load, share = threading.Event(), loader.share_engine
    monkeypatch.setattr(loader, "share_engine", lambda *a, **o: may_load.wait(LIMIT_S) and share(*a, **o))
    column = Column("demo", {"df": frame(2)}, device="CPU", max_new_tokens=3)
    try:
        column.run(instruction="{text}")
        assert column.view.state == "waiting"
        column.say("stop")
        column.wait()  # the model is still loading
        assert (column.view.state, column.view.note, column.widget.table) == ("ready", "", None)
        column.say("run")
        assert column.view.state == "waiting"
        may_load.set()
        column.wait()
        assert column.view.progress["done"] == 2
    finally:
        may_load.set()
        column.widget.close()


def test_a_widget_that_is_closed_ends_it(make):
    column = make(*answers(), stepwise=True)
    column.run(instruction="{text}")
    job = column.session._job
    column.widget._session.engine.step()
    run_until(column, 1)
    column.widget.close()
    assert job.done
    assert answered(column) == ["answer 0", None, None, None]


def test_what_was_answered_is_there_after_the_widget_was_closed(make):
    column = make(*answers())
    column.run(instruction="{text}")
    column.wait()
    column.widget.close()
    assert answered(column) == [f"answer {n}" for n in range(4)]


@pytest.mark.parametrize("change", ["temperature", "form"])
def test_the_button_says_what_a_click_asks_after_a_change_and_after_its_undoing(make, change):
    column = make(*answers(5))
    column.attempt(instruction="{text}")
    column.wait()
    assert column.view.run_label == "Run the other row"
    where, name, value = {
        "temperature": (column.widget, "temperature", 0.3),
        "form": (column.view, "instruction", "{text}!"),
    }[change]
    before = getattr(where, name)
    setattr(where, name, value)
    assert column.view.run_label == "Run all 4 rows"
    setattr(where, name, before)
    assert column.view.run_label == "Run the other row"
    column.say("run")
    column.wait()
    assert (len(column.widget._session.engine.calls), column.view.run_label) == (4, "Run all again")
    column.say("run")
    column.wait()
    assert len(column.widget._session.engine.calls) == 8


def test_a_run_that_did_not_begin_changes_nothing_of_the_one_before(make):
    column = make(*answers())
    column.attempt(instruction="{text}")
    column.wait()
    column.run(instruction="{txt}")
    column.wait()
    assert "There is no column 'txt'" in column.view.note
    assert column.view.run_label == "Run all 4 rows"
    column.view.instruction = "{text}"
    assert column.view.run_label == "Run the other row"


def test_it_asks_with_the_settings_of_the_model_that_it_waited_for(monkeypatch):
    may_load, share = threading.Event(), loader.share_engine
    monkeypatch.setattr(loader, "share_engine", lambda *a, **o: may_load.wait(LIMIT_S) and share(*a, **o))
    column = Column("demo", {"df": frame(2)}, device="CPU", max_new_tokens=3)
    try:
        column.widget.temperature = 0.5
        column.run(instruction="{text}")
        column.widget.temperature = 0.123  # as the model's own come with it
        may_load.set()
        column.wait()
        assert column.session.run.given.temperature == 0.123
    finally:
        may_load.set()
        column.widget.close()


def test_messages_to_the_page_are_short_whatever_a_table_is_called(make):
    wide = pd.DataFrame({"x" * 10_000: ["a"], "text": ["b"]})
    column = make(variables={"df": wide})
    assert column.view.tables == [{"name": "df", "rows": 1, "columns": ["text"]}]
    column.run(instruction="{" + "y" * 100_000 + "}")
    column.wait()
    assert "There is no column 'yyy" in column.view.note
    assert len(column.view.note) <= 1000


# The rows


def test_a_page_of_the_rows_is_sent(make):
    column = make(variables={"df": frame(100_000)}, stepwise=True)
    column.run(instruction="{text}")
    column.widget._session.engine.step(1)
    run_until(column, 1)
    column.say("turn", place=99_990, order="table")
    assert len(column.view.listing["rows"]) == PAGE_ROWS
    assert column.view.listing["rows"][0]["row"] == 99_981
    assert column.view.listing["total"] == 100_000
    column.say("turn", place=10**9, order="nonsense")
    assert column.view.listing["place"] == 99_980


def test_long_and_strange_texts_are_shown_as_they_are(make):
    texts = ["x" * 10_000, "### End <script>\x00\ud800", "a\nb"]
    column = make(["<b>one</b>"], ["two"], ["three"], variables={"df": pd.DataFrame({"text": texts}, dtype=object)})
    column.run(instruction="{text}")
    column.wait()
    rows = column.view.listing["rows"]
    assert len(rows[0]["cells"][0]) == 240
    assert rows[1]["cells"][0].startswith("### End <script>")
    assert rows[0]["answer"] == "<b>one</b>"
    for row in rows:
        row["cells"][0].encode()
