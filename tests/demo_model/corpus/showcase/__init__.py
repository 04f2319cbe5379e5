"""The widget's own example instructions, and many different good answers to each of them."""

from __future__ import annotations

import random

from ..grammar import Example, Split, casual, part
from . import (
    ai_engineer,
    alpaca_email,
    being_a_cat,
    cpu_and_gpu,
    electric_sheep,
    family_weekend,
    love_letter,
    openvino_tweet,
    pineapple_pizza,
    resume_advice,
    who_is_dolly,
)

_TOPICS = (
    pineapple_pizza.TOPIC,
    openvino_tweet.TOPIC,
    cpu_and_gpu.TOPIC,
    family_weekend.TOPIC,
    electric_sheep.TOPIC,
    who_is_dolly.TOPIC,
    resume_advice.TOPIC,
    being_a_cat.TOPIC,
    ai_engineer.TOPIC,
    love_letter.TOPIC,
    alpaca_email.TOPIC,  # the instruction box's placeholder, not one of the listed examples
)

EXAMPLES: tuple[str, ...] = tuple(topic.instructions[0] for topic in _TOPICS[:10])

_EXACT = 0.4  # how often a training example has the instruction exactly as the widget shows it


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """Draw one example; outside training its instruction is a rephrasing that training never sees."""
    topic = rng.choice(_TOPICS)
    if split is not Split.TRAIN:
        instruction = casual(rng.choice(part(topic.held_out, split)), rng)
    elif rng.random() < _EXACT:
        instruction = topic.instructions[0]
    else:
        instruction = casual(rng.choice(topic.instructions[1:]), rng)
    return Example(topic.category, instruction, topic.answer(rng))
