"""A table at the top of a growing text: each row's HTML as it comes. Pure. See growing_markdown.py."""

from __future__ import annotations

from dolly_widget.text.markdown_blocks import MAX_TABLE_CELLS
from dolly_widget.text.markdown_parser import Env, blocks_of, parse, render_tokens

_MARKS = {"dw-left": ":-", "dw-right": "-:", "dw-center": ":-:"}
_TABLE_END, _BODY_END = "</table>\n", "</tbody>\n</table>\n"


class GrowingTable:
    """``head`` is its HTML without rows; then ``row`` each line. Each row is read below a head of single letters."""

    def __init__(self, source: str, env: Env) -> None:
        self._env = env
        budget: int = env.get("table_cells", MAX_TABLE_CELLS)
        tokens = parse(source, env)
        cells = [token for token in tokens if token.type == "th_open"]
        self._n_columns = len(cells)
        marks = "|".join(_MARKS.get(str(cell.attrs.get("class", "")), "-") for cell in cells)
        self._above = f"|{'x|' * len(cells)}\n|{marks}|\n"
        self._rows_left = budget // len(cells) - 1
        self._has_rows = False
        self.head = render_tokens(tokens, env)

    @property
    def is_full(self) -> bool:
        """Whether the budget of cells is spent."""
        return self._rows_left < 1

    def row(self, line: str) -> tuple[str, str] | None:
        """The HTML of a row and what stands behind it; None where the table has ended before this line."""
        env = {**self._env, "table_cells": MAX_TABLE_CELLS}
        tokens = parse(self._above + line, env)
        kinds = [token.type for token in tokens]
        if "tbody_open" not in kinds or len(blocks_of(tokens)) > 1:
            return None
        self._env.update({**env, "table_cells": self._env["table_cells"] - self._n_columns})
        self._rows_left -= 1
        body = tokens[kinds.index("tbody_open") : kinds.index("tbody_close") + 1]
        rendered = render_tokens(body if not self._has_rows else body[1:-1], env)
        closing = _BODY_END if self._has_rows else _TABLE_END
        self._has_rows = True
        return rendered, closing
