"""Whether what was made computes the same in every engine: a fixed text, read and continued.

The judge is OpenVINO's own runtime, which computes the graph as it is; OpenVINO GenAI replaces the attention in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dolly_widget.errors import ModelError
from dolly_widget.models import attention
from dolly_widget.models.graph_signature import feed
from dolly_widget.models.info import ModelInfo
from dolly_widget.runtime import OnProgress, Progress

_Logits = npt.NDArray[np.float32]

_NEW_TOKENS = 16
_PROMPT_TOKENS = 32
# A text that leaves a longer window takes too long.
_LONGEST_WINDOW = 300
_SEED = 20230412
# Full precision, in every engine: what differs is then an error, or a near tie.
_PRECISE = {"EXECUTION_MODE_HINT": "ACCURACY"}
# Of the spread of a place's logits: how far a token may be behind the likeliest one, and two ways to compute it apart.
_TOLERANCE = 0.02
_BROKEN = "nothing was stored. Convert or download it again."
_SENTENCES = {
    attention.SDPA: 'OpenVINO GenAI computes this model rightly with its attention backend "SDPA" only, which it will '
    "use.",
    attention.NONE: 'OpenVINO GenAI computes this model wrongly, or not at all: run it with engine="optimum", which '
    "computes it rightly.",
}


def verify(model_dir: Path, on_progress: OnProgress) -> str:
    """Return with which attention OpenVINO GenAI is right for a model: one of ``attention.GENAI_ATTENTION``.

    Where it is not the default, a message says so. Raises ModelError where OpenVINO itself cannot run the model, gives
    no numbers, or computes other ones when it goes on from its cache.
    """
    info = ModelInfo(model_dir)
    judge = _Judge(model_dir)
    prompt = _prompt(info, judge.vocab_size)
    found = _rightly(model_dir, judge, prompt, info.genai_attention)
    judge.check_cache(prompt)
    if found != attention.DEFAULT:
        on_progress(Progress("check", message=_SENTENCES[found]))
    return found


def _rightly(model_dir: Path, judge: _Judge, prompt: Sequence[int], first: str) -> str:
    """The first of the ways to compute attention that gives what ``judge`` does; those before ``first`` are known."""
    ways: dict[str, Mapping[str, Any]] = {attention.DEFAULT: {}, attention.SDPA: {"ATTENTION_BACKEND": "SDPA"}}
    for way, properties in ways.items():
        is_possible = attention.GENAI_ATTENTION.index(way) >= attention.GENAI_ATTENTION.index(first)
        if is_possible and judge.agrees(prompt, _continue(model_dir, prompt, properties)):
            return way
    return attention.NONE


def _prompt(info: ModelInfo, vocab_size: int) -> list[int]:
    """Ids at random: a model is then in doubt, and a small error changes the likeliest token."""
    length = max([_PROMPT_TOKENS, *(size + _PROMPT_TOKENS for size in attention.windows(info.config))])
    length = length if length <= _LONGEST_WINDOW else _PROMPT_TOKENS
    longest = info.max_positions or length + _NEW_TOKENS
    count = max(1, min(length, longest - _NEW_TOKENS))
    return [int(token_id) for token_id in np.random.default_rng(_SEED).integers(vocab_size, size=count)]


def _continue(model_dir: Path, prompt: Sequence[int], properties: Mapping[str, Any]) -> list[int]:
    """What OpenVINO GenAI writes after ``prompt``, always the likeliest token; nothing where it cannot run it."""
    import openvino as ov
    import openvino_genai as genai

    ids = np.array([prompt], dtype=np.int64)
    config = genai.GenerationConfig()
    config.max_new_tokens, config.ignore_eos, config.apply_chat_template = _NEW_TOKENS, True, False
    try:
        pipeline = genai.LLMPipeline(str(model_dir), "CPU", **_PRECISE, **properties)
        done = pipeline.generate(genai.TokenizedInputs(ov.Tensor(ids), ov.Tensor(np.ones_like(ids))), config)
    except RuntimeError:
        return []
    return list(done.tokens[0])


class _Judge:
    """The model in OpenVINO's runtime. Raises ModelError where it cannot be run."""

    def __init__(self, model_dir: Path) -> None:
        import openvino as ov

        try:
            model = ov.Core().compile_model(model_dir / "openvino_model.xml", "CPU", _PRECISE)
            self._request = model.create_infer_request()
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO cannot load the model that was made; {_BROKEN}") from exc
        # Whatever else may be wrong, the first token can be read: it is there in every vocabulary.
        self.vocab_size = self._read([0], 0).shape[-1]

    def agrees(self, prompt: Sequence[int], token_ids: Sequence[int]) -> bool:
        """Whether each of ``token_ids``, which follow ``prompt``, is the likeliest at its place, or nearly so."""
        if not token_ids:
            return False
        logits = self._read([*prompt, *token_ids], 0)[len(prompt) - 1 : -1]
        behind = logits.max(axis=1) - logits[np.arange(len(token_ids)), list(token_ids)]
        return bool((behind <= _TOLERANCE * logits.std(axis=1)).all())

    def check_cache(self, ids: Sequence[int]) -> None:
        """Raise ModelError where the second half of ``ids``, read one by one, is not what it is all at once."""
        whole = last = self._read(ids, 0)[-1]
        half = len(ids) // 2
        for start, stop in pairwise([0, *range(half, len(ids) + 1)] if half else []):
            last = self._read(ids[:stop], start)[-1]
        if np.abs(whole - last).max() > _TOLERANCE * whole.std():
            raise ModelError(
                "The model that was made goes on from its cache with other numbers than it computes from the whole "
                f"text; {_BROKEN}"
            )

    def _read(self, ids: Sequence[int], start: int) -> _Logits:
        """Logits, (positions, vocab), of the ids from ``start`` on; those before are read already."""
        try:
            if start == 0:
                self._request.reset_state()
            outputs = self._request.infer(feed(self._request, ids, start))
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO cannot run the model that was made; {_BROKEN}") from exc
        logits: _Logits = outputs["logits"][0]
        if not np.isfinite(logits).all():
            raise ModelError(f"The model that was made computes infinite numbers, or none (NaN); {_BROKEN}")
        return logits
