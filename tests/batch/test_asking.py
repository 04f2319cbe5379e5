"""``ask_many``: results in order, seeds, rows that fail, interrupts, a file that a second run goes on with."""

import errno
import json
import subprocess
import sys
import threading
import tracemalloc
from dataclasses import dataclass

import pandas as pd
import polars as pl
import pytest
from many_engine import ManyEngine

from dolly_widget import EngineError, RowResult, SamplingParams, ask_many
from dolly_widget.batch import KeptRows, answer_rows, ask_questions
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.shaped import with_value
from dolly_widget.errors import IncompleteAnswerError
from dolly_widget.text.shapes import Shape

QUESTIONS = [f"q{n}" for n in range(10)]


def texts(results):
    return [each.text for each in results]


def test_results_are_in_order_whatever_ends_first_and_have_seed_plus_row():
    ended = []
    results = ask_many(QUESTIONS, model=ManyEngine(), seed=7, on_result=lambda each: ended.append(each.row))
    assert texts(results) == [f"q{n}/{7 + n}" for n in range(10)]
    assert [each.row for each in results] == list(range(10))
    assert ended == [3, 2, 1, 0, 7, 6, 5, 4, 9, 8]


def test_seeds_begin_again_after_the_largest():
    assert texts(ask_many(["a", "b"], model=ManyEngine(), seed=2**32 - 1)) == [f"a/{2**32 - 1}", "b/0"]


def test_a_fresh_seed_is_drawn_without_one():
    first, second = (ask_many(["a"], model=ManyEngine())[0].seed for _ in range(2))
    assert first != second


BAD = [
    ("", "The instruction is empty."),
    (" \n", "The instruction is empty."),
    (None, "The instruction is no text."),
    (float("nan"), "The instruction is no text."),
    (3, "The instruction is no text but '3'."),
    ("long", "12 tokens too long for this model: shorten the text."),
    ("half", "The answer ended before it was whole."),
]


@pytest.mark.parametrize(("bad", "error"), BAD)
def test_a_bad_row_is_a_result_with_its_error_and_stops_nobody(bad, error):
    results = ask_many(["a", bad, "b"], model=ManyEngine(), seed=1)
    assert [each.error for each in results] == ["", error, ""]
    assert texts(results)[::2] == ["a/1", "b/3"]
    assert results[1].seed == 2


def test_an_answer_that_ended_too_early_keeps_its_text():
    (result,) = ask_many(["half"], model=ManyEngine(), seed=1)
    assert (result.text, result.finish_reason, result.value) == ("half/1", "length", None)


def test_contexts_go_with_their_instructions_and_nan_is_none():
    class Both(ManyEngine):
        class template:
            @staticmethod
            def render(instruction, context=""):
                return f"{instruction}+{context}"

    assert texts(ask_many(["a", "b"], contexts=["x", float("nan")], model=Both(), seed=0)) == ["a+x/0", "b+/1"]
    with pytest.raises(ValueError, match="There are 2 instructions and 1 contexts: give one for each"):
        ask_many(["a", "b"], contexts=["x"], model=Both())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"instructions": "one text"}, "instructions is one text: give a list"),
        ({"instructions": ["a"], "contexts": "x"}, "contexts is one text: give a list"),
        (
            {"instructions": pd.DataFrame({"text": ["a"]})},
            r'instructions is a table: give one column, such as df\["text"\], or ask about each row with df',
        ),
        ({"instructions": pl.DataFrame({"text": ["a"]})}, "instructions is a table"),
        ({"instructions": ["a"], "contexts": pd.DataFrame({"text": ["a"]})}, "contexts is a table"),
        ({"instructions": ["a"], "at_once": 0}, "at_once must be 1 or more, not 0"),
        ({"instructions": ["a"], "top_p": 2}, "top_p must be"),
        ({"instructions": ["a"], "answer": 3.5}, "no shape of an answer|not supported"),
        ({"instructions": ["a"], "params": SamplingParams(), "top_p": 0.5}, "params holds all settings: set top_p"),
        ({"instructions": ["a"], "ray": True}, "each worker loads the model: give its name"),
    ],
)
def test_wrong_arguments_are_a_sentence(arguments, error):
    with pytest.raises(ValueError, match=error):
        ask_many(arguments.pop("instructions"), model=ManyEngine(), **arguments)


def test_an_unknown_option_is_a_sentence():
    with pytest.raises(TypeError, match="There is no setting 'top_q'"):
        ask_many(["a"], model=ManyEngine(), top_q=1)


def test_stop_is_the_setting_of_that_name():
    engine = ManyEngine()
    ask_many(["a"], model=engine, stop=["."])
    assert engine.params.stop == (".",)


def test_a_stop_is_no_option_of_a_caller_s():
    with pytest.raises(TypeError, match="There is no setting 'cancel'"):
        ask_many(["a"], model=ManyEngine(), cancel=threading.Event())


@pytest.mark.parametrize("column", [pd.Series(["a", "b"]), pl.Series(["a", "b"])])
def test_a_column_of_a_table_is_asked(column):
    assert texts(ask_many(column, model=ManyEngine(), seed=0)) == ["a/0", "b/1"]


def test_no_rows_are_no_results():
    assert ask_many([], model=ManyEngine()) == []


def test_values_of_choices_come_with_the_results():
    results = ask_many(QUESTIONS, model=ManyEngine(), answer=[True, False], seed=0)
    assert {each.value for each in results} == {True, False}
    assert all(each.value is {"yes": True, "no": False}[each.text] for each in results)


@dataclass
class Small:
    n: int

    def __post_init__(self):
        if self.n > 3:
            raise AssertionError("too many")  # assert itself is pytest's here


def test_a_value_that_its_class_refuses_is_the_error_of_its_row_alone():
    class Counting(ManyEngine):
        def _outcome(self, request):
            result = GenerationResult(f'{{"n": {request.prompt}}}', (1, 2), 5, "stop", 0, 0.25, 0.1)
            try:
                return with_value(result, request.shape)
            except IncompleteAnswerError as exc:
                return exc

    results = ask_many(["1", "7", "2"], model=Counting(), answer=Small)
    assert [each.value for each in results] == [Small(1), None, Small(2)]
    assert results[1].error == "The answer is not of its shape: Small refuses it (AssertionError: too many). Ask again."


def test_settings_that_cut_a_shaped_answer_are_one_error_and_leave_no_rows(tmp_path):
    engine, path = ManyEngine(), tmp_path / "rows"
    with pytest.raises(ValueError, match="does not go with stop: leave one of them out"):
        ask_many(QUESTIONS, model=engine, answer=["a", "b"], stop=["."], resume=path)
    assert engine.taken == 0
    assert len(ask_many(QUESTIONS, model=engine, answer=["a", "b"], resume=path)) == 10


def test_requests_are_made_when_there_is_room_for_them():
    engine, stop = ManyEngine(), threading.Event()
    results = answer_rows(engine, [(f"{n}", "") for n in range(100_000)], SamplingParams(seed=0), stop=stop)
    assert next(results).row == 3
    assert engine.taken == 4
    stop.set()
    assert [each.row for each in results] == [2, 1, 0]


def test_bad_rows_do_not_wait_for_the_engine_s_last():
    engine = ManyEngine(at_once=1)
    questions = [("a", ""), ValueError("empty"), ("b", ""), ("c", "")]
    assert [each.row for each in answer_rows(engine, questions, SamplingParams(seed=0))] == [0, 1, 2, 3]


def test_rows_that_a_stop_cuts_off_are_not_there():
    stop = threading.Event()
    engine = ManyEngine(at_once=1, on_answer=lambda count: stop.set())
    assert texts(ask_questions([("a", ""), ("cancelled", "")], stop, model=engine, seed=0)) == ["a/0"]


def test_memory_is_about_a_kilobyte_a_row():
    engine, count = ManyEngine(), 3_000
    tracemalloc.start()
    try:
        results = ask_many([f"question {n}" for n in range(count)], model=engine, seed=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [len(results), engine.most_waiting] == [count, 4]
    assert peak < count * 1500


# What ends a run


@pytest.mark.parametrize("error", [KeyboardInterrupt, EngineError("gone"), OSError("disk")])
def test_whatever_ends_a_run_carries_what_is_done(error, tmp_path):
    def end(count):
        if count == 6:
            raise error

    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind) as raised:
        ask_many(QUESTIONS, model=ManyEngine(on_answer=end), seed=0, resume=tmp_path / "rows")
    assert texts(raised.value.results) == ["q0/0", "q1/1", "q2/2", "q3/3", "q6/6", "q7/7"]
    again = ManyEngine()
    assert texts(ask_many(QUESTIONS, model=again, seed=0, resume=tmp_path / "rows")) == [f"q{n}/{n}" for n in range(10)]
    assert again.taken == 4


def test_what_runs_is_cancelled_and_a_model_of_its_own_is_freed_whatever_ends_a_run(monkeypatch):
    engine = ManyEngine()
    monkeypatch.setattr("dolly_widget.batch.asking.share_engine", lambda setup, prepared: engine)

    def fail(result):
        raise RuntimeError("of the caller's")

    with pytest.raises(RuntimeError) as raised:  # whose traceback keeps all frames
        ask_many(QUESTIONS, seed=0, on_result=fail)
    assert engine.is_cancelled
    assert engine.is_closed
    assert len(raised.value.results) == 1


def test_a_loaded_engine_stays_so():
    engine = ManyEngine()
    ask_many(QUESTIONS, model=engine)
    assert not engine.is_closed


def test_a_device_that_fails_is_no_row_s_fault(tmp_path):
    with pytest.raises(EngineError, match="The device is gone") as raised:
        ask_many(["a", "fails"], model=ManyEngine(at_once=1), seed=0)
    assert texts(raised.value.results) == ["a/0"]


def test_a_stop_keeps_what_is_done():
    stop = threading.Event()
    engine = ManyEngine(at_once=1, on_answer=lambda count: count == 3 and stop.set())
    results = ask_questions([(each, "") for each in QUESTIONS], stop, model=engine, seed=0)
    assert texts(results) == ["q0/0", "q1/1", "q2/2"]


@pytest.mark.parametrize("questions", [["a", "cancelled"], ["a", "cancelled", "b"]])
def test_rows_that_a_closed_engine_cuts_off_are_an_error_with_what_is_done(questions):
    with pytest.raises(EngineError, match="This engine was closed while it answered: load the model again") as raised:
        ask_many(questions, model=ManyEngine(at_once=1), seed=0)
    assert texts(raised.value.results) == ["a/0"]


def test_rows_that_a_closed_engine_never_took_are_an_error_with_what_is_done():
    class Closing(ManyEngine):
        def _in_turns(self, requests, at_once):
            yield from self._outcomes([(0, next(requests))])

    with pytest.raises(EngineError, match="This engine was closed while it answered") as raised:
        ask_many(QUESTIONS, model=Closing(), seed=0)
    assert texts(raised.value.results) == ["q0/0"]


# A file of finished rows


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.jsonl"


@pytest.fixture
def interrupted(path):
    """A file with four of ten rows, drawn with a fresh seed."""

    def end(count):
        if count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        ask_many(QUESTIONS, model=ManyEngine(on_answer=end), resume=path)
    return raised.value.results


def go_on(path, questions=QUESTIONS, engine=None, **options):
    return ask_many(questions, model=engine or ManyEngine(), resume=path, **options)


def test_a_second_run_goes_on_with_the_seed_of_the_first(path, interrupted):
    results = go_on(path)
    assert results[:4] == interrupted
    base = interrupted[0].seed
    assert [each.seed for each in results] == [(base + n) % 2**32 for n in range(10)]


def test_a_third_run_asks_nothing(path, interrupted):
    results, engine = go_on(path), ManyEngine()
    assert go_on(path, engine=engine) == results
    assert engine.taken == 0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"questions": [*QUESTIONS, "q10"]}, "another table of questions"),
        ({"questions": [*QUESTIONS[:-1], "other"]}, "another table of questions"),
        ({"contexts": ["c"] * 10}, "another table of questions"),
        ({"top_p": 0.5}, "another set of sampling settings"),
        ({"seed": 5}, "another set of sampling settings"),
        ({"answer": ["a", "b"]}, "another shape of answer"),
        ({"engine": type("OtherEngine", (ManyEngine,), {})()}, "another model"),
        ({"answer": ["a", "b"], "seed": 5}, "another set of sampling settings and another shape of answer"),
    ],
)
def test_a_run_of_something_else_is_refused_and_the_file_is_as_it_was(path, interrupted, change, what):
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"holds rows of another run, with {what}: name another file"):
        go_on(path, **change)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        *[b"a,b\n1,2\n", b'{"a": 1}\n', b"no line break, and no rows", b"[]\n", b"a short note", b"x", b"\0", b"{}"],
        *[b'{"format": "dolly"}', b'{"format": "dolly_widget rows 2'],
    ],
)
def test_a_file_that_holds_something_else_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is there already and holds no rows of a run: name another file"):
        go_on(path)
    assert path.read_bytes() == content


def test_a_torn_last_line_is_cut_off_wherever_it_ends(path, interrupted):
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    expected = go_on(path)
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert go_on(path) == expected
        assert [json.loads(line)["row"] for line in path.read_text().splitlines()[1:]].count(0) == 1


def test_a_torn_first_line_is_a_new_file(path):
    expected = go_on(path, seed=3)
    header = path.read_bytes().split(b"\n")[0]
    for end in range(len(header) + 1):
        path.write_bytes(header[:end])
        assert go_on(path, seed=3) == expected


def test_zeros_that_a_power_failure_leaves_are_cut_off(path, interrupted):
    with path.open("ab") as file:
        file.write(b"\0" * 4096)
    assert len(go_on(path)) == 10


def test_a_damaged_line_in_the_middle_is_told(path, interrupted):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{damage\n", *lines[3:]]))
    with pytest.raises(ValueError, match=r"Line 3 of .* is damaged: delete that line, and run it again"):
        go_on(path)


def test_a_second_process_is_kept_out(path):
    kept = KeptRows(path, {}, 0, None)
    code = f"from dolly_widget.batch import KeptRows; KeptRows({str(path)!r}, {{}}, 0, None)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Another process is writing" in other.stderr
    kept.close()
    kept.close()
    KeptRows(path, {}, 0, None).close()


def test_a_full_disk_is_a_sentence_and_loses_nothing(path, monkeypatch):
    class Full:
        """A file on a disk with room for half of the fourth row."""

        def __init__(self, file):
            self._file, self._rows = file, 0

        def write(self, data):
            self._rows += 1
            if self._rows < 5:  # the first line, and three rows
                return self._file.write(data)
            if self._rows == 5:
                return self._file.write(data[:20])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name):
            return getattr(self._file, name)

    made = KeptRows.__init__

    def init(self, *arguments):
        made(self, *arguments)
        self._file = Full(self._file)

    with monkeypatch.context() as patched:
        patched.setattr(KeptRows, "__init__", init)
        with pytest.raises(OSError, match="No space left on device") as raised:
            go_on(path, seed=0)
    assert "Make room, and run it again" in str(raised.value)
    assert len(raised.value.results) == 3
    assert len(path.read_bytes().splitlines()) == 4
    assert path.read_bytes().endswith(b"\n")
    engine = ManyEngine()
    assert texts(go_on(path, seed=0, engine=engine)) == [f"q{n}/{n}" for n in range(10)]
    assert engine.taken == 7


class Grudging:
    """A file that takes ``most`` bytes at a time; with ``room``, so many in all. It cannot be made shorter."""

    def __init__(self, file, most=7, room=10**6):
        self._file, self._most, self._room = file, most, room

    def write(self, data):
        taken = self._file.write(data[: min(self._most, self._room)])
        self._room -= taken
        return taken

    def truncate(self, size):
        raise OSError(errno.EIO, "Input/output error")

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_a_row_that_the_system_takes_in_parts_is_whole(path):
    kept = KeptRows(path, {}, 0, None)
    kept._file = Grudging(kept._file)
    for row in range(2):
        kept.add(RowResult(row, "a text"))
    kept.close()
    again = KeptRows(path, {}, 0, None)
    again.close()
    assert texts(again.results.values()) == ["a text", "a text"]


@pytest.mark.parametrize("room", [0, 1, 20])
def test_a_row_that_the_system_does_not_take_whole_is_an_error_and_cut_off_by_the_next_run(path, room):
    kept = KeptRows(path, {}, 0, None)
    kept.add(RowResult(0, "a text"))
    whole = path.read_bytes()
    kept._file = Grudging(kept._file, room=room)
    with pytest.raises(OSError, match=r"The system took only a part of a row: .* holds all rows before"):
        kept.add(RowResult(1, "a text"))
    kept.close()
    assert path.read_bytes() != whole or not room
    again = KeptRows(path, {}, 0, None)
    assert path.read_bytes() == whole
    again.add(RowResult(1, "another"))
    again.close()
    last = KeptRows(path, {}, 0, None)
    last.close()
    assert texts(last.results.values()) == ["a text", "another"]


def test_values_are_read_from_the_file(path):
    results = go_on(path, answer=["x", "y"], seed=0)
    assert [each.value for each in go_on(path, answer=["x", "y"], seed=0)] == [each.value for each in results]


def test_a_line_is_the_result():
    result = RowResult(3, "no\n\u2028", "no", {"yes": 0.25, "no": 0.75}, "", "stop", 7, 5, 2)
    choices = {"yes": "yes", "no\n\u2028": "no"}
    shape = Shape(choices.__getitem__, "", choices)
    read = RowResult.from_line(result.to_line(), shape)
    assert "\n" not in result.to_line()
    assert read == result
    assert list(read.probabilities.values()) == [0.25, 0.75]


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"row": "1"}', '{"row": true}', "nonsense"])
def test_another_line_is_a_value_error(line):
    with pytest.raises(ValueError, match=r"."):
        RowResult.from_line(line)


def test_no_bar_where_nobody_would_see_it(capsys):
    ask_many(QUESTIONS, model=ManyEngine())
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_rows_speed_and_errors(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ask_many([*QUESTIONS, ""], model=ManyEngine())
    shown = capsys.readouterr().err
    assert "11/11" in shown
    assert "tokens/s, 1 with an error" in shown
