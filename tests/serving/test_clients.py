"""What others use to ask: OpenAI's client, Hugging Face's, curl."""

import json
import shutil
import subprocess

import pytest
from real_engines import start
from served import LIMIT_S, on_port

from dolly_widget import SamplingParams
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.sampling import MODEL
from dolly_widget.serving import Access
from dolly_widget.text import DOLLY

KEY = "sheep-0123456789"
WHO = DOLLY.render("Who is Dolly?")
SAID = [{"role": "user", "content": "Who is Dolly?"}]


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def own(engine):
    """The engine's own answer."""
    return engine.generate(WHO, SamplingParams(**{**vars(MODEL), "temperature": 0}))


@pytest.fixture(scope="module")
def url(engine):
    with on_port(engine, access=Access(KEY)) as (url, _):
        yield url


@pytest.fixture(scope="module")
def openai_client(url):
    import openai

    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, timeout=LIMIT_S, max_retries=0) as client:
        yield client


def test_openai_s_client_lists_the_models(openai_client):
    assert [model.id for model in openai_client.models.list()] == ["dolly", "demo"]
    assert openai_client.models.retrieve("dolly").id == "dolly"


def test_openai_s_client_completes_a_text(openai_client, own):
    answer = openai_client.completions.create(
        model="dolly", prompt=str(WHO), temperature=0, max_tokens=100, logprobs=1, extra_body={"return_token_ids": True}
    )
    (choice,) = answer.choices
    assert choice.text.rstrip() == own.text
    assert tuple(choice.token_ids) == own.token_ids
    assert len(choice.logprobs.token_logprobs) == answer.usage.completion_tokens == own.new_tokens


def test_openai_s_client_chats(openai_client, own):
    answer = openai_client.chat.completions.create(
        model="dolly", messages=SAID, temperature=0, logprobs=True, top_logprobs=3
    )
    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason) == (own.text, "stop")
    assert len(choice.logprobs.content[0].top_logprobs) == 3


def test_openai_s_client_reads_streams(openai_client, own):
    options = {"include_usage": True}
    with openai_client.chat.completions.create(
        model="dolly", messages=SAID, temperature=0, stream=True, stream_options=options
    ) as stream:
        *pieces, last = stream
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == own.text
    assert last.usage.completion_tokens == own.new_tokens
    pieces = openai_client.completions.create(model="dolly", prompt=str(WHO), temperature=0, stream=True)
    text = "".join(piece.choices[0].text for piece in pieces)
    assert text
    assert own.text.startswith(text)


def test_openai_s_client_gets_answers_of_a_shape(openai_client):
    import pydantic

    class Animal(pydantic.BaseModel):
        is_sheep: bool
        legs: int

    answer = openai_client.chat.completions.parse(model="dolly", messages=SAID, response_format=Animal, max_tokens=64)
    assert isinstance(answer.choices[0].message.parsed, Animal)


def test_openai_s_client_raises_the_errors_that_it_has_for_them(openai_client, url):
    import openai

    with pytest.raises(openai.NotFoundError, match="There is no model"):
        openai_client.completions.create(model="gpt-4", prompt="Hi")
    with pytest.raises(openai.BadRequestError, match="maximum context length is 2048 tokens") as caught:
        openai_client.completions.create(model="dolly", prompt=[5] * 3000)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "prompt")
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as other,
        pytest.raises(openai.AuthenticationError, match="needs a key"),
    ):
        other.models.list()


def test_hugging_face_s_client_chats(url, own):
    from huggingface_hub import InferenceClient

    client = InferenceClient(base_url=f"{url}/v1", api_key=KEY, timeout=LIMIT_S)
    answer = client.chat_completion(SAID, model="dolly", temperature=0.0, max_tokens=200)
    assert answer.choices[0].message.content == own.text
    pieces = client.chat_completion(SAID, model="dolly", temperature=0.0, max_tokens=200, stream=True)
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == own.text


@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl here.")
def test_curl_asks(url, own):
    def curl(path, *arguments):
        command = ["curl", "--silent", "--show-error", "--no-buffer", "-H", f"Authorization: Bearer {KEY}"]
        run = subprocess.run([*command, url + path, *arguments], capture_output=True, timeout=LIMIT_S, check=True)
        return run.stdout.decode()

    assert json.loads(curl("/v1/models"))["data"][0]["id"] == "dolly"
    sent = ("-H", "Content-Type: application/json", "-d", json.dumps({"messages": SAID, "temperature": 0}))
    assert json.loads(curl("/v1/chat/completions", *sent))["choices"][0]["message"]["content"] == own.text
    streamed = json.dumps({"prompt": str(WHO), "max_tokens": 3, "stream": True})
    answer = curl("/v1/completions", "-H", "Content-Type: application/json", "-d", streamed)
    assert answer.startswith("data: {")
    assert answer.endswith("data: [DONE]\n\n")
    assert "dolly_widget_requests_total" in curl("/metrics")
