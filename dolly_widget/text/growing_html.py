"""HTML that grows by operations, which a page can repeat on its elements. Pure. See growing_markdown.py."""

from __future__ import annotations

from typing import NamedTuple

from dolly_widget.text.characters import utf16_units


class Operation(NamedTuple):
    """What changes the HTML so far; lengths are in UTF-16 units, as JavaScript counts."""

    html: str
    before: int = 0
    """Goes in before so many last characters, which close what is open. 0: behind everything."""
    over: int = 0
    """Takes the place of so many last characters: of the last block."""


class GrowingHtml:
    """Blocks, of which the last one may change until it is closed."""

    def __init__(self) -> None:
        self._closed: list[str] = []
        self._open = ""
        self._operations: list[Operation] = []

    def __str__(self) -> str:
        return "".join((*self._closed, self._open))

    def taken(self) -> list[Operation]:
        """The operations since the last call."""
        operations, self._operations = self._operations, []
        return operations

    def close(self) -> None:
        """The last block stays as it is."""
        self._closed.append(self._open)
        self._open = ""

    def append(self, rendered: str) -> None:
        """Another block."""
        if rendered:
            self.close()
            self._open = rendered
            self._operations.append(Operation(rendered))

    def insert(self, rendered: str, closing: str) -> None:
        """More of the last block, before the tags ``closing`` at its end."""
        place = len(self._open) - len(closing)
        self._open = self._open[:place] + rendered + closing
        last = self._operations[-1] if self._operations else None
        if last and last.before == len(closing):
            self._operations[-1] = last._replace(html=last.html + rendered)
        else:
            self._operations.append(Operation(rendered, before=len(closing)))

    def replace(self, rendered: str) -> None:
        """The last block anew."""
        self._operations.append(Operation(rendered, over=utf16_units(self._open)))
        self._open = rendered
