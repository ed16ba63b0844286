"""Demand against stock while a plan is searched: the periods of a programme in integers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate, pairwise
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


class Flow:
    """What happens to a stock, by period, and what it costs."""

    __slots__ = (
        "backlog", "breaks", "closing", "deficit", "kept", "lost", "made", "saved",
        "short", "sold", "stocked", "unserved_cost", "waste",
    )  # fmt: skip

    def __init__(self, stocked: Stocked, levels: _Levels, kept: list[int]) -> None:
        self.stocked = stocked
        self.made, self.waste, self.sold = levels.made, levels.waste, levels.sold
        self.backlog, self.lost = levels.backlog, levels.lost
        self.closing, self.breaks = levels.closing, levels.breaks
        """Parts of a unit that break a rule."""
        self.kept = kept
        """What storage is counted by: closing, or times ticks where costs are per day."""
        self.short = self.lost if stocked.shortage == "lost" else self._waits()
        """What shortage is counted by, likewise."""
        self.deficit = [
            period.target - left if period.target > left else 0
            for period, left in zip(stocked.periods, self.closing, strict=True)
        ]
        unsold = sum(self.lost) + self.backlog[-1]
        bought = max(0, stocked.wanted - unsold - stocked.given)
        self.saved = stocked.cheapest.numerator * bought // stocked.cheapest.denominator
        """Least variable cost of what was made anew and sold. [money]"""
        lost = _priced(stocked.price, [unsold])[0]
        self.unserved_cost = lost - (stocked.ideal - self.saved)
        """Of demand that nothing supplies, less what it saves. [money]"""

    def _waits(self) -> list[int]:
        if not self.stocked.daily:
            return self.backlog
        ends = [*(period.end for period in self.stocked.periods), self.stocked.after]
        return [
            x * (after - end)
            for x, (end, after) in zip(self.backlog, pairwise(ends), strict=True)
        ]

    @property
    def regret(self) -> int:
        """All of it. [money]"""
        return sum(map(sum, self.costs())) + self.unserved_cost - self.saved

    def costs(self) -> list[list[int]]:
        """Storage, shortage, waste and deficit, each by period. [money]"""
        stocked = self.stocked
        return [
            _priced(stocked.storage_cost, self.kept),
            _priced(stocked.shortage_cost, self.short),
            _priced(stocked.waste_cost, self.waste),
            _priced(stocked.target_cost, self.deficit),
        ]


class _Levels(NamedTuple):
    """What comes, goes and stays, by period."""

    made: list[int]
    waste: list[int]
    sold: list[int]
    backlog: list[int]
    lost: list[int]
    closing: list[int]
    breaks: int


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
    found = None
    if expiries == sorted(expiries):
        turn = _InTurn(ends, enters, expiries, amounts)
        found = _nothing_lost(stocked, turn) or _levels(stocked, turn)
    else:
        found = _levels(stocked, _Mixed(ends, rows, fifo=stocked.fifo))
    kept = found.closing
    if stocked.daily:
        kept = _kept(stocked, ends, rows, found.closing)
    return Flow(stocked, found, kept)


def _nothing_lost(stocked: Stocked, stock: _InTurn) -> _Levels | None:
    """The periods where all keeps till it is sold: sums of what comes and is wanted.

    None where something expires, is lost, or is more than the limit.
    """
    if stocked.shortage == "lost":
        return None
    there, wanted = stock.entered[1:], stocked.wanted_so_far
    gone = list(map(min, there, wanted))
    if any(map(int.__gt__, stock.expired, [0, *gone])):
        return None
    closing = list(map(int.__sub__, there, gone))
    if stocked.limit is not None and max(closing) > stocked.limit:
        return None
    backlog = list(map(int.__sub__, wanted, gone))
    none = [0] * len(gone)
    return _Levels(
        made=list(map(int.__sub__, there, stock.entered)),
        waste=none,
        sold=list(map(int.__sub__, gone, [0, *gone])),
        backlog=backlog,
        lost=none,
        closing=closing,
        breaks=sum(backlog) if stocked.shortage == "hard" else 0,
    )


def _levels(stocked: Stocked, stock: _Stock) -> _Levels:
    """The periods one after another."""
    made, waste, sold = list[int](), list[int](), list[int]()
    backlog, lost, closing = list[int](), list[int](), list[int]()
    waiting = there = breaks = 0
    for number, period in enumerate(stocked.periods):
        entered, expired = stock.enter(number), stock.expire(number)
        there += entered - expired
        wanted = period.demand + waiting
        out = min(there, wanted)
        there, waiting, gone = there - out, wanted - out, 0
        stock.take(out)
        if stocked.limit is not None and there > stocked.limit:
            if stocked.wasted:
                expired += there - stocked.limit
                stock.take(there - stocked.limit)
                there = stocked.limit
            else:
                breaks += there - stocked.limit
        if stocked.clean:
            breaks += expired
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
    return _Levels(made, waste, sold, backlog, lost, closing, breaks)


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
