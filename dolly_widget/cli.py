"""The ``dolly-widget`` command: one answer in a terminal, or the tutorials in JupyterLab.

Owns arguments, exit codes and what a terminal shows. Answering is the engines' business, on a Job.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dolly_widget import __version__

if TYPE_CHECKING:
    import subprocess

    from dolly_widget.engines import GenerationResult
    from dolly_widget.sampling import SamplingParams

EXIT_MISTAKE = 2
# As a shell reports a command that these signals ended: 128 + SIGINT, 128 + SIGPIPE.
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141


class CommandError(Exception):
    """A sentence for the user, who can do something about it."""


class Command(NamedTuple):
    """A subcommand. ``add_arguments`` is called only when it is the one asked for, and may import what it needs."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's own) and return the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = _parser(argv)
    args = parser.parse_args(argv)
    try:
        if args.run is None:
            parser.print_help()
            return EXIT_MISTAKE
        return int(args.run(args))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return EXIT_CLOSED_PIPE
    except (CommandError, ValueError, OSError) as exc:
        print(f"dolly-widget: {_sentence(exc)}", file=sys.stderr)
        _discard_stdout()  # it may be what failed, on a full disk
        return EXIT_MISTAKE


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dolly-widget", description="Run a language model with OpenVINO, in a notebook or here."
    )
    parser.add_argument("--version", action="version", version=f"dolly-widget {__version__}")
    parser.set_defaults(run=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.summary, description=command.summary)
        subparser.set_defaults(run=command.run)
        if command.name in argv:
            command.add_arguments(subparser)
    return parser


def _sentence(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.strerror}: {exc.filename}" if exc.filename is not None else f"{exc.strerror}."
    return str(exc)


def _discard_stdout() -> None:
    """Point stdout at nothing: Python would try once more to write what could not be written, and complain."""
    with contextlib.suppress(AttributeError, ValueError, OSError):  # no real file behind it: nothing to do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- ask ------------------------------------------------------------------------------------------------------------

_SAMPLING_HELP = {
    "max_new_tokens": ("N", "most tokens of the answer"),
    "temperature": ("T", "0 always takes the most probable token; higher is more varied"),
    "top_p": ("P", "draw from the most probable tokens that reach this probability together; 1 is off"),
    "top_k": ("K", "draw from this many of the most probable tokens; 0 is off"),
    "repetition_penalty": ("R", "above 1, tokens already there become less probable; 1 is off"),
    "seed": ("SEED", "equal seeds give equal answers"),
}
# What the model writes must not move the cursor or set colours: control characters, line break and tab aside.
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
# How long Ctrl+C waits for the answer so far. Loading, and reading a long prompt, cannot be stopped in the middle.
_STOP_TIMEOUT_S = 3.0


def _add_ask_arguments(parser: argparse.ArgumentParser) -> None:
    from dolly_widget.sampling import SamplingParams

    parser.add_argument("instruction", metavar="INSTRUCTION", help='what to do, for example "Who is Dolly?"')
    parser.add_argument("--context", metavar="TEXT", default="", help="text to work on; - reads it from stdin")
    parser.add_argument("--model", default="demo", help="'demo', or a directory of OpenVINO files (default: demo)")
    parser.add_argument("--device", default="AUTO", help="AUTO, CPU, GPU, NPU or the like (default: AUTO)")
    for field in fields(SamplingParams):
        metavar, text = _SAMPLING_HELP[field.name]
        default = "a fresh one" if field.default is None else field.default
        option = "--" + field.name.replace("_", "-")
        # A float for all: SamplingParams knows which must be whole, and says so.
        parser.add_argument(
            option, metavar=metavar, type=float, default=field.default, help=f"{text} (default: {default})"
        )
    parser.add_argument(
        "--stats",
        action=argparse.BooleanOptionalAction,
        help="a line on stderr with speed, seed and why the answer ended (default: only in a terminal)",
    )


def _ask(args: argparse.Namespace) -> int:
    from dolly_widget.sampling import SamplingParams

    params = SamplingParams(**{field.name: getattr(args, field.name) for field in fields(SamplingParams)})
    _replace_unknown_characters(sys.stdin, sys.stdout)
    question = _question(args)
    if args.model == "demo" and sys.stderr.isatty():
        print("(demonstration model: quick, small and knows little; --model runs another)", file=sys.stderr)
    result, code = _finish(lambda stop: _answer(args, question, params, stop))
    print(flush=True)
    if args.stats or (args.stats is None and sys.stderr.isatty()):
        print(result.statistics, file=sys.stderr)
    return code


def _replace_unknown_characters(*streams: Any) -> None:
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _question(args: argparse.Namespace) -> tuple[str, str]:
    if not args.instruction.strip():
        raise CommandError('The instruction is empty: ask something, for example dolly-widget ask "Who is Dolly?".')
    return args.instruction, sys.stdin.read() if args.context == "-" else args.context


def _answer(
    args: argparse.Namespace, question: tuple[str, str], params: SamplingParams, stop: threading.Event
) -> GenerationResult:
    from dolly_widget import engines

    try:
        with contextlib.closing(engines.load_engine(args.model, device=args.device)) as engine:
            prompt = engine.template.render(*question)
            return engine.generate(prompt, params, on_text=_show, stop=stop)
    except engines.EngineError as exc:
        raise CommandError(str(exc)) from exc


def _show(piece: str) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        piece = piece.translate(_CONTROLS)
    print(piece, end="", flush=True)


def _finish(work: Callable[[threading.Event], GenerationResult]) -> tuple[GenerationResult, int]:
    """Do the work, and return its whole answer, or, after Ctrl+C, what there is of it; with the exit code."""
    from dolly_widget.jobs import Job

    # Not KeyboardInterrupt, which may come anywhere: also where there is no job yet that it could stop.
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        job = Job(work)
        while not (job.done or interrupted.is_set()):
            with contextlib.suppress(TimeoutError):
                job.wait(0.1)
        if not interrupted.is_set():
            return job.wait(), 0
        job.stop()
        return job.wait(_STOP_TIMEOUT_S), EXIT_INTERRUPTED
    except TimeoutError:
        print(flush=True)
        os._exit(EXIT_INTERRUPTED)  # the usual way out can abort with a core dump while OpenVINO is at work
    finally:
        signal.signal(signal.SIGINT, before)


# --- lab ------------------------------------------------------------------------------------------------------------

_HOST = "127.0.0.1"
_USUAL_PORT = 8888
_FIRST_TUTORIAL = "01_quickstart.ipynb"


def _add_lab_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", type=Path, default=Path("dolly-tutorials"), help="folder for your copies (default: dolly-tutorials)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
    parser.add_argument("--port", type=int, metavar="N", help=f"0 is any free one (default: {_USUAL_PORT}, if free)")


def _lab(args: argparse.Namespace) -> int:
    import importlib.util
    import secrets

    if importlib.util.find_spec("jupyterlab") is None:
        raise CommandError('JupyterLab is not installed: run  python -m pip install "dolly-widget[lab]"')
    port = _choose_port(args.port)
    folder = args.dir.expanduser()
    print(copy_tutorials(folder), flush=True)
    return _serve(folder, port, secrets.token_hex(16), opens_browser=not args.no_browser and _has_browser())


def tutorials_dir() -> Path:
    """Where the tutorials are: inside an installed package, beside it in the repository."""
    package = Path(__file__).parent
    places = [package / "notebooks", package.parent / "notebooks"]
    found = next((place for place in places if (place / _FIRST_TUTORIAL).is_file()), None)
    if found is None:
        raise CommandError("The tutorials are missing from this installation: install dolly-widget again.")
    return found


def copy_tutorials(folder: Path) -> str:
    """Copy the tutorials into ``folder`` (made where missing), never over a file; return a sentence about it."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(tutorials_dir().glob("*.ipynb"))
    kept = [source.name for source in sources if not _copy_new(source, folder / source.name)]
    copied = len(sources) - len(kept)
    sentences = [f"Copied {copied} tutorial{'' if copied == 1 else 's'} into {folder}."] if copied else []
    if kept:
        sentences.append(f"Kept as {'it is' if len(kept) == 1 else 'they are'} in {folder}: {', '.join(kept)}.")
    return " ".join(sentences)


def _copy_new(source: Path, target: Path) -> bool:
    try:
        with target.open("xb") as file:
            file.write(source.read_bytes())
    except FileExistsError:
        return False
    return True


def _choose_port(wanted: int | None) -> int:
    """A free port: ``wanted``, or the usual one if it is free, or any."""
    if wanted is not None and not 0 <= wanted <= 65535:
        raise CommandError(f"--port must be 0 to 65535, not {wanted}.")
    for port in (_USUAL_PORT, 0) if wanted is None else (wanted,):
        with contextlib.suppress(OSError):
            return _bindable(port)
    raise CommandError(f"Port {wanted} cannot be used, perhaps because another server has it: choose another, or 0.")


def _bindable(port: int) -> int:
    import socket

    with socket.socket() as probe:
        if os.name == "posix":  # as the server itself does: a port that was in use a moment ago counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, port))
        return int(probe.getsockname()[1])


def _has_browser() -> bool:
    import webbrowser

    # Without a display, what is found would be a text browser that takes over the terminal.
    if sys.platform == "linux" and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _lab_command(port: int, opens_browser: bool) -> list[str]:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(sys.executable, "-m", "jupyterlab", _FIRST_TUTORIAL),
        *(f"--ServerApp.ip={_HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        "--ServerApp.base_url=/",
        "--ServerApp.answer_yes=True",  # Ctrl+C ends it, without a question
        "--Application.log_level=ERROR",  # so that the address is not buried
        *(["--allow-root"] if is_root else []),
        *([] if opens_browser else ["--no-browser"]),
    ]


def _serve(folder: Path, port: int, token: str, opens_browser: bool) -> int:
    """Run JupyterLab in ``folder`` until it ends, or Ctrl+C or SIGTERM end it."""
    import subprocess

    # The token goes by the environment: everyone on the machine can read a command line.
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    address = f"http://{_HOST}:{port}/lab/tree/{_FIRST_TUTORIAL}?token={token}"
    with _sigterm_as_interrupt():
        server = subprocess.Popen(_lab_command(port, opens_browser), cwd=folder, env=environment)
        try:
            if _is_up(server, port):
                print(f"JupyterLab is at  {address}  (Ctrl+C here ends it)", flush=True)
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()  # Its own Ctrl+C may have reached it too; asking twice does no harm.
            server.wait()
            return 0


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, so that it does not leave the server behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_up(server: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server takes connections; False if it ended instead."""
    import socket
    import subprocess

    while server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    return False


COMMANDS = (
    Command("lab", "Copy the tutorials into a folder of yours and open them in JupyterLab.", _add_lab_arguments, _lab),
    Command("ask", "Answer one instruction here, streaming.", _add_ask_arguments, _ask),
)
