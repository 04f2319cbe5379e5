"""The demonstration model, which is part of the package."""

from __future__ import annotations

from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.info import check_files
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.weight_format import WeightFormat


class Bundled:
    """ "demo". See ``Kind``."""

    def matches(self, name: str) -> bool:
        """See ``Kind``."""
        return name == "demo"

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """See ``Kind``."""
        return check_files(OPENVINO_DIR)

    def source(self, name: str, revision: str) -> Source:
        """See ``Kind``; there is nothing to make."""
        raise ModelError("The demonstration model is in OpenVINO format already: there is nothing to convert.")

    def tidy(self, name: str) -> None:
        """See ``Kind``; nothing is left."""
