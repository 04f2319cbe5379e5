"""Many instructions: a whole column, a table, a file, a cluster. Knows no widget."""

from dolly_widget.batch.asking import ask_many, ask_questions
from dolly_widget.batch.columns import ask_column, with_results
from dolly_widget.batch.fields import FieldTemplate, fill_rows
from dolly_widget.batch.kept_rows import KeptRows
from dolly_widget.batch.questions import Question
from dolly_widget.batch.result import RowResult
from dolly_widget.batch.running import answer_rows

__all__ = [
    "FieldTemplate",
    "KeptRows",
    "Question",
    "RowResult",
    "answer_rows",
    "ask_column",
    "ask_many",
    "ask_questions",
    "fill_rows",
    "with_results",
]
