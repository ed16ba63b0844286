"""Shipments that a plan needs: as few as bring every intermediate to its user."""

from __future__ import annotations

from collections import defaultdict

from capacity.instance import LaneData
from capacity.schedule import Schedule
from capacity.schedule.batches import Freight, Unit

Shipped = tuple[int, int, Unit]
"""A unit to be shipped: (needed, ready, unit)."""


def freights_for(schedule: Schedule) -> tuple[Freight, ...]:
    """Shipments that bring every used intermediate to its user, per step and lane."""
    instance = schedule.instance
    needs: defaultdict[tuple[int, int, int], list[Shipped]]
    needs = defaultdict(list)
    for user, (taken, _) in schedule.uses.items():
        batch = schedule.by_unit[user]
        supply = instance.steps[batch.step].frozen
        if supply is None or batch.start is None:
            continue
        for unit in taken:
            source = schedule.by_unit[unit]
            if source.site != batch.site:
                ready = max(instance.as_of, schedule.usable(source, supply))
                key = (batch.step, source.site, batch.site)
                needs[key].append((batch.start, ready, unit))
    found: list[Freight] = []
    for (_, start, to), units in sorted(needs.items()):
        lane = instance.lane(start, to)
        if lane is not None:
            found += [freight_of(lane, load) for load in loaded(units, lane)]
    return tuple(found)


def loaded(needs: list[Shipped], lane: LaneData) -> list[list[Shipped]]:
    """Fewest loads for units, in the order in which they are needed.

    A shipment leaves when its last batch is ready and is opened as long as it still
    arrives, receipt tested, for its first.
    """
    found: list[list[Shipped]] = []
    held: list[Shipped] = []
    wait, depart = lane.days + lane.receipt, 0
    for row in sorted(needs):
        ready = row[1]
        late = ready if not held or ready > depart else depart
        if held and (len(held) == lane.batches or late + wait > held[0][0]):
            found.append(held)
            held, late = [], ready
        held.append(row)
        depart = late
    if held:
        found.append(held)
    return found


def freight_of(lane: LaneData, load: list[Shipped]) -> Freight:
    """The shipment of a load."""
    depart = max(ready for _, ready, _ in load)
    return Freight(lane, depart, tuple(unit for _, _, unit in load))
