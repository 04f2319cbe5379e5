"""A model's graph is read element by element, whoever wrote it."""

import pytest

from dolly_widget.bench.weights import weight_bytes_per_token
from dolly_widget.errors import ModelError
from dolly_widget.models.graph_file import MAX_DEPTH
from dolly_widget.models.info import ModelInfo

LAUGHS = "".join(f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 10))
BILLION = f'<!DOCTYPE net [<!ENTITY a0 "ha">{LAUGHS}]><net name="&a9;"/>'
HARMLESS = "<!DOCTYPE net><net/>"
OUTSIDE = '<!DOCTYPE net [<!ENTITY a SYSTEM "file:///etc/passwd">]><net>&a;</net>'


def layer(**data):
    attributes = " ".join(f'{name}="{value}"' for name, value in data.items())
    return f'<net><layers><layer id="0" type="Const"><data {attributes}/></layer></layers></net>'


@pytest.fixture(params=[lambda path: ModelInfo(path).parameters, weight_bytes_per_token], ids=["info", "weights"])
def read(request, tmp_path):
    """Reads a graph of this text, in each of the ways that the package does."""

    def read(text):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "openvino_model.xml").write_bytes(data)
        return request.param(tmp_path)

    return read


@pytest.mark.parametrize(
    "text",
    [
        *(BILLION, HARMLESS, OUTSIDE, f"<!--{'x' * 100_000}-->{BILLION}"),
        *(BILLION.encode("utf-16"), f'<?xml version="1.0" encoding="iso-8859-1"?>{BILLION}'),
        *("<a>" * 200_000, "<a>" * 200_000 + "</a>" * 200_000, "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1)),
        *("", "<net>", "<net/><net/>", b"\0" * 100, "{}"),
    ],
)
def test_what_openvino_does_not_write_is_refused(read, text):
    with pytest.raises(ModelError, match=r"openvino_model\.xml is damaged; convert or download the model again\.$"):
        read(text)


def test_a_graph_is_read(read):
    assert read(layer(element_type="u8", shape="2,3", size="6")) == 6
    assert read("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH) == 0


@pytest.mark.parametrize("shape", ["a,b", "9" * 5_000, f"{2**62},4", ",".join(["9" * 18] * 99), "-1,5", "1.5,2"])
def test_a_shape_that_no_tensor_has_is_damage(tmp_path, shape):
    (tmp_path / "openvino_model.xml").write_text(layer(element_type="u8", shape=shape, size="1"))
    with pytest.raises(ModelError, match="is damaged"):
        _ = ModelInfo(tmp_path).parameters


def test_layers_that_go_round_in_circles_end(tmp_path):
    layers = '<layer id="0" type="Gather"/><layer id="1" type="Reshape"/><layer id="2" type="Reshape"/>'
    edges = [("1", "0", "1"), ("2", "1", "0"), ("1", "2", "0")]
    text = "".join(f'<edge from-layer="{a}" to-layer="{b}" to-port="{port}"/>' for a, b, port in edges)
    (tmp_path / "openvino_model.xml").write_text(f"<net><layers>{layers}</layers><edges>{text}</edges></net>")
    assert weight_bytes_per_token(tmp_path) == 0
