"""Finding a browser for the tests: what is looked at, what is installed, and what is said."""

import os
import subprocess
import sys
from pathlib import Path

import chromium
import pytest

SENTENCE = "No browser for the tests: "


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """An empty machine: ``machine.add(path)`` puts a browser on it; ``machine.ran`` is what was run but browsers."""
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(chromium, "PLACES", {})
    monkeypatch.setattr(chromium, "LINUX", (str(tmp_path / "usual" / "chromium"),))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    return Machine(tmp_path, monkeypatch)


class Machine:
    def __init__(self, folder, monkeypatch):
        self.folder, self.ran, self.said = folder, [], []
        self._after = lambda command: None
        self._real = subprocess.run
        monkeypatch.setattr(subprocess, "run", self._run)

    def add(self, path, exit_code=0):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
        path.chmod(0o755)
        return path

    def installs(self, what, path):
        """A command that has ``what`` in it puts a browser at ``path``."""
        self._after = lambda command: self.add(path) if what in command else None

    def get(self, own=None):
        return chromium.get(own, self.said.append)

    def _run(self, command, **options):
        if command[-1] == "--version":
            return self._real(command, **options)
        self.ran.append(" ".join(map(str, command)))
        is_done = self._after(command)
        return subprocess.CompletedProcess(command, 0 if is_done else 1, b"Reading lists\nE: no network\n")


@pytest.mark.parametrize("name", ["chromium", "google-chrome", "microsoft-edge"])
def test_one_on_the_path_is_taken(machine, name):
    assert machine.add(f"bin/{name}") == machine.get()
    assert (machine.ran, machine.said) == ([], [])


def test_one_in_a_usual_place_is_taken(machine):
    assert machine.add("usual/chromium") == machine.get()


def test_each_system_has_usual_places():
    assert "/usr/bin/chromium" in chromium.LINUX
    assert "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" in chromium.PLACES["darwin"]
    assert r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe" in chromium.PLACES["win32"]


def test_the_places_of_another_system_are_looked_at_there(machine, monkeypatch):
    monkeypatch.setattr(chromium, "PLACES", {"darwin": (str(machine.folder / "Apps" / "Chrome"),)})
    monkeypatch.setattr(sys, "platform", "darwin")
    machine.add("usual/chromium")
    assert machine.add("Apps/Chrome") == machine.get()


def test_playwrights_own_is_taken_where_there_is_no_other(machine):
    own = machine.add("playwright/chrome")
    assert machine.get(own) == own
    assert machine.add("bin/chromium") == machine.get(own)


def test_one_that_does_not_start_is_passed_over(machine):
    machine.add("bin/chromium", exit_code=1)  # as Ubuntu's, which only says where to get one
    assert machine.add("usual/chromium") == machine.get()


def test_playwright_installs_one_which_is_said_in_a_line(machine):
    own = machine.folder / "playwright/chrome"
    machine.installs("playwright", own)
    assert machine.get(own) == own
    assert machine.ran == [f"{sys.executable} -m playwright install chromium"]
    assert machine.said == [
        "No browser is here: installing one for the browser tests, with playwright install chromium."
    ]


def test_apt_installs_one_for_root(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.add("bin/apt-get")

    def install(command):
        return command[1] == "update" or machine.add("usual/chromium")

    machine._after = install
    assert machine.get() == machine.folder / "usual/chromium"
    assert machine.ran[0] == "apt-get update -qq"
    assert machine.ran[1].endswith("chromium fonts-dejavu fonts-noto-color-emoji")
    assert len(machine.said) == len(machine.ran) - 1 == 1


def test_playwright_is_tried_after_apt(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.add("bin/apt-get")
    own = machine.folder / "playwright/chrome"
    machine.installs("playwright", own)
    assert machine.get(own) == own
    assert len(machine.said) == 2


def test_where_none_can_be_had_a_sentence_says_why_and_what_to_do(machine):
    with pytest.raises(chromium.NoBrowserError) as refusal:
        machine.get()
    assert str(refusal.value) == (
        f"{SENTENCE}there is no Chromium, Chrome or Edge on this machine, and none could be installed "
        "(playwright install chromium: E: no network). Install one of them."
    )


def test_the_variable_names_one(machine, monkeypatch):
    machine.add("bin/chromium")
    mine = machine.add("mine")
    monkeypatch.setenv(chromium.VARIABLE, str(mine))
    assert machine.get() == mine
    monkeypatch.setenv(chromium.VARIABLE, "")
    with pytest.raises(chromium.NoBrowserError, match=f"^{SENTENCE}{chromium.VARIABLE} is '', "):
        machine.get()
    assert machine.ran == []


def test_without_a_browser_its_tests_are_skipped_and_the_run_ends_with_the_reason(tmp_path):
    """Also where another process runs them."""
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n1", f"--basetemp={tmp_path / 'temp'}", here / "test_response_contrast.py"],
        capture_output=True,
        text=True,
        env=os.environ | {chromium.VARIABLE: ""},
        cwd=here.parent,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, run.stdout + run.stderr
    assert " skipped" in lines[-1]
    assert " passed" not in lines[-1]
    assert lines[-2].startswith(f"The browser tests were skipped. {SENTENCE}")
    assert run.stdout.count("The browser tests were skipped.") == 1
