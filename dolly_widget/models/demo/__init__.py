"""The demonstration model that ships with the package: where its files are. See README.md beside this file."""

from pathlib import Path

_HERE = Path(__file__).parent
OPENVINO_DIR = _HERE / "openvino"
CHECKPOINT_DIR = _HERE / "checkpoint"
