"""What each week of a suite holds: a campaign, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from capacity.plan import PlannedCampaign

WEEK = timedelta(days=7)
LEAST = timedelta(days=1)
"""A shorter stretch leaves a week as it is."""

KINDS = ("outage", "shutdown", "changeover", "before_go_live", "ramp")
"""What a week can be without a campaign; of equal parts, the first is shown."""


@dataclass
class Bar:
    """A campaign, or several that share their only week."""

    first: int
    """Its first week, from 0."""
    last: int
    campaigns: list[PlannedCampaign]


def weeks(start: datetime, end: datetime) -> list[datetime]:
    """The Monday of every week from `start` to the last day, `end`."""
    midnight = start.replace(hour=0, minute=0)
    first = midnight - timedelta(days=start.weekday())
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
        ends = max(campaign.end - timedelta(minutes=1), campaign.start)
        first, last = ((day - mondays[0]) // WEEK for day in (campaign.start, ends))
        bar = Bar(max(0, first), min(last, len(mondays) - 1), [campaign])
        if found and found[-1].last >= bar.first:
            _part(found, bar, mondays)
        else:
            found.append(bar)
    return found


def _part(found: list[Bar], bar: Bar, mondays: Sequence[datetime]) -> None:
    """Give the week that a bar shares with the one before to one of them."""
    before, monday = found[-1], mondays[bar.first]
    fuller = before.campaigns[-1].end - monday
    more = fuller >= monday + WEEK - bar.campaigns[0].start
    if bar.last > bar.first and (more or before.last == before.first):
        bar.first += 1
    elif before.last > before.first:
        before.last -= 1
    else:
        before.campaigns += bar.campaigns
        return
    found.append(bar)


def between(
    calendar: pd.DataFrame,
    campaigns: Sequence[PlannedCampaign],
    mondays: Sequence[datetime],
) -> dict[int, str]:
    """What the weeks of one suite are besides: closed, in ramp, in a changeover.

    Parameters
    ----------
    calendar
        Rows of `tables.calendar` for the suite.
    campaigns
        Those of the suite.
    mondays
        The weeks.
    """
    columns = (calendar[name] for name in ("what", "start", "end"))
    spans = [
        (str(what), start.to_pydatetime(), end.to_pydatetime())
        for what, start, end in zip(*columns, strict=True)
    ]
    spans += [
        ("changeover", campaign.changeover_start, campaign.start)
        for campaign in campaigns
        if campaign.changeover_start is not None
    ]
    filled: dict[int, dict[str, timedelta]] = {}
    for what, start, end in spans:
        first, last = ((day - mondays[0]) // WEEK for day in (start, end))
        for week in range(max(0, first), min(last + 1, len(mondays))):
            monday = mondays[week]
            part = min(end, monday + WEEK) - max(start, monday)
            days = filled.setdefault(week, dict.fromkeys(KINDS, timedelta()))
            days[what] += part
    found = {week: _most(days) for week, days in filled.items()}
    return {week: what for week, what in found.items() if what is not None}


def _most(days: Mapping[str, timedelta]) -> str | None:
    """What fills most of a week; a ramp only where there is nothing else."""
    closed = max(KINDS[:-1], key=lambda what: days[what])
    shown = closed if days[closed] >= LEAST else "ramp"
    return shown if days[shown] >= LEAST else None
