"""Prompts, templates, tokens and safe HTML: all that is text. Knows no model files, no engine and no widget."""

from dolly_widget.text.characters import (
    REPLACEMENT,
    encodable,
    utf16_units,
    visible,
    visible_lines,
    visible_name,
    without_password,
)
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
from dolly_widget.text.figures import in_bytes, in_round_bytes, number, percent, rate
from dolly_widget.text.growing_html import Operation
from dolly_widget.text.growing_markdown import GrowingMarkdown
from dolly_widget.text.incremental_decoder import IncrementalDecoder
from dolly_widget.text.json_text import parse_json, read_json
from dolly_widget.text.labels import Label, token_label
from dolly_widget.text.markdown import MAX_MARKDOWN_CHARS, markdown_to_html
from dolly_widget.text.markdown_links import is_safe_url
from dolly_widget.text.output import NOT_TYPESET, output_html
from dolly_widget.text.parsed_markdown import is_coloured, markdown_tokens
from dolly_widget.text.reasoning import ReasoningSplitter, mark_tokens, marks_of, reasoning_html, thought_line
from dolly_widget.text.server_template import SERVER, SERVER_TEMPLATE, Message, ServerPrompt, ServerTemplate
from dolly_widget.text.stream import PieceStream, TextStream
from dolly_widget.text.template import DOLLY, PLAIN, Prompt, PromptTemplate, Segment, Turn
from dolly_widget.text.tokenizer import Piece, Tokenizer
from dolly_widget.text.words import is_spaced_word, without_apostrophe, word_end, word_start

__all__ = [
    "DOLLY",
    "MAX_MARKDOWN_CHARS",
    "NOT_TYPESET",
    "NO_SYSTEM",
    "PLAIN",
    "REPLACEMENT",
    "SERVER",
    "SERVER_TEMPLATE",
    "TEMPLATE_ADVICE",
    "ChatTemplate",
    "DocumentError",
    "GrowingMarkdown",
    "IncrementalDecoder",
    "Label",
    "Message",
    "Operation",
    "Piece",
    "PieceStream",
    "Prompt",
    "PromptTemplate",
    "ReasoningSplitter",
    "Segment",
    "ServerPrompt",
    "ServerTemplate",
    "TakesTurns",
    "TextStream",
    "Tokenizer",
    "Turn",
    "encodable",
    "end_of_turn",
    "in_bytes",
    "in_round_bytes",
    "is_coloured",
    "is_safe_url",
    "is_spaced_word",
    "mark_tokens",
    "markdown_to_html",
    "markdown_tokens",
    "marks_of",
    "number",
    "output_html",
    "parse_json",
    "percent",
    "rate",
    "read_document",
    "read_file",
    "read_json",
    "reasoning_html",
    "render",
    "takes_system",
    "takes_too_much",
    "takes_turns",
    "thought_line",
    "token_label",
    "utf16_units",
    "visible",
    "visible_lines",
    "visible_name",
    "without_apostrophe",
    "without_password",
    "word_end",
    "word_start",
]
