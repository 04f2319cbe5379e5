"""A GGUF file in a repository of the Hugging Face hub: "owner/name:file.gguf"."""

from __future__ import annotations

from pathlib import Path

from dolly_widget.models import store
from dolly_widget.models.commits import check_revision
from dolly_widget.models.conversion import needs
from dolly_widget.models.hub import cache, client
from dolly_widget.models.hub.file_name import is_file_name
from dolly_widget.models.hub.repository import Repository
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress


class HubGguf:
    """ "owner/name:file.gguf". See ``Kind``."""

    def matches(self, name: str) -> bool:
        """See ``Kind``. A file may be named so, and comes first."""
        model_id, _, file = name.partition(":")
        is_on_hub = "/" in model_id and client.is_model_id(model_id) and is_file_name(file)
        return is_on_hub and not Path(name).expanduser().is_file()

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """See ``Kind``."""
        entry = store.newest(name, str(weight_format), check_revision(revision or "main"))
        return entry.path if entry else None

    def source(self, name: str, revision: str) -> Source:
        """See ``Kind``; asks the hub for the newest commit."""
        model_id, _, file = name.partition(":")
        return GgufRepository(name, client.look_up(model_id, revision, file))

    def tidy(self, name: str) -> None:
        """See ``Kind``."""
        cache.remove_leftovers(name.partition(":")[0])


class GgufRepository:
    """A repository of which one GGUF file is needed, with all its parts. See ``Source``.

    It is stored under ``name``, as the user gave it: without a file, where there is only one.
    """

    def __init__(self, name: str, repository: Repository) -> None:
        self._name, self._repository = name, repository
        self.revision, self.licence = repository.revision, repository.licence

    def key(self, weight_format: WeightFormat) -> store.Key:
        """See ``Source``."""
        return store.Key(self._name, self._repository.commit, str(weight_format))

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> dict[str, str]:
        """See ``Source``. What the conversion needs beside the download is known once the file is here."""
        # Only the child process needs these.
        from dolly_widget.models.conversion import making
        from dolly_widget.models.gguf import by_checkpoint, conversion
        from dolly_widget.models.gguf.file import GgufFile

        repository = self._repository
        by_checkpoint.require_packages(self._name, repository.gguf_architecture)  # before gigabytes are downloaded
        missing = client.missing_bytes(repository)
        making.report_needs(needs.Needs(missing, missing), False, on_progress)
        file = GgufFile.open(client.download(repository, on_progress) / repository.gguf)
        making.report_needs(needs.of_gguf(file.parameters, weight_format), False, on_progress)
        return conversion.convert(file.path, staging, weight_format, on_progress, install_exporter=install_exporter)
