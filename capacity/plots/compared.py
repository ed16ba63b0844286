"""Plans of several runs above each other on one axis of time, changes marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from capacity import tables
from capacity.plots.bars import gantt
from capacity.plots.choice import chosen_span, chosen_suites
from capacity.plots.lettering import Ruler, families, legible
from capacity.plots.looks import CHANGEOVER, INK, SHADES, readable
from capacity.plots.panel import Row, Span, figure_of, left_room
from capacity.plots.sheet import Size, blank, place, write_head, write_legend
from capacity.scenario import Scenario

MARKS = {
    "same": ("", "#e4e4e4", "unchanged"),
    "earlier": ("\N{LEFTWARDS ARROW}", "#56B4E9", "earlier"),
    "later": ("\N{RIGHTWARDS ARROW}", "#E69F00", "later"),
    "elsewhere": (
        "\N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW}",
        "#CC79A7",
        "other suite",
    ),
    "resized": ("\N{PLUS-MINUS SIGN}", "#F0E442", "more or fewer batches"),
    "parted": ("\N{DIVISION SIGN}", "#0072B2", "split or merged"),
    "gone": ("\N{MINUS SIGN}", "#D55E00", "gone"),
    "new": ("+", "#009E73", "new"),
}
"""Sign before the label, colour and meaning of what becomes of a campaign."""

TOP, TITLE, BELOW = 0.72, 0.42, 0.42
"""Room above the first panel, for each title, for the dates below each. [inch]"""

HIGHEST = 1.3
"""Height of a row at most. [inch]"""


@dataclass(frozen=True)
class Side:
    """One of the plans."""

    title: str
    scenario: Scenario
    campaigns: pd.DataFrame
    """Frame of `tables.campaigns` with a column `mark`, of `MARKS`."""


def compared_gantt(
    ax: Axes,
    campaigns: pd.DataFrame,
    calendar: pd.DataFrame,
    *,
    suites: Sequence[Row],
    as_of: datetime,
    span: Span,
) -> Axes:
    """Draw campaigns as bars, coloured and signed by what becomes of them.

    Kinds aren't told apart: hatches would hide what has changed.

    Parameters
    ----------
    ax
        Where to draw.
    campaigns
        Frame of `tables.campaigns` with a column `mark`, of `MARKS`.
    calendar
        Frame of `tables.calendar`.
    suites
        Name of the site and id of the suite of each row, from the top.
    as_of
        Where the plan begins.
    span
        First moment and end of the picture.

    Returns
    -------
    Axes
        `ax`, with artists named as `gantt` names them.
    """
    signs = campaigns.mark.map(lambda mark: MARKS[mark][0])
    labels = signs.map(lambda sign: f"{sign} " if sign else "") + campaigns.programme
    hues = campaigns.mark.map(lambda mark: MARKS[mark][1])
    gantt(
        *(ax, campaigns.assign(programme=labels, kind="commercial"), calendar),
        suites=suites,
        as_of=as_of,
        span=span,
        colours=dict(zip(labels, hues, strict=True)),
    )
    _sign_unlabelled(ax, dict(zip(campaigns.campaign, campaigns.mark, strict=True)))
    return ax


def _sign_unlabelled(ax: Axes, marks: Mapping[str, str]) -> None:
    """Put the sign alone where a label had no room: colours don't tell everybody."""
    ruler = Ruler(figure_of(ax))
    named = {str(text.get_gid()).partition(":")[2] for text in ax.texts}
    for bar in ax.patches:
        what, _, campaign = str(bar.get_gid()).partition(":")
        if what != "bar" or campaign in named or not isinstance(bar, Rectangle):
            continue
        sign, colour, _ = MARKS[marks[campaign]]
        box = bar.get_window_extent()
        for size in (8, 7, 6, 5):
            wide, high = ruler.size(sign, size)
            if sign and wide <= box.width and high <= box.height:
                x, y = bar.get_center()
                ax.text(
                    *(x, y, sign),
                    fontsize=size,
                    fontfamily=families(sign),
                    ha="center",
                    va="center",
                    color=readable(colour),
                    zorder=5,
                    gid=f"sign:{campaign}",
                )
                break


def compared_figure(
    sides: Sequence[Side], *, title: str, subtitle: str, size: Size = "16:9"
) -> Figure:
    """Draw plans above each other, with rows of one height.

    Parameters
    ----------
    sides
        The plans, the one that the others are compared with on top.
    title
        What the comparison says.
    subtitle
        More of it, smaller.
    size
        `16:9` or `A3`.
    """
    figure = blank(size)
    write_head(figure, title, subtitle)
    rows = [chosen_suites(side.scenario, None, None) for side in sides]
    calendars = [tables.calendar(side.scenario) for side in sides]
    legend = write_legend(figure, list(_swatches(sides, calendars)))
    wide, high = figure.get_size_inches()
    left = left_room(Ruler(figure), [row for part in rows for row in part])
    free = high - TOP - legend - (TITLE + BELOW) * len(sides)
    row = min(HIGHEST, free / sum(map(len, rows)))
    top = TOP
    for side, suites, calendar in zip(sides, rows, calendars, strict=True):
        height = row * len(suites)
        ax = place(figure, left, top + TITLE, wide - left - 0.2, height)
        _write_title(ax, side.title)
        compared_gantt(
            *(ax, side.campaigns, calendar),
            suites=suites,
            as_of=side.scenario.as_of,
            span=chosen_span(side.scenario, None, None),
        )
        top += TITLE + height + BELOW
    return figure


def _write_title(ax: Axes, title: str) -> None:
    """Name a plan above its rows, to the right of where `as of` may stand."""
    ruler = Ruler(figure_of(ax))
    text, points = ruler.fit(title, 10, 0.98 * ax.bbox.width, least=7, weight="bold")
    ax.set_title(
        legible(text),
        loc="left",
        fontsize=points,
        fontweight="bold",
        fontfamily=families(text),
        color=INK,
        pad=15,
        parse_math=False,
    )


def _swatches(
    sides: Sequence[Side], calendars: Sequence[pd.DataFrame]
) -> Iterator[Patch | Line2D]:
    """Explain the colours and shades in use."""
    marks = {mark for side in sides for mark in side.campaigns.mark}
    for mark, (sign, colour, meaning) in MARKS.items():
        if mark in marks:
            name = f"{sign} {meaning}".strip()
            yield Patch(
                facecolor=colour, edgecolor="#444444", linewidth=0.6, label=name
            )
    if any(side.campaigns.changeover_start.notna().any() for side in sides):
        yield Patch(
            facecolor="white",
            edgecolor="#555555",
            hatch=CHANGEOVER,
            linewidth=0.6,
            label="changeover",
        )
    seen = {what for calendar in calendars for what in calendar.what}
    for what, (name, fill, hatch, line) in SHADES.items():
        if what in seen:
            yield Patch(
                facecolor=fill, edgecolor=line, hatch=hatch, linewidth=0.6, label=name
            )
