"""Measurements as a picture: the time per token of each, its 95th percentile, and the floor. Needs matplotlib."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dolly_widget.bench.measuring import Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")
# Okabe and Ito's colours, which the colour-blind can tell apart too.
_COLOURS = {"FP32": "#CC79A7", "FP16": "#009E73", "BF16": "#009E73", "INT8": "#56B4E9", "INT4": "#E69F00"}
_OTHER_COLOUR, _INK = "#999999", "#222222"
_WIDTH_IN, _ROW_IN, _REST_IN, _DPI = 9.0, 0.42, 1.9, 150
_BAR = 0.62
# What a row may share with all others, and how that is said.
_PARTS: tuple[tuple[str, Callable[[Measurement], str]], ...] = (
    ("{}", lambda row: row.model),
    ("{}", lambda row: row.precision),
    ("on {}", lambda row: row.device),
    ("with {}", lambda row: row.engine),
)


def check_plot(path: Path) -> None:
    """Raise ValueError, with a sentence that says what to do, where no picture could be put into ``path``."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"A plot is a {' or '.join(SUFFIXES)} file, not {path.name!r}: use one of these file name extensions."
        )
    if importlib.util.find_spec("matplotlib") is None:
        raise ValueError("Plotting needs matplotlib, which is not installed: run  python -m pip install matplotlib")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"There is no directory {path.absolute().parent}: create it, or choose another one.")
    if path.is_dir() or not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise ValueError(f"{path} cannot be written: choose another file.")


def save_plot(measurements: Sequence[Measurement], path: Path) -> None:
    """Draw the measurements, one or more, into ``path``, a PNG or SVG file. Raises OSError where that fails."""
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(_WIDTH_IN, _REST_IN + _ROW_IN * len(measurements)), layout="constrained", facecolor="white"
    )
    axes = figure.add_subplot()
    _draw_bars(axes, measurements)
    _draw_floors(axes, measurements)
    _name_axes(axes, measurements)
    _explain(figure, axes, measurements)
    figure.savefig(path, dpi=_DPI, format=path.suffix.lower().lstrip("."))


def _draw_bars(axes: Axes, rows: Sequence[Measurement]) -> None:
    for place, row in enumerate(rows):
        time = row.tpot_s * 1e3
        axes.barh(place, time, _BAR, color=_COLOURS.get(row.precision, _OTHER_COLOUR))
        axes.plot([time, _end_ms(row)], [place, place], color=_INK, linewidth=1)
        axes.annotate(
            _figures(row), (max(time, _end_ms(row)), place), (7, 0), textcoords="offset points", va="center", size=9
        )
    axes.plot(
        list(map(_end_ms, rows)), range(len(rows)), "|", color=_INK, markersize=9, label="95 % of the tokens took less"
    )


def _end_ms(row: Measurement) -> float:
    """Where the line beyond the bar ends."""
    return (row.tpot_s if math.isnan(row.tpot_p95_s) else row.tpot_p95_s) * 1e3


def _figures(row: Measurement) -> str:
    share = "" if math.isnan(row.floor_share) else f", {row.floor_share * 100:.0f} % of the limit"
    return f"{row.tokens_per_s:,.{0 if row.tokens_per_s >= 100 else 1}f} tokens/s{share}"


def _draw_floors(axes: Axes, rows: Sequence[Measurement]) -> None:
    floors = [(place, row.floor_s * 1e3) for place, row in enumerate(rows) if not math.isnan(row.floor_s)]
    if floors:
        places, times = zip(*floors, strict=True)
        low, high = ([place + side * _BAR / 2 for place in places] for side in (-1.2, 1.2))
        axes.vlines(times, low, high, color="#D00000", linewidth=2, label="floor: reading the weights")


def _name_axes(axes: Axes, rows: Sequence[Measurement]) -> None:
    varying = [(form, part) for form, part in _PARTS if len(set(map(part, rows))) > 1]
    shared = [form.format(part(rows[0])) for form, part in _PARTS if (form, part) not in varying]
    names = [" ".join(form.format(part(row)) for form, part in varying) for row in rows]
    labels = [f"{name} · {row.prompt_tokens:,}".lstrip(" ·") for name, row in zip(names, rows, strict=True)]
    # The name of a directory may have dollars in it, which are no formula.
    axes.set_yticks(range(len(rows)), labels, parse_math=False)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_ylabel(f"{'combination · ' if varying else ''}prompt (tokens)")
    axes.set_xlabel("time per token (ms)")
    axes.set_title(
        f"Time per token: {' '.join(shared)}" if shared else "Time per token",
        loc="left",
        weight="bold",
        parse_math=False,
    )


def _explain(figure: Figure, axes: Axes, rows: Sequence[Measurement]) -> None:
    # Room to the right of the longest bar for its figures.
    ends = [end for row in rows for end in (row.tpot_s, row.tpot_p95_s, row.floor_s) if not math.isnan(end)]
    axes.set_xlim(0, max(ends, default=1e-3) * 1e3 * 1.45)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
