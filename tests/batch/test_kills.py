"""A run that is killed with -9, again and again, and goes on: no row is lost, none is there twice."""

import csv
import json
import random
import subprocess

import pytest
from command_line import start

from dolly_widget import ask_many

ROWS = 200
OPTIONS = {"seed": 11, "max_new_tokens": 12, "ov_config": {"EXECUTION_MODE_HINT": "ACCURACY"}}
CODE = f"""
import sys
from dolly_widget import ask_many
questions = [f"What is {{n}} plus 3?" for n in range(int(sys.argv[2]))]
tell = lambda result: print(result.row, flush=True)
ask_many(questions, resume=sys.argv[1], on_result=tell, **{OPTIONS})
"""


def killed_after(rows, later_s, path, of=ROWS):
    """Start a run, and kill it so much later than so many rows; return whether it was killed before its end."""
    process = start("-c", CODE, str(path), str(of), stderr=None)
    for _ in range(rows):
        if not process.stdout.readline():
            break
    try:
        process.wait(timeout=later_s)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    assert process.returncode in (0, -9)
    return process.returncode == -9


def check(path, count=ROWS):
    """The file goes on to the end, holds each row once, and what a run without a kill says."""
    questions = [f"What is {n} plus 3?" for n in range(count)]
    results = ask_many(questions, resume=path, **OPTIONS)
    rows = [json.loads(line)["row"] for line in path.read_text().splitlines()[1:]]
    assert sorted(rows) == list(range(count))
    assert [each.text for each in results] == [each.text for each in ask_many(questions, **OPTIONS)]


def test_a_killed_run_goes_on(tmp_path):
    path = tmp_path / "rows"
    assert killed_after(8, 0.0, path, of=40)
    check(path, 40)


@pytest.mark.slow
def test_twenty_kills_lose_no_row_and_double_none(tmp_path):
    draws, path, kills = random.Random(20), tmp_path / "rows", 0
    while kills < 20:
        if not killed_after(draws.randint(1, 15), draws.uniform(0, 0.05), path):
            check(path)
            path.unlink()
            continue
        kills += 1
    check(path)


@pytest.mark.slow
def test_twenty_kills_of_the_command_lose_no_row_and_double_none(tmp_path):
    draws = random.Random(21)
    table = tmp_path / "in.csv"
    table.write_text("n\n" + "".join(f"{n}\n" for n in range(ROWS)))
    command = ["-m", "dolly_widget", "map", str(table), "--instruction", "What is {n} plus 3?", "--seed", "11"]
    command += ["--max-new-tokens", "12", "--out"]

    def run(out, limit_s):
        process = start(*command, str(out))
        try:
            return process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            process.communicate()

    kills, rounds = 0, 0
    while kills < 20:
        out = tmp_path / f"out{rounds}.csv"
        while kills < 20 and run(out, draws.uniform(0.3, 2.5)) == -9:
            kills += 1
        if not out.exists():
            assert run(out, None) == 0
        rounds += 1
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [int(row["n"]) for row in rows] == list(range(ROWS))
        assert all(row["answer"] and not row["answer_error"] for row in rows)
        assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
            ["in.csv", *(f"out{n}.csv" for n in range(rounds))]
        )
