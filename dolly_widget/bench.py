"""Measures a model on this machine: loading, time to the first token, time per token, memory. Prints nothing.

Uses an engine as any caller does. What is measured, and where, is the caller's choice: nothing is compared here.
"""

from __future__ import annotations

import contextlib
import math
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dolly_widget.devices import check_device
from dolly_widget.engines import Engine, GenerationResult, check_engine, load_engine
from dolly_widget.model_info import ModelInfo
from dolly_widget.models import resolve
from dolly_widget.prompts import Prompt, Segment
from dolly_widget.sampling import SamplingParams
from dolly_widget.tokens import Tokenizer
from dolly_widget.weight_format import WeightFormat

SHORTEST_PROMPT = 8
# The first tokens after loading are slower: a tiny model needs this many for its full speed, a large one half a second.
_WARM_UP_TOKENS, _WARM_UP_S = 64, 0.5
# The words that prompts are made of. Each prompt of a run begins with another one.
_TEXT = (
    "river table music window garden letter winter morning story paper silver yellow market summer kitchen number "
    "people water house school family friend teacher picture corner island dinner farmer doctor village street animal"
)
_WORDS = _TEXT.split()
# The last words, which alone differ where a start is shared.
_TAIL_WORDS = 4


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
    """Seconds per output token after the first; NaN where there was no second one."""
    memory_bytes: int | None
    """Private memory of the process that loading and answering added; None where it is not known (not Linux).

    A device with memory of its own holds more there.
    """

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second after the first one; NaN where there was no second one."""
        return 1 / self.tpot_s if self.tpot_s > 0 else math.nan


def silent(measurement: Measurement) -> None:
    """Tell nobody of a measurement."""


def measure(
    model: str | Path = "demo",
    *,
    device: str = "AUTO",
    engine: str = "genai",
    weight_format: str | WeightFormat = "int8",
    ov_config: Mapping[str, Any] | None = None,
    prompt_lengths: Sequence[int] = (32, 512),
    new_tokens: int = 64,
    rounds: int = 3,
    on_measured: Callable[[Measurement], None] = silent,
    stop: threading.Event | None = None,
) -> list[Measurement]:
    """Load ``model``, answer made-up prompts of each length in turns, and return a measurement for each length.

    ``model``, ``device``, ``engine``, ``weight_format`` and ``ov_config`` are those of ``load_engine``. Lengths are in
    tokens; what a prompt really has, a token or two less at times, is in the measurement. Each round asks two prompts
    of each length: an unlike one for ``new_tokens`` tokens, and one that shares its start for a single token.
    The first prompt of each length is slower than the rest, which the median of three rounds or more leaves out.
    Setting ``stop`` ends it early: with the rounds that are whole. Takes seconds for the demo model, minutes for Dolly.
    Raises ValueError for a length that the model has no positions for, before it is loaded, and what ``load_engine``
    and ``Engine.generate`` raise.
    """
    check_engine(engine)
    device = check_device(device)
    check_counts(prompt_lengths, new_tokens, rounds)
    model_dir = resolve(model, weight_format)
    _check_positions(model_dir, prompt_lengths, new_tokens)
    load_libraries(engine)
    stop = stop or threading.Event()
    prompts, memory_before = _Prompts(Tokenizer(model_dir)), private_bytes()
    started = time.perf_counter()
    with contextlib.closing(load_engine(model_dir, device=device, engine=engine, ov_config=ov_config)) as loaded:
        _answer(loaded, prompts.unlike(SHORTEST_PROMPT), 1, stop)
        load_s = time.perf_counter() - started
        answers = _answers(loaded, prompts, prompt_lengths, new_tokens, rounds, stop)
        memory = added_bytes(private_bytes(), memory_before)
    info = ModelInfo(model_dir)
    measured = partial(Measurement, info.name, info.precision, loaded.device, engine)
    measurements = [
        measured(**_medians(pairs), load_s=load_s, memory_bytes=memory) for pairs in answers.values() if pairs
    ]
    for measurement in measurements:
        on_measured(measurement)
    return measurements


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


def fitting(model_dir: Path, prompt_lengths: Iterable[int], new_tokens: int) -> tuple[int, ...]:
    """Those of ``prompt_lengths`` that the model in ``model_dir`` has positions for, with ``new_tokens`` after them."""
    most = ModelInfo(model_dir).max_positions
    return tuple(length for length in prompt_lengths if most is None or length + new_tokens <= most)


def _check_positions(model_dir: Path, prompt_lengths: Sequence[int], new_tokens: int) -> None:
    fits = fitting(model_dir, prompt_lengths, new_tokens)
    if longer := [length for length in prompt_lengths if length not in fits]:
        info = ModelInfo(model_dir)
        raise ValueError(
            f"A prompt of {longer[0]:,} tokens and {new_tokens:,} new ones are more than the {info.max_positions:,} "
            f"positions of {info.name}: take shorter prompts, or fewer new tokens."
        )


def time_to_first_token(
    engine: Engine, prompt_tokens: int, *, rounds: int = 3, stop: threading.Event | None = None
) -> float:
    """Median seconds to the first token of ``rounds`` prompts of a length, which are unlike each other and any before.

    The engine is warmed up first: the answers that follow are at full speed. NaN where ``stop`` was set meanwhile.
    Raises what ``Engine.generate`` raises.
    """
    stop = stop or threading.Event()
    # Other words each time: an engine that lives on remembers those of the last time.
    prompts = _Prompts(Tokenizer(engine.model_dir), random.Random())
    _warm_up(engine, prompts.unlike(SHORTEST_PROMPT), stop)
    times = [_answer(engine, prompts.unlike(prompt_tokens), 1, stop).ttft_s for _ in range(rounds)]
    return math.nan if stop.is_set() else statistics.median(times)


def _warm_up(engine: Engine, prompt: Prompt, stop: threading.Event) -> None:
    enough, deadline = threading.Event(), time.perf_counter() + _WARM_UP_S

    def watch(piece: str) -> None:
        if stop.is_set() or time.perf_counter() > deadline:
            enough.set()

    engine.generate(prompt, _params(_WARM_UP_TOKENS), on_text=watch, stop=enough)


def load_libraries(engine: str) -> None:
    """Let an engine import what it needs, so that the figures do not depend on what was measured before."""
    with contextlib.closing(load_engine("demo", device="CPU", engine=engine)) as loaded:
        _answer(loaded, Prompt([Segment(_WORDS[0], is_template=False)]), 1, threading.Event())


def _answers(
    engine: Engine, prompts: _Prompts, lengths: Sequence[int], new_tokens: int, rounds: int, stop: threading.Event
) -> dict[int, list[tuple[GenerationResult, GenerationResult]]]:
    """For each length, a pair of answers a round: to a prompt unlike all others, and to one that shares its start."""
    answers: dict[int, list[tuple[GenerationResult, GenerationResult]]] = {length: [] for length in lengths}
    for _ in range(rounds):
        for length in answers:  # in turns, so that a busy moment hits all lengths
            prompt = prompts.unlike(length)
            first = _answer(engine, prompt, new_tokens, stop)
            second = _answer(engine, prompts.sharing(prompt, length), 1, stop)
            if stop.is_set():
                return answers
            answers[length].append((first, second))
    return answers


def _answer(engine: Engine, prompt: Prompt, new_tokens: int, stop: threading.Event) -> GenerationResult:
    return engine.generate(prompt, _params(new_tokens), stop=stop)


def _params(new_tokens: int) -> SamplingParams:
    # A penalty far below 1 favours the words of the prompt. The token that would end the answer is not among them: so
    # an answer is as long as it should be, without chance.
    return SamplingParams(max_new_tokens=new_tokens, temperature=0, repetition_penalty=0.01)


def _medians(pairs: Sequence[tuple[GenerationResult, GenerationResult]]) -> dict[str, Any]:
    unlike, sharing = zip(*pairs, strict=True)
    return {
        "prompt_tokens": round(statistics.median(answer.prompt_tokens for answer in unlike)),
        "new_tokens": round(statistics.median(answer.new_tokens for answer in unlike)),
        "ttft_s": statistics.median(answer.ttft_s for answer in unlike),
        "shared_ttft_s": statistics.median(answer.ttft_s for answer in sharing),
        "tpot_s": statistics.median(answer.tpot_s for answer in unlike),
    }


class _Prompts:
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
        return _prompt(words[:fitting_count])

    def _tokens(self, words: Sequence[str]) -> int:
        return len(self._tokenizer.encode(_prompt(words)))


def _prompt(words: Iterable[str]) -> Prompt:
    return Prompt([Segment(" ".join(words), is_template=False)])


def private_bytes() -> int | None:
    """Memory that this process has for itself: not the pages of mapped files. None where that is not known."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), None)


def added_bytes(after: int | None, before: int | None) -> int | None:
    """What ``private_bytes`` grew by; None where that is not known."""
    return None if after is None or before is None else max(0, after - before)


# Three lines of heading, and how a measurement fills the column.
_COLUMNS: tuple[tuple[tuple[str, str, str], Callable[[Measurement], str]], ...] = (
    (("", "", "model"), lambda row: row.model),
    (("", "", "weights"), lambda row: row.precision),
    (("", "", "device"), lambda row: row.device),
    (("", "", "engine"), lambda row: row.engine),
    (("", "prompt", "tokens"), lambda row: f"{row.prompt_tokens:,}"),
    (("", "load", "s"), lambda row: number(row.load_s)),
    (("first", "token", "ms"), lambda row: number(row.ttft_s * 1000)),
    (("shared", "start", "ms"), lambda row: number(row.shared_ttft_s * 1000)),
    (("per", "token", "ms"), lambda row: number(row.tpot_s * 1000)),
    (("", "tokens", "per s"), lambda row: number(row.tokens_per_s)),
    (("", "memory", "MB"), lambda row: number(math.nan if row.memory_bytes is None else row.memory_bytes / 1e6)),
)
_TEXT_COLUMNS = 4


def table(measurements: Iterable[Measurement]) -> str:
    """The measurements as lines of aligned text, three lines of heading above; columns with numbers have a unit."""
    headings = list(zip(*(heading for heading, _ in _COLUMNS), strict=True))
    rows = [*headings, *(tuple(fill(each) for _, fill in _COLUMNS) for each in measurements)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if index < _TEXT_COLUMNS else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def number(value: float) -> str:
    """Three digits or more; a dash where there is no number."""
    if math.isnan(value):
        return "-"
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"
