"""``dolly-widget serve --ray``: several processes with an engine each. Serving is the package ``serving``'s."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from dolly_widget.cli.command import EXIT_INTERRUPTED, CommandError, in_options, option
from dolly_widget.cli.interruptible import finish
from dolly_widget.cli.preparing import prepare, setup_from
from dolly_widget.cli.terminal import shown_meanwhile, tell
from dolly_widget.errors import EngineError

if TYPE_CHECKING:
    from dolly_widget.engines import EngineSetup
    from dolly_widget.serving import Access, Limits
    from dolly_widget.serving.replica_settings import ReplicaSettings

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_S = 0.5
_FIELDS = ("replicas", "max_replicas", "num_cpus")
_NEEDS = ("ray", "fastapi")  # Ray Serve's own


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--ray`` and what goes with it."""
    group = parser.add_argument_group("replicas on Ray Serve")
    group.add_argument("--ray", action="store_true", help="have replicas answer, a process with the model each")
    group.add_argument("--replicas", metavar="N", type=int, help="how many; at least, with --max-replicas (default: 1)")
    group.add_argument("--max-replicas", metavar="N", type=int, help="add replicas as requests come, up to so many")
    group.add_argument("--num-cpus", metavar="N", type=int, help="processors of each (default: this machine's, shared)")


def check_arguments(args: argparse.Namespace) -> None:
    """Raise CommandError for options that do nothing without ``--ray``, and where Ray is missing."""
    import importlib.util

    if not args.ray:
        if given := [name for name in _FIELDS if getattr(args, name) is not None]:
            raise CommandError(f"{option(given[0])} is about replicas: add --ray.")
        return
    if any(importlib.util.find_spec(name) is None for name in _NEEDS):
        raise CommandError('Ray Serve is not installed: run  python -m pip install "dolly-widget[cluster]"')


def serve_replicas(args: argparse.Namespace, port: int, limits: Limits, access: Access) -> int:
    """Serve until Ctrl+C or SIGTERM, which let the answers that are being written end; the second one ends them."""
    setup = setup_from(args)
    settings = _settings(args, setup, limits, access)
    _, code = finish(lambda stop: prepare(setup.prepare, stop))  # once, before all replicas look for it
    return code or _run(settings, args.host, port, access.key)


def _settings(args: argparse.Namespace, setup: EngineSetup, limits: Limits, access: Access) -> ReplicaSettings:
    from dolly_widget.serving.replica_settings import ReplicaSettings

    own = {name: getattr(args, name) for name in _FIELDS if getattr(args, name) is not None}
    if args.drain is not None:
        own["drain_s"] = args.drain
    try:
        settings = ReplicaSettings(setup, limits, args.name or "", hosts=access.hosts, origins=access.origins)
        return replace(settings, **own)
    except ValueError as exc:
        raise CommandError(in_options(str(exc).replace("drain_s", "drain"), (*_FIELDS, "drain"))) from exc


def _run(settings: ReplicaSettings, host: str, port: int, key: str | None) -> int:
    from dolly_widget.serving.ray_cluster import replicas_up

    try:
        with contextlib.ExitStack() as up:
            with shown_meanwhile("Starting the replicas…", sys.stderr), _signals_as_interrupts():
                url = up.enter_context(replicas_up(settings, host=host, port=port, key=key))
            _wait_for_signal(settings, url)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except EngineError as exc:
        raise CommandError(str(exc)) from exc
    except ValueError as exc:
        raise CommandError(in_options(exc, _FIELDS)) from exc
    return 0


def _wait_for_signal(settings: ReplicaSettings, url: str) -> None:
    """Say where the replicas are, and wait for the first signal. Another one is a KeyboardInterrupt from then on."""
    told = threading.Event()
    with _signals(lambda *_: told.set()):
        most = max(settings.replicas, settings.max_replicas or 1)
        number = f"{settings.replicas} to {most}" if most > settings.replicas else str(most)
        tell(f"{settings.model_name} is served at  {url}/v1  by replicas: {number}  (press Ctrl+C here to stop)")
        tell(f'In a notebook:  DollyWidget("{url}/v1")')
        while not told.wait(_LOOK_S):
            pass
    tell("Ending: the answers that are being written come first. Press Ctrl+C again to end now.", sys.stderr)
    for number_of in _SIGNALS:
        signal.signal(number_of, signal.default_int_handler)


def _signals_as_interrupts() -> contextlib.AbstractContextManager[None]:
    return _signals(signal.default_int_handler)


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = {each: signal.signal(each, handler) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, previous in before.items():
            signal.signal(each, previous)
