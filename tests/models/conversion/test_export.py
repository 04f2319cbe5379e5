"""What an export tells on its way. What comes out of it is test_convert's matter."""

import mmap
import queue
import sys

import pytest

from dolly_widget.models.conversion.compression import release_pages, watched

LIMIT_S = 30


def test_compressing_tells_how_far_it_is_while_it_goes(tmp_path):
    """NNCF's bar moves on a thread of its own, by another method than at its end."""
    from nncf.common.logging.track_progress import track

    fractions = queue.Queue()
    with watched(tmp_path, lambda progress: fractions.put(progress.fraction)):
        for item in track(range(4), weights=[1.0] * 4):
            while item == 2 and not 0 < fractions.get(timeout=LIMIT_S) < 1:
                pass
    told = 0
    while told != 1:
        told = fractions.get(timeout=LIMIT_S)


@pytest.mark.skipif(sys.platform != "linux", reason="the pages of a process are counted in /proc")
def test_pages_that_were_read_are_let_go_and_can_be_read_again(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"weights!" * 500_000)

    def resident_bytes():
        with open("/proc/self/smaps", encoding="utf-8") as file:
            lines = iter(file)
            next(line for line in lines if line.rstrip().endswith(str(path)))
            return int(next(line for line in lines if line.startswith("Rss:")).split()[1]) * 1024

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:] == path.read_bytes()
        assert resident_bytes() >= 4_000_000
        release_pages(path)
        assert resident_bytes() == 0
        assert mapped[:] == path.read_bytes()
