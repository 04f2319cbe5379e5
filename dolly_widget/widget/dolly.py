"""DollyWidget: its traits, and what a caller does. What happens is the session's business, how it looks the screen's.

The session's worker only sets traits: it never prints, and never uses an Output widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import traitlets

from dolly_widget.engines import Engine, EngineSetup, GenerationResult, local_model, split_options
from dolly_widget.history import Exchange, History
from dolly_widget.models import WeightFormat
from dolly_widget.runtime import Job, Progress
from dolly_widget.sampling import SamplingParams, with_changes
from dolly_widget.text import NOT_TYPESET, encodable, read_file
from dolly_widget.text.shapes import shape_of
from dolly_widget.widget.answer import saved
from dolly_widget.widget.boxes import Boxes
from dolly_widget.widget.column.panel import ColumnPanel
from dolly_widget.widget.lens.panel import LensPanel
from dolly_widget.widget.page.catching_up import CatchingUp
from dolly_widget.widget.page.layout import descendants
from dolly_widget.widget.page.subshells import handle_during_cells
from dolly_widget.widget.screen import EXAMPLES, Actions, Screen
from dolly_widget.widget.session.asked import Asked, checked_turns
from dolly_widget.widget.session.choice import first_choice, sampling_of
from dolly_widget.widget.session.edits import Edit
from dolly_widget.widget.session.events import Events
from dolly_widget.widget.session.history_file import HistoryFile
from dolly_widget.widget.session.initial_history import read_exchanges
from dolly_widget.widget.session.session import Session
from dolly_widget.widget.settings.panel import SettingsPanel
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

if TYPE_CHECKING:
    from dolly_widget.widget.explorer.explorer import SamplingExplorer


class DollyWidget(SettingsTraits, widgets.VBox):
    """A language model in a notebook: write an instruction, watch the answer come, stop it, change the sampling.

    ``source`` is "demo" (the small demonstration model that is part of the package), "smollm2" or another name of
    the catalogue, a model id of the Hugging Face hub, a directory of OpenVINO files or of a checkpoint, the URL of a
    server that speaks the OpenAI API, an ``EngineSetup``, or a loaded ``Engine``, which stays yours to close. It may be
    given as ``model=``, too; beside a URL, ``model=`` is the server's name of the model: see ``load_engine``.
    ``options`` are further fields of ``EngineSetup``: ``device`` is "AUTO" or a device that OpenVINO reports,
    ``engine`` "genai" or "optimum";
    ``weight_format`` ("fp16", "int8", "int4") is for a model that has to be converted, ``revision`` a branch, tag or
    commit of the hub; ``ov_config`` are OpenVINO properties, such as ``{"CACHE_DIR": "cache"}``; ``template`` replaces
    this model's own prompt template; ``prompt_lookup`` speeds up answers that quote their context, and ``draft``, a
    smaller model with the same tokenizer, those that it can guess: see ``load_engine``. Sampling settings among
    ``options``, such as ``temperature=0.5``, are the traits' first values; the others are the model's own, where
    its makers publish some.

    ``examples`` replaces the ten instructions that are offered. ``history`` are answers to go on from: a ``History``,
    exchanges, or the path of a file that ``History.to_json`` wrote, or that is not there yet: it is written anew after
    each answer and each other change of the history. ``chat=True`` gives a model with a chat template the earlier
    turns, too, and ``system`` is a system prompt for a template that takes one.

    Returns at once: the model is downloaded, converted and loaded in the background, with progress. Raises where it is
    already known to be missing or broken (ModelError), a value is out of range (ValueError), or there is no option of
    that name (TypeError). Observers of traits are called on the worker's thread while an answer is written or a model
    is loaded.
    """

    instruction = traitlets.Unicode("", help="What the model is asked to do.")
    context = traitlets.Unicode("", help="A text that the instruction is about; may be empty.")
    response = traitlets.Unicode("", read_only=True, help="The answer so far.")
    status = traitlets.Enum(("loading", "idle", "generating", "stopping", "error"), "idle", read_only=True)
    error = traitlets.Unicode("", read_only=True, help="The last error, and what to do; empty when all is well.")
    progress = traitlets.Unicode("", read_only=True, help="How far a download or conversion is; else empty.")
    device = traitlets.Unicode("AUTO", help="Where the model runs. Setting it loads the model there.")
    lens = traitlets.Bool(False, help="Whether a finished answer's tokens are coloured by how likely each was.")
    system = traitlets.Unicode("", help="The system prompt, where the model's template takes one; empty: its own.")
    chat = traitlets.Bool(False, help="Whether the model gets the earlier turns, if it has a chat template.")

    _is_closed = True  # until it is whole: ipywidgets closes what __init__ left unfinished, too

    def __init__(
        self,
        source: str | Path | Sequence[str] | EngineSetup | Engine | None = None,
        /,
        *,
        examples: Sequence[str] | None = None,
        history: Sequence[Exchange] | str | Path = (),
        chat: bool = False,
        system: str = "",
        **options: Any,
    ) -> None:
        # Mistakes are reported before anything is made.
        setup, sampling = split_options(options)
        with_changes(SamplingParams(), sampling)
        earlier = HistoryFile(history) if isinstance(history, str | Path) else history
        self._file = earlier if isinstance(earlier, HistoryFile) else None
        before = read_exchanges(earlier)
        choice, given = first_choice(source, setup)
        found = choice.find() if given is None else None
        files = local_model(given) if given is not None else found and found.model
        own = sampling_of(files)
        super().__init__()
        self._session = Session(choice, before, self._events())
        self.set_trait("device", choice.device)
        self.chat, self.system = chat, system
        self._take_own(own)  # at once where its files are here; another's when it is loaded
        self._given = frozenset(sampling)
        for name, value in sampling.items():
            setattr(self, TRAITS[name], value)
        lens = LensPanel(
            self._session,
            self,
            on_shown=lambda is_shown: self._screen.answer.show_lens(is_shown),
            on_choose=lambda *chosen: self._screen.attempt(self.regenerate_from, *chosen),
        )
        offered = EXAMPLES if examples is None else examples
        column = ColumnPanel(self._session, self._checked_params)
        settings = SettingsPanel(self, on_refused=lambda why: self._screen.say(why))
        self._screen = Screen(self._actions(), settings, lens, column, self._session.exchanges, offered)
        self._boxes = Boxes(
            self,
            self._session,
            self._screen.composer,
            question=self._question,
            submit=lambda asked: self._screen.attempt(self._submit, asked),
        )
        self._saved = saved.SavedOutput()
        self._catching_up = CatchingUp(self)
        self.children = (*self._screen.children, self._catching_up)
        for name in ("dw-widget", *NOT_TYPESET):
            self.add_class(name)
        handle_during_cells(descendants(self))
        self._wire()
        self._is_closed = False
        self._session.start(given)
        if before:
            self._saved.update(before[-1])

    def _events(self) -> Events:
        return Events(
            changed=self._on_changed,
            begun=self._on_begun,
            paced=lambda *figures: self._screen.answer.show_pace(*figures),
            held_up=lambda note: self._screen.show_held_up(note),
            sample_changed=lambda *piece: self._screen.answer.show_sample(*piece),
            sample_ended=self._on_sample_ended,
            answered=self._on_answered,
            edited=self._on_edited,
            shown=self._on_shown,
            emptied=self._on_emptied,
            broken_off=self._on_broken_off,
            answer_failed=lambda exc: self._screen.show_failure(exc),
            error_cleared=lambda: self._screen.clear_failures(),
            preparing=self._on_preparing,
            loaded=self._on_loaded,
            load_failed=self._on_load_failed,
        )

    def _actions(self) -> Actions:
        return Actions(
            submit=self.submit,
            queue=self._queue,
            unqueue=self._session.drop_waiting,
            stop=self.stop,
            clear=self.clear,
            undo_clear=self._undo_clear,
            edit=lambda place: self._boxes.edit(place),
            stop_editing=lambda: self._boxes.stop_editing(),
            regenerate=self.regenerate,
            regenerate_several=self._session.regenerate,
            go_on=self._session.go_on,
            cancel_loading=self._session.cancel_loading,
            load=self._session.load_as_chosen,
            load_again=self._session.load_again,
            model_uses=lambda: self._session.loader.uses,
            show=self._session.show_earlier,
            forget=self.forget,
            undo_forget=self._session.undo_forget,
            label=self.label,
            shorten=self._shorten,
        )

    def _wire(self) -> None:
        screen = self._screen
        traitlets.link((self, "instruction"), (screen.composer, "instruction"))
        for name, control in (("context", screen.context), ("lens", screen.answer.lens_toggle), ("chat", screen.chat)):
            traitlets.link((self, name), (control, "value"))
        traitlets.link((self, "system"), (screen.system.box, "value"))
        self.observe(lambda change: screen.answer.lens.turn(change["new"]), "lens")
        self.observe(lambda _: self._show_prompt(), ("instruction", "context", "system", "chat", "max_new_tokens"))
        self.observe(lambda _: self._show_chat(), "chat")
        self.observe(lambda _: self._on_typing(), ("instruction", "context"))
        self._session.loader.on_freed = screen.chooser.look_again
        self.observe(lambda change: self._session.move(change["new"]), "device")
        self.observe(lambda _: screen.column.refresh(), list(TRAITS.values()))

    # What a caller does

    def submit(self) -> Job[GenerationResult]:
        """Answer ``instruction`` in the background, with the settings as they are; return the job.

        Raises ValueError for an empty instruction or a seed in its box that is no number, RuntimeError while an answer
        is being written or after ``close``. A model that is still loading is waited for, in the background too.
        """
        self._refuse_problem()
        with self._session.lock:
            return self._submit(self._question(self.instruction, self.context))

    def ask(
        self,
        instruction: str,
        context: str | Path = "",
        *,
        turns: Sequence[tuple[str, str, str]] | None = None,
        prefix_ids: Sequence[int] = (),
        system: str | None = None,
        answer: Any = None,
        **sampling: Any,
    ) -> GenerationResult:
        """Answer ``instruction`` and return the result when it is whole; the widget shows it as it comes.

        ``context`` is a text, or the Path of a file: of text, Markdown, CSV, HTML or PDF.

        ``turns`` are what was said before, each an instruction, its context and its answer; None: what the chat holds,
        if it is one. ``prefix_ids`` are the answer's first tokens. ``system`` is the system prompt of this answer
        alone; None: the trait's, where the model's template takes one. ``sampling`` changes settings for this answer
        alone.

        ``answer`` is the shape that the answer has: a list of choices, a pattern of ``re``, a JSON schema, a dataclass
        or pydantic model, ``bool``, ``int``, ``float`` or ``date``; see ``dolly_widget.text.shapes.shape_of``. The
        result then has a ``value``, and for choices ``probabilities``, unless the model takes more than 1 GB, which
        would be loaded a second time.

        Interrupting the kernel stops the answer. Raises ValueError for what cannot be asked so; IncompleteAnswerError
        for an answer that ended before it had its shape: what there is of it stays in the widget and its history.
        """
        session, params = self._session, with_changes(self.params, sampling)
        shape = None if answer is None else shape_of(answer)
        context = read_file(context) if isinstance(context, Path) else context
        try:
            with session.lock:
                session.refuse_unless_free()
                asked = session.question(
                    encodable(instruction),
                    encodable(context),
                    params,
                    chat_enabled=self.chat,
                    system=self.system if system is None else encodable(system),
                    untouched=tuple(name for name in self._untouched if name not in sampling),
                )
                asked = replace(asked, prefix_ids=tuple(prefix_ids), may_lack_system=system is None, answer=shape)
                if turns is not None:
                    asked = replace(asked, turns=checked_turns(turns), is_chat=False, instead_of="", left_out=0)
                was_due = self._catching_up.is_due
                job = session.submit(asked)
                self._catching_up.is_due = was_due or self.lens  # which is coloured when this cell may have ended
            result = job.wait()
        except KeyboardInterrupt:
            self.stop()
            session.settle()  # so that the partial answer is in the history
            if self._screen.answer.view.is_streaming:  # it came before there was one
                self._screen.empty()
                session.show_before()
            raise
        self._catching_up.catch_up()
        return result

    def regenerate(self) -> Job[GenerationResult]:
        """Answer the shown answer's instruction again, with its settings and another seed; return the job.

        The previous answer stays in the history, one click away. Raises ValueError if there is no answer, or no other
        one can come out; RuntimeError as ``submit``.
        """
        return self._session.regenerate()

    def regenerate_from(self, place: int, token_id: int) -> Job[GenerationResult]:
        """Answer again from ``place`` on, with token ``token_id`` there: what if it had said that? Return the job.

        What is before ``place``, counted from 0, stays, and so do the settings of that answer, which stays in the
        history. Raises ValueError where the answer has no such place, its model is not the one that is loaded, or the
        engine cannot go on from a beginning; RuntimeError as ``submit``.
        """
        return self._session.regenerate_from(place, token_id)

    def explore(self, place: int) -> SamplingExplorer:
        """Open the explorer below the answer's tokens, at ``place``, counted from 0; return it. Turns ``lens`` on.

        It begins with the answer's settings, and follows the widget's from their next change. Like any
        `SamplingExplorer`, it gives its place, its settings and its draws. Raises ValueError where the answer has no
        such place, or its model is not the one that is loaded.
        """
        self._session.refuse_if_closed()
        explorer = self._screen.answer.lens.explore(place)
        self.lens = True
        return explorer

    def load(
        self, model: str | Path, *, weight_format: str | WeightFormat | None = None, revision: str | None = None
    ) -> Job[None]:
        """Load another model in the background, in place of this one, and return the job, which ``stop`` cancels.

        ``model`` is a name or a directory, as in ``DollyWidget``; ``weight_format`` stays unless it is given. The
        device stays, and so does the previous model if this one fails. Sampling settings that nobody has changed become
        the new model's own. Raises ModelError or ValueError
        for what cannot be loaded, RuntimeError while an answer or a column is being written, or after ``close``.
        """
        return self._session.load(model, weight_format, revision)

    def stop(self) -> None:
        """Stop the answer after the current token; the text so far stays. Returns at once; safe at any time."""
        self._session.stop()

    def clear(self) -> None:
        """Empty instruction, context, answer and error, and end the chat; the history stays.

        Raises RuntimeError while an answer is written.
        """
        self._session.clear()

    def wait(self, timeout_s: float | None = None) -> GenerationResult | None:
        """Wait until the model is loaded and no answer is being written; return the last answer, None if there is none.

        Raises what writing it, or loading, raised; TimeoutError after ``timeout_s`` seconds.
        """
        return self._session.wait(timeout_s)

    @property
    def history(self) -> History:
        """All exchanges so far, the oldest first; those that it began with, and stopped answers too."""
        return self._session.history

    @property
    def table(self) -> Any:
        """The table of the *Column* section, as a copy with the answers so far in new columns; None before a run.

        A row without an answer has no value there, and ``…_error`` says why: "Not answered yet." while it is to come.
        With choices, ``…_probability`` says how likely the model took the one that it made.
        """
        return self._screen.column.table

    def forget(self, exchange: Exchange) -> None:
        """Delete one of ``history``, and save that in the history's file, if there is one. What is shown stays.

        Raises ValueError where the history does not hold it, RuntimeError while an answer is written or after
        ``close``. Later turns of its chat keep what was said before them.
        """
        self._session.forget(exchange)

    def label(self, exchange: Exchange, text: str) -> None:
        """Call one of ``history`` by a name of your own, of one line and 80 characters at most; "" takes it away.

        The name stands in the history, and is found by its search. An exchange never changes: another one takes its
        place in ``history``. Raises as ``forget``.
        """
        self._session.label(exchange, text)

    def close(self) -> None:
        """Stop and free everything: the answer, the model (unless it was given as an Engine), all controls."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._screen.column.end()
            self._session.close()
        finally:  # an interrupt ends the wait
            self._screen.answer.lens.close()
            self._screen.prompt.load(None)
            for part in descendants(self):
                part.close()
            super().close()

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({self._session.loader.name!r}, device={self.device!r})"

    def _ipython_display_(self) -> None:
        data = self._repr_mimebundle_()
        bundle, metadata = data if isinstance(data, tuple) else (data, None)
        self._saved.show(bundle, metadata)

    def _question(self, instruction: str, context: str) -> Asked:
        return self._session.question(
            instruction,
            context,
            self.params,
            chat_enabled=self.chat,
            system=self.system,
            untouched=self._untouched,
        )

    def _checked_params(self) -> SamplingParams:
        self._refuse_problem()
        return self.params

    def _refuse_problem(self) -> None:
        if problem := self._screen.settings.problem:
            raise ValueError(problem)

    def _queue(self) -> None:
        self._refuse_problem()
        with self._session.lock:
            self._boxes.queue()

    def _submit(self, asked: Asked) -> Job[GenerationResult]:
        job = self._session.submit(asked)
        self._boxes.take(asked, self._session.is_chat(self.chat))
        return job

    def _shorten(self, room: int) -> None:
        self.max_new_tokens = room
        asked = self._session.asked
        if asked is not None:
            self._submit(replace(asked, params=replace(asked.params, max_new_tokens=room)))

    @traitlets.validate("instruction", "context", "system")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    @traitlets.validate("device")
    def _known_device(self, proposal: traitlets.Bunch) -> str:
        return self._session.check_device(proposal["value"])

    # What the session tells

    def _on_changed(self, name: str, value: Any) -> None:
        if name == "status":  # the screen first: an observer of the trait may raise
            self._screen.show_status(value, self._session.is_busy, self._session.shown is not None)
        elif name == "response" and self._session.is_busy:
            self._screen.answer.show_text(value)
        if name == "reasoning":  # which is the view's alone
            self._screen.answer.show_reasoning(value)
        else:
            self.set_trait(name, value)

    def _on_typing(self) -> None:
        self._screen.notice.show("")
        self._session.forget_error()

    def _on_begun(self, asked: Asked) -> None:
        self._catching_up.is_due = True
        self._screen.begin(asked)

    def _on_sample_ended(self, place: int, outcome: Exchange | Exception, edit: Edit | None) -> None:
        self._screen.answer.finish_sample(place, outcome)
        self._keep(edit)

    def _keep(self, edit: Edit | None = None) -> None:
        self._screen.history.refresh(edit)
        if self._file is not None:
            self._file.save(self._session.exchanges)

    def _on_answered(self) -> None:
        self._keep()
        if not self._session.is_asked_next:  # one change of the notebook for all
            self._saved.update(self._session.exchanges[-1])

    def _on_edited(self, edit: Edit) -> None:
        self._screen.show_edit(edit, self._session.shown)
        if self._file is not None:
            self._file.save(self._session.exchanges)
            if self._file.problem:
                self._screen.say(self._file.problem)

    def _on_shown(self, exchange: Exchange) -> None:
        self._screen.show_exchange(exchange)
        if self._file is not None and self._file.problem:
            self._screen.say(self._file.problem)
        if self._session.is_chat(self.chat):
            self._show_prompt()  # which holds the answer now

    def _on_emptied(self) -> None:
        if self.instruction:
            self._screen.composer.remember(self.instruction)
        self._boxes.clear()
        self._screen.empty()
        self._screen.composer.can_undo = True
        self._show_prompt()  # which held the chat

    def _undo_clear(self) -> None:
        with self._session.lock:
            self._session.undo_clear()
            self._boxes.undo_clear()
            self._screen.composer.can_undo = False

    def _on_broken_off(self, asked: Asked) -> None:
        self._screen.answer.break_off(self.response)
        self._boxes.fail()

    def _on_preparing(self, progress: Progress | None, notes: tuple[str, ...]) -> None:
        self._catching_up.is_due = True
        loader = self._session.loader
        self._screen.show_loading(loader.choice, progress, notes)
        if loader.engine is None:
            self._screen.show_unloaded(loader.choice)

    def _on_loaded(self) -> None:
        loader, screen = self._session.loader, self._screen
        self._take_own(sampling_of(loader.model))
        self._show_model()
        screen.system.show(self._session.takes_system)
        screen.chooser.loaded(loader.choice.model)
        screen.answer.lens.refresh()
        screen.column.refresh()
        self._show_prompt()

    def _on_load_failed(self, exc: BaseException, is_harmless: bool) -> None:
        self._show_model()
        self._screen.show_load_failure(exc, is_harmless)

    def _show_model(self) -> None:
        session, loader = self._session, self._session.loader
        self._screen.show_model(loader.choice, loader.model, is_given=loader.is_given, takes_turns=session.takes_turns)
        self._screen.show_server(session.server)
        self._show_chat()

    def _show_chat(self) -> None:
        self._screen.show_chat(self._session.is_chat(self.chat))

    def _show_prompt(self) -> None:
        """Show what the model would be given now."""
        with self._session.lock:
            asked = self._question(self.instruction, self.context)
            self._screen.prompt.show_rendered(lambda: self._session.prompt(asked), self.max_new_tokens)
