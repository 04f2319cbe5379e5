"""The kinds of servers, and how one is told: by who "owns" its models, or by what it calls itself."""

from __future__ import annotations

OURS = "dolly-widget"
VLLM = "vLLM"
LLAMA_CPP = "llama.cpp"
OTHER = ""
"""Any other: it may not know more than OpenAI's own fields."""

_BY_OWNER = {"dolly-widget": OURS, "vllm": VLLM, "llamacpp": LLAMA_CPP}


GO_ON_WITH_CHATS = (VLLM, LLAMA_CPP)
"""Those that go on with an answer that stands last in a chat. Others may answer it."""


def kind_of(owner: str, server: str) -> str:
    """The kind of a server, by ``owned_by`` of a model and the header ``Server``."""
    return _BY_OWNER.get(owner.strip().lower()) or (LLAMA_CPP if server.lower().startswith("llama.cpp") else OTHER)


def gives_ids(kind: str) -> bool:
    """Whether a server of this kind takes ids as the prompt, and tells those of its answer."""
    return kind != OTHER


def holds_shapes(kind: str) -> bool:
    """Whether a server of this kind holds an answer to a shape."""
    return kind != OTHER
