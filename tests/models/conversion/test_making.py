"""An error of the libraries becomes one sentence about the model."""

import pickle

import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion.making import faults_described


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            RuntimeError("Check 'key_input_correctness' failed at src/core/include/attention.hpp:50:\nmore\n"),
            "Check 'key_input_correctness' failed",
        ),
        (ValueError("\n  The first line!\nThe second.\n"), "The first line"),
        (ValueError(), "ValueError"),
        (RuntimeError("x" * 1000), "x" * 300),
        (
            RuntimeError("set ignore_mismatched_sizes\n"),
            "its weights do not have the shapes that its config.json gives",
        ),
        (pickle.UnpicklingError("GLOBAL os.system"), "its pickle file contains more than weights"),
    ],
)
def test_an_error_is_told_in_one_sentence(tmp_path, error, reason):
    with pytest.raises(ModelError) as told, faults_described("a/model (type 'x')", tmp_path):
        raise error
    assert str(told.value).startswith(f"a/model (type 'x') cannot be converted: {reason}")
    assert str(told.value).endswith(".")
    assert "\n" not in str(told.value)
    assert ".hpp" not in str(told.value)


def test_a_full_disk_and_a_sentence_pass(tmp_path):
    with pytest.raises(ModelError, match=r"^A sentence$"), faults_described("a/model", tmp_path):
        raise ModelError("A sentence")
    full = RuntimeError("cannot write")
    full.__cause__ = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left"), faults_described("a/model", tmp_path):
        raise full
