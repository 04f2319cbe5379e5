"""Candidates as plain data, and as a table that is true and safe."""

import re

import numpy as np
import pytest

from dolly_widget.lens.candidate_table import candidates_to_html, quoted, table
from dolly_widget.lens.candidates import candidates
from dolly_widget.sampling.draws import Draws
from dolly_widget.sampling.next_token import distribution
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.labels import Label

HALVES = np.log([0.5, 0.25, 0.125, 0.125])


def label(token_id):
    return Label(f" t{token_id}", f"␣t{token_id}", False)


def seen(logits=HALVES, shown=20, also=(), **settings):
    params = SamplingParams(**{"temperature": 1, "top_p": 1} | settings)
    return candidates(distribution(logits, params), label, params, shown=shown, also=also)


def reasons(found):
    return [row.cut_by for row in found.rows]


def test_each_candidate_has_its_probabilities_the_likeliest_first():
    found = seen(HALVES[::-1], top_k=2)
    first, second = found.rows[:2]
    assert [row.token_id for row in found.rows] == [3, 2, 0, 1]
    assert (first.rank, first.label.name, first.draws) == (1, "␣t3", None)
    assert (first.model, first.before, first.cumulative, first.after) == pytest.approx((0.5, 0.5, 2 / 3, 2 / 3))
    assert second.after == pytest.approx(1 / 3)
    assert (found.kept, found.vocab_size) == (2, 4)
    assert found.entropy == pytest.approx(np.log2(3) - 2 / 3)


def test_what_is_cut_says_by_which_setting():
    assert reasons(seen(top_k=1)) == ["", "top-k", "top-k", "top-k"]
    assert reasons(seen(top_p=0.7)) == ["", "", "top-p", "top-p"]
    assert reasons(seen(top_k=3, top_p=0.5)) == ["", "top-p", "top-p", "top-p"]
    assert reasons(seen(top_k=2, top_p=0.5)) == ["", "top-p", "top-k", "top-k"]
    assert reasons(seen(min_p=0.3)) == ["", "", "min-p", "min-p"]
    assert reasons(seen(top_k=3, min_p=0.6)) == ["", "min-p", "min-p", "min-p"]
    assert reasons(seen(top_p=0.7, min_p=0.6)) == ["", "min-p", "top-p", "top-p"]
    assert reasons(seen(temperature=0)) == ["", "greedy", "greedy", "greedy"]
    assert reasons(seen([0, -np.inf, 1, -1], top_p=0.9)) == ["", "", "top-p", "probability 0"]


def test_min_p_is_of_the_likeliest_ones_probability():
    """Half of it is not less than half of it."""
    assert reasons(seen(min_p=0.5)) == ["", "", "min-p", "min-p"]
    assert [row.after for row in seen(min_p=0.5).rows] == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert "cut by min-p" in candidates_to_html(seen(min_p=0.5))


def test_equals_of_the_last_of_top_k_are_kept():
    assert reasons(seen(top_k=3)) == ["", "", "", ""]


def test_a_top_k_above_the_vocabulary_cuts_nothing():
    assert reasons(seen(top_k=1024)) == ["", "", "", ""]


def test_the_others_are_summed():
    found = seen(shown=1, top_p=0.7)
    assert len(found.rows) == 1
    others = found.others
    assert (others.count, others.kept, others.draws) == (3, 1, None)
    assert (others.model, others.before, others.after) == pytest.approx((0.5, 0.5, 1 / 3))


def test_a_token_further_down_is_listed_with_its_own_rank():
    found = seen(shown=1, also=[3])
    assert [(row.rank, row.token_id) for row in found.rows] == [(1, 0), (4, 3)]
    assert found.others.count == 2
    with pytest.raises(IndexError):
        seen(also=[4])


# Draws


def drawn(counts, **settings):
    params = SamplingParams(**{"temperature": 1, "top_p": 1} | settings)
    found = distribution(HALVES, params)
    return candidates(found, label, params, shown=3, draws=Draws(found, np.array(counts)))


def test_draws_are_counted_beside_what_is_expected():
    found = drawn([520, 240, 120, 120])
    assert [row.draws for row in found.rows] == [520, 240, 120]
    assert found.others.draws == 120
    assert (found.draws.total, found.draws.largest) == (1000, 0)
    assert found.draws.largest_difference == pytest.approx(0.02)
    shown = table(found)
    assert shown.columns[-1].name == "In 1,000 draws"
    count = shown.rows[0].cells[-1]
    assert (count.text, count.title) == ("520", "500.0 expected")
    assert (count.length, count.tick) == pytest.approx((1.0, 1.0))  # a whole bar is 50 %
    assert shown.rows[1].cells[-1].length == pytest.approx(0.48)
    assert shown.rows[1].cells[-1].tick == pytest.approx(0.5)
    assert "largest difference between frequency and probability is 2.0 percentage points" in shown.notes[0]


def test_chance_exceeds_what_is_to_be_expected_of_it_once_in_twenty():
    found = distribution(HALVES, SamplingParams(temperature=1, top_p=1))
    generator = np.random.default_rng(7)
    draws = [Draws(found, found.counts(1000, generator)) for _ in range(400)]
    exceeding = sum(each.largest_difference > draws[0].expected_difference for each in draws)
    assert 8 <= exceeding <= 36  # 20, three standard deviations to each side


def test_where_only_one_token_is_left_no_difference_is_expected():
    found = distribution(HALVES, SamplingParams(temperature=0))
    draws = Draws(found, found.counts(10, np.random.default_rng(0)))
    assert draws.largest_difference == draws.expected_difference == 0


# What is shown


def test_the_summary_tells_how_many_the_entropy_and_the_settings():
    assert table(seen(top_k=2)).summary == ("2 of 4 tokens can be drawn · entropy 0.92 bits · temperature 1 · top-k 2")
    assert table(seen(top_p=0.9, min_p=0.05)).summary.endswith("· temperature 1 · top-p 0.9 · min-p 0.05")
    greedy = table(seen(temperature=0, repetition_penalty=1.2)).summary
    assert greedy == "1 of 4 tokens can be drawn · entropy 0.00 bits · greedy · repetition penalty 1.2"


def test_the_engine_s_bound_is_told_where_it_can_cut():
    asked = SamplingParams(temperature=1, top_p=0.9)
    bound = [note for note in table(seen(top_k=3, top_p=0.9), asked=asked).notes if "engine" in note]
    assert bound == ["This engine never draws from more than the 3 likeliest tokens."]
    assert "top-k" not in table(seen(top_k=3, top_p=0.9), asked=asked).summary
    assert not [note for note in table(seen(top_k=4, top_p=0.9), asked=asked).notes if "engine" in note]


def test_what_is_cut_is_told_in_words_and_has_no_bar_where_it_is_not_drawn():
    row = table(seen(top_k=1)).rows[1]
    assert row.cut_by == "top-k"
    assert (row.cells[-1].text, row.cells[-1].length) == ("✕ cut by top-k", None)
    assert row.cells[0].length == pytest.approx(0.25)  # of a whole bar, which is 100 %: the first has all


def test_bars_of_a_flat_distribution_are_longer_by_a_scale_that_is_told():
    shown = table(seen(np.zeros(40)))
    assert shown.rows[0].cells[0].length == pytest.approx(0.5)
    assert "A full bar is 5%" in shown.notes[-1]


def test_html_escapes_what_a_token_holds():
    hostile = "</td><script>alert(1)</script>\"'"
    params = SamplingParams(temperature=1, top_p=1)
    found = candidates(distribution(HALVES, params), lambda token_id: Label(hostile, hostile, False), params)
    html = candidates_to_html(found, drawn_id=1)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;") == 4
    made = "div table caption thead tbody tr th td span bdi b p"
    assert set(re.findall(r"<(\w+)", html)) == set(made.split())


def test_html_is_a_table_with_headings_and_a_border_between_kept_and_cut():
    html = candidates_to_html(seen(shown=3, top_k=2), drawn_id=0)
    assert html.count('scope="col"') == 6
    assert html.count('scope="row"') == 4
    assert html.count("border-top: 2px") == 1
    assert html.count("← drawn") == 1
    assert "cut by top-k" in html
    assert "… 1 other<" in html
    assert "<caption" in html


def test_a_token_in_a_sentence_is_quoted_with_its_own_spaces():
    assert quoted(Label(" was", "␣was", False)) == "“ was”"
    assert quoted(Label("↵\n", "↵", False)) == "“↵”"
    assert quoted(Label("### End", "###␣End", True)) == "“###␣End”"


def test_the_table_says_which_token_stands_there_and_which_word_each_is_a_part_of():
    rows = table(seen(), written_id=2, words={1: "word"}).rows
    assert [row.token_id for row in rows if row.is_written] == [2]
    assert {row.token_id: row.word for row in rows} == {0: "", 1: "word", 2: "", 3: ""}
    assert not any(row.is_written or row.word for row in table(seen()).rows)
