"""Objective and bound against time, for every contestant of every row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

LOOKS = [("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D")]
"""Okabe-Ito colours and markers, so that neither has to carry a name alone."""
TICKS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Of the time axis. [s]"""
APART = 0.055
"""Between two labels. [share of the axis]"""


@dataclass(frozen=True)
class Series:
    """A contestant's objective and bound."""

    name: str
    objective: list[tuple[float, int | None]]
    bound: list[tuple[float, float]]
    own: bool
    """The bound is on the contestant's model, not on regret."""


def draw(rows: dict[str, list[Series]], path: Path) -> None:
    """Draw a panel for each row, side by side."""
    figure = Figure(figsize=(6.4 * len(rows), 4.8), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(rows), squeeze=False)[0]
    names = list(dict.fromkeys(s.name for series in rows.values() for s in series))
    looks = dict(zip(names, LOOKS, strict=False))
    for axes, (title, series) in zip(panels, rows.items(), strict=True):
        _panel(axes, title, series, looks)
    figure.savefig(path)


def _panel(
    axes: Axes, title: str, series: list[Series], looks: dict[str, tuple[str, str]]
) -> None:
    axes.set(xscale="log", yscale="log", title=title, xlabel="seconds since start")
    axes.set_ylabel("regret and bound [M USD]")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.92", linewidth=0.8)
    ends: list[tuple[float, str, str]] = []
    low = min(
        (x for s in series for x, y in [*s.objective, *s.bound] if y), default=1.0
    )
    last = max((x for s in series for x, _ in s.bound), default=1.0)
    for one in series:
        color, marker = looks[one.name]
        silent = not any(y for _, y in one.objective)
        for label, points, line in (
            (one.name, one.objective, "-"),
            (
                f"{one.name}, {'own ' * one.own}bound{' (no plan)' * silent}",
                one.bound,
                ":",
            ),
        ):
            shown = [(max(x, 0.1), y / 1e6) for x, y in points if y]
            if shown:
                xs, ys = zip(*[*shown, (last, shown[-1][1])], strict=True)
                axes.step(
                    xs,
                    ys,
                    where="post",
                    linestyle=line,
                    color=color,
                    marker=marker,
                    markersize=4,
                    markevery=max(1, len(xs) // 12),
                )
                ends.append((ys[-1], label, color))
    _labels(axes, ends)
    axes.set_xticks([t for t in TICKS if low / 1.5 < t < 1.2 * last], minor=False)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")


def _labels(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Name every line at its end, apart where they would touch."""
    low, high = (math.log10(y) for y in axes.get_ylim())
    at = -math.inf
    for value, label, color in sorted(ends):
        at = max((math.log10(value) - low) / (high - low), at + APART)
        axes.annotate(
            label,
            (1.01, at),
            xycoords="axes fraction",
            color=color,
            va="center",
            fontsize=8,
        )
