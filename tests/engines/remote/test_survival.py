"""An answer survives its server: it goes on from its last token, at the next one or the same again."""

import re
import threading

import pytest
from remote_engines import connect, other_server, our_server
from stub_server import CUT, Hold, StubServer, chunk, delta, events, failure, ids_stream, stream

from dolly_widget.engines import Listener
from dolly_widget.engines.remote import exchange, tries, writing
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY, PLAIN

MODEL = Model(OPENVINO_DIR)
TOKENS = MODEL.tokenizer
TEXT = "The capital of France is Paris 🙂, and not Rome."
ALL = [*TOKENS.encode(PLAIN.render(TEXT)), TOKENS.special_id("### End")]
ASK = DOLLY.render("What is the capital of France?")
PROMPT = MODEL.encode(ASK)
PARAMS = SamplingParams(max_new_tokens=50, seed=7)
LIMIT_S = 30


def broken_after(count, *more):
    return events(*(chunk("x", [each]) for each in ALL[:count]), *(more or (CUT,)))


def rest_of(fields):
    """The rest of the answer, for whoever asks for it rightly."""
    made = fields["prompt"][len(PROMPT) :]
    assert fields["prompt"] == [*PROMPT, *ALL[: len(made)]]
    assert fields["max_tokens"] == 50 - len(made)
    return ids_stream(TOKENS, ALL[len(made) :])


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch, tmp_path):
    monkeypatch.setattr(tries, "PAUSES_S", (0.0,) * 6)
    monkeypatch.setattr(tries, "_FIRST_PAUSE_S", 0.0)
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def first():
    with our_server() as server:
        yield server


@pytest.fixture
def second():
    with our_server() as server:
        yield server


def ask(engine, params=PARAMS):
    """The result, the pieces and the notes."""
    pieces, notes = [], []
    result = engine.generate(ASK, params, on_text=Listener(pieces.append, pieces.append, on_note=notes.append))
    return result, "".join(pieces), notes


@pytest.mark.parametrize("count", range(1, len(ALL) - 1))
def test_an_answer_goes_on_at_the_next_server_after_any_token(first, second, count):
    first.answers.append(broken_after(count))
    second.answers.append(rest_of)
    result, text, notes = ask(connect(first, second))
    assert result.text == text == TEXT
    assert result.token_ids == tuple(ALL)
    assert result.finish_reason == "stop"
    tokens = "1 token" if count == 1 else f"{count} tokens"
    assert notes == [f"The connection to {first.host} broke after {tokens}: going on at {second.host} …", ""]
    assert result.notes == (
        f"The connection to {first.host} broke after {tokens}; the answer went on at {second.host}.",
    )


@pytest.mark.parametrize(
    "end",
    [
        (),
        (chunk("", finish="abort"),),
        ({"error": {"message": "the engine is dead", "code": 500}},),
        (b"data: Internal Server Error\n\n",),
    ],
)
def test_however_it_broke(first, end):
    first.answers = [broken_after(3, *end), rest_of]
    result, text, _ = ask(connect(first))
    assert result.text == text == TEXT


def test_the_same_server_is_asked_again_where_there_is_no_other(first):
    first.answers = [broken_after(2), broken_after(0), failure(503, ""), broken_after(0), rest_of]
    result, text, notes = ask(connect(first))
    assert result.text == text == TEXT
    assert notes[-1] == ""
    assert len(first.asked) == 5


def test_each_token_gives_as_many_tries_as_at_the_beginning(first):
    def one_more(fields):
        made = len(fields["prompt"]) - len(PROMPT)
        return events(chunk("x", [ALL[made]]), CUT if made + 1 < len(ALL) else chunk("", (), finish="stop"))

    first.answers.append(one_more)
    result, text, _ = ask(connect(first))
    assert result.text == text == TEXT
    assert len(first.asked) == len(ALL)


def test_tries_without_a_token_end_and_keep_what_there_is(first):
    first.answers = [broken_after(5), events(CUT)]
    with pytest.raises(
        IncompleteAnswerError, match=r"^The answer broke off\. .* closed the connection: try again"
    ) as broken:
        ask(connect(first))
    assert broken.value.result.token_ids == tuple(ALL[:5])
    assert broken.value.result.finish_reason == "broken"
    assert broken.value.text == TOKENS.decode(ALL[:5])
    assert len(first.asked) == 1 + len(tries.PAUSES_S)


def test_what_is_there_can_be_gone_on_from(first):
    first.answers = [broken_after(5), *[events(CUT)] * 6, rest_of]
    engine = connect(first)
    with pytest.raises(IncompleteAnswerError) as broken:
        ask(engine)
    whole = engine.generate(ASK, PARAMS, prefix_ids=broken.value.result.token_ids)
    assert whole.text == TEXT


def test_a_server_that_is_gone_for_good_is_an_error_before_the_first_token(first):
    engine = connect(first)
    first.__exit__()
    with pytest.raises(EngineError, match=f"^{first.host} refuses the connection: check that it runs, and the port"):
        ask(engine)


def test_the_next_server_is_asked_where_the_first_is_gone_and_stays_the_one(first, second):
    first.answers.append(rest_of)
    second.answers.append(rest_of)
    engine = connect(first, second)
    first.__exit__()
    result, _, notes = ask(engine)
    assert (result.text, result.notes) == (TEXT, ())
    assert notes == [f"{first.host} does not answer: asking {second.host} …", ""]
    assert ask(engine)[2] == []
    assert len(second.asked) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_the_next_server_is_asked_where_the_first_has_no_room(first, second, status):
    first.answers.append(failure(status, {"error": {"message": "busy"}}))
    second.answers.append(rest_of)
    assert ask(connect(first, second))[0].text == TEXT


def test_before_the_first_token_a_refusal_is_an_error_at_once(first):
    first.answers.append(failure(500, "Internal Server Error", "text/plain"))
    with pytest.raises(EngineError, match=r"failed with error 500 \(Internal Server Error\)"):
        ask(connect(first))
    assert len(first.asked) == 1


def test_a_lost_connection_before_the_first_token_is_tried_once_more(first):
    first.answers = [events(CUT), rest_of]
    assert ask(connect(first))[0].text == TEXT
    first.answers = [events(CUT)]
    with pytest.raises(EngineError, match="closed the connection"):
        ask(connect(first))
    assert len(first.asked) == 4


def test_draws_of_the_rest_are_others_than_those_of_the_beginning(first):
    first.answers = [broken_after(4), rest_of]
    assert ask(connect(first))[0].seed == 7
    assert [asked["seed"] for asked in first.asked] == [7, 11]


def test_penalties_that_count_the_rest_alone_are_said(first):
    first.answers = [broken_after(4), rest_of]
    result, _, _ = ask(connect(first), SamplingParams(max_new_tokens=50, presence_penalty=1))
    assert "presence_penalty and frequency_penalty count the rest alone" in result.notes[0]


def test_stop_ends_a_pause(first, monkeypatch):
    monkeypatch.setattr(tries, "PAUSES_S", (3600.0,) * 6)
    first.answers = [broken_after(4)]
    stop = threading.Event()
    listener = Listener(lambda _: None, lambda _: None, on_note=lambda note: stop.set())
    result = connect(first).generate(ASK, PARAMS, on_text=listener, stop=stop)
    assert (result.finish_reason, result.token_ids) == ("cancelled", tuple(ALL[:4]))


def test_close_ends_a_pause(first, monkeypatch):
    monkeypatch.setattr(tries, "PAUSES_S", (3600.0,) * 6)
    first.answers = [broken_after(4)]
    engine = connect(first)
    listener = Listener(lambda _: None, lambda _: None, on_note=lambda note: engine.close())
    assert engine.generate(ASK, PARAMS, on_text=listener).finish_reason == "cancelled"


def test_an_answer_that_the_server_has_the_ids_of_goes_on_too():
    """Without a tokenizer here: the prompt's ids and the answer's come from the server."""
    with StubServer() as server:
        begin = chunk("Hel", [5], prompt_token_ids=[1, 2])
        server.answers = [
            events(begin, chunk("lo", [6]), CUT),
            events(chunk(" you", [7]), chunk("", [], finish="stop")),
        ]
        result, text, notes = ask(connect(server, template=PLAIN))
        assert server.asked[1]["prompt"] == [1, 2, 5, 6]
    assert result.text == text == "Hello you"
    assert result.token_ids == (5, 6, 7)
    assert len(notes) == 2


def test_an_answer_in_words_alone_keeps_what_there_is():
    with other_server() as server:
        server.answers = [events(chunk("Hel"), chunk("lo"), CUT), stream("never")]
        with pytest.raises(IncompleteAnswerError) as broken:
            ask(connect(server, template=PLAIN))
        assert len(server.asked) == 1
    assert broken.value.text == "Hello"


def test_silence_between_tokens_breaks_an_answer_which_goes_on(first, monkeypatch):
    monkeypatch.setattr("dolly_widget.engines.remote.exchange.BETWEEN_S", 0.05)
    hold = Hold()
    first.answers = [broken_after(4, hold), rest_of]
    assert ask(connect(first))[0].text == TEXT
    assert first.left.wait(LIMIT_S)


def test_a_server_that_lingers_after_its_end_is_not_waited_for(first, monkeypatch):
    monkeypatch.setattr(writing, "_AFTER_END_S", 0.05)
    first.answers = [events(chunk("x", ALL[:-1]), chunk("", (), finish="stop"), Hold())]
    assert ask(connect(first))[0].finish_reason == "stop"


# Limits: what counts is the answer, and not every sign of life

PING = b": ping\n\n"


class AfterPolls(threading.Event):
    """Is never set; releases a pause when it was asked for five times in it: every 20 ms."""

    def __init__(self, hold):
        super().__init__()
        self.hold, self.left = hold, 5

    def is_set(self):
        self.left -= self.hold.reached.is_set()
        if self.left < 0:
            self.hold.released.set()
        return False


def pings(handler, most=200_000):
    """Writes until the client has gone."""
    for _ in range(most):
        handler._write(PING, True)
    handler.server.stub.has_pinged_enough = True


@pytest.mark.parametrize("sign", [PING, chunk(""), delta("", role="assistant")])
def test_a_sign_of_life_is_not_the_first_token(first, monkeypatch, sign):
    monkeypatch.setattr(exchange, "BETWEEN_S", 0.05)
    hold = Hold()
    first.answers = [events(sign, hold, chunk("x", ALL))]
    result = connect(first).generate(ASK, PARAMS, stop=AfterPolls(hold))
    assert (result.text, result.notes) == (TEXT, ())
    assert len(first.asked) == 1


def test_signs_of_life_are_no_first_token_for_ever(first, monkeypatch):
    monkeypatch.setattr(exchange, "FIRST_S", 0.05)
    first.answers = [events(pings)]
    with pytest.raises(EngineError, match=r"sent nothing more for 0\.05 s"):
        ask(connect(first))


def test_signs_of_life_are_no_further_token(first, monkeypatch):
    monkeypatch.setattr(exchange, "BETWEEN_S", 0.05)
    first.answers = [events(chunk("x", ALL[:4]), pings), failure(500, "no")]
    with pytest.raises(IncompleteAnswerError, match=r"failed with error 500") as broken:
        ask(connect(first))
    assert broken.value.result.token_ids == tuple(ALL[:4])
    assert not hasattr(first, "has_pinged_enough")


def test_signs_of_life_do_not_hold_an_answer_that_is_whole(first, monkeypatch):
    monkeypatch.setattr(writing, "_AFTER_END_S", 0.05)
    first.answers = [events(chunk("x", ALL[:-1]), chunk("", (), finish="stop"), pings)]
    assert ask(connect(first))[0].finish_reason == "stop"
    assert first.left.wait(LIMIT_S)
    assert not hasattr(first, "has_pinged_enough")


def test_whoever_is_asked_for_the_rest_has_the_time_between_tokens(first, monkeypatch):
    monkeypatch.setattr(exchange, "BETWEEN_S", 0.05)
    first.answers = [broken_after(4), events(Hold())]
    with pytest.raises(IncompleteAnswerError, match=r"sent nothing for 0\.05 s"):
        ask(connect(first))


# What comes behind the last token

AFTER_ALL = {
    "cut": (CUT,),
    "held": (Hold(),),
    "an error": ({"error": {"message": "gone", "code": 500}},),
    "given up": (chunk("", finish="abort"),),
    "no event": (b"data: nonsense\n\n",),
}


@pytest.mark.parametrize("end", AFTER_ALL)
def test_an_answer_of_the_most_tokens_is_whole_whatever_comes_then(first, monkeypatch, end):
    monkeypatch.setattr(writing, "_AFTER_END_S", 0.05)
    ids = TOKENS.encode(PLAIN.render("12345678"))
    first.answers = [events(*(chunk("x", [each]) for each in ids), *AFTER_ALL[end])]
    result, _, notes = ask(connect(first), SamplingParams(max_new_tokens=len(ids)))
    assert notes == []
    assert (result.text, result.token_ids, result.notes) == ("12345678", tuple(ids), ())
    assert result.finish_reason == "length"
    assert len(first.asked) == 1


def test_in_a_shape_too_the_last_token_is_no_break(first):
    ids = TOKENS.encode(PLAIN.render("12345678"))
    first.answers = [events(*(chunk("x", [each]) for each in ids), CUT)]
    with pytest.raises(IncompleteAnswerError, match="max_new_tokens was reached: allow more"):
        connect(first).generate(ASK, SamplingParams(max_new_tokens=len(ids)), answer=re.compile("[0-9]+"))


def test_the_reason_that_comes_behind_the_last_token_is_heard(first):
    first.answers = [events(chunk("x", ALL[:4]), PING, chunk("", (), finish="stop"))]
    assert ask(connect(first), SamplingParams(max_new_tokens=4))[0].finish_reason == "stop"
