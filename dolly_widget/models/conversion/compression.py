"""Compressing weights with NNCF: how far it has come, and the memory that it leaves mapped. Knows no model.

Needs NNCF, of the `optimum` extra.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dolly_widget.runtime import OnProgress, Progress


@contextmanager
def watched(plain: Path, on_progress: OnProgress) -> Iterator[None]:
    """Report what NNCF's progress bar shows; it has no hook for that, so the bar's class is replaced meanwhile.

    With each step, the pages of ``plain`` that were read are released.
    """
    from nncf.common.logging import track_progress

    class Bar(track_progress.WeightedProgress):  # type: ignore[misc]  # the library has no types
        def advance(self, task_id: Any, advance: float = 1) -> None:
            super().advance(task_id, advance)
            self._report(task_id)

        def update(self, task_id: Any, **kwargs: Any) -> None:
            super().update(task_id, **kwargs)
            self._report(task_id)

        def _report(self, task_id: Any) -> None:
            on_progress(Progress("compress", min(1.0, self._tasks[task_id].percentage / 100)))
            release_pages(plain / "openvino_model.bin")

    before, track_progress.WeightedProgress = track_progress.WeightedProgress, Bar
    try:
        yield
    finally:
        track_progress.WeightedProgress = before


def release_pages(path: Path) -> None:
    """Take a mapped file out of this process's memory: what is needed again is read again. Linux only.

    A file of weights is read once, and would fill as much memory as it has bytes, as long as it is mapped.
    """
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    libc = ctypes.CDLL(None)
    for line in maps:
        span, permissions, *_ = line.split()
        if line.endswith(str(path)) and "w" not in permissions:  # nothing that was written can be lost
            start, end = (int(address, 16) for address in span.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)
