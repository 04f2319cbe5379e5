"""Colours that stand for a probability, on a light page and on a dark one. Pure: a share in, a colour out.

One hue, from as quiet as the page (certain) to strong (a surprise). Lightness changes in equal steps, which all readers
see in the same way, colour-blind ones too.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

LEVELS = 11
"""0 %, 10 %, … 100 %."""
DARK_PAGE = ':is([data-jp-theme-light="false"], .vscode-dark)'
"""Of CSS: what a dark page has above its cells."""


class _Ramp(NamedTuple):
    """Lightness, chroma and hue (degrees) in Oklch, at 0 % and at 100 %."""

    surprise: tuple[float, float, float]
    certain: tuple[float, float, float]


_LIGHT = _Ramp((0.60, 0.145, 45), (0.985, 0.008, 75))
_DARK = _Ramp((0.74, 0.13, 55), (0.25, 0.012, 60))


class Colour(NamedTuple):
    """Of a token, as CSS writes it."""

    background: str
    text: str
    """Black or white, whichever stands out more."""


def level(probability: float) -> int:
    """The nearest of the levels, 0 to ``LEVELS`` - 1."""
    return round(min(1.0, max(0.0, probability)) * (LEVELS - 1))


@functools.cache
def colours(is_dark: bool = False) -> tuple[Colour, ...]:
    """One for each level, the surprise first."""
    ramp = _DARK if is_dark else _LIGHT
    return tuple(_colour(*_between(ramp, index / (LEVELS - 1))) for index in range(LEVELS))


def colours_css(dark_only: bool = False) -> str:
    """Rules for the classes ``dw-p0`` to ``dw-p10``, which follow the page's theme.

    With ``dark_only``, those for a dark page, which take the place of light colours that are inline.
    """
    light = [] if dark_only else [_rule("", *each) for each in enumerate(colours())]
    weight = " !important" if dark_only else ""
    dark = [_rule(f"{DARK_PAGE} ", *each, weight) for each in enumerate(colours(is_dark=True))]
    return "\n".join([*light, *dark])


def _rule(page: str, index: int, colour: Colour, weight: str = "") -> str:
    return f"{page}.dw-p{index} {{ background-color: {colour.background}{weight}; color: {colour.text}{weight}; }}"


def _between(ramp: _Ramp, share: float) -> tuple[float, ...]:
    return tuple(start + (end - start) * share for start, end in zip(*ramp, strict=True))


def _colour(lightness: float, chroma: float, hue: float) -> Colour:
    linear = _linear_rgb(lightness, chroma, hue)
    background = "#" + "".join(f"{round(255 * _encoded(each)):02x}" for each in linear)
    return Colour(background, "#000" if _luminance(linear) > _BLACK_OR_WHITE else "#fff")


# Above it, black stands out more. Source: WCAG 2.2, contrast ratio.
_BLACK_OR_WHITE = math.sqrt(1.05 * 0.05) - 0.05


def _linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """From Oklch to linear sRGB. Source: Ottosson 2020, "A perceptual color space for image processing"."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _clipped(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _clipped(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _clipped(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))


def _encoded(linear: float) -> float:
    """Source: IEC 61966-2-1, sRGB."""
    return float(12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def _luminance(linear: tuple[float, float, float]) -> float:
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
