"""Scripts that no test runs, such as the benchmarks: what they import of ours is there."""

import ast
import importlib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOLDERS = ("benchmarks", "browser", "demo_model")
SCRIPTS = sorted(path for name in FOLDERS for path in (TESTS / name).rglob("*.py") if not path.stem.startswith("test_"))
OURS = {
    "dolly_widget",
    "contest",
    *(path.stem for name in ("browser", "fakes") for path in (TESTS / name).glob("*.py")),
}


def imported(path):
    """What a script imports of ours, wherever in it: pairs of a module and a name in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in OURS:
            yield from ((node.module, alias.name) for alias in node.names)


def is_there(module, name):
    try:
        return hasattr(importlib.import_module(module), name) or bool(importlib.import_module(f"{module}.{name}"))
    except ImportError:
        return False


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(TESTS)))
def test_what_a_script_imports_is_there(path, monkeypatch):
    monkeypatch.syspath_prepend(TESTS / "benchmarks")
    assert [each for each in imported(path) if not is_there(*each)] == []
