"""The tables of a notebook, pandas' and Polars'. Imports neither library."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

MOST_TABLES = 100
_LIBRARIES = ("pandas", "polars")


def namespace() -> Mapping[str, Any]:
    """The notebook's variables; none outside a notebook."""
    from IPython import get_ipython

    shell = get_ipython()
    return {} if shell is None else shell.user_ns


def is_table(value: Any) -> bool:
    """Whether it is a DataFrame."""
    kinds = (getattr(sys.modules.get(name), "DataFrame", None) for name in _LIBRARIES)
    return any(isinstance(kind, type) and isinstance(value, kind) for kind in kinds)


def find_tables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The tables among variables, by name; those of IPython's own, which begin with ``_``, left out."""
    named = [(name, value) for name, value in list(variables.items()) if not name.startswith("_")]
    return dict([each for each in named if is_table(each[1])][:MOST_TABLES])


def snapshot(table: Any) -> Any:
    """A copy that stays as it is, whatever becomes of the table. Polars' never change."""
    return table.copy() if hasattr(table, "iloc") else table
