"""A process that answers: `python -m contest.worker ANSWERER PATH IS_RANDOM`, a line of JSON in, a line of JSON out.

Both ends are here: what runs in that process, and what starts and asks it.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contest.asking import Question

TESTS = Path(__file__).parents[2]
SEARCHED = (TESTS / "benchmarks", TESTS / "fakes")


class WorkerError(RuntimeError):
    """A peer that could not be loaded, or that ended. The message is the last line of what it complained of."""


class Worker:
    """A running process."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process, self._log = process, log
        self._receive()

    def ask(self, question: Question) -> dict[str, Any]:
        """What the answerer said."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(question)) + "\n")
        self._process.stdin.flush()
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            complaints = self._log.read_text(errors="replace").split("\n")
            raise WorkerError(next((each for each in reversed(complaints) if each.strip()), "it ended without a word"))
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.contextmanager
def working(answerer: str, path: Path, is_random: bool, log: Path, libraries: Path) -> Iterator[Worker]:
    """Start a process and yield it when its model is loaded; end it afterwards. Raises WorkerError."""
    searched = os.pathsep.join([*map(str, SEARCHED), *filter(None, [os.environ.get("PYTHONPATH")]), str(libraries)])
    command = [sys.executable, "-m", "contest.worker", answerer, str(path), str(int(is_random))]
    environment = {**os.environ, "PYTHONPATH": searched}
    pipe = subprocess.PIPE
    with (
        log.open("w") as complaints,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, text=True, env=environment) as process,
    ):
        try:
            yield Worker(process, log)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # the end of its input is its end


def main(answerer: str, path: str, is_random: str) -> None:
    """Load, say so, and answer until there are no more questions."""
    # Libraries print, too: their lines go where complaints go.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = importlib.import_module(f"contest.answerers.{answerer}").Answerer(path, bool(int(is_random)))
    print(json.dumps({}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(peer.answer(Question(**json.loads(line)))), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
