"""``dolly-widget serve``: a model for everything that speaks the OpenAI API. Serving is the package ``serving``'s."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dolly_widget.cli import replicas
from dolly_widget.cli.command import EXIT_INTERRUPTED, Command, CommandError
from dolly_widget.cli.interruptible import finish
from dolly_widget.cli.preparing import add_setup_arguments, prepare, setup_from, started
from dolly_widget.cli.terminal import tell
from dolly_widget.errors import EngineError

if TYPE_CHECKING:
    from dolly_widget.engines.model_engine import ModelEngine
    from dolly_widget.serving import Access, Limits

_HOST, _PORT = "127.0.0.1", 8000
_NEEDS = ("starlette", "uvicorn", "prometheus_client")
_MAX_KEY_BYTES = 4096
_SUMMARY = "Serve a model to everything that speaks the OpenAI API."
_EPILOG = """\
In a notebook, here or elsewhere:
  DollyWidget("http://127.0.0.1:8000/v1")
With OpenAI's Python client:
  OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")

routes:
  /v1/completions, /v1/chat/completions    whole or as a stream
  /v1/models    the model, and the files that say what its tokens are
  /health       200, or 503 while it shuts down
  /metrics      figures for Prometheus

A field that a request leaves out has OpenAI's default: temperature and top_p
are 1, max_tokens is 16 for completions. logprobs load the model a second time,
when they are first asked for. Answers with presence_penalty or
frequency_penalty are written one at a time: all others stand still meanwhile,
and the model is loaded anew for them. --no-penalties refuses them.

Only this machine can ask, unless --host says otherwise. Another address needs
a key, which clients send as a bearer token: set DOLLY_WIDGET_API_KEY, or name a
file with --key-file. What is sent is not encrypted: put a proxy with TLS
before it where the network is not your own.

Ctrl+C, or SIGTERM, lets the answers that are being written end within 30
seconds, or those of --drain; again, it ends at once.

examples:
  dolly-widget serve smollm2
  dolly-widget serve databricks/dolly-v2-3b --weight-format int4 --name dolly
  dolly-widget serve dolly-v2-3b --host 0.0.0.0 --key-file ~/dolly.key
  curl http://127.0.0.1:8000/v1/models
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from dolly_widget.engines import TYPED_FIELDS

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        default="demo",
        help="'demo', 'smollm2', a model id of the Hugging Face hub, or a directory (default: demo)",
    )
    parser.add_argument("--host", metavar="ADDRESS", default=_HOST, help=f"address to listen at (default: {_HOST})")
    parser.add_argument(
        "--port", metavar="N", type=int, default=_PORT, help=f"port; 0 picks any free one (default: {_PORT})"
    )
    parser.add_argument("--name", metavar="NAME", help="what clients call the model (default: its own name)")
    parser.add_argument(
        "--max-running", metavar="N", type=int, default=64, help="answers that are written at a time (default: 64)"
    )
    parser.add_argument(
        "--max-waiting", metavar="N", type=int, default=256, help="answers that wait for their turn (default: 256)"
    )
    parser.add_argument(
        "--no-logprobs",
        action="store_true",
        help="give no log-probabilities, for which the model is loaded a second time",
    )
    parser.add_argument(
        "--no-penalties",
        action="store_true",
        help="refuse presence_penalty and frequency_penalty, for which all other answers stand still",
    )
    parser.add_argument(
        "--drain",
        metavar="SECONDS",
        type=float,
        help="time for the answers that are being written when it is to end (default: 30; with --ray: 600)",
    )
    parser.add_argument("--key-file", metavar="FILE", type=Path, help="a file with the key that clients must send")
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a name that the server may be called by, beside its address; may be given several times",
    )
    parser.add_argument(
        "--allow-origin",
        metavar="URL",
        action="append",
        default=[],
        help="a web page's origin, https://host, that may ask from a browser; may be given several times",
    )
    add_setup_arguments(parser, *(name for name in TYPED_FIELDS if name not in ("model", "tokenizer")))
    replicas.add_arguments(parser)


def _serve(args: argparse.Namespace) -> int:
    replicas.check_arguments(args)
    _check_installed()
    limits, access = _limits(args), _access(args)
    from dolly_widget.serving import bound_socket

    if args.ray:
        with bound_socket(args.host, _port(args)) as probe:  # Ray's proxy chooses no port by itself
            port = int(probe.getsockname()[1])
        return replicas.serve_replicas(args, port, limits, access)
    with bound_socket(args.host, _port(args)) as listening:  # before a model is converted for minutes
        engine, code = finish(lambda stop: _engine(args, stop))
        if code:
            engine.close()
            return code
        with contextlib.closing(engine):
            return _run(args, engine, listening, limits, access)


def _check_installed() -> None:
    import importlib.util

    if any(importlib.util.find_spec(name) is None for name in _NEEDS):
        raise CommandError('The server is not installed: run  python -m pip install "dolly-widget[serve]"')


def _engine(args: argparse.Namespace, stop: threading.Event) -> ModelEngine:
    from dolly_widget.sampling import SamplingParams

    setup = setup_from(args)
    if setup.server is not None:
        raise CommandError("A server's model is served already: give a model of this machine, or of the hub.")
    engine = started(setup, prepare(setup.prepare, stop))
    try:
        # The first run pages the weights in, which no client should wait for.
        engine.generate(engine.template.render("Hello"), SamplingParams(max_new_tokens=1, temperature=0), stop=stop)
    except BaseException as exc:
        engine.close()
        if isinstance(exc, EngineError):
            raise CommandError(str(exc)) from exc
        raise
    return engine


def _run(args: argparse.Namespace, engine: ModelEngine, listening: object, limits: Limits, access: Access) -> int:
    from dolly_widget.serving import application, run

    name = args.name or engine.model.name
    app = application(engine, name=name, limits=limits, access=access)

    def on_up(url: str) -> None:
        _tell_where(name, url, access)
        if engine.model.info.is_demo:
            tell("(demonstration model: small and fast, but knows little; name another one behind serve)", sys.stderr)

    return 0 if run(app, listening, on_up=on_up) else EXIT_INTERRUPTED  # type: ignore[arg-type]


def _tell_where(name: str, url: str, access: Access) -> None:
    """Say where the model is, and the line that uses it."""
    from dolly_widget.serving import KEY_VARIABLE

    host = url.removeprefix("http://").rpartition(":")[0]
    is_everywhere = host in ("0.0.0.0", "[::]")
    there = url.replace(host, "ADDRESS", 1) if is_everywhere else url
    tell(f"{name} is served at  {there}/v1  (press Ctrl+C here to stop)")
    if is_everywhere:
        tell("ADDRESS is any of this machine's, in numbers; for a name, start with --allow-host NAME.")
    tell(f'In a notebook:  DollyWidget("{there}/v1")')
    if access.key:
        tell(f"Its key is needed there: set {KEY_VARIABLE} where the notebook runs.")


def _port(args: argparse.Namespace) -> int:
    if not 0 <= args.port <= 65535:
        raise CommandError(f"--port must be 0 to 65535, not {args.port}.")
    return int(args.port)


def _limits(args: argparse.Namespace) -> Limits:
    from dolly_widget.cli.command import in_options
    from dolly_widget.serving import Limits

    limits = Limits(has_logprobs=not args.no_logprobs, has_penalties=not args.no_penalties)
    given = {"max_running": args.max_running, "max_waiting": args.max_waiting}
    try:
        return replace(limits, **given, drain_s=limits.drain_s if args.drain is None else args.drain)
    except ValueError as exc:
        raise CommandError(in_options(str(exc).replace("drain_s", "drain"), (*given, "drain"))) from exc


def _access(args: argparse.Namespace) -> Access:
    from dolly_widget.serving import KEY_VARIABLE, Access

    key = os.environ.get(KEY_VARIABLE, "").strip()
    if args.key_file is not None:
        key = _key_of(args.key_file)
    return Access.at(args.host, key, args.allow_host, args.allow_origin)


def _key_of(path: Path) -> str:
    """The key in a file. Raises CommandError where there is none."""
    try:
        with path.expanduser().open("rb") as file:
            key = file.read(_MAX_KEY_BYTES).decode("utf-8", "replace").strip()
    except OSError as exc:
        raise CommandError(f"The key's file {path} cannot be read ({exc.strerror}): check its name.") from exc
    if not key:
        raise CommandError(f"The key's file {path} is empty: write a long random text into it.")
    return key


COMMAND = Command("serve", _SUMMARY, _add_arguments, _serve)
