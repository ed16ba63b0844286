"""Programmes made to stock, in whole parts of their units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise

from capacity.horizon import months_on
from capacity.instance.known import DAY, Known
from capacity.instance.rights import filings_of_entry, right_of_entry
from capacity.instance.steps import StepData
from capacity.instance.suites import SuiteData
from capacity.losses import success_of_step
from capacity.scenario import Demand, MadeToStock, Stock


@dataclass(frozen=True)
class Period:
    """A period of a programme made to stock, in parts of a unit."""

    due: int
    """Due day at 00:00. [tick]"""
    end: int
    """Last tick that counts. [tick]"""
    demand: int
    target: int


@dataclass(frozen=True)
class Stocked:
    """A programme made to stock. Amounts are whole parts of its unit."""

    programme: int
    step: int
    """Last step."""
    id: str
    parts: int
    """Parts of a unit."""
    periods: tuple[Period, ...]
    """In order of time."""
    start: int
    """`as_of`, from which opening stock lies. [tick]"""
    after: int
    """End of the horizon, until which the last backlog waits. [tick]"""
    shortage: str
    fifo: bool
    daily: bool
    """Storage and backlog cost per tick."""
    limit: int | None
    wasted: bool
    """More than the limit is wasted, not forbidden."""
    clean: bool
    """Nothing may be wasted."""
    life: int | None
    """From out, its last tick included. [tick]"""
    opening: tuple[tuple[int, int | None], ...]
    """(amount, first tick on which it has expired)"""
    amounts: dict[int, int]
    """Of a batch, by suite: the share that passes."""
    released_amounts: dict[int, int]
    """The same of a batch that is released at `as_of`."""
    rights: dict[int, int | None]
    """When a batch may ship to every market, by suite; None is never. Where a qualification
    gives a right, the earliest. [tick]"""
    given_rights: dict[int, int | None]
    """The same of batches in stock and in release, whose input is past. [tick]"""
    price: Fraction
    """Of a part, as all that follows; storage and shortage per tick if `daily`. [money]"""
    shortage_cost: Fraction
    storage_cost: Fraction
    waste_cost: Fraction
    target_cost: Fraction
    cheapest: Fraction
    """Least variable cost of making a part, at most its price. [money]"""
    given: int
    """What enters without a decision."""
    inputs: Fraction
    """Least variable cost of the inputs that have all to be made for a batch. [money]"""
    ideal: int
    """Variable cost of making what is wanted beyond what is given. [money]"""
    filings: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Filings that give these rights, by suite."""
    worth: Fraction = Fraction(0)
    """Of a part beside price and shortage: how far a search goes for it. [money]"""
    room: dict[int, int] | None = None
    """Batches that a suite has time for, where every batch counts and not what is sold."""

    @property
    def sought(self) -> Fraction:
        """How far a search goes for a part, about. [money]"""
        return self.price + self.shortage_cost + self.worth

    @cached_property
    def wanted(self) -> int:
        """Demand of all periods."""
        return sum(period.demand for period in self.periods)

    @cached_property
    def wanted_so_far(self) -> list[int]:
        """Demand up to the end of each period."""
        return list(accumulate(period.demand for period in self.periods))


def stocked(
    known: Known,
    row: MadeToStock,
    steps: tuple[StepData, ...],
    suites: tuple[SuiteData, ...],
) -> Stocked:
    """A programme made to stock in parts of its unit."""
    programme = known.programme[row.programme]
    mine = [step for step in steps if step.programme == programme]
    last = mine[-1]
    kgs = known.by_programme[row.programme].recipe[-1].kg_per_batch
    sizes = {
        suite.index: kgs.get(suite.id, Fraction(1)) if row.unit == "kg" else Fraction(1)
        for suite in suites
    }
    rows = sorted(
        (d for d in known.scenario.demand if d.programme == row.programme),
        key=lambda demand: demand.due,
    )
    targets = [_target(row, rows, number) for number in range(len(rows))]
    passing = success_of_step(known.scenario, row.programme, last.name)
    made = {suite: passing * size for suite, size in sizes.items()}
    stated = [
        *sizes.values(),
        *made.values(),
        *targets,
        row.storage_limit or Fraction(0),
    ]
    stated += [demand.quantity for demand in rows]
    stated += [opening.quantity for opening in row.opening]
    parts = math.lcm(*(amount.denominator for amount in stated))
    late_from = 0 if known.scenario.due_rule == "strict" else known.ticks(DAY) - 1
    amounts = {suite: int(size * parts) for suite, size in made.items()}
    released = {suite: int(size * parts) for suite, size in sizes.items()}
    costs = [
        Fraction(mode.variable_cost + _inputs_cost(known, mine), amounts[mode.suite])
        for mode in last.modes.values()
    ]
    price = row.price / parts
    daily = row.costs_per == "day"
    rate = known.grid.tick if daily else Fraction(1)
    waits = rate if row.shortage != "lost" else Fraction(1)
    day = known.ticks(DAY)
    given = [
        x
        for x in known.given
        if x.programme == row.programme and x.step in (None, last.name)
        if x.kind == "commercial"  # nothing that qualifies a site enters
    ]
    there = sum(int(opening.quantity * parts) for opening in row.opening)
    there += sum(
        x.batches
        * (released if isinstance(x, Stock) else amounts)[known.suite[x.suite]]
        for x in given
    )
    wanted = sum(int(demand.quantity * parts) for demand in rows)
    cheapest = min([price, *costs])
    return Stocked(
        programme=programme,
        step=last.index,
        id=row.programme,
        parts=parts,
        periods=tuple(
            Period(
                due=known.grid.at(demand.due),
                end=known.grid.at(demand.due) + late_from,
                demand=int(demand.quantity * parts),
                target=int(target * parts),
            )
            for demand, target in zip(rows, targets, strict=True)
        ),
        start=known.as_of,
        after=known.horizon_end,
        shortage="hard" if known.scenario.objective == "cost" else row.shortage,
        fifo=row.issue == "fifo",
        daily=daily,
        limit=None if row.storage_limit is None else int(row.storage_limit * parts),
        wasted=row.over_limit == "wasted",
        clean=row.waste == "forbidden",
        life=None if row.shelf_life_days is None else known.ticks(row.shelf_life_days),
        opening=tuple(
            (
                int(opening.quantity * parts),
                None if opening.expiry is None else known.grid.at(opening.expiry) + day,
            )
            for opening in row.opening
        ),
        amounts=amounts,
        released_amounts=released,
        rights={s.index: right_of_entry(known, row, mine, s.site) for s in suites},
        filings={s.index: filings_of_entry(known, row, mine, s.site) for s in suites},
        given_rights={
            s.index: right_of_entry(known, row, [last], s.site) for s in suites
        },
        price=price,
        shortage_cost=row.shortage_cost / parts * waits,
        storage_cost=row.storage_cost / parts * rate,
        waste_cost=row.waste_cost / parts,
        target_cost=row.target_cost / parts,
        cheapest=cheapest,
        inputs=_inputs_cost(known, mine),
        given=there,
        ideal=math.floor(cheapest * max(0, wanted - there)),
    )


def _target(row: MadeToStock, rows: list[Demand], number: int) -> Fraction:
    """Stock wanted at the end of a period. [unit]"""
    here = rows[number]
    if here.target is not None:
        return here.target
    if row.target_months is None:
        return row.target or Fraction(0)
    until = months_on(here.due, row.target_months)
    later = (demand.quantity for demand in rows[number + 1 :] if demand.due <= until)
    return sum(later, Fraction(0))


def _inputs_cost(known: Known, mine: list[StepData]) -> Fraction:
    """Least cost of the inputs that have all to be made for a batch. [money]"""
    each, cost = Fraction(1), Fraction(0)
    for after, step in pairwise(reversed(mine)):
        each *= after.frozen.ratio if after.frozen is not None else 1
        there = any(
            known.step.get((x.programme, x.step or "")) == step.index
            for x in known.given
        )
        costs = [mode.variable_cost for mode in step.modes.values()]
        cost += 0 if there else each * min(costs, default=0)
    return cost
