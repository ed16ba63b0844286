"""Frozen intermediates: which a batch takes, their journeys, their freezers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from capacity.checker.ledger import Ledger
from capacity.plan import PlannedBatch, Shipment
from capacity.scenario import Frozen


def expiry(ledger: Ledger, unit: PlannedBatch, supply: Frozen) -> int:
    """End of life of an intermediate. [tick]"""
    given = ledger.given.get(unit.batch)
    if given is not None and given.expiry is not None:
        return given.expiry
    life = ledger.book.grid.whole(supply.shelf_life_days)
    return ledger.tick(unit.out) + life


def may_take(ledger: Ledger, unit: PlannedBatch, batch: PlannedBatch) -> bool:
    """Whether an intermediate is licensed for the market that a batch serves."""
    line = ledger.line(batch)
    if line is None or line.market is None:
        return True
    return ledger.right(unit, line.market) is not None


def intermediates(ledger: Ledger, programme: str, step: str) -> list[PlannedBatch]:
    """Batches of a step that the next may use: all that serve no qualification."""
    return [unit for unit in ledger.made(programme, step) if unit.order is None]


def inputs_by_rule(
    ledger: Ledger, programme: str, step: str, supply: Frozen
) -> Iterator[tuple[PlannedBatch, list[PlannedBatch], list[PlannedBatch]]]:
    """Every user of intermediates, what it takes anew, and what it uses.

    The k-th batch to start takes what the first k take in all less what the first
    k - 1 do, in order of expiry from those licensed for its market, or shares the last
    one taken. Engineering and PPQ of the step before go into nothing.
    """
    before = ledger.book.step_before(programme, step)
    assert before is not None
    pool = sorted(
        intermediates(ledger, programme, before.step),
        key=lambda unit: (expiry(ledger, unit, supply), unit.suite, unit.batch),
    )
    last: list[PlannedBatch] = []
    for number, batch in enumerate(ledger.input_order((programme, step))):
        count = newly_taken(ledger, programme, step, number)
        taken = [unit for unit in pool if may_take(ledger, unit, batch)][:count]
        for unit in taken:
            pool.remove(unit)
        last = taken[-1:] or last
        yield batch, taken, taken or last


def newly_taken(ledger: Ledger, programme: str, step: str, number: int) -> int:
    """Intermediates that a batch takes anew when so many have started before it."""
    first, then = (
        ledger.book.intermediates(programme, step, batches)
        for batches in (number, number + 1)
    )
    return then - first


def intermediates_are_ready(ledger: Ledger) -> Iterator[str]:
    """Intermediates are used in order of expiry, ready, alive, licensed, on site."""
    for programme in ledger.book.scenario.programmes:
        for step in programme.recipe:
            if isinstance(step.supply, Frozen):
                yield from _intermediates_of(
                    ledger, programme.id, step.step, step.supply
                )


def _intermediates_of(
    ledger: Ledger, programme: str, step: str, supply: Frozen
) -> Iterator[str]:
    book = ledger.book
    least = book.grid.whole(supply.min_life_days)
    numbered = enumerate(inputs_by_rule(ledger, programme, step, supply))
    for number, (batch, taken, used) in numbered:
        count = newly_taken(ledger, programme, step, number)
        start = ledger.tick(batch.start)
        if len(taken) < count or not used:
            yield f"batch {batch.batch} on {ledger.date(start)} lacks its intermediate"
            continue
        if ledger.uses.get(batch.batch) != [unit.batch for unit in used]:
            names = ", ".join(unit.batch for unit in used)
            yield f"batch {batch.batch} takes {names} by rule, not what it states"
        for unit in used:
            ready = ready_at(ledger, unit, batch.site, supply)
            if ready is None:
                yield f"intermediate {unit.batch} never gets to {batch.site}"
            elif ready > start:
                yield (
                    f"batch {batch.batch} starts {ledger.date(start)}, before its "
                    f"intermediate {unit.batch} is ready {ledger.date(ready)}"
                )
            if expiry(ledger, unit, supply) - start < least:
                yield f"intermediate {unit.batch} is too old for batch {batch.batch}"
            if not may_take(ledger, unit, batch):
                yield (
                    f"intermediate {unit.batch} isn't licensed for {batch.batch}'s "
                    "market"
                )


def shippable_at(ledger: Ledger, unit: PlannedBatch, supply: Frozen) -> int:
    """When an intermediate can be used on its own site. [tick]"""
    if unit.out is None:
        return ledger.book.as_of
    ready = ledger.tick(unit.out if supply.at_risk else unit.released)
    return ready + ledger.book.grid.whole(supply.freeze_days)


def ready_at(
    ledger: Ledger, unit: PlannedBatch, site: str, supply: Frozen
) -> int | None:
    """When an intermediate can be used on a site, None if never. [tick]"""
    book = ledger.book
    if unit.site == site:
        shipped = any(unit.batch in row.batches for row in ledger.plan.shipments)
        return None if shipped else shippable_at(ledger, unit, supply)
    for shipment in ledger.plan.shipments:
        lane = next((x for x in book.scenario.lanes if x.id == shipment.lane), None)
        if lane is not None and lane.to == site and unit.batch in shipment.batches:
            arrive = ledger.tick(shipment.arrive)
            return arrive + book.grid.whole(lane.receipt_days)
    return None


def shipments_keep_their_lane(ledger: Ledger) -> Iterator[str]:
    """Shipments carry ready intermediates of one step along a lane, each once."""
    book = ledger.book
    lanes = {lane.id: lane for lane in book.scenario.lanes}
    carried: Counter[str] = Counter()
    for shipment in ledger.plan.shipments:
        lane = lanes[shipment.lane]
        depart, arrive = ledger.tick(shipment.depart), ledger.tick(shipment.arrive)
        label = f"shipment on {lane.id} of {ledger.date(depart)}"
        if arrive != depart + book.grid.whole(lane.days):
            yield f"{label} states another arrival than its lane takes"
        if not 0 < len(shipment.batches) <= lane.batches:
            yield f"{label} carries {len(shipment.batches)} batches"
        if depart < book.as_of:
            yield f"{label} departs before as_of"
        units = [ledger.batches[name] for name in shipment.batches]
        if len({(unit.programme, unit.step) for unit in units}) > 1:
            yield f"{label} carries intermediates of more than one step"
        carried.update(shipment.batches)
        yield from _cargo(ledger, shipment, lane.start, label)
    for batch, times in carried.items():
        if times > 1:
            yield f"intermediate {batch} is shipped {times} times"


def _cargo(
    ledger: Ledger, shipment: Shipment, origin: str, label: str
) -> Iterator[str]:
    for name in shipment.batches:
        unit = ledger.batches[name]
        after = ledger.book.step_after(unit.programme, unit.step)
        if after is None or not isinstance(after.supply, Frozen):
            yield f"{label} carries {name}, which isn't an intermediate"
        elif unit.site != origin:
            yield f"{label} carries {name}, which is at {unit.site}"
        elif unit.order is not None:
            yield f"{label} carries {name}, which serves a qualification"
        elif shippable_at(ledger, unit, after.supply) > ledger.tick(shipment.depart):
            yield f"{label} carries {name} before it is ready"


def stays_in_freezers(ledger: Ledger) -> Iterator[tuple[str, str, int, int]]:
    """Site, intermediate, and from when until when it lies frozen there. [tick]

    From its out, not before `as_of`, until the last batch that uses it starts; unused,
    until it expires or the horizon ends. Shipped, it leaves when its shipment departs and
    lies at the other end from its arrival on.
    """
    book = ledger.book
    for programme in book.scenario.programmes:
        for step in programme.recipe:
            if not isinstance(step.supply, Frozen):
                continue
            before = book.step_before(programme.id, step.step)
            assert before is not None
            last: dict[str, int] = {}
            for batch, _, used in inputs_by_rule(
                ledger, programme.id, step.step, step.supply
            ):
                for unit in used:
                    start = ledger.tick(batch.start)
                    last[unit.batch] = max(start, last.get(unit.batch, start))
            for unit in intermediates(ledger, programme.id, before.step):
                begin = book.as_of
                if unit.out is not None:
                    begin = max(begin, ledger.tick(unit.out))
                end = min(expiry(ledger, unit, step.supply), book.horizon_end)
                end = last.get(unit.batch, end)
                sent = [x for x in ledger.plan.shipments if unit.batch in x.batches]
                yield (
                    unit.site,
                    unit.batch,
                    begin,
                    (ledger.tick(sent[0].depart) if sent else end),
                )
                for shipment in sent:
                    to = next(
                        x.to for x in book.scenario.lanes if x.id == shipment.lane
                    )
                    yield to, unit.batch, ledger.tick(shipment.arrive), end


def freezers_are_finite(ledger: Ledger) -> Iterator[str]:
    """A site never holds more frozen intermediates than its freezer."""
    stays = list(stays_in_freezers(ledger))
    for site in ledger.book.scenario.sites:
        most = site.freezer_batches
        if most is None:
            continue
        here = [(begin, end) for where, _, begin, end in stays if where == site.id]
        for tick in sorted({begin for begin, end in here if begin < end}):
            count = sum(begin <= tick < end for begin, end in here)
            if count > most:
                yield (
                    f"{site.id} holds {count} frozen intermediates on "
                    f"{ledger.date(tick)}; its freezer takes {most}"
                )
                break
