"""What a GGUF file says before its weights, however broken it is: a sentence, and no more memory than the file has."""

import struct
import tracemalloc

import pytest
from gguf_files import Shape, write_gguf

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.header import read_header

UINT32, STRING, ARRAY = 4, 8, 9


def text(content):
    return struct.pack("<Q", len(content)) + content


def setting(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def tensor(name, shape, kind, offset):
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf(*content, tensors=0, settings=0, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, settings) + b"".join(content)


FLOATS = tensor(b"a", (4,), 0, 0)
LIST = setting(b"a", ARRAY, struct.pack("<IQ", 0, 2**23 + 1))

BAD = {
    "empty": (b"", "is empty; download it again"),
    "another format": (b"PK\x03\x04", "is not a GGUF file: it does not begin with the letters GGUF"),
    "three letters": (b"GGU", "is not a GGUF file"),
    "older": (b"tjgg" + bytes(100), "is in a format older than GGUF"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer.*git lfs pull"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "is a big-endian GGUF file"),
    "version 1": (b"GGUF" + struct.pack("<III", 1, 0, 0), "is in version 1 of GGUF, of August 2023"),
    "version 9": (gguf(version=9), "is in version 9 of GGUF, which cannot be read; give a file in version 2 or 3"),
    "cut in its beginning": (gguf()[:-1], "is truncated: 23 of at least 24 bytes"),
    "no settings": (gguf(settings=1), "is truncated"),
    "countless tensors": (gguf(tensors=2**63), "speaks of 9,223,372,036,854,775,808 tensors"),
    "countless settings": (gguf(settings=2**40), "is damaged: it speaks of 0 tensors and 1,099,511,627,776 settings"),
    "an endless key": (gguf(struct.pack("<Q", 2**60), settings=1), "has a text of 1,152,921,504,606,846,976 bytes"),
    "an endless text": (gguf(setting(b"a", STRING, struct.pack("<Q", 99_000_000)), settings=1), "is truncated"),
    "an endless list": (gguf(LIST, settings=1), "has a list of 8,388,609 values"),
    "a list in a list": (gguf(setting(b"a", ARRAY, struct.pack("<IQ", ARRAY, 1)), settings=1), "unknown type 9"),
    "an unknown value": (gguf(setting(b"a", 77, b""), settings=1), "has a value of the unknown type 77"),
    "a key twice": (gguf(*[setting(b"a", UINT32, bytes(4))] * 2, settings=2), "gives 'a' twice"),
    "no UTF-8": (gguf(setting(b"a", STRING, text(b"\xff")), settings=1), "has a text that is not UTF-8"),
    "alignment 0": (gguf(setting(b"general.alignment", UINT32, bytes(4)), settings=1), "gives 0 as its alignment"),
    "alignment 3": (
        gguf(setting(b"general.alignment", UINT32, struct.pack("<I", 3)), settings=1),
        "gives 3 as its alignment",
    ),
    "many dimensions": (gguf(text(b"a"), struct.pack("<I", 2**31), tensors=1), "'a' has 2,147,483,648 dimensions"),
    "a huge shape": (gguf(tensor(b"a", (2**40, 2**40), 0, 0), tensors=1), "cannot have the shape"),
    "no rows": (gguf(tensor(b"a", (32, 0), 0, 0), tensors=1), "cannot have the shape"),
    "an endless tensor": (gguf(tensor(b"a", (2**40,), 0, 0), tensors=1), "is truncated: .* of at least 4,398,046"),
    "an offset beyond the end": (gguf(tensor(b"a", (4,), 0, 2**62), bytes(64), tensors=1), "is truncated"),
    "two in one place": (gguf(FLOATS, tensor(b"b", (4,), 0, 0), bytes(64), tensors=2), "begins within another one"),
    "two of a name": (gguf(FLOATS, tensor(b"a", (4,), 0, 32), bytes(128), tensors=2), "two tensors of one name"),
    "half a block": (gguf(tensor(b"a", (33,), 8, 0), bytes(64), tensors=1), "rows of 33, which Q8_0 cannot store"),
    "an unknown quantisation": (
        gguf(tensor(b"a", (32,), 222, 0), tensors=1),
        "stores weights as type 222, which",
    ),
    "what cannot be dequantised": (
        gguf(tensor(b"a", (256,), 15, 0), tensors=1),
        "stores weights as Q8_K, which",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_in_a_sentence_and_allocates_nothing(tmp_path, content, sentence):
    path = tmp_path / "sheep.gguf"
    path.write_bytes(content)

    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=sentence) as refused:
            read_header(path)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_a_list_takes_no_more_than_the_file_has(tmp_path):
    path = tmp_path / "sheep.gguf"
    path.write_bytes(gguf(setting(b"a", ARRAY, struct.pack("<IQ", UINT32, 2**22)), settings=1))
    with pytest.raises(ModelError, match=r"is truncated: .* of at least 16,777,"):
        read_header(path)


def test_a_header_has_a_bound_in_a_file_of_any_size(tmp_path):
    path = tmp_path / "sheep.gguf"
    texts = struct.pack("<IQ", STRING, 2)
    half = 60_000_000
    with path.open("wb") as file:  # sparse: it takes no room on the disk
        file.write(gguf(setting(b"a", ARRAY, texts + struct.pack("<Q", half)), settings=1))
        file.seek(half, 1)
        file.write(struct.pack("<Q", half))
        file.truncate(10 * half)
    with pytest.raises(ModelError, match="its header takes more than 100,000,000 bytes"):
        read_header(path)


def test_every_cut_of_a_file_is_refused(tmp_path):
    path = tmp_path / "whole.gguf"
    write_gguf(path, Shape(layers=1))
    content = path.read_bytes()
    cut = tmp_path / "cut.gguf"
    places = [*range(0, 400), *range(400, len(content), len(content) // 200), len(content) - 1]
    for place in places:
        cut.write_bytes(content[:place])
        with pytest.raises(ModelError, match=r"is truncated|is empty|is not a GGUF"):
            read_header(cut)


def test_all_kinds_of_values_are_read(tmp_path):
    values = {
        "a.uint8": ("uint8", 200),
        "a.int8": ("int8", -3),
        "a.uint16": ("uint16", 60000),
        "a.int16": ("int16", -300),
        "a.int32": ("int32", -70000),
        "a.uint64": ("uint64", 2**63),
        "a.int64": ("int64", -(2**40)),
        "a.float32": ("float32", 0.5),
        "a.float64": ("float64", 1e-300),
        "a.bool": ("bool", True),
        "a.string": ("string", "Schäfchen"),
        "a.texts": ("array", ["a", "", "ü"]),
        "a.numbers": ("array", [1, 2, 3]),
        "a.reals": ("array", [0.5, 0.25]),
        "a.truths": ("array", [True, False]),
    }
    write_gguf(tmp_path / "sheep.gguf", Shape(metadata=values))
    metadata = read_header(tmp_path / "sheep.gguf").metadata
    found = {key: metadata.get(key) for key in values if key != "a.string"}
    assert found == {key: value for key, (_, value) in values.items() if key != "a.string"}
    assert metadata["a.string"] == "Schäfchen"
    assert type(metadata["a.uint8"]) is int
    assert type(metadata["a.bool"]) is bool
