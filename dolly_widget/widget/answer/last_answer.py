"""The last answer as HTML, for what shows a saved notebook without widgets. Pure: values in, values out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from dolly_widget.history import Exchange
from dolly_widget.text import markdown_to_html, output_html, reasoning_html


def with_last_answer(bundle: Mapping[str, Any], history: Sequence[Exchange]) -> dict[str, Any]:
    """Return a widget's display ``bundle`` with the last answer of this moment in it, if there is one.

    A front end with widgets shows the widget, and not this as well.
    """
    if not (history and (history[-1].result.text or history[-1].result.reasoning)):
        return dict(bundle)
    return {**bundle, "text/html": _to_html(history[-1])}


def _to_html(exchange: Exchange) -> str:
    asked = [f"<b>{html.escape(text)}</b>" for text in (exchange.instruction, exchange.context) if text]
    result = exchange.result
    answer = reasoning_html(result.reasoning, result.thought) + markdown_to_html(result.text)
    return output_html(f"<p>{'<br>'.join(asked)}</p>\n{answer}")
