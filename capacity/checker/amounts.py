"""What a plan does, in product and money, where everything is made to stock."""

from __future__ import annotations

from fractions import Fraction

from capacity.checker.ledger import Ledger
from capacity.checker.stocks import expected


def throughput(ledger: Ledger) -> Fraction:
    """Product of every batch that the plan makes for a stock, sold or not. [unit]"""
    book = ledger.book
    return sum(
        (
            expected(book, book.made_to_stock[batch.programme], batch.suite)
            for batch in ledger.plan.batches
            if batch.programme in book.made_to_stock
            and batch.step == book.last_step(batch.programme).step
            and ledger.planned(batch)
        ),
        Fraction(0),
    )


def target_deficit(ledger: Ledger) -> Fraction:
    """What stocks lack of their targets, added up over all periods' ends. [unit]"""
    return sum(
        (
            max(Fraction(0), row.target - row.closing)
            for flow in ledger.flows.values()
            for row in flow.rows
        ),
        Fraction(0),
    )
