"""The README, the guides and the pages beside them: their links lead somewhere, their code uses what there is."""

import ast
import importlib.util
import re
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from PIL import Image

import dolly_widget

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "notebooks" / "guide").glob("*.md"))
PAGES = [
    README,
    *GUIDES,
    ROOT / "notebooks" / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests" / "benchmarks" / "README.md",
    ROOT / "dolly_widget" / "models" / "demo" / "README.md",
]
COMMANDS = [
    'python -m pip install -e ".[lab]" && dolly-widget lab',
    'python -m pip install -e ".[test]" && pytest',
]
MOST_LINES = 150
MOST_BYTES = 2_000_000
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


def tokens_of(path):
    return MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8"))


def links(path):
    """Addresses of links and pictures, as they are written."""
    tokens = [inner for token in tokens_of(path) for inner in (token, *(token.children or []))]
    for token in tokens:
        if token.type in ("link_open", "image"):
            yield token.attrs["href" if token.type == "link_open" else "src"]
        elif token.type in ("html_block", "html_inline"):
            yield from re.findall(r'(?:src|srcset|href)="([^"]+)"', token.content)


def anchors(path):
    """The names that GitHub gives the headings of a file."""
    tokens = tokens_of(path)
    headings = [after for token, after in pairwise(tokens) if token.type == "heading_open"]
    texts = ["".join(child.content for child in heading.children).lower() for heading in headings]
    return [
        "".join(letter for letter in text if letter.isalnum() or letter in " -_").replace(" ", "-") for text in texts
    ]


def code_of(path, language):
    return [token.content for token in tokens_of(path) if token.type == "fence" and token.info == language]


def broken(path):
    """Links of a file to no file of the repository, or to no heading in one."""
    for link in links(path):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@each_page
def test_each_link_leads_somewhere(path):
    assert list(broken(path)) == []


@pytest.mark.parametrize(
    "link",
    ["[a](none.md)", "[a](other.md#none)", "[a](#none)", "![a](none.png)", '<img src="none.png">', "| [a](none.md) |"],
)
def test_a_broken_link_is_noticed(tmp_path, link):
    (tmp_path / "other.md").write_text("# Other: `one`\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n[b](other.md#other-one), [c](#page)\n\n{link}\n")
    (found,) = broken(page)
    assert "none" in found


def test_the_readme_leads_to_every_page():
    found, left = set(), [README]
    while left:
        path = left.pop()
        found.add(path)
        targets = {(path.parent / link.partition("#")[0]).resolve() for link in links(path) if "://" not in link}
        left += [target for target in targets if target.suffix == ".md" and target not in found]
    assert [path for path in PAGES if path not in found] == []


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_readme_begins_with_which_model_is_seen_and_how_to_get_a_real_one():
    beginning = README.read_text(encoding="utf-8").partition("\n## ")[0]
    assert "bundled demonstration" in beginning
    assert 'DollyWidget("smollm2")' in beginning


def test_the_readme_has_the_two_commands():
    (commands,) = [block.splitlines() for block in code_of(README, "bash") if "pip install" in block]
    assert commands == COMMANDS


@each_page
def test_python_code_uses_what_the_package_exports(path):
    for code in code_of(path, "python"):
        if code.startswith("%"):
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module == "dolly_widget":
                names = [alias.name for alias in node.names if alias.name not in dolly_widget.__all__]
                assert [name for name in names if importlib.util.find_spec(f"dolly_widget.{name}") is None] == []


def test_the_animation_is_one_and_small():
    paths = sorted((ROOT / "notebooks" / "images").glob("answer-*.webp"))
    assert [path.stem for path in paths] == ["answer-dark", "answer-light"]
    assert sum(path.stat().st_size for path in paths) < MOST_BYTES
    for path in paths:
        with Image.open(path) as picture:
            assert picture.n_frames > 20
            assert picture.info["loop"] == 0  # again and again
