"""A picture: time per output token as bars, a panel for each shape, greedy and with the widget's defaults."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contest.figures import Figures, Row
from contest.peer import PEERS
from contest.rounds import SETTINGS
from contest.shapes import SHAPES

# The same hue for a family of peers, light for greedy.
COLOURS = {"ours": ("#9ec5f4", "#2a6fbb"), "peer": ("#d3d3d6", "#7b7f87")}
HEIGHT = 0.38


def draw(figures: Figures, peers: Mapping[str, Sequence[str]], file: Path) -> None:
    """Write ``file``; ``peers`` are those that answered, by shape."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    count = sum(map(len, peers.values()))
    heights = [len(each) + 1 for each in peers.values()]
    figure, panels = plt.subplots(
        len(peers), 1, figsize=(9, 0.45 * count + 1.1 * len(peers)), height_ratios=heights, squeeze=False
    )
    for panel, (shape, names) in zip(panels[:, 0], peers.items(), strict=True):
        _panel(panel, figures, shape, names)
    panels[-1, 0].set_xlabel("milliseconds per output token: less is better")
    figure.tight_layout()
    figure.savefig(file, dpi=160, facecolor="white")
    plt.close(figure)


def _panel(panel: Any, figures: Figures, shape: str, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        colours = COLOURS["ours" if name.startswith(("ours", "widget")) else "peer"]
        for shift, setting, colour in zip((-HEIGHT / 2, HEIGHT / 2), SETTINGS, colours, strict=True):
            seconds = figures.tpot_s(Row(shape, name, setting))
            if seconds is not None:
                bar = panel.barh(place + shift, seconds * 1000, HEIGHT, color=colour)
                panel.bar_label(bar, fmt="%.3g", padding=3, fontsize=8, color="#333333")
    panel.set_yticks(range(len(names)), [PEERS[name].title for name in names])
    panel.invert_yaxis()
    panel.margins(x=0.08)
    panel.set_title(SHAPES[shape].title[0].upper() + SHAPES[shape].title[1:], loc="left", fontsize=11)
    panel.spines[["top", "right"]].set_visible(False)
    _explain(panel)


def _explain(panel: Any) -> None:
    """A legend in grey, for both hues: light is greedy."""
    from matplotlib.patches import Patch

    names = ("greedy", "temperature 0.8, top-p 0.92")
    handles = [Patch(color=colour, label=name) for colour, name in zip(COLOURS["peer"], names, strict=True)]
    panel.legend(handles=handles, loc="upper right", frameon=False, fontsize=8)
