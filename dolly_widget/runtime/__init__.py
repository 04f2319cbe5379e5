"""Threads, devices, memory, whole files, and what OpenVINO says of itself. Knows no model."""

from dolly_widget.runtime.devices import available_devices, check_device, devices_behind
from dolly_widget.runtime.jobs import INTERRUPT_S, Job, Worker
from dolly_widget.runtime.memory import added_bytes, free_memory_bytes, private_bytes
from dolly_widget.runtime.openvino_thread import run_on_own_thread
from dolly_widget.runtime.progress import OnProgress, Progress, ignore_progress
from dolly_widget.runtime.properties import PRECISE, check_properties
from dolly_widget.runtime.reasons import explain, reason
from dolly_widget.runtime.whole_file import write_whole

__all__ = [
    "INTERRUPT_S",
    "PRECISE",
    "Job",
    "OnProgress",
    "Progress",
    "Worker",
    "added_bytes",
    "available_devices",
    "check_device",
    "check_properties",
    "devices_behind",
    "explain",
    "free_memory_bytes",
    "ignore_progress",
    "private_bytes",
    "reason",
    "run_on_own_thread",
    "write_whole",
]
