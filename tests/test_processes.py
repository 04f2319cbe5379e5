"""How pytest runs these tests: in how many processes, and what begins."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

TESTS = next(folder for folder in Path(__file__).parents if folder.name == "tests")
SEVERAL = min(2, os.cpu_count())


@pytest.mark.parametrize(
    ("arguments", "markexpr", "processes"),
    [
        ([TESTS], "", SEVERAL),
        ([TESTS / "browser"], "", SEVERAL),
        ([TESTS], "not browser", SEVERAL),
        ([TESTS / "conftest.py"], "", 0),
        ([f"{TESTS / 'conftest.py'}::test_one", TESTS / "browser" / "conftest.py"], "", 0),
        ([TESTS / "browser", TESTS / "conftest.py"], "", SEVERAL),
        ([TESTS], "slow", 0),
    ],
)
def test_folders_run_in_two_processes_and_named_files_in_one(request, arguments, markexpr, processes):
    config = SimpleNamespace(args=[str(each) for each in arguments], option=SimpleNamespace(markexpr=markexpr))
    assert request.config.hook.pytest_xdist_auto_num_workers(config=config) == processes


def test_what_begins_is_there(request):
    (conftest,) = [
        plugin for plugin in request.config.pluginmanager.get_plugins() if getattr(plugin, "LONGEST", None) is not None
    ]
    names = {path.name.removesuffix(".py") for path in TESTS.rglob("*")}
    assert [name for name in conftest.LONGEST if name not in names] == []


def test_a_file_that_takes_long_begins(request):
    begins = [item.path for item in request.session.items if item.path.parent.name == "browser"]
    assert [item.path for item in request.session.items][: len(begins)] == begins
