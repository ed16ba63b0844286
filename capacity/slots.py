"""Room in the QC and QA queues while a plan is searched.

A window of so many days from every tick takes so many starts. What is left of each is one
byte, so that asking for the first start with room is a search for a zero byte.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Container
from dataclasses import replace
from heapq import heappop, heappush

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
            if spans[place][0] > tick:
                tick = spans[place][0]
            high = tick + 1 - first
            low = high - window if high > window else 0
            full = self.room.rfind(0, low, high)
            if foreign:
                full = max(full, self.lent.rfind(0, low, high))
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
        high = start + 1 - self.first
        if high < 0:
            high = 0
        low = high - self.window if high > self.window else 0
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

    def take(self, site: int, out: int, step: StepData) -> Test | None:
        """Test and review a batch as early as there is room, None where there never is.

        It waits for its own site's review as long as its test takes anyway.
        """
        qc = self._first(site, QC, out, out)
        if qc is None:
            return None
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

    def opening(self, site: int, resource: int, tick: int) -> tuple[int, int] | None:
        """Where and when a batch of a site may start from a tick on, its own if it can."""
        return self._first(site, resource, tick, tick)

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

    By time: whenever there is room, the first in turn of those that are out gets it. What
    becomes too late for its line serves none, and has another turn. A plan whose queues
    don't take everything so stays as it is.
    """
    if schedule.instance.scenario.quality.priority == "free":
        return schedule
    given = schedule
    while True:
        tests = _queued(schedule, schedule.instance.stocked)
        if tests is None:
            return given
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


Turn = tuple[int, int, int, int]
"""Where a batch comes: turn, out, run, number."""


def _queued(
    schedule: Schedule, stocked: Container[int]
) -> dict[tuple[int, int], Test] | None:
    """New tests of products by run and number; None where one finds no room.

    Those that are made to stock are put in turn only if their programme is in `stocked`.
    """
    instance = schedule.instance
    slots = Slots(instance)
    queues: list[list[Turn]] = [[] for _ in instance.sites]
    for batch in schedule.batches:
        if batch.test is None or batch.out is None or batch.out < instance.as_of:
            continue
        step = instance.steps[batch.step]
        stays = instance.stocked_by(step) and step.programme not in stocked
        if step.role == "product" and batch.run is not None and not stays:
            turn = instance.turn(batch.serves)
            queues[batch.site].append((turn, batch.out, batch.run, batch.number))
        else:
            slots.hold(batch.site, batch.test)
    tested = _by_time(slots, QC, queues)
    reviewed = _by_time(slots, QA, queues)
    if tested is None or reviewed is None:
        return None
    return {key: Test(*tested[key], *reviewed[key]) for key in tested}


def _by_time(
    slots: Slots, resource: int, queues: list[list[Turn]]
) -> dict[tuple[int, int], tuple[int, int]] | None:
    """Site and start of every batch of the sites' queues; None where one has no room.

    What isn't out yet takes no room from what waits.
    """
    found: dict[tuple[int, int], tuple[int, int]] = {}
    coming = [deque(sorted(queue, key=lambda row: row[1])) for queue in queues]
    waiting: list[list[Turn]] = [[] for _ in queues]
    clocks = [0] * len(queues)
    while True:
        openings = []
        for site, ready in enumerate(waiting):
            if not ready and not coming[site]:
                continue
            if not ready:
                clocks[site] = max(clocks[site], coming[site][0][1])
            opening = slots.opening(site, resource, clocks[site])
            if opening is None:
                return None
            where, tick = opening
            clocks[site] = tick
            while coming[site] and coming[site][0][1] <= tick:
                heappush(ready, coming[site].popleft())
            openings.append((tick, ready[0], site, where))
        if not openings:
            return found
        tick, (_, _, run, number), site, where = min(openings)
        heappop(waiting[site])
        slots.tables[where][resource].take(tick, where != site)
        found[run, number] = where, tick


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


def early(schedule: Schedule, *, ppq: bool = True) -> Schedule:
    """The plan with nothing tested or reviewed later than the queues make it wait.

    Where a wait costs nothing a search may leave it. One batch after another, those that
    start first in front, goes as far forward as there is room at the site that does its
    work; so none is later than before, and what still waits says that there is no room.
    What is made to stock stays where it is: earlier in stock it costs more. So does PPQ of
    qualifications without `ppq`: an earlier right may cost holding.
    """
    free = schedule.instance.scenario.quality.priority == "free"
    found = _forward(schedule, products=free, ppq=ppq)
    if free or not ppq:
        return found
    tests = _queued(found, ())
    if tests is None:
        return found
    put = replace(
        found,
        runs=tuple(_with_tests(n, run, tests) for n, run in enumerate(found.runs)),
    )
    served = (batch for batch in put.batches if batch.serves is not None)
    late = any(_too_late(put, batch) for batch in served)
    better = not late and put.rank <= found.rank
    return put if better and turns_hold(put) else found


def turns_hold(schedule: Schedule) -> bool:
    """Whether no product starts QC or QA while one of its site waits in an earlier turn."""
    instance = schedule.instance
    if instance.scenario.quality.priority == "free":
        return True
    for resource in (QC, QA):
        rows = [
            (batch.site, (instance.turn(batch.serves), batch.out), batch.out, start)
            for batch in schedule.batches
            if batch.test is not None and batch.out is not None
            if batch.out >= instance.as_of
            if instance.steps[batch.step].role == "product"
            for start in [
                batch.test.qc_start if resource == QC else batch.test.qa_start
            ]
        ]
        waiting = [row for row in rows if row[3] > row[2]]
        for site, turn, _, start in rows:
            for where, earlier, out, until in waiting:
                if where == site and earlier < turn and out <= start < until:
                    return False
    return True


def _forward(schedule: Schedule, *, products: bool, ppq: bool) -> Schedule:
    instance = schedule.instance
    qualify = {
        group.index
        for group in instance.groups
        if group.kind == "ppq" and group.chain is not None
    }
    slots = Slots(instance)
    moved: dict[tuple[int, int], Test] = {}
    queue: list[Batch] = []
    for batch in schedule.batches:
        if batch.test is None or batch.out is None or batch.out < instance.as_of:
            continue
        slots.hold(batch.site, batch.test)
        step = instance.steps[batch.step]
        moves = products or step.role != "product"
        if not ppq and batch.serves in qualify:
            moves = False
        if batch.run is not None and moves and instance.stocked_by(step) is None:
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
