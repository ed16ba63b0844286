"""What has been sold, line by line: firmness, weight and price of every order.

The scenario says orders and contracts; a *line* is an order, or its share for one of its
markets, or the firm or the forecast part of these that take-or-pay splits, or the make-up
batches of these.
Lines are the demand that both the checker and the model start from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Literal

from capacity.horizon import add_months
from capacity.losses import MakeUp, make_up_batches
from capacity.scenario import Contract, Kind, Order, Scenario

Firmness = Literal["firm", "forecast", "prospect", "spare"]


@dataclass(frozen=True)
class Line:
    """Batches of one order with one firmness."""

    id: str
    """The order's, with `/firm` or `/forecast` where that is split, or `/spare`."""
    order: str
    """The order's id, with `/market` where it serves several."""
    contract: str
    """Contract; empty for what a qualification asks for by itself."""
    programme: str
    step: str
    """Step whose batches it asks for: the last, or what its qualification is for."""
    kind: Kind
    market: str | None
    """Market whose right to ship it needs: a market, `clinical`, or none."""
    firmness: Firmness
    weight: Fraction
    """Share of its money that counts. [1]"""
    batches: int
    """Batches at the reference suite."""
    due: datetime
    """Due day."""
    price: int
    """Price of a batch at the reference suite. [money]"""
    unserved_factor: Fraction
    """Loss from an unserved batch in multiples of its price. [1]"""
    chain: str | None = None
    """Qualification that its engineering or PPQ batches are part of."""
    made_up: bool = False
    """Whether make-up batches are planned for its order."""

    @property
    def own(self) -> bool:
        """Whether nobody ordered it: a qualification asks for it, at its own cost."""
        return not self.contract


def lines(scenario: Scenario) -> list[Line]:
    """Every line, in order of programme, due day and id."""
    contracts = {contract.id: contract for contract in scenario.contracts}
    sure = firm_batches(scenario, scenario.shares)
    chains = {name: row.id for row in scenario.qualifications for name in row.orders}
    spares = make_up_batches(scenario)
    found = list(_asked_by_chains(scenario))
    for order in scenario.shares:
        contract = contracts[order.contract]
        firm = sure[order.id]
        parts = [("firm", firm), ("forecast", order.batches - firm)]
        split = 0 < firm < order.batches
        for firmness, batches in parts:
            if batches:
                line = _line(
                    scenario, contract, order, firmness == "firm", batches, split
                )
                found.append(
                    replace(
                        line, chain=chains.get(order.id), made_up=order.id in spares
                    )
                )
        if order.id in spares:
            found.append(_spare(found[-1], spares[order.id]))
    return sorted(found, key=lambda line: (line.programme, line.due, line.id))


def firm_batches(scenario: Scenario, orders: Sequence[Order]) -> dict[str, int]:
    """Firm batches of each order: those due within its window, or taken or paid for."""
    contracts = {contract.id: contract for contract in scenario.contracts}
    found = _taken_or_paid(contracts, orders)
    for order in orders:
        contract = contracts[order.contract]
        until = add_months(scenario.as_of, contract.firm_months)
        if not contract.prospect and order.due <= until:
            found[order.id] = order.batches
    return found


def _asked_by_chains(scenario: Scenario) -> Iterator[Line]:
    """What qualifications make at their own cost, by the end of the horizon."""
    last = {row.id: row.recipe[-1].step for row in scenario.programmes}
    for row in scenario.qualifications:
        kinds: list[tuple[Kind, int]] = [
            ("engineering", row.engineering_batches),
            ("ppq", row.ppq_batches),
        ]
        for kind, batches in kinds:
            if batches:
                yield Line(
                    id=f"{row.id}/{kind}",
                    order=f"{row.id}/{kind}",
                    contract="",
                    programme=row.programme,
                    step=row.step or last[row.programme],
                    kind=kind,
                    market=None,
                    firmness="forecast",
                    weight=Fraction(1),
                    batches=batches,
                    due=scenario.horizon.end,
                    price=0,
                    unserved_factor=Fraction(0),
                    chain=row.id,
                )


def _line(
    scenario: Scenario,
    contract: Contract,
    order: Order,
    firm: bool,
    batches: int,
    split: bool,
) -> Line:
    weight = Fraction(1)
    if not firm:
        weight = contract.probability
        if contract.term_end is not None and order.due > contract.term_end:
            weight *= contract.renewal_probability
    factors = scenario.economics.unserved_factor
    open_firmness: Firmness = "prospect" if contract.prospect else "forecast"
    return Line(
        id=f"{order.id}/{'firm' if firm else 'forecast'}" if split else order.id,
        order=order.id,
        contract=contract.id,
        programme=contract.programme,
        step=next(
            row.recipe[-1].step
            for row in scenario.programmes
            if row.id == contract.programme
        ),
        kind=order.kind,
        market="clinical" if order.kind == "clinical" else order.market,
        firmness="firm" if firm else open_firmness,
        weight=weight,
        batches=batches,
        due=order.due,
        price=contract.price[order.kind],
        unserved_factor=factors.prospect
        if contract.prospect
        else getattr(factors, order.kind),
    )


def _spare(line: Line, make_up: MakeUp) -> Line:
    """Make-up batches: wanted if the least certain batches of their order are and fail."""
    return replace(
        line,
        id=f"{line.order}/spare",
        firmness="spare",
        batches=make_up.batches,
        weight=line.weight * make_up.chance,
    )


def _taken_or_paid(
    contracts: dict[str, Contract], orders: Sequence[Order]
) -> dict[str, int]:
    """Batches of each order that its contract's take-or-pay makes firm.

    Per contract and calendar year: the first floor(share x batches) by due day, then
    id, where the probability is 1, before the term's end; never for prospects.
    """
    by_year: defaultdict[tuple[str, int], list[Order]] = defaultdict(list)
    for order in orders:
        by_year[order.contract, order.due.year].append(order)
    paid = {order.id: 0 for order in orders}
    for (contract_id, _), due in by_year.items():
        contract = contracts[contract_id]
        if contract.prospect or contract.probability != 1:
            continue
        end = contract.term_end
        inside = [order for order in due if end is None or order.due <= end]
        left = int(contract.take_or_pay * sum(order.batches for order in inside))
        for order in sorted(inside, key=lambda order: (order.due, order.id)):
            paid[order.id] = min(left, order.batches)
            left -= paid[order.id]
    return paid
