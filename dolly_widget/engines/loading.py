"""A name becomes an engine. Chooses among the engines, and knows nothing of how they answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget.engines.engine import Engine
from dolly_widget.models import ModelInfo, WeightFormat, find, resolve
from dolly_widget.runtime import check_device, devices_behind
from dolly_widget.text import PromptTemplate

# "genai" is OpenVINO GenAI's pipeline, "optimum" Optimum Intel's model with Hugging Face's generation.
ENGINES = ("genai", "optimum")


# Of smaller models, a pass is hardly the reading of weights, and one of several tokens costs as much as several.
_LEAST_BYTES_TO_GUESS = 100e6


def check_engine(engine: str) -> None:
    """Raise ValueError where there is no engine of that name."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose {' or '.join(map(repr, ENGINES))}.")


def check_guessing(engine: str, device: str, prompt_lookup: bool, draft: str | Path | None) -> None:
    """Raise ValueError where an engine, or a device, is to guess ahead that cannot."""
    if not prompt_lookup and draft is None:
        return
    if any(name.startswith("NPU") for name in devices_behind(device.upper())):
        raise ValueError("An NPU cannot check guesses: leave prompt_lookup and draft out, or take another device.")
    if engine == "optimum":
        raise ValueError(
            "The Optimum engine cannot guess ahead: leave prompt_lookup and draft out, or engine='optimum'."
        )


def load_engine(
    model: str | Path = "demo",
    *,
    device: str = "AUTO",
    engine: str = "genai",
    template: PromptTemplate | None = None,
    weight_format: str | WeightFormat = "int8",
    ov_config: Mapping[str, Any] | None = None,
    prompt_lookup: bool = False,
    draft: str | Path | None = None,
) -> Engine:
    """Load ``model`` on ``device`` and return it ready to generate.

    ``model`` is what ``models.resolve`` takes, and ``weight_format`` what it is converted to where it has to be.
    ``template`` replaces the one that the model was taught, which ``template_for`` finds. ``ov_config`` are OpenVINO
    properties, such as ``{"CACHE_DIR": "ov_cache"}``.

    Two ways to a faster answer, greedily with the same tokens (see ``engines.speculative``): ``prompt_lookup`` for
    answers that quote their context, ``draft``, a smaller model with the same tokenizer, named as ``model`` is. Both
    take the place of ``engine="genai"``, and are left off for a model of less than 100 MB, which they would slow down.
    Raises ModelError for a model that is missing or broken, ValueError for an unknown device, engine or property,
    EngineError where OpenVINO cannot load it, or where the packages of the Optimum engine are missing.
    """
    check_engine(engine)
    check_guessing(engine, device, prompt_lookup, draft)
    if draft is not None:
        find(draft, weight_format)  # what is known to be in vain is told before anything is downloaded
    model_dir = resolve(model, weight_format)
    device = check_device(device)
    if (prompt_lookup or draft is not None) and ModelInfo(model_dir).size_bytes >= _LEAST_BYTES_TO_GUESS:
        from dolly_widget.engines.speculative.engine import SpeculativeEngine

        drafts = None if draft is None else resolve(draft, weight_format)
        return SpeculativeEngine(
            model_dir, device, template, ov_config=ov_config, prompt_lookup=prompt_lookup, draft=drafts
        )
    if engine == "optimum":
        from dolly_widget.engines.optimum import OptimumEngine

        return OptimumEngine(model_dir, device, template, ov_config=ov_config)
    from dolly_widget.engines.genai import GenAIEngine

    return GenAIEngine(model_dir, device, template, ov_config=ov_config)
