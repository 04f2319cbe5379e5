"""The conversion at dolly-v2-3b's full shape. Slow: minutes, 15 GB of disk; times are `bench/convert.py`'s matter."""

import pytest

from dolly_widget.engines.loading import load_engine
from dolly_widget.models import store
from dolly_widget.models.info import ModelInfo
from dolly_widget.sampling.params import SamplingParams
from tests.benchmarks.convert import convert, make_full_checkpoint

pytestmark = pytest.mark.slow


def test_three_billion_weights_convert_in_1_6_times_the_checkpoints_size(tmp_path, monkeypatch):
    checkpoint = make_full_checkpoint(tmp_path / "dolly-v2-3b-shape")
    size = (checkpoint / "model.safetensors").stat().st_size
    assert size > 5.5e9
    _, peak_bytes = convert(checkpoint, "int8", tmp_path / "cache")
    assert peak_bytes <= 1.6 * size
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    (entry,) = store.entries()
    info = ModelInfo(entry.path)
    assert (info.precision, round(info.parameters / 1e9, 2)) == ("INT8", 2.78)
    assert entry.damaged() == ()
    engine = load_engine(entry.path, device="CPU")
    result = engine.generate(engine.template.render("Hello"), SamplingParams(max_new_tokens=3, temperature=0))
    engine.close()
    assert result.new_tokens == 3
