"""The child process that makes a model ready: `python -m dolly_widget.models.conversion.child`, started by `convert`.

It reads one request, a line of JSON, from stdin, and ends when stdin does: then the process that wants the model is
gone. Reports are lines of JSON on the stdout that it was given; whatever the libraries print goes to stderr.
It holds the lock of what it makes, so that nobody else writes there while it lives.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from dolly_widget import __version__
from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import checkpoints, needs
from dolly_widget.models.conversion.checkpoints import Checkpoint
from dolly_widget.models.hub import client
from dolly_widget.models.hub.repository import Repository
from dolly_widget.models.info import check_files
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import Job, OnProgress, Progress

_PICKLE = (
    "The weights are a pickle, which could hold code: they are read with torch's weights-only loader, which runs none."
)


def main() -> None:
    """Serve the one request; exit code 0 when it was answered, with a result or with a sentence."""
    reports = _Reports(_own_stdout())
    request = json.loads(sys.stdin.readline())
    Job(_end_with_parent, name="dolly-tether")
    weight_format = WeightFormat(**request["weight_format"])
    try:
        path = prepare(request["model"], weight_format, request["revision"], reports.progress)
    except Exception as exc:
        sentence = _sentence(exc)
        if sentence is None:
            raise
        reports.write("error", sentence)
    else:
        reports.write("result", str(path))


class _Reports:
    """Writes reports; of the same stage, not more than ten a second."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._stage, self._next_at = "", 0.0

    def write(self, kind: str, content: Any) -> None:
        print(json.dumps({kind: content}), file=self._file, flush=True)

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        is_news = progress.stage != self._stage or progress.message or progress.fraction == 1
        if is_news or now >= self._next_at:
            self._stage, self._next_at = progress.stage, now + 0.1
            self.write("progress", asdict(progress))


def _own_stdout() -> TextIO:
    """The stdout that we were given, for us alone; what others print to stdout goes to stderr from now on."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return reports


def _end_with_parent(stop: threading.Event) -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock would be held for ever
        pass
    os._exit(1)


def _sentence(exc: Exception) -> str | None:
    """What to tell a user about an error of preparing; None for one that nobody has foreseen."""
    if isinstance(exc, ModelError):
        return str(exc)
    if needs.is_out_of_disk(exc):
        directory = store.cache_dir()
        return (
            f"The disk became full; nothing was stored. Free some space on the disk of {directory}, or set "
            "DOLLY_WIDGET_CACHE to a directory on another one."
        )
    if isinstance(exc, MemoryError):
        return "The memory did not suffice; nothing was stored. Close other programs, or take a smaller model."
    return None


# The work


def prepare(model: str, weight_format: WeightFormat, revision: str, on_progress: OnProgress) -> Path:
    """Return the directory of ``model`` in the store, made now where it is not there yet. Raises ModelError."""
    on_progress(Progress("plan"))
    source = _LocalSource(Path(model)) if Path(model).is_dir() else _HubSource(client.look_up(model, revision))
    key = source.key(weight_format)
    with store.making(key, on_wait=lambda: on_progress(Progress("wait"))) as staging:
        entry = store.get(key)
        if entry is None:
            source.make(staging, weight_format, on_progress)
            on_progress(Progress("check"))
            check_files(staging)
            described = Job(lambda _: store.describe(staging), name="dolly-digests")  # seconds for a large model
            _generate_one_token(staging)
            entry = store.publish(staging, key, source.revision, _tools(), described.wait())
    return entry.path


class _LocalSource:
    """A directory with a checkpoint."""

    revision = ""

    def __init__(self, directory: Path) -> None:
        self._checkpoint = checkpoints.inspect(directory)

    def key(self, weight_format: WeightFormat) -> store.Key:
        directory = str(self._checkpoint.directory.resolve())
        return store.Key(directory, self._checkpoint.fingerprint, str(weight_format))

    def make(self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress) -> None:
        checkpoint = self._checkpoint
        bits = checkpoints.bits_per_weight(checkpoint.config)
        _require_support(str(checkpoint.directory), checkpoint.config)
        wanted = needs.of_conversion(checkpoint.weights_bytes, bits, weight_format)
        _tell_needs(wanted, checkpoint.is_pickled, on_progress)
        _convert(checkpoint, staging, weight_format, on_progress)


class _HubSource:
    """A repository of the hub."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.revision = repository.revision

    def key(self, weight_format: WeightFormat) -> store.Key:
        stored_as = store.PUBLISHED if self._repository.is_openvino else str(weight_format)
        return store.Key(self._repository.model_id, self._repository.commit, stored_as)

    def make(self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress) -> None:
        repository = self._repository
        missing = client.missing_bytes(repository)
        if repository.is_openvino:
            _tell_needs(needs.of_download(repository.size_bytes, missing), False, on_progress)
            snapshot = client.download(repository, on_progress)
            _take_over([snapshot / name for name in repository.files], staging)
            return
        config = client.fetch_config(repository)
        checkpoints.check_config(config, repository.model_id)
        _require_support(repository.model_id, config)
        bits = checkpoints.bits_per_weight(config)
        wanted = needs.of_conversion(repository.weights_bytes, bits, weight_format, missing)
        _tell_needs(wanted, repository.is_pickled, on_progress)
        _convert(checkpoints.inspect(client.download(repository, on_progress)), staging, weight_format, on_progress)


def _tell_needs(wanted: needs.Needs, is_pickled: bool, on_progress: OnProgress) -> None:
    directory = store.cache_dir()
    sentence = needs.check(wanted, needs.free_for(directory), directory)
    on_progress(Progress("plan", message=f"{sentence} {_PICKLE}" if is_pickled else sentence))


def _require_support(source: str, config: Mapping[str, Any]) -> None:
    """Raise ModelError where the extra is missing, or cannot convert models of this type."""
    if importlib.util.find_spec("optimum") is None or importlib.util.find_spec("torch") is None:
        raise ModelError(
            "Converting a PyTorch checkpoint wants further packages: run "
            '`python -m pip install "dolly-widget[optimum]"`, or take a model that is in OpenVINO format already.'
        )
    from importlib.metadata import version

    from dolly_widget.models.conversion.export import is_supported

    model_type = str(config.get("model_type"))
    if not is_supported(model_type):
        if "auto_map" in config:
            raise ModelError(
                f"{source} needs code of its own for its type, {model_type!r}, which is never run here; take "
                "a model of a type that transformers knows."
            )
        raise ModelError(
            f"{source} is of the type {model_type!r}, which Optimum Intel {version('optimum-intel')} cannot convert; "
            "take a model of another type."
        )


def _take_over(files: Iterable[Path], staging: Path) -> None:
    """Link downloaded files into the store: they are on disk once, and stay when the hub's cache is emptied."""
    for path in files:
        try:
            os.link(path.resolve(), staging / path.name)
        except OSError:  # another file system
            shutil.copyfile(path, staging / path.name)


def _convert(checkpoint: Checkpoint, staging: Path, weight_format: WeightFormat, on_progress: OnProgress) -> None:
    from dolly_widget.models.conversion.export import export

    try:
        export(checkpoint.directory, staging, weight_format, on_progress)
    except pickle.UnpicklingError as exc:
        raise ModelError(
            f"The pickle in {checkpoint.directory} holds more than weights, or is damaged; it was not run and not "
            "converted: take a checkpoint in safetensors format."
        ) from exc
    except Exception as exc:
        if needs.is_out_of_disk(exc) or needs.free_for(staging).disk < 1e6:
            raise OSError(28, "No space left on device") from exc
        raise ModelError(
            f"{checkpoint.directory.name}, of the type {checkpoint.config.get('model_type')!r}, cannot be converted: "
            f"{_reason(exc)}."
        ) from exc


def _reason(exc: Exception) -> str:
    if "ignore_mismatched_sizes" in str(exc):  # transformers points to a report that it printed
        return "its weights do not have the shapes that its config.json says; download it again"
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return (lines[0] if lines else type(exc).__name__)[:300].rstrip(" .!")


def _generate_one_token(model_dir: Path) -> None:
    """Load what was made, and let it write a token: a file that is not whole fails here."""
    import numpy as np
    import openvino as ov
    import openvino_genai as genai

    try:
        pipeline = genai.LLMPipeline(str(model_dir), "CPU")
        one = np.ones((1, 1), dtype=np.int64)
        pipeline.generate(genai.TokenizedInputs(ov.Tensor(one), ov.Tensor(one)), max_new_tokens=1)
    except RuntimeError as exc:
        raise ModelError("What was made cannot be run by OpenVINO; nothing was stored.") from exc


def _tools() -> Mapping[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"dolly-widget": __version__}
    for name in ("openvino", "openvino-genai", "optimum-intel", "nncf", "transformers", "torch"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


if __name__ == "__main__":
    main()
