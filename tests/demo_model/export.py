"""Make the demo model's OpenVINO files from its checkpoint: `python -m tests.demo_model.export`.

Needs the `optimum` extra. Weights are compressed to INT8, data-free, as for a model of Dolly's size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dolly_widget.models.conversion.export import export
from dolly_widget.models.demo import CHECKPOINT_DIR, OPENVINO_DIR
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.progress import ignore_progress

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT_DIR)
    parser.add_argument("--out", type=Path, default=OPENVINO_DIR)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    export(arguments.checkpoint, arguments.out, WeightFormat("int8"), ignore_progress)
