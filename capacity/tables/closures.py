"""When suites can run, and when they can't or are slower."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction

import pandas as pd

from capacity.horizon import add_months, days_between
from capacity.scenario import Scenario, Site, Suite

CALENDAR_COLUMNS = ("site", "suite", "what", "start", "end", "label")

Span = tuple[datetime, datetime]


def calendar(scenario: Scenario) -> pd.DataFrame:
    """When each suite can't run, or runs below its full rate.

    Returns
    -------
    DataFrame
        site, suite, what (`before_go_live`, `ramp`, `shutdown`, `outage`), start, end,
        label; one row per stretch within the horizon. Ramp rows are labelled with their
        share of the full rate; shutdowns and outages before go-live are left out.
    """
    rows = []
    for site, suite in suites_in_use(scenario):
        for what, start, end, label in _stretches(scenario, site, suite):
            floor = suite.go_live if what != "before_go_live" else start
            for clipped in _clip([(start, end)], _opened(scenario, floor)):
                rows.append((site.id, suite.id, what, *clipped, label))
    frame = pd.DataFrame(rows, columns=list(CALENDAR_COLUMNS))
    return frame.astype({"start": "datetime64[us]", "end": "datetime64[us]"})


def suites_in_use(scenario: Scenario) -> list[tuple[Site, Suite]]:
    """Every suite in use with its site, in the scenario's order of sites."""
    return [
        (site, suite)
        for site in scenario.sites
        for suite in scenario.suites
        if suite.site == site.id and suite.enabled
    ]


def _stretches(
    scenario: Scenario, site: Site, suite: Suite
) -> Iterator[tuple[str, datetime, datetime, str]]:
    yield "before_go_live", scenario.horizon.start, suite.go_live, ""
    step = timedelta(days=float(scenario.ramp_step_days))
    for number, share in enumerate(suite.ramp):
        if share < 1:
            start = suite.go_live + number * step
            yield "ramp", start, start + step, f"{float(100 * share):g} %"
    for shutdown in site.shutdowns:
        for year in range(0, 1200, 12 * (shutdown.every_years or 100)):
            start = add_months(shutdown.start, year)
            yield "shutdown", start, start + _length(shutdown.days), ""
    for outage in [*site.outages, *suite.outages]:
        yield "outage", outage.start, outage.start + _length(outage.days), ""


def _length(days: Fraction) -> timedelta:
    return timedelta(days=float(days))


def horizon(scenario: Scenario) -> Span:
    """Half-open: the last day counts whole."""
    return scenario.horizon.start, scenario.horizon.end + timedelta(days=1)


def _opened(scenario: Scenario, start: datetime) -> Span:
    """Cut off the horizon before `start`."""
    first, end = horizon(scenario)
    return max(first, start), end


def _clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """Keep the parts of `spans` inside `window`."""
    clipped = [(max(start, window[0]), min(end, window[1])) for start, end in spans]
    return [(start, end) for start, end in clipped if start < end]


def covered(spans: Iterable[Span], window: Span) -> Fraction:
    """Days of `window` that `spans` cover, each counted once. [day]"""
    total, reached = Fraction(0), window[0]
    for start, end in sorted(_clip(spans, window)):
        if end > reached:
            total += days_between(max(start, reached), end)
            reached = end
    return total
