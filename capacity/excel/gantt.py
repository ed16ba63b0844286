"""The plan as planners draw it: a row for each suite, a column for each week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd

from capacity.excel.looks import INK, PALE, Looks
from capacity.plan import PlannedCampaign

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

WEEK = timedelta(days=7)
LEAST = timedelta(days=1)
"""A shorter stretch leaves a week as it is."""

FIRST_ROW, FIRST_COLUMN = 6, 2
"""Where the weeks begin, below years, months and days, right of site and suite."""

TIMES, LETTERS = "\N{MULTIPLICATION SIGN}", 3
"""Before a number of batches; letters that fit into a week."""

NARROW, HIGH = 2.4, 24
"""Width of a week [character] and height of a suite [point]."""

ABOVE = ("outage", "shutdown", "changeover", "before_go_live", "ramp")
"""What a week shows, the first that fills most of it."""


@dataclass
class Bar:
    """A campaign, or several that share their only week."""

    first: int
    """Its first week, from 0."""
    last: int
    campaigns: list[PlannedCampaign]


def weeks(start: datetime, end: datetime) -> list[datetime]:
    """The Monday of every week from `start` to the last day, `end`."""
    first = start - timedelta(
        days=start.weekday(), hours=start.hour, minutes=start.minute
    )
    count = (end - first).days // 7 + 1
    return [first + number * WEEK for number in range(count)]


def bars(
    campaigns: Sequence[PlannedCampaign], mondays: Sequence[datetime]
) -> list[Bar]:
    """Campaigns of one suite by week; a week that two share goes to the longer part.

    No campaign loses its only week: two that have no other share a bar.
    """
    found: list[Bar] = []
    for campaign in sorted(campaigns, key=lambda each: each.start):
        first = max(0, (campaign.start - mondays[0]) // WEEK)
        ends = max(campaign.end - timedelta(minutes=1), campaign.start)
        bar = Bar(first, min((ends - mondays[0]) // WEEK, len(mondays) - 1), [campaign])
        if found and found[-1].last >= bar.first:
            _part(found, bar, mondays)
        else:
            found.append(bar)
    return found


def _part(found: list[Bar], bar: Bar, mondays: Sequence[datetime]) -> None:
    """Give the week that a bar shares with the one before to one of them."""
    before = found[-1]
    monday = mondays[bar.first]
    more = before.campaigns[-1].end - monday >= monday + WEEK - bar.campaigns[0].start
    if bar.last > bar.first and (more or before.last == before.first):
        bar.first += 1
    elif before.last > before.first:
        before.last -= 1
    else:
        before.campaigns += bar.campaigns
        return
    found.append(bar)


def shades(
    calendar: pd.DataFrame,
    campaigns: Sequence[PlannedCampaign],
    mondays: Sequence[datetime],
) -> dict[int, str]:
    """What else a suite's weeks show: closures, ramp, changeovers."""
    spans = [
        (str(what), start.to_pydatetime(), end.to_pydatetime())
        for what, start, end in zip(
            calendar.what, calendar.start, calendar.end, strict=True
        )
    ]
    spans += [
        ("changeover", campaign.changeover_start, campaign.start)
        for campaign in campaigns
        if campaign.changeover_start is not None
    ]
    filled: dict[int, dict[str, timedelta]] = {}
    for what, start, end in spans:
        for week in range(
            max(0, (start - mondays[0]) // WEEK),
            min(len(mondays) - 1, (end - mondays[0]) // WEEK) + 1,
        ):
            monday = mondays[week]
            part = min(end, monday + WEEK) - max(start, monday)
            days = filled.setdefault(week, dict.fromkeys(ABOVE, timedelta()))
            days[what] += max(part, timedelta())
    return {
        week: found
        for week, days in filled.items()
        if (found := _most(days)) is not None
    }


def _most(days: Mapping[str, timedelta]) -> str | None:
    """What fills most of a week; a ramp only where there is nothing else."""
    longest = max(
        ABOVE, key=lambda what: (what != "ramp", days[what], -ABOVE.index(what))
    )
    if days[longest] >= LEAST:
        return longest
    return "ramp" if days["ramp"] >= LEAST else None


# ------------------------------------------------------------------------------ drawing


@dataclass(frozen=True)
class Chart:
    """What is drawn."""

    title: str
    subtitle: str
    rows: Sequence[tuple[str, str]]
    """Site and suite, in order of sites."""
    mondays: Sequence[datetime]
    as_of: datetime
    campaigns: Sequence[PlannedCampaign]
    calendar: pd.DataFrame
    """As `tables.calendar` gives it."""
    colours: Mapping[str, str]
    """Fill of each programme."""
    shades: Mapping[str, tuple[str, str]]
    """Name and fill of what else a week can be."""


def draw(look: Looks, page: Worksheet, chart: Chart) -> None:
    """Fill a worksheet: months above, sites and suites at the left, all in view."""
    from capacity.plots.looks import readable

    page.hide_gridlines(2)
    page.set_column(0, 1, 11)
    page.set_column(FIRST_COLUMN, FIRST_COLUMN + len(chart.mondays) - 1, NARROW)
    page.write_string(0, FIRST_COLUMN, chart.title, look(bold=True, font_size=14))
    page.write_string(1, FIRST_COLUMN, chart.subtitle, look(font_color=PALE))
    _legend(look, page, chart)
    _time(look, page, chart)
    for number, (site, suite) in enumerate(chart.rows):
        row = FIRST_ROW + number
        page.set_row(row, HIGH)
        page.write_string(row, 0, site, look(bold=True, top=1, valign="vcenter"))
        page.write_string(row, 1, suite, look(top=1, right=1, valign="vcenter"))
        mine = [each for each in chart.campaigns if each.suite == suite]
        closed = shades(
            chart.calendar[chart.calendar.suite == suite], mine, chart.mondays
        )
        drawn = bars(mine, chart.mondays)
        taken = {week for bar in drawn for week in range(bar.first, bar.last + 1)}
        for week in range(len(chart.mondays)):
            if week not in taken:
                fill = (
                    {"bg_color": chart.shades[closed[week]][1]}
                    if week in closed
                    else {}
                )
                edge = look(
                    top=1, top_color="#D9D9D9", **_month_edge(chart, week), **fill
                )
                page.write_blank(row, FIRST_COLUMN + week, None, edge)
        for bar in drawn:
            colour = chart.colours[bar.campaigns[0].programme]
            form = look(
                bg_color=colour,
                font_color=readable(colour),
                font_size=9,
                border=1,
                border_color="white",
                align="center",
                valign="vcenter",
            )
            _bar(page, row, bar, form)
    page.freeze_panes(FIRST_ROW, FIRST_COLUMN)
    page.set_landscape()
    page.set_paper(8)  # A3
    page.repeat_columns(0, 1)
    page.repeat_rows(3, 5)
    page.set_print_scale(75)
    years = [first for _, first, _ in _runs(chart.mondays, "%Y")]
    page.set_v_pagebreaks([first for first in years if first > FIRST_COLUMN + 8])


def _bar(page: Worksheet, row: int, bar: Bar, form: object) -> None:
    first, last = FIRST_COLUMN + bar.first, FIRST_COLUMN + bar.last
    text = label(bar)
    if last > first:
        page.merge_range(row, first, row, last, "", form)
    page.write_string(row, first, text, form)
    note = "\n".join(map(_told, bar.campaigns))
    page.write_comment(row, first, note, {"x_scale": 2, "font_size": 9})


def label(bar: Bar) -> str:
    """What stands on a bar: as much as fits."""
    room = LETTERS * (bar.last - bar.first + 1)
    names = "+".join(each.programme for each in bar.campaigns)
    counts = "+".join(str(each.batches) for each in bar.campaigns)
    kinds = "+".join(
        dict.fromkeys(k for each in bar.campaigns if (k := each.kind) != "commercial")
    )
    whole = f"{names} {TIMES}{counts}"
    for text in (f"{whole} {kinds}".rstrip(), whole, names, f"{TIMES}{counts}"):
        if len(text) <= room:
            return text
    return ""


def _told(campaign: PlannedCampaign) -> str:
    locked = ", locked" if campaign.locked else ""
    days = f"{campaign.start:%Y-%m-%d} to {campaign.end:%Y-%m-%d}"
    words = f"{campaign.programme} {campaign.step}, {campaign.batches} {campaign.kind}"
    return f"{campaign.campaign}: {words}{locked}, {days}"


def _legend(look: Looks, page: Worksheet, chart: Chart) -> None:
    """A swatch and a name for every shade that may occur."""
    at = FIRST_COLUMN
    for name, fill in chart.shades.values():
        page.write_blank(2, at, None, look(bg_color=fill, border=1, border_color=PALE))
        page.write_string(2, at + 1, name, look(font_color=INK, font_size=9))
        at += 3 + len(name) // LETTERS


def _time(look: Looks, page: Worksheet, chart: Chart) -> None:
    """Years, months and the first day of every week."""
    bold = look(bold=True, align="left", left=1, bg_color="#D9E1F2")
    plain = look(align="left", left=1, bg_color="#EDF1F9", font_size=9)
    for row, form, key in ((3, bold, "%Y"), (4, plain, "%b")):
        for text, first, last in _runs(chart.mondays, key):
            if last > first:
                page.merge_range(row, first, row, last, text, form)
            else:
                page.write_string(row, first, text, form)
    now = (chart.as_of - chart.mondays[0]) // WEEK
    for week, monday in enumerate(chart.mondays):
        today = {"bg_color": "#C00000", "font_color": "white"} if week == now else {}
        colour = today or {"font_color": PALE}
        form = look(font_size=7, align="center", num_format="d", **colour)
        page.write_datetime(5, FIRST_COLUMN + week, monday, form)
    page.write_string(5, 0, "site", look(bold=True))
    page.write_string(5, 1, "suite", look(bold=True, right=1))


def _runs(mondays: Sequence[datetime], key: str) -> Iterator[tuple[str, int, int]]:
    """Neighbouring weeks of one year or month, with their first and last column."""
    by = "%Y" if key == "%Y" else "%Y-%m"
    columns = enumerate(mondays, start=FIRST_COLUMN)
    for _, group in groupby(columns, key=lambda each: each[1].strftime(by)):
        found = list(group)
        yield found[0][1].strftime(key), found[0][0], found[-1][0]


def _month_edge(chart: Chart, week: int) -> dict[str, int | str]:
    begins = week > 0 and chart.mondays[week].month != chart.mondays[week - 1].month
    return {"left": 4, "left_color": "#BFBFBF"} if begins else {}
