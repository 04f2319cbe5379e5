"""Whether what was made computes the same in every engine: a fixed text, read and continued.

The judge is OpenVINO's own runtime, which computes the graph as it is; OpenVINO GenAI replaces the attention in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dolly_widget.errors import ModelError
from dolly_widget.models import attention
from dolly_widget.models.graph_signature import feed
from dolly_widget.models.info import ModelInfo
from dolly_widget.runtime import PRECISE, OnProgress, Progress

_Logits = npt.NDArray[np.float32]

_NEW_TOKENS = 16
_PROMPT_TOKENS = 32
# A text that leaves a longer window takes too long.
_LONGEST_WINDOW = 300
# Where the config does not say how many there are.
_LEAST_TOKENS = 256
_SEED = 20230412
_WAYS = attention.GENAI_ATTENTION[:-1]
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
    prompt = _prompt(info)
    first, *others = _WAYS[attention.GENAI_ATTENTION.index(info.genai_attention) :] or [attention.SDPA]
    written = _continue(model_dir, prompt, first)
    judge = _Judge(model_dir)  # not before: both at once would take twice the memory
    judge.check_cache(prompt)
    found = first if judge.agrees(prompt, written) else attention.NONE
    for way in others:
        if found == attention.NONE and judge.agrees(prompt, _continue(model_dir, prompt, way)):
            found = way
    if found != attention.DEFAULT:
        on_progress(Progress("check", message=_SENTENCES[found]))
    return found


def _prompt(info: ModelInfo) -> list[int]:
    """Ids at random: a model is then in doubt, and a small error changes the likeliest token."""
    length = max([_PROMPT_TOKENS, *(size + _PROMPT_TOKENS for size in attention.windows(info.config))])
    length = length if length <= _LONGEST_WINDOW else _PROMPT_TOKENS
    longest = info.max_positions or length + _NEW_TOKENS
    count = max(1, min(length, longest - _NEW_TOKENS))
    ids = np.random.default_rng(_SEED).integers(max(1, info.vocab_size or _LEAST_TOKENS), size=count)
    return [int(token_id) for token_id in ids]


def _continue(model_dir: Path, prompt: Sequence[int], way: str) -> list[int]:
    """What OpenVINO GenAI writes after ``prompt``, always the likeliest token; nothing where it cannot run it."""
    import openvino as ov
    import openvino_genai as genai

    ids = np.array([prompt], dtype=np.int64)
    config = genai.GenerationConfig()
    config.max_new_tokens, config.ignore_eos, config.apply_chat_template = _NEW_TOKENS, True, False
    try:
        properties = {} if way == attention.DEFAULT else {"ATTENTION_BACKEND": way}
        pipeline = genai.LLMPipeline(str(model_dir), "CPU", **(PRECISE | properties))
        done = pipeline.generate(genai.TokenizedInputs(ov.Tensor(ids), ov.Tensor(np.ones_like(ids))), config)
    except RuntimeError:
        return []
    return list(done.tokens[0])


class _Judge:
    """The model in OpenVINO's runtime. Raises ModelError where it cannot be run."""

    def __init__(self, model_dir: Path) -> None:
        import openvino as ov

        try:
            model = ov.Core().compile_model(model_dir / "openvino_model.xml", "CPU", PRECISE)
            self._request = model.create_infer_request()
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO cannot load the model that was made; {_BROKEN}") from exc

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
            logits: _Logits = self._request.infer(feed(self._request, ids, start))["logits"][0]
        except (RuntimeError, LookupError) as exc:  # no logits, or none of this text
            raise ModelError(f"OpenVINO cannot run the model that was made; {_BROKEN}") from exc
        if not np.isfinite(logits).all():
            raise ModelError(f"The model that was made computes infinite numbers, or none (NaN); {_BROKEN}")
        return logits
