"""The command line's parser: a mistake is one sentence, with the name that was probably meant. Knows no command."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from dolly_widget.cli.command import EXIT_MISTAKE
from dolly_widget.cli.terminal import printable

_INVALID_CHOICE = re.compile(r"argument (\S+): invalid choice: (.*) \(choose from (.*)\)", re.DOTALL)
_LONGEST_SHOWN = 60


class Parser(argparse.ArgumentParser):
    """argparse's, and so are the parsers of its subcommands; usage lines are left to ``--help``."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does; but what nobody knows is told by the subcommand's parser, whose options those are."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(self._about(unknown))
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """End with a sentence, and where to read more."""
        choice = _INVALID_CHOICE.fullmatch(message)
        said = _about_choice(*choice.groups()) if choice else f"{message[:1].upper()}{message[1:]}"
        sentence = said if said.endswith(("?", ".")) else f"{said}."
        self.exit(EXIT_MISTAKE, printable(f"dolly-widget: {sentence} See  {self.prog} --help\n"))

    def _about(self, unknown: Sequence[str]) -> str:
        word = unknown[0]
        if word.startswith("-"):
            name = word.partition("=")[0]
            return f"there is no option {_shown(name)}{meant(name, self._option_string_actions)}"
        return f"there is no place for {_shown(' '.join(unknown))}: put a text of several words in quotes"


def _about_choice(argument: str, value: str, choices: str) -> str:
    """argparse's words for a value that is none of the choices, in ours."""
    names = [name.strip("'\"") for name in choices.split(", ")]
    typed = value.strip("'\"")
    what = "command" if argument == "COMMAND" else f"value for {argument}"
    return f"There is no {what} {_shown(typed)}{meant(typed, names) or ': choose from ' + ', '.join(names)}"


def meant(typed: str, names: Iterable[str]) -> str:
    """``": did you mean NAME?"``; empty where none of ``names`` is like ``typed``."""
    found = difflib.get_close_matches(typed[:_LONGEST_SHOWN].lower(), names, n=1, cutoff=0.6)
    return f": did you mean {found[0]}?" if found else ""


def _shown(text: str) -> str:
    text = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    return text if re.fullmatch(r"-[\w-]+", text) else repr(text)
