"""Two hundred rows together and alone, on real weights, in full precision."""

import pytest
from together import rows_that_differ

from dolly_widget import SamplingParams


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0, 0.8], ids=["greedy", "drawn"])
def test_two_hundred_rows_have_the_ids_that_they_have_alone(engine, temperature):
    params = SamplingParams(max_new_tokens=8, temperature=temperature, seed=5)
    assert rows_that_differ(engine, params) == []
