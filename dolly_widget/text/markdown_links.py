"""Links in untrusted Markdown: where they may lead, and that a text which names a host names the right one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkify_it import LinkifyIt
    from markdown_it.token import Token

_SAFE_URL = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)
# Texts of links that are addresses, of the web and for mail, which need not be the link's.
_HOST = re.compile(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[^\W\d_]{2,63})(?:[:/?#@]\S*)?$", re.IGNORECASE)
_MAIL = re.compile(r"(?:mailto:)?([^\s@:/?]+@[^\s@:/?]+)(?:\?\S*)?$", re.IGNORECASE)
# "script.py" and "README.md" are names of files, although .py and .md are countries.
_BARE = re.compile(r"https?://|mailto:|www\.|[^/]+@", re.IGNORECASE)


def is_safe_url(url: str) -> bool:
    """Whether a link in what a model wrote may lead there: to a page of the web, or to an address."""
    return _SAFE_URL.match(url) is not None


def bare_links() -> LinkifyIt:
    """What finds addresses that stand in a text: of the web with http, https or www, and for mail."""
    from linkify_it import LinkifyIt

    finder = LinkifyIt()
    for schema in ("ftp:", "//"):
        finder.add(schema, None)
    return finder


def tame_links(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a text with its links made safe, and its images as links."""
    tamed: list[Token] = []
    start = None  # of the link that we are in
    for place, token in enumerate(tokens):
        if token.type == "image":
            tamed += _tame_image(token, is_in_link=start is not None)
        elif token.markup == "linkify" and not _is_bare_link(tokens, place):
            continue
        elif token.type == "link_open":
            start = len(tamed)
            tamed.append(_link_open(str(token.attrs["href"]), token.attrs.get("title")))
        elif token.type == "link_close" and start is not None:
            tamed[start:] = _tame_link(tamed[start:], token)
            start = None
        else:
            tamed.append(token)
    return tamed


def _is_bare_link(tokens: Sequence[Token], place: int) -> bool:
    """Whether what was found in a text, whose opening or closing token is at ``place``, says itself that it is one."""
    shown = tokens[place + (1 if tokens[place].nesting > 0 else -1)]
    return _BARE.match(shown.content) is not None


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
