"""A job keeps its outcome until it is asked for, and stops when it is asked to."""

import contextvars
import signal
import threading
import traceback

import pytest

from dolly_widget.jobs import INTERRUPT_S, Job

LIMIT_S = 30


def test_wait_returns_the_result_every_time():
    job = Job(lambda stop: 42)
    assert job.wait(LIMIT_S) == 42
    assert job.wait() == 42
    assert job.done
    assert job.error is None


def test_none_is_a_result():
    job = Job(lambda stop: None)
    assert job.wait(LIMIT_S) is None
    assert job.error is None


def test_the_work_runs_on_a_named_daemon_thread():
    job = Job(lambda stop: threading.current_thread(), name="answer")
    thread = job.wait(LIMIT_S)
    assert thread is not threading.current_thread()
    assert thread.daemon
    assert thread.name == "answer"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3), StopIteration(1)])
def test_what_the_work_raises_comes_out_of_wait_with_its_traceback(error):
    def fails_here(stop):
        raise error

    job = Job(fails_here)
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            job.wait(LIMIT_S)
        assert raised.value is error
        assert "fails_here" in [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert job.done
    assert job.error is error


def test_stop_asks_the_work_to_stop():
    job = Job(lambda stop: stop.wait(LIMIT_S))
    job.stop()
    job.stop()
    assert job.wait(LIMIT_S) is True
    job.stop()


def test_a_wait_that_takes_too_long_leaves_the_work_going_on():
    release = threading.Event()
    job = Job(lambda stop: release.wait(LIMIT_S))
    for timeout_s in (0, 0.01):
        with pytest.raises(
            TimeoutError, match=rf"^still working after {timeout_s:g} s; wait again, or call stop\(\)\.$"
        ):
            job.wait(timeout_s)
    assert not job.done
    assert job.error is None
    release.set()
    assert job.wait(LIMIT_S) is True


def test_the_worker_sees_the_context_of_its_starter():
    cell = contextvars.ContextVar("cell")
    token = cell.set("first")
    seen = threading.Event()

    def work(stop):
        assert seen.wait(LIMIT_S)
        inherited = cell.get()
        cell.set("the worker's own")
        return inherited

    job = Job(work)
    cell.set("second")
    seen.set()
    assert job.wait(LIMIT_S) == "first"
    assert cell.get() == "second"
    cell.reset(token)


def test_interrupting_the_wait_leaves_the_work_going_on():
    go, release = threading.Event(), threading.Event()

    def work(stop):
        assert go.wait(LIMIT_S)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        assert release.wait(LIMIT_S)
        return "done", stop.is_set()

    job = Job(work)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the signal may come before the wait has begun
        go.set()
        job.wait(LIMIT_S)
    assert not job.done
    release.set()
    assert job.wait(LIMIT_S) == ("done", False)


@pytest.mark.parametrize("timeout_s", [None, 60])
def test_an_interrupt_is_noticed_soon_however_long_the_wait(timeout_s):
    """Where it comes just before a wait begins, Python notices it at that wait's end."""

    class Ended(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return len(waits) > 2

    waits = []
    job = Job(lambda stop: "done")
    job.wait(LIMIT_S)
    job._ended = Ended()
    assert job.wait(timeout_s) == "done"
    assert len(waits) == 3
    assert all(0 < each <= INTERRUPT_S for each in waits)


def test_many_jobs_at_once_keep_their_own_results():
    together = threading.Barrier(8)
    jobs = [Job(lambda stop, i=i: (together.wait(LIMIT_S), i)[1]) for i in range(8)]
    assert [job.wait(LIMIT_S) for job in jobs] == list(range(8))
