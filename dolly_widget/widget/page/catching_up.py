"""What a page missed while it was made. Knows no part, and nothing of a model."""

from __future__ import annotations

import ipywidgets as widgets

from dolly_widget.widget.page.control import Control
from dolly_widget.widget.page.layout import descendants

_SHOWING = (widgets.HTML, widgets.Label, widgets.Button)
# These never change: the code, which is most of it, and the name of each class in the page.
_CONSTANT = ("_esm", "_css", "_model_", "_view_")
# Of the parts that a person sets something in.
_SHOWN_TRAITS = {
    *("children", "disabled", "display", "title", "listing", "shown", "deleted"),
    *("tables", "progress", "run_label", "note", "is_wrong"),
    *("state", "recalled", "queued", "editing", "is_chat", "can_undo"),
}


class CatchingUp(Control):
    """An unseen part of ``widget`` that sends its state again to whichever page shows it.

    A page that joins a running kernel (Voilà, or JupyterLab loaded again) asks for all states and then makes its
    widgets, for up to a second; ipywidgets 8.1 drops what changes in between.
    """

    scripts = ("catching_up.js",)

    def __init__(self, widget: widgets.Widget) -> None:
        super().__init__(layout={"display": "none"})
        self._of = widget
        self.on_msg(lambda *_: self.send_again())

    is_due = True
    """Whether something may have changed that no cell waited for: by a load, or an answer in the background."""

    def catch_up(self) -> None:
        """Send again if that is due: nbclient leaves out what an earlier cell's thread has changed since."""
        if self.is_due:
            self.is_due = False
            self.send_again()

    def send_again(self) -> None:
        """Send what the widget shows, as it is now."""
        for part in descendants(self._of):
            keys = _shown_keys(part)
            if keys and part.comm is not None:  # None: it was closed
                part.send_state(keys)


def _shown_keys(part: widgets.Widget) -> set[str]:
    """The traits that only show something: a person may have set the others meanwhile."""
    keys = {key for key in part.keys if not key.startswith(_CONSTANT)}
    only_shows = part.only_shows if isinstance(part, Control) else isinstance(part, _SHOWING)
    return keys if only_shows else keys & _SHOWN_TRAITS
