"""The quality system: testing, review, release, and batches that fail."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from capacity.scenario.values import (
    Chance,
    Days,
    Entity,
    Exact,
    MadeKind,
    Origin,
    Record,
    Share,
)


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
