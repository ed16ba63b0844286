"""Suites in ticks: closures, changeovers and how full each period may be."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from capacity.horizon import add_months
from capacity.instance.known import DAY, Known
from capacity.instance.paces import locked_span
from capacity.instance.spans import Span, merged, overlap
from capacity.scenario import Changeover, Step, Suite


@dataclass(frozen=True)
class SuiteData:
    """A suite in ticks."""

    index: int
    id: str
    site: int
    free_from: int
    """Earliest start of a changeover: `as_of` or go-live. [tick]"""
    closures: tuple[Span, ...]
    """Shutdowns and outages, merged. [tick]"""
    shutdowns: tuple[Span, ...]
    """Shutdowns only, after which the same product needs a changeover. [tick]"""
    set_up: int | None
    """Programme set up at the start."""
    set_up_step: int
    """Its step in this suite, -1 where nothing is set up."""
    changeover: dict[tuple[int, int], int]
    """By (step that leaves or -1, step that enters). [tick]"""
    changeover_cost: int
    """[money]"""
    hold: int
    """Longest idle after which the same product needs no changeover; -1: none. [tick]"""
    no_idle: bool
    """Campaigns start as soon as they can."""
    edges: tuple[int, ...] = ()
    """Ends of periods, of which each is for one programme; none where any may be. [tick]"""
    ceilings: tuple[tuple[int, int, int], ...] = ()
    """Spans with the most ticks of each that may be used; none without a ceiling."""

    def clear(self, start: int, end: int) -> bool:
        """Whether [start, end) touches no closure."""
        return all(end <= first or last <= start for first, last in self.closures)

    def shut_between(self, start: int, end: int) -> bool:
        """Whether a shutdown touches [start, end)."""
        at = bisect_right(self._shutdown_ends, start)
        return at < len(self.shutdowns) and self.shutdowns[at][0] < end

    @cached_property
    def _shutdown_ends(self) -> list[int]:
        return [end for _, end in self.shutdowns]


def suite_data(known: Known, index: int, suite: Suite) -> SuiteData:
    """A suite in ticks."""
    site = next(s for s in known.scenario.sites if s.id == suite.site)
    shutdowns = []
    for shutdown in site.shutdowns:
        length = known.ticks(shutdown.days)
        number = 0
        while True:
            begin = add_months(shutdown.start, 12 * number)
            if begin > known.scenario.horizon.end:
                break
            at = known.grid.at(begin)
            shutdowns.append((at, at + length))
            if shutdown.every_years is None:
                break
            number += shutdown.every_years
    outages = [
        (
            known.grid.at(outage.start),
            known.grid.at(outage.start) + known.ticks(outage.days),
        )
        for outage in [*site.outages, *suite.outages]
    ]
    rules = next(r for r in known.scenario.changeovers if r.id == suite.changeover)
    return SuiteData(
        index=index,
        id=suite.id,
        site=known.site[suite.site],
        free_from=max(known.as_of, known.grid.at(suite.go_live)),
        closures=merged(shutdowns + outages),
        shutdowns=merged(shutdowns),
        set_up=None if suite.set_up is None else known.programme[suite.set_up],
        set_up_step=_set_up_step(known, suite),
        changeover=_matrix(known, suite, rules),
        changeover_cost=rules.cost,
        hold=-1
        if rules.every_campaign
        else known.ticks(known.scenario.clean_hold_days),
        no_idle=suite.no_idle,
        edges=_edges(known) if suite.one_product else (),
        ceilings=tuple(_ceilings(known, suite, merged(shutdowns + outages))),
    )


def _edges(known: Known) -> tuple[int, ...]:
    """First ticks after the periods of demand. [tick]"""
    strict = known.scenario.due_rule == "strict"
    late = 0 if strict else known.ticks(DAY)
    return tuple(
        sorted({known.grid.at(row.due) + late for row in known.scenario.demand})
    )


def _ceilings(
    known: Known, suite: Suite, closures: tuple[Span, ...]
) -> Iterator[tuple[int, int, int]]:
    """What each period admits: its ceiling, or what is locked in it if that is more."""
    if suite.load_ceiling is None:
        return
    go_live = known.grid.at(suite.go_live)
    for begin, end in _periods(known):
        live = max(begin, go_live)
        shut = sum(overlap(span, (live, end)) for span in closures)
        most = math.floor(suite.load_ceiling * (max(0, end - live) - shut))
        locked = sum(
            overlap(locked_span(known, lock), (begin, end))
            for lock in known.scenario.locks
            if lock.suite == suite.id
        )
        yield begin, end, max(most, locked)


def _periods(known: Known) -> Iterator[Span]:
    months = {"month": 1, "quarter": 3, "year": 12}[known.scenario.load_period]
    today = known.scenario.as_of
    start = datetime(today.year, (today.month - 1) // months * months + 1, 1)
    begin = known.as_of
    while begin < known.horizon_end:
        start = add_months(start, months)
        end = min(known.grid.at(start), known.horizon_end)
        yield begin, end
        begin = end


def _set_up_step(known: Known, suite: Suite) -> int:
    for number, (programme, step) in enumerate(known.recipe_steps):
        if programme == suite.set_up and suite.id in step.suites:
            return number
    return -1


def _matrix(
    known: Known, suite: Suite, rules: Changeover
) -> dict[tuple[int, int], int]:
    here = [
        (n, programme, step)
        for n, (programme, step) in enumerate(known.recipe_steps)
        if suite.id in step.suites
    ]
    table = {
        (-1, n): known.ticks(rules.first_uses.get(programme, rules.first_use))
        for n, programme, _ in here
    }
    for n, leaving, out in here:
        for m, entering, into in here:
            days = _between(known, rules, leaving, out, entering, into)
            table[n, m] = known.ticks(days)
    return table


def _between(
    known: Known, rules: Changeover, leaving: str, out: Step, entering: str, into: Step
) -> Fraction:
    pairs = {(p.leaving, p.entering): p.days for p in reversed(rules.programmes)}
    if (leaving, entering) in pairs:
        return pairs[leaving, entering]
    if leaving == entering:
        return rules.same_product
    if out.payload_class is not None and into.payload_class is not None:
        classes = {
            (a, b): row.days
            for row in reversed(rules.classes)
            for a in row.leaving
            for b in row.entering
        }
        pair = (out.payload_class, into.payload_class)
        same = out.payload_class == into.payload_class
        stated = classes.get(pair, rules.same_class if same else rules.different_class)
        if stated is not None:
            return stated
    if known.client[leaving] == known.client[entering]:
        return rules.same_client
    return rules.different_client
