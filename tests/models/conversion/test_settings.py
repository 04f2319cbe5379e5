"""Settings files say what transformers would run with, or a sentence says what is wrong with them."""

import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion.settings import for_version_4, put_right


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ({"eos_token_id": 2}, {"eos_token_id": 2}),
        ({"eos_token_id": [2, 7]}, {"eos_token_id": [2, 7]}),
        ({"eos_token_id": None}, {"eos_token_id": None}),
        ({"eos_token_id": 2.0}, {"eos_token_id": 2}),
        ({"eos_token_id": [2.0, -1]}, {"eos_token_id": [2]}),
        # What no token can have ends nothing.
        *(
            ({"eos_token_id": value}, {"eos_token_id": None})
            for value in (-1, [-1], [], 2.5, True, 10**30, float("nan"))
        ),
        ({"pad_token_id": -1, "bos_token_id": 1}, {"pad_token_id": None, "bos_token_id": 1}),
        ({"_attn_implementation": "flash_attention_2", "x": 1}, {"x": 1}),
        ({"attn_implementation": ["flash"], "x": 1}, {"x": 1}),
        ({"_attn_implementation": "eager"}, {"_attn_implementation": "eager"}),
        ({"dtype": "torch.float16"}, {"dtype": "float16"}),
        ({"torch_dtype": "auto"}, {"torch_dtype": None}),
        ({"dtype": None, "torch_dtype": "bfloat16"}, {"dtype": None, "torch_dtype": "bfloat16"}),
    ],
)
def test_what_transformers_would_run_with_is_put_right(given, right):
    assert put_right(given, "config.json") == right


@pytest.mark.parametrize(
    ("given", "part"),
    [
        *(
            ({"eos_token_id": value}, "as eos_token_id: correct it to a token id, or remove it.")
            for value in ("2", "</s>", [2, "3"], [None], [[2]], {"a": 1})
        ),
        *(({"dtype": value}, "as dtype: it must be one of float64") for value in ("int8", 5, ["float16"], {}, "")),
        ({"torch_dtype": "float8_e4m3fn"}, "gives 'float8_e4m3fn' as torch_dtype"),
    ],
)
def test_what_transformers_would_fail_on_is_told(given, part):
    with pytest.raises(ModelError, match=r"^The file gives ") as refused:
        put_right(given, "The file")
    assert part in str(refused.value)


def test_a_long_value_is_cut_in_the_sentence():
    with pytest.raises(ModelError) as refused:
        put_right({"eos_token_id": "x" * 10_000 + "\x1b[31m"}, "The file")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"rope_theta": 500.0}, {"rope_theta": 500.0}),
        (
            {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}},
            {"rope_theta": 500.0, "rope_scaling": None},
        ),
        (
            {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}},
            {"rope_theta": 1e4, "partial_rotary_factor": 0.5, "rope_scaling": None},
        ),
        (
            {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 8.0}},
            {"rope_theta": 1e4, "rope_scaling": {"rope_type": "linear", "factor": 8.0}},
        ),
        (
            {
                "rope_parameters": {
                    "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                }
            },
            {
                "rope_theta": 1e6,
                "rope_local_base_freq": 1e4,
                "rope_scaling": {"rope_type": "linear", "factor": 8.0},
            },
        ),
    ],
)
def test_version_4_is_told_what_version_5_has_written(newer, older):
    assert for_version_4({"model_type": "gemma", **newer}, "config.json") == {"model_type": "gemma", **older}


def test_what_version_4_refuses_in_dbrx_is_left_out():
    newer = {"model_type": "dbrx", "ffn_config": {"ffn_hidden_size": 8, "hidden_size": 4}}
    assert for_version_4(newer, "config.json") == {"model_type": "dbrx", "ffn_config": {"ffn_hidden_size": 8}}


@pytest.mark.parametrize("kind", ["chunked_attention", "sliding_attention"])
def test_what_version_4_has_no_words_for_is_refused(kind):
    rope = {"full_attention": {"rope_theta": 1e6}, kind: {"rope_type": "yarn", "rope_theta": 1e4}}
    with pytest.raises(ModelError, match="rope_parameters"):
        for_version_4({"rope_parameters": rope}, "config.json")
