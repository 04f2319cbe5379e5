"""What stands in a DollyWidget's boxes: set aside for an earlier question or an answer to come, and brought back.

Nothing that a person has typed is lost. Knows the session, and what the composer says; nothing of how it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from dolly_widget.widget.ask.composer import Composer
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.session import Session
from dolly_widget.widget.session.waiting import Waiting


class Draft(NamedTuple):
    """What was in the boxes."""

    instruction: str = ""
    context: str = ""


class Boxes:
    """The boxes of ``owner``: its traits ``instruction`` and ``context``. Call all of it under the session's lock.

    ``question`` makes of two texts what is asked with the settings of now, ``submit`` asks it in the background.
    """

    def __init__(
        self,
        owner: Any,
        session: Session,
        composer: Composer,
        *,
        question: Callable[[str, str], Asked],
        submit: Callable[[Asked], object],
    ) -> None:
        self._owner, self._session, self._composer = owner, session, composer
        self._question, self._submit = question, submit
        self._aside: Draft | None = None  # while an earlier question is changed
        self._taken: Draft | None = None  # what was asked last, where the boxes no longer have it
        self._cleared = Draft()

    @property
    def draft(self) -> Draft:
        """What is in them now."""
        return Draft(self._owner.instruction, self._owner.context)

    def fill(self, instruction: str, context: str) -> None:
        """Write this over what is there."""
        with self._owner.hold_trait_notifications():  # one prompt is shown, not one for each half
            self._owner.instruction, self._owner.context = instruction, context

    def take(self, asked: Asked, is_chat: bool) -> None:
        """A question was asked: the next turn of a chat is written in empty boxes."""
        aside, self._aside = self._aside, None
        self._composer.editing = ""
        question = Draft(asked.instruction, asked.context)
        self._taken = question if is_chat or aside is not None else None
        if aside is not None:
            self.fill(*aside)
        elif is_chat and self.draft == question:
            self.fill("", "")

    def fail(self) -> None:
        """What was asked last could not be answered."""
        taken, self._taken = self._taken, None
        if taken is not None:
            self.put_back(*taken)

    def put_back(self, instruction: str, context: str) -> None:
        """What was not answered is there again, before what was typed since. Called on a worker's thread, too."""
        typed = self.draft
        has_more = typed.instruction not in ("", instruction)
        # One by one: notifications are not held on a worker's thread.
        self._owner.context = typed.context or context
        self._owner.instruction = f"{instruction}\n{typed.instruction}" if has_more else instruction

    # An answer is being written

    def queue(self) -> None:
        """Ask what is there when the answer that is being written has ended.

        Raises RuntimeError where a question waits already, ValueError for an empty one.
        """
        draft = self.draft
        if self._composer.queued:
            raise RuntimeError("One question waits already: it is asked when this answer has ended.")
        if not draft.instruction.strip():
            raise ValueError("Write an instruction first, or choose one of the examples.")
        settings = self._question(*draft)

        def ask() -> None:
            self._composer.queued = ""
            now = self._question(*draft)  # after the answer that has ended
            self._submit(replace(now, params=settings.params, untouched=settings.untouched, system=settings.system))

        def drop() -> None:
            self._composer.queued = ""
            self.put_back(*draft)

        self._composer.queued = draft.instruction
        self.fill("", "")
        self._session.ask_next(Waiting(ask, drop))

    # An earlier question

    def edit(self, place: int) -> None:
        """Put the question at a place of the chat that is shown into the boxes: what is asked then takes its place."""
        shown = self._session.shown
        if shown is None or not 0 <= place <= len(shown.turns):
            return
        asked = shown.turns[place][:2] if place < len(shown.turns) else shown.asked[:2]
        if self._aside is None:
            self._aside = self.draft
        self._session.go_back(place)
        self._composer.editing = f"question {place + 1:,}"
        self.fill(*asked)

    def stop_editing(self) -> None:
        """Leave the question as it was."""
        aside, self._aside = self._aside, None
        self._composer.editing = ""
        self._session.go_back(None)
        if aside is not None:
            self.fill(*aside)

    # Clear

    def clear(self) -> None:
        """Empty them, for now."""
        if self._aside is not None:
            self.stop_editing()
        if self.draft != Draft():  # cleared twice, the first is still what was there
            self._cleared = self.draft
        self.fill("", "")

    def undo_clear(self) -> None:
        """Bring back what was in them, unless something else is by now."""
        if not self._owner.instruction:
            self.fill(*self._cleared)
