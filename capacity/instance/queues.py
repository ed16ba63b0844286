"""QC and QA of a site: how many starts each window takes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from capacity.instance.known import DAY, QA, QC, Known
from capacity.instance.spans import Span
from capacity.scenario import Rate


@dataclass(frozen=True)
class Queue:
    """QC or QA of a site: how many starts each window takes."""

    window: int
    """[tick]"""
    first: int
    """Tick of the first window in the tables. [tick]"""
    total: list[int]
    """Starts that the window from tick `first + i` takes."""
    lent: list[int]
    """Of these, for other sites."""
    open_spans: tuple[Span, ...]
    """Closed spans of ticks with a rate above 0. [tick]"""

    def inside(self, starts: Iterable[int]) -> list[int]:
        """How many of some starts lie in each window of the tables."""
        size = len(self.total)
        change = [0] * (size + 1)
        for start in starts:
            last = start - self.first
            if last >= 0:
                change[min(max(0, last - self.window + 1), size)] += 1
                change[min(last + 1, size)] -= 1
        return list(accumulate(change[:size]))

    def holds(self, starts: list[int], given: Iterable[int], *, foreign: bool) -> bool:
        """Whether every window takes its starts; given ones alone may overfill it."""
        table = self.lent if foreign else self.total
        rows = zip(self.inside(starts), table, self.inside(given), strict=True)
        return all(here <= max(offer, stuck) for here, offer, stuck in rows)

    def capacity(self, tick: int, foreign: bool = False) -> int:
        """Starts that the window from `tick` takes."""
        table = self.lent if foreign else self.total
        return table[min(max(tick - self.first, 0), len(table) - 1)]


def queue(known: Known, site: int, resource: int) -> Queue:
    """QC or QA of a site, window by window."""
    data = known.scenario.sites[site]
    records = known.scenario.quality.records_per_reviewer_week
    rates: list[Rate] = data.qc_batches if resource == QC else data.qa_reviewers
    factor = Fraction(1) if resource == QC else records
    steps = [
        (known.grid.at(rate.start), rate.value * factor / 7 * known.grid.tick)
        for rate in rates
    ]
    unit = math.lcm(1, *(rate.denominator for _, rate in steps))
    scaled = [(at, int(rate * unit)) for at, rate in steps]
    window = known.ticks(known.scenario.quality.window_days)
    first = min(0, known.as_of) - window - known.ticks(2 * 365 * DAY)
    last = known.horizon_end + known.ticks(2 * 365 * DAY)
    filled = list(accumulate(_per_tick(scaled, first, last + window), initial=0))
    offers = [(filled[n + window] - filled[n]) // unit for n in range(last - first)]
    share = known.scenario.quality.lending.qc
    if resource == QA:
        share = known.scenario.quality.lending.qa
    ends = [at for at, _ in scaled[1:]] + [last]
    spans = (
        [
            (max(at, first), end - 1)
            for (at, rate), end in zip(scaled, ends, strict=True)
            if rate > 0 and end - 1 >= max(at, first)
        ]
        if scaled
        else []
    )
    over, under = share.as_integer_ratio()  # a fraction for every tick would be slow
    lent = [over * offer // under for offer in offers]
    return Queue(window, first, offers, lent, tuple(spans))


def _per_tick(steps: list[tuple[int, int]], first: int, last: int) -> Iterable[int]:
    value, number = 0, 0
    for tick in range(first, last):
        while number < len(steps) and steps[number][0] <= tick:
            value = steps[number][1]
            number += 1
        yield value
