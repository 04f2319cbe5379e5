"""Transformers on PyTorch, with the checkpoint's weights in bfloat16."""

import torch
from transformers import AutoModelForCausalLM

from contest.answerers.hugging_face import HuggingFaceAnswerer


class Answerer(HuggingFaceAnswerer):
    """See `answerers`."""

    def __init__(self, path: str, is_random: bool) -> None:
        super().__init__(AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16), path)
