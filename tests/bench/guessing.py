"""What guessing ahead is worth: `python tests/bench/guessing.py [--work DIR]`. Nothing else should be running.

Answers with and without `prompt_lookup`, greedy, in turns: tasks that quote their context, and tasks that do not, for
the demonstration model, and for a model of dolly-v2-3b's size that says the same as it. That is the demonstration model
13 times side by side, and idle layers: so many weights are read for each token, and the answers are real ones. The same
large model with the small one as its draft shows what a draft is worth that is nearly always right.
Takes half an hour the first time, 12 GB of disk and 8 GB of memory; the models are kept in the work folder.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COPIES = 13
LAYERS = 32
VOCAB_SIZE = 50_280
ROUNDS = 5


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

    from dolly_widget.demo import CHECKPOINT_DIR

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
