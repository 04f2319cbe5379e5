"""The models of the catalogue as they are offered: below the demonstration model's name, and in the box."""

from __future__ import annotations

from importlib.util import find_spec

from dolly_widget.errors import ModelError
from dolly_widget.models import CATALOGUE, ModelInfo, NamedModel, find, named
from dolly_widget.widget.model.one_click import Offer
from dolly_widget.widget.page import messages

NEXT_STEPS = ("smollm2", "dolly-v2-3b")


def next_steps(info: ModelInfo, weight_format: str) -> tuple[str, list[Offer]]:
    """What is said below the name of the model that runs, and what is offered there; nothing but for the demo."""
    if not info.is_demo:
        return "", []
    models = [model for name in NEXT_STEPS if (model := named(name)) is not None]
    return messages.demo_note(info), [_as_next_step(model, weight_format) for model in models]


def catalogue(weight_format: str) -> list[Offer | None]:
    """All of the catalogue, the smallest first; None in the place of what is stored in this format already."""
    return [None if _is_here(model, weight_format) else _in_the_box(model, weight_format) for model in CATALOGUE]


def _as_next_step(model: NamedModel, weight_format: str) -> Offer:
    if _is_here(model, weight_format):
        return Offer(model.name, f"Load {model.short_title}")
    return Offer(model.name, f"Get {model.short_title} ({model.size(weight_format)})", model.costs(weight_format))


def _in_the_box(model: NamedModel, weight_format: str) -> Offer:
    lacks_torch = model.needs_torch(weight_format) and find_spec("torch") is None
    label = model.summary(weight_format) + (" · needs PyTorch" if lacks_torch else "")
    return Offer(model.name, label, model.costs(weight_format))


def _is_here(model: NamedModel, weight_format: str) -> bool:
    try:
        return find(model.name, weight_format) is not None
    except ModelError:  # a cache that cannot be read, which is told when something is chosen
        return False
