"""A setup becomes an engine. Chooses among the engines, and knows nothing of how they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.engines.registry import ENGINES
from dolly_widget.engines.remote.address import ServerName, is_server
from dolly_widget.engines.setup import EngineSetup, Prepared
from dolly_widget.text import without_password

if TYPE_CHECKING:
    from dolly_widget.engines.model_engine import ModelEngine


def load_engine(source: str | Path | EngineSetup | None = None, /, **options: Any) -> ModelEngine:
    """Load a model on a device and return it ready to generate.

    ``source`` is "demo" (the default), "smollm2" or another name of the catalogue, a directory of OpenVINO files or of
    a checkpoint, an id of the Hugging Face hub, the URL of a server that speaks the OpenAI API, or an ``EngineSetup``
    with all there is to say. It may be given as ``model=``, too. ``options`` are the other fields of
    ``EngineSetup``: ``device="AUTO"``, ``engine="genai"`` or "optimum", ``weight_format="int8"`` (what a model is
    converted to), ``revision``, ``template`` (replaces the one that the model was taught), ``ov_config`` (OpenVINO
    properties, such as ``{"CACHE_DIR": "ov_cache"}``), ``prompt_lookup`` and ``draft``.

    These two are ways to a faster answer, greedily with the same tokens: ``prompt_lookup`` for answers that quote their
    context, or ``draft``, a smaller model with the same tokenizer, named as ``model`` is. Both are for
    ``engine="genai"``.

    Of a server, ``load_engine("http://host:8000/v1", model="dolly")``, ``model`` is its own name of the model, which
    may be left out where it has only one, or stand in the URL: ``http://host:8000/v1#dolly``. A list of URLs, or a text
    of several with commas, are servers of the same model: an answer goes on at the next where one breaks off. The
    options are then ``tokenizer``, a model on this machine with the same one, and ``template``. The key for it is in
    the environment variable ``DOLLY_WIDGET_API_KEY``, or in the file that ``DOLLY_WIDGET_API_KEY_FILE`` names.

    Raises ModelError for a model that is missing or broken, ValueError for an unknown device, engine or property,
    TypeError for an unknown option, EngineError where OpenVINO cannot load it, the packages of the Optimum engine are
    missing, or a server cannot be reached.
    """
    setup = setup_from(source, options).checked()
    setup.find()  # a mistake is reported before anything is downloaded
    return start_engine(setup, setup.prepare())


def setup_from(source: str | Path | Sequence[str] | EngineSetup | None, options: Mapping[str, Any]) -> EngineSetup:
    """The setup of a call that takes one, or a model and the other fields by name. TypeError for another name.

    Beside the URL of a server, or a list of them, the option ``model`` is the server's name of the model.
    """
    options = dict(options)
    if source is None:
        source = options.pop("model", EngineSetup.model)
    if isinstance(source, EngineSetup):
        if options:
            raise TypeError(f"An EngineSetup takes no further options: set {', '.join(options)} in it.")
        return source
    if isinstance(source, list | tuple):
        source = ",".join(map(str, source))
        if not is_server(source):
            raise ValueError("Only URLs of servers can be a list: name one model.")
    if "model" in options and not isinstance(source, Path) and is_server(str(source)):
        source = str(ServerName.parse(str(source), str(options.pop("model"))))
    if "model" in options:
        first, second = without_password(str(source)), without_password(str(options["model"]))
        raise TypeError(f"A model was given twice: {first!r} and model={second!r}.")
    return EngineSetup(source, **options)  # type: ignore[arg-type]  # a path becomes a text


def start_engine(setup: EngineSetup, prepared: Prepared) -> ModelEngine:
    """Load models that are prepared. ``setup`` must be ``checked``. Raises what ``load_engine`` raises."""
    if prepared.server is not None:
        server_engine: ModelEngine = ENGINES[setup.engine].load_class()(setup, prepared.server)
        return server_engine
    model = prepared.here()
    if prepared.draft is not None:
        from dolly_widget.engines.speculative.engine import SpeculativeEngine

        return SpeculativeEngine(setup, model, prepared.draft)
    engine_class: type[ModelEngine] = ENGINES[setup.engine].load_class()
    return engine_class(setup, model)
