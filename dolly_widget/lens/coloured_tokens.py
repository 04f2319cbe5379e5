"""An answer's tokens with what the lens says of each: plain data for a page, and safe HTML. Knows no widget."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dolly_widget.lens.colours import LEVELS, colours, colours_css, level
from dolly_widget.lens.scores import Scores
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Label, output_html, percent


class Alternative(NamedTuple):
    """A token that could have been there."""

    token_id: int
    label: Label
    probability: float


class ColouredToken(NamedTuple):
    """A token of an answer, and how likely it was."""

    token_id: int
    label: Label
    probability: float
    """Under the settings used; by the model alone where those were greedy, which knows only 0 and 1."""
    model_probability: float
    rank: int
    """1 is the likeliest."""
    entropy: float
    """In bits, of what was drawn from."""
    kept: int
    """Number of tokens that could be drawn."""
    alternatives: tuple[Alternative, ...]
    """The likeliest first."""

    @property
    def level(self) -> int:
        """Its colour, see ``colours``."""
        return level(self.probability)


def coloured_tokens(scores: Scores, label: Callable[[int], Label]) -> list[ColouredToken]:
    """What ``lens.score`` found, with texts: ``label`` is ``lens.labeller(engine)``."""
    return [_coloured(scores, place, label) for place in range(len(scores))]


def _coloured(scores: Scores, place: int, label: Callable[[int], Label]) -> ColouredToken:
    is_greedy = scores.params.is_greedy
    chances = scores.model_probabilities if is_greedy else scores.probabilities
    others = scores.alternative_model_probabilities if is_greedy else scores.alternative_probabilities
    ids = scores.alternative_ids[place].tolist()
    pairs = zip(ids, others[place].tolist(), strict=True)
    return ColouredToken(
        int(scores.token_ids[place]),
        label(int(scores.token_ids[place])),
        float(chances[place]),
        float(scores.model_probabilities[place]),
        int(scores.ranks[place]),
        float(scores.entropies[place]),
        int(scores.kept[place]),
        tuple(Alternative(token_id, label(token_id), chance) for token_id, chance in pairs),
    )


def legend_text(params: SamplingParams) -> str:
    """What the colours say, in words."""
    if params.is_greedy:
        return "Probability of each token, by the model alone (greedy always takes the likeliest)"
    return "Probability of each token under the settings used"


def coloured_html(tokens: Sequence[ColouredToken], params: SamplingParams) -> str:
    """HTML, safe to insert in a page, of the tokens in their colours, with a legend; figures are in the tooltips."""
    body = "".join(map(_token, tokens))
    swatches = "".join(f"<span {_look(index)}>\N{EN SPACE}</span>" for index in range(LEVELS))
    return output_html(
        f"<style>{colours_css(dark_only=True)}</style>"
        f'<div role="group" aria-label="{len(tokens):,} tokens" style="line-height: 1.9">'
        f'<div dir="auto" style="white-space: pre-wrap; overflow-wrap: anywhere">{body}</div>'
        f'<div style="margin: 6px 0; font-size: 12px">{html.escape(legend_text(params))}: '
        f'<span style="white-space: nowrap">0% {swatches} 100%</span></div></div>'
    )


def _token(token: ColouredToken) -> str:
    others = [f"{each.label.name} {percent(each.probability)}" for each in token.alternatives[:5]]
    facts = f"{token.label.name}: {percent(token.probability)}, rank {token.rank}"
    title = html.escape("\n".join([facts, *others]))
    # A line break within would continue the colour into the next line.
    shown = html.escape(token.label.text.removesuffix("\n"))
    after = "\n" * token.label.text.endswith("\n")
    return f'<span {_look(token.level)} title="{title}">{shown}</span>{after}'


def _look(index: int) -> str:
    """Inline, so that any front end shows it; the class is for a dark page, where the front end takes a style sheet."""
    background, text = colours()[index]
    return f'class="dw-p{index}" style="background-color: {background}; color: {text}"'
