"""How many bytes of its weights a model reads for one token. Reads the structure of the file, and no weight."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from dolly_widget.models import graph_file

# A table that is looked up by one of these, as it is or after such steps, gives one row for each token.
_LOOKED_UP_BY = {"input_ids", "position_ids"}
_STEPS = {"Add", "Convert", "Reshape", "Squeeze", "Unsqueeze"}
_TABLE, _INDICES = 0, 1


def weight_bytes_per_token(model_dir: Path) -> int:
    """Bytes of the constants in ``openvino_model.xml``, as stored, without tables of which a token reads one row.

    Such is the input embedding, where it is not the output layer too. The format is OpenVINO's IR, version 11:
    https://docs.openvino.ai/latest/openvino_ir.html. Raises ModelError for a damaged file.
    """
    path = model_dir / "openvino_model.xml"
    with graph_file.reading(path):
        *_, root = graph_file.elements(path)
        return _Graph(root).bytes_read()


class _Graph:
    """The layers of a model, by their ids, and what flows where."""

    def __init__(self, root: ElementTree.Element) -> None:
        self._root = root
        self._layers = {layer.get("id", ""): layer for layer in root.iterfind("layers/layer")}
        self._sources: dict[str, dict[int, str]] = defaultdict(dict)
        self._readers: dict[str, set[str]] = defaultdict(set)
        for edge in root.iterfind("edges/edge"):
            source, reader = edge.get("from-layer", ""), edge.get("to-layer", "")
            self._sources[reader][int(edge.get("to-port", 0))] = source
            self._readers[source].add(reader)

    def bytes_read(self) -> int:
        """Bytes of all constants, those inside loops too, less those of the tables that are only looked up."""
        everything = sum(map(_constant_bytes, self._root.iter("layer")))
        return everything - sum(_constant_bytes(self._layers[each]) for each in self._only_looked_up())

    def _only_looked_up(self) -> set[str]:
        """Layers whose output goes nowhere but into look-ups, directly or through others of them (decompression)."""
        found = set(self._look_ups())
        waiting = [self._sources[each][_TABLE] for each in found]
        while waiting:
            layer = waiting.pop()
            if layer not in found and self._readers[layer] <= found:
                found.add(layer)
                waiting += self._sources[layer].values()
        return found

    def _look_ups(self) -> Iterator[str]:
        for name, layer in self._layers.items():
            if layer.get("type") == "Gather" and self._is_by_token(self._sources[name].get(_INDICES, "")):
                yield name

    def _is_by_token(self, name: str) -> bool:
        seen: set[str] = set()  # a damaged file may go round in circles
        while name not in seen and name in self._layers and self._layers[name].get("type") in _STEPS:
            seen.add(name)
            name = self._sources[name].get(0, "")
        return name in self._layers and self._layers[name].get("name") in _LOOKED_UP_BY


def _constant_bytes(layer: ElementTree.Element) -> int:
    data = layer.find("data")
    return int(data.get("size", 0)) if layer.get("type") == "Const" and data is not None else 0
