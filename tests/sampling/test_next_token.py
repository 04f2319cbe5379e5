"""A distribution is in order and adds up, and what is left of it is what transformers leaves."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dolly_widget.sampling.next_token import CUTS, MODEL, distribution, entropy
from dolly_widget.sampling.params import SamplingParams

CAT = np.log([0.05, 0.5, 0.15, 0.05, 0.25])
OPEN = SamplingParams(temperature=1, top_p=1)

finite = st.one_of(
    st.sampled_from([-1e30, -3.0, -1.0, 0.0, 0.5, 2.0, 1e30]),
    st.floats(-60, 60, width=32),
)
vectors = st.one_of(
    st.lists(finite, min_size=1, max_size=2),
    st.lists(st.one_of(finite, st.just(-math.inf)), min_size=1, max_size=40),
    st.builds(lambda size, level: [level] * size, st.integers(1, 60), finite),
    st.builds(lambda size, place: [-1e30] * place + [1e30] + [-1e30] * size, st.integers(0, 30), st.integers(0, 30)),
    st.builds(lambda size: [-math.inf] * size + [1.0, 1.0, 0.5], st.integers(0, 60)),
    st.builds(
        lambda seed, spread: np.random.default_rng(seed).normal(0, spread, 300).tolist(),
        st.integers(0, 50),
        st.sampled_from([0.1, 1, 5]),
    ),
).filter(lambda logits: max(logits) > -math.inf)
some_params = st.builds(
    SamplingParams,
    temperature=st.one_of(st.sampled_from([1.0, 0.5, 2.0, 1e-5, 5.0]), st.floats(0.05, 5)),
    top_k=st.one_of(st.sampled_from([0, 1, 2, 1000]), st.integers(0, 70)),
    top_p=st.one_of(st.sampled_from([1.0, 0.5, 0.25, 0.92, 1e-6]), st.floats(0.01, 1)),
    min_p=st.one_of(st.sampled_from([0.0, 0.05, 0.1, 0.9]), st.floats(1e-6, 0.9999)),
    repetition_penalty=st.one_of(st.just(1.0), st.floats(0.2, 2)),
    presence_penalty=st.one_of(st.just(0.0), st.floats(-2, 2)),
)


def by_id(result, values):
    """An array in the order of the vocabulary."""
    placed = np.empty_like(values)
    placed[result.token_ids] = values
    return placed


def of_transformers(logits, params, seen_ids):
    """What transformers' processors leave: chances after temperature, top-k, top-p and min-p; scores. In float64."""
    import torch
    from transformers import (
        MinPLogitsWarper,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    ids = torch.tensor([seen_ids], dtype=torch.int64)
    scores = torch.tensor([logits], dtype=torch.float64)
    if params.repetition_penalty != 1 and seen_ids:
        scores = RepetitionPenaltyLogitsProcessor(params.repetition_penalty)(ids, scores)
    heated = TemperatureLogitsWarper(params.temperature)(ids, scores)
    ranked = TopKLogitsWarper(params.top_k)(ids, heated) if params.top_k else heated
    summed = TopPLogitsWarper(params.top_p)(ids, ranked) if params.top_p < 1 else ranked
    left = MinPLogitsWarper(params.min_p)(ids, summed) if params.min_p > 0 else summed
    steps = (heated, ranked, summed, left)
    return [torch.softmax(each, dim=-1)[0].numpy() for each in steps], [each[0].numpy() > -np.inf for each in steps]


def is_at_an_edge(ranked, summed, params):
    """Whether the last digit decides what a filter leaves: one token more or less is as right."""
    sums = np.cumsum(np.sort(ranked))
    if params.top_p < 1 and np.abs(sums - (1 - params.top_p)).min() < 1e-9:
        return True
    return params.min_p > 0 and np.abs(summed / summed.max() - params.min_p).min() < 1e-9


@settings(max_examples=600)
@given(logits=vectors, params=some_params, seen=st.lists(st.integers(0, 59), max_size=5))
@example(logits=[0.0, 2.0, -(2.0**-52)], params=SamplingParams(temperature=1, top_p=1, top_k=2), seen=[])
def test_what_is_left_is_what_transformers_leaves(logits, params, seen):
    seen = [token_id % len(logits) for token_id in seen]
    (before, ranked, summed, after), (*_, is_left) = of_transformers(logits, params, seen)
    result = distribution(logits, params, seen)
    np.testing.assert_allclose(by_id(result, result.before), before, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(result.cumulative, np.cumsum(ranked[result.token_ids]), rtol=1e-9, atol=1e-12)
    if is_at_an_edge(ranked, summed, params):
        return
    # Of equals at the border, which of them stay is chance in transformers' sorting; how many is not.
    np.testing.assert_allclose(np.sort(result.after), np.sort(after), rtol=1e-9, atol=1e-15)
    is_unique = np.array([(np.abs(ranked - chance) < 1e-12).sum() == 1 for chance in ranked])
    kept = by_id(result, result.after) > 0
    possible = is_left & (after > 1e-300)
    np.testing.assert_array_equal(kept[is_unique & (after > 1e-300)], True)
    assert not (kept & ~is_left)[is_unique].any()
    assert possible.sum() <= result.kept <= is_left.sum()


@settings(max_examples=300)
@given(logits=vectors, params=some_params)
@example(logits=[1.0, 0.0, -1.0, -2.0], params=SamplingParams(temperature=1, top_k=3, top_p=0.95, min_p=0.2))
@example(logits=[1.0, 0.0, -1.0, -2.0], params=SamplingParams(temperature=1, top_p=1, min_p=0.2))
def test_what_cuts_a_token_is_the_first_filter_of_transformers_that_does(logits, params):
    (_, ranked, summed, _), left = of_transformers(logits, params, [])
    if is_at_an_edge(ranked, summed, params):
        return
    result = distribution(logits, params)
    cut_by = by_id(result, result.cut_by)
    assert not cut_by[by_id(result, result.after) > 0].any()
    is_unique = np.array([(np.abs(ranked - chance) < 1e-12).sum() == 1 for chance in ranked])
    for name, before, after in zip(("top_k", "top_p", "min_p"), left, left[1:], strict=False):
        # Where nothing is too small for a number, which is told first.
        is_cut = before & ~after & is_unique & (by_id(result, result.before) > 1e-300)
        assert {CUTS[cut] for cut in cut_by[is_cut]} <= {name}


@settings(max_examples=300)
@given(logits=vectors, params=some_params, dtype=st.sampled_from([np.float32, np.float64]))
@example(logits=[3.0], params=SamplingParams(top_k=9), dtype=np.float32)
@example(logits=[0.0, 1e-17, 1.0], params=SamplingParams(temperature=1, top_p=0.7), dtype=np.float64)
def test_tokens_are_in_order_and_sums_are_one(logits, params, dtype):
    logits = np.array(logits, dtype=dtype)
    result = distribution(logits, params)
    assert sorted(result.token_ids) == list(range(len(logits)))
    assert result.token_ids.dtype == np.int64
    for chances in (result.model, result.before, result.after):
        assert (chances.dtype, chances.shape) == (np.float64, logits.shape)
        assert chances.sum() == pytest.approx(1)
        assert (np.diff(chances) <= 0).all()
    assert (logits[result.token_ids][:-1] >= logits[result.token_ids][1:]).all()
    assert (np.diff(result.cumulative) >= 0).all()
    assert result.cumulative[-1] == pytest.approx(1)
    # What is kept are the first ones, and their number is told.
    assert (result.after[: result.kept] > 0).all()
    assert (result.after[result.kept :] == 0).all()
    assert 1 <= result.kept <= len(logits)
    assert -1e-12 <= result.entropy <= math.log2(result.kept) + 1e-9


@settings(max_examples=200)
@given(logits=vectors, params=some_params)
def test_the_filters_cut_no_more_than_they_say(logits, params):
    """Kept is the smallest number of first tokens that reach top_p, of those that top-k left."""
    result = distribution(logits, params)
    if params.top_p < 1 and np.abs(result.cumulative - params.top_p).min() > 1e-9:
        reached = 1 + int(np.searchsorted(result.cumulative, params.top_p))
        assert result.kept <= reached
        if params.min_p == 0:
            assert result.kept == min(reached, int(np.count_nonzero(result.after)))
            assert result.cumulative[result.kept - 1] >= params.top_p
    if 0 < params.top_k < len(logits) and len(set(logits)) == len(logits):
        assert result.kept <= params.top_k
    if params.min_p > 0:
        left = result.after[: result.kept] / result.after[0]
        assert left.min() >= params.min_p - 1e-9


def test_a_chance_too_small_for_a_number_is_none():
    """At a temperature of 0.01, e to the -1,000 is no float64 any more: nobody would ever see that token drawn."""
    result = distribution([0.0, -7.0, -10.0], replace(OPEN, temperature=0.01))
    assert (result.kept, result.entropy) == (2, pytest.approx(0, abs=1e-9))
    assert distribution([0.0, -7.0, -10.0], OPEN).kept == 3


def test_greedy_leaves_one_token_and_tells_what_the_model_said():
    result = distribution(CAT, SamplingParams(temperature=0, top_p=0.5, top_k=3))
    assert result.token_ids.tolist() == [1, 4, 2, 0, 3]
    np.testing.assert_allclose(result.model, [0.5, 0.25, 0.15, 0.05, 0.05])
    for chances in (result.before, result.after):
        assert chances.tolist() == [1, 0, 0, 0, 0]
    assert (result.kept, result.entropy) == (1, 0)


def test_each_setting_is_seen_at_its_step():
    result = distribution(CAT, SamplingParams(temperature=0.5, top_k=3, top_p=0.9))
    np.testing.assert_allclose(result.model, [0.5, 0.25, 0.15, 0.05, 0.05])
    squares = np.array([0.25, 0.0625, 0.0225, 0.0025, 0.0025])
    np.testing.assert_allclose(result.before, squares / squares.sum())
    np.testing.assert_allclose(result.cumulative, np.cumsum([*squares[:3], 0, 0]) / squares[:3].sum())
    np.testing.assert_allclose(result.after, [0.8, 0.2, 0, 0, 0])
    assert result.kept == 2
    assert result.entropy == pytest.approx(0.721928, abs=1e-6)


def test_the_penalty_changes_the_order_and_not_what_the_model_said():
    result = distribution([2.0, 1.5, -1.0], replace(OPEN, repetition_penalty=2.0), [0, 2, 2])
    assert result.token_ids.tolist() == [1, 0, 2]
    np.testing.assert_allclose(by_id(result, np.log(result.before / result.before[0])), [-0.5, 0, -3.5])
    np.testing.assert_allclose(by_id(result, np.log(result.model / result.model[1])), [0, -0.5, -3])


@given(logits=vectors)
def test_the_models_own_settings_change_nothing(logits):
    result = distribution(logits, MODEL)
    np.testing.assert_array_equal(result.model, result.before)
    np.testing.assert_array_equal(result.model, result.after)


@given(logits=vectors, params=some_params)
def test_a_place_is_where_the_token_is(logits, params):
    result = distribution(logits, params)
    places = [result.place(token_id) for token_id in range(len(logits))]
    assert result.token_ids[places].tolist() == list(range(len(logits)))


@settings(max_examples=100)
@given(logits=vectors, params=some_params, seed=st.integers(0, 99))
def test_only_what_is_kept_is_drawn(logits, params, seed):
    result = distribution(logits, params)
    kept = set(result.token_ids[result.after > 0].tolist())
    generator = np.random.default_rng(seed)
    assert {result.draw(generator) for _ in range(5)} <= kept
    counts = result.counts(1000, generator)
    assert (counts.dtype, counts.shape, counts.sum()) == (np.int64, result.after.shape, 1000)
    assert not counts[result.after == 0].any()


def test_draws_come_as_often_as_their_probability_says():
    result = distribution(CAT, replace(OPEN, top_k=3))
    generator = np.random.default_rng(0)
    expected = 10_000 * result.after
    singly = np.bincount([result.place(result.draw(generator)) for _ in range(10_000)], minlength=5)
    for counts in (singly, result.counts(10_000, generator)):
        # Five standard deviations.
        assert (np.abs(counts - expected) <= 5 * np.sqrt(expected * (1 - result.after))).all()


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("logits", [[1.0, math.nan], [math.inf, 0.0], [-math.inf] * 3, [], [[1.0]]])
def test_logits_that_are_no_distribution_are_refused(logits, temperature):
    with pytest.raises(ValueError, match=r"^logits .*\.$"):
        distribution(logits, replace(OPEN, temperature=temperature))


@pytest.mark.parametrize(
    ("chances", "bits"),
    [
        ([1.0], 0),
        ([0, 1, 0], 0),
        ([0.5, 0.5], 1),
        ([0.25] * 4, 2),
        ([0.5, 0.25, 0.25, 0], 1.5),
        ([1 / 2048] * 2048, 11),
    ],
)
def test_entropy_is_in_bits(chances, bits):
    assert entropy(chances) == pytest.approx(bits, abs=1e-12)
    assert not np.signbit(entropy(chances))
