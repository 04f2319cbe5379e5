"""Completion: what the shell is told when Tab is pressed."""

import os
import subprocess
import sys

import pytest
from command_line import ROOT


def completions(line, tmp_path):
    """What may follow ``line``, as the shell's function asks for it."""
    environment = {
        **os.environ,
        **{"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SHELL": "bash"},
        **{"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9"},
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "answer"),
        "DOLLY_WIDGET_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-m", "dolly_widget"], env=environment, cwd=tmp_path, capture_output=True, timeout=60
    )
    assert (run.stdout, run.stderr) == (b"", b"")
    return [each.strip() for each in (tmp_path / "answer").read_text().split("\n")]


@pytest.mark.parametrize(
    ("line", "includes", "excludes"),
    [
        ("dolly-widget ", {"ask", "chat", "models"}, {"smollm2"}),
        ("dolly-widget ch", {"chat"}, {"ask"}),
        ("dolly-widget ask --te", {"--temperature"}, {"--model"}),
        ("dolly-widget ask --model smo", {"smollm2"}, {"demo"}),
        ("dolly-widget ask --model ", {"demo", "smollm2", "dolly-v2-3b", "databricks/dolly-v2-3b", "here/"}, set()),
        ("dolly-widget convert dolly", {"dolly-v2-3b", "dolly-v2-12b"}, {"demo"}),
        ("dolly-widget app --theme ", {"auto", "light", "dark"}, set()),
        ("dolly-widget serve smo", {"smollm2"}, {"demo"}),
        ("dolly-widget serve --max", {"--max-running", "--max-waiting"}, {"--host"}),
        ("dolly-widget ask ", {"--json"}, {"here/"}),
    ],
)
def test_commands_options_and_models_complete(line, includes, excludes, tmp_path):
    (tmp_path / "here").mkdir()
    found = set(completions(line, tmp_path))
    assert includes <= found
    assert not excludes & found
