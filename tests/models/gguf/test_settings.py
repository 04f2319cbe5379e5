"""The settings files that are made of a GGUF file's metadata, as transformers reads them."""

from gguf_files import Shape, write_gguf

from dolly_widget.models.gguf import settings
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import Structure
from dolly_widget.models.own_sampling import own_sampling
from dolly_widget.sampling import SamplingParams


def made(directory, shape):
    write_gguf(directory / "sheep.gguf", shape)
    file = GgufFile.open(directory / "sheep.gguf")
    structure = Structure.of(file)
    return settings.config(structure, file.metadata), settings.generation_config(structure, file.metadata)


def test_transformers_reads_the_config_as_the_model_is(tmp_path):
    from transformers import AutoConfig

    config, _ = made(tmp_path, Shape("qwen3", head_size=64, is_tied=True, rope_base=5e5))
    read = AutoConfig.for_model(**config)
    assert type(read).__name__ == "Qwen3Config"
    assert (read.hidden_size, read.num_hidden_layers, read.num_key_value_heads, read.head_dim) == (256, 2, 4, 64)
    assert (read.vocab_size, read.max_position_embeddings, read.intermediate_size) == (288, 512, 512)
    assert read.rope_parameters["rope_theta"] == 5e5
    assert read.tie_word_embeddings
    assert (read.bos_token_id, read.eos_token_id, read.pad_token_id) == (1, 2, 0)


def test_positions_that_are_stretched_are_named(tmp_path):
    scaling = {"llama.rope.scaling.type": ("string", "linear"), "llama.rope.scaling.factor": ("float32", 4.0)}
    config, _ = made(tmp_path, Shape(metadata=scaling))
    assert config["rope_parameters"] == {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}


def test_all_that_ends_an_answer_is_an_end(tmp_path):
    ends = {"tokenizer.ggml.eot_token_id": ("uint32", 5), "tokenizer.ggml.eom_token_id": ("uint32", 2)}
    config, generation = made(tmp_path, Shape(metadata=ends))
    assert config["eos_token_id"] == [2, 5]
    assert generation == {"bos_token_id": 1, "eos_token_id": [2, 5], "pad_token_id": 0}


def test_an_id_that_no_token_has_is_left_out(tmp_path):
    ids = {"tokenizer.ggml.eos_token_id": ("uint32", 288), "tokenizer.ggml.bos_token_id": ("string", "x")}
    _, generation = made(tmp_path, Shape(metadata=ids))
    assert generation == {"pad_token_id": 0}


def test_sampling_settings_of_the_file_are_the_model_s_own(tmp_path):
    keys = {"temp": 0.2, "top_p": 0.9, "min_p": 0.05, "penalty_repeat": 1.1}
    metadata = {f"general.sampling.{key}": ("float32", value) for key, value in keys.items()}
    _, generation = made(tmp_path, Shape(metadata=metadata | {"general.sampling.top_k": ("int32", 40)}))
    own = {"temperature": 0.2, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "repetition_penalty": 1.1}
    assert generation.items() >= {"do_sample": True, **own}.items()
    assert own_sampling(generation) == SamplingParams(**own)


def test_a_sampling_setting_of_the_file_that_cannot_be_taken_is_left_out():
    assert settings.sampling({"general.sampling.temp": -1.0, "general.sampling.top_p": [0.9]}) == {}
    assert settings.sampling({"general.sampling.temp": float("nan"), "general.sampling.top_k": 7}) == {
        "do_sample": True,
        "top_k": 7,
    }
