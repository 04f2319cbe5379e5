"""How likely a server takes tokens to be: for a whole text at once, or a place at a time."""

import threading

import pytest
from remote_engines import connect, our_server
from stub_server import Hold, StubServer, events, failure

from dolly_widget.errors import EngineError

IDS = [300, 301, 302, 303]


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    with our_server() as server:
        yield server


def place(number):
    """What may follow the tokens up to a place: another one for each."""
    return {f"token_id:{400 + number}": -0.5 - number, "token_id:7": -2.0}


def answer(fields):
    """As vLLM and our own server: an echo says what was likely at each place, and so nothing of the first."""
    count = len(fields["prompt"])
    found = [None, *map(place, range(count - 1))] if fields.get("echo") else [place(count - 1)]
    return failure(200, {"choices": [{"text": "", "logprobs": {"top_logprobs": found}, "finish_reason": "length"}]})


def expected(number):
    return {400 + number: -0.5 - number, 7: -2.0}


@pytest.mark.parametrize("first", range(4))
def test_a_whole_text_is_asked_at_once_and_what_follows_it_apart(server, first):
    server.answers.append(answer)
    engine = connect(server)
    engine.check_logprobs()
    assert list(engine.logprobs_after(IDS, first)) == [expected(number) for number in range(first, 4)]
    assert len(server.asked) == (1 if first == 3 else 2)
    for asked in server.asked:
        assert (asked["logprobs"], asked["temperature"], asked["stream"]) == (20, 1.0, False)
        assert asked["return_tokens_as_token_ids"]
        assert "top_k" not in asked


def test_llama_cpp_is_asked_for_a_place_at_a_time():
    def one(fields):
        number = len(fields["prompt"]) - 1
        entries = [{"id": 400 + number, "logprob": -0.5 - number}, {"id": 7, "logprob": -2.0}]
        return failure(200, {"choices": [{"text": "", "logprobs": {"content": [{"id": 1, "top_logprobs": entries}]}}]})

    with StubServer(owner="llamacpp") as server:
        server.answers.append(one)
        engine = connect(server, tokenizer="demo")
        assert list(engine.logprobs_after(IDS, 1)) == [expected(number) for number in (1, 2, 3)]
        assert [len(asked["prompt"]) for asked in server.asked] == [2, 3, 4]


def test_without_a_tokenizer_it_says_why_not():
    with StubServer() as server, pytest.raises(ValueError, match=r"tokens of dolly are not known here: .* tokenizer="):
        connect(server).check_logprobs()


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ({"text": ""}, "it gives no logprobs"),
        ({"logprobs": {"top_logprobs": [None, {"Paris": -1.0}]}}, "it gives logprobs without ids"),
        ({"logprobs": {"top_logprobs": [None, {"token_id:7": "x"}]}}, "it gives logprobs without ids"),
        ({"logprobs": {"top_logprobs": [None, {"token_id:7": 5.0}]}}, "it gives logprobs without ids"),
        ({"logprobs": {"top_logprobs": [None]}}, "for 1 of 4 tokens"),
        ({"logprobs": {"content": [{"top_logprobs": [{"token": "x", "logprob": -1}]}]}}, "without ids"),
        (None, "it gives no logprobs"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(server, choice, why):
    server.answers.append(failure(200, {"choices": [choice]}))
    with pytest.raises(EngineError, match=why):
        list(connect(server).logprobs_after(IDS, 0))


def test_a_refusal_is_one_sentence(server):
    server.answers.append(failure(400, {"error": {"message": "echo is not supported"}}))
    with pytest.raises(EngineError, match=r"refuses the question \(echo is not supported\)"):
        list(connect(server).logprobs_after(IDS, 0))


def test_stop_ends_it(server):
    hold, stop = Hold(), threading.Event()
    server.answers.append(events(hold))
    thread = threading.Thread(target=lambda: hold.reached.wait(30) and stop.set())
    thread.start()
    assert list(connect(server).logprobs_after(IDS, 0, stop=stop)) == []
    thread.join()
    assert server.left.wait(30)


def test_a_closed_engine_is_asked_no_more(server):
    engine = connect(server)
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.logprobs_after(IDS, 0)


@pytest.mark.parametrize("form", [{"content": []}, {"top_logprobs": []}])
@pytest.mark.parametrize("first", [0, 3])
def test_a_list_without_logprobs_is_an_error(server, form, first):
    server.answers.append(failure(200, {"choices": [{"text": "", "logprobs": form}]}))
    with pytest.raises(EngineError, match="cannot be asked for probabilities: it gives no logprobs"):
        list(connect(server).logprobs_after(IDS, first))
