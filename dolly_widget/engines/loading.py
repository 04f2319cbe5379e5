"""A setup becomes an engine. Chooses among the engines, and knows nothing of how they answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.engines.registry import ENGINES
from dolly_widget.engines.setup import EngineSetup, Prepared

if TYPE_CHECKING:
    from dolly_widget.engines.model_engine import ModelEngine


def load_engine(model: str | Path | EngineSetup = "demo", **options: Any) -> ModelEngine:
    """Load ``model`` on a device and return it ready to generate.

    ``model`` is "demo", "smollm2" or another name of the catalogue, a directory of OpenVINO files or of a checkpoint,
    an id of the Hugging Face hub, or an ``EngineSetup`` with all there is to say. ``options`` are the other fields of
    ``EngineSetup``: ``device="AUTO"``, ``engine="genai"`` or "optimum", ``weight_format="int8"`` (what a model is
    converted to), ``revision``, ``template`` (replaces the one that the model was taught), ``ov_config`` (OpenVINO
    properties, such as ``{"CACHE_DIR": "ov_cache"}``), ``prompt_lookup`` and ``draft``.

    These two are ways to a faster answer, greedily with the same tokens: ``prompt_lookup`` for answers that quote their
    context, or ``draft``, a smaller model with the same tokenizer, named as ``model`` is. Both are for
    ``engine="genai"``. Raises ModelError for a model that is missing or broken, ValueError for an unknown device,
    engine or property, TypeError for an unknown option, EngineError where OpenVINO cannot load it, or where the
    packages of the Optimum engine are missing.
    """
    setup = setup_from(model, options).checked()
    setup.find()  # a mistake is reported before anything is downloaded
    return start_engine(setup, setup.prepare())


def setup_from(model: str | Path | EngineSetup, options: dict[str, Any]) -> EngineSetup:
    """The setup of a call that takes one, or a model and the other fields by name. TypeError for another name."""
    if not isinstance(model, EngineSetup):
        return EngineSetup(model, **options)  # type: ignore[arg-type]  # a path becomes a text
    if options:
        raise TypeError(f"An EngineSetup takes no further options: set {', '.join(options)} in it.")
    return model


def start_engine(setup: EngineSetup, prepared: Prepared) -> ModelEngine:
    """Load models that are prepared. ``setup`` must be ``checked``. Raises what ``load_engine`` raises."""
    if prepared.draft is not None:
        from dolly_widget.engines.speculative.engine import SpeculativeEngine

        return SpeculativeEngine(setup, prepared.model, prepared.draft)
    engine_class = ENGINES[setup.engine].load_class()
    return engine_class(setup, prepared.model if prepared.server is None else prepared.server)
