"""A front of two objectives: its plans, and where no plan can be."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from capacity.plots.lettering import Ruler, measured
from capacity.plots.looks import COLOURS, INK, LOOKS, PALE, Style
from capacity.plots.sheet import Size, headed, place
from capacity.scenario import Objective, Scenario
from capacity.tables.asked import MORE, WORDS, unit_of

LEFT, TOP, RIGHT, BELOW = 1.1, 1.05, 0.45, 0.75
"""Room around the axes. [inch]"""

MARGIN = 0.14
"""Room beside the points, as a share of what they span."""


def front_figure(
    scenario: Scenario,
    rows: pd.DataFrame,
    objectives: tuple[Objective, Objective],
    edge: Sequence[tuple[float, float]],
    *,
    size: Size = "16:9",
    style: Style = "light",
) -> Figure:
    """Draw the plans of a front, one objective to the right, the other up.

    Parameters
    ----------
    scenario
        What was planned.
    rows
        Frame of `front.table`.
    objectives
        Both objectives, in the order of its columns.
    edge
        Corners of what no plan goes beyond.
    size
        `16:9` or `A3`.
    style
        `light` or `print`.
    """
    names = [WORDS[objective] for objective in objectives]
    proved = int((rows.proved == "yes").sum())
    said = (
        f"{names[0]} against {names[1]} · {len(rows)} plans, {proved} proved (filled)"
        " · hatched: no plan can be there"
    )
    figure = headed(scenario, size, [said])
    wide, high = figure.get_size_inches()
    ax = place(figure, LEFT, TOP, wide - LEFT - RIGHT, high - TOP - BELOW)
    units = [unit_of(scenario, objective) for objective in objectives]
    front_points(ax, rows, objectives, edge, units=units, style=style)
    return figure


def front_points(
    ax: Axes,
    rows: pd.DataFrame,
    objectives: tuple[Objective, Objective],
    edge: Sequence[tuple[float, float]],
    *,
    units: Sequence[str],
    style: Style = "light",
) -> Axes:
    """Draw points, filled where proved, and hatch what lies beyond every plan.

    Returns
    -------
    Axes
        `ax`; points have the gids `point:N`, the hatched surface `beyond`.
    """
    first, second = (rows[name].astype(float) for name in objectives)
    spans = [_span(first, [x for x, _ in edge]), _span(second, [y for _, y in edge])]
    ax.set(xlim=spans[0], ylim=spans[1])
    _beyond(ax, edge, objectives, style)
    ax.plot(first, second, color=PALE, linewidth=0.9, zorder=2, gid="front")
    colour = COLOURS[0] if style == "light" else INK
    ruler = Ruler(ax.figure)  # type: ignore[arg-type]  # drawn on a sheet
    for row, x, y in zip(rows.to_dict("records"), first, second, strict=True):
        sure = row["proved"] == "yes"
        ax.plot(
            *([x], [y]),
            marker="o" if sure else "D",
            markersize=9,
            markerfacecolor=colour if sure else "white",
            markeredgecolor=colour,
            markeredgewidth=1.8,
            linestyle="",
            zorder=4,
            gid=f"point:{row['point']}",
        )
    _name_points(ax, rows, objectives, units, ruler)
    for axis, name, unit in (
        (ax.xaxis, WORDS[objectives[0]], units[0]),
        (ax.yaxis, WORDS[objectives[1]], units[1]),
    ):
        better = "more" if name in map(str, MORE) else "less"
        axis.set_label_text(f"{name} [{unit}], {better} is better", fontsize=10)
        axis.label.set_color(INK)
        axis.set_major_locator(MaxNLocator(7, integer=True))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.tick_params(labelsize=9, colors=INK, length=3)
    ax.grid(color="#dcdcdc", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _span(values: pd.Series, others: Sequence[float]) -> tuple[float, float]:
    """From the least to the most, with a margin; not beyond twice the points' span."""
    low, high = float(values.min()), float(values.max())
    wide = (high - low) or abs(high) or 1.0
    low, high = (
        max(low - wide, min([low, *others])),
        min(high + wide, max([high, *others])),
    )
    return low - MARGIN * (high - low or wide), high + MARGIN * (high - low or wide)


def _beyond(
    ax: Axes,
    edge: Sequence[tuple[float, float]],
    objectives: tuple[Objective, Objective],
    style: Style,
) -> None:
    """Hatch what no plan reaches: beyond the edge, towards the better of both."""
    if not edge:
        return
    fill, hatch = LOOKS[style].gap
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    best = right if objectives[0] in MORE else left
    top = high if objectives[1] in MORE else low
    ax.fill_between(
        *([x for x, _ in edge], [y for _, y in edge], top),
        facecolor=fill,
        edgecolor="#c4c4c4",
        hatch=hatch,
        linewidth=0,
        zorder=1,
        gid="beyond",
    )
    first = edge[0][0]
    ax.axvspan(
        *sorted((first, best)),
        facecolor=fill,
        edgecolor="#c4c4c4",
        hatch=hatch,
        linewidth=0,
        zorder=1,
        gid="beyond",
    )


def _name_points(
    ax: Axes,
    rows: pd.DataFrame,
    objectives: tuple[Objective, Objective],
    units: Sequence[str],
    ruler: Ruler,
) -> None:
    """Write number and both values on the worse side of each point, as room permits."""
    taken: list[tuple[float, float]] = []
    ends = 1, len(rows)
    left = objectives[0] in MORE
    below = objectives[1] in MORE
    for row in sorted(
        rows.to_dict("records"), key=lambda row: row["point"] not in ends
    ):
        x, y = float(row[objectives[0]]), float(row[objectives[1]])
        spot = ax.transData.transform((x, y))
        clear = all(
            abs(spot[1] - b) > 0.24 * ruler.dpi or abs(spot[0] - a) > 2.2 * ruler.dpi
            for a, b in taken
        )
        text = str(row["point"])
        if clear:
            taken.append((spot[0], spot[1]))
            values = (measured(v, u) for v, u in zip((x, y), units, strict=True))
            text += f"   {', '.join(values)}"
            text += "" if row["proved"] == "yes" else ", not proved"
        wide = ruler.width(text, 9) + 0.2 * ruler.dpi
        room = spot[0] - ax.bbox.x0 if left else ax.bbox.x1 - spot[0]
        aside = left if room > wide else not left
        ax.annotate(
            text,
            (x, y),
            xytext=(-9 if aside else 9, -9 if below else 9),
            textcoords="offset points",
            ha="right" if aside else "left",
            va="top" if below else "bottom",
            fontsize=9,
            color=INK,
            parse_math=False,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
            gid=f"note:{row['point']}",
        )
