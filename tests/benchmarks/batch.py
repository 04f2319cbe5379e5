"""Many answers at a time: `python tests/benchmarks/batch.py`. Tokens per second for 1, 4, 8, 16 and 32 at once.

Ours is `generate_many`, with `at_once`; 1 is one after the other. Peers on the same weights and tokens are llama.cpp's
server with as many slots (`xllamacpp`, a prebuilt wheel: `pip install xllamacpp`; Q8_0) and transformers' `generate`
with a padded batch (PyTorch, bfloat16). All answers have the same length, greedily; prompts differ from the start.
Everyone runs in a process of its own, in turns, round after round. Figures are medians of the rounds, ratios those
within a round. Beside them stands the memory of the cache. Models are those of `peers.py`, in the same work folder.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path

from contest.batches import PEERS
from contest.files import Workshop
from contest.gguf_files import make_q8_gguf
from contest.prompts import prompts_for
from contest.shapes import SHAPES, checkpoint_of

AT_ONCE = (1, 4, 8, 16, 32)


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--at-once", nargs="+", type=int, default=list(AT_ONCE))
    parser.add_argument("--rows", type=int, default=32, help="answers of a round, or more where more run at once")
    parser.add_argument("--new-tokens", type=int, default=32, help="length of every answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dolly-widget-peers")
    parser.add_argument("--json", type=Path, help="write all that was measured")
    return parser.parse_args()


def paths_of(shape_name: str, peers: list[str], work: Path) -> dict[str, Path]:
    """What each peer runs on, made where it is not there yet."""
    shape, workshop = SHAPES[shape_name], Workshop(work)
    made = workshop.prepare(shape, ["int8", "checkpoint"])
    paths = {"ours": made["int8"], "torch": made["checkpoint"]}
    if "llama.cpp" in peers:
        paths["llama.cpp"] = make_q8_gguf(checkpoint_of(shape, work), work / "gguf" / shape_name / "python-q8_0.gguf")
    return {name: paths[name] for name in peers}


def one_run(peer: str, path: Path, prompts: list[list[int]], at_once: int, new_tokens: int) -> dict[str, float]:
    """Run in a process of its own, which ends with it: what it held is free for the next one."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    arguments = (sender, peer, str(path), prompts, at_once, new_tokens)
    process = context.Process(target=_in_process, args=arguments)
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _in_process(sender, peer: str, path: str, prompts: list[list[int]], at_once: int, new_tokens: int) -> None:
    measured = PEERS[peer](path, prompts, at_once, new_tokens)
    sender.send(measured)


def measure(arguments: argparse.Namespace, shape_name: str) -> list[dict]:
    """All samples of one model."""
    paths = paths_of(shape_name, arguments.peers, arguments.work)
    source = prompts_for(SHAPES[shape_name], checkpoint_of(SHAPES[shape_name], arguments.work))
    samples = []
    for number in range(arguments.rounds):
        for at_once in arguments.at_once:
            rows = max(arguments.rows, 2 * at_once) if at_once > 1 else min(arguments.rows, 8)
            prompts = [next(source)[1] for _ in range(rows)]
            for peer, path in paths.items():
                figures = one_run(peer, path, prompts, at_once, arguments.new_tokens)
                samples.append({"shape": shape_name, "round": number, "peer": peer, "at_once": at_once, **figures})
                print(
                    f"{shape_name:5} {peer:10} {at_once:3} at once: {figures['tokens_per_s']:8.1f} tokens/s", flush=True
                )
    return samples


def median(samples: list[dict], key: str = "tokens_per_s", **chosen) -> float:
    """Of the samples with these values."""
    values = [each[key] for each in samples if all(each[name] == value for name, value in chosen.items())]
    return statistics.median(values) if values else float("nan")


def table(samples: list[dict], arguments: argparse.Namespace) -> str:
    """Tokens per second, and in brackets how many times that of one after the other."""
    lines = ["| model | peer | " + " | ".join(f"{each} at once" for each in arguments.at_once) + " | cache at most |"]
    lines.append("| --- | --- |" + " --- |" * (len(arguments.at_once) + 1))
    for shape in arguments.shapes:
        for peer in arguments.peers:
            cells = []
            for at_once in arguments.at_once:
                ratios = [
                    median(samples, shape=shape, peer=peer, at_once=at_once, round=number)
                    / median(samples, shape=shape, peer=peer, at_once=arguments.at_once[0], round=number)
                    for number in range(arguments.rounds)
                ]
                rate = median(samples, shape=shape, peer=peer, at_once=at_once)
                cells.append(f"{rate:.1f} ({statistics.median(ratios):.1f} ×)")
            cache = median(samples, "cache_bytes", shape=shape, peer=peer, at_once=arguments.at_once[-1])
            cells.append("–" if cache != cache else f"{cache / 1e6:,.0f} MB")
            lines.append(f"| {shape} | {peer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table."""
    arguments = parsed()
    started = time.perf_counter()
    samples = [sample for shape in arguments.shapes for sample in measure(arguments, shape)]
    if arguments.json:
        arguments.json.write_text(json.dumps(samples, indent=1), encoding="utf-8")
    print(table(samples, arguments))
    print(f"{arguments.rounds} rounds, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
