"""What a model computes at each position of a text, from one forward pass of OpenVINO's own runtime.

Knows engines by their protocol only, and never generates: an engine says which files, on which device.
"""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dolly_widget.apart import run_apart
from dolly_widget.engines import Engine, EngineError, TellsOfClosing
from dolly_widget.engines.properties import check_properties
from dolly_widget.engines.reasons import explain
from dolly_widget.model_info import ModelInfo
from dolly_widget.prompts import Prompt
from dolly_widget.tokens import Tokenizer

if TYPE_CHECKING:
    import openvino as ov

# All of it in float32. By default, activations are rounded to 8 bits before they meet weights of 8 bits, and the cache
# is stored in 8 bits: the logits would then depend on the machine.
_PRECISE = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}


def next_token(engine: Engine, prompt: Prompt, prefix_ids: Sequence[int] = ()) -> npt.NDArray[np.float32]:
    """Logits, float32 (vocab,), of the token that follows ``prompt`` and the answer's beginning ``prefix_ids``.

    From one forward pass over all of it, without a cache, in float32 where the device can. The first call loads the
    engine's model once more; it is freed with the engine. Raises ValueError where there is no token to go on from, an
    id is not in the vocabulary, or the text is too long for the model; EngineError where OpenVINO fails, or the engine
    was closed.
    """
    reader = _reader(engine)
    return reader.last_logits(reader.ids(prompt, prefix_ids))


_readers: weakref.WeakKeyDictionary[Engine, _Reader] = weakref.WeakKeyDictionary()
_readers_lock = threading.Lock()


def _reader(engine: Engine) -> _Reader:
    with _readers_lock:
        if engine not in _readers:
            _readers[engine] = reader = _Reader(engine)
            if isinstance(engine, TellsOfClosing):
                engine.when_closed(reader.close)
        return _readers[engine]


class _Reader:
    """An engine's model, loaded at the first need. Callers on several threads take turns. Keeps no engine alive."""

    def __init__(self, engine: Engine) -> None:
        self._info = ModelInfo(engine.model_dir)
        self._tokenizer = Tokenizer(engine.model_dir)
        self._device = engine.device
        self._turn = threading.Lock()
        self._request: ov.InferRequest | None = None
        self._release: Callable[[], object] = _nothing
        self._is_closed = False

    def close(self) -> None:
        """Free the model, once what is being computed is done."""
        self._is_closed = True
        with self._turn:
            self._request = None
            self._release()

    def ids(self, prompt: Prompt, prefix_ids: Sequence[int]) -> list[int]:
        """Ids of the prompt and of what follows it."""
        ids = [*self._tokenizer.encode(prompt), *map(operator.index, prefix_ids)]
        longest = self._info.max_positions
        if not ids:
            raise ValueError("The prompt is empty: give the model at least one token to go on from.")
        if longest is not None and len(ids) > longest:
            raise ValueError(
                f"The text has {len(ids)} tokens, but the model has only {longest} positions: "
                f"shorten it by at least {len(ids) - longest} tokens."
            )
        return ids

    def last_logits(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """Logits, float32 (vocab,), of the token that follows ``ids``."""
        with self._turn:
            if self._is_closed:
                raise EngineError("This engine was closed: load the model again.")
            request = self._request = self._request or self._load()
            self._check_ids(ids, request)
            try:
                request.reset_state()
                # Shared: a copy of all positions' logits would be as large as they are.
                outputs = request.infer(_inputs(ids, request), share_outputs=True)
            except (RuntimeError, MemoryError) as exc:
                mend = "shorten the text, or choose another device"
                raise EngineError(f"Reading the text on {self._device} failed: {explain(exc, mend)}") from exc
            return np.array(outputs["logits"][0, -1], dtype=np.float32)

    def _check_ids(self, ids: Sequence[int], request: ov.InferRequest) -> None:
        width = request.get_compiled_model().output("logits").get_partial_shape()[-1]
        size = width.get_length() if width.is_static else self._tokenizer.vocab_size
        for token_id in ids:
            if not 0 <= token_id < size:
                raise ValueError(f"There is no token {token_id}: the model has {size:,}, counted from 0.")

    def _load(self) -> ov.InferRequest:
        try:
            compiled = run_apart(self._compile)
        except (RuntimeError, MemoryError) as exc:
            mend = "choose another device, or convert the model again"
            raise EngineError(f"OpenVINO could not load {self._info.model_dir}: {explain(exc, mend)}") from exc
        # As in the Optimum engine: OpenVINO would keep the activations of a model with its cache inside.
        self._release = release = weakref.finalize(self, compiled.release_memory)
        release.atexit = False
        return compiled.create_infer_request()

    def _compile(self) -> ov.CompiledModel:
        import openvino as ov

        path = self._info.model_dir / "openvino_model.xml"
        return ov.Core().compile_model(path, self._device, _precise(self._device))


def _nothing() -> None:
    """Release nothing: no model was loaded."""


def _precise(device: str) -> dict[str, Any]:
    """Those of the properties for float32 that a device takes."""
    taken: dict[str, Any] = {}
    for name, value in _PRECISE.items():
        with suppress(ValueError):
            taken |= check_properties(device, {name: value})
    return taken


def _inputs(ids: Sequence[int], request: ov.InferRequest) -> dict[str, npt.NDArray[Any]]:
    """What the model takes of: the ids, one after the other, in one text of one beam."""
    row = np.array([ids], dtype=np.int64)
    inputs: dict[str, npt.NDArray[Any]] = {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "position_ids": np.arange(row.size).reshape(row.shape),
        "beam_idx": np.zeros(1, dtype=np.int32),
    }
    names = set().union(*(each.get_names() for each in request.get_compiled_model().inputs))
    return {name: value for name, value in inputs.items() if name in names}
