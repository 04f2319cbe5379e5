"""What replicas are started with: texts of a command line, values of a config file, and what is refused."""

import dataclasses
import os

import pytest

from dolly_widget.engines import EngineSetup
from dolly_widget.serving.limits import Limits
from dolly_widget.serving.replica_settings import ReplicaSettings


def test_a_command_lines_texts_become_what_the_fields_hold():
    settings = ReplicaSettings.of(
        {
            "model": "smollm2",
            "weight_format": "int4",
            "prompt_lookup": "true",
            "replicas": "2",
            "num_cpus": "3",
            "max_running": "8",
            "has_logprobs": "no",
            "has_penalties": "no",
            "target_ongoing_requests": "4.5",
            "hosts": "models.example, localhost",
        }
    )
    assert settings.setup == EngineSetup("smollm2", weight_format="int4", prompt_lookup=True)
    assert settings.limits == Limits(max_running=8, has_logprobs=False, has_penalties=False)
    assert (settings.replicas, settings.num_cpus, settings.target_ongoing_requests) == (2, 3, 4.5)
    assert settings.hosts == ("models.example", "localhost")


def test_a_config_files_values_stay_as_they_are():
    settings = ReplicaSettings.of(
        {"ov_config": {"CACHE_DIR": "/cache"}, "replicas": 2, "origins": ["https://a.example"]}
    )
    assert settings.setup.properties == {"CACHE_DIR": "/cache"}
    assert (settings.replicas, settings.origins) == (2, ("https://a.example",))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"modell": "demo"}, r"There is no argument 'modell': did you mean model\?"),
        ({"zzz": "demo"}, r"There is no argument 'zzz': choose from name, .*model, .*max_running"),
        ({"api_key": "x"}, r"There is no argument 'api_key'"),
        ({"replicas": "two"}, r"replicas must be a whole number, not 'two'\."),
        ({"replicas": 0}, r"replicas must be at least 1, not 0\."),
        ({"num_cpus": "0"}, r"num_cpus must be at least 1, not 0\."),
        ({"replicas": 3, "max_replicas": 2}, r"max_replicas must be at least replicas \(3\), not 2\."),
        ({"prompt_lookup": "perhaps"}, r"prompt_lookup must be true or false, not 'perhaps'\."),
        ({"drain_s": "0"}, r"drain_s must be more than 0, not 0\.0\."),
        ({"ov_config": "CACHE_DIR"}, r"ov_config must be a mapping, not 'CACHE_DIR'\."),
        ({"max_running": "0"}, r"max_running must be at least 1, not 0\."),
        ({"model": "http://localhost:8000/v1"}, r"Replicas run a model of their own"),
        ({"model": " "}, r"Name a model first"),
        ({"weight_format": "int3"}, r"int3"),
    ],
)
def test_what_cannot_be_is_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        ReplicaSettings.of(arguments)


def test_a_machines_processors_are_shared_by_the_replicas_that_there_can_be(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    assert ReplicaSettings().processors == 16
    assert ReplicaSettings(replicas=2).processors == 8
    assert ReplicaSettings(replicas=2, max_replicas=4).processors == 4
    assert ReplicaSettings(replicas=40).processors == 1
    assert ReplicaSettings(replicas=2, num_cpus=3).processors == 3


def test_so_many_replicas_are_so_many_and_more_come_with_the_requests_where_that_is_asked_for():
    options = ReplicaSettings(replicas=2, num_cpus=1).deployment_options()
    assert options["num_replicas"] == 2
    assert "autoscaling_config" not in options
    grown = ReplicaSettings(replicas=1, max_replicas=3, target_ongoing_requests=5).deployment_options()
    assert "num_replicas" not in grown
    assert grown["autoscaling_config"] == {"min_replicas": 1, "max_replicas": 3, "target_ongoing_requests": 5}


def test_a_replica_takes_what_it_can_write_and_has_time_to_end_it():
    settings = ReplicaSettings(limits=Limits(max_running=4, max_waiting=7), drain_s=90, num_cpus=2)
    options = settings.deployment_options()
    assert options["max_ongoing_requests"] >= 4
    assert options["max_queued_requests"] == 7
    assert options["graceful_shutdown_timeout_s"] == 90
    assert options["ray_actor_options"] == {"num_cpus": 2}


def test_the_model_is_called_as_it_is_or_as_is_said():
    assert ReplicaSettings().model_name == EngineSetup().name
    assert dataclasses.replace(ReplicaSettings(), name="dolly").model_name == "dolly"
