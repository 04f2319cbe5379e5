"""A model's own sampling settings: what its generation_config.json says, as far as it can be taken."""

import json
import shutil

import pytest

from dolly_widget import SamplingParams
from dolly_widget.models import Model
from dolly_widget.models.own_sampling import own_sampling, usable
from dolly_widget.sampling import DEFAULTS

ALL = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.05, "repetition_penalty": 1.05}


def test_what_it_says_takes_the_place_of_the_defaults_and_the_rest_stays():
    assert own_sampling({"do_sample": True, **ALL}) == SamplingParams(**ALL)
    assert own_sampling({"do_sample": True, "top_k": 20, "eos_token_id": 2}) == SamplingParams(top_k=20)


@pytest.mark.parametrize("do_sample", [None, False, 1, "true"])
def test_without_do_sample_they_are_the_project_s(do_sample):
    assert own_sampling({"do_sample": do_sample, **ALL}) == DEFAULTS
    assert own_sampling(ALL) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("temperature", value) for value in (-1, 101, float("nan"), float("inf"), "0.5", True, None, [0.5], {})),
        *(("top_p", value) for value in (0, 1.5, "1")),
        *(("top_k", value) for value in (-1, 2.5, 10**30, 10**400)),
        *(("min_p", value) for value in (1, 0.999999999999)),
        ("repetition_penalty", 0),
    ],
)
def test_a_value_that_cannot_be_taken_is_left_out_and_the_others_count(name, value):
    said = {"do_sample": True, **ALL, name: value}
    assert own_sampling(said) == SamplingParams(**{key: each for key, each in ALL.items() if key != name})


def test_only_what_shapes_the_draws_is_taken():
    assert usable({"max_new_tokens": 3, "seed": 1, "stop": ["x"], "max_length": 20}) == {}


def test_noise_in_the_last_digits_goes():
    assert usable({"temperature": 0.20000000000001, "top_k": 50.0}) == {"temperature": 0.2, "top_k": 50}
    assert usable({"temperature": 1e-12}) == {"temperature": 1e-12}


def test_a_model_says_them_and_the_demo_model_has_none(demo_dir, tmp_path):
    directory = shutil.copytree(demo_dir, tmp_path / "copy")
    (directory / "generation_config.json").write_text(json.dumps({"do_sample": True, **ALL}))
    assert Model(directory).sampling == SamplingParams(**ALL)
    (directory / "generation_config.json").unlink()
    assert Model(directory).sampling == DEFAULTS
    assert Model(demo_dir).sampling == DEFAULTS
