"""Which OpenVINO properties matter: `python tests/benchmarks/properties.py MODEL [MODEL …]`. Nothing else should run.

Each model, which is one of our directories or names, is loaded once for each of the settings below, all in one process,
as long as half of the free memory does; each answers in turns, five rounds. Prints milliseconds for each token, and the
ratio to the defaults in the same rounds; first for the defaults twice, which shows what is noise.
"""

import os
import statistics
import sys

from dolly_widget import SamplingParams, load_engine
from dolly_widget.models.info import ModelInfo
from dolly_widget.models.lookup import resolve
from dolly_widget.text.template import PLAIN

ROUNDS, NEW_TOKENS = 5, 16
SETTINGS = {
    "defaults": {},
    "defaults again": {},
    "1 thread": {"INFERENCE_NUM_THREADS": 1},
    "throughput hint": {"PERFORMANCE_HINT": "THROUGHPUT"},
    "float32 activations": {"INFERENCE_PRECISION_HINT": "f32"},
    "no dynamic quantisation": {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 0},
    "dynamic quantisation in groups of 128": {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 128},
    "bfloat16 key-value cache": {"KV_CACHE_PRECISION": "bf16"},
    "accuracy mode": {"EXECUTION_MODE_HINT": "ACCURACY"},
}
PARAMS = SamplingParams(max_new_tokens=NEW_TOKENS, temperature=0, repetition_penalty=0.01)


def groups(size: int) -> list[list[str]]:
    """The settings in groups that fit into half of the free memory, the defaults in each."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    others = list(SETTINGS)[1:]
    count = max(1, int(0.5 * free / (1.3 * size)) - 1)
    return [["defaults", *others[start : start + count]] for start in range(0, len(others), count)]


def times(engines: dict) -> dict[str, float]:
    """Median seconds for each token, of answers in turns."""
    found = {name: [] for name in engines}
    for round_ in range(ROUNDS + 1):
        for name, engine in engines.items():
            result = engine.generate(PLAIN.render(f"{round_} and so it was that one day"), PARAMS)
            found[name] += result.pass_s[1:] if round_ else ()
    return {name: statistics.median(each) for name, each in found.items()}


def main() -> None:
    """Print a table for each model."""
    for model in map(resolve, sys.argv[1:]):
        info = ModelInfo(model)
        print(f"{info.name} {info.precision}, {info.size_bytes / 1e9:.2f} GB")
        for names in groups(info.size_bytes):
            engines = {name: load_engine(model, device="CPU", ov_config=SETTINGS[name]) for name in names}
            found = times(engines)
            for engine in engines.values():
                engine.close()
            for name, seconds in found.items():
                print(f"  {name:40} {1e3 * seconds:7.2f} ms  {seconds / found['defaults']:.2f}", flush=True)


if __name__ == "__main__":
    main()
