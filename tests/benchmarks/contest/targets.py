"""What this package is to reach beside its peers, and whether it did in this run."""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contest.figures import Figures, Row
from contest.single import SINGLE


@dataclass(frozen=True)
class Target:
    """A figure that is to be reached."""

    what: str
    limit: float
    measured: float | None
    is_at_least: bool = False

    @property
    def is_reached(self) -> bool | None:
        """None where it was not measured."""
        compare = operator.ge if self.is_at_least else operator.le
        return None if self.measured is None else compare(self.measured, self.limit)


WIDGET_TO_ORIGIN = {"3b": 0.86, "0.4b": 0.70, "demo": 0.35}
WIDGET_TO_GENAI = {"3b": 1.03, "demo": 1.15}


def targets(figures: Figures, measured: Mapping[str, float]) -> list[Target]:
    """All of them; those that were not measured are there without a figure."""
    return [
        *_beside_peers(figures),
        *_of_ours(figures),
        *(Target(each.what, each.limit, measured.get(each.what)) for each in SINGLE),
    ]


def _beside_peers(figures: Figures) -> Iterator[Target]:
    def widget_to(peer: str, shape: str, setting: str = "defaults") -> float | None:
        return figures.ratio(Row(shape, "widget", setting), Row(shape, peer, setting))

    for shape, limit in WIDGET_TO_ORIGIN.items():
        yield Target(
            f"whole widget, defaults, to the origin's pipeline, {shape} INT8", limit, widget_to("origin", shape)
        )
    yield Target("whole widget INT8, defaults, to llama.cpp Q8_0, 3b", 0.60, widget_to("llama-q8", "3b"))
    for shape, limit in WIDGET_TO_GENAI.items():
        for setting in ("greedy", "defaults"):
            what = f"whole widget, {setting}, to OpenVINO GenAI bare, {shape}"
            yield Target(what, limit, widget_to("genai", shape, setting))


def _of_ours(figures: Figures) -> Iterator[Target]:
    for setting in ("greedy", "defaults"):
        share = figures.floor_share(Row("3b", "ours", setting))
        yield Target(f"share of the bandwidth's floor, {setting}, 3b INT8", 0.88, share, is_at_least=True)
    for shape in ("3b", "0.4b", "demo"):
        sampled = figures.ratio(Row(shape, "ours", "defaults"), Row(shape, "ours", "greedy"))
        yield Target(f"defaults, to greedy, {shape}", 1.03, sampled)
    halved = figures.ratio(Row("3b", "ours-int4", "greedy"), Row("3b", "ours", "greedy"))
    yield Target("INT4, to INT8, greedy, 3b", 0.60, halved)
