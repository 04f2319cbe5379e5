"""What a checkpoint's settings files say, as the export needs it: ``config.json``, ``generation_config.json``.

What transformers would run with is put right: an attention that is not installed here, an end token that no token is.
What it would fail on is told in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dolly_widget.errors import ModelError

_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
_LARGEST_ID = 2**31 - 1
_DTYPES = ("float64", "float32", "float16", "bfloat16")
_ATTENTIONS = ("eager", "sdpa")


def put_right(settings: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the settings of a file that ``source`` names, as they can be used. Raises ModelError."""
    right = {name: value for name, value in settings.items() if not _is_other_attention(name, value)}
    for name in ("dtype", "torch_dtype"):
        if name in right:
            right[name] = _dtype(name, right[name], source)
    for name in _IDS:
        if name in right:
            right[name] = _ids(name, right[name], source)
    return right


def _is_other_attention(name: str, value: object) -> bool:
    # Every attention computes the same; flash_attention_2 would need a package that has no CPU version.
    return name in ("_attn_implementation", "attn_implementation") and value not in _ATTENTIONS


def _dtype(name: str, value: object, source: str) -> str | None:
    dtype = value.removeprefix("torch.") if isinstance(value, str) else value
    if dtype in (None, "auto"):
        return None
    if dtype not in _DTYPES:
        raise ModelError(f"{source} gives {_shown(value)} as {name}: it must be one of {', '.join(_DTYPES)}.")
    return str(dtype)


def _ids(name: str, value: object, source: str) -> int | list[int] | None:
    """A token id, or several; None in place of what is a number, but no token can have, such as -1."""
    found = []
    for each in value if isinstance(value, list) else [value]:
        if each is None and not isinstance(value, list):
            return None
        if not isinstance(each, int | float):
            raise ModelError(f"{source} gives {_shown(value)} as {name}: correct it to a token id, or remove it.")
        if not isinstance(each, bool) and 0 <= each <= _LARGEST_ID and each == int(each):
            found.append(int(each))
    return found if isinstance(value, list) and found else found[0] if found else None


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def for_version_4(config: Mapping[str, Any], source: str) -> dict[str, Any]:
    """A ``config.json`` that transformers 5 wrote, as version 4 reads it: it ignores ``rope_parameters``.

    And it refuses the ``hidden_size`` that DBRX has in its ``ffn_config`` since.

    Raises ModelError for what version 4 has no words for. Source: transformers 5, modeling_rope_utils.py,
    ``RotaryEmbeddingConfigMixin``, which reads the older form.
    """
    if isinstance(inner := config.get("ffn_config"), Mapping):
        config = {**config, "ffn_config": {name: value for name, value in inner.items() if name != "hidden_size"}}
    rope = config.get("rope_parameters")
    if not isinstance(rope, Mapping):
        return dict(config)
    older = {name: value for name, value in config.items() if name != "rope_parameters"}
    if all(isinstance(value, Mapping) for value in rope.values()) and rope:  # one for each kind of layer
        if set(rope) != {"full_attention", "sliding_attention"} or _scaling(rope["sliding_attention"]):
            raise ModelError(f"{source} has rope_parameters that its exporter, transformers 4, cannot be given.")
        older["rope_local_base_freq"] = rope["sliding_attention"].get("rope_theta")
        rope = rope["full_attention"]
    return {**older, **_older_rope(rope)}


def _older_rope(rope: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: rope[name] for name in ("rope_theta", "partial_rotary_factor") if name in rope}
    return {**kept, "rope_scaling": _scaling(rope)}


def _scaling(rope: Mapping[str, Any]) -> dict[str, Any] | None:
    if rope.get("rope_type", "default") == "default":
        return None
    return {name: value for name, value in rope.items() if name not in ("rope_theta", "partial_rotary_factor")}
