"""OpenVINO properties reach the device on both engines; a wrong one is refused by name, before the model is loaded."""

from pathlib import Path

import pytest

from dolly_widget.engines.loading import load_engine
from dolly_widget.runtime.properties import check_properties
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.template import DOLLY

DEVICES = pytest.mark.parametrize("device", ["CPU", "AUTO", "HETERO:CPU", "MULTI:CPU"])
ENGINES = pytest.mark.parametrize("engine", ["genai", "optimum"])


@DEVICES
@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"NO_SUCH": 1}, "OpenVINO has no property NO_SUCH on"),
        ({"INFERENCE_NUM_THREAD": 1}, r"no property INFERENCE_NUM_THREAD on .* \(similar: INFERENCE_NUM_THREADS\)"),
        ({"FULL_DEVICE_NAME": "x"}, "no property FULL_DEVICE_NAME"),
        ({"INFERENCE_NUM_THREADS": "many"}, r"INFERENCE_NUM_THREADS='many' on .* \(Expected only non negative"),
        ({"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "FASTEST"}, r"HINT='FASTEST' on .*only LATENCY/THROUGHPUT/"),
        ({"KV_CACHE_PRECISION": "zz"}, r"KV_CACHE_PRECISION='zz' on .* \(Supported values: u8"),
        ({"ENABLE_MMAP": "maybe"}, "ENABLE_MMAP='maybe' on .*Could not convert to bool"),
    ],
)
def test_a_wrong_property_is_named_with_what_to_do(device, properties, message):
    with pytest.raises(ValueError, match=message) as refused:
        check_properties(device, properties)
    assert str(refused.value).endswith("correct it in ov_config, or leave it out.")
    assert not any(trace in str(refused.value) for trace in ("\n", ".cpp", "::"))
    assert refused.value.__cause__ is not None


@DEVICES
def test_right_properties_are_taken(device, tmp_path):
    import openvino as ov
    from openvino.properties import hint

    given = {
        "CACHE_DIR": tmp_path,
        "INFERENCE_NUM_THREADS": 1,
        hint.performance_mode: hint.PerformanceMode.LATENCY,
        "KV_CACHE_PRECISION": ov.Type.f32,
        "ENABLE_MMAP": False,
    }
    taken = check_properties(device, given)
    assert taken == given | {"CACHE_DIR": str(tmp_path)}
    assert check_properties(device, {}) == {}


def test_a_property_of_auto_itself_is_taken():
    assert check_properties("AUTO", {"MODEL_PRIORITY": "LOW"}) == {"MODEL_PRIORITY": "LOW"}


def test_a_cache_directory_must_be_one_that_can_be_written(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    for wrong in (path, path / "below", Path("/proc/nowhere")):
        with pytest.raises(ValueError, match="is not a writable directory: choose another one") as refused:
            check_properties("CPU", {"CACHE_DIR": wrong})
        assert str(wrong) in str(refused.value)


@ENGINES
def test_the_properties_reach_openvino(demo_dir, tmp_path, engine):
    cache = tmp_path / "new" / "cache"
    loaded = load_engine(demo_dir, device="CPU", engine=engine, ov_config={"CACHE_DIR": cache, "NUM_STREAMS": 1})
    assert loaded.generate(DOLLY.render("Say hello."), SamplingParams(max_new_tokens=3)).new_tokens > 0
    loaded.close()
    assert sum(path.stat().st_size for path in cache.iterdir()) > 1_000_000


@ENGINES
def test_a_wrong_property_keeps_the_engine_from_loading(demo_dir, engine):
    for device in ("CPU", "AUTO"):
        with pytest.raises(ValueError, match="OpenVINO has no property NO_SUCH"):
            load_engine(demo_dir, device=device, engine=engine, ov_config={"NO_SUCH": 1})


def test_a_device_that_takes_nothing_is_left_to_the_loading():
    assert check_properties("TPU", {"NO_SUCH": 1}) == {"NO_SUCH": 1}
