"""Shipments that a plan needs: as few as bring every intermediate to its user."""

from __future__ import annotations

from collections import defaultdict

from capacity.instance import LaneData
from capacity.schedule import Schedule
from capacity.schedule.batches import Freight, Unit


def freights_for(schedule: Schedule) -> tuple[Freight, ...]:
    """Shipments that bring every used intermediate to its user, per step and lane."""
    instance = schedule.instance
    needs: defaultdict[tuple[int, int, int], list[tuple[Unit, int, int]]]
    needs = defaultdict(list)
    for user, (taken, _) in schedule.uses.items():
        batch = schedule.by_unit[user]
        supply = instance.steps[batch.step].frozen
        if supply is None or batch.start is None:
            continue
        for unit in taken:
            source = schedule.by_unit[unit]
            if source.site != batch.site:
                ready = schedule.usable(source, supply)
                key = (batch.step, source.site, batch.site)
                needs[key].append((unit, ready, batch.start))
    found: list[Freight] = []
    for (_, start, to), units in sorted(needs.items()):
        lane = instance.lane(start, to)
        if lane is not None:
            found += group_freights(units, lane)
    return tuple(found)


def group_freights(needs: list[tuple[Unit, int, int]], lane: LaneData) -> list[Freight]:
    """Fewest shipments for units (unit, ready, needed), in the order they are needed.

    A shipment leaves when its last batch is ready and is opened as long as it still
    arrives, receipt tested, for its first.
    """
    found: list[Freight] = []
    held: list[tuple[Unit, int, int]] = []
    for unit in sorted(needs, key=lambda row: (row[2], row[1], row[0])):
        trial = [*held, unit]
        depart = max(ready for _, ready, _ in trial)
        arrival = depart + lane.days + lane.receipt
        fits = arrival <= min(needed for _, _, needed in trial)
        if held and (len(trial) > lane.batches or not fits):
            found.append(_freight(lane, held))
            trial = [unit]
        held = trial
    if held:
        found.append(_freight(lane, held))
    return found


def _freight(lane: LaneData, held: list[tuple[Unit, int, int]]) -> Freight:
    depart = max(ready for _, ready, _ in held)
    return Freight(lane, depart, tuple(unit for unit, _, _ in held))
