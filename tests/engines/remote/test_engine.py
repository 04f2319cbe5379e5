"""The remote engine where ids go and come: the answers of a local engine, and what a server is asked for."""

import threading

import pytest
from remote_engines import connect, other_server, our_server
from stub_server import Hold, StubServer, chunk, events, failure, ids_stream, stream

from dolly_widget.engines import (
    AnswersMany,
    Constrains,
    Continues,
    Engine,
    GenerationRequest,
    GivesLogprobs,
    Listener,
    NotifiesOnClose,
    generate_many,
    server_of,
)
from dolly_widget.engines.remote import tries
from dolly_widget.errors import EngineError, IncompleteAnswerError, PromptTooLongError
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY, PLAIN, SERVER, Turn

MODEL = Model(OPENVINO_DIR)
TOKENS = MODEL.tokenizer
END = TOKENS.special_id("### End")
TEXT = "The capital of France is Paris 🙂."
IDS = TOKENS.encode(PLAIN.render(TEXT))
PARIS = [*IDS, END]
ASK = DOLLY.render("What is the capital of France?")
LIMIT_S = 30


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    with our_server("dolly", max_model_len=1000) as server:
        yield server


@pytest.fixture
def engine(server):
    engine = connect(server)
    yield engine
    engine.close()


def test_it_is_an_engine_and_says_what_it_can(engine, server):
    for protocol in (Engine, Continues, Constrains, AnswersMany, GivesLogprobs, NotifiesOnClose):
        assert isinstance(engine, protocol)
    assert engine.device == server.host
    assert engine.template == DOLLY
    assert repr(engine) == f"RemoteEngine('dolly at {server.host}')"
    assert server_of(engine).model_name == "dolly"
    assert server_of(engine).offers == (f"{server.url}#dolly",)
    assert engine.setup.model == f"{server.url}#dolly"


def test_what_is_known_of_the_model_is_its_small_files(engine, server):
    model = engine.model
    assert not model.has_weights
    assert model.name == f"dolly at {server.host}"
    assert model.encode(ASK) == MODEL.encode(ASK)
    assert (model.end_ids, model.vocab_size, model.sampling) == (MODEL.end_ids, MODEL.vocab_size, MODEL.sampling)
    assert model.info.max_positions == 1000
    assert model.info.size_bytes == 0
    assert not model.info.is_demo


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_the_text_is_made_of_the_ids_here(server, engine, at_once):
    server.answers.append(ids_stream(TOKENS, PARIS, at_once=at_once))
    pieces, counts = [], []
    listener = Listener(pieces.append, pieces.append, counts.append)
    result = engine.generate(ASK, SamplingParams(seed=3), on_text=listener)
    assert result.text == "".join(pieces) == TEXT
    assert result.token_ids == tuple(PARIS)
    assert (result.finish_reason, result.seed) == ("stop", 3)
    assert (result.prompt_tokens, result.new_tokens) == (len(MODEL.encode(ASK)), len(PARIS))
    assert counts == list(range(1, len(PARIS) + 1))
    assert result.ttft_s > 0
    assert result.notes == ()


def test_the_server_gets_ids_and_every_setting(server, engine):
    server.answers.append(ids_stream(TOKENS, PARIS))
    params = SamplingParams(
        max_new_tokens=99,
        temperature=0.5,
        top_p=0.75,
        top_k=5,
        min_p=0.25,
        repetition_penalty=1.5,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        stop=["ENOUGH", "### Instruction:"],
        seed=7,
    )
    engine.generate(ASK, params)
    (asked,) = server.asked
    assert asked.pop("stop_token_ids") == sorted(MODEL.end_ids | {END, TOKENS.special_id("### Instruction:")})
    assert asked == {
        "model": "dolly",
        "prompt": MODEL.encode(ASK),
        "max_tokens": 99,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.75,
        "top_k": 5,
        "min_p": 0.25,
        "repetition_penalty": 1.5,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "stop": ["ENOUGH"],
        "seed": 7,
        "return_token_ids": True,
    }


def test_a_control_token_that_a_user_types_stays_text(server, engine):
    server.answers.append(ids_stream(TOKENS, PARIS))
    engine.generate(DOLLY.render("What does ### End mean?"), SamplingParams())
    prompt = server.asked[0]["prompt"]
    assert END not in prompt
    assert prompt == MODEL.encode(DOLLY.render("What does ### End mean?"))


@pytest.mark.parametrize("count", [0, 3])
def test_ids_that_the_tokenizer_does_not_have_are_a_sentence(server, engine, count, monkeypatch):
    monkeypatch.setattr(tries, "PAUSES_S", ())
    monkeypatch.setattr(tries, "_FIRST_PAUSE_S", 0.0)
    server.answers.append(events(*(chunk("x", [each]) for each in PARIS[:count]), chunk("y", [4096])))
    with pytest.raises(
        (EngineError, IncompleteAnswerError), match="names tokens that the tokenizer does not have: pass"
    ):
        engine.generate(ASK, SamplingParams())


def test_an_end_ends_the_answer_though_the_server_goes_on(server, engine):
    server.answers.append(events(chunk("…", [*PARIS, 300, 301]), chunk("more", [302])))
    result = engine.generate(ASK, SamplingParams())
    assert (result.text, result.token_ids, result.finish_reason) == (TEXT, tuple(PARIS), "stop")


def test_no_more_tokens_are_taken_than_were_asked_for(server, engine):
    server.answers.append(events(*(chunk("x", [300 + each]) for each in range(50)), done=False))
    result = engine.generate(ASK, SamplingParams(max_new_tokens=5))
    assert (result.token_ids, result.finish_reason) == ((300, 301, 302, 303, 304), "length")


def test_it_goes_on_from_a_beginning(server, engine):
    server.answers.append(ids_stream(TOKENS, PARIS[4:]))
    pieces = []
    result = engine.generate(ASK, SamplingParams(max_new_tokens=50), prefix_ids=PARIS[:4], on_text=pieces.append)
    assert (result.text, "".join(pieces), result.token_ids) == (TEXT, TEXT, tuple(PARIS))
    assert (result.prefix_tokens, result.new_tokens) == (4, len(PARIS) - 4)
    assert server.asked[0]["prompt"] == [*MODEL.encode(ASK), *PARIS[:4]]
    assert server.asked[0]["max_tokens"] == 46


def test_a_text_that_is_too_long_is_refused_before_anybody_is_asked(server, engine):
    with pytest.raises(PromptTooLongError) as refused:
        engine.generate(ASK, SamplingParams(max_new_tokens=999))
    assert refused.value.max_positions == 1000
    with pytest.raises(ValueError, match="prompt is empty"):
        engine.generate(PLAIN.render(""), SamplingParams())
    with pytest.raises(ValueError, match=r"no token 5000: the model has 4,096 tokens"):
        engine.generate(ASK, SamplingParams(), prefix_ids=[5000])
    assert server.asked == []


def test_a_tokenizer_can_be_named():
    with StubServer("org/any", max_model_len=64) as server:
        server.answers.append(ids_stream(TOKENS, PARIS))
        engine = connect(server, tokenizer="demo")
        assert (engine.template, engine.model.directory) == (DOLLY, OPENVINO_DIR)
        assert engine.model.info.max_positions == 64
        assert engine.generate(ASK, SamplingParams(max_new_tokens=30)).token_ids == tuple(PARIS)


# What a server does not take


@pytest.mark.parametrize(
    "refusal",
    [
        failure(
            422,
            {
                "detail": [
                    {"type": "extra_forbidden", "loc": ["body", "min_p"], "msg": "Extra inputs are not permitted"}
                ]
            },
        ),
        failure(422, {"detail": "Unexpected keys in the request: {'min_p'}"}),
        failure(400, {"error": {"message": "Unrecognized request argument supplied: min_p"}}),
        failure(400, {"error": {"message": "This is not supported.", "param": "min_p"}}),
    ],
)
def test_a_field_that_is_refused_is_left_out_remembered_and_named(server, engine, refusal):
    server.answers = [refusal, ids_stream(TOKENS, PARIS)]
    result = engine.generate(ASK, SamplingParams(min_p=0.1))
    assert result.token_ids == tuple(PARIS)
    assert result.notes == (f"{server.host} does not take min_p: the answer is drawn without it.",)
    assert ["min_p" in asked for asked in server.asked] == [True, False]
    assert engine.generate(ASK, SamplingParams()).notes == ()
    assert len(engine.generate(ASK, SamplingParams(min_p=0.2)).notes) == 1
    assert ["min_p" in asked for asked in server.asked] == [True, False, False, False]


def test_a_value_that_is_refused_is_the_user_s_to_change(server, engine):
    server.answers.append(failure(400, {"error": {"message": "temperature must be at most 2", "param": "temperature"}}))
    with pytest.raises(ValueError, match=r"refuses the question \(temperature must be at most 2\): change it\."):
        engine.generate(ASK, SamplingParams(temperature=4))
    assert len(server.asked) == 1


def test_a_server_that_refuses_ids_is_asked_in_words():
    with other_server() as server:
        server.answers = [failure(400, {"error": {"message": "prompt must be a string"}}), stream("Paris.")]
        engine = connect(server, tokenizer="demo")
        results = [engine.generate(ASK, SamplingParams()) for _ in range(2)]
        assert [type(asked["prompt"]) for asked in server.asked] == [list, str, str]
        assert server.asked[1]["prompt"] == str(ASK)
    assert [(result.text, result.token_ids) for result in results] == [("Paris.", ())] * 2
    with pytest.raises(ValueError, match="takes no token ids"):
        engine.generate(ASK, SamplingParams(), prefix_ids=[300])


@pytest.mark.parametrize(
    "refusal", [failure(500, "CUDA out of memory", "text/plain"), failure(400, {"error": {"message": "so long"}})]
)
def test_a_server_that_refuses_the_words_too_is_asked_with_ids_again(refusal):
    with other_server() as server:
        server.answers = [refusal, refusal, stream("Paris.")]
        engine = connect(server, tokenizer="demo")
        with pytest.raises((EngineError, ValueError), match=r"out of memory|so long"):
            engine.generate(ASK, SamplingParams())
        assert engine.generate(ASK, SamplingParams()).text == "Paris."
        assert [type(asked["prompt"]) for asked in server.asked] == [list, str, list]


def test_a_shape_that_is_refused_is_the_user_s_to_change(server, engine):
    server.answers.append(failure(400, {"error": {"message": "structured_outputs: unknown", "param": "grammar"}}))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"refuses the question \(structured_outputs: unknown\)"):
            engine.generate(ASK, SamplingParams(), answer=["yes", "no"])
    assert ["structured_outputs" in asked for asked in server.asked] == [True, True]


def test_in_words_a_control_token_that_a_user_types_is_broken_and_said():
    with other_server() as server:
        server.answers.append(stream("Paris."))
        engine = connect(server, template=DOLLY)
        result = engine.generate(DOLLY.render("What does ### End mean?"), SamplingParams())
        assert server.asked[0]["prompt"] == str(DOLLY.render("What does # ## End mean?"))
    assert result.notes == (
        "The server would take ### End in your text for control tokens: a space was put into each.",
    )


def test_a_server_that_tells_no_ids_is_asked_once_more():
    with StubServer() as server:  # an older vLLM
        server.answers.append(stream("Paris."))
        engine = connect(server, tokenizer="demo")
        pieces = []
        result = engine.generate(ASK, SamplingParams(), on_text=pieces.append)
        assert (result.text, "".join(pieces), result.new_tokens) == ("Paris.", "Paris.", 1)
        engine.generate(ASK, SamplingParams())
        assert len(server.asked) == 3


def test_settings_that_may_do_nothing_are_said():
    with other_server() as server:
        server.answers.append(stream("Paris."))
        engine = connect(server, template=PLAIN)
        assert engine.generate(ASK, SamplingParams()).notes == ()
        assert not server.asked[0].keys() & {"top_k", "min_p", "repetition_penalty", "stop_token_ids"}
        notes = engine.generate(ASK, SamplingParams(top_k=5, min_p=0.1)).notes
        assert notes == ("Whether this server keeps to top_k and min_p is not known.",)
        assert (server.asked[1]["top_k"], server.asked[1]["min_p"]) == (5, 0.1)


# Chats


def test_without_tokenizer_and_template_messages_are_sent():
    with other_server() as server:
        server.answers.append(stream("Paris."))
        engine = connect(server)
        assert engine.template == SERVER
        prompt = SERVER.render("And of Italy?", "Think.", [Turn("Capital of France?", "", "Paris.")], "Be short.")
        assert engine.generate(prompt, SamplingParams()).text == "Paris."
        (asked,) = [each for each in server.requests if each.method == "POST"]
    assert asked.path == "/v1/chat/completions"
    assert asked.fields["messages"] == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Capital of France?"},
        {"role": "assistant", "content": "Paris."},
        {"role": "user", "content": "And of Italy?\n\nThink."},
    ]


# Stopping and closing


def when(*events, do):
    """A thread that calls ``do`` when all of them are set."""
    thread = threading.Thread(target=lambda: all(each.wait(LIMIT_S) for each in events) and do())
    thread.start()
    return thread


def test_stop_in_a_read_that_waits_shuts_the_connection(server, engine):
    hold, told, stop = Hold(), threading.Event(), threading.Event()
    server.answers.append(events(chunk("x", PARIS[:3]), hold, chunk("y", PARIS[3:])))
    pieces = []
    thread = when(hold.reached, told, do=stop.set)
    listener = Listener(pieces.append, pieces.append, lambda count: told.set() if count == 3 else None)
    result = engine.generate(ASK, SamplingParams(), on_text=listener, stop=stop)
    thread.join()
    assert (result.finish_reason, result.token_ids) == ("cancelled", tuple(PARIS[:3]))
    assert result.text == "".join(pieces).rstrip()
    assert server.left.wait(LIMIT_S)


def test_stop_before_the_first_token_shuts_the_connection(server, engine):
    hold, stop = Hold(), threading.Event()
    server.answers.append(events(hold))
    thread = when(hold.reached, do=stop.set)
    result = engine.generate(ASK, SamplingParams(), stop=stop)
    thread.join()
    assert (result.finish_reason, result.token_ids) == ("cancelled", ())
    assert server.left.wait(LIMIT_S)


def test_stop_before_the_start_asks_nobody(server, engine):
    stop = threading.Event()
    stop.set()
    assert engine.generate(ASK, SamplingParams(), stop=stop).finish_reason == "cancelled"
    assert server.asked == []


def test_stop_out_of_on_text_ends_the_answer(server, engine):
    stop = threading.Event()
    server.answers.append(ids_stream(TOKENS, PARIS))
    result = engine.generate(ASK, SamplingParams(), on_text=lambda _: stop.set(), stop=stop)
    assert result.finish_reason == "cancelled"
    assert 0 < result.new_tokens < len(PARIS)


def test_what_on_text_raises_comes_out(server, engine):
    server.answers.append(ids_stream(TOKENS, PARIS))

    def refuse(piece):
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        engine.generate(ASK, SamplingParams(), on_text=refuse)


def test_close_ends_what_runs(server, engine):
    hold, freed = Hold(), threading.Event()
    engine.when_closed(freed.set)
    server.answers.append(events(chunk("x", PARIS[:3]), hold))
    thread = when(hold.reached, do=engine.close)
    assert engine.generate(ASK, SamplingParams()).finish_reason == "cancelled"
    thread.join()
    assert freed.is_set()
    with pytest.raises(EngineError, match="closed: load the model again"):
        engine.generate(ASK, SamplingParams())


# Many


def test_many_are_asked_at_once_and_told_on_the_reader_s_thread(server, engine):
    together = threading.Barrier(3)
    answer = events(lambda _: together.wait(LIMIT_S), *(chunk("x", [each]) for each in PARIS))
    server.answers.append(answer)
    threads = set()
    requests = [
        GenerationRequest(ASK, SamplingParams(), on_text=lambda _: threads.add(threading.get_ident())) for _ in range(6)
    ]
    outcomes = dict(generate_many(engine, requests, at_once=3))
    assert sorted(outcomes) == list(range(6))
    assert {result.text for result in outcomes.values()} == {TEXT}
    assert threads == {threading.get_ident()}


def test_one_of_many_that_is_wrong_stops_no_other(server, engine):
    server.answers.append(ids_stream(TOKENS, PARIS))
    requests = [GenerationRequest(ASK, SamplingParams(max_new_tokens=each)) for each in (50, 5000, 50)]
    outcomes = dict(engine.generate_many(requests))
    assert isinstance(outcomes[1], PromptTooLongError)
    assert outcomes[0].text == outcomes[2].text == TEXT


def test_leaving_the_loop_ends_what_runs(server, engine):
    hold = Hold()
    server.answers = [ids_stream(TOKENS, PARIS), events(chunk("x", PARIS[:3]), hold)]
    outcomes = engine.generate_many([GenerationRequest(ASK)] * 2, at_once=2)
    assert next(outcomes)[1].text == TEXT
    assert hold.reached.wait(LIMIT_S)
    outcomes.close()
    assert server.left.wait(LIMIT_S)


def test_stop_ends_all_of_many(server, engine):
    hold, stop = Hold(), threading.Event()
    server.answers.append(events(chunk("x", PARIS[:3]), hold))
    thread = when(hold.reached, do=stop.set)
    outcomes = list(engine.generate_many([GenerationRequest(ASK)] * 5, stop=stop, at_once=2))
    thread.join()
    assert {result.finish_reason for _, result in outcomes} == {"cancelled"}
    assert len(outcomes) == 2


# Shapes


def test_a_schema_is_sent_as_one_and_the_answer_is_its_value(server, engine):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    ids = TOKENS.encode(PLAIN.render('{"city": "Paris"}'))
    server.answers.append(ids_stream(TOKENS, [*ids, END]))
    assert engine.generate(ASK, SamplingParams(), answer=schema).value == {"city": "Paris"}
    sent = server.asked[0]["response_format"]
    assert (sent["type"], sent["json_schema"]["schema"]) == ("json_schema", schema)


def test_a_shape_that_breaks_off_is_incomplete(server, engine):
    server.answers = [events(chunk("x", TOKENS.encode(PLAIN.render('{"city"'))), done=False)]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    with pytest.raises(IncompleteAnswerError):
        engine.generate(ASK, SamplingParams(), answer=schema)
    assert len(server.asked) == 1


def test_a_server_of_no_known_kind_holds_no_shape():
    with other_server() as server:
        engine = connect(server, tokenizer="demo")
        with pytest.raises(ValueError, match=r"Whether .* can hold an answer to a shape is not known"):
            engine.generate(ASK, SamplingParams(), answer=["yes", "no"])
        with pytest.raises(ValueError, match="gives probabilities is not known"):
            engine.check_logprobs()


def test_of_many_each_waits_for_a_server_that_has_no_room(server, engine, monkeypatch):
    monkeypatch.setattr("dolly_widget.engines.remote.writing._LEAST_WAIT_S", 0.0)
    server.answers = [
        *[failure(429, {"error": {"message": "busy"}}, **{"Retry-After": "0"})] * 5,
        ids_stream(TOKENS, PARIS),
    ]
    outcomes = dict(engine.generate_many([GenerationRequest(ASK)] * 3))
    assert {result.text for result in outcomes.values()} == {TEXT}
    assert len(server.asked) == 8


def test_one_alone_is_told_of_a_server_that_has_no_room(server, engine):
    server.answers.append(failure(429, {"error": {"message": "busy"}}, **{"Retry-After": "5"}))
    with pytest.raises(EngineError, match=r"is busy \(busy\): try again in 5 s"):
        engine.generate(ASK, SamplingParams())


def test_a_server_that_fails_ends_many(server, engine):
    server.answers.append(failure(500, "out of memory", "text/plain"))
    with pytest.raises(EngineError, match="out of memory"):
        list(engine.generate_many([GenerationRequest(ASK)] * 3))


def test_what_on_text_raises_ends_its_answer_alone(server, engine):
    def refuse(piece):
        raise ValueError("no")

    server.answers.append(ids_stream(TOKENS, PARIS))
    outcomes = dict(engine.generate_many([GenerationRequest(ASK, on_text=refuse), GenerationRequest(ASK)]))
    assert str(outcomes[0]) == "no"
    assert outcomes[1].text == TEXT


def test_sixty_four_are_answered_at_once(server, engine):
    together = threading.Barrier(64)
    server.answers.append(events(lambda _: together.wait(LIMIT_S), chunk("x", PARIS)))
    outcomes = dict(engine.generate_many([GenerationRequest(ASK)] * 64, at_once=1000))
    assert {result.text for result in outcomes.values()} == {TEXT}


class AfterAWhile(threading.Event):
    """Is set when it was asked for three times."""

    def __init__(self):
        super().__init__()
        self.left = 3

    def is_set(self):
        self.left -= 1
        return self.left < 0


def test_who_waits_for_a_place_can_be_stopped(server, engine):
    engine._places = threading.BoundedSemaphore(1)
    engine._places.acquire()
    result = engine.generate(ASK, SamplingParams(), stop=AfterAWhile())
    assert (result.finish_reason, result.token_ids) == ("cancelled", ())
    assert server.asked == []
    engine._places.release()
    server.answers.append(ids_stream(TOKENS, PARIS))
    assert engine.generate(ASK, SamplingParams()).text == TEXT


def test_a_newer_name_for_the_length_is_taken():
    with other_server() as server:
        says = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        server.answers = [failure(400, {"error": {"message": says, "param": "max_tokens"}}), stream("Paris.")]
        engine = connect(server)
        for _ in range(2):
            assert engine.generate(SERVER.render("Hello"), SamplingParams(max_new_tokens=9)).text == "Paris."
        assert [asked.get("max_completion_tokens") for asked in server.asked] == [None, 9, 9]


def test_no_thread_stays_behind(server, engine):
    hold = Hold()
    server.answers = [ids_stream(TOKENS, PARIS), events(chunk("x", PARIS[:3]), hold)]
    engine.generate(ASK, SamplingParams())
    stop = threading.Event()
    engine.generate(ASK, SamplingParams(), on_text=lambda _: stop.set(), stop=stop)
    for thread in threading.enumerate():
        if thread.name.startswith("dolly-server"):
            thread.join(LIMIT_S)
            assert not thread.is_alive()


def test_the_template_of_servers_is_for_servers():
    with pytest.raises(ValueError, match="SERVER_TEMPLATE is for a server's model"):
        connect_demo()


def connect_demo():
    from dolly_widget.engines import load_engine

    return load_engine("demo", template=SERVER)


def test_what_is_known_of_an_answer_in_words_goes_through_a_history():
    from dolly_widget.history import Exchange, History

    with other_server() as server:
        server.answers.append(events(chunk("Paris."), {**chunk("", finish="stop"), "usage": {"completion_tokens": 4}}))
        engine = connect(server)
        result = engine.generate(SERVER.render("Hello"), SamplingParams(seed=3))
    assert (result.new_tokens, result.token_ids, result.counted_tokens) == (4, (), 4)
    exchange = Exchange("Hello", "", SamplingParams(), result, SERVER.render("Hello"), setup=engine.setup)
    again = History.from_json(History([exchange]).to_json())
    assert again[0].result.new_tokens == 4
    assert again[0].setup == engine.setup
