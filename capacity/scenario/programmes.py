"""Programmes: recipes, inputs of their steps, sizes of their campaigns."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from capacity.scenario.values import (
    Days,
    Entity,
    Exact,
    Id,
    MadeKind,
    Record,
    Share,
    Text,
    UnitMoney,
)


class Direct(Record):
    """Each batch follows one of the step before, within a hold limit, on its site."""

    how: Literal["direct"]
    """Marks this kind of supply."""
    hold_days: Days
    """Longest wait between out and start. [day]"""
    hold_cost: UnitMoney = Fraction(0)
    """Of a batch for each day that it waits; linked campaigns only. [money]"""
    linked: bool = False
    """True: one campaign feeds one campaign, whose suite is kept for it to the end."""


class Frozen(Record):
    """Batches use frozen, tested batches of the step before."""

    how: Literal["frozen"]
    """Marks this kind of supply."""
    ratio: Annotated[Exact, Field(gt=0, le=100)]
    """Batches of the step before per batch of this step. [1]"""
    at_risk: bool = False
    """True: may be used before its release."""
    freeze_days: Days = Fraction(0)
    """From usable to shippable. [day]"""
    shelf_life_days: Annotated[Days, Field(gt=0)]
    """Life from out. [day]"""
    min_life_days: Days = Fraction(0)
    """Life that must be left at use. [day]"""


class Client(Record):
    """The client supplies the input."""

    how: Literal["client"]
    """Marks this kind of supply."""
    lead_time_days: Days
    """Days from `as_of` until more arrives. [day]"""
    on_hand: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Batches' worth on hand at `as_of`."""


Supply = Annotated[Direct | Frozen | Client, Field(discriminator="how")]


class Step(Record):
    """One stage of a recipe."""

    step: Id
    """Name, unique in the programme."""
    stage: str
    """Stage of the suites that can run it."""
    suites: Annotated[list[str], Field(min_length=1)]
    """Suites that may run it, preferred first."""
    payload_class: str | None = None
    """Payload handled in this step."""
    release: str | None = None
    """Id of its release class; none where the next step follows directly."""
    campaign: str
    """Id of its campaign limits."""
    supply: Supply | None = None
    """Where its input comes from."""
    kg_per_batch: dict[str, Annotated[Exact, Field(gt=0)]] = {}
    """Last step only: product of a batch by suite; alike where empty. [kg]"""
    reference_suite: str | None = None
    """Suite in whose batches orders count; the first of `suites` where none."""


class Programme(Entity):
    """A client's product with its recipe."""

    name: str | None = None
    """Name in words."""
    client: Text
    """Client."""
    approval_probability: Share | None = None
    """Instead of the economics' value. [1]"""
    recipe: Annotated[list[Step], Field(min_length=1, max_length=6)]
    """Steps in order."""


class CampaignLimits(Entity):
    """How many batches a campaign may have."""

    minimum: dict[MadeKind, Annotated[int, Field(ge=1, le=1000)]] = {}
    """Fewest batches by kind, 1 where not stated; the strictest kind counts."""
    maximum: Annotated[int, Field(ge=1, le=1000)]
    """Most batches."""
    multiple: Annotated[int, Field(ge=1, le=1000)] = 1
    """Batches come in multiples of this."""
    cut_by_end: bool = False
    """A campaign that the end of the horizon cuts off needs neither minimum nor multiple."""
