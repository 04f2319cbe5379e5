"""Replicas on Ray Serve: `python tests/benchmarks/replicas.py`. Tokens per second, and the pause where one is killed.

One replica of one thread, two of one thread each, and a single server without Ray, which has all threads, answer the
same questions in turns, round after round. Clients stream as the remote engine does: ids go there and come back. All
answers have the same length, greedily; prompts differ from the start. Figures are medians of the rounds, ratios those
within a round. Then a replica is killed (`kill -9`) under 40 streams of the remote engine, again and again. Models are
those of `peers.py`, in the same work folder. The clients and Ray's proxy share the processors with the replicas.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import ray
from contest.files import Workshop
from contest.prompts import prompts_for
from contest.shapes import SHAPES, checkpoint_of

from dolly_widget import SamplingParams, load_engine
from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.serving.replica_settings import NAME, ReplicaSettings
from dolly_widget.serving.replicas import application_of

ONE, TWO, SERVER = "1 replica", "2 replicas", "server"
LIMIT_S = 600


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="0.4b")
    parser.add_argument("--clients", nargs="+", type=int, default=[8, 16])
    parser.add_argument("--answers", type=int, default=3, help="of each client in a round")
    parser.add_argument("--new-tokens", type=int, default=64, help="length of every answer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--streams", type=int, default=40, help="on their way when a replica is killed")
    parser.add_argument("--port", type=int, default=8321, help="this one and the next")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dolly-widget-peers")
    parser.add_argument("--json", type=Path, help="write all that was measured")
    return parser.parse_args()


@contextlib.contextmanager
def cluster(model: Path, port: int):
    """Both numbers of replicas on one cluster, side by side: who is not asked needs no processor."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"] = "dolly_widget.serving.proxy.guards"
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR", namespace="serve")
    from ray import serve

    logging.getLogger("ray.serve").setLevel(logging.CRITICAL)
    try:
        serve.start(
            http_options={"host": "127.0.0.1", "port": port},
            logging_config={"log_level": "ERROR", "enable_access_log": False},
        )
        for number in (1, 2):
            settings = ReplicaSettings.of({"model": str(model), "name": "m", "num_cpus": 1, "replicas": number})
            serve.run(application_of(settings), name=f"{NAME}-{number}", route_prefix=f"/{number}")
        yield {ONE: f"http://127.0.0.1:{port}/1/v1", TWO: f"http://127.0.0.1:{port}/2/v1"}
    finally:
        ray.shutdown()


@contextlib.contextmanager
def server(model: Path, port: int):
    """The server without Ray."""
    command = [sys.executable, "-m", "dolly_widget", "serve", str(model), "--name", "m", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield re.search(r"http\S+/v1", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.wait()


async def load_of(url: str, prompts: list[list[int]], clients: int, new_tokens: int) -> dict[str, float]:
    """Ask all prompts, so many at a time; tokens per second, the time to the first one, and bytes on the way."""
    left, first_s, sent, received, tokens = iter(prompts), [], 0, 0, 0
    started = time.perf_counter()

    async def ask(client: httpx.AsyncClient, prompt: list[int]) -> None:
        nonlocal sent, received, tokens
        more = {"stream": True, "stream_options": {"include_usage": True}, "return_token_ids": True}
        body = {"model": "m", "prompt": prompt, "max_tokens": new_tokens, "temperature": 0, **more}
        content, begun, last = json.dumps(body).encode(), time.perf_counter(), b""
        headers = {"Content-Type": "application/json"}
        async with client.stream("POST", f"{url}/completions", content=content, headers=headers) as response:
            response.raise_for_status()
            sent += len(content)
            async for block in response.aiter_raw():
                if not last:
                    first_s.append(time.perf_counter() - begun)
                received += len(block)
                last = (last + block)[-2000:]
        tokens += int(re.findall(rb'"completion_tokens":\s*(\d+)', last)[-1])

    async def client_of(client: httpx.AsyncClient) -> None:
        for prompt in left:
            await ask(client, prompt)

    async with httpx.AsyncClient(timeout=LIMIT_S) as client:
        await asyncio.gather(*(client_of(client) for _ in range(clients)))
    seconds = time.perf_counter() - started
    return {
        "tokens_per_s": tokens / seconds,
        "tokens": tokens,
        "first_s": statistics.median(first_s),
        "sent_per_answer": sent / len(prompts),
        "received_per_token": received / tokens,
    }


def measure(urls: dict[str, str], arguments: argparse.Namespace) -> list[dict]:
    """All samples, in turns."""
    shape = SHAPES[arguments.shape]
    source, samples = prompts_for(shape, checkpoint_of(shape, arguments.work)), []
    for url in urls.values():  # the first answers read the weights
        asyncio.run(load_of(url, [next(source)[1] for _ in range(8)], 8, 8))
    for number in range(arguments.rounds):
        for clients in arguments.clients:
            prompts = [next(source)[1] for _ in range(clients * arguments.answers)]
            for name, url in urls.items():  # the same prompts: no engine has seen them
                before_s = proxy_cpu_s()
                figures = asyncio.run(load_of(url, prompts, clients, arguments.new_tokens))
                figures["proxy_s_per_token"] = (proxy_cpu_s() - before_s) / figures["tokens"]
                samples.append({"round": number, "clients": clients, "name": name, **figures})
                print(f"{name:10} {clients:3} clients: {figures['tokens_per_s']:7.1f} tokens/s", flush=True)
    return samples


class Streams:
    """Answers of the remote engine on their way: when each got its pieces."""

    def __init__(self, engine, prompts: list, params: SamplingParams) -> None:
        self.times = [[time.perf_counter()] for _ in prompts]
        self.begun = threading.Semaphore(0)
        requests = [GenerationRequest(each, params, on_text=self._noting(i)) for i, each in enumerate(prompts)]
        self._outcomes: dict = {}
        outcomes = generate_many(engine, requests, at_once=len(requests))
        self._thread = threading.Thread(target=lambda: self._outcomes.update(outcomes))
        self._thread.start()

    def _noting(self, place: int):
        def note(piece: str) -> None:
            if len(self.times[place]) == 1:
                self.begun.release()
            self.times[place].append(time.perf_counter())

        return note

    def outcomes(self) -> list:
        """All of them, when they have ended."""
        self._thread.join()
        return [self._outcomes[place] for place in sorted(self._outcomes)]

    def pause_around(self, moment: float, place: int) -> float:
        """How long an answer got nothing around a moment."""
        times = self.times[place]
        before = max((each for each in times if each <= moment), default=times[0])
        return min((each for each in times if each > moment), default=moment) - before


def kill_one(url: str, arguments: argparse.Namespace) -> dict:
    """Kill the older one of two replicas when every answer has begun."""
    engine, params = load_engine(f"{url}#m"), SamplingParams(temperature=0, max_new_tokens=2 * arguments.new_tokens)
    shape = SHAPES[arguments.shape]
    source = prompts_for(shape, checkpoint_of(shape, arguments.work))
    prompts = [engine.template.render(next(source)[0]) for _ in range(arguments.streams)]
    undisturbed = Streams(engine, prompts, params).outcomes()
    streams = Streams(engine, prompts, params)
    for _ in prompts:
        streams.begun.acquire()
    pids = replicas_of(2)
    moment = time.perf_counter()
    os.kill(min(pids), signal.SIGKILL)
    back = threading.Thread(target=lambda: wait_for_two(min(pids)))
    back.start()
    outcomes = streams.outcomes()
    broken = [i for i, each in enumerate(outcomes) if not isinstance(each, Exception) and each.notes]
    ended_s = time.perf_counter() - moment
    back.join()
    engine.close()
    pauses = sorted(streams.pause_around(moment, place) for place in broken) or [0.0]
    return {
        "streams": len(prompts),
        "broken": len(broken),
        "lost": sum(isinstance(each, Exception) for each in outcomes),
        "whole": sum(not isinstance(each, Exception) and each.new_tokens == params.max_new_tokens for each in outcomes),
        "same": sum(a.token_ids == b.token_ids for a, b in zip(undisturbed, outcomes, strict=True)),
        "pause_s": [pauses[0], statistics.median(pauses), pauses[-1]],
        "ended_s": ended_s,
        "two_again_s": wait_for_two.at - moment,
    }


def actors_like(name: str) -> set[int]:
    """The processes of the actors that are alive, and whose class is called so."""
    from ray._private.state import actors

    alive = [each for each in actors().values() if each["State"] == "ALIVE"]
    return {each["Pid"] for each in alive if name in each["ActorClassName"]}


def replicas_of(number: int) -> set[int]:
    """The processes of the application with so many replicas."""
    return actors_like(f"{NAME}-{number}")


def proxy_cpu_s() -> float:
    """Seconds of a processor that Ray's proxy has had."""
    (pid,) = actors_like("ProxyActor")
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def wait_for_two(gone: int) -> None:
    """Until two replicas answer, none of them ``gone``."""
    from ray import serve

    while True:
        states = serve.status().applications[f"{NAME}-2"].deployments[NAME].replica_states
        pids = replicas_of(2)
        if dict(states) == {"RUNNING": 2} and gone not in pids and len(pids) == 2:
            wait_for_two.at = time.perf_counter()
            return
        time.sleep(0.1)


def table(samples: list[dict], arguments: argparse.Namespace) -> str:
    """Tokens per second, and in brackets how many times that of one replica."""
    names = list(dict.fromkeys(each["name"] for each in samples))
    lines = ["| clients | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for clients in arguments.clients:
        cells = []
        for name in names:
            rates = [each["tokens_per_s"] for each in samples if (each["clients"], each["name"]) == (clients, name)]
            ones = [each["tokens_per_s"] for each in samples if (each["clients"], each["name"]) == (clients, ONE)]
            ratio = statistics.median(rate / one for rate, one in zip(rates, ones, strict=True))
            cells.append(f"{statistics.median(rates):.0f} ({ratio:.2f} ×)")
        lines.append(f"| {clients} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table."""
    arguments = parsed()
    started = time.perf_counter()
    model = Workshop(arguments.work).prepare(SHAPES[arguments.shape], ["int8"])["int8"]
    with cluster(model, arguments.port) as urls, server(model, arguments.port + 1) as url:
        samples = measure({**urls, SERVER: url}, arguments)
        kills = [kill_one(urls[TWO], arguments) for _ in range(arguments.kills)]
    if arguments.json:
        arguments.json.write_text(json.dumps({"samples": samples, "kills": kills}, indent=1), encoding="utf-8")
    print(table(samples, arguments))
    streamed = [each for each in samples if each["name"] == TWO]
    for key in ("sent_per_answer", "received_per_token", "first_s", "proxy_s_per_token"):
        print(f"{key}: {statistics.median(each[key] for each in streamed):.6f}")
    for each in kills:
        print(each)
    print(f"{arguments.rounds} rounds, {time.perf_counter() - started:.0f} s, load {os.getloadavg()}")


if __name__ == "__main__":
    main()
