"""The box that an instruction is written in, with its examples, and the button that submits and stops.

Knows nothing about engines: it shows the state that it is given, and reports what the reader does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import traitlets

from dolly_widget.text import encodable
from dolly_widget.widget.page.control import Control

PLACEHOLDER = "Write an email about an alpaca that likes flan"
MAX_RECALLED = 100
"""Earlier instructions that the page has, the newest first."""
MAX_RECALLED_CHARS = 20_000
"""Of all of them: they go to the page again with each one that is added."""


@dataclass(frozen=True)
class ComposerActions:
    """What a reader does with it, and who does it.

    The first two are called when ``instruction`` is what the page holds.
    """

    submit: Callable[[], None]
    queue: Callable[[], None]
    """Ask it when the answer that is being written has ended."""
    stop: Callable[[], None]
    clear: Callable[[], None]
    undo: Callable[[], None]
    """Bring back what was cleared."""
    unqueue: Callable[[], None]
    """Take back what waits to be asked."""
    stop_editing: Callable[[], None]


class Composer(Control):
    """Enter submits, Shift+Enter makes a new line, Escape stops, the arrows up and down go through what was asked.

    While an answer is written, Enter asks for the instruction to be the next one.
    """

    scripts = ("../page/keys.js", "recall.js", "composer_parts.js", "composer.js")
    styles = ("composer.css",)

    instruction = traitlets.Unicode("", help="What is in the box.").tag(sync=True)
    placeholder = traitlets.Unicode(PLACEHOLDER, help="Shown in the empty box.").tag(sync=True)
    examples = traitlets.List(traitlets.Unicode(), help="Instructions that are offered.").tag(sync=True)
    are_examples_open = traitlets.Bool(True, help="Whether they are shown, or folded to a line.").tag(sync=True)
    state = traitlets.Enum(("ready", "answering", "stopping"), "ready", help="What the button does.").tag(sync=True)
    recalled = traitlets.List(traitlets.Unicode(), help="Earlier instructions, the newest first.").tag(sync=True)
    queued = traitlets.Unicode("", help="The instruction that is asked next.").tag(sync=True)
    editing = traitlets.Unicode("", help="What the box changes, such as a question; empty: nothing.").tag(sync=True)
    is_chat = traitlets.Bool(False, help="Whether Clear begins a new chat.").tag(sync=True)
    can_undo = traitlets.Bool(False, help="Whether what was cleared can be brought back.").tag(sync=True)

    def __init__(self, examples: Sequence[str], actions: ComposerActions) -> None:
        super().__init__(examples=list(examples))
        self._actions = actions
        self.on_msg(self._on_page)

    def remember(self, instruction: str) -> None:
        """Put an instruction before those that the arrows go through; one that is there already moves to the front."""
        earlier = [text for text in self.recalled if text != instruction][: MAX_RECALLED - 1]
        room, kept = MAX_RECALLED_CHARS - len(instruction), [instruction]
        for text in earlier:
            room -= len(text)
            if room < 0:
                break
            kept.append(text)
        self.recalled = kept

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        kind = content.get("kind", "")
        if kind in ("submit", "queue"):
            # What was typed last may still be on its way: messages of traits wait for the kernel, these do not.
            # Not set like any trait: that would send it back, over what has been typed since.
            self.set_state({"instruction": content["instruction"]})
        if kind in ComposerActions.__dataclass_fields__:
            self.send({"kind": "heard"})
            getattr(self._actions, kind)()

    @traitlets.validate("instruction", "queued", "editing")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    @traitlets.validate("recalled")
    def _all_encodable(self, proposal: traitlets.Bunch) -> list[str]:
        return [encodable(text) for text in proposal["value"]]

    def _facts(self) -> str:
        return f"{self.instruction!r}, {self.state}"
