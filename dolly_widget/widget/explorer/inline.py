"""The explorer at a token of an answer, within the widget that shows it. Knows that widget's settings alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from dolly_widget.engines import LocalEngine
from dolly_widget.history import Exchange
from dolly_widget.sampling import SHAPING, shaping
from dolly_widget.widget.explorer.explorer import SamplingExplorer
from dolly_widget.widget.explorer.head import ExplorerHead
from dolly_widget.widget.explorer.screen import ExplorerParts
from dolly_widget.widget.page.access import Access
from dolly_widget.widget.settings.traits import SettingsTraits

_AS_WRITTEN = "With the answer's settings. Change one, and the bars follow."
_AS_NOW = "With the settings as they are now."
_OF_ITS_OWN = "With settings of its own."


class InlineExplorer(SamplingExplorer):
    """A `SamplingExplorer` without boxes and sliders: it begins at ``place`` with the answer's prompt and settings.

    From the first change of ``settings``, those of the widget around it, it follows them. ``on_place`` is called with
    the place of the answer that it is at: steps along the answer's own tokens move it. ``on_close`` is called when the
    reader closes it.
    """

    def __init__(
        self,
        engine: LocalEngine,
        exchange: Exchange,
        place: int,
        settings: SettingsTraits,
        *,
        on_place: Callable[[int], None],
        on_close: Callable[[], None],
    ) -> None:
        self._exchange, self._settings = exchange, settings
        self._is_following = False
        self._on_place, self._on_close = on_place, on_close
        self._begin(
            engine,
            exchange.instruction,
            exchange.context,
            exchange.result.token_ids[:place],
            shaping(exchange.params),
            prompt=exchange.prompt,
        )

    def _made_parts(self) -> tuple[widgets.Widget, ...]:
        self._parts = ExplorerParts(self._on_choose)
        self._head = ExplorerHead(self._on_close)
        self.add_class("dw-inline")
        return Access(), self._head, self._parts.main

    def _wire(self) -> None:
        super()._wire()
        self._settings.observe(self._on_widget_settings, list(SHAPING))

    def close(self) -> None:
        """As `SamplingExplorer`'s; the settings are no longer followed."""
        if not self._is_closed:
            self._settings.unobserve(self._on_widget_settings, list(SHAPING))
        super().close()

    def _on_widget_settings(self, change: Any) -> None:
        with self._lock:
            self._is_following = True
            try:
                for name, value in shaping(self._settings.params).items():
                    setattr(self, name, value)
            finally:
                self._is_following = False
            self._apply_settings()

    def _apply_settings(self) -> bool:
        if self._is_following:  # one by one: they are applied when all of them are there
            return False
        self._head.settings = self._whose_settings()
        return super()._apply_settings()

    def _whose_settings(self) -> str:
        own = shaping(self.params)
        if own == shaping(self._exchange.params):
            return _AS_WRITTEN
        return _AS_NOW if own == shaping(self._settings.params) else _OF_ITS_OWN

    def _show_place(self) -> None:
        ids, written = self._answer.ids, self._exchange.result.token_ids
        place = _common(ids, written)
        is_behind = place == len(written)
        where = f"token {place + 1:,} of {len(written):,}" if not is_behind else ""
        there = None if is_behind else self._answer.label(written[place])
        self._next.written_id = None if is_behind or len(ids) > place else written[place]
        self._head.show(there, where, [self._answer.label(token_id) for token_id in ids[place:]])
        self._on_place(min(place, len(written) - 1))


def _common(ids: Sequence[int], others: Sequence[int]) -> int:
    """With how many of the same ids both begin."""
    pairs = enumerate(zip(ids, others, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(ids), len(others)))
