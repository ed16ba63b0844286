"""The rough-cut load table: days needed against days open, without a solver."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from fractions import Fraction

from capacity.demand import Line, lines
from capacity.horizon import days_between
from capacity.losses import success_of_step
from capacity.scenario import Frozen, MadeToStock, Step, Suite
from capacity.validate.network import Network, Span, later

Needs = defaultdict[tuple[str, int], list[Fraction]]
"""Days and probability-weighted days by suite and year."""


def rough_cut(network: Network) -> list[dict[str, object]]:
    """Load of each suite and year if every line is made at its first open suite.

    Returns
    -------
    list of dict
        suite, site, year, available_days, needed_days, expected_days (weighted by
        probability) [day]; load, expected_load [1], none where no day is open.
    """
    needs = _needs(network)
    span = network.scenario.horizon
    rows: list[dict[str, object]] = []
    for suite in network.scenario.suites:
        for year in range(span.start.year, span.end.year + 1):
            needed, expected = needs[suite.id, year]
            if not suite.enabled and not needed:
                continue
            days = _available(network, suite, year)
            rows.append(
                {
                    "suite": suite.id,
                    "site": suite.site,
                    "year": year,
                    "available_days": round(float(days), 1),
                    "needed_days": round(float(needed), 1),
                    "expected_days": round(float(expected), 1),
                    "load": round(float(needed / days), 3) if days else None,
                    "expected_load": round(float(expected / days), 3) if days else None,
                }
            )
    return rows


def _available(network: Network, suite: Suite, year: int) -> Fraction:
    """Days of a year within the horizon and since go-live, without closures. [day]"""
    start = max(suite.go_live, network.scenario.horizon.start, datetime(year, 1, 1))
    end = min(network.end, datetime(year + 1, 1, 1))
    if end <= start:
        return Fraction(0)
    closed = _joined(network.closures(suite), start, end)
    return days_between(start, end) - sum(days_between(*span) for span in closed)


def _joined(spans: list[Span], start: datetime, end: datetime) -> list[Span]:
    """Spans cut to a window, those that overlap counted once."""
    joined: list[Span] = []
    for begins, ends in spans:
        begin = max(begins, start, joined[-1][1] if joined else start)
        if begin < min(ends, end):
            joined.append((begin, min(ends, end)))
    return joined


def _needs(network: Network) -> Needs:
    """What is on hand serves first; the rest takes a takt a batch."""
    scenario = network.scenario
    needs: Needs = defaultdict(lambda: [Fraction(0), Fraction(0)])
    on_hand: defaultdict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for _, row in network.opening:
        step = network.step(row.programme, row.step)
        if step is not None:
            on_hand[row.programme, step.step, str(row.kind)] += row.batches
    for lock in scenario.locks:
        suite = network.suites[lock.suite]
        takt = lock.takt_days or network.takt(suite, lock.programme, lock.start)
        _add(needs, suite, lock.start.year, lock.batches * takt, Fraction(1))
    for line in lines(scenario):
        if line.own:  # whether it is made is for the plan to say
            continue
        step = network.programmes[line.programme].recipe[-1]
        batches = Fraction(line.batches)
        left = on_hand[line.programme, step.step, str(line.kind)]
        used = min(left, batches)
        on_hand[line.programme, step.step, str(line.kind)] -= used
        _make(network, needs, line, step, batches - used, line.due, on_hand)
    for stocked in scenario.made_to_stock:
        _stock(network, needs, stocked, on_hand)
    return needs


def _stock(
    network: Network,
    needs: Needs,
    stocked: MadeToStock,
    on_hand: defaultdict[tuple[str, str, str], Fraction],
) -> None:
    """Book what the demand of a programme made to stock takes beyond what is there."""
    step = network.programmes[stocked.programme].recipe[-1]
    size = Fraction(1)
    if stocked.unit == "kg":
        size = step.kg_per_batch[step.reference_suite or step.suites[0]]
    key = (stocked.programme, step.step, "commercial")
    opening = sum((row.quantity for row in stocked.opening), Fraction(0))
    on_hand[key] += opening / size
    for row in network.demand(stocked.programme):
        batches = row.quantity / size
        used = min(on_hand[key], batches)
        on_hand[key] -= used
        line = Line(
            id=row.id,
            order=row.id,
            contract="",
            programme=stocked.programme,
            step=step.step,
            kind="commercial",
            market=stocked.markets[0] if stocked.markets else None,
            firmness="forecast",
            weight=Fraction(1),
            batches=0,
            due=row.due,
            price=0,
            unserved_factor=Fraction(0),
        )
        _make(network, needs, line, step, batches - used, row.due, on_hand)


def _make(
    network: Network,
    needs: Needs,
    line: Line,
    step: Step,
    batches: Fraction,
    due: datetime,
    on_hand: defaultdict[tuple[str, str, str], Fraction],
) -> None:
    """Book a step's batches at its first open suite, then those of the step before."""
    suite = _first_open(network, line, step, due)
    if suite is None or not batches:
        return
    if step.kg_per_batch:
        reference = step.kg_per_batch[step.reference_suite or step.suites[0]]
        batches *= reference / step.kg_per_batch[suite.id]
    last = network.neighbour(line.programme, step, 1) is None
    kind = str(line.kind) if last else "intermediate"
    days = network.lead_in(suite, line.programme)
    if not network.in_process(line.programme, step):
        days += network.lead_time(step, kind) or Fraction(0)
    start = max(later(due, -days), network.scenario.as_of)
    takt = network.takt(suite, line.programme, start)
    _add(needs, suite, start.year, batches * takt, line.weight)
    before = network.neighbour(line.programme, step, -1)
    if before is not None:
        ratio = Fraction(1)
        if isinstance(step.supply, Frozen):
            passing = success_of_step(network.scenario, line.programme, before.step)
            ratio = step.supply.ratio / passing
        key = (line.programme, before.step, "intermediate")
        used = min(on_hand[key], batches * ratio)
        on_hand[key] -= used
        _make(network, needs, line, before, batches * ratio - used, start, on_hand)


def _first_open(
    network: Network, line: Line, step: Step, due: datetime
) -> Suite | None:
    """The preferred suite that is open in time with a right; else one that ever is."""
    fits: list[tuple[bool, Suite]] = []
    for name in step.suites:
        suite = network.suites[name]
        opens = network.opens(line.programme, step.step, suite.site)
        right = opens
        if line.market is not None:
            right = network.right(line.programme, step.step, suite.site, line.market)
        if suite.enabled and opens is not None and right is not None:
            fits.append((max(opens, right, suite.go_live) <= due, suite))
    in_time = [suite for timely, suite in fits if timely]
    return next(iter(in_time or [suite for _, suite in fits]), None)


def _add(
    needs: Needs, suite: Suite, year: int, days: Fraction, weight: Fraction
) -> None:
    needs[suite.id, year][0] += days
    needs[suite.id, year][1] += days * weight
