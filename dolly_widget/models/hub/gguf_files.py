"""The GGUF files of a hub repository, which are often one model in several quantisations: by names and sizes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.models.hub.file_name import is_file_name
from dolly_widget.text import in_bytes

SUFFIX = ".gguf"
MAX_CHOICES = 200
"""Of a repository, that are offered; most have a dozen or two."""
_SHOWN = 8
# Source: llama.cpp, src/llama.cpp (llama_split_path).
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
# llama.cpp's names for what lies beside models: the part that reads images, and what a quantisation was weighed with.
_BESIDE_MODELS = re.compile(r"mmproj|imatrix", re.IGNORECASE)


def models_in(sizes: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The files of each model, by the name that stands for it: of a split one, its first part. The smallest first.

    Models in folders, and those whose parts are not all there, are left out.
    """
    found = {name: parts for name in sizes if _is_offered(name) and (parts := _parts(name, sizes))}
    return dict(sorted(found.items(), key=lambda item: (_size(item[1], sizes), item[0])))


def pick(model_id: str, sizes: Mapping[str, int], file: str = "") -> tuple[str, ...]:
    """The files of the model that ``file`` names, or of the only one. A split one is named by any of its parts.

    Raises ModelChoiceError, with what there is, where it is not there, or not named and one of several; ModelError
    where there is none.
    """
    if file in sizes and is_file_name(file) and file.lower().endswith(SUFFIX):
        if parts := _parts(_first_part(file), sizes):
            return parts
        raise ModelError(f"{model_id} does not hold all parts of {file}: name another file, or another revision.")
    models = models_in(sizes)
    if not models:
        raise ModelError(f"{model_id} has no file {file[:80]!r}, and no other GGUF file: check the name.")
    if not file and len(models) == 1:
        return next(iter(models.values()))
    raise _choice_needed(model_id, {name: _size(parts, sizes) for name, parts in models.items()}, file)


def _is_offered(name: str) -> bool:
    part = _PART.fullmatch(name)
    is_first = part is None or int(part["number"]) == 1
    return is_first and name.lower().endswith(SUFFIX) and is_file_name(name) and not _BESIDE_MODELS.search(name)


def _first_part(name: str) -> str:
    part = _PART.fullmatch(name)
    return f"{part['stem']}-00001-of-{part['count']}{SUFFIX}" if part else name


def _parts(first: str, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """The files of the model whose first part is ``first``; () where one is missing."""
    part = _PART.fullmatch(first)
    if part is None:
        return (first,)
    names = []
    for number in range(1, int(part["count"]) + 1):
        names.append(f"{part['stem']}-{number:05}-of-{part['count']}{SUFFIX}")
        if names[-1] not in sizes:  # the count is anybody's
            return ()
    return tuple(names)


def _size(names: tuple[str, ...], sizes: Mapping[str, int]) -> int:
    return sum(sizes[name] for name in names)


def _choice_needed(model_id: str, models: Mapping[str, int], file: str) -> ModelChoiceError:
    """What there is, as a sentence and as values."""
    listed = [f"{name} ({in_bytes(size)})" for name, size in list(models.items())[:_SHOWN]]
    more = [f"{len(models) - _SHOWN:,} more"] if len(models) > _SHOWN else []
    holds = f"has no file {file[:80]!r}, but" if file else "holds"
    files = "1 GGUF file" if len(models) == 1 else f"{len(models):,} GGUF files"
    sentence = (
        f"{model_id} {holds} {files}; name one as '{model_id}:{next(iter(models))}': {', '.join([*listed, *more])}."
    )
    return ModelChoiceError(sentence, model_id, list(models.items())[:MAX_CHOICES])
