"""The table of measurements: aligned, with units, and a dash where there is no figure."""

import math
from dataclasses import replace

from dolly_widget.bench.measuring import Measurement
from dolly_widget.bench.table import table

ROW = Measurement("demo", "INT8", "CPU", "genai", 512, 64, 0.31, 0.0204, 0.00458, 0.0008, 35_400_000)


def test_the_table_is_aligned_and_has_units():
    limited = replace(ROW, tpot_p95_s=0.00121, weight_bytes=3_000_000, bandwidth_bytes_per_s=30e9)
    long = replace(ROW, model="org/sheep", precision="FP16", ttft_s=12.3456, tpot_s=math.nan, memory_bytes=None)
    assert table([limited, long]) == (
        "                                                   first  shared    per                  of\n"
        "                                    prompt  load   token   start  token   p95  floor  limit  tokens  memory\n"
        "model      weights  device  engine  tokens     s      ms      ms     ms    ms     ms      %   per s      MB\n"
        "demo       INT8     CPU     genai      512  0.31    20.4    4.58   0.80  1.21   0.10   12.5   1,250    35.4\n"
        "org/sheep  FP16     CPU     genai      512  0.31  12,346    4.58      -     -      -      -       -       -"
    )
