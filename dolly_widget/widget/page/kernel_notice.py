"""Says that the kernel is gone, in the page, where a widget would go on looking as if it worked. Knows no widget."""

from __future__ import annotations

from pathlib import Path

import anywidget


class KernelNotice(anywidget.AnyWidget):
    """Unseen while the kernel lives. Then it says so, and makes the controls of the `.dw-widget` around it inert.

    Texts and what works in the page alone, such as a Fold, stay as they are.
    """

    _esm = Path(__file__).with_name("kernel_notice.js")
    _css = Path(__file__).with_name("kernel_notice.css")

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}()"
