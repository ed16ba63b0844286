"""From when each programme may be made at a site and shipped to its markets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from capacity.horizon import format_moment
from capacity.plots.choice import by_opening, chosen_span, only, site_names
from capacity.plots.lettering import families, legible
from capacity.plots.looks import INK, LOOKS, Style
from capacity.plots.marks import draw_as_of
from capacity.plots.panel import Panel, Row, Span, number, ruled
from capacity.plots.sheet import Size, headed, write_legend
from capacity.plots.stack import panels
from capacity.scenario import Scenario

MARKS = {
    "go_live": ("go-live of its first suite", "|"),
    "transfer_start": ("transfer begins", ">"),
    "transfer": ("transfer done", ">"),
    "ppq_start": ("PPQ starts", "s"),
    "ppq_released": ("PPQ released", "D"),
    "filed": ("filed", "o"),
    "right_to_ship": ("right to ship", "v"),
}
"""Name and marker of every milestone."""

BEGUN = ("transfer_start", "ppq_start")
"""Milestones at which something begins: their marks are hollow."""

CLINICAL = "clinical"
"""The market of clinical trials."""

LINE, TALLEST = 0.28, 0.5
"""Height of the bar that shows a right [row]; of a row's part that is used [inch]."""

SMALLEST = 6.0
"""Size of the smallest label below a bar. [pt]"""

LOWEST = 9.0
"""Least height of a row for which the years fill two panels: never. [inch]"""


def qualifications_figure(
    scenario: Scenario,
    milestones: pd.DataFrame,
    *,
    site: str | None = None,
    programme: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    size: Size = "16:9",
    style: Style = "light",
) -> Figure:
    """Draw when sites and markets open to programmes, a row for each at its site.

    Parameters
    ----------
    scenario
        What the dates belong to.
    milestones
        Frame of `tables.milestones`.
    site
        Only this site.
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
        If nothing is left to draw.
    """
    span = chosen_span(scenario, start, end)
    frame = milestones
    if site is not None:
        frame = frame[frame.site == site]
    if programme is not None:
        frame = frame[frame.programme == programme]
    frame = frame.assign(site=frame.site.map(site_names(scenario)))
    # a suite that goes live opens nothing where there is neither transfer nor right
    given = frame[frame.milestone != "go_live"]
    names = [site_names(scenario)[owner] for _, owner in by_opening(scenario)]
    found = list(dict.fromkeys(zip(given.site, given.programme, strict=True)))
    rows = [row for name in names for row in found if row[0] == name]
    if not rows:
        msg = "no transfer, PPQ or right to ship is left to draw"
        raise ValueError(msg)
    said = [
        *only(scenario, site, programme),
        f"as of {format_moment(scenario.as_of)}",
        "when a site and its markets open to a programme",
    ]
    figure = headed(scenario, size, said)
    legend = write_legend(figure, _swatches(frame, style))
    for ax, days in panels(figure, span, rows, [], legend, lowest=LOWEST):
        milestone_marks(
            ax, frame, rows=rows, as_of=scenario.as_of, span=days, style=style
        )
    return figure


def milestone_marks(
    ax: Axes,
    milestones: pd.DataFrame,
    *,
    rows: Sequence[Row],
    as_of: datetime,
    span: Span,
    style: Style = "light",
) -> Axes:
    """Draw a row for each programme at a site: bars of rights, marks of milestones.

    Parameters
    ----------
    ax
        Where to draw.
    milestones
        Frame of `tables.milestones`; sites by the names in `rows`.
    rows
        Name of the site and programme of each row, from the top; rows of a site stand
        together.
    as_of
        Where the plan begins.
    span
        First moment and end of the picture.
    style
        `light` or `print`.

    Returns
    -------
    Axes
        `ax`; marks have the gid `mark:<milestone>`, labels `market:<site>:<programme>`.
    """
    panel = ruled(ax, rows, span, style=style)
    lane = _lane(panel)
    for row, (site, programme) in enumerate(rows):
        own = milestones[
            (milestones.site == site) & (milestones.programme == programme)
        ]
        found = list(_milestones(own))
        _draw_transfer(panel, (row + lane.bar, lane.line), found)
        _draw_rights(panel, (row + lane.bar, lane.line), found)
        _draw_marks(panel, row + lane.bar, found)
        held = as_of if span[0] <= as_of < span[1] else span[0]
        if lane.size:
            at = row + lane.text, lane.size
            _name_markets(panel, at, found, held, f"market:{site}:{programme}")
    draw_as_of(panel, as_of)
    return ax


@dataclass(frozen=True)
class Milestone:
    """A date that opens something."""

    what: str
    at: datetime
    label: str
    """Market and step; empty where the mark says it all."""
    clinical: bool


class Lane(NamedTuple):
    """Where in a row things stand."""

    bar: float
    """Middle of the bar, below the middle of the row. [row]"""
    line: float
    """Height of the bar. [row]"""
    text: float
    """Middle of the labels, below the middle of the row. [row]"""
    size: float
    """Of the labels; 0 where none fits. [pt]"""


def _lane(panel: Panel) -> Lane:
    """Labels below the bar where that leaves them readable, else upon it."""
    below, whole = panel.height(0.54), panel.height(1)
    part = min(1.0, TALLEST * panel.ruler.dpi / whole)
    for size in (8, 7.5, 7, 6.5, SMALLEST):
        if panel.ruler.size("Xy", size)[1] <= below:
            return Lane(-0.18 * part, LINE * part, 0.24 * part, size)
    for size in (7, 6.5, 6, 5.5, 5):
        if panel.ruler.size("Xy", size)[1] <= whole:
            return Lane(0, LINE, 0, size)
    return Lane(0, LINE, 0, 0)


def _milestones(frame: pd.DataFrame) -> Iterator[Milestone]:
    for row in frame.sort_values("date", kind="stable").to_dict("records"):
        market = row["market"] or ""
        step = f" ({row['step']})" if market and row["step"] else ""
        yield Milestone(
            what=row["milestone"],
            at=row["date"].to_pydatetime(),
            label=f"{market}{step}",
            clinical=market == CLINICAL,
        )


def _draw_transfer(
    panel: Panel, where: tuple[float, float], found: Sequence[Milestone]
) -> None:
    """Draw a line from the beginning of a transfer to its end."""
    dates = {each.what: each.at for each in found}
    if "transfer_start" not in dates:
        return
    seen = panel.seen(dates["transfer_start"], dates["transfer"])
    if seen:
        left, right = number(seen[0]), number(seen[1])
        bar = Rectangle(
            *((left, where[0] - where[1] / 8), right - left, where[1] / 4),
            facecolor=INK,
            linewidth=0,
            zorder=2,
            gid="transfer",
        )
        panel.ax.add_patch(bar)


def _draw_rights(
    panel: Panel, where: tuple[float, float], found: Sequence[Milestone]
) -> None:
    """Draw a bar from the first right on, another for clinical trials only.

    `where` is the middle and the height of both.
    """
    y, height = where
    rights = [each for each in found if each.what == "right_to_ship"]
    trade = min(
        (each.at for each in rights if not each.clinical), default=panel.span[1]
    )
    trials = min((each.at for each in rights if each.clinical), default=trade)
    for market, start, end in ((False, trials, trade), (True, trade, panel.span[1])):
        if start < end and (seen := panel.seen(start, end)):
            fill, hatch = panel.look.open[market]
            left, right = number(seen[0]), number(seen[1])
            bar = Rectangle(
                *((left, y - height / 2), right - left, height),
                facecolor=fill,
                edgecolor=INK,
                hatch=hatch or None,
                linewidth=0,
                zorder=2,
                gid="open:market" if market else "open:clinical",
            )
            bar.set_hatch_linewidth(0.6)
            panel.ax.add_patch(bar)


def _draw_marks(panel: Panel, y: float, found: Sequence[Milestone]) -> None:
    for each in found:
        if panel.span[0] <= each.at < panel.span[1]:
            panel.ax.plot(
                *(number(each.at), y),
                marker=MARKS[each.what][1],
                markersize=_size(panel, each.what),
                markeredgecolor=INK,
                markerfacecolor="white" if each.what in BEGUN else INK,
                markeredgewidth=1.4 if each.what == "go_live" else 0.8,
                linestyle="",
                zorder=4,
                gid=f"mark:{each.what}",
            )


def _size(panel: Panel, what: str) -> float:
    """Size of a mark: go-live is a line as high as the bar and more. [pt]"""
    row = panel.height(1) * 72 / panel.ruler.dpi
    return min(14.0, 0.55 * row) if what == "go_live" else min(7.0, 0.33 * row)


def _name_markets(
    panel: Panel,
    where: tuple[float, float],
    found: Sequence[Milestone],
    held: datetime,
    gid: str,
) -> None:
    """Write markets by their marks; those close together share a label.

    Rights that are held already are named at `held`; `where` is height and size.
    """
    labels: dict[datetime, list[str]] = {}
    for each in found:
        if each.label and each.at < panel.span[1]:
            labels.setdefault(max(each.at, held), []).append(each.label)
    y, size = where
    groups: list[tuple[datetime, list[str]]] = []
    for at, names in labels.items():
        if groups and _end(panel, groups[-1], size) > panel.at(at):
            groups[-1][1].extend(names)
        else:
            groups.append((at, list(names)))
    for at, names in groups:
        text = ", ".join(names)
        wide = panel.ruler.width(text, size)
        over = panel.at(at) + wide + 10 > panel.ax.bbox.width
        panel.ax.annotate(
            legible(text),
            (number(at), y),
            xytext=(-4 if over else 4, 0),
            textcoords="offset points",
            ha="right" if over else "left",
            va="center",
            fontsize=size,
            fontfamily=families(text),
            color=INK,
            path_effects=[withStroke(linewidth=1.6, foreground="white")],
            parse_math=False,
            zorder=5,
            gid=gid,
        )


def _end(panel: Panel, group: tuple[datetime, list[str]], size: float) -> float:
    """Where the label of a group ends. [pixel]"""
    at, names = group
    return panel.at(at) + panel.ruler.width(", ".join(names), size) + 10


def _swatches(frame: pd.DataFrame, style: Style) -> list[Patch | Line2D]:
    """Explain marks and bars in use."""
    drawn: list[Patch | Line2D] = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=marker,
            markersize=7,
            markeredgecolor=INK,
            markerfacecolor="white" if what in BEGUN else INK,
            markeredgewidth=1.4 if what == "go_live" else 0.8,
            label=name,
        )
        for what, (name, marker) in MARKS.items()
        if what in set(frame.milestone)
    ]
    for market, name in ((False, "clinical trials only"), (True, "a market is open")):
        fill, hatch = LOOKS[style].open[market]
        drawn.append(
            Patch(facecolor=fill, edgecolor=INK, linewidth=0, hatch=hatch, label=name)
        )
    return drawn
