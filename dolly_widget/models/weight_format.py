"""The formats that weights can be stored in. Pure values: knows nothing of models or files."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAMES = ("fp16", "int8", "int4")
# As ``str`` writes it.
_KEY = re.compile(r"int4(?:-g(?P<group_size>-?\d{1,9}))?(?:-r(?P<ratio>\d(?:\.\d{1,9})?(?:e-\d{1,3})?))?")


@dataclass(frozen=True)
class WeightFormat:
    """How a conversion stores the weights. ``str(weight_format)`` is a key: "int8", "int4", "int4-g64-r0.8".

    All of them are data-free: weights are rounded, nothing is calibrated. A wrong value is a ValueError.
    """

    name: str = "int8"
    """"fp16": as they are; "int8": asymmetric, a scale per row; "int4": asymmetric, a scale per group."""
    group_size: int = 128
    """INT4 only: how many weights of a row share a scale; -1 is the whole row."""
    ratio: float = 1.0
    """INT4 only: share of the layers that are INT4, the rest INT8. Embedding and output layer are INT8 always."""

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"There is no weight format {self.name!r}; choose one of {', '.join(NAMES)}.")
        if self.group_size != -1 and (self.group_size < 1 or self.group_size & (self.group_size - 1)):
            raise ValueError(f"group_size must be -1 (a whole row) or a power of two, not {self.group_size!r}.")
        if not 0 <= self.ratio <= 1:
            raise ValueError(f"ratio must be 0 to 1, not {self.ratio!r}.")
        if self.name != "int4" and (self.group_size, self.ratio) != (128, 1.0):
            raise ValueError(f"group_size and ratio belong to int4, not to {self.name}.")

    @classmethod
    def of(cls, value: str | WeightFormat) -> WeightFormat:
        """Return the format of a name, with its usual settings, or of a key such as "int4-g64"; or the value itself."""
        if isinstance(value, cls):
            return value
        key = _KEY.fullmatch(str(value))
        if key is None:
            return cls(str(value))
        return cls("int4", int(key["group_size"] or 128), float(key["ratio"] or 1))

    @property
    def bits(self) -> float:
        """Bits per weight, scales included, embedding and output layer (INT8 under INT4) not considered."""
        if self.name == "int4":
            per_group = 0 if self.group_size == -1 else 20 / self.group_size  # an FP16 scale, a 4-bit zero point
            return self.ratio * (4 + per_group) + (1 - self.ratio) * 8
        return {"fp16": 16.0, "int8": 8.0}[self.name]

    def __str__(self) -> str:
        settings = ((f"-g{self.group_size}", self.group_size != 128), (f"-r{self.ratio:g}", self.ratio != 1))
        return self.name + "".join(text for text, is_set in settings if is_set)
