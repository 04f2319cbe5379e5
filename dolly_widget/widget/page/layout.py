"""How a widget's parts are dressed, shown and found again. Knows none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets

from dolly_widget.widget.page.control import read_joined


def show_in(place: widgets.HTML, html: str) -> None:
    """Show safe HTML; "" takes the place away."""
    place.value = html
    place.layout.display = None if html else "none"


def style_sheet(*files: Path) -> widgets.HTML:
    """An unseen part that brings style.css, or these files, into the page."""
    css = read_joined(*(files or (_STYLE,)))
    return widgets.HTML(f"<style>{css}</style>", layout={"display": "none"})


_STYLE = Path(__file__).with_name("style.css")


def descendants(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """All widgets below ``widget``, their styles and layouts included: closing it does not close them."""
    for child in getattr(widget, "children", ()):
        yield from descendants(child)
        yield child
    yield from (part for name in ("style", "layout") if isinstance(part := getattr(widget, name, None), widgets.Widget))
