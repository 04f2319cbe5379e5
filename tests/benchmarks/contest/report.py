"""The tables that a run prints, and the JSON that it leaves."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contest.figures import Figures, Row
from contest.peer import PEERS
from contest.rounds import SETTINGS, Sample
from contest.targets import Target

HEADINGS = (
    "peer", "greedy ms", "to ours", "defaults ms", "to ours", "first token ms", "share of floor", "same ids",
)  # fmt: skip
PACKAGES = ("openvino", "openvino-genai", "optimum-intel", "transformers", "torch")


def table(rows: Iterable[Sequence[str]], headings: Sequence[str]) -> str:
    """Aligned text: the first column to the left, the others to the right."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def shape_table(figures: Figures, shape: str, peers: Iterable[str]) -> str:
    """A row for each peer that answered. First tokens and floor: with the defaults."""
    return table((_row(figures, shape, peer) for peer in peers), HEADINGS)


def _row(figures: Figures, shape: str, peer: str) -> list[str]:
    cells = [PEERS[peer].title]
    for setting in SETTINGS:
        row = Row(shape, peer, setting)
        cells += [_number(figures.tpot_s(row), 1000), _number(figures.ratio(row, row._replace(peer="ours")))]
    greedy, defaults = Row(shape, peer, "greedy"), Row(shape, peer, "defaults")
    cells.append(_number(figures.ttft_s(defaults), 1000))
    return [*cells, _number(figures.floor_share(defaults)), _number(figures.agreement(greedy))]


def targets_table(targets: Iterable[Target]) -> str:
    """What is to be reached, and whether it was."""
    words = {True: "yes", False: "no", None: "not measured"}
    return table(
        (
            (
                each.what,
                f"{'>=' if each.is_at_least else '<='} {each.limit:g}",
                _number(each.measured),
                words[each.is_reached],
            )
            for each in targets
        ),
        ("what", "target", "measured", "reached"),
    )


def _number(value: float | None, factor: float = 1) -> str:
    """Three digits; a dash where there is no number."""
    if value is None:
        return "-"
    value *= factor
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2 if factor > 1 else 3}f}"


def as_json(samples: Iterable[Sample], targets: Iterable[Target], single: dict[str, float]) -> dict[str, Any]:
    """All that was measured, and where."""
    return {
        "machine": {"cores": os.cpu_count(), "processor": _processor(), "system": platform.platform()},
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "samples": [asdict(each) for each in samples],
        "single": single,
        "targets": [asdict(each) | {"is_reached": each.is_reached} for each in targets],
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
