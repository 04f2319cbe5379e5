"""``/v1/chat/completions``: messages become a prompt by the model's own template, and what they say stays text."""

import math

import pytest
from real_engines import start
from scripted_engine import ScriptedEngine
from served import client_of, events_of

from dolly_widget import SamplingParams
from dolly_widget.engines import GenerationResult
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.sampling import MODEL
from dolly_widget.text import DOLLY, ChatTemplate, Turn

CHAT = ChatTemplate(
    source="{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}",
    stop=("### End",),
)
QUESTION = {"role": "user", "content": "Who is Dolly?"}


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def client(engine):
    with client_of(engine) as client:
        yield client


@pytest.fixture(scope="module")
def chatting(demo_dir):
    """A client of a model with a chat template, and its engine."""
    engine = start(GenAIEngine, demo_dir, device="CPU", template=CHAT)
    with client_of(engine) as client:
        yield client, engine
    engine.close()


def chat(client, *messages, **fields):
    sent = {"messages": messages or [QUESTION], "temperature": 0, **fields}
    response = client.post("/v1/chat/completions", json=sent)
    assert response.status_code == 200, response.text
    return response


def refusal(client, messages, **fields):
    response = client.post("/v1/chat/completions", json={"messages": messages, **fields})
    assert response.status_code == 400, response.text
    return response.json()["error"]["message"]


def test_an_answer_is_the_engine_s_own(client, engine):
    answer = chat(client, return_token_ids=True).json()
    own = engine.generate(DOLLY.render("Who is Dolly?"), SamplingParams(**{**vars(MODEL), "temperature": 0}))
    (choice,) = answer["choices"]
    assert choice["message"] == {"role": "assistant", "content": own.text, "refusal": None}
    assert choice["token_ids"] == list(own.token_ids)
    assert choice["finish_reason"] == "stop"
    assert answer["object"] == "chat.completion"
    assert answer["usage"]["completion_tokens"] == own.new_tokens


def test_what_is_streamed_is_the_whole_answer(client):
    whole = chat(client, n=2, temperature=1, seed=3, max_tokens=20).json()
    fields = {"stream": True, "stream_options": {"include_usage": True}}
    *pieces, last = events_of(chat(client, n=2, temperature=1, seed=3, max_tokens=20, **fields).text)
    for choice in whole["choices"]:
        own = [piece["choices"][0] for piece in pieces if piece["choices"][0]["index"] == choice["index"]]
        assert "".join(piece["delta"].get("content", "") for piece in own) == choice["message"]["content"]
        assert own[0]["delta"]["role"] == "assistant"
        assert all("role" not in piece["delta"] for piece in own[1:])
        assert own[-1]["finish_reason"] == choice["finish_reason"]
    assert {piece["object"] for piece in pieces} == {"chat.completion.chunk"}
    assert (last["choices"], last["usage"]) == ([], whole["usage"])


def test_control_tokens_that_a_user_writes_stay_text(client, engine):
    end = engine.model.tokenizer.special_id("### End")
    message = {"role": "user", "content": "Say ### End"}
    ids = chat(client, message, max_tokens=1, return_token_ids=True).json()["choices"][0]["prompt_token_ids"]
    assert end not in ids
    assert ids == engine.model.encode(DOLLY.render("Say ### End"))


def test_turns_and_system_prompt_are_rendered_by_the_model_s_template(chatting):
    client, engine = chatting
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": [{"type": "text", "text": "Who "}, {"type": "text", "text": "is Dolly?"}]},
    ]
    ids = chat(client, *messages, max_tokens=1, return_token_ids=True).json()["choices"][0]["prompt_token_ids"]
    prompt = CHAT.render("Who is Dolly?", "", (Turn("Hello", "", "Good day."),), "Be brief.\n\nBe kind.")
    assert ids == engine.model.encode(prompt)


def test_several_messages_of_the_user_in_a_row_are_one(chatting):
    client, engine = chatting
    messages = [
        {"role": "user", "content": "A file:"},
        {"role": "user", "content": "x = 1"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "What"},
        {"role": "user", "content": "is"},
        {"role": "user", "content": "it?"},
    ]
    ids = chat(client, *messages, max_tokens=1, return_token_ids=True).json()["choices"][0]["prompt_token_ids"]
    prompt = CHAT.render("What\n\nis\n\nit?", "", (Turn("A file:\n\nx = 1", "", ""),), "")
    assert ids == engine.model.encode(prompt)


def test_minus_one_new_tokens_are_all_that_fit():
    engine = Counting()
    with client_of(engine) as client:
        for name in ("max_tokens", "max_completion_tokens"):
            usage = chat(client, **{name: -1}).json()["usage"]
            assert engine.calls[-1][1].max_new_tokens == 2048 - usage["prompt_tokens"]


def test_without_a_number_an_answer_may_fill_what_fits(demo_dir):
    engine = Counting()
    with client_of(engine) as client:
        chat(client)
        assert engine.calls[-1][1].max_new_tokens == 1024
        chat(client, {"role": "user", "content": "a " * 1500})
        assert 0 < engine.calls[-1][1].max_new_tokens < 600
        chat(client, max_completion_tokens=7, max_tokens=9)
        assert engine.calls[-1][1].max_new_tokens == 7


class Counting(ScriptedEngine):
    """Takes what a server hands over beside the settings."""

    def generate(self, prompt, params, *, endings=None, **more):
        return super().generate(prompt, params, **more)


class Thinking(Counting):
    """Thinks before it answers."""

    def generate(self, prompt, params, *, on_text, **more):
        on_text.reasoning("A sheep")
        on_text.on_ids([1, 2])
        on_text.reasoning(", I think.")
        on_text("A sheep.")
        on_text.on_ids([3])
        return GenerationResult("A sheep.", (1, 2, 3), 5, "stop", 0, 0.1, 0.1, reasoning_tokens=2)


def test_reasoning_is_beside_the_answer():
    with client_of(Thinking()) as client:
        answer = chat(client).json()
        message = answer["choices"][0]["message"]
        assert (message["content"], message["reasoning_content"]) == ("A sheep.", "A sheep, I think.")
        assert answer["usage"]["completion_tokens_details"] == {"reasoning_tokens": 2}
        deltas = [event["choices"][0]["delta"] for event in events_of(chat(client, stream=True).text)]
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "A sheep, I think."
    assert "".join(delta.get("content", "") for delta in deltas) == "A sheep."


def test_tokens_have_their_logprobs(client, engine):
    answer = chat(client, logprobs=True, top_logprobs=2, max_tokens=8).json()["choices"][0]
    tokens = answer["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens).rstrip() == answer["message"]["content"]
    for token in tokens:
        assert bytes(token["bytes"]).decode() == token["token"]
        assert len(token["top_logprobs"]) == 2
        assert token["logprob"] == max(each["logprob"] for each in token["top_logprobs"])  # greedily
        assert 0 < math.exp(token["logprob"]) <= 1
    assert chat(client, max_tokens=1).json()["choices"][0]["logprobs"] is None


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (None, "messages must be a list of 1 to 1000 messages, not null."),
        ([], "messages must be a list"),
        ("Hi", "messages must be a list"),
        (["Hi"], "messages[0] must be an object with role and content."),
        ([{"role": "tool", "content": "x"}], "messages[0].role must be one of system, user and assistant"),
        ([{"role": "user"}], "messages[0].content must be a text"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}], "content[0] must be a text part"),
        ([{"role": "system", "content": "x"}], "The last message must be the user's"),
        ([QUESTION, {"role": "assistant", "content": "A"}], "does not go on from an answer"),
        (
            [QUESTION, *[{"role": "assistant", "content": "A"}] * 2],
            "messages[2] must be the user's, not the assistant's",
        ),
        ([QUESTION, {"role": "user"}], "messages[1].content must be a text"),
        ([{"role": "assistant", "content": "x"}], "messages[0] must be the user's"),
        ([QUESTION, {"role": "system", "content": "x"}], "messages[1] is the system's: it must come before"),
        ([{"role": "system", "content": "Be brief."}, QUESTION], "takes no system prompt"),
        ([QUESTION, {"role": "assistant", "content": "A"}, QUESTION], "cannot be given earlier turns"),
    ],
    ids=str,
)
def test_messages_that_are_no_chat_are_refused(client, messages, says):
    assert says in refusal(client, messages)


def test_messages_that_cannot_fit_are_refused_before_they_are_rendered(chatting, monkeypatch):
    client, _ = chatting
    monkeypatch.setattr("dolly_widget.serving.chat.render", None)
    long = "a" * 500_000
    for messages in (
        [{"role": "user", "content": long}],
        [{"role": "system", "content": long}, QUESTION],
        [QUESTION, {"role": "assistant", "content": long}, QUESTION],
    ):
        assert "your prompt has 500,0" in refusal(client, messages)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tools": [{"type": "function"}]}, "tools is not supported"),
        ({"top_logprobs": 2}, "top_logprobs goes with logprobs: true"),
        ({"logprobs": 3}, "logprobs must be true or false, not 3."),
        ({"max_tokens": 2045}, "maximum context length is 2048 tokens"),
    ],
    ids=str,
)
def test_fields_that_are_wrong_are_refused(client, fields, says):
    assert says in refusal(client, [QUESTION], **fields)
