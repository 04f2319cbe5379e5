"""Code in untrusted Markdown: its language, and its colours within a budget. Pure."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_HIGHLIGHTED_CHARS = 5_000
"""Of one text; code beyond that stays uncoloured. Several of Pygments' lexers are quadratic in, say, empty lines."""

HIGHLIGHTED = frozenset(
    """bash c c++ console cpp css diff docker dockerfile go golang html ini java javascript js json jsx julia kotlin lua
    markdown md php powershell py pycon python python3 r rb rs ruby rust scala sh shell sql swift toml ts tsx
    typescript xml yaml yml""".split()  # noqa: SIM905
)
"""Fence languages that are coloured. A chosen list: for any other name Pygments would load third-party plug-ins, and
its lexers of C# and makefiles need seconds for 3 kB of short lines or brackets."""


def render_fence(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Render rule: the fence's whole info string becomes a label, so that it isn't lost where it is no language."""
    code, info = tokens[index].content, tokens[index].info.strip()
    label = f' data-lang="{html.escape(info)}"' if info else ""
    language = info.split()[0].lower() if info else ""
    budget = env.setdefault("highlighted_chars", MAX_HIGHLIGHTED_CHARS)
    if language in HIGHLIGHTED and len(code) <= budget:
        env["highlighted_chars"] = budget - len(code)
        shown = _highlight(code, language)
    else:
        shown = html.escape(code)
    return f"<pre{label}><code>{shown}</code></pre>\n"


def _highlight(code: str, language: str) -> str:
    """HTML of the code, with Pygments' short class names."""
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    body = code.rstrip()
    tokens = list(get_lexer_by_name(language, stripnl=False).get_tokens(body))
    if "".join(value for _, value in tokens) != body + "\n":
        # A lexer may drop text: a leading U+FEFF, to begin with.
        return html.escape(code)
    coloured = io.StringIO()
    HtmlFormatter(nowrap=True).format(tokens, coloured)
    return coloured.getvalue().removesuffix("\n") + code[len(body) :]
