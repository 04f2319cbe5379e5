"""How fast a model runs here, measured. Knows no widget and no command line."""

from dolly_widget.bench.measuring import (
    PROMPT_LENGTHS,
    Measurement,
    answers_planned,
    check_counts,
    fitting,
    load_libraries,
    measure,
    time_to_first_token,
)
from dolly_widget.bench.plot import check_plot, save_plot

__all__ = [
    "PROMPT_LENGTHS",
    "Measurement",
    "answers_planned",
    "check_counts",
    "check_plot",
    "fitting",
    "load_libraries",
    "measure",
    "save_plot",
    "time_to_first_token",
]
