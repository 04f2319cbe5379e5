"""The devices that OpenVINO finds on this machine. Knows nothing about models."""

from __future__ import annotations

from functools import cache

# AUTO chooses among the others; these take a list of devices after a colon.
_VIRTUAL = ("AUTO", "HETERO", "MULTI", "BATCH")


@cache
def available_devices() -> dict[str, str]:
    """Device name ("CPU", "GPU.0", "NPU") to its full name, as OpenVINO reports them; looked up once."""
    import openvino as ov

    core = ov.Core()
    return {name: str(core.get_property(name, "FULL_DEVICE_NAME")).strip() for name in core.available_devices}


def check_device(device: str) -> str:
    """Return ``device`` where every part of it is there; raise ValueError, naming those that are, where not."""
    kind, _, parts = device.partition(":")
    wanted = [part.strip().lstrip("-").partition("(")[0] for part in parts.split(",") if part.strip()]
    if kind not in _VIRTUAL:
        wanted = [device]
    known = available_devices()
    absent = [name for name in wanted if not any(name in (found, found.partition(".")[0]) for found in known)]
    if absent or not kind:
        choices = ", ".join(["AUTO", *known])
        raise ValueError(f"There is no device {device!r} on this machine; choose one of {choices}.")
    return device
