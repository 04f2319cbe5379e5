"""Converts a checkpoint of dolly-v2-3b's full shape, and measures: `python tests/benchmarks/convert.py`.

2.78 billion random weights in bfloat16. For each weight format: size, seconds and peak memory of `dolly-widget convert`
and of `optimum-cli` with the same arguments, one after the other in turns, then tokens per second of the result.
Takes half an hour, 15 GB of disk and 12 GB of memory. Peaks are the largest resident set of a process, in which the
pages of mapped files count that could be dropped.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

FORMATS = ("fp16", "int8", "int4")
# What `dolly-widget convert` does in each format, in optimum-cli's words.
OPTIMUM_ARGUMENTS = {
    "fp16": ("--weight-format", "fp16"),
    "int8": ("--weight-format", "int8"),
    "int4": ("--weight-format", "int4", "--group-size", "128", "--ratio", "1.0"),
}
SPEED = """
import sys
from dolly_widget import SamplingParams, load_engine
engine = load_engine(sys.argv[1], device="CPU")
for word in ("Warm", "Where", "Why", "When"):
    prompt = engine.template.render(f"{word} do androids dream of electric sheep?")
    print(engine.generate(prompt, SamplingParams(max_new_tokens=48, temperature=0)).tokens_per_s)
"""


# The shape of dolly-v2-3b.
FULL_SIZES = {
    "vocab_size": 50280,
    "hidden_size": 2560,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "intermediate_size": 10240,
}


def make_full_checkpoint(directory: Path, sizes: Mapping[str, int] = FULL_SIZES) -> Path:
    """GPT-NeoX of dolly-v2-3b's shape with random weights, and the demo model's tokenizer: Dolly's special tokens."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    from dolly_widget.models.demo import CHECKPOINT_DIR

    config = GPTNeoXConfig(**sizes, max_position_embeddings=2048, bos_token_id=0, eos_token_id=0, dtype="bfloat16")
    torch.manual_seed(0)
    with torch.device("meta"):
        model = GPTNeoXForCausalLM(config).to(torch.bfloat16)
    model = model.to_empty(device="cpu")
    for name, weight in model.named_parameters():
        weight.data = (torch.rand(weight.shape) - 0.5).mul_(0.07) if weight.dim() > 1 else torch.ones(weight.shape)
        weight.data = weight.data.to(torch.bfloat16) * (0 if name.endswith("bias") else 1)
    model.save_pretrained(directory)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(CHECKPOINT_DIR / name, directory / name)
    return directory


def run(command: list[str], **environment: str) -> tuple[float, int]:
    """Run a command; return seconds and the largest resident set in bytes, its own or a child's."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024


def convert(checkpoint: Path, weight_format: str, cache: Path) -> tuple[float, int]:
    """Convert with this package into an empty store."""
    shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "dolly_widget", "convert", str(checkpoint), "--weight-format", weight_format]
    return run(command, DOLLY_WIDGET_CACHE=str(cache))


def convert_with_optimum(checkpoint: Path, weight_format: str, target: Path) -> tuple[float, int]:
    """Convert with optimum-cli."""
    shutil.rmtree(target, ignore_errors=True)
    arguments = ["--task", "text-generation-with-past", *OPTIMUM_ARGUMENTS[weight_format]]
    program = Path(sys.executable).with_name("optimum-cli")
    return run([str(program), "export", "openvino", "--model", str(checkpoint), *arguments, str(target)])


def tokens_per_s(model_dir: Path) -> float:
    """Median of three greedy answers of 48 tokens, after one to warm up, in a fresh process."""
    output = subprocess.run([sys.executable, "-c", SPEED, str(model_dir)], capture_output=True, text=True, check=True)
    return statistics.median(map(float, output.stdout.split()[1:]))


def main() -> None:
    """Print a line for each run, and the table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--checkpoint", type=Path, help="one that was made before (default: make it)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        checkpoint = arguments.checkpoint or make_full_checkpoint(work / "dolly-v2-3b-shape")
        size = (checkpoint / "model.safetensors").stat().st_size
        print(f"checkpoint: {size / 1e9:.2f} GB")
        print("format  size GB  seconds (optimum-cli)  peak GB (optimum-cli)  peak / checkpoint  tokens/s")
        for weight_format in arguments.formats:
            ours, theirs = [], []
            for _ in range(arguments.rounds):
                ours.append(convert(checkpoint, weight_format, work / "cache"))
                theirs.append(convert_with_optimum(checkpoint, weight_format, work / "optimum"))
            model_dir = next((work / "cache" / "models").glob("*/openvino_model.bin")).parent
            mine, peer = ([statistics.median(each) for each in zip(*runs, strict=True)] for runs in (ours, theirs))
            print(
                f"{weight_format:6}  {(model_dir / 'openvino_model.bin').stat().st_size / 1e9:7.2f}  "
                f"{mine[0]:7.0f} ({peer[0]:.0f})  {mine[1] / 1e9:14.2f} ({peer[1] / 1e9:.2f})  "
                f"{mine[1] / size:17.2f}  {tokens_per_s(model_dir):8.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
