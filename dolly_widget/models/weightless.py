"""A model whose weights are elsewhere, on a server: its tokenizer, its template and its settings. Asks no server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.info import ModelInfo, read_settings
from dolly_widget.models.model import Model


@dataclass(frozen=True)
class _Info(ModelInfo):
    """What the files say of a model whose weights are elsewhere, and what its server says."""

    title: str
    positions: int | None

    @property
    def entry(self) -> None:
        """None: the store knows nothing of a server's model."""

    @property
    def is_demo(self) -> bool:
        """False, whichever tokenizer it has."""
        return False

    @property
    def size_bytes(self) -> int:
        """0: there are no weights here."""
        return 0

    @property
    def _weights(self) -> Counter[str]:
        return Counter()

    @property
    def name(self) -> str:
        """What its server calls it, and where that is."""
        return self.title

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's ``config.json``; empty where it has none."""
        path = self.model_dir / "config.json"
        return read_settings(path) if path.is_file() else {}

    @property
    def max_positions(self) -> int | None:
        """Most tokens, prompt and answer together: the model's own number, or a smaller one of its server's."""
        known = [each for each in (super().max_positions, self.positions) if each is not None]
        return min(known, default=None)


class WeightlessModel(Model):
    """A directory with a tokenizer, and whatever else of a model's small files.

    ``name`` is what to call it, ``max_positions`` the server's bound on a text. Raises ModelError without a
    ``tokenizer.json``.
    """

    has_weights = False

    def __init__(self, directory: Path, name: str, max_positions: int | None = None) -> None:
        if not (directory / "tokenizer.json").is_file():
            raise ModelError(
                f"{directory} has no tokenizer.json: name a model with the same tokenizer as the server's."
            )
        self._open(_Info(directory, name, max_positions))

    def __repr__(self) -> str:
        return f"WeightlessModel({self.name!r})"
