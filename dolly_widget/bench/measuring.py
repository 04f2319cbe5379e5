"""Measures a model on this machine: loading, time to the first token, time per token and its floor, memory.

Uses an engine as any caller does, and prints nothing. What is measured, and where, is the caller's choice: nothing is
compared here.
"""

from __future__ import annotations

import contextlib
import math
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dolly_widget.bench.bandwidth import MemoryReader, cache_bytes, memory_reader
from dolly_widget.bench.prompts import MadeUpPrompts, of_words
from dolly_widget.bench.weights import weight_bytes_per_token
from dolly_widget.engines import Engine, EngineSetup, GenerationResult, Listener, load_engine, setup_from, start_engine
from dolly_widget.models import Model, ModelInfo
from dolly_widget.runtime import OnProgress, Progress, added_bytes, devices_behind, ignore_progress, private_bytes
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt

PROMPT_LENGTHS = (32, 512, 1500)
"""What is measured where nothing else is asked for, in tokens."""
SHORTEST_PROMPT = 8
# The first tokens after loading are slower: a tiny model needs this many for its full speed, a large one half a second.
_WARM_UP_TOKENS, _WARM_UP_S = 64, 0.5


@dataclass(frozen=True)
class Measurement:
    """What one model took on one device with prompts of one length. Times are medians over the rounds."""

    model: str
    """"demo", a model's id, or the name of its directory."""
    precision: str
    """What most weights are stored in: "INT8", "INT4", "FP16"."""
    device: str
    engine: str
    prompt_tokens: int
    new_tokens: int
    """New tokens of each answer that was measured."""
    load_s: float
    """Seconds from the start of loading to the first token of all, the libraries being imported already."""
    ttft_s: float
    """Time to first token: seconds until a prompt that has nothing in common with those before is answered."""
    shared_ttft_s: float
    """The same for a prompt that differs from the one just before in its last words only."""
    tpot_s: float
    """Seconds per output token after the first, the mean of each answer; NaN where there was no second one."""
    memory_bytes: int | None
    """Private memory of the process that loading and answering added; None where it is not known (not Linux).

    A device with memory of its own holds more there.
    """
    tpot_p95_s: float = math.nan
    """Seconds within which 95 % of all forward passes after the first were done, over all rounds; NaN without any."""
    weight_bytes: int | None = None
    """Bytes of the weights that are read for a token, as stored: the key-value cache comes on top."""
    bandwidth_bytes_per_s: float = math.nan
    """What the memory delivered before and after the rounds, the median.

    NaN where the memory is no limit: for another device than the CPU, and a model that fits into the processor's cache.
    """

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second after the first one; NaN where there was no second one."""
        return 1 / self.tpot_s if self.tpot_s > 0 else math.nan

    @property
    def floor_s(self) -> float:
        """Seconds that the memory takes to deliver the weights for a token; NaN where it is no limit."""
        return math.nan if self.weight_bytes is None else self.weight_bytes / self.bandwidth_bytes_per_s

    @property
    def floor_share(self) -> float:
        """How close the time per token is to the floor, which is 1; NaN if there is no floor."""
        return self.floor_s * self.tokens_per_s


def ignore_measurement(measurement: Measurement) -> None:
    """Do nothing with a measurement."""


def measure(
    model: str | Path | EngineSetup = "demo",
    *,
    prompt_lengths: Sequence[int] = PROMPT_LENGTHS,
    new_tokens: int = 64,
    rounds: int = 3,
    on_measured: Callable[[Measurement], None] = ignore_measurement,
    on_progress: OnProgress = ignore_progress,
    stop: threading.Event | None = None,
    **options: Any,
) -> list[Measurement]:
    """Load ``model``, answer made-up prompts of each length in turns, and return a measurement for each length.

    ``model`` and ``options`` are those of ``load_engine``. Lengths are in tokens; what a prompt really has, a
    token or two less at times, is in the measurement. Each round asks two prompts of each length: an unlike one for
    ``new_tokens`` tokens, and one that shares its start for a single token. The first prompt of each length is slower
    than the rest, which the median of three rounds or more leaves out. Before and after each round the memory is read,
    where it is what limits the model (``bandwidth_bytes_per_s``). ``on_progress`` is told before each answer which part
    of them is done. Setting ``stop`` ends it early: with the rounds that are whole. Takes seconds for the demo model,
    minutes for Dolly.
    Raises ValueError for a length that the model has no positions for, before it is loaded, and what ``load_engine``
    and ``Engine.generate`` raise.
    """
    setup = setup_from(model, options).checked()
    setup.refuse_server()
    check_counts(prompt_lengths, new_tokens, rounds)
    prepared = setup.prepare()
    here = prepared.here()
    info = here.info
    _check_positions(info, prompt_lengths, new_tokens)
    on_progress(Progress("measure", 0.0, subject="loading"))
    load_libraries(setup.engine)
    stop = stop or threading.Event()
    weight_bytes = weight_bytes_per_token(info.model_dir)
    prompts, memory = MadeUpPrompts(here.tokenizer), _limiting_memory(setup.device, weight_bytes)
    private_before = private_bytes()
    started = time.perf_counter()
    with contextlib.closing(start_engine(setup, prepared)) as loaded:
        asked = _Asked(loaded, stop, answers_planned(prompt_lengths, rounds), on_progress)
        asked.ask(prompts.unlike(SHORTEST_PROMPT), 1, "the first token")
        load_s = time.perf_counter() - started
        answers, bandwidth = _answers(asked, prompts, prompt_lengths, new_tokens, rounds, memory)
        added = added_bytes(private_bytes(), private_before)
    measured = partial(
        Measurement,
        model=info.name,
        precision=info.precision,
        device=loaded.device,
        engine=setup.engine,
        load_s=load_s,
        memory_bytes=added,
        weight_bytes=weight_bytes,
        bandwidth_bytes_per_s=bandwidth,
    )
    measurements = [measured(**_figures(pairs)) for pairs in answers.values() if pairs]
    for measurement in measurements:
        on_measured(measurement)
    return measurements


def answers_planned(prompt_lengths: Iterable[int], rounds: int) -> int:
    """How many answers ``measure`` asks for: the first of all, and two for each length in each round."""
    return 1 + 2 * rounds * len(set(prompt_lengths))


def _limiting_memory(device: str, weight_bytes: int) -> MemoryReader | None:
    """The memory that the weights come from; None where it is another, or none, as they stay in the cache."""
    is_here = set(devices_behind(device)) == {"CPU"}
    return memory_reader() if is_here and weight_bytes > cache_bytes() else None


def check_counts(prompt_lengths: Sequence[int], new_tokens: int, rounds: int) -> None:
    """Raise ValueError, naming the argument, for a number that nothing can be measured with."""
    if not prompt_lengths:
        raise ValueError("prompt_lengths is empty: give at least one, such as 32.")
    least = (
        *(("prompt_lengths", length, SHORTEST_PROMPT) for length in prompt_lengths),
        ("new_tokens", new_tokens, 2),
        ("rounds", rounds, 1),
    )
    for name, value, smallest in least:
        if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
            raise ValueError(f"{name} must be a whole number, at least {smallest}, not {value!r}.")


def fitting(info: ModelInfo, prompt_lengths: Iterable[int], new_tokens: int) -> tuple[int, ...]:
    """Those of ``prompt_lengths`` that a model has positions for, with ``new_tokens`` after them."""
    most = info.max_positions
    return tuple(length for length in prompt_lengths if most is None or length + new_tokens <= most)


def _check_positions(info: ModelInfo, prompt_lengths: Sequence[int], new_tokens: int) -> None:
    fits = fitting(info, prompt_lengths, new_tokens)
    if longer := [length for length in prompt_lengths if length not in fits]:
        raise ValueError(
            f"A prompt of {longer[0]:,} tokens and {new_tokens:,} new tokens exceed the {info.max_positions:,} "
            f"positions of {info.name}: use shorter prompts or fewer new tokens."
        )


def time_to_first_token(
    engine: Engine, model: Model, prompt_tokens: int, *, rounds: int = 3, stop: threading.Event | None = None
) -> float:
    """Median seconds to the first token of ``rounds`` prompts of a length, which are unlike each other and any before.

    ``model`` is the engine's. The engine is warmed up first: the answers that follow are at full speed. NaN where
    ``stop`` was set meanwhile. Raises what ``Engine.generate`` raises.
    """
    stop = stop or threading.Event()
    # Other words each time: an engine that lives on remembers those of the last time.
    prompts = MadeUpPrompts(model.tokenizer, random.Random())
    _warm_up(engine, prompts.unlike(SHORTEST_PROMPT), stop)
    times = [_answer(engine, prompts.unlike(prompt_tokens), 1, stop).ttft_s for _ in range(rounds)]
    return math.nan if stop.is_set() else statistics.median(times)


def _warm_up(engine: Engine, prompt: Prompt, stop: threading.Event) -> None:
    enough, deadline = threading.Event(), time.perf_counter() + _WARM_UP_S

    def watch(piece: str) -> None:
        if stop.is_set() or time.perf_counter() > deadline:
            enough.set()

    engine.generate(prompt, _params(_WARM_UP_TOKENS), on_text=Listener(watch, watch), stop=enough)


def load_libraries(engine: str) -> None:
    """Let an engine import what it needs, so that the figures do not depend on what was measured before."""
    with contextlib.closing(load_engine("demo", device="CPU", engine=engine)) as loaded:
        _answer(loaded, of_words(["word"]), 1, threading.Event())


# To a prompt unlike all others, and to one that shares its start.
_Pair = tuple[GenerationResult, GenerationResult]


class _Asked:
    """An engine that is asked what is planned, and how far it is."""

    def __init__(self, engine: Engine, stop: threading.Event, planned: int, on_progress: OnProgress) -> None:
        self._engine, self.stop, self._planned, self._on_progress = engine, stop, planned, on_progress
        self._count = 0

    def ask(self, prompt: Prompt, new_tokens: int, subject: str) -> GenerationResult:
        """Report what comes next, and answer it."""
        self._on_progress(Progress("measure", self._count / self._planned, subject=subject))
        self._count += 1
        return _answer(self._engine, prompt, new_tokens, self.stop)

    def ask_pair(self, prompts: MadeUpPrompts, length: int, new_tokens: int) -> _Pair:
        """Answer a prompt of a length for ``new_tokens`` tokens, and one that shares its start for a single one."""
        prompt, subject = prompts.unlike(length), f"a prompt of {length:,} tokens"
        first = self.ask(prompt, new_tokens, subject)
        return first, self.ask(prompts.sharing(prompt, length), 1, subject)


def _answers(
    asked: _Asked,
    prompts: MadeUpPrompts,
    lengths: Sequence[int],
    new_tokens: int,
    rounds: int,
    memory: MemoryReader | None,
) -> tuple[dict[int, list[_Pair]], float]:
    """For each length a pair of answers a round; and the median of the memory's bandwidths before and after rounds."""
    answers: dict[int, list[_Pair]] = {length: [] for length in lengths}
    bandwidths = [memory.bytes_per_s()] if memory else [math.nan]
    for _ in range(rounds):
        for length in answers:  # in turns, so that a busy moment hits all lengths
            pair = asked.ask_pair(prompts, length, new_tokens)
            if asked.stop.is_set():
                return answers, statistics.median(bandwidths)
            answers[length].append(pair)
        if memory:
            bandwidths.append(memory.bytes_per_s())
    return answers, statistics.median(bandwidths)


def _answer(engine: Engine, prompt: Prompt, new_tokens: int, stop: threading.Event) -> GenerationResult:
    return engine.generate(prompt, _params(new_tokens), stop=stop)


def _params(new_tokens: int) -> SamplingParams:
    # A penalty far below 1 favours the words of the prompt. The token that would end the answer is not among them: so
    # an answer is as long as it should be, without chance.
    return SamplingParams(max_new_tokens=new_tokens, temperature=0, repetition_penalty=0.01)


def _figures(pairs: Sequence[_Pair]) -> dict[str, Any]:
    unlike, sharing = zip(*pairs, strict=True)
    return {
        "prompt_tokens": round(statistics.median(answer.prompt_tokens for answer in unlike)),
        "new_tokens": round(statistics.median(answer.new_tokens for answer in unlike)),
        "ttft_s": statistics.median(answer.ttft_s for answer in unlike),
        "shared_ttft_s": statistics.median(answer.ttft_s for answer in sharing),
        # Of means: so its inverse says how long an answer takes.
        "tpot_s": statistics.median(answer.tpot_s for answer in unlike),
        "tpot_p95_s": _most(0.95, [seconds for answer in unlike for seconds in answer.pass_s]),
    }


def _most(share: float, seconds: Sequence[float]) -> float:
    """The smallest value that a share of them does not exceed; NaN without values."""
    return sorted(seconds)[math.ceil(share * len(seconds)) - 1] if seconds else math.nan
