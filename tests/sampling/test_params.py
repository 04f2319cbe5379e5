"""Sampling settings refuse what makes no sense, and the arithmetic is that of transformers."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolly_widget.sampling.logits import penalise_presence, penalise_repetition, penalised, probabilities
from dolly_widget.sampling.params import (
    DEFAULTS,
    SETTINGS,
    SamplingParams,
    option_help,
    recorded,
    shaping,
    with_changes,
)

WHOLE = ["max_new_tokens", "top_k", "seed"]
REAL = ["temperature", "top_p", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty"]
# The cat is … : five words, five chances.
CAT = np.log([0.5, 0.25, 0.15, 0.05, 0.05])


def test_the_defaults_are_those_of_the_origin_notebook():
    assert dataclasses.astuple(SamplingParams()) == (256, 0.8, 0.92, 0, 0.0, 1.0, 0.0, 0.0, (), None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_new_tokens", 1),
        ("max_new_tokens", 32_768),
        ("temperature", 0),
        ("temperature", 5),
        ("top_p", 1e-9),
        ("top_p", 1),
        ("top_k", 0),
        ("top_k", 1024),
        ("min_p", 0),
        ("min_p", 0.9999),
        ("repetition_penalty", 0.01),
        ("repetition_penalty", 2),
        ("presence_penalty", -2),
        ("presence_penalty", 2),
        ("frequency_penalty", -2),
        ("frequency_penalty", 2),
        ("stop", ()),
        ("stop", ("\n", " ", "### End")),
        ("stop", tuple(map(str, range(16)))),
        ("seed", 0),
        ("seed", 2**32 - 1),
        ("seed", None),
    ],
)
def test_values_up_to_the_ends_of_the_range_are_taken(name, value):
    assert getattr(SamplingParams(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_new_tokens", 0),
        ("max_new_tokens", -1),
        ("max_new_tokens", 1.5),
        ("temperature", -0.1),
        ("max_new_tokens", 32_769),
        ("temperature", 5.1),
        ("temperature", 10**400),
        ("top_p", 0),
        ("top_p", -0.5),
        ("top_p", 1.0001),
        ("top_k", -1),
        ("top_k", 0.5),
        ("min_p", -0.01),
        ("min_p", 1),
        ("min_p", 1.5),
        ("repetition_penalty", 0),
        ("repetition_penalty", -1),
        ("repetition_penalty", 2.01),
        ("top_k", 1025),
        ("presence_penalty", 2.1),
        ("frequency_penalty", -2.1),
        ("seed", -1),
        ("seed", 2**32),
        ("seed", 0.5),
        *((name, value) for name in WHOLE + REAL for value in (math.nan, math.inf, -math.inf, np.float32("nan"))),
    ],
)
def test_a_value_out_of_range_is_refused_with_field_value_and_range(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*\.$") as refused:
        SamplingParams(**{name: value})
    assert repr(value) in str(refused.value)
    assert str(SETTINGS[name].range) in str(refused.value)


@pytest.mark.parametrize("name", WHOLE + REAL)
@pytest.mark.parametrize("value", [True, False, np.True_, "1", b"1", [1], 1j, np.array([1]), object])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(TypeError, match=rf"^{name} must be a .*number, .*\.$") as refused:
        SamplingParams(**{name: value})
    assert repr(value) in str(refused.value)


@pytest.mark.parametrize("name", [*WHOLE[:2], *REAL])
def test_only_the_seed_may_be_none(name):
    with pytest.raises(TypeError, match=name):
        SamplingParams(**{name: None})


def test_numpy_scalars_become_plain_numbers():
    params = SamplingParams(
        max_new_tokens=np.int64(7),
        temperature=np.float32(0.5),
        top_p=np.float16(0.25),
        top_k=np.uint8(3),
        min_p=np.float16(0.125),
        repetition_penalty=np.int32(2),
        seed=np.uint32(2**32 - 1),
    )
    assert dataclasses.astuple(params) == (7, 0.5, 0.25, 3, 0.125, 2.0, 0.0, 0.0, (), 2**32 - 1)
    kinds = [int, float, float, int, float, float, float, float, tuple, int]
    assert [type(value) for value in dataclasses.astuple(params)] == kinds


def test_whole_floats_from_sliders_become_ints():
    params = SamplingParams(max_new_tokens=16.0, top_k=5.0, seed=3.0)
    assert [type(value) for value in (params.max_new_tokens, params.top_k, params.seed)] == [int, int, int]
    assert type(SamplingParams(temperature=1).temperature) is float


def test_ranges_are_readable():
    with pytest.raises(ValueError, match=r"^temperature must be 0 to 5, not -1\.$"):
        SamplingParams(temperature=-1)
    with pytest.raises(ValueError, match=r"^top_p must be above 0 to 1, not 0\.$"):
        SamplingParams(top_p=0)
    with pytest.raises(ValueError, match=r"^min_p must be 0 to below 1, not 1\.$"):
        SamplingParams(min_p=1)
    with pytest.raises(ValueError, match=r"^max_new_tokens must be 1 to 32768, not 0\.$"):
        SamplingParams(max_new_tokens=0)
    with pytest.raises(ValueError, match=r"^seed must be 0 to 4294967295, not -1\.$"):
        SamplingParams(seed=-1)


@pytest.mark.parametrize("stop", [["a", "b"], ("a", "b")])
def test_stop_texts_may_come_as_a_list(stop):
    assert SamplingParams(stop=stop).stop == ("a", "b")
    assert hash(SamplingParams(stop=stop)) == hash(SamplingParams(stop=("a", "b")))


@pytest.mark.parametrize(
    ("stop", "error", "message"),
    [
        ("end", TypeError, r"stop must be a list of texts, such as \['end'\], not 'end'\."),
        (5, TypeError, r"stop must be a list of texts, .*, not 5\."),
        (None, TypeError, r"stop must be a list of texts"),
        ({"a"}, TypeError, r"stop must be a list of texts"),
        (["a", 3], TypeError, r"stop must be a list of texts, but 3 is not a text\."),
        ([b"a"], TypeError, r"stop must be a list of texts, but b'a' is not a text\."),
        (["a", ""], ValueError, r"stop must not hold an empty text\."),
        (["a"] * 17, ValueError, r"stop must hold at most 16 texts, not 17\."),
    ],
)
def test_what_are_no_stop_texts_is_refused(stop, error, message):
    with pytest.raises(error, match=rf"^{message}"):
        SamplingParams(stop=stop)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["a b"], ("a b",)),
        ([r"\n\n", r"\t"], ("\n\n", "\t")),
        ([r"C:\\new"], (r"C:\new",)),
        ([r"\x"], (r"\x",)),
    ],
)
def test_stop_texts_can_be_typed_in_one_line(typed, read):
    assert SETTINGS["stop"].read("stop", typed) == read


def test_of_a_number_that_is_typed_twice_the_last_one_counts():
    assert SETTINGS["top_k"].read("top_k", ["3", "5"]) == 5
    with pytest.raises(ValueError, match=r"^top_k must be a number, not 'many'\.$"):
        SETTINGS["top_k"].read("top_k", ["many"])


def test_every_field_is_described_and_its_off_value_is_one_that_it_takes():
    assert list(SETTINGS) == [field.name for field in dataclasses.fields(SamplingParams)]
    for name, setting in SETTINGS.items():
        assert setting.label
        assert setting.help.endswith(".")
        assert option_help(name).startswith(setting.help[0].lower())
        if setting.off is not None:
            assert getattr(SamplingParams(**{name: setting.off}), name) == setting.off
        if setting.slider:
            low, high = setting.slider.range.low, setting.slider.range.high
            assert SamplingParams(**{name: low}) != SamplingParams(**{name: high})


def test_settings_are_changed_by_name_and_others_refused():
    assert with_changes(SamplingParams(top_k=3), {"min_p": 0.1}) == SamplingParams(top_k=3, min_p=0.1)
    with pytest.raises(TypeError, match=r"no sampling setting 'topp'; choose from max_new_tokens, .*, seed\."):
        with_changes(DEFAULTS, {"topp": 1})
    expected = {"temperature": 0.8, "top_p": 0.92, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
    expected |= {"presence_penalty": 0.0, "frequency_penalty": 0.0}
    assert shaping(DEFAULTS) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_new_tokens", 10**30), ("temperature", 100.0), ("top_k", 5000), ("repetition_penalty", 9.0)],
)
def test_what_an_earlier_version_took_is_kept_and_not_taken_again(name, value):
    params = recorded({"min_p": 0.5, name: value})
    assert (getattr(params, name), params.min_p, params.seed) == (value, 0.5, None)
    with pytest.raises(ValueError, match=rf"^{name} must be {SETTINGS[name].range}, not"):
        dataclasses.replace(params, seed=1)
    with pytest.raises(ValueError, match=rf"^{name} must be"):
        recorded({name: -1})


def test_sliders_that_miss_a_part_of_the_range_are_known():
    short = [name for name, setting in SETTINGS.items() if getattr(setting, "has_short_slider", False)]
    assert short == ["max_new_tokens", "top_k", "repetition_penalty"]


def test_params_are_values():
    params = SamplingParams(seed=1)
    assert params == SamplingParams(seed=1)
    assert len({params, SamplingParams(seed=1)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.seed = 2
    with pytest.raises(TypeError, match="topp"):
        SamplingParams(topp=0.5)
    with pytest.raises(ValueError, match="temperature"):
        dataclasses.replace(params, temperature=-1)


# A fixed width of vector, and the words' chances in their order: playing, sleeping, eating, driving, flying.
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"temperature": 1, "top_p": 1}, [0.5, 0.25, 0.15, 0.05, 0.05]),
        ({"temperature": 1, "top_p": 1, "top_k": 1}, [1, 0, 0, 0, 0]),
        ({"temperature": 1, "top_p": 1, "top_k": 2}, [2 / 3, 1 / 3, 0, 0, 0]),
        ({"temperature": 1, "top_p": 1, "top_k": 3}, [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0]),
        # The fourth and the fifth are equally probable: both stay.
        ({"temperature": 1, "top_p": 1, "top_k": 4}, [0.5, 0.25, 0.15, 0.05, 0.05]),
        ({"temperature": 1, "top_p": 1, "top_k": 50}, [0.5, 0.25, 0.15, 0.05, 0.05]),
        ({"temperature": 1, "top_p": 0.01}, [1, 0, 0, 0, 0]),
        ({"temperature": 1, "top_p": 0.49}, [1, 0, 0, 0, 0]),
        ({"temperature": 1, "top_p": 0.6}, [2 / 3, 1 / 3, 0, 0, 0]),
        ({"temperature": 1, "top_p": 0.8}, [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0]),
        # Top-p counts what top-k has left: 0.5 of 0.75 is two thirds, and covers 0.6.
        ({"temperature": 1, "top_p": 0.6, "top_k": 2}, [1, 0, 0, 0, 0]),
        ({"temperature": 1, "top_p": 1, "min_p": 0.29}, [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0]),
        ({"temperature": 1, "top_p": 1, "min_p": 0.31}, [2 / 3, 1 / 3, 0, 0, 0]),
        ({"temperature": 1, "top_p": 1, "min_p": 0.99}, [1, 0, 0, 0, 0]),
        # After the temperature: the square of 0.5 is what 0.26 is compared with.
        ({"temperature": 0.5, "top_p": 1, "min_p": 0.26}, [1, 0, 0, 0, 0]),
        # What the other filters cut first is not compared with.
        ({"temperature": 1, "top_p": 0.8, "top_k": 4, "min_p": 0.4}, [2 / 3, 1 / 3, 0, 0, 0]),
        # Temperature 0.5 squares the chances, 2 takes their root.
        ({"temperature": 0.5, "top_p": 1}, [0.25 / 0.34, 0.0625 / 0.34, 0.0225 / 0.34, 0.0025 / 0.34, 0.0025 / 0.34]),
        (
            {"temperature": 2, "top_p": 1, "top_k": 2},
            [math.sqrt(0.5) / (math.sqrt(0.5) + 0.5), 0.5 / (math.sqrt(0.5) + 0.5), 0, 0, 0],
        ),
        ({"temperature": 0, "top_p": 1}, [1, 0, 0, 0, 0]),
        ({"temperature": 1e-300, "top_p": 1}, [1, 0, 0, 0, 0]),
    ],
)
def test_what_the_cat_does(settings, expected):
    result = probabilities(CAT, SamplingParams(**settings))
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_adding_a_constant_to_all_logits_changes_nothing():
    params = SamplingParams(temperature=0.7, top_p=0.9, top_k=4)
    np.testing.assert_allclose(probabilities(CAT + 5000, params), probabilities(CAT, params), rtol=1e-9)


def test_greedy_takes_the_first_of_equals():
    assert probabilities([1, 3, 3, 2], SamplingParams(temperature=0)).tolist() == [0, 1, 0, 0]


def test_top_k_keeps_all_that_equal_the_kth():
    result = probabilities([2.0, 1.0, 1.0, 1.0, 0.0], SamplingParams(temperature=1, top_p=1, top_k=2))
    assert (result > 0).tolist() == [True, True, True, True, False]


def test_a_token_of_minus_infinity_is_never_drawn():
    for params in (SamplingParams(temperature=5, top_p=1), SamplingParams(temperature=5, top_k=3, top_p=0.99)):
        result = probabilities([0.0, -np.inf, 0.0, -np.inf], params)
        np.testing.assert_allclose(result, [0.5, 0, 0.5, 0])
    assert probabilities([-np.inf, -5.0], SamplingParams(temperature=0)).tolist() == [0, 1]


def test_the_logits_are_left_as_they_were():
    logits = np.array([0.0, 1.0, 2.0])
    probabilities(logits, SamplingParams(temperature=0.5, top_k=2, top_p=0.5))
    penalise_repetition(logits, [0, 1], 2)
    assert logits.tolist() == [0, 1, 2]


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize(
    "logits", [[], 1.0, [[1.0, 2.0]], [1.0, math.nan], [1.0, math.inf], [-math.inf, -math.inf], np.zeros((2, 0))]
)
def test_logits_that_are_no_distribution_are_refused(logits, temperature):
    with pytest.raises(ValueError, match="logits"):
        probabilities(logits, SamplingParams(temperature=temperature))


# Few values, so that ties, also at the k-th place, are common; -inf as a model's mask puts it.
tied = st.lists(st.sampled_from([-3.0, -1.0, 0.0, 0.5, 2.0, -math.inf]), min_size=1, max_size=12)
spread = st.lists(st.floats(-30, 30), min_size=1, max_size=40)
logit_lists = st.one_of(tied, spread).filter(lambda logits: max(logits) > -math.inf)
min_ps = st.one_of(st.just(0.0), st.floats(1e-6, 0.9999), st.sampled_from([0.05, 0.1, 0.5]))


@settings(max_examples=300)
@given(
    logits=logit_lists,
    temperature=st.floats(0.05, 5),
    top_k=st.integers(0, 45),
    top_p=st.one_of(st.just(1.0), st.floats(0.01, 0.9999), st.sampled_from([0.25, 0.5, 0.75, 0.9])),
    min_p=min_ps,
)
def test_probabilities_are_those_of_transformers(logits, temperature, top_k, top_p, min_p):
    torch = pytest.importorskip("torch")
    from transformers import MinPLogitsWarper, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    scores = TemperatureLogitsWarper(temperature)(None, torch.tensor([logits], dtype=torch.float64))
    if top_k:
        scores = TopKLogitsWarper(top_k)(None, scores)
    before_top_p = torch.softmax(scores, dim=-1)[0]
    if top_p < 1:
        scores = TopPLogitsWarper(top_p)(None, scores)
    before_min_p = torch.softmax(scores, dim=-1)[0].numpy()
    if min_p > 0:
        scores = MinPLogitsWarper(min_p)(None, scores)
    expected = torch.softmax(scores, dim=-1)[0].numpy()

    result = probabilities(logits, SamplingParams(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p))

    assert result.sum() == pytest.approx(1)
    # Equally probable tokens at the edge of top_p: which of them stays is chance in either sorting, how many is not.
    chances = before_top_p.numpy()
    sums = np.cumsum(np.sort(chances))
    if np.abs(sums - (1 - top_p)).min() < 1e-9:  # the last digit decides: one token more or less is as right
        return
    if np.abs(before_min_p - min_p * before_min_p.max()).min() < 1e-12:  # and here
        return
    np.testing.assert_allclose(np.sort(result), np.sort(expected), rtol=1e-9, atol=1e-15)
    is_unique = np.array([(np.abs(chances - chance) < 1e-12).sum() == 1 for chance in chances])
    np.testing.assert_allclose(result[is_unique], expected[is_unique], rtol=1e-9, atol=1e-15)


@settings(max_examples=300)
@given(logits=logit_lists, min_p=min_ps)
def test_min_p_alone_is_that_of_transformers(logits, min_p):
    torch = pytest.importorskip("torch")
    from transformers import MinPLogitsWarper

    scores = torch.tensor([logits], dtype=torch.float64)
    chances = torch.softmax(scores, dim=-1)[0].numpy()
    if np.abs(chances - min_p * chances.max()).min() < 1e-12:  # the last digit decides
        return
    expected = torch.softmax(MinPLogitsWarper(min_p)(None, scores), dim=-1)[0].numpy()
    result = probabilities(logits, SamplingParams(temperature=1, top_p=1, min_p=min_p))
    np.testing.assert_array_equal(result > 0, expected > 0)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("min_p", [0.25, 0.5])
def test_at_the_very_edge_of_min_p_as_many_stay_as_in_transformers(min_p):
    torch = pytest.importorskip("torch")
    from transformers import MinPLogitsWarper

    # Chances of 1/2, 1/4, 1/8 and 1/8, all but exact; those that are the very share of the likeliest one's stay.
    logits = np.log([0.5, 0.25, 0.125, 0.125])
    scores = MinPLogitsWarper(min_p)(None, torch.tensor(logits[None]))
    result = probabilities(logits, SamplingParams(temperature=1, top_p=1, min_p=min_p))
    assert (result > 0).sum() == torch.isfinite(scores).sum() == {0.25: 4, 0.5: 2}[min_p]


@pytest.mark.parametrize("top_p", [0.25, 0.5, 0.75])
def test_at_the_very_edge_of_top_p_as_many_stay_as_in_transformers(top_p):
    torch = pytest.importorskip("torch")
    from transformers import TopPLogitsWarper

    # Chances of 1/4 each are exact in binary: what is cut may reach 1 - top_p, not pass it.
    scores = TopPLogitsWarper(top_p)(None, torch.zeros(1, 4, dtype=torch.float64))
    result = probabilities(np.zeros(4), SamplingParams(temperature=1, top_p=top_p))
    assert (result > 0).sum() == torch.isfinite(scores).sum() == 4 * top_p


@settings(max_examples=200)
@given(
    logits=st.lists(st.floats(-50, 50), min_size=1, max_size=30),
    penalty=st.floats(0.05, 20),
    data=st.data(),
)
def test_the_repetition_penalty_is_that_of_transformers(logits, penalty, data):
    torch = pytest.importorskip("torch")
    from transformers import RepetitionPenaltyLogitsProcessor

    ids = data.draw(st.lists(st.integers(0, len(logits) - 1), max_size=40))
    scores = torch.tensor([logits], dtype=torch.float64)
    expected = RepetitionPenaltyLogitsProcessor(penalty)(torch.tensor([ids], dtype=torch.int64), scores)[0].numpy()
    np.testing.assert_allclose(penalise_repetition(logits, ids, penalty), expected, rtol=1e-12)


def test_presence_and_frequency_are_subtracted_for_the_answer_alone():
    # Token 0 is in the prompt only, 1 once in the answer, 2 three times, 3 nowhere.
    logits, prompt, answer = [1.0, 1.0, -1.0, 2.0], [0, 0, 2], [2, 1, 2, 2]
    assert penalise_presence(logits, answer, 0.5).tolist() == [1, 0.5, -1.5, 2]
    assert penalise_presence(logits, answer, 0, 0.5).tolist() == [1, 0.5, -2.5, 2]
    assert penalise_presence(logits, answer, 1, -0.5).tolist() == [1, 0.5, -0.5, 2]
    assert penalise_presence(logits, [], 2, 2).tolist() == logits
    # The repetition penalty comes first, for all of them: 1/2, 1/2, -1*2, 2; then 0.5, and 0.25 for each use.
    params = SamplingParams(repetition_penalty=2, presence_penalty=0.5, frequency_penalty=0.25)
    assert penalised(logits, params, prompt, answer).tolist() == [0.5, 0.5 - 0.75, -2 - 1.25, 2]


@given(
    logits=logit_lists,
    params=st.builds(
        SamplingParams,
        temperature=st.floats(0, 5),
        top_k=st.integers(0, 50),
        top_p=st.floats(1e-12, 1),
        min_p=st.floats(0, 1, exclude_max=True),
    ),
)
def test_every_setting_gives_a_distribution_without_a_warning(logits, params):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = probabilities(logits, params)
    assert result.sum() == pytest.approx(1)
    assert (result >= 0).all()
    assert result[int(np.argmax(logits))] == result.max()
