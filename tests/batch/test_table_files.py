"""Tables as files: what is read, what is written, and what is refused in a sentence."""

import csv
import json
import sys

import pandas as pd
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
