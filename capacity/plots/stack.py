"""Panels ruled by time, one below the other, so that long spans stay readable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capacity.horizon import add_months
from capacity.plots.lettering import Ruler
from capacity.plots.panel import HEADER, Row, Span, left_room
from capacity.plots.sheet import place

TOP, BELOW = 0.98, 0.5
"""Room above the first panel, and for the dates below each. [inch]"""

HIGHEST, LOWEST = 2.9, 0.24
"""Height of a row at most, and the least for which the years fill two panels. [inch]"""


def panels(
    figure: Figure,
    span: Span,
    suites: Sequence[Row],
    ends: Sequence[datetime],
    legend: float,
    *,
    lowest: float = LOWEST,
) -> Iterator[tuple[Axes, Span]]:
    """Stack one panel, or two that share the years, with rows of one height.

    Parameters
    ----------
    figure
        The sheet.
    span
        Days to show.
    suites
        The rows of a panel.
    ends
        Days that ask for a strip above the first row.
    legend
        Height of the legend. [inch]
    lowest
        Least height of a row for which long spans fill two panels. [inch]
    """
    wide, high = figure.get_size_inches()
    room = high - TOP - legend + 0.05
    parts = [span]
    if span[1] - span[0] > timedelta(days=4 * 366):
        halves = _halves(span)
        if _row(room, halves, suites, ends) >= lowest:
            parts = halves
    left, top, row = (
        left_room(Ruler(figure), suites),
        TOP,
        _row(room, parts, suites, ends),
    )
    for part in parts:
        height = row * len(suites) + HEADER * _has_end(part, ends)
        yield place(figure, left, top, wide - left - 0.2, height), part
        top += height + BELOW


def _row(
    room: float, parts: Sequence[Span], suites: Sequence[Row], ends: Sequence[datetime]
) -> float:
    """Height of a row where the panels share so much room. [inch]"""
    headers = HEADER * sum(_has_end(part, ends) for part in parts)
    free = room - headers - BELOW * len(parts)
    return float(min(HIGHEST, free / len(parts) / len(suites)))


def _has_end(part: Span, ends: Sequence[datetime]) -> bool:
    return any(part[0] <= end < part[1] for end in ends)


def _halves(span: Span) -> list[Span]:
    months = (span[1].year - span[0].year) * 12 + span[1].month - span[0].month
    cut = add_months(span[0].replace(day=1), months // 2)
    return [(span[0], cut), (cut, span[1])]
