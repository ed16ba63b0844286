"""QC and QA: when and where batches are tested, and how many starts a window takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from ortools.sat.python.cp_model import Domain, IntervalVar, IntVar

from capacity.instance import QA, QC, Queue
from capacity.model.slots import Expression, Literal, Slot, Variables

Load = dict[tuple[int, int, bool], list[IntervalVar]]
"""Intervals of starts by (site, QC or QA, for another site)."""


def test_batches(v: Variables) -> None:
    """QC and QA start at or after out, at a site that may do them, in its windows."""
    loads: Load = defaultdict(list)
    for slot in v.slots():
        if not _decided(v, slot) or not slot.step.tested:
            continue
        slot.tested = _tested(v, slot)
        if slot.tested is v.zero:
            continue
        slot.qc_start = _start(v, slot, QC)
        slot.qa_start = _start(v, slot, QA)
        slot.qc_sites = _sites(v, slot, QC, slot.qc_start, loads)
        slot.qa_sites = _sites(v, slot, QA, slot.qa_start, loads)
        if slot.fixed is not None and slot.high + slot.lead < v.instance.as_of:
            for start in (slot.qc_start, slot.qa_start):
                v.model.add(start == slot.out)
            v.model.add(slot.qc_sites[slot.site] == 1)
            v.model.add(slot.qa_sites[slot.site] == 1)
        slot.done = _done(v, slot, slot.qc_start, slot.qa_start)
    for site in range(len(v.instance.sites)):
        for resource in (QC, QA):
            _windows(v, site, resource, loads)
    if v.instance.scenario.quality.priority != "free":
        for site in range(len(v.instance.sites)):
            _keep_turns(v, [turn for turn in _turns(v) if turn.site == site])


def _decided(v: Variables, slot: Slot) -> bool:
    return slot.fixed is None or v.scope.whole


def _tested(v: Variables, slot: Slot) -> Literal:
    """Whether the batch takes QC and QA: all but engineering batches."""
    if slot.kind is not None:
        return v.zero if slot.kind == "engineering" else v.one
    if slot.serving is None:
        return slot.present
    engineering = [
        literal
        for (group, _), literal in slot.serving.options.items()
        if v.instance.groups[group].kind == "engineering"
    ]
    if not engineering:
        return slot.present
    tested = v.literal(f"tested#{slot.number}")
    v.model.add(tested + sum(engineering) == slot.present)
    return tested


def _start(v: Variables, slot: Slot, resource: int) -> IntVar:
    queue = v.instance.queues[slot.site, resource]
    low, high = slot.low + slot.lead, queue.first + len(queue.total) - 1
    if v.scope.longest_wait is not None:
        high = min(high, slot.high + slot.lead + v.scope.longest_wait)
    start = v.model.new_int_var(
        low, high, f"{'qc' if resource == QC else 'qa'}#{slot.number}"
    )
    v.model.add(start >= slot.out)
    return start


def _sites(
    v: Variables, slot: Slot, resource: int, start: IntVar, loads: Load
) -> dict[int, Literal]:
    """Sites that may do the work, each with its literal and its load."""
    assert slot.tested is not None
    model = v.model
    options = [
        site
        for site in range(len(v.instance.sites))
        if site == slot.site or any(v.instance.queues[site, resource].lent)
    ]
    literals = {
        site: slot.tested
        if len(options) == 1
        else v.literal(f"{resource}at{site}#{slot.number}")
        for site in options
    }
    if len(options) > 1:
        model.add(sum(literals.values()) == slot.tested)
    before = slot.high + slot.lead < v.instance.as_of
    for site, literal in literals.items():
        queue = v.instance.queues[site, resource]
        if not before:
            spans = Domain.from_intervals([list(span) for span in queue.open_spans])
            model.add_linear_expression_in_domain(start, spans).only_enforce_if(literal)
        name = f"{resource}at{site}#{slot.number}"
        interval = model.new_optional_fixed_size_interval_var(
            start, queue.window, literal, name
        )
        loads[site, resource, False].append(interval)
        if site != slot.site:
            loads[site, resource, True].append(interval)
    return literals


def _done(v: Variables, slot: Slot, qc: IntVar, qa: IntVar) -> IntVar:
    """End of testing and review: no earlier than either, nor later if that could pay."""
    low = slot.low + slot.lead
    longest = max(slot.step.qc_days, slot.step.qa_days)
    done = v.model.new_int_var(low, 10**8, f"done#{slot.number}")
    if v.instance.stocked_by(slot.step) is not None:
        ends = [qc + slot.step.qc_days, qa + slot.step.qa_days]
        v.model.add_max_equality(done, ends)
        return done
    v.model.add(done >= qc + slot.step.qc_days)
    v.model.add(done >= qa + slot.step.qa_days)
    v.model.add(done >= low + longest)
    if _filed_on(v, slot):  # a later right can pay, so no slack is given
        ends = [qc + slot.step.qc_days, qa + slot.step.qa_days]
        v.model.add_max_equality(done, ends)
    return done


def _filed_on(v: Variables, slot: Slot) -> bool:
    """Whether the release of a batch decides on when something is filed."""
    return slot.serving is not None and any(
        v.instance.groups[group].kind == "ppq"
        and v.instance.groups[group].chain is not None
        for group, _ in slot.serving.options
    )


def _windows(v: Variables, site: int, resource: int, loads: Load) -> None:
    """In every window a site starts no more than its rate allows, lent work included.

    A start at s counts in the windows that end in [s, s + window): the windows are a
    renewable resource on the axis of their last ticks, with what doesn't fit blocked.
    """
    queue = v.instance.queues[site, resource]
    given = list(v.instance.tested_before[site, resource])
    fixed, lent = _fixed_starts(v, site, resource)
    if not v.scope.whole:
        given = []
    for foreign in (False, True):
        intervals = loads[site, resource, foreign]
        if not intervals:
            continue
        taken = lent if foreign else fixed
        spare = _spare(v, queue, [] if foreign else given, taken, foreign)
        most = max(spare)
        demands = [1] * len(intervals)
        blocks = _blocks(v, queue, spare, most)
        v.model.add_cumulative(
            [*intervals, *(interval for interval, _ in blocks)],
            [*demands, *(demand for _, demand in blocks)],
            most,
        )


def _fixed_starts(
    v: Variables, site: int, resource: int
) -> tuple[list[int], list[int]]:
    """Starts at a site that this model doesn't decide, and those for other sites."""
    starts: list[int] = []
    lent: list[int] = []
    for batch in v.scope.base.batches:
        if batch.test is None:
            continue
        if batch.run is not None and (v.scope.whole or not v.scope.fixes(batch.run)):
            continue
        test = batch.test
        where = test.qc_site if resource == QC else test.qa_site
        if where == site:
            start = test.qc_start if resource == QC else test.qa_start
            starts.append(start)
            if batch.site != site:
                lent.append(start)
    return starts, lent


def _spare(
    v: Variables, queue: Queue, given: list[int], taken: list[int], foreign: bool
) -> list[int]:
    """Starts that each window can still take, by the window's first tick.

    Batches out before `as_of` may overfill a window: then it admits no more.
    """
    offered = queue.lent if foreign else queue.total
    stuck, used = queue.inside(given), queue.inside(taken)
    return [
        max(0, max(capacity, over) - busy)
        for capacity, over, busy in zip(offered, stuck, used, strict=True)
    ]


def _blocks(
    v: Variables, queue: Queue, spare: list[int], most: int
) -> list[tuple[IntervalVar, int]]:
    """Fixed intervals that take what the windows can't."""
    blocks = []
    first = 0
    for number in range(1, len(spare) + 1):
        if number < len(spare) and spare[number] == spare[first]:
            continue
        if spare[first] < most:
            begin = queue.first + first + queue.window - 1
            end = queue.first + number + queue.window - 1
            block = v.model.new_fixed_size_interval_var(
                begin, end - begin, f"full{begin}"
            )
            blocks.append((block, most - spare[first]))
        first = number
    return blocks


# ----------------------------------------------------------------------- priority


@dataclass(eq=False)
class _Turn:
    """A product batch in the queues of its site."""

    site: int
    decided: bool
    tested: Literal
    turn: Expression
    """Least comes first, its out included."""
    out: Expression
    span: tuple[int, int]
    """From the earliest out to the latest start of QC or QA. [tick]"""
    starts: tuple[Expression, Expression]
    """Of QC and QA. [tick]"""
    name: str


def _turns(v: Variables) -> Iterator[_Turn]:
    """Product batches that are out from `as_of` on and take QC and QA."""
    as_of = v.instance.as_of
    for slot in v.slots():
        if slot.step.role != "product" or slot.high + slot.lead < as_of:
            continue
        if not _decided(v, slot):
            assert slot.fixed is not None
            test = slot.fixed.run.tests[slot.place]
            if test is not None:
                group = slot.fixed.run.serves[slot.place]
                out, starts = slot.high + slot.lead, (test.qc_start, test.qa_start)
                yield _Turn(
                    slot.site,
                    False,
                    v.one,
                    v.instance.turn(group) * _scale(v) + out,
                    out,
                    (out, max(starts)),
                    starts,
                    f"{slot.number}",
                )
        elif slot.tested is not None and slot.tested is not v.zero:
            assert slot.qc_start is not None
            assert slot.qa_start is not None
            latest = 10**8
            if v.scope.longest_wait is not None:
                latest = slot.high + slot.lead + v.scope.longest_wait
            yield _Turn(
                slot.site,
                True,
                slot.tested,
                _turn(v, slot) * _scale(v) + slot.out,
                slot.out,
                (slot.low + slot.lead, latest),
                (slot.qc_start, slot.qa_start),
                f"{slot.number}",
            )


def _scale(v: Variables) -> int:
    """More than outs from `as_of` on differ by. [tick]"""
    return v.instance.horizon_end + 1


def _turn(v: Variables, slot: Slot) -> Expression:
    """What the line that a slot serves says of its turn."""
    none = v.instance.turn(None)
    assert slot.serving is not None
    return none + sum(
        (v.instance.turn(group) - none) * literal
        for (group, _), literal in slot.serving.options.items()
    )


def _keep_turns(v: Variables, turns: list[_Turn]) -> None:
    """No batch starts while one that comes first waits."""
    model = v.model
    for one, other in combinations(turns, 2):
        near = one.span[0] <= other.span[1] and other.span[0] <= one.span[1]
        if not near or not (one.decided or other.decided):
            continue
        name = f"{one.name},{other.name}"
        first, second = v.literal(f"first{name}"), v.literal(f"second{name}")
        both = [one.tested, other.tested]
        model.add(one.turn + 1 <= other.turn).only_enforce_if([*both, first])
        model.add(other.turn + 1 <= one.turn).only_enforce_if([*both, second])
        model.add(one.turn == other.turn).only_enforce_if([*both, ~first, ~second])
        for resource in (QC, QA):
            for before, after, holds in ((one, other, first), (other, one, second)):
                waits, start = before.starts[resource], after.starts[resource]
                soon = v.literal(f"soon{resource}{name}")
                rule = [*both, holds]
                model.add(start + 1 <= before.out).only_enforce_if([*rule, soon])
                model.add(waits <= start).only_enforce_if([*rule, ~soon])
