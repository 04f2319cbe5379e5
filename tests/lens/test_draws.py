"""What the lens shows is what the engine does: thousands of answers of one token come as often as it says."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from dolly_widget import load_engine
from dolly_widget.engines.bounds import effective_params
from dolly_widget.lens.scores import next_token, score
from dolly_widget.runtime import PRECISE
from dolly_widget.sampling.next_token import CUTS, distribution, entropy
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.template import DOLLY

PROMPT = DOLLY.render("Tell me a story about a cat.")
DRAWS = 10_000
each_count = pytest.mark.parametrize("count", [3000, pytest.param(DRAWS, marks=pytest.mark.slow)])
OPEN = SamplingParams(temperature=1, top_p=1)
PENALISED = replace(OPEN, repetition_penalty=1.3)
SETTINGS = [OPEN, SamplingParams(temperature=0.8, top_p=0.92), replace(OPEN, temperature=2, top_k=5)]
# Top-k before top-p, and the bound on the candidates that GenAI is given with top_p alone.
MORE_SETTINGS = [
    SamplingParams(temperature=1.5, top_k=8, top_p=0.6),
    SamplingParams(temperature=4, top_p=0.999),
    # Min-p after the temperature, and after top-p: before them, each of these would cut other tokens.
    SamplingParams(temperature=2, top_p=1, min_p=0.2),
    SamplingParams(temperature=1, top_p=0.7, min_p=0.35),
    # Each of the three cuts something.
    SamplingParams(temperature=1.5, top_k=14, top_p=0.95, min_p=0.4),
]


def named(params):
    return f"{params.temperature:g}-{params.top_k}-{params.top_p:g}-{params.min_p:g}"


@pytest.fixture(scope="module")
def engine():
    engine = load_engine("demo", device="CPU", ov_config=PRECISE)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def answer(engine):
    return engine.generate(PROMPT, SamplingParams(max_new_tokens=80, temperature=0)).token_ids


@pytest.fixture(scope="module")
def prefix(engine, answer):
    """The answer up to where most is open: a name that the model makes up."""
    spreads = [entropy(shown(engine, answer[:count], OPEN)) for count in range(len(answer))]
    place = int(np.argmax(spreads))
    assert spreads[place] > 3
    assert place > 0
    return answer[:place]


@pytest.fixture(scope="module")
def repeating(engine, answer):
    """The answer up to where the repetition penalty changes most, of the places with some tokens to draw from."""
    moved = {}
    for beginning in (answer[:count] for count in range(len(answer))):
        plain, penalised = shown(engine, beginning, OPEN), shown(engine, beginning, PENALISED)
        if min((plain > 0.002).sum(), (penalised > 0.002).sum()) > 3:
            moved[beginning] = abs(plain - penalised).sum() / 2
    assert max(moved.values()) > 0.1
    return max(moved, key=moved.get)


def draws(engine, prefix, params, count):
    """How often each token came, with the seeds from 0."""
    one_more = replace(params, max_new_tokens=len(prefix) + 1)
    answers = (engine.generate(PROMPT, replace(one_more, seed=seed), prefix_ids=prefix) for seed in range(count))
    return Counter(answer.token_ids[-1] for answer in answers)


def shown(engine, prefix, params):
    """Probability of each token by the lens, (vocab,)."""
    seen = [*engine.model.tokenizer.encode(PROMPT), *prefix]
    result = distribution(next_token(engine, PROMPT, prefix), effective_params(engine, params), seen)
    chances = np.zeros(len(result.token_ids))
    chances[result.token_ids] = result.after
    return chances


def chi_square(counts, chances):
    """Pearson's statistic and its degrees of freedom; what is expected less than five times is one cell."""
    observed = np.array([counts[token_id] for token_id in range(len(chances))])
    expected = chances * observed.sum()
    is_large = expected >= 5
    cells = [(observed[is_large], expected[is_large]), ([observed[~is_large].sum()], [expected[~is_large].sum()])]
    pairs = np.array([pair for each in cells for pair in zip(*each, strict=True) if pair[1] > 0])
    return float(((pairs[:, 0] - pairs[:, 1]) ** 2 / pairs[:, 1]).sum()), len(pairs) - 1


def critical_value(freedom):
    """What chance exceeds once in 10,000 times. Source: Wilson and Hilferty 1931; 3.719 is the normal quantile."""
    ninth = 2 / (9 * freedom)
    return freedom * (1 - ninth + 3.719 * ninth**0.5) ** 3


def is_drawn_as_shown(counts, chances):
    statistic, freedom = chi_square(counts, chances)
    assert freedom >= 3
    return statistic < critical_value(freedom) and all(chances[token_id] for token_id in counts)


def assert_drawn_as_shown(counts, chances):
    assert not [token_id for token_id in counts if not chances[token_id]], "drawn, and shown as cut"
    assert is_drawn_as_shown(counts, chances), chi_square(counts, chances)


@each_count
@pytest.mark.parametrize("params", SETTINGS, ids=named)
def test_the_engine_draws_what_the_lens_shows(engine, prefix, params, count):
    assert_drawn_as_shown(draws(engine, prefix, params, count), shown(engine, prefix, params))


@each_count
def test_the_engine_penalises_as_the_lens_shows(engine, repeating, count):
    """Tokens of the prompt and of the answer's beginning, each once."""
    counts = draws(engine, repeating, PENALISED, count)
    assert_drawn_as_shown(counts, shown(engine, repeating, PENALISED))
    assert not is_drawn_as_shown(counts, shown(engine, repeating, OPEN))


@pytest.mark.parametrize("params", MORE_SETTINGS, ids=named)
def test_filters_together_cut_what_the_lens_shows(engine, prefix, params):
    """Fewer draws: what is cut is the matter."""
    assert_drawn_as_shown(draws(engine, prefix, params, 2000), shown(engine, prefix, params))


def test_every_filter_of_the_settings_tried_cuts_something(engine, prefix):
    logits = next_token(engine, PROMPT, prefix)
    cuts = [distribution(logits, effective_params(engine, each)).cut_by for each in MORE_SETTINGS]
    for name in ("top_k", "top_p", "min_p"):
        assert any(CUTS.index(name) in each for each in cuts), name


@pytest.mark.parametrize("wrong", [{"temperature": 1.1}, {"temperature": 0.9}, {"top_k": 15}, {"min_p": 0.05}], ids=str)
def test_a_picture_of_other_settings_would_be_found_out(engine, prefix, wrong):
    counts = np.random.default_rng(0).multinomial(DRAWS, shown(engine, prefix, OPEN))
    drawn = +Counter(dict(enumerate(counts.tolist())))
    assert is_drawn_as_shown(drawn, shown(engine, prefix, OPEN))
    assert not is_drawn_as_shown(drawn, shown(engine, prefix, replace(OPEN, **wrong)))


@pytest.mark.parametrize("params", [*SETTINGS, *MORE_SETTINGS, PENALISED], ids=named)
def test_a_score_shows_the_same_as_the_whole_distribution(engine, prefix, params):
    """So that what is proved of one holds for the other."""
    chances = shown(engine, prefix, params)
    second = int(np.argsort(-chances, kind="stable")[1])
    scores = score(engine, PROMPT, [*prefix, second], params)
    assert scores.probabilities[-1] == pytest.approx(chances[second], rel=1e-4)
    assert scores.kept[-1] == np.count_nonzero(chances)
    assert scores.params == effective_params(engine, params)


@pytest.mark.parametrize(("freedom", "exact"), [(4, 23.51), (19, 50.80), (40, 82.06)])
def test_the_critical_value_is_that_of_the_tables(freedom, exact):
    assert critical_value(freedom) == pytest.approx(exact, rel=0.03)
