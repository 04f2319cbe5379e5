"""``ask_many``: many questions, one model, a list of results. Knows neither tables nor the command line."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from dolly_widget.batch.asked import what_is_asked
from dolly_widget.batch.kept_rows import KeptRows
from dolly_widget.batch.progress import shown_rows
from dolly_widget.batch.questions import Question, questions_of
from dolly_widget.batch.result import RowResult
from dolly_widget.batch.running import answer_rows
from dolly_widget.batch.work import Work
from dolly_widget.engines import Engine, EngineSetup, Prepared, local_model, setup_from, share_engine, split_options
from dolly_widget.sampling import SamplingParams, with_changes
from dolly_widget.text.shapes import shape_of

OnResult: TypeAlias = "Callable[[RowResult], None]"
Asked: TypeAlias = "str | Path | EngineSetup | Engine"


def ask_many(
    instructions: Iterable[Any],
    *,
    contexts: Iterable[Any] | None = None,
    model: Asked = "demo",
    params: SamplingParams | None = None,
    answer: Any = None,
    on_result: OnResult | None = None,
    resume: str | os.PathLike[str] | None = None,
    at_once: int | None = None,
    progress: bool = True,
    ray: bool | int = False,
    **options: Any,
) -> list[RowResult]:
    """Answer many instructions, several at a time, and return their results in order.

    ``contexts`` has one for each instruction; None or NaN is none. ``model`` is what ``load_engine`` takes, or a loaded
    engine, which stays so. ``params`` is how to draw, by default as the model's makers say; ``options`` are the other
    fields of ``EngineSetup``, and single sampling settings. ``answer`` is the shape that the answers have to have: see
    ``shape_of``. Results then have a ``value``, and with choices ``probabilities``.

    Row n is drawn with the seed plus n, so that a run with the same seed gives the same; without one, a fresh seed is
    drawn. ``on_result`` is called with each result when it is there, on this thread. ``at_once`` is the most that run
    at a time; None: as many as memory allows. ``progress`` shows a bar in a terminal or a notebook.

    ``resume`` names a file that gets each finished row at once. A second run with the same file goes on where the first
    one ended; with other questions, another model, other settings or another ``answer`` it is refused.

    ``ray`` has a Ray cluster do the work: True is one worker for each machine, a number is so many.

    A row that cannot be asked, or has no whole answer, is a result with its ``error``, and stops no other. Whatever
    ends the run, an interrupt (KeyboardInterrupt) included, carries the results that are there as its ``results``.
    Raises ValueError or TypeError for wrong arguments, what ``load_engine`` raises, EngineError where the engine fails,
    OSError where ``resume`` cannot be written.
    """
    questions = questions_of(instructions, contexts)
    return ask_questions(
        questions,
        model=model,
        params=params,
        answer=answer,
        on_result=on_result,
        resume=resume,
        at_once=at_once,
        progress=progress,
        ray=ray,
        **options,
    )


def ask_questions(
    questions: Sequence[Question],
    cancel: threading.Event | None = None,
    /,
    *,
    model: Asked = "demo",
    params: SamplingParams | None = None,
    answer: Any = None,
    on_result: OnResult | None = None,
    resume: str | os.PathLike[str] | None = None,
    at_once: int | None = None,
    progress: bool = True,
    ray: bool | int = False,
    **options: Any,
) -> list[RowResult]:
    """``ask_many`` for questions that are there; after ``cancel``, the results are those that were done.

    ``cancel`` is given by its place: ``options`` may have any name, and ``stop`` is the setting of that name.
    """
    shape = None if answer is None else shape_of(answer)
    if at_once is not None and at_once < 1:
        raise ValueError(f"at_once must be 1 or more, not {at_once}.")
    source = _source(model, params, options)
    base = secrets.randbits(32) if source.params.seed is None else source.params.seed
    asked = what_is_asked(questions, source.name, source.params, shape)
    with contextlib.ExitStack() as stack:
        kept = None if resume is None else stack.enter_context(contextlib.closing(KeptRows(resume, asked, base, shape)))
        work = Work(
            questions,
            replace(source.params, seed=kept.seed if kept else base),
            shape,
            cancel or threading.Event(),
            at_once,
        )
        run = _Run(work, kept, on_result)
        todo = [row for row in range(len(questions)) if row not in run.results]
        with run.keeps_results():
            if todo:
                run.collect(source.results(work, todo, ray), progress)
        return run.in_order()


class _Run:
    """The results so far, and who is told of one more."""

    def __init__(self, work: Work, kept: KeptRows | None, on_result: OnResult | None) -> None:
        self._work, self._kept, self._on_result = work, kept, on_result
        self.results = dict(kept.results) if kept else {}

    def in_order(self) -> list[RowResult]:
        """The results that are there, by their rows."""
        return [self.results[row] for row in sorted(self.results)]

    def collect(self, results: Generator[RowResult], is_shown: bool) -> None:
        """Take the results as they come."""
        # Closed at once, whatever ends this: a traceback would keep the model, and have it answer.
        with (
            contextlib.closing(results),
            shown_rows(len(self._work.questions), len(self.results), is_shown) as bar,
        ):
            for result in results:
                if result.row in self.results:
                    continue
                if self._kept and result.finish_reason != "broken":  # the next run asks it again
                    self._kept.add(result)
                self.results[result.row] = result
                bar.add(result)
                if self._on_result:
                    self._on_result(result)

    @contextlib.contextmanager
    def keeps_results(self) -> Iterator[None]:
        """Hang what is done on whatever ends the run."""
        try:
            yield
        except BaseException as exc:
            exc.results = self.in_order()  # type: ignore[attr-defined]
            raise


# --- the model ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Loaded:
    """An engine of the caller's."""

    engine: Engine
    params: SamplingParams

    @property
    def name(self) -> str:
        """What the file of a run calls it."""
        setup = getattr(self.engine, "setup", None)
        return name_of(setup) if isinstance(setup, EngineSetup) else type(self.engine).__qualname__

    def results(self, work: Work, rows: Iterable[int], ray: bool | int) -> Generator[RowResult]:
        """Yield what comes of ``rows``."""
        if ray:
            raise ValueError("With ray, each worker loads the model: give its name, not a loaded engine.")
        yield from _answered(self.engine, work, rows)


@dataclass(frozen=True)
class _ToLoad:
    """A model that is loaded for the run, unless a widget or another call has it loaded."""

    setup: EngineSetup
    prepared: Prepared
    params: SamplingParams

    @property
    def name(self) -> str:
        """What the file of a run calls it."""
        server = self.prepared.server
        return name_of(self.setup if server is None else replace(self.setup, model=str(server.name)))

    def results(self, work: Work, rows: Iterable[int], ray: bool | int) -> Generator[RowResult]:
        """Yield what comes of ``rows``."""
        if ray:
            from dolly_widget.batch.cluster import answer_on_cluster

            yield from answer_on_cluster(self.setup, work, list(rows), None if ray is True else ray)
            return
        with contextlib.closing(share_engine(self.setup, self.prepared)) as engine:
            yield from _answered(engine, work, rows)


def _answered(engine: Engine, work: Work, rows: Iterable[int]) -> Iterator[RowResult]:
    return answer_rows(engine, work.questions, work.params, work.shape, rows=rows, stop=work.stop, at_once=work.at_once)


def _source(model: Asked, params: SamplingParams | None, options: dict[str, Any]) -> _Loaded | _ToLoad:
    """The model, its files here, and how it is to draw."""
    fields, sampling = split_options(options)
    if params is not None and sampling:
        raise ValueError(f"params holds all settings: set {', '.join(sampling)} in it, or leave params out.")
    with_changes(SamplingParams(), sampling)  # a mistake is reported before anything is downloaded
    if isinstance(model, Engine):
        if fields:
            raise TypeError(f"A loaded engine takes no further options: leave out {', '.join(fields)}.")
        own = local_model(model)
        return _Loaded(model, params or with_changes(own.sampling if own else SamplingParams(), sampling))
    setup = setup_from(model, fields).checked()
    prepared = setup.prepare()
    return _ToLoad(setup, prepared, params or with_changes(prepared.sampling, sampling))


def name_of(setup: EngineSetup) -> str:
    """What says which model writes an answer: not where, or how fast."""
    if setup.server is not None:
        template = "" if setup.template is None else repr(setup.template)
        return " ".join(filter(None, [f"model of a server: {setup.server.model}", setup.tokenizer, template]))
    path = Path(setup.model).expanduser()
    name = str(path.resolve()) if path.exists() else setup.model
    template = "" if setup.template is None else repr(setup.template)
    return " ".join(filter(None, [name, setup.revision, str(setup.weight_format), template]))
