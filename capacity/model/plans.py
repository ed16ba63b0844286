"""Schedules into a model and out of it: hints, pins and the plan that was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from ortools.sat.python.cp_model import IntVar, LinearExprT

from capacity.model.slots import (
    BY_FILING,
    Chain,
    Expression,
    FixedRun,
    FreightVars,
    Literal,
    Slot,
    Variables,
)
from capacity.schedule import (
    ON_HAND,
    Batch,
    Freight,
    Run,
    Schedule,
    Test,
    Unit,
)

Value = tuple[IntVar, int]


class NotInModel(Exception):  # noqa: N818  # an answer, not a mistake
    """A schedule has a batch for which the model has no slot or option."""


def values(v: Variables, schedule: Schedule) -> list[Value]:
    """Values of the decisions that make the model's plan this schedule.

    Raises
    ------
    NotInModel
        If the model has no description of the schedule.
    """
    constants = {v.one.index: 1, v.zero.index: 0}
    found: dict[int, Value] = {}
    for variable, value in _Values(v, schedule).all():
        known = found.setdefault(variable.index, (variable, value))
        if known[1] != value or constants.get(variable.index, value) != value:
            raise NotInModel
    for index in constants:
        found.pop(index, None)
    return list(found.values())


class _Values:
    def __init__(self, v: Variables, schedule: Schedule) -> None:
        self.v, self.schedule = v, schedule
        self.slot_of: dict[Unit, Slot] = {}

    def all(self) -> Iterator[Value]:
        self._known()
        for chain in self.v.chains.values():
            yield from self._chain(chain)
        for spare in self.v.spares:
            unit = (ON_HAND, spare.data.index)
            yield from self._serving(spare.serving.options, self.schedule.by_unit[unit])
        yield from self._freights()
        yield from self._qualifications()

    def _qualifications(self) -> Iterator[Value]:
        starts = self.schedule.transfers
        for number, chain in self.v.qualified.items():
            yield chain.taken, int(number in starts)
            if number in starts:
                yield chain.start, starts[number]
        for filing, made in self.v.files.items():
            yield made, int(self.schedule.filed[filing] is not None)

    def _known(self) -> None:
        """Refuse runs and batches on hand that the model has nothing for."""
        chains = {(run.step, run.suite) for run in self.schedule.runs}
        spares = {spare.data.index for spare in self.v.spares}
        if not chains <= set(self.v.chains):
            raise NotInModel
        if self.v.scope.whole and not set(self.schedule.on_hand) <= spares:
            raise NotInModel

    def _chain(self, chain: Chain) -> Iterator[Value]:
        runs = [
            self.schedule.runs[index]
            for index in self.schedule.in_suite[chain.suite]
            if self.schedule.runs[index].step == chain.step.index
        ]
        fixed = {part.run.start for part in chain.parts if isinstance(part, FixedRun)}
        free = [run for run in runs if run.lock is None and run.start not in fixed]
        placed = 0
        for number, part in enumerate(chain.parts):
            if isinstance(part, FixedRun):
                for slot in part.slots:
                    yield from self._made(slot, (chain.suite, slot.low))
                continue
            until = next(
                (p.run.start for p in chain.parts[number:] if isinstance(p, FixedRun)),
                10**9,
            )
            inside = [run for run in free[placed:] if run.start < until]
            placed += len(inside)
            yield from self._block(part, inside)
        if placed < len(free):
            raise NotInModel

    def _block(self, block: list[Slot], runs: list[Run]) -> Iterator[Value]:
        if sum(run.batches for run in runs) > len(block):
            raise NotInModel
        waiting = iter(block)
        for run in runs:
            for place, start in enumerate(run.starts()):
                slot = next(waiting)
                assert slot.first is not None
                assert slot.joined is not None
                yield slot.present, 1
                yield _variable(slot.start), start
                yield slot.first, int(place == 0)
                yield slot.joined, int(place > 0)
                yield from self._made(slot, (run.suite, start))
        for slot in waiting:
            assert slot.first is not None
            assert slot.joined is not None
            yield slot.present, 0
            yield _variable(slot.start), slot.high
            yield slot.first, 0
            yield slot.joined, 0
            if slot.serving is not None:
                for literal in slot.serving.options.values():
                    yield literal, 0

    def _made(self, slot: Slot, unit: Unit) -> Iterator[Value]:
        self.slot_of[unit] = slot
        batch = self.schedule.by_unit.get(unit)
        if batch is None:
            raise NotInModel
        if slot.serving is not None:
            yield from self._serving(slot.serving.options, batch)
        elif batch.serves is not None and slot.fixed is None:
            raise NotInModel
        if slot.fixed is None or self.v.scope.whole:
            yield from self._tests(slot, batch.test)

    def _tests(self, slot: Slot, test: Test | None) -> Iterator[Value]:
        if slot.tested is not None:
            yield slot.tested, int(test is not None)
        if test is None:
            return
        if slot.qc_start is None or slot.qa_start is None:
            raise NotInModel
        yield slot.qc_start, test.qc_start
        yield slot.qa_start, test.qa_start
        yield from _choice(slot.qc_sites, test.qc_site)
        yield from _choice(slot.qa_sites, test.qa_site)

    def _serving(
        self, options: dict[tuple[int, int], Literal], batch: Batch
    ) -> Iterator[Value]:
        chosen = None
        if batch.serves is not None:
            group = self.v.instance.groups[batch.serves]
            right = self.schedule.right(batch, group)
            decided = (x for g, x in options if g == batch.serves and x >= BY_FILING)
            chosen = (batch.serves, next(decided, right))
            if chosen not in options:
                raise NotInModel
        for option, literal in options.items():
            yield literal, int(option == chosen)

    def _freights(self) -> Iterator[Value]:
        waiting: defaultdict[tuple[str, int], list[Freight]] = defaultdict(list)
        for freight in self.schedule.freights:
            step = self.schedule.by_unit[freight.units[0]].step
            waiting[freight.lane.id, step].append(freight)
        for row in self.v.freights:
            lane = self.v.instance.lanes[row.lane]
            step = self.v.instance.steps[row.step].before or 0
            queue = waiting[lane.id, step]
            sent = queue.pop(0) if queue else None
            yield row.used, int(sent is not None)
            units = set() if sent is None else {self._name(u) for u in sent.units}
            twice = sent is not None and len(units) < len(sent.units)
            if twice or not units <= set(row.cargo):
                raise NotInModel
            if sent is not None:
                yield row.depart, sent.depart
            for name, literal in row.cargo.items():
                yield literal, int(name in units)
        if any(waiting.values()) and self.v.scope.whole:
            raise NotInModel

    def _name(self, unit: Unit) -> Unit | int:
        return unit if unit[0] == ON_HAND else self.slot_of[unit].number


def _choice(sites: dict[int, Literal], chosen: int) -> Iterator[Value]:
    if chosen not in sites:
        raise NotInModel
    if len(sites) > 1:
        for site, literal in sites.items():
            yield literal, int(site == chosen)


def _variable(expression: Expression) -> IntVar:
    assert isinstance(expression, IntVar)
    return expression


def found(v: Variables, value: Callable[[LinearExprT], int]) -> Schedule:
    """The schedule that a solution describes."""
    base = v.scope.base
    runs = [run for index, run in enumerate(base.runs) if _kept(v, index)]
    runs += [run for chain in v.chains.values() for run in _runs(v, chain, value)]
    on_hand = {} if v.scope.whole else dict(base.on_hand)
    for spare in v.spares:
        group = _group(spare.serving.options, value)
        if group is not None:
            on_hand[spare.data.index] = group
    transfers = dict(base.transfers)
    for number, chain in v.qualified.items():
        if value(chain.taken):
            transfers[number] = value(chain.start)
    without = base.without
    if v.scope.whole:
        without = frozenset(_left_out(v, value))
    freights = tuple(_shipments(v, value))
    return Schedule(v.instance, tuple(runs), on_hand, freights, transfers, without)


def _left_out(v: Variables, value: Callable[[LinearExprT], int]) -> Iterator[int]:
    """Filings that aren't made though their PPQ is complete."""
    for number, made in v.files.items():
        chain = v.instance.filings[number].chain
        if value(v.qualified[chain].whole) and not value(made):
            yield number


def _kept(v: Variables, index: int) -> bool:
    return v.scope.fixes(index) and not v.scope.whole


def _runs(
    v: Variables, chain: Chain, value: Callable[[LinearExprT], int]
) -> Iterator[Run]:
    for part in chain.parts:
        if isinstance(part, FixedRun):
            if v.scope.whole:
                yield _run(v, part.slots, part.run.takt, part.run.lock, value)
            continue
        campaign: list[Slot] = []
        for slot in part:
            if not value(slot.present):
                break
            assert slot.first is not None
            if value(slot.first) and campaign:
                yield _run(v, campaign, None, None, value)
                campaign = []
            campaign.append(slot)
        if campaign:
            yield _run(v, campaign, None, None, value)


def _run(
    v: Variables,
    slots: list[Slot],
    takt: int | None,
    lock: int | None,
    value: Callable[[LinearExprT], int],
) -> Run:
    first = slots[0]
    start = value(first.start)
    if takt is None:
        takt = first.step.modes[first.suite].takt(start)
    return Run(
        step=first.step.index,
        suite=first.suite,
        start=start,
        takt=takt,
        serves=tuple(
            None if slot.serving is None else _group(slot.serving.options, value)
            for slot in slots
        ),
        tests=tuple(_test(slot, value) for slot in slots),
        lock=lock,
    )


def _group(
    options: dict[tuple[int, int], Literal], value: Callable[[LinearExprT], int]
) -> int | None:
    return next((group for (group, _), x in options.items() if value(x)), None)


def _test(slot: Slot, value: Callable[[LinearExprT], int]) -> Test | None:
    if slot.qc_start is None or slot.qa_start is None or slot.tested is None:
        return None
    if not value(slot.tested):
        return None
    qc_site = next(site for site, x in slot.qc_sites.items() if value(x))
    qa_site = next(site for site, x in slot.qa_sites.items() if value(x))
    return Test(qc_site, value(slot.qc_start), qa_site, value(slot.qa_start))


def _shipments(v: Variables, value: Callable[[LinearExprT], int]) -> Iterator[Freight]:
    slots = {slot.number: slot for slot in v.slots()}
    steps = {row.step for row in v.freights}
    for freight in v.scope.base.freights:
        source = v.scope.base.by_unit[freight.units[0]]
        if v.instance.steps[source.step].after not in steps:
            yield freight
    for row in v.freights:
        if value(row.used):
            yield _shipment(v, row, slots, value)


def _shipment(
    v: Variables,
    row: FreightVars,
    slots: dict[int, Slot],
    value: Callable[[LinearExprT], int],
) -> Freight:
    units: list[Unit] = []
    for name, literal in row.cargo.items():
        if value(literal):
            if isinstance(name, int):
                slot = slots[name]
                units.append((slot.suite, value(slot.start)))
            else:
                units.append(name)
    return Freight(v.instance.lanes[row.lane], value(row.depart), tuple(sorted(units)))


def locked_only(schedule: Schedule) -> Schedule:
    """A schedule's locked runs alone: the base of a whole model."""
    runs = tuple(run for run in schedule.runs if run.lock is not None)
    return Schedule(schedule.instance, runs)
