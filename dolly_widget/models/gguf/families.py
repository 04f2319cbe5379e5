"""The families of models whose GGUF files become a checkpoint of Hugging Face's: in whose words, and by which names.

A family is data, and a function from a file's settings to a ``config.json``. A setting that the function does not ask
for is not left out silently: the file is refused by that setting's name. How weights are arranged: ``arrangement``.

transformers reads GGUF files too (modeling_gguf_pytorch_utils.py). It is not used: it leaves out settings (bases and
factors of rotary embeddings, windows, the attention's scale of Gemma 27B), and takes all weights in float32 at once.

Sources: llama.cpp, conversion/*.py (what is written) and src/models/*.cpp (what is computed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf import family_configs as configs
from dolly_widget.models.gguf import family_names as names
from dolly_widget.models.gguf import structure
from dolly_widget.models.gguf.family_configs import SECOND_NORM, Config
from dolly_widget.models.gguf.family_settings import Settings
from dolly_widget.models.gguf.file import GgufFile

WITHOUT_TORCH = structure.FAMILIES
"""Those that OpenVINO GenAI reads, which are converted without PyTorch."""


@dataclass(frozen=True)
class Family:
    """A family of models, as transformers has it."""

    model_type: str
    architecture: str
    """The class of the model."""
    names: Mapping[str, str]
    """Name in GGUF, without ".weight" or ".bias", "blk." for a layer -> name in the checkpoint, {} for the layer."""
    config: Callable[[Settings], Config]
    arrangement: str = ""
    """How the weights are arranged in GGUF: a name in ``arrangement``; "" as in the checkpoint."""


def family_of(file: GgufFile) -> Family:
    """The family of a file. Raises ModelError, with what can be converted, for one that cannot."""
    if file.architecture == "falcon" and any(tensor.name == SECOND_NORM for tensor in file.tensors):
        return _FALCON_40B
    if file.architecture == "llama" and has_experts(file):
        return _MIXTRAL
    if found := FAMILIES.get(file.architecture):
        return found
    known = ", ".join(sorted({*WITHOUT_TORCH, *FAMILIES}))
    raise ModelError(
        f"{file.path} is of the family {file.architecture!r}, whose GGUF files cannot be converted; give the "
        f"checkpoint that it was made from, or a file of {known}."
    )


def has_experts(file: GgufFile) -> bool:
    """Whether a file's model is a mixture of experts."""
    return bool(file.metadata.get(f"{file.architecture}.expert_count"))


def config_of(file: GgufFile) -> Config:
    """The ``config.json`` of a file's model. Raises ModelError for settings that its family does not have."""
    family, settings = family_of(file), Settings(file)
    if not settings.shapes.get("token_embd.weight"):
        raise ModelError(f"{file.path} has no embedding (token_embd.weight): download it again.")
    config = {
        "architectures": [family.architecture],
        "model_type": family.model_type,
        "dtype": "float16",
        "tie_word_embeddings": settings.is_tied,
        "vocab_size": settings.shapes["token_embd.weight"][0],
        **family.config(settings),
    }
    settings.expect("vocab_size", config["vocab_size"])
    settings.expect("attention.causal", True)
    settings.refuse_others()
    return config


# How weights are arranged in GGUF: see ``arrangement``.
_HALVES, _THREE, _GROUPS = "halves of heads", "heads of queries, keys and values", "groups of queries, keys and values"
_PLUS_ONE, _EXPERTS = "norms plus one", "experts"

_MIXTRAL = Family("mixtral", "MixtralForCausalLM", names.MIXTRAL, configs.mixtral, _HALVES)
_FALCON_40B = Family("falcon", "FalconForCausalLM", names.FALCON_40B, configs.falcon, _GROUPS)

FAMILIES: Mapping[str, Family] = {
    "bloom": Family("bloom", "BloomForCausalLM", names.BLOOM, configs.bloom, _THREE),
    "cohere2": Family("cohere2", "Cohere2ForCausalLM", names.LLAMA, configs.cohere2),
    "command-r": Family("cohere", "CohereForCausalLM", names.LLAMA, configs.cohere),
    "falcon": Family("falcon", "FalconForCausalLM", names.FALCON, configs.falcon, _GROUPS),
    "gemma": Family("gemma", "GemmaForCausalLM", names.LLAMA, configs.gemma, _PLUS_ONE),
    "gemma2": Family("gemma2", "Gemma2ForCausalLM", names.GEMMA2, configs.gemma2, _PLUS_ONE),
    "gemma3": Family("gemma3_text", "Gemma3ForCausalLM", names.GEMMA3, configs.gemma3, _PLUS_ONE),
    "gpt2": Family("gpt2", "GPT2LMHeadModel", names.GPT2, configs.gpt2, "transposed"),
    "gptneox": Family("gpt_neox", "GPTNeoXForCausalLM", names.GPT_NEOX, configs.gpt_neox, _THREE),
    "granite": Family("granite", "GraniteForCausalLM", names.LLAMA, configs.granite, _HALVES),
    "olmo2": Family("olmo2", "Olmo2ForCausalLM", names.OLMO2, configs.olmo2),
    "phi2": Family("phi", "PhiForCausalLM", names.PHI2, configs.phi2),
    "phi3": Family("phi3", "Phi3ForCausalLM", names.PHI3, configs.phi3),
    "qwen2moe": Family("qwen2_moe", "Qwen2MoeForCausalLM", names.QWEN2_MOE, configs.qwen2_moe, _EXPERTS),
    "qwen3moe": Family("qwen3_moe", "Qwen3MoeForCausalLM", names.QWEN3_MOE, configs.qwen3_moe, _EXPERTS),
    "smollm3": Family("smollm3", "SmolLM3ForCausalLM", names.LLAMA, configs.smollm3, _HALVES),
    "stablelm": Family("stablelm", "StableLmForCausalLM", names.LLAMA, configs.stablelm),
    "starcoder2": Family("starcoder2", "Starcoder2ForCausalLM", names.STARCODER2, configs.starcoder2),
}
"""By llama.cpp's name. Each was tried: tests/models/gguf/test_checkpoint.py and test_by_checkpoint.py."""
