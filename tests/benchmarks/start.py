"""How long a user waits: `python tests/benchmarks/start.py`. Medians of fresh processes, nothing else running."""

import statistics
import subprocess
import sys

ROUNDS = 9

IMPORT = """
import time; start = time.perf_counter()
import dolly_widget
print(time.perf_counter() - start)
"""

# From the start of the interpreter to the first piece of text, with the widget made as a notebook makes it.
FIRST_TEXT = """
import os, threading, time
from dolly_widget import DollyWidget
started = time.clock_gettime(time.CLOCK_BOOTTIME) - {process_age}
widget, first = DollyWidget(), []
widget.observe(lambda change: first.append(time.clock_gettime(time.CLOCK_BOOTTIME)), "response")
widget.ask("Who is Dolly?", seed=1)
print(first[0] - started)
"""
# Field 22 of /proc/self/stat: when the process started, in ticks after boot.
PROCESS_AGE = (
    "(time.clock_gettime(time.CLOCK_BOOTTIME)"
    " - int(open('/proc/self/stat').read().rpartition(')')[2].split()[19]) / os.sysconf('SC_CLK_TCK'))"
)


def seconds(code: str) -> float:
    """The number that a fresh process prints."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout)


def main() -> None:
    """Run both measurements in turns, so that a busy moment hits both, and print their medians."""
    codes = {
        "import dolly_widget": IMPORT,
        "fresh process to first text of the demo model": FIRST_TEXT.format(process_age=PROCESS_AGE),
    }
    for code in codes.values():
        seconds(code)  # once to fill the page cache
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name, code in codes.items():
            times[name].append(seconds(code))
    for name, values in times.items():
        print(f"{name}: {statistics.median(values):.3f} s (median of {ROUNDS}, {min(values):.3f} to {max(values):.3f})")


if __name__ == "__main__":
    main()
