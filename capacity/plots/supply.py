"""What is due and what is there, added up over time, programme by programme."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from capacity import tables
from capacity.horizon import format_moment
from capacity.plan import Plan
from capacity.plots.choice import chosen_span, only
from capacity.plots.looks import INK, LOOKS, Style
from capacity.plots.panel import Span, figure_of, number
from capacity.plots.sheet import Size, headed, name_cell, named_cells, write_legend
from capacity.scenario import Scenario

TEXT = "batches due and batches available, added up; unserved ones stay short"


def supply_figure(
    scenario: Scenario,
    plan: Plan,
    *,
    programme: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    size: Size = "16:9",
    style: Style = "light",
) -> Figure:
    """Draw what is due and what is available, a small picture for each programme.

    Parameters
    ----------
    scenario
        What the plan was made for.
    plan
        The plan.
    programme
        Only this programme.
    start
        First day, else that of the horizon; sums begin with what came before.
    end
        Last day, else that of the horizon.
    size
        `16:9` or `A3`.
    style
        `light` or `print`.

    Raises
    ------
    ValueError
        If there is no such programme, or nothing between `start` and `end`.
    """
    span = chosen_span(scenario, start, end)
    known = [each.id for each in scenario.programmes]
    if programme is not None and programme not in known:
        msg = f"no programme {programme}; there are {', '.join(sorted(known))}"
        raise ValueError(msg)
    frame, lines = tables.supply(scenario, plan), tables.orders(plan)
    shown = [each for each in known if programme in (None, each)]
    shown = [each for each in shown if programme or (frame.programme == each).any()]
    said = [*only(scenario, None, programme), f"as of {format_moment(scenario.as_of)}"]
    figure = headed(scenario, size, [*said, TEXT])
    legend = write_legend(figure, _swatches(style))
    for ax, name in named_cells(figure, shown, legend):
        supply_steps(ax, frame[frame.programme == name], span=span, style=style)
        name_cell(ax, name, _served(lines[lines.programme == name]))
    return figure


def _served(lines: pd.DataFrame) -> str:
    """What becomes of a programme's batches, in numbers."""
    due, late, unserved = (int(lines[n].sum()) for n in ("batches", "late", "unserved"))
    if not due:
        return "nothing is due"
    parts = [f"{late} late"] if late else []
    parts += [f"{unserved} unserved"] if unserved else []
    return ", ".join([f"{due} due", *(parts or ["all on time"])])


def _swatches(style: Style) -> list[Patch | Line2D]:
    """Explain what is drawn."""
    look = LOOKS[style]
    return [
        Line2D([], [], color=INK, linewidth=1.4, label="due"),
        Line2D([], [], color=INK, linewidth=1.0, linestyle="--", label="available"),
        Patch(
            facecolor=look.short[0],
            edgecolor="white",
            linewidth=0,
            hatch=look.short[1],
            label="short: due and not available",
        ),
        Patch(facecolor=look.ahead[0], label="ahead: available and not due"),
    ]


def supply_steps(
    ax: Axes, supply: pd.DataFrame, *, span: Span, style: Style = "light"
) -> Axes:
    """Draw what is due as a line, what is available as dashes, and what lies between.

    Parameters
    ----------
    ax
        Where to draw.
    supply
        The rows of one programme of a `tables.supply` frame.
    span
        First moment and end of the picture.
    style
        `light` or `print`.

    Returns
    -------
    Axes
        `ax`; the surfaces have the gids `short` and `ahead`.
    """
    at, due, available = _stairs(supply, span)
    for name, where in (("short", due > available), ("ahead", available > due)):
        fill, hatch = getattr(LOOKS[style], name)
        surface = ax.fill_between(
            *(at, due, available),
            where=where,
            facecolor=fill,
            edgecolor="white",
            hatch=hatch or None,
            linewidth=0,
            zorder=2,
            gid=name,
        )
        surface.set_hatch_linewidth(0.6)
    ax.plot(at, due, color=INK, linewidth=1.4, zorder=3, gid="due")
    ax.plot(
        *(at, available),
        color=INK,
        linewidth=1.0,
        linestyle=(0, (3, 1.5)),
        zorder=3.1,
        gid="available",
    )
    most = max(due.max(), available.max(), 1)
    ax.set(xlim=(number(span[0]), number(span[1])), ylim=(0, 1.06 * most))
    rule(ax)
    return ax


Series = np.ndarray[tuple[int], np.dtype[np.float64]]


def _stairs(supply: pd.DataFrame, span: Span) -> tuple[Series, Series, Series]:
    """Moments and both sums with a corner before and after every step."""
    sums = ["due", "available"]
    before = supply[supply.moment <= span[0]][sums].to_numpy(float)
    inside = supply[(supply.moment > span[0]) & (supply.moment <= span[1])]
    steps = [number(moment.to_pydatetime()) for moment in inside.moment]
    first = before[-1:] if len(before) else np.zeros((1, 2))
    levels = np.concatenate([first, inside[sums].to_numpy(float)])
    edges = np.array([number(span[0]), *steps, number(span[1])])
    corners = np.repeat(levels, 2, axis=0)
    return np.repeat(edges, 2)[1:-1], corners[:, 0], corners[:, 1]


def rule(ax: Axes) -> None:
    """Rule by years or months, as many as there is room for."""
    wide, high = (size / figure_of(ax).dpi for size in ax.bbox.size)
    locator = AutoDateLocator(minticks=2, maxticks=max(3, int(wide / 0.36)))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    ax.tick_params(labelsize=7, colors=INK, length=2)
    ax.xaxis.get_offset_text().set(fontsize=7, color=INK)
    ax.yaxis.set_major_locator(MaxNLocator(min(4, int(high / 0.16) or 1), integer=True))
    ax.grid(axis="x", color="#dcdcdc", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
