"""HTML as the output of a cell, which more programs read than the one that shows it. Pure: HTML in, HTML out."""

from __future__ import annotations

import re

from dolly_widget.text.characters import encodable

NOT_TYPESET = ("mathjax_ignore", "tex2jax_ignore")
"""Classes of elements in which MathJax looks for no formulas: from version 3 on (JupyterLab), before it (nbconvert)."""

_LINE_BEFORE_AN_EMPTY_ONE = re.compile(r"\n(?=[^\S\n]*\n)")


def output_html(content: str) -> str:
    """Safe HTML as one element that stays as it is, in JupyterLab and in every export of a notebook.

    "$5 in May and $10 in June" is no formula in it. It has no empty line, which would end it where it stands in a
    Markdown document, as ``nbconvert --to markdown`` writes: what follows would be read as Markdown.
    """
    lines = encodable(content).replace("\r\n", "\n").replace("\r", "\n")
    return f'<div class="{" ".join(NOT_TYPESET)}">{_LINE_BEFORE_AN_EMPTY_ONE.sub("&#10;", lines)}</div>'
