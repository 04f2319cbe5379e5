"""The JavaScript of the widget's parts stays in small pieces, and the files of a part can be joined to one module."""

import inspect
import re
from pathlib import Path

import pytest

from dolly_widget.widget.answer.conversation import Conversation
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.ask.attachment import Attachment
from dolly_widget.widget.ask.composer import Composer
from dolly_widget.widget.ask.prompt_view import PromptView
from dolly_widget.widget.column.view import ColumnView
from dolly_widget.widget.explorer.bars import CandidateBars
from dolly_widget.widget.explorer.head import ExplorerHead
from dolly_widget.widget.history.panel import HistoryList
from dolly_widget.widget.lens.view import LensView
from dolly_widget.widget.model.stored_models import StoredModels
from dolly_widget.widget.page.access import Access
from dolly_widget.widget.page.catching_up import CatchingUp
from dolly_widget.widget.page.fold import FoldButton
from dolly_widget.widget.page.kernel_notice import KernelNotice

LONGEST_FUNCTION = 40
LONGEST_RENDER = 25
LONGEST_FILE = 350
PACKAGE = Path(__file__).parents[1] / "dolly_widget"
DOM = PACKAGE / "widget" / "page" / "dom.js"
FILES = sorted(PACKAGE.glob("widget/**/*.js"))
PARTS = (
    Access,
    Attachment,
    CandidateBars,
    CatchingUp,
    ColumnView,
    Composer,
    Conversation,
    ExplorerHead,
    FoldButton,
    HistoryList,
    KernelNotice,
    LensView,
    PromptView,
    ResponseView,
    StoredModels,
)
# What has no code in it: comments, strings and regular expressions, as far as these files have them.
OPAQUE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*`
    | (?:(?<=[(,=:])|(?<=return))\s*/(?![/*])(?:\\.|\[(?:\\.|[^]\\\n])*\]|[^/\\\n[])+/[a-z]*""",
    re.DOTALL | re.VERBOSE,
)
STATEMENTS = {"if", "for", "while", "switch", "catch"}
PAIRS = {")": "(", "]": "[", "}": "{"}


def code_of(text):
    """The text with blanks in place of what has no code in it; line breaks stay."""
    return OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def functions(text):
    """Each function as its name ("" for an arrow function) and its number of lines, from its head to its end."""
    code, opened, closed_at = code_of(text), [], {}
    for at, sign in enumerate(code):
        if sign in "([{":
            opened.append(at)
        elif sign in PAIRS:
            start = opened.pop()
            assert code[start] == PAIRS[sign], f"line {code.count(chr(10), 0, at) + 1}: {sign} closes {code[start]}"
            closed_at[at] = start
            if (head := head_of(code, start, closed_at)) is not None:
                name, begin = head
                yield name, code.count("\n", begin, at) + 1
    assert opened == []


def head_of(code, start, closed_at):
    """The name of the function whose body opens at ``start``, and where its parameters begin; None if it is no body."""
    before = code[:start].rstrip()
    if before.endswith("=>"):
        before = before[:-2].rstrip()
        return "", closed_at.get(len(before) - 1, len(before) - 1)
    if code[start] != "{" or not before.endswith(")"):
        return None
    parameters = closed_at[len(before) - 1]
    name = re.search(r"[\w#$]*$", code[:parameters].rstrip())[0]
    return None if name in STATEMENTS else (name, parameters)


def defined(file):
    """The names that a file defines at its top."""
    code = code_of(file.read_text(encoding="utf-8"))
    return re.findall(r"^(?:(?:async )?function|class|const|let) (\w+)", code, re.MULTILINE)


def test_the_measure_finds_every_kind_of_function():
    text = """
    /** Not this one: function f() { */
    export default () => {
      return "}" + `{`;
    };
    async function named(a, { b }) {
      if (a) {
        return /[{]/.test(b);
      }
      b.forEach(([x, y]) => {
        x();
      });
    }
    class Named {
      #method() {
        return (a) => (
          a
        );
      }
    }
    """
    assert list(functions(text)) == [("", 3), ("", 3), ("named", 8), ("", 3), ("#method", 5)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_functions_and_files_are_short(file):
    text = file.read_text(encoding="utf-8")
    found = list(functions(text))
    assert [each for each in found if each[1] > LONGEST_FUNCTION] == []
    assert [each for each in found if each[0] == "render" and each[1] > LONGEST_RENDER] == []
    assert text.count("\n") <= LONGEST_FILE


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_files_of_a_part_define_no_name_twice(part):
    folder = Path(inspect.getfile(part)).parent
    names = [name for file in (DOM, *(folder / script for script in part.scripts)) for name in defined(file)]
    assert "makeElement" in names
    assert [name for name in sorted(set(names)) if names.count(name) > 1] == []


def test_no_part_defines_what_is_there_for_all():
    shared = {name: file for file in FILES if file.parent == DOM.parent for name in defined(file)}
    for part in PARTS:
        shared = {name: file for name, file in shared.items() if file.name not in part.scripts}
    assert {"makeElement", "hasSelection", "isPlain", "keepScrollKeys"} <= set(shared)
    copies = [(file.name, name) for file in FILES for name in defined(file) if shared.get(name, file) != file]
    assert copies == []


def test_every_file_is_in_a_part():
    folders = ((Path(inspect.getfile(part)).parent, part.scripts) for part in PARTS)
    joined = {(folder / script).resolve() for folder, scripts in folders for script in scripts}
    assert set(FILES) == joined | {DOM}
