"""The lens of a DollyWidget: colours a finished answer's tokens on a job, and opens the explorer at one of them."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as widgets

from dolly_widget import lens
from dolly_widget.engines import Engine
from dolly_widget.errors import release_frames
from dolly_widget.history import Exchange
from dolly_widget.history.as_code import as_code
from dolly_widget.lens.coloured_tokens import coloured_tokens
from dolly_widget.runtime import Job
from dolly_widget.text import in_bytes
from dolly_widget.widget.lens.view import LensView
from dolly_widget.widget.page import messages
from dolly_widget.widget.session.continuing import WITHOUT_TOKENS, Origin, require_engine_of
from dolly_widget.widget.session.session import Session
from dolly_widget.widget.settings.traits import SettingsTraits

if TYPE_CHECKING:
    from dolly_widget.widget.explorer.inline import InlineExplorer

ALTERNATIVES = 8
_WHEN_FINISHED = "The lens colours the tokens of an answer when it is finished."


class LensPanel(widgets.VBox):
    """Off at first. Of ``session`` it has the answer that is shown and the engine; traits are set under its lock.

    ``settings`` are the widget's, which the explorer follows. Calls ``on_shown`` with whether the coloured tokens take
    the answer's place, and ``on_choose`` with a place and a token when the reader asks how the answer would go on from
    there.
    """

    def __init__(
        self,
        session: Session,
        settings: SettingsTraits,
        *,
        on_shown: Callable[[bool], None],
        on_choose: Callable[[int, int], None],
    ) -> None:
        self.job: Job[None] | None = None
        """What reads it, or has."""
        self.explorer: InlineExplorer | None = None
        self._session, self._settings, self._on_shown = session, settings, on_shown
        self._is_on = False
        self.view = LensView(self._on_open, on_choose)
        """The tokens, which belong in the answer's place."""
        self.message = widgets.HTML()
        self.confirm = widgets.Button(layout={"width": "auto", "display": "none"})
        self.confirm.on_click(lambda _: self._on_confirm())
        self._agreed: weakref.WeakSet[Engine] = weakref.WeakSet()
        """Engines whose large model the reader agreed to load a second time."""
        self.place = widgets.VBox()
        """Where the explorer opens, which belongs below the tokens."""
        super().__init__([self.message, self.confirm])
        self.view.layout.display = "none"
        self._show_message("")

    def turn(self, is_on: bool) -> None:
        """Colour the answer that is shown, and those to come, or no longer."""
        with self._session.lock:
            self._is_on = is_on
            if not is_on:
                self._close_explorer()
            self._read()

    def refresh(self) -> None:
        """Begin again: another answer is shown, or another engine runs."""
        with self._session.lock:
            self._cancel()
            self._close_explorer()
            self._read()

    def explore(self, place: int) -> InlineExplorer:
        """Open the explorer where the token at ``place`` was chosen. Raises ValueError where that cannot be."""
        from dolly_widget.widget.explorer.inline import InlineExplorer  # which most readers never open

        with self._session.lock:
            exchange, engine = self._session.exchange_at(place)
            self._close_explorer()
            self.explorer = InlineExplorer(
                engine,
                exchange,
                place,
                self._settings,
                on_place=functools.partial(self.view.set_trait, "explored"),
                on_close=self._on_close,
            )
            self.place.children = [self.explorer]
            return self.explorer

    def close(self) -> None:
        """Free the controls; call it when the worker is closed."""
        self._close_explorer()
        super().close()

    def _on_confirm(self) -> None:
        with self._session.lock:
            if (engine := self._session.engine) is not None:
                self._agreed.add(engine)
            self._read()

    def _read(self) -> None:
        self._cancel()
        self._hide()
        if not self._is_on:
            return
        exchange = self._session.shown
        if exchange is None or not exchange.result.token_ids:
            is_without = exchange is not None and exchange.result.text
            self._show_message(messages.note_html(WITHOUT_TOKENS if is_without else _WHEN_FINISHED))
            return
        self._show_message(messages.busy_line("Reading the answer…"))
        self.job = Job(functools.partial(self._work, exchange), name="dolly-lens", worker=self._session.worker)

    def _work(self, exchange: Exchange, stop: threading.Event) -> None:
        if stop.is_set():  # before its turn came
            return
        try:
            outcome = self._judge(exchange, stop)
        except BaseException as exc:
            release_frames(exc)
            self._unless(stop, functools.partial(self._show_message, messages.error_html(exc)))
            raise
        self._unless(stop, outcome)

    def _judge(self, exchange: Exchange, stop: threading.Event) -> Callable[[], None]:
        """Read the answer, and return what shows it; or, before much memory is taken, what asks for that."""
        engine, result = require_engine_of(self._session.engine, Origin.of(exchange)), exchange.result
        size = lens.extra_bytes(engine)
        if size >= lens.LARGE_BYTES and engine not in self._agreed:
            return functools.partial(self._ask, size)
        lens.load(engine)
        scores = lens.score(engine, exchange.prompt, result.token_ids, exchange.params, k=ALTERNATIVES, stop=stop)
        fill = functools.partial(
            self.view.show,
            coloured_tokens(scores, lens.labeller(engine)),
            scores,
            result.prefix_tokens - 1,
            words=lens.answer_words(engine, exchange.prompt, result.token_ids),
            text=result.text,
            code=as_code(exchange),
        )
        return functools.partial(self._show, fill, lens.limits(engine))

    def _unless(self, stop: threading.Event, show: Callable[[], None]) -> None:
        with self._session.lock:
            if not stop.is_set():
                show()

    def _show(self, fill: Callable[[], None], limits: str) -> None:
        self._show_message(messages.note_html(limits) if limits else "")
        self.view.layout.display = None
        fill()
        self._on_shown(True)

    def _ask(self, size: int) -> None:
        memory = in_bytes(size)
        self._show_message(
            messages.hint_html(
                "To show what the model expected, its files have to be loaded a second time. This takes "
                f"about {memory} more memory for as long as the model stays loaded."
            )
        )
        self.confirm.description = f"Load it a second time ({memory})"
        self.confirm.layout.display = None

    def _hide(self) -> None:
        self.view.clear()
        self.view.layout.display = "none"
        self._show_message("")
        self._on_shown(False)

    def _show_message(self, message_html: str) -> None:
        self.message.value = message_html
        self.message.layout.display = None if message_html else "none"
        self.confirm.layout.display = "none"

    def _cancel(self) -> None:
        if self.job is not None:
            self.job.stop()

    def _on_open(self, place: int) -> None:
        try:
            self.explore(place)
        except ValueError as exc:
            self._show_message(messages.error_html(exc))

    def _on_close(self) -> None:
        with self._session.lock:
            self._close_explorer()

    def _close_explorer(self) -> None:
        if self.explorer is not None:
            self.place.children = []
            self.view.explored = -1
            self.explorer.close()
            self.explorer = None
