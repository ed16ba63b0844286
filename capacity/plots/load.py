"""How full suites, QC and QA are, quarter by quarter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullFormatter

from capacity import tables
from capacity.horizon import format_moment
from capacity.plots.choice import chosen_span, chosen_suites, site_names, suites_only
from capacity.plots.lettering import Ruler
from capacity.plots.looks import CLOSED, FULL, INK, LOOKS, PALE, Style
from capacity.plots.panel import Row, figure_of
from capacity.plots.sheet import Size, cells, headed, name_cell, write_legend
from capacity.scenario import Scenario

Resource = tuple[str, pd.DataFrame]
"""What to write above, and the rows of its load."""


def load_figure(
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
    """Draw the load of suites, QC and QA by quarter against what is available.

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
        First day, else that of the horizon; the whole month counts.
    end
        Last day, else that of the horizon; the whole month counts.
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
    last = span[1] - timedelta(days=1)
    load = load[load.month.between(f"{span[0]:%Y-%m}", f"{last:%Y-%m}")]
    part = suites_only(scenario, site, programme)
    known = f"as of {format_moment(scenario.as_of)}"
    text = "load by quarter against what is available; below each year its load"
    figure = headed(scenario, size, [*part, known, text])
    suite_loads, quality_loads = _resources(scenario, load, suites)
    legend = write_legend(figure, _swatches([*suite_loads, *quality_loads], style))
    columns = _columns(len(suite_loads), len(quality_loads))
    rows = [
        part[at : at + columns]
        for part in (suite_loads, quality_loads)
        for at in range(0, len(part), columns)
    ]
    for ax, (title, frame) in zip(
        cells(figure, [len(row) for row in rows], columns, legend),
        [resource for row in rows for resource in row],
        strict=True,
    ):
        load_bars(ax, frame, title=title, style=style)
    return figure


def _resources(
    scenario: Scenario, load: pd.DataFrame, suites: Sequence[Row]
) -> tuple[list[Resource], list[Resource]]:
    """Suites, and QC and QA of their sites."""
    ids = {name: site for site, name in site_names(scenario).items()}
    days = load[load.kind == "suite"]
    own = [
        (f"{suite} · {name}", days[days.resource == suite]) for name, suite in suites
    ]
    quality = [
        (
            f"{kind.upper()} · {name}",
            load[(load.site == ids[name]) & (load.kind == kind)],
        )
        for name in dict.fromkeys(name for name, _ in suites)
        for kind in ("qc", "qa")
    ]
    return own, quality


# ------------------------------------------------------------------------------- sheet


def _columns(suites: int, quality: int) -> int:
    """Pictures in a row: at most four rows, few gaps and then few rows."""

    def judge(columns: int) -> tuple[int, int, int]:
        rows = -(-suites // columns) - (-quality // columns)
        return max(rows, 4), rows * columns - suites - quality, rows

    return min(range(1, max(4, suites // 3 + 1) + 1), key=judge)


def _swatches(resources: Sequence[Resource], style: Style) -> list[Patch | Line2D]:
    """Explain what is drawn."""
    quarters = [tables.quarterly_load(frame) for _, frame in resources]
    share, used = f"{100 * FULL:.0f} %", LOOKS[style].used
    drawn: list[Patch | Line2D] = [
        Line2D([], [], color=INK, linewidth=1.2, label="available"),
        Patch(facecolor=used[False][0], label=f"used, up to {share}"),
    ]
    if any((frame.load > FULL).any() for frame in quarters):
        drawn.append(
            Patch(
                facecolor=used[True][0],
                edgecolor="white",
                linewidth=0,
                hatch=used[True][1],
                label=f"used, above {share}",
            )
        )
    if any((frame.available == 0).any() for frame in quarters):
        drawn.append(Patch(facecolor=CLOSED, label="nothing available"))
    if any((frame.waiting > 0).any() for frame in quarters):
        drawn.append(
            Line2D(
                *([], []),
                color=INK,
                linestyle="none",
                marker="$5$",
                markersize=5,
                label="batches that wait for QC or QA",
            )
        )
    return drawn


# ------------------------------------------------------------------------- one resource


def load_bars(
    ax: Axes, load: pd.DataFrame, *, title: str, style: Style = "light"
) -> Axes:
    """Draw one resource: used by quarter as bars, available as a line.

    Parameters
    ----------
    ax
        Where to draw.
    load
        The rows of one resource of a `tables.load` frame.
    title
        What to write above.
    style
        `light` or `print`.

    Returns
    -------
    Axes
        `ax`; bars above the comfortable load are hatched and have the gid `full`.
    """
    quarters, years = tables.quarterly_load(load), tables.yearly_load(load)
    for number, (used, share) in enumerate(
        zip(quarters.used, quarters.load, strict=True)
    ):
        full = share > FULL
        colour, hatch = LOOKS[style].used[full]
        ax.bar(
            *(number + 0.5, used),
            width=0.78,
            color=colour,
            edgecolor="white" if full else colour,
            hatch=hatch or None,
            linewidth=0,
            gid="full" if full else "used",
        )
        waiting = int(quarters.waiting.fillna(0).iloc[number])
        wide = Ruler(figure_of(ax)).width(f"{waiting} ", 6.5)
        if waiting and wide < ax.bbox.width / len(quarters):
            ax.annotate(
                *(f"{waiting}", (number + 0.5, used)),
                xytext=(0, 1),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=6.5,
                color=INK,
                gid="waiting",
            )
    edges = list(range(len(quarters) + 1))
    ax.stairs(quarters.available, edges, baseline=None, color=INK, linewidth=1.2)
    for number, available in enumerate(quarters.available):
        if not available:
            ax.axvspan(number, number + 1, facecolor=CLOSED, zorder=0, gid="none")
    most = max(quarters.available.max(), quarters.used.max(), 1)
    top = 1.06 * most
    if (quarters.waiting > 0).any():  # their number stays below what stands above
        high = Ruler(figure_of(ax)).size("0", 6.5)[1] + 4
        top = max(top, most / (1 - min(0.5, high / ax.bbox.height)))
    ax.set(xlim=(0, len(quarters)), ylim=(0, top))
    unit = "days" if (load.kind == "suite").all() else "starts"
    ax.set_ylabel(unit, fontsize=7, color=PALE, labelpad=2)
    _rule_years(ax, quarters, years)
    name_cell(ax, title, _peak(quarters))
    return ax


def _rule_years(ax: Axes, quarters: pd.DataFrame, years: pd.DataFrame) -> None:
    """Name the years below, each with its load; fewer of them where they crowd."""
    of = list(quarters.quarter.str[:4])
    at = [number for number, year in enumerate(of) if year != of[number - 1]] or [0]
    names = [
        f"{year}\n-" if pd.isna(share) else f"{year}\n{100 * share:.0f} %"
        for year, share in zip(years.year, years.load, strict=True)
    ]
    middles = [of.index(year) + of.count(year) / 2 for year in years.year]
    room = 4 * ax.bbox.width / len(quarters)
    step = int(1.15 * Ruler(figure_of(ax)).width("100 %", 7.5) // room) + 1
    ax.xaxis.set_major_locator(FixedLocator(at))
    ax.xaxis.set_major_formatter(NullFormatter())
    ax.xaxis.set_minor_locator(FixedLocator(middles[::step]))
    ax.xaxis.set_minor_formatter(FixedFormatter(names[::step]))
    ax.tick_params(axis="x", which="minor", length=0, labelsize=7.5, colors=INK)
    ax.tick_params(axis="y", labelsize=7, colors=INK, length=2)
    ax.grid(axis="x", which="major", color="#c9c9c9", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.spines[["top", "right"]].set_visible(False)


def _peak(quarters: pd.DataFrame) -> str:
    """Fullest quarter and load of all; quarters just after go-live can't be fullest."""
    whole = quarters[2 * quarters.available >= quarters.available.max()]
    if not whole.load.notna().any():
        return "nothing available"
    at = whole.load.argmax()
    share, quarter = whole.load.iloc[at], whole.quarter.iloc[at].replace("-", " ")
    mean = quarters.used.sum() / quarters.available.sum()
    return f"{100 * mean:.0f} % in all, peak {100 * share:.0f} % in {quarter}"
