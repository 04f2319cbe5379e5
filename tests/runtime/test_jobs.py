"""A job keeps its outcome until it is asked for, and stops when it is asked to; a worker runs one after the other."""

import contextvars
import signal
import subprocess
import sys
import threading
import traceback

import pytest

from dolly_widget.runtime.jobs import INTERRUPT_S, Job, Worker

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
            TimeoutError, match=rf"^Still working after {timeout_s:g} s; wait again, or call stop\(\)\.$"
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


# A worker


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.close()


class Gate:
    """Work that waits until the test lets it end, whether it is stopped or not; returns whether it was."""

    def __init__(self):
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, stop):
        self.begun.set()
        assert self.may_end.wait(LIMIT_S)
        return stop.is_set()


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.may_end.set()


def current_thread(stop):
    return threading.current_thread()


def test_jobs_of_a_worker_run_in_the_order_in_which_they_were_made(worker, gate):
    first, ran = Job(gate, worker=worker), []
    jobs = [Job(lambda stop, i=i: ran.append(i), worker=worker) for i in range(20)]
    assert gate.begun.wait(LIMIT_S)
    assert (ran, jobs[0].done) == ([], False)
    gate.may_end.set()
    jobs[-1].wait(LIMIT_S)
    assert first.done
    assert ran == list(range(20))


def test_jobs_of_a_worker_share_one_daemon_thread_which_has_the_name_of_the_one_that_runs(worker, gate):
    Job(gate, name="first", worker=worker)
    names = [
        Job(lambda stop: (threading.current_thread(), threading.current_thread().name), name=name, worker=worker)
        for name in ("second", "third")
    ]
    assert gate.begun.wait(LIMIT_S)
    assert "first" in [thread.name for thread in threading.enumerate()]
    gate.may_end.set()
    (thread, name), (same, other_name) = (job.wait(LIMIT_S) for job in names)
    assert thread is same is not threading.current_thread()
    assert (name, other_name, thread.daemon) == ("second", "third", True)


def test_the_thread_ends_when_nothing_is_left_to_do(worker):
    thread = Job(current_thread, worker=worker).wait(LIMIT_S)
    thread.join(LIMIT_S)
    assert not thread.is_alive()


def test_a_worker_that_had_nothing_to_do_for_a_moment_still_has_one_thread(worker):
    """Each job is made when the one before has ended: at the moment in which the thread ends, too."""
    before, seen = set(threading.enumerate()), []
    for _ in range(300):
        Job(lambda stop: seen.append(len(set(threading.enumerate()) - before)), worker=worker).wait(LIMIT_S)
    assert seen == [1] * 300


def test_the_next_thread_begins_when_the_one_before_is_gone():
    class Lingering(Worker):
        def _run(self):
            super()._run()
            lingers.set()
            threading.Event().wait(0.2)

    worker, lingers = Lingering(), threading.Event()
    before = Job(current_thread, worker=worker).wait(LIMIT_S)
    assert lingers.wait(LIMIT_S)
    assert Job(lambda stop: before.is_alive(), worker=worker).wait(LIMIT_S) is False


def test_ten_workers_have_ten_threads():
    workers, gates = [Worker() for _ in range(10)], [Gate() for _ in range(10)]
    before = set(threading.enumerate())
    jobs = [Job(work, worker=worker) for _ in range(3) for worker, work in zip(workers, gates, strict=True)]
    assert all(gate.begun.wait(LIMIT_S) for gate in gates)
    assert len(set(threading.enumerate()) - before) == 10
    for gate in gates:
        gate.may_end.set()
    assert [job.wait(LIMIT_S) for job in jobs] == [False] * 30


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_job_raises_does_not_harm_the_next(worker, error):
    def fail(stop):
        raise error

    failing, after = Job(fail, worker=worker), Job(lambda stop: "fine", worker=worker)
    assert after.wait(LIMIT_S) == "fine"
    assert failing.error is error


def test_each_job_of_a_worker_sees_the_context_of_its_own_starter(worker, gate):
    cell = contextvars.ContextVar("cell")
    Job(gate, worker=worker)
    jobs = []
    for name in ("first", "second", "third"):
        cell.set(name)
        jobs.append(Job(lambda stop: cell.get(), worker=worker))
    jobs[1].stop()
    gate.may_end.set()
    assert [job.wait(LIMIT_S) for job in jobs] == ["first", "second", "third"]


def test_stop_of_a_job_that_waits_ends_it_at_once_and_what_runs_goes_on(worker, gate):
    running = Job(gate, worker=worker)
    waiting = Job(lambda stop: (threading.current_thread(), stop.is_set()), worker=worker)
    after = Job(lambda stop: "its turn", worker=worker)
    assert gate.begun.wait(LIMIT_S)
    waiting.stop()
    assert waiting.done
    assert waiting.wait() == (threading.current_thread(), True)
    waiting.stop()
    assert (running.done, after.done) == (False, False)
    gate.may_end.set()
    assert (running.wait(LIMIT_S), after.wait(LIMIT_S)) == (False, "its turn")


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_waiting_job_raises_when_it_is_stopped_comes_out_of_its_wait_alone(worker, gate, error):
    def fail(stop):
        raise error

    Job(gate, worker=worker)
    waiting = Job(fail, worker=worker)
    waiting.stop()
    with pytest.raises(type(error)):
        waiting.wait()


def test_a_job_that_several_threads_stop_while_its_turn_comes_is_done_once(worker):
    for _ in range(100):
        gate, ran = Gate(), []
        Job(gate, worker=worker)
        job = Job(ran.append, worker=worker)
        together = threading.Barrier(4)
        acts = [job.stop, job.stop, job.stop, gate.may_end.set]
        threads = [Job(lambda stop, act=act, meet=together.wait: (meet(LIMIT_S), act())) for act in acts]
        job.wait(LIMIT_S)
        for thread in threads:
            thread.wait(LIMIT_S)
        assert len(ran) == 1


def test_a_job_may_make_the_next(worker, gate):
    def work(stop):
        made.append(Job(current_thread, worker=worker))
        return threading.current_thread()

    made = []
    Job(gate, worker=worker)
    first, second = Job(work, worker=worker), Job(lambda stop: len(made), worker=worker)
    gate.may_end.set()
    assert second.wait(LIMIT_S) == 1
    assert made[0].wait(LIMIT_S) is first.wait(LIMIT_S)


def test_a_job_that_waits_for_one_behind_it_is_told_so(worker):
    job = Job(lambda stop: Job(current_thread, worker=worker).wait(), worker=worker)
    with pytest.raises(RuntimeError, match=r"^This job cannot end while its own thread waits for it: "):
        job.wait(LIMIT_S)


def test_close_ends_what_runs_what_waits_and_what_comes_later(worker):
    begun = threading.Event()

    def work(stop):
        begun.set()
        return stop.wait(LIMIT_S), threading.current_thread()

    jobs = [Job(work, worker=worker) for _ in range(3)]
    assert begun.wait(LIMIT_S)
    worker.close()
    late = Job(work, worker=worker)
    assert all(job.done for job in [*jobs, late])
    assert [job.wait()[0] for job in [*jobs, late]] == [True] * 4
    assert not jobs[0].wait()[1].is_alive()
    worker.close()


def test_a_job_may_close_its_worker(worker, gate):
    Job(gate, worker=worker)
    closing = Job(lambda stop: (worker.close(), stop.is_set()), worker=worker)
    behind = Job(current_thread, worker=worker)
    gate.may_end.set()
    assert closing.wait(LIMIT_S) == (None, True)
    behind.wait(LIMIT_S)
    worker.close()


def test_close_lets_go_of_the_lock_that_a_job_waits_for(worker):
    lock, begun = threading.RLock(), threading.Event()

    def work(stop):
        begun.set()
        with lock:
            return "had it"

    with lock, lock:  # twice, as in an observer
        job = Job(work, worker=worker)
        assert begun.wait(LIMIT_S)
        worker.close(lock)
        assert Job(lambda stop: lock.acquire(blocking=False)).wait(LIMIT_S) is False
    assert job.wait() == "had it"


# The end of Python

LEFT_BEHIND = """
import atexit, threading, time
atexit.register(lambda: print("soon", time.monotonic() - left_at < 4))
from dolly_widget.runtime.jobs import Job, Worker
begun, worker = threading.Event(), Worker()
def work(stop):
    begun.set()
    assert stop.wait(60)
    print("stopped", flush=True)
Job(work, worker=worker)
Job(lambda stop: print("begun all the same"), worker=worker)
Job(lambda stop: threading.Event().wait())
begun.wait()
left_at = time.monotonic()
"""


def test_the_end_of_python_stops_a_worker_s_job_and_waits_for_its_end_alone():
    run = subprocess.run([sys.executable, "-c", LEFT_BEHIND], capture_output=True, text=True, timeout=LIMIT_S)
    assert (run.stdout, run.stderr, run.returncode) == ("stopped\nsoon True\n", "", 0)


def test_a_worker_can_be_closed_without_waiting_for_a_job_that_does_not_end():
    begun, release, worker = threading.Event(), threading.Event(), Worker()

    def work(stop):
        begun.set()
        return release.wait(LIMIT_S) and stop.is_set()

    job = Job(work, worker=worker)
    assert begun.wait(LIMIT_S)
    worker.close(timeout_s=0)
    assert not job.done
    release.set()
    assert job.wait(LIMIT_S) is True
