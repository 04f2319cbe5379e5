"""A part that folds away to one line, in the page alone: it opens while the kernel is busy, and without one."""

from __future__ import annotations

import ipywidgets as widgets
import traitlets

from dolly_widget.widget.page.control import Control


class FoldButton(Control):
    """The line that stays: a button that shows and hides what follows it in its ``Fold``.

    With a ``name``, the browser remembers whether it is open, for all widgets of that name.
    """

    scripts = ("fold.js",)

    title = traitlets.Unicode("", help="What is folded away.").tag(sync=True)
    is_open = traitlets.Bool(False, help="Whether it can be seen.").tag(sync=True)
    name = traitlets.Unicode("", help="Under what the browser remembers it; empty: not at all.").tag(sync=True)


class Fold(widgets.VBox):
    """``contents`` under a line with a ``title``. Setting ``is_open`` opens and closes it."""

    title = traitlets.Unicode("")
    is_open = traitlets.Bool(False)

    def __init__(self, title: str, *contents: widgets.Widget, is_open: bool = False, name: str = "") -> None:
        self._button = FoldButton(title=title, is_open=is_open, name=name)
        super().__init__([self._button, *contents])
        self.title, self.is_open = title, is_open
        for name in ("title", "is_open"):
            traitlets.link((self, name), (self._button, name))
        self.add_class("dw-fold")
