"""Contracts, their orders, and what it costs not to serve them in time."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from capacity.scenario.values import (
    Days,
    Entity,
    Exact,
    Kind,
    Money,
    Record,
    Share,
    Text,
    When,
)


class Contract(Entity):
    """What a client has bought."""

    programme: str
    """Programme."""
    term_end: When | None = None
    """Last day of the term."""
    firm_months: Annotated[int, Field(ge=0, le=600)] = 0
    """Orders due within so many months of `as_of` are firm. [month]"""
    take_or_pay: Share = Fraction(0)
    """Share of a year's batches that is paid whatever happens. [1]"""
    probability: Share = Fraction(1)
    """Chance that the demand materialises. [1]"""
    renewal_probability: Share = Fraction(0)
    """Chance of renewal after the term. [1]"""
    prospect: bool = False
    """Not sold yet."""
    price: dict[Kind, Money]
    """Price of a batch by kind. [money]"""


class Order(Entity):
    """Batches due at a date."""

    contract: str
    """Contract."""
    kind: Kind
    """Kind of batch."""
    market: Text | None = None
    """Market of a commercial order; clinical, engineering and PPQ have none."""
    markets: dict[Text, Annotated[int, Field(ge=1, le=10_000)]] = {}
    """Batches by market, where a commercial order serves several."""
    batches: Annotated[int, Field(ge=1, le=10_000)]
    """Batches at the reference suite."""
    due: When
    """Day by which they are released."""

    @property
    def shares(self) -> list[Order]:
        """The order, or one for each of its markets, called `ID/market`."""
        if not self.markets:
            return [self]
        return [
            self.model_copy(
                update={
                    "id": f"{self.id}/{market}",
                    "market": market,
                    "markets": {},
                    "batches": batches,
                }
            )
            for market, batches in sorted(self.markets.items())
        ]


class UnservedFactors(Record):
    """Loss from an unserved batch in multiples of its price."""

    ppq: Annotated[Exact, Field(ge=0, le=1000)] = Fraction(3)
    """[1]"""
    commercial: Annotated[Exact, Field(ge=0, le=1000)] = Fraction(2)
    """[1]"""
    clinical: Annotated[Exact, Field(ge=0, le=1000)] = Fraction(3, 2)
    """[1]"""
    engineering: Annotated[Exact, Field(ge=0, le=1000)] = Fraction(1)
    """[1]"""
    prospect: Annotated[Exact, Field(ge=0, le=1000)] = Fraction(1)
    """[1]"""


class Economics(Record):
    """What lateness, stock and risk cost."""

    money_unit: Annotated[int, Field(ge=1, le=10**9)] = 1
    """Rates are rounded to this. [money]"""
    service_charge_per_day: Share = Fraction("0.0025")
    """Lateness as a share of price. [1/day]"""
    penalty_per_week: Share = Fraction("0.01")
    """Contract penalty as a share of price, beyond the grace. [1/week]"""
    penalty_grace_weeks: Annotated[Exact, Field(ge=0, le=520)] = Fraction(4)
    """[week]"""
    penalty_cap: Share = Fraction("0.10")
    """Most of the price that the penalty takes. [1]"""
    holding_per_day: Share = Fraction("0.0003")
    """Holding as a share of price. [1/day]"""
    holding_free_days: Days = Fraction(14)
    """Days before due without holding. [day]"""
    max_late_days: Days = Fraction(180)
    """A batch later than this counts as unserved. [day]"""
    unserved_factor: UnservedFactors = UnservedFactors()
    """By kind; prospects apart."""
    approval_probability: Share = Fraction("0.9")
    """Chance that a pending licence comes. [1]"""
