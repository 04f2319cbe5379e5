"""The floor: a token reads all weights once, and takes no less than their bytes over the memory's bandwidth."""

import itertools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SIZE_BYTES = 512 * 2**20
CHUNK_BYTES = 8 * 2**20
READING_S = 0.3


def bandwidth_bytes_per_s() -> float:
    """Bytes per second that a thread for each processor together read now; takes half a second."""
    count = os.cpu_count() or 1
    # Ones: memory that was never written to is one page of zeros.
    parts = np.array_split(np.ones(SIZE_BYTES // 8, np.int64), count)
    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(_rate, parts))


def _rate(part: np.ndarray) -> float:
    chunks = itertools.cycle(np.array_split(part, part.nbytes // CHUNK_BYTES))
    read, started = 0, time.perf_counter()
    while time.perf_counter() - started < READING_S:
        chunk = next(chunks)
        np.add.reduce(chunk)
        read += chunk.nbytes
    return read / (time.perf_counter() - started)


def read_bytes(model_dir: Path) -> int:
    """Bytes of weights that a token reads: all of an OpenVINO file, without the input embedding, a byte to a weight."""
    config = json.loads((model_dir / "config.json").read_text(encoding="utf-8"))
    return (model_dir / "openvino_model.bin").stat().st_size - config["vocab_size"] * config["hidden_size"]
