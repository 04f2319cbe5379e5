"""The settings of a GGUF file under its architecture's name, and which of them were asked for. Knows no family."""

from __future__ import annotations

from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import _Numbers


class Settings(_Numbers):
    """The settings of a file under its architecture's name; knows which of them were asked for."""

    def __init__(self, file: GgufFile) -> None:
        super().__init__(file)
        self.shapes = {tensor.name: tensor.shape for tensor in file.tensors}
        self.vectors = {tensor.name: tensor for tensor in file.tensors if len(tensor.shape) == 1}
        self._asked: set[str] = set()

    def get(self, name: str) -> Any:
        """A setting, None where there is none."""
        self._asked.add(name)
        return super().get(name)

    def flag(self, name: str, default: bool) -> bool:
        """A setting that is true or false."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refused(name, value, "true or false")
        return default if value is None else value

    def expect(self, name: str, *values: object) -> None:
        """Raise ModelError where a setting is there, and is none of ``values``."""
        value = self.get(name)
        if value is not None and value not in values:
            raise self.refused(name, value, " or ".join(map(repr, values)))

    def refuse_others(self) -> None:
        """Raise ModelError for a setting that nobody asked for."""
        for key in self._metadata:
            prefix, _, name = key.partition(".")
            if prefix == self._prefix and name not in self._asked:
                raise ModelError(
                    f"{self.path} has the setting {ascii(key)[:80]}, which is not known for its family: give another "
                    "file of the model, or the checkpoint that it was made from."
                )

    @property
    def hidden(self) -> int:
        """Size of the states between layers."""
        return self.integer("embedding_length")

    @property
    def layers(self) -> int:
        """Number of layers. Raises ModelError for more than the file has tensors."""
        count = self.integer("block_count")
        if count > len(self.shapes):
            raise self.refused("block_count", count, f"no more than its {len(self.shapes):,} tensors")
        return count

    @property
    def heads(self) -> int:
        """Number of heads, which divides the size of the states where heads have no size of their own."""
        return self.integer("attention.head_count")

    @property
    def kv_heads(self) -> int:
        """Number of heads for keys and values."""
        return self.integer("attention.head_count_kv", self.heads)

    @property
    def head_size(self) -> int:
        """Size of a head."""
        size = self.integer("attention.key_length", max(1, self.hidden // self.heads))
        self.expect("attention.value_length", size)
        return size

    @property
    def is_tied(self) -> bool:
        """Whether the output layer is the embedding."""
        return "output.weight" not in self.shapes
