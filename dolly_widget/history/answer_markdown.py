"""An answer's own Markdown, where no reader can make more of it than a text. Knows nothing of histories or files."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dolly_widget.text import MAX_MARKDOWN_CHARS, is_safe_url

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MAX_NESTING = 60
"""Of blocks. What lies deeper is not read here, and another reader may read it."""
_END = "end of the answer"
_HEADINGS_BELOW = 2
"""The document's own headings are of the levels 1 and 2."""
# JupyterLab takes these for formulas even where Markdown has a backslash before the dollar.
_FORMULA = re.compile(r"\$.*\$|\\[(\[]|\\begin\b", re.DOTALL)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def harmless_markdown(text: str) -> str | None:
    """The answer with its images as links, and its headings below the document's; None where it is not harmless so.

    Harmless is what has no HTML, links that ``is_safe_url`` allows, no formula, and is at its end when it ends.
    """
    if not text.strip() or len(text) > MAX_MARKDOWN_CHARS:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    environment: dict[str, Any] = {}
    blocks = _parsers()[0].parse(text, environment)
    tamed = _without_images(_with_lower_headings(text, blocks), environment.get("images", ()))
    if tamed is None or _seen(_parsers()[0].parse(tamed)) != _seen(blocks):
        return None
    return tamed if all(_is_harmless(tamed, parser) for parser in _parsers()) else None


@functools.cache
def _parsers() -> tuple[MarkdownIt, ...]:
    """Of readers with and without tables: what is code to one may be cells of a table to the other."""
    from markdown_it import MarkdownIt

    parsers = MarkdownIt("commonmark"), MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for parser in parsers:
        parser.options["maxNesting"] = _MAX_NESTING
        # Else what it does not like is not told from text, and other readers may like it.
        parser.validateLink = lambda url: True  # type: ignore[method-assign]
        parser.inline.ruler.at("image", _image)
    return parsers


def _image(state: StateInline, silent: bool) -> bool:
    """Inline rule: an image, and a note of how it was written."""
    from markdown_it.rules_inline import image

    start = state.pos
    if not image(state, silent):
        return False
    if not silent:
        written = (state.src[start : state.pos], state.tokens[-1], state.linkLevel > 0)
        state.env.setdefault("images", []).append(written)
    return True


def _with_lower_headings(text: str, blocks: Sequence[Token]) -> str:
    lines: list[str | None] = list(text.split("\n"))
    for token, inline in pairwise(blocks):
        if token.type == "heading_open" and token.map:
            first, end = token.map
            marks = "#" * min(6, int(token.tag[1]) + _HEADINGS_BELOW)
            line = lines[first] or ""
            if token.markup.startswith("#"):
                lines[first] = re.sub(r"#{1,6}(?=[ \t]|$)", marks, line, count=1)
            elif end - first == 2 and line.rstrip().endswith(inline.content):  # underlined
                place = line.rindex(inline.content)
                lines[first], lines[first + 1] = f"{line[:place]}{marks} {line[place:]}", None
    return "\n".join(line for line in lines if line is not None)


def _without_images(text: str, images: Iterable[tuple[str, Token, bool]]) -> str | None:
    """The text with a link in the place of each image; None where an image is not found as it was read."""
    parts, position = [], 0
    for written, image, is_in_link in images:
        place = text.find(written, position)
        if place < 0:
            return None
        parts += [text[position:place], _as_label(image) if is_in_link else _as_link(image)]
        position = place + len(written)
    return "".join([*parts, text[position:]])


def _as_label(image: Token) -> str:
    return _escaped(_name_of(image))


def _as_link(image: Token) -> str:
    title = image.attrs.get("title")
    return f"[{_as_label(image)}](<{image.attrs['src']}>" + (f' "{_escaped(str(title))}")' if title else ")")


def _name_of(image: Token) -> str:
    return " ".join(image.content.split()) or str(image.attrs["src"])


def _escaped(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _seen(blocks: Iterable[Token]) -> str:
    """All that can be read, without white space."""
    words = (_name_of(each) if each.type == "image" else each.content for each in _leaves(blocks))
    return "".join("".join(words).split())


def _leaves(blocks: Iterable[Token]) -> Iterator[Token]:
    for block in blocks:
        yield from (block,) if block.children is None else block.children


def _is_harmless(text: str, parser: MarkdownIt) -> bool:
    environment: dict[str, Any] = {}
    blocks = parser.parse(f"{text}\n\n{_END}", environment)
    if environment.get("references"):  # they would hold for other answers too
        return False
    if len(blocks) < 3 or (blocks[-3].level, blocks[-2].content) != (0, _END):
        return False
    return all(_is_harmless_block(block) and all(map(_is_harmless_token, block.children or ())) for block in blocks)


def _is_harmless_block(block: Token) -> bool:
    # A reader that runs code, or has directives, is told so in braces: ```{python}
    is_order = block.type == "fence" and block.info.lstrip().startswith("{")
    is_high = block.type == "heading_open" and int(block.tag[1]) <= _HEADINGS_BELOW
    is_deep = block.level >= _MAX_NESTING - 2
    return not (is_order or is_high or is_deep or block.type == "html_block" or _has_formula(block.children or ()))


def _is_harmless_token(token: Token) -> bool:
    if token.type in ("html_inline", "image"):
        return False
    return token.type != "link_open" or is_safe_url(str(token.attrs.get("href", "")))


def _has_formula(children: Sequence[Token]) -> bool:
    written = (part for each in children if each.type != "code_inline" for part in (each.content, *each.attrs.values()))
    return _FORMULA.search(" ".join(map(str, written))) is not None
