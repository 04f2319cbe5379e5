"""``dolly-widget serve --ray``: what reaches the replicas, what cannot work, and how it ends."""

import contextlib
import importlib.util
import os
import re
import signal
import threading

import pytest
from command_line import start

from dolly_widget import EngineError, SamplingParams, load_engine
from dolly_widget.cli import entry_point
from dolly_widget.engines import EngineSetup
from dolly_widget.serving import ray_cluster


@pytest.fixture
def served(monkeypatch):
    """Runs ``dolly-widget serve --ray`` with the cluster replaced; SIGTERM comes when it is up. What that was given."""
    given = {"ends": []}
    monkeypatch.delenv("DOLLY_WIDGET_API_KEY", raising=False)

    @contextlib.contextmanager
    def replicas_up(settings, **where):
        given.update(settings=settings, **where)
        if "fails" in given:
            raise given["fails"]
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM]).start()
        yield "http://127.0.0.1:8000"
        given["ends"].append("drained")
        if "interrupted" in given:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ray_cluster, "replicas_up", replicas_up)

    def serve(*arguments, code=0, **more):
        given.update(more)
        assert entry_point.main(["serve", "--port", "0", *arguments]) == code
        return given

    return serve


def test_what_is_asked_for_reaches_the_replicas(served, capsys):
    given = served(
        *("demo", "--ray", "--replicas", "2", "--max-replicas", "4", "--num-cpus", "1", "--name", "sheep"),
        *("--max-running", "5", "--device", "cpu", "--allow-host", "models.example"),
        *("--no-penalties", "--no-logprobs", "--drain", "45"),
    )
    settings = given["settings"]
    assert (settings.replicas, settings.max_replicas, settings.num_cpus) == (2, 4, 1)
    assert settings.setup == EngineSetup("demo", device="CPU")
    assert (settings.model_name, settings.limits.max_running) == ("sheep", 5)
    assert (settings.limits.has_penalties, settings.limits.has_logprobs, settings.drain_s) == (False, False, 45)
    assert "models.example" in settings.hosts
    assert (given["host"], given["key"]) == ("127.0.0.1", None)
    assert given["port"] > 0
    said = capsys.readouterr().out
    assert said.startswith("sheep is served at  http://127.0.0.1:8000/v1  by replicas: 2 to 4")


def test_a_signal_lets_the_answers_end(served, capsys):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    given = served("--ray")
    assert given["ends"] == ["drained"]
    assert given["settings"].drain_s == 600
    assert "Press Ctrl+C again to end now" in capsys.readouterr().err
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_another_one_ends_them(served):
    served("--ray", code=130, interrupted=True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--replicas", "2"], "--replicas is about replicas: add --ray."),
        (["--num-cpus", "2"], "--num-cpus is about replicas: add --ray."),
        (["--ray", "--replicas", "0"], "--replicas must be at least 1, not 0."),
        (["--ray", "--replicas", "3", "--max-replicas", "2"], "--max-replicas must be at least --replicas (3), not 2."),
        (["--ray", "--drain", "0"], "--drain must be more than 0, not 0.0."),
        (["--ray", "--host", "0.0.0.0"], "set a key in the environment variable DOLLY_WIDGET_API_KEY"),
        (["http://localhost:1/v1", "--ray"], "Replicas run a model of their own: name one, not a server's URL."),
    ],
)
def test_what_cannot_work_is_a_sentence(served, capsys, arguments, sentence):
    served(*arguments, code=2)
    assert sentence in capsys.readouterr().err


def test_a_cluster_that_fails_is_a_sentence(served, capsys):
    served("--ray", code=2, fails=EngineError("Ray could not start, or connect: no."))
    assert capsys.readouterr().err.endswith("dolly-widget: Ray could not start, or connect: no.\n")


def test_without_ray_the_pip_install_is_named(served, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find(name))
    served("--ray", code=2)
    assert 'python -m pip install "dolly-widget[cluster]"' in capsys.readouterr().err


@pytest.mark.slow  # a cluster of its own
def test_sigterm_lets_an_answer_end_and_says_nothing_of_rays(request):
    command = start("-m", "dolly_widget", "serve", "--ray", "--port", "0")
    request.addfinalizer(command.kill)
    url = re.search(r"http\S+/v1", command.stdout.readline().decode())[0]
    engine, begun = load_engine(url), threading.Event()
    answers = [
        threading.Thread(target=lambda: results.append(engine.generate(prompt, params, on_text=lambda _: begun.set())))
        for _ in range(16)
    ]
    results, params = [], SamplingParams(temperature=0, max_new_tokens=200)
    prompt = engine.template.render("Write a letter to a friend about a cat.")
    for answer in answers:
        answer.start()
    assert begun.wait(60)
    command.send_signal(signal.SIGTERM)
    for answer in answers:
        answer.join(60)
    _, errors = command.communicate(timeout=60)
    assert command.returncode == 0, errors
    assert [(each.finish_reason, each.notes) for each in results] == [("stop", ())] * 16
    assert errors.decode() == "Ending: the answers that are being written come first. Press Ctrl+C again to end now.\n"
