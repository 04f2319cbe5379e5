"""Prompts, templates, tokens and safe HTML: all that is text. Knows no model files, no engine and no widget."""

from dolly_widget.text.characters import REPLACEMENT, encodable, visible, visible_lines, visible_name
from dolly_widget.text.chat_template import (
    NO_SYSTEM,
    TEMPLATE_ADVICE,
    ChatTemplate,
    TakesTurns,
    end_of_turn,
    render,
    takes_system,
    takes_too_much,
    takes_turns,
)
from dolly_widget.text.documents import DocumentError, read_document, read_file
from dolly_widget.text.figures import in_bytes, in_round_bytes, number, percent
from dolly_widget.text.incremental_decoder import IncrementalDecoder
from dolly_widget.text.json_text import parse_json, read_json
from dolly_widget.text.labels import Label, token_label
from dolly_widget.text.markdown import MAX_MARKDOWN_CHARS, is_safe_url, markdown_to_html
from dolly_widget.text.output import NOT_TYPESET, output_html
from dolly_widget.text.stream import TextStream
from dolly_widget.text.template import DOLLY, PLAIN, Prompt, PromptTemplate, Segment, Turn
from dolly_widget.text.tokenizer import Piece, Tokenizer

__all__ = [
    "DOLLY",
    "MAX_MARKDOWN_CHARS",
    "NOT_TYPESET",
    "NO_SYSTEM",
    "PLAIN",
    "REPLACEMENT",
    "TEMPLATE_ADVICE",
    "ChatTemplate",
    "DocumentError",
    "IncrementalDecoder",
    "Label",
    "Piece",
    "Prompt",
    "PromptTemplate",
    "Segment",
    "TakesTurns",
    "TextStream",
    "Tokenizer",
    "Turn",
    "encodable",
    "end_of_turn",
    "in_bytes",
    "in_round_bytes",
    "is_safe_url",
    "markdown_to_html",
    "number",
    "output_html",
    "parse_json",
    "percent",
    "read_document",
    "read_file",
    "read_json",
    "render",
    "takes_system",
    "takes_too_much",
    "takes_turns",
    "token_label",
    "visible",
    "visible_lines",
    "visible_name",
]
