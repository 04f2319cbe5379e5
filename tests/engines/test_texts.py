"""The text of an answer is what its ids decode to, whatever kind of tokenizer the model has."""

import shutil

import pytest
from real_engines import start
from tokenizer_kinds import KINDS

from dolly_widget import PLAIN, SamplingParams
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine


@pytest.fixture(scope="module", params=[GenAIEngine, OptimumEngine])
def engine_class(request):
    return request.param


@pytest.mark.parametrize("kind", ["byte-fallback, as Llama 2's", "WordPiece, as BERT's"])
def test_what_streamed_is_the_text_of_the_ids(engine_class, kind, demo_dir, tmp_path):
    """The demonstration model under another tokenizer: what it says then is as good as random."""
    model_dir = shutil.copytree(demo_dir, tmp_path / "model")
    backend = KINDS[kind]()
    backend.save(str(model_dir / "tokenizer.json"))
    engine = start(engine_class, model_dir, template=PLAIN)
    ids = [backend.token_to_id(word) for word in ("<0xF0>", "<0x9F>", "<0x99>", "<0x82>")]
    beginning = [token_id for token_id in ids if token_id is not None]
    pieces = []
    result = engine.generate(
        PLAIN.render("a"), SamplingParams(max_new_tokens=60, seed=1), on_text=pieces.append, prefix_ids=beginning
    )
    engine.close()
    assert "".join(pieces) == result.text
    assert result.text == engine.model.tokenizer.decode(result.token_ids).rstrip()
    assert result.text.startswith("🙂" if beginning else "")
