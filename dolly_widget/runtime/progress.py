"""How far the work on a model has come: a value that goes from a child process to a terminal or a widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dolly_widget.text import in_bytes

# In the order in which they come. "plan" tells what is needed, "wait" that another process is converting this model,
# "install" that another version of a library comes for its export. "connect" is all there is of a server's.
# "measure" is a benchmark's: it comes when the models are there.
STAGES = ("plan", "wait", "install", "download", "load", "export", "compress", "write", "check", "connect", "measure")
_DOING = {
    "plan": "Looking at the model",
    "wait": "Waiting for another notebook or terminal that is converting this model",
    "install": "Installing an exporter",
    "download": "Downloading",
    "load": "Loading the weights",
    "export": "Exporting to OpenVINO",
    "compress": "Compressing the weights",
    "write": "Writing the files",
    "check": "Checking the model",
    "connect": "Asking the server for its models",
    "measure": "Measuring",
}


@dataclass(frozen=True)
class Progress:
    """One report. ``str(progress)`` is a line for a person."""

    stage: str
    """One of STAGES."""
    fraction: float | None = None
    """How much of this stage is done, 0 to 1; None where that is not known."""
    done_bytes: int | None = None
    total_bytes: int | None = None
    message: str = ""
    """Something to be told beside it: what is needed and what is free, or that a file is a pickle."""
    subject: str = ""
    """What it is done to, where that is not clear: "demo INT8, CPU, genai"."""

    def __str__(self) -> str:
        line = _DOING[self.stage]
        if self.done_bytes is not None and self.total_bytes:
            line += f": {in_bytes(self.done_bytes)} of {in_bytes(self.total_bytes)}"
        elif self.fraction is not None:
            line += f": {self.fraction:.0%}"
        line += f", {self.subject}" if self.subject else ""
        return line + (f". {self.message}" if self.message else "")


OnProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Do nothing with a report."""
