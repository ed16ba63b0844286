"""The campaigns of a plan on a slide or sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from capacity import tables
from capacity.horizon import add_months
from capacity.plan import Plan
from capacity.plots.bars import gantt
from capacity.plots.choice import chosen_span, chosen_suites, site_names
from capacity.plots.lettering import Ruler
from capacity.plots.looks import (
    CHANGEOVER,
    KINDS,
    SHADES,
    TIMES,
    programme_colours,
)
from capacity.plots.panel import HEADER, Row, Span, left_room
from capacity.plots.sheet import Size, blank, place, write_head, write_legend
from capacity.scenario import Scenario

TOP, BELOW = 0.98, 0.5
"""Room above the first panel, and for the dates below each. [inch]"""

HIGHEST, LOWEST = 2.9, 0.24
"""Height of a row at most, and the least for which the years fill two panels. [inch]"""


def gantt_figure(
    scenario: Scenario,
    plan: Plan,
    *,
    site: str | None = None,
    programme: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    size: Size = "16:9",
    kpis: Mapping[str, object] | None = None,
) -> Figure:
    """Draw a plan on a slide or sheet; spans beyond four years in two panels.

    Parameters
    ----------
    scenario
        What the plan was made for.
    plan
        The plan.
    site
        Only the suites of this site.
    programme
        Only this programme's campaigns, in the suites that may run it.
    start
        First day, else that of the horizon.
    end
        Last day, included; else that of the horizon.
    size
        `16:9` or `A3`.
    kpis
        Key figures of `tables.kpis` for the line below the title; left out where only a
        site or programme is drawn.

    Raises
    ------
    ValueError
        If there is no such site or programme, or nothing between `start` and `end`.
    """
    span = chosen_span(scenario, start, end)
    suites = chosen_suites(scenario, site, programme)
    shown = _campaigns(plan, suites, programme, span)
    calendar = tables.calendar(scenario)
    calendar = calendar[calendar.suite.isin([suite for _, suite in suites])]
    locked = {campaign.campaign for campaign in plan.campaigns if campaign.locked}
    ends = _contract_ends(scenario, plan, site, programme)
    figure = blank(size)
    only = [f"{site_names(scenario)[site]} only"] if site else []
    only += [f"{programme} only"] if programme else []
    whole = [] if only or kpis is None else _quality(plan, scenario.currency, kpis)
    counted = _counted(shown, part=len(shown) < len(plan.campaigns))
    subtitle = " · ".join([*only, *whole, counted])
    write_head(figure, scenario.title or scenario.name, subtitle)
    legend = write_legend(figure, _swatches(shown, calendar, locked, span))
    for ax, part in _panels(figure, span, suites, [day for _, day in ends], legend):
        gantt(
            *(ax, shown, calendar),
            suites=suites,
            as_of=scenario.as_of,
            span=part,
            contract_ends=ends,
            locked=locked,
            colours=programme_colours(each.id for each in scenario.programmes),
        )
    return figure


def _campaigns(
    plan: Plan, suites: Sequence[Row], programme: str | None, span: Span
) -> pd.DataFrame:
    """Campaigns to draw, changeovers included."""
    frame = tables.campaigns(plan)
    begin = frame.changeover_start.fillna(frame.start)
    first, end = (moment.isoformat() for moment in span)
    chosen = frame.suite.isin([suite for _, suite in suites])
    if programme is not None:
        chosen &= frame.programme == programme
    # ISO text sorts by time.
    return frame[chosen & (begin < end) & (frame.end > first)]


def _contract_ends(
    scenario: Scenario, plan: Plan, site: str | None, programme: str | None
) -> list[tuple[str, datetime]]:
    """Last day of the contracts, of one site only for what is made there."""
    made = {c.programme for c in plan.campaigns if site in (None, c.site)}
    return [
        (contract.programme, contract.term_end)
        for contract in scenario.contracts
        if contract.term_end is not None
        and programme in (None, contract.programme)
        and (site is None or contract.programme in made)
    ]


# ------------------------------------------------------------------------------- panels


def _panels(
    figure: Figure,
    span: Span,
    suites: Sequence[Row],
    ends: Sequence[datetime],
    legend: float,
) -> Iterator[tuple[Axes, Span]]:
    """Stack one panel, or two that share the years, with rows of one height."""
    wide, high = figure.get_size_inches()
    room = high - TOP - legend + 0.05
    parts = [span]
    if span[1] - span[0] > timedelta(days=4 * 366):
        halves = _halves(span)
        if _row(room, halves, suites, ends) >= LOWEST:
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


# -------------------------------------------------------------------------------- words


def _quality(plan: Plan, currency: str, kpis: Mapping[str, object]) -> list[str]:
    """How good the whole plan is."""
    parts = [f"regret {money(plan.objective, currency)}"]
    gap, on_time = kpis.get("gap_money"), kpis.get("on_time_in_full")
    late, unserved = kpis.get("late_batches"), kpis.get("unserved_batches")
    if isinstance(gap, int):
        better = f"at most {money(gap, currency)} better exists"
        parts.append(better if gap else "no better plan exists")
    if isinstance(on_time, float):
        parts.append(f"{100 * on_time:.1f} % of sold lines on time in full")
    if isinstance(late, int) and isinstance(unserved, int):
        parts.append(f"{late} batches late, {unserved} unserved")
    return parts


def _counted(campaigns: pd.DataFrame, *, part: bool) -> str:
    """How much is drawn; said to be a part of the plan where it is one."""
    made = campaigns.batches.sum()
    names = "campaign" if len(campaigns) == 1 else "campaigns"
    each = "batch" if made == 1 else "batches"
    counted = f"{len(campaigns)} {names}, {made:,} {each}"
    return f"shown: {counted}" if part else counted


def money(amount: int, currency: str) -> str:
    """Money in millions or thousands, as a person says it: `142.3 M USD`."""
    for unit, name in ((10**6, "M "), (10**3, "k ")):
        if abs(amount) >= unit:
            return f"{amount / unit:,.1f}".removesuffix(".0") + f" {name}{currency}"
    return f"{amount} {currency}"


def _swatches(
    campaigns: pd.DataFrame,
    calendar: pd.DataFrame,
    locked: Collection[str],
    span: Span,
) -> list[Patch | Line2D]:
    """Explain the labels, hatches and shades in use."""
    kinds = set(campaigns.kind)
    seen = calendar[(calendar.start < span[1]) & (calendar.end > span[0])]
    drawn: list[Patch | Line2D] = [
        Patch(facecolor="#dddddd", edgecolor="#444444", hatch=hatch, label=name)
        for kind, (name, hatch) in KINDS.items()
        if kind in kinds
    ]
    if campaigns.campaign.isin(list(locked)).any():
        drawn.append(
            Patch(facecolor="#dddddd", edgecolor="black", linewidth=2, label="locked")
        )
    if campaigns.changeover_start.notna().any():
        drawn.append(
            Patch(
                facecolor="white",
                edgecolor="#555555",
                linewidth=0.6,
                hatch=CHANGEOVER,
                label="changeover",
            )
        )
    drawn += [
        Patch(facecolor=fill, edgecolor=line, hatch=hatch, linewidth=0.6, label=name)
        for what, (name, fill, hatch, line) in SHADES.items()
        if what in set(seen.what)
    ]
    if kinds:
        text = f"bars: programme {TIMES} batches"
        drawn.insert(0, Line2D([], [], linewidth=0, label=text))
    return drawn
