"""The last lines of a terminal, rewritten while their text grows. Knows nothing of what the text is."""

from __future__ import annotations

_TAB = "    "


class LiveTail:
    """Text in rows of ``columns``, of which the newest ``height`` are on the screen.

    The methods return what is to be written for it; the cursor is then behind the last row.
    """

    def __init__(self, columns: int, height: int) -> None:
        self._columns, self._height = max(1, columns), max(1, height)
        self._rows = [""]
        self._shown: list[str] = []

    def add(self, text: str) -> str:
        """Show more text at the end."""
        for place, line in enumerate(text.replace("\t", _TAB).split("\n")):
            if place:
                self._rows.append("")
            self._rows[-1:] = _wrapped(self._rows[-1] + line, self._columns)
        # Rows above are on no screen, and never needed again.
        self._rows = self._rows[-self._height :]
        before, self._shown = self._shown, self._rows.copy()
        return _update(before, self._shown)

    def clear(self) -> str:
        """Take all of it from the screen, and begin anew."""
        up = _up(len(self._shown) - 1)
        is_empty, self._rows, self._shown = not self._shown, [""], []
        return "" if is_empty else f"\r{up}\x1b[J"


def _update(before: list[str], after: list[str]) -> str:
    """What makes the rows ``after`` of the rows ``before``: only what is new, where the beginning is the same."""
    pairs = enumerate(zip(before, after, strict=False))
    same = next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))
    if same == len(before):
        return ("\n" if before else "") + "\n".join(after[same:]) if after[same:] else ""
    if same == len(before) - 1 and len(after) > same and after[same].startswith(before[same]):
        return "\n".join([after[same][len(before[same]) :], *after[same + 1 :]])
    return f"\r{_up(len(before) - 1 - same)}\x1b[J" + "\n".join(after[same:])


def _up(rows: int) -> str:
    return f"\x1b[{rows}A" if rows > 0 else ""


def _wrapped(line: str, columns: int) -> list[str]:
    """A line as rows, broken at spaces where there are any."""
    from rich.cells import cell_len, chop_cells

    rows = []
    while cell_len(line) > columns:
        first = chop_cells(line, columns)[0]
        space = first.rfind(" ")
        end = space + 1 if space > 0 and line[len(first)] != " " else len(first)
        rows.append(line[:end].rstrip(" "))
        line = line[end:].lstrip(" ")
    return [*rows, line]
