"""The plan as planners draw it: a row for each suite, a column for each week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd

from capacity.excel.looks import INK, PALE, Looks, Properties, clean
from capacity.excel.weeks import WEEK, Bar, bars, between
from capacity.plan import PlannedCampaign

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

YEARS, MONTHS, DAYS, SUITES = 3, 4, 5, 6
"""Rows, from 0; title, subtitle and legend are above."""
WEEKS = 2
"""First column of the weeks, right of site and suite."""

NARROW, HIGH = 2.4, 24
"""Width of a week [character] and height of a suite [point]."""
TIMES, LETTERS = "\N{MULTIPLICATION SIGN}", 3
"""Before a number of batches; letters that fit into a week."""

GRID, MONTH, NOW = "#D9D9D9", "#BFBFBF", "#C00000"
"""Lines between suites and between months; the week of `as_of`."""


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
    page.hide_gridlines(2)
    page.set_column(0, WEEKS - 1, 11)
    page.set_column(WEEKS, WEEKS + len(chart.mondays) - 1, NARROW)
    page.write_string(0, WEEKS, clean(chart.title), look(bold=True, font_size=14))
    page.write_string(1, WEEKS, chart.subtitle, look(font_color=PALE))
    _legend(look, page, chart)
    _time(look, page, chart)
    for number in range(len(chart.rows)):
        _suite(look, page, chart, number)
    now = (chart.as_of - chart.mondays[0]) // WEEK
    page.freeze_panes(SUITES, WEEKS, SUITES, WEEKS + max(0, now - 2))
    page.set_landscape()
    page.set_paper(8)  # A3, a year on each
    page.set_print_scale(75)
    page.repeat_columns(0, WEEKS - 1)
    page.repeat_rows(YEARS, DAYS)
    begins = [first for _, first, _ in _runs(chart.mondays, "%Y", "%Y")]
    page.set_v_pagebreaks([first for first in begins if first > WEEKS + 8])


def _legend(look: Looks, page: Worksheet, chart: Chart) -> None:
    """A swatch and a name for everything that a week can be without a campaign."""
    at = WEEKS
    for name, fill in chart.shades.values():
        page.write_blank(2, at, None, look(bg_color=fill, border=1, border_color=PALE))
        page.write_string(2, at + 1, name, look(font_color=INK, font_size=9))
        at += 3 + len(name) // LETTERS


def _time(look: Looks, page: Worksheet, chart: Chart) -> None:
    """Years, months and the first day of every week."""
    year = look(bold=True, align="left", left=1, bg_color="#D9E1F2")
    month = look(align="left", left=1, bg_color="#EDF1F9", font_size=9)
    for text, first, last in _runs(chart.mondays, "%Y", "%Y"):
        _across(page, (YEARS, first, last), text, year)
    for text, first, last in _runs(chart.mondays, "%Y-%m", "%b"):
        _across(page, (MONTHS, first, last), text, month)
    now = (chart.as_of - chart.mondays[0]) // WEEK
    day: Properties = {"font_size": 7, "align": "center", "num_format": "d"}
    for week, monday in enumerate(chart.mondays):
        colours: Properties = {"font_color": PALE}
        if week == now:
            colours = {"font_color": "white", "bg_color": NOW}
        page.write_datetime(DAYS, WEEKS + week, monday, look(**day, **colours))
    page.write_string(DAYS, 0, "site", look(bold=True))
    page.write_string(DAYS, 1, "suite", look(bold=True, right=1))


def _runs(
    mondays: Sequence[datetime], by: str, form: str
) -> Iterator[tuple[str, int, int]]:
    """Neighbouring weeks of one year or month, with their first and last column."""
    columns = enumerate(mondays, start=WEEKS)
    for _, group in groupby(columns, key=lambda each: each[1].strftime(by)):
        found = list(group)
        yield found[0][1].strftime(form), found[0][0], found[-1][0]


def _across(
    page: Worksheet, place: tuple[int, int, int], text: str, form: object
) -> None:
    """Write into a row from one column to another."""
    row, first, last = place
    if last > first:
        page.merge_range(row, first, row, last, "", form)
    page.write_string(row, first, text, form)


# --------------------------------------------------------------------------- one suite


def _suite(look: Looks, page: Worksheet, chart: Chart, number: int) -> None:
    """Draw a row; the first of a site has the site's name."""
    row, (site, suite) = SUITES + number, chart.rows[number]
    begins = number == 0 or chart.rows[number - 1][0] != site
    edge: Properties = {"top": 2} if begins else {"top": 1, "top_color": GRID}
    page.set_row(row, HIGH)
    name = look(bold=True, valign="vcenter", **edge)
    page.write_string(row, 0, site if begins else "", name)
    page.write_string(row, 1, suite, look(right=1, valign="vcenter", **edge))
    mine = [each for each in chart.campaigns if each.suite == suite]
    drawn = bars(mine, chart.mondays)
    closed = between(chart.calendar[chart.calendar.suite == suite], mine, chart.mondays)
    for week in {*range(len(chart.mondays))} - {*_taken(drawn)}:
        fill = {"bg_color": chart.shades[closed[week]][1]} if week in closed else {}
        form = look(**edge, **_month_edge(chart, week), **fill)
        page.write_blank(row, WEEKS + week, None, form)
    for bar in drawn:
        colour = chart.colours[bar.campaigns[0].programme]
        _bar(look, page, row, bar, {"bg_color": colour, **edge})


def _taken(drawn: Sequence[Bar]) -> Iterator[int]:
    for bar in drawn:
        yield from range(bar.first, bar.last + 1)


def _month_edge(chart: Chart, week: int) -> Properties:
    begins = week > 0 and chart.mondays[week].month != chart.mondays[week - 1].month
    return {"left": 4, "left_color": MONTH} if begins else {}


def _bar(look: Looks, page: Worksheet, row: int, bar: Bar, colours: Properties) -> None:
    from capacity.plots.looks import readable

    gap: Properties = {}
    for side in ("left", "right", "bottom"):
        gap |= {side: 1, f"{side}_color": "white"}
    words: Properties = {"font_size": 9, "align": "center", "valign": "vcenter"}
    ink = readable(str(colours["bg_color"]))
    form = look(font_color=ink, **words, **gap, **colours)
    first = WEEKS + bar.first
    _across(page, (row, first, WEEKS + bar.last), clean(label(bar)), form)
    note = clean("\n".join(map(_told, bar.campaigns)))
    page.write_comment(row, first, note, {"x_scale": 2, "font_size": 9})


def label(bar: Bar) -> str:
    """What stands on a bar: as much as fits."""
    room = LETTERS * (bar.last - bar.first + 1)
    names = "+".join(each.programme for each in bar.campaigns)
    counts = "+".join(str(each.batches) for each in bar.campaigns)
    kinds = dict.fromkeys(each.kind for each in bar.campaigns)
    special = "+".join(kind for kind in kinds if kind != "commercial")
    whole = f"{names} {TIMES}{counts}"
    options = (f"{whole} {special}".rstrip(), whole, names, f"{TIMES}{counts}", "")
    return next(text for text in options if len(text) <= room)


def _told(campaign: PlannedCampaign) -> str:
    """What the note on a bar says of a campaign."""
    words = f"{campaign.programme} {campaign.step}, {campaign.batches} {campaign.kind}"
    days = f"{campaign.start:%Y-%m-%d} to {campaign.end:%Y-%m-%d}"
    locked = ", locked" if campaign.locked else ""
    return f"{campaign.campaign}: {words}{locked}, {days}"
