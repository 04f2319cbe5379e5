"""The Optimum engine: optimum-intel's OVModelForCausalLM, with all that Hugging Face's ``generate`` can do.

It is fed ids and gives ids. Needs the extra ``dolly-widget[optimum]``, which is imported on loading.
"""

from __future__ import annotations

import difflib
import logging
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Event
from typing import TYPE_CHECKING, Any

from dolly_widget.engines.answer import Answer, Endings, OnText, ignore_text
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.graphs import keep_last_logits
from dolly_widget.engines.model_engine import ModelEngine
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.setup import EngineSetup
from dolly_widget.errors import EngineError
from dolly_widget.models import Model
from dolly_widget.runtime import reason
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt

if TYPE_CHECKING:
    import transformers

INSTALL = 'python -m pip install "dolly-widget[optimum]"'
# Arguments of `generate` that hold objects; the others are settings of a GenerationConfig.
_LISTS = ("logits_processor", "stopping_criteria")
_OBJECTS = (*_LISTS, "prefix_allowed_tokens_fn")
# Without meaning where the most probable token is always taken, as top_p is.
_FOR_DRAWING = ("top_h", "typical_p", "epsilon_cutoff", "eta_cutoff")
_FOR_BEAMS = ("length_penalty", "early_stopping")
_IN_PARAMS = "it is set by SamplingParams"
_IN_TEMPLATE = "the stop texts of SamplingParams and of the template end an answer"
_NO_FIELDS = "an answer holds only its text and token ids"
# OpenVINO's models keep their cache inside: they cannot go back in it, or run another text in between.
_NOT_HERE = "OpenVINO models do not support it"
_REFUSED = {
    **dict.fromkeys(("do_sample", "temperature", "top_p", "top_k", "min_p", "repetition_penalty"), _IN_PARAMS),
    **dict.fromkeys(("presence_penalty", "frequency_penalty"), _IN_PARAMS),
    **dict.fromkeys(("max_new_tokens", "max_length"), _IN_PARAMS),
    **dict.fromkeys(("eos_token_id", "stop_strings"), _IN_TEMPLATE),
    **dict.fromkeys(("return_dict_in_generate", "output_scores", "output_logits"), _NO_FIELDS),
    **dict.fromkeys(("output_attentions", "output_hidden_states"), _NO_FIELDS),
    **dict.fromkeys(("prompt_lookup_num_tokens", "assistant_early_exit", "is_assistant", "guidance_scale"), _NOT_HERE),
    **dict.fromkeys(("penalty_alpha", "dola_layers", "prefill_chunk_size", "continuous_batching_config"), _NOT_HERE),
    **dict.fromkeys(
        ("num_beam_groups", "diversity_penalty", "constraints", "force_words_ids"), "transformers no longer supports it"
    ),
    "min_length": "it includes the prompt, unlike min_new_tokens",
    "token_healing": "the prompt is passed on exactly as it was encoded",
    "transformers_version": "it is not a setting",
}


class OptimumEngine(ModelEngine):
    """A model directory on a device, run by ``OVModelForCausalLM``. See ``Engine`` for the methods.

    ``generation`` are Hugging Face generation arguments for all calls, such as ``{"no_repeat_ngram_size": 3}``.
    Raises EngineError where the extra is missing, ValueError for an argument that cannot be used.
    """

    def __init__(self, setup: EngineSetup, model: Model, *, generation: Mapping[str, Any] | None = None) -> None:
        self._generation = dict(generation or {})
        super().__init__(setup, model)

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: OnText = ignore_text,
        stop: Event | None = None,
        prefix_ids: Sequence[int] = (),
        answer: Any = None,
        endings: Endings | None = None,
        **generation: Any,
    ) -> GenerationResult:
        """See ``Engine.generate``; ``generation`` are further arguments of Hugging Face's ``generate``.

        Such as ``num_beams=2`` (the text then comes at the end), ``no_repeat_ngram_size=3``,
        ``logits_processor=[...]``. Raises ValueError for one that is unknown, or cannot be used.
        """
        if answer is not None:
            self.check_shape(params)
        arguments = _checked({**self._generation, **generation})
        ends = endings or self._endings_with(params.stop)
        config = _generation_config(params, ends.ids, arguments)
        objects = {name: arguments[name] for name in _OBJECTS if name in arguments}
        request = GenerationRequest(prompt, params, None, tuple(prefix_ids), on_text, stop, ends)
        return self._answer(request, config=config, objects=objects)

    def _load(self, properties: dict[str, Any]) -> Any:
        model_class = _import_model_class()
        from transformers import GenerationConfig

        _checked(self._generation)
        try:
            with _no_remarks():
                model = model_class.from_pretrained(
                    str(self.model.directory),
                    device=self.device,
                    # "" is OpenVINO's own default; without it, Optimum writes a cache into the model's directory for a
                    # GPU.
                    ov_config={"CACHE_DIR": "", **properties},
                    # The directory's own settings stay out: an answer depends on what is in SamplingParams.
                    generation_config=GenerationConfig(),  # type: ignore[no-untyped-call]
                    export=False,
                    compile=False,
                )
            keep_last_logits(model.model)
            model.compile()
            if (limit := self.model.info.longrope_limit) is not None:
                _read_again_beyond(model, limit)
        except Exception as exc:  # Optimum and transformers raise nearly anything for files that they don't understand
            raise self._load_error(exc) from exc
        # OpenVINO 2026.4 keeps the graph of a model with a cache inside when it is freed, activations and all.
        weakref.finalize(model, model.request.get_compiled_model().release_memory).atexit = False
        return model

    def _run(self, loaded: Any, text: Continuation, answer: Answer, **arguments: Any) -> None:
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        prompt_ids, params = text.ids, text.params
        config, objects = arguments["config"], arguments["objects"]
        config.max_new_tokens = params.max_new_tokens  # what the answer's given beginning has left
        is_beam_search = (config.num_beams or 1) > 1
        # Optimum Intel 2.1 takes 1 for every place of Mamba's kind where transformers 5.4 and later tells it none.
        is_recurrent = "cache_position" in loaded.input_names
        places = {"cache_position": torch.arange(len(prompt_ids))} if is_recurrent else {}
        ids = torch.tensor([prompt_ids])
        penalties = _penalties(params, len(prompt_ids) - len(answer.token_ids))
        with _drawing(text.seed) if config.do_sample else nullcontext():
            sequences = loaded.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                generation_config=config,
                logits_processor=LogitsProcessorList([*penalties, *(objects.get("logits_processor") or [])]),
                stopping_criteria=StoppingCriteriaList([*(objects.get("stopping_criteria") or []), _watch(answer)]),
                prefix_allowed_tokens_fn=objects.get("prefix_allowed_tokens_fn"),
                streamer=None if is_beam_search else _bridge(answer),
                **places,
            )
        if is_beam_search:
            answer.write(_without_padding(sequences[0, len(prompt_ids) :].tolist(), answer.end_ids))


def _read_again_beyond(model: Any, limit: int) -> None:
    """Have ``model`` read a text again from its first token when it grows longer than ``limit``: LongRoPE.

    As transformers does it (Phi3ForCausalLM.prepare_inputs_for_generation). Optimum Intel 2.1 has it for Phi-3 only,
    and fails there: transformers 5 no longer gives it ``cache_position``.
    """
    from optimum.intel import OVModelForCausalLM

    # transformers looks for that name: see GenerationMixin._validate_model_kwargs.
    def prepare(input_ids: Any, past_key_values: Any = None, **kwargs: Any) -> Any:
        is_crossing = past_key_values is not None and model._get_past_length(past_key_values) <= limit
        if is_crossing and input_ids.shape[1] > limit:
            past_key_values = None
        return OVModelForCausalLM.prepare_inputs_for_generation(
            model, input_ids, past_key_values=past_key_values, **kwargs
        )

    model.prepare_inputs_for_generation = prepare


@contextmanager
def _no_remarks() -> Iterator[None]:
    """Keep Optimum from telling, offline, that the hub's cache does not have our directory."""
    logger = logging.getLogger("optimum.intel.openvino.modeling_base")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _import_model_class() -> Any:
    try:
        import torch  # noqa: F401  # optimum-intel can be imported without it
        from optimum.intel import OVModelForCausalLM
    except ImportError as exc:
        raise EngineError(f"The Optimum engine needs more packages ({reason(exc)}): run {INSTALL}") from exc
    return OVModelForCausalLM


def _checked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return Hugging Face's generation arguments, or raise ValueError for one that cannot be used here."""
    from transformers import GenerationConfig

    defaults = GenerationConfig()  # type: ignore[no-untyped-call]  # half typed
    known = {name for name in vars(defaults) if not name.startswith("_")} | set(_OBJECTS)
    for name, value in arguments.items():
        if name in _REFUSED:
            raise ValueError(
                f"The generation argument {name} cannot be used here because {_REFUSED[name]}: leave it out."
            )
        if name not in known:
            similar = difflib.get_close_matches(name, known - set(_REFUSED), 1)
            hint = f"did you mean {similar[0]}?" if similar else "see transformers.GenerationConfig."
            raise ValueError(f"Hugging Face has no generation argument {name}: {hint}")
        if name in _LISTS and not isinstance(value, list | tuple):
            raise ValueError(f"{name} must be a list, not {value!r}.")
    for name in ("num_beams", "num_return_sequences", "min_new_tokens"):
        value = arguments.get(name)
        if value is not None and not (isinstance(value, int) and value > 0):
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}.")
    if arguments.get("num_return_sequences", 1) not in (None, 1):
        raise ValueError("num_return_sequences must be 1: ask again to get another answer.")
    return arguments


def _generation_config(
    params: SamplingParams, end_ids: frozenset[int], arguments: dict[str, Any]
) -> transformers.GenerationConfig:
    from transformers import GenerationConfig

    _check_together(params, arguments)
    settings: dict[str, Any] = {
        "max_new_tokens": params.max_new_tokens,
        "repetition_penalty": params.repetition_penalty,
        "eos_token_id": sorted(end_ids) or None,
        "pad_token_id": min(end_ids, default=0),  # for finished beams; unset, transformers chooses one and says so
        "do_sample": not params.is_greedy,
    }
    if not params.is_greedy:
        settings |= {"temperature": params.temperature, "top_p": params.top_p, "top_k": params.top_k}
        settings |= {"min_p": params.min_p or None}
    unused = (*_OBJECTS, *(_FOR_DRAWING if params.is_greedy else ()))
    settings |= {name: value for name, value in arguments.items() if name not in unused}
    config = GenerationConfig()  # type: ignore[no-untyped-call]
    for name, value in settings.items():  # not its constructor, which only prints what does not fit together
        setattr(config, name, value)
    try:
        config.validate(strict=True)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, AttributeError) as exc:
        raise ValueError(f"Hugging Face rejects these generation arguments: {reason(exc)}; correct them.") from exc
    return config


def _check_together(params: SamplingParams, arguments: dict[str, Any]) -> None:
    """Raise ValueError for arguments without effect: transformers would print that."""
    if (arguments.get("num_beams") or 1) == 1 and (unused := [name for name in _FOR_BEAMS if arguments.get(name)]):
        raise ValueError(f"{unused[0]} is for beam search only: set num_beams to 2 or more, or leave it out.")
    shortest = arguments.get("min_new_tokens") or 0
    if shortest > params.max_new_tokens:
        raise ValueError(f"min_new_tokens is {shortest}: set it to max_new_tokens, {params.max_new_tokens}, or less.")


def _penalties(params: SamplingParams, prompt_tokens: int) -> list[Any]:
    """Presence and frequency penalty, which transformers does not have; see ``sampling.penalise_presence``."""
    import torch
    from transformers import LogitsProcessor

    class Penalties(LogitsProcessor):
        def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            answers = input_ids[:, prompt_tokens:]
            counts = torch.zeros_like(scores).scatter_add_(1, answers, torch.ones_like(answers, dtype=scores.dtype))
            return scores - params.presence_penalty * (counts > 0) - params.frequency_penalty * counts

    return [Penalties()] if params.penalises_answer else []


def _watch(answer: Answer) -> Any:
    """Return the stopping criterion that is asked after each step."""
    import torch
    from transformers import StoppingCriteria

    class Watch(StoppingCriteria):
        def __call__(self, input_ids: torch.Tensor, scores: Any, **arguments: Any) -> torch.Tensor:
            answer.step()
            return torch.full((input_ids.shape[0],), not answer.should_continue, dtype=torch.bool)

    return Watch()


def _bridge(answer: Answer) -> Any:
    """Return what transformers calls with the prompt, and then with each token."""
    from transformers.generation.streamers import BaseStreamer

    class Bridge(BaseStreamer):
        is_prompt = True

        def put(self, value: Any) -> None:
            if not self.is_prompt:
                answer.write(value.tolist())
            self.is_prompt = False

        def end(self) -> None:
            """Nothing to do: ``finish`` is called when ``generate`` has returned."""

    return Bridge()


def _drawing(seed: int) -> AbstractContextManager[Any]:
    """Draw tokens, on this thread, from a generator of our own: torch's global one is the user's."""
    import torch
    from torch.overrides import TorchFunctionMode

    generator = torch.Generator().manual_seed(seed)

    class Drawing(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            own = {"generator": generator} if func is torch.multinomial else {}
            return func(*args, **{**(kwargs or {}), **own})

    return Drawing()


def _without_padding(ids: list[int], end_ids: frozenset[int]) -> list[int]:
    """A beam's ids up to the first that ends an answer; what follows fills the row."""
    end = next((index for index, token_id in enumerate(ids) if token_id in end_ids), len(ids))
    return ids[: end + 1]
