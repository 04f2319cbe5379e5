"""The whole DollyWidget, shown in a cell of a real ipykernel; a client takes all that it sends to the page."""

import atexit
import json
from contextlib import ExitStack
from typing import Any

from kernels import running_kernel

from contest.asking import SAMPLING, Question

SETUP = """
import json
from IPython.display import display
from contest.asking import Stopwatch
from dolly_widget import DollyWidget
from dolly_widget.text.template import PLAIN

widget = DollyWidget({path!r}, device="CPU", template=PLAIN if {is_random} else None)
display(widget)
widget.wait()

def answer(instruction, **sampling):
    watch = Stopwatch()
    def see(change):
        if change["new"]:
            watch.tick()
    widget.observe(see, "response")
    result = widget.ask(instruction, **sampling)
    said = watch.answer(list(result.token_ids), result.ttft_s)
    widget.unobserve(see, "response")
    print(json.dumps(said))
"""


class Answerer:
    """See `answerers`."""

    def __init__(self, path: str, is_random: bool) -> None:
        stack = ExitStack()
        atexit.register(stack.close)
        self._kernel = stack.enter_context(running_kernel())
        self._kernel.run(SETUP.format(path=path, is_random=is_random))

    def answer(self, question: Question) -> dict[str, Any]:
        sampling = {"temperature": 0.0} if question.is_greedy else {**SAMPLING, "top_k": question.top_k}
        sampling |= {"max_new_tokens": question.new_tokens, "seed": question.seed}
        self._kernel.seen.clear()
        said: dict[str, Any] = json.loads(self._kernel.run(f"answer({question.instruction!r}, **{sampling!r})"))
        return said
