"""What a model expected at any place of a text. Knows no widget."""

from dolly_widget.lens.candidate_table import Table, quoted, table
from dolly_widget.lens.candidates import Candidates
from dolly_widget.lens.choices import ChoiceReader, choice_probabilities, with_probabilities
from dolly_widget.lens.coloured_tokens import ColouredToken, legend_text
from dolly_widget.lens.colours import colours_css
from dolly_widget.lens.opened import LARGE_BYTES, LocalModel, Source, extra_bytes, labeller, limits, load
from dolly_widget.lens.reader import Logits
from dolly_widget.lens.scores import Scores, next_token, score
from dolly_widget.lens.whole_word import answer_words, whole_words

__all__ = [
    "LARGE_BYTES",
    "Candidates",
    "ChoiceReader",
    "ColouredToken",
    "LocalModel",
    "Logits",
    "Scores",
    "Source",
    "Table",
    "answer_words",
    "choice_probabilities",
    "colours_css",
    "extra_bytes",
    "labeller",
    "legend_text",
    "limits",
    "load",
    "next_token",
    "quoted",
    "score",
    "table",
    "whole_words",
    "with_probabilities",
]
