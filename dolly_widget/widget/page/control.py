"""What all parts with JavaScript of their own share. Knows no part."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

import anywidget


class Control(anywidget.AnyWidget):
    """A part whose code and rules are in files beside its class: ``scripts`` and ``styles``, in their order.

    A front end loads one module and one style sheet for a widget, and no files. They are joined here, once for a class,
    with dom.js in front; so no two of a part's files may define the same name. ``css`` adds rules that are computed.
    """

    scripts: ClassVar[tuple[str, ...]]
    styles: ClassVar[tuple[str, ...]] = ()
    only_shows: ClassVar[bool] = False
    """Whether a person sets none of its traits: a page that joins is sent all of them again."""

    def __init_subclass__(cls, css: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if "scripts" not in vars(cls):  # anywidget makes a subclass for each widget
            return
        folder = Path(inspect.getfile(cls)).parent
        cls._esm = read_joined(_DOM, *(folder / name for name in cls.scripts))
        if cls.styles or css:
            cls._css = f"{read_joined(*(folder / name for name in cls.styles))}{css}"

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({self._facts()})"

    def _facts(self) -> str:
        """What tells it from others of its class, in a few words."""
        return ""


_DOM = Path(__file__).with_name("dom.js")


def read_joined(*files: Path) -> str:
    """Return the texts of ``files``, one after the other."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
