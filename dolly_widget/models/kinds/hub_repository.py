"""A repository of the Hugging Face hub: of OpenVINO files, which are only downloaded, a checkpoint, or a GGUF file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.models import store
from dolly_widget.models.catalogue import similar
from dolly_widget.models.commits import check_revision
from dolly_widget.models.conversion import checkpoints, needs
from dolly_widget.models.hub import cache, client
from dolly_widget.models.hub.repository import Repository
from dolly_widget.models.kinds.hub_gguf import GgufRepository
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress


class HubRepository:
    """ "owner/name". See ``Kind``."""

    def matches(self, name: str) -> bool:
        """See ``Kind``. A file may be named like a repository, and comes first."""
        return client.is_model_id(name) and not Path(name).expanduser().is_file()

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """See ``Kind``."""
        entry = store.newest(name, str(weight_format), check_revision(revision or "main"))
        return entry.path if entry else None

    def source(self, name: str, revision: str) -> Source:
        """See ``Kind``; asks the hub for the newest commit."""
        repository = _look_up(name, revision)
        return GgufRepository(name, repository) if repository.gguf else _Repository(repository)

    def tidy(self, name: str) -> None:
        """See ``Kind``."""
        cache.remove_leftovers(name)


def _look_up(name: str, revision: str) -> Repository:
    try:
        return client.look_up(name, revision)
    except ModelChoiceError:
        raise
    except ModelError as exc:
        known = similar(name)
        if known in (None, name):
            raise
        raise ModelError(f"{str(exc).rstrip('.')}; or did you mean {known!r}?") from exc


class _Repository:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.revision, self.licence = repository.revision, repository.licence

    def key(self, weight_format: WeightFormat) -> store.Key:
        stored_as = store.PUBLISHED if self._repository.is_openvino else str(weight_format)
        return store.Key(self._repository.model_id, self._repository.commit, stored_as)

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> dict[str, str]:
        from dolly_widget.models.conversion import making  # only the child process needs it

        repository = self._repository
        missing = client.missing_bytes(repository)
        if repository.is_openvino:
            making.report_needs(needs.of_download(repository.size_bytes, missing), False, on_progress)
            snapshot = client.download(repository, on_progress)
            _link_or_copy([snapshot / name for name in repository.files], staging)
            return {}
        config = client.fetch_config(repository)
        checkpoints.check_config(config, repository.model_id)
        exporter = making.require_support(repository.model_id, config, install_exporter, on_progress)
        bits = checkpoints.bits_per_weight(config)
        needed = needs.of_conversion(repository.weights_bytes, bits, weight_format, missing)
        making.report_needs(needed, repository.is_pickled, on_progress)
        checkpoint = checkpoints.inspect(client.download(repository, on_progress))
        return making.convert_checkpoint(repository.model_id, checkpoint, staging, weight_format, exporter, on_progress)


def _link_or_copy(files: Iterable[Path], staging: Path) -> None:
    """Link downloaded files into the store: one copy on disk, which stays when the hub's cache is emptied."""
    for path in files:
        try:
            os.link(path.resolve(), staging / path.name)
        except OSError:  # another file system
            shutil.copyfile(path, staging / path.name)
