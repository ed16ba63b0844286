"""QC and QA at a price: what a start costs in each week, and waiting for a cheap one.

A site starts so many in every window. Of these windows, those that begin with a week are
priced. A start pays for the windows that hold its whole week, or for less, so that the bound
holds for every plan. A batch starts where and when that is cheapest together with what it is
later for it. Only what serves a group pays: intermediates and what serves nothing go free.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from capacity.bound.demand import Clock, Demand, Floats, Ticks, positions, sizes
from capacity.bound.ways import Way, right
from capacity.instance import QA, QC, Group, Instance, StepData

RESOURCES = (QC, QA)

WAITS = (0, 1, 2, 4, 8, 16, 32, 64, 128)
"""How long a batch may wait, from each to the next; from the last on starts are free. [week]"""

EVER = 10**6
"""A week after all others."""

BEYOND = 1e9
"""What waiting costs that leaves a batch too late to serve. [money]"""


class Least:
    """The least of any weeks in a row, looked up: of each week, of two from each on, of four.

    Parameters
    ----------
    prices
        By week. Later ones are free. [money]
    """

    def __init__(self, prices: Floats) -> None:
        self.prices = np.append(prices, 0.0)
        rows, each = [np.arange(len(self.prices))], 1
        while 2 * each <= len(self.prices):
            last = rows[-1]
            other = np.append(last[each:], np.full(each, len(self.prices) - 1))
            rows.append(np.where(self.prices[other] < self.prices[last], other, last))
            each *= 2
        self.weeks = np.array(rows)
        """Of 2^k weeks from each on, by k, the first in which a start is cheapest."""

    def week(self, first: Ticks, last: Ticks) -> Ticks:
        """The cheapest week from a first to a last one, both included."""
        end = len(self.prices) - 1
        first, last = np.minimum(first, end), np.minimum(last, end)
        row = np.log2(last - first + 1).astype(np.int64)
        one, other = self.weeks[row, first], self.weeks[row, last - 2**row + 1]
        found: Ticks = np.where(self.prices[other] < self.prices[one], other, one)
        return found


class Queues:
    """What QC and QA of each site take in the windows that begin with a week.

    Parameters
    ----------
    instance
        What is planned.
    base
        First tick of the first week.
    week
        [tick]
    weeks
        How many.
    """

    def __init__(self, instance: Instance, base: int, week: int, weeks: int) -> None:
        self.sites = range(len(instance.sites))
        self.shape = len(RESOURCES), len(self.sites), weeks
        begins = base + week * np.arange(weeks)
        self.takes = np.zeros(self.shape)
        """Starts by resource, site and window, besides those before `as_of`. [1]"""
        self.lends = np.zeros(self.shape)
        """Of these, for other sites. [1]"""
        for row, resource in enumerate(RESOURCES):
            for site in self.sites:
                queue = instance.queues[site, resource]
                stuck = queue.inside(instance.tested_before[site, resource])
                at = np.clip(begins - queue.first, 0, len(queue.total) - 1)
                left = np.maximum(queue.total, stuck) - np.array(stuck)
                self.takes[row, site] = left[at]
                self.lends[row, site] = np.array(queue.lent)[at]
        window = instance.queues[0, QC].window if instance.queues else week
        self.span = window // week
        """Windows that hold a week."""
        self.paid = (begins >= instance.as_of) & (begins > base)
        """Whether a start in a week pays: those before `as_of` are known, and the first week
        stands for all that was out before it as well."""
        self.lenders = [
            [[o for o in self.sites if o != s and self.lends[r, o].any()] for s in self.sites]
            for r in range(len(RESOURCES))
        ]  # fmt: skip

    def by_week(self, windows: Floats) -> Floats:
        """Sum of the windows that hold each week, along the last axis."""
        if not self.span:
            return np.zeros(windows.shape)
        total = np.cumsum(windows, axis=-1)
        total[..., self.span :] -= total[..., : -self.span].copy()
        found: Floats = total * self.paid
        return found

    def prices(self, takes: Floats, lends: Floats) -> tuple[list[list[Least]], Ticks]:
        """Price of a start for a batch of each site, and the cheapest site that starts it.

        Parameters
        ----------
        takes, lends
            Prices of windows, as `takes` and `lends` count them. [money]

        Returns
        -------
        Both by resource, site of the batch and week.
        """
        own, more = self.by_week(takes), self.by_week(lends)
        found, where = own.copy(), np.empty(self.shape, dtype=np.int64)
        for row in range(len(RESOURCES)):
            for site in self.sites:
                where[row, site] = site
                for other in self.lenders[row][site]:
                    there = own[row, other] + more[row, other]
                    where[row, site][there < found[row, site]] = other
                    np.minimum(found[row, site], there, out=found[row, site])
        return [[Least(row) for row in rows] for rows in found], where

    def used(self, starts: Floats, where: Ticks) -> tuple[Floats, Floats]:
        """Starts in each window, and of these for other sites.

        Parameters
        ----------
        starts
            By resource, site of the batch and week. [1]
        where
            As `prices` found it.
        """
        here, lent = np.zeros(self.shape), np.zeros(self.shape)
        for row in range(len(RESOURCES)):
            for site in self.sites:
                count = starts[row, site] * self.paid
                here[row, site] += np.where(where[row, site] == site, count, 0)
                for other in self.lenders[row][site]:
                    there = np.where(where[row, site] == other, count, 0)
                    here[row, other] += there
                    lent[row, other] += there
        return self._windows(here), self._windows(lent)

    def _windows(self, weekly: Floats) -> Floats:
        """Sum of the weeks that each window holds, along the last axis."""
        if not self.span:
            return np.zeros(weekly.shape)
        total = np.cumsum(weekly[..., ::-1], axis=-1)
        total[..., self.span :] -= total[..., : -self.span].copy()
        found: Floats = total[..., ::-1]
        return found


class Waits:
    """What the groups of a step pay for QC and QA, and for waiting, by time step.

    Parameters
    ----------
    instance, step, way, demand, clock
        Whose groups they are.
    sites
        Where batches of the step may be made, or are.
    base, week
        As for `Queues`. [tick]
    """

    def __init__(
        self,
        instance: Instance,
        step: StepData,
        way: Way,
        demand: Demand,
        clock: Clock,
        sites: Sequence[int],
        base: int,
        week: int,
    ) -> None:
        self.week, self.sites = week, sites
        groups = [instance.groups[number] for number in demand.groups]
        tested = [step.tested and group.kind != "engineering" for group in groups]
        self.tested = np.array(tested, dtype=bool)
        outs = clock.outs[clock.edges]
        ends = np.append(clock.edges[1:], len(clock.outs))
        self.first = np.maximum(0, (outs - base) // week)
        """Week of the first out of each time step."""
        last = clock.outs[ends - 1] - base
        longest = max(step.qc_days, step.qa_days)
        free = [longest - step.qc_days, longest - step.qa_days]
        self.until = [
            [self._until(last + x, n) for x in free] for n in range(len(WAITS))
        ]
        """By wait and resource: the last week in which a batch may start. [week]"""
        leads = [step.lead_times[group.kind] for group in groups]
        self.ready = outs[None, :] + np.array(leads, dtype=np.int64)[:, None]
        self.deadline = np.array([g.deadline for g in groups], dtype=np.int64)[:, None]
        self.latest = np.array([g.latest for g in groups], dtype=np.int64)[:, None]
        counts = [positions(instance, group, way) for group in groups]
        terms = [sizes(instance, group, way) for group in groups]
        both = list(zip(terms, counts, strict=True))
        self.share = np.array([min(x.need for x in row) / n for row, n in both], float)
        """Batches for each position, at least. [1]"""
        rates = [min(x.charge * x.need for x in row) / n for row, n in both]
        self.charge = np.array(rates, float)
        """Lateness of a position, at least. [money per tick]"""
        self.rights = {
            site: np.array(
                [_latest_right(instance, step, way, g, site) for g in groups], np.int64
            )
            for site in sites
        }
        """By site, the latest that lateness counts from, -1 where it has none. [tick]"""

    def _until(self, last: Ticks, number: int) -> Ticks:
        """Last week of a start."""
        if number + 1 == len(WAITS):
            return np.full(len(last), EVER)
        found: Ticks = (last + WAITS[number + 1] * self.week - 1) // self.week
        return np.maximum(self.first, found)

    def price(self, prices: list[list[Least]]) -> Floats:
        """What a position pays and waits for at least, by group and time step. [money]

        Parameters
        ----------
        prices
            Of a start, by resource, site of the batch and week.
        """
        if not any(row[site].prices.any() for row in prices for site in self.sites):
            return np.zeros(self.ready.shape)
        return self._least(prices)[0]

    def starts(self, prices: list[list[Least]], served: Floats) -> Floats:
        """Starts by resource, site of the batch and week, at what `price` found least.

        Parameters
        ----------
        prices
            As there.
        served
            Positions of each group that are served in each time step.
        """
        weeks = len(prices[0][0].prices)
        found = np.zeros((len(prices), len(prices[0]), weeks))
        _, where, waits = self._least(prices)
        count = served * self.share[:, None] * self.tested[:, None]
        for number in range(len(WAITS)):
            for site in self.sites:
                chosen = (where == site) & (waits == number)
                batches = np.where(chosen, count, 0).sum(axis=0)
                for row, until in enumerate(self.until[number]):
                    week = prices[row][site].week(self.first, until)
                    found[row, site] += np.bincount(week, batches, weeks)
        return found[..., :-1]

    def _least(self, prices: list[list[Least]]) -> tuple[Floats, Ticks, Ticks]:
        """Least of what is paid and waited for; at which site and after which wait."""
        best = np.full(self.ready.shape, np.inf)
        where = np.full(self.ready.shape, -1)
        waits = np.zeros(self.ready.shape, dtype=np.int64)
        for site in self.sites:
            begun = self._late(site, 0)
            for number, wait in enumerate(WAITS):
                paid = np.zeros(len(self.first))
                for row, until in enumerate(self.until[number]):
                    each = prices[row][site]
                    paid += each.prices[each.week(self.first, until)]
                later = self._late(site, wait) - begun if wait else 0.0
                cost = self.share[:, None] * paid + later
                better = (cost < best) & (self.rights[site] >= 0)[:, None]
                best[better], where[better], waits[better] = cost[better], site, number
        best[(where < 0) | ~self.tested[:, None]] = 0.0
        return best, where, waits

    def _late(self, site: int, wait: int) -> Floats:
        """Lateness of what waits so many weeks, by group and time step. [money]

        At the first out of each time step: what waiting adds never falls with the out.
        """
        able = np.maximum(self.ready + wait * self.week, self.rights[site][:, None])
        late = self.charge[:, None] * np.maximum(0, able - self.deadline)
        found: Floats = np.where(able > self.latest, BEYOND, late)
        return found


def _latest_right(
    instance: Instance, step: StepData, way: Way, group: Group, site: int
) -> int:
    """The latest tick from which lateness counts at a site, -1 where it serves none. [tick]"""
    spans = []
    if site not in way.closed:
        stated = instance.right(group, step.index, site)
        spans.append(right(instance, way, group, site, stated))
    if (step.index, site) in group.rights:
        stated = group.rights[step.index, site]
        spans.append(right(instance, way, group, site, stated))
    return max((max(0, low) for low, _ in filter(None, spans)), default=-1)
