"""Answers that are kept: to search, to save, to ask again. Knows no widget and runs nothing."""

from dolly_widget.history.as_json import is_plain_template
from dolly_widget.history.exchange import Exchange
from dolly_widget.history.history import History, has_words

__all__ = ["Exchange", "History", "has_words", "is_plain_template"]
