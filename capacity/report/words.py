"""Numbers and dates as a reader takes them in."""

from __future__ import annotations

from datetime import datetime

from capacity.horizon import format_moment
from capacity.plots import money as short_money

NONE = "\N{EN DASH}"
"""Stands where there is no value."""


def money(amount: int | None, currency: str) -> str:
    """`142.3 M USD`."""
    return NONE if amount is None else short_money(amount, currency)


def share(value: float | None) -> str:
    """`84.0 %`."""
    return NONE if value is None else f"{100 * value:.1f} %"


def grouped(value: int | None) -> str:
    """`1,203`."""
    return NONE if value is None else f"{value:,}"


def date(moment: datetime | str | None) -> str:
    """`2027-03-29`, with the time of day only where it matters."""
    if moment is None:
        return NONE
    text = moment if isinstance(moment, str) else format_moment(moment)
    return text.replace("T", " ")


def counted(number: int, one: str, many: str) -> str:
    """`1 line`, `2,000 lines`."""
    return f"{number:,} {one if number == 1 else many}"
