"""Qualifications below the campaigns of their site: transfer, PPQ, filing, right to ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from capacity.plan import Plan, PlannedQualification
from capacity.plots.choice import site_names
from capacity.plots.lettering import families, legible
from capacity.plots.looks import INK, KINDS, readable
from capacity.plots.panel import Panel, Row, Span, number
from capacity.scenario import Scenario

LANES = 2
"""Qualifications that share a row."""

LINE = "#777777"
"""Colour of the lines from PPQ to the right to ship."""

SIZES = (7.0, 6.5, 6.0, 5.5, 5.0)
"""Sizes of a label, the largest that fits. [pt]"""

Lanes = Mapping[Row, Sequence[PlannedQualification]]
"""Qualifications by the row that shows them."""


def chain_rows(
    scenario: Scenario, plan: Plan, rows: Sequence[Row], programme: str | None
) -> tuple[list[Row], Lanes]:
    """Rows of suites with rows for the site's qualifications below, and what these hold."""
    names = site_names(scenario)
    chains = [row for row in plan.qualifications if programme in (None, row.programme)]
    found: list[Row] = []
    lanes: dict[Row, Sequence[PlannedQualification]] = {}
    for site in dict.fromkeys(site for site, _ in rows):
        found += [row for row in rows if row[0] == site]
        own = [chain for chain in chains if names[chain.site] == site]
        own.sort(key=lambda chain: (str(chain.transfer_start), chain.qualification))
        for at in range(0, len(own), LANES):
            part = own[at : at + LANES]
            row = site, ", ".join(map(called, part))
            found.append(row)
            lanes[row] = part
    return found, lanes


def called(chain: PlannedQualification) -> str:
    """What a qualification is for."""
    return chain.programme if chain.step is None else f"{chain.programme} {chain.step}"


def draw_chains(panel: Panel, lanes: Lanes, colours: Mapping[str, str]) -> None:
    """Draw every qualification in a lane of its row.

    Parameters
    ----------
    panel
        Ruled, with the rows of `chain_rows`.
    lanes
        What these rows hold.
    colours
        Colour by programme.
    """
    for at, row in enumerate(panel.rows):
        for number_, chain in enumerate(lanes.get(row, ())):
            high = 1 / LANES
            top = at - len(lanes[row]) * high / 2
            lane = top + (number_ + 0.5) * high, high
            _draw_lane(panel, lane, chain, colours[chain.programme])


def _draw_lane(
    panel: Panel, lane: tuple[float, float], chain: PlannedQualification, colour: str
) -> None:
    """`lane` is the middle and the height. [row]"""
    size = next(
        (
            s
            for s in SIZES
            if panel.ruler.size("Xy", s)[1] <= 0.9 * panel.height(lane[1])
        ),
        0.0,
    )
    name = chain.qualification
    if chain.transfer_start is not None and chain.transfer_end is not None:
        span = chain.transfer_start, chain.transfer_end
        _bar(panel, lane, span, colour, gid=f"transfer:{name}")
        _write(panel, lane, span, f"transfer {called(chain)}", size, readable(colour))
    if chain.ppq_start is not None and chain.ppq_out is not None:
        span = chain.ppq_start, chain.ppq_out
        _bar(panel, lane, span, colour, KINDS["ppq"][1], gid=f"ppq:{name}")
    rights = sorted((filing.right, filing.market) for filing in chain.filings)
    if not rights or chain.ppq_out is None:
        return
    filed = chain.filings[0].filed
    for start, end, style in (
        (chain.ppq_out, filed, ":"),
        (filed, rights[-1][0], "-"),
    ):
        if seen := panel.seen(start, end):
            ends = [number(seen[0]), number(seen[1])]
            panel.ax.plot(
                ends,
                [lane[0]] * 2,
                color=LINE,
                linestyle=style,
                linewidth=1.4,
                zorder=2,
            )
    _flags(panel, lane[0], rights, size, name)


def _bar(
    panel: Panel,
    lane: tuple[float, float],
    span: Span,
    colour: str,
    hatch: str = "",
    *,
    gid: str,
) -> None:
    if seen := panel.seen(*span):
        left, right = number(seen[0]), number(seen[1])
        bars = panel.ax.barh(
            lane[0],
            right - left,
            0.72 * lane[1],
            left,
            color=colour,
            edgecolor=readable(colour) if hatch else "#444444",
            hatch=hatch or None,
            linewidth=0 if hatch else 0.5,
            zorder=3,
        )
        bars.patches[0].set_gid(gid)


def _write(
    panel: Panel,
    lane: tuple[float, float],
    span: Span,
    text: str,
    size: float,
    ink: str,
) -> None:
    """Write into a bar what fits."""
    seen = panel.seen(*span)
    if seen and size and panel.ruler.width(text, size) + 6 <= panel.width(seen):
        panel.ax.annotate(
            legible(text),
            (number(seen[0]), lane[0]),
            xytext=(3, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=size,
            fontfamily=families(text),
            color=ink,
            parse_math=False,
            zorder=4,
        )


def _flags(
    panel: Panel,
    y: float,
    rights: Sequence[tuple[datetime, str]],
    size: float,
    name: str,
) -> None:
    """Flag the right to ship to each market; close ones share a label."""
    groups: list[tuple[datetime, list[str]]] = []
    for at, market in rights:
        if not panel.span[0] <= at < panel.span[1]:
            continue
        panel.ax.plot(
            *(number(at), y),
            marker="v",
            markersize=min(6.0, size),
            color=INK,
            linestyle="",
            zorder=5,
            gid=f"right:{name}:{market}",
        )
        if groups and _end(panel, groups[-1], size) > panel.at(at):
            groups[-1] = at, [*groups[-1][1], market]
        else:
            groups.append((at, [market]))
    for at, markets in groups if size else ():
        text = ", ".join(markets)
        over = _end(panel, (at, markets), size) > panel.ax.bbox.width
        panel.ax.annotate(
            legible(text),
            (number(at), y),
            xytext=(-5 if over else 5, 0),
            textcoords="offset points",
            ha="right" if over else "left",
            va="center",
            fontsize=size,
            fontfamily=families(text),
            color=INK,
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6},
            parse_math=False,
            zorder=5,
            gid=f"markets:{name}",
        )


def _end(panel: Panel, group: tuple[datetime, list[str]], size: float) -> float:
    """Where a flag with its label ends. [pixel]"""
    at, markets = group
    return panel.at(at) + panel.ruler.width(", ".join(markets), size or SIZES[-1]) + 16
