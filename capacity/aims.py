"""An objective as prices: the scenario as the solver sees it, at prices that ask for it.

Throughput and deficits are amounts. Where a batch costs what it brings, below 0, and stock
below its target a part a part, and nothing else costs anything, the least regret is the
best plan for such an objective; everything that searches and bounds regret does so for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from capacity.instance import Instance, Mode, StepData, Stocked
from capacity.scenario import AMOUNTS, Objective

WORTH = 10
"""How much more a part counts for where it is an amount that is asked for: money changes by
small shares of what a batch is worth, an amount by whole batches."""


@dataclass(frozen=True)
class Weights:
    """What each unit of an objective costs in the prices."""

    money: int = 0
    """Of money of regret."""
    throughput: int = 0
    """Of a part that is made, saved."""
    target_deficit: int = 0
    """Of a part that stock lacks of its target at a period's end."""


def priced(instance: Instance, weights: Weights) -> Instance:
    """The same decisions and rules at other prices; regret is never below 0."""
    scale = weights.money
    return replace(
        instance,
        strict=False,
        suites=tuple(
            replace(suite, changeover_cost=scale * suite.changeover_cost)
            for suite in instance.suites
        ),
        steps=tuple(_step(instance, step, weights) for step in instance.steps),
        lanes=tuple(
            replace(
                lane,
                cost=scale * lane.cost,
                dues={suite: scale * due for suite, due in lane.dues.items()},
            )
            for lane in instance.lanes
        ),
        stocked={
            programme: _stocked(instance, stocked, weights)
            for programme, stocked in instance.stocked.items()
        },
    )


def _step(instance: Instance, step: StepData, weights: Weights) -> StepData:
    """Its batches at their price."""
    stocked = instance.stocked_by(step)
    modes = {}
    for suite, mode in step.modes.items():
        brings = 0 if stocked is None else _brings(instance, stocked, suite)
        cost = weights.money * mode.variable_cost - weights.throughput * brings
        modes[suite] = replace(
            mode,
            variable_cost=cost,
            campaign_cost=weights.money * mode.campaign_cost,
        )
    return replace(step, modes=modes, hold_cost=weights.money * step.hold_cost)


def _stocked(instance: Instance, stocked: Stocked, weights: Weights) -> Stocked:
    """A stock at its price, measured from the most that there is time to make."""
    scale, part = weights.money, instance.parts[stocked.programme]
    modes = instance.steps[stocked.step].modes
    room = {suite: _room(instance, mode) for suite, mode in modes.items()}
    most = sum(room[suite] * _brings(instance, stocked, suite) for suite in modes)
    return replace(
        stocked,
        room=room if weights.throughput else None,
        worth=Fraction(WORTH * part * (weights.throughput + weights.target_deficit)),
        price=scale * stocked.price,
        shortage_cost=scale * stocked.shortage_cost,
        storage_cost=scale * stocked.storage_cost,
        waste_cost=scale * stocked.waste_cost,
        target_cost=scale * stocked.target_cost + weights.target_deficit * part,
        cheapest=scale * stocked.cheapest,
        inputs=scale * stocked.inputs,
        ideal=scale * stocked.ideal - weights.throughput * most,
    )


def _brings(instance: Instance, stocked: Stocked, suite: int) -> int:
    """What a batch of a suite adds to throughput. [part]"""
    return instance.parts[stocked.programme] * stocked.amounts[suite]


def _room(instance: Instance, mode: Mode) -> int:
    """Batches of a step that a suite has time for, all else left out."""
    if not mode.starts:
        return 0
    time = instance.horizon_end - mode.starts[0][0] - mode.lead
    takt = min(mode.lead, *(takt for _, takt in mode.takts))  # or campaigns of one
    return 0 if time < 0 else 1 + time // takt


def aimed(instance: Instance) -> Instance:
    """At the prices of the scenario's objective; as it is where that is money."""
    objective = instance.scenario.objective
    if objective not in AMOUNTS:
        return instance
    return priced(instance, Weights(**{objective: 1}))


def figure(
    instance: Instance, objective: Objective, regret: int | Fraction
) -> Fraction:
    """What an objective says of a plan of this regret, at its prices. [money] or [unit]

    Parameters
    ----------
    instance
        The scenario, priced in money.
    objective
        What is asked for.
    regret
        At the prices of `aimed`.
    """
    rows = instance.stocked.values()
    ideal = sum(stocked.ideal for stocked in rows)
    if objective == "profit":
        sold = sum(math.ceil(stocked.price * stocked.wanted) for stocked in rows)
        return Fraction(sold - ideal - regret)
    if objective == "cost":
        return Fraction(ideal + regret)
    if objective == "throughput":
        return _units(instance, most(instance) - regret)
    return _units(instance, regret) if objective in AMOUNTS else Fraction(regret)


def most(instance: Instance) -> int:
    """What throughput is measured from in the prices. [part]"""
    return sum(
        _room(instance, mode) * _brings(instance, stocked, suite)
        for stocked in instance.stocked.values()
        for suite, mode in instance.steps[stocked.step].modes.items()
    )


def _units(instance: Instance, parts: int | Fraction) -> Fraction:
    """Parts of all programmes together, in units. [unit]"""
    programme, stocked = next(iter(instance.stocked.items()))
    return Fraction(parts) / (stocked.parts * instance.parts[programme])


def regret_of(instance: Instance, objective: Objective, said: Fraction | int) -> int:
    """What a plan has at the prices of one objective of which it reaches so much.

    Parameters
    ----------
    instance
        The scenario, priced in money.
    objective
        Of money: all are told as regret.
    said
        Regret, throughput or deficit. [money] or [unit]
    """
    if objective not in AMOUNTS:
        return int(said)
    parts = int(said / _units(instance, 1))
    return most(instance) - parts if objective == "throughput" else parts
