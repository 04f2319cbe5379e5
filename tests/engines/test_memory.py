"""Loading and dropping engines does not fill the memory, seen from a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# A model that is kept costs GenAI 20 MB a time, and Optimum 25. GenAI frees all but 0.1 MB of it; of a model that has
# its cache inside, which Optimum runs, OpenVINO 2026.4 itself keeps 5 MB, and 15 if it isn't told to let go.
CYCLES = """
import json
from pathlib import Path
from dolly_widget import SamplingParams, load_engine
from dolly_widget.text.template import PLAIN

def private_kb():
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))

kept, sizes = [], []
for cycle in range(10):
    engine = load_engine(device="CPU", engine={engine!r})
    engine.generate(PLAIN.render("7 " * 400), SamplingParams(max_new_tokens=8, seed=1))
    {drop}
    del engine
    sizes.append(private_kb())
print(json.dumps(sizes))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="private memory is read from /proc: Linux only")
@pytest.mark.parametrize(("engine", "mb_per_cycle"), [("genai", 1), ("optimum", 10)])
@pytest.mark.parametrize("drop", ["engine.close()", "pass"], ids=["closed", "dropped"])
def test_private_memory_does_not_climb(engine, mb_per_cycle, drop):
    code = CYCLES.format(engine=engine, drop=drop)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    sizes = json.loads(run.stdout)
    assert (sizes[-1] - sizes[2]) / 1024 / 7 < mb_per_cycle, [size - sizes[2] for size in sizes]
