"""Block rules that keep untrusted Markdown within bounds: nesting, and the cells of tables. Nothing is lost by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock

MAX_TABLE_CELLS = 5_000
"""Of one text. Short rows are filled up, so a few kB of bars could otherwise become millions of cells."""

MAX_NESTING = 20
"""Blocks in blocks; what lies deeper is shown as text."""

_CELL_BORDER = re.compile(r"(?<!\\)\|")


def too_deep(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: on the last level before the parser would skip the rest, the block's lines are shown as they are."""
    if silent or state.level < MAX_NESTING - 2:
        return False
    stop = start_line + 1
    while stop < end_line and (state.isEmpty(stop) or state.sCount[stop] >= state.blkIndent):
        stop += 1
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start_line, stop, state.blkIndent, False).strip()
    inline.children = []
    state.push("paragraph_close", "p", -1)
    state.line = stop
    return True


def bounded_table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: a table within the budget of cells; surplus cells join the last one instead of vanishing."""
    from markdown_it.rules_block import table

    n_columns = max(1, len(_cells(state, start_line)))
    budget = state.env.setdefault("table_cells", MAX_TABLE_CELLS)
    n_rows = budget // n_columns
    n_before = len(state.tokens)
    if n_rows < 1 or not table(state, start_line, min(end_line, start_line + 1 + n_rows), silent):
        return False
    if not silent:
        state.env["table_cells"] = budget - n_columns * (state.line - start_line - 1)
        inlines = [token for token in state.tokens[n_before:] if token.type == "inline"]
        # The first row is the head, the second line the rule below it.
        for row, line in enumerate(range(start_line + 2, state.line), start=1):
            surplus = _cells(state, line)[n_columns:]
            inlines[(row + 1) * n_columns - 1].content += "".join(f" | {cell.strip()}" for cell in surplus)
    return True


def _cells(state: StateBlock, line: int) -> list[str]:
    cells = _CELL_BORDER.split(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip())
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    return cells
