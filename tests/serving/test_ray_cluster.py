"""A cluster that serves: what is refused before it starts, and what its processes are told."""

import os
import sys

import pytest
import ray

from dolly_widget import EngineError
from dolly_widget.serving import ray_cluster
from dolly_widget.serving.limits import KEY_VARIABLE
from dolly_widget.serving.ray_cluster import replicas_up
from dolly_widget.serving.replica_settings import ReplicaSettings

ONE = ReplicaSettings(num_cpus=1)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")


def start(settings=ONE, host="127.0.0.1", key=None):
    with replicas_up(settings, host=host, port=8000, key=key):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_an_address_that_others_reach_wants_a_key(host):
    with pytest.raises(ValueError, match=rf"At {host}, everyone who can reach this machine could ask: set a key"):
        start(host=host)


def test_without_ray_the_pip_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r'python -m pip install "dolly-widget\[cluster\]"'):
        start()


@pytest.fixture
def failing(monkeypatch):
    """Ray that does not start: what it was called with, and what the environment was then."""
    seen = {}

    def fail(**options):
        seen.update(options=options, environment=dict(os.environ))
        raise Exception("The current node timed out during startup.")

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    return seen


def test_a_cluster_that_does_not_start_is_a_sentence(failing):
    with pytest.raises(EngineError, match=r"Ray could not start, or connect: The current node timed out"):
        start()


def test_the_key_goes_by_the_environment_alone_which_is_left_as_it_was(failing, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    before = dict(os.environ)
    with pytest.raises(EngineError):
        start(key="sk-7")
    assert failing["environment"][KEY_VARIABLE] == "sk-7"
    assert "sk-7" not in str(failing["options"])
    assert [name for name, value in failing["environment"].items() if "sk-7" in value] == [KEY_VARIABLE]
    assert {**os.environ} == {**before, "RAY_USAGE_STATS_ENABLED": "0"}


def test_a_cluster_of_ours_shows_nothing_reports_nothing_and_lets_nobody_in(failing):
    with pytest.raises(EngineError):
        start()
    assert failing["options"]["include_dashboard"] is False
    assert failing["options"]["log_to_driver"] is False
    assert failing["environment"]["RAY_USAGE_STATS_ENABLED"] == "0"


def test_a_cluster_of_others_is_left_as_it_is(failing, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "192.0.2.7:6379")
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(EngineError):
        start(key="sk-7")
    assert KEY_VARIABLE not in failing["environment"]
    assert "include_dashboard" not in failing["options"]


def test_rays_own_ports_want_a_token_unless_told_otherwise(monkeypatch):
    environment = ray_cluster._environment
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    assert "RAY_AUTH_MODE" not in environment(ONE, None)  # imported already: Ray sees to it itself
    monkeypatch.delitem(sys.modules, "ray")
    assert environment(ONE, None)["RAY_AUTH_MODE"] == "token"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert "RAY_AUTH_MODE" not in environment(ONE, None)
