"""The picture of measurements: what is refused before anything is drawn, and what is in it."""

import importlib.util
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dolly_widget.bench.measuring import Measurement
from dolly_widget.bench.plot import check_plot, save_plot

ROW = Measurement("org/sheep", "INT8", "CPU", "genai", 32, 64, 4.0, 1.0, 0.5, 0.15, None, 0.17, 2_700_000_000, 30e9)


@pytest.fixture
def drawn(tmp_path):
    """Draws the rows as SVG, which has its texts as comments too, and returns these."""

    def draw(*rows):
        save_plot(rows, tmp_path / "times.svg")
        svg = (tmp_path / "times.svg").read_text(encoding="utf-8")
        return re.findall("<!-- (.*?) -->", svg)

    return draw


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("times.pdf", r"A plot is a \.png or \.svg file, not 'times\.pdf': use one of these file name extensions\."),
        ("times", r"A plot is a \.png or \.svg file, not 'times'"),
        ("missing/times.png", r"There is no directory .*missing: create it, or choose another one\."),
        ("a_directory.png", r"a_directory\.png cannot be written: choose another file\."),
    ],
)
def test_a_place_for_no_picture_is_a_sentence(tmp_path, path, message):
    (tmp_path / "a_directory.png").mkdir()
    with pytest.raises(ValueError, match=message):
        check_plot(tmp_path / path)
    assert [path.name for path in tmp_path.iterdir()] == ["a_directory.png"]


@pytest.mark.parametrize(("name", "locked"), [("new.png", "."), ("here.svg", "here.svg")])
def test_a_place_that_may_not_be_written_to_is_a_sentence(tmp_path, monkeypatch, name, locked):
    """Nothing is closed to root, whom tests may run as: so the system's answer is made up."""
    (tmp_path / "here.svg").touch()
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path / locked)
    with pytest.raises(ValueError, match=f"{name} cannot be written: choose another file"):
        check_plot(tmp_path / name)


def test_without_matplotlib_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="matplotlib, which is not installed: run  python -m pip install matplotlib"):
        check_plot(Path("times.png"))


def test_a_good_place_is_accepted_and_left_alone(tmp_path):
    check_plot(tmp_path / "times.PNG")
    assert list(tmp_path.iterdir()) == []


# --- what is in it --------------------------------------------------------------------------------------------------


def test_title_axes_and_legend_say_what_is_shown(drawn):
    texts = drawn(ROW, replace(ROW, prompt_tokens=1500, tpot_s=0.2, tpot_p95_s=0.3))
    assert "Time per token: org/sheep INT8 on CPU with genai" in texts
    assert {"time per token (ms)", "prompt (tokens)", "32", "1,500"} <= set(texts)
    assert {"95 % of the tokens took less", "floor: reading the weights"} <= set(texts)
    assert {"6.7 tokens/s, 60 % of the limit", "5.0 tokens/s, 45 % of the limit"} <= set(texts)


def test_what_differs_names_the_bars_and_not_the_title(drawn):
    texts = drawn(ROW, replace(ROW, precision="INT4"), replace(ROW, device="GPU"))
    assert "Time per token: org/sheep with genai" in texts
    assert {"INT8 on CPU · 32", "INT4 on CPU · 32", "INT8 on GPU · 32"} <= set(texts)


def test_dollars_in_a_name_are_no_formula(drawn):
    assert "Time per token: $\\no$ INT8 on CPU with genai" in drawn(replace(ROW, model="$\\no$"))
    assert "$\\no$ · 32" in drawn(replace(ROW, model="$\\no$"), ROW)


def test_without_a_floor_none_is_shown(drawn):
    texts = drawn(replace(ROW, bandwidth_bytes_per_s=math.nan))
    assert "6.7 tokens/s" in texts
    assert not any("floor" in text for text in texts)


def test_a_row_without_times_leaves_its_place_empty(drawn):
    texts = drawn(replace(ROW, tpot_s=math.nan, tpot_p95_s=math.nan, prompt_tokens=512, bandwidth_bytes_per_s=math.nan))
    assert "512" in texts
    assert not any("tokens/s" in text for text in texts)
