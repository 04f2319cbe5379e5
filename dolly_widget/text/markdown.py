"""Untrusted text becomes safe HTML: Markdown, and coloured tokens. Pure: text in, str out. Knows nothing about widgets.

What a model writes is shown, never obeyed: its HTML appears as text, its images become links, its links lead to
http, https and mailto only. And nothing that it wrote is lost where Markdown would drop it.
"""

from __future__ import annotations

import functools
import html
import io
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dolly_widget.text.characters import CONTROL, REORDERING, encodable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

MAX_MARKDOWN_CHARS = 30_000
"""A longer text is shown as it is: some inputs cost the parser quadratic time."""

MAX_TABLE_CELLS = 5_000
"""Of one text. Short rows are filled up, so a few kB of bars could otherwise become millions of cells."""

MAX_NESTING = 20
"""Blocks in blocks; what lies deeper is shown as text."""

MAX_HIGHLIGHTED_CHARS = 5_000
"""Of one text; code beyond that stays uncoloured. Several of Pygments' lexers are quadratic in, say, empty lines."""

HIGHLIGHTED = frozenset(
    """bash c c++ console cpp css diff docker dockerfile go golang html ini java javascript js json jsx julia kotlin lua
    markdown md php powershell py pycon python python3 r rb rs ruby rust scala sh shell sql swift toml ts tsx
    typescript xml yaml yml""".split()  # noqa: SIM905
)
"""Fence languages that are coloured. A chosen list: for any other name Pygments would load third-party plug-ins, and
its lexers of C# and makefiles need seconds for 3 kB of short lines or brackets."""

_SAFE_URL = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)
# Texts of links that are addresses, of the web and for mail, which need not be the link's.
_HOST = re.compile(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[^\W\d_]{2,63})(?:[:/?#@]\S*)?$", re.IGNORECASE)
_MAIL = re.compile(r"(?:mailto:)?([^\s@:/?]+@[^\s@:/?]+)(?:\?\S*)?$", re.IGNORECASE)
_CELL_BORDER = re.compile(r"(?<!\\)\|")


def markdown_to_html(text: str) -> str:
    """Render Markdown (CommonMark, tables, strikethrough; line breaks kept) to HTML that is safe to insert in a page.

    For any string: no exception, no element or attribute of the text's own, time bounded.
    """
    source = CONTROL.sub("\ufffd", encodable(text).replace("\r\n", "\n").replace("\r", "\n"))
    if len(source) > MAX_MARKDOWN_CHARS:
        rendered = f'<pre class="dw-plain">{html.escape(source)}</pre>\n'
    else:
        rendered = _parser().render(source)
    # After the parser, which turns &#8238; into the character.
    return REORDERING.sub("", rendered)


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt(
        "commonmark", {"html": False, "breaks": True, "xhtmlOut": False, "maxNesting": MAX_NESTING}
    ).enable(["table", "strikethrough"])
    # "[1]: Source" would vanish as a definition.
    parser.disable("reference")
    parser.block.ruler.before("table", "too_deep", _too_deep)
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.push("tame", _tame)
    parser.add_render_rule("fence", _render_fence)
    # markdown-it-py reads this as an attribute of the instance.
    parser.validateLink = is_safe_url  # type: ignore[method-assign]
    return parser


def is_safe_url(url: str) -> bool:
    """Whether a link in what a model wrote may lead there: to a page of the web, or to an address."""
    return _SAFE_URL.match(url) is not None


def _too_deep(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
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


def _table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
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


def _tame(state: StateCore) -> None:
    """Core rule: headings below the page's own, no inline styles, links that give nothing away, no images."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"class": str(token.attrs["style"]).replace("text-align:", "dw-")}
        elif token.children:
            token.children = _tame_links(token.children)


def _tame_links(tokens: Sequence[Token]) -> list[Token]:
    tamed: list[Token] = []
    start = None  # of the link that we are in
    for token in tokens:
        if token.type == "image":
            tamed += _tame_image(token, is_in_link=start is not None)
        elif token.type == "link_open":
            start = len(tamed)
            tamed.append(_link_open(str(token.attrs["href"]), token.attrs.get("title")))
        elif token.type == "link_close" and start is not None:
            tamed[start:] = _tame_link(tamed[start:], token)
            start = None
        else:
            tamed.append(token)
    return tamed


def _tame_image(image: Token, is_in_link: bool) -> list[Token]:
    url = str(image.attrs["src"])
    if not url:
        return [_text(f"![{image.content}]()")]
    label = _text(image.content.strip() or url)
    return [label] if is_in_link else _tame_link([_link_open(url, image.attrs.get("title")), label], _link_close())


def _tame_link(link: list[Token], close: Token) -> list[Token]:
    """A link that began, what is in it, and its end: it can be seen, and a text that names a host names the right one.

    The parser does not ask ``is_safe_url`` of "[x]()", which would lead to the page itself.
    """
    url = str(link[0].attrs["href"])
    if not url:
        return [_text("["), *link[1:], _text("]()")]
    if len(link) == 1:
        return [*link, _text(url), close]
    named = _address_in("".join(token.content for token in link))
    leads_to = _address_of(url)
    return [*link, close] if named in ("", leads_to) else [*link, _text(f" ({leads_to})"), close]


def _address_in(text: str) -> str:
    """The host, or the address for mail, that a link's text names; "" where it is another text."""
    seen = "".join(each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf").strip()
    if mail := _MAIL.match(seen):
        return mail[1].lower()
    host = _HOST.match(seen)
    return host[1].lower() if host else ""


def _address_of(url: str) -> str:
    """What a link leads to: the host of a page, without "www.", or an address for mail."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return (parts.hostname or parts.path).removeprefix("www.").lower()
    except ValueError:  # a browser doesn't follow it either
        return url


def _text(content: str) -> Token:
    from markdown_it.token import Token

    return Token("text", "", 0, content=content)


def _link_open(url: str, title: str | int | float | None) -> Token:
    from markdown_it.token import Token

    attrs: dict[str, str | int | float] = {"href": url, "rel": "noopener noreferrer nofollow", "target": "_blank"}
    if title is not None:
        attrs["title"] = title
    return Token("link_open", "a", 1, attrs=attrs)


def _link_close() -> Token:
    from markdown_it.token import Token

    return Token("link_close", "a", -1)


def _render_fence(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
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
