"""``dolly-widget map``: from a table's file to one with answers; what is refused; Ctrl+C and the same command again."""

import csv
import json
import re
import signal

import pandas as pd
import pytest
from command_line import start
from many_engine import ManyEngine

from dolly_widget.cli.entry_point import main


@pytest.fixture
def engine(monkeypatch):
    engine = ManyEngine()
    monkeypatch.setattr("dolly_widget.batch.asking.share_engine", lambda setup, prepared: engine)
    return engine


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("id,text\n1,a\n2,\n3,=b\n")
    return tmp_path


def run(*options, out="out.csv", table="in.csv", instruction="{text}?"):
    return main(["map", table, "--instruction", instruction, "--out", out, "--seed", "0", *options])


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_output_is_the_input_with_answers_and_errors(folder, engine, capsys):
    assert run() == 0
    assert rows_of(folder / "out.csv") == [
        {"id": "1", "text": "a", "answer": "a?/0", "answer_error": ""},
        {"id": "2", "text": "", "answer": "", "answer_error": "'text' is empty in this row."},
        {"id": "3", "text": "=b", "answer": "=b?/2", "answer_error": ""},
    ]
    assert sorted(each.name for each in folder.iterdir()) == ["in.csv", "out.csv"]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert (
        shown.err
        == "1 of 3 rows have no answer: see the column answer_error. The first is row 2: 'text' is empty in this row.\n"
    )


def test_stop_is_the_setting_of_that_name(folder, engine):
    assert run("--stop", ".") == 0
    assert engine.params.stop == (".",)


def test_choices_into_a_named_column(folder, engine):
    assert run("--choices", "yes, no", "--into", "label") == 0
    assert {row["label"] for row in rows_of(folder / "out.csv")} <= {"yes", "no", ""}


@pytest.mark.parametrize("out", ["out.jsonl", "out.parquet", "out.tsv"])
def test_other_kinds_of_output(folder, engine, out):
    assert run(out=out) == 0
    read = {
        "out.jsonl": lambda path: pd.read_json(path, lines=True),
        "out.parquet": pd.read_parquet,
        "out.tsv": lambda path: pd.read_csv(path, sep="\t"),
    }
    assert read[out](folder / out)["answer"].tolist()[::2] == ["a?/0", "=b?/2"]


def test_formulas_are_escaped_on_request_and_the_help_says_so(folder, engine, capsys):
    assert run("--escape-formulas") == 0
    last = rows_of(folder / "out.csv")[2]
    assert [last["text"], last["answer"]] == ["'=b", "'=b?/2"]
    with pytest.raises(SystemExit):
        main(["map", "--help"])
    assert "--escape-formulas puts an apostrophe before such texts" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"instruction": "{txt}"}, "There is no column 'txt': choose from 'id', 'text'."),
        ({"instruction": "no field"}, "The instruction names no column"),
        ({"table": "none.csv"}, "There is no file none.csv."),
        ({"table": "in.doc"}, "in.doc is no table"),
        ({"out": "in.csv"}, "in.csv is there already: give another --out, or delete it first."),
        ({"out": "out.doc"}, "out.doc is no table"),
        ({"out": "no/out.csv"}, "There is no folder no: make it first."),
    ],
)
def test_a_mistake_is_a_sentence_before_anything_is_asked(folder, engine, capsys, change, error):
    assert run(**change) == 2
    assert capsys.readouterr().err.startswith(f"dolly-widget: {error}")
    assert engine.taken == 0
    assert [each.name for each in folder.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--into", "text"], "There is a column 'text' already: choose another name with --into"),
        (["--top-p", "2"], "--top-p must be"),
        (["--choices", "yes,,no"], "--choices 'yes,,no' has an empty choice: write them like positive,negative."),
        (["--at-once", "0"], "--at-once must be 1 or more, not 0"),
    ],
)
def test_wrong_options_are_a_sentence(folder, engine, capsys, options, error):
    assert run(*options) == 2
    assert capsys.readouterr().err.startswith(f"dolly-widget: {error}")
    assert engine.taken == 0


def test_another_question_over_rows_that_are_kept_is_refused(folder, monkeypatch, capsys):
    def end(count):
        if count == 1:
            raise OSError(28, "No space left on device")

    engine = ManyEngine(at_once=1, on_answer=end)
    monkeypatch.setattr("dolly_widget.batch.asking.share_engine", lambda setup, prepared: engine)
    assert run() == 2
    assert "No space left on device" in capsys.readouterr().err
    assert run(instruction="Other {text}") == 2
    assert re.search(
        r"out\.csv\.rows holds rows of another run, with another table of questions", capsys.readouterr().err
    )
    assert run() == 0
    assert engine.taken == 2
    assert [row["answer"] for row in rows_of(folder / "out.csv")] == ["a?/0", "", "=b?/2"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device", "out.csv"), "No space left on device. All"),
        (ValueError("Columns\n differ."), "Columns differ. All"),
        (RecursionError("deep"), "Internal error in dolly_widget (RecursionError: deep): this is a bug"),
    ],
)
def test_an_output_that_cannot_be_written_is_a_sentence_that_names_the_answers(
    folder, engine, capsys, monkeypatch, error, reason
):
    def fail(*arguments, **options):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("dolly_widget.batch.table_files.write_table", fail)
        assert run() == 2
    said = capsys.readouterr().err
    assert said.startswith(f"dolly-widget: out.csv could not be written: {reason}")
    assert "All answers are kept in out.csv.rows: the same command asks nothing again" in said
    assert said.count("\n") == 1
    asked = engine.taken
    (folder / "out.csv.rows").rename(folder / "other.jsonl.rows")
    assert run(out="other.jsonl") == 0
    assert engine.taken == asked
    assert sorted(each.name for each in folder.glob("*other*")) == ["other.jsonl"]


def test_a_table_of_mixed_values_becomes_any_other(folder, engine):
    (folder / "in.jsonl").write_text('{"text": "a", "v": 1, "o": {}}\n{"text": "\\ud83d", "v": "x", "o": {}}\n')
    for out in ("out.parquet", "out.csv", "out.jsonl"):
        assert run(out=out, table="in.jsonl") == 0
    assert pd.read_parquet(folder / "out.parquet")[["text", "v"]].to_numpy().tolist() == [["a", "1"], ["\ufffd", "x"]]
    assert [each["text"] for each in rows_of(folder / "out.csv")] == ["a", "\ufffd"]


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path):
    table, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    table.write_text("".join(f'{{"n": {n}}}\n' for n in range(300)))
    command = ["-m", "dolly_widget", "map", str(table), "--instruction", "What is {n} plus 3?", "--out", str(out)]
    command += ["--max-new-tokens", "12", "--seed", "1"]
    process = start(*command)
    kept = tmp_path / "out.jsonl.rows"
    while process.poll() is None and not (kept.exists() and kept.read_bytes().count(b"\n") > 5):
        pass
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert re.search(rb"Stopped: [\d,]+ of 300 rows are kept in .*out\.jsonl\.rows; the same command goes on", said)
    assert not out.exists()
    again = start(*command)
    again.communicate(timeout=120)
    assert again.returncode == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["n"] for row in rows] == list(range(300))
    assert all(row["answer"] for row in rows)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]
