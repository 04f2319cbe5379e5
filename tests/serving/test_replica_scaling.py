"""The number of replicas changes while answers are written: by a config file, and by their number. None is lost.

Each test starts a cluster, which takes half a minute.
"""

import subprocess
import sys
import textwrap

import pytest
import ray
import yaml
from ray_serve import Asking, free_port, wait_for_replicas

from dolly_widget import SamplingParams, load_engine

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

GREEDY = SamplingParams(temperature=0, max_new_tokens=200)
QUESTIONS = [f"Write a letter to a friend about the number {number}." for number in range(40)]
CONFIG = """
proxy_location: EveryNode
http_options: {{host: 127.0.0.1, port: {port}}}
logging_config: {{log_level: ERROR, enable_access_log: false}}
applications:
  - name: dolly
    import_path: dolly_widget.serving.replicas:app
    route_prefix: /
    args: {{num_cpus: 1, max_waiting: {max_waiting}, ov_config: {{EXECUTION_MODE_HINT: ACCURACY}}}}
    deployments:
      - name: dolly
"""


class Cluster:
    """A cluster that is told what to do by config files."""

    def __init__(self, folder):
        self._path, self._port, self._dashboard = folder / "config.yaml", free_port(), free_port()
        ray.init(
            num_cpus=3,
            include_dashboard=True,
            dashboard_port=self._dashboard,
            log_to_driver=False,
            logging_level="ERROR",
            namespace="serve",
        )
        self.url = f"http://127.0.0.1:{self._port}/v1"

    def deploy(self, max_waiting=256, **options):
        """What ``serve deploy`` does; ``options`` are the deployment's."""
        text = CONFIG.format(port=self._port, max_waiting=max_waiting) + textwrap.indent(yaml.dump(options), " " * 8)
        self._path.write_text(text)
        command = [sys.executable, "-m", "ray.serve.scripts", "deploy", "-a", f"http://127.0.0.1:{self._dashboard}"]
        done = subprocess.run([*command, str(self._path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH", "dolly_widget.serving.proxy.guards")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    try:
        yield Cluster(tmp_path)
        ray.serve.shutdown()
    finally:
        ray.shutdown()


@pytest.fixture(scope="module")
def answers():
    """Those of the model in this process."""
    engine = load_engine("demo", ov_config={"EXECUTION_MODE_HINT": "ACCURACY"})
    yield [engine.generate(engine.template.render(each), GREEDY).token_ids for each in QUESTIONS]
    engine.close()


def ids_of(asking):
    return [each.token_ids for each in asking.results()]


def test_a_config_files_number_changes_and_no_answer_is_lost(cluster, answers):
    cluster.deploy(num_replicas=1)
    first = wait_for_replicas(1)
    engine = load_engine(cluster.url)
    for count in (2, 1):
        asking = Asking(engine, QUESTIONS * 4, GREEDY)
        asking.wait_until_begun(20)
        cluster.deploy(num_replicas=count)
        assert ids_of(asking) == answers * 4
        asking = Asking(engine, QUESTIONS, GREEDY)
        pids = wait_for_replicas(count)
        assert ids_of(asking) == answers
        assert first & pids  # what was there was not started again
        assert not any(each.notes for each in asking.results())


def test_another_configuration_takes_the_place_of_the_first_and_no_answer_is_lost(cluster, answers):
    """One replica after the other: each writes its answers to the end."""
    cluster.deploy(max_waiting=100, num_replicas=2)
    before = wait_for_replicas(2)
    engine = load_engine(cluster.url)
    asking = Asking(engine, QUESTIONS * 4, GREEDY)
    asking.wait_until_begun(20)
    cluster.deploy(max_waiting=200, num_replicas=2)
    assert ids_of(asking) == answers * 4
    after = wait_for_replicas(2, gone=before)
    assert not before & after


def test_replicas_come_and_go_with_the_requests_and_no_answer_is_lost(cluster, answers):
    cluster.deploy(
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": 2,
            "target_ongoing_requests": 4,
            "upscale_delay_s": 1,
            "downscale_delay_s": 2,
            "look_back_period_s": 2,
        }
    )
    wait_for_replicas(1)
    engine = load_engine(cluster.url)
    asking = Asking(engine, QUESTIONS * 20, GREEDY)
    wait_for_replicas(2)
    assert ids_of(asking) == answers * 20
    few = Asking(engine, QUESTIONS, GREEDY, at_once=1)
    wait_for_replicas(1)
    assert ids_of(few) == answers
