"""Programmes made to stock: stock, target, demand and what expires, one picture each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from capacity import tables
from capacity.horizon import format_moment
from capacity.plan import Plan
from capacity.plots.choice import chosen_span, only
from capacity.plots.looks import INK, LOOKS, Style
from capacity.plots.panel import Span, number
from capacity.plots.sheet import Size, headed, name_cell, named_cells, write_legend
from capacity.plots.supply import rule
from capacity.scenario import Scenario

TEXT = "stock at each period's end; what waits for stock is below zero"
WIDTH = 0.8
"""Share of its period that a bar takes. [1]"""


def cover_figure(
    scenario: Scenario,
    plan: Plan,
    *,
    programme: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    size: Size = "16:9",
    style: Style = "light",
) -> Figure:
    """Draw the stock of each programme that is made to stock, period by period.

    Parameters
    ----------
    scenario
        What the plan was made for.
    plan
        The plan.
    programme
        Only this programme.
    start
        First day, else that of the horizon.
    end
        Last day, else that of the horizon.
    size
        `16:9` or `A3`.
    style
        `light` or `print`.

    Raises
    ------
    ValueError
        If no such programme is made to stock, or nothing lies between `start` and `end`.
    """
    span = chosen_span(scenario, start, end)
    day = timedelta(days=0 if scenario.due_rule == "strict" else 1)
    known = sorted(row.programme for row in scenario.made_to_stock)
    shown = [each for each in known if programme in (None, each)]
    if not shown:
        there = f"; there are {', '.join(known)}" if known else ": no programme is"
        msg = f"{programme or 'nothing'} isn't made to stock{there}"
        raise ValueError(msg)
    frame = tables.typed("stock", tables.stock(scenario, plan))
    said = [*only(scenario, None, programme), f"as of {format_moment(scenario.as_of)}"]
    figure = headed(scenario, size, [*said, TEXT])
    legend = write_legend(figure, _swatches(style))
    for ax, name in named_cells(figure, shown, legend):
        own = frame[frame.programme == name]
        cover_bars(ax, own, begin=scenario.as_of, span=span, day=day, style=style)
        unit = str(own.unit.iloc[0])
        name_cell(ax, f"{name} [{unit}]", _told(_inside(own, span, day), unit))
    return figure


def _inside(stock: pd.DataFrame, span: Span, day: timedelta) -> pd.DataFrame:
    """Periods that end in a span."""
    ends = stock.due + day
    return stock[(ends > span[0]) & (ends <= span[1])]


def _told(stock: pd.DataFrame, unit: str) -> str:
    """What is to be seen of a programme, in words."""
    if stock.empty:
        return "no period ends here"
    cover = stock.cover_months.dropna()
    short = int(((stock.backlog > 0) | (stock.lost > 0)).sum())
    below = int((stock.closing < stock.target).sum())
    parts = [f"{short} short, {below} low of {len(stock)} ends"]
    parts += [f"cover from {cover.min():.1f} months"] if len(cover) else []
    wasted = float(stock.waste.sum())
    parts += [f"{wasted:g} {unit} wasted"] if wasted else []
    return ", ".join(parts)


def _swatches(style: Style) -> list[Patch | Line2D]:
    """Explain what is drawn."""
    look = LOOKS[style]
    return [
        Patch(facecolor=look.ahead[0], label="stock"),
        Patch(
            **_hatched(look.soon),
            label=f"expires within {tables.STOCK_SOON} months",
        ),
        Line2D([], [], color=INK, linewidth=1.3, label="target"),
        Line2D(
            *([], []),
            color=INK,
            linestyle="none",
            marker="_",
            markersize=8,
            markeredgewidth=2.2,
            label="demand of the period",
        ),
        Patch(**_hatched(look.short), label="short: waits or is lost"),
        Line2D(
            [],
            [],
            color=INK,
            linestyle="none",
            marker="x",
            markersize=5,
            label="wasted",
        ),
    ]


def _hatched(fill: tuple[str, str]) -> dict[str, Any]:
    colour, hatch = fill
    return {
        "facecolor": colour,
        "edgecolor": "white",
        "hatch": hatch or None,
        "linewidth": 0,
    }


def cover_bars(
    ax: Axes,
    stock: pd.DataFrame,
    *,
    begin: datetime,
    span: Span,
    day: timedelta = timedelta(days=1),
    style: Style = "light",
) -> Axes:
    """Draw stock, target, demand, shortage and waste of a programme.

    Parameters
    ----------
    ax
        Where to draw.
    stock
        The rows of one programme of a `tables.stock` frame, typed.
    begin
        Where the first period begins.
    span
        First moment and end of the picture.
    day
        How much of its last day belongs to a period.
    style
        `light` or `print`.

    Returns
    -------
    Axes
        `ax`; bars have the gids `stock`, `expiring` and `short`.
    """
    look = LOOKS[style]
    ends = [number(due.to_pydatetime() + day) for due in stock.due]
    starts = [number(begin), *ends[:-1]]
    middles = [(a + b) / 2 for a, b in zip(starts, ends, strict=True)]
    widths = [WIDTH * (b - a) for a, b in zip(starts, ends, strict=True)]
    closing, short = stock.closing.to_numpy(), (stock.backlog + stock.lost).to_numpy()
    for gid, heights, fill in (
        ("stock", closing, look.ahead),
        ("expiring", stock.expiring.to_numpy(), look.soon),
        ("short", -short, look.short),
    ):
        for bar in ax.bar(middles, heights, widths, **_hatched(fill), zorder=2):
            bar.set(gid=gid)
            bar.set_hatch_linewidth(0.6)
    if stock.target.any():
        edges = [starts[0], *ends]
        ax.stairs(
            *(stock.target.to_numpy(), edges),
            baseline=None,
            color=INK,
            linewidth=1.3,
            zorder=3,
            gid="target",
        )
    demand, waste = stock.demand.to_numpy(), stock.waste.to_numpy()
    half = [width / 2 for width in widths]
    ax.hlines(
        demand,
        [at - side for at, side in zip(middles, half, strict=True)],
        [at + side for at, side in zip(middles, half, strict=True)],
        color=INK,
        linewidth=2.2,
        zorder=3.2,
        gid="demand",
    )
    gone = [(at, y) for at, y in zip(middles, waste, strict=True) if y]
    ax.plot(
        [at for at, _ in gone],
        [y for _, y in gone],
        color=INK,
        linestyle="none",
        marker="x",
        markersize=5,
        zorder=3.4,
        gid="waste",
    )
    seen = _inside(stock, span, day)
    most = max([1e-9, *seen.closing, *seen.target, *seen.demand, *seen.waste])
    least = max([0.0, *(seen.backlog + seen.lost)])
    ax.set(
        xlim=(number(span[0]), number(span[1])),
        ylim=(-1.06 * least, 1.06 * most),
    )
    ax.axhline(0, color=INK, linewidth=0.6, zorder=2.5)
    rule(ax)
    return ax
