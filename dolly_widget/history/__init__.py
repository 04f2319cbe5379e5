"""Answers that are kept: to search, to save, to ask again. Knows no widget and runs nothing."""

from dolly_widget.history.as_json import is_plain_template
from dolly_widget.history.exchange import MAX_LABEL_CHARS, Exchange, as_label, utc_now
from dolly_widget.history.history import History, has_words

__all__ = ["MAX_LABEL_CHARS", "Exchange", "History", "as_label", "has_words", "is_plain_template", "utc_now"]
