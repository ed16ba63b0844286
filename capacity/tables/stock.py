"""Programmes made to stock, period by period: supply, stock, cover and expiry."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pandas as pd

from capacity.checker.book import Book
from capacity.checker.ledger import Ledger
from capacity.horizon import Grid, add_months, days_between
from capacity.plan import Plan, StockPeriod
from capacity.scenario import Demand, Scenario
from capacity.tables.rows import plain

STOCK_COLUMNS = {
    "programme": ("string", "Programme."),
    "unit": ("string", "batches or kg: what quantities count."),
    "due": ("datetime64[us]", "Last day of the period."),
    "opening": ("float64", "In stock at the end of the period before. [unit]"),
    "made": ("float64", "Entered the stock. [unit]"),
    "waste": ("float64", "Wasted: expired, or over the storage limit. [unit]"),
    "demand": ("float64", "Demand of the period. [unit]"),
    "sold": ("float64", "Supplied, to what waited as well. [unit]"),
    "backlog": ("float64", "Waits at the period's end. [unit]"),
    "lost": ("float64", "Will never be supplied. [unit]"),
    "closing": ("float64", "In stock at the period's end. [unit]"),
    "target": ("float64", "Stock wanted then. [unit]"),
    "cover_months": (
        "float64",
        "How long the stock lasts for the demand that follows; none without any. [month]",
    ),
    "expiring": ("float64", "Of the stock, what expires within six months. [unit]"),
    "first_expiry": ("datetime64[us]", "Last day of what expires first of the stock."),
    "cost": ("Int64", "Storage, shortage, waste and deficit. [money]"),
}
"""Columns of `stock.csv`: stored as, meaning."""

MONTH = Fraction(1461, 48)
"""A month, on average. [day]"""

SOON = 6
"""Product that expires within so many months is told apart. [month]"""


def stock(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """One row per period of a programme made to stock, as in `stock.csv`.

    Cover is how many months of the demand that follows the stock supplies, the demand of
    a period spread evenly over it; as long as demand is known, the months to its end.

    Returns
    -------
    DataFrame
        The columns of `STOCK_COLUMNS`, dates as ISO text.
    """
    book = Book(scenario)
    ledger = Ledger(book, plan)
    rows = []
    for name, flow in sorted(ledger.flows.items()):
        demand, unit = book.demand(name), book.made_to_stock[name].unit
        for n, (row, left) in enumerate(zip(flow.rows, flow.left, strict=True)):
            soon = add_months(row.due, SOON) + timedelta(days=1)
            ends = [end for end, _ in left if end is not None]
            limit = book.grid.at(soon)
            known = {
                "unit": unit,
                "cover_months": _cover(row, demand[n:]),
                "expiring": sum(
                    (x for end, x in left if end is not None and end <= limit),
                    Fraction(0),
                ),
                "first_expiry": _day(book.grid, min(ends)) if ends else None,
            }
            rows.append(
                [
                    plain(known[key] if key in known else getattr(row, key))
                    for key in STOCK_COLUMNS
                ]
            )
    return pd.DataFrame(rows, columns=list(STOCK_COLUMNS), dtype=object)


def _cover(row: StockPeriod, demand: list[Demand]) -> Fraction | None:
    """Months of the demand after a period that its stock supplies."""
    if len(demand) < 2:
        return None
    left, days = row.closing, Fraction(0)
    for before, after in pairwise(demand):
        length = days_between(before.due, after.due)
        if after.quantity > left:
            days += length * left / after.quantity
            break
        left -= after.quantity
        days += length
    return round(days / MONTH, 2)


def _day(grid: Grid, end: int) -> object:
    """Last day of what has expired on a tick."""
    last = grid.moment(end - 1)
    return last.replace(hour=0, minute=0)
