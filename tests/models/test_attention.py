"""What a config and a manifest say about a model's attention."""

import pytest

from dolly_widget.models.attention import genai_attention, longrope_limit, windows

LONGROPE = {"rope_type": "longrope", "original_max_position_embeddings": 4096, "short_factor": [1.0]}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "llama"}, "default"),
        ({"model_type": "bloom"}, "default"),
        ({"model_type": "mpt"}, "SDPA"),
        ({"model_type": "gpt_neo"}, "SDPA"),
        ({"model_type": "baichuan"}, "SDPA"),
        ({"model_type": "falcon", "alibi": False}, "default"),
        ({"model_type": "falcon", "alibi": True}, "SDPA"),
        ({"model_type": "phi3", "rope_parameters": LONGROPE}, "SDPA"),
        ({}, "default"),
    ],
)
def test_the_family_decides_where_nothing_was_checked(config, expected):
    assert genai_attention(config, {}) == expected


@pytest.mark.parametrize("found", ["SDPA", "none"])
def test_what_the_check_found_counts(found):
    assert genai_attention({"model_type": "llama"}, {"genai_attention": found}) == found


def test_a_check_that_found_nothing_does_not_overrule_the_family():
    assert genai_attention({"model_type": "mpt"}, {"genai_attention": "default"}) == "SDPA"


@pytest.mark.parametrize("nonsense", ["PA", "", 3, None, ["SDPA"]])
def test_a_manifest_of_somebody_else_can_say_what_it_likes(nonsense):
    assert genai_attention({"model_type": "llama"}, {"genai_attention": nonsense}) == "default"


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        ({"rope_parameters": LONGROPE}, 4096),
        ({"rope_scaling": {"type": "su"}, "original_max_position_embeddings": 4096}, 4096),
        ({"rope_scaling": {"type": "longrope"}, "original_max_position_embeddings": 2048}, 2048),
        ({"rope_scaling": {"type": "yarn", "original_max_position_embeddings": 4096}}, None),
        ({"rope_scaling": None, "original_max_position_embeddings": 4096}, None),
        ({"rope_parameters": {**LONGROPE, "original_max_position_embeddings": "4096"}}, None),
        ({"rope_parameters": ["longrope"]}, None),
        ({}, None),
    ],
)
def test_the_limit_of_longrope_is_found_in_every_spelling(config, limit):
    assert longrope_limit(config) == limit


@pytest.mark.parametrize("name", ["sliding_window", "window_size", "attention_chunk_size"])
def test_windows_are_the_positive_numbers_of_every_spelling(name):
    others = {"sliding_window": None, "window_size": -1, "attention_chunk_size": "8192"}
    assert list(windows({**others, name: 256})) == [256]
