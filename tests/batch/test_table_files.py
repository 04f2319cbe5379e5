"""Tables as files: what is read, what is written, and what is refused in a sentence."""

import csv
import json
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from dolly_widget.batch.table_files import TableFile, check_writable, write_table


@pytest.fixture
def file(tmp_path):
    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def read(path):
    table = TableFile(path)
    return table.columns(), list(table.rows())


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        (
            "a.csv",
            'id,text\r\n1,"a, ""b""\nc"\r\n\r\n2,\r\n',
            [{"id": "1", "text": 'a, "b"\nc'}, {"id": "2", "text": ""}],
        ),
        ("a.csv", "\ufeffid\n1\n", [{"id": "1"}]),
        ("a.TSV", "id\ttext\n1\ta,b\n", [{"id": "1", "text": "a,b"}]),
        ("a.jsonl", '{"id": 1}\n\n{"id": 2, "text": "b"}', [{"id": 1}, {"id": 2, "text": "b"}]),
        ("a.ndjson", '{"id": null}\n', [{"id": None}]),
    ],
)
def test_rows_are_read(file, name, content, rows):
    columns, found = read(file(name, content))
    assert found == rows
    assert columns == list(dict.fromkeys(key for row in rows for key in row))


def test_parquet_is_read_and_written(tmp_path):
    pd.DataFrame({"id": [1, 2], "text": ["a", None]}).to_parquet(tmp_path / "a.parquet")
    columns, rows = read(tmp_path / "a.parquet")
    assert columns == ["id", "text"]
    write_table(tmp_path / "b.parquet", columns, rows)
    assert pd.read_parquet(tmp_path / "b.parquet").equals(pd.read_parquet(tmp_path / "a.parquet"))


def test_parquet_without_pyarrow_is_a_pip_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match='python -m pip install "pandas" "pyarrow"'):
        check_writable(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.xlsx", "x", r"is no table: its name must end in \.csv, \.tsv, \.jsonl or \.parquet"),
        ("a.csv", "", r"is empty: its first line has to name the columns"),
        ("a.jsonl", "\n", r"is empty"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", r"Line 3 of .* has 3 fields, and its first line 2: put a text with a ','"),
        ("a.csv", "a,b\n1\n", r"Line 2 of .* has 1 fields"),
        ("a.csv", "a,b,a\n1,2,3\n", r"has two columns 'a': give each a name of its own"),
        ("a.csv", b"a\n\xff\xfe\n", r"is not in UTF-8: save it with that encoding"),
        ("a.csv", "a\n1\0\n", r"Line 2 of .* holds a NUL character"),
        ("a.csv", "a".encode("utf-16-le"), r"Line 1 of .* holds a NUL character: it is no text, or not in UTF-8"),
        ("a.csv", 'a\n"b', r"Line 2 of .* is no CSV"),
        ("a.jsonl", '{"a": 1}\n[1]\n', r"Line 2 of .* is no JSON object: write one object a line"),
        ("a.jsonl", "{a}\n", r"Line 1 of .* is no JSON object"),
        ("a.jsonl", b"\xff\n", r"is not in UTF-8"),
        ("a.parquet", "nonsense", r"is no Parquet"),
    ],
)
def test_what_is_no_table_is_a_sentence(file, name, content, error):
    path = file(name, content)
    with pytest.raises(ValueError, match=error):
        read(path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"There is no file .*a\.csv"):
        TableFile(tmp_path / "a.csv")


ROWS = [{"a": "=1+1", "b": 1, "c": [1, "ä"]}, {"a": "-x", "b": None}]


def test_csv_is_written_as_it_is_without_asking(tmp_path):
    write_table(tmp_path / "a.csv", ["a", "b", "c"], ROWS)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as lines:
        assert list(csv.reader(lines)) == [["a", "b", "c"], ["=1+1", "1", '[1, "ä"]'], ["-x", "", ""]]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_escaped_on_request(tmp_path, first):
    write_table(tmp_path / "a.csv", ["a"], [{"a": f"{first}x"}, {"a": f"x{first}"}], escapes_formulas=True)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as lines:
        assert list(csv.reader(lines))[1:] == [[f"'{first}x"], [f"x{first}"]]


def test_json_lines_keep_types_and_what_is_not_there(tmp_path):
    write_table(tmp_path / "a.jsonl", ["a", "b", "c"], ROWS)
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()] == ROWS


def test_a_table_is_written_whole_or_not_at_all(tmp_path):
    def rows():
        yield ROWS[0]
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_table(tmp_path / "a.csv", ["a"], rows())
    assert list(tmp_path.iterdir()) == []


def written(path, columns, rows):
    write_table(path, columns, rows)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, np.float32("nan")], ids=repr)
def test_what_is_missing_is_null_or_nothing(tmp_path, missing):
    rows = [{"a": missing, "b": [missing, 1.5]}]
    assert written(tmp_path / "a.jsonl", ["a", "b"], rows) == '{"a": null, "b": [null, 1.5]}\n'
    assert written(tmp_path / "a.csv", ["a", "b"], rows) == 'a,b\n,"[null, 1.5]"\n'


def test_infinity_is_null_where_json_has_no_number_for_it(tmp_path):
    assert written(tmp_path / "a.jsonl", ["a"], [{"a": float("inf")}]) == '{"a": null}\n'
    assert written(tmp_path / "a.csv", ["a"], [{"a": float("inf")}]) == "a\ninf\n"


def test_lists_of_parquet_are_lists(tmp_path):
    days = [np.datetime64("2026-11-29T00:00:00", "ns"), np.datetime64("NaT", "ns")]
    frame = pd.DataFrame({"n": [list(range(2000)), [1]], "nested": [[[1], [2, 3]], []], "day": [days, []]})
    frame.to_parquet(tmp_path / "a.parquet")
    columns, rows = read(tmp_path / "a.parquet")
    first = json.loads(written(tmp_path / "a.jsonl", columns, rows).splitlines()[0])
    assert first == {"n": list(range(2000)), "nested": [[1], [2, 3]], "day": ["2026-11-29 00:00:00", None]}
    write_table(tmp_path / "a.csv", columns, rows)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as lines:
        again = next(csv.DictReader(lines))
    assert {name: json.loads(text) for name, text in again.items()} == first
    write_table(tmp_path / "b.parquet", columns, rows)
    assert [each.tolist() for each in pd.read_parquet(tmp_path / "b.parquet")["n"]] == [list(range(2000)), [1]]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet"])
def test_half_a_character_costs_no_table(tmp_path, name):
    rows = [{"a": "x \ud83d", "b": ["\ud83d"]}, {"a": "y", "b": []}]
    write_table(tmp_path / name, ["a", "b"], rows)
    first = read(tmp_path / name)[1][0]
    assert first["a"] == "x \ufffd"
    assert "\ufffd" in "".join(first["b"])


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ([1, "x", None, 2.5], ["1", "x", None, "2.5"]),
        ([True, {"a": [1, None]}, [2]], ["True", '{"a": [1, null]}', "[2]"]),
        ([{}, None], ["{}", None]),
        ([[{}], []], ["[{}]", "[]"]),
        ([{"a": [{"b": {}}]}], ['{"a": [{"b": {}}]}']),
        ([{"a": [{"b": 1}]}, None], [{"a": [{"b": 1}]}, None]),
        ([10**30, "\ud83d"], [str(10**30), "\ufffd"]),
        ([1, None, 2**60 + 1], [1, None, 2**60 + 1]),
    ],
)
def test_parquet_takes_a_column_of_any_values(tmp_path, values, stored):
    write_table(tmp_path / "a.parquet", ["v"], [{"v": value} for value in values])
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet")["v"].to_pylist() == stored
