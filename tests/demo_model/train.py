"""Train the demo model from nothing: `python -m tests.demo_model.train`. Needs the `optimum` extra.

Writes the Hugging Face checkpoint, ``dolly_widget/models/demo/checkpoint``; ``python -m tests.demo_model.export``
makes the OpenVINO files from it. Seeded: the corpus, the tokenizer, the first weights and every batch follow from
``SEED``.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dolly_widget.models.demo import CHECKPOINT_DIR
from dolly_widget.text.template import DOLLY
from dolly_widget.text.tokenizer import Tokenizer
from tests.demo_model import corpus
from tests.demo_model.corpus.grammar import Example

SEED = 20230412  # the day on which Dolly 2.0 was published
VOCAB_SIZE = 2048
MAX_POSITIONS = 2048
HIDDEN, LAYERS, HEADS = 192, 5, 4
EXAMPLES_PER_STEP, MICRO_BATCHES, PROCESSES = 64, 8, 2
# (steps, learning rate, shares of the corpus) of each cycle: it starts from the weights that the one before wrote, and
# its rate decays to zero.
CYCLES = ((4000, 4e-3, corpus.SHARES), (1600, 3e-3, corpus.READING_SHARES))

# Dolly's own, in the spelling of databrickslabs/dolly, training/consts.py.
END_OF_TEXT, PADDING = "<|endoftext|>", "<|padding|>"
DOLLY_TOKENS = ("### End", "### Instruction:", "### Response:\n")


def train_tokenizer(target: Path, examples: int = 60_000) -> None:
    """Train a byte-level BPE with digits apart, so that numbers are read as numbers, and write it with its config."""
    from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Backend

    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE - len(DOLLY_TOKENS),
        special_tokens=[END_OF_TEXT, PADDING],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_texts(examples), trainer)
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in DOLLY_TOKENS])
    target.mkdir(parents=True, exist_ok=True)
    backend.save(str(target / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "pad_token": END_OF_TEXT,
        "model_max_length": MAX_POSITIONS,
        "clean_up_tokenization_spaces": False,
    }
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def _texts(count: int) -> Iterator[str]:
    rng = random.Random(SEED)
    for _ in range(count):
        example = corpus.draw(rng)
        # The intro is the same in every example: once in a while is enough for it to become a few tokens.
        whole = str(DOLLY.render(example.instruction, example.context)) if rng.random() < 0.02 else ""
        yield f"{whole}\n{example.instruction}\n{example.context}\n{example.response}\n\n"


def build_model() -> Any:
    """Return a GPT-NeoX of the demo's size, with the settings of databricks/dolly-v2-3b otherwise."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    torch.manual_seed(SEED)
    config = GPTNeoXConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * HIDDEN,
        max_position_embeddings=MAX_POSITIONS,
        rotary_pct=0.25,
        use_parallel_residual=True,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPTNeoXForCausalLM(config)


def encode(tokenizer: Tokenizer, example: Example) -> tuple[list[int], int]:
    """Ids of prompt, response and ``### End``, and how many of them are the prompt's."""
    from dolly_widget.text.template import Prompt, Segment

    prompt = tokenizer.encode(DOLLY.render(example.instruction, example.context))
    response = tokenizer.encode(Prompt([Segment(example.response + "\n\n", False), Segment(DOLLY.stop[0], True)]))
    return prompt + response, len(prompt)


def batches(
    tokenizer: Tokenizer, steps: int, seed: int, shares: tuple[int, ...]
) -> Iterator[list[tuple[Any, Any, Any]]]:
    """Yield, for each step, micro-batches of (ids, targets, weights), each (examples, positions), short ones together.

    Only the response is learnt. An example weighs as the square root of its length: a fact of eight tokens is not
    drowned by a letter of two hundred.
    """
    import torch

    rng = random.Random(seed)
    size = EXAMPLES_PER_STEP // MICRO_BATCHES
    for _ in range(steps):
        rows = sorted(
            (encode(tokenizer, corpus.draw(rng, shares=shares)) for _ in range(EXAMPLES_PER_STEP)),
            key=lambda r: len(r[0]),
        )
        micro_batches = []
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            width = max(len(ids) for ids, _ in part)
            ids = torch.zeros((len(part), width), dtype=torch.long)
            weights = torch.zeros((len(part), width))
            for row, (token_ids, prompt_length) in enumerate(part):
                ids[row, : len(token_ids)] = torch.tensor(token_ids)
                answer = len(token_ids) - prompt_length
                weights[row, prompt_length : len(token_ids)] = answer**-0.5
            micro_batches.append((ids[:, :-1], ids[:, 1:], weights[:, 1:]))
        yield micro_batches


def optimizers(model: Any, rate: float) -> list[Any]:
    """Muon for the matrices between the embeddings, AdamW for everything else."""
    import torch

    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    muon = torch.optim.Muon(matrices, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)]


def rate_share(step: int, steps: int) -> float:
    """Share of the full rate: up over 100 steps, level, then down in a straight line over the last 60 %."""
    return min(1.0, (step + 1) / 100, (steps - step) / (0.6 * steps))


def train(target: Path, first_cycle: int = 0) -> None:
    """Train and write tokenizer, config and weights (float16 safetensors) to ``target``."""
    import torch.multiprocessing

    # One process with one thread for each core: threads that share a step wait for each other on a busy machine.
    os.environ |= {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    if first_cycle == 0:
        train_tokenizer(target)
        build_model().save_pretrained(target)
    for cycle in range(first_cycle, len(CYCLES)):
        with tempfile.TemporaryDirectory() as meeting:
            arguments = (target, cycle, f"file://{meeting}/store")
            torch.multiprocessing.spawn(_run_cycle, arguments, nprocs=PROCESSES)


def _run_cycle(rank: int, target: Path, cycle: int, init_method: str) -> None:
    """Train on every second micro-batch; the gradients of all processes are added, and all take the same step."""
    import torch
    import torch.distributed
    from transformers import GPTNeoXForCausalLM

    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=init_method, rank=rank, world_size=PROCESSES)
    tokenizer = Tokenizer(target)
    model = GPTNeoXForCausalLM.from_pretrained(target, dtype=torch.float32, local_files_only=True).train()
    torch.distributed.barrier()  # both have read the weights before one of them writes new ones
    steps, rate, shares = CYCLES[cycle]
    parts = optimizers(model, rate)
    started, tokens, mean_loss = time.monotonic(), 0, math.nan
    for step, micro_batches in enumerate(batches(tokenizer, steps, SEED + 1 + cycle, shares)):
        for group in (group for part in parts for group in part.param_groups):
            group["lr"] = rate * rate_share(step, steps)
        loss = _accumulate(model, micro_batches, rank)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for part in parts:
            part.step()
            part.zero_grad()
        mean_loss = loss if math.isnan(mean_loss) else 0.98 * mean_loss + 0.02 * loss
        tokens += sum(ids.numel() for ids, _, _ in micro_batches)
        if rank == 0 and (step + 1) % 50 == 0:
            elapsed = time.monotonic() - started
            print(
                f"step {step + 1}: loss {mean_loss:.3f}, {tokens / elapsed:.0f} tokens/s, {elapsed:.0f} s", flush=True
            )
        if rank == 0 and ((step + 1) % 500 == 0 or step + 1 == steps):
            copy.deepcopy(model).half().save_pretrained(target)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _share(micro_batches: list[Any], rank: int) -> list[Any]:
    # They are sorted by length: the shortest goes with the longest, so that no process waits for another.
    last = len(micro_batches) - 1
    return [part for index, part in enumerate(micro_batches) if min(index, last - index) % PROCESSES == rank]


def _accumulate(model: Any, micro_batches: list[tuple[Any, Any, Any]], rank: int) -> float:
    """Add up the gradients of the step, of every process; return the mean loss."""
    import torch

    total = float(sum(weights.sum() for _, _, weights in micro_batches))
    sum_loss = torch.zeros(1)
    for ids, targets, weights in _share(micro_batches, rank):
        learnt = weights > 0
        hidden = model.gpt_neox(ids, use_cache=False).last_hidden_state[learnt]  # the prompt needs no logits
        losses = torch.nn.functional.cross_entropy(model.embed_out(hidden), targets[learnt], reduction="none")
        loss = (losses * weights[learnt]).sum() / total
        loss.backward()
        sum_loss += loss.detach()
    grads = [p.grad for p in model.parameters()]
    flat = torch.cat([sum_loss, *(g.flatten() for g in grads)])
    torch.distributed.all_reduce(flat)
    for grad, part in zip(grads, flat[1:].split([g.numel() for g in grads]), strict=True):
        grad.copy_(part.view_as(grad))
    return float(flat[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CHECKPOINT_DIR, help="where the checkpoint goes")
    parser.add_argument("--first-cycle", type=int, default=0, help="go on from the weights there with this cycle")
    arguments = parser.parse_args()
    train(arguments.out, arguments.first_cycle)
