"""Says that the kernel is gone, in the page, where a widget would go on looking as if it worked. Knows no widget."""

from __future__ import annotations

from dolly_widget.widget.page.control import Control


class KernelNotice(Control):
    """Unseen while the kernel lives. Then it says so, and makes the controls of the `.dw-widget` around it inert.

    Texts and what works in the page alone, such as a Fold, stay as they are.
    """

    scripts = ("kernel_notice.js",)
    styles = ("kernel_notice.css",)
