"""The text of a file, whatever is in it: or one sentence, in bounded time."""

import contextlib
import io
import logging
import threading
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from dolly_widget.text import DocumentError, documents, read_document, read_file


def pdf(*pages, password=None, content=None):
    """A PDF file with a line of text on each page; ``content`` is a page's own operators."""
    fonts = b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    kids = b" ".join(b"%d 0 R" % (3 + 2 * n) for n in range(len(pages)))
    parts = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages))]
    for number, text in enumerate(pages):
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]%s/Contents %d 0 R>>" % (fonts, 4 + 2 * number)
        drawn = content or b"BT /F 12 Tf 20 200 Td (%s) Tj ET" % text.encode()
        packed = zlib.compress(drawn)
        parts += [page, b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)]
    file, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(file))
        file += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(file)
    size = len(parts) + 1
    file += b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    file += b"startxref\n%d\n%%%%EOF" % start
    if password is None:
        return file
    writer = PdfWriter(io.BytesIO(file))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    packed = io.BytesIO()
    writer.write(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", "Grüße\r\nan alle\r".encode(), "Grüße\nan alle"),
        ("a.md", b"# Title\n\n- *one*\n", "# Title\n\n- *one*"),
        ("a.csv", b'a,b\n1,"x, y"\n', 'a,b\n1,"x, y"'),
        ("a.txt", b"\xef\xbb\xbfbom", "bom"),
        ("a.txt", "ä€😀".encode("utf-16"), "ä€😀"),
        ("a.txt", b"\xfe\xff" + "ä€".encode("utf-16-be"), "ä€"),
        ("a.txt", "ein Stück für 5 €".encode("cp1252"), "ein Stück für 5 €"),
        ("noname", b"text", "text"),
        ("a.log", b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("a.pdf", pdf("Hello", "World"), "Hello\n\nWorld"),
        ("a.bin", pdf("Hello"), "Hello"),
        ("a.pdf", pdf("Hello", password=""), "Hello"),
    ],
)
def test_the_text_of_a_file(name, data, text):
    assert read_document(name, data) == text


def test_of_html_a_reader_sees_the_text_alone():
    page = """<!doctype html><html><head><title>News</title><style>p { color: red }</style>
    <script>var a = "<p>no</p>";</script></head><body><nav>Home</nav><p>One   two
    <b>three</b> &amp; four&nbsp;five</p><ul><li>first<li>second</ul><table><tr><td>a</td><td>b</td></tr></table>
    <pre>x
      y</pre><template>no</template><noscript>no</noscript><svg><text>no</text></svg><br/>End</body></html>"""
    text = read_document("a.html", page.encode())
    assert text.split("\n")[0] == "News"
    assert "One two three & four\xa0five" in text or "One two three & four five" in text
    assert "- first\n- second" in text.replace("\n\n", "\n")
    assert "a\tb" in text
    assert text.endswith("End")
    assert not {"no", "color", "var", "<"} & set(text.split())


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", b" \n\t", "a.txt is empty"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "a.png is not a text"),
        ("a.txt", b"\0" * 50, "a.txt is not a text"),
        ("a.zip", b"PK\x03\x04" + bytes(100), "a.zip is not a text"),
        ("a.txt", b"\xff\xfea", "a.txt is not a text"),
        ("a.txt", b"\x81\x8d\x8f", "a.txt is not a text"),
        ("a.pdf", b"", "a.pdf is a damaged PDF file"),
        ("a.pdf", b"%PDF-1.4 nothing", "a.pdf is a damaged PDF file"),
        ("a.pdf", pdf("Hello")[:200], "a.pdf is a damaged PDF file"),
        ("a.pdf", pdf(""), "a.pdf holds pictures of pages and no text"),
        ("a.pdf", pdf("Hello", password="secret"), "a.pdf is protected by a password"),
        ("a.html", b"<script>alert(1)</script>", "a.html is empty"),
        ("../../etc/x\u202e\n.txt", b"", "is empty"),
    ],
)
def test_what_has_no_text_is_a_sentence(name, data, says, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DocumentError, match=r"^[^\n]*: [a-z][^\n]*\.$") as refused:
        read_document(name, data)
    assert says in str(refused.value)
    assert "etc" not in str(refused.value)
    assert not caplog.records  # nothing is printed beside


def test_sizes_are_bounded_and_nothing_is_cut(monkeypatch):
    assert documents.MAX_BYTES == 20 * 2**20
    monkeypatch.setattr(documents, "MAX_BYTES", 2 * 2**20)
    with pytest.raises(DocumentError, match=r"^a\.txt has more than 2 MB"):
        read_document("a.txt", b"x" * (2 * 2**20 + 1))
    with pytest.raises(DocumentError, match="more than 1,000,000 characters"):
        read_document("a.txt", b"x" * 1_000_001)
    monkeypatch.setattr(documents, "MAX_CHARS", 10)
    with pytest.raises(DocumentError, match="more than 10 characters"):
        read_document("a.pdf", pdf("Hello", "World!"))
    monkeypatch.setattr(documents, "MAX_PAGES", 1)
    with pytest.raises(DocumentError, match="more than 1 pages"):
        read_document("a.pdf", pdf("a", "b"))


@pytest.mark.parametrize("name", ["a.pdf", "a.html"])
def test_reading_ends_in_time_and_when_it_is_stopped(monkeypatch, name):
    data = pdf("Hello") if name == "a.pdf" else b"<p>Hello"
    stop = threading.Event()
    stop.set()
    with pytest.raises(DocumentError, match="was stopped"):
        read_document(name, data, stop)
    monkeypatch.setattr(documents, "_LONGEST_S", -1)
    with pytest.raises(DocumentError, match="takes too long"):
        read_document(name, data)


def test_a_page_without_end_is_left_in_its_middle(monkeypatch):
    monkeypatch.setattr(documents, "_LONGEST_S", 0.5)
    with pytest.raises(DocumentError, match="takes too long"):
        read_document("a.pdf", pdf("x", content=b"BT /F 12 Tf " + b"(a) Tj " * 300_000 + b"ET"))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_pdf_is_a_text_or_a_sentence(data):
    file = bytearray(pdf("Hello", "World"))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(file) - 1))
        file[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=6))
    with contextlib.suppress(DocumentError):
        assert isinstance(read_document("a.pdf", bytes(file)), str)


@settings(max_examples=100, deadline=None)
@given(
    page=st.lists(
        st.sampled_from(["<", ">", "<p>", "</p>", "<!--", "-->", "<script>", "<![CDATA[", "&", "&#x", "a", '"'])
    ).map("".join)
)
def test_any_html_is_a_text_or_a_sentence(page):
    with contextlib.suppress(DocumentError):
        assert isinstance(read_document("a.html", page.encode()), str)


def test_a_file_is_read_and_one_that_is_not_there_is_a_sentence(tmp_path):
    (tmp_path / "a.txt").write_text("Hello")
    assert read_file(tmp_path / "a.txt") == "Hello"
    for path in (tmp_path / "b.txt", tmp_path):
        with pytest.raises(ValueError, match=r"cannot be read \(.*\): give the path of a file with a text\.$"):
            read_file(path)
