"""A GGUF file on this machine, as llama.cpp, LM Studio and Ollama keep them, or a directory that holds one."""

from __future__ import annotations

from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import needs
from dolly_widget.models.conversion.weight_files import PICKLES, SAFETENSORS
from dolly_widget.models.gguf.file import GgufFile, fingerprint, is_gguf, models_in, parts_of
from dolly_widget.models.info import is_openvino
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.licence import stated
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress

_NAMED = 5
# Of ggml-org/ggml, docs/gguf.md.
_LICENCE_KEYS = ("general.license", "general.license.name")


class LocalGguf:
    """The path of a GGUF file, or of a directory with one and no other weights. See ``Kind``."""

    def matches(self, name: str) -> bool:
        """See ``Kind``."""
        path = Path(name).expanduser()
        if name and path.is_dir():
            has_others = is_openvino(path) or any((path / each).is_file() for each in (*SAFETENSORS, *PICKLES))
            return not has_others and bool(models_in(path))
        return bool(name) and is_gguf(path)

    def find(self, name: str, weight_format: WeightFormat, revision: str | None) -> Path | None:
        """See ``Kind``."""
        parts = parts_of(_file(name))
        entry = store.get(_key(parts, weight_format))
        if entry is None:
            GgufFile.open(parts[0])
        return entry.path if entry else None

    def source(self, name: str, revision: str) -> Source:
        """See ``Kind``."""
        return _File(parts_of(_file(name)))

    def tidy(self, name: str) -> None:
        """See ``Kind``; nothing is left."""


class _File:
    revision = ""
    licence = ""

    def __init__(self, parts: tuple[Path, ...]) -> None:
        self._parts = parts

    def key(self, weight_format: WeightFormat) -> store.Key:
        return _key(self._parts, weight_format)

    def make(
        self, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
    ) -> dict[str, str]:
        from dolly_widget.models.conversion import making  # only the child process needs it
        from dolly_widget.models.gguf import conversion

        file = GgufFile.open(self._parts[0])
        self.licence = stated(*(file.metadata.get(key) for key in _LICENCE_KEYS))
        making.report_needs(needs.of_gguf(file.parameters, weight_format), False, on_progress)
        return conversion.convert(file.path, staging, weight_format, on_progress, install_exporter=install_exporter)


def _key(parts: tuple[Path, ...], weight_format: WeightFormat) -> store.Key:
    return store.Key(str(parts[0]), fingerprint(parts), str(weight_format))


def _file(name: str) -> Path:
    """The absolute path of the file that a name stands for. Raises ModelError where a directory holds several."""
    path = Path(name).expanduser().absolute()
    if not path.is_dir():
        return path
    found = models_in(path)
    if len(found) > 1:
        names = ", ".join(each.name for each in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise ModelError(f"{path} holds {len(found)} GGUF models: give the path of one of {names}{more}.")
    return found[0]
