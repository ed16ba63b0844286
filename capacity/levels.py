"""A lower bound on what programmes made to stock cost, all of them together, by stock levels.

A linear programme that every plan satisfies: batches need not be whole, a suite's time is
only added up, and what is changed over doesn't depend on what came before. In time steps
cut where a batch that is out just enters a period, a suite's batches take in any stretch of
steps no more than its open time there and the longest lead-in, which the first campaign may
have had before: a campaign of n batches takes a lead-in and n - 1 takts, and the least of
its changeovers where every campaign has one, so each batch takes a takt and its share of
the rest, a campaign at its maximum being the best there is. Stock is carried from period to
period; when it is supplied, wasted or kept is free to choose. Where batches may be late to
enter, as they are tested or licensed later, they wait for nothing.

The bound is that of the dual solution, worked out anew from its multipliers: whatever
these are, it holds.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from ortools.linear_solver import pywraplp

from capacity.instance import Instance, Mode, StepData, Stocked

Terms = dict[int, float]
"""Coefficients by variable."""


@dataclass
class _Programme:
    """Minimise cost over variables between 0 and a most, under rows of at least."""

    costs: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    rows: list[tuple[Terms, float]] = field(default_factory=list)
    """(coefficients, least)"""
    constant: float = 0.0

    def variable(self, cost: float, most: float) -> int:
        """A new one."""
        self.costs.append(cost)
        self.most.append(most)
        return len(self.costs) - 1

    def at_least(self, terms: Terms, least: float) -> None:
        """A row."""
        self.rows.append((terms, least))

    def bound(self) -> float:
        """What no solution goes below."""
        solver = pywraplp.Solver.CreateSolver("GLOP")
        each = [
            solver.NumVar(0.0, most, f"x{number}")
            for number, most in enumerate(self.most)
        ]
        rows = []
        for terms, least in self.rows:
            row = solver.Constraint(least, solver.infinity())
            for number, coefficient in terms.items():
                row.SetCoefficient(each[number], coefficient)
            rows.append(row)
        goal = solver.Objective()
        for number, cost in enumerate(self.costs):
            goal.SetCoefficient(each[number], cost)
        goal.SetMinimization()
        if solver.Solve() != pywraplp.Solver.OPTIMAL:
            return 0.0
        return self._dual([max(0.0, row.dual_value()) for row in rows])

    def _dual(self, multipliers: list[float]) -> float:
        """The bound at any multipliers that aren't negative."""
        reduced = list(self.costs)
        value = [self.constant]
        for (terms, least), price in zip(self.rows, multipliers, strict=True):
            value.append(price * least)
            for number, coefficient in terms.items() if price else ():
                reduced[number] -= price * coefficient
        value += [
            cost * most
            for cost, most in zip(reduced, self.most, strict=True)
            if cost < 0
        ]
        size = math.fsum(map(abs, value))
        return math.fsum(value) - 1e-9 * size - 0.01


def stock_bound(instance: Instance) -> int:
    """Regret of programmes made to stock that no plan goes below. [money]"""
    if not instance.stocked:
        return 0
    return max(0, math.ceil(_Levels(instance).programme.bound()))


class _Levels:
    """Carries what building needs."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.programme = _Programme()
        self.cuts = sorted(
            {
                period.end - self._lag(stocked)
                for stocked in instance.stocked.values()
                for period in stocked.periods
            }
            | {
                instance.horizon_end
                for stocked in instance.stocked.values()
                if stocked.room
            }
        )
        self.used: dict[int, list[list[tuple[int, float]]]] = {}
        """By suite and time step: (variable, ticks of a batch)."""
        self.leads: dict[int, int] = {}
        """Longest lead-in by suite. [tick]"""
        self.entries: dict[int, int] = {}
        """Longest of the changeovers that every campaign has, by suite. [tick]"""
        for stocked in instance.stocked.values():
            self._stock(stocked)
        for suite, steps in self.used.items():
            self._suite(suite, steps)

    def _lag(self, stocked: Stocked) -> int:
        """From out into the stock, at the least. [tick]"""
        return self.instance.steps[stocked.step].lead_times["commercial"]

    # ------------------------------------------------------------------- stock

    def _stock(self, stocked: Stocked) -> None:
        """Periods of a programme, and the batches that enter in them."""
        lp, step = self.programme, self.instance.steps[stocked.step]
        given, made = self._given(stocked, step), self._made(stocked, step)
        most = float(stocked.wanted + sum(given) + 1)
        most += sum(lp.most[x] * size for row in made for x, size in row)
        limit = most if stocked.limit is None else min(most, float(stocked.limit))
        pool = self._delayed(stocked, step)
        lp.constant -= stocked.ideal
        closing = backlog = waiting = -1
        for number, period in enumerate(stocked.periods):
            kept, short_cost = self._rates(stocked, number)
            now = lp.variable(kept, limit)
            late = 0.0 if stocked.shortage == "hard" else float(stocked.wanted)
            short = lp.variable(short_cost, late)
            spoilt = 0.0 if stocked.clean else most
            waste = lp.variable(float(stocked.waste_cost), spoilt)
            sold = lp.variable(0.0, most)
            # what was there, has come in, is wasted, supplied or kept
            terms = {now: -1.0, waste: -1.0, sold: -1.0}
            terms |= dict(made[number])
            if closing >= 0:
                terms[closing] = 1.0
            if pool:  # or waits to come in, for nothing
                if waiting >= 0:
                    terms[waiting] = 1.0
                waiting = lp.variable(0.0, most)
                terms[waiting] = -1.0
            lp.at_least(terms, -float(given[number]))
            lp.at_least({x: -c for x, c in terms.items()}, float(given[number]))
            # what waited or is wanted now is supplied or short
            terms = {short: 1.0, sold: 1.0}
            if backlog >= 0 and stocked.shortage != "lost":
                terms[backlog] = -1.0
            lp.at_least(terms, float(period.demand))
            if period.target and stocked.target_cost:
                deficit = lp.variable(float(stocked.target_cost), float(period.target))
                lp.at_least({deficit: 1.0, now: 1.0}, float(period.target))
            closing, backlog = now, short
        if stocked.room:  # what enters after the last period counts as well
            cut = stocked.periods[-1].end - self._lag(stocked)
            for at in range(bisect_right(self.cuts, cut), len(self.cuts)):
                for mode in step.modes.values():
                    self._batches(step, stocked, mode, at)

    def _rates(self, stocked: Stocked, number: int) -> tuple[float, float]:
        """What a part costs in stock at a period's end, and short. [money]"""
        ends = [*(period.end for period in stocked.periods), stocked.after]
        last, lost = number + 2 == len(ends), stocked.shortage == "lost"
        ticks = ends[number + 1] - ends[number] if stocked.daily else 1
        kept = 0.0 if stocked.daily and last else float(stocked.storage_cost) * ticks
        short = float(stocked.shortage_cost) * (1 if lost else ticks)
        return kept, short + (float(stocked.price) if last or lost else 0.0)

    def _delayed(self, stocked: Stocked, step: StepData) -> bool:
        """Whether batches may enter later than they could: queues, or rights to come."""
        rights = [stocked.rights[suite] for suite in step.modes]
        rights += [
            stocked.rights[lock.suite]
            for lock in self.instance.locks
            if lock.step == step.index
        ]
        decided = any(stocked.filings.values())
        late = any(right is None or right > stocked.start for right in rights)
        return step.tested or decided or late

    def _given(self, stocked: Stocked, step: StepData) -> list[int]:
        """What enters in each period without a decision, at the earliest."""
        found = [0] * len(stocked.periods)
        ends = [period.end for period in stocked.periods]
        found[0] += sum(amount for amount, _ in stocked.opening)
        rows: list[tuple[int | None, int]] = []
        for data in self.instance.on_hand:
            right = stocked.given_rights[data.suite]
            if data.step == step.index and data.kind == "commercial":
                amounts = stocked.amounts
                if data.out is None:
                    amounts = stocked.released_amounts
                at = None if right is None else max(right, data.ready)
                rows.append((at, amounts[data.suite]))
        for lock in self.instance.locks:
            right = stocked.rights[lock.suite]
            if lock.step == step.index and lock.kind == "commercial":
                first = lock.start + lock.lead + self._lag(stocked)
                for number in range(lock.batches):
                    at = first + number * lock.takt
                    at = max(at, right) if right is not None else at
                    rows.append((at, stocked.amounts[lock.suite]))
        for at, amount in rows:
            number = len(ends) if at is None else bisect_left(ends, at)
            if number < len(ends):
                found[number] += amount
        return found

    def _made(self, stocked: Stocked, step: StepData) -> list[list[tuple[int, float]]]:
        """Variables of new batches that may enter in each period, with their amounts."""
        found: list[list[tuple[int, float]]] = [[] for _ in stocked.periods]
        ends = [period.end for period in stocked.periods]
        lag, before = self._lag(stocked), -(10**9)
        for number, period in enumerate(stocked.periods):
            cut = period.end - lag
            first = bisect_right(self.cuts, before)
            for at in range(first, bisect_left(self.cuts, cut) + 1):
                for suite, mode in step.modes.items():
                    x, right = (
                        self._batches(step, stocked, mode, at),
                        stocked.rights[suite],
                    )
                    if x is not None and right is not None and right <= ends[-1]:
                        enters = max(number, bisect_left(ends, right))
                        found[enters].append((x, float(stocked.amounts[suite])))
            before = cut
        return found

    def _batches(
        self, step: StepData, stocked: Stocked, mode: Mode, at: int
    ) -> int | None:
        """Batches of a step in a suite that are out in a time step."""
        if not mode.starts:
            return None
        soonest = max(mode.starts[0][0], self._ready(mode.suite, step.index))
        if soonest + mode.lead > self.cuts[at]:
            return None
        takt = min(mode.lead, *(takt for _, takt in mode.takts))
        entry = self._entry(mode.suite, step)
        ticks = takt + (mode.lead - takt + entry) / step.maximum
        steps = self.used.setdefault(mode.suite, [[] for _ in self.cuts])
        self.leads[mode.suite] = max(mode.lead, self.leads.get(mode.suite, 0))
        self.entries[mode.suite] = max(entry, self.entries.get(mode.suite, 0))
        span = self.cuts[at] - (self.cuts[at - 1] if at else soonest)
        cost = mode.variable_cost + float(stocked.inputs)
        x = self.programme.variable(cost, span / takt + 1)
        steps[at].append((x, ticks))
        return x

    def _ready(self, suite: int, step: int) -> int:
        """Before this a suite starts no campaign of a step: it has to be set up. [tick]"""
        data = self.instance.suites[suite]
        if data.set_up is not None or any(
            x.suite == suite for x in self.instance.locks
        ):
            return data.free_from
        return data.free_from + data.changeover[-1, step]

    def _entry(self, suite: int, step: StepData) -> int:
        """What a changeover before a campaign takes at the least, the first apart. [tick]"""
        data = self.instance.suites[suite]
        if data.hold >= 0:
            return 0  # none after the same product
        rows = (other.index for other in self.instance.steps if suite in other.modes)
        return min(data.changeover[row, step.index] for row in rows)

    # ------------------------------------------------------------------- suites

    def _suite(self, suite: int, steps: list[list[tuple[int, float]]]) -> None:
        """In every stretch of steps, of some lengths, batches find their time."""
        lp, count = self.programme, len(self.cuts)
        used = []
        for row in steps:
            most = sum(lp.most[x] * ticks for x, ticks in row)
            used.append(lp.variable(0.0, most))
            lp.at_least({used[-1]: 1.0, **{x: -ticks for x, ticks in row}}, 0.0)
        length = 1
        while length < 2 * count:
            for first in range(0, count, max(1, length // 2)):
                last = min(first + length, count)
                room = self._room(suite, first, last)
                lp.at_least({used[n]: -1.0 for n in range(first, last)}, -room)
            length *= 2

    def _room(self, suite: int, first: int, last: int) -> float:
        """Open ticks of a suite in a stretch of steps, and what may lie before them."""
        data = self.instance.suites[suite]
        steps = [step.index for step in self.instance.steps if suite in step.modes]
        opens = min(self._ready(suite, step) for step in steps)
        begin = opens
        if first:
            begin = max(begin, self.cuts[first - 1])
        end = self.cuts[last - 1]
        spans = [*data.closures, *self._locked(suite)]
        shut = sum(max(0, min(b, end) - max(a, begin)) for a, b in _merged(spans))
        before = 0 if begin == opens else self.leads[suite]
        return float(max(0, end - begin - shut) + before + self.entries[suite])

    def _locked(self, suite: int) -> Iterator[tuple[int, int]]:
        for lock in self.instance.locks:
            if lock.suite == suite:
                length = (lock.batches - 1) * lock.takt + lock.lead
                yield lock.start, lock.start + length


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
