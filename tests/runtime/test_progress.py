"""A report of progress reads as a line."""

import pytest

from dolly_widget.runtime.progress import STAGES, Progress
from dolly_widget.text.figures import in_bytes


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress("download", 0.21, 1_200_000_000, 5_684_548_185), "Downloading: 1.2 GB of 5.7 GB"),
        (Progress("download", 0.0, 0, 90_000), "Downloading: 0 bytes of 90.0 kB"),
        (Progress("load", 0.5), "Loading the weights: 50%"),
        (Progress("measure", 0.5, subject="demo INT8, CPU"), "Measuring: 50%, demo INT8, CPU"),
        (Progress("export"), "Exporting to OpenVINO"),
        (Progress("plan", message="This needs much."), "Looking at the model. This needs much."),
    ],
)
def test_a_report_is_a_line(progress, line):
    assert str(progress) == line


def test_every_stage_has_its_words():
    lines = {str(Progress(stage)) for stage in STAGES}
    assert len(lines) == len(STAGES)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (9.5e6, "9.5 MB"), (2.78e9, "2.8 GB"), (430e6, "430 MB")],
)
def test_bytes_in_words(count, text):
    assert in_bytes(count) == text
