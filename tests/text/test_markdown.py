"""Whatever a model writes, the page gets harmless HTML with all of its words."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolly_widget.text.characters import encodable
from dolly_widget.text.markdown import MAX_MARKDOWN_CHARS, markdown_to_html
from dolly_widget.text.markdown_code import HIGHLIGHTED
from dolly_widget.text.token_html import tokens_to_html
from dolly_widget.text.tokenizer import Piece

ELEMENTS = set(
    "a blockquote br code em h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul".split()  # noqa: SIM905
)
ATTRIBUTES = {
    "a": {"href", "rel", "target", "title"},
    "ol": {"start"},
    "pre": {"class", "data-lang"},
    "li": {"class"},
    "span": {"class", "title"},
    "td": {"class"},
    "th": {"class"},
}
VOID = {"br", "hr"}


class Page(HTMLParser):
    """Reads HTML as a browser would, and refuses everything that isn't on the lists above."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text, self.links, self.attributes = [], [], "", [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ELEMENTS
        self.elements.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, ())
            self.attributes.append(value)
        if tag == "a":
            link = dict(attrs)
            assert self.open.count("a") == 1, "a link in a link"
            assert re.match(r"https?://|mailto:", link["href"], re.IGNORECASE)
            assert link["rel"] == "noopener noreferrer nofollow"
            assert link["target"] == "_blank"
            self.links.append(link["href"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def _forbidden(self, data):
        raise AssertionError(f"not text, not an element: {data!r}")

    handle_comment = handle_decl = handle_pi = unknown_decl = _forbidden


WORDS = st.from_regex(r"w[a-z]{3}[0-9]{2}", fullmatch=True)
# fmt: off
MARKUP = st.sampled_from(
    [
        *"\n \t*_`~#>-+.:|[]()!<>&;\\\"'=$%/1", "\n\n", "```", "~~~\n", "\n```python\n", "\n```java\n",
        "\n~~~ foo bar\n",
        "**", "~~", "](", "![", "](http://", "](javascript:", "](data:text/html,", ' "', "](mailto:", "<http://",
        "\n- ", "\n  - ", "\n1. ", "\n> ", "> > > ", "- - - ", "\n# ", "\n    ", "\n---\n", "\n===\n", "  \n",
        "|a|b|\n|-|:-:|\n|", "\n|-|-|\n", " | ", "<script>", "</script>", "<img src=x onerror=", "<!--", "-->", "<?",
        "<![CDATA[", "</textarea>", "<a href=", "&lt;", "&#60;", "&#x202e;", "&#0;", "&#xd800;", "]:http://", "]: ",
        "\0", "\x1b", "\x85", "\u2028", "\u202e", "\u2067", "\ud800", "\udfff", "\ufeff", "é", "م", "😀", "٣. ", "\r",
    ]
)
# fmt: on


@given(st.lists(st.one_of(WORDS, MARKUP), max_size=60))
@settings(max_examples=400, deadline=None)
def test_marked_up_text_becomes_allowed_html_with_all_of_its_words(pieces):
    source = "".join(pieces)
    html = markdown_to_html(source)
    html.encode()
    page = Page(html)
    seen = (page.text + " ".join(page.attributes)).lower()
    assert [word for word in re.findall(r"(?<![a-z0-9&#;])w[a-z]{3}[0-9]{2}", source) if word not in seen] == []


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_becomes_allowed_html(source):
    html = markdown_to_html(source)
    html.encode()
    Page(html)


def test_markdown_is_rendered():
    page = Page(markdown_to_html("**bold** *em* `code` ~~gone~~\n\n- one\n- two\n\n> quote\n\n|a|b|\n|-|-:|\n|1|2|"))
    assert {"strong", "em", "code", "s", "ul", "li", "blockquote", "table", "th", "td"} <= set(page.elements)


def test_line_breaks_are_kept():
    assert Page(markdown_to_html("Roses are red\nViolets are blue")).elements == ["p", "br"]


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "</textarea><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <b onclick=alert(1)>bold</b>",
        "<!-- comment --> after",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](//evil.example)",
        "[x](/lab/tree)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        "[x]()",
        "![x]()",
        "![]()",
        "[x](<>)",
        "[x](#)",
        "[x](?a)",
        "[x](a/b.html)",
        "[x](mailto:)",
        "[x](https:evil.example)",
    ],
)
def test_hostile_text_is_shown_as_text(source):
    page = Page(markdown_to_html(source))
    assert page.text.strip() == source
    assert page.elements == ["p"]


@pytest.mark.parametrize("url", ["http://a.example/b?c=d&e", "https://a.example", "mailto:a@b.example"])
def test_links_are_links(url):
    page = Page(markdown_to_html(f'[text]({url} "title")'))
    assert page.links == [url]
    assert page.text.strip() == "text"


def test_an_image_becomes_a_link_and_is_not_loaded():
    page = Page(markdown_to_html("![a cat](http://a/b.png) ![](http://a/c.png)"))
    assert page.links == ["http://a/b.png", "http://a/c.png"]
    assert page.text.strip() == "a cat http://a/c.png"


def test_an_image_in_a_link_becomes_its_text():
    page = Page(markdown_to_html("[![badge](http://a/b.png)](http://c)"))
    assert page.links == ["http://c"]
    assert page.text.strip() == "badge"


def test_a_link_without_a_text_shows_its_address():
    assert Page(markdown_to_html("[](http://a.example)")).text.strip() == "http://a.example"


def test_a_link_to_nowhere_is_text_and_what_is_in_it_stays():
    page = Page(markdown_to_html("[**a** `b`]( ) [[c](http://d.example)]()"))
    assert page.text.strip() == "[a b]() [c]()"
    assert page.links == ["http://d.example"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("[bank.example](https://evil.example/login)", "bank.example (evil.example)"),
        ("[https://bank.example/login](https://evil.example)", "https://bank.example/login (evil.example)"),
        ("[**www.bank.example**](https://evil.example)", "www.bank.example (evil.example)"),
        ("![bank.example](https://evil.example/a.png)", "bank.example (evil.example)"),
        ("<https://bank.example@evil.example/>", "https://bank.example@evil.example/ (evil.example)"),
        ("[bank\uff0eexample](https://evil.example)", "bank\uff0eexample (evil.example)"),
        ("[ba\u200bnk.example\u200e](https://evil.example)", "ba\u200bnk.example\u200e (evil.example)"),
        ("<https://\u0430pple.com>", "https://\u0430pple.com (xn--pple-43d.com)"),
        ("[a@bank.example](mailto:b@evil.example)", "a@bank.example (b@evil.example)"),
        ("[bank.example](https://www.bank.example/x?y#z)", "bank.example"),
        ("[www.bank.example](https://bank.example)", "www.bank.example"),
        ("[Bank.Example:80](HTTPS://bank.EXAMPLE)", "Bank.Example:80"),
        ("[a@bank.example](mailto:a@bank.example?subject=x)", "a@bank.example"),
        ("<a@bank.example> <https://bank.example/x?y#z>", "a@bank.example https://bank.example/x?y#z"),
        ("[The answer is 3.14](https://a.example)", "The answer is 3.14"),
        ("[version 1.2](https://a.example)", "version 1.2"),
    ],
)
def test_a_link_whose_text_names_another_host_says_its_own(source, shown):
    page = Page(markdown_to_html(source))
    assert page.text.strip() == shown
    assert page.links


def test_controls_in_an_address_are_encoded_or_make_it_text():
    links = Page(
        markdown_to_html("[x](https://a.example/&#10;&#8238;) [x](\x01https://a.example) [x](ht\ttps://a.b)")
    ).links
    assert links == ["https://a.example/%0A%E2%80%AE", "https://a.example"]  # the second one stands there bare


def test_headings_stay_below_those_of_the_page():
    page = Page(markdown_to_html("".join(f"{'#' * level} x\n" for level in range(1, 7))))
    assert page.elements == ["h3", "h4", "h5", "h6", "h6", "h6"]


def test_a_fence_in_a_known_language_is_coloured():
    html = markdown_to_html("```python\nif x < 1: pass  # <b>\n```")
    assert '<span class="k">if</span>' in html
    assert Page(html).text.strip() == "if x < 1: pass  # <b>"


def test_code_keeps_its_blank_lines_and_indentation():
    code = "\n\n  x = 1\n\n\n"
    assert Page(markdown_to_html(f"```python\n{code}```")).text == code + "\n"


@pytest.mark.parametrize("language", sorted(HIGHLIGHTED))
def test_every_listed_language_is_known(language):
    code = "$ ls\n# x\nif (x < 1) { return 'a' }\n- 1\n"
    html = markdown_to_html(f"```{language}\n{code}```")
    assert "<span" in html
    assert Page(html).text == code + "\n"


@pytest.mark.parametrize("info", ["nosuchlanguage", '"><script>alert(1)</script>', "The answer is 42"])
def test_a_fence_in_an_unknown_language_keeps_code_and_label(info):
    page = Page(markdown_to_html(f"~~~{info}\n<b>\n~~~"))
    assert page.text.strip() == "<b>"
    assert page.attributes == [info]


def test_code_that_a_lexer_would_drop_stays():
    assert "\ufeffno" in Page(markdown_to_html("```console\n\ufeffno prompt\n```")).text


def test_only_so_much_code_is_coloured():
    fence = "```python\n" + "x = 1\n" * 400 + "```\n"
    html = markdown_to_html(fence * 5)
    assert 0 < html.count("<span") < 3_000
    assert Page(html).text.count("x = 1") == 2000


def test_a_row_with_too_many_cells_keeps_them():
    page = Page(markdown_to_html("> |a|b|\n> |-|-|\n> |1|2|surplus|\n> |3\n> |4|5|more|and more|"))
    assert page.elements.count("td") == 6
    assert "2 | surplus" in page.text
    assert "5 | more | and more" in page.text


def test_definitions_do_not_vanish():
    assert "[1]: http://a.b" in Page(markdown_to_html("As shown in [1].\n\n[1]: http://a.b")).text


@pytest.mark.parametrize(
    "source", [">" * 500 + " deep", "- " * 500 + "deep", "\n".join(" " * 2 * i + "- deep" for i in range(100))]
)
def test_deep_nesting_loses_nothing(source):
    page = Page(markdown_to_html(source))
    assert page.text.count("deep") == source.count("deep")
    assert len(page.elements) < 200


def test_surrogates_and_controls_become_the_replacement_character():
    assert markdown_to_html("a\ud800b \0 \x1b[31m &#0; &#xDFFF;") == "<p>a\ufffdb \ufffd \ufffd[31m \ufffd \ufffd</p>\n"


def test_reordering_controls_are_dropped_and_right_to_left_text_stays():
    assert markdown_to_html("a\u202ecod.exe &#8238;x&#x2066; `\u2067`") == "<p>acod.exe x <code></code></p>\n"
    assert markdown_to_html("\u200fשלום עולם، مرحبا") == "<p>\u200fשלום עולם، مرحبا</p>\n"


@pytest.mark.parametrize("source", ["", " ", "\n\t\n"])
def test_blank_text_gives_nothing(source):
    assert markdown_to_html(source) == ""


@pytest.mark.parametrize(
    "piece",
    [
        *[*'[]>*_`<&|~#(-"', "![", "> ", "- ", "**a", "[a](", "|a", "![[]()", "|-|\n", "\n", "a ", "$", "$a$ ", "\\("],
        *["\\(a\\) ", "\\[\n", "$$\n", "http://", "a@b.com ", "www.", "mailto:", "- [x] a\n"],
    ],
)
def test_repetition_up_to_the_limit_is_harmless(piece):
    source = (piece * MAX_MARKDOWN_CHARS)[:MAX_MARKDOWN_CHARS]
    assert len(markdown_to_html(source)) < 12 * len(source)


def test_short_rows_do_not_multiply():
    table = "|a" * 20 + "\n" + "|-" * 20 + "\n" + "|\n" * 20
    html = markdown_to_html(table * 150)
    assert html.count("<td>") <= 5000
    assert Page(html).text.count("a") == 3000


def test_a_very_long_text_is_shown_as_it_is():
    source = "**word** <b> \n" * 7500
    html = markdown_to_html(source)
    page = Page(html)
    assert len(source) > 100_000
    assert page.elements == ["pre"]
    assert page.text == source + "\n"


def test_encodable_joins_pairs_and_replaces_what_is_alone():
    assert encodable("\ud83d\ude00") == "😀"
    assert encodable("\ude00\ud83d") == "\ufffd\ufffd"
    assert encodable("\ufeffplain é 😀\r\n\0") == "\ufeffplain é 😀\r\n\0"


def test_importing_the_module_loads_neither_parser_nor_highlighter():
    code = (
        "import sys, json, dolly_widget.text.markdown as r; before = sorted(sys.modules); r.markdown_to_html('a `b`')"
    )
    code += "; print(json.dumps([before, sorted(sys.modules)]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)
    assert "markdown_it" not in before
    assert "markdown_it" in after
    assert "pygments" not in after


# Tokens


def piece(text, token_id=7, is_special=False, is_template=False):
    return Piece(token_id, text, is_special, is_template)


class TokenPage(HTMLParser):
    """Reads coloured tokens: ``tokens`` are (tooltip, style, text) of each, ``text`` is all of it, legend included."""

    def __init__(self, *pieces):
        super().__init__(convert_charrefs=True)
        self.tokens, self.text, self.labels, self._open = [], "", [], []
        self.html = tokens_to_html(pieces)
        self.feed(self.html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ("div", "pre", "span", "wbr")
        assert {name for name, _ in attrs} <= {"style", "title", "role", "aria-label", "dir", "class"}
        found = dict(attrs)
        if "title" in found:
            self.tokens.append((found["title"], found["style"], ""))
        self.labels += [found["aria-label"]] if "aria-label" in found else []
        if tag != "wbr":
            self._open.append("title" in found)

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        self.text += data
        if any(self._open):
            self.tokens[-1] = (*self.tokens[-1][:2], self.tokens[-1][2] + data)

    def texts(self):
        return [text for _, _, text in self.tokens]

    def styles(self):
        return [style for _, style, _ in self.tokens]


@given(
    st.lists(st.builds(Piece, st.integers(0, 10**6), st.text(st.characters(codec=None)), st.booleans(), st.booleans()))
)
@settings(max_examples=100)
def test_any_tokens_become_safe_html(pieces):
    page = TokenPage(*pieces)
    page.html.encode()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", page.text)
    assert [title for title, _, _ in page.tokens] == [f"id {piece.token_id}" for piece in pieces]


def test_the_markup_of_a_token_is_text():
    page = TokenPage(piece("<script>alert(1)</script>"), piece('"><b title="'), piece("&amp;"))
    assert page.texts() == ["<script>alert(1)</script>", '"><b title="', "&amp;"]


def test_spaces_are_kept_and_line_breaks_are_seen_and_kept():
    page = TokenPage(piece(" the"), piece("  "), piece("\n\n"), piece("a\n"), piece("b"))
    assert page.texts() == [" the", "  ", "↵\n↵", "a↵", "b"]
    assert page.text.startswith(" the  ↵\n↵\na↵\nb")
    assert "white-space: pre-wrap" in page.html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202eabc", "U+202Eabc"),
        ("\u2067", "U+2067"),
        ("\0\x1b", "␀␛"),
        ("\r\n", "␍↵"),
        ("\x85\x7f", "��"),
        ("\ud800", "�"),
        ("\t", "\t"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_what_could_not_be_seen_has_a_sign(text, shown):
    assert TokenPage(piece(text)).texts() == [shown]


def test_neighbours_and_kinds_differ_in_their_tints():
    styles = TokenPage(*[piece("a", is_template=is_template) for is_template in [False] * 4 + [True] * 4]).styles()
    assert styles[:2] * 2 == styles[:4]
    assert styles[4:6] * 2 == styles[4:]
    assert len(set(styles)) == 4


def test_only_special_tokens_are_framed_and_bold():
    framed = ["outline" in style and "bold" in style for style in TokenPage(piece("a"), piece("b", 1, True)).styles()]
    assert framed == [False, True]


USERS, TEMPLATES, SPECIAL = piece("a"), piece("a", is_template=True), piece("a", is_special=True, is_template=True)


@pytest.mark.parametrize(
    ("pieces", "legend"),
    [
        ([], ["0 tokens"]),
        ([USERS], ["1 token", "yours"]),
        ([TEMPLATES, TEMPLATES], ["2 tokens", "template"]),
        ([SPECIAL], ["1 token", "special token"]),
        ([piece("a", is_special=True)], ["1 token", "special token"]),
        ([USERS, TEMPLATES, SPECIAL] * 400, ["1,200 tokens", "template", "yours", "special token"]),
        ([piece("�"), piece("�")], ["2 tokens", "yours", "� part of a character"]),
    ],
)
def test_the_legend_names_the_kinds_that_occur(pieces, legend):
    page = TokenPage(*pieces)
    entries = page.text.removeprefix("".join(page.texts())).split("\N{EM SPACE}")
    assert [entry.strip() for entry in entries] == legend
    assert page.labels == legend[:1]


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("- [x] a\n- [ ] b", ["\u2611", "\u2610"]),
        ("1. [X] a", ["\u2611"]),
        ("- [y] a", []),
        ("[x] a", []),
        ("- [x]a", []),
    ],
)
def test_tasks_have_boxes(text, boxes):
    page = Page(markdown_to_html(text))
    assert [sign for sign in page.text if sign in "\u2610\u2611"] == boxes


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.com/x?y=1.", ["https://a.com/x?y=1"]),
        ("www.a.com and me@a.com", ["http://www.a.com", "mailto:me@a.com"]),
        ("(http://a.com/b_(c))", ["http://a.com/b_(c)"]),
        ("script.py, README.md, a.com, ftp://a.com, //a.com, javascript:x", []),
        ("`https://a.com`", []),
    ],
)
def test_bare_addresses_are_links_and_names_of_files_are_not(text, links):
    page = Page(markdown_to_html(text))
    assert page.links == links
    assert page.text.strip() == text.replace("`", "")


def formulas(text):
    return re.findall(r'<span class="dw-math[^"]*">(.*?)</span>', markdown_to_html(text), re.DOTALL)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\(x^2\) and \[y\]", [r"\(x^2\)", r"\[y\]"]),
        ("$$a < b$$", [r"\[a &lt; b\]"]),
        ("$x$, $a_i$ and $\\alpha + 1$.", [r"\(x\)", r"\(a_i\)", r"\(\alpha + 1\)"]),
        ("Text:\n\\[\na\n- b\n= c\n\\]\nend", ["\\[a\n- b\n= c\\]"]),
        ("- item\n\n  $$\n  x\n  $$", [r"\[x\]"]),
    ],
)
def test_formulas_keep_their_source(text, found):
    assert formulas(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("$5 and $10", "costs $5–$10", "US$5 or US$6", "$HOME/$USER", "A$5 and B$", "$ x $", "$5 to 6$", "$20,000$k"),
        *("the $price and the cost$", "$x\ny$", "`$x$`", "```\n\\(x\\)\n```", "    $$x$$", r"\\(x\\)", r"\$x\$", "$$"),
        *(r"\(\)", r"\(x", r"\[a\](http://b.com)", "$100$200", "(from $3) to 4$"),
    ],
)
def test_what_may_be_something_else_is_no_formula(text):
    assert formulas(text) == []


@pytest.mark.parametrize(
    "source",
    [
        *(r"\href{javascript:alert(1)}{x}", r"\require{html}", r"\def\x{\x\x}\x", r"\newcommand{\a}{b}", r"\let\a=b"),
        *(r"\class{jp-x}{y}", r"\cssId{a}{b}", r"\style{color:red}{x}", r"\unicode{x41}", r"\rule{99em}{99em}"),
        *(r"\includegraphics{http://a.b}", r"\color{white}{x}", r"\url{http://a.b}", r"\label{a}", r"\hspace{99em}"),
        *(r"{x", r"x}", "x" * 2001, "`x`", r"a $b$ c", r"\data{a}", r"\gdef\x{y}", r"\catcode 1=2"),
    ],
)
def test_a_hostile_formula_is_its_source(source):
    for text in (f"\\({source}\\)", f"$${source}$$"):
        assert formulas(text) in ([], [r"\(b\)"])
        assert "x" * 100 in source or source.replace("`", "") in Page(markdown_to_html(text)).text


def test_the_number_of_formulas_is_bounded():
    assert len(formulas("$x$ " * 2000)) == 300
