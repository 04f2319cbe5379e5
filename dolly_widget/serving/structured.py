"""``structured_outputs``: an answer that is one of a few texts, or matches a pattern. The field is vLLM's."""

from __future__ import annotations

import re

from dolly_widget.serving.body import Body
from dolly_widget.serving.failures import refused
from dolly_widget.text.shapes import Shape, shape_of

NAME = "structured_outputs"
_MOST_CHOICES = 1000
_LONGEST_PATTERN = 10_000


def read_structured(body: Body) -> Shape | None:
    """The shape that the field asks for, with ``choice`` or ``regex``; None where it is missing.

    May take a while: not for the event loop. Raises ApiError for anything else in it.
    """
    form = body.part(NAME)
    if form is None:
        return None
    choice, regex = form.get("choice"), form.get("regex")
    try:
        if isinstance(choice, list) and all(isinstance(each, str) for each in choice) and regex is None:
            return shape_of(choice[: _MOST_CHOICES + 1])
        if isinstance(regex, str) and len(regex) <= _LONGEST_PATTERN and choice is None:
            return shape_of(re.compile(regex))
    except (ValueError, TypeError, RecursionError, re.error) as exc:
        raise refused(f"{NAME} cannot be used: {exc}", NAME) from None
    raise refused(f"{NAME} must have a choice, a list of texts, or a regex, a pattern.", NAME)
