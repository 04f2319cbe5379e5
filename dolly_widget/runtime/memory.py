"""How much memory is free here, and how much this process holds. Knows no model."""

from __future__ import annotations

from pathlib import Path


def private_bytes() -> int | None:
    """Memory that this process has for itself: not the pages of mapped files. None where that is not known."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), None)


def added_bytes(after: int | None, before: int | None) -> int | None:
    """What ``private_bytes`` grew by; None where that is not known."""
    return None if after is None or before is None else max(0, after - before)


def free_memory_bytes() -> float:
    """Memory that can be had without swapping, within the limit of a container where there is one."""
    limits = [_available_bytes(), *_container_free_bytes()]
    return min(limits)


def _available_bytes() -> float:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # not Linux: psutil comes with the optimum extra and with every kernel
        import psutil  # type: ignore[import-untyped]

        return float(psutil.virtual_memory().available)
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


# Version 2 and version 1: directory, limit, use, and how the part of it is called that is page cache.
_CONTROL_GROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def _container_free_bytes() -> list[float]:
    """What a control group leaves: limit less use, page cache not counted as use."""
    found = []
    for root, limit_name, used_name, cache_name in _CONTROL_GROUPS:
        try:
            limit = (Path(root) / limit_name).read_text(encoding="ascii").strip()
            used = int((Path(root) / used_name).read_text(encoding="ascii"))
            statistics = (Path(root) / "memory.stat").read_text(encoding="ascii").split()
        except OSError:
            continue
        if limit != "max":
            cache = int(statistics[statistics.index(cache_name) + 1])
            found.append(float(int(limit) - used + cache))
    return found
