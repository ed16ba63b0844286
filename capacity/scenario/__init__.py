"""What the planner writes: sites, programmes, contracts, rules, validated and frozen.

Every date here is absolute: `reading` has already resolved the relative ones. Values
are assumptions unless their record's `standing` says fact or typical.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from capacity.horizon import Grid, coarsest_tick
from capacity.scenario.given import InRelease, Lock, Stock
from capacity.scenario.orders import Contract, Economics, Order
from capacity.scenario.programmes import (
    CampaignLimits,
    Client,
    Direct,
    Frozen,
    Programme,
    Step,
)
from capacity.scenario.quality import Losses, Quality, ReleaseClass
from capacity.scenario.rights import Licence, Market, Qualification, Transfer
from capacity.scenario.sites import (
    Changeover,
    Lane,
    Outage,
    Rate,
    Shutdown,
    Site,
    Suite,
    SuiteRate,
)
from capacity.scenario.stock import Demand, MadeToStock
from capacity.scenario.values import (
    Days,
    Entity,
    Exact,
    Id,
    Kind,
    MadeKind,
    Record,
    Standing,
    When,
)

__all__ = [
    "AMOUNTS",
    "CampaignLimits",
    "Changeover",
    "Client",
    "Contract",
    "Demand",
    "Direct",
    "Economics",
    "Entity",
    "Exact",
    "Frozen",
    "InRelease",
    "Kind",
    "Lane",
    "Licence",
    "Lock",
    "MadeKind",
    "MadeToStock",
    "Objective",
    "Order",
    "Outage",
    "Programme",
    "Qualification",
    "Quality",
    "Rate",
    "Record",
    "ReleaseClass",
    "Scenario",
    "Shutdown",
    "Site",
    "Standing",
    "Step",
    "Stock",
    "Suite",
    "SuiteRate",
    "Transfer",
    "When",
]


class Horizon(Record):
    """The planning horizon, half-open at the end of its last day."""

    start: When
    """First day."""
    end: When
    """Last day, included."""


Objective = Literal["regret", "profit", "cost", "throughput", "target_deficit"]

AMOUNTS: tuple[Objective, ...] = ("throughput", "target_deficit")
"""Objectives that count product, not money."""


class Scenario(Record):
    """All that a plan is made from."""

    schema_version: Literal[1]
    """Version of this format."""
    name: Id
    """Short name, used for the run folder."""
    title: str = ""
    """One line for pictures."""
    as_of: When
    """Today, for the plan."""
    horizon: Horizon
    """First and last day."""
    currency: str = "USD"
    """Currency of all money."""
    resolution_days: Annotated[Exact, Field(gt=0, le=7)] | None = None
    """Length of a tick; the coarsest that fits all durations where none. [day]"""
    due_rule: Literal["inclusive", "strict"] = "inclusive"
    """A due day counts until its end, or ends at 00:00."""
    tiers: Literal["strict", "single"] = "strict"
    """Firm service first, or one sum."""
    objective: Objective = "regret"
    """What is best: the least regret, the most profit, the least cost at full service, the
    most throughput, or the least deficit of stock below its targets."""
    frozen_days: Days = Fraction(0)
    """Only locked campaigns start within so many days of `as_of`. [day]"""
    clean_hold_days: Days = Fraction(14)
    """Longest idle after which the same product needs no changeover. [day]"""
    ramp_step_days: Annotated[Days, Field(gt=0)] = Fraction(91)
    """Length of a ramp step. [day]"""
    load_period: Literal["month", "quarter", "year"] = "year"
    """Calendar period in which a suite's load is held below its ceiling."""
    standing: dict[str, Standing] = {}
    """Standing of values outside the lists, by dotted name."""
    sources: dict[str, str] = {}
    """Sources by key."""
    sites: Annotated[list[Site], Field(min_length=1)]
    """Sites."""
    suites: Annotated[list[Suite], Field(min_length=1)]
    """Production lines."""
    changeovers: Annotated[list[Changeover], Field(min_length=1)]
    """Changeover rules, shared by suites."""
    campaign_limits: Annotated[list[CampaignLimits], Field(min_length=1)]
    """Campaign sizes, shared by steps."""
    release_classes: list[ReleaseClass] = []
    """Release lead times, shared by steps."""
    quality: Quality = Quality()
    """The quality system."""
    losses: Losses = Losses()
    """Batches that fail, on average."""
    economics: Economics = Economics()
    """Costs of lateness, stock and risk."""
    programmes: Annotated[list[Programme], Field(min_length=1)]
    """Products."""
    transfers: list[Transfer] = []
    """Tech transfers under way or done."""
    licences: list[Licence] = []
    """Rights to ship."""
    markets: list[Market] = []
    """Review and inspection by market, where something is filed."""
    qualifications: list[Qualification] = []
    """Sites that may be qualified, decided by the plan."""
    lanes: list[Lane] = []
    """Shipping lanes."""
    contracts: list[Contract] = []
    """Contracts."""
    orders: list[Order] = []
    """Orders, inline or from a CSV file."""
    made_to_stock: list[MadeToStock] = []
    """Programmes that are made to stock, not to order."""
    demand: list[Demand] = []
    """Their demand by period, inline or from a CSV file."""
    locks: list[Lock] = []
    """Campaigns that run or are fixed."""
    in_release: list[InRelease] = []
    """Batches waiting for release."""
    stock: list[Stock] = []
    """Released batches on hand."""

    @property
    def shares(self) -> list[Order]:
        """Every order by market: one for each market that it serves."""
        return [share for order in self.orders for share in order.shares]

    def grid(self) -> Grid:
        """The time grid: the stated resolution, or the coarsest that fits."""
        tick = self.resolution_days or coarsest_tick([d for _, d in self.durations()])
        return Grid(self.horizon.start, tick)

    def durations(self) -> list[tuple[str, Fraction]]:
        """Every stated duration that must fit the grid, with its place. [day]

        Derived takts are rounded up instead, so the parts of a takt are left out.
        """
        found: list[tuple[str, Fraction]] = []
        for path, value in walk(self):
            name = path.rsplit(".", 1)[-1]
            if isinstance(value, datetime):
                found.append((path, Fraction(value.hour * 60 + value.minute, 1440)))
            elif isinstance(value, Fraction) and _is_duration(path, name):
                found.append((path, value * 7 if name.endswith("_weeks") else value))
        return found


def _is_duration(path: str, name: str) -> bool:
    if name in {"turnaround_days", "downstream_cycle_days", "resolution_days"}:
        return False
    if name == "deviation_days":  # only their mean counts, rounded up
        return False
    if path.startswith(("changeovers.", "quality.transfer_days.")):
        return True
    if path.startswith("markets.") and ".review_days." in path:
        return True
    return name.endswith(("_days", "_weeks")) or name in {"days", "p50", "p90"}


def walk(value: object, path: str = "") -> list[tuple[str, object]]:
    """Every plain value below a record with its dotted path (lists by id or number)."""
    if isinstance(value, BaseModel):
        return [
            item
            for name in type(value).model_fields
            for item in walk(getattr(value, name), f"{path}.{name}" if path else name)
        ]
    if isinstance(value, dict):
        return [
            item for key, part in value.items() for item in walk(part, f"{path}.{key}")
        ]
    if isinstance(value, list):
        return [
            item
            for number, part in enumerate(value)
            for item in walk(part, f"{path}.{getattr(part, 'id', number)}")
        ]
    return [(path, value)]
