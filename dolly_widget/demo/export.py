"""Make the demo model's OpenVINO files from its checkpoint: `python -m dolly_widget.demo.export`.

Needs the `optimum` extra. Weights are compressed to INT8, data-free, as for a model of Dolly's size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dolly_widget.demo import CHECKPOINT_DIR, OPENVINO_DIR
from dolly_widget.export import export
from dolly_widget.progress import silent
from dolly_widget.weight_format import WeightFormat

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT_DIR)
    parser.add_argument("--out", type=Path, default=OPENVINO_DIR)
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.out, WeightFormat("int8"), silent)
