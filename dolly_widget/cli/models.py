"""``dolly-widget models``: lists what is here and what can be had, checks the store against its checksums, and removes
from it. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.cli.command import EXIT_FOUND, Command, CommandError
from dolly_widget.cli.terminal import tell
from dolly_widget.text import in_bytes, visible_name

if TYPE_CHECKING:
    from dolly_widget.models import Entry

_DEMO_ABOUT = "small and fast, but knows little"
_NAME_HELP = "a name that `dolly-widget models` lists, or the model's id if the store has it only once"
_EPILOG = """\
--json prints one object:
  cache, size_bytes   the directory of the store, and how large its models are
  free_bytes  what is free on its disk; null where that cannot be told
  demo        name, about, size_bytes
  models      a list: name, model_id, title, weight_format, size_bytes,
              revision, commit, created, path, licence (empty: not stated)
  catalogue   a list: name, title, about, licence, parameters, download_bytes,
              disk_bytes, needs_torch, is_here
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="print one JSON object: see below")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", description="Without a command: list the models."
    )
    remove = commands.add_parser("remove", help="Delete models without asking.")
    remove.add_argument("names", metavar="NAME", nargs="+", help=_NAME_HELP)
    remove.set_defaults(run=_remove)
    check = commands.add_parser(
        "check", help="Read models and verify their checksums; the exit code is 1 if one is damaged."
    )
    check.add_argument("names", metavar="NAME", nargs="*", help=_NAME_HELP + " (default: all)")
    check.set_defaults(run=_check)


def _list(args: argparse.Namespace) -> int:
    from dolly_widget.models import inventory, store

    entries = sorted(store.entries(), key=lambda entry: (_heading(entry), entry.weight_format, entry.created))
    if args.json:
        print(json.dumps(_as_data(entries), indent=2), flush=True)  # in ASCII: a terminal obeys nothing of it
    else:
        tell(f"Always here:\n  demo  the demonstration model · {_DEMO_ABOUT} · {in_bytes(inventory.demo_bytes())}\n")
        _list_entries(entries, store.cache_dir())
        _list_catalogue()
    return 0


def _list_entries(entries: list[Entry], cache_dir: Path) -> None:
    from dolly_widget.models import inventory
    from dolly_widget.models.licence import licence_of

    if not entries:
        tell(f"There are no models in {cache_dir} yet: `dolly-widget convert MODEL` adds one.")
        return
    rows = dict(zip((entry.name for entry in entries), _aligned(map(_columns, entries)), strict=True))
    for heading, group in groupby(entries, key=_heading):
        of_model = list(group)
        stated = visible_name(licence_of(of_model[0]))
        tell(f"{heading} · {stated}" if stated else heading)
        for entry in of_model:
            # The name has a line of its own, since it would make the row wider than a terminal.
            tell(f"  {rows[entry.name]}\n    {entry.name}")
    tell(f"\n{_count(len(entries))} in {cache_dir}\n{inventory.disk_line(entries)}")


def _list_catalogue() -> None:
    """What can be had by name and is not here yet, and what is."""
    from dolly_widget.models import CATALOGUE, find

    missing = [model for model in CATALOGUE if find(model.name) is None]
    here = [model.name for model in CATALOGUE if model not in missing]
    if here:
        tell(f"Of these, {', '.join(here)} can be named so.")
    if missing:
        tell("\nTo be had by name, as in  dolly-widget convert smollm2:")
    for row, model in zip(_aligned((model.name, model.summary()) for model in missing), missing, strict=True):
        tell(f"  {row}\n    {model.costs()}")


def _as_data(entries: list[Entry]) -> dict[str, Any]:
    """What ``--json`` says."""
    from dolly_widget.models import CATALOGUE, find, inventory, store
    from dolly_widget.models.licence import licence_of

    keys = ("name", "model_id", "title", "weight_format", "size_bytes", "revision", "commit", "created", "path")
    catalogue = [
        {
            **{key: getattr(model, key) for key in ("name", "title", "about", "licence", "parameters")},
            "download_bytes": round(model.download_bytes()),
            "disk_bytes": round(model.disk_bytes()),
            "needs_torch": model.needs_torch(),
            "is_here": find(model.name) is not None,
        }
        for model in CATALOGUE
    ]
    return {
        "cache": str(store.cache_dir()),
        "size_bytes": inventory.used_bytes(entries),
        "free_bytes": inventory.free_bytes(),
        "demo": {"name": "demo", "about": _DEMO_ABOUT, "size_bytes": inventory.demo_bytes()},
        "models": [
            {**{key: _plain(getattr(entry, key)) for key in keys}, "licence": licence_of(entry)} for entry in entries
        ],
        "catalogue": catalogue,
    }


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _heading(entry: Entry) -> str:
    """What the model is called, and of which file or directory it was made."""
    is_said = entry.model_id.endswith(entry.title)
    return visible_name(entry.model_id if is_said else f"{entry.title}: {entry.model_id}")


def _columns(entry: Entry) -> tuple[str, ...]:
    commit = entry.commit[:8]
    revision = "" if entry.revision.startswith(commit) else visible_name(entry.revision)
    return (
        entry.weight_format,
        in_bytes(entry.size_bytes),
        f"{revision}@{commit}" if revision else commit,
        visible_name(entry.created[:10]),
    )


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]


def _remove(args: argparse.Namespace) -> int:
    from dolly_widget.models import inventory

    for entry in _named(args.names):  # all of them are found before the first is deleted
        removal = inventory.remove(entry.name)
        tell(f"Removed {entry.name}: {in_bytes(removal.freed_bytes)} freed.")
        if removal.note:
            tell(removal.note)
    return 0


def _check(args: argparse.Namespace) -> int:
    from dolly_widget.models import store

    entries = _named(args.names) if args.names else store.entries()
    damaged = [entry for entry in entries if not _is_whole(entry)]
    for entry in damaged:
        model_id = visible_name(entry.model_id)
        tell(f"To repair it:  dolly-widget models remove {entry.name}  and convert or download {model_id} again.")
    if not entries:
        tell(f"There are no models in {store.cache_dir()} yet: nothing to check.")
    return EXIT_FOUND if damaged else 0


def _is_whole(entry: Entry) -> bool:
    print(f"{entry.name}: ", end="", flush=True)  # reading takes a while
    files = entry.damaged()
    tell(f"damaged: {', '.join(map(visible_name, files))}" if files else "whole")
    return not files


def _named(names: Sequence[str]) -> list[Entry]:
    """The entries of the store that are called so, each once. Raises CommandError."""
    return list({entry.name: entry for entry in map(_find, names)}.values())


def _find(name: str) -> Entry:
    from dolly_widget.models import find, named, store

    entries = store.entries()
    found = (
        [entry for entry in entries if entry.name == name]
        or [entry for entry in entries if name in (entry.model_id, entry.title)]
        or [entry for entry in entries if named(name) and entry.path == find(name)]
    )
    if not found:
        raise CommandError(f"There is no model {name!r} in the store: `dolly-widget models` lists what is there.")
    if len(found) > 1:
        choices = ", ".join(entry.name for entry in found)
        raise CommandError(f"The store has {len(found)} models {name!r}: name one of them, {choices}.")
    return found[0]


def _count(number: int) -> str:
    return f"{number} model{'' if number == 1 else 's'}"


COMMAND = Command(
    "models", "List the models that are here, and what can be had; check or remove them.", _add_arguments, _list
)
