"""``/v1/completions``: the tokens of the local engine, in OpenAI's form, whole and as a stream."""

import json

import pytest
from real_engines import start
from scripted_engine import ScriptedEngine
from served import client_of, events_of

from dolly_widget import SamplingParams
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.lens import score
from dolly_widget.runtime import PRECISE
from dolly_widget.sampling import MODEL
from dolly_widget.serving import Limits
from dolly_widget.serving.scoring import Scored
from dolly_widget.text import DOLLY, Prompt, Segment

WHO = DOLLY.render("Who is Dolly?")
TEXT = str(WHO)


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def client(engine):
    with client_of(engine) as client:
        yield client


@pytest.fixture
def complete(client):
    """Asks; returns the first choice, or all of the answer."""

    def ask(prompt=TEXT, *, all_of_it=False, **fields):
        response = client.post("/v1/completions", json={"prompt": prompt, "temperature": 0, **fields})
        assert response.status_code == 200, response.text
        return response.json() if all_of_it else response.json()["choices"][0]

    return ask


def answered(engine, **settings):
    """What the engine says by itself, with the settings of a request that says no more."""
    params = {**vars(MODEL), "max_new_tokens": 16, "temperature": 0, **settings}
    return engine.generate(WHO, SamplingParams(**params))


def refusal(client, **fields):
    """The error of a request that is refused with 400."""
    response = client.post("/v1/completions", json={"prompt": "Hi", **fields})
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error


@pytest.mark.parametrize(
    "settings", [{}, {"temperature": 1.0, "seed": 7}, {"temperature": 0.8, "seed": 3, "top_p": 0.9}]
)
def test_an_answer_has_the_tokens_of_the_engine_s_own(complete, engine, settings):
    own = answered(engine, max_new_tokens=40, **settings)
    choice = complete(max_tokens=40, return_token_ids=True, **settings)
    assert choice["token_ids"] == list(own.token_ids)
    assert choice["text"].rstrip() == own.text
    assert choice["finish_reason"] == own.finish_reason


def test_a_prompt_of_ids_is_answered_as_its_text_is(complete, engine):
    ids = engine.model.encode(WHO)
    choice = complete(ids, max_tokens=20, return_token_ids=True)
    assert choice["prompt_token_ids"] == ids
    assert choice == complete(max_tokens=20, return_token_ids=True)


def test_going_on_from_ids_says_what_the_whole_answer_says(complete, engine):
    """As a client does whose stream broke."""
    whole = complete(max_tokens=24, return_token_ids=True)["token_ids"]
    rest = complete([*engine.model.encode(WHO), *whole[:10]], max_tokens=14, return_token_ids=True)
    assert rest["token_ids"] == whole[10:]


def test_without_a_number_there_are_sixteen_tokens_at_most(complete):
    answer = complete(all_of_it=True)
    assert answer["usage"] == {"prompt_tokens": 27, "completion_tokens": 16, "total_tokens": 43}
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["object"] == "text_completion"
    assert answer["model"] == "dolly"


@pytest.mark.parametrize("as_ids", [False, True])
def test_each_of_several_prompts_has_its_answers(complete, engine, as_ids):
    texts = [str(DOLLY.render(question)) for question in ("Who is Dolly?", "Is the sea blue?")]
    prompts = [engine.model.encode(Prompt([Segment(text, True)])) for text in texts] if as_ids else texts
    answer = complete(prompts, n=2, temperature=1, seed=5, all_of_it=True)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    alone = [complete(text, temperature=1, seed=seed)["text"] for text in texts for seed in (5, 6)]
    assert [choice["text"] for choice in answer["choices"]] == alone
    assert answer["usage"]["prompt_tokens"] == sum(len(engine.model.encode(Prompt([Segment(t, True)]))) for t in texts)


def test_control_tokens_of_the_client_s_own_text_count(complete, engine):
    ids = complete("### End", return_token_ids=True)["prompt_token_ids"]
    assert ids == [engine.model.tokenizer.special_id("### End")]


def test_a_stop_text_ends_the_answer_and_is_no_part_of_it(complete):
    whole = complete(max_tokens=40)["text"]
    choice = complete(max_tokens=40, stop=whole[10:16])
    assert (choice["text"], choice["finish_reason"]) == (whole[:10], "stop")
    assert complete(max_tokens=40, stop=["nowhere", whole[10:16]]) == choice


def test_a_stop_token_ends_the_answer(complete):
    ids = complete(return_token_ids=True)["token_ids"]
    choice = complete(stop_token_ids=[ids[5]], return_token_ids=True)
    assert choice["token_ids"] == ids[: ids.index(ids[5]) + 1]
    assert choice["finish_reason"] == "stop"


def test_the_model_s_end_can_be_ignored(complete, engine):
    usual = complete(max_tokens=200, return_token_ids=True)
    assert usual["finish_reason"] == "stop"
    choice = complete(max_tokens=len(usual["token_ids"]) + 5, ignore_eos=True, return_token_ids=True)
    assert len(choice["token_ids"]) == len(usual["token_ids"]) + 5
    assert choice["finish_reason"] == "length"


def test_control_tokens_of_the_answer_are_shown_if_asked_for(complete):
    usual = complete(max_tokens=200, return_token_ids=True)
    more = {"max_tokens": len(usual["token_ids"]) + 1, "ignore_eos": True}
    assert "### End" not in complete(**more)["text"]
    assert "### End" in complete(**more, skip_special_tokens=False)["text"]


def test_what_is_streamed_is_the_whole_answer(client, complete, engine):
    fields = {"max_tokens": 30, "temperature": 1, "seed": 4, "return_token_ids": True, "n": 2}
    whole = complete(**fields, all_of_it=True)
    sent = {"prompt": TEXT, **fields, "stream": True, "stream_options": {"include_usage": True}}
    response = client.post("/v1/completions", json=sent)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *pieces, last = events_of(response.text)
    for choice in whole["choices"]:
        own = [piece["choices"][0] for piece in pieces if piece["choices"][0]["index"] == choice["index"]]
        assert "".join(piece["text"] for piece in own) == choice["text"]
        assert [token_id for piece in own for token_id in piece["token_ids"]] == choice["token_ids"]
        assert own[0]["prompt_token_ids"] == engine.model.encode(WHO)
        assert [piece["finish_reason"] for piece in own] == [None] * (len(own) - 1) + [choice["finish_reason"]]
    assert last["choices"] == []
    assert last["usage"] == whole["usage"]
    assert {piece["usage"] for piece in pieces} == {None}


def test_a_stream_says_nothing_of_usage_unasked(client):
    response = client.post("/v1/completions", json={"prompt": "Hi", "stream": True})
    assert all("usage" not in event for event in events_of(response.text))


def test_echo_begins_with_the_prompt(complete, client):
    text = complete(max_tokens=5)["text"]
    assert complete(max_tokens=5, echo=True)["text"] == TEXT + text
    response = client.post(
        "/v1/completions", json={"prompt": TEXT, "max_tokens": 5, "temperature": 0, "echo": True, "stream": True}
    )
    assert "".join(each["choices"][0]["text"] for each in events_of(response.text)) == TEXT + text


def test_a_text_is_scored_without_a_token_more(complete, engine):
    ids = engine.model.encode(WHO)
    choice = complete(ids, max_tokens=0, echo=True, logprobs=3, return_tokens_as_token_ids=True)
    own = score(engine, Prompt(token_ids=ids[:1]), ids[1:], k=3)
    found = choice["logprobs"]
    assert found["tokens"] == [f"token_id:{token_id}" for token_id in ids]
    assert found["token_logprobs"][0] is None
    assert found["token_logprobs"][1:] == pytest.approx([float(value) for value in _logs(own.model_probabilities)])
    for top, best, there in zip(found["top_logprobs"][1:], own.alternative_ids, ids[1:], strict=True):
        assert set(top) == {f"token_id:{token_id}" for token_id in (*best, there)}
    assert choice["finish_reason"] == "length"
    assert choice["text"] == engine.model.tokenizer.decode(ids)


def test_of_tokens_that_are_written_alike_the_chosen_one_keeps_its_own_logprob(client, monkeypatch):
    async def alike(service, before, token_ids, k):
        return [Scored(token_ids[0], -5.0, ((token_ids[0] + 1, -0.1), (token_ids[0] + 2, -0.2)))]

    monkeypatch.setattr("dolly_widget.serving.reply.scores", alike)
    monkeypatch.setattr("dolly_widget.serving.completions.token_text", lambda *arguments, **options: "\ufffd")
    response = client.post("/v1/completions", json={"prompt": "a", "max_tokens": 1, "logprobs": 2})
    found = response.json()["choices"][0]["logprobs"]
    assert (found["token_logprobs"], found["top_logprobs"]) == ([-5.0], [{"\ufffd": -5.0}])


def _logs(chances):
    import numpy as np

    return np.log(chances)


def test_the_tokens_of_an_answer_have_their_logprobs(complete, client, engine):
    choice = complete(logprobs=2, return_token_ids=True)
    own = score(engine, WHO, choice["token_ids"], k=2)
    found = choice["logprobs"]
    assert found["tokens"] == [engine.model.tokenizer.token_text(token_id) for token_id in choice["token_ids"]]
    assert "".join(found["tokens"]) == choice["text"]
    assert found["token_logprobs"] == pytest.approx(list(_logs(own.model_probabilities)))
    # Greedily, each is the likeliest: of two that are given, it is the first.
    assert [next(iter(top)) for top in found["top_logprobs"]] == found["tokens"]
    assert [choice["text"][place] for place in found["text_offset"]] == [token[0] for token in found["tokens"]]
    sent = {"prompt": TEXT, "temperature": 0, "logprobs": 2, "stream": True}
    pieces = [event["choices"][0]["logprobs"] for event in events_of(client.post("/v1/completions", json=sent).text)]
    for name in ("tokens", "token_logprobs", "text_offset"):
        streamed = [value for piece in pieces if piece for value in piece[name]]
        assert streamed == (pytest.approx(found[name]) if name == "token_logprobs" else found[name])


def test_an_answer_has_the_shape_that_is_asked_for(complete):
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 8}, "legs": {"type": "integer"}},
        "required": ["name", "legs"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "animal", "strict": True, "schema": schema}}
    value = json.loads(complete(max_tokens=100, response_format=form)["text"])
    assert set(value) == {"name", "legs"}
    assert isinstance(value["legs"], int)


def test_a_shaped_answer_that_is_cut_short_comes_as_it_is(complete):
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    choice = complete(max_tokens=3, response_format=form)
    assert choice["text"].startswith("{")
    assert choice["finish_reason"] == "length"


def test_penalties_are_openai_s(complete, engine):
    own = answered(engine, presence_penalty=1.5, frequency_penalty=0.5)
    choice = complete(presence_penalty=1.5, frequency_penalty=0.5, return_token_ids=True)
    assert choice["token_ids"] == list(own.token_ids)


def test_fields_that_nobody_knows_are_ignored(complete):
    assert complete(user="me", what={"is": ["this"]}, stream=None, stop=None, n=None) == complete()


def test_a_seed_of_any_size_is_taken(complete):
    assert complete(temperature=1, seed=-1) == complete(temperature=1, seed=2**32 - 1)


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"prompt": None}, "prompt", "prompt must be a text, a list of token ids"),
        ({"prompt": []}, "prompt", "not []"),
        ({"prompt": ["a", 1]}, "prompt", "a list"),
        ({"prompt": [[1], "a"]}, "prompt", "a list"),
        ({"prompt": [1, 4096]}, "prompt", "prompt must hold token ids, 0 to 4095, but 4096 is none."),
        ({"prompt": [1, True]}, "prompt", "but true is none."),
        ({"prompt": [[1], [-1]]}, "prompt", "but -1 is none."),
        ({"prompt": ""}, "prompt", "The prompt is empty"),
        ({"prompt": ["a"] * 129}, "prompt", "at most 128"),
        ({"prompt": ["a"] * 100, "n": 2}, "n", "200 answers"),
        ({"max_tokens": -2}, "max_tokens", "max_tokens must be a whole number, 1 to 32768, not -2."),
        ({"max_tokens": 0}, "max_tokens", "max_tokens must be a whole number, 1 to 32768, not 0."),
        ({"max_tokens": "5"}, "max_tokens", "not '5'."),
        ({"max_tokens": 1.5}, "max_tokens", "not 1.5."),
        ({"max_tokens": True}, "max_tokens", "not true."),
        ({"temperature": -1}, "temperature", "temperature must be"),
        ({"temperature": "hot"}, "temperature", "temperature must be a number, not 'hot'."),
        ({"top_p": -0.1}, "top_p", "top_p must be"),
        ({"top_k": 5000}, "top_k", "top_k must be"),
        ({"min_p": 1}, "min_p", "min_p must be"),
        ({"presence_penalty": 3}, "presence_penalty", "presence_penalty must be"),
        ({"repetition_penalty": 0}, "repetition_penalty", "repetition_penalty must be"),
        ({"seed": 1.5}, "seed", "seed must be a whole number"),
        ({"stop": 5}, "stop", "stop must be a text, or a list"),
        ({"stop": [""]}, "stop", "none of them empty"),
        ({"stop": ["a"] * 17}, "stop", "at most 16"),
        ({"stop_token_ids": [9999]}, "stop_token_ids", "0 to 4095"),
        ({"stop_token_ids": [1], "ignore_eos": True}, "ignore_eos", "does not go with"),
        ({"stop": ["a", "### End"], "ignore_eos": True}, "stop", "does not go with stop '### End', a control token"),
        ({"n": 0}, "n", "n must be"),
        ({"n": 129}, "n", "1 to 128"),
        ({"logprobs": 21}, "logprobs", "logprobs must be a whole number, 0 to 20, not 21."),
        ({"echo": "yes"}, "echo", "echo must be true or false, not 'yes'."),
        ({"stream": 1}, "stream", "stream must be true or false"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "stream: true"),
        ({"stream": True, "stream_options": []}, "stream_options", "must be an object"),
        ({"response_format": "json"}, "response_format", "must be an object"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "json_schema"),
        ({"response_format": {"type": "json_schema"}}, "response_format", "schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "sheep"}}}},
            "response_format",
            "This schema cannot be used",
        ),
        ({"response_format": {"type": "json_object"}, "stop": "a"}, None, "stop"),
        ({"suffix": "b"}, "suffix", "not supported"),
        ({"logit_bias": {"5": 1}}, "logit_bias", "not supported"),
        ({"best_of": 3}, "best_of", "not supported"),
        ({"model": 5}, "model", "a text"),
    ],
    ids=str,
)
def test_a_field_that_is_wrong_is_named_with_what_it_must_be(client, fields, param, says):
    error = refusal(client, **fields)
    assert error["param"] == param
    assert says in error["message"]


def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(client):
    error = refusal(client, prompt=[5] * 2040)
    assert error["code"] == "context_length_exceeded"
    assert "maximum context length is 2048 tokens" in error["message"]
    assert "you requested 2056 tokens (2040 in the prompt, 16 in the completion)" in error["message"]


@pytest.mark.parametrize("text", ["a" * 3_000_000, "§" * 500_000, " " * 1_000_000])
def test_a_text_that_cannot_fit_is_refused_before_it_is_encoded(client, text, monkeypatch):
    monkeypatch.setattr(client.service.model, "encode", None)
    error = refusal(client, prompt=["a", text])
    assert (error["code"], error["param"]) == ("context_length_exceeded", "prompt")
    assert "maximum context length is 2048 tokens. However, your prompt has" in error["message"]
    assert "bytes, which are more than 2048 tokens: shorten the prompt." in error["message"]


@pytest.mark.parametrize("path", ["completions", "chat/completions"])
@pytest.mark.parametrize(
    ("name", "asks", "asks_nothing"),
    [
        ("guided_json", {"type": "object"}, None),
        ("guided_regex", "a+", ""),
        ("guided_choice", ["a"], []),
        ("guided_grammar", "root ::= x", None),
        ("min_tokens", 5, 0),
        ("allowed_token_ids", [5], []),
        ("bad_words", ["a"], []),
        ("use_beam_search", True, False),
        ("prompt_logprobs", 1, None),
        ("continue_final_message", True, False),
        ("add_generation_prompt", False, True),
        ("chat_template", "{{ messages }}", None),
        ("chat_template_kwargs", {"enable_thinking": False}, {}),
        ("truncate_prompt_tokens", 5, None),
        ("logit_bias", {"5": 1}, {}),
    ],
)
def test_a_field_that_would_change_the_answer_is_refused(client, path, name, asks, asks_nothing):
    sent = {"prompt": "Hi", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    refused = client.post(f"/v1/{path}", json={**sent, name: asks})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, name)
    assert client.post(f"/v1/{path}", json={**sent, name: asks_nothing}).status_code == 200


def test_minus_one_new_tokens_are_all_that_fit():
    engine = Counting()
    with client_of(engine) as client:
        for prompt in ([5] * 100, [5] * 2047):
            assert client.post("/v1/completions", json={"prompt": prompt, "max_tokens": -1}).status_code == 200
            assert engine.calls[-1][1].max_new_tokens == 2048 - len(prompt)
        prompts = [[5] * 100, [5] * 200]
        assert client.post("/v1/completions", json={"prompt": prompts, "max_tokens": -1}).status_code == 200
        assert sorted(call[1].max_new_tokens for call in engine.calls[-2:]) == [1848, 1948]
        assert client.post("/v1/completions", json={"prompt": [5] * 2048, "max_tokens": -1}).status_code == 400


def test_a_top_p_of_nothing_is_the_likeliest_token(complete):
    assert complete(top_p=0, temperature=2, seed=5, max_tokens=20) == complete(temperature=0, max_tokens=20)


def test_a_text_that_may_fit_is_encoded(client):
    vocabulary = client.service.model.tokenizer.ids_by_bytes
    longest = max(vocabulary, key=len).decode()
    error = refusal(client, prompt=longest * (2048 * 16 // len(longest) + 5))
    assert "in the prompt" in error["message"] or "bytes" in error["message"]


def test_an_unknown_model_is_not_found(client):
    response = client.post("/v1/completions", json={"prompt": "Hi", "model": "gpt-4"})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert "ask for dolly or demo" in response.json()["error"]["message"]


def test_a_server_can_keep_from_loading_the_model_twice(engine):
    with client_of(engine, limits=Limits(has_logprobs=False)) as client:
        assert "gives no logprobs" in refusal(client, logprobs=0)["message"]
        messages = [{"role": "user", "content": "Hi"}]
        response = client.post("/v1/chat/completions", json={"messages": messages, "logprobs": True})
        assert response.status_code == 400
        assert client.post("/v1/completions", json={"prompt": "Hi"}).status_code == 200


@pytest.mark.parametrize("name", ["presence_penalty", "frequency_penalty"])
def test_a_server_can_keep_from_letting_one_answer_stop_all_others(engine, name):
    with client_of(engine, limits=Limits(has_penalties=False)) as client:
        error = refusal(client, **{name: 0.5})
        assert (error["message"], error["param"]) == (f"This server takes no {name}: leave it at 0.", name)
        chat = {"messages": [{"role": "user", "content": "Hi"}], name: 0.5}
        assert client.post("/v1/chat/completions", json=chat).status_code == 400
        assert client.post("/v1/completions", json={"prompt": "Hi", name: 0}).status_code == 200


def test_half_a_character_harms_nobody(client):
    def sent(**fields):
        content = json.dumps({"prompt": "\ud800", "max_tokens": 1, **fields})
        return client.post("/v1/completions", content=content, headers={"Content-Type": "application/json"})

    assert sent(echo=True).status_code == 200
    assert sent(stop="\ud800", echo=True, stream=True).status_code == 200
    assert sent(model="\ud800").status_code == 404
    schema = {"type": "object", "properties": {"\ud800": {"type": "\udfff"}}}
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    assert sent(response_format=form).status_code == 400


def test_nothing_that_was_refused_keeps_a_place(client):
    for fields in ({"prompt": [5] * 3000}, {"prompt": ""}, {"n": 500}, {"response_format": {"type": "json_schema"}}):
        refusal(client, **fields)
    assert client.service.line.is_empty


class Counting(ScriptedEngine):
    """Takes what a server hands over beside the settings."""

    def generate(self, prompt, params, *, endings=None, **more):
        return super().generate(prompt, params, **more)
