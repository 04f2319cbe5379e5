"""SamplingExplorer: what may come next, token by token. Knows the lens and the settings, and never generates.

The model reads on a job's thread; what the settings make of its logits is computed at once, wherever they change.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from dolly_widget.engines import Engine, EngineSetup, split_options
from dolly_widget.lens import Candidates, quoted
from dolly_widget.sampling import Distribution, SamplingParams, with_changes
from dolly_widget.text import Prompt, percent
from dolly_widget.widget.explorer.reading import ReadingWidget
from dolly_widget.widget.explorer.screen import StandaloneParts
from dolly_widget.widget.explorer.source import source

_SHOWN_CHARS = 40
_DRAWS = 1000


class SamplingExplorer(ReadingWidget):
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
        given = prompt if isinstance(prompt, Prompt) else None
        self._begin(source(model, setup), str(prompt), context, prefix_ids, sampling, prompt=given)

    def _made_parts(self) -> tuple[widgets.Widget, ...]:
        self._parts = parts = StandaloneParts(self, self._on_choose)
        parts.show_model(self._model.name, self._source.device)
        self.add_class("dw-widget")
        return parts.children

    def _show_place(self) -> None:
        assert isinstance(self._parts, StandaloneParts)
        is_fixed = self._prompt is not None
        self._parts.show_prompt("" if is_fixed else self.context, is_fixed=is_fixed)
        self._parts.show_answer(self._answer)

    def _wire(self) -> None:
        super()._wire()
        parts = self._parts
        actions = {parts.sample: self.sample, parts.step: self.step, parts.back: self.back, parts.draw: self.draw}
        for button, action in actions.items():
            button.on_click(lambda _, action=action: self._try(action))

    # What a caller does

    @property
    def token_ids(self) -> tuple[int, ...]:
        """The answer so far."""
        return self._answer.ids

    @property
    def distribution(self) -> Distribution:
        """What the settings make of the next token. Waits for the model; raises what ``wait`` raises."""
        found = self._next.distribution
        if found is None:
            self.wait()
            found = self._next.distribution
        if found is None:
            raise RuntimeError("The text has changed in the meantime: ask again.")
        return found

    @property
    def candidates(self) -> Candidates:
        """What is shown, as plain data: ``candidates_to_html`` makes a table of it. Waits and raises as ``wait``."""
        found = self.distribution
        with self._lock:
            self._next.refuse_unless_shown(found)
            return self._next.candidates(self.params)

    def sample(self) -> int:
        """Draw one token, show it, and return its id; the text stays as it is."""
        found = self.distribution
        with self._lock:
            self._next.refuse_unless_shown(found)
            self._next.drawn_id = drawn = found.draw(self._generator)
            chance = percent(float(found.after[found.place(drawn)]))
            self._show(f"Drawn: {quoted(self._answer.label(drawn))}, {chance}")
            return drawn

    def step(self, token_id: int | None = None) -> int:
        """Go on with ``token_id``, or the token that was drawn, or one that is drawn now; return its id."""
        if token_id is None:
            token_id = self.sample() if self._next.drawn_id is None else self._next.drawn_id
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
            self._next.refuse_unless_shown(found)
            counts = self._next.draw(n, self._generator)
            self._show(f"Drawn {n:,} times: see the last column.")
        return counts

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        text = self.instruction
        text = text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
        return f"{type(self).__name__}({self._model.name!r}, {text!r})"

    def _on_choose(self, token_id: int, revision: int) -> None:
        # A second click, or one on a table that was outdated when it arrived, means another text.
        if revision == self._revision and self.status == "idle":
            self._try(lambda: self.step(token_id))
