"""Asks the peers of a group in turns, A B C A B C, and keeps what each said."""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from contest.asking import Question
from contest.files import Workshop
from contest.peer import Peer
from contest.prompts import prompts_for
from contest.shapes import Shape, checkpoint_of
from contest.worker import Worker, WorkerError, working
from dolly_widget.bench.bandwidth import MemoryReader

SETTINGS = ("greedy", "defaults")
# Far more than a cache holds.
READ_BYTES = 512 * 2**20
# Of prompts that a peer answered too briefly.
TRIES = 10


@dataclass(frozen=True)
class Sample:
    """One answer of one peer."""

    shape: str
    group: int
    round_: int
    peer: str
    setting: str
    ttft_s: float
    tpot_s: float
    """By the wall clock, from the first token to the end of the answer, over the tokens after the first."""
    bandwidth_bytes_per_s: float
    """Of the memory, just before this round."""
    is_other: bool
    """Whether its answer to this round's prompt was too short, and it answered another one."""
    token_ids: list[int] = field(repr=False)


@dataclass
class Group:
    """Peers of a shape that are held in memory together."""

    shape: Shape
    number: int
    peers: Sequence[Peer]
    paths: Mapping[str, Path]
    workshop: Workshop

    def run(self, rounds: int) -> list[Sample]:
        """Start the processes, let each answer once unmeasured, and ask them in turns."""
        with ExitStack() as stack:
            session = Session(self, self._start(stack))
            for setting in SETTINGS:
                session.turn(setting, round_=-1)
            turns = [(setting, round_) for round_ in range(rounds * self.shape.turns) for setting in SETTINGS]
            return [sample for setting, round_ in turns for sample in session.turn(setting, round_)]

    def _start(self, stack: ExitStack) -> dict[tuple[str, str], Worker]:
        """A worker for each process. A peer that cannot be started is left out, with its reason."""
        workers: dict[tuple[str, str], Worker] = {}
        for peer in self.peers:
            if peer.process in workers:
                continue
            print(f"loading {self.shape.name} {peer.title} …", flush=True)
            log = self.workshop.folder / f"{self.shape.name}-{peer.name}.log"
            files, libraries = self.paths[peer.files], self.workshop.llama_folder
            try:
                workers[peer.process] = stack.enter_context(
                    working(peer.answerer, files, self.shape.is_random, log, libraries)
                )
            except WorkerError as exc:
                self.workshop.reasons[f"{self.shape.name} {peer.title}"] = str(exc)
        return workers


class Session:
    """The running workers of a group, and the prompts that they are asked."""

    def __init__(self, group: Group, workers: Mapping[tuple[str, str], Worker]) -> None:
        self._group, self._workers = group, workers
        self._peers = [peer for peer in group.peers if peer.process in workers]
        self._prompts = prompts_for(group.shape, checkpoint_of(group.shape, group.workshop.folder))
        self._seeds = itertools.count()

    def turn(self, setting: str, round_: int) -> list[Sample]:
        """Ask every peer, one after the other, the same prompt with the same seed. Round -1 warms up."""
        print(f"{self._group.shape.name}, group {self._group.number}, round {round_}, {setting} …", flush=True)
        bandwidth, first = MemoryReader(READ_BYTES).bytes_per_s(), self._question(setting)
        samples = []
        for peer in (each for each in self._peers if setting in each.settings):
            question, said = self._answer(peer, first, setting)
            figures = {name: said[name] for name in ("ttft_s", "tpot_s", "token_ids")}
            where = (self._group.shape.name, self._group.number, round_, peer.name, setting)
            samples.append(Sample(*where, **figures, bandwidth_bytes_per_s=bandwidth, is_other=question is not first))
        return samples

    def _answer(self, peer: Peer, question: Question, setting: str) -> tuple[Question, dict[str, Any]]:
        """Ask for an answer of the full length; another prompt and seed where it ended before."""
        for _ in range(TRIES):
            said = self._workers[peer.process].ask(replace(question, top_k=peer.top_k))
            if len(said["token_ids"]) == question.new_tokens:
                return question, said
            question = self._question(setting)
        raise RuntimeError(f"{peer.title}: {TRIES} answers in a row had less than {question.new_tokens} tokens.")

    def _question(self, setting: str) -> Question:
        instruction, ids = next(self._prompts)
        return Question(instruction, ids, self._group.shape.new_tokens, setting == "greedy", next(self._seeds))
