"""FP16 weights on one thread are computed in float32: in bfloat16, OpenVINO ends the process."""

import pytest

from dolly_widget.engines import one_processor
from dolly_widget.engines.one_processor import safe_properties

F32 = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.fixture(autouse=True)
def processors(monkeypatch):
    count = [1]
    monkeypatch.setattr(one_processor, "_processors", lambda: count[0])
    return count


def test_fp16_on_one_processor_is_computed_in_float32(processors):
    assert safe_properties("CPU", {}, "FP16") == F32
    processors[0] = 2
    assert safe_properties("CPU", {}, "FP16") == {}


@pytest.mark.parametrize("precision", ["INT8", "INT4", "FP32"])
def test_other_weights_are_left_alone(precision):
    assert safe_properties("CPU", {}, precision) == {}


def test_the_number_of_threads_counts_where_it_is_set(processors):
    processors[0] = 2
    assert safe_properties("CPU", {"INFERENCE_NUM_THREADS": "1"}, "FP16") == {"INFERENCE_NUM_THREADS": "1", **F32}
    processors[0] = 1
    assert safe_properties("CPU", {"INFERENCE_NUM_THREADS": 2}, "FP16") == {"INFERENCE_NUM_THREADS": 2}


@pytest.mark.parametrize("asked", [{"EXECUTION_MODE_HINT": "ACCURACY"}, {"INFERENCE_PRECISION_HINT": "bf16"}])
def test_a_precision_that_is_asked_for_stays(asked):
    assert safe_properties("CPU", asked, "FP16") == asked
