"""How full suites, QC and QA are."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction

import pandas as pd

from capacity.horizon import add_months, days_between
from capacity.plan import Plan
from capacity.scenario import Rate, Scenario, Site
from capacity.tables.closures import Span, calendar, covered, horizon, suites_in_use
from capacity.tables.waits import queued

LOAD_COLUMNS = (
    *("month", "site", "resource", "kind", "available", "used", "load"),
    *("waiting", "wait_days"),
)


def load(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """How full every suite, QC and QA is, month by month, as in `load.csv`.

    Suites count days: those of changeovers and campaigns against those since go-live
    without shutdowns and outages. QC and QA count starts, against the daily rates' sum;
    a batch waits for them in the month in which it is out, at the site that made it. The
    first month counts from the start of the horizon, a load ceiling only from `as_of`.

    Returns
    -------
    DataFrame
        month, site, resource (suite, `QC` or `QA`), kind (`suite`, `qc`, `qa`),
        available and used [day, or starts], load [1], waiting [batches] and wait_days
        (on average, none for suites) [day]; from the month of `as_of` to the end of the
        horizon.
    """
    suites, started = _suites(scenario, plan), _started(plan)
    waiting = _waiting(scenario, plan)
    rows = []
    for month in _months(scenario):
        window = max(month[0], scenario.horizon.start), month[1]
        for site in scenario.sites:
            days = _suite_days(suites[site.id], window)
            starts = _quality_starts(scenario, started, site, window)
            for resource, kind, available, used in [*days, *starts]:
                cells = (float(available), float(used), _share(used, available))
                name = f"{month[0]:%Y-%m}"
                queue: Queue = (None, None)
                if kind != "suite":
                    queue = waiting.get((name, site.id, resource), (0, None))
                rows.append((name, site.id, resource, kind, *cells, *queue))
    frame = pd.DataFrame(rows, columns=list(LOAD_COLUMNS))
    return frame.astype(dict.fromkeys(LOAD_COLUMNS[4:], float))


def _waiting(scenario: Scenario, plan: Plan) -> dict[tuple[str, str, str], Queue]:
    """Batches that wait and their mean wait [day], by month, site and resource."""
    found: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for wait in queued(scenario, plan):
        found[f"{wait.out:%Y-%m}", wait.site, wait.resource].append(wait.days)
    return {key: (len(days), sum(days) / len(days)) for key, days in found.items()}


Resource = tuple[str, str, Fraction, Fraction]
"""Name, kind, available and used."""
Queue = tuple[int | None, float | None]
"""Batches that wait, and how long on average. [day]"""


def _months(scenario: Scenario) -> Iterator[Span]:
    end = horizon(scenario)[1]
    start = datetime(scenario.as_of.year, scenario.as_of.month, 1)
    while start < end:
        yield start, min(add_months(start, 1), end)
        start = add_months(start, 1)


def _suites(
    scenario: Scenario, plan: Plan
) -> defaultdict[str, list[tuple[str, list[Span], list[Span]]]]:
    """By site: each suite, when it is closed, and when its campaigns have it."""
    shut, occupied = (
        defaultdict[str, list[Span]](list),
        defaultdict[str, list[Span]](list),
    )
    closed = calendar(scenario)
    closed = closed[closed.what != "ramp"]
    for suite, start, end in zip(closed.suite, closed.start, closed.end, strict=True):
        shut[suite].append((start.to_pydatetime(), end.to_pydatetime()))
    for campaign in plan.campaigns:
        start = campaign.changeover_start or campaign.start
        occupied[campaign.suite].append((start, campaign.end))
    found = defaultdict[str, list[tuple[str, list[Span], list[Span]]]](list)
    for site, suite in suites_in_use(scenario):
        found[site.id].append((suite.id, shut[suite.id], occupied[suite.id]))
    return found


def _started(plan: Plan) -> defaultdict[tuple[str, str], list[datetime]]:
    """When batches begin QC and QA, by site and resource, the first in front."""
    found = defaultdict[tuple[str, str], list[datetime]](list)
    for batch in plan.batches:
        if batch.qc_site is not None and batch.qc_start is not None:
            found[batch.qc_site, "QC"].append(batch.qc_start)
        if batch.qa_site is not None and batch.qa_start is not None:
            found[batch.qa_site, "QA"].append(batch.qa_start)
    for moments in found.values():
        moments.sort()
    return found


def _suite_days(
    suites: Sequence[tuple[str, list[Span], list[Span]]], window: Span
) -> Iterator[Resource]:
    whole = days_between(window[0], max(window))
    for name, shut, occupied in suites:
        available = whole - covered(shut, window)
        yield name, "suite", available, covered(occupied, window)


def _quality_starts(
    scenario: Scenario,
    started: defaultdict[tuple[str, str], list[datetime]],
    site: Site,
    window: Span,
) -> Iterator[Resource]:
    records = scenario.quality.records_per_reviewer_week
    for resource, kind, weekly in (
        ("QC", "qc", _integral(site.qc_batches, window)),
        ("QA", "qa", _integral(site.qa_reviewers, window) * records),
    ):
        moments = started[site.id, resource]
        used = bisect_left(moments, window[1]) - bisect_left(moments, window[0])
        yield resource, kind, weekly / 7, Fraction(max(0, used))


def _integral(rates: Sequence[Rate], window: Span) -> Fraction:
    """Sum over the window's days of the rate in force. [rate x day]"""
    steps = sorted(rates, key=lambda rate: rate.start)
    ends = [*(rate.start for rate in steps[1:]), datetime.max][: len(steps)]
    return sum(
        (
            rate.value * covered([(rate.start, end)], window)
            for rate, end in zip(steps, ends, strict=True)
        ),
        Fraction(0),
    )


def _share(part: Fraction, whole: Fraction) -> float | None:
    return float(round(part / whole, 4)) if whole else None


def site_load(frame: pd.DataFrame) -> pd.DataFrame:
    """Sum the suites of each site in a `load` frame, whose columns it has.

    QC and QA stand as they are; the resource of a sum is `suites`.
    """
    suites = frame[frame.kind == "suite"].assign(resource="suites")
    keys = ["month", "site", "resource", "kind"]
    sums = suites.groupby(keys, sort=False)[["available", "used"]].sum().reset_index()
    loaded = sums.used / sums.available.where(sums.available > 0)
    whole = sums.assign(load=loaded.round(4)).reindex(columns=list(LOAD_COLUMNS))
    return pd.concat([whole, frame[frame.kind != "suite"]], ignore_index=True)


def yearly_load(frame: pd.DataFrame) -> pd.DataFrame:
    """Sum a `load` frame by year.

    Returns
    -------
    DataFrame
        site, resource, kind, year, available, used, load, waiting.
    """
    return _by_period(frame, "year", frame.month.str[:4])


def quarterly_load(frame: pd.DataFrame) -> pd.DataFrame:
    """Sum a `load` frame by quarter (`2027-Q3`), else as `yearly_load`."""
    number = (frame.month.str[5:].astype(int) + 2) // 3
    return _by_period(frame, "quarter", frame.month.str[:4] + "-Q" + number.astype(str))


def _by_period(frame: pd.DataFrame, name: str, period: pd.Series[str]) -> pd.DataFrame:
    keys = ["site", "resource", "kind", name]
    groups = frame.assign(**{name: period}).groupby(keys, sort=False)
    sums = groups[["available", "used", "waiting"]].sum().reset_index()
    loaded = sums.used / sums.available.where(sums.available > 0)
    named = [*keys, "available", "used", "load", "waiting"]
    return sums.assign(load=loaded.round(4))[named]
