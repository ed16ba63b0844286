"""What goes into what: shipments of intermediates, and the inputs of every batch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

import pandas as pd

from capacity.checker.book import Book
from capacity.checker.ledger import Ledger
from capacity.plan import Plan, PlannedBatch, Shipment
from capacity.scenario import Frozen, Lane, Scenario
from capacity.tables.rows import plain, variable_cost

SHIPMENT_COLUMNS = {
    "shipment": ("string", "Lane and number, in order of departure."),
    "lane": ("string", "Lane."),
    "from": ("string", "Site of departure."),
    "to": ("string", "Site of arrival."),
    "programme": ("string", "Programme."),
    "step": ("string", "Step that made what it carries."),
    "depart": ("datetime64[us]", "Leaves."),
    "arrive": ("datetime64[us]", "Arrives."),
    "usable": ("datetime64[us]", "Tested on receipt."),
    "batches": ("Int64", "How many it carries."),
    "freight": ("Int64", "What the lane costs. [money]"),
    "tariff": ("Int64", "Duty on what it carries. [money]"),
    "loss": ("Int64", "Expected loss of what it carries. [money]"),
    "cost": ("Int64", "All three. [money]"),
}
"""Columns of `shipments.csv`: stored as, meaning."""

GENEALOGY_COLUMNS = {
    "batch": ("string", "Batch that uses the input."),
    "programme": ("string", "Programme."),
    "step": ("string", "Step of the batch."),
    "site": ("string", "Site that makes the batch."),
    "start": ("datetime64[us]", "The batch enters production, and uses its input."),
    "input": ("string", "Batch of the step before that goes into it."),
    "input_step": ("string", "Step of the input."),
    "input_site": ("string", "Site that made the input."),
    "input_out": ("datetime64[us]", "The input was handed over; none for stock."),
    "input_released": ("datetime64[us]", "The input is released."),
    "shipment": ("string", "Shipment that brought it; none on its own site."),
    "life_left_days": ("float64", "Life that a frozen input has left at use. [day]"),
    "before_release": ("boolean", "A frozen input is used before its release."),
    "spare": ("boolean", "Taken because one is expected to fail."),
}
"""Columns of `genealogy.csv`: stored as, meaning."""


def shipments(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """One row per shipment, as in `shipments.csv`.

    Returns
    -------
    DataFrame
        shipment (lane and number in order of departure), lane, from, to, programme,
        step, depart, arrive, usable (tested on receipt), batches; freight, tariff,
        loss (expected) and their sum, cost [money].
    """
    made = {batch.batch: batch for batch in plan.batches}
    rows = []
    for name, lane, row in _numbered(scenario, plan):
        first = made[row.batches[0]]
        usable = row.arrive + timedelta(days=float(lane.receipt_days))
        cells = (name, lane.id, lane.start, lane.to, first.programme, first.step)
        dates = (row.depart, row.arrive, usable)
        worths = [variable_cost(scenario, made[name]) for name in row.batches]
        tariff, loss = (
            sum(_rounded(scenario, share * worth) for worth in worths)
            for share in (lane.tariff, lane.loss)
        )
        money = (lane.cost, tariff, loss, lane.cost + tariff + loss)
        rows.append([*cells, *map(plain, dates), len(row.batches), *money])
    return pd.DataFrame(rows, columns=list(SHIPMENT_COLUMNS), dtype=object)


def _rounded(scenario: Scenario, money: Fraction) -> int:
    """Half up to the money unit. [money]"""
    unit = scenario.economics.money_unit
    return math.floor(money / unit + Fraction(1, 2)) * unit


def _numbered(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, Lane, Shipment]]:
    """Shipments with their lane, numbered along each lane."""
    lanes = {lane.id: lane for lane in scenario.lanes}
    count: Counter[str] = Counter()
    for row in plan.shipments:
        count[row.lane] += 1
        yield f"{row.lane}-{count[row.lane]:03d}", lanes[row.lane], row


def genealogy(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """One row per batch and input, as in `genealogy.csv`.

    Returns
    -------
    DataFrame
        batch, programme, step, site, start; input (a batch of the step before), its
        step, site, out and release, the shipment that brought it (none on its own site),
        life_left_days of a frozen input at use [day], before_release (used at risk),
        spare (taken because one is expected to fail).
    """
    made = {batch.batch: batch for batch in plan.batches}
    brought = {
        batch: name
        for name, _, row in _numbered(scenario, plan)
        for batch in row.batches
    }
    supplies = _supplies(scenario)
    expiries = _expiries(scenario)
    spares = set(_spares(scenario, plan))
    rows = []
    for user, unit in _pairs(plan, made):
        supply = supplies.get((user.programme, user.step))
        left = early = None
        if supply is not None and user.start is not None:
            expiry = expiries.get(unit.batch)
            if expiry is None and unit.out is not None:
                expiry = unit.out + timedelta(days=float(supply.shelf_life_days))
            left = None if expiry is None else (expiry - user.start) / timedelta(days=1)
            early = unit.released is not None and unit.released > user.start
        cells = (
            *(user.batch, user.programme, user.step, user.site, user.start),
            *(unit.batch, unit.step, unit.site, unit.out, unit.released),
            *(brought.get(unit.batch), left, early),
            (user.batch, unit.batch) in spares,
        )
        rows.append([plain(cell) for cell in cells])
    return pd.DataFrame(rows, columns=list(GENEALOGY_COLUMNS), dtype=object)


def _pairs(
    plan: Plan, made: dict[str, PlannedBatch]
) -> Iterator[tuple[PlannedBatch, PlannedBatch]]:
    """Every batch with each of its inputs, in the plan's order of batches."""
    uses = {row.batch: row.uses for row in plan.consumes}
    for batch in plan.batches:
        for name in uses.get(batch.batch, []):
            yield batch, made[name]


def _spares(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, str]]:
    """Batch and input, where it takes the input because one is expected to fail."""
    ledger = Ledger(Book(scenario), plan)
    for (programme, step), supply in _supplies(scenario).items():
        failing = 0
        for number, user in enumerate(ledger.input_order((programme, step)), start=1):
            taken = ledger.book.intermediates(programme, step, number)
            more = taken - math.ceil(supply.ratio * number) - failing
            failing += more
            units = ledger.uses.get(user.batch, [])
            for unit in units[len(units) - more :]:
                yield user.batch, unit


def _supplies(scenario: Scenario) -> dict[tuple[str, str], Frozen]:
    return {
        (programme.id, step.step): step.supply
        for programme in scenario.programmes
        for step in programme.recipe
        if isinstance(step.supply, Frozen)
    }


def _expiries(scenario: Scenario) -> dict[str, datetime]:
    """End of life of each batch in stock: the end of its last day."""
    return {
        f"{row.id}/{number + 1:02d}": row.expiry + timedelta(days=1)
        for row in scenario.stock
        for number in range(row.batches)
    }
