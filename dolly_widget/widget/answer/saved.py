"""The conversation as static HTML beside the widget in a cell's output, for whoever opens the notebook without it.

JupyterLab, GitHub and nbconvert show a saved notebook without the widget, or with an error in its place. While the
widget lives, style.css hides this output. It is an output of its own: a new one in the widget's place would make its
view anew, and take the reader's place and selection.
"""

from __future__ import annotations

import functools
import html
from collections import deque
from collections.abc import Callable
from typing import Any

from dolly_widget.history import Exchange
from dolly_widget.text import Turn, markdown_to_html, output_html, reasoning_html
from dolly_widget.widget.answer.conversation import MAX_SHOWN_TURNS

MAX_PLACES = 20
"""Outputs that are kept up to date: the newest ones in which the widget was shown."""
# JupyterLab's line "Error displaying widget: model not found", which stands above what this output is there for.
_WITHOUT_WIDGET = (
    "<style>.jp-OutputArea-child:not(:has(.dw-widget)):has(+ .jp-OutputArea-child .dw-saved){display:none}</style>"
)
_EMPTY = '<div class="dw-saved"></div>'


class SavedOutput:
    """The outputs that hold the conversation. ``show`` makes one where a cell shows the widget."""

    def __init__(self) -> None:
        self._places: deque[Any] = deque(maxlen=MAX_PLACES)
        self._html = _EMPTY
        self._turn_html = functools.lru_cache(maxsize=1024)(_turn_html)  # its own, freed with it: answers are long

    def show(self, bundle: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        """Display the widget's own ``bundle``, and below it the conversation as it is now, empty as that may be."""
        from IPython.display import DisplayHandle, display

        display(bundle, metadata=metadata, raw=True)
        if _is_in_a_notebook():
            place = DisplayHandle()
            place.display(_bundle(self._html), raw=True)
            self._places.append(place)

    def update(self, newest: Exchange) -> None:
        """An answer has ended. Called on the worker's thread, too."""
        self._html = conversation_html(newest, self._turn_html)
        for place in self._places:
            place.update(_bundle(self._html), raw=True)


def _is_in_a_notebook() -> bool:
    """Whether there are outputs of cells: not in a terminal's IPython."""
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _bundle(content: str) -> dict[str, str]:
    return {"text/html": content, "text/plain": ""}


def conversation_html(exchange: Exchange, turn_html: Callable[[Turn], str] | None = None) -> str:
    """Safe HTML of what was said up to the end of an answer, of as many turns as the widget shows."""
    before = exchange.turns[-(MAX_SHOWN_TURNS - 1) :]
    said = [*map(turn_html or _turn_html, before), _newest_html(exchange)]
    return output_html(f'{_WITHOUT_WIDGET}<div class="dw-saved">{"<hr>".join(said)}</div>')


def _turn_html(turn: Turn) -> str:
    return f"{_asked_html(turn.instruction, turn.context)}\n{markdown_to_html(turn.answer)}\n"


def _newest_html(exchange: Exchange) -> str:
    result = exchange.result
    answer = reasoning_html(result.reasoning, result.thought) + markdown_to_html(result.text)
    return f"{_asked_html(exchange.instruction, exchange.context)}\n{answer}"


def _asked_html(instruction: str, context: str) -> str:
    return f"<p>{'<br>'.join(f'<b>{html.escape(text)}</b>' for text in (instruction, context) if text)}</p>"
