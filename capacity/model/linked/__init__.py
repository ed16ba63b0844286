"""Linked campaigns, decided whole: how many batches, in which suites, from when.

Where everything is made to stock and each campaign feeds one campaign of the next step,
a batch needs no choice of its own. A *train* is a campaign of a recipe's first step with
those that it feeds, one after another; a *leg* is its campaign of one step. Trains of a
programme are in order of their first start, and the first of all is in the first of suites
that are alike, so equal plans have few descriptions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python.cp_model import CpModel, IntVar

from capacity.instance import Instance, StepData
from capacity.model.linked.plans import found_linked, values_linked
from capacity.model.linked.stock import Turns, in_turn, list_batches
from capacity.model.linked.suites import (
    Sequence,
    alike_suites,
    fill_together,
    name_first,
)
from capacity.model.linked.trains import Leg, Train, Trains, trains_of
from capacity.model.money import Regret
from capacity.model.slots import (
    Expression,
    Literal,
    Scope,
    Variables,
    batches_useful_in,
)
from capacity.model.stocks import costs_of, flow_of, keep_cap
from capacity.schedule import Schedule

__all__ = [
    "Spare",
    "Trains",
    "build_linked",
    "found_linked",
    "least_cost",
    "spare_batches",
    "stairs",
    "values_linked",
]


def build_linked(
    instance: Instance,
    most: int | None = None,
    spare: Mapping[int, int] | None = None,
    *,
    expiring: bool = True,
) -> Trains:
    """The model of everything that a scenario of linked campaigns leaves open.

    Parameters
    ----------
    instance
        The scenario.
    most
        Most trains of a programme; none for all that demand can use.
    spare
        Batches beyond those that demand can use, by programme.
    expiring
        False: product keeps for ever where that is never dearer than to waste it, else it
        may be wasted at any time. A bound on such plans holds for all, and comes sooner.
    """
    v = Variables(CpModel(), instance, Scope(Schedule(instance, ())))
    trains = Trains(v, [], Regret())
    for programme, stocked in sorted(instance.stocked.items()):
        more = 0 if spare is None else spare[programme]
        trains.rows += trains_of(v, programme, stocked, most, more)
    for suite in instance.suites:
        Sequence(trains, suite).state()
    for alike in alike_suites(instance):
        name_first(trains, alike)
        fill_together(trains, alike)
    for programme, stocked in sorted(instance.stocked.items()):
        rows = [train for train in trains.rows if train.programme == programme]
        if in_turn(instance, stocked):
            v.stocks.append(Turns(v, stocked, rows, expiring).built())
        else:
            list_batches(v, rows)
            v.stocks.append(flow_of(v, stocked))
    keep_cap(v, sum(_made(v, train) for train in trains.rows))
    for train in trains.rows:
        for leg in train.legs:
            trains.regret.add("variable", _variable(v, train, leg))
            trains.regret.add("campaign", _campaign(leg))
        for feed, leg in pairwise(train.legs):
            if leg.step.hold_cost and leg.step.direct_hold:
                trains.regret.add("hold", _held(v, train, feed, leg))
    for term, money in costs_of(v):
        trains.regret.add(term, money)
    return trains


def _variable(v: Variables, train: Train, leg: Leg) -> Expression:
    """Variable cost of a campaign's batches. [money]"""
    costs = {suite: leg.step.modes[suite].variable_cost for suite in leg.here}
    return _by_batch(v, train, leg, costs)


def _made(v: Variables, train: Train) -> Expression:
    """Product of a train. [part]"""
    leg = train.legs[-1]
    brings = {suite: v.instance.brings(leg.step, suite) for suite in leg.here}
    return _by_batch(v, train, leg, brings)


def _by_batch(v: Variables, train: Train, leg: Leg, each: dict[int, int]) -> Expression:
    """What depends on the suite for every batch of a campaign."""
    least, most = min(each.values()), len(train.more)
    return least * train.batches + sum(
        (amount - least) * _product(v, train.batches, leg.here[suite], most)
        for suite, amount in each.items()
        if amount > least
    )


def _campaign(leg: Leg) -> Expression:
    """What a campaign costs beside its changeover. [money]"""
    return sum(
        leg.step.modes[suite].campaign_cost * literal
        for suite, literal in leg.here.items()
    )


def _held(v: Variables, train: Train, feed: Leg, leg: Leg) -> IntVar:
    """What the waits of a train's harvest cost, rounded up. [money]"""
    step, model, hold = leg.step, v.model, leg.step.direct_hold or 0
    waits: list[IntVar] = []
    for more, start, out in zip(train.more, leg.starts, feed.outs, strict=True):
        waits.append(model.new_int_var(0, hold, f"held{step.index}[{more.index}]"))
        model.add(waits[-1] >= start - out).only_enforce_if(more)
    rate, most = step.hold_cost, hold * len(waits)
    name = f"hold{step.index}[{train.present.index}]"
    money = model.new_int_var(0, math.ceil(rate * most), name)
    model.add(rate.denominator * money >= rate.numerator * sum(waits))
    return money


def _product(v: Variables, count: Expression, literal: Literal, most: int) -> IntVar:
    """A count where a literal is true, else 0."""
    found = v.model.new_int_var(0, most, f"made{literal.index}")
    v.model.add(found == count).only_enforce_if(literal)
    v.model.add(found == 0).only_enforce_if(~literal)
    return found


@dataclass(frozen=True)
class Spare:
    """Batches that nothing needs, as many as may be worth it.

    Where suites may not idle, or changeovers cost more than batches, it may pay to make
    product only to go on: it is wasted, or kept for nothing.
    """

    batches: dict[int, int]
    """By programme."""
    beyond: int | None
    """What plans with more of them cost at the least; None where there are no such plans,
    or none that costs less than the plan in hand. [money]"""


def spare_batches(instance: Instance, regret: int | None, most: int) -> Spare:
    """Batches that nothing needs of which the model looks at plans.

    Parameters
    ----------
    instance
        The scenario.
    regret
        Of the plan in hand, which pays for so many; none where there is no plan. [money]
    most
        Literals of stock that the model may have.
    """
    each = {
        programme: _batch_cost(instance, programme) for programme in instance.stocked
    }
    wanted = {}
    for programme, stocked in instance.stocked.items():
        last = instance.steps[stocked.step]
        found = _room(instance, programme) - batches_useful_in(stocked, last.modes)
        if regret is not None and each[programme] > 0:
            found = min(found, regret // each[programme])
        wanted[programme] = max(0, found)
    top = max(wanted.values(), default=0)
    while top and stairs(instance, _at_most(wanted, top)) > most:
        top -= 1
    left_out = [(top + 1) * each[p] for p, count in wanted.items() if count > top]
    return Spare(_at_most(wanted, top), min(left_out, default=None))


def _at_most(counts: dict[int, int], most: int) -> dict[int, int]:
    return {programme: min(count, most) for programme, count in counts.items()}


def _batch_cost(instance: Instance, programme: int) -> int:
    """What a batch costs in all steps at the least. [money]"""
    return sum(
        min((mode.variable_cost for mode in step.modes.values()), default=0)
        for step in instance.steps
        if step.programme == programme
    )


def _room(instance: Instance, programme: int) -> int:
    """Batches that every step of a programme has time for."""
    return min(
        sum(instance.room(mode) for mode in step.modes.values())
        for step in instance.steps
        if step.programme == programme
    )


def stairs(instance: Instance, spare: Mapping[int, int] | None = None) -> int:
    """Literals that say by which period each batch of each train is in stock, about."""
    found = 0
    for programme, stocked in instance.stocked.items():
        last = instance.steps[stocked.step]
        made = batches_useful_in(stocked, last.modes)
        made += 0 if spare is None else spare[programme]
        found += made * min(made, last.maximum) * len(stocked.periods)
    return found


def least_cost(instance: Instance) -> int:
    """What every train costs at the least in changeovers and campaigns. [money]"""
    return min(
        sum(
            min(
                (
                    _entry_cost(instance, step, suite) + mode.campaign_cost
                    for suite, mode in step.modes.items()
                ),
                default=0,
            )
            for step in instance.steps
            if step.programme == programme
        )
        for programme in instance.stocked
    )


def _entry_cost(instance: Instance, step: StepData, suite: int) -> int:
    """What a campaign's changeover costs in a suite at the least. [money]"""
    data = instance.suites[suite]
    clean = data.hold >= 0  # after the same product it may need none
    days = [
        days for (_, enters), days in data.changeover.items() if enters == step.index
    ]
    return 0 if clean or not all(days) else data.changeover_cost
