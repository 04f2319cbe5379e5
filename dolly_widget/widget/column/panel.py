"""The *Column* section: a table of the notebook, one question about each row. Made when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from dolly_widget.sampling import SamplingParams
from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.page.layout import descendants
from dolly_widget.widget.page.subshells import handle_during_cells

if TYPE_CHECKING:
    from dolly_widget.widget.column.controller import ColumnController
    from dolly_widget.widget.session.session import Session


class ColumnPanel(Fold):
    """ "Column": a line, until it is opened for the first time.

    ``params`` are the sampling settings of now, ``variables`` those of the notebook.
    """

    controller: ColumnController | None = None
    """What works it; None until it is opened."""

    def __init__(
        self,
        session: Session,
        params: Callable[[], SamplingParams],
        variables: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        self._of = session, params, variables
        super().__init__("Column")
        self._parts: tuple[widgets.Widget, ...] = self.children
        self.observe(self._on_fold, "is_open")

    def _on_fold(self, change: Any) -> None:
        if change["new"]:
            self.look()

    def look(self) -> None:
        """Look for the tables of the notebook; the first time, make all that is needed."""
        if self.controller is None:
            from dolly_widget.widget.column.controller import ColumnController

            self.controller = ColumnController(*self._of, on_title=lambda title: self.set_trait("title", title))
            self.children = (*self._parts, self.controller.view)
            handle_during_cells(descendants(self))
        self.controller.look()

    def refresh(self) -> None:
        """The settings or the model have changed."""
        if self.controller is not None:
            self.controller.refresh()

    @property
    def table(self) -> Any:
        """The table with its answers so far; None before a run."""
        return None if self.controller is None else self.controller.table

    def end(self) -> None:
        """Stop the run, and wait for its end."""
        if self.controller is not None:
            self.controller.close()
