"""Untrusted text becomes safe HTML: Markdown. Pure: text in, str out. Knows nothing about widgets.

What a model writes is shown, never obeyed: its HTML appears as text, its images become links, its links lead to
http, https and mailto only. And nothing that it wrote is lost where Markdown would drop it.
"""

from __future__ import annotations

import html

from dolly_widget.text.markdown_parser import Env, normalized, parse, render_tokens

MAX_MARKDOWN_CHARS = 30_000
"""What is behind them is shown as it is: some inputs cost the parser quadratic time."""


def markdown_to_html(text: str) -> str:
    """Render Markdown (CommonMark, tables, strikethrough, task lists, bare links, formulas; line breaks kept) to HTML.

    For any string: no exception, no element or attribute of the text's own, time bounded; safe to insert in a page.
    """
    source = normalized(text)
    if len(source) > MAX_MARKDOWN_CHARS:
        from dolly_widget.text.growing_markdown import GrowingMarkdown

        growing = GrowingMarkdown()
        growing.push(source)
        growing.finish()
        return growing.html
    env: Env = {}
    return render_tokens(parse(source, env), env)


def plain_html(source: str) -> str:
    """A normalized text as it is."""
    from dolly_widget.text.characters import REORDERING

    return f'<pre class="dw-plain">{html.escape(REORDERING.sub("", source))}</pre>\n'
