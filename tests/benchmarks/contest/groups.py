"""Which peers are held in memory together. Each group has the reference in it, and ratios are formed inside a group."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from contest.files import weights_bytes
from contest.peer import REFERENCE, Peer

# What a process holds beside its weights.
PROCESS_BYTES = 400e6


def grouped(peers: Sequence[Peer], paths: Mapping[str, Path], memory_bytes: float) -> list[list[Peer]]:
    """Put each peer into the first group that has room for it; one that fits nowhere gets a group all the same."""
    base = [peer for peer in peers if peer.name == REFERENCE]
    groups: list[list[Peer]] = []
    for peer in (each for each in peers if each.name != REFERENCE):
        room = (group for group in groups if _held_bytes([*group, peer], paths) <= memory_bytes)
        group = next(room, None)
        if group is None:
            groups.append(group := list(base))
        group.append(peer)
    return groups or [base]


def _held_bytes(peers: Sequence[Peer], paths: Mapping[str, Path]) -> float:
    held = {peer.process: weights_bytes(paths[peer.files]) * peer.memory + PROCESS_BYTES for peer in peers}
    return sum(held.values())
