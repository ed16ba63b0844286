"""What a step may do in a suite, and what that costs at given prices."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np

from capacity.bound.demand import NEVER, Clock, Floats, Ticks
from capacity.instance import Instance, Mode, StepData, SuiteData


class Place:
    """A step in one suite on the step's clock: what may be when, and at which price."""

    def __init__(
        self,
        instance: Instance,
        step: StepData,
        mode: Mode,
        clock: Clock,
        base: int,
    ) -> None:
        self.suite, self.site, self.lead = mode.suite, mode.site, mode.lead
        self.clock = clock
        suite = instance.suites[mode.suite]
        self.starts = clock.outs - mode.lead
        self.outs_at = clock.outs - base
        self._speeds(mode)
        self._clean_again(suite, step)
        self._entries(instance, step, suite, base)
        self._shutdowns(suite, step, base)

    def _speeds(self, mode: Mode) -> None:
        """Which starts are allowed, and how far apart a campaign's batches are."""
        self.may = np.zeros(len(self.starts), dtype=bool)
        self.goes_on = np.zeros(len(self.starts), dtype=bool)
        self.takt = np.ones(len(self.starts), dtype=np.int64)
        slow = np.ones(len(self.starts), dtype=np.int64)
        for low, high in mode.starts:
            inside = (self.starts >= low) & (self.starts <= high)
            known = [mode.takt(low), *(x for at, x in mode.takts if low < at <= high)]
            self.may |= inside
            self.takt[inside] = min(known)
            slow[inside] = max(known)
            self.goes_on |= inside & (self.starts - min(known) >= low)
        width = self.clock.width
        usual = self.takt.max(initial=1, where=self.may)
        known_only = np.where(self.may, self.takt, usual)
        self.low = np.maximum(1, self._per_step(known_only, np.minimum, math.floor))
        self.high = self._per_step(slow, np.maximum, math.ceil)
        longest = int(self.high.max()) if len(self.high) else 1
        # A new campaign may start as soon as the last one's last batch is out, which
        # may be sooner than after a takt.
        self.again = max(1, math.floor(self.lead / width))
        self.last = max(longest + 1, min(self.again, 6))
        """Steps since the last batch are counted up to this; beyond it a campaign is
        over and another may follow."""

    def _clean_again(self, suite: SuiteData, step: StepData) -> None:
        """After a shutdown a changeover comes first, at least the shortest."""
        changes = [x for (_, into), x in suite.changeover.items() if into == step.index]
        for _, end in suite.shutdowns:
            early = (self.starts >= end) & (self.starts < end + min(changes, default=0))
            self.may[early & (self.lead >= self.takt)] = False

    def _per_step(
        self,
        values: Ticks,
        reduce: np.ufunc,
        rounded: Callable[[Fraction], int],
    ) -> Ticks:
        each = reduce.reduceat(values, self.clock.edges)
        table = {int(x): rounded(int(x) / self.clock.width) for x in np.unique(each)}
        return np.array([table[int(x)] for x in each])

    def _entries(
        self, instance: Instance, step: StepData, suite: SuiteData, base: int
    ) -> None:
        """What a campaign's first batch may come after, and what that costs."""
        mine = {s.index for s in instance.steps if s.programme == step.programme}
        before = {
            change
            for (leaving, entering), change in suite.changeover.items()
            if entering == step.index and leaving >= 0 and leaving not in mine
        }
        shared = any(
            leaving in mine and leaving != step.index
            for leaving, entering in suite.changeover
            if entering == step.index
        )
        self.entries: list[tuple[Ticks, Floats]] = []
        """(tick from which the suite is paid for, cost), by tick of out."""
        if shared or before:
            self._enter_anew(suite, 0 if shared else min(before), base)
        own = suite.set_up is not None and instance.steps[step.index].programme == (
            suite.set_up
        )
        from_step = -1 if suite.set_up is None else suite.set_up_step
        change = suite.changeover.get((from_step, step.index), 0)
        hold = suite.hold if own else -1
        self._enter_after(suite, suite.free_from, hold, change, base)
        for lock in instance.locks:
            if lock.suite == suite.index and lock.step in mine:
                end = lock.start + (lock.batches - 1) * lock.takt + lock.lead
                change = suite.changeover.get((lock.step, step.index), 0)
                self._enter_after(suite, end, suite.hold, change, base)

    def _enter_anew(self, suite: SuiteData, change: int, base: int) -> None:
        """After another programme, the cheapest there is."""
        begin = self.starts - change
        fits = self.may & (begin >= suite.free_from)
        for first, last in suite.closures if change else ():
            fits &= (self.starts <= first) | (begin >= last)
        cost = np.where(fits, suite.changeover_cost if change else 0, NEVER)
        self.entries.append((np.maximum(begin - base, 0), cost.astype(float)))

    def _enter_after(
        self, suite: SuiteData, free: int, hold: int, change: int, base: int
    ) -> None:
        """With nobody in the suite since a tick."""
        clean = self.starts - free <= hold
        for first, last in suite.shutdowns:
            clean &= (self.starts <= first) | (free >= last)
        cost = np.where(clean | (change == 0), 0, suite.changeover_cost)
        cost = np.where(self.may & (self.starts >= free), cost, NEVER)
        since = np.full(len(self.starts), max(free - base, 0))
        self.entries.append((since, cost.astype(float)))

    def _shutdowns(self, suite: SuiteData, step: StepData, base: int) -> None:
        """Time steps before which a shutdown ends whatever was set up, at a cost.

        Whoever pauses over two shutdowns needs one changeover and would pay two, so he
        may leave and enter again at the cost of one, the time in between paid for.
        """
        self.renewed: dict[int, float] = {}
        change = suite.changeover.get((step.index, step.index), 0)
        ends = self.clock.first, int(self.clock.outs[-1])
        for first, last in suite.shutdowns:
            before, after = first, last + self.lead
            if not change or before < ends[0] or after > ends[1]:
                continue
            where = self.clock.step(after)
            if self.clock.step(before) < where:
                money = self.renewed.get(where, 0.0)
                self.renewed[where] = max(money, float(suite.changeover_cost))
        for one, two in pairwise(suite.shutdowns if self.renewed else ()):
            fits = self.may & (self.starts >= two[1])
            cost = np.where(fits, float(suite.changeover_cost), NEVER)
            self.entries.append((np.full(len(fits), max(one[0] - base, 0)), cost))

    # ------------------------------------------------------------------ at prices

    def price(self, paid: Floats, pace: float) -> None:
        """Cost of entering, of going on and of waiting in each time step.

        Parameters
        ----------
        paid
            `paid[n]` is the price of all ticks before the n-th.
        pace
            What a further batch of a campaign earns. [money]
        """
        here = paid[self.outs_at]
        enter = np.full(len(here), NEVER)
        for since, cost in self.entries:
            enter = np.minimum(
                enter, here - paid[np.minimum(since, self.outs_at)] + cost
            )
        self.enter_at = enter
        # After a pause, a batch that serves none is as good as a longer pause, unless
        # the next one earns by going on from it.
        self.idles = pace > 0
        back = np.maximum(self.outs_at - self.takt, 0)
        on = self.goes_on & self.may
        self.on_at = np.where(on, here - paid[back] - pace, NEVER)
        back = np.maximum(self.outs_at - self.lead, 0)
        self.next_at = np.where(self.may, here - paid[back], NEVER)
        self.enter = np.minimum(self.clock.least(self.enter_at), NEVER)
        self.on = np.minimum(self.clock.least(self.on_at), NEVER)
        self.next = np.minimum(self.clock.least(self.next_at), NEVER)
        self.open = np.logical_or.reduceat(self.may, self.clock.edges)
        edges = np.append(here[self.clock.edges], here[-1])
        self.wait = np.diff(edges)
        sums = np.concatenate([np.zeros(self.last), np.cumsum(self.wait)])
        # The price of the last `last - 1` time steps, this one included.
        self.stop = sums[self.last :] - sums[1 : len(sums) - self.last + 1]

    def toll(self, due: Floats, late: int) -> Floats:
        """Per time step the least of a charge by tick, put off by so many ticks."""
        at = np.clip(self.outs_at + late, 0, len(due) - 1)
        return self.clock.least(due[at])

    def used_to_next(self, step: int) -> tuple[int, int]:
        """Ticks, counted from the base, that a campaign directly after another pays."""
        span = self.clock.span(step)
        at = int(self.next_at[span].argmin()) + (span.start or 0)
        out = int(self.outs_at[at])
        return max(0, out - self.lead), out

    def used_to_enter(self, step: int, paid: Floats) -> tuple[int, int]:
        """Ticks, counted from the base, that entering in a time step pays for."""
        span = self.clock.span(step)
        at = int(self.enter_at[span].argmin()) + (span.start or 0)
        out = int(self.outs_at[at])
        rows = [
            (
                float(paid[out] - paid[min(int(since[at]), out)] + cost[at]),
                int(since[at]),
            )
            for since, cost in self.entries
        ]
        return min(rows)[1], out

    def used_to_go_on(self, step: int) -> tuple[int, int]:
        """Ticks, counted from the base, that a further batch pays for."""
        span = self.clock.span(step)
        at = int(self.on_at[span].argmin()) + (span.start or 0)
        out = int(self.outs_at[at])
        return max(0, out - int(self.takt[at])), out
