"""The exchanges that a widget begins with, from a history or a file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from dolly_widget.engines import EngineSetup
from dolly_widget.history import Exchange
from dolly_widget.text import encodable
from dolly_widget.widget.session.history_file import HistoryFile


def read_exchanges(history: Sequence[Exchange] | HistoryFile) -> list[Exchange]:
    """The exchanges of a history, or of a history's file, with the files of their models if those are here.

    Raises ValueError for a file that is not a history, TypeError for any other value.
    """
    given = history.read() if isinstance(history, HistoryFile) else history
    if not isinstance(given, Sequence) or not all(isinstance(each, Exchange) for each in given):
        raise TypeError(f"history must be a History, exchanges, or the path of a JSON file, not {given!r:.60}.")
    # The newest first: those are what is gone on with.
    setups = dict.fromkeys(each.setup for each in reversed(given))
    homes = {setup: _home(setup) for setup in islice(setups, _MAX_LOOKED_UP)}
    return [_as_shown(each, homes.get(each.setup)) for each in given]


_MAX_LOOKED_UP = 100
"""Setups whose models are looked for on this disk: a file of somebody else can name any number."""


def _home(setup: EngineSetup | None) -> Path | None:
    """The files of a model on this machine; None where they are not there.

    A name that begins with two slashes is that of another machine, to which Windows would log in.
    """
    if setup is None or not setup.model[:2].strip("/\\"):
        return None
    with contextlib.suppress(ValueError, OSError, RuntimeError):  # RuntimeError: "~nobody", whose home is not known
        if found := replace(setup, draft=None).find():
            return found.here().directory
    return None


def _as_shown(exchange: Exchange, home: Path | None) -> Exchange:
    """The exchange with its model's files, and with an answer that a page can show."""
    result = replace(exchange.result, text=encodable(exchange.result.text))
    return replace(exchange, model_dir=exchange.model_dir or home, result=result)
