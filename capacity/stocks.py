"""Demand against stock while a plan is searched: the periods of a programme in integers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple, Protocol

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


class Flow(NamedTuple):
    """What happens to a stock, by period, and what it costs."""

    made: list[int]
    waste: list[int]
    sold: list[int]
    backlog: list[int]
    lost: list[int]
    closing: list[int]
    deficit: list[int]
    storage_costs: list[int]
    """[money]"""
    shortage_costs: list[int]
    """[money]"""
    waste_costs: list[int]
    """[money]"""
    deficit_costs: list[int]
    """[money]"""
    unserved_cost: int
    """Of demand that nothing supplies, less what it saves. [money]"""
    saved: int
    """Least variable cost of what was made anew and sold. [money]"""
    breaks: int
    """Parts of a unit that break a rule."""

    @property
    def regret(self) -> int:
        """All of it. [money]"""
        return (
            sum(self.storage_costs)
            + sum(self.shortage_costs)
            + sum(self.waste_costs)
            + sum(self.deficit_costs)
            + self.unserved_cost
            - self.saved
        )


class _Stock(Protocol):
    """Product that enters, expires and goes out."""

    def enter(self, number: int) -> int:
        """How much enters in a period."""

    def expire(self, number: int) -> int:
        """How much has expired at a period's end."""

    def take(self, amount: int) -> None:
        """Product goes out in its turn."""


class _InTurn:
    """A stock in which whatever enters first expires first: sums say it all."""

    def __init__(
        self,
        ends: list[int],
        enters: list[int],
        expiries: list[int],
        amounts: list[int],
    ) -> None:
        sums = list(accumulate(amounts, initial=0))
        entered = [bisect_right(enters, end) for end in ends]
        expired = [bisect_right(expiries, end) for end in ends]
        self.entered = [0, *(sums[at] for at in entered)]
        self.expired = [sums[min(pair)] for pair in zip(entered, expired, strict=True)]
        self.gone = 0

    def enter(self, number: int) -> int:
        return self.entered[number + 1] - self.entered[number]

    def expire(self, number: int) -> int:
        waste = max(0, self.expired[number] - self.gone)
        self.gone += waste
        return waste

    def take(self, amount: int) -> None:
        self.gone += amount


class _Mixed:
    """Any stock, lot by lot."""

    def __init__(self, ends: list[int], lots: list[Lot], *, fifo: bool) -> None:
        self.coming: list[list[list[int]]] = [[] for _ in ends]
        self.here: list[list[int]] = []
        """(turn, period of its end, amount) of each lot."""
        for enters, end, amount in lots:
            entry = bisect_left(ends, enters)
            if entry < len(ends):
                last = bisect_left(ends, end)
                turn = entry if fifo else last
                self.coming[entry].append([turn, last, amount])

    def enter(self, number: int) -> int:
        new = self.coming[number]
        self.here = sorted(self.here + new)
        return sum(lot[2] for lot in new)

    def expire(self, number: int) -> int:
        waste = sum(lot[2] for lot in self.here if lot[1] <= number)
        if waste:
            self.here = [lot for lot in self.here if lot[1] > number]
        return waste

    def take(self, amount: int) -> None:
        for place, lot in enumerate(self.here):
            if amount < lot[2]:
                lot[2] -= amount
                self.here = self.here[place:]
                return
            amount -= lot[2]
        self.here = []


def flow(stocked: Stocked, lots: Iterable[Lot]) -> Flow:
    """Go through the periods with everything that comes in."""
    ends = [period.end for period in stocked.periods]
    opening = [
        Lot(-NEVER, NEVER if end is None else end, amount)
        for amount, end in stocked.opening
    ]
    rows = sorted([*opening, *lots])
    enters, expiries, amounts = (
        map(list, zip(*rows, strict=True)) if rows else ([],) * 3
    )
    stock: _Stock
    if expiries == sorted(expiries):
        stock = _InTurn(ends, enters, expiries, amounts)
    else:
        stock = _Mixed(ends, rows, fifo=stocked.fifo)
    made, waste, sold = list[int](), list[int](), list[int]()
    backlog, lost, closing = list[int](), list[int](), list[int]()
    waiting = there = breaks = 0
    for number, period in enumerate(stocked.periods):
        entered, expired = stock.enter(number), stock.expire(number)
        there += entered - expired
        wanted = period.demand + waiting
        out = min(there, wanted)
        there, waiting, gone = there - out, wanted - out, 0
        if stocked.limit is not None and there > stocked.limit:
            if stocked.wasted:
                expired += there - stocked.limit
                stock.take(there - stocked.limit)
                there = stocked.limit
            else:
                breaks += there - stocked.limit
        stock.take(out)
        if stocked.shortage == "lost":
            gone, waiting = waiting, 0
        elif stocked.shortage == "hard":
            breaks += waiting
        made.append(entered)
        waste.append(expired)
        sold.append(out)
        backlog.append(waiting)
        lost.append(gone)
        closing.append(there)
    unsold = sum(lost) + waiting
    bought = max(0, stocked.wanted - unsold - stocked.given)
    saved = stocked.cheapest.numerator * bought // stocked.cheapest.denominator
    deficit = [
        max(0, period.target - left)
        for period, left in zip(stocked.periods, closing, strict=True)
    ]
    kept, waits = closing, backlog
    if stocked.daily:
        kept = _kept(stocked, ends, rows, closing)
        until = [*ends[1:], stocked.after]
        waits = [
            x * (after - end)
            for x, end, after in zip(backlog, ends, until, strict=True)
        ]
    short = lost if stocked.shortage == "lost" else waits
    return Flow(
        made,
        waste,
        sold,
        backlog,
        lost,
        closing,
        deficit,
        _priced(stocked.storage_cost, kept),
        _priced(stocked.shortage_cost, short),
        _priced(stocked.waste_cost, waste),
        _priced(stocked.target_cost, deficit),
        _priced(stocked.price, [unsold])[0] - (stocked.ideal - saved),
        saved,
        breaks,
    )


def _priced(rate: Fraction, amounts: list[int]) -> list[int]:
    """Money for each amount, rounded up. [money]"""
    above, below = rate.numerator, rate.denominator
    if below == 1:
        return [above * amount for amount in amounts]
    return [-(-above * amount // below) for amount in amounts]


def _kept(
    stocked: Stocked, ends: list[int], lots: list[Lot], closing: list[int]
) -> list[int]:
    """Product in stock times the ticks since the end before, or since it entered."""
    found, begin, at = [], stocked.start, 0
    for end, before in zip(ends, [0, *closing], strict=False):
        ticks = before * (end - begin)
        while at < len(lots) and lots[at].enters <= end:
            ticks += lots[at].amount * (end - max(begin, lots[at].enters))
            at += 1
        found.append(ticks)
        begin = end
    return found
