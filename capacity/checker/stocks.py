"""Demand against stock, period by period, as plainly as it can be said.

At each period's end, in this order: what has entered since is counted in, what has
expired is wasted, demand is supplied and then what waited, what finds no room is wasted
where the programme says so, and the rest is stock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from capacity.checker.book import Book
from capacity.horizon import months_on
from capacity.losses import success_of_step
from capacity.plan import StockPeriod
from capacity.scenario import Demand, MadeToStock


@dataclass
class Lot:
    """Product that came in together, and what is left of it."""

    name: str
    left: Fraction
    """[unit]"""
    enters: int
    """[tick]"""
    end: int | None
    """First tick on which it has expired; none where it keeps. [tick]"""


@dataclass(frozen=True)
class Amounts:
    """What a period costs by: quantities, times days where costs are per day."""

    storage: Fraction
    shortage: Fraction
    waste: Fraction
    deficit: Fraction


@dataclass(frozen=True)
class Flow:
    """All periods of a programme."""

    rows: list[StockPeriod]
    amounts: list[Amounts]
    left: list[list[tuple[int | None, Fraction]]]
    """What is in stock at each end: (first tick on which it has expired, how much)."""
    unsold: Fraction
    """Demand that nothing supplies. [unit]"""
    given: Fraction
    """What enters without a decision. [unit]"""

    @property
    def made_for(self) -> Fraction:
        """What is sold beyond that, so out of new batches at the least. [unit]"""
        return max(Fraction(0), sum(row.sold for row in self.rows) - self.given)


def rounded_up(money: Fraction) -> int:
    """To a whole unit of money. [money]"""
    return math.ceil(money)


def quantity(book: Book, stocked: MadeToStock, suite: str) -> Fraction:
    """Product of a released batch. [unit]"""
    if stocked.unit == "batches":
        return Fraction(1)
    return book.kg(stocked.programme, suite)


def expected(book: Book, stocked: MadeToStock, suite: str) -> Fraction:
    """Product of a batch that isn't released yet: the share that passes. [unit]"""
    step = book.last_step(stocked.programme).step
    passing = success_of_step(book.scenario, stocked.programme, step)
    return passing * quantity(book, stocked, suite)


def target(book: Book, stocked: MadeToStock, row: Demand) -> Fraction:
    """Stock wanted at a period's end. [unit]"""
    if row.target is not None:
        return row.target
    if stocked.target_months is not None:
        until = months_on(row.due, stocked.target_months)
        return sum(
            (
                other.quantity
                for other in book.demand(stocked.programme)
                if row.due < other.due <= until
            ),
            Fraction(0),
        )
    return stocked.target or Fraction(0)


def flow(book: Book, stocked: MadeToStock, coming: list[Lot], given: Fraction) -> Flow:
    """Go through the periods of a programme.

    Parameters
    ----------
    book
        The scenario.
    stocked
        What it says of the programme.
    coming
        Everything that ever enters the stock; used up here.
    given
        How much of it nobody decided to make. [unit]
    """
    demand = book.demand(stocked.programme)
    ends = [book.day_end(row.due) for row in demand]
    here: list[Lot] = []
    rows: list[StockPeriod] = []
    amounts: list[Amounts] = []
    left: list[list[tuple[int | None, Fraction]]] = []
    backlog = lost = closing = Fraction(0)
    before = book.as_of
    for row, now, after in zip(
        demand, ends, [*ends[1:], book.horizon_end], strict=True
    ):
        opening = closing
        new = [lot for lot in coming if lot.enters <= now]
        coming = [lot for lot in coming if lot.enters > now]
        made = _sum(new)
        here = sorted([*here, *new], key=lambda lot: _turn(stocked, ends, lot))
        kept = _stored(book, here, before, now)
        expired = [lot for lot in here if lot.end is not None and lot.end <= now]
        here = [lot for lot in here if lot not in expired]
        waste = _sum(expired)
        sold = min(_sum(here), row.quantity + backlog)
        _take(here, sold)
        backlog += row.quantity - sold
        gone = Fraction(0)
        if stocked.shortage == "lost":
            gone, backlog = backlog, Fraction(0)
        lost += gone
        if stocked.over_limit == "wasted" and stocked.storage_limit is not None:
            over = max(Fraction(0), _sum(here) - stocked.storage_limit)
            _take(here, over)
            waste += over
        closing = _sum(here)
        left.append([(lot.end, lot.left) for lot in here])
        wanted = target(book, stocked, row)
        daily = stocked.costs_per == "day"
        waited = backlog * book.grid.days(after - now) if daily else backlog
        amounts.append(
            Amounts(
                storage=kept if daily else closing,
                shortage=gone if stocked.shortage == "lost" else waited,
                waste=waste,
                deficit=max(Fraction(0), wanted - closing),
            )
        )
        rows.append(
            StockPeriod(
                programme=stocked.programme,
                due=row.due,
                opening=opening,
                made=made,
                waste=waste,
                demand=row.quantity,
                sold=sold,
                backlog=backlog,
                lost=gone,
                closing=closing,
                target=wanted,
                cost=sum(prices(stocked, amounts[-1]).values()),
            )
        )
        before = now
    return Flow(rows, amounts, left, backlog + lost, given)


def prices(stocked: MadeToStock, amounts: Amounts) -> dict[str, int]:
    """What a period costs, by term, each rounded up to whole money. [money]"""
    return {
        "storage": rounded_up(stocked.storage_cost * amounts.storage),
        "shortage": rounded_up(stocked.shortage_cost * amounts.shortage),
        "waste": rounded_up(stocked.waste_cost * amounts.waste),
        "deficit": rounded_up(stocked.target_cost * amounts.deficit),
    }


def _turn(stocked: MadeToStock, ends: list[int], lot: Lot) -> tuple[float, float, str]:
    """Order in which lots go out: by expiry, or by the period in which they entered."""
    expiry = math.inf if lot.end is None else lot.end
    if stocked.issue == "fefo":
        return expiry, lot.enters, lot.name
    return sum(end < lot.enters for end in ends), expiry, lot.name


def _sum(found: list[Lot]) -> Fraction:
    return sum((lot.left for lot in found), Fraction(0))


def _take(here: list[Lot], amount: Fraction) -> None:
    """Take product out in the order of the lots; what is left of one stays."""
    for lot in here:
        part = min(lot.left, amount)
        lot.left -= part
        amount -= part
    here[:] = [lot for lot in here if lot.left]


def _stored(book: Book, here: list[Lot], before: int, now: int) -> Fraction:
    """Product in stock times the days since the period before, or since it entered."""
    return sum(
        (lot.left * book.grid.days(now - max(before, lot.enters)) for lot in here),
        Fraction(0),
    )
