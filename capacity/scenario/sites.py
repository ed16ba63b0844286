"""Sites, their suites, changeovers and lanes between them."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from capacity.scenario.values import (
    Chance,
    Days,
    Entity,
    Exact,
    Money,
    Record,
    Share,
    When,
)


class Shutdown(Entity):
    """Days on which a site makes nothing."""

    start: When
    """First day."""
    days: Annotated[Days, Field(gt=0)]
    """Length. [day]"""
    every_years: Annotated[int, Field(ge=1, le=50)] | None = None
    """Repeats every so many years on the same day. [year]"""


class Outage(Entity):
    """Days on which a site or suite is down for another reason."""

    start: When
    """First day."""
    days: Annotated[Days, Field(gt=0)]
    """Length. [day]"""


class Rate(Record):
    """A rate in force from a day until the next step."""

    start: When = Field(alias="from")
    """First day."""
    value: Annotated[Exact, Field(ge=0, le=10_000)]
    """The rate."""


class Site(Entity):
    """A site with its own QC and QA."""

    name: str
    """Name on pictures and tables."""
    completed: When | None = None
    """Construction complete; other dates may hang on it."""
    shutdowns: list[Shutdown] = []
    """Planned shutdowns of every suite."""
    outages: list[Outage] = []
    """Outages of every suite."""
    qc_batches: list[Rate] = []
    """QC starts a week, by date; none before the first. [1/week]"""
    qa_reviewers: list[Rate] = []
    """QA reviewers by date; none before the first."""
    transfer_slots: list[Rate] = []
    """Transfers into the site at a time, by date; any number where none is stated."""
    freezer_batches: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Frozen intermediates that the site holds at a time; no limit where none."""


class ClassPair(Record):
    """Changeover between payload classes."""

    leaving: list[str]
    """Payload classes that leave."""
    entering: list[str]
    """Payload classes that enter."""
    days: Days
    """[day]"""


class ProgrammePair(Record):
    """Changeover between two programmes."""

    leaving: str
    """Programme that leaves."""
    entering: str
    """Programme that enters; the same one again, where that has days of its own."""
    days: Days
    """[day]"""


class Changeover(Entity):
    """Days between two campaigns in a suite, by the most specific row that matches."""

    same_product: Days
    """The same programme again, after a shutdown or beyond the clean hold. [day]"""
    same_client: Days
    """Another programme of the same client. [day]"""
    different_client: Days
    """A programme of another client. [day]"""
    first_use: Days
    """Nothing set up before. [day]"""
    same_class: Days | None = None
    """Another programme of the same payload class. [day]"""
    different_class: Days | None = None
    """Another payload class, where no row of `classes` matches. [day]"""
    classes: list[ClassPair] = []
    """Payload class pairs."""
    programmes: list[ProgrammePair] = []
    """Programme pairs, the most specific."""
    first_uses: dict[str, Days] = {}
    """First use by programme, instead of `first_use`. [day]"""
    every_campaign: bool = False
    """True: also between two campaigns of one product, however short the idle."""
    cost: Money = 0
    """Cost of each changeover longer than 0 days. [money]"""


class SuiteRate(Record):
    """What a suite does differently for one programme."""

    programme: str
    """Programme it holds for."""
    takt_days: Annotated[Days, Field(gt=0)] | None = None
    """Days between batches at full rate, instead of the derived takt. [day]"""
    lead_in_days: Annotated[Days, Field(gt=0)] | None = None
    """Days from a campaign's start to its first batch out. [day]"""
    variable_cost: Money | None = None
    """Variable cost of a batch. [money]"""
    campaign_cost: Money | None = None
    """Cost of a campaign, beside its changeover. [money]"""


class Suite(Entity):
    """A production line that runs one product at a time."""

    site: str
    """Site it stands in."""
    stage: str
    """Stage it can run: upstream, downstream, upstream_downstream, conjugation, ..."""
    enabled: bool = True
    """False: planned for elsewhere, not used here."""
    go_live: When
    """First day of production."""
    reactors: Annotated[int, Field(ge=1, le=100)] = 1
    """Production reactors that share the line."""
    production_days: Annotated[Days, Field(gt=0)]
    """Days of a batch in production. [day]"""
    turnaround_days: Days = Fraction(0)
    """Days between batches in a reactor. [day]"""
    downstream_days: Days = Fraction(0)
    """Days of a batch in downstream. [day]"""
    downstream_cycle_days: Days = Fraction(0)
    """Days between batches in downstream. [day]"""
    unplanned_downtime: Annotated[Exact, Field(ge=0, lt=1)] = Fraction(0)
    """Share of time lost. [1]"""
    ramp: list[Annotated[Exact, Field(gt=0, le=1)]] = []
    """Share of the full rate, one value per ramp step from go-live. [1]"""
    contains: list[str] = []
    """Payload classes the suite may handle."""
    changeover: str
    """Id of the changeover rules."""
    variable_cost: Money
    """Variable cost of a batch. [money]"""
    campaign_cost: Money = 0
    """Cost of a campaign, beside its changeover. [money]"""
    set_up: str | None = None
    """Programme that is set up at the start."""
    load_ceiling: Chance | None = None
    """Most of its available days that a period may fill. [1]"""
    outages: list[Outage] = []
    """Outages of this suite."""
    no_idle: bool = False
    """True: a campaign starts as soon as the changeover before it permits."""
    one_product: bool = False
    """True: between two due days of demand its campaigns are of one programme."""
    rates: list[SuiteRate] = []
    """Exceptions by programme."""


class Lane(Entity):
    """A shipping lane for intermediates."""

    start: str = Field(alias="from")
    """Site of departure."""
    to: str
    """Site of arrival."""
    days: Days
    """Transit. [day]"""
    receipt_days: Days = Fraction(0)
    """Testing on receipt. [day]"""
    batches: Annotated[int, Field(ge=1, le=1000)]
    """Most batches in a shipment."""
    cost: Money
    """Cost of a shipment. [money]"""
    tariff: Share = Fraction(0)
    """Duty as a share of the variable cost of what is shipped. [1]"""
    loss: Annotated[Exact, Field(ge=0, lt=1)] = Fraction(0)
    """Share of batches lost in transit. [1]"""
