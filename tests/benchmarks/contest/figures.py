"""Medians and ratios of the samples of a run. A ratio is the median over the rounds of the ratios within a round."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from contest.peer import PEERS, REFERENCE
from contest.rounds import Sample
from dolly_widget.bench.weights import weight_bytes_per_token
from dolly_widget.comparison.differences import first_difference
from dolly_widget.models.info import is_openvino


class Row(NamedTuple):
    """A peer under a setting, with a shape."""

    shape: str
    peer: str
    setting: str


class Figures:
    """Answers questions about the samples; None where there are none."""

    def __init__(self, samples: Iterable[Sample], paths: Mapping[str, Mapping[str, Path]]) -> None:
        self._paths = paths
        self._rounds: dict[tuple[Row, int], dict[int, Sample]] = defaultdict(dict)
        for each in samples:
            self._rounds[Row(each.shape, each.peer, each.setting), each.group][each.round_] = each

    def _samples(self, row: Row, group: int | None = None) -> list[Sample]:
        return [
            sample
            for (other, number), rounds in self._rounds.items()
            if other == row and group in (None, number)
            for sample in rounds.values()
        ]

    def tpot_s(self, row: Row) -> float | None:
        """Median time per token."""
        return _median(sample.tpot_s for sample in self._samples(row))

    def ttft_s(self, row: Row) -> float | None:
        """Median time to first token."""
        return _median(sample.ttft_s for sample in self._samples(row))

    def ratio(self, row: Row, base: Row) -> float | None:
        """Time per token of ``row`` over that of ``base``: in a group with both, or else by way of the reference."""
        for group in self._groups(row):
            if group in self._groups(base):
                return self._ratio_in(group, row, base)
        if REFERENCE in (row.peer, base.peer):
            return None
        over, under = (self.ratio(each, each._replace(peer=REFERENCE)) for each in (row, base))
        return None if over is None or under is None else over / under

    def _groups(self, row: Row) -> list[int]:
        return sorted(group for other, group in self._rounds if other == row)

    def _ratio_in(self, group: int, row: Row, base: Row) -> float | None:
        ours, theirs = self._rounds[row, group], self._rounds[base, group]
        return _median(ours[each].tpot_s / theirs[each].tpot_s for each in ours if each in theirs)

    def floor_share(self, row: Row) -> float | None:
        """Time that reading the weights takes at the least, over the time per token."""
        model_dir = self._paths.get(row.shape, {}).get(PEERS[row.peer].files)
        if model_dir is None or not is_openvino(model_dir):
            return None
        read = weight_bytes_per_token(model_dir)
        return _median(read / each.bandwidth_bytes_per_s / each.tpot_s for each in self._samples(row))

    def agreement(self, row: Row) -> float | None:
        """Share of the answer's beginning, in tokens, that is the same as ours: over rounds with the same prompt."""
        shares = []
        for group in self._groups(row):
            base = self._rounds.get((row._replace(peer=REFERENCE), group), {})
            pairs = [(each, base[each.round_]) for each in self._samples(row, group) if each.round_ in base]
            shares += [_same_start(each, other) for each, other in pairs if not (each.is_other or other.is_other)]
        return statistics.mean(shares) if shares else None


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


def _same_start(sample: Sample, other: Sample) -> float:
    place = first_difference(sample.token_ids, other.token_ids)
    return 1.0 if place is None else place / len(sample.token_ids)
