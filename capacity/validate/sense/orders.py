"""Contracts and orders that can't be meant together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from capacity.horizon import format_moment
from capacity.validate.names import Finding
from capacity.validate.network import Network


def orders(network: Network) -> Iterator[Finding]:
    """Orders are due in time, with a market and a price where they need one."""
    scenario = network.scenario
    contracts = {contract.id: contract for contract in scenario.contracts}
    unpriced: Counter[tuple[str, str]] = Counter()
    for order in scenario.orders:
        at = f"orders.{order.id}"
        due = format_moment(order.due)
        if order.due < scenario.as_of:
            yield Finding(
                f"{at}.due", f"{due} is before as_of {format_moment(scenario.as_of)}"
            )
        elif order.due >= network.end:
            yield Finding(f"{at}.due", f"{due} is after the horizon's end")
        if order.kind == "commercial" and order.market is None:
            yield Finding(f"{at}.market", "missing: a commercial order has a market")
        if order.kind != "commercial" and order.market is not None:
            yield Finding(
                f"{at}.market", f"a {order.kind} order has none, not {order.market}"
            )
        contract = contracts.get(order.contract)
        if contract is not None and order.kind not in contract.price:
            unpriced[contract.id, order.kind] += 1
    for (name, kind), count in sorted(unpriced.items()):
        text = f"missing for {kind}, of which it has {count} order{'s' * (count > 1)}"
        yield Finding(f"contracts.{name}.price", text)
