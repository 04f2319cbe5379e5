"""The file of ``resume=``: finished rows, a line of JSON each, as they come. Knows no engine.

The first line says what was asked. A line is written in one go behind the others, so that a process that is killed
leaves at most the beginning of one, which is cut off. A lock beside the file keeps a second process out.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget.batch.result import RowResult
from dolly_widget.text import parse_json
from dolly_widget.text.shapes import Shape

_FORMAT = "dolly_widget rows 1"
_BEGINNING = json.dumps({"format": _FORMAT, "seed": 0}).removesuffix("0}").encode()
"""Of the first line of every such file."""
SYNC_S = 1.0
"""What a power failure may cost. A process that is killed loses nothing: its lines are the system's at once."""


class KeptRows:
    """Finished rows in a file, which is made, or gone on with.

    ``asked`` says what is asked, as texts by what they are about; a file of anything else is refused. ``seed`` is kept
    in the file, which goes on with its own. Raises ValueError for another file, one that is damaged, and one that
    another process is at; OSError where it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], asked: Mapping[str, str], seed: int, shape: Shape | None) -> None:
        self.path = Path(path).expanduser()
        self.seed = seed
        self.results: dict[int, RowResult] = {}
        """By their row, what was there before."""
        self._lock = _locked(self.path)
        try:
            self._file = self.path.open("ab", buffering=0)
            self._size = self._read(asked, shape)
            self._file.truncate(self._size)
            self._synced_at = time.monotonic()
            # With the first row: a run that never came to one keeps no other from beginning.
            self._first_line = json.dumps({"format": _FORMAT, "seed": seed, "asked": dict(asked)})
        except BaseException:
            self._release()
            raise

    def add(self, result: RowResult) -> None:
        """Write one more row. Raises OSError, and then the file is as it was."""
        if not self._size:
            self._append(self._first_line)
        self._append(result.to_line())

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        if not self._file.closed:
            try:
                os.fsync(self._file.fileno())
            finally:
                self._release()

    def _release(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        self._lock.release()

    def _read(self, asked: Mapping[str, str], shape: Shape | None) -> int:
        """Read the file, and return the length of what is whole."""
        with self.path.open("rb") as lines:  # apart, since that which writes has no buffer
            return self._read_lines(lines, asked, shape)

    def _read_lines(self, lines: Any, asked: Mapping[str, str], shape: Shape | None) -> int:
        header = lines.readline()
        if not header.endswith(b"\n"):
            if not (_BEGINNING.startswith(header) or header.startswith(_BEGINNING)):
                raise ValueError(_no_rows(self.path))
            return 0  # empty, or killed at its very beginning
        self.seed = self._check(header, asked)
        size, damaged_at = len(header), 0
        for number, line in enumerate(lines, start=2):
            try:
                result = RowResult.from_line(line, shape) if line.endswith(b"\n") else None
            except ValueError:
                result = None
            if result is None:
                damaged_at = damaged_at or number
            elif damaged_at:
                raise ValueError(f"Line {damaged_at:,} of {self.path} is damaged: delete that line, and run it again.")
            else:
                self.results.setdefault(result.row, result)
                size += len(line)
        return size

    def _check(self, header: bytes, asked: Mapping[str, str]) -> int:
        """The seed of the file. Raises ValueError where it holds no rows, or other ones."""
        try:
            said = parse_json(header)
            is_ours, before, seed = said["format"] == _FORMAT, said["asked"], said["seed"]
        except (ValueError, TypeError, KeyError):
            is_ours, before, seed = False, {}, 0
        if not is_ours or not isinstance(before, dict) or not isinstance(seed, int):
            raise ValueError(_no_rows(self.path))
        others = [name for name, text in asked.items() if before.get(name) != text]
        if others:
            raise ValueError(
                f"{self.path} holds rows of another run, with another {' and another '.join(others)}: "
                "name another file, or delete this one."
            )
        return seed

    def _append(self, line: str) -> None:
        data = f"{line}\n".encode()
        try:
            self._write(data)
            self._sync()
        except OSError as exc:
            with contextlib.suppress(OSError):  # the next run cuts it off
                self._file.truncate(self._size)
            reason = exc.strerror or str(exc)
            raise OSError(
                exc.errno, f"{reason}: {self.path} holds all rows before. Make room, and run it again to go on"
            ) from exc
        self._size += len(data)

    def _write(self, data: bytes) -> None:
        """Give all of it to the system at once: nothing is in a buffer of ours. It may take less than it is given."""
        while data:
            written = self._file.write(data)
            if not written:
                raise OSError(errno.ENOSPC, "The system took only a part of a row")
            data = data[written:]

    def _sync(self) -> None:
        if time.monotonic() - self._synced_at >= SYNC_S:
            os.fsync(self._file.fileno())
            self._synced_at = time.monotonic()


def _no_rows(path: Path) -> str:
    return f"{path} is there already and holds no rows of a run: name another file for resume."


def forget(path: Path) -> None:
    """Remove the file, and its lock's: all that is in it is elsewhere."""
    path.unlink(missing_ok=True)
    _lock_path(path).unlink(missing_ok=True)


def _lock_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _locked(path: Path) -> Any:
    import filelock

    lock = filelock.FileLock(_lock_path(path))
    try:
        return lock.acquire(timeout=0).lock
    except filelock.Timeout as exc:
        raise ValueError(f"Another process is writing {path}: wait for its end, or name another file.") from exc
