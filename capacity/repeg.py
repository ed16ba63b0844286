"""Batches of a plan handed to other lines, where that is cheaper: an assignment.

The search hands out batches in one pass, the most urgent line first, as it prices
thousands of plans a second. What that leaves is made good once, when a plan stands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from capacity.pegging import FIRM_WEIGHT
from capacity.schedule import Batch, Schedule, Unit, kg_of


def repegged(schedule: Schedule) -> Schedule:
    """The plan with batches on the lines that they serve at the least cost.

    Batches alike in step, kind and size change lines among themselves. Engineering and
    PPQ, on which rights hang, stay where they are, and so does what holds intermediates,
    as these are licensed for some markets only.

    Parameters
    ----------
    schedule
        A plan that keeps the rules.

    Returns
    -------
    A plan with the same campaigns and tests; the same plan, if none is cheaper.
    """
    serves: dict[Unit, int] = {}
    for alike in _alike(schedule):
        serves |= _cheapest(schedule, alike)
    runs = list(schedule.runs)
    on_hand = dict(schedule.on_hand)
    for batch in schedule.batches:
        if batch.unit not in serves:
            continue
        if batch.run is None:
            on_hand[batch.number] = serves[batch.unit]
        else:
            row = list(runs[batch.run].serves)
            row[batch.number] = serves[batch.unit]
            runs[batch.run] = replace(runs[batch.run], serves=tuple(row))
    found = replace(schedule, runs=tuple(runs), on_hand=on_hand)
    return found if found.rank < schedule.rank else schedule


def _alike(schedule: Schedule) -> list[list[Batch]]:
    """Batches that may change lines with one another."""
    found: defaultdict[tuple[int, str, Fraction], list[Batch]] = defaultdict(list)
    for batch in schedule.batches:
        if batch.serves is None or schedule.uses.get(batch.unit, ((), ()))[1]:
            continue
        if schedule.instance.groups[batch.serves].kind in ("clinical", "commercial"):
            found[batch.step, batch.kind, kg_of(schedule.instance, batch)].append(batch)
    return list(found.values())


def _cheapest(schedule: Schedule, batches: Sequence[Batch]) -> dict[Unit, int]:
    """Group that each batch serves, each group getting as many as it has."""
    wanted = Counter(batch.serves for batch in batches)
    groups = {index: node for node, index in enumerate(wanted, len(batches))}
    network = SimpleMinCostFlow()
    arcs: list[tuple[int, Unit, int]] = []
    for node, batch in enumerate(batches):
        network.set_node_supply(node, 1)
        for index, end in groups.items():
            assert index is not None
            cost = _cost(schedule, replace(batch, serves=index))
            if cost is not None:
                arc = network.add_arc_with_capacity_and_unit_cost(node, end, 1, cost)
                arcs.append((arc, batch.unit, index))
    for index, end in groups.items():
        network.set_node_supply(end, -wanted[index])
    if network.solve() != network.OPTIMAL:
        return {}
    return {unit: index for arc, unit, index in arcs if network.flow(arc)}


def _cost(schedule: Schedule, batch: Batch) -> int | None:
    """What a batch costs where it would serve, none if it may not. [money]"""
    assert batch.serves is not None
    instance = schedule.instance
    group = instance.groups[batch.serves]
    life = instance.on_hand[batch.number].expiry if batch.run is None else None
    if life is not None and life <= group.due:
        return None
    terms = group.terms[schedule.size(group, [batch])]
    charged = schedule.charge(batch, group, terms)
    if not charged or schedule.available(batch) > group.latest:
        return None
    weight = FIRM_WEIGHT if group.firm and schedule.instance.strict else 1
    return sum(charged.values()) + (weight - 1) * charged["lateness"]
