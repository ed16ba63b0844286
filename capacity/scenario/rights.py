"""Rights to make and to ship: licences, transfers, qualifications."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from capacity.scenario.values import Days, Entity, Money, Origin, Share, Text, When


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
    filing_days: Days | None = None
    """From the last PPQ batch released to the filing, if not the quality system's. [day]"""


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
    """Markets that may be filed for, each if it is worth it."""
    filing: str
    """Kind of filing, as the markets' `review_days` name it."""
    after: str | None = None
    """Qualification or site whose right to ship to a market this one's waits for."""
    transfer_cost: Money = 0
    """Cost of the transfer. [money]"""
    filing_cost: Money = 0
    """Cost of each filing. [money]"""
