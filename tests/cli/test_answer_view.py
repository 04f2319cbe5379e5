"""An answer in a terminal: there at once, formatted at the end, and never obeyed. Seen on the screen of an emulator."""

import random
import re
import sys

import pytest
from command_line import RecordingStream
from hypothesis import given
from hypothesis import strategies as st
from screens import Screen

from dolly_widget.cli import markdown_blocks
from dolly_widget.cli.answer_view import answer_view

ANSWER = """\
# Sheep

Dolly was *the first* sheep, and `sheep` has a [page](https://sheep.example/a), as <https://goats.example> has,
in this long paragraph of some lines.

1. One, with so many words that it does not fit into a line of sixty columns
1. Two
   - within
1. Three

- a bullet

> quoted

| name | age |
| --- | ---: |
| Dolly | 6 |

```python
def baa(times):

    return "baa" * times
```

<b>no bold</b>

The end"""
SHOWN = """\
                           Sheep

Dolly was the first sheep, and sheep has a page
(https://sheep.example/a), as https://goats.example has,
in this long paragraph of some lines.

 1 One, with so many words that it does not fit into a line
   of sixty columns
 2 Two
    • within
 3 Three

 • a bullet

▌ quoted

 name   age
 ──────────
 Dolly    6

 def baa(times):

     return "baa" * times

<b>no bold</b>

The end"""
# Colours, and what the live tail needs: to its first column, up, and away with what follows.
HARMLESS = re.compile(r"\x1b\[[\d;]*m|\r(?=\x1b)|\x1b\[\d+A|\x1b\[J|\n")


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)


def show(pieces, screen):
    """The screen with an answer, which comes in ``pieces``; yields it after each of them, and at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(screen.columns))
        patch.setenv("LINES", str(screen.rows))
        patch.setattr(sys, "stdout", screen)
        view = answer_view()
        for piece in pieces:
            view.add(piece)
            yield screen
        view.end()
        yield screen


def shown(pieces, **size):
    *_, screen = show(pieces, Screen(**size))
    return screen.shown()


def cut(text, seed):
    chance, pieces = random.Random(seed), []
    while text:
        end = chance.randint(1, 12)
        pieces.append(text[:end])
        text = text[end:]
    return pieces


@pytest.mark.parametrize("seed", range(20))
def test_a_finished_answer_is_formatted_whatever_it_came_in(seed):
    assert shown(cut(ANSWER, seed)) == SHOWN


@pytest.mark.parametrize("pieces", [[ANSWER], list(ANSWER), [f"\n\n{ANSWER}\n\n\n"]], ids=["whole", "single", "spaced"])
def test_so_it_is_in_one_piece_in_single_characters_and_between_empty_lines(pieces):
    assert shown(pieces) == SHOWN


def test_text_is_there_as_soon_as_it_comes():
    said = ""
    for piece, screen in zip(list(ANSWER), show(list(ANSWER), Screen()), strict=False):
        said += piece
        word = re.search(r"\w+$", said)
        if word:
            last = " ".join(screen.visible().split())
            assert last.endswith(word[0])


def test_a_block_that_is_higher_than_the_screen_is_whole_in_the_end_and_there_once():
    code = "".join(f"line {number}\n" for number in range(100))
    rows = shown(cut(f"First.\n\n```\n{code}```\n\nLast.", seed=1), rows=6).split("\n")
    assert [row.strip() for row in rows if row] == ["First.", *code.splitlines(), "Last."]


def test_thinking_is_shown_until_the_answer_begins(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    view = answer_view()
    for piece in ("Let me ", "see\x1b[2J"):
        view.think(piece)
        assert screen.shown() == "Thinking…"
    view.add("**Dol")
    assert screen.shown() == "**Dol"
    view.add("ly**")
    view.end()
    assert screen.shown() == "Dolly"


def test_thinking_that_leads_to_no_answer_leaves_nothing(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    view = answer_view()
    view.think("Let me see")
    view.end(is_broken_off=True)
    assert screen.shown() == ""


def test_a_pipe_is_not_told_of_thinking(capsys):
    view = answer_view()
    view.think("Let me see")
    view.add("Dolly")
    view.end()
    assert capsys.readouterr().out == "Dolly\n"


def test_an_answer_that_is_broken_off_ends_its_line(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    view = answer_view()
    view.add("So **far")
    view.end(is_broken_off=True)
    assert screen.getvalue().endswith("\n")
    assert screen.shown() == "So **far"


def test_before_its_first_text_an_error_has_the_line_for_itself(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    answer_view().end(is_broken_off=True)
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    "text",
    [
        "a\x1b[2Jb\x9bc\x07",
        "&#27;[2J &#x9b; &#13;over &#12; &#8238;dlrow",
        "[a\x1b]8;;http://x\x07](http://h.example/\x1b[2J)",
        "```\x1b[2J\n\x1b[31mcode\n```",
        "```py\x1b[2J x\ncode\n```",
        "|\x1b[2J|\n|-|\n|\x9b|",
        "![\x1b[2J](http://h.example/&#27;x)",
        "<b\x1b[2J>",
    ],
)
def test_what_a_model_writes_is_never_obeyed(text):
    *_, screen = show(cut(f"{text}\n\nnext\n\n{text}", seed=2), Screen())
    written = HARMLESS.sub("", screen.getvalue())
    assert written.isprintable(), ascii(written)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", written)
    assert "next" in screen.shown()


@given(st.text("ab *_`~#->|\n[]()!<&;:1.2\t\\\x1b\x9b\u202e羊é", max_size=120), st.integers(0, 100))
def test_any_text_is_harmless_and_looks_the_same_however_it_comes(text, seed):
    *_, screen = show(cut(text, seed), Screen())
    assert HARMLESS.sub("", screen.getvalue()).isprintable()
    assert screen.shown() == shown([text])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]: https://source.example", "[1]: https://source.example"),
        ("```Here is it\ncode\n```", "Here is it code"),
        ("- a\n    - b\n\n        code\n", "a b code"),
        ("> " * 30 + "deep", "deep"),
        ("[]() ![]()", "[]() ![]()"),
        ("| a |\n|---|\n| 1 | 2 | 3 |", "a 1 2 3"),
        ("one\ntwo", "one two"),
    ],
)
def test_nothing_of_a_text_is_lost(text, words):
    seen = " ".join(re.sub(r"[│─▌•|]", " ", shown([text])).split())
    assert all(word in seen for word in words.split())


class Unseen(RecordingStream):
    """A terminal that nobody looks at."""

    columns, rows = 60, 12


def test_what_is_parsed_and_written_grows_with_the_answer_and_not_with_its_square(monkeypatch):
    parsed = []
    parse = markdown_blocks.markdown_tokens
    monkeypatch.setattr(markdown_blocks, "markdown_tokens", lambda text: parsed.append(len(text)) or parse(text))
    paragraphs = "\n\n".join(["Some words of a paragraph. " * 20] * 20)
    fence = "```\n" + "x = 1\n" * 3_000 + "```"
    for text in (paragraphs, fence):
        parsed.clear()
        *_, screen = show(re.findall(r"\s*\S+", text), Unseen(is_terminal=True))
        assert sum(parsed) < 12 * len(text)
        assert len(screen.getvalue()) < 200 * len(text)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colours_gets_the_text_as_it_is(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    *_, screen = show(["**a", "\x1b[2J**\n"], Screen())
    assert screen.getvalue() == "**a␛[2J**\n\n"


def test_a_pipe_gets_the_text_of_the_model(monkeypatch):
    stdout = RecordingStream()
    monkeypatch.setattr(sys, "stdout", stdout)
    view = answer_view()
    for piece in ("**a", "**\x1b"):
        view.add(piece)
    view.end()
    assert stdout.writes == ["**a", "**\x1b", "\n"]
