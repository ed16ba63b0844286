"""How a search went: regret of the best plan, or what else is asked for, and its bound."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from capacity.plots.lettering import Ruler, measured, money
from capacity.plots.looks import INK, LOOKS, PALE, Style
from capacity.plots.panel import figure_of
from capacity.plots.sheet import Size, headed, place
from capacity.scenario import Scenario
from capacity.tables.asked import WORDS, unit_of

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
    """Draw how the best plan and its bound came closer while it was searched for.

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
    objective = scenario.objective
    unit = unit_of(scenario, objective)
    apart = abs(last.objective - last.bound)
    said = f"at most {measured(apart, unit)} better exists" if apart else "optimal"
    word = WORDS[objective]
    text = f"{word} of the best plan and the bound over {seconds:.0f} s · {said}"
    figure = headed(scenario, size, [text])
    wide, high = figure.get_size_inches()
    ax = place(figure, LEFT, TOP, wide - LEFT - RIGHT, high - TOP - BELOW)
    progress_steps(ax, history, seconds=seconds, word=word, unit=unit, style=style)
    return figure


def progress_steps(
    ax: Axes,
    history: pd.DataFrame,
    *,
    seconds: float,
    word: str = "regret",
    unit: str = "",
    style: Style = "light",
) -> Axes:
    """Draw what is asked for as a line, the bound as dashes, and the gap between them.

    Regret may rise where firm orders are served better: they come first.

    Parameters
    ----------
    ax
        Where to draw; notes stand right of it.
    history
        Frame of `tables.history`.
    seconds
        Where the picture ends. [s]
    word
        What is asked for.
    unit
        Of the notes: a currency, or what product is counted in.
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
    ax.set(xlim=(0, end or 1), ylim=_span(objective, bound))
    ax.set_xlabel("seconds since the search began", fontsize=9, color=INK)
    ax.set_ylabel(f"{word} [{unit}]" if unit else word, fontsize=9, color=INK)
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(_amount))
    ax.tick_params(labelsize=8, colors=INK, length=3)
    ax.grid(color="#dcdcdc", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    _write_notes(ax, objective.iloc[-1], bound.iloc[-1], word, unit)
    return ax


def _span(objective: pd.Series, bound: pd.Series) -> tuple[float, float]:
    """From 0, or from below where a plan loses, to a little above both."""
    low, high = (f(f(objective), f(bound)) for f in (min, max))
    return min(0.0, 1.06 * float(low)), 1.06 * max(float(high), 1.0)


def _amount(value: float, _: int) -> str:
    return money(int(value), "").rstrip()


def _write_notes(
    ax: Axes, objective: float, bound: float, word: str, unit: str
) -> None:
    """Say right of the axes where both ended, and how far apart."""
    gap = 100 * abs(objective - bound) / abs(objective) if objective else 0.0
    notes = [
        ("bound", bound, f"bound {measured(bound, unit)}", INK),
        ("gap", (objective + bound) / 2, f"gap {gap:.1f} %", PALE),
        (word, objective, f"{word} {measured(objective, unit)}", INK),
    ]
    notes.sort(key=lambda note: note[1])
    per_point = figure_of(ax).dpi / 72
    low, high = ax.get_ylim()
    scale = ax.bbox.height / (high - low) / per_point
    heights: list[float] = []
    for _, value, _, _ in notes:
        at = (value - low) * scale
        heights.append(max([at, *(y + APART for y in heights[-1:])]))
    # where they crowd, the last stands by its line and the others below
    down = min(heights[-1] - (notes[-1][1] - low) * scale, heights[0])
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
