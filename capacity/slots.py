"""Room in the QC and QA queues while a plan is searched.

A window of so many days from every tick takes so many starts. What is left of each is one
byte, so that asking for the first start with room is a search for a zero byte.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from capacity.instance import QA, QC, Instance, StepData
from capacity.schedule import Batch, Run, Schedule, Test

MOST = 254
"""Most starts of a window that are told apart; a site with more uses only these."""

_LESS = bytes([0, *range(255)])
_MORE = bytes([*range(1, 256), 255])


class Table:
    """What is left of one queue."""

    def __init__(self, instance: Instance, site: int, resource: int) -> None:
        queue = instance.queues[site, resource]
        self.first = queue.first
        self.window = queue.window
        self.last = queue.first + len(queue.total) - 1
        self.room = bytearray(min(n, MOST) for n in queue.total)
        self.lent = bytearray(min(n, MOST) for n in queue.lent)
        self.lends = any(self.lent)
        self.spans = queue.open_spans
        self.span_ends = [end for _, end in queue.open_spans]
        for start in instance.tested_before.get((site, resource), ()):
            self.take(start, False)

    def earliest(self, out: int, foreign: bool) -> int | None:
        """First tick from `out` on at which a start fits. [tick]"""
        tick, window, first = out, self.window, self.first
        spans, ends = self.spans, self.span_ends
        while True:
            place = bisect_left(ends, tick)
            if place == len(spans) or tick > self.last:
                return None
            tick = max(tick, spans[place][0])
            low, high = tick - window + 1 - first, tick + 1 - first
            full = self.room.rfind(0, max(low, 0), high)
            if foreign:
                full = max(full, self.lent.rfind(0, max(low, 0), high))
            if full < 0:
                return tick
            tick = full + first + window

    def take(self, start: int, foreign: bool) -> None:
        """Occupy a start."""
        self._shift(start, foreign, _LESS)

    def free(self, start: int, foreign: bool) -> None:
        """Give a start back."""
        self._shift(start, foreign, _MORE)

    def _shift(self, start: int, foreign: bool, change: bytes) -> None:
        low = max(start - self.window + 1 - self.first, 0)
        high = max(start + 1 - self.first, 0)
        self.room[low:high] = self.room[low:high].translate(change)
        if foreign:
            self.lent[low:high] = self.lent[low:high].translate(change)


class Slots:
    """The queues of all sites."""

    def __init__(self, instance: Instance) -> None:
        sites = range(len(instance.sites))
        self.tables = [
            [Table(instance, site, resource) for resource in (QC, QA)] for site in sites
        ]
        self.lenders = [
            [
                [
                    other
                    for other in sites
                    if other != site and self.tables[other][resource].lends
                ]
                for resource in (QC, QA)
            ]
            for site in sites
        ]

    def take(
        self, site: int, out: int, step: StepData, *, patient: bool = True
    ) -> Test | None:
        """Test and review a batch as early as there is room, None where there never is.

        Patient, it waits for its own site's review as long as its test takes anyway.
        """
        qc = self._first(site, QC, out, out)
        if qc is None:
            return None
        patience = out
        if patient:
            patience = max(out, qc[1] + step.qc_days - step.qa_days)
        qa = self._first(site, QA, out, patience)
        if qa is None:
            return None
        self.tables[qc[0]][QC].take(qc[1], qc[0] != site)
        self.tables[qa[0]][QA].take(qa[1], qa[0] != site)
        return Test(*qc, *qa)

    def hold(self, site: int, test: Test) -> None:
        """Occupy a test again that was given back."""
        self.tables[test.qc_site][QC].take(test.qc_start, test.qc_site != site)
        self.tables[test.qa_site][QA].take(test.qa_start, test.qa_site != site)

    def free(self, site: int, test: Test) -> None:
        """Give a test back."""
        self.tables[test.qc_site][QC].free(test.qc_start, test.qc_site != site)
        self.tables[test.qa_site][QA].free(test.qa_start, test.qa_site != site)

    def _first(
        self, site: int, resource: int, out: int, patience: int
    ) -> tuple[int, int] | None:
        """Site and start: the own site unless it starts later than `patience`."""
        tick = self.tables[site][resource].earliest(out, False)
        best = None if tick is None else (site, tick)
        if best is None or best[1] > patience:
            for other in self.lenders[site][resource]:
                tick = self.tables[other][resource].earliest(out, True)
                if tick is not None and (best is None or tick < best[1]):
                    best = other, tick
        return best


def in_turn(schedule: Schedule) -> Schedule:
    """The plan with products tested and reviewed as the priority rule wants it.

    One after another, in their turn, each gets the first room there is: what comes later
    in turn finds less of it, so it never starts while an earlier one could. What becomes
    too late for its line serves none, and has another turn.
    """
    if schedule.instance.scenario.quality.priority == "free":
        return schedule
    while True:
        tests = _queued(schedule)
        runs = tuple(_with_tests(n, run, tests) for n, run in enumerate(schedule.runs))
        found = replace(schedule, runs=runs)
        late = {
            (batch.run, batch.number)
            for batch in found.batches
            if batch.run is not None and (batch.run, batch.number) in tests
            if batch.serves is not None and _too_late(found, batch)
        }
        if not late:
            return found
        schedule = replace(
            found, runs=tuple(_without(n, run, late) for n, run in enumerate(runs))
        )


def _queued(schedule: Schedule) -> dict[tuple[int, int], Test]:
    """New tests of products by run and number."""
    instance = schedule.instance
    slots = Slots(instance)
    queue: list[tuple[int, int, int, int, Batch]] = []
    for batch in schedule.batches:
        if batch.test is None or batch.out is None or batch.out < instance.as_of:
            continue
        if instance.steps[batch.step].role == "product" and batch.run is not None:
            turn = instance.turn(batch.serves)
            queue.append((turn, batch.out, batch.run, batch.number, batch))
        else:
            slots.hold(batch.site, batch.test)
    found = {}
    for _, out, run, number, batch in sorted(queue, key=lambda row: row[:4]):
        test = slots.take(batch.site, out, instance.steps[batch.step], patient=False)
        if test is not None:
            found[run, number] = test
    return found


def _with_tests(index: int, run: Run, tests: dict[tuple[int, int], Test]) -> Run:
    changed = tuple(tests.get((index, n), test) for n, test in enumerate(run.tests))
    return replace(run, tests=changed)


def _too_late(schedule: Schedule, batch: Batch) -> bool:
    assert batch.serves is not None
    available = schedule.available_if_ever(batch)
    latest = schedule.instance.groups[batch.serves].latest
    return available is None or available > latest


def _without(index: int, run: Run, late: set[tuple[int, int]]) -> Run:
    serves = tuple(
        None if (index, n) in late else group for n, group in enumerate(run.serves)
    )
    return replace(run, serves=serves)


def early(schedule: Schedule) -> Schedule:
    """The plan with nothing tested or reviewed later than the queues make it wait.

    Where a wait costs nothing a search may leave it. One batch after another, those that
    start first in front, goes as far forward as there is room at the site that does its
    work; so none is later than before, and what still waits says that there is no room.
    """
    free = schedule.instance.scenario.quality.priority == "free"
    found = _forward(schedule, products=free)
    if free:
        return found
    put = in_turn(found)
    same = all(a.serves == b.serves for a, b in zip(put.runs, found.runs, strict=True))
    return put if same and put.rank <= found.rank else found


def _forward(schedule: Schedule, *, products: bool) -> Schedule:
    instance = schedule.instance
    slots = Slots(instance)
    moved: dict[tuple[int, int], Test] = {}
    queue: list[Batch] = []
    for batch in schedule.batches:
        if batch.test is None or batch.out is None or batch.out < instance.as_of:
            continue
        slots.hold(batch.site, batch.test)
        product = instance.steps[batch.step].role == "product"
        if batch.run is not None and (products or not product):
            queue.append(batch)
            moved[batch.run, batch.number] = batch.test
    for resource in (QC, QA):
        for batch in sorted(queue, key=lambda each: _started(each, resource)):
            assert batch.run is not None
            assert batch.out is not None
            test = moved[batch.run, batch.number]
            site = test.qc_site if resource == QC else test.qa_site
            table, foreign = slots.tables[site][resource], site != batch.site
            start = test.qc_start if resource == QC else test.qa_start
            table.free(start, foreign)
            first = table.earliest(batch.out, foreign)
            start = start if first is None else min(start, first)
            table.take(start, foreign)
            moved[batch.run, batch.number] = (
                replace(test, qc_start=start)
                if resource == QC
                else replace(test, qa_start=start)
            )
    runs = tuple(_with_tests(n, run, moved) for n, run in enumerate(schedule.runs))
    return replace(schedule, runs=runs)


def _started(batch: Batch, resource: int) -> tuple[int, int, int]:
    """When a batch starts in a queue; ties by run and number."""
    assert batch.test is not None
    start = batch.test.qc_start if resource == QC else batch.test.qa_start
    return start, batch.run or 0, batch.number
