"""Those who write many answers at a time: each takes prompts, and says how many tokens a second it made."""

import math
import threading
import time
from typing import Any

PROMPT_ROOM = 128
"""Tokens of a prompt that there is room for, in servers that want to know."""


def ours(path: str, prompts: list[list[int]], at_once: int, new_tokens: int) -> dict[str, float]:
    """`generate_many` of this package's engine, fed with ids by a prompt of its own."""
    from dolly_widget.engines import EngineSetup
    from dolly_widget.engines.genai import GenAIEngine
    from dolly_widget.engines.request import GenerationRequest
    from dolly_widget.models import Model
    from dolly_widget.sampling import SamplingParams
    from dolly_widget.text import PLAIN

    engine = GenAIEngine(EngineSetup(path, device="CPU"), Model(path))
    engine.model.encode = lambda prompt: [int(each) for each in str(prompt).split()]  # the same ids for all peers
    engine._endings = engine._endings._replace(ids=frozenset())  # and the same length
    texts = [PLAIN.render(" ".join(map(str, each))) for each in [prompts[0][::-1], *prompts]]
    params = SamplingParams(temperature=0, max_new_tokens=new_tokens)
    engine.generate(texts[0], params)  # the weights are read
    started = time.perf_counter()
    outcomes = engine.generate_many([GenerationRequest(each, params) for each in texts[1:]], at_once=at_once)
    made = sum(len(result.token_ids) for _, result in outcomes)
    return _figures(made, started, cache_bytes=engine._loaded.cache_bytes)


def llama(path: str, prompts: list[list[int]], at_once: int, new_tokens: int) -> dict[str, float]:
    """llama.cpp's server with as many slots, asked by as many threads, in the same process."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_parallel, params.n_ctx = at_once, at_once * (PROMPT_ROOM + new_tokens)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.n_gpu_layers, params.warmup, params.verbosity = 0, True, 0
    server = xllamacpp.Server(params)
    waiting, made = list(prompts), []

    def ask(prompt: list[int]) -> None:
        answer: list[Any] = []
        server.handle_completions(
            {"prompt": prompt, "max_tokens": new_tokens, "temperature": 0, "ignore_eos": True, "cache_prompt": False},
            lambda piece: answer.append(piece),
        )
        made.append(_count(answer[-1]))

    def work() -> None:
        while waiting:
            ask(waiting.pop())

    ask(prompts[0][::-1])
    made.clear()
    started = time.perf_counter()
    workers = [threading.Thread(target=work) for _ in range(at_once)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return _figures(sum(made), started)


def _count(answer: Any) -> int:
    return int(answer["usage"]["completion_tokens"])


def torch(path: str, prompts: list[list[int]], at_once: int, new_tokens: int) -> dict[str, float]:
    """transformers' `generate` with batches, padded at the left, as its documentation does it."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16)
    torch.set_num_threads(2)

    def answer(batch: list[list[int]]) -> int:
        width = max(map(len, batch))
        ids = torch.tensor([[0] * (width - len(each)) + each for each in batch])
        mask = torch.tensor([[0] * (width - len(each)) + [1] * len(each) for each in batch])
        made = model.generate(
            ids,
            attention_mask=mask,
            do_sample=False,
            max_new_tokens=new_tokens,
            min_new_tokens=new_tokens,
            pad_token_id=0,
        )
        return (made.shape[1] - width) * len(batch)

    with torch.inference_mode():
        answer([prompts[0][::-1]])
        started = time.perf_counter()
        made = sum(answer(prompts[first : first + at_once]) for first in range(0, len(prompts), at_once))
    return _figures(made, started)


def _figures(tokens: int, started: float, cache_bytes: float = math.nan) -> dict[str, float]:
    seconds = time.perf_counter() - started
    return {"tokens_per_s": tokens / seconds, "tokens": tokens, "seconds": seconds, "cache_bytes": cache_bytes}


PEERS = {"ours": ours, "llama.cpp": llama, "torch": torch}
