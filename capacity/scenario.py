"""What the planner writes: sites, programmes, contracts, rules, validated and frozen.

Every date here is absolute: `reading` has already resolved the relative ones. Values
are assumptions unless their record's `standing` says fact or typical.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from capacity.horizon import Grid, coarsest_tick, format_moment

Kind = Literal["engineering", "ppq", "clinical", "commercial"]
"""What an order asks for."""

MadeKind = Literal["engineering", "ppq", "clinical", "commercial", "intermediate"]
"""What a batch can be made as."""

Origin = Literal["outside", "within"]
"""Where a transfer comes from: another company, or a site of the quality system."""


def _exact(value: object) -> Fraction:
    """A number or `16/3` as an exact fraction (floats by their printed decimals)."""
    if isinstance(value, bool) or not isinstance(
        value, int | float | str | Decimal | Fraction
    ):
        msg = "should be a number such as 14, 3.5 or 16/3"
        raise ValueError(msg)
    if isinstance(value, Fraction):
        return value
    try:
        if isinstance(value, str) and "/" in value:
            return Fraction(value)
        number = Decimal(str(value))
        if not number.is_finite():
            raise InvalidOperation
    except (ValueError, InvalidOperation, ZeroDivisionError):
        msg = "should be a number such as 14, 3.5 or 16/3"
        raise ValueError(msg) from None
    if abs(number) > 10**12:
        msg = "is absurdly large"
        raise ValueError(msg)
    return Fraction(number)


def _written(value: Fraction) -> int | float | str:
    """How an exact number is written back: 14, 3.5 or 16/3."""
    if value.denominator == 1:
        return int(value)
    return float(value) if Fraction(str(float(value))) == value else str(value)


def _moment(value: object) -> datetime:
    """An ISO date (midnight) or date and time."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            msg = f"{value!r} isn't a date such as 2027-03-29"
            raise ValueError(msg) from None
    else:
        msg = f"{value!r} isn't a date such as 2027-03-29"
        raise ValueError(msg)
    if moment.tzinfo is not None:
        msg = "should be without a time zone"
        raise ValueError(msg)
    if moment.second or moment.microsecond:
        msg = "should be to the minute"
        raise ValueError(msg)
    if not 1990 <= moment.year <= 2200:
        msg = f"the year {moment.year} is outside 1990 to 2200"
        raise ValueError(msg)
    return moment


def _told(text: str) -> str:
    """Text that goes into tables as it stands, so no spreadsheet may run it."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        msg = f"{text[:40]!r} looks like a formula"
        raise ValueError(msg)
    return text


_EXACT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^\d+(\.\d+)?(/\d+)?$"},
    ]
}
_WHEN_SCHEMA: dict[str, Any] = {
    "description": (
        "ISO date, or `ID.field + 210 days` (days or months), "
        "or a list of these: the latest"
    ),
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}

Exact = Annotated[
    Fraction,
    BeforeValidator(_exact),
    PlainSerializer(_written),
    WithJsonSchema(_EXACT_SCHEMA),
]
Days = Annotated[Exact, Field(ge=0, le=36_525)]
Share = Annotated[Exact, Field(ge=0, le=1)]
Chance = Annotated[Exact, Field(gt=0, le=1)]
When = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(format_moment),
    WithJsonSchema(_WHEN_SCHEMA),
]
Text = Annotated[str, AfterValidator(_told)]
Id = Annotated[
    Text, Field(min_length=1, max_length=80, pattern=r"^[^\s.=\[\]][^.=\[\]\n]*$")
]
Money = Annotated[int, Field(ge=0, le=10**12)]
UnitMoney = Annotated[Exact, Field(ge=0, le=10**12)]
Quantity = Annotated[Exact, Field(ge=0, le=10**9)]


class Record(BaseModel):
    """Frozen, and refuses keys it doesn't know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=False,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
    )


class Standing(Record):
    """How far a value can be trusted."""

    is_: Literal["fact", "typical", "assumption"] = Field(alias="is")
    """Fact with source, typical published range, or our assumption."""
    source: Text | None = None
    """Key of `sources`, or a reference in words. A fact needs one."""
    note: Text | None = None
    """Range, reading or reason, in words."""


class Entity(Record):
    """Something with an id."""

    id: Id
    """Unique in the scenario."""
    standing: dict[str, Standing] = {}
    """Standing by field name; `*` for every other field. Unmarked: assumptions."""


class Horizon(Record):
    """The planning horizon, half-open at the end of its last day."""

    start: When
    """First day."""
    end: When
    """Last day, included."""


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
    set_up: str | None = None
    """Programme that is set up at the start."""
    load_ceiling: Chance | None = None
    """Most of its available days that a period may fill. [1]"""
    outages: list[Outage] = []
    """Outages of this suite."""
    no_idle: bool = False
    """True: a campaign starts as soon as the changeover before it permits."""
    rates: list[SuiteRate] = []
    """Exceptions by programme."""


class Direct(Record):
    """Each batch follows one of the step before, within a hold limit, on its site."""

    how: Literal["direct"]
    """Marks this kind of supply."""
    hold_days: Days
    """Longest wait between out and start. [day]"""
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


class LeadTime(Record):
    """Days from out to release, by percentile."""

    p50: Days
    """Half of the batches. [day]"""
    p90: Days
    """Nine of ten batches. [day]"""
    deviations: Share = Fraction(0)
    """Share of batches with a deviation that delays their release. [1]"""
    deviation_days: Days = Fraction(0)
    """Delay of such a batch. [day]"""

    @property
    def expected_delay(self) -> Fraction:
        """What deviations delay a batch by on average. [day]"""
        return self.deviations * self.deviation_days


class ReleaseClass(Entity):
    """How batches of one sort are tested and released."""

    qc_days: Days
    """Shortest testing. [day]"""
    qa_days: Days
    """Batch-record review. [day]"""
    lead_time: dict[MadeKind | Literal["any"], LeadTime]
    """Release lead time by kind, `any` for the others."""


class CampaignLimits(Entity):
    """How many batches a campaign may have."""

    minimum: dict[MadeKind, Annotated[int, Field(ge=1, le=1000)]] = {}
    """Fewest batches by kind, 1 where not stated; the strictest kind counts."""
    maximum: Annotated[int, Field(ge=1, le=1000)]
    """Most batches."""
    multiple: Annotated[int, Field(ge=1, le=1000)] = 1
    """Batches come in multiples of this."""


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


class Lending(Record):
    """Share of a site's window that may serve the other sites of the quality system."""

    qc: Share = Fraction(0)
    """[1]"""
    qa: Share = Fraction(1, 4)
    """[1]"""


class Quality(Record):
    """The one quality system of all sites."""

    planning_percentile: Literal["p50", "p90"] = "p90"
    """Release lead time to plan with."""
    records_per_reviewer_week: Annotated[Exact, Field(gt=0, le=1000)] = Fraction(3, 5)
    """Batch records a reviewer starts. [1/week]"""
    window_days: Annotated[Days, Field(gt=0)] = Fraction(28)
    """Window in which QC and QA starts are counted. [day]"""
    lending: Lending = Lending()
    """Work for other sites."""
    priority: Literal["free", "first_out", "due_date", "firm_first"] = "free"
    """Which of the batches that wait is tested and reviewed first."""
    ppq_after_engineering_days: Days = Fraction(3)
    """From the last engineering batch out to the first PPQ start. [day]"""
    transfer_days: dict[Origin, Days] = {}
    """Length of a transfer by where it comes from. [day]"""
    filing_days: Days = Fraction(90)
    """From the last PPQ batch released to the filing. [day]"""


class Licence(Entity):
    """Right to ship a programme (or one step) from a site to a market, from a date."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; every step at this site where none."""
    site: str
    """Site."""
    market: Text
    """Market, or `clinical`."""
    start: When = Field(alias="from")
    """First day."""


class Transfer(Entity):
    """A tech transfer that opens a site to a programme (or one step of it)."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; every step at this site where none."""
    site: str
    """Receiving site."""
    end: When
    """First day on which the site may make it."""


class Market(Entity):
    """How long the authority of a market takes; its id is the market's name."""

    review_days: dict[str, Days]
    """From filing to approval, by kind of filing. [day]"""
    inspection_days: Days = Fraction(0)
    """From a site's first filing to the end of its inspection. [day]"""


class Qualification(Entity):
    """A site that may be qualified for a programme: if and when is decided by the plan.

    Transfer, engineering, PPQ, filing and review follow one another; the right to ship
    to each of its markets is their end.
    """

    programme: str
    """Programme."""
    step: str | None = None
    """Step, with those that feed it directly; every step at this site where none."""
    site: str
    """Site."""
    permitted: bool = True
    """False: not in this plan, though the ideal that regret is measured from keeps it."""
    origin: Origin | None = None
    """Where the transfer comes from; none where a row of `transfers` opens the site."""
    not_before: When | None = None
    """First day of the transfer, if not `as_of`."""
    transfer_days: Annotated[Days, Field(gt=0)] | None = None
    """Instead of the quality system's, by origin. [day]"""
    orders: list[str] = []
    """The client's PPQ order, and engineering orders, that qualify the site."""
    engineering_batches: Annotated[int, Field(ge=0, le=100)] = 0
    """Made at the qualification's cost, where no order asks for PPQ."""
    ppq_batches: Annotated[int, Field(ge=0, le=100)] = 0
    """Made at the qualification's cost, where no order asks for PPQ."""
    ppq_success: Share = Fraction(1)
    """Chance that a PPQ batch need not be made again. [1]"""
    markets: Annotated[list[str], Field(min_length=1)]
    """Markets that are filed for."""
    filing: str
    """Kind of filing, as the markets' `review_days` name it."""
    transfer_cost: Money = 0
    """Cost of the transfer. [money]"""
    filing_cost: Money = 0
    """Cost of each filing. [money]"""


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
    batches: Annotated[int, Field(ge=1, le=10_000)]
    """Batches at the reference suite."""
    due: When
    """Day by which they are released."""


class Lock(Entity):
    """A campaign that runs or is fixed: it keeps its dates."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; the last where none."""
    suite: str
    """Suite."""
    kind: MadeKind
    """Kind of its batches."""
    batches: Annotated[int, Field(ge=1, le=1000)]
    """How many."""
    start: When
    """First batch enters production."""
    takt_days: Annotated[Days, Field(gt=0)] | None = None
    """Instead of the suite's takt. [day]"""


class InRelease(Entity):
    """Batches that were out before `as_of` and wait for their release."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; the last where none."""
    suite: str
    """Suite that made them."""
    kind: MadeKind
    """Kind."""
    batches: Annotated[int, Field(ge=1, le=1000)]
    """How many."""
    first_out: When
    """First batch out."""
    every_days: Days = Fraction(0)
    """Days from one to the next. [day]"""


class Stock(Entity):
    """Released batches on hand at `as_of`."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; the last where none."""
    suite: str
    """Suite that made them."""
    kind: MadeKind
    """Kind."""
    batches: Annotated[int, Field(ge=1, le=10_000)]
    """How many."""
    expiry: When
    """Last day of use."""


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


class Losses(Record):
    """Which share of batches passes: make-up batches are planned for the others."""

    success: dict[str, Chance] = {}
    """By stage; all pass where not stated. [1]"""
    ppq: Chance = Fraction(1)
    """Of PPQ batches, where less. [1]"""
    new_site: Chance = Fraction(1)
    """Of the first batches of a programme that no site makes yet, where less. [1]"""
    new_site_batches: Annotated[int, Field(ge=0, le=1000)] = 4
    """How many are its first."""


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
    objective: Literal["regret", "profit"] = "regret"
    """What is said of a plan: what it loses against the ideal, or what it earns."""
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
