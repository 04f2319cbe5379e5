"""One model of the store: the key that names its directory, and the manifest in it. Makes and removes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.commits import is_commit
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.text import read_json

PUBLISHED = "published"
"""The weight format of a model that was downloaded as OpenVINO files: whatever its author chose."""
MANIFEST = "dolly_widget.json"
"""Where a model came from, and what made it: in the directory of every model of the store."""
TITLE = "title"
"""In a manifest: what to call a model that was made from a path, see ``title.title_of``."""
LICENCE = "licence"
"""In a manifest: the licence that the model's publisher states, see ``licence.stated``."""
_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9._-]+")
_MAX_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Key:
    """What makes two conversions the same one. Raises ModelError for what could not be a directory's name."""

    model_id: str
    """Id on the hub, with the name of a GGUF file of it ("owner/name:file.gguf"); or an absolute path."""
    commit: str
    """Commit of the revision, 40 hex digits; for a directory, the fingerprint of its files."""
    weight_format: str

    def __post_init__(self) -> None:
        if not is_commit(self.commit):
            raise ModelError(
                f"{str(self.commit)[:80]!a} is not a commit, which has 40 hex digits: check where it is from."
            )
        if not _NAME.fullmatch(self.name):
            raise ModelError(f"A model cannot be stored as {self.name[:200]!a}: give the id of a model of the hub.")

    @property
    def name(self) -> str:
        """Name of the entry's directory."""
        repository, _, file = self.model_id.partition(":")
        slug = self.model_id.replace("/", "--")
        if Path(self.model_id).is_absolute():
            # Its last part says enough, and the digest tells two of the same name apart.
            digest = hashlib.sha256(self.model_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            last = _plain(Path(self.model_id).name)
            slug = f"{last}-{digest}"
        elif file and "/" in repository:  # a GGUF file of a repository, whose name may have any letters
            digest = hashlib.sha256(file.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            slug = f"{repository.replace('/', '--')}--{_plain(file)}-{digest}"
        return f"{slug}--{self.weight_format}--{self.commit[:12]}"


def _plain(name: str) -> str:
    """As much of a name as a directory's can have."""
    return re.sub(r"[^A-Za-z0-9._-]|\.(?=\.)|^\.", "-", name)[:60]


@dataclass(frozen=True)
class Entry:
    """A model of the store."""

    path: Path
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """What ``store.remove`` takes: unique in the store."""
        return self.path.name

    @property
    def model_id(self) -> str:
        """Id on the hub, or the absolute path of the checkpoint."""
        return str(self.manifest["model_id"])

    @property
    def title(self) -> str:
        """What to call it: its id; of a path, what that was called when the model was made, or its last part."""
        path = Path(self.model_id)
        if not path.is_absolute():
            return self.model_id
        title = self.manifest.get(TITLE)
        return title if isinstance(title, str) and title else path.name

    @property
    def revision(self) -> str:
        """The branch, tag or commit that was asked for; "" for a directory."""
        return str(self.manifest["revision"])

    @property
    def commit(self) -> str:
        """See ``Key``."""
        return str(self.manifest["commit"])

    @property
    def weight_format(self) -> str:
        """As ``str(WeightFormat)`` writes it, or PUBLISHED."""
        return str(self.manifest["weight_format"])

    @property
    def created(self) -> str:
        """Date and time, ISO 8601, UTC."""
        return str(self.manifest["created"])

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(int(file["bytes"]) for file in self.manifest["files"].values())

    @property
    def own_bytes(self) -> int:
        """Size of the files that ``store.remove`` frees; those that the hub's cache has too are only links to it."""
        total = 0
        for name in self.manifest["files"]:
            with suppress(FileNotFoundError):  # another process has removed it meanwhile
                stat = (self.path / name).stat()
                total += stat.st_size if stat.st_nlink == 1 else 0
        return total

    def damaged(self) -> tuple[str, ...]:
        """Names of the files that are missing or not what they were, by SHA-256. Reads every byte."""
        files = self.manifest["files"].items()
        return tuple(name for name, file in files if sha256(self.path / name) != file["sha256"])

    def _has_right_sizes(self) -> bool:
        files = self.manifest["files"]
        sizes = {path.name: path.stat().st_size for path in self.path.iterdir()}
        return set(files) >= set(REQUIRED_FILES) and all(
            sizes.get(name) == file["bytes"] for name, file in files.items()
        )


def sha256(path: Path) -> str:
    """SHA-256 of a file in hex digits; "" where there is none."""
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest that is in a directory, whoever wrote it; empty where there is none that can be read."""
    try:
        manifest = read_json(directory / MANIFEST, _MAX_MANIFEST_BYTES)
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def read_entry(directory: Path) -> Entry | None:
    """The entry in a directory; None where it is not whole, or where its manifest is not that of this directory."""
    try:
        manifest = read_json(directory / MANIFEST, _MAX_MANIFEST_BYTES)
        if not _is_manifest(manifest):
            return None
        entry = Entry(directory, manifest)
        is_its_place = Key(entry.model_id, entry.commit, entry.weight_format).name == entry.name
        return entry if is_its_place and entry._has_right_sizes() else None
    except (OSError, ValueError):
        return None  # written last: where it is not whole, the model is not


_TEXTS = ("model_id", "commit", "weight_format", "revision", "created")


def _is_manifest(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(name), str) for name in _TEXTS)
        and isinstance(files := value.get("files"), dict)
        and all(_is_file(name, file) for name, file in files.items())
    )


def _is_file(name: str, file: Any) -> bool:
    """Whether this is the name of a file beside the manifest, with its size and digest."""
    is_plain = name not in ("", ".", "..") and set(name).isdisjoint('/\\:\0"')
    return (
        is_plain and isinstance(file, dict) and type(file.get("bytes")) is int and isinstance(file.get("sha256"), str)
    )
