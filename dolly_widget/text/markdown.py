"""Untrusted text becomes safe HTML: Markdown. Pure: text in, str out. Knows nothing about widgets.

What a model writes is shown, never obeyed: its HTML appears as text, its images become links, its links lead to
http, https and mailto only. And nothing that it wrote is lost where Markdown would drop it.
"""

from __future__ import annotations

from dolly_widget.text.growing_markdown import GrowingMarkdown
from dolly_widget.text.markdown_parser import MAX_MARKDOWN_CHARS, Env, normalized, parse, render_tokens

__all__ = ["MAX_MARKDOWN_CHARS", "markdown_to_html"]


def markdown_to_html(text: str) -> str:
    """Render Markdown (CommonMark, tables, strikethrough, task lists, bare links, formulas; line breaks kept) to HTML.

    For any string: no exception, no element or attribute of the text's own, time bounded; safe to insert in a page.
    """
    source = normalized(text)
    if len(source) > MAX_MARKDOWN_CHARS:  # rendered as far as that, which only what grows knows
        growing = GrowingMarkdown()
        growing.push(source)
        growing.finish()
        return growing.html
    env: Env = {}
    return render_tokens(parse(source, env), env)
