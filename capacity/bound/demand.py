"""A programme's demand as positions whose costs are Monge, on a clock of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from capacity.bound.ways import Span, Way, latest_ppq, right
from capacity.instance import Group, Instance, Mode, StepData, Terms

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]

NEVER = 1e13
"""Cost of what can't be. [money]"""


def monge_minorant(costs: Floats) -> Floats:
    """Monge costs, passed in order of which no matching costs less.

    From a time step to the next, every row not passed yet rises by its slope. Of so many
    rows not passed, those with the least slopes together rise least. So the slopes of
    each time step are handed out anew, the largest to the first row.

    Parameters
    ----------
    costs
        By position and time; at least `NEVER` where a position can't be served.

    Returns
    -------
    Costs whose step in time never grows from a position to the next. At any times, one
    for each position, to pass the positions in order costs here at most what it costs
    in `costs` in any order. That holds for all positions together, not for each.
    """
    if not costs.size:
        return costs
    valley = costs.argmin(axis=1)
    late = np.minimum.accumulate(costs[:, ::-1], axis=1)[:, ::-1]
    early = np.minimum.accumulate(costs, axis=1)
    first = np.where(early < NEVER, early, -np.inf).max(axis=1)  # too early is free
    early = np.where(early < NEVER, early, first[:, None])
    after = np.arange(costs.shape[1])[None, :] >= valley[:, None]
    shaped = np.where(after, late, early)
    slopes = np.where(shaped[:, 1:] >= NEVER, NEVER, np.diff(shaped, axis=1))
    found = np.full(costs.shape, shaped[:, 0].mean())
    found[:, 1:] -= np.cumsum(np.sort(-slopes, axis=0), axis=1)
    least: Floats = np.minimum(found, NEVER)
    return least


@dataclass(frozen=True)
class Demand:
    """Positions of a programme in the order in which they are passed."""

    costs: Floats
    """Monge, by position and time step. [money]"""
    unserved: Floats
    """[money]"""
    best: Ticks
    """Time step in which a position's own cost is least."""
    least: Floats
    """What it then costs. [money]"""
    extra: dict[int, float]
    """What a batch from a suite costs in any way. [money]"""
    given: dict[int, int]
    """Batches that are out in each time step without a decision."""
    stock: int
    hopeless: float
    """What positions cost that nothing can serve; they are left out. [money]"""

    @property
    def sold(self) -> Floats:
        """What being unserved costs, where a position may be. [money]"""
        return self.unserved[self.unserved < NEVER]


def sizes(instance: Instance, group: Group, way: Way) -> list[Terms]:
    """Money of a group at each batch size at which it may be made, or be unserved."""
    step = instance.steps[group.step]
    given = [b.suite for b in instance.on_hand if b.step == step.index]
    given += [lock.suite for lock in instance.locks if lock.step == step.index]
    kgs = {group.reference, *(instance.kg[step.index, suite] for suite in given)}
    for suite, mode in step.modes.items():
        if mode.starts and mode.site not in way.closed and suite in group.suite_cost:
            kgs.add(mode.kg)
    return [terms for kg, terms in group.terms.items() if kg in kgs]


def _money(
    instance: Instance, group: Group, way: Way
) -> tuple[int, int, int, int, int, int]:
    """Fewest batches, and least of each term over the sizes at which it may be made."""
    terms = sizes(instance, group, way)
    return (
        min(x.need for x in terms),
        min(x.charge for x in terms),
        min(x.penalty for x in terms),
        min(x.cap for x in terms),
        min(x.holding for x in terms),
        min(x.unserved for x in terms),
    )


def _service(
    instance: Instance, group: Group, way: Way, span: Span, outs: Ticks
) -> Floats:
    """Lateness and holding of a batch by its out, released at once. [money]

    Late as if the right to ship came at the first tick of its span, held as if it came
    at the last.
    """
    low, high = span
    _, charge, penalty, cap, holding, _ = _money(instance, group, way)
    ready = outs + instance.steps[group.step].lead_times[group.kind]
    able = np.maximum(ready, low)
    late = np.maximum(0, able - group.deadline)
    beyond = np.maximum(0, late - group.grace)
    cost = charge * late + np.minimum(cap, penalty * beyond)
    cost = cost + holding * np.maximum(0, group.hold_from - np.maximum(ready, high))
    found: Floats = np.where(able > group.latest, NEVER, cost.astype(float))
    return found


def _shipped(
    instance: Instance, group: Group, way: Way, span: Span, mode: Mode, outs: Ticks
) -> Floats:
    """The same, and the risk of a batch started before its right, whichever it is."""
    low, high = span
    starts = outs - mode.lead
    risky = _service(instance, group, way, span, outs) + group.risk_cost[mode.suite]
    safe = _service(instance, group, way, (low, low), outs)
    safe = np.where(starts < low, NEVER, safe)
    found: Floats = np.where(starts < high, np.minimum(risky, safe), safe)
    return found


class Clock:
    """Time steps of a recipe step, in ticks of out."""

    def __init__(self, first: int, end: int, width: Fraction) -> None:
        self.first, self.width = first, width
        self.outs: Ticks = np.arange(first, end + 1)
        count = math.ceil(len(self.outs) / width)
        edges = [math.ceil(n * width) for n in range(count)]
        self.edges: Ticks = np.array([n for n in edges if n < len(self.outs)])
        self.size = len(self.edges)

    def step(self, out: int) -> int:
        """The time step of an out."""
        place = np.searchsorted(self.edges, out - self.first, side="right")
        return int(place) - 1

    def least(self, values: Floats) -> Floats:
        """Least per time step of what is given per tick of out."""
        found: Floats = np.minimum.reduceat(values, self.edges, axis=-1)
        return found

    def span(self, step: int) -> slice:
        """Where the ticks of a time step are."""
        last = step + 1 >= self.size
        return slice(int(self.edges[step]), None if last else int(self.edges[step + 1]))


def given_outs(instance: Instance, step: StepData) -> list[tuple[int, int]]:
    """(out, site) of batches that are locked or in release. [tick]"""
    found = [
        (batch.out, batch.site)
        for batch in instance.on_hand
        if batch.step == step.index and batch.out is not None
    ]
    for lock in instance.locks:
        if lock.step == step.index:
            first, site = lock.start + lock.lead, instance.suites[lock.suite].site
            found += [(first + k * lock.takt, site) for k in range(lock.batches)]
    return found


def demand_of(instance: Instance, step: StepData, clock: Clock, way: Way) -> Demand:
    """A programme's demand as positions with their costs."""
    groups = [group for group in instance.groups if group.step == step.index]
    groups.sort(key=lambda g: (g.deadline - step.lead_times[g.kind], g.index))
    extra = {
        suite: float(
            min(
                (g.suite_cost.get(suite, 0) + g.making.get(suite, 0) for g in groups),
                default=0,
            )
        )
        for suite in step.modes
    }
    known = given_outs(instance, step)
    given = [(out, site) for out, site in known if out <= clock.outs[-1]]
    counts: dict[int, int] = {}
    for out, _ in given:
        counts[clock.step(out)] = counts.get(clock.step(out), 0) + 1
    rows: list[Floats] = []
    unserved: list[float] = []
    hopeless = 0.0
    stock = sum(b.step == step.index and b.out is None for b in instance.on_hand)
    stock += len(known) - len(given)  # those out later may be taken as free as well
    for group in groups:
        need, *_, lost = _money(instance, group, way)
        asked = group.chain in way.filed and not group.spare
        costs = _group_costs(instance, step, group, clock, extra, given, way)
        if costs.min() >= NEVER:  # it would only flatten the others' slopes
            hopeless += 0 if stock else need * (NEVER if asked else lost)
            continue
        rows += [clock.least(costs)] * need
        unserved += [NEVER if asked else float(lost)] * need
    table = np.array(rows) if rows else np.zeros((0, clock.size))
    return Demand(
        monge_minorant(table),
        np.array(unserved),
        table.argmin(axis=1),
        table.min(axis=1),
        extra,
        counts,
        stock,
        hopeless,
    )


def _group_costs(
    instance: Instance,
    step: StepData,
    group: Group,
    clock: Clock,
    extra: dict[int, float],
    given: Sequence[tuple[int, int]],
    way: Way,
) -> Floats:
    """Least cost of a batch of a group by its out, over suites and given batches."""
    cost = np.full(len(clock.outs), NEVER)
    for suite, mode in step.modes.items():
        stated = instance.right(group, step.index, mode.site)
        span = right(instance, way, group, mode.site, stated)
        if span is None or suite not in group.suite_cost or mode.site in way.closed:
            continue
        own = _shipped(instance, group, way, span, mode, clock.outs)
        own = own + (group.suite_cost[suite] + group.making.get(suite, 0))
        cost = np.minimum(cost, own - extra[suite])
    for site in {site for _, site in given}:
        stated = group.rights[step.index, site]
        span = right(instance, way, group, site, stated)
        if span is None:
            continue
        last = max(out for out, where in given if where == site)
        own = _service(instance, group, way, span, clock.outs)
        own = np.where(clock.outs <= last, own, NEVER)
        cost = np.minimum(cost, own)
    cost = np.where(clock.outs <= latest_ppq(instance, way, group), cost, NEVER)
    capped: Floats = np.minimum(cost, NEVER)
    return capped


def demand_by_users(
    instance: Instance, step: StepData, clock: Clock, way: Way
) -> Demand:
    """As many intermediates as users for a programme's demand take, due at no time."""
    assert step.after is not None
    user = instance.steps[step.after]
    assert user.frozen is not None
    users = sum(
        _money(instance, group, way)[0]
        for group in instance.groups
        if group.step == user.index
    )
    count = user.frozen.units(users)
    each, free = np.zeros((count, clock.size)), np.zeros(count)
    extra = {suite: _dearer(step, suite) for suite in step.modes}
    return Demand(each, free, np.zeros(count, dtype=np.int64), free, extra, {}, 0, 0.0)


def _dearer(step: StepData, suite: int) -> float:
    """Variable cost of a batch in a suite above that in the cheapest. [money]"""
    cheapest = min(mode.variable_cost for mode in step.modes.values())
    return float(step.modes[suite].variable_cost - cheapest)


def surplus_cost(instance: Instance, step: StepData, suite: int, way: Way) -> float:
    """Least that a batch costs which passes no position. [money]

    An intermediate beyond those that demand takes may go into surplus. An order that may
    be made at several sizes has as many positions as it takes batches of the largest, and
    may need more, which then aren't surplus.
    """
    if step.after is not None:
        return _dearer(step, suite)
    groups = [group for group in instance.groups if group.step == step.index]
    if any(len(sizes(instance, group, way)) > 1 for group in groups):
        return 0.0
    return float(step.modes[suite].variable_cost)


def shortest_campaigns(instance: Instance, step: StepData, way: Way) -> tuple[int, int]:
    """Least batches of most campaigns, and positions of kinds that may be in less."""
    counts: dict[int, int] = {}
    for group in instance.groups:
        if group.step == step.index:
            least = step.least(group.kind)
            need = _money(instance, group, way)[0]
            counts[least] = counts.get(least, 0) + need
    if step.after is not None:  # beside intermediates, what qualifies a site
        usual = step.least(step.role)
        return usual, sum(count for least, count in counts.items() if least < usual)
    if not counts:
        return step.least(step.role), 0
    usual = max(counts, key=lambda least: (counts[least], least))
    return usual, sum(count for least, count in counts.items() if least < usual)
