"""OpenVINO GenAI's ContinuousBatchingPipeline, and the one thread that steps it. Knows no text: ids go in and out.

What the library does not do by itself (2026.4): ``read`` blocks, and holds the interpreter, where there is nothing to
read; a second request with one number ends the process; nothing looks at the ids. A handle that is dropped ends its
request.
"""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.engines.batched.running import Running
from dolly_widget.runtime import Job, Worker, free_memory_bytes, reason

if TYPE_CHECKING:
    import openvino_genai

MOST_AT_ONCE = 64
"""More requests wait in the pipeline: more at a time would be hardly faster, on any processor that was measured."""
# Tokens that a step reads of new texts. An answer can be cancelled, and others go on, between two of them.
_STEP_TOKENS = 512
# The library's, on a CPU: tokens of a block of the cache.
_BLOCK = 32
# GenAI's own defaults. What is guessed costs a pass of so many tokens more, right or wrong.
_GUESSES, _LONGEST_MATCH = 5, 3
# Of the memory that is free, for what grows: the cache is copied when it grows, and others want some, too.
_SHARE = 0.5

_TOO_LARGE = "This text does not fit into memory: shorten it, or allow fewer new tokens."


class BatchedPipeline:
    """A model directory on a device. Raises RuntimeError where OpenVINO cannot load it.

    ``prompt_lookup`` guesses that what followed the newest tokens in the text before follows again, and checks several
    guesses in one pass. Source: Saxena 2023.

    Its thread is there as long as there is something to do. What fails there is the end of all answers that run; a
    request that is refused, or for which there is no memory, ends alone, with a ValueError.
    """

    def __init__(
        self, directory: Path, device: str, properties: dict[str, Any], *, prompt_lookup: bool = False
    ) -> None:
        import openvino_genai as genai

        scheduler = genai.SchedulerConfig()
        scheduler.cache_size = 0  # as much as is needed, a block at a time
        scheduler.max_num_seqs = MOST_AT_ONCE
        scheduler.max_num_batched_tokens = _STEP_TOKENS
        scheduler.enable_prefix_caching = True
        self._has_lookup = prompt_lookup
        more = {"prompt_lookup": True} if prompt_lookup else {}
        self._pipeline = genai.ContinuousBatchingPipeline(str(directory), scheduler, device, {**properties, **more})
        self._running_status = genai.GenerationStatus.RUNNING
        self._ignored_status = genai.GenerationStatus.IGNORED
        self._numbers = itertools.count()
        self._worker = Worker()
        # Reentrant: a worker that is closed runs what it is given at once, on this thread.
        self._lock = threading.RLock()
        self._new: list[Running] = []
        self._is_stepping = False
        self.is_broken = False
        """Whether a step failed: what made it fail stays in the pipeline, and the model has to be loaded again."""
        self._reserved_tokens = 0
        self._block_bytes = self._measured_block()

    def start(self, running: Running) -> None:
        """Write an answer beside those that run; what becomes of it goes to its inbox."""
        with self._lock:
            self._new.append(running)
            self._reserved_tokens += running.most_tokens
            if self._is_stepping:
                return
            self._is_stepping = True
            try:
                Job(self._work, name="dolly-engine", worker=self._worker)
            except BaseException:  # an interrupt just then, or no more threads
                self._is_stepping = False
                self._new.remove(running)
                self._reserved_tokens -= running.most_tokens
                raise

    def has_room(self, tokens: int) -> bool:
        """Whether a text of so many tokens fits into memory beside those that run, however long they become."""
        with self._lock:
            reserved = self._reserved_tokens
        return reserved == 0 or self.fits(reserved + tokens)

    def fits(self, tokens: int) -> bool:
        """Whether texts of so many tokens in all fit into memory, beside what else is there."""
        needed = (tokens + _BLOCK * MOST_AT_ONCE) / _BLOCK * self._block_bytes
        return needed <= self.cache_bytes + _SHARE * free_memory_bytes()

    @property
    def cache_bytes(self) -> int:
        """Memory of the keys and values of all texts, those that are kept for later included."""
        return int(self._pipeline.get_metrics().kv_cache_size_in_bytes)

    def _measured_block(self) -> int:
        """What a block of the cache takes: a single token fills one. Its pass also reads the weights, once."""
        import numpy as np
        import openvino as ov
        import openvino_genai as genai

        config = genai.GenerationConfig()
        config.max_new_tokens, config.ignore_eos = 1, True
        self._set_lookup(config)
        handle = self._pipeline.add_request(next(self._numbers), ov.Tensor(np.zeros((1, 1), dtype=np.int64)), config)
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        del handle  # which would have ended it
        return self.cache_bytes

    def _set_lookup(self, config: openvino_genai.GenerationConfig) -> None:
        """Where one answer is guessed, all have to be."""
        if self._has_lookup:
            config.num_assistant_tokens, config.max_ngram_size = _GUESSES, _LONGEST_MATCH

    def close(self) -> None:
        """End all answers, those to come too, and wait until the pipeline is at rest. Safe twice."""
        self._worker.close()

    # On the worker's thread

    def _work(self, stop: threading.Event) -> None:
        running: list[Running] = []
        try:
            while self._take_new(running):
                if stop.is_set():
                    for each in running:
                        each.cut_off()
                self._step(running)  # which ends those that were cut off
        except BaseException as exc:
            with self._lock:
                running += self._new
                self._new, self._is_stepping = [], False
                self.is_broken = True
            self._end(running, list(running), exc)

    def _take_new(self, running: list[Running]) -> bool:
        """Add what was started meanwhile; return whether there is anything to do."""
        with self._lock:
            new, self._new = self._new, []
            if not (new or running):
                self._is_stepping = False
                return False
        for each in new:
            running.append(each)
            try:
                each.handle = self._add(each)
            except (RuntimeError, ValueError, TypeError) as exc:  # its own settings: the others go on
                refused = ValueError(f"OpenVINO GenAI does not take these settings: {reason(exc)}. Change them.")
                refused.__cause__ = exc
                self._end(running, [each], refused)
        return True

    def _add(self, running: Running) -> Any:
        import numpy as np
        import openvino as ov

        ids = ov.Tensor(np.array([running.text.ids], dtype=np.int64))
        config = running.text.config(running.end_ids)
        self._set_lookup(config)
        return self._pipeline.add_request(next(self._numbers), ids, config)

    def _step(self, running: list[Running]) -> None:
        for each in running:
            if each.is_unwanted:
                each.handle.cancel()
        if self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        at_s = time.perf_counter()
        for each in list(running):
            self._read(each, at_s)
            status = each.handle.get_status()
            if status == self._running_status:
                continue
            # One that was cancelled, and was alone, is "ignored", too.
            is_too_large = status == self._ignored_status and not each.is_unwanted
            self._end(running, [each], ValueError(_TOO_LARGE) if is_too_large else None)

    def _read(self, running: Running, at_s: float) -> None:
        while running.handle.can_read():
            for output in running.handle.read().values():
                running.tell(output.generated_ids, at_s)

    def _end(self, running: list[Running], ended: list[Running], error: BaseException | None = None) -> None:
        for each in ended:
            running.remove(each)
            each.handle = None  # which ends it in the pipeline, too
            with self._lock:
                self._reserved_tokens -= each.most_tokens
            each.end(error)
