"""What a kind of model is: a way to name one, to find its files, and to make them where they are missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from dolly_widget.models.store import Key
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress


class Source(Protocol):
    """What a stored model is made from. Lives in the child process that makes it."""

    revision: str
    """For the manifest; empty if there are none."""
    licence: str
    """As its publisher states it, for the manifest: known when the files are made. Empty if none is stated."""

    def key(self, weight_format: WeightFormat) -> Key:
        """What the store keeps the result under."""
        ...

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> Mapping[str, str]:
        """Put OpenVINO files into ``staging``. Raises ModelError, one sentence, where that cannot be done.

        Where its type needs another version of transformers than the installed, ``install_exporter`` lets that be
        added. Returns package -> version for what is not the environment's.
        """
        ...


class Kind(Protocol):
    """One kind of model. The first kind that matches a name has it."""

    def matches(self, name: str) -> bool:
        """Whether a name is of this kind."""
        ...

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """The directory of OpenVINO files, where they are here; None where they have to be made. Uses no network.

        Raises ModelError for what can never be run.
        """
        ...

    def source(self, name: str, revision: str) -> Source:
        """What its files are made from. Called in the child process."""
        ...

    def tidy(self, name: str) -> None:
        """Remove what a preparation that was stopped has left elsewhere than in the store."""
        ...
