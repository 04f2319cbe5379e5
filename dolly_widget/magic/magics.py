"""``%%dolly`` and ``%dolly``: an answer as the output of a cell. Knows engines and IPython, and nothing of widgets.

The answer is made on a job's thread; the main thread alone shows it, and alone hears that the user interrupts.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from dolly_widget import models
from dolly_widget.engines import Engine, GenerationResult, share_engine
from dolly_widget.errors import EngineError, ModelError, PromptTooLongError, forget_frames
from dolly_widget.magic.lines import ASSIGNED, AssignedAnswer, LineThatAsks, tell_of_lines_read_before
from dolly_widget.magic.request import DollyError, Request, in_options, read_request
from dolly_widget.magic.views import WRITING, caption, name_of, view_of
from dolly_widget.magic.watching import Live, hear_interrupts, outcome, watch
from dolly_widget.runtime import Job, Progress, check_device
from dolly_widget.text import encodable

__all__ = ["DollyError", "DollyMagics", "DollyStopped", "load", "unload"]

# A mistake or a missing part, told in one sentence. Anything else is a bug, and shown with its traceback.
_EXPECTED_ERRORS = (ValueError, TypeError, OSError, ImportError, EngineError)


def load(shell: InteractiveShell) -> None:
    """Make ``%%dolly`` and ``%dolly`` known to an IPython shell."""
    shell.register_magics(DollyMagics)
    shell.input_transformer_manager.token_transformers += [LineThatAsks, AssignedAnswer]
    tell_of_lines_read_before(shell)


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


@magics_class
class DollyMagics(Magics):
    """The magics of one shell, and the models that they hold, so that each is loaded once."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._leases: dict[tuple[str, ...], Engine] = {}
        self._is_closed = False
        self._lock = threading.Lock()

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def dolly(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> GenerationResult | None:
        """Ask a language model; the answer streams into the cell's output.

          %%dolly [options]
          An instruction, in as many lines as you like.

          %dolly [options] An instruction in one line?
          answer = %dolly [options] An instruction in one line?

        In the instruction, and in the values of options, {name} stands for the text of the Python variable of that
        name; {{name}} is {name} itself, and all other braces stay as they are. In one line, the options come first;
        all that follows them is the instruction. Interrupting the kernel stops the answer and keeps the text so far.
        Consoles that cannot replace what they printed (jupyter console, Qt console) show no more than the first step:
        keep the answer and print it there.

        What the model works on, and what becomes of the answer:

          --context NAME           a Python variable: the text that the instruction is about
          -o NAME, --output NAME   keep the answer in this variable of the notebook: answer.text, answer.token_ids, ...

        Which model, and where. It is loaded once, shared with the widgets that use the same one, and kept in memory
        for the cells to come; %unload_ext dolly_widget frees all of them:

          --model MODEL            "demo", a model id of the Hugging Face hub, which is downloaded and converted when
                                   it is first used, or a directory (default: demo)
          --weight-format FORMAT   fp16, int8 or int4: what a model is converted to (default: int8)
          --device DEVICE          AUTO, CPU, GPU, NPU or the like (default: AUTO)

        How the next token is chosen:

          --max-new-tokens N       most tokens of the answer (default: 256)
          --temperature T          0 always takes the most probable token; higher is more varied (default: 0.8)
          --top-p P                draw from the most probable tokens that reach this probability together; 1 is off
                                   (default: 0.92)
          --top-k K                draw from this many of the most probable tokens; 0 is off (default: 0)
          --repetition-penalty R   above 1, tokens already there become less probable; 1 is off (default: 1)
          --seed SEED              equal seeds give equal answers (default: a fresh one, told below the answer)

        For example:

          %%dolly --temperature 0 --context article -o answer
          Summarise this text in {number} sentences.
        """
        shell: Any = self.shell
        is_assigned = line.startswith(ASSIGNED)
        names = ChainMap(dict(local_ns or {}), shell.user_ns, vars(shell.user_module))
        request = _seeded(read_request(line.removeprefix(ASSIGNED), cell, names))
        live = Live(self._first_step(request), request.model)
        view = view_of(shell)
        view.show("", live.doing, live.notes)
        with hear_interrupts() as interrupts:
            job = Job(functools.partial(self._answer, request, live), name="dolly-answer")
            with _stopped_if_left(job):
                watch(job, live, view, interrupts)
            result, error = outcome(job, live, request.params, bool(interrupts))
            if request.output and result is not None:
                shell.user_ns[request.output] = result
            text = live.text if result is None else result.text
            view.finish(encodable(text), caption(result, live.model, text, request.params))
        _raise_what_went_wrong(error, result, bool(interrupts))
        return result if is_assigned else None

    def close(self) -> None:
        """Give back the models."""
        with self._lock:
            self._is_closed = True
            leases, self._leases = list(self._leases.values()), {}
        for lease in leases:
            lease.close()

    def _first_step(self, request: Request) -> str:
        if request.held_as in self._leases:
            return WRITING
        return f"Loading {'the demo model' if request.model == 'demo' else request.model}…"

    def _answer(self, request: Request, live: Live, stop: threading.Event) -> GenerationResult:
        """The work of the job."""
        try:
            model_dir = _prepared(request, live, stop)
            live.doing = self._first_step(request)
            # A lease for this answer alone, beside the one that is kept: an answer that cannot be stopped may outlast
            # its cell, and two may be written at a time.
            with contextlib.closing(share_engine(model_dir, device=request.device)) as engine:
                if stop.is_set():
                    raise ModelError("Loading the model was stopped; nothing was changed.")
                self._keep(request, model_dir)
                live.model, live.doing = name_of(engine.model_dir), WRITING
                prompt = engine.template.render(request.instruction, request.context)
                return engine.generate(prompt, request.params, on_text=live.pieces.append, stop=stop)
        except BaseException as exc:
            if isinstance(exc, EngineError):
                self._drop(request)
            forget_frames(exc)
            raise
        finally:
            live.ended.set()

    def _keep(self, request: Request, model_dir: Path) -> None:
        """Hold what is loaded for the cells to come; files that have changed take the place of those before."""
        lease = share_engine(model_dir, device=request.device)
        with self._lock:
            dropped: Engine | None = lease
            if not self._is_closed:
                dropped, self._leases[request.held_as] = self._leases.get(request.held_as), lease
        if dropped is not None:
            dropped.close()

    def _drop(self, request: Request) -> None:
        """Let go of what failed: the next cell loads it again."""
        with self._lock:
            lease = self._leases.pop(request.held_as, None)
        if lease is not None:
            lease.close()


def _seeded(request: Request) -> Request:
    """The same with a seed, so that whatever there will be of an answer can tell it."""
    if request.params.seed is not None:
        return request
    return replace(request, params=replace(request.params, seed=secrets.randbits(32)))


@contextlib.contextmanager
def _stopped_if_left(job: Job[GenerationResult]) -> Iterator[None]:
    """Stop the job where showing it fails: nobody would."""
    try:
        yield
    except BaseException:
        job.stop()
        raise


def _prepared(request: Request, live: Live, stop: threading.Event) -> Path:
    """The directory of the model's files, downloaded and converted where they are missing."""
    check_device(request.device)  # before a model is converted for minutes
    model_dir = models.find(request.model, request.weight_format)
    if model_dir is None:
        live.report(Progress("plan"))
        model_dir = models.resolve(request.model, request.weight_format, on_progress=live.report, stop=stop)
    return model_dir


def _raise_what_went_wrong(error: BaseException | None, result: GenerationResult | None, is_interrupted: bool) -> None:
    if isinstance(error, PromptTooLongError):
        raise DollyError(in_options(error)) from error
    if isinstance(error, _EXPECTED_ERRORS):
        raise DollyError(str(error) or type(error).__name__) from error
    if error is not None:
        raise error
    if is_interrupted and result is not None:
        is_whole = result.finish_reason != "cancelled"
        how = "Stopped; the text so far stays." if result.text else "Stopped before there was any text."
        raise DollyStopped("Interrupted when the answer was whole." if is_whole else how)
