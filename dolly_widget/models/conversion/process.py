"""Downloading and converting, seen from the process that asks for a model: a child process does it.

How the two talk is in `worker`; what the child does is in `child`.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path

from dolly_widget.models import store
from dolly_widget.models.conversion import exporters, worker
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, ignore_progress


def convert(
    model: str | Path,
    weight_format: str | WeightFormat = "int8",
    revision: str | None = None,
    *,
    install_exporter: bool = False,
    on_progress: OnProgress = ignore_progress,
    stop: threading.Event | None = None,
) -> Path:
    """Download or convert ``model`` into the store, in a child process, and return its directory there.

    ``model`` is the id of a hub repository, or a directory with a Hugging Face checkpoint; ``revision`` a branch, tag
    or commit (default "main"). The newest commit of it is asked for; where the store has that, nothing is done.
    ``install_exporter`` allows the version of transformers that the model's type is exported with to be added to the
    cache, where it is not the installed one. ``on_progress`` is called on this thread. Setting ``stop`` ends it at
    once. Raises ModelError, one sentence, and leaves the store as it was.
    """
    kind = kind_of(model)
    request = {
        "model": str(model),
        "weight_format": asdict(WeightFormat.of(weight_format)),
        "revision": revision or "main",
        "install_exporter": install_exporter,
    }
    try:
        return Path(worker.run("dolly_widget.models.conversion.child", request, on_progress, stop))
    except BaseException:
        store.sweep()
        exporters.sweep()
        kind.tidy(str(model))
        raise
