"""Many instructions: a whole column, a table, a file. Knows no widget."""

from dolly_widget.batch.fields import FieldTemplate, fill_rows
from dolly_widget.batch.frames import columns_of, texts_of
from dolly_widget.batch.questions import Question
from dolly_widget.batch.result import RowResult
from dolly_widget.batch.running import answer_rows

__all__ = ["FieldTemplate", "Question", "RowResult", "answer_rows", "columns_of", "fill_rows", "texts_of"]
