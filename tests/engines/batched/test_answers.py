"""Many answers of one model at a time: the same as alone, each with its own settings, none at another's expense."""

import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from real_engines import share, start

from dolly_widget.engines import AnswersMany, GenerationRequest, generate_many
from dolly_widget.engines.batched import pipeline as batched
from dolly_widget.engines.batched.running import Inbox
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.stepped_model import SteppedModel
from dolly_widget.errors import EngineError, IncompleteAnswerError, PromptTooLongError
from dolly_widget.runtime import PRECISE, Job
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY, PLAIN, Prompt
from dolly_widget.text.shapes import shape_of

LIMIT_S = 60
GREEDY = SamplingParams(temperature=0, max_new_tokens=30)
# Any model writes on and on: no answer ends by itself before it is stopped.
ENDLESS = SamplingParams(temperature=5, top_p=1, seed=8, max_new_tokens=900)
PLACES = ("France", "Italy", "Peru", "Japan", "Egypt", "Chad", "Spain", "Cuba")


@pytest.fixture(scope="module")
def engine(demo_dir):
    """In float32: in 8 bits, a near tie depends on how many are written at a time."""
    engine = start(GenAIEngine, demo_dir, ov_config=PRECISE)
    engine.generate(DOLLY.render("Hello"), replace(GREEDY, max_new_tokens=1))  # what its cache takes is known now
    yield engine
    engine.close()


def asked(place, params=GREEDY, **more):
    return GenerationRequest(DOLLY.render(f"What is the capital of {place}?"), params, **more)


def test_an_engine_that_answers_many_says_so(engine, demo_dir):
    assert isinstance(engine, AnswersMany)
    lease = share(demo_dir)
    assert isinstance(lease, AnswersMany)
    lease.close()


def test_answers_together_are_those_alone_greedy_and_drawn(engine):
    requests = [asked(place) for place in PLACES]
    requests += [asked(place, SamplingParams(seed=seed, max_new_tokens=30)) for seed, place in enumerate(PLACES)]
    together = dict(generate_many(engine, requests))
    assert sorted(together) == list(range(len(requests)))
    for number, request in enumerate(requests):
        alone = engine.generate(request.prompt, request.params)
        assert together[number].token_ids == alone.token_ids
        assert together[number].text == alone.text
        assert together[number].seed == alone.seed or request.params.is_greedy
        assert together[number].finish_reason == alone.finish_reason


def test_each_has_its_own_beginning_shape_and_text(engine):
    pieces = []
    whole = engine.generate(asked("France").prompt, GREEDY)
    outcomes = dict(
        generate_many(
            engine,
            [
                asked("France", prefix_ids=whole.token_ids[:3], on_text=pieces.append),
                asked("France", shape=shape_of(["Paris", "Rome"])),
                asked("France", replace(GREEDY, stop=("Par",))),
                asked("France", prefix_ids=whole.token_ids),
            ],
        )
    )
    assert outcomes[0].token_ids == whole.token_ids
    assert outcomes[0].prefix_tokens == 3
    assert "".join(pieces) == whole.text
    assert outcomes[1].value == outcomes[1].text == "Paris"
    assert outcomes[2].text == whole.text[: whole.text.index("Par")].rstrip()
    assert outcomes[3].token_ids == whole.token_ids
    assert outcomes[3].new_tokens == 0


def test_a_request_that_is_wrong_is_an_outcome_and_stops_nobody(engine):
    outcomes = dict(
        generate_many(
            engine,
            [
                asked("France"),
                GenerationRequest(Prompt(()), GREEDY),
                asked("a" * 20_000),
                asked("France", replace(GREEDY, max_new_tokens=1), shape=shape_of(["never" * 9, "ever" * 9])),
                asked("France", prefix_ids=(10**9,)),
                asked("Italy"),
            ],
        )
    )
    assert {number: type(each) for number, each in outcomes.items() if isinstance(each, Exception)} == {
        1: ValueError,
        2: PromptTooLongError,
        3: IncompleteAnswerError,
        4: ValueError,
    }
    assert "Paris" in outcomes[0].text
    assert "Rome" in outcomes[5].text


def test_what_breaks_the_library_is_one_sentence_and_the_model_is_loaded_again(engine):
    """A grammar that is no grammar fails each step from then on."""
    broken = replace(shape_of(["yes", "no"]), grammar="root ::= (", choices=None)
    with pytest.raises(EngineError, match=r"^Generating on CPU failed: EBNF parser error at line 1"):
        list(generate_many(engine, [asked("France"), asked("France", shape=broken), asked("Italy")]))
    outcomes = dict(generate_many(engine, [asked("France"), asked("Italy")]))
    assert "Paris" in outcomes[0].text
    assert "Rome" in outcomes[1].text


def test_settings_that_the_library_refuses_are_an_outcome_and_stop_nobody(engine, monkeypatch):
    def config(text, end_ids):
        if "Peru" in engine.model.tokenizer.decode(text.ids):
            raise RuntimeError("Exception from src/core.cpp:84:\nCheck 'x' failed at src/y.cpp:9:\nNo luck\n\n")
        return plain(text, end_ids)

    plain = Continuation.config
    monkeypatch.setattr(Continuation, "config", config)
    outcomes = dict(generate_many(engine, [asked("France"), asked("Peru"), asked("Italy")]))
    assert str(outcomes[1]) == "OpenVINO GenAI does not take these settings: No luck. Change them."
    assert "Paris" in outcomes[0].text
    assert "Rome" in outcomes[2].text


def test_requests_are_taken_when_there_is_room_for_them(engine):
    taken, ended = [], 0

    def requests():
        for place in PLACES:
            taken.append(place)
            yield asked(place)

    for _ in generate_many(engine, requests(), at_once=2):
        ended += 1
        assert len(taken) <= ended + 2  # two that run, or one that waits for the place of the one that ended
    assert ended == len(PLACES)


@pytest.mark.parametrize(("free_bytes", "most"), [(-1e12, 1), (1e12, len(PLACES))])
def test_as_many_run_at_once_as_memory_has_room_for(engine, monkeypatch, free_bytes, most):
    monkeypatch.setattr(batched, "free_memory_bytes", lambda: free_bytes)
    running, highest = set(), 0
    begun, let = batched.BatchedPipeline.start, batched.BatchedPipeline._end

    def start_one(pipeline, each):
        nonlocal highest
        running.add(each)
        highest = max(highest, len(running))
        begun(pipeline, each)

    def end_some(pipeline, of, ended, error=None):
        running.difference_update(ended)
        let(pipeline, of, ended, error)

    monkeypatch.setattr(batched.BatchedPipeline, "start", start_one)
    monkeypatch.setattr(batched.BatchedPipeline, "_end", end_some)
    outcomes = dict(generate_many(engine, [asked(place, replace(ENDLESS, max_new_tokens=60)) for place in PLACES]))
    assert len(outcomes) == len(PLACES)
    assert highest == most


def test_stop_ends_those_that_run_and_takes_no_more(engine):
    stop, taken = threading.Event(), []

    def requests():
        for place in PLACES:
            taken.append(place)
            yield asked(place, ENDLESS, on_text=lambda _: stop.set())

    outcomes = dict(generate_many(engine, requests(), stop=stop, at_once=3))
    assert len(taken) <= 4
    assert outcomes
    assert {each.finish_reason for each in outcomes.values()} == {"cancelled"}
    assert any(each.text for each in outcomes.values())


def test_one_of_them_can_be_stopped_alone(engine):
    stop = threading.Event()
    requests = [asked("France", ENDLESS, stop=stop, on_text=lambda _: stop.set()), asked("Italy")]
    outcomes = dict(generate_many(engine, requests))
    assert outcomes[0].finish_reason == "cancelled"
    assert outcomes[0].text
    assert outcomes[1].finish_reason == "stop"


def test_leaving_the_loop_cancels_what_runs(engine):
    outcomes = generate_many(engine, [asked("France"), *(asked(place, ENDLESS) for place in PLACES)])
    assert next(outcomes)[0] == 0
    outcomes.close()
    assert engine._turns.are_free
    assert "Paris" in engine.generate(asked("France").prompt, GREEDY).text


def test_a_second_interrupt_leaves_no_turn_taken(engine, monkeypatch):
    def interrupted(inbox):
        raise KeyboardInterrupt

    outcomes = generate_many(engine, [asked("France"), *(asked(place, ENDLESS) for place in PLACES)])
    assert next(outcomes)[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr(Inbox, "get", interrupted)
        with pytest.raises(KeyboardInterrupt):
            outcomes.throw(KeyboardInterrupt())
    assert engine._turns.are_free
    assert "Paris" in engine.generate(asked("France").prompt, GREEDY).text


def test_an_engine_can_be_closed_while_nobody_reads_what_it_writes(demo_dir):
    engine = start(GenAIEngine, demo_dir)
    outcomes = generate_many(engine, [asked("France"), *(asked(place, ENDLESS) for place in PLACES[:3])], at_once=4)
    assert next(outcomes)[0] == 0
    Job(lambda stop: engine.close()).wait(LIMIT_S)
    assert engine._loaded is None
    rest = dict(outcomes)
    assert sorted(rest) == [1, 2, 3]
    assert {each.finish_reason for each in rest.values()} == {"cancelled"}


def test_between_two_outcomes_a_question_can_be_asked_that_needs_the_model_alone(demo_dir):
    """On the reader's own thread, too, which cannot read on meanwhile."""
    engine = start(GenAIEngine, demo_dir, ov_config=PRECISE)

    def read(stop):
        for _, outcome in generate_many(engine, [asked(place) for place in PLACES[:4]], at_once=3):
            own = engine.generate(asked("Italy").prompt, replace(GREEDY, presence_penalty=0.5), stop=stop)
            yield outcome.text, own.text

    texts = Job(lambda stop: list(read(stop))).wait(LIMIT_S)
    assert "Paris" in texts[0][0]
    assert len(texts) == 4
    assert all("Rome" in own for _, own in texts)
    Job(lambda stop: engine.close()).wait(LIMIT_S)


def test_settings_that_need_the_model_alone_may_be_among_them(engine):
    penalised = replace(GREEDY, presence_penalty=0.5)
    requests = [
        asked("France"),
        asked("Italy", penalised),
        asked("Peru", penalised, shape=shape_of(["yes", "no"])),
        asked("France"),
    ]
    outcomes = dict(generate_many(engine, requests))
    assert outcomes[0].token_ids == outcomes[3].token_ids
    assert outcomes[1].token_ids == engine.generate(asked("Italy").prompt, penalised).token_ids
    assert isinstance(outcomes[2], ValueError)


def test_an_error_of_a_callback_that_is_a_bug_comes_out(engine):
    def fail(piece):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(generate_many(engine, [asked("France", on_text=fail), asked("Italy")]))
    assert engine._turns.are_free


def test_a_slow_reader_holds_up_no_other(engine):
    is_held, release = threading.Event(), threading.Event()

    def hold(piece):
        is_held.set()
        assert release.wait(LIMIT_S)

    slow = Job(lambda stop: engine.generate(asked("France").prompt, ENDLESS, on_text=hold, stop=stop))
    assert is_held.wait(LIMIT_S)
    assert "Rome" in engine.generate(asked("Italy").prompt, GREEDY).text
    assert not slow.done
    slow.stop()
    release.set()
    assert slow.wait(LIMIT_S).finish_reason == "cancelled"


def test_settings_that_need_the_model_alone_have_their_turn_in_between(engine):
    alone, loaded = [], []
    penalised = replace(GREEDY, presence_penalty=0.5)

    def ask_alone(stop):
        result = engine.generate(asked("Italy").prompt, penalised)
        loaded.append(type(engine._loaded))
        return result

    def requests():
        for number, place in enumerate(PLACES):
            if number == 3:
                alone.append(Job(ask_alone))
            yield asked(place)

    outcomes = dict(generate_many(engine, requests(), at_once=2))
    assert len(outcomes) == len(PLACES)
    assert "Rome" in alone[0].wait(LIMIT_S).text
    assert loaded  # whichever came last is loaded now
    assert {type(each) for each in (engine._loaded,)} <= {batched.BatchedPipeline, SteppedModel}


def test_a_failure_of_the_library_is_one_sentence_and_ends_all(demo_dir, monkeypatch):
    class Broken:
        def __init__(self, pipeline):
            self._pipeline = pipeline

        def __getattr__(self, name):
            return getattr(self._pipeline, name)

        def step(self):
            raise RuntimeError("Exception from src/core.cpp:84:\nCheck 'x' failed at src/y.cpp:9:\nNo luck\n\n")

    engine = start(GenAIEngine, demo_dir)
    for _ in range(2):  # the second time too: the turns were given back
        engine._loaded._pipeline = Broken(engine._loaded._pipeline)
        with pytest.raises(EngineError, match=r"^Generating on CPU failed: No luck; load the") as failed:
            list(generate_many(engine, [asked("France"), asked("Italy")]))
        assert isinstance(failed.value.__cause__, RuntimeError)
        assert "Paris" in engine.generate(asked("France").prompt, GREEDY).text
    engine.close()


def test_closing_the_engine_ends_what_runs(demo_dir):
    engine = start(GenAIEngine, demo_dir)
    begun, closing = set(), []

    def noting(place):
        def on_text(piece):
            begun.add(place)
            if len(begun) == 3 and not closing:
                closing.append(Job(lambda stop: engine.close()))

        return on_text

    outcomes = dict(generate_many(engine, [asked(each, ENDLESS, on_text=noting(each)) for each in PLACES[:3]]))
    assert {each.finish_reason for each in outcomes.values()} == {"cancelled"}
    closing[0].wait(LIMIT_S)
    assert engine._loaded is None
    with pytest.raises(EngineError, match="closed"):
        list(generate_many(engine, [asked("France")]))


def test_an_engine_that_is_closed_meanwhile_takes_no_more(demo_dir):
    engine = start(GenAIEngine, demo_dir)
    closing = []

    def close(piece):
        if not closing:
            closing.append(Job(lambda stop: engine.close()))

    outcomes = generate_many(engine, [asked(place, ENDLESS, on_text=close) for place in PLACES], at_once=1)
    assert next(outcomes)[1].finish_reason == "cancelled"
    closing[0].wait(LIMIT_S)
    with pytest.raises(EngineError, match="closed"):
        list(outcomes)


def test_giving_a_lease_back_ends_what_it_runs_and_nothing_else(demo_dir):
    ours, other = share(demo_dir), share(demo_dir)
    outcomes = ours.generate_many([asked(place, ENDLESS, on_text=lambda _: ours.close()) for place in PLACES[:2]])
    assert {each.finish_reason for _, each in outcomes} == {"cancelled"}
    assert "Paris" in other.generate(asked("France").prompt, GREEDY).text
    other.close()


def test_an_engine_that_writes_one_at_a_time_does_so(demo_dir):
    engine = start(GenAIEngine, demo_dir, ov_config={**PRECISE, "ATTENTION_BACKEND": "SDPA"})
    stop = threading.Event()
    requests = [
        asked("France"),
        asked("a" * 20_000),
        asked("Italy", ENDLESS, stop=stop, on_text=lambda _: stop.set()),
        asked("Italy", shape=shape_of(["Rome", "Paris"])),
    ]
    outcomes = list(generate_many(engine, requests))
    assert [number for number, _ in outcomes] == [0, 1, 2, 3]
    assert "Paris" in outcomes[0][1].text
    assert isinstance(outcomes[1][1], PromptTooLongError)
    assert outcomes[2][1].finish_reason == "cancelled"
    assert outcomes[3][1].value == "Rome"
    engine.close()


def test_a_call_of_its_own_callback_is_refused(engine):
    caught = []

    def ask_again(piece):
        try:
            generate_many(engine, [asked("Italy")])
        except RuntimeError as exc:
            caught.append(str(exc))

    engine.generate(asked("France").prompt, replace(GREEDY, max_new_tokens=2), on_text=ask_again)
    assert caught
    assert "its own on_text callback" in caught[0]


def test_a_python_that_ends_while_answers_are_written_ends_plainly(demo_dir):
    source = """
import sys, threading
from dolly_widget import SamplingParams, load_engine
from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.runtime import Job
from dolly_widget.text import PLAIN

engine, begun = load_engine(sys.argv[1]), threading.Event()
params = SamplingParams(temperature=5, top_p=1, seed=1, max_new_tokens=900)
requests = [GenerationRequest(PLAIN.render("A cat"), params, on_text=lambda _: begun.set())] * 4
Job(lambda stop: list(generate_many(engine, requests)))
begun.wait(60)
print("end")
"""
    done = subprocess.run([sys.executable, "-c", source, demo_dir], capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_text_without_a_template_can_be_continued_many_times(engine):
    outcomes = dict(generate_many(engine, [GenerationRequest(PLAIN.render("The cat"), GREEDY)] * 20))
    assert len({each.token_ids for each in outcomes.values()}) == 1
