"""Replicas on Ray Serve: what is deployed, that they answer as one engine does, and that no answer is lost."""

import os
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import ray
import yaml
from ray_serve import Asking, free_port, replica_pids, wait_for_replicas

from dolly_widget import EngineError, SamplingParams, load_engine
from dolly_widget.serving.ray_cluster import replicas_up
from dolly_widget.serving.replica_settings import NAME, ReplicaSettings
from dolly_widget.serving.replicas import app

GUIDE = Path(__file__).parents[2] / "notebooks" / "guide" / "scale.md"
KEY = "sk-of-the-tests"
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}
TWO = ReplicaSettings.of({"replicas": 2, "num_cpus": 1, "ov_config": EXACT})
GREEDY = SamplingParams(temperature=0, max_new_tokens=200)
ANIMALS = ("cat", "dog", "sheep", "horse", "bear", "fox", "owl", "duck", "goat", "mouse")
QUESTIONS = [
    form.format(animal)
    for form in (
        "Write a letter about a {}.",
        "Tell me a story about a {}.",
        "Name 3 advantages to be a {}",
        "Who is {}?",
    )
    for animal in ANIMALS
]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def deployed(application):
    return application._bound_deployment


def test_the_application_is_built_of_a_command_lines_texts():
    found = deployed(app({"model": "demo", "replicas": "2", "num_cpus": "1"}))
    assert (found.name, found.num_replicas, found.ray_actor_options["num_cpus"]) == (NAME, 2, 1)


def test_more_replicas_come_with_the_requests_where_that_is_asked_for():
    scaling = deployed(app({"max_replicas": "4", "target_ongoing_requests": "8"}))._deployment_config.autoscaling_config
    assert (scaling.min_replicas, scaling.max_replicas, scaling.target_ongoing_requests) == (1, 4, 8)


def test_a_wrong_argument_is_a_sentence():
    with pytest.raises(ValueError, match=r"There is no argument 'modell': did you mean model\?"):
        app({"modell": "demo"})


def test_the_guides_config_file_is_valid_and_builds_what_it_says():
    from ray.serve.schema import ServeDeploySchema

    text, growing = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    fixed = re.search(r" *num_replicas: .*\n", text)[0]
    for content in (text, text.replace(fixed, growing)):
        config = ServeDeploySchema.model_validate(yaml.safe_load(content))
        (application,) = config.applications
        assert application.import_path == "dolly_widget.serving.replicas:app"
        assert [each.name for each in application.deployments] == [deployed(app(application.args)).name]
        assert config.http_options.host == "127.0.0.1"
    assert application.deployments[0].autoscaling_config["max_replicas"] == 8


@pytest.fixture(scope="module")
def local():
    """The model in this process."""
    engine = load_engine("demo", ov_config=EXACT)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def answers(local):
    """What it answers."""
    return [local.generate(local.template.render(each), GREEDY).token_ids for each in QUESTIONS]


@pytest.fixture(scope="module")
def url():
    """Two replicas, for all tests of this file that need nothing else; started once more where Ray was too slow."""
    with ExitStack() as stack:
        for is_last in (False, True):
            try:
                address = stack.enter_context(replicas_up(TWO, host="127.0.0.1", port=free_port(), key=KEY))
                break
            except EngineError:
                if is_last:
                    raise
        yield f"{address}/v1"


@pytest.fixture
def remote(url):
    engine = load_engine(url)
    yield engine
    engine.close()


def test_two_replicas_answer_as_the_engine_alone_does(remote, answers):
    results = Asking(remote, QUESTIONS, GREEDY).results()
    assert [each.token_ids for each in results] == answers
    assert len(replica_pids()) == 2


def test_no_route_answers_who_may_not_ask(url):
    root, right = url.removesuffix("/v1"), {"Authorization": f"Bearer {KEY}"}
    for path in ("/v1/models", "/v1/completions", "/metrics", "/-/routes", "/-/healthz", "/", "/none"):
        for method in ("GET", "POST"):
            assert httpx.request(method, root + path).status_code == 401
            assert httpx.request(method, root + path, headers={**right, "Host": "evil.example"}).status_code == 403
            foreign = httpx.request(method, root + path, headers={**right, "Origin": "https://evil.example"})
            assert foreign.status_code == 403
    for body in (b"x" * (5 << 20), (b"x" * (1 << 20) for _ in range(20))):
        sent = httpx.post(f"{url}/completions", headers={**right, "Content-Type": "application/json"}, content=body)
        assert sent.status_code == 413


def test_the_key_is_in_no_file_of_ray(url):
    session = Path(ray._private.worker._global_node.get_session_dir_path())
    files = [path for path in session.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


@pytest.mark.slow
def test_a_replica_that_is_killed_in_mid_answer_costs_no_answer(url, remote, answers):
    """Three times, each time the older one."""
    broken = 0
    for _ in range(3):
        pids = wait_for_replicas(2)
        asking = Asking(remote, QUESTIONS, GREEDY)
        asking.wait_until_begun(len(QUESTIONS) // 2)
        os.kill(min(pids), signal.SIGKILL)
        results = asking.results()
        assert [each.token_ids for each in results] == answers
        broken += sum("the answer went on" in note for each in results for note in each.notes)
        wait_for_replicas(2, gone={min(pids)})
    assert broken
