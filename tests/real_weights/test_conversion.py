"""SmolLM2's GGUF file as OpenVINO files: what its makers say of it is there, and it is as large as was told."""

import pytest

from dolly_widget import models
from dolly_widget.models import Model
from dolly_widget.models.catalogue import named
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.template import PLAIN

# As in the example of the model card of HuggingFaceTB/SmolLM2-135M-Instruct.
SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
QUESTION = "<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def model(smollm2):
    return Model(smollm2)


def test_it_is_found_by_its_name(smollm2, smollm2_cache):
    assert models.find("smollm2") == smollm2
    assert models.find("smollm2", "fp16") is None


def test_its_figures_are_those_of_the_file(model, smollm2_file):
    file, info = GgufFile.open(smollm2_file), model.info
    assert file.parameters == info.parameters == named("smollm2").parameters
    assert info.max_positions == file.metadata["llama.context_length"] == 8192
    assert info.precision == "INT8"
    assert info.end_ids == {2}
    assert model.tokenizer.vocab_size == len(file.metadata["tokenizer.ggml.tokens"]) == 49_152


def test_it_takes_the_room_that_the_catalogue_tells(smollm2):
    found = sum(path.stat().st_size for path in smollm2.iterdir())
    assert found == pytest.approx(named("smollm2").disk_bytes(), rel=0.03)


def test_its_template_is_its_own_chat_with_its_own_system_message(model):
    assert str(model.template.render("Who are you?")) == SYSTEM + QUESTION


def test_its_sampling_is_what_its_makers_publish(model):
    assert model.sampling == SamplingParams(temperature=0.2, top_p=0.9)


@pytest.mark.parametrize(
    "text", ["The sea, l'été, 3.14 and\n\n\tdef f(x):", "日本語 🙂 Ġ", "<|im_end|> typed by a user"]
)
def test_texts_come_back_from_their_tokens(model, text):
    ids = model.tokenizer.encode(PLAIN.render(text))
    assert model.tokenizer.decode(ids) == text
    assert not set(ids) & {0, 1, 2}
