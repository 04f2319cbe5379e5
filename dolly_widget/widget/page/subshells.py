"""What the page says reaches a widget while a cell runs. Knows ipykernel's subshells, and nothing of any widget.

JupyterLab from 4.4 and Notebook from 7.4 send what is clicked and typed over a subshell: a second thread of ipykernel
from 7.0, which handles it at once. ipykernel 7.4 sends it to the shell that the widget spoke from last instead: for
most widgets the main one, where it waits for the running cell. A widget that awaits an answer in a cell needs that;
ours await none. With ipykernel 6, and in front ends without subshells, nothing can be done: all waits for the cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as widgets

_ROUTE = "_reply_subshell_for"  # ipykernel 7.4's: (data, the front end's choice) -> the shell that handles the message


def handle_during_cells(parts: Iterable[widgets.Widget]) -> None:
    """Let ``parts`` handle the page's messages while a cell runs, on the shell that the page has chosen.

    All of a widget's controls or none: else a click overtakes what was typed before it. Their handlers run on the
    subshell's thread then, one at a time, beside the main thread's cell. Does nothing where there is nothing to do.
    """
    for part in parts:
        # A closed widget has no comm, a script's is a stand-in that has no such method, as that of other kernels.
        if hasattr(part.comm, _ROUTE):
            setattr(part.comm, _ROUTE, _as_the_page_chose)


def _as_the_page_chose(data: Any, subshell_id: str | None) -> str | None:
    return subshell_id
