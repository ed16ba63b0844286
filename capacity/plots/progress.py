"""How a search went: the best plan's regret and its bound over time."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from capacity.plots.lettering import Ruler, money
from capacity.plots.looks import INK, LOOKS, PALE, Style
from capacity.plots.panel import figure_of
from capacity.plots.sheet import Size, headed, place
from capacity.scenario import Scenario

LEFT, TOP, RIGHT, BELOW = 1.0, 1.05, 2.3, 0.65
"""Room around the axes. [inch]"""

APART = 17
"""Least distance between the middles of the notes at the end. [pt]"""


def progress_figure(
    scenario: Scenario,
    history: pd.DataFrame,
    *,
    seconds: float,
    size: Size = "16:9",
    style: Style = "light",
) -> Figure:
    """Draw how regret and bound came closer while a plan was searched for.

    Parameters
    ----------
    scenario
        What was planned.
    history
        Frame of `tables.history`.
    seconds
        How long the search took. [s]
    size
        `16:9` or `A3`.
    style
        `light` or `print`.

    Raises
    ------
    ValueError
        If there is no history.
    """
    if history.empty:
        msg = "there is no history of the search"
        raise ValueError(msg)
    last = history.iloc[-1]
    better = money(int(last.objective - last.bound), scenario.currency)
    said = (
        f"at most {better} better exists" if last.objective > last.bound else "optimal"
    )
    text = f"regret of the best plan and the bound over {seconds:.0f} s · {said}"
    figure = headed(scenario, size, [text])
    wide, high = figure.get_size_inches()
    ax = place(figure, LEFT, TOP, wide - LEFT - RIGHT, high - TOP - BELOW)
    progress_steps(
        ax, history, seconds=seconds, currency=scenario.currency, style=style
    )
    return figure


def progress_steps(
    ax: Axes,
    history: pd.DataFrame,
    *,
    seconds: float,
    currency: str = "",
    style: Style = "light",
) -> Axes:
    """Draw regret as a line, the bound as dashes, and the gap between them.

    Regret may rise where firm orders are served better: they come first.

    Parameters
    ----------
    ax
        Where to draw; notes stand right of it.
    history
        Frame of `tables.history`.
    seconds
        Where the picture ends. [s]
    currency
        Of the notes.
    style
        `light` or `print`.

    Returns
    -------
    Axes
        `ax`; the lines have the gids `objective` and `bound`, the notes `note:...`.
    """
    end = max(seconds, float(history.seconds.iloc[-1]))
    shown = pd.concat([history, history.tail(1).assign(seconds=end)])
    at, objective, bound = (shown[name] for name in history.columns)
    fill, hatch = LOOKS[style].gap
    ax.fill_between(
        *(at, objective, bound),
        step="post",
        facecolor=fill,
        edgecolor="#c4c4c4",
        hatch=hatch,
        linewidth=0,
        zorder=1,
        gid="gap",
    )
    for name, row, dashes in (("objective", objective, "-"), ("bound", bound, "--")):
        ax.step(
            *(at, row),
            where="post",
            color=INK,
            linewidth=1.8,
            linestyle=dashes,
            zorder=3,
            gid=name,
        )
    ax.set(xlim=(0, end or 1), ylim=(0, 1.06 * max(objective.max(), 1)))
    ax.set_xlabel("seconds since the search began", fontsize=9, color=INK)
    ax.set_ylabel(f"money [{currency}]" if currency else "money", fontsize=9, color=INK)
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(_amount))
    ax.tick_params(labelsize=8, colors=INK, length=3)
    ax.grid(color="#dcdcdc", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    _write_notes(ax, int(objective.iloc[-1]), int(bound.iloc[-1]), currency)
    return ax


def _amount(value: float, _: int) -> str:
    return money(int(value), "").rstrip()


def _write_notes(ax: Axes, objective: int, bound: int, currency: str) -> None:
    """Say right of the axes where both ended, and how far apart."""
    gap = 100 * (objective - bound) / objective if objective else 0.0
    notes = [
        ("bound", bound, f"bound {money(bound, currency)}", INK),
        ("gap", (objective + bound) // 2, f"gap {gap:.1f} %", PALE),
        ("regret", objective, f"regret {money(objective, currency)}", INK),
    ]
    per_point = figure_of(ax).dpi / 72
    scale = ax.bbox.height / ax.get_ylim()[1] / per_point
    heights: list[float] = []
    for _, value, _, _ in notes:
        heights.append(max([value * scale, *(y + APART for y in heights[-1:])]))
    # where they crowd, the last stands by its line and the others below
    down = min(heights[-1] - objective * scale, heights[0])
    ruler, room = Ruler(figure_of(ax)), (RIGHT - 0.2) * figure_of(ax).dpi
    for (name, _, text, colour), y in zip(notes, heights, strict=True):
        text, size = ruler.fit(text, 11, room, least=7)
        ax.annotate(
            text,
            (1, 0),
            xycoords="axes fraction",
            xytext=(8, y - down),
            textcoords="offset points",
            fontsize=size,
            va="center",
            color=colour,
            parse_math=False,
            gid=f"note:{name}",
        )
