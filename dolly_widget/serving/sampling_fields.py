"""The fields of a request that say how to draw and when to end, as both routes for answers have them. Knows no HTTP.

A field that is missing has OpenAI's default, 1 for temperature and top_p: the model's own distribution.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from dolly_widget.engines import Endings, endings
from dolly_widget.sampling import MODEL, SETTINGS, SamplingParams, with_changes
from dolly_widget.serving.body import Body
from dolly_widget.serving.failures import refused
from dolly_widget.serving.service import LONGEST_ANSWER, Service
from dolly_widget.serving.structured import read_structured
from dolly_widget.text.shapes.shape import Shape

_NUMBERS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
)
_SEEDS = 2**32
_MOST_STOP_IDS = 64
MOST_LOGPROBS = 20


NOT_HERE = (
    "logit_bias",
    *("guided_json", "guided_regex", "guided_choice", "guided_grammar"),
    *("min_tokens", "allowed_token_ids", "bad_words", "use_beam_search", "prompt_logprobs", "truncate_prompt_tokens"),
    *("continue_final_message", "chat_template", "chat_template_kwargs"),
)
"""Fields of OpenAI's and vLLM's that would change an answer, and are refused by both routes."""
WHAT_FITS = -1
"""New tokens as some clients ask for them: until the model's context is full."""


class Drawing(NamedTuple):
    """How the answers of a request are drawn, and what ends them."""

    params: SamplingParams
    ends: Endings

    def of_choice(self, index: int) -> SamplingParams:
        """The settings of one of several answers: the first has the seed that was given, the next one the next."""
        seed = self.params.seed
        return self.params if seed is None else with_changes(self.params, {"seed": (seed + index) % _SEEDS})


def read_drawing(body: Body, service: Service, new_tokens: int) -> Drawing:
    """The settings. Raises ApiError for one that is wrong."""
    given: dict[str, Any] = {name: value for name in _NUMBERS if (value := body.number(name)) is not None}
    if given.get("top_k") == -1:  # vLLM's way to say that it is off
        given["top_k"] = 0
    if given.get("top_p") == 0:  # the likeliest token alone
        del given["top_p"]
        given["temperature"] = 0.0
    if (seed := body.whole("seed", -(2**63), 2**64 - 1)) is not None:
        given["seed"] = seed % _SEEDS
    given["stop"] = body.texts("stop", SETTINGS["stop"].most)  # type: ignore[attr-defined]
    given["max_new_tokens"] = max(1, new_tokens)
    for name, value in given.items():
        try:
            SETTINGS[name].checked(name, value)
        except (TypeError, ValueError) as exc:
            raise refused(str(exc), name) from None
    params = with_changes(MODEL, given)
    if params.penalises_answer and not service.limits.has_penalties:
        name = "presence_penalty" if params.presence_penalty else "frequency_penalty"
        raise refused(f"This server takes no {name}: leave it at 0.", name)
    return Drawing(params, _ends(body, service, given["stop"]))


def read_new_tokens(body: Body, *names: str, least: int = 1) -> int | None:
    """How many new tokens are wanted at most, or WHAT_FITS; None where the request does not say."""
    found = [WHAT_FITS if body.get(name) == WHAT_FITS else body.whole(name, least, LONGEST_ANSWER) for name in names]
    return next((each for each in found if each is not None), None)


def refuse_unsupported(body: Body, *names: str) -> None:
    """Raise ApiError for a field that would change the answer, and has no meaning here: NOT_HERE, and ``names``."""
    body.refuse(*NOT_HERE, *names)
    if not body.flag("add_generation_prompt", True):
        raise refused("add_generation_prompt must be true: this server writes answers alone.", "add_generation_prompt")


def read_count(body: Body, service: Service) -> int:
    """How many answers each prompt is to have."""
    return body.whole("n", 1, service.limits.largest_request) or 1


def read_shape(body: Body) -> Shape | None:
    """The shape that ``response_format`` asks for; None for any text. May take a while: not for the event loop."""
    form = body.part("response_format")
    if form is None:
        return read_structured(body)
    kind = form.text("type")
    if kind == "text":
        return None
    if kind == "json_object":
        from dolly_widget.serving.any_json import ANY_OBJECT

        return ANY_OBJECT
    if kind != "json_schema":
        raise form.wrong("type", "text, json_object or json_schema")
    described = form.part("json_schema")
    schema = None if described is None else described.part("schema")
    if described is None or schema is None:
        raise refused("response_format.json_schema must have a schema.", "response_format")
    return _shape(described.get("schema"))


def _shape(schema: Any) -> Shape:
    from dolly_widget.text.shapes import shape_of

    try:
        return shape_of(schema)
    except (ValueError, TypeError, RecursionError) as exc:
        raise refused(f"This schema cannot be used: {exc}", "response_format") from None


def _ends(body: Body, service: Service, stop: tuple[str, ...]) -> Endings:
    """What ends an answer: by the model, unless ``ignore_eos``, and by the request."""
    ids = body.ids("stop_token_ids", service.model.vocab_size, _MOST_STOP_IDS)
    if not body.flag("ignore_eos"):
        usual = endings(service.model, service.engine.template, stop)
        return Endings(usual.ids | set(ids), usual.texts)
    # An engine that is told of one token that ends an answer ends it at the model's own as well.
    if control := next((text for text in stop if service.model.tokenizer.special_id(text) is not None), None):
        raise refused(f"ignore_eos does not go with stop {control!r}, a control token: leave one of them out.", "stop")
    if ids:
        raise refused("ignore_eos does not go with stop_token_ids: leave one of them out.", "ignore_eos")
    return Endings(frozenset(), stop)


def check_logprobs(asked: int | None, service: Service) -> int | None:
    """How many likelier tokens are to be given, as it was asked. Raises ApiError where none are given here."""
    if asked is not None and not service.limits.has_logprobs:
        raise refused("This server gives no logprobs: leave logprobs out.", "logprobs")
    return asked


class Streaming(NamedTuple):
    """Whether an answer comes in pieces, and the use of tokens at its end."""

    is_on: bool
    has_usage: bool


def read_streaming(body: Body) -> Streaming:
    """``stream`` and ``stream_options``."""
    is_on, options = body.flag("stream"), body.part("stream_options")
    if options is not None and not is_on:
        raise refused("stream_options goes with stream: true alone.", "stream_options")
    return Streaming(is_on, options is not None and options.flag("include_usage"))
