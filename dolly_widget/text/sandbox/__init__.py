"""Untrusted jinja, rendered within bounds; each character of the result says who wrote it. Knows no chat, no files.

jinja compiles a template as transformers' jinja does. What its code does to values is done here: `operators`, `methods`
and `filters` hold all that a template may use, `bounds` what one rendering may take, `traced` the texts.
"""
