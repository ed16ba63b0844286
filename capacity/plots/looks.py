"""What things look like: colours, hatches, shades, on a screen and in print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.colors import to_rgb

Style = Literal["light", "print"]

INK = "#222222"
PALE = "#666666"

COLOURS = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"),
    *("#004B76", "#F5CE84", "#84D1BB", "#EBCBDD", "#B9E0F7", "#F2B48C", "#B9ACD9"),
)
"""Seven that colour-blind readers can tell apart (Okabe and Ito), then their shades."""

KINDS = {
    "commercial": ("commercial", ""),
    "ppq": ("PPQ", "xxxx"),
    "clinical": ("clinical", "////"),
    "engineering": ("engineering", "...."),
    "intermediate": ("intermediate", "||||"),
    "surplus": ("surplus", "----"),
    "in_process": ("in process", "++++"),
}
"""Name and hatch of every kind of campaign."""

CHANGEOVER = "\\" * 6
"""Hatch of a changeover; it leans the other way than any kind's."""

SHADES = {
    "before_go_live": ("before go-live", "#efefef", "//", "#c4c4c4"),
    "ramp": ("ramp, share of full rate", "#fdf1cf", "", "#e6cf8f"),
    "shutdown": ("shutdown", "#cbcbcb", "", "#cbcbcb"),
    "outage": ("outage", "#f7d0c9", "xxx", "#c0564a"),
}
"""Name, fill, hatch and line colour of every stretch in a suite's calendar."""

CLOSED = "#efefef"
"""Colour of months and quarters in which nothing is available."""

TIMES = "\N{MULTIPLICATION SIGN}"


FULL = 0.85
"""Load above which a suite has no room for surprises. [1]"""

Fill = tuple[str, str]
"""Colour and hatch of a surface."""


@dataclass(frozen=True)
class Look:
    """Colours and hatches of a style. Nothing is told apart by its colour alone."""

    programmes: Sequence[str]
    """Colours of programmes, in turn; their names stand beside them."""
    shades: Mapping[str, tuple[str, str, str, str]]
    """Name, fill, hatch and line colour of stretches in a suite's calendar."""
    share: str
    """Colour of a ramp's share of the full rate."""
    used: Mapping[bool, Fill]
    """Used capacity by whether it is above the comfortable load."""
    heat: Sequence[tuple[float, Fill]]
    """Least load of each step of a heat map, and its fill."""
    short: Fill
    """Demand that isn't served yet."""
    ahead: Fill
    """Supply before its demand."""
    soon: Fill
    """Stock that expires soon."""
    gap: Fill
    """Between objective and bound."""
    open: Mapping[bool, Fill]
    """Right to ship by whether it is to a market, not to clinical trials only."""


LOOKS: Mapping[Style, Look] = {
    "light": Look(
        programmes=COLOURS,
        shades=SHADES,
        share="#7a5b00",
        used={False: ("#56B4E9", ""), True: ("#D55E00", "////")},
        heat=(
            (0, ("#ffffff", "")),
            (0.005, ("#e3f1fa", "")),
            (0.25, ("#b9dcf1", "")),
            (0.5, ("#7fbfe6", "")),
            (0.7, ("#3c93c9", "")),
            (FULL + 1e-6, ("#D55E00", "////")),
        ),
        short=("#D55E00", "////"),
        ahead=("#b9dcf1", ""),
        soon=("#E69F00", "...."),
        gap=("#eeeeee", "//"),
        open={False: ("#F5CE84", "////"), True: ("#84D1BB", "")},
    ),
    "print": Look(
        programmes=("#ffffff", "#ececec", "#dadada", "#f6f6f6", "#e3e3e3"),
        shades={
            "before_go_live": ("before go-live", "#ffffff", "//", "#bdbdbd"),
            "ramp": ("ramp, share of full rate", "#ffffff", "...", "#c2c2c2"),
            "shutdown": ("shutdown", "#8f8f8f", "", "#8f8f8f"),
            "outage": ("outage", "#ffffff", "xxx", "#333333"),
        },
        share="#333333",
        used={False: ("#c6c6c6", ""), True: ("#4a4a4a", "////")},
        heat=(
            (0, ("#ffffff", "")),
            (0.005, ("#f0f0f0", "")),
            (0.25, ("#dcdcdc", "")),
            (0.5, ("#c0c0c0", "")),
            (0.7, ("#9c9c9c", "")),
            (FULL + 1e-6, ("#4a4a4a", "////")),
        ),
        short=("#4a4a4a", "////"),
        ahead=("#dcdcdc", ""),
        soon=("#9c9c9c", "...."),
        gap=("#f2f2f2", "//"),
        open={False: ("#f2f2f2", "////"), True: ("#bdbdbd", "")},
    ),
}


def programme_colours(
    programmes: Iterable[str], style: Style = "light"
) -> dict[str, str]:
    """Give each programme a colour, the same for the same set of names."""
    colours, names = LOOKS[style].programmes, enumerate(sorted(set(programmes)))
    return {name: colours[number % len(colours)] for number, name in names}


def readable(colour: str) -> str:
    """Black or white, whichever stands out more."""
    red, green, blue = to_rgb(colour)
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.38 else "white"
