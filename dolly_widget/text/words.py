"""Words in a text, where it has spaces between them. Pure."""

from __future__ import annotations

import re
import unicodedata

from dolly_widget.text.characters import REPLACEMENT

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
# Thai, Lao and Tibetan; Burmese, Khmer and others of South-East Asia; Chinese and Japanese, Yi.
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\u2e80-\u312f\u31a0-\u31ff\u3400-\u4dbf"
    "\u4e00-\ua4cf\ua980-\ua9df\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)


def word_start(text: str) -> int:
    """Where the word begins that the text ends in; its length where it ends in none.

    Half a character at the end, U+FFFD, may become part of a word.
    """
    start = len(text)
    while start and (_is_of_word(text[start - 1]) or _is_inner_apostrophe(text, start - 1)):
        start -= 1
    return start


def word_end(text: str, start: int) -> int:
    """Where the word ends that begins at ``start``; the text's length where it may go on beyond the text."""
    end = start
    while end < len(text) and (_is_of_word(text[end]) or _is_inner_apostrophe(text, end)):
        end += 1
    return end


def is_spaced_word(word: str) -> bool:
    """Whether this is a word, of letters or digits, in a script that has spaces between words."""
    is_written = any(unicodedata.category(character)[0] in "LN" for character in word)
    return is_written and REPLACEMENT not in word and not _UNSPACED.search(word)


def without_apostrophe(word: str) -> str:
    """The word without a quotation mark at its end, after which no more has come."""
    return word.rstrip(_APOSTROPHES)


def _is_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in _JOINERS or character == REPLACEMENT


def _is_inner_apostrophe(text: str, place: int) -> bool:
    """Whether a letter is before it, and another one, or what is still to come, after it."""
    if text[place] not in _APOSTROPHES or place == 0 or not _is_of_word(text[place - 1]):
        return False
    return place + 1 == len(text) or _is_of_word(text[place + 1])
