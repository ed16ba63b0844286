"""What fails on average, and the make-up batches that are planned for it.

To deliver one good batch takes 1 / success batches on average, so each batch sold is
expected to need 1 / success - 1 more. These are added up, exactly, over the orders of a
contract and kind in order of due date and id; whenever the sum, rounded half up, grows,
the order at which it does gets a make-up batch.
"""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from itertools import takewhile

from capacity.scenario import Contract, Direct, Order, Scenario, Stock

ONE = Fraction(1)


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


def make_up_batches(scenario: Scenario) -> dict[str, int]:
    """Make-up batches by order; none stands for those without.

    Prospects come last and are added up for themselves, so they change nothing for what
    is sold. Engineering batches aren't made again. Released batches in stock don't fail:
    the first orders of their kind count on them.
    """
    contracts = {contract.id: contract for contract in scenario.contracts}
    by_programme: defaultdict[str, list[Order]] = defaultdict(list)
    for order in scenario.orders:
        by_programme[contracts[order.contract].programme].append(order)
    return {
        name: count
        for programme, orders in by_programme.items()
        for name, count in _of_programme(scenario, programme, orders, contracts).items()
        if count
    }


def _of_programme(
    scenario: Scenario,
    programme: str,
    orders: list[Order],
    contracts: dict[str, Contract],
) -> dict[str, int]:
    losses = scenario.losses
    last = next(p.recipe[-1].step for p in scenario.programmes if p.id == programme)
    usual = success_of_step(scenario, programme, last)
    first = losses.new_site_batches if _is_new(scenario, programme, last) else 0
    shelf = _shelf(scenario.stock, programme, last)
    expected: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    found, made = {}, 0
    for order in sorted(
        orders, key=lambda row: (contracts[row.contract].prospect, row.due, row.id)
    ):
        before = _rounded(expected[order.contract, order.kind])
        for _ in range(order.batches):
            if shelf[order.kind]:
                shelf[order.kind] -= 1
                continue
            rates = [usual]
            rates += [losses.ppq] if order.kind == "ppq" else []
            rates += [losses.new_site] if made < first else []
            made += 1
            if order.kind != "engineering":
                expected[order.contract, order.kind] += 1 / min(rates) - 1
        found[order.id] = _rounded(expected[order.contract, order.kind]) - before
    return found


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
