"""Measure the demo model on what training held out: `python -m tests.demo_model.evaluate`.

Prints one line a figure. Needs nothing but the package itself; takes about a minute on two cores.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dolly_widget.engines.engine import Engine
from dolly_widget.engines.loading import load_engine
from dolly_widget.engines.result import GenerationResult
from dolly_widget.sampling.params import SamplingParams
from tests.demo_model.corpus import draw, questions, reading, showcase
from tests.demo_model.corpus.grammar import Example

SEED = 7
GREEDY = SamplingParams(temperature=0, max_new_tokens=128)


class Share(NamedTuple):
    """How many of how many."""

    hits: int
    total: int

    def __str__(self) -> str:
        return f"{self.hits} of {self.total} ({100 * self.hits / self.total:.1f} %)"


def is_right(example: Example, response: str) -> bool:
    """Whether the response holds the answer: as whole words, in any case, one of them or several ("mammals")."""
    return re.search(rf"(?<!\w){re.escape(example.answer)}s?(?!\w)", response, re.IGNORECASE) is not None


def answer(engine: Engine, example: Example, params: SamplingParams) -> GenerationResult:
    """Answer an example, with its context, in the model's own template."""
    return engine.generate(engine.template.render(example.instruction, example.context), params)


def right(engine: Engine, examples: Iterable[Example], params: SamplingParams = GREEDY) -> Share:
    """Count right answers."""
    results = [is_right(example, answer(engine, example, params).text) for example in examples]
    return Share(sum(results), len(results))


def ended(engine: Engine, count: int) -> Share:
    """Count answers that end with ``### End`` within 256 tokens, at the widget's defaults, on held-out instructions."""
    rng = random.Random(SEED)
    results = [answer(engine, draw(rng, held_out=True), SamplingParams(seed=seed)) for seed in range(count)]
    return Share(sum(result.finish_reason == "stop" for result in results), count)


def distinct(engine: Engine, seeds: int = 10) -> dict[str, int]:
    """Count different answers to each of the widget's examples, over ``seeds`` seeds, at the widget's defaults."""
    return {
        instruction: len(
            {
                engine.generate(engine.template.render(instruction), SamplingParams(seed=seed)).text
                for seed in range(seeds)
            }
        )
        for instruction in showcase.EXAMPLES
    }


def figures(engine: Engine) -> Iterator[tuple[str, object]]:
    """Yield each figure with its name, as soon as it is measured."""
    facts = questions.every_fact(random.Random(SEED))
    yield "facts, held-out phrasings, temperature 0", right(engine, facts)
    yield "the same, at the widget's defaults", right(engine, facts, SamplingParams(seed=SEED))
    extractions = reading.extractions(random.Random(SEED), 500)
    yield "extraction, unseen names and phrasings, temperature 0", right(engine, extractions)
    extractions = reading.extractions(random.Random(SEED), 500, frames_held_out=True)
    yield "the same, sentences of unseen form too", right(engine, extractions)
    yield "answers that end before 256 tokens, defaults", ended(engine, 1000)
    for instruction, count in distinct(engine).items():
        yield f"different answers of 10 seeds: {instruction}", count


def mistakes(engine: Engine) -> Iterator[str]:
    """Yield the fact questions and extractions that the model gets wrong, grouped by instruction."""
    wrong: dict[str, list[str]] = defaultdict(list)
    examples = questions.every_fact(random.Random(SEED)) + reading.extractions(random.Random(SEED), 500)
    for example in examples:
        response = answer(engine, example, GREEDY).text
        if not is_right(example, response):
            wrong[example.category].append(f"{example.instruction} {example.context} -> {response} [{example.answer}]")
    for category, lines in wrong.items():
        yield from (f"{category}: {line}" for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo", help="another directory of OpenVINO files")
    parser.add_argument("--mistakes", action="store_true", help="print what is wrong instead of the figures")
    arguments = parser.parse_args()
    demo = load_engine(arguments.model, device="CPU")
    for line in mistakes(demo) if arguments.mistakes else (f"{name}: {value}" for name, value in figures(demo)):
        print(line, flush=True)
