"""Markdown as it grows: each block is shown once it has ended, and at the end there is what the whole text gives."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolly_widget.text import growing_markdown
from dolly_widget.text.growing_markdown import GrowingMarkdown
from dolly_widget.text.markdown import MAX_MARKDOWN_CHARS, markdown_to_html

LINES = (
    *("- a", "- b", "  - c", "1. x", "2. y", "   z", "", "", "> q", "> - q", "text", "text **b**", "    code", "```"),
    *("```py", "x = 1", "~~~", "| a | b |", "|-|-|", "|:-:|-:|", "| 1 | 2 |", "|1|", "a|b", "---", "===", "# h"),
    *("* * *", "\\[", "x", "\\]", "$$", "$$x$$", "\t tab", "-", "- ", "+ p", "  + q", "- ```", "  ```", "  code"),
    *("- [x] t", "-\ttab", "10) z", " - s", "   - t", "     - w", "  \ty", "\u2028", "<b>", "\U0001f411", "\u202e"),
)
SIGNS = [
    *("a", "|", ":", "-", "1", "$", "\\(", "\\)", "`", "#", ">", "*", "+", "_", "=", "1.", "[x]", "\\", "&", "<", "**"),
    *("http://a.com", "www.b.com", "[a](http://b.c)", "![i](c)", "~~", "\n"),
]


def units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def with_operations(html, operations):
    for each in operations:
        encoded = html.encode("utf-16-le")
        place = len(encoded) - 2 * (each.before + each.over)
        kept = encoded[place:] if each.before else b""
        html = encoded[:place].decode("utf-16-le") + each.html + kept.decode("utf-16-le")
    return html


def grow(text, cuts=()):
    """Push the text, cut at these places; the HTML that the operations make, which is always what ``html`` says."""
    growing, html = GrowingMarkdown(), ""
    for start, end in pairwise(sorted({0, *cuts, len(text)})):
        html = with_operations(html, growing.push(text[start:end]))
        assert html == growing.html
        assert growing.at <= units(text[:end])
    html = with_operations(html, growing.finish())
    assert html == growing.html
    return html


def shown(text):
    """The HTML before the end."""
    growing = GrowingMarkdown()
    growing.push(text)
    return growing.html


@given(st.lists(st.sampled_from(LINES), max_size=14), st.sampled_from(["\n", "\r\n", "\r"]), st.randoms())
@settings(max_examples=400, deadline=None)
def test_lines_of_any_kind_end_as_the_whole_text(lines, end, chance):
    text = end.join(lines) + chance.choice(["", end])
    assert grow(text, [chance.randint(0, len(text)) for _ in range(9)]) == markdown_to_html(text)


@given(st.lists(st.sampled_from([*SIGNS, *LINES]), max_size=30), st.randoms())
@settings(max_examples=300, deadline=None)
def test_hostile_text_ends_as_the_whole_text(parts, chance):
    text = "".join(part + chance.choice([" ", "\n", "\n\n", ""]) for part in parts)
    assert grow(text, range(0, len(text), chance.choice([1, 3, 10]))) == markdown_to_html(text)


@given(st.text(max_size=60), st.randoms())
@settings(max_examples=100, deadline=None)
def test_any_text_ends_as_the_whole_text(text, chance):
    assert grow(text, [chance.randint(0, len(text)) for _ in range(5)]) == markdown_to_html(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Half a paragraph\nin two lines", ""),
        ("One\n\nTwo", "<p>One</p>\n"),
        ("One\n# Two\nThree", "<p>One</p>\n<h3>Two</h3>\n"),
        ("- a\n- b", ""),
        ("- a\n- b\n- c", "<ul>\n<li>a</li>\n</ul>\n"),
        ("- a\n  - b\n- c\n", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n"),
        ("```\nx\ny", "<pre><code>x\ny</code></pre>\n"),
        ("```\nx\n``", "<pre><code>x\n</code></pre>\n"),
        ("| a |\n|-|\n", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>\n"),
        ("| a |\n", ""),
        ("\\[\n- x\n", ""),
    ],
)
def test_what_has_ended_is_shown_and_no_more(text, html):
    assert shown(text) == html


def test_a_list_that_becomes_loose_is_shown_anew_once():
    growing = GrowingMarkdown()
    overs = [each.over for line in range(40) for each in growing.push(f"- {line}\n" + "\n" * (line == 20))]
    assert sum(over > 0 for over in overs) == 1


def test_code_is_coloured_when_it_has_ended():
    growing = GrowingMarkdown()
    growing.push("```python\nx = 1\n")
    assert growing.html == '<pre data-lang="python"><code>x = 1\n</code></pre>\n'
    (end,) = growing.push("```\n")
    assert end.over == units('<pre data-lang="python"><code>x = 1\n</code></pre>\n')
    assert 'class="n"' in growing.html


@pytest.mark.parametrize(
    "line", ["- a\n", "| 1 | 2 |\n", "x = 1\n", "word ", "word\n", "- a\n\n", "> q\nlazy\n", "2. x\n"]
)
@pytest.mark.parametrize("head", ["", "```\n", "| a | b |\n|-|-|\n", f"- {'y' * 9000}\n", "text\n"])
def test_the_work_is_linear(line, head, monkeypatch):
    """What is parsed, all in all, is a few times the text, however long it is."""
    parsed = []

    def count(source, env, parse=growing_markdown.parse):
        parsed[-1] += len(source)
        return parse(source, env)

    for module in ("growing_markdown", "growing_list", "growing_table"):
        monkeypatch.setattr(f"dolly_widget.text.{module}.parse", count)
    for size in (14_000, 28_000):
        parsed.append(0)
        text = (head + line * size)[:size]
        grow(text, range(0, size, 50))
    assert max(parsed[0] / 14_000, parsed[1] / 28_000) < 14


def test_what_it_sends_is_no_more_than_twice_the_html():
    """Code is sent a second time with its colours."""
    chance = random.Random(3)
    text = "\n".join(chance.choice(LINES) for _ in range(2000))[:MAX_MARKDOWN_CHARS]
    growing = GrowingMarkdown()
    sent = sum(len(each.html) for at in range(0, len(text), 20) for each in growing.push(text[at : at + 20]))
    assert sent < 2 * len(growing.html)


@pytest.mark.parametrize("line", ["**word** \n\n", "- a\n", "| a | b |\n|-|-|\n", "```\nx\n", "word "])
def test_beyond_the_bound_the_text_is_shown_as_it_is(line):
    text = (line * MAX_MARKDOWN_CHARS)[: MAX_MARKDOWN_CHARS + 500]
    html = grow(text, range(0, len(text), 70))
    assert html == markdown_to_html(text)
    assert '<pre class="dw-plain">' in html
