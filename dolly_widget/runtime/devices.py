"""The devices that OpenVINO finds on this machine. Knows nothing about models."""

from __future__ import annotations

from functools import cache

from dolly_widget.runtime.openvino_thread import run_on_own_thread

# AUTO chooses among the others; these take a list of devices after a colon.
_VIRTUAL = ("AUTO", "HETERO", "MULTI", "BATCH")


@cache
def available_devices() -> dict[str, str]:
    """Device name ("CPU", "GPU.0", "NPU") to its full name, as OpenVINO reports them; looked up once."""
    return run_on_own_thread(_look_up)


def _look_up() -> dict[str, str]:
    import openvino as ov

    core = ov.Core()
    return {name: str(core.get_property(name, "FULL_DEVICE_NAME")).strip() for name in core.available_devices}


def check_device(device: str) -> str:
    """Return ``device`` as OpenVINO spells it ("cpu" is "CPU") where every part of it is there.

    Raises ValueError, naming the devices that are there, where not.
    """
    name = "".join(device.split()).upper()
    kind, _, listed = name.partition(":")
    parts = [part for part in listed.split(",") if part] if kind in _VIRTUAL else [name]
    named = [part.partition("(")[0] for part in parts if not part.startswith("-")]
    known = [alias for found in available_devices() for alias in _aliases(found)]
    # AUTO chooses among all that are not excluded; the other virtual devices have to be told.
    is_any_left = bool(named) or (kind == "AUTO" and any(f"-{found}" not in parts for found in available_devices()))
    if not is_any_left or not all(part in known for part in named):
        choices = ", ".join(["AUTO", *available_devices()])
        raise ValueError(f"There is no device {device!r} on this machine; choose one of {choices}.")
    return name


def devices_behind(device: str) -> list[str]:
    """The devices that a virtual one may choose among, as they are named to it; any other is itself."""
    kind, _, listed = device.partition(":")
    if kind not in _VIRTUAL:
        return [device]
    parts = [part.partition("(")[0] for part in listed.split(",") if part]
    named = [part for part in parts if not part.startswith("-")]
    return named or [found for found in available_devices() if f"-{found}" not in parts]


def _aliases(found: str) -> tuple[str, ...]:
    """What else a device is called: "GPU" is the first of several, "GPU.0" the only one."""
    return (found, found.partition(".")[0], *(("GPU.0",) if found == "GPU" else ()))
