"""``%%dolly`` and ``%dolly``: an answer as the output of a cell. Knows engines and IPython, and nothing of widgets.

The answer is made on a job's thread; the main thread alone shows it, and alone hears that the user interrupts.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import textwrap
import threading
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from dolly_widget.engines import (
    TYPED_FIELDS,
    Engine,
    EngineSetup,
    GenerationResult,
    Listener,
    Prepared,
    local_model,
    share_engine,
)
from dolly_widget.errors import (
    EXPECTED_ERRORS,
    EngineError,
    IncompleteAnswerError,
    ModelError,
    PromptTooLongError,
    release_frames,
)
from dolly_widget.lens import with_probabilities
from dolly_widget.magic.lines import ASSIGNED, AssignedAnswer, LineThatAsks, warn_if_cell_was_parsed_before
from dolly_widget.magic.request import DollyError, Request, read_request
from dolly_widget.magic.views import WRITING, caption, name_of, view_of
from dolly_widget.magic.watching import Live, catch_interrupts, outcome, watch
from dolly_widget.runtime import Job, Progress
from dolly_widget.sampling import DEFAULTS, SETTINGS, SamplingParams, option_help, with_changes
from dolly_widget.text import encodable, render

__all__ = ["DollyError", "DollyMagics", "DollyStopped", "load", "unload"]


def load(shell: InteractiveShell) -> None:
    """Make ``%%dolly`` and ``%dolly`` known to an IPython shell."""
    shell.register_magics(DollyMagics)
    shell.input_transformer_manager.token_transformers += [LineThatAsks, AssignedAnswer]
    warn_if_cell_was_parsed_before(shell)


def unload(shell: InteractiveShell) -> None:
    """Forget the magics, and free the models that they hold."""
    known = shell.magics_manager
    instance = known.registry.pop(DollyMagics.__name__)
    instance.close()
    for kind in instance.magics:
        for name in instance.magics[kind]:
            known.magics[kind].pop(name, None)
    # By name: this module may have been reloaded, and these are then not the classes that ``load`` appended.
    ours = (LineThatAsks.__name__, AssignedAnswer.__name__)
    transformers = shell.input_transformer_manager.token_transformers
    transformers[:] = [each for each in transformers if each.__name__ not in ours]


class DollyStopped(DollyError):
    """The user interrupted the cell. An error, so that "Run all" does not go on without the answer."""


def _documented(magic: Any) -> Any:
    """Write the options into a magic's docstring, which is what ``%dolly?`` shows."""
    setup = {
        f"{name} {each.metadata['metavar']}".strip(): each.metadata["help"]
        + (f" (default: {each.default})" if each.default else "")
        for name, each in TYPED_FIELDS.items()
    }
    sampling = {f"{name} {each.metavar}": option_help(name) for name, each in SETTINGS.items()}
    # Not format(): other braces in the text are its own.
    for placeholder, options in (("{setup_options}", setup), ("{sampling_options}", sampling)):
        magic.__doc__ = magic.__doc__.replace(f"{' ' * 8}{placeholder}\n", _listed(options))
    return magic


def _listed(options: Mapping[str, str]) -> str:
    """A line for each option, and more where its help is long."""
    indent = " " * 8
    return "".join(
        textwrap.fill(
            help_text,
            110,
            initial_indent=f"{indent}  {'--' + option.replace('_', '-'):<24} ",
            subsequent_indent=indent + " " * 27,
        )
        + "\n"
        for option, help_text in options.items()
    )


@magics_class
class DollyMagics(Magics):
    """The magics of one shell, and the models that they hold, so that each is loaded once."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._leases: dict[EngineSetup, Engine] = {}
        self._is_closed = False
        self._lock = threading.Lock()

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    @_documented
    def dolly(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> GenerationResult | None:
        """Ask a language model; the answer streams into the cell's output.

          %%dolly [options]
          An instruction, in as many lines as you like.

          %dolly [options] An instruction in one line?
          answer = %dolly [options] An instruction in one line?

        In the instruction, and in the values of options, {name} is replaced by the text of the Python variable of that
        name; {{name}} is a literal {name}, and all other braces stay as they are. In one line, the options come first;
        everything after them is the instruction. Interrupting the kernel stops the answer and keeps the text so far.
        Consoles that cannot replace printed output (jupyter console, Qt console) show only the first step: there, keep
        the answer and print it.

        What the model works on, and where the answer goes:

          --context NAME           a Python variable: the text that the instruction is about, or the Path of a file
          --system TEXT            the system prompt, for a model whose chat template takes one
          --choices A,B,...        the answer is one of these: --choices "very good, bad", a comma within: '"a, b",c';
                                   the variable of -o then has answer.value, and answer.probabilities of each choice
          -o NAME, --output NAME   keep the answer in this variable of the notebook: answer.text, answer.token_ids, ...

        Which model to run, and where. It is loaded once, shared with widgets that use the same one, and kept in memory
        for later cells; %unload_ext dolly_widget frees all models:

        {setup_options}
        How the next token is chosen, and when the answer ends:

        {sampling_options}
        For example:

          %%dolly --temperature 0 --context article -o answer
          Summarise this text in {number} sentences.
        """
        shell: Any = self.shell
        is_assigned = line.startswith(ASSIGNED)
        names = ChainMap(dict(local_ns or {}), shell.user_ns, vars(shell.user_module))
        request = _seeded(read_request(line.removeprefix(ASSIGNED), cell, names))
        live = Live(self._first_step(request), request.setup.name, with_changes(DEFAULTS, request.sampling))
        view = view_of(shell)
        view.show("", live.doing, live.notes)
        with catch_interrupts() as interrupts:
            job = Job(functools.partial(self._answer, request, live), name="dolly-answer")
            with _stopped_if_left(job):
                watch(job, live, view, interrupts)
            result, error = outcome(job, live, bool(interrupts))
            if isinstance(error, IncompleteAnswerError):
                result, error = error.result, None if interrupts else error
            if request.output and result is not None:
                shell.user_ns[request.output] = result
            text = live.text if result is None else result.text
            reasoning = live.reasoning if result is None else encodable(result.reasoning)
            view.finish(encodable(text), caption(result, live.model, text, live.params), reasoning)
        _raise_error(error, result, bool(interrupts))
        return result if is_assigned else None

    def close(self) -> None:
        """Give back the models."""
        with self._lock:
            self._is_closed = True
            leases, self._leases = list(self._leases.values()), {}
        for lease in leases:
            lease.close()

    def _first_step(self, request: Request) -> str:
        if request.setup in self._leases:
            return WRITING
        name = request.setup.name
        return f"Loading {'the demo model' if name == 'demo' else name}…"

    def _answer(self, request: Request, live: Live, stop: threading.Event) -> GenerationResult:
        """The work of the job."""
        try:
            if (server := self._kept_server(request)) is not None:
                model = local_model(server)
                return _written(server, DEFAULTS if model is None else model.sampling, request, live, stop)
            prepared = _prepared(request.setup, live, stop)
            live.doing = self._first_step(request)
            # A lease for this answer alone, beside the one that is kept: an answer that cannot be stopped may outlast
            # its cell, and two may be written at a time.
            with contextlib.closing(share_engine(request.setup, prepared)) as engine:
                if stop.is_set():
                    raise ModelError("Loading the model was stopped; nothing was changed.")
                self._keep(request, prepared)
                return _written(self._kept_server(request) or engine, prepared.sampling, request, live, stop)
        except BaseException as exc:
            if isinstance(exc, EngineError):
                self._drop(request)
            release_frames(exc)
            raise
        finally:
            live.ended.set()

    def _kept_server(self, request: Request) -> Engine | None:
        """What asks the server that is meant, if one was asked before: it has learnt what that takes."""
        return self._leases.get(request.setup) if request.setup.server is not None else None

    def _keep(self, request: Request, prepared: Prepared) -> None:
        """Hold what is loaded for the cells to come; files that have changed take the place of those before."""
        lease = share_engine(request.setup, prepared)
        with self._lock:
            dropped: Engine | None = lease
            if not self._is_closed:
                dropped, self._leases[request.setup] = self._leases.get(request.setup), lease
        if dropped is not None:
            dropped.close()

    def _drop(self, request: Request) -> None:
        """Release what failed: the next cell loads it again."""
        with self._lock:
            lease = self._leases.pop(request.setup, None)
        if lease is not None:
            lease.close()


def _written(
    engine: Engine, own: SamplingParams, request: Request, live: Live, stop: threading.Event
) -> GenerationResult:
    """The answer of a loaded engine; ``own`` are the settings of its model."""
    live.model, live.doing = name_of(engine), WRITING
    live.params = with_changes(own, request.sampling)
    prompt = render(engine.template, request.instruction, request.context, system=request.system)
    listener = Listener(live.pieces.append, live.thoughts.append, on_note=live.hold_up)
    if request.shape is None:
        return engine.generate(prompt, live.params, on_text=listener, stop=stop)
    ask = functools.partial(engine.generate, answer=request.shape)  # type: ignore[call-arg]
    result = ask(prompt, live.params, on_text=listener, stop=stop)
    return with_probabilities(result, engine, prompt, request.shape)


def _seeded(request: Request) -> Request:
    """The same with a seed, so that whatever there will be of an answer can tell it."""
    return replace(request, sampling={"seed": secrets.randbits(32), **request.sampling})


@contextlib.contextmanager
def _stopped_if_left(job: Job[GenerationResult]) -> Iterator[None]:
    """Stop the job if showing it fails: nothing else would stop it."""
    try:
        yield
    except BaseException:
        job.stop()
        raise


def _prepared(setup: EngineSetup, live: Live, stop: threading.Event) -> Prepared:
    """The model's files, downloaded and converted where they are missing."""
    setup.checked()  # before a model is converted for minutes
    if found := setup.find():
        return found
    live.report(Progress("plan" if setup.server is None else "connect"))
    return setup.prepare(on_progress=live.report, stop=stop)


def _raise_error(error: BaseException | None, result: GenerationResult | None, is_interrupted: bool) -> None:
    if isinstance(error, PromptTooLongError):
        most = error.largest_max_new_tokens
        raise DollyError(f"{error} It fits with --max-new-tokens {most}." if most else str(error)) from error
    if isinstance(error, EXPECTED_ERRORS):
        raise DollyError(str(error) or type(error).__name__) from error
    if error is not None:
        raise error
    if is_interrupted and result is not None:
        is_whole = result.finish_reason != "cancelled"
        how = "Stopped; the text so far is kept." if result.text else "Stopped before there was any text."
        raise DollyStopped("Interrupted after the answer was complete." if is_whole else how)
