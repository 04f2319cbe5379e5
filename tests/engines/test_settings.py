"""Every sampling setting reaches every engine: another value of any field is another answer."""

from dataclasses import replace

import pytest
from real_engines import OPTIONS, GuessingEngine

from dolly_widget import DOLLY, SamplingParams, load_engine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.sampling import SETTINGS

PROMPT = DOLLY.render("Tell me a story about a cat.")
# Nothing is cut, so that whatever cuts changes the answer.
USUAL = SamplingParams(max_new_tokens=24, temperature=3, top_p=1, seed=1)
# What an answer repeats is what these change: one that makes sense.
GREEDY = replace(USUAL, temperature=0, max_new_tokens=60)
BASES = {"presence_penalty": GREEDY, "frequency_penalty": GREEDY}
# Another value for each field; a stop text is made of the usual answer, of the middle of it.
OTHERS = {
    "max_new_tokens": lambda usual: usual.new_tokens - 1,
    "temperature": lambda usual: 2.5,
    "top_p": lambda usual: 0.6,
    "top_k": lambda usual: 5,
    "min_p": lambda usual: 0.3,
    "repetition_penalty": lambda usual: 2,
    "presence_penalty": lambda usual: -2,
    "frequency_penalty": lambda usual: -2,
    "stop": lambda usual: [usual.text[len(usual.text) // 2 :][:3]],
    "seed": lambda usual: 2,
}


@pytest.mark.parametrize("engine_class", [GenAIEngine, OptimumEngine, GuessingEngine])
def test_each_field_changes_what_the_engine_answers(engine_class, demo_dir):
    engine = load_engine(demo_dir, device="CPU", **OPTIONS[engine_class])
    assert issubclass(engine_class, type(engine))
    usual = engine.generate(PROMPT, USUAL)
    assert engine.generate(PROMPT, USUAL).token_ids == usual.token_ids
    for name in SETTINGS:
        assert name in OTHERS, f"give another value of {name} in OTHERS"
        base = BASES.get(name, USUAL)
        other = engine.generate(PROMPT, replace(base, **{name: OTHERS[name](usual)}))
        assert other.token_ids != engine.generate(PROMPT, base).token_ids, (
            f"{name} does not reach {engine_class.__name__}"
        )
    engine.close()
