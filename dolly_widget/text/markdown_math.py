r"""Formulas in untrusted Markdown: ``\( \)``, ``\[ \]``, ``$$ $$``, and ``$ $`` where it can be nothing else. Pure.

A formula becomes ``<span class="dw-math …">\(…\)</span>``: its escaped source, which is what a page without MathJax
shows. The classes let MathJax in where all around it is ignored (``NOT_TYPESET``), so that no other text is ever taken
for one. Why that is safe, whatever a model wrote: a formula is bounded in length and number, its braces are balanced
and none of its delimiters is in it, so that it ends where its element does; and no command of it defines a command
(which would hold for the whole notebook, and could grow without end), loads an extension, links, or sets styles,
classes or ids. What is not such a formula stays the text that it is. JupyterLab's MathJax has its safe mode besides.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

MAX_FORMULA_CHARS = 2_000
MAX_FORMULA_LINES = 60
MAX_FORMULAS = 300
"""Of one text. What is longer, or beyond that, is shown as its source."""
MAX_DOLLAR_CHARS = 200
"""Between single dollars, which stand in one line."""

TYPESET = ("mathjax_process", "tex2jax_process")
"""Classes of elements in which MathJax looks for formulas although it ignores others: from version 3 on, before it."""

_REFUSED = re.compile(
    r"""\\(?:[egx]?def|let|futurelet|(?:re|provide)?newcommand|(?:re)?newenvironment|DeclareMathOperator|newcolumntype
    |DeclarePairedDelimiter\w*|require|load|input|include\w*|catcode|global|csname|expandafter|special|write|read|loop
    |href|url|style|class|cssId|data|html\w*|mmlToken|unicode|[bf]?f?box|bbox|color\w*|textcolor|definecolor|pagecolor
    |text?tip|mathtip|toggle|enclose|action|label|(?:eq)?ref|tag|rule|Rule|Space|[hv]space|[hvm]?skip|m?kern|raise|lower
    |moveleft|moveright|[rl]lap|math[rlc]lap|smash|begingroup\w*|endgroup\w*|meaning|string|char)(?![A-Za-z])""",
    re.VERBOSE,
)
_DELIMITERS = re.compile(r"(?<!\\)(?:\\\\)*(?:\\[()\[\]]|\$)|`|\\(?:begin|end)\s*\{\s*(?:document|filecontents)")
_WORDS = re.compile(r"\b[A-Za-z]{4,} |\b[A-Za-z]+ [A-Za-z]{2,}\b| [A-Za-z]{4,}\b")
_COMMANDS = re.compile(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\\[A-Za-z]+")
_OPENING = re.compile(r"\$\$|\\\[")
_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}


def formula(state: StateInline, silent: bool) -> bool:
    """Inline rule: a formula, from its opening to its closing delimiter."""
    source, start = state.src, state.pos
    opening = source[start : start + 2]
    if opening in _CLOSING:
        end = _end_of(source, start + 2, min(state.posMax, start + 4 + MAX_FORMULA_CHARS), _CLOSING[opening])
        # "\[link\](there)" is a link that was escaped.
        if end > 0 and not (opening == "\\[" and source[end : end + 1] == "("):
            return _write(state, silent, source[start + 2 : end - 2], end, is_display=opening != "\\(")
    if source[start] == "$" and opening != "$$":
        end = _end_of_dollars(source, start, state.posMax)
        if end > 0:
            return _write(state, silent, source[start + 1 : end - 1], end, is_display=False)
    return False


def _end_of(source: str, start: int, stop: int, closing: str) -> int:
    """The place behind the delimiter; 0 where there is none. ``\\\\)`` is a line break and a bracket."""
    place = source.find(closing, start, stop)
    while place > 0 and source[place - 1] == "\\":
        place = source.find(closing, place + 1, stop)
    return place + 2 if place > start else 0


def _end_of_dollars(source: str, start: int, stop: int) -> int:
    """The place behind a formula between single dollars; 0 where they are money, a variable, or anything else.

    Stricter than pandoc's ``tex_math_dollars``: no space inside of either dollar, no letter or digit outside of them,
    one line, and no words between them.
    """
    if start and (source[start - 1].isalnum() or source[start - 1] in "$\\"):
        return 0
    end = source.find("$", start + 1, min(stop, start + MAX_DOLLAR_CHARS))
    content = source[start + 1 : end]
    if end < 0 or not content or content[0].isspace() or content[-1].isspace() or content[-1] == "\\":
        return 0
    behind = source[end + 1 : end + 2]
    if behind.isalnum() or behind == "$" or "\n" in content:
        return 0
    plain = _COMMANDS.sub(" ", content)
    is_money = content[0].isdigit() and re.search(r"[A-Za-z]{2}|[–—,;] ", plain)
    return 0 if is_money or _WORDS.search(plain) or not re.search(r"[A-Za-z\d]", content) else end + 1


def _write(state: StateInline, silent: bool, content: str, end: int, *, is_display: bool) -> bool:
    room = state.env.get("formulas", MAX_FORMULAS)
    is_formula = room > 0 and is_harmless_formula(content)
    if not silent:
        if is_formula:
            state.env["formulas"] = room - 1
        token = state.push("math" if is_formula else "text", "", 0)
        token.content = content.strip() if is_formula else state.src[state.pos : end]
        token.meta = {"is_display": is_display}
    state.pos = end
    return True


def is_harmless_formula(content: str) -> bool:
    """Whether MathJax may have it, see above."""
    if not content.strip() or len(content) > MAX_FORMULA_CHARS:
        return False
    return not (_REFUSED.search(content) or _DELIMITERS.search(content)) and _is_balanced(content)


def _is_balanced(content: str) -> bool:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", content, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def formula_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: lines from an opening delimiter to its closing one are one paragraph, whatever they look like."""
    if state.is_code_block(start_line):
        return False
    end = _last_line(state, start_line, min(end_line, start_line + MAX_FORMULA_LINES))
    if end is None:
        return False
    if silent:
        return True
    state.push("paragraph_open", "p", 1).map = [start_line, end + 1]
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start_line, end + 1, state.blkIndent, False).strip()
    inline.map, inline.children = [start_line, end + 1], []
    state.push("paragraph_close", "p", -1)
    state.line = end + 1
    return True


def _last_line(state: StateBlock, start_line: int, end_line: int) -> int | None:
    """The line that ends with the closing delimiter, before an empty one; None where this is no block of a formula."""
    for line in range(start_line, end_line):
        if line > start_line and (state.isEmpty(line) or state.sCount[line] < state.blkIndent):
            return None
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
        if line == start_line:
            opening = _OPENING.match(text)
            if opening is None:
                return None
            closing = _CLOSING[opening[0]]
            text = text[2:]
        if closing in text:
            return line if line > start_line and text.endswith(closing) and text.count(closing) == 1 else None
    return None


def opens_formula(line: str) -> set[str]:
    """The delimiter that closes the block of a formula which a line seems to open, and does not close."""
    text = line.strip()
    opening = _OPENING.match(text)
    closing = _CLOSING[opening[0]] if opening else ""
    return {closing} if closing and closing not in text[2:] else set()


def render_formula(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Render rule: the source, between the delimiters that MathJax knows everywhere."""
    content, is_display = tokens[index].content, tokens[index].meta["is_display"]
    classes = " ".join(["dw-math", *(["dw-display"] if is_display else []), *TYPESET])
    source = f"\\[{content}\\]" if is_display else f"\\({content}\\)"
    return f'<span class="{classes}">{html.escape(source, quote=False)}</span>'
