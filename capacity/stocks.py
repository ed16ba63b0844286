"""Demand against stock while a plan is searched: the periods of a programme in integers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from capacity.instance import Stocked

NEVER = 10**9
"""End of what keeps. [tick]"""


class Lot(NamedTuple):
    """Product that comes in together."""

    enters: int
    """[tick]"""
    end: int
    """First tick on which it has expired. [tick]"""
    amount: int


class Stage(NamedTuple):
    """What happens at a period's end, and what it costs."""

    opening: int
    made: int
    waste: int
    sold: int
    backlog: int
    lost: int
    closing: int
    deficit: int
    storage_cost: int
    """[money]"""
    shortage_cost: int
    """[money]"""
    waste_cost: int
    """[money]"""
    deficit_cost: int
    """[money]"""

    @property
    def cost(self) -> int:
        """All of it. [money]"""
        return (
            self.storage_cost + self.shortage_cost + self.waste_cost + self.deficit_cost
        )


class Flow(NamedTuple):
    """All periods of a programme."""

    stages: list[Stage]
    unsold: int
    """Demand that nothing supplies."""
    bought: int
    """What is sold and was made anew, at the least."""
    unserved_cost: int
    """Of what is unsold, less what it saves. [money]"""
    saved: int
    """Least variable cost of what was made anew and sold. [money]"""
    breaks: int
    """Parts of a unit that break a rule."""


def up(rate: Fraction, amount: int) -> int:
    """Money for an amount, rounded up. [money]"""
    return -(-rate.numerator * amount // rate.denominator)


def flow(stocked: Stocked, lots: Iterable[Lot]) -> Flow:
    """Go through the periods with everything that comes in."""
    ends = [period.end for period in stocked.periods]
    coming: list[list[list[int]]] = [[] for _ in ends]
    opening = [
        Lot(-NEVER, NEVER if end is None else end, amount)
        for amount, end in stocked.opening
    ]
    for enters, end, amount in [*opening, *lots]:
        entry = bisect_left(ends, enters)
        if entry < len(ends):
            last = bisect_left(ends, end)
            key = entry if stocked.fifo else end
            coming[entry].append([key, end, last, amount, enters])
    here: list[list[int]] = []
    stages: list[Stage] = []
    closing = backlog = unsold = breaks = 0
    before = stocked.start
    for number, period in enumerate(stocked.periods):
        opened = closing
        new = coming[number]
        made = sum(lot[3] for lot in new)
        if new:
            here = sorted(here + new)
        kept = 0
        if stocked.daily:
            kept = sum(lot[3] * (period.end - max(before, lot[4])) for lot in here)
        waste = sum(lot[3] for lot in here if lot[2] <= number)
        if waste:
            here = [lot for lot in here if lot[2] > number]
        there = opened + made - waste
        wanted = period.demand + backlog
        sold = min(there, wanted)
        backlog, lost, closing = wanted - sold, 0, there - sold
        over = 0
        if stocked.limit is not None and closing > stocked.limit:
            over = closing - stocked.limit
            if stocked.wasted:
                waste += over
                closing -= over
            else:
                breaks, over = breaks + over, 0
        here = _rest(here, sold + over)
        if stocked.shortage == "lost":
            lost, backlog = backlog, 0
            unsold += lost
        if stocked.shortage == "hard":
            breaks += backlog
        after = ends[number + 1] if number + 1 < len(ends) else stocked.after
        waits = backlog * (after - period.end) if stocked.daily else backlog
        deficit = max(0, period.target - closing)
        stages.append(
            Stage(
                opened, made, waste, sold, backlog, lost, closing, deficit,
                up(stocked.storage_cost, kept if stocked.daily else closing),
                up(stocked.shortage_cost, lost or waits),
                up(stocked.waste_cost, waste),
                up(stocked.target_cost, deficit),
            )
        )  # fmt: skip
        before = period.end
    unsold += backlog
    bought = max(0, stocked.wanted - unsold - stocked.given)
    saved = stocked.cheapest.numerator * bought // stocked.cheapest.denominator
    lacks = up(stocked.price, unsold) - (stocked.ideal - saved)
    return Flow(stages, unsold, bought, lacks, saved, breaks)


def _rest(here: list[list[int]], amount: int) -> list[list[int]]:
    """What stays when an amount goes out in turn; the lots themselves stay as they are."""
    for place, lot in enumerate(here):
        if amount < lot[3]:
            first = [*lot[:3], lot[3] - amount, lot[4]]
            return [first, *here[place + 1 :]]
        amount -= lot[3]
    return []
