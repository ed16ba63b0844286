"""How fast a suite makes a programme, and what a batch costs there."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby

from capacity.instance.known import Known
from capacity.instance.spans import Span
from capacity.scenario import Lock, Suite


def takts(known: Known, suite: Suite, programme: str) -> tuple[tuple[int, int], ...]:
    """(first start tick, takt) per ramp step, ascending, equal ones joined. [tick]"""
    nominal = None
    for rate in suite.rates:
        if rate.programme == programme:
            nominal = rate.takt_days
    if nominal is None:
        pace = (suite.production_days + suite.turnaround_days) / suite.reactors
        pace = max(pace, suite.downstream_cycle_days)
        nominal = pace / (1 - suite.unplanned_downtime)
    length = known.ticks(known.scenario.ramp_step_days)
    go_live = known.grid.at(suite.go_live)
    table = [
        (go_live + n * length, known.grid.up(nominal / share))
        for n, share in enumerate([*suite.ramp, Fraction(1)])
    ]
    return tuple(next(rows) for _, rows in groupby(table, key=lambda row: row[1]))


def lead_in(known: Known, suite: Suite, programme: str) -> int:
    """Start to out. [tick]"""
    for rate in suite.rates:
        if rate.programme == programme and rate.lead_in_days is not None:
            return known.ticks(rate.lead_in_days)
    return known.ticks(suite.production_days + suite.downstream_days)


def variable_cost(suite: Suite, programme: str) -> int:
    """Of a batch. [money]"""
    for rate in suite.rates:
        if rate.programme == programme and rate.variable_cost is not None:
            return rate.variable_cost
    return suite.variable_cost


def campaign_cost(suite: Suite, programme: str) -> int:
    """Cost of a campaign, beside its changeover. [money]"""
    for rate in suite.rates:
        if rate.programme == programme and rate.campaign_cost is not None:
            return rate.campaign_cost
    return suite.campaign_cost


def lock_takt(known: Known, lock: Lock) -> int:
    """Takt of a locked campaign, its own or that of the suite. [tick]"""
    if lock.takt_days is not None:
        return known.ticks(lock.takt_days)
    start = known.grid.at(lock.start)
    table = takts(known, known.suites[known.suite[lock.suite]], lock.programme)
    return [value for first, value in table if first <= start or first == table[0][0]][
        -1
    ]


def locked_span(known: Known, lock: Lock) -> Span:
    """From the start of a locked campaign to its last out. [tick]"""
    suite = known.suites[known.suite[lock.suite]]
    start, takt = known.grid.at(lock.start), lock_takt(known, lock)
    lead = lead_in(known, suite, lock.programme)
    return start, start + (lock.batches - 1) * takt + lead
