"""A text's tokens are scored by the checkpoint's own logits, block by block, and the settings are applied to each."""

import gc
import math
import shutil
import threading
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest
from lens_files import Files, echo

from dolly_widget import load_engine
from dolly_widget.engines import EngineSetup
from dolly_widget.engines.bounds import effective_params
from dolly_widget.errors import EngineError
from dolly_widget.lens import reader
from dolly_widget.lens.opened import LocalModel, extra_bytes, load, open_model
from dolly_widget.lens.reader import Reader
from dolly_widget.lens.scores import next_token, score
from dolly_widget.models.conversion.export import _export_uncompressed, export
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.sampling.logits import penalise_repetition
from dolly_widget.sampling.next_token import MODEL, distribution
from dolly_widget.sampling.params import SamplingParams, recorded
from dolly_widget.text.template import DOLLY, PLAIN, Prompt
from dolly_widget.text.tokenizer import Tokenizer

HELLO = DOLLY.render("What colour is the sky?")
SHEEP = PLAIN.render("Where do the sheep sleep?")
TOKENS = [40, 300, 7, 300, 41, 1999, 0, 300]
SETTINGS = {
    "model": MODEL,
    "usual": SamplingParams(),
    "greedy": SamplingParams(temperature=0),
    "penalised": SamplingParams(temperature=0.7, repetition_penalty=1.3, top_p=0.9),
    "encouraged": SamplingParams(temperature=0, repetition_penalty=0.7),
    "few": SamplingParams(temperature=2, top_k=5, top_p=0.8),
    "more than there are": recorded({"temperature": 1, "top_k": 10**6, "top_p": 1}),
}


@pytest.fixture(scope="module")
def files(demo_dir):
    return Files(demo_dir)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(reader, "MAX_BLOCK", 5)


@pytest.fixture
def blocks(monkeypatch):
    """Shape of each block of logits that is handed over."""
    shapes = []
    read = Reader.read

    def watched(reader, ids, first, take):
        read(reader, ids, first, lambda block: shapes.append(block.shape) or take(block))

    monkeypatch.setattr(Reader, "read", watched)
    return shapes


@pytest.fixture
def runs(monkeypatch):
    """Number of ids of each run of the model."""
    counts = []
    feed = reader.feed

    def watched(request, ids, start):
        counts.append(len(ids) - start)
        return feed(request, ids, start)

    monkeypatch.setattr(reader, "feed", watched)
    return counts


def logits_of(files, prompt, token_ids):
    """What the model says at each place, (n, vocab), in the blocks that ``score`` reads."""
    opened = open_model(files)
    ids = [*opened.model.tokenizer.encode(prompt), *token_ids]
    rows = []
    opened.reader.read(ids, len(ids) - len(token_ids) - 1, lambda block: rows.append(block.copy()) or True)
    return np.concatenate(rows)[: len(token_ids)]


# The checkpoint's own arithmetic


def of_checkpoint(directory, ids):
    import torch
    from transformers import AutoModelForCausalLM

    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(directory)(torch.tensor([ids])).logits[0].numpy()


def quiet(progress):
    """Nobody is told."""


@pytest.mark.parametrize("kind", ["dolly", "llama"])
def test_logits_of_every_position_are_those_of_the_checkpoint(checkpoint, kind, tmp_path, small_blocks, runs):
    _export_uncompressed(checkpoint(kind), tmp_path, "fp32", quiet)
    prompt_ids = Tokenizer(tmp_path).encode(SHEEP)
    token_ids = np.random.default_rng(0).integers(0, 380, 30).tolist()
    rows = of_checkpoint(checkpoint(kind), [*prompt_ids, *token_ids])[len(prompt_ids) - 1 : -1]
    scores = score(Files(tmp_path), SHEEP, token_ids, k=rows.shape[1])
    assert len(runs) > 6
    np.testing.assert_allclose(scores.logits, rows[np.arange(30), token_ids], atol=1e-3)
    np.testing.assert_allclose(scores.alternative_logits, -np.sort(-rows), atol=1e-3)
    np.testing.assert_allclose(
        np.take_along_axis(rows, scores.alternative_ids, 1), scores.alternative_logits, atol=1e-3
    )
    chances = np.exp(rows - rows.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores.model_probabilities, chances[np.arange(30), token_ids], atol=1e-5)


@pytest.mark.parametrize("kind", ["dolly", "llama"])
def test_logits_of_8_bit_weights_are_near_those_of_the_checkpoint(checkpoint, kind, tmp_path):
    """Measured: up to 0.12 and 0.45 off, 1.5 and 4.3 % of their spread, which is 1.6, in the root mean square."""
    export(checkpoint(kind), tmp_path, WeightFormat("int8"), quiet)
    prompt_ids = Tokenizer(tmp_path).encode(SHEEP)
    token_ids = np.random.default_rng(0).integers(0, 380, 60).tolist()
    rows = of_checkpoint(checkpoint(kind), [*prompt_ids, *token_ids])[len(prompt_ids) - 1 : -1]
    off = logits_of(Files(tmp_path), SHEEP, token_ids) - rows
    assert 0.001 < abs(off).max() < 0.7
    assert np.sqrt((off**2).mean()) < 0.06 * rows.std()


# What the settings make of it


@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)
def test_each_token_is_scored_as_its_distribution_says(files, tokenizer, params):
    scores = score(files, HELLO, TOKENS, params, k=20)
    seen = tokenizer.encode(HELLO)
    for place, (logits, token_id) in enumerate(zip(logits_of(files, HELLO, TOKENS), TOKENS, strict=True)):
        result = distribution(logits, params, seen)
        there = result.place(token_id)
        assert scores.token_ids[place] == token_id
        assert scores.logits[place] == logits[token_id]
        assert scores.model_probabilities[place] == result.model[there]
        assert scores.probabilities[place] == result.after[there]
        assert scores.entropies[place] == pytest.approx(result.entropy, abs=1e-12)
        assert scores.kept[place] == result.kept
        penalised = penalise_repetition(logits, seen, params.repetition_penalty)
        assert scores.ranks[place] == 1 + (penalised > penalised[token_id]).sum() == there + 1
        assert scores.alternative_ids[place].tolist() == result.token_ids[:20].tolist()
        np.testing.assert_array_equal(scores.alternative_logits[place], logits[result.token_ids[:20]])
        np.testing.assert_array_equal(scores.alternative_model_probabilities[place], result.model[:20])
        np.testing.assert_array_equal(scores.alternative_probabilities[place], result.after[:20])
        seen.append(token_id)


@pytest.fixture(scope="module")
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


def test_a_score_is_what_following_token_by_token_gives(files):
    scores = score(files, HELLO, TOKENS)
    for place, token_id in enumerate(TOKENS):
        logits = next_token(files, HELLO, TOKENS[:place])
        assert scores.logits[place] == pytest.approx(logits[token_id], abs=1e-3)
        result = distribution(logits, MODEL)
        assert scores.probabilities[place] == pytest.approx(result.after[result.place(token_id)], abs=1e-4)


def test_blocks_make_no_difference(files, small_blocks, runs):
    many = score(files, HELLO, TOKENS * 3, SETTINGS["usual"])
    assert len(runs) > 5
    reader.MAX_BLOCK = 256  # the fixture puts it back
    one = score(files, HELLO, TOKENS * 3, SETTINGS["usual"])
    np.testing.assert_allclose(many.logits, one.logits, atol=1e-3)
    np.testing.assert_allclose(many.probabilities, one.probabilities, atol=1e-4)


@pytest.mark.parametrize(
    "token_ids", [TOKENS, np.array(TOKENS), tuple(TOKENS), []], ids=["list", "array", "tuple", "0"]
)
@pytest.mark.parametrize(("k", "columns"), [(1, 1), (10, 10), (4096, 4096), (10**6, 4096)])
def test_shapes_and_types_are_those_documented(files, token_ids, k, columns):
    scores = score(files, HELLO, token_ids, k=k)
    count = len(token_ids)
    assert len(scores) == count
    assert scores.vocab_size == (4096 if count else 0)
    for field in fields(scores)[:-2]:  # but params and vocab_size
        array = getattr(scores, field.name)
        wide = field.name.startswith("alternative")
        assert array.shape == ((count, columns if count else k) if wide else (count,)), field.name
        is_whole = field.name in ("token_ids", "ranks", "kept", "alternative_ids")
        kind = np.int64 if is_whole else np.float32 if field.name.endswith("logits") else np.float64
        assert array.dtype == kind, field.name


def test_no_tokens_read_nothing(demo_dir, runs):
    assert len(score(Files(demo_dir), HELLO, [])) == 0
    assert runs == []


def test_settings_are_those_of_the_engine(demo_dir):
    """GenAI draws from a bounded number of candidates."""
    hot = SamplingParams(temperature=5, top_p=0.9999)
    local = LocalModel(EngineSetup(demo_dir, device="CPU"))
    scores = score(local, HELLO, TOKENS, hot)
    assert scores.params == effective_params(local, hot) != hot
    assert scores.kept.max() <= 1024 < score(Files(demo_dir), HELLO, TOKENS, hot).kept.max()


def test_of_equals_all_have_the_best_rank_and_the_first_comes_first(demo_dir, tmp_path):
    files = echo(demo_dir, tmp_path / "echo")
    scores = score(files, PLAIN.render("a"), [9, 9, 8, 7], k=3)
    assert scores.ranks.tolist() == [2, 1, 2, 2]
    assert scores.alternative_ids[1:].tolist() == [[9, 0, 1], [9, 0, 1], [8, 0, 1]]


# Memory


@pytest.fixture(scope="module")
def wide(tmp_path_factory, demo_dir):
    """A tiny model of Dolly's vocabulary, which is larger than the tokenizer's."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    directory = tmp_path_factory.mktemp("wide")
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GPTNeoXForCausalLM(GPTNeoXConfig(**sizes, vocab_size=50_280, max_position_embeddings=2048))
    model.save_pretrained(directory / "checkpoint")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(demo_dir / name, directory / "checkpoint" / name)
    _export_uncompressed(directory / "checkpoint", directory / "openvino", "fp32", quiet)
    return Files(directory / "openvino")


def test_a_long_text_is_read_in_blocks_of_bounded_size(wide, blocks, runs):
    """All its logits at once would be 400 MB."""
    prompt = PLAIN.render("a")
    token_ids = np.random.default_rng(0).integers(0, 50_280, 2000).tolist()
    scores = score(wide, prompt, token_ids)
    assert len(scores) == 2000
    assert sum(positions for positions, _ in blocks) == sum(runs) == 2001
    assert {vocab for _, vocab in blocks} == {50_280}
    assert max(positions for positions, _ in blocks) * 50_280 * 4 <= reader.BLOCK_BYTES
    assert len(blocks) < 30


@pytest.mark.parametrize(("bytes_", "largest"), [(1, 1), (50_280 * 4 * 3, 3), (2**40, 256)])
def test_a_block_is_as_large_as_it_may_be(wide, blocks, monkeypatch, bytes_, largest):
    monkeypatch.setattr(reader, "BLOCK_BYTES", bytes_)
    score(wide, PLAIN.render("a"), [5] * (2 * largest + 2))
    assert max(positions for positions, _ in blocks) == largest


def test_ids_beyond_the_tokenizers_are_scored(wide):
    scores = score(wide, PLAIN.render("a"), [50_279, 2048])
    assert scores.token_ids.tolist() == [50_279, 2048]
    assert np.isfinite(scores.logits).all()
    with pytest.raises(ValueError, match="no token 50280: the model has 50,280"):
        score(wide, PLAIN.render("a"), [50_280])


# Going on from what was read


def test_an_answer_is_followed_by_reading_what_is_new(demo_dir, runs):
    files = Files(demo_dir)
    alone = [next_token(Files(demo_dir), HELLO, TOKENS[:count]) for count in range(4)]
    runs.clear()
    followed = [next_token(files, HELLO, TOKENS[:count]) for count in range(4)]
    assert runs[1:] == [1, 1, 1]
    np.testing.assert_allclose(followed, alone, atol=1e-3)


def test_a_longer_prompt_is_scored_by_reading_what_is_new(demo_dir, tokenizer, runs):
    whole = tokenizer.encode(HELLO)
    files = Files(demo_dir)
    first = PLAIN.render("What colour")
    later = PLAIN.render("What colour is the")
    assert tokenizer.encode(later)[: len(tokenizer.encode(first))] == tokenizer.encode(first)
    next_token(files, first)
    scores = score(files, later, whole)
    assert runs == [
        len(tokenizer.encode(first)),
        len(tokenizer.encode(later)) + len(whole) - len(tokenizer.encode(first)),
    ]
    np.testing.assert_allclose(scores.logits, score(Files(demo_dir), later, whole).logits, atol=1e-3)


def test_another_text_is_read_from_its_beginning(files, tokenizer, runs):
    other = DOLLY.render("What is the colour of the sky?")
    next_token(files, PLAIN.render("Why?"))  # shorter, so that the other could go on from it
    runs.clear()
    scores = score(files, other, TOKENS)
    assert sum(runs) == len(tokenizer.encode(other)) + len(TOKENS)
    np.testing.assert_array_equal(score(files, other, TOKENS).logits, scores.logits)


class Interrupted:
    """A request that is interrupted when the model has run."""

    def __init__(self, request):
        self._request = request

    def __getattr__(self, name):
        return getattr(self._request, name)

    def infer(self, *arguments, **options):
        self._request.infer(*arguments, **options)
        raise KeyboardInterrupt


def test_after_an_interrupt_the_text_is_read_again(demo_dir):
    files = Files(demo_dir)
    expected = next_token(files, HELLO, TOKENS[:3])
    next_token(files, HELLO, TOKENS[:2])
    reader = open_model(files).reader
    request, reader._request = reader._request, Interrupted(reader._request)
    with pytest.raises(KeyboardInterrupt):
        next_token(files, HELLO, [*TOKENS[:2], 1234])
    reader._request = request
    np.testing.assert_allclose(next_token(files, HELLO, TOKENS[:3]), expected, atol=1e-3)


# Stopping


class SetAfter(threading.Event):
    """Set when it has been asked so many times."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def is_set(self):
        self.times -= 1
        return self.times < 0


def test_stop_leaves_the_tokens_so_far(files, tokenizer, small_blocks):
    whole = score(files, HELLO, TOKENS)
    blocks_of_the_prompt = (len(tokenizer.encode(HELLO)) - 1) // 5
    scores = score(files, HELLO, TOKENS, stop=SetAfter(blocks_of_the_prompt + 3))
    assert 0 < len(scores) < len(TOKENS)
    np.testing.assert_array_equal(scores.token_ids, TOKENS[: len(scores)])
    np.testing.assert_allclose(scores.logits, whole.logits[: len(scores)], atol=1e-3)
    assert scores.alternative_ids.shape == (len(scores), 10)


def test_stop_ends_the_reading_of_a_long_prompt(demo_dir, small_blocks, runs):
    stop = threading.Event()
    stop.set()
    scores = score(Files(demo_dir), PLAIN.render("word " * 200), TOKENS, stop=stop)
    assert (len(scores), scores.alternative_ids.shape) == (0, (0, 10))
    assert runs == [5]


def test_after_a_stop_the_whole_text_can_be_scored(files, small_blocks):
    expected = score(Files(files.model.directory), HELLO, TOKENS)
    score(files, HELLO, TOKENS, stop=SetAfter(3))
    np.testing.assert_allclose(score(files, HELLO, TOKENS).logits, expected.logits, atol=1e-3)


# What cannot be scored


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_logits_that_are_no_distribution_are_refused_with_the_place(demo_dir, tmp_path, number):
    files = echo(demo_dir, tmp_path / "echo", added={99: number})
    prompt = PLAIN.render("a")
    assert len(score(files, prompt, [5, 6, 99])) == 3
    with pytest.raises(ValueError, match=r"^Token 3 of the text, counted from 0: logits hold NaN or infinity.*\.$"):
        score(files, prompt, [5, 6, 99, 7])
    with pytest.raises(ValueError, match=r"^logits hold NaN or infinity.*\.$"):
        next_token(files, prompt, [5, 6, 99])
    assert len(score(files, prompt, [5, 6])) == 2


@pytest.mark.parametrize("k", [0, -1])
def test_a_number_of_alternatives_below_one_is_refused(files, k):
    with pytest.raises(ValueError, match=rf"^k must be at least 1, not {k}\.$"):
        score(files, HELLO, TOKENS, k=k)


@pytest.mark.parametrize("token_id", [-1, 4096, 10**20])
def test_an_id_that_no_token_has_is_named(files, token_id):
    with pytest.raises(ValueError, match=f"no token {token_id}: the model has 4,096"):
        score(files, HELLO, [5, token_id])


def test_an_empty_prompt_is_refused(files):
    for token_ids in ([], [5]):
        with pytest.raises(ValueError, match="prompt is empty"):
            score(files, Prompt(()), token_ids)


def test_a_text_longer_than_the_model_is_refused(files, tokenizer):
    room = open_model(files).model.info.max_positions - len(tokenizer.encode(HELLO))
    assert len(score(files, HELLO, [5] * room)) == room
    with pytest.raises(ValueError, match="positions: shorten it by at least 2 tokens"):
        score(files, HELLO, [5] * (room + 2))


class Elsewhere:
    """Of an engine, what one has whose model is not here."""

    device = "CPU"


@pytest.mark.parametrize("model", ["", None, 7, "databricks/dolly-v2-3b", "https://models.example/v1"])
def test_an_engine_without_files_here_is_refused(model):
    engine = Elsewhere()
    if model != "":
        engine.model = model
    for ask in (score, next_token):
        with pytest.raises(ValueError, match=r"has none on this machine: use an engine from load_engine"):
            ask(engine, HELLO, [5])
    for ask in (extra_bytes, load):
        with pytest.raises(ValueError, match="has none on this machine"):
            ask(engine)
    with pytest.raises(ValueError, match="has none on this machine"):
        score(object(), HELLO, [5])


def test_a_closed_engine_scores_nothing(demo_dir):
    engine = load_engine(demo_dir, device="CPU")
    assert len(score(engine, HELLO, TOKENS)) == len(TOKENS)
    engine.close()
    with pytest.raises(EngineError, match="This engine is closed"):
        score(engine, HELLO, TOKENS)
    with pytest.raises(EngineError, match="This engine is closed"):
        load(engine)


# A second copy of the model


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr("dolly_widget.lens.opened.LARGE_BYTES", 1)


@pytest.mark.parametrize("ask", [score, next_token])
def test_a_large_model_is_loaded_again_with_a_warning_once(demo_dir, everything_is_large, ask):
    files = Files(demo_dir)
    size = extra_bytes(files)
    assert size == (demo_dir / "openvino_model.bin").stat().st_size
    with pytest.warns(UserWarning, match=r"loads demo a second time, which takes about [\d.]+ [kMG]B of") as warned:
        ask(files, HELLO, TOKENS)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert extra_bytes(files) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(files, HELLO, TOKENS)


def test_no_warning_where_it_is_not_large(demo_dir):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(Files(demo_dir), HELLO, TOKENS)


def test_no_warning_where_it_was_loaded_on_purpose(demo_dir, everything_is_large, runs):
    files = Files(demo_dir)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(files)
        assert extra_bytes(files) == 0
        assert runs == []
        load(files)
        score(files, HELLO, TOKENS)


def test_no_warning_for_a_model_that_nothing_else_has_loaded(demo_dir, everything_is_large):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(score(LocalModel(EngineSetup(demo_dir, device="CPU")), HELLO, TOKENS)) == len(TOKENS)


def test_a_local_model_is_checked_as_an_engines_is(demo_dir):
    local = LocalModel(EngineSetup(demo_dir, device="cpu"))
    assert (local.model.directory, local.device, local.template) == (demo_dir, "CPU", DOLLY)
    with pytest.raises(ValueError, match="There is no device 'TPU'"):
        LocalModel(EngineSetup(demo_dir, device="TPU"))


def test_a_local_model_is_freed_when_nobody_has_it(demo_dir):
    local = LocalModel(EngineSetup(demo_dir, device="CPU"))
    score(local, HELLO, TOKENS)
    reader = weakref.ref(open_model(local).reader)
    release = reader()._release
    assert release.alive
    del local
    gc.collect()
    assert reader() is None
    assert not release.alive


def test_scores_keep_no_model(demo_dir):
    local = LocalModel(EngineSetup(demo_dir, device="CPU"))
    scores = score(local, HELLO, TOKENS)
    gone = weakref.ref(local)
    del local
    gc.collect()
    assert gone() is None
    assert len(scores) == len(TOKENS)


def test_two_threads_at_once_get_what_one_gets(files):
    texts = [TOKENS, TOKENS[::-1]]
    expected = [score(files, HELLO, text).logits for text in texts]
    start = threading.Barrier(2)

    def ask(text):
        start.wait(30)
        return [score(files, HELLO, text).logits for _ in range(8)]

    with ThreadPoolExecutor(2) as pool:
        for found, logits in zip(pool.map(ask, texts), expected, strict=True):
            assert all(np.array_equal(each, logits) for each in found)


def test_two_threads_load_one_model(demo_dir, monkeypatch):
    files, compiled = Files(demo_dir), []
    compile_model = Reader._compile
    monkeypatch.setattr(Reader, "_compile", lambda reader: compiled.append(reader) or compile_model(reader))
    start = threading.Barrier(2)

    def ask(_):
        start.wait(30)
        return len(score(files, HELLO, TOKENS))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ask, range(2))) == [len(TOKENS)] * 2
    assert len(compiled) == 1
