"""The whole word that a token is a part of: in an answer, or as the model would go on. Knows no widget."""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Iterable, Iterator, Sequence

from dolly_widget.lens.opened import Source, limits, open_model
from dolly_widget.lens.scores import next_token
from dolly_widget.text import REPLACEMENT, Prompt, Tokenizer, is_spaced_word, without_apostrophe, word_end, word_start

MOST_TOKENS = 6
"""A word that goes on for more of them is shown as far as that, with an ellipsis."""
# A word that began before them is not shown.
_TOKENS_BEFORE = 24


def whole_words(
    engine: Source,
    prompt: Prompt,
    prefix_ids: Sequence[int],
    token_ids: Iterable[int],
    *,
    stop: threading.Event | None = None,
) -> Iterator[tuple[int, str]]:
    """For each of ``token_ids``, one of which may follow ``prompt`` and ``prefix_ids``: the id, and the likeliest word.

    "" where the token is no part of a longer word, and where words cannot be told: in scripts without spaces. The model
    goes on greedily by itself, without penalties, to the end of the word: up to 6 tokens for each, read one by one
    behind what it has read of the text. Nothing where a server would have to be asked for them. Setting ``stop`` ends
    it within a token. Raises what ``next_token`` raises.
    """
    if limits(engine):  # a server would be asked for each token of each word
        return
    opened = open_model(engine)
    before = [*opened.model.encode(prompt), *map(operator.index, prefix_ids)]
    longest = opened.model.info.max_positions
    room = MOST_TOKENS if longest is None else longest - len(before)
    stop = stop or threading.Event()
    with opened.reader.kept(before):
        for token_id in token_ids:
            following = _likeliest(engine, prompt, [*prefix_ids, token_id], room, stop)
            word = whole_word(opened.model.tokenizer, before, token_id, following)
            if stop.is_set():
                return
            yield token_id, word


def answer_words(engine: Source, prompt: Prompt, token_ids: Sequence[int]) -> list[str]:
    """The word that each token of an answer is a part of, as the answer itself goes on; "" as in ``whole_words``."""
    model = open_model(engine).model
    ids = [*model.encode(prompt), *map(operator.index, token_ids)]
    first = len(ids) - len(token_ids)
    return [
        whole_word(model.tokenizer, ids[max(0, place - _TOKENS_BEFORE - 1) : place], ids[place], ids[place + 1 :])
        for place in range(first, len(ids))
    ]


def _likeliest(engine: Source, prompt: Prompt, ids: list[int], room: int, stop: threading.Event) -> Iterator[int]:
    for _ in range(room):
        logits = next_token(engine, prompt, ids, stop=stop)
        if stop.is_set() or not logits.size:
            return
        ids.append(int(logits.argmax()))
        yield ids[-1]


def whole_word(tokenizer: Tokenizer, before: Sequence[int], token_id: int, following: Iterable[int]) -> str:
    """The word that ``token_id``, after the ids ``before``, is a part of; "" where it is all of it, or there is none.

    ``following`` are the ids behind it, which are asked for only as long as the word may go on.
    """
    if not tokenizer.has_text(token_id):
        return ""
    known = _readable(tokenizer, before)
    text = tokenizer.decode([*known, token_id])
    start, end = word_start(text), len(text)
    may_be_word = is_spaced_word(text[start:].rstrip(REPLACEMENT)) or text[start:] == REPLACEMENT
    if not may_be_word or (start == 0 and len(known) == _TOKENS_BEFORE):
        return ""
    is_part = start < len(tokenizer.decode(known)) or text.endswith(REPLACEMENT)
    word, is_whole = _grown(tokenizer, [*known, token_id], start, following)
    if not is_spaced_word(word) or not (is_part or len(word) > end - start):
        return ""
    return word if is_whole else f"{word}…"


def _grown(tokenizer: Tokenizer, ids: list[int], start: int, following: Iterable[int]) -> tuple[str, bool]:
    """The word at ``start`` of the text of ``ids`` with what follows of it, and whether that is all of it."""
    text, count = tokenizer.decode(ids), 0
    for count, next_id in enumerate(itertools.islice(following, MOST_TOKENS), 1):  # noqa: B007  # it is used below
        if not tokenizer.has_text(next_id):
            break
        ids.append(next_id)
        text = tokenizer.decode(ids)
        if word_end(text, start) < len(text):
            break
    else:
        return without_apostrophe(text[start:]), count < MOST_TOKENS
    return without_apostrophe(text[start : word_end(text, start)]), True


def _readable(tokenizer: Tokenizer, ids: Sequence[int]) -> list[int]:
    """The last of ``ids``, from behind the last one that has no text: a word does not go on across it."""
    readable = list(itertools.takewhile(tokenizer.has_text, reversed(ids[-_TOKENS_BEFORE:])))
    return readable[::-1]
