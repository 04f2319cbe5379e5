"""Answers as new columns of a table: pandas' accessor, Polars, names that are taken, rows without an answer."""

import datetime
import enum
import math
from dataclasses import dataclass

import pandas as pd
import polars as pl
import pytest
from many_engine import ManyEngine

import dolly_widget.pandas  # noqa: F401  registers the accessor
from dolly_widget.batch import RowResult, ask_column, with_results


def test_the_accessor_returns_a_new_frame_with_the_answers_and_their_errors():
    frame = pd.DataFrame({"text": ["a", None, "b"]}, index=["x", "x", "y"])
    new = frame.dolly.ask("{text}!", model=ManyEngine(), seed=0, into="said")
    assert list(frame.columns) == ["text"]
    assert list(new.columns) == ["text", "said", "said_error"]
    assert list(new.index) == ["x", "x", "y"]
    assert new["said"].iloc[[0, 2]].tolist() == ["a!/0", "b!/2"]
    assert pd.isna(new["said"].iloc[1])
    assert new["said_error"].tolist() == ["", "'text' is empty in this row.", ""]


def test_stop_is_the_setting_and_no_event():
    engine, frame = ManyEngine(), pd.DataFrame({"text": ["a"]})
    frame.dolly.ask("{text}", model=engine, stop=["."])
    assert engine.params.stop == (".",)
    with pytest.raises(TypeError, match="There is no setting 'cancel'"):
        frame.dolly.ask("{text}", model=engine, cancel=None)


def test_polars_through_the_same_function():
    new = ask_column(pl.DataFrame({"text": ["a", None]}), "{text}!", model=ManyEngine(), seed=0)
    assert new.to_dict(as_series=False) == {
        "text": ["a", None],
        "answer": ["a!/0", None],
        "answer_error": ["", "'text' is empty in this row."],
    }


def test_values_keep_their_type():
    frame = pd.DataFrame({"n": range(20)})
    new = frame.dolly.ask("{n}", answer=[1, 2], model=ManyEngine(), seed=0)
    assert set(new["answer"]) == {1, 2}
    assert new["answer"].dtype == "int64"


def test_with_probabilities_there_is_that_of_the_answer():
    likely = {"yes": 0.25, "no": 0.75}
    results = [RowResult(0, "no", "no", likely, "", "stop"), RowResult(1, error="empty")]
    for frame in (pd.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1, 2]})):
        first, second = with_results(frame, results, "label")["label_probability"].to_list()
        assert first == 0.75
        assert math.isnan(second)


@pytest.mark.parametrize("taken", ["label", "label_error", "label_probability"])
def test_a_column_that_is_there_already_is_refused_before_anything_is_asked(taken):
    engine = ManyEngine()
    with pytest.raises(ValueError, match=f"There is a column '{taken}' already: choose another name with into"):
        pd.DataFrame({"a": ["x"], taken: ["y"]}).dolly.ask("{a}", into="label", model=engine)
    assert engine.taken == 0


@pytest.mark.parametrize(
    "columns", [[0, 1], [("x", "a"), ("x", "b")], [pd.Timestamp("2024-01-01"), "b"]], ids=["numbers", "levels", "dates"]
)
def test_columns_may_be_called_anything(columns):
    frame = pd.DataFrame(
        [["v", "w"]], columns=pd.MultiIndex.from_tuples(columns) if columns[0] == ("x", "a") else columns
    )
    name = {0: "0", ("x", "a"): "x.a"}.get(columns[0], str(columns[0]))
    new = frame.dolly.ask(f"{{{name}}}", model=ManyEngine(), seed=0)
    assert new["answer"].to_numpy().ravel().tolist() == ["v/0"]


@pytest.mark.parametrize("frame", [pd.DataFrame({"n": [1, 2]}), pl.DataFrame({"n": [1, 2]})], ids=["pandas", "polars"])
def test_a_lone_surrogate_costs_no_run(frame):
    table = with_results(frame, [RowResult(0, "a \ud800"), RowResult(1, error="no \ud800")], "answer")
    assert table["answer"][0] == "a \ufffd"
    assert list(table["answer_error"]) == ["", "no \ufffd"]


def test_an_empty_table_stays_one():
    new = pd.DataFrame({"a": []}).dolly.ask("{a}", model=ManyEngine())
    assert list(new.columns) == ["a", "answer", "answer_error"]
    assert len(new) == 0


def test_lists_and_objects_are_values_of_cells():
    results = [RowResult(0, "[1]", [1]), RowResult(1, "{}", {"a": 1})]
    assert with_results(pd.DataFrame({"a": [1, 2]}), results, "v")["v"].tolist() == [[1], {"a": 1}]


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


@dataclass
class Found:
    colour: Colour
    day: datetime.date | None


DAY = datetime.date(2026, 11, 29)
CELLS = [
    ([Colour.RED, None, Colour.BLUE], ["red", None, "BLUE"]),
    ([Found(Colour.RED, DAY), None], [{"colour": "red", "day": DAY}, None]),
    ([{"a": 1}, None, {"a": None}], [{"a": 1}, None, {"a": None}]),
    ([1, None, "two"], ["1", None, "two"]),
    ([1, 2.5, None], [1.0, 2.5, None]),
    ([True, 1], ["True", "1"]),
    ([[1], {"a": "ä"}, None], ["[1]", '{"a": "ä"}', None]),
    ([2**200, 1], [str(2**200), "1"]),
    (["a \ud800", None], ["a \ufffd", None]),
]


@pytest.mark.parametrize(("values", "cells"), CELLS)
def test_polars_takes_every_value_and_none(values, cells):
    results = [RowResult(row, str(value), value, error="" if value else "no") for row, value in enumerate(values)]
    table = with_results(pl.DataFrame({"n": range(len(values))}), results, "v")
    assert table["v"].to_list() == cells


@pytest.mark.parametrize(("answer", "kind"), [([1, 2], "Int64"), ([True, False], "boolean")])
def test_a_row_without_an_answer_leaves_the_type_of_the_column(answer, kind):
    new = pd.DataFrame({"text": ["a", None, "b"]}).dolly.ask("{text}", answer=answer, model=ManyEngine(), seed=0)
    assert new["answer"].dtype == kind
    assert new["answer"].isna().tolist() == [False, True, False]


def test_whole_numbers_that_are_too_large_for_a_type_are_kept():
    results = [RowResult(0, str(10**30), 10**30), RowResult(1, error="no")]
    assert with_results(pd.DataFrame({"a": [1, 2]}), results, "v")["v"].tolist() == [10**30, None]


@pytest.mark.parametrize(("kind", "method"), [(pd.DataFrame, "copy"), (pl.DataFrame, "with_columns")])
def test_a_table_that_cannot_be_made_costs_no_answers(kind, method, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no memory")

    monkeypatch.setattr(kind, method, fail)
    with pytest.raises(RuntimeError, match="no memory") as raised:
        ask_column(kind({"text": ["a", "b"]}), "{text}", model=ManyEngine(), seed=0)
    assert [each.text for each in raised.value.results] == ["a/0", "b/1"]
