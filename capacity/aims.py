"""An objective as prices: the scenario as the solver sees it, at prices that ask for it.

Throughput and deficits are amounts. Where a batch costs what it brings, below 0, and stock
below its target a part a part, and nothing else costs anything, the least regret is the
best plan for such an objective; everything that searches and bounds regret does so for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from capacity.checker import target_deficit, throughput
from capacity.instance import Cap, Instance, StepData, Stocked
from capacity.plan import Plan
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
    held: tuple[Objective, int] | None = None
    """An amount that may be no worse, and what it has then at its own prices."""


def weighted(
    weights: Mapping[Objective, int], held: tuple[Objective, int] | None = None
) -> Weights:
    """Weights by objective, and an amount that is held."""
    return Weights(
        money=sum(n for name, n in weights.items() if name not in AMOUNTS),
        throughput=weights.get("throughput", 0),
        target_deficit=weights.get("target_deficit", 0),
        held=held,
    )


def priced(instance: Instance, weights: Weights) -> Instance:
    """The same decisions and rules at other prices; regret is never below 0."""
    scale = weights.money
    return replace(
        instance,
        strict=False,
        cap=_cap(instance, weights),
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


def _cap(instance: Instance, weights: Weights) -> Cap | None:
    """How bad an amount may be."""
    if weights.held is None:
        return None
    objective, worst = weights.held
    return Cap(
        objective, worst - most(instance) if objective == "throughput" else worst
    )


def _step(instance: Instance, step: StepData, weights: Weights) -> StepData:
    """Its batches at their price."""
    stocked = instance.stocked_by(step)
    modes = {}
    for suite, mode in step.modes.items():
        brings = 0 if stocked is None else instance.brings(step, suite)
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
    step = instance.steps[stocked.step]
    modes = step.modes
    room = {suite: instance.room(mode) for suite, mode in modes.items()}
    most = sum(room[suite] * instance.brings(step, suite) for suite in modes)
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


def aimed(instance: Instance) -> Instance:
    """At the prices of the scenario's objective; as it is where that is money."""
    objective = instance.scenario.objective
    if objective not in AMOUNTS:
        return instance
    return priced(instance, weighted({objective: 1}))


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
        instance.room(mode) * instance.brings(step, suite)
        for step in (instance.steps[row.step] for row in instance.stocked.values())
        for suite, mode in step.modes.items()
    )


def _units(instance: Instance, parts: int | Fraction) -> Fraction:
    """Parts of all programmes together, in units. [unit]"""
    programme, stocked = next(iter(instance.stocked.items()))
    return Fraction(parts) / (stocked.parts * instance.parts[programme])


def reached(instance: Instance, objective: Objective, plan: Plan) -> int:
    """What a plan has at the prices of one objective, as the checker counts it.

    Parameters
    ----------
    instance
        The scenario, priced in money.
    objective
        Of money: all are told as regret.
    plan
        A plan of it.
    """
    told = {"throughput": throughput, "target_deficit": target_deficit}
    if objective not in told:
        return regret_of(instance, objective, plan.objective)
    return regret_of(instance, objective, told[objective](instance.scenario, plan))


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
