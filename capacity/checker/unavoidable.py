"""Regret that no plan avoids: every batch alone, with all resources to itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from capacity.checker.book import Book
from capacity.checker.costs import (
    cost_of_holding,
    cost_of_lateness,
    cost_of_risk,
    cost_of_suite,
    cost_of_unserved,
    price_share,
)
from capacity.demand import Line
from capacity.scenario import InRelease, Lock, Scenario, Stock, Suite


def unavoidable(scenario: Scenario) -> int:
    """Lower bound on the regret of every feasible plan. [money]

    Per line and batch: the smaller of unserved and the least lateness, holding,
    variable cost difference and at-risk over its suites and start ticks, without queue,
    changeover, takt or shipment. What the scenario already has on hand, in release or
    locked may serve the dearest batches of its programme for nothing.
    """
    book = Book(scenario)
    by_programme: defaultdict[str, list[int]] = defaultdict(list)
    for line in book.lines.values():
        by_programme[line.programme] += _savings(book, line)
    on_hand: defaultdict[str, int] = defaultdict(int)
    stated: list[Stock | InRelease | Lock] = [
        *scenario.stock,
        *scenario.in_release,
        *scenario.locks,
    ]
    for given in stated:
        if given.step in (None, book.last_step(given.programme).step):
            on_hand[given.programme] += given.batches
    return sum(
        sum(sorted(values, reverse=True)[on_hand[programme] :])
        for programme, values in by_programme.items()
    )


def _savings(book: Book, line: Line) -> list[int]:
    """Least cost of the line, split into what each batch on hand would save at most."""
    sizes: dict[Fraction, list[Suite]] = {}
    for suite in book.eligible_suites(line):
        sizes.setdefault(book.kg(line.programme, suite.id), []).append(suite)
    step = book.last_step(line.programme)
    given: list[Stock | InRelease | Lock] = [
        *book.scenario.stock,
        *book.scenario.in_release,
        *book.scenario.locks,
    ]
    for row in given:
        if row.programme == line.programme and row.step in (None, step.step):
            sizes.setdefault(book.kg(line.programme, row.suite), [])
    reference = book.kg(line.programme, step.reference_suite or step.suites[0])
    sizes.setdefault(reference, [])
    options = []
    for kg, suites in sizes.items():
        lost = cost_of_unserved(book, line, price_share(book, line, kg))
        each = min([lost, *(_least(book, line, kg, suite) for suite in suites)])
        options.append((book.needed(line, kg), each))
    most = max(count for count, _ in options)
    left = [
        min(max(0, count - served) * each for count, each in options)
        for served in range(most + 1)
    ]
    return [before - after for before, after in pairwise(left)]


def _least(book: Book, line: Line, kg: Fraction, suite: Suite) -> int:
    """Least cost of one batch of the line from the suite. [money]"""
    price = price_share(book, line, kg)
    lead = book.lead_in(suite, line.programme)
    lead += book.lead_time(line.programme, line.step, line.kind)
    right = earliest_right(book, line, suite)
    latest = book.grid.whole(book.scenario.economics.max_late_days)
    deadline = book.deadline(line)
    found = []
    for start in _candidates(book, line, suite, deadline - lead, right):
        able = start + lead if right is None else max(start + lead, right)
        late = max(0, able - deadline)
        if late > latest:
            continue
        money = cost_of_lateness(book, price, late)
        money += cost_of_holding(book, price, line, able)
        money += cost_of_suite(book, line, suite.id)
        risk = cost_of_risk(book, line, suite.id) if right is not None else 0
        if right is not None and start < right:
            money += risk
        found.append(money)
        if may_be_later(book, line, suite):
            held = cost_of_holding(book, price, line, able)
            found.append(money - held + (risk if start >= (right or 0) else 0))
    return min(found, default=cost_of_unserved(book, line, price))


def _candidates(
    book: Book, line: Line, suite: Suite, on_time: int, right: int | None
) -> Iterator[int]:
    """Start ticks among which the best must be.

    Before and after the right to ship alike, cost falls up to the last start that is on
    time and rises from the first that isn't.
    """
    split = right if right is not None else -(10**9)
    spans = allowed_starts(book, line, suite)
    for from_, until in ((-(10**9), split - 1), (split, 10**9)):
        parts = [(max(low, from_), min(high, until)) for low, high in spans]
        parts = [(low, high) for low, high in parts if low <= high]
        yield from sorted(min(high, on_time) for low, high in parts if low <= on_time)[
            -1:
        ]
        yield from sorted(
            max(low, on_time + 1) for low, high in parts if high > on_time
        )[:1]


def allowed_starts(book: Book, line: Line, suite: Suite) -> list[tuple[int, int]]:
    """Spans of ticks, ends included, on which a batch for the line may start. [tick]"""
    opened = book.opens(line.programme, line.step, suite.site)
    if opened is None:
        return []
    lead = book.lead_in(suite, line.programme)
    low = max(opened, book.frozen_until, book.grid.at(suite.go_live))
    spans = []
    for first, last in book.closures(suite):
        if low <= first - lead:
            spans.append((low, first - lead))
        low = max(low, last)
    if low <= book.horizon_end - lead:
        spans.append((low, book.horizon_end - lead))
    return [(a, min(b, book.horizon_end - lead)) for a, b in spans if a <= b]


def earliest_right(book: Book, line: Line, suite: Suite) -> int | None:
    """Earliest right to ship that inputs from any site, or a qualification, permit. [tick]"""
    if line.market is None:
        return None
    rights = [_right(book, line, line.step, suite.site)]
    for step, sites in inputs_of(book, line):
        found = [_right(book, line, step, site) for site in sites]
        rights.append(min((r for r in found if r is not None), default=None))
    known = [right for right in rights if right is not None]
    return max(known, default=None)


def may_be_later(book: Book, line: Line, suite: Suite) -> bool:
    """Whether a right may come later than at its earliest: by a filing, or other input."""
    if line.market is None:
        return False
    places = [(line.step, suite.site)]
    for step, sites in inputs_of(book, line):
        places += [(step, site) for site in sites]
    if any(book.filing_chain(line.programme, *place, line.market) for place in places):
        return True
    own, *rights = (_right(book, line, *place) for place in places)
    return own is not None and any(x is not None and x > own for x in rights)


def _right(book: Book, line: Line, step: str, site: str) -> int | None:
    """Earliest right of a step at a site, by licence or by qualification. [tick]"""
    assert line.market is not None
    chain = book.filing_chain(line.programme, step, site, line.market)
    if chain is not None:
        return book.earliest_right(chain, line.market)
    return book.right(line.programme, step, site, line.market)


def inputs_of(book: Book, line: Line) -> Iterator[tuple[str, set[str]]]:
    """Every step before a line's with the sites that its batches may come from."""
    on_hand: list[Stock | InRelease] = [
        *book.scenario.stock,
        *book.scenario.in_release,
    ]
    for step in book.programmes[line.programme].recipe:
        if step.step == line.step:
            return
        sites = {s.site for s in book.open_suites(line.programme, step.step)}
        sites |= {
            book.suites[given.suite].site
            for given in on_hand
            if given.programme == line.programme and given.step == step.step
        }
        yield step.step, sites
