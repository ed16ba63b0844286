"""Campaigns over time: bars, changeovers, and what closes or slows a suite."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from capacity.horizon import format_moment
from capacity.plots.chains import Lanes, draw_chains
from capacity.plots.labels import Key, Place, label_row
from capacity.plots.looks import (
    CHANGEOVER,
    KINDS,
    PALE,
    Style,
    programme_colours,
    readable,
)
from capacity.plots.marks import draw_as_of, draw_contract_ends
from capacity.plots.panel import Panel, Row, Span, number, ruled

TALL, SHORT = (-0.41, 0.41), (-0.22, 0.44)
"""Top and bottom of a bar below the middle of its row; short during a ramp. [row]"""

STRIP = (-0.48, -0.23)
"""The same of the strip above short bars, for shares of the full rate. [row]"""


@dataclass(frozen=True)
class Bar:
    """A campaign as it is drawn."""

    id: str
    suite: str
    programme: str
    kind: str
    batches: int
    changeover: datetime | None
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Stretch:
    """A stretch in which a suite can't run, or is slower."""

    suite: str
    what: str
    start: datetime
    end: datetime
    label: str


def gantt(
    ax: Axes,
    campaigns: pd.DataFrame,
    calendar: pd.DataFrame,
    *,
    suites: Sequence[Row],
    as_of: datetime,
    span: Span,
    contract_ends: Sequence[tuple[str, datetime]] = (),
    locked: Collection[str] = (),
    colours: Mapping[str, str] | None = None,
    style: Style = "light",
    key: Key | None = None,
    lanes: Lanes | None = None,
) -> Axes:
    """Draw campaigns as bars, one row per suite.

    Labels are fitted to the size that `ax` has now, so place it first.

    Parameters
    ----------
    ax
        Where to draw.
    campaigns
        Frame of `tables.campaigns`.
    calendar
        Frame of `tables.calendar`.
    suites
        Name of the site and id of the suite of each row, from the top; rows of a site
        stand together.
    as_of
        Where the plan begins.
    span
        First moment and end of the picture.
    contract_ends
        Programmes and the last day of their contracts.
    locked
        Campaigns that the scenario fixed.
    colours
        Colour by programme; those of the style where none.
    style
        `light` or `print`.
    key
        Numbers that stand for labels of the narrowest bars: those of this picture are
        added, for whoever draws to explain. None leaves them out.
    lanes
        Qualifications in rows of their own among `suites`.

    Returns
    -------
    Axes
        `ax`; bars have the gid `bar:<campaign>`, their labels `label:<campaign>` inside
        and `beside:<campaign>` outside, their numbers `key:<campaign>`.
    """
    colours = colours or programme_colours(campaigns.programme, style)
    ends = [end for end in contract_ends if span[0] <= end[1] < span[1]]
    panel = ruled(ax, suites, span, header=bool(ends), style=style)
    bars, stretches = list(_bars(campaigns)), list(_stretches(calendar))
    for row, (_, suite) in enumerate(suites):
        own = [stretch for stretch in stretches if stretch.suite == suite]
        _draw_row(
            *(panel, row, own, as_of),
            [bar for bar in bars if bar.suite == suite],
            colours,
            locked,
            key,
        )
    draw_chains(panel, lanes or {}, colours)
    draw_contract_ends(panel, ends)
    draw_as_of(panel, as_of)
    return ax


def _bars(campaigns: pd.DataFrame) -> Iterator[Bar]:
    read = datetime.fromisoformat
    for row in campaigns.to_dict("records"):
        change = row["changeover_start"]
        yield Bar(
            id=row["campaign"],
            suite=row["suite"],
            programme=row["programme"],
            kind=row["kind"],
            batches=row["batches"],
            changeover=None if pd.isna(change) else read(change),
            start=read(row["start"]),
            end=read(row["end"]),
        )


def _stretches(calendar: pd.DataFrame) -> Iterator[Stretch]:
    for row in calendar.to_dict("records"):
        start, end = row["start"].to_pydatetime(), row["end"].to_pydatetime()
        yield Stretch(row["suite"], row["what"], start, end, row["label"])


def _draw_row(
    panel: Panel,
    row: int,
    stretches: Sequence[Stretch],
    as_of: datetime,
    bars: Sequence[Bar],
    colours: Mapping[str, str],
    locked: Collection[str],
    key: Key | None,
) -> None:
    for stretch in stretches:
        if seen := panel.seen(stretch.start, stretch.end):
            _draw_shade(panel, row, stretch.what, seen)
            _name_shade(panel, row, stretch, seen)
    places = []
    for bar in bars:
        edges = _edges(bar, row, stretches)
        _draw_changeover(panel, bar, edges)
        if seen := panel.seen(bar.start, bar.end):
            colour = colours[bar.programme]
            _draw_bar(panel, bar, edges, colour, bar.id in locked)
            _draw_cuts(panel, bar, edges, colour)
            begin = max(bar.changeover or bar.start, panel.span[0])
            places.append(
                Place(
                    id=bar.id,
                    programme=bar.programme,
                    batches=bar.batches,
                    span=(bar.start, bar.end),
                    seen=seen,
                    begin=begin,
                    top=edges[0],
                    bottom=edges[1],
                    colour=colour,
                )
            )
    busy = [(bar.changeover or bar.start, bar.end) for bar in bars]
    busy += [(each.start, each.end) for each in stretches if each.what != "ramp"]
    label_row(panel, places, busy, as_of, key)


def _edges(bar: Bar, row: int, stretches: Sequence[Stretch]) -> tuple[float, float]:
    """Top and bottom of a bar; during a ramp it leaves room above. [row]"""
    ramping = any(
        each.what == "ramp" and each.start < bar.end and bar.start < each.end
        for each in stretches
    )
    top, bottom = SHORT if ramping else TALL
    return row + top, row + bottom


# ------------------------------------------------------------------------------- shades


def _block(
    panel: Panel,
    span: Span,
    y: tuple[float, float],
    *,
    fill: str | None,
    edge: str,
    hatch: str = "",
    linewidth: float = 0,
    alpha: float | None = None,
    zorder: float,
    gid: str = "",
) -> None:
    """Draw a rectangle; its hatch has the colour of its edge."""
    left, right = number(span[0]), number(span[1])
    block = Rectangle(
        (left, y[0]),
        right - left,
        y[1] - y[0],
        fill=fill is not None,
        facecolor=fill,
        edgecolor=edge,
        hatch=hatch or None,
        linewidth=linewidth,
        alpha=alpha,
        zorder=zorder,
        gid=gid,
    )
    block.set_hatch_linewidth(0.6)
    panel.ax.add_artist(block)  # add_patch would reckon limits that are given


def _draw_shade(panel: Panel, row: int, what: str, seen: Span) -> None:
    _, fill, hatch, line = panel.look.shades[what]
    order, width = (0.6, 0.6) if what == "ramp" else (0.8, 0)
    rows = (row - 0.5, row + 0.5)
    _block(
        *(panel, seen, rows),
        fill=fill,
        edge=line,
        hatch=hatch,
        linewidth=width,
        zorder=order,
        gid=what,
    )


def _name_shade(panel: Panel, row: int, stretch: Stretch, seen: Span) -> None:
    """Write the ramp's share where its step begins, the go-live where the wait ends."""
    y, high, label = row + sum(STRIP) / 2, STRIP[1] - STRIP[0], stretch.label
    waits = stretch.what == "before_go_live"
    if waits and seen[1] < panel.span[1]:
        y, high, label = float(row), 1.0, f"go-live {format_moment(seen[1])}"
    for size in (7, 6, 5):
        wide, needed = panel.ruler.size(label, size)
        if label and wide + 8 <= panel.width(seen) and needed <= panel.height(high):
            panel.ax.annotate(
                label,
                (number(seen[1] if waits else seen[0]), y),
                xytext=(-4 if waits else 3, 0),
                textcoords="offset points",
                ha="right" if waits else "left",
                va="center",
                fontsize=size,
                color=PALE if waits else panel.look.share,
                path_effects=[
                    withStroke(
                        linewidth=2, foreground=panel.look.shades[stretch.what][1]
                    )
                ],
                zorder=2.5,
                gid=f"shade:{stretch.what}",
            )
            return


# --------------------------------------------------------------------------------- bars


def _draw_changeover(panel: Panel, bar: Bar, edges: tuple[float, float]) -> None:
    """Draw it half as high as a bar."""
    if bar.changeover and (seen := panel.seen(bar.changeover, bar.start)):
        _block(
            *(panel, seen, (sum(edges) / 2, edges[1])),
            fill="white",
            edge="#555555",
            hatch=CHANGEOVER,
            linewidth=0.4,
            zorder=2,
            gid=f"changeover:{bar.id}",
        )


def _draw_bar(
    panel: Panel, bar: Bar, edges: tuple[float, float], colour: str, fixed: bool
) -> None:
    where, hatch = ((bar.start, bar.end), edges), KINDS[bar.kind][1]
    _block(panel, *where, fill=colour, edge=colour, zorder=3)
    if hatch:
        ink = readable(colour)
        _block(panel, *where, fill=None, edge=ink, hatch=hatch, alpha=0.45, zorder=3.1)
    _block(
        *(panel, *where),
        fill=None,
        edge="black" if fixed else "#444444",
        linewidth=2.0 if fixed else 0.5,
        zorder=3.2,
        gid=f"bar:{bar.id}",
    )


def _draw_cuts(panel: Panel, bar: Bar, edges: tuple[float, float], colour: str) -> None:
    """Point beyond the edge where a campaign goes on, lest it be counted twice."""
    for goes_on, edge, marker in (
        (bar.start < panel.span[0], panel.span[0], CARETLEFT),
        (bar.end > panel.span[1], panel.span[1], CARETRIGHT),
    ):
        if goes_on:
            panel.ax.plot(
                *(number(edge), sum(edges) / 2),
                marker=marker,
                markersize=5,
                color=readable(colour),
                zorder=5.5,
                gid=f"cut:{bar.id}",
            )
