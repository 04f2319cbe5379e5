"""A directory on this machine: of OpenVINO files, which are run as they are, or of a Hugging Face checkpoint."""

from __future__ import annotations

from pathlib import Path

from dolly_widget.models import store
from dolly_widget.models.conversion import checkpoints, needs
from dolly_widget.models.info import check_files, is_openvino
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.licence import of_card
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress


class Directory:
    """The path of a directory. See ``Kind``."""

    def matches(self, name: str) -> bool:
        """See ``Kind``."""
        return bool(name) and Path(name).expanduser().is_dir()

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """See ``Kind``."""
        directory = Path(name).expanduser()
        if is_openvino(directory):
            return check_files(directory)
        entry = store.get(_Checkpoint(directory).key(weight_format))
        return entry.path if entry else None

    def source(self, name: str, revision: str) -> Source:
        """See ``Kind``."""
        return _Checkpoint(Path(name).expanduser().absolute())

    def tidy(self, name: str) -> None:
        """See ``Kind``; nothing is left."""


class _Checkpoint:
    revision = ""
    licence = ""

    def __init__(self, directory: Path) -> None:
        self._checkpoint = checkpoints.inspect(directory)

    def key(self, weight_format: WeightFormat) -> store.Key:
        directory = str(self._checkpoint.directory.resolve())
        return store.Key(directory, self._checkpoint.fingerprint, str(weight_format))

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> dict[str, str]:
        from dolly_widget.models.conversion import making  # only the child process needs it

        checkpoint = self._checkpoint
        bits = checkpoints.bits_per_weight(checkpoint.config)
        directory = checkpoint.directory
        self.licence = of_card(directory / "README.md")
        exporter = making.require_support(str(directory), checkpoint.config, install_exporter, on_progress)
        needed = needs.of_conversion(checkpoint.weights_bytes, bits, weight_format)
        making.report_needs(needed, checkpoint.is_pickled, on_progress)
        return making.convert_checkpoint(directory.name, checkpoint, staging, weight_format, exporter, on_progress)
