"""An answer's tokens in their colours, with what could have been there. Knows nothing about models or threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from dolly_widget.lens import ColouredToken, Scores, colours_css, legend_text
from dolly_widget.text import percent
from dolly_widget.widget.page.control import Control


class LensView(Control, css=f"\n{colours_css()}"):
    """Shows the tokens of one answer. A reader who points at one, or moves to it, sees what it was chosen from.

    ``on_open`` is called with the place of a token that was clicked, ``on_choose`` with a place and the id of the
    alternative that was chosen there.
    """

    scripts = ("../page/keys.js", "../answer/response_copy.js", "../answer/tools.js", "card.js", "view.js")
    styles = ("../answer/tools.css", "view.css")
    only_shows = True

    tokens: traitlets.List[dict[str, Any]] = traitlets.List(help="What the page shows of each token.").tag(sync=True)
    legend = traitlets.Unicode("", help="What the colours stand for.").tag(sync=True)
    summary = traitlets.Unicode("", help="About the whole answer.").tag(sync=True)
    chosen = traitlets.Int(-1, help="Place of the token that the reader has chosen; -1: none.").tag(sync=True)

    explored = traitlets.Int(-1, help="Place of the token that the explorer is open at; -1: none.").tag(sync=True)
    text = traitlets.Unicode("", help="The answer, to be copied.").tag(sync=True)
    code = traitlets.Unicode("", help='A Python cell that asks the same; "" without one.').tag(sync=True)

    def __init__(self, on_open: Callable[[int], None], on_choose: Callable[[int, int], None]) -> None:
        super().__init__()
        self._on_open, self._on_choose = on_open, on_choose
        self.on_msg(self._on_page)

    def show(
        self,
        tokens: Sequence[ColouredToken],
        scores: Scores,
        chosen: int = -1,
        *,
        words: Sequence[str] = (),
        text: str = "",
        code: str = "",
    ) -> None:
        """Show an answer's tokens, made of ``scores``, in one message to the page.

        ``words`` are the whole words that they are a part of, see ``lens.answer_words``; ``text`` and ``code`` are what
        can be copied.
        """
        with self.hold_sync():
            pairs = zip(tokens, words or [""] * len(tokens), strict=True)
            self.tokens = [_for_page(token, scores.vocab_size, word) for token, word in pairs]
            self.legend, self.summary, self.chosen = legend_text(scores.params), _summary(tokens), chosen
            self.text, self.code = text, code

    def clear(self) -> None:
        """Show nothing."""
        with self.hold_sync():
            self.tokens, self.legend, self.summary, self.chosen = [], "", "", -1
            self.text = self.code = ""

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        place = content.get("place", -1)
        if not 0 <= place < len(self.tokens):
            return  # of the answer before
        if content.get("kind") == "open":
            self._on_open(place)
        elif content.get("kind") == "choose":
            self._on_choose(place, content["token_id"])

    def _facts(self) -> str:
        return f"{len(self.tokens)} tokens"


def _for_page(token: ColouredToken, vocab_size: int, word: str) -> dict[str, Any]:
    return {
        "text": token.label.text,
        "name": token.label.name,
        "word": word,
        "is_special": token.label.is_special,
        "level": token.level,
        "facts": f"{percent(token.probability)} · rank {token.rank:,}",
        "details": f"{percent(token.model_probability)} by the model alone. {token.kept:,} of {vocab_size:,} tokens "
        f"could be drawn; entropy {token.entropy:.2f} bits.",
        "others": [
            [each.token_id, each.label.name, percent(each.probability), round(100 * each.probability, 2)]
            for each in token.alternatives
        ],
        "own": next((i for i, each in enumerate(token.alternatives) if each.token_id == token.token_id), -1),
    }


def _summary(tokens: Sequence[ColouredToken]) -> str:
    count = sum(token.rank > 1 for token in tokens)
    others = "one was" if count == 1 else f"{count or 'none'} {'were' if count else 'was'}"
    return f"{len(tokens):,} tokens, of which {others} not the likeliest."
