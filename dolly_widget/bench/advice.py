"""Which device and precision to use, by what was measured, in a sentence. Measures nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import partial

from dolly_widget.bench.measuring import Measurement

# What two measurements of the same thing differ by on a quiet machine: it decides nothing.
_NOISE = 0.03


def advice(measurements: Iterable[Measurement]) -> list[str]:
    """Sentences that say what to use for each model; the last one answers for all of them. Empty without any.

    The fastest per token is chosen, after the longest prompt that all combinations of a model were asked. Where it is
    faster by less than 3 %, the format with more bits is. Rows without a time per token count for nothing.
    """
    timed = [each for each in measurements if not math.isnan(each.tpot_s)]
    models = {model: _comparable([each for each in timed if each.model == model]) for model in _names(timed)}
    if len(models) == 1:
        return [f"Recommended: {_sentence(rows)}" for rows in models.values()]
    lines = [f"For {model}: {_sentence(rows)}" for model, rows in models.items()]
    return [*lines, *([_for_all({model: _best(rows) for model, rows in models.items()})] if models else [])]


def _names(measurements: Iterable[Measurement]) -> list[str]:
    return list(dict.fromkeys(each.model for each in measurements))


def _comparable(rows: Sequence[Measurement]) -> list[Measurement]:
    """A row for each combination: that of the longest prompt that all have, or else its own longest."""
    setups: dict[tuple[str, ...], dict[int, Measurement]] = {}
    for row in rows:
        setups.setdefault((row.precision, row.device, row.engine), {})[row.prompt_tokens] = row
    common = set.intersection(*(set(by_length) for by_length in setups.values()))
    return [by_length[max(common or by_length)] for by_length in setups.values()]


def _best(rows: Sequence[Measurement]) -> Measurement:
    limit = min(row.tpot_s for row in rows) * (1 + _NOISE)
    return max((row for row in rows if row.tpot_s <= limit), key=lambda row: (_bits(row.precision), -row.tpot_s))


def _bits(precision: str) -> int:
    """The bits of a weight: 8 for "INT8"; 0 where the name does not say."""
    found = re.search(r"\d+", precision)
    return int(found[0]) if found else 0


def _sentence(rows: Sequence[Measurement]) -> str:
    best = _best(rows)
    speed = f"{best.tokens_per_s:,.{0 if best.tokens_per_s >= 100 else 1}f} tokens/s"
    head = f"{_named(best)}, {speed} after a prompt of {best.prompt_tokens:,} tokens"
    return f"{head}; {_others(best, rows)}." if len(rows) > 1 else f"{head}. {_alone(best)}"


def _named(row: Measurement) -> str:
    return f"{row.precision} on {row.device} with {row.engine}"


def _alone(row: Measurement) -> str:
    given = "a real model" if row.model == "demo" else "a checkpoint or a model id"
    return f"Nothing else was measured: to compare formats, use --weight-format int8 int4 and {given}."


def _others(best: Measurement, rows: Sequence[Measurement]) -> str:
    """How the best one of each other format compares; without other formats, how the second best does."""
    by_speed = sorted((row for row in rows if row is not best), key=lambda row: row.tpot_s)
    formats = {row.precision: row for row in reversed(by_speed) if row.precision != best.precision}
    shown = sorted(formats.values(), key=lambda row: row.tpot_s) or by_speed[:1]
    return "; ".join(map(partial(_compared, best), shown))


def _compared(best: Measurement, other: Measurement) -> str:
    return f"{_difference(best, other)} {_pace(other.tpot_s / best.tpot_s)}{_exactness(best, other)}"


def _difference(best: Measurement, other: Measurement) -> str:
    """What the other is, in what it does not share with the best: "INT8 on GPU", "on GPU it"."""
    parts = (
        (other.precision, best.precision, "{}"),
        (other.device, best.device, "on {}"),
        (other.engine, best.engine, "with {}"),
    )
    named = " ".join(form.format(its) for its, of_best, form in parts if its != of_best)
    return named if other.precision != best.precision else f"{named} it"


def _pace(ratio: float) -> str:
    if abs(ratio - 1) <= _NOISE:
        return f"is as fast (within {_NOISE * 100:.0f} %)"
    if ratio < 1.1:
        return f"takes {(ratio - 1) * 100:.0f} % longer per token"
    return f"takes {ratio:,.1f} times as long per token"


def _exactness(best: Measurement, other: Measurement) -> str:
    more = _bits(other.precision) - _bits(best.precision)
    if not more:
        return ""
    return " and is closer to the original" if more > 0 else " and is further from the original"


def _for_all(chosen: dict[str, Measurement]) -> str:
    setups = {_named(row) for row in chosen.values()}
    if len(setups) == 1:
        return f"Recommended: {setups.pop()}, for all of these models."
    return f"Recommended: {'; '.join(f'{_named(row)} for {model}' for model, row in chosen.items())}."
