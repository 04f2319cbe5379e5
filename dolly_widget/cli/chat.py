"""``dolly-widget chat``: questions and answers in a terminal, one after the other. The turns are a Conversation's."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dolly_widget.cli.answer_view import answer_view
from dolly_widget.cli.ask import add_system_argument, listener, tell_about_demo, tell_notes, tell_what_was_thought
from dolly_widget.cli.command import Command, CommandError, Stopped
from dolly_widget.cli.interruptible import Abandoned, finish
from dolly_widget.cli.line_editor import LineEditor, remembered_lines
from dolly_widget.cli.parser import meant
from dolly_widget.cli.piped import is_piped, replace_unknown_characters
from dolly_widget.cli.preparing import add_setup_arguments, prepare, setup_from, started
from dolly_widget.cli.sampling_options import add_sampling_arguments, fields_as_options, given_settings
from dolly_widget.cli.terminal import tell
from dolly_widget.errors import EngineError

if TYPE_CHECKING:
    from dolly_widget.cli.conversation import Conversation
    from dolly_widget.engines import EngineSetup, Prepared
    from dolly_widget.engines.model_engine import ModelEngine
    from dolly_widget.history import Exchange

_Answering = Callable[[threading.Event, Callable[[str], None]], "Exchange"]
_KEYS = "Ctrl+C stops an answer. Ctrl+D, or Ctrl+C twice at the prompt, ends the chat."
_HELP = rf"""/help         lists these commands
/new          begins a new chat: what was said is forgotten
/system TEXT  sets the system prompt, where the model takes one; without
              TEXT, takes it back
/regenerate   answers the last question again, with another seed
/save FILE    saves the chat as Markdown, or, as FILE.json, for
              DollyWidget(history="FILE.json")
/quit         ends the chat

{_KEYS}
The arrow keys bring earlier questions back.
A line that ends with \ goes on in the next one."""
_COMMANDS = ("/help", "/new", "/system", "/regenerate", "/save", "/quit")
_OTHER_NAMES = {"exit": "/quit", "quit": "/quit", "/exit": "/quit", "/?": "/help"}
_EPILOG = """\
The model is given what was said before, where its template takes turns. The
questions are kept in a file of your own, for the arrow keys, and the answers
only where /save puts them. With a pipe on stdin, each line is a question.

in the chat:
""" + "\n".join(f"  {line}".rstrip() for line in _HELP.splitlines())


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    add_setup_arguments(parser)
    add_system_argument(parser)
    add_sampling_arguments(parser)
    parser.add_argument(
        "--stats",
        action=argparse.BooleanOptionalAction,
        help="print speed, seed and why an answer ended on stderr (default: only in a terminal)",
    )


def _chat(args: argparse.Namespace) -> int:
    from dolly_widget.cli.conversation import Conversation
    from dolly_widget.sampling import with_changes

    given = given_settings(args)
    if sys.stdin is None:
        raise CommandError('There is no stdin to read questions from: use  dolly-widget ask "…"  instead.')
    replace_unknown_characters(sys.stdin, sys.stdout)
    setup = setup_from(args)
    (engine, prepared), code = finish(lambda stop: _loaded(setup, stop))
    with contextlib.closing(engine), remembered_lines():
        if code:
            return code
        shows_stats = sys.stderr.isatty() if args.stats is None else args.stats
        params = with_changes(prepared.sampling, given)
        conversation = Conversation(engine, setup, params)
        conversation.change_system(args.system)
        tell_about_demo(args.model)
        _Chat(conversation, shows_stats).run()
    return 0


def _loaded(setup: EngineSetup, stop: threading.Event) -> tuple[ModelEngine, Prepared]:
    prepared = prepare(setup.prepare, stop)
    if stop.is_set():
        raise Stopped("Stopped before the model was loaded.")
    return started(setup, prepared), prepared


class _Chat:
    """The loop: reads an entry, and obeys or answers it, until the end."""

    def __init__(self, conversation: Conversation, shows_stats: bool) -> None:
        self._conversation, self._shows_stats = conversation, shows_stats
        self._lines = LineEditor()

    def run(self) -> None:
        """Go on until the user, or the input, ends it."""
        if not is_piped():
            tell(f"{_KEYS}\n/help lists the commands.")
            if not self._conversation.takes_turns:
                tell("This model's template takes no turns: each question stands alone.")
        is_leaving = False
        while True:
            try:
                entry = self._lines.read("> " if is_leaving or is_piped() else "\n> ")
                if entry is None or not self._obey(entry.strip()):
                    return
                is_leaving = False
            except KeyboardInterrupt:
                if is_leaving:
                    print()
                    return
                is_leaving = True
                tell("\nCtrl+C once more, or Ctrl+D, ends the chat.")

    def _obey(self, entry: str) -> bool:
        """Do what an entry says; False if it says to end."""
        word, _, argument = entry.partition(" ")
        command = _OTHER_NAMES.get(entry.lower(), word.lower() if re.fullmatch(r"/[\w?-]*", word) else "")
        if command == "/help":
            tell(_HELP)
        elif command == "/new":
            self._conversation.begin_anew()
            tell("A new chat begins.")
        elif command == "/regenerate":
            self._answer(self._conversation.ask_again)
        elif command == "/system":
            self._change_system(argument.strip())
        elif command == "/save":
            self._save(argument.strip())
        elif command not in ("", "/quit"):
            tell(f"There is no command {word}{meant(word, _COMMANDS) or '.'} /help lists them.", sys.stderr)
        elif entry and not command:
            self._answer(lambda stop, on_text: self._conversation.ask(entry, stop, on_text))
        return command != "/quit"

    def _answer(self, answering: _Answering) -> None:
        """Show an answer as it comes; what is wrong with a question is a sentence, and the chat goes on."""
        view, before = answer_view(), self._conversation.left_out
        try:
            with fields_as_options():
                exchange, _ = finish(lambda stop: answering(stop, listener(view)), _tell_that_it_is_stuck)
        except Abandoned:
            raise
        except (CommandError, EngineError) as exc:
            view.end(is_broken_off=True)
            tell(str(exc), sys.stderr)
            return
        except BaseException:
            view.end(is_broken_off=True)
            raise
        view.end(is_broken_off=not exchange.result.text)
        tell_what_was_thought(exchange.result)
        tell_notes(exchange.result)
        if self._shows_stats:
            tell(exchange.result.statistics, sys.stderr)
        if self._conversation.left_out > before:
            tell("The chat has become too long for the model, which no longer sees its oldest part.", sys.stderr)

    def _change_system(self, text: str) -> None:
        try:
            self._conversation.change_system(text)
        except ValueError as exc:
            tell(str(exc), sys.stderr)
        else:
            tell("The system prompt is set." if text else "There is no system prompt.")

    def _save(self, name: str) -> None:
        if not name or not self._conversation.exchanges:
            tell("Name a file: /save FILE." if not name else "There is nothing to save yet.", sys.stderr)
            return
        history = self._conversation.history
        text = history.to_json() if name.lower().endswith(".json") else history.to_markdown()
        try:
            with Path(name).expanduser().open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            tell(f"{name} is there already: choose another name.", sys.stderr)
        except (OSError, RuntimeError, ValueError) as exc:  # "~nobody", whose home is not known; a null character
            tell(f"{name} cannot be written ({getattr(exc, 'strerror', None) or exc}).", sys.stderr)
        else:
            tell(f"Saved as {name}.")


def _tell_that_it_is_stuck() -> None:
    tell("\nThe answer stops after this step, which takes a while. Ctrl+C once more ends the chat.", sys.stderr)


COMMAND = Command("chat", "Talk with a model in the terminal.", _add_arguments, _chat)
