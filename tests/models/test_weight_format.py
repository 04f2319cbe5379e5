"""A weight format is a name with settings that fit it, and makes a key that tells two conversions apart."""

import pytest

from dolly_widget.models.weight_format import NAMES, WeightFormat


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_format_and_its_own_key(name):
    weight_format = WeightFormat.of(name)
    assert weight_format == WeightFormat(name)
    assert str(weight_format) == name
    assert WeightFormat.of(weight_format) is weight_format


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "int4"),
        ({"group_size": 64}, "int4-g64"),
        ({"ratio": 0.8}, "int4-r0.8"),
        ({"group_size": -1, "ratio": 0}, "int4-g-1-r0"),
    ],
)
def test_settings_other_than_the_usual_are_in_the_key(settings, key):
    weight_format = WeightFormat("int4", **settings)
    assert str(weight_format) == key
    assert WeightFormat.of(key) == weight_format


@pytest.mark.parametrize("key", ["int4-g100", "int4-r2", "int4-g64-", "int8-g64", "int4-r1-g64", "int4-r1.2.3"])
def test_a_key_that_no_format_has_is_refused(key):
    with pytest.raises(ValueError, match=r"weight format|must be"):
        WeightFormat.of(key)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"name": "int3"}, "choose one of fp16, int8, int4"),
        ({"name": "INT8"}, "'INT8'"),
        ({"name": "int4", "group_size": 0}, "group_size must be"),
        ({"name": "int4", "group_size": 100}, "power of two, not 100"),
        ({"name": "int4", "group_size": -2}, "group_size must be"),
        ({"name": "int4", "ratio": 1.01}, r"ratio must be 0 to 1, not 1\.01"),
        ({"name": "int4", "ratio": -0.1}, "ratio must be"),
        ({"name": "int4", "ratio": float("nan")}, "ratio must be"),
        ({"name": "int8", "group_size": 64}, "belong to int4, not to int8"),
        ({"name": "fp16", "ratio": 0.5}, "belong to int4, not to fp16"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_right(settings, part):
    with pytest.raises(ValueError, match=part) as refused:
        WeightFormat(**settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("weight_format", "bits"),
    [
        (WeightFormat("fp16"), 16),
        (WeightFormat("int8"), 8),
        (WeightFormat("int4"), 4 + 20 / 128),
        (WeightFormat("int4", group_size=-1), 4),
        (WeightFormat("int4", group_size=-1, ratio=0.25), 7),
    ],
)
def test_bits_count_the_scales(weight_format, bits):
    assert weight_format.bits == pytest.approx(bits)
