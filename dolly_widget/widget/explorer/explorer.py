"""SamplingExplorer: what may come next, token by token. Knows the lens and the settings, and never generates.

The model reads on a job's thread; what the settings make of its logits is computed at once, wherever they change.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets

from dolly_widget import lens
from dolly_widget.engines import Engine, EngineSetup, effective_params, split_options
from dolly_widget.errors import EXPECTED_ERRORS, error_text
from dolly_widget.lens import Candidates, Logits, quoted, table
from dolly_widget.lens.candidates import candidates
from dolly_widget.models import Model
from dolly_widget.sampling import SHAPING, Distribution, Draws, SamplingParams, distribution, with_changes
from dolly_widget.text import NOT_TYPESET, Prompt, encodable, in_bytes, percent
from dolly_widget.widget.explorer.beginning import AnswerSoFar
from dolly_widget.widget.explorer.reader import NextTokenReader, Position
from dolly_widget.widget.explorer.screen import ExplorerParts
from dolly_widget.widget.explorer.source import source
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.catching_up import CatchingUp
from dolly_widget.widget.page.layout import descendants
from dolly_widget.widget.page.subshells import handle_during_cells
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

_SHOWN_CHARS = 40
_DRAWS = 1000
_END = "The answer ends here: an engine stops at this token."


class SamplingExplorer(SettingsTraits, widgets.VBox):
    """The distribution of a model's next token, as bars that follow the sliders; draw from it, and step on.

    ``model`` is "demo", a model id or a directory that is here in OpenVINO format, an ``EngineSetup``, or a loaded
    ``Engine``, which stays yours to close. ``prompt`` is an instruction, which goes into the model's template with
    ``context``, or a ``Prompt`` as it is. ``prefix_ids`` are the first tokens of the answer. ``options`` are further
    fields of ``EngineSetup``, such as ``device``, and sampling settings, such as ``temperature=0.5``: the traits' first
    values; the others are the model's own. Any value that ``SamplingParams`` takes is taken, and widens its slider.

    Returns at once: the model reads in the background. Draws come from numpy's generator: with a ``seed`` they are the
    same every time, and others than an engine's with that seed. Raises ModelError for a model that is not here,
    ValueError for a value out of range, or an engine that has no files on this machine.
    """

    instruction = traitlets.Unicode("", help="What the model should do.")
    context = traitlets.Unicode("", help="A text that the instruction is about; may be empty.")
    text = traitlets.Unicode("", help="The answer so far. Setting it encodes it, as a user's text.")
    status = traitlets.Enum(("unloaded", "reading", "idle", "error"), "idle", read_only=True)
    error = traitlets.Unicode("", read_only=True, help="The last error, and what to do; empty when all is well.")

    _logits: Logits | None = None
    _distribution: Distribution | None = None
    _drawn: int | None = None
    _draws: Draws | None = None
    _failure: BaseException | None = None
    _pending_action: Callable[[], Any] | None = None
    _is_closed = True  # until it is whole: ipywidgets closes what __init__ left unfinished, too

    def __init__(
        self,
        model: str | Path | EngineSetup | Engine = "demo",
        prompt: str | Prompt = "",
        *,
        prefix_ids: Sequence[int] = (),
        context: str = "",
        **options: Any,
    ) -> None:
        # Mistakes are reported before anything is made.
        setup, sampling = split_options(options)
        with_changes(SamplingParams(), sampling)
        self._source: Any = source(model, setup)
        self._model: Model = self._source.model
        self._answer = AnswerSoFar(self._model, self._source.template, prefix_ids)
        super().__init__()
        self._lock = threading.RLock()
        self._reader = NextTokenReader(self._source, self._lock, on_logits=self._show_logits, on_error=self._show_error)
        self._prompt = prompt if isinstance(prompt, Prompt) else None
        self._may_load = isinstance(self._source, lens.LocalModel)
        self._generator = np.random.default_rng()
        self._revision = 0
        self._seen_ids: tuple[Sequence[int], Sequence[int]] = (), ()
        self.instruction, self.context = str(prompt), context
        self._set_text(self._answer.text)
        self._take_own(self._model.sampling)
        for name, value in sampling.items():
            setattr(self, TRAITS[name], value)
        self._on_seed()
        self._parts = ExplorerParts(self, self._on_choose)
        self._parts.show_model(self._model.name, self._source.device)
        self.children = (*self._parts.children, CatchingUp(self))
        for name in ("dw-widget", "dw-explorer", *NOT_TYPESET):
            self.add_class(name)
        handle_during_cells(descendants(self))
        self._wire()
        self._is_closed = False
        self._read()

    def _wire(self) -> None:
        parts = self._parts
        parts.instruction.disabled = self._prompt is not None
        traitlets.link((self, "instruction"), (parts.instruction, "value"))
        traitlets.link((self, "text"), (parts.answer, "value"))
        actions = {parts.sample: self.sample, parts.step: self.step, parts.back: self.back, parts.draw: self.draw}
        for button, action in actions.items():
            button.on_click(lambda _, action=action: self._try(action))
        parts.load.on_click(lambda _: self.load())
        self.observe(self._on_prompt, ["instruction", "context"])
        self.observe(self._on_text, "text")
        self.observe(self._on_settings, list(SHAPING))
        self.observe(self._on_seed, "seed")

    # What a caller does

    @property
    def token_ids(self) -> tuple[int, ...]:
        """The answer so far."""
        return self._answer.ids

    @property
    def distribution(self) -> Distribution:
        """What the settings make of the next token. Waits for the model; raises what ``wait`` raises."""
        found = self._distribution
        if found is None:
            self.wait()
            found = self._distribution
        if found is None:
            raise RuntimeError("The text has changed in the meantime: ask again.")
        return found

    @property
    def candidates(self) -> Candidates:
        """What is shown, as plain data: ``candidates_to_html`` makes a table of it. Waits and raises as ``wait``."""
        return self._candidates(self.distribution)

    def sample(self) -> int:
        """Draw one token, show it, and return its id; the text stays as it is."""
        found = self.distribution
        with self._lock:
            self._refuse_unless_shown(found)
            self._drawn = found.draw(self._generator)
            chance = percent(float(found.after[found.place(self._drawn)]))
            self._show(f"Drawn: {quoted(self._answer.label(self._drawn))}, {chance}")
            return self._drawn

    def step(self, token_id: int | None = None) -> int:
        """Go on with ``token_id``, or the token that was drawn, or one that is drawn now; return its id."""
        if token_id is None:
            token_id = self.sample() if self._drawn is None else self._drawn
        with self._lock:
            added = self._answer.add(token_id)
            self._show_answer()
        return added

    def back(self) -> int:
        """Take the last token back, and return its id. ValueError if there is none."""
        with self._lock:
            last = self._answer.take_back()
            self._show_answer()
        return last

    def draw(self, n: int = _DRAWS) -> dict[int, int]:
        """Draw ``n`` tokens, each time the next one, show how often each came; return that by id, the likeliest first.

        Raises ValueError where ``n`` is below 1 or above 10**9.
        """
        n = operator.index(n)
        if not 1 <= n <= 10**9:
            raise ValueError(f"n must be 1 to 1,000,000,000 draws, not {n:,}.")
        found = self.distribution
        with self._lock:
            self._refuse_unless_shown(found)
            counts = found.counts(n, self._generator)
            self._draws = Draws(found, counts)
            self._show(f"Drawn {n:,} times: see the last column.")
        return {int(found.token_ids[place]): int(counts[place]) for place in np.flatnonzero(counts)}

    def _refuse_unless_shown(self, found: Distribution) -> None:
        if found is not self._distribution:
            raise RuntimeError("The text or the settings have changed in the meantime: ask again.")

    def load(self) -> None:
        """Load the model of an engine for this widget as well; only large ones wait for it."""
        self._may_load = True
        self._read()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the model has read the text. Raises what that raised; TimeoutError after ``timeout_s`` seconds."""
        self._reader.wait(timeout_s)
        if self._is_closed:
            raise RuntimeError("This widget is closed: make a new one with SamplingExplorer(…).")
        if self.status == "unloaded":
            raise RuntimeError(f"{self._model.name} has to be loaded a second time for this: call load() first.")
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End the reading, free the model unless it was given as an Engine, close all controls."""
        if self._is_closed:
            return
        self._is_closed = True
        self._reader.close()
        self._forget_distribution()
        self._source = None
        for part in descendants(self):
            part.close()
        super().close()

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        text = self.instruction
        text = text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
        return f"{type(self).__name__}({self._model.name!r}, {text!r})"

    # The text

    def _show_answer(self) -> None:
        """Show the answer's tokens, as they are, and read what they have come to."""
        self._set_text(self._answer.text)
        self._read()

    def _set_text(self, text: str) -> None:
        self._is_text_ours = True
        try:
            self.text = text
        finally:
            self._is_text_ours = False

    def _on_text(self, change: Any) -> None:
        if not self._is_text_ours:
            with self._lock:
                self._answer.edit(change["new"])
                self._read()

    def _on_prompt(self, change: Any) -> None:
        if self._prompt is not None and change["name"] == "context":
            return  # a Prompt has all in it
        self._prompt = None
        self._parts.instruction.disabled = False
        self._read()

    def _read(self) -> None:
        """Ask for the distribution of the text as it is now; what is shown is outdated."""
        with self._lock:
            if self._is_closed:
                return
            self._revision += 1
            self._pending_action = None
            self._forget_distribution()
            self._show_text()
            try:
                prompt = self._prompt
                if prompt is None:
                    prompt = self._source.template.render(self.instruction, self.context)
                size = lens.extra_bytes(self._source)
            except EXPECTED_ERRORS as exc:
                self._show_error(exc)
                return
            if size >= lens.LARGE_BYTES and not self._may_load:
                self._ask_before_loading(size)
                return
            self._parts.bars.show_outdated("Loading the model…" if size else "Reading…")
            self._set_status("reading")
            self._reader.ask(Position(prompt, self._answer.ids, self._revision))

    def _ask_before_loading(self, size_bytes: int) -> None:
        words = (
            f"{self._model.name} is loaded a second time for this, which takes about {in_bytes(size_bytes)} of memory"
        )
        self._parts.show_message(messages.hint_html(f"{words} until its engine is closed."))
        self._parts.show_load(f"Load it a second time ({in_bytes(size_bytes)})")
        self._parts.bars.empty()
        self._set_status("unloaded")

    def _show_text(self) -> None:
        parts = self._parts
        parts.show_context(self.context if self._prompt is None else "")
        parts.show_answer(self._answer)
        parts.show_message("")
        parts.show_load("")
        self.set_trait("error", "")

    # The distribution

    def _forget_distribution(self) -> None:
        self._logits = self._distribution = self._drawn = self._draws = self._failure = None

    def _show_logits(self, position: Position, logits: Logits) -> None:
        self._logits = logits
        self._seen_ids = self._model.tokenizer.encode(position.prompt), position.answer_ids
        if self._recompute(logits):
            self._set_status("idle")
            self._run_pending_action()

    def _recompute(self, logits: Logits) -> bool:
        """Apply the settings to the logits; whether that went well."""
        try:
            params = effective_params(self._source, self.params)
            self._distribution = distribution(logits, params, *self._seen_ids)
        except ValueError as exc:  # the logits are no numbers
            self._show_error(exc)
            return False
        self._drawn = self._draws = None
        self._show()
        return True

    def _candidates(self, found: Distribution) -> Candidates:
        also = () if self._drawn is None else (self._drawn,)
        params = effective_params(self._source, self.params)
        return candidates(found, self._answer.label, params, also=also, draws=self._draws)

    def _show(self, announcement: str = "") -> None:
        assert self._distribution is not None
        shown = table(self._candidates(self._distribution), drawn_id=self._drawn, asked=self.params)
        self._parts.bars.show(shown, self._revision, announcement or (_END if self._answer.has_ended else ""))

    def _show_error(self, exc: BaseException) -> None:
        self._forget_distribution()
        self._failure = exc
        self._parts.bars.empty()
        self._parts.show_message(messages.error_html(exc))
        self.set_trait("error", error_text(exc))
        self._set_status("error")

    def _set_status(self, status: str) -> None:
        self.set_trait("status", status)

    # What a reader does

    def _on_settings(self, change: Any) -> None:
        with self._lock:
            if self._logits is not None:
                self._recompute(self._logits)

    def _on_seed(self, change: Any = None) -> None:
        self._generator = np.random.default_rng(self.seed)

    def _on_choose(self, token_id: int, revision: int) -> None:
        # A second click, or one on a table that was outdated when it arrived, means another text.
        if revision == self._revision and self.status == "idle":
            self._try(lambda: self.step(token_id))

    def _try(self, action: Callable[[], Any]) -> None:
        """Do what a button says; while the model reads, the last one waits for what it will say."""
        with self._lock:
            if self.status == "reading" and action != self.back:
                self._pending_action = action
                return
        try:
            if self.status == "idle":
                self._parts.show_message("")
            action()
        except (*EXPECTED_ERRORS, RuntimeError) as exc:
            if self._failure is None and self.status != "unloaded":
                self._parts.show_message(messages.hint_html(str(exc)))

    def _run_pending_action(self) -> None:
        action, self._pending_action = self._pending_action, None
        if action is not None:
            self._try(action)

    @traitlets.validate("instruction", "context", "text")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])
