"""All places where a text that is not ours becomes HTML, as functions from the text to what is emitted."""

import math
from functools import cache

import ipywidgets as widgets
import mistune
import nbformat
import numpy as np
from exchanges import answered
from markdown_it import MarkdownIt
from nbconvert import MarkdownExporter

from dolly_widget import Comparison, ComparisonRow, GenerationResult, History, SamplingParams
from dolly_widget.errors import ModelError
from dolly_widget.history import as_label
from dolly_widget.lens.candidate_table import candidates_to_html, table
from dolly_widget.lens.candidates import candidates
from dolly_widget.lens.coloured_tokens import Alternative, ColouredToken, coloured_html
from dolly_widget.magic.views import NotebookView
from dolly_widget.sampling import distribution
from dolly_widget.text import Label, Piece, Prompt, Segment, Turn, markdown_to_html, visible
from dolly_widget.text.token_html import tokens_to_html
from dolly_widget.widget.answer.conversation import turn_html
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.answer.saved import conversation_html
from dolly_widget.widget.ask.attachment import Attachment
from dolly_widget.widget.ask.prompt_view import PromptView
from dolly_widget.widget.explorer.bars import CandidateBars
from dolly_widget.widget.explorer.head import ExplorerHead
from dolly_widget.widget.history.panel import HistoryActions, HistoryList
from dolly_widget.widget.lens.view import LensView, _for_page
from dolly_widget.widget.page import messages
from dolly_widget.widget.settings.boxes import Hint

PARAMS = SamplingParams()


class Magic(NotebookView):
    """What a cell's output gets."""

    def _publish(self, page, text):
        self.page = page


def growing(text):
    view = Magic()
    view.show(text, text, [text])
    return view.page


def answer(text):
    view = Magic()
    view.finish(text, text)
    return view.page


def comparison(text):
    result = GenerationResult(text, (1, 2), 3, "stop", 7, 0.1, 0.1)
    first = ComparisonRow(
        *(text, text, text, text, text, PARAMS, result, (text, text), None, "tokens", "", 0.1, 10, None)
    )
    others = [
        ComparisonRow(*(text, text, text, text, text, PARAMS, *rest, 0.1, 10, None))
        for rest in ((result, (text, text), 1, "tokens", text), (None, (), None, "tokens", ""))
    ]
    failed = ComparisonRow(*(text, "b", "", "", "", PARAMS, None, (), None, "tokens", "", math.nan, 0, None, text))
    return Comparison(text, text, 7, (first, *others, failed))._repr_html_()


def label(text):
    return Label(visible(text), visible(text), False)


def coloured(text):
    alternatives = (Alternative(1, label(text), 0.5), Alternative(2, label(text), 0.25))
    return [ColouredToken(1, label(text), 0.5, 0.5, 1, 1.0, 2, alternatives)] * 2


def seen(text):
    return candidates(distribution(np.zeros(4), PARAMS), lambda token_id: label(text), PARAMS)


def saved_widget(text):
    return conversation_html(answered(text, text or "x", text, turns=(Turn(text, text, text),)))


def notices(text):
    cause = ModelError(text)
    cause.__cause__ = ValueError(text)
    name = messages.unloaded_line(text) + messages.engine_line(text, text) + messages.busy_line(text)
    return messages.error_html(cause) + messages.hint_html(text) + messages.note_html(text) + name


def history_of(text):
    return History([answered(text, text, text, stop=(), system=text, label=as_label(text))])


def hint(text):
    shown = Hint(widgets.Text())
    shown.show(text)
    return shown.value


def rendered(markdown):
    """What two readers of Markdown that let HTML through make of a document."""
    readers = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render, mistune.create_markdown(escape=False)
    return "".join(read(markdown) for read in readers)


def notebook_of(*outputs):
    """A notebook that was executed, with these HTML outputs."""
    made = [nbformat.v4.new_output("display_data", {"text/html": each, "text/plain": "x"}) for each in outputs]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=made)])


def exported(text):
    """A saved notebook as ``nbconvert --to markdown`` writes it, as readers show it."""
    notebook = notebook_of(*(emit(text) for emit in EMITTED.values()))
    return rendered(exporter().from_notebook_node(notebook)[0])


@cache
def exporter():
    return MarkdownExporter()


EMITTED = {
    "magic, growing": growing,
    "magic": answer,
    "compare": comparison,
    "coloured tokens": lambda text: coloured_html(coloured(text), PARAMS),
    "candidates": lambda text: candidates_to_html(seen(text), drawn_id=1),
    "prompt tokens": lambda text: tokens_to_html([Piece(1, text, False, False), Piece(2, text, True, True)]),
    "saved widget": saved_widget,
}
"""What stands as text/html in the output of a cell."""
SINKS = {
    **EMITTED,
    "answer": markdown_to_html,
    "conversation": lambda text: "".join(turn_html(Turn(text, text, text))),
    "messages": notices,
    "hint of a setting": hint,
    "history as Markdown": lambda text: rendered(
        History([answered(text, text, text, stop=(), system=text, label=as_label(text))]).to_markdown()
    ),
    "saved notebook as Markdown": exported,
}
"""All that becomes HTML in Python."""


def state_of(view, *names):
    return {name: getattr(view, name) for name in names}


def response(text):
    view = ResponseView()
    view.finish(text, code=text, note=text)
    return state_of(view, "text", "html", "code", "note", "is_streaming", "placeholder", "label")


def streaming(text):
    return {**response(text), "html": "", "is_streaming": True}


def history_list(text):
    labelled = answered(text, text, text, label=as_label(text))
    view = HistoryList([answered(text, text, text), labelled], HistoryActions(*[print] * 4))
    view.deleted = visible(text)
    return state_of(view, "query", "listing", "shown", "is_resting", "deleted")


def lens_view(text):
    tokens = [_for_page(each, 4, text) for each in coloured(text)]
    beside = {"chosen": -1, "explored": 0, "text": text, "code": text}
    return {"tokens": tokens, "legend": visible(text), "summary": visible(text), **beside}


def bars(text):
    view = CandidateBars(print)
    view.show(table(seen(text), words={1: text}), 1, visible(text))
    return state_of(view, "table", "is_outdated", "announcement")


def explorer_head(text):
    view = ExplorerHead(print)
    view.show(label(text), text, [label(text)])
    return {**state_of(view, "place"), "settings": text}


def prompt_view(text):
    view = PromptView()
    view.show_text(Prompt([Segment(text, True), Segment(text, False)]), text)
    return state_of(view, "stretches", "count", "note")


def attachment(text):
    state = {"is_reading": False, "is_wrong": True, "is_attached": True, "accept": ".txt", "max_bytes": 9}
    return {**state, "note": text, "remedy": text}


VIEWS = {
    "attachment": (Attachment, attachment),
    "response": (ResponseView, response),
    "response, streaming": (ResponseView, streaming),
    "history list": (HistoryList, history_list),
    "explorer": (ExplorerHead, explorer_head),
    "lens": (LensView, lens_view),
    "candidate bars": (CandidateBars, bars),
    "prompt": (PromptView, prompt_view),
}
"""The parts with JavaScript of their own: the class, and a function from the text to the state of its model."""
