"""What is measured of ours alone, or of a fresh process: start, shared beginnings, long contexts, memory."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from start import FIRST_TEXT, PROCESS_AGE

from contest.files import weights_bytes
from dolly_widget.models.template_files import template_for

# The origin's pipeline, from the start of the interpreter to the first text, as `start.py` measures ours.
ORIGIN_FIRST_TEXT = """
import os, time
started = time.clock_gettime(time.CLOCK_BOOTTIME) - {process_age}
import threading
from optimum.intel import OVModelForCausalLM
from transformers import AutoTokenizer, TextIteratorStreamer
tokenizer = AutoTokenizer.from_pretrained({model_dir!r})
model = OVModelForCausalLM.from_pretrained({model_dir!r}, device="CPU")
streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, timeout=300, skip_special_tokens=True)
inputs = tokenizer({prompt!r}, return_tensors="pt")
settings = dict(do_sample=True, top_k=0, top_p=0.92, temperature=0.8, max_new_tokens=64, pad_token_id=0)
thread = threading.Thread(target=model.generate, kwargs=dict(inputs, streamer=streamer, **settings))
thread.start()
next(piece for piece in streamer if piece)
print(time.clock_gettime(time.CLOCK_BOOTTIME) - started)
thread.join()
"""
# `bench.measure` in a process of its own. It makes answers as long as they should be, by a penalty, the same for all.
MEASURE = """
import dataclasses, json, sys
from dolly_widget.bench.measuring import measure
model, lengths, new_tokens, rounds = json.loads(sys.argv[1])
done = measure(model, device="CPU", prompt_lengths=lengths, new_tokens=new_tokens, rounds=rounds)
print(json.dumps([dataclasses.asdict(each) for each in done]))
"""
SHARED_TOKENS = 1000
CONTEXTS = (50, 1500)
NEW_TOKENS = 32


def first_text(model_dir: Path, rounds: int) -> float:
    """Time from a fresh process to the first text, over that of the origin's pipeline with the same files, in turns."""
    prompt = str(template_for(model_dir).render("Who is Dolly?"))
    codes = (
        FIRST_TEXT.format(process_age=PROCESS_AGE),
        ORIGIN_FIRST_TEXT.format(process_age=PROCESS_AGE, model_dir=str(model_dir), prompt=prompt),
    )
    runs = [[float(_printed(code)) for code in codes] for _ in range(rounds + 1)]
    # The first ones fill the page cache.
    ours, origins = map(statistics.median, zip(*runs[1:], strict=True))
    return ours / origins


def shared_start(model_dir: Path, rounds: int) -> float:
    """Time to first token behind 1,000 tokens of which all but the last words were seen, over that behind new ones."""
    (measured,) = _measure(model_dir, [SHARED_TOKENS], 2, rounds)
    return float(measured["shared_ttft_s"] / measured["ttft_s"])


def long_context(model_dir: Path, rounds: int) -> float:
    """Time per token behind 1,500 tokens over that behind 50."""
    short, long = _measure(model_dir, list(CONTEXTS), NEW_TOKENS, rounds)
    return float(long["tpot_s"] / short["tpot_s"])


def memory(model_dir: Path, rounds: int) -> float:
    """Private memory that loading, and two short answers, added, over the size of the weights."""
    (measured,) = _measure(model_dir, [8], 2, 1)  # the rounds would all hold the same
    return float(measured["memory_bytes"] / weights_bytes(model_dir))


def _measure(model_dir: Path, lengths: list[int], new_tokens: int, rounds: int) -> list[dict[str, Any]]:
    measured: list[dict[str, Any]] = json.loads(
        _printed(MEASURE, json.dumps([str(model_dir), lengths, new_tokens, rounds]))
    )
    return measured


def _printed(code: str, *arguments: str) -> str:
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


@dataclass(frozen=True)
class Single:
    """One figure, a ratio, and what it is to be at most."""

    what: str
    shape: str
    limit: float
    measure: Callable[[Path, int], float]
    """Of a directory of OpenVINO files, with so many rounds."""


SINGLE = (
    Single("fresh process to the first text, to the origin's, demo", "demo", 0.125, first_text),
    Single("first token behind 1,000 tokens seen before, to none, 3b", "3b", 0.15, shared_start),
    Single("first token behind 1,000 tokens seen before, to none, 0.4b", "0.4b", 0.15, shared_start),
    Single("private memory, to the size of the weights, 3b INT8", "3b", 1.05, memory),
    Single("time per token behind 1,500 tokens, to 50, 3b", "3b", 1.15, long_context),
    Single("time per token behind 1,500 tokens, to 50, demo", "demo", 1.15, long_context),
)
