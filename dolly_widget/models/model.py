"""A model's directory, opened once: the value that is passed around instead of its path."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dolly_widget.errors import ModelError
from dolly_widget.models.entry import MANIFEST
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.models.info import ModelInfo, check_files
from dolly_widget.models.template_files import check_chat_template, end_token, template_for
from dolly_widget.text import Prompt, PromptTemplate, Tokenizer

if TYPE_CHECKING:
    from dolly_widget.sampling import SamplingParams

FileVersions: TypeAlias = "tuple[tuple[int, int] | None, ...]"
_READ_FILES = (
    *REQUIRED_FILES,
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "additional_chat_templates",
    MANIFEST,
)


class Model:
    """A directory of OpenVINO files, with what its files say, its tokenizer and its template. Each is read once.

    Loads no weights. Safe to use from several threads. Raises ModelError, naming them, where files are missing.
    """

    has_weights = True
    """Whether it can be run here."""

    def __init__(self, directory: str | Path) -> None:
        self._open(ModelInfo(check_files(Path(directory).expanduser())))

    def _open(self, info: ModelInfo) -> None:
        self.directory, self.info = info.model_dir, info
        # A lock each, and no cached_property: until Python 3.12, one model that is read slowly holds up all others.
        self._reading_tokenizer, self._reading_template = threading.Lock(), threading.Lock()
        self._tokenizer: Tokenizer | None = None
        self._template: PromptTemplate | None = None
        self._end_ids: frozenset[int] | None = None
        self._sampling: SamplingParams | None = None

    @classmethod
    def of(cls, directory: str | Path) -> Model:
        """The model of a directory, one for all who hold it: a large tokenizer takes 10 MB and more.

        A directory whose files have changed since it was opened is another model. Raises what ``Model`` raises.
        """
        model = cls(Path(directory).expanduser().absolute())
        # The path as well: one who was given a link goes on when it leads elsewhere, the others stay.
        key = model.directory, model.directory.resolve(), file_versions(model.directory)
        with _open_lock:
            return _open.setdefault(key, model)

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer. Raises ValueError where it cannot be read."""
        with self._reading_tokenizer:
            self._tokenizer = self._tokenizer or Tokenizer(self.directory)
            return self._tokenizer

    @property
    def template(self) -> PromptTemplate:
        """The prompt template that the model was taught. Raises ValueError where it cannot be used."""
        with self._reading_template:
            self._template = self._template or template_for(self.directory)
            return self._template

    def check_template(self, stop: threading.Event) -> None:
        """Wait here for what ``template`` waits for where it is new; setting ``stop`` ends it at once, with ModelError.

        Raises ValueError for a template that had to be ended.
        """
        check_chat_template(self.directory, stop)

    @property
    def name(self) -> str:
        """What to call it: "demo", the model's id, or the name of its directory."""
        return self.info.name

    @property
    def vocab_size(self) -> int:
        """Number of token ids. A model may have more of them than its tokenizer, filled up to a round number."""
        return self.info.vocab_size or self.tokenizer.vocab_size

    @property
    def end_ids(self) -> frozenset[int]:
        """Ids that end a text: those of the model's settings, and its tokenizer's ``eos_token``."""
        if self._end_ids is None:
            end = end_token(self.directory)
            token_id = None if end is None else self.tokenizer.token_id(end)
            self._end_ids = self.info.end_ids | ({token_id} if token_id is not None else set())
        return self._end_ids

    @property
    def sampling(self) -> SamplingParams:
        """The sampling settings that its makers publish for it; the project's defaults where they publish none."""
        if self._sampling is None:
            from dolly_widget.models.own_sampling import own_sampling  # NumPy, which lists of models do without

            self._sampling = own_sampling(self.info.generation_config)
        return self._sampling

    def encode(self, prompt: Prompt) -> list[int]:
        """Ids of a prompt. Raises ModelError for one that the model does not have: the tokenizer is another model's."""
        ids, size = self.tokenizer.encode(prompt), self.vocab_size
        if outside := next((token_id for token_id in ids if token_id >= size), None):
            raise ModelError(
                f"The prompt has the token {outside} ({self.tokenizer.token_text(outside)!r}), but {self.name} has "
                f"only {size:,} tokens: its tokenizer is that of another model. Convert or download the "
                "model again."
            )
        return ids

    def is_same(self, other: Model) -> bool:
        """Whether both are the same directory."""
        return self.directory.resolve() == other.directory.resolve()

    def __repr__(self) -> str:
        return f"Model({self.directory.name!r})"


_Key: TypeAlias = "tuple[Path, Path, FileVersions]"
_open: weakref.WeakValueDictionary[_Key, Model] = weakref.WeakValueDictionary()
_open_lock = threading.Lock()


def file_versions(directory: Path) -> FileVersions:
    """Modification times and sizes of all that is read of a model: one that is converted again is another one."""
    return tuple(map(_version, (directory / name for name in _READ_FILES)))


def _version(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
