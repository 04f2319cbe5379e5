"""Rows on a Ray cluster: two workers on this machine, a worker that is killed, a driver that is killed."""

import json
import os
import signal
import sys
import threading

import pytest
import ray
from command_line import start

from dolly_widget import EngineError, EngineSetup, SamplingParams, ask_many
from dolly_widget.batch import cluster
from dolly_widget.batch.work import Work

ROWS = 200
QUESTIONS = ["", *(f"What is {n} plus 3?" for n in range(1, ROWS))]
OPTIONS = {"seed": 11, "max_new_tokens": 12, "ov_config": {"EXECUTION_MODE_HINT": "ACCURACY"}}


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A cluster of two workers for all tests of this file."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    for is_last in (False, False, True):
        try:
            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
            break
        except Exception:  # Ray's own: a busy machine does not start a node within its 30 s
            ray.shutdown()
            if is_last:
                raise
    yield 2
    ray.shutdown()


@pytest.fixture(scope="module")
def alone():
    """The answers of one engine, on this side."""
    return ask_many(QUESTIONS, **OPTIONS)


@pytest.mark.slow  # a cluster takes a minute to start on a busy machine, and a worker another one
@pytest.mark.parametrize("count", [40, ROWS])
def test_a_killed_worker_loses_no_row_and_doubles_none(workers, alone, tmp_path, count):
    path, told, killed = tmp_path / "rows", [], []

    def kill_one(result):
        told.append(result.row)
        if result.prompt_tokens and not killed:  # some rows are there, and more are on their way
            actors = [each for each in _actors() if "RowWorker" in each.class_name and each.state == "ALIVE"]
            killed.append(actors[0].pid)
            os.kill(actors[0].pid, signal.SIGKILL)

    results = ask_many(QUESTIONS[:count], ray=workers, resume=path, on_result=kill_one, **OPTIONS)
    assert len(killed) == 1
    assert [each.text for each in results] == [each.text for each in alone[:count]]
    assert sorted(told) == list(range(count))
    rows = [json.loads(line)["row"] for line in path.read_text().splitlines()[1:]]
    assert sorted(rows) == list(range(count))
    # Begun on a cluster, gone on without one.
    assert ask_many(QUESTIONS[:count], resume=path, **OPTIONS) == results


def _actors():
    from ray._private.state import actors

    class Actor:
        def __init__(self, said):
            self.class_name, self.state, self.pid = said["ActorClassName"], said["State"], said["Pid"]

    return [Actor(each) for each in actors().values()]


DRIVER = f"""
import sys
from dolly_widget import ask_many
tell = lambda result: print(result.row, flush=True)
questions = ["", *(f"What is {{n}} plus 3?" for n in range(1, {ROWS}))]
ask_many(questions, ray=2, resume=sys.argv[1], on_result=tell, **{OPTIONS})
"""


@pytest.mark.slow
def test_a_killed_driver_goes_on(alone, tmp_path):
    """On a cluster of its own, which is started and ended twice: a minute."""
    path = tmp_path / "rows"
    first = start("-c", DRIVER, str(path), stderr=None)
    for _ in range(60):
        assert first.stdout.readline()
    first.kill()
    first.communicate()
    kept = len(path.read_bytes().splitlines()) - 1
    assert 60 <= kept < ROWS
    second = start("-c", DRIVER, str(path), stderr=None)
    said, _ = second.communicate(timeout=300)
    assert second.returncode == 0
    assert len(said.split()) == ROWS - kept
    rows = [json.loads(line)["row"] for line in path.read_text().splitlines()[1:]]
    assert sorted(rows) == list(range(ROWS))
    assert [each.text for each in ask_many(QUESTIONS, resume=path, **OPTIONS)] == [each.text for each in alone]


@pytest.mark.slow
def test_a_model_that_the_workers_cannot_load_is_a_sentence(workers):
    work = Work([("a", "")], SamplingParams(seed=0), None, stop=threading.Event(), at_once=None)
    with pytest.raises(EngineError, match=r"The cluster could not go on: .*nowhere"):
        list(cluster.answer_on_cluster(EngineSetup("/nowhere"), work, [0], 1))


def test_a_cluster_that_does_not_start_is_a_sentence(monkeypatch):
    def fail(**_):
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(EngineError, match=r"Ray could not start, or connect: The current node timed out"):
        ask_many(["a"], ray=True)


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_worker_are_refused(count):
    with pytest.raises(ValueError, match=r"ray must be True, or a number of workers from 1"):
        list(cluster.answer_on_cluster(EngineSetup(), None, [0], count))


def test_without_ray_the_pip_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r'python -m pip install "dolly-widget\[cluster\]"'):
        ask_many(["a"], ray=True)


def test_a_small_input_is_work_for_all_workers():
    assert [len(each) for each in cluster._blocks(range(10), 2)] == [2, 2, 2, 2, 2]
    assert [len(each) for each in cluster._blocks(range(3), 8)] == [1, 1, 1]
    assert max(len(each) for each in cluster._blocks(range(100_000), 2)) == 64
    assert [row for block in cluster._blocks(range(1000), 3) for row in block] == list(range(1000))
