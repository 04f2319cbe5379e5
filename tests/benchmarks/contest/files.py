"""What the peers run on: made once in the work folder, and found there the next time."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from contest.gguf_files import FILE_TYPES, forget_whole, install_llama, make_gguf
from contest.shapes import Shape, checkpoint_of
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.lookup import resolve


@dataclass
class Workshop:
    """A work folder. Makes files there by their kind, and keeps what could not be made as a reason."""

    folder: Path
    wheel: Path | None = None
    """A wheel of llama-cpp-python, in place of building it."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Kinds of files that could not be made, and why."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        os.environ["DOLLY_WIDGET_CACHE"] = str(self.folder / "store")

    @property
    def llama_folder(self) -> Path:
        return self.folder / "llama"

    def prepare(self, shape: Shape, kinds: Iterable[str]) -> dict[str, Path]:
        """Paths by kind: "int8", "int4", "checkpoint", "Q8_0", "Q4_K_M". Those that cannot be made are left out."""
        paths = {}
        for kind in dict.fromkeys(kinds):
            print(f"preparing {shape.name} {kind} …", flush=True)
            try:
                paths[kind] = self._make(shape, kind)
            except RuntimeError as exc:
                self.reasons[kind] = str(exc)
        forget_whole(self._gguf_folder(shape))
        return paths

    def _make(self, shape: Shape, kind: str) -> Path:
        checkpoint = checkpoint_of(shape, self.folder)
        if kind == "checkpoint":
            return checkpoint
        if kind == "int8" and not shape.is_random:
            return OPENVINO_DIR  # the files that ship
        if kind not in FILE_TYPES:
            return resolve(checkpoint, kind)
        install_llama(self.llama_folder, self.wheel)
        target = self._gguf_folder(shape) / f"{kind}.gguf"
        target.parent.mkdir(parents=True, exist_ok=True)
        return make_gguf(checkpoint, self.llama_folder, target, kind)

    def _gguf_folder(self, shape: Shape) -> Path:
        return self.folder / "gguf" / shape.name


def weights_bytes(path: Path) -> int:
    """Size of a model's weights: of a file, or of the one in a directory that holds them."""
    if path.is_file():
        return path.stat().st_size
    names = ("openvino_model.bin", "model.safetensors")
    return next((path / name).stat().st_size for name in names if (path / name).is_file())
