"""What a server tells of the likeliest tokens is enough for the lens: the figures are those of the model itself."""

import math
import threading

import numpy as np
import pytest

from dolly_widget import lens
from dolly_widget.errors import EngineError
from dolly_widget.lens.opened import open_model
from dolly_widget.lens.reader import Reader
from dolly_widget.lens.scores import next_token, score
from dolly_widget.lens.server_reader import NOTE, ServerReader, logits_of
from dolly_widget.models import Model
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY, PLAIN

HELLO = DOLLY.render("What is the capital of France?")
NAMED = 20


class Server:
    """Stands for an engine that asks a server: what it tells is computed from the model's files."""

    device = "localhost:8000"

    def __init__(self, directory, refuses=""):
        self.model, self.template = Model.of(directory), DOLLY
        self.asked, self._refuses = [], refuses
        self._reader = Reader(directory, "CPU", self.model.vocab_size)

    def check_logprobs(self):
        if self._refuses:
            raise ValueError(self._refuses)

    def logprobs_after(self, token_ids, first, *, stop=None):
        rows = []
        self._reader.read(token_ids, first, lambda block: bool(rows.extend(block.astype(np.float64))) or True)
        for place, logits in enumerate(rows, first):
            self.asked.append(place)
            likeliest = np.argsort(-logits)[:NAMED]
            total = logits.max() + math.log(np.exp(logits - logits.max()).sum())
            yield {int(token_id): float(logits[token_id] - total) for token_id in likeliest}


class Local:
    """The same model, run here."""

    device = "CPU"

    def __init__(self, directory):
        self.model, self.template = Model.of(directory), DOLLY


@pytest.fixture
def server(demo_dir):
    return Server(demo_dir)


@pytest.fixture
def local(demo_dir):
    return Local(demo_dir)


@pytest.fixture
def answer(server):
    return server.model.tokenizer.encode(PLAIN.render("The capital of purple is Paris."))


@pytest.mark.parametrize("params", [SamplingParams(temperature=1, top_p=1), SamplingParams(top_k=5, min_p=0.02)])
def test_tokens_are_judged_as_by_the_model_s_own_files(server, local, answer, params):
    told, own = score(server, HELLO, answer, params), score(local, HELLO, answer, params)
    named = own.ranks <= NAMED
    assert named.sum() > 2
    assert not named.all()
    np.testing.assert_array_equal(told.ranks[named], own.ranks[named])
    np.testing.assert_allclose(told.model_probabilities[named], own.model_probabilities[named], atol=1e-6)
    np.testing.assert_allclose(told.probabilities[named], own.probabilities[named], atol=0.02)
    np.testing.assert_array_equal(told.alternative_ids, own.alternative_ids)
    assert (told.ranks[~named] > NAMED).all()
    assert (told.model_probabilities[~named] <= told.alternative_model_probabilities[~named, -1]).all()


def test_the_next_token_is_a_distribution_over_the_whole_vocabulary(server, local):
    told, own = next_token(server, HELLO), next_token(local, HELLO)
    assert told.shape == own.shape
    assert told.argmax() == own.argmax()
    assert math.isclose(np.exp(told.astype(np.float64)).sum(), 1, abs_tol=1e-3)


def test_no_more_is_asked_than_is_judged(server, answer):
    prompt = server.model.encode(HELLO)
    taken = []
    reader = open_model(server).reader
    reader.read([*prompt, *answer], len(prompt) - 1, lambda block: taken.append(block.shape) or len(taken) < 2)
    assert taken == [(1, server.model.vocab_size)] * 2
    assert server.asked == [len(prompt) - 1, len(prompt)]


def test_it_says_what_is_not_known_and_takes_no_memory(server, local):
    assert lens.limits(server) == NOTE
    assert lens.limits(local) == ""
    assert lens.extra_bytes(server) == 0
    lens.load(server)


def test_a_server_is_not_asked_for_whole_words(server, answer):
    assert list(lens.whole_words(server, HELLO, (), answer)) == []
    assert server.asked == []


def test_a_server_that_tells_nothing_says_why(demo_dir):
    mute = Server(demo_dir, refuses="This server gives no probabilities.")
    with pytest.raises(ValueError, match=r"^This server gives no probabilities\.$"):
        score(mute, HELLO, [1])


def test_choices_are_not_judged_by_what_a_server_tells(server):
    with pytest.raises(ValueError, match="A server gives too few probabilities for this"):
        lens.ChoiceReader.of(server)


def test_an_engine_that_is_gone_is_a_sentence(demo_dir):
    reader = ServerReader(Server(demo_dir), 10)
    with pytest.raises(EngineError, match="closed"):
        reader.read([1, 2], 0, lambda block: True)


def test_the_rest_is_shared_out_evenly_and_never_above_what_is_named():
    logits = logits_of({3: math.log(0.5), 0: math.log(0.3)}, 6)
    np.testing.assert_allclose(np.exp(logits), [0.3, 0.05, 0.05, 0.5, 0.05, 0.05], rtol=1e-5)
    capped = logits_of({1: math.log(0.1)}, 4)
    np.testing.assert_allclose(np.exp(capped), 0.1, rtol=1e-5)
    assert np.isfinite(logits_of({0: 0.0}, 3)).all()


@pytest.mark.parametrize("token_id", [-1, 5])
def test_a_token_that_the_vocabulary_lacks_is_refused(token_id):
    with pytest.raises(ValueError, match=rf"names the token {token_id}"):
        logits_of({token_id: -1.0}, 5)


def test_stop_is_handed_to_the_server_and_ends_the_wait(demo_dir):
    stop, told = threading.Event(), []

    class Hanging(Server):
        def logprobs_after(self, token_ids, first, *, stop=None):
            told.append(stop)
            stop.set()
            yield from ()

    assert next_token(Hanging(demo_dir), HELLO, stop=stop).shape == (0,)
    assert len(score(Hanging(demo_dir), HELLO, [1, 2], stop=stop)) == 0
    assert told == [stop, stop]
