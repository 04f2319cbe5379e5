"""Prompts that are too long for sure, known before they are encoded, which takes seconds for millions of characters."""

from __future__ import annotations

from collections.abc import Iterable

from dolly_widget.serving.failures import refused
from dolly_widget.serving.service import Service

_QUICK = 16
"""Bytes for each token that fits: less is encoded soon enough, and need not know the vocabulary."""


def check_bytes(service: Service, texts: Iterable[str], param: str) -> None:
    """Raise ApiError where the texts of one prompt have more bytes than the most tokens that fit can stand for.

    May take a while: not for the event loop.
    """
    longest = service.model.info.max_positions
    if longest is None:
        return
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    if size <= longest * _QUICK or size <= longest * _most_bytes(service):
        return
    raise refused(
        f"This model's maximum context length is {longest} tokens. However, your prompt has {size:,} bytes, which are "
        f"more than {longest} tokens: shorten the prompt.",
        param,
        "context_length_exceeded",
    )


def _most_bytes(service: Service) -> int:
    """Of a token, control tokens included."""
    tokenizer = service.model.tokenizer
    controls = (text.encode() for text in tokenizer.special_texts)
    return max(map(len, (*tokenizer.ids_by_bytes, *controls)), default=1)
