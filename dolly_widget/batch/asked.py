"""What a run asks, in a few short texts: another run with equal ones asks the same. Knows no file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

from dolly_widget.batch.questions import Question
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape


def what_is_asked(
    questions: Sequence[Question], model: str, params: SamplingParams, shape: Shape | None
) -> dict[str, str]:
    """By what each is about: a digest of the questions; the model; the settings; the shape.

    A seed is among the settings only where one was given: a run that goes on has that of its beginning.
    """
    settings = {name: value for name, value in asdict(params).items() if value is not None}
    choices = list(shape.choices) if shape and shape.choices else []
    return {
        "table of questions": _digest(questions),
        "model": model,
        "set of sampling settings": repr(settings),
        "shape of answer": f"{shape.grammar} {choices}" if shape else "text",
    }


def _digest(questions: Sequence[Question]) -> str:
    digest = hashlib.sha256()
    for question in questions:
        digest.update(repr(str(question) if isinstance(question, ValueError) else question).encode())
    return f"{len(questions)} {digest.hexdigest()}"
