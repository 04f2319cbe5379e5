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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dolly_widget.models.demo import CHECKPOINT_DIR
from dolly_widget.text.template import DOLLY, Prompt, Segment
from dolly_widget.text.tokenizer import Tokenizer
from tests.demo_model import corpus
from tests.demo_model.corpus import questions
from tests.demo_model.corpus.grammar import Example

SEED = 20230412  # the day on which Dolly 2.0 was published
VOCAB_SIZE = 4096
MAX_POSITIONS = 2048
HIDDEN, LAYERS, HEADS = 256, 6, 4
STEPS, EXAMPLES_PER_STEP, WIDTH, RATE, PROCESSES = 5800, 128, 256, 3e-3, 2
FIRST_PART = 0.375  # of the steps, with short texts to read: see corpus.FIRST_SHARES
STATE, SAVE_EVERY = "training.pt", 250
FACT_REPEATS = 80

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
    # Facts, each often enough for its words to become whole tokens; few texts to read: their names stay in pieces.
    for relation in questions.RELATIONS:
        for fact in relation.facts:
            yield f" {fact.key} {fact.value} {fact.more}\n" * FACT_REPEATS
    rng = random.Random(SEED)
    for _ in range(count):
        example = corpus.draw(rng, shares=corpus.TOKENIZER_SHARES)
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


class Row(NamedTuple):
    """Some examples behind one introduction, each of which sees the introduction and itself, as if it stood alone."""

    ids: list[int]
    places: list[int]
    """Position of each token in its own prompt and response."""
    owners: list[int]
    """Which example a token belongs to; 0 for the introduction, which all of them share."""
    weights: list[float]
    """How much each token counts as a target; 0 where it is not learnt."""


def introduction(tokenizer: Tokenizer) -> list[int]:
    """Ids of the template's first words, which every prompt begins with."""
    return tokenizer.encode(Prompt([DOLLY.render("x")[0]]))


def encode(tokenizer: Tokenizer, example: Example) -> tuple[list[int], int]:
    """Ids of prompt, response and ``### End``, and how many of them are the prompt's."""
    prompt = tokenizer.encode(DOLLY.render(example.instruction, example.context))
    response = tokenizer.encode(Prompt([Segment(example.response + "\n\n", False), Segment(DOLLY.stop[0], True)]))
    return prompt + response, len(prompt)


def pack(examples: Iterable[tuple[list[int], int]], intro: list[int]) -> list[Row]:
    """Put encoded examples into as few rows of ``WIDTH`` tokens as they fit in, the longest first.

    Only the response is learnt. An example weighs as the square root of its length: a fact of eight tokens is not
    drowned by a letter of two hundred.
    """
    rows: list[Row] = []
    for ids, prompt_length in sorted(examples, key=lambda encoded: len(encoded[0]), reverse=True):
        own, start = ids[len(intro) :], len(intro)
        row = next((row for row in rows if len(row.ids) + len(own) <= WIDTH), None)
        if row is None:
            row = Row(list(intro), list(range(start)), [0] * start, [0.0] * start)
            rows.append(row)
        owner = row.owners[-1] + 1
        row.ids.extend(own)
        row.places.extend(range(start, len(ids)))
        row.owners.extend([owner] * len(own))
        row.weights.extend([0.0] * (prompt_length - start))
        row.weights.extend([(len(ids) - prompt_length) ** -0.5] * (len(ids) - prompt_length))
    return rows


def tensors(rows: list[Row], device: str) -> tuple[Any, Any, Any, Any]:
    """Ids, positions and weights, each (rows, WIDTH), and what hides whom from whom, (rows, 1, WIDTH, WIDTH)."""
    import torch

    def padded(values: list[list[Any]], fill: float) -> Any:
        return torch.tensor([row + [fill] * (WIDTH - len(row)) for row in values], device=device)

    ids, places = padded([row.ids for row in rows], 0), padded([row.places for row in rows], 0)
    owners = padded([row.owners for row in rows], -1)
    same = owners[:, :, None] == owners[:, None, :]
    seen = (same | (owners[:, None, :] == 0)) & torch.ones(WIDTH, WIDTH, dtype=torch.bool, device=device).tril()
    return ids, places, padded([row.weights for row in rows], 0.0), torch.where(seen, 0.0, -1e4)[:, None]


def rows_of(tokenizer: Tokenizer, step: int, steps: int) -> list[Row]:
    """The rows of one step. A step's examples follow from its number, so that an interrupted training can go on."""
    rng = random.Random(f"{SEED} {step}")
    shares = corpus.FIRST_SHARES if step < FIRST_PART * steps else corpus.SHARES
    drawn = (corpus.draw(rng, shares=shares) for _ in range(EXAMPLES_PER_STEP))
    return pack((encode(tokenizer, example) for example in drawn), introduction(tokenizer))


def optimizers(model: Any) -> list[Any]:
    """Muon for the matrices between the embeddings, AdamW for everything else."""
    import torch

    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    muon = torch.optim.Muon(matrices, lr=RATE, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)]


def rate_share(step: int, steps: int) -> float:
    """Share of the full rate: up over 100 steps, level, then down in a straight line over the last 60 %."""
    return min(1.0, (step + 1) / 100, (steps - step) / (0.6 * steps))


def train(target: Path, steps: int, device: str) -> None:
    """Train and write tokenizer, config and weights (float16 safetensors) to ``target``; go on where it stopped."""
    import torch.multiprocessing

    # One process with one thread for each core: threads that share a step wait for each other on a busy machine.
    os.environ |= {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    if not (target / STATE).exists():
        train_tokenizer(target)
        build_model().save_pretrained(target)
    if device != "cpu":
        _run(0, 1, target, steps, device, "")
        return
    with tempfile.TemporaryDirectory() as meeting:
        arguments = (PROCESSES, target, steps, device, f"file://{meeting}/store")
        torch.multiprocessing.spawn(_run, arguments, nprocs=PROCESSES)


def _run(rank: int, processes: int, target: Path, steps: int, device: str, init_method: str) -> None:
    """Train on every ``processes``-th row; the gradients of all processes are added, and all take the same step."""
    import torch
    import torch.distributed
    from transformers import GPTNeoXForCausalLM

    if processes > 1:
        torch.set_num_threads(1)
        torch.distributed.init_process_group("gloo", init_method=init_method, rank=rank, world_size=processes)
    tokenizer = Tokenizer(target)
    # Plain matrix products: on a CPU, the fused attention is slow in its backward pass, where there is a mask.
    model: Any = GPTNeoXForCausalLM.from_pretrained(
        target, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    )
    # Memory of its own: what was read lies in the file itself, which the first process soon writes anew.
    model = copy.deepcopy(model).to(device).train()
    parts = optimizers(model)
    first = _resume(target, model, parts)
    started, tokens, mean_loss = time.monotonic(), 0, math.nan
    for step in range(first, steps):
        for group in (group for part in parts for group in part.param_groups):
            group["lr"] = RATE * rate_share(step, steps)
        rows = rows_of(tokenizer, step, steps)
        loss = _accumulate(model, rows, rank, processes, device)
        if not math.isfinite(loss):
            raise FloatingPointError(f"step {step + 1}: the loss is {loss}")  # before it spoils what was saved
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for part in parts:
            part.step()
            part.zero_grad()
        mean_loss = loss if math.isnan(mean_loss) else 0.98 * mean_loss + 0.02 * loss
        tokens += sum(len(row.ids) for row in rows)
        if rank == 0 and (step + 1) % 50 == 0:
            elapsed = time.monotonic() - started
            print(
                f"step {step + 1}: loss {mean_loss:.3f}, {tokens / elapsed:.0f} tokens/s, {elapsed:.0f} s", flush=True
            )
        if rank == 0 and ((step + 1) % SAVE_EVERY == 0 or step + 1 == steps):
            _save(target, model, parts, step + 1)
    if rank == 0:
        (target / STATE).unlink(missing_ok=True)  # the checkpoint is whole: nothing is left to go on with
    if processes > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def _save(target: Path, model: Any, parts: list[Any], step: int) -> None:
    """Write the checkpoint and, beside it, what it takes to go on: weights in full and the optimizers' states."""
    import torch

    copy.deepcopy(model).half().cpu().save_pretrained(target)
    state = {"step": step, "model": model.state_dict(), "optimizers": [part.state_dict() for part in parts]}
    torch.save(state, target / f"{STATE}.new")
    (target / f"{STATE}.new").replace(target / STATE)  # last: an interruption leaves the older one whole


def _resume(target: Path, model: Any, parts: list[Any]) -> int:
    """Load what ``_save`` wrote, if anything; return the step to go on with."""
    import torch

    if not (target / STATE).exists():
        return 0
    state = torch.load(target / STATE, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    for part, part_state in zip(parts, state["optimizers"], strict=True):
        part.load_state_dict(part_state)
    return int(state["step"])


def _accumulate(model: Any, rows: list[Row], rank: int, processes: int, device: str) -> float:
    """Add up the gradients of the step, of every process; return the mean loss."""
    import torch

    total = sum(sum(row.weights) for row in rows)
    ids, places, weights, mask = tensors(rows[rank::processes], device)
    learnt = weights[:, 1:] > 0
    with torch.autocast(device, dtype=torch.bfloat16, enabled=_is_bfloat16_fast(device)):
        hidden = model.gpt_neox(ids, attention_mask=mask, position_ids=places, use_cache=False).last_hidden_state
        logits = model.embed_out(hidden[:, :-1][learnt])  # the prompt needs no logits
    losses = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][learnt], reduction="none")
    loss = (losses * weights[:, 1:][learnt]).sum() / total
    loss.backward()
    if processes == 1:
        return float(loss.detach())
    grads = [p.grad for p in model.parameters()]
    flat = torch.cat([loss.detach().view(1), *(g.flatten() for g in grads)])
    torch.distributed.all_reduce(flat)
    for grad, part in zip(grads, flat[1:].split([g.numel() for g in grads]), strict=True):
        grad.copy_(part.view_as(grad))
    return float(flat[0])


def _is_bfloat16_fast(device: str) -> bool:
    """Whether the device multiplies in bfloat16 faster than in float32: a GPU, or a processor with AMX."""
    import torch

    return device != "cpu" or bool(torch.cpu.get_capabilities().get("amx_bf16"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CHECKPOINT_DIR, help="where the checkpoint goes")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--device", default="cpu", help="cpu: a process for each of two cores; cuda: one process")
    arguments = parser.parse_args()
    train(arguments.out, arguments.steps, arguments.device)
