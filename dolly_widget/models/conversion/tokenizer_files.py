"""A checkpoint's tokenizer as the files that a model directory has, in the form of two libraries.

``tokenizer.json`` is what this package encodes and decodes with. ``openvino_tokenizer.xml`` and
``openvino_detokenizer.xml`` are for other programs, and for answers of a given shape: a model is whole without them.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dolly_widget.models.conversion import sentencepiece_model
from dolly_widget.runtime import OnProgress, Progress

# Copied as published, which the model was trained with: transformers would rewrite them in its own version's format.
_PUBLISHED = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
_OPENVINO = ("openvino_tokenizer", "openvino_detokenizer")


class TokenizerError(Exception):
    """A tokenizer that cannot be read. The message is the reason, for the end of a sentence."""


def write(checkpoint: Path, target: Path, on_progress: OnProgress) -> None:
    """Write the tokenizer of ``checkpoint`` into the directory ``target``, which is made.

    Reports it where OpenVINO's form is left out. Raises TokenizerError where it cannot be read.
    """
    target.mkdir()
    tokenizer = _load(checkpoint)
    tokenizer.save_pretrained(target)  # writes tokenizer.json also where the checkpoint has another kind
    for name in _PUBLISHED:
        if (checkpoint / name).is_file():
            shutil.copyfile(checkpoint / name, target / name)
    _check(target)
    _write_for_openvino(tokenizer, target, on_progress)


def _load(checkpoint: Path) -> Any:
    from transformers import AutoTokenizer

    is_sentencepiece = not (checkpoint / "tokenizer.json").is_file() and any(checkpoint.glob("*.model"))
    if is_sentencepiece and not (find_spec("sentencepiece") and find_spec("google.protobuf")):
        raise TokenizerError(
            "its tokenizer is a SentencePiece model, which needs two more packages: run "
            "`python -m pip install sentencepiece protobuf`"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    except OSError:  # a full disk, a file that cannot be read
        raise
    except Exception as exc:
        raise TokenizerError(f"its tokenizer cannot be read ({_first_line(exc)}): copy the files again") from exc
    if is_sentencepiece and (checkpoint / "tokenizer.model").is_file():
        _make_faithful(tokenizer, checkpoint)
    return tokenizer


def _make_faithful(tokenizer: Any, checkpoint: Path) -> None:
    legacy = tokenizer.init_kwargs.get("legacy") is not False
    backend = sentencepiece_model.faithful(tokenizer.backend_tokenizer, checkpoint / "tokenizer.model", legacy=legacy)
    if backend is None:
        raise TokenizerError(
            "its tokenizer.model cannot be written as a tokenizer.json with the same ids: copy the tokenizer.json "
            "of the model that this one was made from"
        )
    tokenizer._tokenizer = backend


def _check(target: Path) -> None:
    """Read it as this package will."""
    import tokenizers

    if not (target / "tokenizer.json").is_file():
        raise TokenizerError("its tokenizer is of a kind that cannot be written as tokenizer.json: add that file")
    try:
        tokenizers.Tokenizer.from_file(str(target / "tokenizer.json"))
    except Exception as exc:  # the library raises nothing more specific
        raise TokenizerError(f"its tokenizer.json cannot be read ({_first_line(exc)}): download it again") from exc


def _write_for_openvino(tokenizer: Any, target: Path, on_progress: OnProgress) -> None:
    import openvino as ov
    from openvino_tokenizers import convert_tokenizer

    try:
        models = convert_tokenizer(tokenizer, with_detokenizer=True)
        for model, name in zip(models, _OPENVINO, strict=True):
            ov.save_model(model, target / f"{name}.xml")
    except (MemoryError, OSError):
        raise
    except Exception:  # the library raises nothing more specific, with the paths of its source
        for name in _OPENVINO:
            for suffix in (".xml", ".bin"):
                (target / f"{name}{suffix}").unlink(missing_ok=True)
        on_progress(
            Progress(
                "load",
                message="OpenVINO Tokenizers cannot convert this tokenizer: the model is stored without "
                "openvino_tokenizer.xml and openvino_detokenizer.xml, which this package needs for answer= alone.",
            )
        )


def _first_line(exc: Exception) -> str:
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return (lines[0] if lines else type(exc).__name__)[:200].rstrip(" .!:")
