"""A tokenizer that is larger than its model: an id that the model does not have is refused, never fed."""

import json
import shutil

import pytest
from real_engines import start
from tokenizers import AddedToken, Tokenizer

from dolly_widget import PLAIN, ModelError, PromptTemplate, SamplingParams
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.lens import score

TEMPLATE = PromptTemplate("own", without_context="<x>{instruction}", with_context="<x>{instruction} {context}")


@pytest.fixture(scope="module")
def model_dir(demo_dir, tmp_path_factory):
    """The demonstration model, with a control token more in its tokenizer."""
    model_dir = shutil.copytree(demo_dir, tmp_path_factory.mktemp("larger") / "model")
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken("<x>", normalized=False, special=True)])
    tokenizer.save(str(model_dir / "tokenizer.json"))
    assert json.loads((model_dir / "config.json").read_text())["vocab_size"] == tokenizer.token_to_id("<x>") == 4096
    return model_dir


@pytest.mark.parametrize("engine_class", [GenAIEngine, OptimumEngine])
def test_a_template_of_such_tokens_is_refused_at_load(engine_class, model_dir):
    with pytest.raises(ModelError, match=r"the token 4096 \('<x>'\), but model has only 4,096 tokens: its tokenizer"):
        start(engine_class, model_dir, template=TEMPLATE)


def test_a_tokenizer_that_is_larger_matters_only_where_such_a_token_is_used(model_dir):
    engine = start(GenAIEngine, model_dir)
    params = SamplingParams(temperature=0, max_new_tokens=2)
    assert engine.generate(PLAIN.render("<x>"), params).new_tokens == 2  # the user's text is no control token
    for ask in (engine.generate, lambda prompt, params: score(engine, prompt, [1])):
        with pytest.raises(ModelError, match="has the token 4096"):
            ask(TEMPLATE.render("Hello"), params)
    with pytest.raises(ValueError, match=r"There is no token 4096: the model has 4,096 tokens"):
        engine.generate(PLAIN.render("Hello"), params, prefix_ids=[4096])
    engine.close()
