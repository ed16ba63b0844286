"""Programmes made to stock: demand that must be met, room that there is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from capacity.checker.ledger import Ledger
from capacity.horizon import format_moment


def hard_demand_is_met(ledger: Ledger) -> Iterator[str]:
    """Where a shortage may not be, every period's demand is met in it.

    It may not be either where the least cost at full service is asked for.
    """
    scenario = ledger.book.scenario
    for stocked in scenario.made_to_stock:
        for row in ledger.flows[stocked.programme].rows:
            hard = stocked.shortage == "hard" or scenario.objective == "cost"
            lacking = row.backlog + row.lost
            if hard and lacking:
                yield (
                    f"{stocked.programme} lacks {_amount(lacking)} {stocked.unit} "
                    f"at the end of {format_moment(row.due)}"
                )


def nothing_is_wasted(ledger: Ledger) -> Iterator[str]:
    """Where waste is forbidden, no product expires in stock or finds no room."""
    for stocked in ledger.book.scenario.made_to_stock:
        for row in ledger.flows[stocked.programme].rows:
            if stocked.waste == "forbidden" and row.waste:
                yield (
                    f"{stocked.programme} wastes {_amount(row.waste)} {stocked.unit} "
                    f"at the end of {format_moment(row.due)}"
                )


def stock_keeps_its_limit(ledger: Ledger) -> Iterator[str]:
    """No more than the storage limit is in stock at a period's end."""
    for stocked in ledger.book.scenario.made_to_stock:
        limit = stocked.storage_limit
        for row in ledger.flows[stocked.programme].rows:
            if limit is not None and row.closing > limit:
                yield (
                    f"{stocked.programme} has {_amount(row.closing)} {stocked.unit} in "
                    f"stock at the end of {format_moment(row.due)}; "
                    f"{_amount(limit)} find room"
                )


def _amount(quantity: Fraction) -> str:
    return f"{float(quantity):g}"
