"""What fails on average, and the make-up batches that are planned for it.

To deliver one good batch takes 1 / success batches on average, so each batch sold is
expected to need 1 / success - 1 more. These are added up, exactly, over the orders of a
contract and kind in order of due date and id; whenever the sum, rounded half up, grows,
the order at which it does gets a make-up batch. That is needed where one of the batches
fails that brought the sum up, and counts with the chance of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from itertools import takewhile
from typing import NamedTuple

from capacity.scenario import Contract, Direct, Order, Scenario, Stock

ONE = Fraction(1)


class MakeUp(NamedTuple):
    """Make-up batches of an order."""

    batches: int
    chance: Fraction
    """That one of them is needed, on average, to a thousandth. [1]"""


def success_of_step(scenario: Scenario, programme: str, step: str) -> Fraction:
    """Share of a step's batches that pass, with those of its direct feeds. [1]"""
    recipe = next(p.recipe for p in scenario.programmes if p.id == programme)
    number = [each.step for each in recipe].index(step)
    found = scenario.losses.success.get(recipe[number].stage, ONE)
    fed = takewhile(
        lambda at: isinstance(recipe[at].supply, Direct), range(number, 0, -1)
    )
    for at in fed:
        found *= scenario.losses.success.get(recipe[at - 1].stage, ONE)
    return found


def make_up_batches(scenario: Scenario) -> dict[str, MakeUp]:
    """Make-up batches by order; nothing stands for those without.

    Prospects come last and are added up for themselves, so they change nothing for what
    is sold. Engineering batches aren't made again. Released batches in stock don't fail:
    the first orders of their kind count on them.
    """
    contracts = {contract.id: contract for contract in scenario.contracts}
    by_programme: defaultdict[str, list[Order]] = defaultdict(list)
    for order in scenario.shares:
        by_programme[contracts[order.contract].programme].append(order)
    return {
        name: made
        for programme, orders in by_programme.items()
        for name, made in _of_programme(scenario, programme, orders, contracts).items()
    }


def _of_programme(
    scenario: Scenario,
    programme: str,
    orders: list[Order],
    contracts: dict[str, Contract],
) -> dict[str, MakeUp]:
    losses = scenario.losses
    last = next(p.recipe[-1].step for p in scenario.programmes if p.id == programme)
    usual = success_of_step(scenario, programme, last)
    first = losses.new_site_batches if _is_new(scenario, programme, last) else 0
    shelf = _shelf(scenario.stock, programme, last)
    expected: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    covered: defaultdict[tuple[str, str], list[Fraction]] = defaultdict(list)
    found, made = {}, 0
    for order in sorted(
        orders, key=lambda row: (contracts[row.contract].prospect, row.due, row.id)
    ):
        key = order.contract, order.kind
        before = _rounded(expected[key])
        for _ in range(order.batches):
            if shelf[order.kind]:
                shelf[order.kind] -= 1
                continue
            rates = [usual]
            rates += [losses.ppq] if order.kind == "ppq" else []
            rates += [losses.new_site] if made < first else []
            made += 1
            if order.kind != "engineering":
                expected[key] += 1 / min(rates) - 1
                covered[key].append(min(rates))
        count = _rounded(expected[key]) - before
        if count:
            found[order.id] = MakeUp(count, chance_needed(covered.pop(key), count))
    return found


def chance_needed(rates: list[Fraction], spares: int) -> Fraction:
    """Chance that a spare is needed, mean of all, for batches that pass at some rates.

    The n-th is needed where n or more of the batches fail; rounded half up to a thousandth.
    """
    failing = [ONE, *[Fraction(0)] * (spares - 1)]  # chances of 0, 1, 2 ... failures
    for rate in rates:
        fewer = [Fraction(0), *failing]
        failing = [
            rate * same + (1 - rate) * less
            for same, less in zip(failing, fewer, strict=False)
        ]
    needed, enough = Fraction(0), Fraction(0)
    for chance in failing:
        enough += chance
        needed += 1 - enough
    return Fraction(_rounded(1000 * needed / spares), 1000)


def _rounded(batches: Fraction) -> int:
    return math.floor(batches + Fraction(1, 2))


def _is_new(scenario: Scenario, programme: str, step: str) -> bool:
    """Whether no site is open to a step at `as_of`."""
    ends = {
        row.site: row.end
        for row in sorted(scenario.transfers, key=lambda row: row.end, reverse=True)
        if row.programme == programme and row.step in (None, step)
    }
    licensed = {
        row.site
        for row in scenario.licences
        if row.programme == programme and row.step in (None, step)
    }
    done = {site for site, end in ends.items() if end <= scenario.as_of}
    return not done and not licensed - set(ends)


def _shelf(stock: list[Stock], programme: str, step: str) -> defaultdict[str, int]:
    """Released batches of a last step by kind."""
    found: defaultdict[str, int] = defaultdict(int)
    for row in stock:
        if row.programme == programme and row.step in (None, step):
            found[row.kind] += row.batches
    return found
