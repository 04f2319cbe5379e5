"""What a widget does, without the widget: its model, its answers, its chat, and what went wrong last.

Headless: it runs in a script as well. It reports what happens through one value, `Events`. Everything here may be
called on the worker's thread, and is, under the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dolly_widget.engines import Engine, EngineSetup, GenerationResult, LocalEngine, local_model
from dolly_widget.errors import IncompleteAnswerError, PromptTooLongError
from dolly_widget.history import Exchange, History
from dolly_widget.runtime import Job
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, Turn
from dolly_widget.widget.session import again, continuing
from dolly_widget.widget.session.answerer import Answerer
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.chat_place import ChatPlace
from dolly_widget.widget.session.edits import Edit, Edits
from dolly_widget.widget.session.events import Events
from dolly_widget.widget.session.model_session import ModelSession
from dolly_widget.widget.session.prompts import Prompts
from dolly_widget.widget.session.voices import Voices
from dolly_widget.widget.session.waiting import Waiting, WaitingLine


class Session(ModelSession):
    """One model, and the answers to one question at a time. ``start`` begins it, ``close`` ends it.

    Loads, answers and the lens are jobs of one worker, so that they come one after the other.
    """

    shown: Exchange | None = None
    """The answer that is shown; None while there is none, or it is being written."""
    asked: Asked | None = None
    """What was asked last."""

    def __init__(self, choice: EngineSetup, history: Sequence[Exchange], events: Events) -> None:
        super().__init__(choice, events)
        self._place = ChatPlace()
        self._before: Exchange | None = None  # what was shown when the question was asked
        self._cleared: Exchange | None = None
        self._waiting = WaitingLine()
        self._prompts = Prompts()
        self.response = ""
        self._has_samples = False  # a text of several answers that are written at once
        self._answerer = Answerer(
            self.loader,
            self.lock,
            self.worker,
            self._prompts,
            history,
            voices=Voices(
                text=lambda text: self._set("response", text),
                reasoning=lambda text: self._events.changed("reasoning", text),
                sample=self._on_sample_text,
                pace=events.paced,
                note=self._on_note,
            ),
            on_sample=events.sample_ended,
            on_begin=lambda: self._set("status", "generating"),
            on_result=self._on_result,
            on_error=self._on_error,
            on_broken=self._on_broken,
        )
        self._edits = Edits(self._answerer.history)

    def start(self, given: Engine | None) -> None:
        """Run a caller's engine, or begin to load; then show the last earlier answer."""
        if given is None:
            self.loader.start(self.loader.choice)
        else:
            self.loader.give(given)
            self._on_loaded()
        if self.exchanges:
            self.show(self.exchanges[-1])

    # What it has

    @property
    def exchanges(self) -> list[Exchange]:
        """The list that answers are appended to, the oldest first."""
        return self._answerer.history

    @property
    def history(self) -> History:
        """All exchanges so far."""
        return History(self._answerer.history)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is being written, or waits for a model."""
        return self._answerer.is_busy

    @property
    def is_asked_next(self) -> bool:
        """Whether something waits to be asked when the answer that is being written has ended."""
        return len(self._waiting) > 0

    def is_chat(self, chat_enabled: bool) -> bool:
        """Whether the next instruction is a turn of a chat. What is not loaded yet may have a chat template."""
        return chat_enabled and (self.engine is None or self.takes_turns)

    def turns(self, chat_enabled: bool) -> tuple[Turn, ...]:
        """What was said so far, the shown answer included; nothing where it is no chat."""
        return self._place.turns if self.is_chat(chat_enabled) else ()

    def question(
        self,
        instruction: str,
        context: str,
        params: SamplingParams,
        *,
        chat_enabled: bool,
        system: str = "",
        untouched: Sequence[str] = (),
    ) -> Asked:
        """What is asked in the chat, or alone where it is none; ``system`` where the model takes one."""
        return Asked(
            instruction,
            context,
            params,
            self.turns(chat_enabled),
            is_chat=True,
            system=system,
            may_lack_system=True,
            untouched=tuple(untouched),
            instead_of=self._place.instead_of,
            left_out=self._place.left_out,
        )

    def prompt(self, asked: Asked) -> Prompt | None:
        """What the model would be given; None while there is none. Raises what the template raises."""
        engine = self.engine
        if engine is None:
            return None
        return self._prompts.fit(engine.template, local_model(engine), asked.taken_by(engine.template))[0]

    def exchange_at(self, place: int) -> tuple[Exchange, LocalEngine]:
        """The answer that is shown, and its engine. ValueError if it has no token there, or another model runs."""
        exchange = self.shown
        if exchange is None:
            raise ValueError("There is no finished answer yet: ask something first.")
        continuing.require_token(exchange.result, place)
        return exchange, continuing.require_engine_of(self.engine, continuing.Origin.of(exchange))

    # What can be asked of it

    def submit(self, asked: Asked) -> Job[GenerationResult]:
        """Answer in the background; return the job.

        Raises ValueError for an empty instruction, PromptTooLongError where it is known to be, RuntimeError while an
        answer is being written or after ``close``. The answer that is shown stays then.
        """
        with self.lock:
            self.refuse_unless_free()
            if not asked.instruction.strip():
                raise ValueError("Write an instruction first, or choose one of the examples.")
            self.asked = asked
            self._refuse_if_too_long(asked)
            self._before, self._cleared, self.shown = self.shown, None, None
            self._events.begun(asked)
            self._start_over()
            job = self._answerer.start(asked)
            self._set("status", "loading" if self.loader.is_loading else "generating")
            return job

    def _refuse_if_too_long(self, asked: Asked) -> None:
        engine = self.engine
        if engine is None or self.loader.is_loading:
            return
        try:
            self._prompts.refuse_if_too_long(engine.template, local_model(engine), asked.taken_by(engine.template))
        except PromptTooLongError as exc:
            self._events.answer_failed(exc)
            self._fail(exc)
            raise

    def ask_next(self, waiting: Waiting) -> None:
        """Ask when the answer that is being written has ended by itself; now, if there is none."""
        with self.lock:
            self._waiting.add(waiting)
            self._waiting.ask_next(lambda: not self.is_busy)

    def drop_waiting(self) -> None:
        """Give back what waits to be asked."""
        with self.lock:
            self._waiting.drop()

    def go_on(self) -> Job[GenerationResult]:
        """Go on with the shown answer, which ended before its end, for as many tokens again; return the job."""
        with self.lock:
            self.refuse_unless_free()
            exchange = self.shown
            if exchange is None or not continuing.can_go_on(exchange.result):
                raise ValueError("There is no answer that ended before its end.")
            if continuing.goes_on_from_text(self.engine, exchange.result):
                return self.submit(again.longer_text(exchange))
            continuing.require_token(exchange.result, 0)
            engine = continuing.require_engine_of(self.engine, continuing.Origin.of(exchange))
            continuing.require_continuation(engine)
            return self.submit(again.longer(exchange, engine.model.info.max_positions))

    def regenerate(self, count: int = 1) -> Job[GenerationResult]:
        """Answer the shown answer's instruction again, so many times at once; return the job.

        With its settings, and another seed for each.
        """
        with self.lock:
            self.refuse_unless_free()
            exchange = self.shown
            if exchange is None:
                raise ValueError("There is no answer yet: submit an instruction first.")
            if exchange.params.is_greedy:
                raise ValueError(
                    "Greedy decoding gives the same answer every time: set a temperature, and submit again."
                )
            return self.submit(replace(again.same(exchange), samples=count))

    def regenerate_from(self, place: int, token_id: int) -> Job[GenerationResult]:
        """Answer again from ``place`` on, with token ``token_id`` there; return the job."""
        with self.lock:
            self.refuse_unless_free()
            exchange, engine = self.exchange_at(place)
            continuing.require_continuation(engine)
            return self.submit(again.from_token(exchange, place, token_id))

    def show(self, exchange: Exchange) -> None:
        """Show an answer: the one that was just written, or an earlier one."""
        with self.lock:
            exchange = self._edits.current(exchange)
            self.shown, self._place = exchange, ChatPlace.after(exchange)
            self._set("response", exchange.result.text)
            self._clear_error()
            self._events.shown(exchange)
            self.rest()

    def show_before(self) -> None:
        """Show again what was shown when the last question was asked, if it was anything."""
        if self._before is not None:
            self.show(self._before)

    def show_earlier(self, exchange: Exchange) -> None:
        """Show an earlier answer, unless one is being written by now: a click may come late."""
        with self.lock:
            if not self.is_busy:
                self.show(exchange)

    def forget(self, exchange: Exchange) -> None:
        """Delete an exchange; what is shown stays. ValueError where the history does not hold it."""
        with self.lock:
            self.refuse_unless_free()
            self._report(self._edits.delete(exchange))

    def undo_forget(self) -> None:
        """Put back what was deleted last."""
        with self.lock:
            self.refuse_unless_free()
            if edit := self._edits.undelete():
                self._report(edit)

    def label(self, exchange: Exchange, text: str) -> None:
        """Call an exchange ``text``, "" nothing. ValueError where the history does not hold it."""
        with self.lock:
            self.refuse_unless_free()
            self._report(self._edits.label(exchange, text))

    def _report(self, edit: Edit) -> None:
        self.shown = None if self.shown is None else self._edits.current(self.shown)
        self._events.edited(edit)

    def stop(self) -> None:
        """Stop the answer after the current token; the text so far stays. Safe at any time."""
        with self.lock:
            self._waiting.drop()
            if self._answerer.stop():
                self._set("status", "stopping")

    def cancel_loading(self) -> None:
        """End the loading, and the answer that waits for it."""
        self.stop()
        self.loader.cancel()

    def clear(self) -> None:
        """Forget the answer that is shown, the error and the chat; the history stays.

        Raises RuntimeError while an answer is written.
        """
        with self.lock:
            self.refuse_unless_free()
            self._cleared, self.shown = self.shown or self._cleared, None
            self._place = ChatPlace()
            self._events.emptied()
            self._start_over()
            self.rest()

    def undo_clear(self) -> None:
        """Show again what was cleared last, unless something was asked since."""
        with self.lock:
            self.refuse_unless_free()
            if self._cleared is not None:
                self.show(self._cleared)

    def go_back(self, place: int | None) -> None:
        """Go on from before the question at ``place`` of the chat that is shown; None: from its end."""
        with self.lock:
            shown = self.shown
            if shown is None:
                self._place = ChatPlace()
            else:
                self._place = ChatPlace.after(shown) if place is None else ChatPlace.of_question(shown, place)

    def settle(self) -> None:
        """Wait for the end of the answer, be it an error, which was shown."""
        self._answerer.settle()

    def wait(self, timeout_s: float | None = None) -> GenerationResult | None:
        """Wait until the model is loaded and no answer is being written; return the last answer, None without one.

        Raises what writing it, or loading, raised; TimeoutError after ``timeout_s`` seconds.
        """
        loading, answering = self.loader.job, self._answerer.job
        if loading is not None and not self.is_busy and (answering is None or not loading.done):
            loading.wait(timeout_s)
        answering = self._answerer.job
        return None if answering is None else answering.wait(timeout_s)

    # What happens

    def _on_note(self, note: str) -> None:
        with self.lock:
            if self.status == "generating":
                self._events.held_up(note)

    def _on_sample_text(self, place: int, name: str, text: str) -> None:
        self._has_samples = True
        self._events.sample_changed(place, name, text)

    def _start_over(self) -> None:
        self._has_samples = False
        self._set("response", "")
        self._clear_error()
        if not self.error:
            self._events.error_cleared()

    def _on_result(self, exchange: Exchange) -> None:
        self._events.answered()
        self.show(exchange)
        if exchange.result.finish_reason in ("cancelled", "broken"):
            self._waiting.drop()
        self._waiting.ask_next(lambda: not self.is_busy)

    def _on_broken(self, exc: IncompleteAnswerError) -> None:
        """The answer so far is shown, and can be gone on with."""
        self._events.answer_failed(exc)
        self._fail(exc)

    def _on_error(self, exc: BaseException) -> None:
        assert self.asked is not None
        self._waiting.drop()
        is_without_text = not (self.response or self._has_samples)
        self._events.broken_off(self.asked)
        if is_without_text:
            self.show_before()
        if self.loader.job is not None and exc is self.loader.job.error:  # the model that it waited for did not come
            self._events.load_failed(exc, False)
        else:
            self._events.answer_failed(exc)
        self._fail(exc)
