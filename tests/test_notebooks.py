"""The tutorials give what they show: each is run again, and its outputs are compared with the committed ones."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TUTORIALS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


def nbval(path):
    command = [sys.executable, "-m", "pytest", "--nbval", f"--nbval-sanitize-with={NOTEBOOKS / 'nbval.cfg'}"]
    options = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={path.parent}", "-q", str(path)]
    return subprocess.run([*command, *options], capture_output=True, text=True, cwd=path.parent)


def test_there_are_tutorials():
    assert "01_quickstart.ipynb" in TUTORIALS


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_gives_what_it_shows(name):
    run = nbval(NOTEBOOKS / name)
    assert run.returncode == 0, run.stdout


def test_a_changed_output_is_noticed(tmp_path):
    changed = tmp_path / "changed.ipynb"
    text = (NOTEBOOKS / "01_quickstart.ipynb").read_text(encoding="utf-8")
    assert "Paris" in text
    changed.write_text(text.replace("Paris", "London"), encoding="utf-8")
    run = nbval(changed)
    assert run.returncode == 1
    assert "London" in run.stdout


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_holds_no_noise(name):
    text = (NOTEBOOKS / name).read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert not re.search(r'"/(root|home|tmp|Users)/|iopub\.|widget-view|0x[0-9a-f]{8}', text)
    assert "widgets" not in notebook["metadata"]
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert max(len(cell["source"]) for cell in code) <= 20
