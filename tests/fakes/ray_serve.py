"""Ray Serve in tests: ports, replicas by their processes, and many answers at a time through a server."""

import contextlib
import socket
import threading
import time

from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.serving.replica_settings import NAME

LIMIT_S = 120


def free_port():
    """A port that was free a moment ago: Ray's proxy chooses none by itself."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def replica_pids():
    """The processes of the replicas that are alive."""
    from ray._private.state import actors

    return {
        each["Pid"]
        for each in actors().values()
        if each["State"] == "ALIVE" and "ServeReplica" in each["ActorClassName"]
    }


def wait_for_replicas(count, gone=()):
    """Wait until so many answer, and none of ``gone`` is among them."""
    from ray import serve

    polls, deadline_s = threading.Event(), time.monotonic() + LIMIT_S
    while True:
        app = serve.status().applications.get(NAME)
        states = app.deployments[NAME].replica_states if app and NAME in app.deployments else {}
        pids = replica_pids()
        if dict(states) == {"RUNNING": count} and len(pids) == count and not pids & set(gone):
            return pids
        assert time.monotonic() < deadline_s, (app, pids)
        polls.wait(0.05)


class Asking:
    """Questions on their way to an engine, on threads of their own. ``begun`` counts those with a first piece."""

    def __init__(self, engine, questions, params, at_once=64):
        self._engine, self._at_once = engine, at_once
        self._condition = threading.Condition()
        self.begun, self._outcomes = set(), {}
        requests = [
            GenerationRequest(engine.template.render(each), params, on_text=self._noting(place))
            for place, each in enumerate(questions)
        ]
        self._thread = threading.Thread(target=self._ask, args=[requests])
        self._thread.start()

    def _noting(self, place):
        def note(piece):
            with self._condition:
                self.begun.add(place)
                self._condition.notify_all()

        return note

    def _ask(self, requests):
        self._outcomes.update(generate_many(self._engine, requests, at_once=self._at_once))

    def wait_until_begun(self, count):
        """Until so many answers have a first piece."""
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.begun) >= count, LIMIT_S)

    def results(self):
        """All of them, in the order of the questions. Raises the first error."""
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()
        for outcome in self._outcomes.values():
            if isinstance(outcome, Exception):
                raise outcome
        return [self._outcomes[place] for place in sorted(self._outcomes)]
