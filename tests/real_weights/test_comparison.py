"""INT8 beside INT4, both made of the same file: what the smaller one costs, in bytes and in words."""

import pytest

from dolly_widget import compare


@pytest.fixture(scope="module")
def two(real_weights, smollm2):
    real_weights.model("int4")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOLLY_WIDGET_CACHE", str(real_weights.cache))
        return compare(
            "Write a sentence about the sea.",
            model="smollm2",
            weight_format=["int8", "int4"],
            device="CPU",
            max_new_tokens=24,
            temperature=0,
        )


def test_each_weight_format_is_a_row_with_its_figures(two):
    int8, int4 = two.rows
    assert [row.label for row in two.rows] == [row.precision for row in two.rows] == ["INT8", "INT4"]
    assert int4.size_bytes < 0.7 * int8.size_bytes
    assert all(row.tokens_per_s > 0 and row.ttft_s > 0 and not row.error for row in two.rows)
    assert all("sea" in row.text for row in two.rows)


def test_it_says_after_how_many_tokens_they_part_and_with_which_words(two):
    int8, int4 = two.rows
    place = int4.first_difference
    assert int8.tokens[:place] == int4.tokens[:place]
    assert int8.tokens[place] != int4.tokens[place]
    names = [f"“{row.tokens[place].replace(' ', '␣')}”" for row in (int4, int8)]
    shared = f"{place:,} tokens in common, then" if place else "nothing in common:"
    assert int4.departure == f"{shared} {names[0]} instead of {names[1]}"
    assert int4.departure in str(two)
