"""What a replica is started with, and how many there are: values out of a config file or a command line. Knows no Ray.

Ray restarts every replica where one of these changes. What is to change while answers are written, the number of
replicas, stands in the part ``deployments`` of a config file.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from dolly_widget.engines import SETUP_FIELDS, EngineSetup
from dolly_widget.serving.limits import LOOPBACK, Limits

NAME = "dolly"
"""Of the deployment, in Ray's lists and in config files."""
_DRAIN_S = 600.0
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LIMITS = tuple(each.name for each in fields(Limits) if each.name != "drain_s")
_OWN_SETUP = tuple(name for name in SETUP_FIELDS if name not in ("template", "tokenizer"))


@dataclass(frozen=True)
class ReplicaSettings:
    """A model, and the replicas that serve it. Raises ValueError for what cannot be."""

    setup: EngineSetup = field(default_factory=EngineSetup)
    limits: Limits = field(default_factory=Limits)
    """Of each replica."""
    name: str = ""
    """What clients call the model; empty: as the model is called."""
    num_cpus: int | None = None
    """Processors, and threads, of each replica; None: this machine's, shared by as many replicas as there can be."""
    replicas: int = 1
    """Those that there are at first, and at least."""
    max_replicas: int | None = None
    """Where Ray is to add replicas as requests come: those that there are at most."""
    target_ongoing_requests: float = 16.0
    """Requests of a replica beyond which Ray adds one: up to there, each more of them costs the others little."""
    drain_s: float = _DRAIN_S
    """Seconds that a replica which is to end has for the answers that it is writing."""
    hosts: tuple[str, ...] = LOOPBACK
    """See ``Access``."""
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.setup.server is not None:
            raise ValueError("Replicas run a model of their own: name one, not a server's URL.")
        for name in ("num_cpus", "replicas"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}.")
        if self.max_replicas is not None and self.max_replicas < self.replicas:
            raise ValueError(f"max_replicas must be at least replicas ({self.replicas}), not {self.max_replicas}.")
        for name in ("target_ongoing_requests", "drain_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0, not {getattr(self, name)}.")

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> ReplicaSettings:
        """The settings of ``arguments``: those above, the fields of ``EngineSetup`` and of ``Limits``, by name.

        Texts will do for all of them, as a command line gives them. Raises ValueError for another name.
        """
        own = {each.name: each.type for each in fields(cls) if each.name not in ("setup", "limits")}
        known = [*own, *_OWN_SETUP, *_LIMITS]
        for name in arguments:
            if name not in known:
                near = difflib.get_close_matches(str(name)[:60], known, n=1)
                advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}."
                raise ValueError(f"There is no argument {str(name)[:60]!r}: {advice}")
        types = {each.name: str(each.type) for each in (*fields(EngineSetup), *fields(Limits), *fields(cls))}
        given = {name: _typed(name, value, types[name]) for name, value in arguments.items()}
        return cls(
            setup=EngineSetup(**{name: given[name] for name in _OWN_SETUP if name in given}),
            limits=Limits(**{name: given[name] for name in _LIMITS if name in given}),
            **{name: given[name] for name in own if name in given},
        )

    @property
    def processors(self) -> int:
        """Of each replica."""
        most = max(self.replicas, self.max_replicas or 1)
        return self.num_cpus or max(1, (os.cpu_count() or 1) // most)

    @property
    def model_name(self) -> str:
        """What clients call the model."""
        return self.name or self.setup.name

    def deployment_options(self) -> dict[str, Any]:
        """The settings as ``serve.deployment`` takes them."""
        number: dict[str, Any] = {"num_replicas": self.replicas}
        if self.max_replicas is not None and self.max_replicas > self.replicas:
            number = {
                "autoscaling_config": {
                    "min_replicas": self.replicas,
                    "max_replicas": self.max_replicas,
                    "target_ongoing_requests": self.target_ongoing_requests,
                }
            }
        return {
            **number,
            "name": NAME,
            # What waits does so before the replicas, where one that is new can take it. A few more than can be written:
            # who asks for /health is answered then, too.
            "max_ongoing_requests": self.limits.max_running + 8,
            "max_queued_requests": max(1, self.limits.max_waiting),
            "ray_actor_options": {"num_cpus": self.processors},
            "graceful_shutdown_timeout_s": self.drain_s,
            "graceful_shutdown_wait_loop_s": 0.5,
            "health_check_period_s": 2.0,  # a replica that was killed is missed then, and another one started
            "health_check_timeout_s": 30.0,
        }


def _typed(name: str, value: Any, kind: str) -> Any:
    """A text as the type that the field ``name`` has; what is of it already, as it is."""
    try:
        if kind.startswith("tuple[str"):
            given = value.split(",") if isinstance(value, str) else value
            return tuple(str(each).strip() for each in given if str(each).strip())
        if kind.startswith("tuple"):
            return tuple(dict(value).items())
        if not isinstance(value, str):
            return value
        if kind == "bool":
            return _TRUTH[value.strip().lower()]
        if kind.startswith(("int", "float")):
            return float(value) if kind.startswith("float") else int(value)
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{name} must be {_PLAIN.get(kind.partition(' ')[0], 'a mapping')}, not {value!r}.") from None
    return value


_PLAIN = {"bool": "true or false", "int": "a whole number", "float": "a number", "tuple[str,": "a list of texts"}
