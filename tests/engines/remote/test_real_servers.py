"""One contract over real servers: our own, llama.cpp's, and that of transformers, which takes chats alone.

The last two are slow, and need packages of their own.
"""

import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec

import llama_server
import pytest
from random_texts import random_texts
from real_engines import serve

from dolly_widget.engines import GenerationRequest, Listener, load_engine
from dolly_widget.errors import PromptTooLongError
from dolly_widget.models import DEMO_CHECKPOINT, Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime import PRECISE
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY, SERVER

GREEDY = SamplingParams(max_new_tokens=60, temperature=0)
QUESTIONS = ("What is the capital of France?", "Write a poem about a cat.", "What does ### End mean?", "Say 🙂 שלום.")
LIMIT_S = 60
CHAT_TEMPLATE = """\
{% for message in messages %}{% if message.role == 'user' %}Below is an instruction that describes a task. Write a \
response that appropriately completes the request.

### Instruction:
{{ message.content }}

{% endif %}{% endfor %}### Response:
{{ '' }}"""


@contextmanager
def our_engine(_):
    engine = serve(OPENVINO_DIR, device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


@contextmanager
def llama_engine(directory):
    if not llama_server.IS_INSTALLED:
        pytest.skip(llama_server.NEEDS_IT)
    file = llama_server.write_demo_gguf(directory / "demo.gguf")
    with llama_server.llama_server(file) as address:
        engine = load_engine(f"{address}/v1", model="dolly", tokenizer="demo")
        yield engine
        engine.close()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(our_engine, id="ours"),
        pytest.param(llama_engine, id="llama.cpp", marks=pytest.mark.slow),
    ],
)
def engine(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("server")) as engine:
        yield engine


@pytest.fixture(scope="module")
def local():
    engine = load_engine(OPENVINO_DIR, device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


def is_ours(engine):
    return engine.server.kind == "dolly-widget"


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_that_of_the_local_engine(engine, local, question):
    pieces = []
    prompt = DOLLY.render(question)
    result = engine.generate(prompt, GREEDY, on_text=pieces.append)
    expected = local.generate(prompt, GREEDY)
    assert result.token_ids == expected.token_ids
    assert result.text == "".join(pieces) == expected.text
    assert (result.finish_reason, result.prompt_tokens) == (expected.finish_reason, expected.prompt_tokens)
    assert result.notes == ()


def test_two_hundred_answers_are_those_of_the_local_engine(engine, local):
    """To texts of all kinds, as users may type them."""
    params = SamplingParams(max_new_tokens=24, temperature=0)
    texts = [*QUESTIONS, *(text for text in random_texts(400) if len(text) < 400)][:200]
    requests = [GenerationRequest(DOLLY.render(text), params) for text in texts]
    outcomes = dict(engine.generate_many(requests, at_once=16))
    expected = dict(local.generate_many(requests))
    assert len(outcomes) == len(expected) == 200
    same = [outcomes[place].token_ids == expected[place].token_ids for place in range(200)]
    # llama.cpp computes in another way, and near ties may go the other way.
    assert sum(same) == 200 if is_ours(engine) else sum(same) >= 180
    assert all(outcomes[place].text == expected[place].text for place in range(200) if same[place])


def test_it_goes_on_from_any_beginning(engine, local):
    prompt = DOLLY.render(QUESTIONS[0])
    whole = local.generate(prompt, GREEDY)
    for count in range(len(whole.token_ids)):
        result = engine.generate(prompt, GREEDY, prefix_ids=whole.token_ids[:count])
        assert (result.text, result.token_ids) == (whole.text, whole.token_ids)


def test_wild_text_is_the_text_of_its_ids(engine):
    """Any bytes: characters of several tokens, and halves of them."""
    tokenizer = Model(OPENVINO_DIR).tokenizer
    for seed in range(8):
        pieces = []
        params = SamplingParams(max_new_tokens=60, temperature=5, top_p=1, seed=seed)
        result = engine.generate(DOLLY.render("Say something."), params, on_text=pieces.append)
        assert "".join(pieces) == result.text == tokenizer.decode(result.token_ids).rstrip()


def test_equal_seeds_give_equal_answers(engine):
    params = [SamplingParams(max_new_tokens=12, temperature=5, top_p=1, seed=seed) for seed in (1, 2, 1, 2**32 - 1)]
    ids = [engine.generate(DOLLY.render("Go."), each).token_ids for each in params]
    same = 12 if is_ours(engine) else 4  # in llama.cpp, the last digits depend on what it has read before
    assert ids[0][:same] == ids[2][:same]
    assert ids[0] != ids[1]


def test_stop_ends_an_answer(engine):
    stop = threading.Event()
    params = SamplingParams(max_new_tokens=1500, temperature=5, top_p=1, seed=1)
    result = engine.generate(DOLLY.render("Go on."), params, on_text=lambda _: stop.set(), stop=stop)
    assert result.finish_reason == "cancelled"
    assert 0 < result.new_tokens < 1500


def test_a_text_that_is_too_long_is_refused(engine):
    with pytest.raises(PromptTooLongError) as refused:
        engine.generate(DOLLY.render("7 " * 3000), GREEDY)
    assert refused.value.max_positions == 2048


@pytest.mark.parametrize("shape", [["yes", "no"], int, bool, re.compile("[a-c]{3}")])
def test_an_answer_has_its_shape(engine, shape):
    value = engine.generate(DOLLY.render("Is Paris in France?"), GREEDY, answer=shape).value
    kinds = {int: int, bool: bool}
    assert value in ("yes", "no") or isinstance(value, kinds.get(shape, str))


def test_probabilities_are_those_of_the_model(engine, local):
    from dolly_widget.lens.scores import score

    ids = local.model.encode(DOLLY.render(QUESTIONS[0]))
    answer = local.generate(DOLLY.render(QUESTIONS[0]), GREEDY).token_ids
    whole = [*ids, *answer]
    places = list(engine.logprobs_after(whole, len(ids) - 1))
    assert len(places) == len(answer) + 1
    scores = score(local, DOLLY.render(QUESTIONS[0]), answer)
    for place, token_id in enumerate(answer):
        assert max(places[place], key=places[place].get) == token_id
        assert 2.718281828 ** places[place][token_id] == pytest.approx(scores.model_probabilities[place], abs=0.02)


def test_many_at_once(engine, local):
    requests = [GenerationRequest(DOLLY.render(f"What is {number} plus 1?"), GREEDY) for number in range(12)]
    outcomes = dict(engine.generate_many(requests))
    expected = [local.generate(request.prompt, GREEDY).token_ids for request in requests]
    assert [outcomes[place].token_ids for place in range(12)] == expected


def test_a_chat_is_rendered_there(engine):
    if not is_ours(engine):
        pytest.skip("this file has no template of its own")
    chat = load_engine(engine.setup.model, template=SERVER)
    assert chat.generate(SERVER.render(QUESTIONS[0]), GREEDY).text == "The capital of France is Paris."


def test_without_a_tokenizer_a_text_is_sent(engine, local):
    if is_ours(engine):
        pytest.skip("this server hands its tokenizer out")
    plain = load_engine(engine.setup.model, template=DOLLY)
    result = plain.generate(DOLLY.render(QUESTIONS[0]), SamplingParams(max_new_tokens=7, temperature=0))
    assert local.generate(DOLLY.render(QUESTIONS[0]), GREEDY).text.startswith(result.text[:20])


# transformers serve


@pytest.fixture(scope="module")
def transformers_url(tmp_path_factory):
    if not all(map(find_spec, ("transformers", "accelerate", "fastapi"))):
        pytest.skip("transformers' own server is tried: `python -m pip install transformers[serving] accelerate`")
    checkpoint = shutil.copytree(DEMO_CHECKPOINT, tmp_path_factory.mktemp("transformers") / "dolly")
    (checkpoint / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(checkpoint), "--host", "127.0.0.1"]
    with subprocess.Popen([*command, "--port", str(port), "--device", "cpu"], stderr=subprocess.DEVNULL) as child:
        try:
            for _ in range(LIMIT_S * 2):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=LIMIT_S).close()
                    break
                except OSError:
                    if child.poll() is not None:
                        pytest.fail("transformers' own server does not start")
                    threading.Event().wait(0.5)
            yield f"http://127.0.0.1:{port}/v1", str(checkpoint)
        finally:
            child.kill()


@pytest.mark.slow
def test_a_server_that_takes_chats_alone_answers_them(transformers_url):
    url, model = transformers_url
    engine = load_engine(url, model=model)
    pieces, counts = [], []
    listener = Listener(pieces.append, pieces.append, counts.append)
    result = engine.generate(
        SERVER.render(QUESTIONS[0]), SamplingParams(max_new_tokens=7, temperature=0), on_text=listener
    )
    assert result.text == "".join(pieces)
    assert result.text.startswith("The capital of France is Paris")
    assert result.finish_reason in ("length", "stop")
    drawn = engine.generate(SERVER.render(QUESTIONS[0]), SamplingParams(max_new_tokens=5, top_k=5, min_p=0.1, seed=1))
    assert "does not take top_k and min_p" in drawn.notes[0]
