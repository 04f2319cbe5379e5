"""The end of a server while answers are being scored or sent: they come to their end, or are told that they do not."""

import queue
import re
import signal
import socket
import threading

import httpx
import pytest
from command_line import start as start_python
from real_engines import start
from served import LIMIT_S, on_port, opened, read_until, until

from dolly_widget import lens
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.runtime import PRECISE, Job
from dolly_widget.serving import Limits, application, bound_socket, run

SCORED = {"prompt": "Who is Dolly?", "temperature": 0, "max_tokens": 3, "logprobs": 1}


@pytest.fixture(scope="module")
def real(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.fixture
def server(real):
    """Starts one; its service, its URL, what ends it, the job that serves, and an event for the end."""
    jobs, release = [], threading.Event()

    def serve(*sizes, **limits):
        app, up = application(real, name="dolly", limits=Limits(*sizes, **limits)), queue.Queue()
        stop = threading.Event()
        job = Job(lambda _: run(app, bound_socket("127.0.0.1", 0), on_up=up.put, stop=stop))
        jobs.append((job, stop))
        return app.state.service, up.get(timeout=LIMIT_S), stop, job, release

    yield serve
    release.set()
    for job, stop in jobs:
        stop.set()
        job.wait(LIMIT_S)


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"echo": True, "max_tokens": 0}])
def test_what_is_being_scored_comes_to_its_end_while_it_drains(server, more):
    service, url, stop, serving, is_free = server()
    Job(lambda stop: is_free.wait(LIMIT_S), worker=service.scoring.worker)  # others' turn
    request = opened(url, {**SCORED, **more})
    until(lambda: service.line.unsent or (service.line.running and "echo" in more))
    assert "dolly_widget_unsent" in httpx.get(f"{url}/metrics").text
    stop.set()
    until(lambda: service.line.is_draining)
    assert not service.line.is_empty
    assert httpx.get(f"{url}/health").status_code == 503  # which is there as long as it drains
    is_free.set()
    assert b'"token_logprobs"' in read_until(request, b"[DONE]" if "stream" in more else b'"usage"')
    assert serving.wait(LIMIT_S) is True


@pytest.mark.parametrize("more", [{}, {"stream": True}])
def test_what_is_not_scored_in_time_is_cut_off_and_says_so(server, more):
    service, url, stop, serving, is_free = server(drain_s=0)
    Job(lambda stop: is_free.wait(LIMIT_S), worker=service.scoring.worker)
    request = opened(url, {**SCORED, **more})
    until(lambda: service.line.unsent)
    stop.set()
    assert b'"code":"draining"' in read_until(request, b"}}")
    is_free.set()
    assert serving.wait(LIMIT_S) is False


def test_a_reader_that_has_not_read_to_the_end_is_waited_for(server):
    service, url, stop, serving, _ = server(drain_s=0)
    host, port = url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.settimeout(LIMIT_S)
    connection.connect((host, int(port)))
    request = "GET /v1/models/dolly/files/tokenizer.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection.sendall(request.encode() * 200)
    assert b"200 OK" in connection.recv(100)
    stop.set()
    until(lambda: service.reading.is_stopped)  # its time is up
    connection.close()
    assert serving.wait(LIMIT_S) is False


def test_a_client_that_goes_away_ends_the_scoring_of_its_answer(real, monkeypatch):
    has_begun, has_ended = threading.Event(), threading.Event()

    def score(*given, stop, **more):
        has_begun.set()
        assert stop.wait(LIMIT_S)
        has_ended.set()
        return lens_score(*given, stop=stop, **more)

    lens_score = lens.score
    monkeypatch.setattr(lens, "score", score)
    with on_port(real) as (url, service):
        request = opened(url, SCORED)
        assert has_begun.wait(LIMIT_S)
        request.close()
        assert has_ended.wait(LIMIT_S)
        until(lambda: service.line.is_empty)


def test_a_second_signal_ends_what_is_being_scored_and_says_so():
    with start_python("-m", "dolly_widget", "serve", "--port", "0") as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline().decode())[0]
        body = {"prompt": [[5] * 1500] * 32, "max_tokens": 1, "logprobs": 5, "echo": True}
        requests = [opened(url, body) for _ in range(3)]
        with httpx.Client() as client:
            until(lambda: "dolly_widget_unsent 96.0" in client.get(f"{url}/metrics").text)
            process.send_signal(signal.SIGTERM)
            until(lambda: client.get(f"{url}/health").status_code == 503)
        process.send_signal(signal.SIGTERM)
        for request in requests:
            with request:
                assert b" 503 " in read_until(request, b'"code":"draining"')
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert b"Traceback" not in errors
