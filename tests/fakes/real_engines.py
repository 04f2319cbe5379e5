"""Real engines in one line: a directory, and fields of a setup by name. The size of the model does not matter."""

from dolly_widget.engines import EngineSetup, share_engine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.engines.speculative.engine import SpeculativeEngine
from dolly_widget.models import Model

OPTIONS = {GenAIEngine: {}, OptimumEngine: {"engine": "optimum"}, SpeculativeEngine: {"prompt_lookup": True}}
"""With which `start_engine` chooses each class, where the model is large enough to guess."""


def start(engine_class, model_dir, device="CPU", *, generation=None, **options):
    """An engine of this class; ``generation`` are OptimumEngine's."""
    setup = EngineSetup(model_dir, device=device, **{**OPTIONS[engine_class], **options})
    if engine_class is SpeculativeEngine:
        return SpeculativeEngine(setup, Model(model_dir), setup.draft and Model(setup.draft))
    more = {} if generation is None else {"generation": generation}
    return engine_class(setup, Model(model_dir), **more)


def share(model, **options):
    """A lease on an engine, loaded as the widget does it."""
    setup = EngineSetup(model, **options)
    return share_engine(setup, setup.prepare())
