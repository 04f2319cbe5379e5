"""The lines that a DollyWidget shows about its model, an answer and an error. Pure: values in, safe HTML out."""

from __future__ import annotations

import html
import traceback

from dolly_widget.engines import GenerationResult
from dolly_widget.errors import EXPECTED_ERRORS, error_text
from dolly_widget.models import ModelInfo
from dolly_widget.runtime import Progress
from dolly_widget.text import in_bytes, rate, visible_lines


def _escaped(text: str) -> str:
    # What is told may hold a path or a name of somebody else's.
    return html.escape(visible_lines(text))


def busy_line(text: str) -> str:
    """A line that says what is going on."""
    return f'<div class="dw-stats"><span class="dw-spinner"></span>{_escaped(text)}</div>'


def pace_line(tokens: int, tokens_per_s: float) -> str:
    """Tokens so far, and how fast they come, while an answer is written."""
    return f'<div class="dw-pace-line">{tokens:,} tokens · {rate(tokens_per_s)}</div>'


def stats_line(result: GenerationResult) -> str:
    """Tokens, speed, time to first token, why it ended, and the seed."""
    return f'<div class="dw-stats">{_escaped(result.statistics)}{note_html(*result.notes)}</div>'


CHOOSE_LINE = '<div class="dw-stats">Choose the answer to go on with.</div>'
"""The line below several answers, each of which has its own figures."""


def ending_note(result: GenerationResult) -> str:
    """Plain text that says below an answer why it is not whole; "" where the model ended it."""
    if result.reasoning and not result.text:
        return _UNANSWERED_NOTES[result.finish_reason]
    return _ENDING_NOTES.get(result.finish_reason, "")


BROKEN_OFF = "Interrupted by an error – the answer is incomplete."
"""The note of an answer that ended in an error."""
_ENDING_NOTES = {
    "cancelled": "Stopped – the answer is incomplete.",
    "length": "Ended at max new tokens.",
    "broken": "The connection broke – the answer is incomplete.",
}
_UNANSWERED_NOTES = {
    "stop": "Ended without an answer: all of it was reasoning.",
    "cancelled": "Stopped while it was thinking – there is no answer yet.",
    "length": "Ended at max new tokens while it was thinking: allow more of them for an answer.",
    "broken": "The connection broke while it was thinking – there is no answer yet.",
}


def model_line(info: ModelInfo, device: str) -> str:
    """Which model, how large, in which precision and where."""
    facts = [f"{_millions(info.parameters)} parameters", info.precision, device]
    line = f"<b>{_escaped(info.name)}</b> · " + " · ".join(_escaped(fact) for fact in facts)
    return f'<div class="dw-model">{line}</div>'


def engine_line(name: str, device: str) -> str:
    """Which engine answers, where its model has no files here."""
    return f'<div class="dw-model"><b>{_escaped(name)}</b> · {_escaped(device)}</div>'


def server_line(model: str, host: str) -> str:
    """Which model of which server answers. What is measured of its answers is measured here."""
    name = f"<b>{_escaped(model or host)}</b>"
    where = [f"server {host}"] if model else []
    return f'<div class="dw-model">{" · ".join([name, *map(_escaped, [*where, "times include the network"])])}</div>'


def demo_note(info: ModelInfo) -> str:
    """That the demonstration model is one."""
    millions = f"{info.parameters / 1e6:.0f}"
    article = "an" if millions.startswith("8") or millions in ("11", "18") else "a"
    return (
        f'<span class="dw-note">This is {article} {millions}-million-parameter demonstration. '
        "It knows a few facts, and is often wrong.</span>"
    )


def _millions(parameters: int) -> str:
    return f"{parameters / 1e9:.2f} B" if parameters >= 1e9 else f"{parameters / 1e6:.1f} M"


def unloaded_line(name: str) -> str:
    """Which model it will be."""
    return f'<div class="dw-model"><b>{_escaped(name)}</b> · not loaded yet</div>'


def stage_line(progress: Progress) -> str:
    """What is being done to the model, in words."""
    return f'<div class="dw-stage"><span class="dw-spinner"></span>{_escaped(_stage(progress))}</div>'


def progress_bar(progress: Progress) -> str:
    """A bar; it moves to and fro if it is not known how much is done."""
    done = progress.fraction
    if done is None and progress.done_bytes is not None and progress.total_bytes:
        done = progress.done_bytes / progress.total_bytes
    attributes = f'class="dw-bar" role="progressbar" aria-label="{_escaped(_stage(progress))}"'
    if done is None:
        return f"<div {attributes}><div></div></div>"
    percent = min(100.0, max(0.0, 100 * done))
    attributes += f' aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent:.0f}"'
    return f'<div {attributes}><div style="width: {percent:.1f}%"></div></div>'


def progress_figures(progress: Progress) -> str:
    """Bytes and percentage, as far as they are known."""
    figures = []
    if progress.done_bytes is not None:
        total = f" of {in_bytes(progress.total_bytes)}" if progress.total_bytes else ""
        figures.append(in_bytes(progress.done_bytes) + total)
    if progress.fraction is not None:
        figures.append(f"{progress.fraction:.0%}")
    return f'<div class="dw-figures">{" · ".join(figures)}</div>'


def _stage(progress: Progress) -> str:
    return str(Progress(progress.stage))


def note_html(*notes: str) -> str:
    """Quiet lines, one below the other."""
    return "".join(f'<div class="dw-note">{_escaped(note)}</div>' for note in notes)


def hint_html(text: str) -> str:
    """A friendly word about what to do."""
    return f'<span class="dw-error dw-is-hint" role="alert">{_escaped(text)}</span>'


def error_html(exc: BaseException) -> str:
    """What went wrong: one sentence, with what is behind it folded away below."""
    details = ""
    if exc.__cause__ is not None or not isinstance(exc, EXPECTED_ERRORS):
        trace = _escaped("".join(traceback.format_exception(exc)))
        details = f"<details><summary>Details</summary><pre>{trace}</pre></details>"
    return f'<span class="dw-error" role="alert">{_escaped(error_text(exc))}{details}</span>'
