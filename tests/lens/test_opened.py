"""What the lens shows is what the engine goes by, and what the checkpoint's own arithmetic gives."""

import gc
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from lens_files import Files, echo
from real_engines import share, start

from dolly_widget import load_engine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.errors import EngineError
from dolly_widget.lens.opened import open_model
from dolly_widget.lens.reader import Reader, precise
from dolly_widget.lens.scores import next_token
from dolly_widget.models.conversion.export import _export_uncompressed
from dolly_widget.models.info import ModelInfo
from dolly_widget.runtime import PRECISE
from dolly_widget.sampling.logits import probabilities
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.template import DOLLY, PLAIN, Prompt
from dolly_widget.text.tokenizer import Tokenizer

HELLO = DOLLY.render("What colour is the sky?")
GREEDY = SamplingParams(max_new_tokens=40, temperature=0)


@pytest.fixture(scope="module")
def files(demo_dir):
    return Files(demo_dir)


@pytest.fixture(scope="module")
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir, ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.mark.parametrize("text", ["What colour is the sky?", "Say ### End 🙂", "7 + 5"])
def test_the_likeliest_tokens_are_the_engines_greedy_answer(engine, text):
    prompt = DOLLY.render(text)
    answer = engine.generate(prompt, GREEDY).token_ids
    assert len(answer) > 1
    likeliest = [int(next_token(engine, prompt, answer[:count]).argmax()) for count in range(len(answer))]
    assert tuple(likeliest) == answer


@pytest.mark.parametrize("kind", ["dolly", "llama"])
def test_logits_are_those_of_the_checkpoint(checkpoint, kind, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    _export_uncompressed(checkpoint(kind), tmp_path, "fp32", lambda progress: None)
    prompt = PLAIN.render("Where do the sheep sleep?")
    ids = Tokenizer(tmp_path).encode(prompt)
    model = AutoModelForCausalLM.from_pretrained(checkpoint(kind))
    with torch.no_grad():
        expected = model(torch.tensor([[*ids, 5, 9]])).logits[0, -1].numpy()
    np.testing.assert_allclose(next_token(Files(tmp_path), prompt, [5, 9]), expected, atol=1e-3)


def test_logits_are_a_vector_of_float32_over_the_vocabulary(files):
    logits = next_token(files, HELLO)
    assert logits.dtype == np.float32
    assert logits.shape == (files.model.info.config["vocab_size"],)
    assert probabilities(logits, SamplingParams()).sum() == pytest.approx(1)


def test_nothing_is_left_of_the_text_before(files):
    first = next_token(files, HELLO)
    kept = first.copy()
    other = next_token(files, PLAIN.render("7 " * 50))
    assert abs(other - first).max() > 0.1
    np.testing.assert_array_equal(next_token(files, HELLO), first)
    np.testing.assert_array_equal(first, kept)


def test_a_prefix_is_as_if_the_prompt_went_on(files, tokenizer):
    whole = tokenizer.encode(HELLO)
    expected = next_token(files, HELLO)
    np.testing.assert_array_equal(next_token(files, Prompt(()), whole), expected)
    np.testing.assert_array_equal(next_token(files, Prompt(()), np.array(whole)), expected)


@pytest.mark.parametrize("device", ["CPU", "AUTO:CPU", "HETERO:CPU"])
def test_every_device_computes_in_float32(files, demo_dir, device):
    """Rounded to 8 bits, as it is done by default where the processor can, logits are off by some tenths."""
    assert set(precise(device)) == set(PRECISE)
    np.testing.assert_allclose(next_token(Files(demo_dir, device), HELLO), next_token(files, HELLO), atol=1e-3)


def test_a_model_is_given_only_the_inputs_that_it_has(demo_dir, tmp_path):
    """Some architectures count the positions themselves."""
    assert next_token(echo(demo_dir, tmp_path / "echo"), HELLO, [77]).argmax() == 77


# What cannot be read


@pytest.mark.parametrize("token_id", [-1, 4096, 10**20])
def test_an_id_that_no_token_has_is_named(files, token_id):
    with pytest.raises(ValueError, match=f"no token {token_id}: the model has 4,096"):
        next_token(files, HELLO, [5, token_id])


def test_an_id_is_a_whole_number(files):
    with pytest.raises(TypeError, match="integer"):
        next_token(files, HELLO, [5.5])


def test_an_empty_prompt_is_refused(files):
    with pytest.raises(ValueError, match="prompt is empty"):
        next_token(files, Prompt(()))


def test_a_text_may_fill_all_positions_and_no_more(files, demo_dir):
    longest = ModelInfo(demo_dir).max_positions
    assert np.isfinite(next_token(files, Prompt(()), [5] * longest)).all()
    with pytest.raises(ValueError, match=f"only {longest} positions: shorten it by at least 3 tokens"):
        next_token(files, Prompt(()), [5] * (longest + 3))


def test_a_broken_model_is_reported_and_read_once_it_is_mended(demo_dir, tmp_path):
    files = Files(shutil.copytree(demo_dir, tmp_path / "model"))
    graph = files.model.directory / "openvino_model.xml"
    whole = graph.read_bytes()
    graph.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineError, match="could not load") as caught:
        next_token(files, HELLO)
    assert ".cpp" not in str(caught.value)
    assert "\n" not in str(caught.value)
    graph.write_bytes(whole)
    assert next_token(files, HELLO).size


def test_what_fails_while_reading_is_one_sentence(demo_dir, tmp_path):
    with pytest.raises(EngineError, match="Reading the text on CPU failed") as caught:
        next_token(echo(demo_dir, tmp_path / "echo", length=3), HELLO)
    assert ".cpp" not in str(caught.value)
    assert "\n" not in str(caught.value)


# One model an engine


def test_the_model_is_loaded_once_and_freed_with_the_engine(demo_dir):
    files = Files(demo_dir)
    next_token(files, HELLO)
    reader = weakref.ref(open_model(files).reader)
    next_token(files, HELLO)
    assert open_model(files).reader is reader()
    del files
    gc.collect()
    assert reader() is None


@pytest.mark.parametrize("load", [load_engine, share])
def test_closing_the_engine_frees_the_model_and_ends_reading(demo_dir, load):
    engine = load(demo_dir, device="CPU")
    next_token(engine, HELLO)
    reader = open_model(engine).reader
    assert reader._request is not None
    release = reader._release
    assert release.alive
    engine.close()
    assert reader._request is None
    assert not release.alive  # it held the compiled model
    with pytest.raises(EngineError, match="This engine is closed"):
        next_token(engine, HELLO)
    closed = load(demo_dir, device="CPU")
    closed.close()
    with pytest.raises(EngineError, match="This engine is closed"):
        next_token(closed, HELLO)


def test_many_threads_at_once_get_what_one_gets(files):
    prompts = [DOLLY.render("7 " * count) for count in range(1, 9)]
    expected = [next_token(files, prompt) for prompt in prompts]
    start = threading.Barrier(len(prompts))

    def read(prompt):
        start.wait(30)
        return [next_token(files, prompt) for _ in range(5)]

    with ThreadPoolExecutor(len(prompts)) as pool:
        for found, logits in zip(pool.map(read, prompts), expected, strict=True):
            assert all(np.array_equal(each, logits) for each in found)


def test_the_model_is_loaded_on_a_thread_of_its_own(demo_dir, monkeypatch):
    """Or the next Ctrl+C after it is freed ends the process."""
    seen = []
    compile_model = Reader._compile
    monkeypatch.setattr(Reader, "_compile", lambda reader: seen.append(threading.get_ident()) or compile_model(reader))
    next_token(Files(demo_dir), HELLO)
    assert seen
    assert threading.get_ident() not in seen


def test_a_stop_ends_the_reading_of_a_long_text_early(files, monkeypatch):
    monkeypatch.setattr("dolly_widget.lens.reader.MAX_BLOCK", 5)
    stop = threading.Event()
    stop.set()
    assert next_token(files, PLAIN.render("7 " * 50), stop=stop).size == 0
    assert next_token(files, PLAIN.render("7 " * 50), stop=threading.Event()).size == 4096
