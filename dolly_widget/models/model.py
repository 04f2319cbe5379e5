"""A model's directory, opened once: the value that is passed around instead of its path."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models.info import ModelInfo, check_files
from dolly_widget.models.template_files import end_token, template_for
from dolly_widget.text import Prompt, PromptTemplate, Tokenizer


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
        """The prompt template that the model was taught. Raises ValueError where its files are damaged."""
        return template_for(self.directory)

    @property
    def name(self) -> str:
        """What to call it: "demo", the model's id, or the name of its directory."""
        return self.info.name

    @cached_property
    def vocab_size(self) -> int:
        """Number of token ids. A model may have more of them than its tokenizer, filled up to a round number."""
        return self.info.vocab_size or self.tokenizer.vocab_size

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """Ids that end a text: those of the model's settings, and its tokenizer's ``eos_token``."""
        end = end_token(self.directory)
        token_id = None if end is None else self.tokenizer.token_id(end)
        return self.info.end_ids | ({token_id} if token_id is not None else set())

    def encode(self, prompt: Prompt) -> list[int]:
        """Ids of a prompt. Raises ModelError for one that the model does not have: the tokenizer is another model's."""
        ids = self.tokenizer.encode(prompt)
        if outside := next((token_id for token_id in ids if token_id >= self.vocab_size), None):
            raise ModelError(
                f"The prompt has the token {outside} ({self.tokenizer.token_text(outside)!r}), but {self.name} has "
                f"only {self.vocab_size:,} tokens: its tokenizer is that of another model. Convert or download the "
                "model again."
            )
        return ids

    def is_same(self, other: Model) -> bool:
        """Whether both are the same directory."""
        return self.directory.resolve() == other.directory.resolve()

    def __repr__(self) -> str:
        return f"Model({self.directory.name!r})"
