"""Real engines in one line: a directory, and fields of a setup by name."""

from contextlib import ExitStack
from tempfile import TemporaryDirectory
from unittest.mock import patch

from dolly_widget.engines import EngineSetup, share_engine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.engines.remote.engine import RemoteEngine
from dolly_widget.models import Model


class GuessingEngine(GenAIEngine):
    """The default engine with guesses from the prompt: a case of its own, for tests that all engines pass."""


class ServedEngine(RemoteEngine):
    """The engine of a server, over the default engine on a port of this process."""


def serve(model_dir, template=None, **options):
    """Start a ServedEngine, whose end is that of its server."""
    from served import on_port

    here = ExitStack()
    local = start(GenAIEngine, model_dir, **options)
    here.callback(local.close)
    try:
        url, _ = here.enter_context(on_port(local))
        setup = EngineSetup(f"{url}#dolly", template=template)
        cache = here.enter_context(TemporaryDirectory())
        with patch.dict("os.environ", DOLLY_WIDGET_CACHE=cache):
            engine = ServedEngine(setup, setup.prepare().server)
    except BaseException:
        here.close()
        raise
    engine.when_closed(here.close)
    return engine


OPTIONS = {GenAIEngine: {}, OptimumEngine: {"engine": "optimum"}, GuessingEngine: {"prompt_lookup": True}}
"""With which `start_engine` makes each of them."""


def start(engine_class, model_dir, device="CPU", *, generation=None, **options):
    """An engine of this class; ``generation`` are OptimumEngine's."""
    if engine_class is ServedEngine:
        return serve(model_dir, device=device, **options)
    setup = EngineSetup(model_dir, device=device, **{**OPTIONS[engine_class], **options})
    more = {} if generation is None else {"generation": generation}
    if setup.draft is not None:
        more["draft"] = Model(setup.draft)
    return engine_class(setup, Model(model_dir), **more)


def share(model, **options):
    """A lease on an engine, loaded as the widget does it."""
    setup = EngineSetup(model, **options)
    return share_engine(setup, setup.prepare())
