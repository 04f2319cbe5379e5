"""Which device and precision to use: what is chosen, and that the last sentence always says so."""

import math
from dataclasses import replace

import pytest

from dolly_widget.bench.advice import advice
from dolly_widget.bench.measuring import Measurement

INT8 = Measurement("org/sheep", "INT8", "CPU", "genai", 1500, 64, 4.0, 1.0, 0.5, 0.143, None)
INT4 = replace(INT8, precision="INT4", tpot_s=0.110)
FP16 = replace(INT8, precision="FP16", tpot_s=0.238)


def test_the_fastest_is_chosen_and_what_it_costs_is_said():
    assert advice([INT8, INT4]) == [
        "Recommended: INT4 on CPU with genai, 9.1 tokens/s after a prompt of 1,500 tokens; "
        "INT8 takes 1.3 times as long per token and is closer to the original."
    ]


def test_each_other_format_is_compared_by_its_fastest_combination():
    slow = [replace(row, engine="optimum", tpot_s=2 * row.tpot_s) for row in (INT8, INT4, FP16)]
    (line,) = advice([FP16, INT8, INT4, *slow])
    assert line.partition("; ")[2] == (
        "INT8 takes 1.3 times as long per token and is closer to the original; "
        "FP16 takes 2.2 times as long per token and is closer to the original."
    )


def test_a_difference_within_the_noise_goes_to_the_more_exact_format():
    as_fast = replace(INT8, tpot_s=INT4.tpot_s * 1.02)
    (line,) = advice([INT4, as_fast])
    assert line.startswith("Recommended: INT8 on CPU with genai, 8.9 tokens/s")
    assert line.endswith("; INT4 is as fast (within 3 %) and is further from the original.")


def test_a_difference_beyond_the_noise_goes_to_the_faster_format():
    (line,) = advice([INT4, replace(INT8, tpot_s=INT4.tpot_s * 1.05)])
    assert line.startswith("Recommended: INT4 on CPU")
    assert line.endswith("; INT8 takes 5 % longer per token and is closer to the original.")


def test_a_slower_format_that_is_less_exact_is_told_as_such():
    (line,) = advice([INT8, replace(INT4, tpot_s=0.286)])
    assert line.endswith("; INT4 takes 2.0 times as long per token and is further from the original.")


def test_among_devices_the_fastest_of_the_same_format_is_chosen():
    others = [replace(INT8, device="GPU", tpot_s=0.1), replace(INT8, device="NPU", tpot_s=1.0)]
    (line,) = advice([INT8, *others])
    assert line == (
        "Recommended: INT8 on GPU with genai, 10.0 tokens/s after a prompt of 1,500 tokens; "
        "on CPU it takes 1.4 times as long per token."
    )


def test_the_longest_prompt_that_all_were_asked_decides():
    """INT8 was stopped before its longest prompt, after which INT4 is slower than INT8 after a shorter one."""
    short8, short4 = (replace(row, prompt_tokens=32) for row in (INT8, INT4))
    middle8, middle4 = (replace(row, prompt_tokens=512) for row in (INT8, INT4))
    rows = [replace(short8, tpot_s=0.01), middle8, short4, middle4, replace(INT4, tpot_s=0.2)]
    (line,) = advice(rows)
    assert line.startswith("Recommended: INT4 on CPU with genai, 9.1 tokens/s after a prompt of 512 tokens;")


def test_within_the_noise_the_faster_of_the_same_format_is_chosen():
    (line,) = advice([replace(INT8, engine="optimum", tpot_s=0.144), INT8])
    assert line.startswith("Recommended: INT8 on CPU with genai")
    assert line.endswith("; with optimum it is as fast (within 3 %).")


def test_where_no_length_is_common_each_one_s_longest_decides():
    rows = [replace(INT8, prompt_tokens=31), replace(INT8, prompt_tokens=511), replace(INT4, prompt_tokens=510)]
    (line,) = advice(rows)
    assert line.startswith("Recommended: INT4 on CPU with genai, 9.1 tokens/s after a prompt of 510 tokens;")


@pytest.mark.parametrize(("model", "given"), [("demo", "a real model"), ("org/sheep", "a checkpoint or a model id")])
def test_a_single_combination_is_told_as_such_with_what_to_compare(model, given):
    rows = [replace(INT8, model=model, prompt_tokens=length) for length in (32, 1500)]
    assert advice(rows) == [
        "Recommended: INT8 on CPU with genai, 7.0 tokens/s after a prompt of 1,500 tokens. "
        f"Nothing else was measured: to compare formats, use --weight-format int8 int4 and {given}."
    ]


def test_several_models_have_a_line_each_and_a_last_one_for_all():
    goats = [replace(row, model="org/goat", tpot_s=row.tpot_s / 2) for row in (INT8, INT4)]
    lines = advice([INT8, INT4, *goats])
    assert lines[0].startswith("For org/sheep: INT4 on CPU with genai, 9.1 tokens/s")
    assert lines[1].startswith("For org/goat: INT4 on CPU with genai, 18.2 tokens/s")
    assert lines[2:] == ["Recommended: INT4 on CPU with genai, for all of these models."]


def test_the_last_line_names_the_models_where_they_differ():
    goat = replace(INT8, model="org/goat", device="GPU")
    assert advice([INT4, goat])[-1] == (
        "Recommended: INT4 on CPU with genai for org/sheep; INT8 on GPU with genai for org/goat."
    )


def test_rows_without_a_time_count_for_nothing():
    untimed = replace(INT4, tpot_s=math.nan)
    assert advice([INT8, untimed]) == advice([INT8])
    assert advice([untimed]) == advice([]) == []
