"""The same question under several settings, side by side. Knows no widget."""

from dolly_widget.comparison.differences import first_difference
from dolly_widget.comparison.run import compare
from dolly_widget.comparison.table import Comparison, ComparisonRow

__all__ = ["Comparison", "ComparisonRow", "compare", "first_difference"]
