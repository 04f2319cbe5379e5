"""Replicas that are up for as long as somebody wants them: a Ray cluster, Ray Serve on it, and an orderly end.

Takes the cluster that ``RAY_ADDRESS`` names; otherwise starts one on this machine, and ends it. Knows no command line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from dolly_widget.errors import EngineError
from dolly_widget.serving import proxy
from dolly_widget.serving.limits import KEY_VARIABLE, Access, in_url
from dolly_widget.serving.replica_settings import NAME, ReplicaSettings

_OBJECT_STORE_BYTES = 128 << 20  # nothing of ours is kept there


@contextlib.contextmanager
def replicas_up(settings: ReplicaSettings, *, host: str, port: int, key: str | None) -> Iterator[str]:
    """Have the replicas answer at ``host`` and ``port``, and yield the address. Blocks until all have loaded the model.

    At the end, no request is taken any more, and the replicas write their answers to the end, for ``settings.drain_s``
    at most; an interrupt ends them at once. ``key`` is for this machine alone: those of another cluster have it in
    their environment. Raises ValueError for an address that other machines reach without a key, EngineError where Ray
    is missing, cannot start, or cannot deploy.
    """
    Access.at(host, key)
    is_ours = not os.environ.get("RAY_ADDRESS")
    environment = _environment(settings, key) if is_ours else {}
    with _set(environment):
        ray = _ray()
        with _connected(ray, is_ours):
            if is_ours:
                _check_processors(ray, settings)
            with _deployed(ray, settings, host, port, is_ours):
                yield f"http://{_here(host)}:{port}"


def _environment(settings: ReplicaSettings, key: str | None) -> dict[str, str]:
    """What the processes of a cluster of ours inherit: secrets go no other way."""
    access = {"hosts": settings.hosts, "origins": settings.origins, "max_body_bytes": settings.limits.max_body_bytes}
    # Ray's own ports are open to other machines. Once it is imported, only Ray itself can set this, as later ones do.
    is_told = "RAY_AUTH_MODE" in os.environ or "ray" in sys.modules
    return {
        **({} if is_told else {"RAY_AUTH_MODE": "token"}),
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": f"{proxy.__name__}.guards",
        proxy.ACCESS: json.dumps(access),
        **({KEY_VARIABLE: key} if key else {}),
    }


@contextlib.contextmanager
def _set(environment: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported that nobody asked for
    try:
        import ray
        import ray.serve
    except ImportError as exc:
        raise EngineError('Replicas need Ray Serve: python -m pip install "dolly-widget[cluster]".') from exc
    return ray


@contextlib.contextmanager
def _connected(ray: Any, is_ours: bool) -> Iterator[None]:
    """A connection; a cluster that was started for it is ended afterwards."""
    if ray.is_initialized():
        yield
        return
    options = {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES} if is_ours else {}
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, namespace="serve", **options)
    except Exception as exc:  # Ray raises Exception itself where a node does not start in time
        raise EngineError(f"Ray could not start, or connect: {_reason(exc)}.") from exc
    for name in ("ray", "ray.serve"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        ray.shutdown()


def _check_processors(ray: Any, settings: ReplicaSettings) -> None:
    """Raise ValueError where the replicas would wait for processors that this machine does not have."""
    there = int(ray.cluster_resources().get("CPU", 1))
    most = max(settings.replicas, settings.max_replicas or 1)
    if most * settings.processors > there:
        raise ValueError(
            f"{most} replicas of {settings.processors} processors each need {most * settings.processors}, and this "
            f"machine has {there}: have fewer of them, or connect to a cluster with RAY_ADDRESS."
        )


@contextlib.contextmanager
def _deployed(ray: Any, settings: ReplicaSettings, host: str, port: int, is_ours: bool) -> Iterator[None]:
    from dolly_widget.serving.replicas import application_of

    serve = ray.serve
    with contextlib.suppress(ValueError):
        ray.get_actor("SERVE_CONTROLLER_ACTOR", namespace="serve")
        raise EngineError(
            "This cluster serves already, at an address of its own: use serve deploy, with a config file."
        )
    try:
        try:
            serve.start(
                proxy_location="EveryNode",
                http_options={"host": host.strip("[]"), "port": port},
                logging_config={"log_level": "ERROR", "enable_access_log": False},
            )
            serve.run(application_of(settings), name=NAME, route_prefix="/")
        except Exception as exc:
            raise EngineError(f"The replicas could not start: {_failure(serve) or _reason(exc)}.") from exc
        yield
        serve.delete(NAME)  # the proxy stays meanwhile: answers that are being written go on through it
    finally:
        if is_ours:  # it ends as a whole: Ray would complain of a part that was faster
            _forget_controller()
        else:
            serve.shutdown()


def _forget_controller() -> None:
    """Ray would ask the one that has gone, where this process is connected to another cluster later."""
    with contextlib.suppress(ImportError):
        import ray.serve.context

        context: Any = ray.serve.context
        context._set_global_client(None)


def _failure(serve: Any) -> str:
    """What a replica said when it failed."""
    with contextlib.suppress(Exception):
        deployed = serve.status().applications[NAME].deployments[NAME]
        if "Error" in deployed.message:
            return _last_line(deployed.message)
    return ""


def _here(host: str) -> str:
    """How this machine reaches itself."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host.strip("[]"), in_url(host))


def _reason(exc: Exception) -> str:
    """The last line of Ray's account, which is the error's own message."""
    return _last_line(str(getattr(exc, "cause", None) or exc)) or type(exc).__name__


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else ""
