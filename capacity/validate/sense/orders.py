"""Contracts and orders that can't be meant together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from capacity.horizon import format_moment
from capacity.scenario import Order
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
        yield from _sold_to(order, at)
        contract = contracts.get(order.contract)
        if contract is not None and order.kind not in contract.price:
            unpriced[contract.id, order.kind] += 1
    for (name, kind), count in sorted(unpriced.items()):
        text = f"missing for {kind}, of which it has {count} order{'s' * (count > 1)}"
        yield Finding(f"contracts.{name}.price", text)


def _sold_to(order: Order, at: str) -> Iterator[Finding]:
    """Commercial orders have a market, or several that share their batches."""
    if order.kind != "commercial":
        if order.market is not None:
            text = f"a {order.kind} order has none, not {order.market}"
            yield Finding(f"{at}.market", text)
        if order.markets:
            text = f"a {order.kind} order has none, not {', '.join(order.markets)}"
            yield Finding(f"{at}.markets", text)
    elif order.markets and order.market is not None:
        text = f"market is {order.market} already: state one or the other"
        yield Finding(f"{at}.markets", text)
    elif not order.markets and order.market is None:
        yield Finding(f"{at}.market", "missing: a commercial order has a market")
    total = sum(order.markets.values())
    if order.markets and total != order.batches:
        text = f"add up to {total} batches, and the order has {order.batches}"
        yield Finding(f"{at}.markets", text)


def shares(network: Network) -> Iterator[Finding]:
    """No order, or part of one, is called as the share of another is in tables."""
    orders = network.scenario.orders
    known = {order.id for order in orders}
    for whose, line in _parts(network):
        if line in known:
            text = f"is what tables call part of {whose}: choose another id"
            yield Finding(f"orders.{line}", text)
    for order in orders:
        for share in order.shares:
            at = f"orders.{order.id}.markets.{share.market}"
            if order.markets and share.id in known:
                text = f"its batches are called {share.id} in tables, as another order"
                yield Finding(at, text)
            if order.markets and "/" in str(share.market):
                text = (
                    f"its batches are called {share.id} in tables, as parts of orders"
                )
                yield Finding(at, text)


def _parts(network: Network) -> Iterator[tuple[str, str]]:
    """Lines that an order or a qualification may be split into, each with whose it is."""
    for order in network.scenario.orders:
        for share in order.shares:
            for part in ("firm", "forecast", "spare"):
                yield order.id, f"{share.id}/{part}"
    for chain in network.scenario.qualifications:
        for part in ("engineering", "ppq"):
            yield chain.id, f"{chain.id}/{part}"
