"""A model's directory, opened once: the value that is passed around instead of its path."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

from dolly_widget.models.info import ModelInfo, check_files
from dolly_widget.models.template_files import check_chat_template, template_for
from dolly_widget.text import PromptTemplate, Tokenizer


class Model:
    """A directory of OpenVINO files, with what its files say, its tokenizer and its template. Each is read once.

    Loads no weights. Safe to use from several threads. Raises ModelError, naming them, where files are missing.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = check_files(Path(directory).expanduser())
        self.info = ModelInfo(self.directory)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer. Raises ValueError where it cannot be read."""
        return Tokenizer(self.directory)

    @cached_property
    def template(self) -> PromptTemplate:
        """The prompt template that the model was taught. Raises ValueError where it cannot be used."""
        return template_for(self.directory)

    def check_template(self, stop: threading.Event) -> None:
        """Wait here for what ``template`` waits for where it is new; setting ``stop`` ends it at once, with ModelError.

        Raises ValueError for a template that had to be ended.
        """
        check_chat_template(self.directory, stop)

    @property
    def name(self) -> str:
        """What to call it: "demo", the model's id, or the name of its directory."""
        return self.info.name

    @cached_property
    def vocab_size(self) -> int:
        """Number of token ids: a model may have more of them than its tokenizer, filled up to a round number."""
        return max(self.tokenizer.vocab_size, self.info.vocab_size or 0)

    def is_same(self, other: Model) -> bool:
        """Whether both are the same directory."""
        return self.directory.resolve() == other.directory.resolve()

    def __repr__(self) -> str:
        return f"Model({self.directory.name!r})"
