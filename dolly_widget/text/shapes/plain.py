"""Numbers and dates, as a text of their own and within JSON."""

from __future__ import annotations

from dolly_widget.text.shapes.grammar import either, literal, repeated, sequence, whole_numbers

MOST_DIGITS = 15
"""Of a whole number without limits, and on each side of a point: as many as a float keeps."""
LARGEST = 10**MOST_DIGITS - 1


def number_grammar(least: int = -LARGEST, most: int = LARGEST) -> str:
    """Decimal numbers from ``least`` to ``most``, with or without decimals."""
    fraction = sequence([literal("."), repeated("[0-9]", 1, MOST_DIGITS)])
    if (least, most) == (-LARGEST, LARGEST):
        return sequence([whole_numbers(least, most), f"({fraction})?"])
    parts = [whole_numbers(least, most)]
    if most > max(least, 0):  # n.… lies between n and n + 1
        parts.append(sequence([whole_numbers(max(least, 0), most - 1), fraction]))
    if least < min(most, 0):
        parts.append(sequence([literal("-"), whole_numbers(max(0, -most), -least - 1), fraction]))
    return either(parts)


def date_grammar() -> str:
    """Days from 1000-01-01 to 2999-12-31, as ISO 8601 writes them: those that there are."""
    leap = '("0" [48] | [2468] [048] | [13579] [26])'
    leap_year = f'([12] [0-9] {leap} | ("12" | "16" | "20" | "24" | "28") "00")'
    day_28 = '("0" [1-9] | "1" [0-9] | "2" [0-8])'
    month = '("0" [1-9] | "1" [0-2])'
    not_february = '("0" [13-9] | "1" [0-2])'
    long_month = '("0" [13578] | "1" [02])'
    year = "[12] [0-9] [0-9] [0-9]"
    return (
        f'({year} "-" ({month} "-" {day_28} | {not_february} "-" ("29" | "30") | {long_month} "-31")'
        f' | {leap_year} "-02-29")'
    )
