"""The box that an instruction is written in, with its examples, and the button that submits and stops.

Knows nothing about engines: it shows the state that it is given, and reports what the reader does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from dolly_widget.text import encodable
from dolly_widget.widget.page.control import Control

PLACEHOLDER = "Write an email about an alpaca that likes flan"


class Composer(Control):
    """Enter submits, Shift+Enter makes a new line, Escape stops, the arrow up brings the last instruction back.

    ``on_submit`` is called when ``instruction`` is what the page holds; ``on_stop`` and ``on_clear`` as they say.
    """

    scripts = ("../page/keys.js", "composer.js")
    styles = ("composer.css",)

    instruction = traitlets.Unicode("", help="What is in the box.").tag(sync=True)
    placeholder = traitlets.Unicode(PLACEHOLDER, help="Shown in the empty box.").tag(sync=True)
    examples = traitlets.List(traitlets.Unicode(), help="Instructions that are offered.").tag(sync=True)
    state = traitlets.Enum(("ready", "answering", "stopping"), "ready", help="What the button does.").tag(sync=True)
    recall = traitlets.Unicode("", help="The last instruction.").tag(sync=True)

    def __init__(
        self,
        examples: Sequence[str],
        *,
        on_submit: Callable[[], None],
        on_stop: Callable[[], None],
        on_clear: Callable[[], None],
    ) -> None:
        super().__init__(examples=list(examples))
        self._actions = {"submit": on_submit, "stop": on_stop, "clear": on_clear}
        self.on_msg(self._on_page)

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        kind = content.get("kind", "")
        if kind == "submit":
            # What was typed last may still be on its way: messages of traits wait for the kernel, these do not.
            # Not set like any trait: that would send it back, over what has been typed since.
            self.set_state({"instruction": content["instruction"]})
        if kind in self._actions:
            self.send({"kind": "heard"})
            self._actions[kind]()

    @traitlets.validate("instruction", "recall")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    def _facts(self) -> str:
        return f"{self.instruction!r}, {self.state}"
