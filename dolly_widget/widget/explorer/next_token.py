"""What the settings make of the next token, and what was drawn of that. Knows no text, no threads and no controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dolly_widget.lens import Candidates, Logits, Table, table
from dolly_widget.lens.candidates import candidates
from dolly_widget.sampling import Distribution, Draws, SamplingParams, distribution
from dolly_widget.text import Label

_WITH_WORDS = 8


class NextToken:
    """The distribution at one place of a text: ``take`` its logits, then ``apply`` settings as often as they change.

    ``label`` says how a token is shown, ``effective`` what the engine makes of settings, ``limits`` what is not known.
    """

    logits: Logits | None = None
    distribution: Distribution | None = None
    drawn_id: int | None = None

    def __init__(
        self, label: Callable[[int], Label], effective: Callable[[SamplingParams], SamplingParams], limits: str = ""
    ) -> None:
        self._label, self._effective, self._limits = label, effective, limits
        self._seen_ids: tuple[Sequence[int], Sequence[int]] = (), ()
        self._draws: Draws | None = None
        self.written_id: int | None = None
        """The token that stands here in an answer; None where this is not about one."""
        self.words: dict[int, str] = {}
        """Of tokens that are a part of one: the likeliest whole word."""

    def forget(self) -> None:
        """Know nothing: the text is another one."""
        self.logits = self.distribution = self.drawn_id = self._draws = None
        self.words = {}

    def take(self, logits: Logits, prompt_ids: Sequence[int], answer_ids: Sequence[int]) -> None:
        """Be at the place with these logits, after these ids."""
        self.logits, self._seen_ids = logits, (prompt_ids, answer_ids)

    def apply(self, params: SamplingParams) -> None:
        """Compute what ``params`` make of it; nothing of that is drawn yet. ValueError where logits are no numbers."""
        assert self.logits is not None
        self.distribution = distribution(self.logits, self._effective(params), *self._seen_ids)
        self.drawn_id = self._draws = None

    def refuse_unless_shown(self, found: Distribution) -> None:
        """Raise RuntimeError where ``found`` is not what is shown now."""
        if found is not self.distribution:
            raise RuntimeError("The text or the settings have changed in the meantime: ask again.")

    def draw(self, n: int, generator: np.random.Generator) -> dict[int, int]:
        """Draw so many tokens; return how often each came, by its id, the likeliest first."""
        found = self.distribution
        assert found is not None
        counts = found.counts(n, generator)
        self._draws = Draws(found, counts)
        return {int(found.token_ids[place]): int(counts[place]) for place in np.flatnonzero(counts)}

    def candidates(self, params: SamplingParams) -> Candidates:
        """What may come next: the likeliest, what was drawn, what stands there."""
        assert self.distribution is not None
        known = self.distribution.token_ids.size
        also = [each for each in (self.drawn_id, self.written_id) if each is not None and each < known]
        return candidates(self.distribution, self._label, self._effective(params), also=also, draws=self._draws)

    def table(self, params: SamplingParams) -> Table:
        """How to show that."""
        ids = {"drawn_id": self.drawn_id, "written_id": self.written_id}
        return table(self.candidates(params), **ids, asked=params, words=self.words, limits=self._limits)

    @property
    def likeliest_ids(self) -> list[int]:
        """The few whose whole words are worth the reading."""
        return [] if self.distribution is None else self.distribution.token_ids[:_WITH_WORDS].tolist()
