"""One contract for every engine. It holds for any model of the demo model's kind, trained or not.

A new engine joins by one line in ENGINES.
"""

import math
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import groupby

import numpy as np
import pytest
from real_engines import OPTIONS, GuessingEngine, ServedEngine, share, start

from dolly_widget.engines.answer import Answer, ignore_text
from dolly_widget.engines.bounds import CANDIDATES, within_candidates
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.engine import Continues, Engine, LocalEngine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.loading import load_engine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import EngineError, ModelError, PromptTooLongError
from dolly_widget.models.info import ModelInfo
from dolly_widget.runtime import PRECISE
from dolly_widget.runtime.devices import available_devices
from dolly_widget.sampling.logits import probabilities
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.stream import TextStream
from dolly_widget.text.template import DOLLY, PLAIN, PromptTemplate
from dolly_widget.text.tokenizer import Tokenizer

ENGINES = [
    pytest.param(GenAIEngine, id="genai"),
    pytest.param(OptimumEngine, id="optimum"),
    pytest.param(GuessingEngine, id="guessing"),
    pytest.param(ServedEngine, id="served"),
]
LIMIT_S = 60
HELLO = DOLLY.render("Say hello.")


@pytest.fixture(scope="module", params=ENGINES)
def engine_class(request):
    return request.param


@pytest.fixture(scope="module")
def make_engine(engine_class):
    """``make_engine(model_dir, device=…, template=…)``."""
    # How many tokens are guessed, or answered beside each other, is a matter of time; in the faster arithmetic, a near
    # tie depends on that.
    exact = {} if engine_class is OptimumEngine else {"ov_config": PRECISE}
    return partial(start, engine_class, **exact)


@pytest.fixture(scope="module")
def engine(make_engine, demo_dir):
    engine = make_engine(demo_dir, device="CPU")
    yield engine
    engine.close()


@pytest.fixture
def own_engine(make_engine, demo_dir):
    """For tests that close it."""
    engine = make_engine(demo_dir, device="CPU")
    yield engine
    engine.close()


@pytest.fixture
def model_copy(demo_dir, tmp_path):
    """A copy of the model's directory, to change or break."""
    return shutil.copytree(demo_dir, tmp_path / "copy")


def wild(max_new_tokens, seed=0, **settings):
    """Nearly every token is as probable as any other: any model writes on and on, each seed something else."""
    return SamplingParams(max_new_tokens=max_new_tokens, temperature=5, top_p=1, seed=seed, **settings)


def seed_of_full_length(engine, max_new_tokens):
    """A seed with which the model doesn't happen to end its answer sooner."""
    return next(
        seed for seed in range(20) if engine.generate(HELLO, wild(max_new_tokens, seed)).finish_reason == "length"
    )


def test_an_engine_is_one(engine, demo_dir):
    if isinstance(engine, ServedEngine):
        pytest.skip("see remote/test_engine.py")
    assert isinstance(engine, Engine)
    assert isinstance(engine, LocalEngine)
    assert isinstance(engine, Continues)
    assert engine.model.directory == demo_dir
    assert engine.device == "CPU"
    assert engine.template == DOLLY
    assert demo_dir.name in repr(engine)


# Text and counts


@pytest.mark.parametrize("seed", range(4))
def test_the_pieces_are_the_text_of_the_ids(engine, demo_dir, seed):
    pieces = []
    result = engine.generate(HELLO, wild(60, seed), on_text=pieces.append)
    tokenizer = Tokenizer(demo_dir)
    assert isinstance(result, GenerationResult)
    assert "".join(pieces) == result.text == tokenizer.decode(result.token_ids).rstrip()
    assert all(pieces)
    assert len(pieces) > 1
    assert result.new_tokens == len(result.token_ids) <= 60
    assert all(type(token_id) is int for token_id in result.token_ids)
    assert result.prompt_tokens == len(tokenizer.encode(HELLO))


def test_the_text_comes_while_the_answer_grows(engine):
    """Not all at once at the end: a piece that asks to stop leaves the rest unwritten."""
    stop = threading.Event()
    result = engine.generate(
        HELLO, wild(1000, seed_of_full_length(engine, 100)), on_text=lambda _: stop.set(), stop=stop
    )
    assert 0 < result.new_tokens < 100


def test_without_a_listener_the_text_is_in_the_result(engine):
    assert engine.generate(HELLO, wild(20, 3)).text


# Seeds


def test_equal_seeds_give_equal_ids_and_others_others(engine):
    answers = [engine.generate(HELLO, wild(12, seed)).token_ids for seed in (1, 2, 3, 1, 2, 3)]
    assert answers[:3] == answers[3:]
    assert len(set(answers)) == 3


def test_without_a_seed_one_is_drawn_and_reported(engine):
    first, second = (engine.generate(HELLO, wild(12, None)) for _ in range(2))
    assert first.seed != second.seed
    assert first.token_ids != second.token_ids
    for result in (first, second):
        assert engine.generate(HELLO, wild(12, result.seed)).token_ids == result.token_ids


def test_greedy_is_the_same_with_every_seed(engine):
    params = [SamplingParams(max_new_tokens=12, temperature=0, seed=seed) for seed in (1, 2, None)]
    results = [engine.generate(HELLO, each) for each in params]
    assert len({result.token_ids for result in results}) == 1
    assert [result.seed for result in results][:2] == [1, 2]
    coldest = engine.generate(HELLO, SamplingParams(max_new_tokens=12, temperature=1e-40, seed=1))
    only_one = engine.generate(HELLO, SamplingParams(max_new_tokens=12, temperature=5, top_k=1, seed=1))
    assert coldest.token_ids == only_one.token_ids == results[0].token_ids


def test_the_ends_of_every_range_work(engine):
    settings = [
        {"temperature": 5.0},
        {"top_p": 1e-50},
        {"top_p": 1.0},
        {"top_k": 1},
        {"top_k": 1024},
        {"min_p": 0},
        {"min_p": 5e-324},
        {"min_p": 1 - 2**-53},
        {"stop": tuple(f"\N{SHEEP}{number}" for number in range(16))},
        {"repetition_penalty": 0.01},
        {"repetition_penalty": 2.0},
        {"presence_penalty": -2.0, "frequency_penalty": 2.0},
        {"seed": 0},
        {"seed": 2**32 - 1},
    ]
    for each in settings:
        assert engine.generate(HELLO, SamplingParams(max_new_tokens=3, **each)).new_tokens >= 1


# How an answer ends


def test_an_answer_of_full_length_says_so(engine):
    result = engine.generate(HELLO, wild(16, seed_of_full_length(engine, 16)))
    assert (result.finish_reason, result.new_tokens) == ("length", 16)


def test_an_end_token_ends_the_answer(make_engine, model_copy):
    vocab_size = ModelInfo(model_copy).config["vocab_size"]
    ends = list(range(1, vocab_size, 2))  # half of all tokens, so that one soon comes
    (model_copy / "generation_config.json").write_text(f'{{"eos_token_id": {ends}}}', encoding="utf-8")
    engine = make_engine(model_copy, device="CPU")
    results = [engine.generate(HELLO, wild(100, seed)) for seed in range(8)]
    engine.close()
    for result in results:
        assert result.finish_reason == "stop"
        assert [token_id % 2 for token_id in result.token_ids] == [0] * (result.new_tokens - 1) + [1]
    assert len({result.new_tokens for result in results}) > 1


def test_the_trained_model_ends_its_answers_itself(engine, demo_dir):
    if not ModelInfo(demo_dir).is_demo:
        pytest.skip("needs the trained demo model")
    result = engine.generate(HELLO, SamplingParams(temperature=0))
    assert result.finish_reason == "stop"
    assert result.token_ids[-1] == Tokenizer(demo_dir).special_id("### End")
    assert "###" not in result.text


def test_a_stop_text_that_is_no_token_ends_the_answer(make_engine, engine, demo_dir):
    seed = seed_of_full_length(engine, 40)
    whole = engine.generate(HELLO, wild(40, seed))
    middle = len(whole.text) // 2
    stop = whole.text[middle : middle + 4]
    mine = make_engine(demo_dir, device="CPU", template=PromptTemplate(name="mine", stop=("### End", stop)))
    pieces = []
    result = mine.generate(HELLO, wild(40, seed), on_text=pieces.append)
    mine.close()
    assert result.finish_reason == "stop"
    assert "".join(pieces) == result.text == whole.text[: whole.text.index(stop)].rstrip()
    assert result.token_ids == whole.token_ids[: result.new_tokens]
    assert result.new_tokens < 40


# An answer whose beginning is given


@pytest.fixture(scope="module", params=["plain", "shared"])
def continuing(request, engine_class, make_engine, demo_dir):
    """An engine in float32: in 8 bits, what a position's logits are depends on how many are read at once."""
    if request.param == "plain":
        engine = make_engine(demo_dir, device="CPU", ov_config=PRECISE)
    elif engine_class is ServedEngine:
        pytest.skip("what asks a server holds no model, and is not shared")
    else:
        engine = share(demo_dir, device="CPU", ov_config=PRECISE, **OPTIONS[engine_class])
        assert issubclass(engine_class, type(engine._shared.engine))
    yield engine
    engine.close()


@pytest.mark.parametrize("penalty", [1.0, 1.2])
def test_an_answer_goes_on_from_any_beginning_of_it(continuing, penalty):
    params = SamplingParams(max_new_tokens=24, temperature=0, repetition_penalty=penalty)
    story = DOLLY.render("Tell me a story about a cat.")
    whole = continuing.generate(story, params)
    assert whole.prefix_tokens == 0
    assert whole.new_tokens > 10
    for count in range(len(whole.token_ids) + 1):
        pieces = []
        result = continuing.generate(story, params, prefix_ids=whole.token_ids[:count], on_text=pieces.append)
        assert result.token_ids == whole.token_ids
        assert result.text == "".join(pieces) == whole.text
        assert (result.prefix_tokens, result.new_tokens) == (count, len(whole.token_ids) - count)
        assert result.prompt_tokens == whole.prompt_tokens
        assert result.finish_reason == whole.finish_reason


def test_a_beginning_may_be_any_sequence_of_integers(continuing):
    for prefix in ([300, 301], (300, 301), np.array([300, 301])):
        result = continuing.generate(HELLO, wild(5), prefix_ids=prefix)
        assert result.token_ids[:2] == (300, 301)
        assert all(type(token_id) is int for token_id in result.token_ids)
    with pytest.raises(TypeError, match="integer"):
        continuing.generate(HELLO, wild(5), prefix_ids=[1.5])


@pytest.fixture
def nothing_runs(monkeypatch):
    def run(*arguments, **more):
        raise AssertionError("the model was run")

    for each in (GenAIEngine, OptimumEngine, GuessingEngine):
        monkeypatch.setattr(each, "_run", run)


def test_a_beginning_that_is_the_end_ends_at_once(continuing, demo_dir, nothing_runs):
    tokenizer = Tokenizer(demo_dir)
    prefix = [*tokenizer.encode(PLAIN.render("A cat.")), tokenizer.special_id("### End")]
    pieces = []
    result = continuing.generate(HELLO, wild(50, 4), prefix_ids=prefix, on_text=pieces.append)
    assert (result.finish_reason, result.token_ids, result.new_tokens) == ("stop", tuple(prefix), 0)
    assert result.text == "".join(pieces) == "A cat."
    assert result.seed == 4
    assert math.isnan(result.ttft_s)
    assert math.isnan(result.tpot_s)
    assert result.statistics == "0 tokens · ended by itself · seed 4"


@pytest.mark.parametrize("max_new_tokens", [1, 3])
def test_a_beginning_of_full_length_ends_at_once(continuing, demo_dir, nothing_runs, max_new_tokens):
    prefix = Tokenizer(demo_dir).encode(PLAIN.render("cat dog cat"))[:3]
    result = continuing.generate(HELLO, wild(max_new_tokens), prefix_ids=prefix)
    assert (result.finish_reason, result.token_ids, result.new_tokens) == ("length", tuple(prefix), 0)


def test_what_is_given_counts_towards_the_length(continuing, demo_dir):
    positions = ModelInfo(demo_dir).max_positions
    fitting = positions - len(Tokenizer(demo_dir).encode(HELLO))
    result = continuing.generate(HELLO, SamplingParams(max_new_tokens=fitting), prefix_ids=[300] * fitting)
    assert result.finish_reason == "length"
    with pytest.raises(PromptTooLongError):
        continuing.generate(HELLO, SamplingParams(max_new_tokens=1), prefix_ids=[300] * (fitting + 1))


@pytest.mark.parametrize("token_id", [-1, 4096, 2**40])
def test_a_beginning_with_an_id_that_no_token_has_is_refused(continuing, nothing_runs, token_id):
    with pytest.raises(ValueError, match=f"no token {token_id}: the model has 4,096 tokens, counted from 0"):
        continuing.generate(HELLO, wild(5), prefix_ids=[300, token_id])


def test_a_character_may_be_divided_between_beginning_and_rest(continuing, demo_dir, monkeypatch):
    tokenizer = Tokenizer(demo_dir)
    ids = tokenizer.encode(PLAIN.render("a🙂b"))
    assert len(ids) > 4
    for count in range(len(ids)):
        rest = ids[count:]
        for each in (GenAIEngine, OptimumEngine, GuessingEngine):
            monkeypatch.setattr(each, "_run", lambda engine, loaded, text, answer, _=rest, **more: answer.write(_))
        pieces = []
        result = continuing.generate(HELLO, wild(len(ids)), prefix_ids=ids[:count], on_text=pieces.append)
        assert result.text == "".join(pieces) == "a🙂b"
        assert "\ufffd" not in pieces


def test_times_and_statistics_are_of_the_new_tokens(continuing):
    seed = seed_of_full_length(continuing, 24)
    prefix = continuing.generate(HELLO, wild(12, seed)).token_ids[:10]
    length = next(
        result
        for result in (continuing.generate(HELLO, wild(14, each), prefix_ids=prefix) for each in range(20))
        if result.finish_reason == "length"
    )
    assert (length.new_tokens, len(length.token_ids)) == (4, 14)
    assert length.statistics.startswith("4 tokens · ")
    assert length.ttft_s > 0
    assert length.tpot_s > 0 or (isinstance(continuing, ServedEngine) and math.isnan(length.tpot_s))  # all at once


def test_a_beginning_is_kept_where_the_answer_is_stopped_before_its_turn(continuing, demo_dir, nothing_runs):
    stop = threading.Event()
    stop.set()
    prefix = Tokenizer(demo_dir).encode(PLAIN.render("A cat"))
    pieces = []
    result = continuing.generate(HELLO, wild(50), prefix_ids=prefix, stop=stop, on_text=pieces.append)
    assert (result.finish_reason, result.token_ids, result.new_tokens) == ("cancelled", tuple(prefix), 0)
    assert result.text == "".join(pieces) == "A cat"


# Stopping


def test_stop_before_the_start_runs_nothing(engine):
    stop = threading.Event()
    stop.set()
    pieces = []
    result = engine.generate(HELLO, wild(50, 5), on_text=pieces.append, stop=stop)
    assert (result.finish_reason, result.text, result.token_ids, pieces) == ("cancelled", "", (), [])
    assert result.seed == 5
    assert result.prompt_tokens > 0
    assert math.isnan(result.ttft_s)
    assert math.isnan(result.tpot_s)


def test_stop_keeps_the_text_so_far(engine):
    stop = threading.Event()
    pieces = []

    def on_text(piece):
        pieces.append(piece)
        if len(pieces) == 5:
            stop.set()

    seed = seed_of_full_length(engine, 200)
    result = engine.generate(HELLO, wild(200, seed), on_text=on_text, stop=stop)
    assert result.finish_reason == "cancelled"
    assert 5 <= result.new_tokens < 200
    assert result.text == "".join(pieces) != ""
    whole = engine.generate(HELLO, wild(200, seed))
    assert whole.token_ids[: result.new_tokens] == result.token_ids


def test_stop_from_another_thread(engine):
    stop, started = threading.Event(), threading.Event()
    seed = seed_of_full_length(engine, 200)

    def on_text(piece):
        started.set()
        assert stop.wait(LIMIT_S)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(engine.generate, HELLO, wild(200, seed), on_text=on_text, stop=stop)
        assert started.wait(LIMIT_S)
        stop.set()
        assert answer.result(LIMIT_S).finish_reason == "cancelled"


class Unforeseen(BaseException):
    """Not an Exception."""


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1), StopIteration(), Unforeseen()])
@pytest.mark.parametrize("at_piece", [1, 4])
def test_an_exception_in_on_text_comes_out_and_the_engine_works_on(engine, error, at_piece):
    pieces = []

    def on_text(piece):
        pieces.append(piece)
        if len(pieces) == at_piece:
            raise error

    seed = seed_of_full_length(engine, 100)
    before = engine.generate(HELLO, wild(100, seed))
    with pytest.raises(type(error)) as raised:
        engine.generate(HELLO, wild(100, seed), on_text=on_text)
    assert raised.value is error
    assert len(pieces) == at_piece
    assert engine.generate(HELLO, wild(100, seed)).token_ids == before.token_ids


def test_an_exception_at_the_last_piece_comes_out_too(engine):
    pieces = []
    seed = seed_of_full_length(engine, 10)
    engine.generate(HELLO, wild(10, seed), on_text=pieces.append)
    last = len("".join(pieces))
    seen = []

    def on_text(piece):
        seen.append(piece)
        if len("".join(seen)) == last:
            raise LookupError("at the end")

    with pytest.raises(LookupError, match="at the end"):
        engine.generate(HELLO, wild(10, seed), on_text=on_text)


# Length


def test_a_prompt_that_leaves_too_little_room_is_refused_with_what_fits(engine, demo_dir):
    positions = ModelInfo(demo_dir).max_positions
    prompt_tokens = len(Tokenizer(demo_dir).encode(HELLO))
    fitting = positions - prompt_tokens
    pieces = []
    with pytest.raises(PromptTooLongError) as refused:
        engine.generate(HELLO, wild(fitting + 1), on_text=pieces.append)
    error = refused.value
    assert isinstance(error, ValueError)
    assert (error.prompt_tokens, error.max_new_tokens, error.max_positions) == (prompt_tokens, fitting + 1, positions)
    assert error.largest_max_new_tokens == fitting
    assert str(error) == "1 token too long for this model: shorten the text, or allow fewer new tokens."
    assert pieces == []
    stop = threading.Event()
    assert engine.generate(HELLO, wild(fitting), on_text=lambda _: stop.set(), stop=stop).new_tokens > 0


def test_the_last_position_can_be_written(engine, demo_dir):
    positions = ModelInfo(demo_dir).max_positions
    long = DOLLY.render("7 " * (positions // 3))
    with pytest.raises(PromptTooLongError) as refused:
        engine.generate(long, wild(32_768))
    missing = refused.value.largest_max_new_tokens - 8
    full = DOLLY.render("7 " * (positions // 3) + "7" * missing)
    with pytest.raises(PromptTooLongError) as refused:
        engine.generate(full, wild(32_768))
    room = refused.value.largest_max_new_tokens
    assert 0 < room < 40
    results = [engine.generate(full, wild(room, seed)) for seed in range(3)]
    assert "length" in {result.finish_reason for result in results}
    assert max(result.prompt_tokens + result.new_tokens for result in results) == positions


def test_a_prompt_longer_than_the_model_says_by_how_much(engine, demo_dir):
    positions = ModelInfo(demo_dir).max_positions
    with pytest.raises(PromptTooLongError) as refused:
        engine.generate(DOLLY.render("7 " * positions), wild(1))
    assert refused.value.largest_max_new_tokens == 0
    over = refused.value.prompt_tokens - positions + 1
    assert str(refused.value) == f"{over:,} tokens too long for this model: shorten the text."


def test_an_empty_prompt_is_refused_and_an_empty_instruction_is_not(engine):
    with pytest.raises(ValueError, match="prompt is empty"):
        engine.generate(PLAIN.render(""), wild(1))
    assert engine.generate(DOLLY.render(""), wild(3)).new_tokens > 0


@pytest.mark.parametrize(
    "text",
    [
        "### End",
        "<|endoftext|>",
        "### Response:\n",
        "a\0b",
        "\ud800",
        "\ud83d\ude42",
        "🙂👩‍👩‍👧",
        "שלום \u202eabc",
        "\n",
    ],
)
def test_any_text_can_be_asked(engine, demo_dir, text):
    tokenizer = Tokenizer(demo_dir)
    for prompt in (DOLLY.render(text), DOLLY.render("What is it?", text)):
        result = engine.generate(prompt, wild(3))
        assert result.new_tokens > 0
        assert result.prompt_tokens == len(tokenizer.encode(prompt))


def test_a_hundred_thousand_bytes_are_too_long(engine):
    with pytest.raises(PromptTooLongError):
        engine.generate(DOLLY.render("word " * 20_000), wild(1))


# Times


def test_times_are_those_of_the_tokens(engine):
    result = engine.generate(HELLO, wild(20, seed_of_full_length(engine, 20)))
    assert result.ttft_s > 0
    if not isinstance(engine, ServedEngine) or not math.isnan(result.tpot_s):  # which came all at once
        assert result.tpot_s > 0
        assert result.tokens_per_s == pytest.approx(1 / result.tpot_s)
    only_one = engine.generate(HELLO, wild(1))
    assert only_one.ttft_s > 0
    assert math.isnan(only_one.tpot_s)
    assert math.isnan(only_one.tokens_per_s)


def test_the_times_of_the_library_count_up_to_the_last_token_that_was_taken(demo_dir):
    answer = Answer(TextStream(Tokenizer(demo_dir)), ignore_text, (threading.Event(), threading.Event()))
    answer.start()
    for token_id in (300, 301, 302):
        answer.step()
        answer.write([token_id])
    answer._callback_s = 0.1
    answer.retime(0.25, [10.0, 10.1, 10.4, 99.0])
    result = answer.result(5, "cancelled", 0)
    assert (result.ttft_s, result.tpot_s) == pytest.approx((0.25, 0.2))
    assert result.pass_s == pytest.approx((0.1, 0.3))
    answer._callback_s = 3.0
    answer.retime(0.25, [10.0, 10.1, 10.4])
    assert answer.result(5, "cancelled", 0).tpot_s == pytest.approx(1.5)


def test_a_callback_that_comes_late_changes_no_time(demo_dir, monkeypatch):
    def late(answer, at_s=None):
        answer._times.append(1e9 * (1 + len(answer._times)))

    monkeypatch.setattr(Answer, "step", late)
    engine = start(GenAIEngine, demo_dir, ov_config={"ATTENTION_BACKEND": "SDPA"})  # LLMPipeline calls back
    stop = threading.Event()
    for result in (
        engine.generate(HELLO, wild(5)),
        engine.generate(HELLO, wild(600), on_text=lambda _: stop.set(), stop=stop),
    ):
        assert 0 < result.ttft_s < 1e6
        assert math.isnan(result.tpot_s) or 0 < result.tpot_s < 1e6
    engine.close()


# Several callers


def test_two_callers_take_turns_or_are_answered_together(engine):
    prompts = {name: DOLLY.render(f"Say {name}.") for name in ("one", "two")}
    seed = seed_of_full_length(engine, 40)
    alone = {name: engine.generate(prompt, wild(40, seed)) for name, prompt in prompts.items()}
    pieces, both = [], threading.Barrier(2)

    is_together = isinstance(engine, GenAIEngine | ServedEngine)

    def ask(name):
        both.wait(LIMIT_S)
        first = [None]

        def on_text(piece):
            if is_together and first:
                first.clear()
                both.wait(LIMIT_S)  # the other one's first piece comes while this one is not at its end
            pieces.append((name, piece))

        return engine.generate(prompts[name], wild(40, seed), on_text=on_text)

    with ThreadPoolExecutor(2) as pool:
        together = dict(zip(prompts, pool.map(ask, prompts), strict=True))
    assert is_together or len(list(groupby(name for name, _ in pieces))) == 2
    for name, result in together.items():
        assert result.token_ids == alone[name].token_ids
        assert "".join(piece for whose, piece in pieces if whose == name) == result.text == alone[name].text


def test_a_caller_who_waits_can_be_cancelled(engine):
    started, release, stop = threading.Event(), threading.Event(), threading.Event()

    def hold(piece):
        started.set()
        assert release.wait(LIMIT_S)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(engine.generate, HELLO, wild(20), on_text=hold)
        assert started.wait(LIMIT_S)
        second = pool.submit(engine.generate, HELLO, wild(900), stop=stop)
        stop.set()
        waiting = second.result(LIMIT_S)
        assert not first.done()
        release.set()
        assert first.result(LIMIT_S).new_tokens > 0
    assert waiting.finish_reason == "cancelled"
    assert isinstance(engine, GenAIEngine | ServedEngine) or waiting.token_ids == ()


# Closing


def test_a_closed_engine_says_so(own_engine):
    own_engine.close()
    own_engine.close()
    with pytest.raises(EngineError, match="closed: load the model again"):
        own_engine.generate(HELLO, wild(3))


def test_close_cancels_what_runs_and_who_waits(own_engine):
    started, closing = threading.Event(), threading.Event()
    seed = seed_of_full_length(own_engine, 600)

    def hold(piece):
        started.set()
        assert closing.wait(LIMIT_S)

    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(own_engine.generate, HELLO, wild(600, seed), on_text=hold)
        assert started.wait(LIMIT_S)
        waiting = pool.submit(own_engine.generate, HELLO, wild(600, seed))
        closing.set()
        own_engine.close()
        assert running.result(LIMIT_S).finish_reason == "cancelled"
        too_late = waiting.exception(LIMIT_S)  # where it came only after close
        assert isinstance(too_late, EngineError) if too_late else waiting.result().finish_reason == "cancelled"
    with pytest.raises(EngineError):
        own_engine.generate(HELLO, wild(3))


FREED_ELSEWHERE = """
import signal, threading
from dolly_widget import SamplingParams, load_engine
engine = load_engine(device="CPU")
closing = threading.Thread(target=engine.close)
closing.start()
closing.join()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_after_another_thread_freed_the_model_is_a_plain_one():
    run = subprocess.run([sys.executable, "-c", FREED_ELSEWHERE], capture_output=True, text=True, timeout=120)
    assert (run.stdout, run.returncode) == ("interrupted\n", 0)


LEFT_WHILE_LOADING = """
import sys, threading
from dolly_widget.engines import EngineSetup
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.engines.model_engine import ModelEngine
from dolly_widget.runtime.jobs import Job
begun = threading.Event()
class Slow(ModelEngine):
    def _load(self, properties):
        begun.set()
        threading.Event().wait(0.5)
        sys.stdout.write("loaded")
        sys.stdout.flush()
    def _run(self, *args):
        pass
Job(lambda stop: Slow(EngineSetup(device="CPU"), Model(OPENVINO_DIR)))
begun.wait()
"""


def test_the_end_of_python_waits_for_a_load_which_would_abort_it():
    run = subprocess.run([sys.executable, "-c", LEFT_WHILE_LOADING], capture_output=True, text=True, timeout=120)
    assert (run.stdout, run.stderr, run.returncode) == ("loaded", "", 0)


# Loading


def is_one_sentence_for_a_reader(message):
    return message.endswith(".") and not any(trace in message for trace in ("\n", ".cpp", "Check '", "Exception", "!."))


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("openvino_model.bin", 0.5),
        ("openvino_model.bin", 0),
        ("openvino_model.xml", 0.5),
        ("openvino_model.xml", 0),
        ("tokenizer.json", 0.5),
        ("tokenizer.json", 0),
        ("config.json", 0.5),
        ("generation_config.json", 0.5),
    ],
)
def test_a_broken_model_is_refused_in_one_sentence(make_engine, model_copy, name, share):
    path = model_copy / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises((EngineError, ValueError)) as broken:
        make_engine(model_copy, device="CPU")
    assert is_one_sentence_for_a_reader(str(broken.value))
    assert str(model_copy) in str(broken.value)
    assert broken.value.__cause__ is not None


@pytest.mark.parametrize("device", ["GPU", "TPU", "HETERO:GPU"])
def test_a_device_that_fails_is_refused_in_one_sentence(make_engine, demo_dir, device):
    if any(name.startswith("GPU") for name in available_devices()):
        pytest.skip("this machine has a GPU")
    with pytest.raises(EngineError) as refused:
        make_engine(demo_dir, device=device)
    assert is_one_sentence_for_a_reader(str(refused.value))
    assert f" on {device}: " in str(refused.value)


@pytest.mark.parametrize("device", ["AUTO", "AUTO:CPU", "HETERO:CPU", "MULTI:CPU"])
def test_virtual_devices_answer(engine_class, make_engine, demo_dir, device):
    if (engine_class, device) == (GuessingEngine, "MULTI:CPU"):
        pytest.skip("it is refused: see batched/test_lookup.py")
    if engine_class is ServedEngine:
        pytest.skip("its device is the server's business")
    engine = make_engine(demo_dir, device=device)
    assert engine.device == device
    # Not compared with the CPU's own ids: MULTI computes the last digits otherwise, and near ties go the other way.
    first, second = (engine.generate(HELLO, wild(8, 1)) for _ in range(2))
    assert first.token_ids == second.token_ids != ()
    engine.close()


def test_load_engine_takes_a_directory_and_a_device_in_any_case(demo_dir):
    engine = load_engine(demo_dir, device="cpu")
    assert isinstance(engine, GenAIEngine)
    assert (engine.model.directory, engine.device) == (demo_dir, "CPU")
    assert engine.generate(HELLO, wild(3)).new_tokens > 0
    engine.close()


def test_load_engine_refuses_before_it_loads(demo_dir, model_copy):
    with pytest.raises(ValueError, match="There is no device 'TPU' on this machine"):
        load_engine(demo_dir, device="TPU")
    with pytest.raises(ValueError, match=r"no engine 'vllm'"):
        load_engine(demo_dir, engine="vllm")
    with pytest.raises(ModelError, match=r"There is no model '\./nowhere'"):
        load_engine("./nowhere")
    (model_copy / "openvino_model.bin").unlink()
    with pytest.raises(ModelError, match=r"openvino_model\.bin is missing"):
        load_engine(model_copy)


# OpenVINO GenAI only


@pytest.mark.parametrize(
    ("settings", "top_k"),
    [
        ({"top_p": 0.9}, CANDIDATES),
        ({"top_p": 0.9, "top_k": 5}, 5),
        ({"top_p": 0.9, "top_k": 1000}, 1000),
        ({"top_p": 1}, 0),
        ({"top_p": 1, "top_k": 7}, 7),
    ],
)
def test_genai_sorts_no_more_candidates_than_it_needs(settings, top_k):
    params = SamplingParams(max_new_tokens=9, temperature=0.5, **settings)
    config = Continuation([1], params, 77).config(frozenset({3, 4}))
    assert config.do_sample
    assert config.top_k == top_k
    assert config.top_p == pytest.approx(settings["top_p"])
    assert config.temperature == 0.5
    assert (config.rng_seed, config.max_new_tokens, config.stop_token_ids) == (77, 9, {3, 4})
    assert not config.apply_chat_template


@pytest.mark.parametrize("temperature", [0.5, 0.8, 1.5, 5.0])
@pytest.mark.parametrize("top_p", [0.5, 0.92, 0.999])
def test_the_bound_on_candidates_changes_a_distribution_by_no_more_than_it_says(temperature, top_p):
    params = SamplingParams(temperature=temperature, top_p=top_p)
    for seed in range(5):
        logits = np.random.default_rng(seed).normal(size=50_280) * 4
        every = np.sort(probabilities(logits, replace(params, top_p=1)))[::-1]
        wanted, had = (probabilities(logits, each) for each in (params, within_candidates(params)))
        beyond = every[CANDIDATES:].sum()
        last = every[np.count_nonzero(wanted) - 1]
        assert 0.5 * np.abs(wanted - had).sum() <= beyond + last / top_p + 1e-9
        assert np.count_nonzero(had) <= CANDIDATES


def test_genai_is_told_to_be_greedy_at_temperature_0():
    params = SamplingParams(temperature=0, top_p=0.5, top_k=3, repetition_penalty=1.2)
    config = Continuation([1], params, 77).config(frozenset())
    assert not config.do_sample
    assert config.repetition_penalty == pytest.approx(1.2)


def test_a_failure_while_generating_is_one_sentence_with_its_cause(demo_dir):
    class Broken:
        def generate(self, *arguments):
            raise RuntimeError("Exception from src/core.cpp:84:\nCheck 'x' failed at src/y.cpp:9:\nNo luck\n\n")

    engine = start(GenAIEngine, demo_dir)
    engine._loaded = Broken()
    for _ in range(2):  # the second time too: the turn was given back
        with pytest.raises(EngineError, match=r"^Generating on CPU failed: No luck; load the") as failed:
            engine.generate(HELLO, wild(3))
        assert isinstance(failed.value.__cause__, RuntimeError)
