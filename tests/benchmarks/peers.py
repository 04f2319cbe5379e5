"""Beside its peers: `python tests/benchmarks/peers.py`. Time per output token, in turns, and what is to be reached.

Peers are this package's engine and whole widget (in a real ipykernel), the origin's pipeline (Optimum Intel with a
streamer) and bare OpenVINO GenAI on the same files, transformers on PyTorch, and llama.cpp. Shapes are the bundled
model, and two of random weights, whose answers do not end by themselves. The bundled model's do: an answer that ends
before its length is not counted, and another prompt and seed are tried.

The first run makes all files in the work folder (20 GB, half an hour), and builds llama-cpp-python; later ones find
them there. Nothing else should be running.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from contest.figures import Figures
from contest.files import Workshop
from contest.groups import grouped
from contest.peer import PEERS
from contest.plot import draw
from contest.report import as_json, shape_table, targets_table
from contest.rounds import Group, Sample
from contest.shapes import SHAPES
from contest.single import SINGLE
from contest.targets import targets

from dolly_widget.models.conversion.needs import free_for

# Of the free memory: loading takes more than what stays.
SHARE_OF_FREE = 0.9
Paths = dict[str, dict[str, Path]]
"""Of what the peers run on, by shape and kind."""


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--new-tokens", type=int, help="length of an answer (default: 64; 32 for 3b)")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dolly-widget-peers")
    parser.add_argument(
        "--memory", type=float, help="gigabytes that the peers may hold together (default: what is free)"
    )
    parser.add_argument("--llama-wheel", type=Path, help="of llama-cpp-python, in place of building it")
    parser.add_argument("--json", type=Path, help="write all that was measured")
    parser.add_argument("--plot", type=Path, help="draw the times per token (PNG or SVG)")
    parser.add_argument("--only-prepare", action="store_true", help="make the files, and measure nothing")
    parser.add_argument("--no-single", action="store_true", help="leave out start, contexts and memory of ours alone")
    return parser.parse_args()


def shape_samples(arguments: argparse.Namespace, name: str, workshop: Workshop, paths: dict[str, Path]) -> list[Sample]:
    """All samples of one shape, group after group."""
    shape = SHAPES[name]
    if arguments.new_tokens:
        shape = replace(shape, new_tokens=arguments.new_tokens)
    memory = arguments.memory * 1e9 if arguments.memory else SHARE_OF_FREE * free_for(workshop.folder).memory
    present = [PEERS[peer] for peer in arguments.peers if PEERS[peer].files in paths]
    groups = grouped(present, paths, memory)
    return [
        sample
        for number, peers in enumerate(groups)
        for sample in Group(shape, number, peers, paths, workshop).run(arguments.rounds)
    ]


def run(arguments: argparse.Namespace, workshop: Workshop, paths: Paths) -> None:
    """Measure, and print, write and draw what came out after each shape: a later one may fail."""
    samples: list[Sample] = []
    measured: dict[str, float] = {}
    for name in arguments.shapes:
        samples += shape_samples(arguments, name, workshop, paths[name])
        if not arguments.no_single and "int8" in paths[name]:
            measured |= {
                each.what: each.measure(paths[name]["int8"], arguments.rounds) for each in SINGLE if each.shape == name
            }
        show(arguments, samples, measured, paths)
    print(f"\n{targets_table(targets(Figures(samples, paths), measured))}")


def show(arguments: argparse.Namespace, samples: list[Sample], measured: dict[str, float], paths: Paths) -> None:
    """The last shape's table; all of them as JSON and as a picture."""
    figures, answered = Figures(samples, paths), peers_by_shape(samples)
    name = samples[-1].shape
    print(f"\n{SHAPES[name].title}\n{shape_table(figures, name, answered[name])}\n", flush=True)
    if arguments.json:
        found = as_json(samples, targets(figures, measured), measured)
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.plot:
        draw(figures, answered, arguments.plot)


def peers_by_shape(samples: list[Sample]) -> dict[str, list[str]]:
    """Names of the peers that answered, in the order of PEERS."""
    shapes = dict.fromkeys(each.shape for each in samples)
    found = {(each.shape, each.peer) for each in samples}
    return {shape: [peer for peer in PEERS if (shape, peer) in found] for shape in shapes}


def main() -> None:
    """Prepare, measure, and say who was left out."""
    arguments = parsed()
    workshop = Workshop(arguments.work, arguments.llama_wheel)
    kinds = [PEERS[peer].files for peer in arguments.peers]
    paths = {name: workshop.prepare(SHAPES[name], kinds) for name in arguments.shapes}
    if not arguments.only_prepare:
        run(arguments, workshop, paths)
    for what, reason in workshop.reasons.items():
        print(f"left out: {what}: {reason}")


if __name__ == "__main__":
    main()
