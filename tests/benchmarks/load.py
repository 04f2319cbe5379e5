"""A server under load: `python tests/benchmarks/load.py`. 64 clients ask 20 questions each of `dolly-widget serve`.

Questions differ in length, and so do their answers; each answer is streamed, and compared with the engine's own, token
by token. Among the clients, some read slowly, and some leave every other question in the middle and ask it again.
Printed are the times to the first token, the speed of all together, and the server's memory along the way.

With `--precise`, the server computes in float32, in which a greedy answer does not depend on those beside it, and a
drawn one hardly ever; without, more of them differ by rounding. The server runs in a process of its own on the same
machine, as the clients do.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from contest.files import Workshop
from contest.prompts import ANIMALS, INSTRUCTIONS, WORDS
from contest.shapes import SHAPES

from dolly_widget import SamplingParams, load_engine
from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime import PRECISE
from dolly_widget.sampling import MODEL
from dolly_widget.text import PLAIN

SLOW, VANISHING = 4, 4
LONGEST_CONTEXT = 200
# Shares of the answers at which the server's memory is read.
MARKS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="demo")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--questions", type=int, default=20, help="of each client")
    parser.add_argument("--new-tokens", type=int, default=64, help="the longest answer; the shortest has an eighth")
    parser.add_argument("--max-running", type=int, default=64)
    parser.add_argument("--precise", action="store_true", help="compute in float32")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dolly-widget-peers")
    return parser.parse_args()


@dataclass
class Question:
    """One question, and what the engine says to it."""

    ids: list[int]
    new_tokens: int
    seed: int
    own: tuple[int, ...] = ()


@dataclass
class Log:
    """What became of it all."""

    total: int
    process: psutil.Process
    ttft_s: list[float] = field(default_factory=list)
    tokens: int = 0
    wrong: list[Question] = field(default_factory=list)
    """Those whose answer was not the engine's own."""
    vanished: int = 0
    memory: dict[float, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        return len(self.ttft_s)

    def add(self, question: Question, ids: list[int], ttft_s: float) -> None:
        self.ttft_s.append(ttft_s)
        self.tokens += len(ids)
        if tuple(ids) != question.own:
            self.wrong.append(question)
        for mark in MARKS:
            if mark not in self.memory and self.answered >= mark * self.total:
                self.memory[mark] = self.process.memory_info().rss


def questions(model: Model, count: int, longest: int, *, is_random: bool) -> list[Question]:
    """Prompts of very different lengths; half are drawn with a seed of their own, half greedily."""
    chance, made = random.Random(0), []
    template = PLAIN if is_random else model.template
    for number in range(count):
        instruction = chance.choice(INSTRUCTIONS).format(animal=chance.choice(ANIMALS))
        context = " ".join(chance.choices(WORDS, k=chance.randrange(LONGEST_CONTEXT)))
        ids = model.encode(template.render(f"{number}. {instruction}", context))
        made.append(Question(ids, chance.randint(longest // 8, longest), number))
    return made


def settings_of(question: Question) -> dict[str, Any]:
    """What a request says of the drawing, and what the engine is told."""
    return {"temperature": 0.8 if question.seed % 2 else 0, "seed": question.seed}


def answer_alone(directory: Path, asked: list[Question], config: dict[str, Any]) -> None:
    """Have the engine answer, without a server."""
    from dolly_widget.text import Prompt

    engine = load_engine(directory, device="CPU", ov_config=config)
    requests = [
        GenerationRequest(
            Prompt(token_ids=each.ids),
            SamplingParams(**{**vars(MODEL), "max_new_tokens": each.new_tokens, **settings_of(each)}),
        )
        for each in asked
    ]
    for place, outcome in generate_many(engine, requests, at_once=16):
        asked[place].own = outcome.token_ids
    engine.close()


def serve(sender: Any, directory: Path, config: dict[str, Any], max_running: int) -> None:
    """The server's process."""
    from dolly_widget.serving import Limits, application, bound_socket, run

    engine = load_engine(directory, device="CPU", ov_config=config)
    app = application(engine, name="model", limits=Limits(max_running=max_running, max_waiting=1000))
    run(app, bound_socket("127.0.0.1", 0), on_up=sender.send)


async def ask(client: httpx.AsyncClient, question: Question, *, is_slow: bool, leaves: bool) -> tuple[list[int], float]:
    """The tokens of an answer, and the seconds to the first. ``leaves``: go away after a few."""
    sent = {
        **{"prompt": question.ids, "max_tokens": question.new_tokens, "stream": True, "return_token_ids": True},
        **settings_of(question),
    }
    started, ttft_s, ids, end = time.perf_counter(), 0.0, [], ""
    async with client.stream("POST", "/v1/completions", json=sent) as response:
        assert response.status_code == 200, await response.aread()
        async for line in response.aiter_lines():
            if not line.startswith("data: {"):
                end = line or end
                continue
            choice = json.loads(line.removeprefix("data: "))["choices"][0]
            ttft_s = ttft_s or time.perf_counter() - started
            ids += choice["token_ids"]
            if leaves and len(ids) > 2:
                return [], ttft_s
            if is_slow:
                await asyncio.sleep(0.05)
    assert end == "data: [DONE]", "the answer is not whole"
    return ids, ttft_s


async def one_client(number: int, url: str, asked: list[Question], log: Log) -> None:
    """Ask one question after the other."""
    is_slow, vanishes = number < SLOW, SLOW <= number < SLOW + VANISHING
    async with httpx.AsyncClient(base_url=url, timeout=600) as client:
        for place, question in enumerate(asked):
            if vanishes and place % 2:
                await ask(client, question, is_slow=False, leaves=True)
                log.vanished += 1
            ids, ttft_s = await ask(client, question, is_slow=is_slow, leaves=False)
            log.add(question, ids, ttft_s)


async def load(url: str, asked: list[list[Question]], log: Log) -> float:
    """Seconds that all clients took."""
    started = time.perf_counter()
    await asyncio.gather(*(one_client(number, url, each, log) for number, each in enumerate(asked)))
    return time.perf_counter() - started


def main() -> None:
    """Measure, and print."""
    arguments = parsed()
    shape = SHAPES[arguments.shape]
    directory = Workshop(arguments.work).prepare(shape, ["int8"])["int8"] if shape.is_random else OPENVINO_DIR
    config = dict(PRECISE) if arguments.precise else {}
    count = arguments.clients * arguments.questions
    asked = questions(Model(directory), count, arguments.new_tokens, is_random=shape.is_random)
    answer_alone(directory, asked, config)
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(sender, directory, config, arguments.max_running))
    server.start()
    try:
        url, log = receiver.recv(), Log(count, psutil.Process(server.pid))
        parts = [asked[number :: arguments.clients] for number in range(arguments.clients)]
        seconds = asyncio.run(load(url, parts, log))
        figures = httpx.get(f"{url}/metrics").text
    finally:
        server.terminate()
        server.join()
    report(arguments, asked, log, seconds, figures)
    assert server.exitcode == 0, "the server did not end in order"


def report(arguments: argparse.Namespace, asked: list[Question], log: Log, seconds: float, figures: str) -> None:
    """Print what was measured."""
    lengths = [len(each.ids) for each in asked]
    cuts = statistics.quantiles(log.ttft_s, n=100)
    print(
        f"{arguments.shape}, {arguments.clients} clients, {log.total} questions of {min(lengths)} to {max(lengths)} ",
        end="",
    )
    print(f"tokens, {'float32' if arguments.precise else 'as served'}: {seconds:.1f} s")
    greedy = sum(not settings_of(each)["temperature"] for each in log.wrong)
    wrong = f"{len(log.wrong)} not the engine's own ({greedy} of them greedy)"
    print(f"answers: {log.answered} whole, {wrong}, {log.vanished} more left in the middle")
    print(f"new tokens: {log.tokens:,}, {log.tokens / seconds:,.0f} per second")
    p50, p95, most = cuts[49] * 1000, cuts[94] * 1000, max(log.ttft_s) * 1000
    print(f"first token: p50 {p50:.0f} ms, p95 {p95:.0f} ms, at most {most:.0f} ms")
    print("memory: " + ", ".join(f"{mark:.0%} {rss / 1e6:,.0f} MB" for mark, rss in sorted(log.memory.items())))
    names = ("running", "waiting", "cache_bytes")
    left = [line for line in figures.splitlines() if line.startswith(tuple(f"dolly_widget_{name} " for name in names))]
    print("then: " + ", ".join(left))


if __name__ == "__main__":
    main()
