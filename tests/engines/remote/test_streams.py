"""What servers send, as it was seen and as it may be: the same answer in each of its forms, and what is none."""

import pytest
from remote_engines import connect, other_server
from stub_server import CUT, DONE, Answer, StubServer, chunk, delta, event, events, failure, stream

from dolly_widget.engines import Listener
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import PLAIN, SERVER

TEXT = "Grüße 🙂 aus Rom."
PIECES = ("Grüße", " 🙂", " aus", " Rom.")
USAGE = {"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}
CHUNKS = [*map(chunk, PIECES), chunk("", finish="stop")]
ASK = PLAIN.render("Say it.")
TYPE = {"Content-Type": "text/event-stream"}


def in_bytes_of(size, *values, done=True):
    whole = b"".join(map(event, values)) + (DONE if done else b"")
    return Answer(tuple(whole[start : start + size] for start in range(0, len(whole), size)), headers=TYPE)


FORMS = {
    "plain": stream(*PIECES),
    "without [DONE]": events(*CHUNKS, done=False),
    "no choices in the chunk with the usage": events(*CHUNKS, {"choices": [], "usage": USAGE}),
    "usage in the last chunk": events(*CHUNKS[:-1], {**CHUNKS[-1], "usage": USAGE}, done=False),
    "usage in every chunk": events(*({**each, "usage": USAGE} for each in CHUNKS)),
    "usage without anything": events(*({**each, "usage": None} for each in CHUNKS)),
    "keep-alives": events(b": ping\n\n", CHUNKS[0], b":\n\n", b": ping\r\n\r\n", *CHUNKS[1:]),
    "a byte at a time": in_bytes_of(1, *CHUNKS),
    "three bytes at a time": in_bytes_of(3, *CHUNKS),
    "seventeen bytes at a time": in_bytes_of(17, *CHUNKS),
    "no blank line at the end": Answer((b"".join(map(event, CHUNKS))[:-2],), headers=TYPE),
    "CRLF": Answer((b"".join(map(event, CHUNKS)).replace(b"\n", b"\r\n"), b"data: [DONE]\r\n\r\n"), headers=TYPE),
    "no space behind the colon": Answer((b"".join(map(event, CHUNKS)).replace(b"data: ", b"data:"),), headers=TYPE),
    "one line feed between events": Answer((b"".join(map(event, CHUNKS)).replace(b"\n\n", b"\n"),), headers=TYPE),
    "the end with the last piece": events(*CHUNKS[:-2], chunk(PIECES[-1], finish="stop")),
    "a chat": events(delta("", role="assistant"), *map(delta, PIECES), delta("", finish="stop")),
    "a chat without contents": events(
        delta(None, role="assistant"),
        *map(delta, PIECES),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ),
    "not streamed": failure(200, {"choices": [{"text": TEXT, "finish_reason": "stop"}], "usage": USAGE}),
    "a chat that is not streamed": failure(200, {"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}),
    "fields of other types": events(
        {"choices": [{"text": None}]},
        {"choices": [None]},
        {"choices": [{"text": 7, "delta": [], "logprobs": "x", "token_ids": ["y"], "finish_reason": 3}], "usage": "z"},
        *CHUNKS,
    ),
    "more after the end": events(*CHUNKS, chunk(" And more."), chunk("", finish="stop")),
    "no type": Answer((b"".join(map(event, CHUNKS)),)),
    "another case of the header": Answer(
        (b"".join(map(event, CHUNKS)),), headers={"content-type": "Text/Event-Stream; charset=utf-8"}
    ),
    "an unknown reason": events(*CHUNKS[:-1], chunk("", finish="eos_token")),
}


@pytest.fixture
def server():
    with other_server() as server:
        yield server


@pytest.fixture
def engine(server):
    engine = connect(server, template=PLAIN)
    yield engine
    engine.close()


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_is_the_same_in_every_form(server, engine, form):
    server.answers.append(FORMS[form])
    pieces = []
    result = engine.generate(ASK, SamplingParams(), on_text=pieces.append)
    assert result.text == "".join(pieces) == TEXT
    assert "\ufffd" not in pieces
    assert result.finish_reason == "stop"
    assert result.new_tokens > 0
    assert result.token_ids == ()


@pytest.mark.parametrize("form", [name for name in FORMS if "usage" in name and "without" not in name])
def test_the_tokens_are_those_that_the_server_counts(server, engine, form):
    server.answers.append(FORMS[form])
    result = engine.generate(ASK, SamplingParams())
    assert (result.prompt_tokens, result.new_tokens) == (7, 4)


def test_a_length_is_no_stop(server, engine):
    server.answers.append(events(chunk("Hello"), chunk("", finish="length")))
    assert engine.generate(ASK, SamplingParams()).finish_reason == "length"


def test_white_space_at_the_end_is_not_the_answer_s(server, engine):
    server.answers.append(stream("Hello", " \n", " \n"))
    pieces = []
    assert engine.generate(ASK, SamplingParams(), on_text=pieces.append).text == "".join(pieces) == "Hello"


BROKEN = {
    "the end without a reason": events(*CHUNKS[:2], done=False),
    "[DONE] without a reason": events(*CHUNKS[:2]),
    "cut off": events(*CHUNKS[:2], CUT),
    "cut off within a line": events(*CHUNKS[:2], event(CHUNKS[2])[:20], CUT),
    "aborted": events(*CHUNKS[:2], chunk("", finish="abort")),
    "an error in the midst": events(*CHUNKS[:2], {"error": {"message": "out of memory", "code": 500}}),
    "an error field in the midst": events(*CHUNKS[:2], b'error: {"code": 500, "message": "out of memory"}\n\n'),
    "a detail in the midst": events(*CHUNKS[:2], {"detail": "out of memory"}),
    "an error beside choices": events(*CHUNKS[:2], {"choices": [], "error": {"message": "out of memory"}}),
    "a text in the midst": events(*CHUNKS[:2], b"data: Internal Server Error\n\n"),
    "a list in the midst": events(*CHUNKS[:2], b'data: ["out of memory"]\n\n'),
    "a number in the midst": events(*CHUNKS[:2], b"data: 7\n\n"),
}


@pytest.mark.parametrize("form", BROKEN)
def test_what_breaks_is_never_whole(server, engine, form):
    server.answers.append(BROKEN[form])
    with pytest.raises(IncompleteAnswerError, match=r"^The answer broke off\. .*\.$") as broken:
        engine.generate(ASK, SamplingParams())
    assert broken.value.text == "Grüße 🙂"
    assert broken.value.result.finish_reason == "broken"
    assert broken.value.result.new_tokens == 2
    assert len(server.asked) == 1


def test_an_error_says_what_the_server_says(server, engine):
    server.answers.append(BROKEN["an error in the midst"])
    with pytest.raises(IncompleteAnswerError, match="out of memory"):
        engine.generate(ASK, SamplingParams())


NOTHING = {
    "empty": (events(done=False), "in the middle"),
    "[DONE] alone": (events(), "in the middle"),
    "a page": (failure(200, "<html>Log in</html>", "text/html"), "no OpenAI-compatible server"),
    "no events": (Answer((b"Hello there\n\n",), headers=TYPE), "in the middle"),
    "broken JSON": (failure(200, "{"), "no OpenAI-compatible server"),
    "deep JSON": (events(b"data: " + b"[" * 5000 + b"]" * 5000 + b"\n\n"), "no answer"),
    "compressed": (Answer((b"x",), headers={**TYPE, "Content-Encoding": "gzip"}), "compresses"),
}


@pytest.mark.parametrize("form", NOTHING)
def test_no_answer_is_an_error_of_one_sentence(server, engine, form):
    answer, why = NOTHING[form]
    server.answers.append(answer)
    with pytest.raises(EngineError, match=why) as refused:
        engine.generate(ASK, SamplingParams())
    assert str(refused.value).startswith(server.host)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_an_endless_line_is_bounded(server, engine, monkeypatch):
    monkeypatch.setattr("dolly_widget.engines.remote.events.MAX_EVENT_BYTES", 100_000)

    def forever(handler):
        while True:
            handler._write(b"x" * 10_000, True)

    server.answers.append(events(b"data: ", forever))
    with pytest.raises(EngineError, match="an event does not end"):
        engine.generate(ASK, SamplingParams())
    assert server.left.wait(10)


def test_ten_megabytes_in_one_event_are_an_answer_or_a_sentence(server, engine):
    server.answers.append(stream("x" * (10 << 20)))
    with pytest.raises(EngineError, match="more than was asked for"):
        engine.generate(ASK, SamplingParams(max_new_tokens=10))
    assert len(engine.generate(ASK, SamplingParams(max_new_tokens=32_768)).text) == 10 << 20


def test_an_endless_answer_is_bounded(server, engine, monkeypatch):
    monkeypatch.setattr("dolly_widget.engines.remote.exchange.MAX_ANSWER_BYTES", 100_000)

    def forever(handler):
        while True:
            handler._write(b": ping\n\n", True)

    server.answers.append(events(forever))
    with pytest.raises(EngineError, match="sent more than"):
        engine.generate(ASK, SamplingParams())


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_what_a_server_tells_apart_is_reasoning(server, name):
    server.answers.append(
        events(delta(None, **{name: "Let me "}), delta(None, **{name: "think."}), delta("Yes."), delta("", "stop"))
    )
    engine = connect(server)
    assert engine.template == SERVER
    thoughts, pieces = [], []
    result = engine.generate(SERVER.render("Well?"), SamplingParams(), on_text=Listener(pieces.append, thoughts.append))
    assert (result.reasoning, result.text) == ("Let me think.", "Yes.")
    assert (thoughts, "".join(pieces)) == (["Let me ", "think."], "Yes.")
    assert result.reasoning_tokens == 2


def test_what_a_model_writes_into_its_answer_is_reasoning_too(server):
    server.answers.append(events(delta("<thi"), delta("nk>Hm.</th"), delta("ink>\n\nYes."), delta("", "stop")))
    result = connect(server).generate(SERVER.render("Well?"), SamplingParams())
    assert (result.reasoning, result.text) == ("Hm.", "Yes.")


def test_a_stop_text_is_watched_here(server, engine):
    server.answers.append(stream("One, ", "two, ST", "OP three", " four"))
    result = engine.generate(ASK, SamplingParams(stop=["STOP"]))
    assert (result.text, result.finish_reason) == ("One, two,", "stop")
    assert server.asked[0]["stop"] == ["STOP"]


def test_ids_that_come_with_a_text_are_kept():
    with StubServer() as server:  # as vLLM, without a tokenizer here
        server.answers.append(events(chunk("Hel", [5, 6]), chunk("lo", [7]), chunk("", [], finish="stop")))
        result = connect(server, template=PLAIN).generate(ASK, SamplingParams())
    assert (result.text, result.token_ids, result.new_tokens) == ("Hello", (5, 6, 7), 3)


def test_a_filter_that_ends_an_answer_is_said(server, engine):
    server.answers.append(events(chunk("Well, "), chunk("", finish="content_filter")))
    assert engine.generate(ASK, SamplingParams()).notes == ("The server's filter ended the answer.",)
    server.answers = [stream("Well.")]
    assert engine.generate(ASK, SamplingParams()).notes == ()


def test_an_empty_error_beside_an_answer_is_none(server, engine):
    server.answers.append(events(*({**each, "error": ""} for each in CHUNKS)))
    assert engine.generate(ASK, SamplingParams()).text == TEXT


def test_a_content_of_parts_is_their_texts(server):
    parts = [{"type": "text", "text": "Grüße "}, {"type": "image"}, None, {"type": "text", "text": "aus Rom."}]
    server.answers.append(failure(200, {"choices": [{"message": {"content": parts}, "finish_reason": "stop"}]}))
    assert connect(server).generate(SERVER.render("Say it."), SamplingParams()).text == "Grüße aus Rom."


@pytest.mark.parametrize("usage", [None, USAGE, {"completion_tokens": 30}])
def test_a_server_that_ignores_the_most_tokens_is_cut(server, engine, usage):
    end = {**chunk("", finish="stop"), "usage": usage}
    server.answers.append(events(*(chunk(f"{number} ") for number in range(30)), end))
    result = engine.generate(ASK, SamplingParams(max_new_tokens=3))
    assert (result.text, result.finish_reason, result.new_tokens) == ("0 1 2", "length", 3)


def test_a_text_of_the_most_tokens_keeps_its_server_s_reason_and_count(server, engine):
    server.answers.append(FORMS["no choices in the chunk with the usage"])
    result = engine.generate(ASK, SamplingParams(max_new_tokens=4))
    assert (result.text, result.finish_reason, result.new_tokens, result.prompt_tokens) == (TEXT, "stop", 4, 7)


def test_a_count_beyond_what_was_asked_for_is_not_believed(server, engine):
    server.answers.append(events(*CHUNKS, {"choices": [], "usage": {"completion_tokens": 2**31 - 1}}))
    assert engine.generate(ASK, SamplingParams(max_new_tokens=9)).new_tokens == 9
