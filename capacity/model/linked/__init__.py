"""Linked campaigns, decided whole: how many batches, in which suites, from when.

Where everything is made to stock and each campaign feeds one campaign of the next step,
a batch needs no choice of its own. A *train* is a campaign of a recipe's first step with
those that it feeds, one after another; a *leg* is its campaign of one step. Trains of a
programme are in order of their first start, and the first of all is in the first of suites
that are alike, so equal plans have few descriptions.
"""

from __future__ import annotations

import math
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
    "Trains",
    "build_linked",
    "found_linked",
    "least_cost",
    "stairs",
    "values_linked",
]


def build_linked(
    instance: Instance, most: int | None = None, *, expiring: bool = True
) -> Trains:
    """The model of everything that a scenario of linked campaigns leaves open.

    Parameters
    ----------
    instance
        The scenario.
    most
        Most trains of a programme; none for all that demand can use.
    expiring
        False: product keeps for ever where that is never dearer than to waste it, else it
        may be wasted at any time. A bound on such plans holds for all, and comes sooner.
    """
    v = Variables(CpModel(), instance, Scope(Schedule(instance, ())))
    trains = Trains(v, [], Regret())
    for programme, stocked in sorted(instance.stocked.items()):
        trains.rows += trains_of(v, programme, stocked, most)
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


def stairs(instance: Instance) -> int:
    """Literals that say by which period each batch of each train is in stock, about."""
    found = 0
    for stocked in instance.stocked.values():
        last = instance.steps[stocked.step]
        useful = batches_useful_in(stocked, last.modes)
        found += useful * min(useful, last.maximum) * len(stocked.periods)
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
