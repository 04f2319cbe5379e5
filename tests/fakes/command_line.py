"""What the tests of the command line share: a stdout that keeps its writes, and the command as a process."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class RecordingStream(io.StringIO):
    """A stdout that keeps each flushed write; ``is_terminal`` is what it says of itself."""

    def __init__(self, is_terminal=False):
        super().__init__()
        self.is_terminal, self.writes, self._unflushed = is_terminal, [], ""

    def write(self, text):
        self._unflushed += text
        return super().write(text)

    def flush(self):
        if self._unflushed:
            self.writes.append(self._unflushed)
        self._unflushed = ""

    def isatty(self):
        return self.is_terminal


def start(*arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **environment):
    """Start Python with Ctrl+C and buffers as in a terminal, whatever the tests themselves were started with."""
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "", **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
