"""What firm service costs at least, whatever is planned."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from ortools.sat.python.cp_model import CpModel, IntVar, LinearExprT

from capacity.instance import Group, Instance, Terms
from capacity.neighbourhoods import soonest
from capacity.search import Limits, search

FLOOR_WORK = 0.2
"""Deterministic time for the least of one programme. [1]"""


def floors(instance: Instance) -> list[int]:
    """Firm service that no plan goes below, by programme. [money]

    Every new batch comes as soon as any suite could have it, by itself; batches in stock,
    in release and of locked campaigns come when they are out and tested without a queue,
    and serve the firm lines for which that is worth most.
    """
    return [_floor(instance, p) for p in range(len(instance.programmes))]


def _floor(instance: Instance, programme: int) -> int:
    """Of one programme: what its batches at hand can do for its firm lines."""
    given = _given(instance, programme)
    model, cost = CpModel(), list[LinearExprT]()
    served = [list[IntVar]() for _ in given]
    for group in instance.groups_of(programme):
        if not group.firm or not any(
            _service(group, terms, soonest(instance, group))
            for terms in group.terms.values()
        ):
            continue  # new batches serve it for nothing
        sizes = []
        for kg, terms in group.terms.items():
            chosen = model.new_bool_var("")
            new = model.new_int_var(0, terms.need, "")
            sizes.append(chosen)
            makers = [new]
            cost.append(_service(group, terms, soonest(instance, group)) * new)
            for takes, batch in zip(served, given, strict=True):
                right = group.rights[group.step, batch.site]
                if batch.kg == kg and right is not None:
                    takes.append(model.new_bool_var(""))
                    makers.append(takes[-1])
                    available = max(batch.released, right)
                    cost.append(_service(group, terms, available) * takes[-1])
            model.add(sum(makers) == terms.need * chosen)
        model.add_exactly_one(sizes)
    for takes in served:
        model.add_at_most_one(takes)
    model.minimize(sum(cost))
    found = search(model, Limits(FLOOR_WORK, None), seed=0, stop=_never)
    return max(0, found.bound or 0)


class _Given(NamedTuple):
    """A batch that nobody decides on."""

    kg: Fraction
    site: int
    released: int
    """At the earliest. [tick]"""


def _given(instance: Instance, programme: int) -> list[_Given]:
    """Batches in stock, in release and of locked campaigns."""
    last = instance.last_step(programme)
    found = [
        _Given(instance.kg[last.index, batch.suite], batch.site, batch.ready)
        for batch in instance.on_hand
        if batch.step == last.index
    ]
    for lock in instance.locks:
        if lock.step == last.index:
            first = lock.start + lock.lead + last.lead_times[lock.kind]
            kg = instance.kg[last.index, lock.suite]
            site = instance.suites[lock.suite].site
            found += [
                _Given(kg, site, first + k * lock.takt) for k in range(lock.batches)
            ]
    return found


def _service(group: Group, terms: Terms, available: int | None) -> int:
    """Least that a batch costs that comes at a tick, or isn't made. [money]"""
    if available is None or available > group.latest:
        return terms.unserved
    return min(terms.unserved, group.service(terms, available))


def _never() -> bool:
    return False
