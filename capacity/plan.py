"""What comes out: batches, campaigns, orders and costs, as `plan.json` states them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from capacity.demand import Firmness
from capacity.scenario import Exact, Kind, MadeKind, Record, When

Cause = Literal[
    "none",
    "suite",
    "go_live",
    "licence",
    "transfer",
    "intermediate",
    "qc",
    "qa",
    "shutdown",
    "frozen",
    "due_before_possible",
]
BatchKind = MadeKind | Literal["surplus", "in_process"]


class PlannedBatch(Record):
    """One batch, made or on hand, and what becomes of it."""

    batch: str
    """Id: campaign and number."""
    order: str | None
    """Line it serves."""
    contract: str | None
    """Contract of that line."""
    programme: str
    """Programme."""
    client: str
    """Client."""
    kind: BatchKind
    """Kind of the line it serves; else intermediate, in_process or surplus."""
    step: str
    """Step of the recipe."""
    market: str | None
    """Market of the line."""
    site: str
    """Site that made it."""
    suite: str
    """Suite that made it."""
    campaign: str | None
    """Its campaign; none for stock and batches in release."""
    start: When | None
    """Enters production."""
    out: When | None
    """Handed over."""
    qc_site: str | None
    """Site that tests it."""
    qc_start: When | None
    """Testing starts."""
    qc_end: When | None
    """Testing ends."""
    qa_site: str | None
    """Site that reviews it."""
    qa_start: When | None
    """Review starts."""
    released: When | None
    """Disposition."""
    wait_days: float | None = None
    """What queues for QC and QA add to its release; none where it takes neither. [day]"""
    available: When | None
    """Released and with the right to ship to its market."""
    due: When | None
    """Due day of the line."""
    late_days: float | None
    """Days after the deadline, 0 when on time. [day]"""
    at_risk: bool
    """Started before its right to ship."""


class PlannedCampaign(Record):
    """A run of batches of one programme step in one suite."""

    campaign: str
    """Id; a locked campaign keeps the lock's."""
    site: str
    """Site."""
    suite: str
    """Suite."""
    programme: str
    """Programme."""
    step: str
    """Step."""
    kind: BatchKind
    """Strictest kind of its batches."""
    batches: int
    """How many."""
    changeover_start: When | None
    """Changeover begins; none where there is none."""
    changeover_days: float
    """Length of the changeover before it. [day]"""
    start: When
    """First batch enters production."""
    first_out: When
    """First batch out."""
    end: When
    """Last batch out: the suite is free."""
    locked: bool
    """Given by the scenario."""


class PlannedOrder(Record):
    """How one line is served."""

    order: str
    """Line."""
    contract: str
    """Contract."""
    programme: str
    """Programme."""
    kind: Kind
    """Kind."""
    market: str | None
    """Market."""
    firmness: Firmness
    """firm, forecast, prospect or spare (make-up batches)."""
    weight: float
    """Weight of its money. [1]"""
    batches: int
    """Batches it needs where it is made."""
    on_time: int
    """Batches on time."""
    late: int
    """Batches late."""
    unserved: int
    """Batches not served."""
    due: When
    """Due day."""
    last_available: When | None
    """When its last batch is available."""
    cost: int
    """Its regret. [money]"""
    cause: Cause
    """Why it is late or unserved."""


class Shipment(Record):
    """Intermediates on a lane."""

    lane: str
    """Lane."""
    depart: When
    """Leaves."""
    arrive: When
    """Arrives; receipt testing follows."""
    batches: list[str]
    """Batches on it."""


class Consumption(Record):
    """Which batches of the step before a batch uses."""

    batch: str
    """Batch that uses them."""
    uses: list[str]
    """Batches used."""


class PlannedFiling(Record):
    """A filing for a market, and the right to ship that follows."""

    market: str
    """Market."""
    filed: When
    """Filed, after the last PPQ batch is released."""
    reviewed: When
    """Review ends."""
    inspected: When | None
    """Inspection that the site's first filing for the market brings ends; else none."""
    right: When
    """Right to ship: reviewed and inspected."""


class PlannedQualification(Record):
    """A qualification that the plan goes through."""

    qualification: str
    """Id."""
    programme: str
    """Programme."""
    step: str | None = None
    """Step that it is for; every step at the site where none."""
    site: str
    """Site."""
    transfer_start: When | None
    """Transfer begins; none where it isn't the plan's."""
    transfer_end: When | None
    """Transfer ends: the site may make it."""
    engineered: When | None
    """Last engineering batch out."""
    ppq_start: When | None
    """First PPQ batch enters production; none where PPQ isn't complete."""
    ppq_out: When | None
    """Last PPQ batch out."""
    ppq_released: When | None
    """Last PPQ batch released."""
    filings: list[PlannedFiling]
    """By market that is filed for, in the scenario's order; none before all PPQ is made."""


class StockPeriod(Record):
    """A period of a programme that is made to stock. Quantities are in its unit."""

    programme: str
    """Programme."""
    due: When
    """Last day."""
    opening: Exact
    """In stock at the end of the period before. [unit]"""
    made: Exact
    """Entered the stock. [unit]"""
    waste: Exact
    """Wasted: expired, or over the storage limit. [unit]"""
    demand: Exact
    """Demand of the period. [unit]"""
    sold: Exact
    """Supplied, to what waited as well. [unit]"""
    backlog: Exact
    """Waits at the period's end. [unit]"""
    lost: Exact
    """Will never be supplied. [unit]"""
    closing: Exact
    """In stock at the period's end. [unit]"""
    target: Exact
    """Stock wanted then. [unit]"""
    cost: int
    """Storage, shortage, waste and deficit. [money]"""


class Costs(Record):
    """Regret by term. [money]"""

    lateness: int = 0
    """Service charge and contract penalty."""
    holding: int = 0
    """Early availability."""
    variable: int = 0
    """Above the cheapest eligible suite, surplus included."""
    at_risk: int = 0
    """Production before the right to ship."""
    unserved: int = 0
    """Batches not served, and demand against stock not sold."""
    changeover: int = 0
    """Changeovers."""
    campaign: int = 0
    """Campaigns, beside their changeovers."""
    hold: int = 0
    """Harvest that waits for its next step."""
    shipment: int = 0
    """Shipments."""
    qualification: int = 0
    """Transfers, filings, and batches that only qualifications ask for."""
    storage: int = 0
    """Product in stock."""
    shortage: int = 0
    """Demand against stock that waits or is lost."""
    waste: int = 0
    """Product that expires or finds no room."""
    deficit: int = 0
    """Stock below its target."""


class Plan(Record):
    """A whole plan."""

    schema_version: Literal[1] = 1
    """Version of this format."""
    scenario_sha256: str
    """Hash of the resolved scenario it was made for."""
    batches: list[PlannedBatch] = Field(default=[])
    """By programme, step and start."""
    campaigns: list[PlannedCampaign] = []
    """By suite and start."""
    orders: list[PlannedOrder] = []
    """By programme and due day."""
    shipments: list[Shipment] = []
    """By departure."""
    consumes: list[Consumption] = []
    """By batch."""
    qualifications: list[PlannedQualification] = []
    """By id; those that the plan goes through."""
    stocks: list[StockPeriod] = []
    """By programme and period, of programmes made to stock."""
    costs: Costs = Costs()
    """Regret by term; they add up to the objective."""
    firm_service: int = 0
    """First tier: lateness and unserved of firm lines. [money]"""
    objective: int = 0
    """Regret. [money]"""


class Price(Record):
    """What one more unit of something is worth in a week, at the prices that gave a bound."""

    resource: str
    """Suite, or `QC at` or `QA at` a site."""
    week: When
    """Its first day."""
    unit: Literal["day", "batch"]
    """A day of a suite, or a batch whose test or review starts."""
    price: float
    """[money per unit]"""


class Reached(Record):
    """How far a search was at a moment."""

    seconds: float
    """Since it began. [s]"""
    objective: int | float
    """Of the best plan: regret, or what else the scenario asks for. [money] or [unit]"""
    bound: int | float
    """What no plan betters. [money] or [unit]"""
