"""The campaigns of a plan on a slide or sheet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from capacity import tables
from capacity.plan import Plan
from capacity.plots.bars import gantt
from capacity.plots.chains import LINE, Lanes, chain_rows
from capacity.plots.choice import chosen_span, chosen_suites, only
from capacity.plots.labels import Key
from capacity.plots.lettering import Ruler, families, legible, measured, money
from capacity.plots.looks import (
    CHANGEOVER,
    INK,
    KINDS,
    LOOKS,
    PALE,
    TIMES,
    Style,
    programme_colours,
)
from capacity.plots.panel import Row, Span, number
from capacity.plots.sheet import Size, headed, write_legend
from capacity.plots.stack import panels
from capacity.scenario import Scenario


def gantt_figure(
    scenario: Scenario,
    plan: Plan,
    *,
    site: str | None = None,
    programme: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    size: Size = "16:9",
    style: Style = "light",
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
    style
        `light` or `print`.
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
    rows, lanes = chain_rows(scenario, plan, suites, programme)
    part = only(scenario, site, programme)
    whole = [] if part or kpis is None else _quality(scenario, plan, kpis)
    counted = _counted(shown, part=len(shown) < len(plan.campaigns))
    figure = headed(scenario, size, [*part, *whole, counted])
    swatches = _swatches(shown, calendar, locked, span, style)
    legend = write_legend(figure, [*swatches, *_chain_swatches(lanes)])
    key: Key = {}
    for ax, days in panels(figure, span, rows, [day for _, day in ends], legend):
        gantt(
            *(ax, shown, calendar),
            suites=rows,
            as_of=scenario.as_of,
            span=days,
            contract_ends=ends,
            locked=locked,
            colours=programme_colours((p.id for p in scenario.programmes), style),
            style=style,
            key=key,
            lanes=lanes,
        )
    _write_key(figure, key, scenario.as_of)
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


# -------------------------------------------------------------------------------- words


def _quality(scenario: Scenario, plan: Plan, kpis: Mapping[str, object]) -> list[str]:
    """How good the whole plan is."""
    gap, unit = kpis.get("gap_money"), scenario.currency
    parts = [f"regret {money(plan.objective, unit)}"]
    if scenario.objective != "regret":
        found = tables.asked(scenario, kpis)
        gap, unit = found.better, found.unit
        parts = [f"{found.word} {measured(found.value, unit)}"]
    on_time = kpis.get("on_time_in_full")
    late, unserved = kpis.get("late_batches"), kpis.get("unserved_batches")
    if isinstance(gap, int | float):
        better = f"at most {measured(gap, unit)} better exists"
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


def _write_key(figure: Figure, key: Key, as_of: datetime) -> None:
    """Say above the first panel what numbers stand for, or take them out again."""
    ax, ruler = figure.axes[0], Ruler(figure)
    said = "narrow bars: " + " · ".join(f"{mark} {text}" for text, mark in key.items())
    room = ax.bbox.width - 2 * ruler.width("as of 2026-01-01T00:00", 8)
    if ruler.width(said, 7) > room:
        for text in figure.findobj(lambda each: str(each.get_gid()).startswith("key:")):
            text.remove()
    elif key:
        # opposite the flag of `as_of`, which stands at the same height
        right = 2 * number(as_of) < sum(ax.get_xlim())
        ax.annotate(
            legible(said),
            (1 if right else 0, 1),
            xycoords="axes fraction",
            xytext=(0, 2),
            textcoords="offset points",
            ha="right" if right else "left",
            va="bottom",
            fontsize=7,
            fontfamily=families(said),
            color=PALE,
            parse_math=False,
            gid="key",
        )


def _chain_swatches(lanes: Lanes) -> list[Line2D]:
    """Explain what rows of qualifications hold."""
    if not lanes:
        return []
    drawn = [
        Line2D([], [], color=LINE, linestyle=":", label="PPQ out to filing"),
        Line2D([], [], color=LINE, linestyle="-", label="review and inspection"),
    ]
    flag = Line2D([], [], marker="v", color=INK, linestyle="", label="right to ship")
    return [*drawn, flag]


def _swatches(
    campaigns: pd.DataFrame,
    calendar: pd.DataFrame,
    locked: Collection[str],
    span: Span,
    style: Style,
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
        for what, (name, fill, hatch, line) in LOOKS[style].shades.items()
        if what in set(seen.what)
    ]
    if kinds:
        text = f"bars: programme {TIMES} batches"
        drawn.insert(0, Line2D([], [], linewidth=0, label=text))
    return drawn
