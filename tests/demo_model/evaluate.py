"""Measure the demo model on what training held out: `python -m tests.demo_model.evaluate`.

Prints one line a figure, on the split that development looks at, or with ``--final`` on the one whose figures are
reported. Needs nothing but the package itself; takes some minutes on two cores.
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
from tests.demo_model.corpus import checks, draw, questions, reading, showcase
from tests.demo_model.corpus.grammar import Example, Split
from tests.demo_model.corpus.showcase.family_weekend import INSTRUCTIONS as FIVE_IDEAS

SEED = 7
GREEDY = SamplingParams(temperature=0, max_new_tokens=128)


class Share(NamedTuple):
    """How many of how many."""

    hits: int
    total: int

    def __str__(self) -> str:
        return f"{self.hits} of {self.total} ({100 * self.hits / self.total:.1f} %)"


def is_right(example: Example, response: str) -> bool:
    """Whether the response holds the answer, and not the wrong one, if the question names one."""
    if example.answer in {"yes", "no"}:  # first or last word: "no" may also stand in the fact, "has no legs"
        said = re.search(r"^(yes|no)\b|\b(yes|no)\W*$", response, re.IGNORECASE)
        return said is not None and said[0].strip(" .!").lower() == example.answer
    return _is_in(example.answer, response) and not (example.wrong and _is_in(example.wrong, response))


def _is_in(words: str, response: str) -> bool:
    """As whole words, in any case, one of them or several ("mammals"), or as what an animal does ("buzzes")."""
    return re.search(rf"(?<!\w){re.escape(words)}(e?s)?(?!\w)", response, re.IGNORECASE) is not None


def answer(engine: Engine, example: Example, params: SamplingParams) -> GenerationResult:
    """Answer an example, with its context, in the model's own template."""
    return engine.generate(engine.template.render(example.instruction, example.context), params)


def right(engine: Engine, examples: Iterable[Example], params: SamplingParams = GREEDY) -> Share:
    """Count right answers."""
    results = [is_right(example, answer(engine, example, params).text) for example in examples]
    return Share(sum(results), len(results))


def ended(engine: Engine, count: int, split: Split = Split.HELD) -> Share:
    """Count answers that end with ``### End`` within 256 tokens, at the widget's defaults, on held-out instructions."""
    rng = random.Random(SEED)
    results = [answer(engine, draw(rng, split), SamplingParams(seed=seed)) for seed in range(count)]
    return Share(sum(result.finish_reason == "stop" for result in results), count)


def without_repeat(engine: Engine, seeds: int = 100) -> Share:
    """Count lists of five different ideas for a weekend, at the widget's defaults."""
    prompt = engine.template.render(FIVE_IDEAS[0])
    texts = [engine.generate(prompt, SamplingParams(seed=seed)).text for seed in range(seeds)]
    return Share(sum(is_list_of_five(text) for text in texts), seeds)


def is_list_of_five(text: str) -> bool:
    """Whether the numbered lines are five, each with a title ("**Board games.**") that no other has."""
    titles = [re.split(r"\*\*|[.:]", line)[0] for line in re.findall(r"^\d\. (?:\*\*)?(.+)$", text, re.MULTILINE)]
    return len(titles) == len(set(titles)) == 5


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


def figures(engine: Engine, split: Split) -> Iterator[tuple[str, object]]:
    """Yield each figure with its name, as soon as it is measured."""
    defaults = SamplingParams(seed=SEED)
    facts = questions.every_fact(random.Random(SEED), split)
    yield "facts, held-out phrasings, temperature 0", right(engine, facts)
    yield "the same, at the widget's defaults", right(engine, facts, defaults)
    claims = checks.every_yes_no(random.Random(SEED), split)
    yield "yes or no about a fact, held-out phrasings, at the widget's defaults", right(engine, claims, defaults)
    choices = checks.every_either_or(random.Random(SEED), split)
    yield "either or about a fact, held-out alternatives, at the widget's defaults", right(engine, choices, defaults)
    extractions = reading.extractions(random.Random(SEED), 500, split)
    yield "extraction, unseen names and phrasings, temperature 0", right(engine, extractions)
    extractions = reading.extractions(random.Random(SEED), 500, split, frames=split)
    yield "the same, sentences of unseen form too", right(engine, extractions)
    yield "answers that end before 256 tokens, defaults", ended(engine, 1000, split)
    yield "five ideas for a weekend without a repeat, 100 seeds, defaults", without_repeat(engine)
    for instruction, count in distinct(engine).items():
        yield f"different answers of 10 seeds: {instruction}", count


def mistakes(engine: Engine) -> Iterator[str]:
    """Yield what the model gets wrong at temperature 0, grouped by instruction: never of the final split."""
    wrong: dict[str, list[str]] = defaultdict(list)
    examples = {
        "fact": questions.every_fact(random.Random(SEED)),
        "yes or no": checks.every_yes_no(random.Random(SEED), Split.HELD),
        "either or": checks.every_either_or(random.Random(SEED), Split.HELD),
        "extraction": reading.extractions(random.Random(SEED), 500),
    }
    for kind, of_kind in examples.items():
        for example in of_kind:
            response = answer(engine, example, GREEDY).text
            if not is_right(example, response):
                wrong[kind].append(f"{example.instruction} {example.context} -> {response} [{example.answer}]")
    for kind, lines in wrong.items():
        yield from (f"{kind}: {line}" for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo", help="another directory of OpenVINO files")
    parser.add_argument("--mistakes", action="store_true", help="print what is wrong instead of the figures")
    parser.add_argument("--final", action="store_true", help="measure the split that is kept for the end")
    arguments = parser.parse_args()
    demo = load_engine(arguments.model, device="CPU")
    measured = figures(demo, Split.FINAL if arguments.final else Split.HELD)
    for line in mistakes(demo) if arguments.mistakes else (f"{name}: {value}" for name, value in measured):
        print(line, flush=True)
