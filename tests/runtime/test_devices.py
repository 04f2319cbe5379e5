"""A device is taken if OpenVINO will take it here, and refused in one sentence if not."""

import pytest

from dolly_widget.runtime import devices
from dolly_widget.runtime.devices import available_devices, check_device, devices_behind


@pytest.fixture
def machine(monkeypatch):
    """Makes this a machine with the devices that it is called with."""

    def have(*names):
        monkeypatch.setattr(devices, "available_devices", lambda: {name: f"a {name}" for name in names})

    return have


def test_the_cpu_is_there_and_has_a_name():
    assert available_devices()["CPU"]
    assert available_devices() is available_devices()


@pytest.mark.parametrize(
    "device", ["CPU", "AUTO", "AUTO:CPU", "HETERO:CPU", "MULTI:CPU", "BATCH:CPU", "BATCH:CPU(4)", "AUTO:-GPU", "AUTO:"]
)
def test_on_a_machine_with_a_cpu_only(machine, device):
    machine("CPU")
    assert check_device(device) == device


@pytest.mark.parametrize(
    ("device", "spelled"),
    [("cpu", "CPU"), ("Auto", "AUTO"), (" CPU ", "CPU"), ("auto: cpu", "AUTO:CPU"), ("hetero:cpu", "HETERO:CPU")],
)
def test_a_device_is_returned_as_openvino_spells_it(machine, device, spelled):
    machine("CPU")
    assert check_device(device) == spelled


@pytest.mark.parametrize(
    "device",
    [
        *("", " ", ":", ":CPU", "GPU", "GPU.0", "NPU", "TPU", "CUDA", "CPU.0", "CPU:CPU", "CPU,GPU", "-CPU"),
        *("AUTO:GPU", "AUTO:GPU,CPU", "AUTO:-CPU", "AUTO:-CPU,-GPU", "HETERO:GPU,CPU"),
        *("HETERO", "MULTI", "BATCH", "HETERO:", "HETERO:-GPU", "BATCH:GPU(4)"),
    ],
)
def test_a_device_that_is_not_there_is_refused_with_those_that_are(machine, device):
    machine("CPU")
    with pytest.raises(
        ValueError, match=r"^There is no device .* on this machine; choose one of AUTO, CPU\.$"
    ) as refused:
        check_device(device)
    assert repr(device) in str(refused.value)


@pytest.mark.parametrize(
    "device",
    ["GPU", "GPU.0", "GPU.1", "NPU", "AUTO:GPU", "AUTO:-CPU", "AUTO:GPU.1,CPU", "HETERO:GPU.0,GPU.1", "MULTI:NPU,GPU"],
)
def test_several_devices_of_a_kind_have_numbers(machine, device):
    machine("CPU", "GPU.0", "GPU.1", "NPU")
    assert check_device(device) == device


def test_the_only_gpu_is_also_the_first(machine):
    machine("CPU", "GPU")
    assert check_device("GPU.0") == "GPU.0"
    assert check_device("HETERO:GPU.0,CPU") == "HETERO:GPU.0,CPU"
    with pytest.raises(ValueError, match="choose one of AUTO, CPU, GPU"):
        check_device("GPU.1")


@pytest.mark.parametrize(
    ("device", "behind"),
    [
        ("CPU", ["CPU"]),
        ("GPU.0", ["GPU.0"]),
        ("AUTO", ["CPU", "GPU", "NPU"]),
        ("AUTO:", ["CPU", "GPU", "NPU"]),
        ("AUTO:-GPU", ["CPU", "NPU"]),
        ("AUTO:GPU,CPU", ["GPU", "CPU"]),
        ("BATCH:GPU(4)", ["GPU"]),
    ],
)
def test_a_virtual_device_has_others_behind_it(machine, device, behind):
    machine("CPU", "GPU", "NPU")
    assert devices_behind(device) == behind


@pytest.mark.parametrize(
    "device", ["CPU", "AUTO", "AUTO:CPU", "HETERO:CPU", "MULTI:CPU", "BATCH:CPU(4)", "AUTO:-GPU", "AUTO:"]
)
def test_openvino_takes_what_check_device_takes(device):
    import numpy as np
    import openvino as ov
    from openvino import opset13 as ops

    x = ops.parameter([1, 2], np.float32)
    assert ov.Core().compile_model(ov.Model([ops.relu(x)], [x]), check_device(device)) is not None
