"""OpenVINO GenAI's LLMPipeline, for one caller at a time. Ids go in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.continuation import Continuation

if TYPE_CHECKING:
    import openvino_genai


def write(pipeline: Any, text: Continuation, answer: Answer) -> None:
    """Feed ``answer`` with what follows ``text``, until it has enough."""
    import numpy as np
    import openvino as ov
    import openvino_genai as genai

    ids = ov.Tensor(np.array([text.ids], dtype=np.int64))
    mask = ov.Tensor(np.ones((1, len(text.ids)), dtype=np.int64))
    is_first = answer.new_tokens == 0
    done = pipeline.generate(genai.TokenizedInputs(ids, mask), text.config(answer.end_ids), _bridge(answer))
    if is_first:
        # Its own clock: our callback competes for the interpreter, and may come late.
        times = done.perf_metrics.raw_metrics
        answer.retime(times.m_times_to_first_token[0] / 1e6, [each / 1e3 for each in times.m_new_token_times])


def _bridge(answer: Answer) -> openvino_genai.StreamerBase:
    """Return what GenAI calls, from a thread of its own, with each token."""
    import openvino_genai as genai

    class Bridge(genai.StreamerBase):  # type: ignore[misc]  # the library has no types
        def write(self, token: int | list[int]) -> Any:
            try:
                answer.step()
                answer.write(token if isinstance(token, list) else [token])
            except BaseException as exc:  # an exception out of here would abort the process
                answer.error = exc
            status = genai.StreamingStatus
            return status.RUNNING if answer.should_continue else status.STOP if answer.is_stopped else status.CANCEL

        def end(self) -> None:
            """Nothing to do: ``finish`` is called when ``generate`` has returned."""

    return Bridge()
