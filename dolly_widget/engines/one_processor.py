"""What OpenVINO is asked for where it has one processor. Knows nothing of a model but its precision."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dolly_widget.runtime import devices_behind

_PRECISION, _MODE, _THREADS = "INFERENCE_PRECISION_HINT", "EXECUTION_MODE_HINT", "INFERENCE_NUM_THREADS"


def safe_properties(device: str, properties: Mapping[str, Any], precision: str) -> dict[str, Any]:
    """``properties``, with float32 arithmetic for weights in FP16 on a single thread, where nothing is asked for.

    Otherwise OpenVINO 2026.4 divides by zero in a processor with AMX, which ends the process
    (openvinotoolkit/openvino, issue 33300).
    """
    threads = int(properties.get(_THREADS, 0)) or _processors()
    is_asked = _PRECISION in properties or properties.get(_MODE) == "ACCURACY"
    if threads > 1 or precision != "FP16" or is_asked or "CPU" not in devices_behind(device):
        return dict(properties)
    return {**properties, _PRECISION: "f32"}


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
