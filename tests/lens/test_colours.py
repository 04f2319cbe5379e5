"""The colours of the lens can be told apart by all readers, on both pages, and read on."""

import re

import numpy as np
import pytest

from dolly_widget.lens.colours import LEVELS, colours, colours_css, level

BOTH = pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
# Linear sRGB as it is seen without one kind of cone. Source: Machado, Oliveira and Fernandes 2009, severity 1.0.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "no cones": [[0.2126, 0.7152, 0.0722]] * 3,
}


def linear(colour):
    """Linear sRGB (3,) of "#rgb" or "#rrggbb"."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    encoded = np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def luminance(rgb):
    return float(np.dot([0.2126, 0.7152, 0.0722], rgb))


def contrast(one, other):
    low, high = sorted((luminance(linear(one)), luminance(linear(other))))
    return (high + 0.05) / (low + 0.05)


def cie_lab(rgb):
    """CIELAB (3,) of linear sRGB, white D65: another formula than the one that the colours are made with."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089], 1e-9, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def steps(backgrounds, seen):
    labs = np.array([cie_lab(np.array(seen) @ linear(colour)) for colour in backgrounds])
    return np.linalg.norm(np.diff(labs, axis=0), axis=1), np.diff(labs[:, 0])


@BOTH
@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_every_step_is_seen_and_of_much_the_same_size_with_any_eyes(is_dark, seen):
    differences, lightness = steps([colour.background for colour in colours(is_dark)], seen)
    assert differences.min() > 2.3  # a just noticeable difference
    assert differences.max() < 1.8 * differences.min()
    assert (lightness > 0).all() or (lightness < 0).all()


@BOTH
def test_text_can_be_read_on_every_colour(is_dark):
    for background, text in colours(is_dark):
        assert contrast(background, text) >= 4.5


@BOTH
def test_what_is_certain_is_quiet_and_a_surprise_stands_out(is_dark):
    page = "#111111" if is_dark else "#ffffff"
    surprise, *_, certain = colours(is_dark)
    assert contrast(certain.background, page) < 1.3
    assert contrast(surprise.background, page) > 3


@pytest.mark.parametrize(
    ("probability", "expected"), [(0, 0), (0.04, 0), (0.06, 1), (0.5, 5), (0.96, 10), (1, 10), (1.0000001, 10)]
)
def test_a_probability_gets_the_nearest_level(probability, expected):
    assert level(probability) == expected


def test_the_rules_hold_every_level_for_both_pages():
    css = colours_css()
    for is_dark in (False, True):
        for index, (background, text) in enumerate(colours(is_dark)):
            page = r':is\(\[data-jp-theme-light="false"\], \.vscode-dark\) ' if is_dark else ""
            assert re.search(rf"^{page}\.dw-p{index} {{ background-color: {background}; color: {text}; }}$", css, re.M)
    assert css.count("\n") == 2 * LEVELS - 1
