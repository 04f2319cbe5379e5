"""The Markdown that answers are read as: CommonMark, tables, strikethrough, task lists, bare links, formulas.

Parses and renders stretches of a text; ``markdown.py`` renders whole texts, ``growing_markdown.py`` growing ones.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dolly_widget.text.characters import CONTROL, REORDERING, encodable
from dolly_widget.text.markdown_blocks import MAX_NESTING, bounded_table, too_deep
from dolly_widget.text.markdown_code import render_fence
from dolly_widget.text.markdown_links import bare_links, is_safe_url, tame_links
from dolly_widget.text.markdown_math import formula, formula_block, render_formula

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

MAX_MARKDOWN_CHARS = 30_000
"""What is behind them is shown as it is: some inputs cost the parser quadratic time."""

Env = dict[str, Any]
"""What is left of the budgets of one text: cells, coloured characters, formulas."""

_TASKS = {"[ ] ": ("\N{BALLOT BOX}", "to do"), "[x] ": ("\N{BALLOT BOX WITH CHECK}", "done")}


def normalized(text: str) -> str:
    """The text as it is parsed: line breaks of one kind, nothing that cannot be encoded or shown."""
    return CONTROL.sub("\ufffd", encodable(text).replace("\r\n", "\n").replace("\r", "\n"))


def parse(source: str, env: Env) -> list[Token]:
    """The tokens of a normalized text."""
    return _parser().parse(source, env)


class Block(NamedTuple):
    """A block at the top of a text."""

    kind: str
    """The type of its first token."""
    start: int
    end: int
    """Behind its last token."""
    first_line: int


def blocks_of(tokens: Sequence[Token]) -> list[Block]:
    """The blocks at the top, in their order."""
    blocks, start, depth = [], 0, 0
    for place, token in enumerate(tokens, 1):
        depth += token.nesting
        if depth == 0:
            first = tokens[start]
            blocks.append(Block(first.type, start, place, first.map[0] if first.map else 0))
            start = place
    return blocks


def render_tokens(tokens: Sequence[Token], env: Env) -> str:
    """Their HTML, which is safe to insert in a page."""
    parser = _parser()
    # After the parser, which turns &#8238; into the character.
    return REORDERING.sub("", parser.renderer.render(tokens, parser.options, env))


def plain_html(source: str) -> str:
    """A normalized text as it is."""
    return f'<pre class="dw-plain">{html.escape(REORDERING.sub("", source))}</pre>\n'


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    options = {"html": False, "breaks": True, "xhtmlOut": False, "maxNesting": MAX_NESTING, "linkify": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough", "linkify"])
    parser.linkify = bare_links()
    # "[1]: Source" would vanish as a definition.
    parser.disable("reference")
    parser.block.ruler.before("table", "too_deep", too_deep)
    parser.block.ruler.at("table", bounded_table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("table", "formula", formula_block, {"alt": ["paragraph", "reference", "list"]})
    parser.inline.ruler.before("escape", "formula", formula)
    parser.core.ruler.push("tame", _tame)
    parser.add_render_rule("fence", render_fence)
    parser.add_render_rule("math", render_formula)
    # markdown-it-py reads this as an attribute of the instance.
    parser.validateLink = is_safe_url  # type: ignore[method-assign]
    return parser


def _tame(state: StateCore) -> None:
    """Core rule: headings below the page's own, no inline styles, links that give nothing away, no images; tasks."""
    for place, token in enumerate(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"class": str(token.attrs["style"]).replace("text-align:", "dw-")}
        elif token.children:
            token.children = tame_links(token.children)
            if place > 1 and state.tokens[place - 2].type == "list_item_open":
                _mark_task(state.tokens[place - 2], token.children)


def _mark_task(item: Token, children: list[Token]) -> None:
    """Show ``[x]`` at the beginning of a list item as a box that is ticked."""
    from markdown_it.token import Token

    first = children[0]
    sign, title = _TASKS.get(first.content[:4].lower(), ("", "")) if first.type == "text" else ("", "")
    if not sign:
        return
    item.attrs = {**item.attrs, "class": "dw-task-item"}
    first.content = first.content[3:]
    box = Token("text", "", 0, content=sign)
    attrs: dict[str, str | int | float] = {"class": "dw-task", "title": title}
    children[:0] = [Token("task_open", "span", 1, attrs=attrs), box, Token("task_close", "span", -1)]
