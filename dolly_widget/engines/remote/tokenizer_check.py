"""Whether a tokenizer of this machine is the one of a server's model: with another one, every answer is nonsense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dolly_widget.engines.remote.calls import call
from dolly_widget.engines.remote.faults import RefusedError
from dolly_widget.engines.remote.kinds import LLAMA_CPP, VLLM
from dolly_widget.engines.remote.lost import LostError
from dolly_widget.errors import ModelError
from dolly_widget.models import Model
from dolly_widget.text import Prompt, Segment

# Nothing that tokenizers of one family read in two ways: no control tokens, no letters beyond ASCII.
_SAMPLE = "Hello world, these are 123 plain words of one language."
_MAX_BYTES = 1 << 20


def check_tokenizer(root: str, kind: str, name: str, model: Model, gives_up: Callable[[], bool]) -> None:
    """Have the server encode a text, where it can do that, and compare. ``name`` is the server's of the model.

    Raises ModelError where the ids are others. Source of the calls: vLLM's and llama.cpp's ``/tokenize``.
    """
    fields: Mapping[str, Any]
    if kind == VLLM:
        fields = {"model": name, "prompt": _SAMPLE, "add_special_tokens": False}
    elif kind == LLAMA_CPP:
        fields = {"content": _SAMPLE}
    else:
        return
    try:
        with call(root.removesuffix("/v1"), "/tokenize", fields, gives_up=gives_up, is_short=True) as answered:
            value = answered.json(_MAX_BYTES)
    except (RefusedError, LostError):  # switched off, or hidden by whatever stands before it
        return
    theirs = value.get("tokens") if isinstance(value, Mapping) else None
    ours = model.tokenizer.encode(Prompt([Segment(_SAMPLE, is_template=False)], adds_special_tokens=False))
    if isinstance(theirs, list) and theirs != ours:
        raise ModelError(
            f"The tokenizer in {model.directory} is not that of the server's model, which encodes a text in another "
            "way: name a model with the same one."
        )
