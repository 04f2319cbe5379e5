"""A prompt's tokens as safe HTML, coloured by whose text they are. Pure: tokens in, str out."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from dolly_widget.text.characters import REPLACEMENT, visible
from dolly_widget.text.output import output_html
from dolly_widget.text.tokenizer import Piece

# Translucent, so that they are tints of a white page and of a dark one. Blue and orange (Okabe and Ito's) are told
# apart by all readers; the template's stay grey.
_USERS_TINTS = ("rgba(86, 180, 233, 0.45)", "rgba(230, 159, 0, 0.45)")


_TEMPLATES_TINTS = ("rgba(128, 128, 128, 0.16)", "rgba(128, 128, 128, 0.36)")


_KINDS = {  # in the legend's words: is_special, is_template
    "template": (False, True),
    "yours": (False, False),
    "special token": (True, True),
}


def tokens_to_html(pieces: Iterable[Piece]) -> str:
    """Render tokens as HTML that is safe to insert in a page: tinted in turn, the template's grey, special ones framed.

    All styles are inline, so that any front end shows it (``IPython.display.HTML``). A token's id is its tooltip.
    """
    pieces = list(pieces)
    tokens = "".join(_token(piece, index % 2) for index, piece in enumerate(pieces))
    count = f"{len(pieces):,} {'token' if len(pieces) == 1 else 'tokens'}"
    return output_html(
        f'<div role="group" aria-label="{count}" dir="ltr">'
        '<pre style="margin: 0; padding: 2px; border: 0; background: none; color: inherit; white-space: pre-wrap; '
        f'overflow-wrap: anywhere; font-family: monospace; font-size: 13px; line-height: 1.8">{tokens}</pre>'
        f'<div style="margin: 6px 2px; font-size: 12px">{_legend(pieces, count)}</div></div>'
    )


def _token(piece: Piece, turn: int) -> str:
    shown = visible(piece.text)
    # One line break stays outside: in the token, it would begin the next line with a stump of the tint. Lines are
    # filled up to a token that begins with a space, not to the space in it.
    before, after = "<wbr>" * shown.startswith(" "), "\n" * shown.endswith("\n")
    tinted = _tinted(shown.removesuffix("\n"), turn, *piece[2:], attributes=f' title="id {piece.token_id}"')
    return before + tinted + after


def _tinted(shown: str, turn: int, is_special: bool, is_template: bool, attributes: str = "") -> str:
    tint = (_TEMPLATES_TINTS if is_template else _USERS_TINTS)[turn]
    style = f"background-color: {tint}; padding: 2px 1px; border-radius: 2px; white-space: pre"
    frame = "; font-weight: bold; outline: 1px solid" if is_special else ""
    return f'<span{attributes} style="{style}{frame}">{html.escape(shown)}</span>'


def _kind(piece: Piece) -> tuple[bool, bool]:
    return piece.is_special, piece.is_special or piece.is_template


def _legend(pieces: Sequence[Piece], count: str) -> str:
    """What the tints mean that occur, and how many tokens there are."""
    entries = [count]
    for name, kind in _KINDS.items():
        if any(_kind(piece) == kind for piece in pieces):
            swatches = "".join(_tinted("\N{EN SPACE}", turn, *kind) for turn in range(1 if kind[0] else 2))
            entries.append(f"{swatches} {name}")
    if any(REPLACEMENT in piece.text for piece in pieces):
        entries.append(f"{REPLACEMENT} part of a character")
    return " \N{EM SPACE}".join(f'<span style="white-space: nowrap">{entry}</span>' for entry in entries)
