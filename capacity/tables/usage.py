"""How full suites, QC and QA are."""

from __future__ import annotations

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
    closed = calendar(scenario)
    closed = closed[closed.what != "ramp"]
    waiting = _waiting(scenario, plan)
    rows = []
    for month in _months(scenario):
        window = max(month[0], scenario.horizon.start), month[1]
        for site in scenario.sites:
            days = _suite_days(scenario, plan, closed, site, window)
            starts = _quality_starts(scenario, plan, site, window)
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


def _suite_days(
    scenario: Scenario, plan: Plan, closed: pd.DataFrame, site: Site, window: Span
) -> Iterator[Resource]:
    for at, suite in suites_in_use(scenario):
        if at is not site:
            continue
        mine = closed[closed.suite == suite.id]
        shut = [
            (start.to_pydatetime(), end.to_pydatetime())
            for start, end in zip(mine.start, mine.end, strict=True)
        ]
        occupied = [
            (campaign.changeover_start or campaign.start, campaign.end)
            for campaign in plan.campaigns
            if campaign.suite == suite.id
        ]
        whole = days_between(window[0], max(window))
        available = whole - covered(shut, window)
        yield suite.id, "suite", available, covered(occupied, window)


def _quality_starts(
    scenario: Scenario, plan: Plan, site: Site, window: Span
) -> Iterator[Resource]:
    records = scenario.quality.records_per_reviewer_week
    tested = [b.qc_start for b in plan.batches if b.qc_site == site.id]
    reviewed = [b.qa_start for b in plan.batches if b.qa_site == site.id]
    for resource, kind, weekly, moments in (
        ("QC", "qc", _integral(site.qc_batches, window), tested),
        ("QA", "qa", _integral(site.qa_reviewers, window) * records, reviewed),
    ):
        used = sum(1 for at in moments if at and window[0] <= at < window[1])
        yield resource, kind, weekly / 7, Fraction(used)


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
