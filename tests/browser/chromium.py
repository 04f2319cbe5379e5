"""A browser for the tests: one that this machine has, or one that is installed for the first test that needs it.

Any of Chromium's family does. The variable DOLLY_WIDGET_TEST_BROWSER names another one; an empty one hides all.
Knows nothing about pages.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

VARIABLE = "DOLLY_WIDGET_TEST_BROWSER"
NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
LINUX = (
    *("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/lib/chromium/chromium", "/snap/bin/chromium"),
    *("/opt/google/chrome/chrome", "/opt/microsoft/msedge/msedge"),
)
MACOS = tuple(
    f"{folder}/{name}.app/Contents/MacOS/{name}"
    for folder in ("/Applications", "~/Applications")
    for name in ("Chromium", "Google Chrome", "Microsoft Edge")
)
WINDOWS = tuple(
    rf"%{variable}%\{name}"
    for variable in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")
    for name in (
        r"Chromium\Application\chrome.exe",
        r"Google\Chrome\Application\chrome.exe",
        r"Microsoft\Edge\Application\msedge.exe",
    )
)
PLACES = {"darwin": MACOS, "win32": WINDOWS}
APT = ("chromium", "fonts-dejavu", "fonts-noto-color-emoji")
# As root there is no sandbox; the others keep it from asking for anything.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """There is none, and none can be had. Its text is a sentence for a person, which begins with BEGINNING."""

    BEGINNING = "No browser for the tests:"


def find(own: Path | None = None) -> Path | None:
    """The first browser that runs: on the PATH, in the usual places of this system, or playwright's ``own``."""
    return next((path for path in _candidates(own) if _runs(path)), None)


def _candidates(own: Path | None) -> Iterator[Path]:
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    places = PLACES.get(sys.platform, LINUX)
    yield from (Path(os.path.expandvars(place)).expanduser() for place in places)
    if own is not None:
        yield own


def _runs(path: Path) -> bool:
    """Whether it starts: Ubuntu has a stub of that name, and playwright's needs libraries that may be missing."""
    if not path.is_file():
        return False
    if sys.platform == "win32":  # where it would open a window
        return True
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def get(own: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Find a browser; where there is none, install one and ``say`` so. Raises NoBrowserError."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        if _runs(Path(named)):
            return Path(named)
        raise NoBrowserError(f"{NoBrowserError.BEGINNING} {VARIABLE} is {named!r}, which names none that starts.")
    if found := find(own):
        return found
    failures = []
    for name, commands in _installations():
        say(f"No browser is here: installing one for the browser tests, with {name}.")
        failures.append(_run(name, commands))
        if found := find(own):
            return found
    raise NoBrowserError(
        f"{NoBrowserError.BEGINNING} there is no Chromium, Chrome or Edge on this machine, and none could be installed "
        f"({'; '.join(failures)}). Install one of them."
    )


def _installations() -> Iterator[tuple[str, list[list[str]]]]:
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT]
        yield f"apt-get install {' '.join(APT)}", [["apt-get", "update", "-qq"], install]
    yield "playwright install chromium", [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _run(name: str, commands: list[list[str]]) -> str:
    """Run the commands; return why there may be no browser afterwards."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
        )
        if done.returncode:
            lines = done.stdout.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            return f"{name}: {lines[-1].strip()}"
    return f"{name}: what it installed does not start"
