"""What is there without a decision: locked campaigns, batches in stock and in release."""

from __future__ import annotations

from dataclasses import dataclass

from capacity.instance.known import DAY, QA, QC, Known
from capacity.instance.paces import lead_in, lock_takt
from capacity.instance.steps import StepData
from capacity.instance.suites import SuiteData
from capacity.scenario import InRelease, Lock, Stock


@dataclass(frozen=True)
class LockData:
    """A locked campaign."""

    index: int
    id: str
    step: int
    suite: int
    kind: str
    start: int
    """[tick]"""
    takt: int
    """[tick]"""
    lead: int
    """Start to out. [tick]"""
    batches: int


@dataclass(frozen=True)
class OnHand:
    """A batch in stock or in release at `as_of`."""

    index: int
    id: str
    step: int
    suite: int
    site: int
    kind: str
    out: int | None
    """None for stock. [tick]"""
    ready: int
    """Released. [tick]"""
    expiry: int | None
    """End of its last day, stock only. [tick]"""


def lock_data(known: Known, index: int, lock: Lock) -> LockData:
    """A locked campaign in ticks."""
    suite = known.suites[known.suite[lock.suite]]
    last = known.by_programme[lock.programme].recipe[-1].step
    return LockData(
        index=index,
        id=lock.id,
        step=known.step[lock.programme, lock.step or last],
        suite=known.suite[lock.suite],
        kind=lock.kind,
        start=known.grid.at(lock.start),
        takt=lock_takt(known, lock),
        lead=lead_in(known, suite, lock.programme),
        batches=lock.batches,
    )


def batches_on_hand(
    known: Known, steps: tuple[StepData, ...], suites: tuple[SuiteData, ...]
) -> tuple[OnHand, ...]:
    """Batches in stock and in release, by id."""
    found: list[OnHand] = []
    rows: list[InRelease | Stock] = [
        *known.scenario.in_release,
        *known.scenario.stock,
    ]
    for row in sorted(rows, key=lambda row: row.id):
        last = known.by_programme[row.programme].recipe[-1].step
        step = steps[known.step[row.programme, row.step or last]]
        suite = suites[known.suite[row.suite]]
        for number in range(row.batches):
            out = expiry = None
            ready = known.as_of
            if isinstance(row, InRelease):
                wait = known.ticks(row.every_days)
                out = known.grid.at(row.first_out) + number * wait
                ready = out + step.lead_times[row.kind]
            else:
                expiry = known.grid.at(row.expiry) + known.ticks(DAY)
            name = f"{row.id}/{number + 1:02d}"
            found.append(
                OnHand(
                    len(found), name, step.index, suite.index, suite.site,
                    row.kind, out, ready, expiry,
                )
            )  # fmt: skip
    return tuple(found)


def tested_before(
    known: Known,
    steps: tuple[StepData, ...],
    on_hand: tuple[OnHand, ...],
    locks: tuple[LockData, ...],
    suites: tuple[SuiteData, ...],
) -> dict[tuple[int, int], tuple[int, ...]]:
    """Starts of batches out before `as_of`, by (site, QC or QA). [tick]"""
    starts: dict[int, list[int]] = {site: [] for site in range(len(known.site))}
    for batch in on_hand:
        tested = steps[batch.step].tested
        if batch.out is not None and tested and batch.kind != "engineering":
            starts[batch.site].append(batch.out)
    for lock in locks:
        tested = steps[lock.step].tested and lock.kind != "engineering"
        first = lock.start + lock.lead
        outs = [first + k * lock.takt for k in range(lock.batches)]
        if tested:
            starts[suites[lock.suite].site] += [
                out for out in outs if out < known.as_of
            ]
    return {
        (site, resource): tuple(sorted(outs))
        for site, outs in starts.items()
        for resource in (QC, QA)
    }
