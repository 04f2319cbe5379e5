"""Templates whose fields are columns, and the questions of the rows of pandas' and Polars' tables."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dolly_widget.batch import FieldTemplate, fill_rows
from dolly_widget.models import Model
from dolly_widget.text import DOLLY


def test_a_field_is_filled_and_two_braces_are_one():
    template = FieldTemplate("{{json}} of {text}, {text} and {n}")
    assert template.names == ("text", "n")
    assert template.fill({"text": "a", "n": "1"}) == "{json} of a, a and 1"


def test_a_value_is_not_searched_for_fields():
    assert FieldTemplate("{a} {b}").fill({"a": "{b} {{", "b": "{a}"}) == "{b} {{ {a}"


@pytest.mark.parametrize("name", ["text.__class__", "text[0]", "text!r", "text:>10", "a b"])
def test_a_field_is_a_column_s_name_and_nothing_is_evaluated(name):
    template = FieldTemplate(f"{{{name}}}")
    assert template.fill({name: "x"}) == "x"
    with pytest.raises(ValueError, match=r"There is no column .*: choose from 'text'"):
        template.fill({"text": "x"})


@pytest.mark.parametrize("text", ["{", "}", "{}", "a {b", "a} b", "{{}"])
def test_a_brace_that_names_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"names no column: write \{name\} for a column, and \{\{ or \}\} for a brace"):
        FieldTemplate(text)


def test_an_unknown_field_is_told_with_the_columns():
    frame = pd.DataFrame(columns=[f"c{n}" for n in range(30)])
    with pytest.raises(ValueError, match=r"There is no column 'txt': choose from 'c0', .*, 'c19' and 10 more\."):
        fill_rows(frame, "{txt}")


def test_an_instruction_without_a_field_is_refused():
    with pytest.raises(ValueError, match="names no column: put one in braces"):
        fill_rows(pd.DataFrame({"a": [1]}), "Tell a joke")


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NaT, pd.NA, "", "  \n"])
def test_a_row_without_a_value_is_an_error_and_the_others_are_asked(missing):
    first, second = fill_rows(pd.DataFrame({"text": ["a", missing]}, dtype=object), "Q: {text}")
    assert first == ("Q: a", "")
    assert str(second) == "'text' is empty in this row."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (2.5, "2.5"),
        (True, "True"),
        (pd.Timestamp("2024-02-01"), "2024-02-01"),
        (pd.Timestamp("2024-02-01 10:00"), "2024-02-01 10:00:00"),
        (datetime.date(2024, 2, 1), "2024-02-01"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        (["a", "b"], "['a', 'b']"),
    ],
)
def test_a_value_of_another_type_is_its_text(value, text):
    assert fill_rows(pd.DataFrame({"v": pd.Series([value], dtype=object)}), "{v}") == [(text, "")]


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        (pd.DataFrame({0: ["a", "b"]}), "0"),
        (pd.DataFrame({"t": ["a", "b"]}, index=[5, 5]), "t"),
        (pd.DataFrame([["a"], ["b"]], columns=pd.MultiIndex.from_tuples([("x", 1)])), "x.1"),
        (pd.DataFrame({"t": pd.Categorical(["a", "b"])}), "t"),
        (pd.DataFrame({"t": pd.array(["a", "b"], dtype="string")}), "t"),
        (pl.DataFrame({"t": ["a", "b"]}), "t"),
        (pl.DataFrame({"t": pl.Series(["a", "b"], dtype=pl.Categorical)}), "t"),
    ],
)
def test_columns_of_all_kinds_and_names(frame, field):
    assert fill_rows(frame, f"{{{field}}}", f"of {{{field}}}") == [("a", "of a"), ("b", "of b")]


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="Several columns are called 'a': rename one"):
        fill_rows(pd.DataFrame([[1, 2]], columns=["a", "a"]), "{a}")


def test_something_that_is_no_table_is_refused():
    with pytest.raises(TypeError, match="list is no table: give a DataFrame of pandas or Polars"):
        fill_rows([1], "{a}")


def test_the_end_token_in_a_cell_is_text(demo_dir):
    """The whole question is the user's: no segment of the template's holds any of it."""
    ((instruction, context),) = fill_rows(pd.DataFrame({"t": ["### End"]}), "Is {t} good?", "{t}")
    prompt = DOLLY.render(instruction, context)
    assert "### End" in str(prompt)
    assert not any("### End" in segment.text for segment in prompt if segment.is_template)
    model = Model(demo_dir)
    end = model.tokenizer.token_id("### End")
    assert end is not None
    assert end not in model.encode(prompt)
