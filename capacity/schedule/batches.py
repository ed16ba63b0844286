"""Campaigns, batches and shipments of a plan in integers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from capacity.instance import Instance, LaneData, StepData

ON_HAND = -1
"""Stands in a `Unit` for the suite of a batch on hand."""


Unit = tuple[int, int]
"""A batch: (suite, start tick) if made, (ON_HAND, index) if on hand."""


@dataclass(frozen=True)
class Test:
    """Where and when a batch is tested and reviewed."""

    qc_site: int
    qc_start: int
    qa_site: int
    qa_start: int


@dataclass(frozen=True)
class Run:
    """A campaign: back-to-back batches of one step in one suite."""

    step: int
    suite: int
    start: int
    """First batch enters production. [tick]"""
    takt: int
    """[tick]"""
    serves: tuple[int | None, ...]
    """Group that each batch serves."""
    tests: tuple[Test | None, ...]
    """Testing of each batch; none for engineering and in-process batches."""
    lock: int | None = None
    """Locked campaign that this is."""
    feed: Unit | None = None
    """First batch of the campaign that feeds this one, where they are linked."""
    paced: tuple[int, ...] = ()
    """Start of each batch, where those that feed them set the pace. [tick]"""

    @property
    def batches(self) -> int:
        """How many."""
        return len(self.serves)

    def starts(self) -> list[int]:
        """Start of each batch. [tick]"""
        if self.paced:
            return list(self.paced)
        return [self.start + k * self.takt for k in range(len(self.serves))]


@dataclass(frozen=True)
class Freight:
    """A shipment."""

    lane: LaneData
    depart: int
    """[tick]"""
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Batch:
    """One batch with what follows from its place in the schedule."""

    unit: Unit
    step: int
    suite: int
    site: int
    kind: str
    start: int | None
    out: int | None
    serves: int | None
    test: Test | None
    run: int | None
    """Index of its run."""
    number: int
    """Place in its run, or index on hand."""
    planned: bool
    """False for locked and on-hand batches."""


def lead_in(instance: Instance, run: Run) -> int:
    """Start to out of a run's batches. [tick]"""
    if run.lock is not None:
        return instance.locks[run.lock].lead
    return instance.steps[run.step].modes[run.suite].lead


def kind_of(instance: Instance, step: StepData, group: int | None) -> str:
    """Kind of a planned batch."""
    if group is not None:
        return instance.groups[group].kind
    if instance.stocked_by(step) is not None:
        return "commercial"
    return "surplus" if step.role == "product" else step.role


def kg_of(instance: Instance, batch: Batch) -> Fraction:
    """Product of a batch. [kg]"""
    return instance.kg[batch.step, batch.suite]


def changeover_between(instance: Instance, before: Run | None, run: Run) -> int:
    """Changeover that a run needs after another, or first in its suite. [tick]"""
    suite = instance.suites[run.suite]
    if run.lock is not None and (before is None or before.lock is not None):
        return 0
    programme = instance.steps[run.step].programme
    if before is None:
        free, leaving = suite.free_from, suite.set_up
        from_step = -1 if leaving is None else suite.set_up_step
    else:
        free = end_of(instance, before)
        leaving, from_step = instance.steps[before.step].programme, before.step
    if leaving == programme:
        idle = run.start - free
        if idle <= suite.hold and not suite.shut_between(free, run.start):
            return 0
    return suite.changeover[from_step, run.step]


def end_of(instance: Instance, run: Run) -> int:
    """Last batch out: the suite is free. [tick]"""
    return run.starts()[-1] + lead_in(instance, run)
