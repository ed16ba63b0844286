"""What things look like: colours, hatches, shades."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.colors import to_rgb

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

USED = {False: "#56B4E9", True: "#D55E00"}
"""Colour of used capacity by whether it is above the comfortable load."""

CLOSED = "#efefef"
"""Colour of quarters in which nothing is available."""

TIMES = "\N{MULTIPLICATION SIGN}"


def programme_colours(programmes: Iterable[str]) -> dict[str, str]:
    """Give each programme a colour, the same for the same set of names."""
    names = enumerate(sorted(set(programmes)))
    return {name: COLOURS[number % len(COLOURS)] for number, name in names}


def readable(colour: str) -> str:
    """Black or white, whichever stands out more."""
    red, green, blue = to_rgb(colour)
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.38 else "white"
