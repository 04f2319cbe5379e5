"""Nothing of ours leaves a signal stack of OpenVINO's on the caller's thread."""

import ctypes
import gc
import sys

import pytest

from dolly_widget import DOLLY, DollyWidget, SamplingParams, load_engine
from dolly_widget.lens.scores import next_token
from dolly_widget.runtime.devices import available_devices
from dolly_widget.runtime.openvino_thread import run_on_own_thread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sigaltstack is asked as Linux defines it")


class SignalStack(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def signal_stack():
    """Address of this thread's stack for signals; None where it has none."""
    stack = SignalStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.address


def look_for_devices():
    available_devices.cache_clear()
    assert "CPU" in available_devices()


def load_with_a_wrong_property():
    with pytest.raises(ValueError, match="NO_SUCH") as refusal:
        load_engine(device="CPU", ov_config={"NO_SUCH": 1})
    return refusal  # with what it holds, as a notebook keeps it


def load_and_read():
    engine = load_engine(device="CPU", ov_config={"INFERENCE_NUM_THREADS": 1})
    engine.generate(DOLLY.render("Hi"), SamplingParams(max_new_tokens=1))
    next_token(engine, DOLLY.render("Hi"))
    return engine


def show_a_widget():
    widget = DollyWidget(device="CPU")
    widget.wait()
    return widget


@pytest.mark.parametrize("call", [look_for_devices, load_with_a_wrong_property, load_and_read, show_a_widget])
def test_the_callers_thread_keeps_its_signal_stack(call):
    before = signal_stack()
    kept = [call(), call()]
    assert signal_stack() == before
    for each in kept[:1]:  # the older one first: what it puts back must not be what it gave
        if hasattr(each, "close"):
            each.close()
        del each
    del kept[0]
    gc.collect()
    assert signal_stack() in (before, None)
    for each in kept:
        if hasattr(each, "close"):
            each.close()
    kept.clear()
    gc.collect()
    assert signal_stack() in (before, None)


def test_what_the_work_returns_or_raises_comes_out():
    assert run_on_own_thread(lambda: 5) == 5
    with pytest.raises(LookupError, match="gone"):
        run_on_own_thread(lambda: (_ for _ in ()).throw(LookupError("gone")))
