"""What is stored on this machine, in words: each model with its formats, what it takes, and what deleting it frees.

Knows no page and no terminal; both show what it says.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.catalogue import GgufDownload, NamedModel, catalogued
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.entry import PUBLISHED, Entry
from dolly_widget.models.hub import cache, client
from dolly_widget.models.licence import licence_of
from dolly_widget.models.lookup import find
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.text import in_bytes, in_round_bytes, visible_name

NO_LICENCE = "licence not stated"
_COMMIT_CHARS = 8


class StoredFormat(NamedTuple):
    """One of the formats that a model was made in."""

    label: str
    """What tells it from the model's others: "INT8"."""
    entry: Entry


@dataclass(frozen=True)
class StoredModel:
    """A model, whose formats are entries of the store."""

    title: str
    """Fit to be shown, and another for each model."""
    licence: str
    """Fit to be shown; ``NO_LICENCE`` if it is not known."""
    formats: tuple[StoredFormat, ...]


def stored_models(entries: Iterable[Entry]) -> list[StoredModel]:
    """The models that these entries are, by title; those of the catalogue are one, whichever repository each is of."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        known = catalogued(entry.model_id)
        groups.setdefault(known.name if known else entry.model_id, []).append(entry)
    shared = Counter(_title(group[0]) for group in groups.values())
    models = [_model(group, is_title_shared=shared[_title(group[0])] > 1) for group in groups.values()]
    return sorted(models, key=lambda model: model.title.casefold())


def _title(entry: Entry) -> str:
    known = catalogued(entry.model_id)
    return known.title if known else entry.title


def _model(entries: Sequence[Entry], is_title_shared: bool) -> StoredModel:
    first = entries[0]
    shared = Counter(map(_format, entries))
    formats = [StoredFormat(_label(entry, shared[_format(entry)] > 1), entry) for entry in entries]
    return StoredModel(
        title=visible_name(first.model_id if is_title_shared else _title(first)),
        licence=visible_name(next(filter(None, map(licence_of, entries)), NO_LICENCE)),
        formats=tuple(sorted(formats, key=lambda each: each.label)),
    )


def _label(entry: Entry, is_format_shared: bool) -> str:
    commit = f" @{entry.commit[:_COMMIT_CHARS]}" if is_format_shared else ""
    return f"{_format(entry)}{commit}"


def _format(entry: Entry) -> str:
    known = catalogued(entry.model_id)
    ready = known.ready_format(entry.model_id) if known else ""
    if entry.weight_format == PUBLISHED:
        return ready.upper() or "as published"
    name, *settings = visible_name(entry.weight_format).split("-")
    return "-".join([name.upper(), *settings])


def load_name(entry: Entry) -> tuple[str, WeightFormat | None]:
    """The name and the weight format that load this very entry; None: a format makes no difference.

    Its directory, where its name stands for a newer one, or for a file that is gone.
    """
    known = catalogued(entry.model_id)
    names = [known.name, entry.model_id] if known else [entry.model_id]
    with suppress(ValueError):  # a format that is none, of a manifest that somebody else has written
        stored_as = _ready_format(known, entry) if entry.weight_format == PUBLISHED else entry.weight_format
        weight_format = WeightFormat.of(stored_as)
        for name in names:
            if _found(name, weight_format) == entry.path:
                return name, weight_format
    return str(entry.path), None


def _ready_format(known: NamedModel | None, entry: Entry) -> str:
    return (known.ready_format(entry.model_id) if known else "") or "int8"


def _found(name: str, weight_format: WeightFormat) -> Path | None:
    try:
        return find(name, weight_format)
    except ModelError:  # a file that is gone
        return None


# Deleting


class Removal(NamedTuple):
    """What was deleted."""

    entry: Entry
    freed_bytes: int
    note: str
    """What is left of it elsewhere, see ``download_note``."""


def remove(name: str) -> Removal:
    """Delete the entry called ``name``, see ``store.remove``. Takes about a second for 3 GB."""
    entry = next((entry for entry in store.entries() if entry.name == name), None)
    freed_bytes = entry.own_bytes if entry else 0
    removed = store.remove(name)
    return Removal(removed, freed_bytes, download_note(removed))


def download_note(entry: Entry) -> str:
    """That the hub's own cache has the download of an entry, too, and what deletes it there; "" where it has not."""
    model_id, commit = _download(entry)
    is_there = client.is_model_id(model_id) and (cache.folder(model_id) / "snapshots" / commit).is_dir()
    return f"The download is still in the hub's cache: `hf cache rm model/{model_id}` deletes it." if is_there else ""


def _download(entry: Entry) -> tuple[str, str]:
    """The repository and the commit that an entry was made from."""
    known = catalogued(entry.model_id)
    if known is not None and isinstance(known.source, GgufDownload):
        return known.source.hub_id, known.source.commit
    return entry.model_id.partition(":")[0], entry.commit


# The disk


def used_bytes(entries: Iterable[Entry]) -> int:
    """What these entries take on disk."""
    return sum(entry.size_bytes for entry in entries)


def free_bytes() -> int | None:
    """What is free on the disk that the store is, or will be, on; None where that cannot be told."""
    directory = store.cache_dir()
    try:
        there = next(path for path in (directory, *directory.parents) if path.exists())
        return shutil.disk_usage(there).free
    except OSError:
        return None


def disk_line(entries: Iterable[Entry]) -> str:
    """What these entries take, and what is left: "Used here: 2.3 GB · free on this disk: 72 GB"."""
    free = free_bytes()
    rest = "" if free is None else f" · free on this disk: {in_round_bytes(free)}"
    return f"Used here: {in_bytes(used_bytes(entries))}{rest}"


def demo_bytes() -> int:
    """Size of the demonstration model, which is part of the package."""
    return sum(path.stat().st_size for path in OPENVINO_DIR.iterdir())
