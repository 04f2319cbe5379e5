"""``import dolly_widget.pandas``: every DataFrame of pandas has ``df.dolly.ask(…)``. For Polars, call ``ask``."""

from __future__ import annotations

from typing import Any

import pandas

from dolly_widget.batch import ask_column as ask

__all__ = ["DollyAccessor", "ask"]


@pandas.api.extensions.register_dataframe_accessor("dolly")
class DollyAccessor:
    """``df.dolly``: a model's answers as a column."""

    def __init__(self, frame: pandas.DataFrame) -> None:
        self._frame = frame

    def ask(self, instruction: str, **options: Any) -> pandas.DataFrame:
        """A new frame with the answers to ``instruction``, which names columns in braces: see ``ask``.

        ``df.dolly.ask("Is this review positive? {text}", answer=["positive", "negative"], into="label")``
        """
        return ask(self._frame, instruction, **options)
