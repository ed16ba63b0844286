"""A programme's demand as positions whose costs are Monge, on a clock of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from capacity.bound.ways import Span, Way, latest_ppq, right, takes
from capacity.instance import FrozenData, Group, Instance, Mode, StepData, Terms

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]

NEVER = 1e13
"""Cost of what can't be. [money]"""


def shaped(costs: Floats) -> Floats:
    """Costs that fall to the least of their row and rise from there, nowhere dearer.

    Where a position can't be served yet, it costs what the dearest does when it first can.
    """
    valley = costs.argmin(axis=1)
    late = np.minimum.accumulate(costs[:, ::-1], axis=1)[:, ::-1]
    early = np.minimum.accumulate(costs, axis=1)
    first = np.where(early < NEVER, early, -np.inf).max(axis=1)  # too early is free
    early = np.where(early < NEVER, early, first[:, None])
    after = np.arange(costs.shape[1])[None, :] >= valley[:, None]
    found: Floats = np.where(after, late, early)
    return found


def slopes_of(costs: Floats) -> Floats:
    """What a position costs more from a time step to the next."""
    found: Floats = np.where(costs[:, 1:] >= NEVER, NEVER, np.diff(costs, axis=1))
    return found


def monge_minorant(first: float, slopes: Floats) -> Floats:
    """Monge costs, passed in order of which no matching costs less.

    From a time step to the next, every row not passed yet rises by its slope. Of so many
    rows not passed, those with the least slopes together rise least. So the slopes of
    each time step are handed out anew, the largest to the first row.

    Parameters
    ----------
    first
        What a position costs in the first time step, on average.
    slopes
        By position and time.

    Returns
    -------
    Costs whose step in time never grows from a position to the next. At any times, one
    for each position, to pass the positions in order costs here at most what it costs
    by their own costs in any order. That holds for all positions together, not for each.
    """
    count, steps = slopes.shape
    found = np.full((count, steps + 1), first)
    falls = np.sort(-slopes.T, axis=1).T
    found[:, 1:] -= np.cumsum(falls, axis=1)
    least: Floats = np.minimum(found, NEVER)
    return least


@dataclass(frozen=True)
class Demand:
    """Positions of a programme in the order in which they are passed."""

    groups: tuple[int, ...]
    """Groups that can be served, in order; none of intermediates."""
    needs: Ticks
    """Positions of each."""
    shaped: Floats
    """What a position of each costs by time step. [money]"""
    slopes: Floats
    """What it costs more from a time step to the next. [money]"""
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
    passed: dict[int, int]
    """Most positions that a batch passes, by suite."""

    @cached_property
    def rows(self) -> Ticks:
        """Which group each position is of."""
        return np.repeat(np.arange(len(self.needs)), self.needs)

    @cached_property
    def costs(self) -> Floats:
        """Monge, by position and time step. [money]"""
        return self.lessened(np.zeros(self.shaped.shape))

    def lessened(self, less: Floats) -> Floats:
        """The same where a position costs so much less, by group and time step."""
        count = max(1, int(self.needs.sum()))
        first = float(self.needs @ (self.shaped[:, 0] - less[:, 0])) / count
        slopes = self.slopes - np.diff(less, axis=1) if less.any() else self.slopes
        return monge_minorant(first, np.repeat(slopes, self.needs, axis=0))

    def waiting(self, less: Floats, passed: Ticks) -> Floats:
        """Positions not passed yet after each time step as `lessened` has it, by group.

        Parameters
        ----------
        less
            As there.
        passed
            How many have been passed by the end of each time step.
        """
        slopes = self.slopes - np.diff(less, axis=1)
        order = self.rows[np.argsort(-slopes[self.rows], axis=0, kind="stable")]
        after = np.arange(len(order))[:, None] >= passed[:-1]
        found = np.zeros(self.shaped.shape)
        for group in range(len(self.needs)):
            found[group, :-1] = ((order == group) & after).sum(axis=0)
        return found

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
        stated = instance.right(group, step.index, mode.site)
        shipped = right(instance, way, group, mode.site, stated) is not None
        open_ = mode.starts and mode.site not in way.closed
        if open_ and shipped and suite in group.suite_cost:
            kgs.add(mode.kg)
    return [terms for kg, terms in group.terms.items() if kg in kgs]


def positions(instance: Instance, group: Group, way: Way) -> int:
    """Batches that a group takes at the smallest size at which it may be made."""
    return max(terms.need for terms in sizes(instance, group, way))


def most_needed(group: Group) -> int:
    """Batches that a group takes at the smallest size of any suite."""
    return max(terms.need for terms in group.terms.values())


def _service(
    instance: Instance, group: Group, terms: Terms, span: Span, outs: Ticks
) -> Floats:
    """Lateness and holding of a batch by its out, released at once. [money]

    Late as if the right to ship came at the first tick of its span, held as if it came
    at the last.
    """
    low, high = span
    ready = outs + instance.steps[group.step].lead_times[group.kind]
    able = np.maximum(ready, low)
    late = np.maximum(0, able - group.deadline)
    beyond = np.maximum(0, late - group.grace)
    cost = terms.charge * late + np.minimum(terms.cap, terms.penalty * beyond)
    early = np.maximum(0, group.hold_from - np.maximum(ready, high))
    cost = cost + terms.holding * early
    found: Floats = np.where(able > group.latest, NEVER, cost.astype(float))
    return found


def _shipped(
    instance: Instance, group: Group, span: Span, mode: Mode, outs: Ticks
) -> Floats:
    """The same, and the risk of a batch started before its right, whichever it is."""
    low, high = span
    terms = group.terms[mode.kg]
    starts = outs - mode.lead
    risky = _service(instance, group, terms, span, outs) + group.risk_cost[mode.suite]
    safe = _service(instance, group, terms, (low, low), outs)
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


def given_outs(instance: Instance, step: StepData) -> list[tuple[int, int, Fraction]]:
    """(out, site, size) of batches that are locked or in release. [tick, kg]"""
    kgs = {
        suite.index: instance.kg[step.index, suite.index] for suite in instance.suites
    }
    found = [
        (batch.out, batch.site, kgs[batch.suite])
        for batch in instance.on_hand
        if batch.step == step.index and batch.out is not None
    ]
    for lock in instance.locks:
        if lock.step == step.index:
            first, site = lock.start + lock.lead, instance.suites[lock.suite].site
            kg = kgs[lock.suite]
            found += [(first + k * lock.takt, site, kg) for k in range(lock.batches)]
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
    given = [batch for batch in known if batch[0] <= clock.outs[-1]]
    each = max([1, *(_passed(instance, g, way, kg) for g in groups for kg in g.terms)])
    counts: dict[int, int] = {}
    for out, *_ in given:
        counts[clock.step(out)] = counts.get(clock.step(out), 0) + each
    rows: list[Floats] = []
    needs: list[int] = []
    able: list[int] = []
    unserved: list[float] = []
    hopeless = 0.0
    stock = sum(b.step == step.index and b.out is None for b in instance.on_hand)
    stock += len(known) - len(given)  # those out later may be taken as free as well
    for group in groups:
        need = positions(instance, group, way)
        lost = min(x.unserved * x.need for x in sizes(instance, group, way)) / need
        asked = group.chain in way.filed and not group.spare
        costs = _group_costs(instance, step, group, clock, extra, given, way)
        if costs.min() >= NEVER:  # it would only flatten the others' slopes
            hopeless += 0 if stock else need * (NEVER if asked else lost)
            continue
        rows.append(clock.least(costs))
        needs.append(need)
        able.append(group.index)
        unserved += [NEVER if asked else float(lost)] * need
    table = np.array(rows) if rows else np.zeros((0, clock.size))
    each_shaped = shaped(table) if rows else table
    counted = np.array(needs, dtype=np.int64)
    return Demand(
        tuple(able),
        counted,
        each_shaped,
        slopes_of(each_shaped),
        np.array(unserved),
        np.repeat(table.argmin(axis=1), counted),
        np.repeat(table.min(axis=1), counted),
        extra,
        counts,
        stock * each,
        hopeless,
        {
            suite: max([1, *(_passed(instance, g, way, mode.kg) for g in groups)])
            for suite, mode in step.modes.items()
        },
    )


def _passed(instance: Instance, group: Group, way: Way, kg: Fraction) -> int:
    """Most positions of a group that a batch of a size passes."""
    if group.terms.get(kg) not in sizes(instance, group, way):
        return 1
    return -(-positions(instance, group, way) // group.terms[kg].need)


def _group_costs(
    instance: Instance,
    step: StepData,
    group: Group,
    clock: Clock,
    extra: dict[int, float],
    given: Sequence[tuple[int, int, Fraction]],
    way: Way,
) -> Floats:
    """Least cost of a position of a group by its out, over suites and given batches.

    At a size at which fewer batches are needed than there are positions, each passes as
    many more, rounded up or down: those that cost less may pass more. So a position costs
    its share of a batch.
    """
    count = positions(instance, group, way)
    cost = np.full(len(clock.outs), NEVER)
    for suite, mode in step.modes.items():
        stated = instance.right(group, step.index, mode.site)
        span = right(instance, way, group, mode.site, stated)
        if span is None or suite not in group.suite_cost or mode.site in way.closed:
            continue
        own = _shipped(instance, group, span, mode, clock.outs) - extra[suite]
        own = own + (group.suite_cost[suite] + group.making.get(suite, 0))
        own = np.where(own < NEVER / 2, own * group.terms[mode.kg].need / count, NEVER)
        cost = np.minimum(cost, own)
    for place in {(site, kg) for _, site, kg in given}:
        site, kg = place
        stated = group.rights[step.index, site]
        span = right(instance, way, group, site, stated)
        if span is None or kg not in group.terms:
            continue
        last = max(out for out, *where in given if where == [*place])
        own = _service(instance, group, group.terms[kg], span, clock.outs)
        usable = (clock.outs <= last) & (own < NEVER / 2)
        own = np.where(usable, own * group.terms[kg].need / count, NEVER)
        cost = np.minimum(cost, own)
    cost = np.where(clock.outs <= latest_ppq(instance, way, group), cost, NEVER)
    capped: Floats = np.minimum(cost, NEVER)
    return capped


def demand_by_users(instance: Instance, step: StepData, clock: Clock) -> Demand:
    """As many intermediates as users for a programme's demand take, due at no time."""
    assert step.after is not None
    user = instance.steps[step.after]
    assert user.frozen is not None
    users = sum(
        most_needed(group) for group in instance.groups if group.step == user.index
    )
    count = user.frozen.units(users)
    each, free = np.zeros((1, clock.size)), np.zeros(count)
    extra = {suite: _dearer(step, suite) for suite in step.modes}
    return Demand(
        (),
        np.array([count]),
        each,
        slopes_of(each),
        free,
        np.zeros(count, dtype=np.int64),
        free,
        extra,
        {},
        0,
        0.0,
        dict.fromkeys(step.modes, 1),
    )


def most_at_once(frozen: FrozenData) -> int:
    """Intermediates that a batch takes at most, expected failures included."""
    return math.ceil(frozen.ratio) + math.ceil(frozen.ratio * frozen.spoiled)


def most_used(instance: Instance, step: StepData, way: Way) -> dict[int, int]:
    """Intermediates used at most of each site that some users may not take from.

    Batches that serve none come to that.
    """
    assert step.after is not None
    user = instance.steps[step.after]
    assert user.frozen is not None
    groups = [group for group in instance.groups if group.step == user.index]
    most = {}
    for site in {mode.site for mode in step.modes.values()}:
        able = [group for group in groups if takes(instance, way, group, step, site)]
        if len(able) < len(groups):
            users = sum(most_needed(group) for group in able)
            most[site] = users * most_at_once(user.frozen)
    return most


def _dearer(step: StepData, suite: int) -> float:
    """Variable cost of a batch in a suite above that in the cheapest. [money]"""
    cheapest = min(mode.variable_cost for mode in step.modes.values())
    return float(step.modes[suite].variable_cost - cheapest)


def surplus_cost(step: StepData, suite: int) -> float:
    """Least that a batch costs which passes no position. [money]

    An intermediate beyond those that demand takes may go into surplus. An order has as
    many positions as it takes batches of the smallest size, so that each passes one.
    """
    if step.after is not None:
        return _dearer(step, suite)
    return float(step.modes[suite].variable_cost)


def shortest_campaigns(instance: Instance, step: StepData) -> tuple[int, int]:
    """Least batches of most campaigns, and positions of kinds that may be in less."""
    if step.cut:
        return 1, 0
    counts: dict[int, int] = {}
    for group in instance.groups:
        if group.step == step.index:
            least = step.least(group.kind)
            counts[least] = counts.get(least, 0) + most_needed(group)
    if step.after is not None:  # beside intermediates, what qualifies a site
        usual = step.least(step.role)
        return usual, sum(count for least, count in counts.items() if least < usual)
    if not counts:
        return step.least(step.role), 0
    usual = max(counts, key=lambda least: (counts[least], least))
    return usual, sum(count for least, count in counts.items() if least < usual)
