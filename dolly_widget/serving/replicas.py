"""Replicas of the server on Ray Serve: the same application, with an engine of its own, in each of them.

    serve run dolly_widget.serving.replicas:app model=smollm2 replicas=2
    serve deploy config.yaml          # with import_path: dolly_widget.serving.replicas:app

Owns what Ray is told. Starts no cluster, and knows no command line.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dolly_widget.serving.limits import RETRY_S
from dolly_widget.serving.replica import ReplicaServer, make_replica
from dolly_widget.serving.replica_settings import ReplicaSettings


def app(arguments: Mapping[str, Any]) -> Any:
    """The application that Ray Serve deploys: see ``ReplicaSettings.of`` for the arguments, and what it raises."""
    return application_of(ReplicaSettings.of(arguments))


def application_of(settings: ReplicaSettings) -> Any:
    """The Ray Serve application of these settings."""
    from ray import serve

    def make() -> ReplicaServer:  # Ray takes functions alone, and calls this one in each replica
        return make_replica(settings, _processors())

    replica = serve.ingress(make)(Replica)
    return serve.deployment(**_known(serve.deployment, settings.deployment_options()))(replica).bind()


class Replica:
    """What Ray Serve runs; ``serve.ingress`` adds the ASGI application to it, as ``app``."""

    app: ReplicaServer

    def check_health(self) -> None:
        """Ray calls it every other second, and replaces a replica that raises three times in a row."""
        self.app.check()


def _processors() -> int:
    """Those that Ray gives this replica: ``num_cpus``, also where a config file has the last word."""
    import ray

    context: Any = ray.get_runtime_context()
    return max(1, int(context.get_assigned_resources().get("CPU", 1)))


def _known(function: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """``options``, and more that only newer releases of Ray have: how it says no, gives up, and chooses a replica."""
    from ray.serve.request_router import RequestRouter

    more: dict[str, Any] = {
        "backpressure_config": {"status_code": 429, "retry_after_s": RETRY_S},
        "max_constructor_retry_count": 3,
    }
    if hasattr(RequestRouter, "on_request_completed"):
        more["request_router_config"] = {"request_router_class": "dolly_widget.serving.routing:FewestAnswers"}
    names = inspect.signature(function).parameters
    return {**options, **{name: value for name, value in more.items() if name in names}}
