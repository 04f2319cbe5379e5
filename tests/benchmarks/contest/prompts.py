"""What the peers are asked: about 40 tokens, with other first words each time. Engines keep what they computed."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from contest.shapes import Shape
from dolly_widget.models.template_files import template_for
from dolly_widget.text.template import PLAIN
from dolly_widget.text.tokenizer import Tokenizer

# Words of the bundled tokenizer, a token or two each.
TEXT = (
    "river table music window garden letter winter morning story paper silver yellow market summer kitchen number "
    "people water house school family friend teacher picture corner island dinner farmer doctor village street animal"
)
WORDS = TEXT.split()
WORD_COUNT = 30
# The bundled model's answers to these have more than 64 tokens, most of the time.
INSTRUCTIONS = (
    "Name 3 advantages to be a {animal}",
    "Write a letter to a friend about a {animal}.",
    "Tell me a story about a {animal}.",
    "Write a story about a {animal}.",
)
ANIMALS = ("cat", "dog", "sheep", "horse", "bear", "fox", "owl", "duck", "goat", "mouse", "rabbit", "lion")


def prompts_for(shape: Shape, checkpoint: Path) -> Iterator[tuple[str, list[int]]]:
    """Instructions without end, each with the ids of the prompt that it makes; the same ones in every run.

    A model of random weights is asked without a template, and is given nothing but words. The bundled one is asked
    as it was taught: its template's words come first, in every prompt.
    """
    tokenizer, template = Tokenizer(checkpoint), PLAIN if shape.is_random else template_for(checkpoint)
    for instruction in _of_words() if shape.is_random else _of_requests():
        yield instruction, tokenizer.encode(template.render(instruction))


def _of_words() -> Iterator[str]:
    chance = random.Random(0)
    while True:
        yield " ".join(chance.choices(WORDS, k=WORD_COUNT))


def _of_requests() -> Iterator[str]:
    for animal in itertools.cycle(ANIMALS):
        for instruction in INSTRUCTIONS:
            yield instruction.format(animal=animal)
