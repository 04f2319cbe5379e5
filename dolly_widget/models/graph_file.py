"""The file of a model's graph, ``openvino_model.xml``, read element by element. It may come from anyone.

Its format is OpenVINO's IR, version 11: https://docs.openvino.ai/latest/openvino_ir.html.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree
from xml.parsers import expat

from dolly_widget.errors import ModelError

MAX_DEPTH = 100
"""Elements inside each other; a loop's body adds four."""
_LARGEST = 2**63 - 1


def elements(path: Path) -> Iterator[ElementTree.Element]:
    """The elements of a graph as each of them ends, its root last. To be used within ``reading``."""
    with path.open("rb") as file:
        _refuse_doctype(file)
        file.seek(0)
        depth = 0
        for event, element in ElementTree.iterparse(file, ("start", "end")):
            depth += 1 if event == "start" else -1
            if depth > MAX_DEPTH:
                raise ValueError("The elements are nested too deep.")
            if event == "end":
                yield element


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Make one ModelError of whatever is wrong with a graph."""
    try:
        yield
    except (OSError, ValueError, LookupError, ElementTree.ParseError) as exc:
        raise ModelError(f"{path} is damaged; convert or download the model again.") from exc


def numbers(shape: str) -> tuple[int, ...]:
    """The sizes of a shape, "768,3072". Raises ValueError where they are none that a tensor can have."""
    sizes = tuple(int(size) for size in shape.split(",") if size.strip())
    if any(size < 0 for size in sizes) or math.prod(sizes) > _LARGEST:
        raise ValueError(f"{shape[:40]!r} is no shape.")
    return sizes


class _RootReached(Exception):
    pass


def _refuse_doctype(file: BinaryIO) -> None:
    """Raise ValueError for a document type: OpenVINO writes none, and the entities of one can expand to gigabytes."""

    def refuse(*_: object) -> None:
        raise ValueError("A graph has no document type.")

    def stop(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = refuse, stop
    try:
        parser.ParseFile(file)
    except _RootReached:
        pass
    except expat.ExpatError as exc:
        raise ValueError("A graph is XML.") from exc
