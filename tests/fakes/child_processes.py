"""The child processes that render chat templates, to be waited for, and one that never ends."""

import subprocess
import sys
import threading
from typing import NamedTuple

from dolly_widget.models import template_check

HANGS = (sys.executable, "-c", "import threading; threading.Event().wait()")


class Children(NamedTuple):
    """Those that were started, and an event that says that one was."""

    processes: list
    started: threading.Event

    @property
    def have_ended(self):
        return all(process.poll() is not None for process in self.processes)


def watch(monkeypatch):
    """The child processes of a test, for which all templates are new."""
    found = Children([], threading.Event())

    class Child(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            found.processes.append(self)
            found.started.set()

    monkeypatch.setattr(template_check.subprocess, "Popen", Child)
    monkeypatch.setattr(template_check, "_harmless", set())
    return found
