"""OpenVINO properties that a user passes on: CACHE_DIR, INFERENCE_NUM_THREADS, precision hints. Knows no model."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget.runtime.devices import devices_behind
from dolly_widget.runtime.openvino_thread import run_on_own_thread
from dolly_widget.runtime.reasons import reason

# By default, activations are rounded to 8 bits before they meet weights of 8 bits, and the cache is stored in 8 bits:
# the logits would then depend on the machine. The hint ACCURACY would also make float32 of all compressed weights, in
# twice to four times the memory.
PRECISE = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
"""All arithmetic in float32."""
_ADVICE = "correct it in ov_config, or leave it out."


def check_properties(device: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``properties`` as OpenVINO takes them; paths become texts.

    Each is tried alone, on a model of one operation: virtual devices ignore what they don't know, and messages often
    don't name the property. Raises ValueError, naming it, for one that no device behind ``device`` takes.
    """
    checked = {
        str(name): os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in properties.items()
    }
    return run_on_own_thread(lambda: _checked(device, checked)) if checked else checked


def _checked(device: str, properties: dict[str, Any]) -> dict[str, Any]:
    # A device that takes nothing at all fails on loading too, with the reason.
    devices = [name for name in devices_behind(device) if _refusal(name, {}) is None]
    for name, value in properties.items():
        if name == "CACHE_DIR":
            _check_cache_dir(str(value))
        else:
            _check_property(device, devices, name, value)
    return properties


def _check_property(device: str, devices: list[str], name: str, value: Any) -> None:
    refusals = [refusal for each in devices if (refusal := _refusal(each, {name: value}))]
    if not refusals or len(refusals) < len(devices):
        return
    said = reason(RuntimeError(re.sub(r"Wrong value .*?for property key \w+\.\s?", "", str(refusals[0]))))
    if "nsupported property" not in said:
        raise ValueError(f"OpenVINO does not accept {name}={value!r} on {device} ({said}): {_ADVICE}") from refusals[0]
    # The language model pipelines of an NPU have further properties of their own.
    if name not in _settable(device.partition(":")[0]) and not any(each.startswith("NPU") for each in devices):
        similar = difflib.get_close_matches(name.upper(), set().union(*map(_settable, devices)), 1)
        hint = f" (similar: {similar[0]})" if similar else ""
        raise ValueError(f"OpenVINO has no property {name} on {device}{hint}: {_ADVICE}") from refusals[0]


def _check_cache_dir(path: str) -> None:
    # OpenVINO takes a file, or a directory that it cannot write, and caches nothing.
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as exc:
        raise ValueError(f"CACHE_DIR {path!r} is not a writable directory: choose another one.") from exc


def _settable(device: str) -> set[str]:
    """Names of the properties that a device, or a virtual one, lists as its own."""
    import openvino as ov

    listed = ov.Core().get_property(device, "SUPPORTED_PROPERTIES")
    return {name for name, access in listed.items() if access != "RO"}


def _refusal(device: str, properties: dict[str, Any]) -> BaseException | None:
    """What OpenVINO raises on compiling the smallest model with ``properties``; None where it takes them."""
    import numpy as np
    import openvino as ov
    from openvino import opset13 as ops

    x = ops.parameter([1], np.float32)
    try:
        ov.Core().compile_model(ov.Model([ops.relu(x)], [x], "smallest"), device, properties)
    except (RuntimeError, TypeError, ValueError) as exc:
        return exc
    return None
