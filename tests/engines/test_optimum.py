"""What the Optimum engine can do beyond the contract of test_engines.py: Hugging Face's generation."""

import os
import subprocess
import sys
import threading
from itertools import pairwise

import pytest
from real_engines import start

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.loading import load_engine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.errors import EngineError
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.template import DOLLY

HELLO = DOLLY.render("Say hello.")
LETTER = DOLLY.render("Write a love letter.")
QUESTIONS = [
    "Say hello.",
    "Who are you?",
    "What is the capital of France?",
    "Name three animals.",
    "What is 2 plus 3?",
    "How do I cook rice?",
    "Is pineapple on pizza good?",
    "Give me advice for my resume.",
    "Write an email about an alpaca.",
    "Plan a weekend for a family.",
]
GREEDY = SamplingParams(max_new_tokens=60, temperature=0)
# Rounded to 8 or 16 bits, two nearly equal tokens change places with the order of the additions.
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(OptimumEngine, demo_dir, ov_config=EXACT)
    yield engine
    engine.close()


def wild(max_new_tokens, seed=0, **settings):
    return SamplingParams(max_new_tokens=max_new_tokens, temperature=5, top_p=1, seed=seed, **settings)


def test_load_engine_chooses_by_name(demo_dir):
    engine = load_engine(demo_dir, device="cpu", engine="optimum")
    assert isinstance(engine, OptimumEngine)
    engine.close()
    with pytest.raises(ValueError, match=r"no engine 'vllm'; choose 'genai' or 'optimum'\.$"):
        load_engine(demo_dir, engine="vllm")


def test_offline_it_says_nothing(demo_dir):
    code = f"from dolly_widget import load_engine; load_engine({str(demo_dir)!r}, device='CPU', engine='optimum')"
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")


# The same as GenAI, and as transformers


@pytest.mark.parametrize("repetition_penalty", [1.0, 1.2])
def test_greedy_decoding_gives_the_same_ids_on_both_engines(engine, demo_dir, repetition_penalty):
    genai = start(GenAIEngine, demo_dir, ov_config=EXACT)
    params = SamplingParams(max_new_tokens=60, temperature=0, repetition_penalty=repetition_penalty)
    for question in QUESTIONS:
        prompt = DOLLY.render(question)
        assert engine.generate(prompt, params).token_ids == genai.generate(prompt, params).token_ids, question
    genai.close()


def plain_generate(engine, prompt, seed=None, **arguments):
    """Ids of Hugging Face's own ``generate``, drawn from torch's global generator."""
    import torch
    from transformers import GenerationConfig

    ids = torch.tensor([engine.model.tokenizer.encode(prompt)])
    state = torch.get_rng_state()
    if seed is not None:
        torch.manual_seed(seed)
    ends = sorted(engine._endings.ids)
    config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[0], **arguments)
    output = engine._loaded.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
    torch.set_rng_state(state)
    return tuple(output[0, ids.shape[1] :].tolist())


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1.5, "top_p": 0.8, "top_k": 0},
        {"temperature": 3.0, "top_p": 1.0, "top_k": 7},
        {"temperature": 3.0, "top_p": 0.95, "top_k": 50, "min_p": 0.1},
    ],
)
def test_a_seed_draws_what_transformers_draws_with_it(engine, settings):
    result = engine.generate(LETTER, SamplingParams(max_new_tokens=40, seed=5, **settings))
    assert result.token_ids == plain_generate(engine, LETTER, 5, max_new_tokens=40, do_sample=True, **settings)


def test_beam_search_gives_what_transformers_gives(engine):
    pieces, params = [], SamplingParams(max_new_tokens=150, temperature=0)
    result = engine.generate(LETTER, params, num_beams=3, on_text=pieces.append)
    assert result.token_ids == plain_generate(engine, LETTER, max_new_tokens=150, num_beams=3)
    assert result.token_ids != engine.generate(LETTER, params).token_ids
    assert result.text == "".join(pieces) == engine.model.tokenizer.decode(result.token_ids).rstrip()
    assert result.ttft_s > 0
    assert result.tpot_s > 0


def test_beams_with_a_temperature_are_drawn_with_the_seed(engine):
    answers = [engine.generate(HELLO, wild(12, seed), num_beams=2).token_ids for seed in (1, 2, 1)]
    assert answers[0] == answers[2] != answers[1]


def test_stop_ends_a_beam_search(engine):
    stop = threading.Event()
    prompt_tokens = len(engine.model.tokenizer.encode(LETTER))

    def stop_soon(input_ids, scores):
        if input_ids.shape[1] >= prompt_tokens + 8:
            stop.set()
        return scores

    result = engine.generate(LETTER, GREEDY, num_beams=2, logits_processor=[stop_soon], stop=stop)
    assert result.finish_reason == "cancelled"
    assert 0 < result.new_tokens < 20
    assert result.text


def test_logits_are_computed_for_the_last_position_only(engine):
    engine.generate(LETTER, SamplingParams(max_new_tokens=1))
    assert engine._loaded.request.get_tensor("logits").shape[:2] == [1, 1]


# Further arguments


class Only:
    """Lets one token be the most probable."""

    def __init__(self, token_id):
        self.token_id = token_id

    def __call__(self, input_ids, scores):
        scores[:, self.token_id] = 1e9
        return scores


def test_a_logits_processor_is_obeyed(engine):
    result = engine.generate(HELLO, SamplingParams(max_new_tokens=5, temperature=0), logits_processor=[Only(77)])
    assert result.token_ids == (77,) * 5
    assert result.finish_reason == "length"


def test_no_n_gram_comes_twice(engine):
    params = wild(200, 3, top_k=2)
    ids = engine.generate(HELLO, params, min_new_tokens=100).token_ids
    pairs = list(pairwise(ids))
    assert len(set(pairs)) < len(pairs)
    ids = engine.generate(HELLO, params, no_repeat_ngram_size=2, min_new_tokens=100).token_ids
    pairs = list(pairwise(ids))
    assert len(set(pairs)) == len(pairs) > 90


def test_a_stopping_criterion_ends_the_answer(engine):
    import torch

    def is_long(input_ids, scores, **arguments):
        return torch.tensor([input_ids.shape[1] >= prompt_tokens + 4])

    prompt_tokens = len(engine.model.tokenizer.encode(LETTER))
    result = engine.generate(LETTER, GREEDY, stopping_criteria=[is_long])
    assert (result.new_tokens, result.finish_reason) == (4, "stop")


def test_arguments_of_the_constructor_are_for_all_calls_and_those_of_a_call_come_first(demo_dir):
    engine = start(OptimumEngine, demo_dir, generation={"logits_processor": [Only(77)], "typical_p": 0.5})
    params = SamplingParams(max_new_tokens=3, temperature=0)
    assert engine.generate(HELLO, params).token_ids == (77,) * 3
    assert engine.generate(HELLO, params, logits_processor=[Only(78)]).token_ids == (78,) * 3
    engine.close()


def test_settings_in_the_models_directory_stay_out(engine, demo_dir, tmp_path):
    import shutil

    copy = shutil.copytree(demo_dir, tmp_path / "copy")
    (copy / "generation_config.json").write_text(
        '{"eos_token_id": 0, "no_repeat_ngram_size": 1, "repetition_penalty": 50.0, "suppress_tokens": [1, 2, 3]}'
    )
    other = start(OptimumEngine, copy, ov_config=EXACT)
    assert other.generate(LETTER, GREEDY).token_ids == engine.generate(LETTER, GREEDY).token_ids
    other.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_beam": 2}, "no generation argument num_beam: did you mean num_beams"),
        ({"nonsense": 1}, "no generation argument nonsense: see transformers.GenerationConfig"),
        ({"temperature": 0.5}, "temperature cannot be used here because it is set by SamplingParams: leave it out"),
        ({"max_length": 5}, "max_length cannot be used here because it is set by SamplingParams"),
        ({"min_p": 0.1}, "min_p cannot be used here because it is set by SamplingParams"),
        ({"eos_token_id": 5}, "the stop texts of SamplingParams and of the template end an answer: leave it out"),
        ({"guidance_scale": 1.5}, "OpenVINO models do not support it"),
        ({"prompt_lookup_num_tokens": 2}, "OpenVINO models do not support it"),
        ({"dola_layers": "high"}, "OpenVINO models do not support it"),
        ({"num_beams": 2, "num_beam_groups": 2}, "transformers no longer supports it"),
        ({"num_beams": 2, "num_return_sequences": 2}, "num_return_sequences must be 1"),
        ({"num_beams": "two"}, "num_beams must be a whole number"),
        ({"num_beams": 0}, "num_beams must be a whole number"),
        ({"length_penalty": 2.0}, "length_penalty is for beam search only: set num_beams to 2 or more"),
        ({"min_new_tokens": 61}, "min_new_tokens is 61: set it to max_new_tokens, 60, or less"),
        ({"logits_processor": 5}, "logits_processor must be a list, not 5"),
        ({"watermarking_config": {}}, "Hugging Face rejects these generation arguments: "),
        ({"num_beams": 2, "early_stopping": "x"}, "`early_stopping` must be a boolean or 'never'"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_in_one_sentence(engine, demo_dir, arguments, message):
    stop = threading.Event()
    stop.set()  # nothing would be run
    with pytest.raises(ValueError, match=message) as refused:
        engine.generate(HELLO, GREEDY, stop=stop, **arguments)
    assert "\n" not in str(refused.value)


def test_a_wrong_argument_of_the_constructor_is_refused_before_loading(tmp_path, demo_dir, monkeypatch):
    from optimum.intel import OVModelForCausalLM

    monkeypatch.setattr(OVModelForCausalLM, "from_pretrained", lambda *_, **__: 1 / 0)
    with pytest.raises(ValueError, match="did you mean num_beams"):
        start(OptimumEngine, demo_dir, generation={"num_beam": 2})


# What is the user's stays theirs


@pytest.mark.parametrize("arguments", [{}, {"num_beams": 2}])
def test_the_users_random_numbers_are_not_touched(engine, arguments):
    import torch

    torch.manual_seed(7)
    state = torch.get_rng_state()
    during = []

    def look(input_ids, scores):
        during.append(torch.get_rng_state())
        return scores

    engine.generate(HELLO, wild(8), logits_processor=[look], **arguments)
    assert all(torch.equal(state, each) for each in [*during, torch.get_rng_state()])


def test_an_exception_of_a_processor_comes_out_and_the_engine_works_on(engine):
    def fail(input_ids, scores):
        raise LookupError("mine")

    before = engine.generate(HELLO, GREEDY)
    with pytest.raises(LookupError, match="mine"):
        engine.generate(HELLO, GREEDY, logits_processor=[fail])
    assert engine.generate(HELLO, GREEDY).token_ids == before.token_ids


QUIET = """
from dolly_widget import SamplingParams, load_engine
from dolly_widget.text.template import DOLLY
engine = load_engine(device="CPU", engine="optimum")
for params in (SamplingParams(max_new_tokens=4, min_p=0.1), SamplingParams(max_new_tokens=4, temperature=0, min_p=0.1)):
    for arguments in ({}, {"num_beams": 2}, {"no_repeat_ngram_size": 2}, {"typical_p": 0.9}, {"min_new_tokens": 2}):
        engine.generate(DOLLY.render("Say hello."), params, **arguments)
engine.close()
"""


def test_nothing_is_printed():
    """In a process of its own: transformers gives most of its warnings only once."""
    run = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=120)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


# What is missing or broken


@pytest.mark.parametrize("missing", ["optimum", "optimum.intel", "torch"])
def test_a_missing_extra_is_named_with_its_command(demo_dir, monkeypatch, missing):
    monkeypatch.delitem(sys.modules, "optimum.intel", raising=False)  # found there, it would need no parent
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(EngineError, match=r': run python -m pip install "dolly-widget\[optimum\]"$') as refused:
        start(OptimumEngine, demo_dir)
    assert isinstance(refused.value.__cause__, ImportError)
    assert "\n" not in str(refused.value)


def test_an_architecture_that_transformers_does_not_know_is_refused_in_one_sentence(demo_dir, tmp_path):
    import json
    import shutil

    copy = shutil.copytree(demo_dir, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text()) | {"model_type": "mystery"}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(EngineError, match=r"could not load .* on CPU: .*mystery") as refused:
        start(OptimumEngine, copy)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500
