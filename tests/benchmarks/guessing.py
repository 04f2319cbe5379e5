"""What guessing ahead is worth: `python tests/benchmarks/guessing.py [--work DIR]`. Nothing else should be running.

Answers with and without `prompt_lookup`, greedy, in turns: tasks that quote their context, and tasks that do not, for
the demonstration model, and for a model of dolly-v2-3b's size that says the same as it. That is the demonstration model
13 times side by side, and idle layers, which the file holds once and a pass goes through all the same: it takes as long
as a pass of that size, and the answers are real ones. The same large model with the small one as its draft shows what a
draft is worth that is nearly always right.
Takes a quarter of an hour the first time, 8 GB of disk and 8 GB of memory; the models are kept in the work folder.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

COPIES = 13
LAYERS = 32
VOCAB_SIZE = 50_280
TASKS = 4


def widened(name: str, weight):
    """A weight of the small model for one whose features are all there 13 times: what is summed is divided by 13."""
    if weight.dim() == 1:
        return weight.repeat(COPIES)
    if name.endswith("embed_in.weight"):
        return _more_rows(weight).repeat(1, COPIES)
    if name.endswith("embed_out.weight"):
        return _more_rows(weight).repeat(1, COPIES) / COPIES
    return weight.repeat(COPIES, COPIES) / COPIES


def _more_rows(weight):
    """Rows for a larger vocabulary: copies of the first token's, which is never likelier than that."""
    import torch

    return torch.cat([weight, weight[:1].expand(VOCAB_SIZE - len(weight), -1)])


def make_wide_checkpoint(directory: Path) -> Path:
    """A GPT-NeoX of 2.6 billion weights that computes what the demonstration model does."""
    import torch
    from safetensors.torch import load_file
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    from dolly_widget.models.demo import CHECKPOINT_DIR

    config = GPTNeoXConfig.from_pretrained(CHECKPOINT_DIR)
    for name in ("hidden_size", "intermediate_size", "num_attention_heads"):
        setattr(config, name, COPIES * getattr(config, name))
    config.num_hidden_layers, config.vocab_size = LAYERS, VOCAB_SIZE
    small = load_file(CHECKPOINT_DIR / "model.safetensors")
    with torch.device("meta"):
        model = GPTNeoXForCausalLM(config).to(torch.float16)
    model = model.to_empty(device="cpu")
    for name, weight in model.named_parameters():
        # The layers beyond those of the small model add nothing.
        weight.data = widened(name, small[name]).to(torch.float16) if name in small else torch.zeros_like(weight)
    model.save_pretrained(directory)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copyfile(CHECKPOINT_DIR / name, directory / name)
    return directory


def wide_model(work: Path) -> Path:
    """The OpenVINO files of the wide model, INT8: made, unless they are there."""
    from dolly_widget.models.lookup import find

    os.environ["DOLLY_WIDGET_CACHE"] = str(work / "store")
    checkpoint = work / "dolly-demo-wide"
    if not (checkpoint / "model.safetensors").is_file():
        make_wide_checkpoint(checkpoint)
    if find(checkpoint, "int8") is None:
        command = [sys.executable, "-m", "dolly_widget", "convert", str(checkpoint), "--weight-format", "int8"]
        subprocess.run(command, check=True)
    return find(checkpoint, "int8")


def tasks() -> dict[str, list]:
    """Examples of what the demonstration model can do, with names and phrasings that it has not seen."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.demo_model.corpus import brainstorming, reading, writing
    from tests.demo_model.corpus.contexts import Style
    from tests.demo_model.corpus.grammar import Split

    makers = {
        "repeat a text": lambda rng: reading._copy(rng, Split.HELD, Style()),
        "answer from a text": lambda rng: reading._answer_question(rng, Split.HELD, Style()),
        "summarise a text": lambda rng: reading._summarize(rng, Split.HELD, Style()),
        "extract from a text": lambda rng: reading._extract_list(rng, Split.HELD, Style()),
        "list ideas": lambda rng: brainstorming.draw(rng, Split.HELD),
        "write a story or poem": lambda rng: writing.draw(rng, Split.HELD),
    }
    rng = random.Random(1)
    return {name: [make(rng) for _ in range(TASKS)] for name, make in makers.items()}


def compare(model: str | Path, draft: str | None) -> None:
    """Print a line for each kind of task."""
    from dolly_widget import EngineSetup, SamplingParams, load_engine

    setup = EngineSetup(model, device="CPU")
    engines = {"plain": load_engine(setup), "lookup": load_engine(replace(setup, prompt_lookup=True))}
    if draft is not None:
        engines["draft"] = load_engine(replace(setup, draft=draft))
    greedy = SamplingParams(temperature=0, max_new_tokens=128)
    print(engines["plain"].model.name)
    for name, examples in tasks().items():
        answers = {each: [] for each in engines}
        for example in [*examples[:1], *examples]:  # the first warms up
            for each, engine in engines.items():
                prompt = engine.template.render(example.instruction, example.context)
                answers[each].append(engine.generate(prompt, greedy))
        print(f"  {name:22} {line({each: found[1:] for each, found in answers.items()})}", flush=True)
    for engine in engines.values():
        engine.close()


def line(answers: dict[str, list]) -> str:
    """Tokens of an answer; for each way of guessing, tokens of a pass, speed-up per token, and answers that differ."""
    tokens = statistics.mean(each.new_tokens for each in answers["plain"])
    parts = [f"{tokens:4.0f} tokens of {1e3 * per_token(answers['plain']):.3g} ms"]
    for name in list(answers)[1:]:
        found = answers[name]
        passes = sum(len(each.pass_s) for each in found) / sum(each.new_tokens - 1 for each in found)
        differ = sum(one.token_ids != other.token_ids for one, other in zip(answers["plain"], found, strict=True))
        speedup = per_token(answers["plain"]) / per_token(found)
        parts.append(
            f"{name}: {1 / passes:.2f} tokens a pass, {speedup:.2f} x as fast, {differ} of {len(found)} differ"
        )
    return "; ".join(parts)


def per_token(answers: list) -> float:
    """Seconds for each token after the first, over all answers."""
    return sum(sum(each.pass_s) for each in answers) / sum(each.new_tokens - 1 for each in answers)


def main() -> None:
    """Compare both models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dolly-widget-guessing")
    work = parser.parse_args().work
    wide = wide_model(work)
    compare("demo", None)
    compare(wide, "demo")


if __name__ == "__main__":
    main()
