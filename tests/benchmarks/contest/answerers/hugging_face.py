"""Hugging Face's `generate` with a streamer that another thread reads: what the peers built on it share."""

import threading
from typing import Any

import torch
from transformers import AutoTokenizer, TextIteratorStreamer

from contest.asking import SAMPLING, Question, Stopwatch

PATIENCE_S = 300


class Streamer(TextIteratorStreamer):
    """The library's own, with the time of every token; the first thing it is given is the prompt."""

    def __init__(self, tokenizer: Any, watch: Stopwatch) -> None:
        super().__init__(tokenizer, skip_prompt=True, timeout=PATIENCE_S, skip_special_tokens=True)
        self._watch = watch

    def put(self, value: Any) -> None:
        if not self.next_tokens_are_prompt:
            self._watch.tick()
        super().put(value)


class HuggingFaceAnswerer:
    """A loaded model and its tokenizer. See `answerers`."""

    def __init__(self, model: Any, path: str) -> None:
        self._model = model
        self._tokenizer = AutoTokenizer.from_pretrained(path)
        self._model.generation_config.eos_token_id = None  # no end before the length that was asked for

    def answer(self, question: Question) -> dict[str, Any]:
        ids, watch, done = torch.tensor([question.prompt_ids]), Stopwatch(), []
        arguments = {
            "attention_mask": torch.ones_like(ids),
            "max_new_tokens": question.new_tokens,
            "do_sample": not question.is_greedy,
            "pad_token_id": 0,
            "streamer": (streamer := Streamer(self._tokenizer, watch)),
        }
        if not question.is_greedy:
            arguments |= {**SAMPLING, "top_k": question.top_k}
        torch.manual_seed(question.seed)
        thread = threading.Thread(target=lambda: done.append(self._model.generate(ids, **arguments)))
        thread.start()
        "".join(streamer)
        thread.join()
        return watch.answer(done[0][0, ids.shape[1] :].tolist())
