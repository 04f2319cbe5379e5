"""`stream`: an answer in a loop. Its pieces, its result, its errors; leaving the loop stops it."""

import signal
import threading

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DOLLY, SamplingParams, load_engine, stream
from dolly_widget.engines import EngineError

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


def test_leaving_the_loop_stops_the_answer():
    engine = ScriptedEngine(["one ", "two ", "three"], stepwise=True)
    pieces = stream(engine, PROMPT, GREEDY)
    engine.step()
    assert next(pieces) == "one "
    pieces.close()
    assert [thread for thread in threading.enumerate() if thread.name == "dolly-answer"] == []
    assert engine._answers == []


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
            stopped.append(stop.wait(LIMIT_S))
            return self._result(["one "], "cancelled", params)

    stopped, seen = [], []
    pieces = stream(Interrupting(), PROMPT, GREEDY)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the loop is what is interrupted
        for piece in pieces:
            seen.append(piece)
            go.set()
    pieces.close()  # where the signal came before the loop waited again
    assert (seen, stopped) == (["one "], [True])


def test_arguments_of_the_engine_reach_it():
    engine = ScriptedEngine(["one"])
    with pytest.raises(TypeError, match="no_repeat_ngram_size"):
        list(stream(engine, PROMPT, GREEDY, no_repeat_ngram_size=3))
