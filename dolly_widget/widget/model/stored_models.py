"""The models on this machine: what each is and takes, a click that loads it, and one that deletes it.

Knows the store, and nothing of loading. What the page sends is the key of a row, which is looked up among the rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import traitlets

from dolly_widget.errors import ModelError
from dolly_widget.models import Entry, WeightFormat, find, inventory
from dolly_widget.runtime import Job, Worker
from dolly_widget.text import in_bytes
from dolly_widget.widget.page.control import Control

MOST_KEPT = 10
"""Files of other programs that have a row; the box offers all of them."""
_DEMO = "demo"
_STATES = {"running": "running now", "loading": "being loaded", "elsewhere": "in use"}
_REFUSALS = {
    "running": "{name} is running: load another model first.",
    "loading": "{name} is being loaded: load another model first.",
    "elsewhere": "{name} is in use in this notebook: load another model there first.",
}


class _Said(NamedTuple):
    """What is said in a row."""

    key: str
    text: str


class StoredModels(Control):
    """Empty until ``show`` is called. ``on_load`` gets a model, and its weight format where that matters.

    ``uses`` tells for what each directory of a model is in use: "running", "loading" or "elsewhere". ``on_deleted`` is
    called when something was deleted, on the thread that did it.
    """

    scripts = ("../page/keys.js", "stored_rows.js", "stored_models.js")
    styles = ("stored_models.css",)
    only_shows = True

    # One value, so that its parts always fit together, whichever thread sets it.
    listing: traitlets.Dict[str, Any] = traitlets.Dict(
        help="models (title, facts, rows), disk (a line), told (what was done last), answers (number of deletions)."
    ).tag(sync=True)
    disabled = traitlets.Bool(False, help="Whether nothing can be loaded now.").tag(sync=True)

    def __init__(
        self,
        on_load: Callable[[str, WeightFormat | None], Any],
        uses: Callable[[], Mapping[Path, str]],
        on_deleted: Callable[[], None],
    ) -> None:
        self._on_load, self._uses, self._on_deleted = on_load, uses, on_deleted
        self._lock = threading.Lock()
        self._worker = Worker(ends_at_exit=False)  # what is left half deleted then, the store sweeps away
        self._entries: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        self._kept: Mapping[str, str] = {}
        self._deleting: set[str] = set()
        self._said: _Said | None = None
        self._told, self._answers = "", 0
        self.job: Job[None] | None = None
        """The newest deletion."""
        super().__init__()
        self.on_msg(self._on_page)

    def show(self, entries: Sequence[Entry], kept: Mapping[str, str]) -> None:
        """List what is stored, and the files that other programs keep: name -> path."""
        uses = self._uses()  # before the lock: it may take that of the session
        models = inventory.stored_models(entries)
        with self._lock:
            self._entries = {entry.name: entry for entry in entries}
            self._names = {each.entry.name: f"{model.title} {each.label}" for model in models for each in model.formats}
            self._kept = kept
            self.listing = {
                "models": [_demo(uses), *(self._model(model, uses) for model in models), *_kept_rows(kept)],
                "disk": inventory.disk_line(entries),
                "told": self._told if self._said is None or self._said.key in self._entries else self._said.text,
                "answers": self._answers,
            }

    def _model(self, model: inventory.StoredModel, uses: Mapping[Path, str]) -> dict[str, Any]:
        rows = [self._row(each, uses) for each in model.formats]
        return {"title": model.title, "facts": model.licence, "rows": rows}

    def _row(self, stored: inventory.StoredFormat, uses: Mapping[Path, str]) -> dict[str, Any]:
        entry = stored.entry
        use = uses.get(entry.path.resolve(), "")
        said = self._said
        return {
            **_plain_row(entry.name, stored.label, entry.size_bytes, use),
            "frees": in_bytes(entry.own_bytes),
            "stays": "Its download stays in the hub's cache." if inventory.download_note(entry) else "",
            "refusal": _refusal(self._names[entry.name], use),
            "said": said.text if said and said.key == entry.name else "",
            "is_deleting": entry.name in self._deleting,
        }

    # What the page asks for

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        kind, key = content.get("kind"), content.get("key")
        if not isinstance(key, str):
            return
        if kind == "load" and not self.disabled:
            self._load(key)
        elif kind == "delete" and key in self._entries:
            self.delete(key)
        elif kind == "delete":  # it is gone already
            self._answer()

    def _load(self, key: str) -> None:
        if key in self._entries:
            self._on_load(*inventory.load_name(self._entries[key]))
        elif key == _DEMO or key in self._kept:
            self._on_load(self._kept.get(key, key), None)

    def delete(self, name: str) -> None:
        """Delete an entry in the background, unless it is in use; its row says why, or what went wrong."""
        with self._lock:
            entry, title = self._entries[name], self._names[name]
            if name in self._deleting:
                return
            self._deleting.add(name)
        if refusal := _refusal(title, self._uses().get(entry.path.resolve(), "")):
            self._end(name, problem=refusal)
            return
        self._answer()
        self.job = Job(partial(self._work, name, title), name="dolly-delete", worker=self._worker)

    def _work(self, name: str, title: str, stop: threading.Event) -> None:
        try:
            removal = inventory.remove(name)
        except ModelError as exc:
            self._end(name, problem=str(exc))
        except BaseException:
            self._end(name)
            raise
        else:
            freed = f"{title} is deleted: {in_bytes(removal.freed_bytes)} freed."
            self._end(name, told=f"{freed} {removal.note}".rstrip())

    def _end(self, name: str, *, problem: str = "", told: str = "") -> None:
        self._said, self._told = _Said(name, problem) if problem else None, told
        self._deleting.discard(name)
        self._answer()

    def _answer(self) -> None:
        """Show what has become of what was asked: always a new listing, for which the page waits."""
        self._answers += 1
        self._on_deleted()

    def forget(self) -> None:
        """Say no longer what was done last."""
        self._said, self._told = None, ""

    def _facts(self) -> str:
        return f"{len(self._entries)} stored"


def _refusal(name: str, use: str) -> str:
    return _REFUSALS[use].format(name=name) if use else ""


def _demo(uses: Mapping[Path, str]) -> dict[str, Any]:
    directory = find(_DEMO)
    assert directory is not None
    row = _plain_row(_DEMO, "INT8", inventory.demo_bytes(), uses.get(directory.resolve(), ""))
    return {"title": _DEMO, "facts": "Apache-2.0 · part of the package: it cannot be deleted", "rows": [row]}


def _kept_rows(kept: Mapping[str, str]) -> list[dict[str, Any]]:
    shown = [
        {"title": name, "facts": "that program's own file: delete it there", "rows": [_kept_row(name, path)]}
        for name, path in islice(kept.items(), MOST_KEPT)
    ]
    left = len(kept) - len(shown)
    more = {"title": "", "facts": f"{left} more files of other programs: the box above offers them", "rows": []}
    return [*shown, more] if left > 0 else shown


def _kept_row(name: str, path: str) -> dict[str, Any]:
    try:
        size = Path(path).stat().st_size
    except OSError:  # it was deleted just now
        size = 0
    return _plain_row(name, "GGUF", size, "")


def _plain_row(key: str, label: str, size_bytes: int, use: str) -> dict[str, Any]:
    """A row that cannot be deleted."""
    can_load = use in ("", "elsewhere")
    return {
        "key": key,
        "label": label,
        "size": in_bytes(size_bytes),
        "state": _STATES.get(use, ""),
        "can_load": can_load,
    }
