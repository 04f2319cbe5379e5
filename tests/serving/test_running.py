"""A server on a port: clients that vanish or dawdle, and its end."""

import contextlib
import json
import os
import re
import resource
import signal
import socket
import threading

import httpx
import pytest
from command_line import start as start_python
from paced_engine import PacedEngine
from real_engines import start
from served import LIMIT_S, on_port, opened, read_until, until

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.runtime import PRECISE, Job
from dolly_widget.serving import Limits, application, bound_socket, run

QUESTION = {"prompt": "### Instruction:\nWho is Dolly?\n\n### Response:\n", "temperature": 0}


@pytest.fixture(scope="module")
def real(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


def open_files():
    """The numbers of this process's open files and sockets: the server's are among them."""
    return os.listdir("/proc/self/fd")


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_client_that_goes_away_ends_its_answer(real, is_stream):
    engine = PacedEngine(real)
    with on_port(engine) as (url, service):
        connection = opened(url, {**QUESTION, "max_tokens": 500, "ignore_eos": True, "stream": is_stream})
        engine.wait_for(lambda engine: engine.prompts)
        if is_stream:
            read_until(connection, b'"text":"Dolly"')
        connection.close()
        engine.wait_for(lambda engine: engine.results)
        (result,) = engine.results
        assert result.finish_reason == "cancelled"
        assert result.new_tokens <= 1
        until(lambda: service.line.is_empty)
        engine.run()
        assert httpx.post(f"{url}/v1/completions", json=QUESTION).status_code == 200


def test_a_client_that_goes_away_before_its_turn_leaves_the_line(real):
    engine = PacedEngine(real)
    with on_port(engine, limits=Limits(max_running=1)) as (url, service):
        first = opened(url, {**QUESTION, "max_tokens": 4})
        engine.wait_for(lambda engine: engine.prompts)
        second = opened(url, QUESTION)
        until(lambda: service.line.waiting == 1)
        second.close()
        until(lambda: not service.line.waiting)
        engine.run()
        assert b"200 OK" in read_until(first, b'"usage"')
        assert len(engine.prompts) == 1


def test_a_slow_reader_holds_up_nobody_and_gets_its_whole_answer(real):
    with on_port(real, limits=Limits(max_running=2)) as (url, service):
        fields = {"max_tokens": 300, "ignore_eos": True, "return_token_ids": True}
        slow = [opened(url, {**QUESTION, **fields, "stream": True}, Connection="close") for _ in range(2)]
        whole = httpx.post(f"{url}/v1/completions", json={**QUESTION, **fields}, timeout=LIMIT_S).json()["choices"][0]
        until(lambda: not service.line.running)  # written, although nobody has read
        for connection in slow:
            text = read_until(connection, b"data: [DONE]").decode()
            events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
            ids = [token_id for event in events for token_id in event["choices"][0]["token_ids"]]
            assert ids == whole["token_ids"]


def test_a_reader_that_takes_nothing_is_let_go(real):
    """All that is sent together is larger than the buffers between."""
    size = (real.model.directory / "tokenizer.json").stat().st_size
    with on_port(real, limits=Limits(write_s=0.2)) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        before = len(open_files())
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(LIMIT_S)
        connection.connect((host, int(port)))
        request = "GET /v1/models/dolly/files/tokenizer.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        until(lambda: len(open_files()) == before + 2)
        connection.sendall(request.encode() * 200)
        until(lambda: len(open_files()) == before + 1)  # the server has closed its end
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while block := connection.recv(65536):
                received += len(block)
        connection.close()
    assert received < 200 * size


@pytest.mark.parametrize("begun", [b"", b"POST /v1/completions HTTP/1.1\r\nHost: loc"])
def test_headers_that_do_not_come_are_not_waited_for(real, begun):
    with on_port(real, limits=Limits(head_s=0.2)) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as connection:
            connection.sendall(begun)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1000) == b""


def test_a_body_that_does_not_come_is_not_waited_for(real):
    with on_port(real, limits=Limits(body_s=0.2)) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as connection:
            head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            assert b" 408 " in read_until(connection, b"did not arrive in time")


def test_headers_that_are_too_large_are_refused(real):
    with on_port(real) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nX-Long: " + b"x" * 40_000)
            assert b" 400 " in read_until(connection, b"\r\n")
        assert httpx.get(f"{url}/health").status_code == 200


def test_nobody_is_told_what_runs_here(real):
    with on_port(real) as (url, _):
        assert "server" not in httpx.get(f"{url}/health").headers


def test_running_answers_end_and_new_ones_are_refused_while_it_drains(real):
    engine, up, stop = PacedEngine(real), [], threading.Event()
    is_up = threading.Event()
    app = application(engine, name="dolly")
    serving = Job(
        lambda _: run(app, bound_socket("127.0.0.1", 0), on_up=lambda url: (up.append(url), is_up.set()), stop=stop)
    )
    assert is_up.wait(LIMIT_S)
    (url,) = up
    with httpx.Client(base_url=url, timeout=LIMIT_S) as client:
        assert client.get("/health").json() == {"status": "ok"}
        running = opened(url, {**QUESTION, "max_tokens": 6, "stream": True})
        engine.wait_for(lambda engine: engine.prompts)
        stop.set()
        until(lambda: app.state.service.line.is_draining)
        health = client.get("/health")
        assert (health.status_code, health.json()) == (503, {"status": "draining"})
        refused = client.post("/v1/completions", json=QUESTION)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
        engine.run()
        assert b'"finish_reason":"length"' in read_until(running, b"data: [DONE]")
    assert serving.wait(LIMIT_S) is True
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


def test_what_does_not_end_in_time_is_cut_off_and_says_so(real):
    engine, stop, up = PacedEngine(real), threading.Event(), []
    app, is_up = application(engine, name="dolly", limits=Limits(1, drain_s=0)), threading.Event()
    serving = Job(
        lambda _: run(app, bound_socket("127.0.0.1", 0), on_up=lambda url: (up.append(url), is_up.set()), stop=stop)
    )
    assert is_up.wait(LIMIT_S)
    running = opened(up[0], {**QUESTION, "max_tokens": 500, "ignore_eos": True, "stream": True})
    engine.wait_for(lambda engine: engine.prompts)
    read_until(running, b'"text":"Dolly"')
    waiting = opened(up[0], QUESTION)
    until(lambda: app.state.service.line.waiting)
    stop.set()
    assert b'"code":"draining"' in read_until(running, b'"error"')
    assert b" 503 " in read_until(waiting, b'"code":"draining"')
    assert serving.wait(LIMIT_S) is False
    assert engine.results[0].finish_reason == "cancelled"


def test_a_socket_that_others_can_reach_is_not_served_without_a_key(real):
    with pytest.raises(ValueError, match="DOLLY_WIDGET_API_KEY"), bound_socket("0.0.0.0", 0) as listening:
        run(application(real, name="dolly"), listening)


@pytest.mark.parametrize("files", [4, 8])
def test_who_comes_when_the_files_run_out_is_told_that_there_is_no_room(real, monkeypatch, files):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (files, files))
    statuses = []
    with on_port(real, limits=Limits(1, 0)) as (url, _), contextlib.ExitStack() as clients:
        while len(statuses) < 2 or statuses[-1] == 200:
            client = clients.enter_context(httpx.Client())  # which keeps its connection
            statuses.append(client.get(f"{url}/health").status_code)
    assert statuses == [200] * (max(files // 2, files - 128) - 1) + [503]


def test_a_port_that_is_taken_is_one_sentence():
    with bound_socket("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            bound_socket("127.0.0.1", port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_when_nothing_runs(number):
    with start_python("-m", "dolly_widget", "serve", "--port", "0") as process:
        line = process.stdout.readline().decode()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        assert httpx.get(f"{url}/v1/models").json()["data"][0]["id"] == "demo"
        assert f'DollyWidget("{url}/v1")' in process.stdout.readline().decode()
        process.send_signal(number)
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert b"Traceback" not in errors


def test_a_second_signal_ends_the_command_at_once():
    with start_python("-m", "dolly_widget", "serve", "--port", "0") as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline().decode())[0]
        body = {**QUESTION, "max_tokens": 2000, "ignore_eos": True, "stream": True, "n": 60}
        with opened(url, body) as running:
            read_until(running, b"data: ")
            process.send_signal(signal.SIGTERM)
            with httpx.Client() as client:
                until(lambda: client.get(f"{url}/health").status_code == 503)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_what_is_being_prepared_when_all_is_cut_off_does_not_begin(real):
    engine = PacedEngine(real)
    with on_port(engine) as (url, service):
        reading, is_free = service.reading.worker, threading.Event()
        Job(lambda stop: is_free.wait(LIMIT_S), worker=reading)  # its prompt is not encoded yet
        request = opened(url, QUESTION)
        until(lambda: service.line.waiting)
        service.stop_all()
        is_free.set()
        assert b" 503 " in read_until(request, b'"code":"draining"')
    assert engine.prompts == []
