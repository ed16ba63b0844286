"""Marks in time: where the plan begins, and the last day of contracts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matplotlib.patheffects import withStroke
from matplotlib.transforms import blended_transform_factory

from capacity.horizon import format_moment
from capacity.plots.lettering import families, legible
from capacity.plots.looks import INK
from capacity.plots.panel import Panel, number

FLAG = 6.5
"""Size of the names at contract ends. [pt]"""


def draw_contract_ends(panel: Panel, ends: Sequence[tuple[str, datetime]]) -> None:
    """Flag the last day of contracts above the first row, in up to two lines."""
    days: dict[datetime, list[str]] = {}
    for programme, day in sorted(ends, key=lambda end: (end[1], end[0])):
        days.setdefault(day, []).append(programme)
    free = [0.0, 0.0]
    for day, programmes in days.items():
        x, top = number(day), -0.5 - panel.header
        panel.ax.plot([x, x], (top, -0.5), color=INK, linewidth=0.8, zorder=5)
        panel.ax.plot(
            *(x, -0.5 - 0.1 * panel.header),
            marker="v",
            markersize=3.5,
            color=INK,
            zorder=5,
            clip_on=False,
        )
        text = panel.ruler.cut(", ".join(programmes), FLAG, panel.ax.bbox.width / 2)
        wide = panel.ruler.width(text, FLAG)
        turned = panel.at(day) + wide + 12 > panel.ax.bbox.width
        left = panel.at(day) - wide - 8 if turned else panel.at(day) + 8
        level = next((n for n, reached in enumerate(free) if reached <= left), None)
        if level is not None:
            free[level] = left + wide + 8
            y = top + panel.header * (0.27 + 0.46 * level)
            _write_flag(panel, text, (x, y), turned)


def _write_flag(panel: Panel, text: str, at: tuple[float, float], turned: bool) -> None:
    panel.ax.annotate(
        legible(text),
        at,
        xytext=(-4 if turned else 4, 0),
        textcoords="offset points",
        ha="right" if turned else "left",
        va="center",
        fontsize=FLAG,
        fontfamily=families(text),
        color=INK,
        path_effects=[withStroke(linewidth=2, foreground="white")],
        zorder=6,
        parse_math=False,
        gid="contract_end",
    )


def draw_as_of(panel: Panel, as_of: datetime) -> None:
    """Draw a dashed line where the plan begins, and its date above the rows."""
    if not panel.span[0] <= as_of < panel.span[1]:
        return
    ax, x = panel.ax, number(as_of)
    late = 2 * (as_of - panel.span[0]) > panel.span[1] - panel.span[0]
    ax.axvline(x, color="black", linewidth=1.4, linestyle="--", zorder=4.5, gid="as_of")
    ax.annotate(
        f"as of {format_moment(as_of)}",
        (x, 1),
        xycoords=blended_transform_factory(ax.transData, ax.transAxes),
        xytext=(0, 2),
        textcoords="offset points",
        ha="right" if late else "left",
        va="bottom",
        fontsize=8,
        color="black",
    )
