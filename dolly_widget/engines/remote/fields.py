"""Sampling settings become the fields of a request: the standard ones, and others by what the server is found to be.

Knows names and values alone. What a server refuses is remembered by ``Refused`` in the engine.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dolly_widget.engines.remote.faults import Refusal
from dolly_widget.engines.remote.kinds import LLAMA_CPP, OTHER, OURS, VLLM
from dolly_widget.sampling import SETTINGS, SamplingParams
from dolly_widget.text.shapes import Shape

SETTING_OF = {
    "repeat_penalty": "repetition_penalty",
    **{name: name for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed")},
    **{name: name for name in ("presence_penalty", "frequency_penalty")},
}
"""The setting that a field hands on."""
_EXTRAS = ("top_k", "min_p", "repetition_penalty")
_SHAPES = ("response_format", "structured_outputs", "grammar")
_NEVER_LEFT_OUT = ("model", "prompt", "messages", "stream", "max_tokens", "max_completion_tokens", *_SHAPES)
_WORDS = ("stop", "stream_options")
"""Fields whose names a refusal may hold that is of something else."""
_LARGEST_SEED = 2**32 - 2
"""Of llama.cpp, to which the number after it means "any"."""
_STOPS = re.compile(r"\bstop (?:sequence|string|word|text)s?\b", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"unrecogni[sz]ed|unknown|unexpected|unsupported|not (?:be )?(?:supported|permitted|allowed|recogni[sz]ed)"
    r"|does not support|extra (?:inputs|fields)|extra_forbidden|no such",
    re.IGNORECASE,
)


def settings_fields(params: SamplingParams, seed: int, kind: str) -> dict[str, Any]:
    """The settings as a server of this kind takes them."""
    fields: dict[str, Any] = {"temperature": 0.0 if params.is_greedy else params.temperature, "seed": seed}
    fields |= {name: getattr(params, name) for name in ("top_p", "presence_penalty", "frequency_penalty")}
    if kind == OTHER:  # a field that is not known is refused by some: what is off is left out
        off = {name: SETTINGS[name].off for name in (*_EXTRAS, "presence_penalty", "frequency_penalty")}
        fields |= {name: getattr(params, name) for name in _EXTRAS}
        return {name: value for name, value in fields.items() if name not in off or value != off[name]}
    # Sent even where they are off: a server puts its model's own, or llama.cpp's defaults, in the place of what is not.
    fields |= {name: getattr(params, name) for name in _EXTRAS}
    if kind == LLAMA_CPP:
        # The penalty for all that is there, and the filters in the order of `sampling`, behind the temperature.
        fields |= {
            "repeat_penalty": fields.pop("repetition_penalty"),
            "repeat_last_n": -1,
            "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],
            "seed": min(seed, _LARGEST_SEED),
        }
    return fields


def ending_fields(end_ids: Iterable[int], texts: Sequence[str], kind: str, *, is_text: bool = False) -> dict[str, Any]:
    """What ends an answer to a text, or to ids. It is watched for here as well, so that a server need not know."""
    fields: dict[str, Any] = {"stop": list(texts)} if texts else {}
    if kind in (OURS, VLLM) and (ids := sorted(end_ids)):
        fields["stop_token_ids"] = ids
    if kind in (OURS, VLLM) and texts and is_text:
        fields["skip_special_tokens"] = False  # or a text that is a special token would never be seen
    return fields


def ids_fields(kind: str) -> dict[str, Any]:
    """What has a server tell the ids of its tokens."""
    if kind in (OURS, VLLM):
        return {"return_token_ids": True}
    return {"logprobs": 1} if kind == LLAMA_CPP else {}


def shape_fields(shape: Shape | None, kind: str) -> dict[str, Any]:
    """What holds an answer to a shape. Raises ValueError for one that a server of this kind cannot be told."""
    if shape is None:
        return {}
    if kind == LLAMA_CPP:
        return {"grammar": shape.grammar}  # whose form is the same
    schema = _NUMBERS.get(shape.source) if isinstance(shape.source, type) else shape.schema
    if schema is not None:
        form = {"name": "answer", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    if shape.choices is not None:
        return {"structured_outputs": {"choice": list(shape.choices)}}
    pattern = _DATE if shape.source is datetime.date else getattr(shape.source, "pattern", None)
    if isinstance(pattern, str):
        return {"structured_outputs": {"regex": pattern}}
    raise ValueError("A server cannot be told this shape: give choices, a pattern, or a JSON schema.")


_NUMBERS: Mapping[type, Any] = {int: {"type": "integer"}, float: {"type": "number"}}
_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


def needs_other_length(refusal: Refusal, fields: Mapping[str, Any]) -> bool:
    """Whether a server has to be told the length as OpenAI's newest models do."""
    return refusal.status in (400, 422) and "max_tokens" in fields and "max_completion_tokens" in refusal.says


def refused_fields(refusal: Refusal, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a request that a server has refused by name, and that an answer can do without.

    Where a field that every server knows is named, its value may be wrong: that is none of them.
    """
    if refusal.status not in (400, 422):
        return ()
    named = [name for name in fields if name not in _NEVER_LEFT_OUT and _is_named(name, refusal)]
    is_unknown = _UNKNOWN.search(refusal.says) is not None
    unsure = {*_STANDARD, *_WORDS} - ({_param(refusal)} & {*_WORDS})
    if _STOPS.search(refusal.says):  # too many, or too long: they are watched for here as well
        unsure.discard("stop")
    return tuple(name for name in named if is_unknown or name not in unsure)


_STANDARD = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "seed")


def _param(refusal: Refusal) -> str:
    error = refusal.value.get("error") if isinstance(refusal.value, Mapping) else None
    found = error.get("param") if isinstance(error, Mapping) else ""
    return found if isinstance(found, str) else ""


def _is_named(name: str, refusal: Refusal) -> bool:
    return _param(refusal) == name or re.search(rf"(?<![a-z_]){re.escape(name)}(?![a-z_])", refusal.says) is not None


def matters(name: str, params: SamplingParams) -> bool:
    """Whether a field hands on a setting that is not off."""
    setting = SETTING_OF.get(name)
    if setting is None or (params.is_greedy and not SETTINGS[setting].counts_when_greedy):
        return False
    return setting == "seed" or getattr(params, setting) != SETTINGS[setting].off


def note_of_refused(host: str, names: Iterable[str]) -> str:
    """The sentence on settings that a server does not take; "" where none of ``names`` is one."""
    settings = list(dict.fromkeys(SETTING_OF[name] for name in names if name in SETTING_OF))
    if not settings:
        return ""
    them = "it" if len(settings) == 1 else "them"
    return f"{host} does not take {_listed(settings)}: the answer is drawn without {them}."


def note_of_unsure(params: SamplingParams, fields: Mapping[str, Any]) -> str:
    """The sentence on settings that a server of no known kind may leave aside without a word; "" without any."""
    unsure = [name for name in _EXTRAS if name in fields and getattr(params, name) != SETTINGS[name].off]
    return f"Whether this server keeps to {_listed(unsure)} is not known." if unsure else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
