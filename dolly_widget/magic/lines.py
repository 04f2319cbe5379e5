"""Lines of a cell that IPython would read in another way before it knows `%dolly`. Knows no engine."""

from __future__ import annotations

import re
from tokenize import DEDENT, INDENT
from typing import Any

from IPython.core.inputtransformer2 import EscapedCommand, HelpEnd, MagicAssign, TokenTransformBase
from IPython.core.interactiveshell import InteractiveShell

_QUESTION = re.compile(r"^[ \t]*(?:\w+[ \t]*=[ \t]*)?%dolly[ \t]+[^\s?].*\?[ \t]*$", re.MULTILINE)


def warn_if_cell_was_parsed_before(shell: InteractiveShell) -> None:
    """Say so if the cell that loads us asks with ``%dolly …?``: IPython has already read that as a request for help."""
    history = shell.history_manager
    cell, parsed = (history.input_hist_raw[-1], history.input_hist_parsed[-1]) if history else ("", "")
    if "dolly_widget" in cell and "run_line_magic('dolly'," not in parsed and (line := _QUESTION.search(cell)):
        print(f"IPython read this cell before %dolly was loaded. Run this in a separate cell: {line[0].strip()}")


class LineThatAsks(EscapedCommand):
    """``%dolly Who is Dolly?``: a question, where IPython would take the end for a request for help on ``Dolly``."""

    priority = HelpEnd.priority - 1

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> LineThatAsks | None:
        """Find the first ``%dolly`` with an instruction."""
        for line in tokens_by_line:
            first = next((token for token in line if token.type not in (INDENT, DEDENT)), None)
            if first and re.match(r"%dolly\s+[^\s?]", first.line[first.start[1] :]):
                return cls(first.start)
        return None


# Stands before the options if the answer is assigned. A character that users do not type.
ASSIGNED = "\0"


class AssignedAnswer(TokenTransformBase):
    """``answer = %dolly Who is Dolly?``: IPython would take the end for a request for help here, too."""

    priority = HelpEnd.priority - 1

    def __init__(self, start: tuple[int, int], assignment: MagicAssign) -> None:
        super().__init__(start)
        self._assignment = assignment

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> AssignedAnswer | None:
        """Find the first assignment of a magic, if it is of ``%dolly`` with an instruction."""
        found = MagicAssign.find(tokens_by_line)
        for line in tokens_by_line if found else ():
            first = next((token for token in line if token.type not in (INDENT, DEDENT)), None)
            if first and first.start[0] - 1 == found.start_line:
                asks = re.match(r"%dolly\s+[^\s?]", first.line[found.start_col :])
                return cls(first.start, found) if asks else None
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """The lines with the call in place."""
        number, column = self._assignment.start_line, self._assignment.start_col
        target, asked = lines[number][:column], lines[number][column:].removeprefix("%dolly").lstrip()
        marked = f"{target}%dolly {ASSIGNED}{asked}"
        return self._assignment.transform([*lines[:number], marked, *lines[number + 1 :]])
