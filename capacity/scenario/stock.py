"""Programmes made to stock, and their demand by period."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from capacity.scenario.values import (
    Days,
    Entity,
    Quantity,
    Record,
    Text,
    UnitMoney,
    When,
)


class Opening(Record):
    """Product on hand at `as_of`, in the programme's unit."""

    quantity: Annotated[Quantity, Field(gt=0)]
    """How much. [unit]"""
    expiry: When | None = None
    """Last day of use; none where it keeps."""


class MadeToStock(Entity):
    """A programme whose batches go into a stock that serves demand by period.

    Costs are of a unit: a batch, or a kilogram.
    """

    programme: str
    """Programme."""
    unit: Literal["batches", "kg"] = "batches"
    """What quantities count: batches, or kilograms by `kg_per_batch`."""
    markets: list[Text] = []
    """A batch enters the stock once its site may ship it to all of these."""
    price: UnitMoney
    """Price of a unit sold. [money]"""
    shortage: Literal["backlog", "lost", "hard"] = "backlog"
    """Demand beyond the stock waits, is lost, or may not be."""
    shortage_cost: UnitMoney = Fraction(0)
    """Of a unit that waits at a period's end, or once of a unit lost. [money]"""
    storage_cost: UnitMoney = Fraction(0)
    """Of a unit in stock at a period's end. [money]"""
    waste_cost: UnitMoney = Fraction(0)
    """Of a unit wasted. [money]"""
    costs_per: Literal["period", "day"] = "period"
    """Storage and backlog cost at each period's end, or for each day."""
    storage_limit: Quantity | None = None
    """Most in stock at a period's end. [unit]"""
    over_limit: Literal["forbidden", "wasted"] = "forbidden"
    """Whether more than the limit may not be, or is wasted."""
    waste: Literal["allowed", "forbidden"] = "allowed"
    """Whether product may be wasted: expire in stock, or find no room."""
    target: Quantity | None = None
    """Stock wanted at each period's end. [unit]"""
    target_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """The same as the demand of so many months that follow. [month]"""
    target_cost: UnitMoney = Fraction(0)
    """Of a unit below the target at a period's end. [money]"""
    shelf_life_days: Annotated[Days, Field(gt=0)] | None = None
    """Life from out; none where it keeps. [day]"""
    issue: Literal["fefo", "fifo"] = "fefo"
    """First expired or first entered goes out first."""
    release_days: Days | None = None
    """From out into the stock, with no QC and QA; its release class where none. [day]"""
    opening: list[Opening] = []
    """Product on hand at `as_of`, beside what `stock` lists by batch."""


class Demand(Entity):
    """What a programme made to stock should supply in a period."""

    programme: str
    """Programme."""
    start: When | None = Field(default=None, alias="from")
    """First day; the day after the period before where none."""
    due: When
    """Last day: the period's end."""
    quantity: Quantity
    """How much. [unit]"""
    target: Quantity | None = None
    """Stock wanted at the period's end, instead of the programme's. [unit]"""
