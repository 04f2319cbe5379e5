"""`stream`: an answer in a loop. Its pieces, its result, its errors; leaving the loop stops it."""

import queue
import signal
import threading
import weakref

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DOLLY, SamplingParams, load_engine, stream
from dolly_widget.errors import EngineError

PROMPT = DOLLY.render("Who is Dolly?")
GREEDY = SamplingParams(temperature=0)


def read(pieces):
    """All pieces, and what the generator returns."""

    def delegate():
        nonlocal result
        result = yield from pieces

    result = None
    return list(delegate()), result


def test_the_pieces_of_the_demo_model_make_up_its_answer(demo_dir):
    engine = load_engine(demo_dir, device="CPU")
    pieces, result = read(stream(engine, PROMPT, GREEDY))
    assert len(pieces) > 5
    assert "".join(pieces) == result.text
    assert result.token_ids == engine.generate(PROMPT, GREEDY).token_ids


def test_a_piece_comes_before_the_next_one_is_written():
    engine = ScriptedEngine(["one ", "two"], stepwise=True)
    pieces = stream(engine, PROMPT, GREEDY)
    engine.step()
    assert next(pieces) == "one "
    engine.step()
    assert next(pieces) == "two"
    assert next(pieces, "end") == "end"


class Ending(ScriptedEngine):
    """Tells how its answer ended."""

    def __init__(self, *answers):
        super().__init__(*answers, stepwise=True)
        self.reasons = queue.Queue()

    def generate(self, *args, **options):
        result = super().generate(*args, **options)
        self.reasons.put(result.finish_reason)
        return result


def test_leaving_the_loop_stops_the_answer():
    engine = Ending(["one ", "two ", "three"])
    engine.step()
    for piece in stream(engine, PROMPT, GREEDY):
        assert piece == "one "
        break
    assert engine.reasons.get(timeout=LIMIT_S) == "cancelled"


def test_a_generator_that_has_a_name_is_closed():
    engine = Ending(["one ", "two ", "three"])
    pieces = stream(engine, PROMPT, GREEDY)
    engine.step()
    assert next(pieces) == "one "
    pieces.close()
    assert engine.reasons.get(timeout=LIMIT_S) == "cancelled"


def test_a_generator_that_goes_on_the_thread_that_writes_waits_for_nobody():
    class Dropping(ScriptedEngine):
        def generate(self, prompt, params, *, on_text, stop):
            on_text("one ")
            assert begun.wait(LIMIT_S)
            dropped = threading.Event()
            weakref.finalize(held.pop(), dropped.set)
            ended.put((dropped.wait(LIMIT_S), stop.wait(LIMIT_S)))
            return self._result([], "cancelled", params)

    begun, held, ended = threading.Event(), [], queue.Queue()
    held.append(stream(Dropping(), PROMPT, GREEDY))
    assert next(held[0]) == "one "
    begun.set()
    assert ended.get(timeout=LIMIT_S) == (True, True)


def test_an_error_comes_out_after_the_text_before_it():
    pieces = stream(ScriptedEngine(["one ", EngineError("the device is gone")]), PROMPT, GREEDY)
    assert next(pieces) == "one "
    with pytest.raises(EngineError, match="the device is gone"):
        next(pieces)


def test_an_interrupt_stops_the_answer():
    go = threading.Event()

    class Interrupting(ScriptedEngine):
        def generate(self, prompt, params, *, on_text, stop):
            on_text("one ")
            assert go.wait(LIMIT_S)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            stopped.put(stop.wait(LIMIT_S))
            return self._result(["one "], "cancelled", params)

    stopped, seen = queue.Queue(), []
    pieces = stream(Interrupting(), PROMPT, GREEDY)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the loop is what is interrupted
        for piece in pieces:
            seen.append(piece)
            go.set()
    pieces.close()  # where the signal came before the loop waited again
    assert seen == ["one "]
    assert stopped.get(timeout=LIMIT_S)


def test_arguments_of_the_engine_reach_it():
    engine = ScriptedEngine(["one"])
    with pytest.raises(TypeError, match="no_repeat_ngram_size"):
        list(stream(engine, PROMPT, GREEDY, no_repeat_ngram_size=3))
