"""How full sites, suites, QC and QA are, month by month, as a map of cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from capacity import tables
from capacity.horizon import add_months, format_moment
from capacity.plots.choice import chosen_span, chosen_suites, site_names, suites_only
from capacity.plots.looks import FULL, LOOKS, Fill, Style, readable
from capacity.plots.panel import Panel, Row, Span, middle, number, ruled
from capacity.plots.sheet import Size, headed, write_legend
from capacity.plots.stack import panels
from capacity.scenario import Scenario

LOWEST = 0.15
"""Least height of a row for which the years fill two panels. [inch]"""

IDLE = 0.005
"""Load below which a month counts as idle. [1]"""

SUITES = "all suites"
"""Row of a site's suites together."""


def heatmap_figure(
    scenario: Scenario,
    load: pd.DataFrame,
    *,
    site: str | None = None,
    programme: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    size: Size = "16:9",
    style: Style = "light",
) -> Figure:
    """Draw the load of every site, suite, QC and QA as a cell for each month.

    Parameters
    ----------
    scenario
        What the plan was made for.
    load
        Frame of `tables.load`.
    site
        Only this site.
    programme
        Only the suites that may run this programme, and QC and QA of their sites.
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
        If there is no such site or programme, or nothing between `start` and `end`.
    """
    span = chosen_span(scenario, start, end)
    suites = chosen_suites(scenario, site, programme)
    frame, rows = _by_row(scenario, load, suites, whole=programme is None)
    said = [f"as of {format_moment(scenario.as_of)}", "load by month in percent"]
    part = suites_only(scenario, site, programme)
    figure = headed(scenario, size, [*part, *said])
    legend = write_legend(figure, _swatches(style))
    for ax, days in panels(figure, span, rows, [], legend, lowest=LOWEST):
        heat_cells(ax, frame, rows=rows, span=days, style=style)
    return figure


def _by_row(
    scenario: Scenario, load: pd.DataFrame, suites: Sequence[Row], *, whole: bool
) -> tuple[pd.DataFrame, list[Row]]:
    """Load with names as in the picture, and its rows; sites as a whole where asked."""
    names = site_names(scenario)
    sums = tables.site_load(load)
    sums = sums.assign(resource=sums.resource.replace("suites", SUITES))
    frame = pd.concat([sums, load[load.kind == "suite"]], ignore_index=True)
    rows = []
    for name in dict.fromkeys(name for name, _ in suites):
        own = [suite for owner, suite in suites if owner == name]
        first = [SUITES] if whole and len(own) > 1 else []
        rows += [(name, row) for row in (*first, *own, "QC", "QA")]
    return frame.assign(site=frame.site.map(names)), rows


def heat_cells(
    ax: Axes,
    load: pd.DataFrame,
    *,
    rows: Sequence[Row],
    span: Span,
    style: Style = "light",
) -> Axes:
    """Draw a cell for each month, with its load in percent where that fits.

    Parameters
    ----------
    ax
        Where to draw.
    load
        Frame of `tables.load`; sites by the names in `rows`.
    rows
        Name of the site and resource of each row, from the top; rows of a site stand
        together.
    span
        First moment and end of the picture.
    style
        `light` or `print`.

    Returns
    -------
    Axes
        `ax`; cells have the gid `cell:<site>:<resource>:<month>`, those without anything
        available `none:...`, and numbers `load:...`.
    """
    panel = ruled(ax, rows, span, style=style)
    at = {row: place for place, row in enumerate(rows)}
    for cell in load.to_dict("records"):
        row = at.get((cell["site"], cell["resource"]))
        month = datetime.strptime(cell["month"], "%Y-%m")
        seen = panel.seen(month, add_months(month, 1))
        if row is not None and seen is not None:
            name = f"{cell['site']}:{cell['resource']}:{cell['month']}"
            share = None if pd.isna(cell["load"]) else float(cell["load"])
            _draw_cell(panel, row, seen, share, name)
    return ax


def _draw_cell(
    panel: Panel, row: int, seen: Span, share: float | None, name: str
) -> None:
    left, right = number(seen[0]), number(seen[1])
    nothing = share is None
    if share is None:
        _, fill, hatch, edge = panel.look.shades["before_go_live"]
    else:
        fill, hatch, edge = *_fill(panel.look.heat, share), "white"
    cell = Rectangle(
        *((left, row - 0.5), right - left, 1),
        facecolor=fill,
        edgecolor=edge,
        hatch=hatch or None,
        linewidth=0 if nothing else 0.6,
        zorder=2,
        gid=f"none:{name}" if nothing else f"cell:{name}",
    )
    cell.set_hatch_linewidth(0.4)
    panel.ax.add_artist(cell)  # add_patch would look for new limits, cell by cell
    if share is not None and share >= IDLE:
        _write_load(panel, row, seen, f"{100 * share:.0f}", (fill, hatch), name)


def _write_load(
    panel: Panel, row: int, seen: Span, text: str, fill: Fill, name: str
) -> None:
    for size in (8, 7, 6.5, 6, 5.5, 5):
        wide, high = panel.ruler.size(text, size)
        if wide + 3 <= panel.width(seen) and high <= panel.height(1):
            colour, hatch = fill
            halo = [withStroke(linewidth=1.6, foreground=colour)] if hatch else None
            panel.ax.text(
                *(middle(seen), row, text),
                fontsize=size,
                ha="center",
                va="center_baseline",
                color=readable(colour),
                path_effects=halo,
                zorder=3,
                gid=f"load:{name}",
            )
            return


def _fill(heat: Sequence[tuple[float, Fill]], share: float) -> Fill:
    """Fill of the last step that a load reaches."""
    return [fill for least, fill in heat if share >= least][-1]


def _swatches(style: Style) -> list[Patch]:
    """Explain the steps."""
    heat = LOOKS[style].heat
    tops = [least for least, _ in heat[2:]]
    names = ["idle", f"up to {100 * tops[0]:.0f} %"]
    names += [f"{100 * low:.0f} to {100 * high:.0f} %" for low, high in pairwise(tops)]
    names.append(f"above {100 * FULL:.0f} %")
    drawn = [
        Patch(
            facecolor=fill,
            edgecolor="white" if hatch else "#999999",
            linewidth=0.4,
            hatch=hatch or None,
            label=name,
        )
        for name, (_, (fill, hatch)) in zip(names, heat, strict=True)
    ]
    _, fill, hatch, line = LOOKS[style].shades["before_go_live"]
    none = Patch(
        facecolor=fill,
        edgecolor=line,
        linewidth=0.4,
        hatch=hatch,
        label="nothing available",
    )
    return [*drawn, none]
