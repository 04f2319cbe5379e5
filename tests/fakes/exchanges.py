"""Exchanges to try a history on: an ordinary one, and what had better do no harm."""

import math
from dataclasses import replace
from pathlib import Path

from dolly_widget import PLAIN, Exchange, GenerationResult, Prompt, PromptTemplate, SamplingParams
from dolly_widget.engines import EngineSetup
from dolly_widget.sampling import recorded
from dolly_widget.text.chat_template import ChatTemplate
from dolly_widget.text.template import Segment, Turn

HOSTILE = """</pre><script>window.hacked = 1</script> "quotes" 'too' \\ {braces} %d
```
# heading
````
### End \N{SHEEP}
"""
SCRIPT = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
OWN = PromptTemplate("own", ("###", "\n\n"), 'Q: {instruction}\n"A":', "{context}\\Q: {instruction}\nA:")


def answered(instruction="Who is Dolly?", answer="A sheep.", context="", **changes):
    """An exchange; ``changes`` are fields of the result, of the settings, and of the exchange itself."""
    result = GenerationResult(answer, (3, 1, 4), 40, "stop", 7, 0.25, 0.1)
    found = {
        kind: {
            name: changes.pop(name) for name in list(changes) if name in kind.__dataclass_fields__ and name != "seed"
        }
        for kind in (GenerationResult, SamplingParams)
    }
    params = recorded(found[SamplingParams])  # as a history has them, whatever the range is today
    found[GenerationResult].setdefault("is_greedy", params.is_greedy)
    prompt = Prompt([Segment("Do: ", True), Segment(instruction, False)])
    return Exchange(
        instruction,
        context,
        params,
        replace(result, **found[GenerationResult]),
        **{
            "prompt": prompt,
            "setup": EngineSetup("demo", device="CPU"),
            "template_name": "dolly",
            **changes,
        },
    )


def many(count):
    """Ordinary ones, numbered from 1."""
    texts = [(f"Question {n}: what is it?", f"Answer {n}, which is **long** enough. " * 8) for n in range(1, count + 1)]
    return [answered(*each) for each in texts]


def all_kinds():
    """One of each kind that a history may have to keep."""
    chat = ChatTemplate(stop=("</s>",), source="{{ messages[0].content }}", special_tokens=(("bos_token", "<s>"),))
    own = EngineSetup(
        "org/model", "0" * 40, "int4-g64", "GPU.0", "optimum", OWN, (("CACHE_DIR", "c"), ("N", 2)), True, "d"
    )
    return (
        answered(),
        answered(HOSTILE, HOSTILE, HOSTILE, setup=own, template_name="own", min_p=0.05, stop=("\n", HOSTILE)),
        answered("a \ud800 surrogate", "\udfff"),
        answered("return\r\nform feed\f\nnul\0 and back \u202e\n", "tab\t"),
        answered("", "", token_ids=(), ttft_s=math.nan, tpot_s=math.nan, finish_reason="cancelled"),
        answered("Big", token_ids=(2**70, 0), prompt_tokens=2**65, max_new_tokens=10**30, prefix_tokens=1),
        answered(
            "Given",
            setup=None,
            model_dir=Path("/somewhere/else"),
            model_title="sheep:1b (Ollama)",
            turns=(Turn("Hi", "", "Hello \N{SHEEP}"),),
        ),
        answered("Chat", setup=replace(own, template=chat), prompt=Prompt([Segment("x", True)], False)),
        answered("Plain", setup=replace(own, template=PLAIN, ov_config=()), temperature=0, finish_reason="length"),
    )
