"""Which version of transformers exports a type of model, and the versions that are kept for that beside the installed.

Optimum Intel says for each type with which versions it can be exported, and the installed one fits only most of them.
For others, a directory of the cache holds another transformers, which only the export runs with: the environment
stays as it is. Such a directory is made where the user asks for it.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.package_index import FetchError, run_pip
from dolly_widget.runtime import OnProgress, Progress
from dolly_widget.text import in_bytes

TASK = "text-generation-with-past"
"""What models are exported for, in Optimum's words."""


@dataclass(frozen=True)
class Exporter:
    """A transformers for the export, with what it needs in another version than the installed packages."""

    version: str
    packages: tuple[str, ...]
    """As pip takes them, without what they depend on: the environment has that."""
    size_bytes: float
    """Measured, after the first export."""

    @property
    def directory(self) -> Path:
        """Where it is in the cache, once it is installed."""
        return _home() / f"transformers-{self.version}"

    @property
    def is_installed(self) -> bool:
        """Whether it is there: its directory gets its name when it is whole."""
        return (self.directory / "transformers" / "__init__.py").is_file()

    @property
    def environment(self) -> dict[str, str]:
        """What to set for a process that runs with it: its packages come before the installed ones."""
        paths = [str(self.directory), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(paths)}


# The first that fits is taken. Tried with optimum-intel 2.1.0 and torch 2.13: tests/benchmarks/families.py.
EXPORTERS = (
    Exporter("4.57.6", ("transformers==4.57.6", "huggingface_hub==0.36.2", "tokenizers==0.22.2"), 70e6),
    Exporter("5.2.0", ("transformers==5.2.0", "tokenizers==0.22.2"), 60e6),
)


def _home() -> Path:
    return store.cache_dir() / "exporters"


# Which one


def choose(source: str, config: Mapping[str, Any]) -> Exporter | None:
    """The exporter for ``source``, an id or a path, by its ``config.json``; None: the installed transformers does it.

    Raises ModelError where nothing can export it.
    """
    from importlib.metadata import version

    model_type = str(config.get("model_type") or "")
    if not model_type:
        raise ModelError(
            f"{source} has a config.json without a model_type: add the one of the model that it was made from."
        )
    known = _bounds(model_type)
    optimum = f"Optimum Intel {version('optimum-intel')}"
    if known is None and "auto_map" in config:
        raise ModelError(
            f"{source} needs custom code for its type, {model_type!r}, which is never run here; choose "
            "a model of a type that transformers supports."
        )
    if known is None:
        raise ModelError(
            f"{source} has the type {model_type!r}, which {optimum} cannot convert; choose a model of another type."
        )
    if _is_within(version("transformers"), known):
        return None
    if found := next((exporter for exporter in EXPORTERS if _is_within(exporter.version, known)), None):
        return found
    raise ModelError(
        f"{source} has the type {model_type!r}, which {optimum} exports {_range_in_words(known)}; choose a model of "
        "another type."
    )


def _bounds(model_type: str) -> tuple[str | None, str | None] | None:
    """The oldest and the newest transformers that Optimum Intel exports a type with; None for a type unknown to it.

    As it checks them itself, after loading: optimum/exporters/openvino/convert.py, ``export``.
    """
    from optimum.exporters.openvino import model_configs  # noqa: F401  # registers them
    from optimum.exporters.tasks import TasksManager
    from transformers import CONFIG_MAPPING

    try:
        tasks = TasksManager.get_supported_tasks_for_model_type(
            model_type, exporter="openvino", library_name="transformers"
        )
    except KeyError:
        return None
    if TASK not in tasks or model_type not in CONFIG_MAPPING:
        return None
    config = getattr(tasks[TASK], "func", tasks[TASK])
    oldest, newest = (getattr(config, f"{end}_TRANSFORMERS_VERSION", None) for end in ("MIN", "MAX"))
    return oldest and str(oldest), newest and str(newest)


def _is_within(version: str, bounds: tuple[str | None, str | None]) -> bool:
    from packaging.version import Version

    oldest, newest = (bound and Version(bound) for bound in bounds)
    return not (oldest and Version(version) < oldest) and not (newest and Version(version) > newest)


def _range_in_words(bounds: tuple[str | None, str | None]) -> str:
    from packaging.version import Version

    oldest, newest = bounds
    if newest and Version(newest) < Version("4.57"):  # all of them: the code that comes with the checkpoint
        return f"only with transformers {newest} or older and the model's own code, which is never run here"
    if oldest and newest and Version(oldest) > Version(newest):
        return f"with no version of transformers: it asks for at least {oldest}, and for at most {newest}"
    # 5.2.99 stands for all of 5.2.
    ends = [f"{word} {end.replace('99', '*')}" for word, end in zip(("from", "to"), bounds, strict=True) if end]
    exact = f"{newest}" if oldest == newest else " ".join(ends)
    return f"only with transformers {exact}, which is not offered here"


# Making one


def require(exporter: Exporter, source: str, model_type: str, may_install: bool, on_progress: OnProgress) -> None:
    """Have an exporter installed, where it is not and ``may_install``; otherwise ModelError says what to run."""
    from importlib.metadata import version

    if exporter.is_installed:
        return
    if may_install:
        install(exporter, on_progress)
        return
    raise ModelError(
        f"{source} has the type {model_type!r}, which is exported with transformers {exporter.version}, not with the "
        f"installed {version('transformers')}: run `dolly-widget convert {shlex.quote(source)} --install-exporter` "
        f"once, which adds transformers {exporter.version} (about {in_bytes(exporter.size_bytes)}) to the cache for "
        "models of such types, and leaves your environment as it is."
    )


def install(exporter: Exporter, on_progress: OnProgress) -> Path:
    """Put an exporter into the cache, with pip, and return its directory. Raises ModelError; leaves nothing half done.

    Needs the package index. What is there already is left as it is.
    """
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            f"transformers {exporter.version} cannot be installed, since {sys.executable} has no pip: run "
            "`python -m ensurepip` with it, and try again."
        )
    on_progress(Progress("install", message=f"transformers {exporter.version}, about {in_bytes(exporter.size_bytes)}."))
    with _lock():
        _remove_leftovers()
        if not exporter.is_installed:
            staging = Path(tempfile.mkdtemp(prefix=".making-", dir=_home()))
            try:
                _pip_install(exporter, staging)
                shutil.rmtree(exporter.directory, ignore_errors=True)  # not whole, or it would be used
                # Rename last: a crash leaves no half of it.
                os.replace(staging, exporter.directory)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    return exporter.directory


def _pip_install(exporter: Exporter, staging: Path) -> None:
    options = ["--no-deps", "--only-binary=:all:", "--no-compile"]
    try:
        # A user's pip.conf may say `user`, which does not go with a target.
        run_pip(["install", "--target", str(staging), *options, *exporter.packages], {"PIP_USER": "0"})
    except FetchError as exc:
        raise ModelError(
            f"transformers {exporter.version} cannot be installed ({exc}): check the connection to the package index, "
            f"the free space on the disk of {_home()}, and try again; nothing was changed."
        ) from exc


def sweep() -> None:
    """Delete what installations that were killed have left; one that is under way holds its lock and is let be."""
    import filelock

    if _home().is_dir():
        with suppress(filelock.Timeout, OSError), _lock(timeout_s=0):
            _remove_leftovers()


def _remove_leftovers() -> None:
    for leftover in _home().glob(".making-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _lock(timeout_s: float = -1) -> Any:
    import filelock

    _home().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(_home() / ".lock", timeout=timeout_s)
