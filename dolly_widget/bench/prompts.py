"""Made-up prompts of a given length, to measure with. Knows nothing about engines."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from dolly_widget.text import Prompt, Segment, Tokenizer

# The words that prompts are made of. Each prompt of a run begins with another one.
_TEXT = (
    "river table music window garden letter winter morning story paper silver yellow market summer kitchen number "
    "people water house school family friend teacher picture corner island dinner farmer doctor village street animal"
)
_WORDS = _TEXT.split()
# The last words, which alone differ where a start is shared.
_TAIL_WORDS = 4


class MadeUpPrompts:
    """Makes prompts of ordinary words that are as long as they should be in tokens; the same ones in every run."""

    def __init__(self, tokenizer: Tokenizer, chance: random.Random | None = None) -> None:
        self._tokenizer = tokenizer
        self._random = chance or random.Random(0)
        self._count = 0

    def unlike(self, length: int) -> Prompt:
        """A prompt that begins like none before: engines keep what they have computed for equal beginnings."""
        first = _WORDS[self._count % len(_WORDS)]
        self._count += 1
        return self._cut([first, *self._random.choices(_WORDS, k=length)], length)

    def sharing(self, prompt: Prompt, length: int) -> Prompt:
        """A prompt like ``prompt`` but for its last words."""
        words = str(prompt).split()
        start = words[: -min(_TAIL_WORDS, len(words) // 2)]
        other = [word for word in _WORDS if word != words[len(start)]]
        return self._cut([*start, *self._random.choices(other, k=length)], length)

    def _cut(self, words: Sequence[str], length: int) -> Prompt:
        """As many of the words as fit into ``length`` tokens."""
        fitting_count, too_many = 1, len(words) + 1
        while too_many - fitting_count > 1:
            middle = (fitting_count + too_many) // 2
            if self._tokens(words[:middle]) <= length:
                fitting_count = middle
            else:
                too_many = middle
        return of_words(words[:fitting_count])

    def _tokens(self, words: Sequence[str]) -> int:
        return len(self._tokenizer.encode(of_words(words)))


def of_words(words: Iterable[str]) -> Prompt:
    """A prompt of these words, none of them a control token."""
    return Prompt([Segment(" ".join(words), is_template=False)])
