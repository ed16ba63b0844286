"""Licences, transfers and qualifications that can't be meant together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from capacity.horizon import format_moment
from capacity.scenario import (
    AMOUNTS,
    Frozen,
    Licence,
    Lock,
    MadeToStock,
    Qualification,
    Step,
    Transfer,
)
from capacity.validate.names import Finding
from capacity.validate.network import Network, later
from capacity.validate.words import nearest


def permissions(network: Network) -> Iterator[Finding]:
    """One row says when a right begins, a transfer ends or a lane takes how long."""
    scenario = network.scenario
    licences = [
        ((x.programme, x.step, x.site, x.market), x.id) for x in scenario.licences
    ]
    transfers = [((x.programme, x.step, x.site), x.id) for x in scenario.transfers]
    lanes = [((lane.start, lane.to), lane.id) for lane in scenario.lanes]
    yield from _twice(
        "licences", licences, "the same programme, step, site and market as"
    )
    yield from _twice("transfers", transfers, "the same programme, step and site as")
    yield from _twice("lanes", lanes, "the same two sites as")
    for lane in scenario.lanes:
        if lane.start == lane.to:
            yield Finding(f"lanes.{lane.id}.to", "leads back to the site it leaves")


def _twice(
    part: str, rows: Sequence[tuple[tuple[str | None, ...], str]], text: str
) -> Iterator[Finding]:
    first: dict[tuple[str | None, ...], str] = {}
    for key, name in rows:
        if first.setdefault(key, name) != name:
            yield Finding(f"{part}.{name}", f"{text} {first[key]}")


def opened(network: Network) -> Iterator[Finding]:
    """Some site makes each step that is wanted, or may be qualified for it."""
    scenario = network.scenario
    contracts = {contract.id: contract.programme for contract in scenario.contracts}
    wanted = {contracts.get(order.contract) for order in scenario.orders}
    wanted |= {row.programme for row in scenario.demand}
    for programme in scenario.programmes:
        if programme.id not in wanted:
            continue
        for step in programme.recipe:
            sites = _running(network, step)
            if any(_may_open(network, programme.id, step, site) for site in sites):
                continue
            if sites and sites <= set(network.sites):
                names = " or ".join(sorted(sites))
                text = (
                    f"no site may ever make it: {names} needs a transfer, a licence or "
                    f"a qualification for {programme.id}"
                )
                at = f"programmes.{programme.id}.recipe.{step.step}.suites"
                yield Finding(at, text)


def _running(network: Network, step: Step) -> set[str]:
    """Sites that have a suite for a step."""
    suites = [network.suites[name] for name in step.suites if name in network.suites]
    return {suite.site for suite in suites if suite.enabled}


def _may_open(network: Network, programme: str, step: Step, site: str) -> bool:
    """Whether a row of any kind opens a site to a step, permitted or not."""
    if network.chain(programme, step.step, site) is not None:
        return True
    return network.opens(programme, step.step, site) is not None


def qualifications(network: Network) -> Iterator[Finding]:
    """A qualification can be gone through, and nothing else says when it is."""
    scenario = network.scenario
    rows = [((c.programme, c.step, c.site), c.id) for c in scenario.qualifications]
    yield from _twice("qualifications", rows, "the same programme, step and site as")
    for chain in scenario.qualifications:
        at = f"qualifications.{chain.id}"
        if chain.programme not in network.programmes:
            continue
        step = network.step(chain.programme, chain.step)
        if step is None:
            continue
        yield from _transferred(network, chain, at)
        yield from _validated(network, chain, step, at)
        yield from _reviewed(network, chain, at)
        yield from _comes_after(network, chain, at)
        yield from _dated_besides(network, chain, at)
        yield from _begun(network, chain)
        yield from _made_there(network, chain, step, at)
        stocked = network.made_to_stock.get(chain.programme)
        if stocked is not None:
            yield from _for_stock(network, chain, stocked, at)


def _for_stock(
    network: Network, chain: Qualification, stocked: MadeToStock, at: str
) -> Iterator[Finding]:
    """What is made to stock is filed for wherever that stock goes."""
    last = network.step(chain.programme, None)
    assert last is not None
    if isinstance(last.supply, Frozen):
        text = (
            f"{chain.programme} is made to stock from frozen intermediates: state its "
            "transfers and licences by date"
        )
        yield Finding(f"{at}.programme", text)
        return
    if not stocked.markets:
        text = f"{stocked.id} says of no market that it goes there: state its markets"
        yield Finding(f"{at}.markets", text)
    for market in stocked.markets:
        if market in chain.markets:
            continue
        if network.right(chain.programme, last.step, chain.site, market) is None:
            text = (
                f"{stocked.id} goes to {market} too, so nothing enters it from "
                f"{chain.site} without that right: add {market}"
            )
            yield Finding(f"{at}.markets", text)
    if network.scenario.objective in AMOUNTS:
        text = (
            f"{network.scenario.objective} counts product and no money, so a plan can't "
            "tell what qualifying is worth: take out one of the two"
        )
        yield Finding(at, text)


def _made_there(
    network: Network, chain: Qualification, step: Step, at: str
) -> Iterator[Finding]:
    """Its step is made at the site, tested by itself, and qualified there once."""
    recipe = network.programmes[chain.programme].recipe
    if network.in_process(chain.programme, step):
        after = recipe[recipe.index(step) + 1].step
        text = f"{step.step} goes straight into {after}: name that step"
        yield Finding(f"{at}.step", text)
    if chain.site not in _running(network, step):
        here = [
            each.step
            for each in recipe
            if chain.step is None and chain.site in _running(network, each)
        ]
        which = f", only {here[-1]}: name this step" if here else ""
        text = f"no suite of {chain.programme} can be qualified at {chain.site}"
        if chain.step is not None or here:
            text = f"{step.step} of {chain.programme} has no suite at {chain.site}"
        yield Finding(f"{at}.site", text + which)
    for other in network.scenario.qualifications:
        whole = other.step is None and chain.step is not None
        if whole and (other.programme, other.site) == _place(chain):
            text = f"{other.id} is for every step at {chain.site} already"
            yield Finding(f"{at}.step", text)


def _transferred(network: Network, chain: Qualification, at: str) -> Iterator[Finding]:
    """It has a transfer of its own, with a length, or the site is open without."""
    scenario = network.scenario
    rows: list[Transfer | Licence] = [*scenario.transfers, *scenario.licences]
    steps = (None, *network.qualified(chain))
    opened = [
        row.id
        for row in rows
        if (row.programme, row.site) == _place(chain) and row.step in steps
    ]
    if chain.origin is None:
        if not opened:
            text = (
                f"no transfer or licence opens {chain.site}: state where one comes from"
            )
            yield Finding(f"{at}.origin", f"missing: {text}")
        return
    if opened:
        text = f"{opened[0]} opens {chain.site} already: leave out where one comes from"
        yield Finding(f"{at}.origin", text)
    known = scenario.quality.transfer_days
    if chain.transfer_days is None and chain.origin not in known:
        text = (
            f"quality.transfer_days doesn't say how long one from {chain.origin} takes"
        )
        yield Finding(f"{at}.origin", text)


def _place(chain: Qualification) -> tuple[str, str]:
    return chain.programme, chain.site


def _validated(
    network: Network, chain: Qualification, step: Step, at: str
) -> Iterator[Finding]:
    """PPQ is ordered or made at its own cost, not both; other orders are engineering."""
    scenario = network.scenario
    contracts = {row.id: row.programme for row in scenario.contracts}
    orders = {order.id: order for order in scenario.orders}
    named = [orders[name] for name in chain.orders if name in orders]
    for order in named:
        path = f"{at}.orders.#{chain.orders.index(order.id)}"
        if order.kind not in ("engineering", "ppq"):
            yield Finding(path, f"{order.id} is {order.kind}, not engineering or PPQ")
        programme = contracts.get(order.contract, chain.programme)
        if programme != chain.programme:
            yield Finding(path, f"{order.id} is for {programme}, not {chain.programme}")
        others = [c.id for c in scenario.qualifications if order.id in c.orders]
        if others[0] != chain.id or chain.orders.count(order.id) > 1:
            yield Finding(path, f"{order.id} qualifies {others[0]} already")
    ppq = [order.id for order in named if order.kind == "ppq"]
    last = network.step(chain.programme, None)
    if chain.orders and step is not last:
        text = f"orders ask for batches of {last.step if last else ''}: say how many "
        yield Finding(f"{at}.orders", f"{text}of {step.step} it makes at its own cost")
    elif chain.orders and (chain.ppq_batches or chain.engineering_batches):
        text = "either orders ask for its batches or it makes them at its own cost"
        yield Finding(f"{at}.orders", text)
    elif chain.orders and len(named) == len(chain.orders) and len(ppq) != 1:
        text = f"one PPQ order is needed, and these are {len(ppq)}"
        yield Finding(f"{at}.orders", text)
    elif not chain.orders and not chain.ppq_batches:
        text = "missing: a right to ship needs PPQ, so name an order or say how many"
        yield Finding(f"{at}.ppq_batches", text)
    yield from _in_one_campaign(network, chain, step, at)


def _in_one_campaign(
    network: Network, chain: Qualification, step: Step, at: str
) -> Iterator[Finding]:
    limits, count = network.limits.get(step.campaign), chain.ppq_batches
    if limits is not None and count > limits.maximum:
        text = f"{count} don't fit one campaign of {limits.maximum}"
        yield Finding(f"{at}.ppq_batches", text)
    elif limits is not None and _alone(network, chain, step):
        least = limits.minimum.get("ppq", 1)
        if count and (count < least or count % limits.multiple):
            text = (
                f"{count} can't be a campaign of their own: it has {least} or more, in "
                f"multiples of {limits.multiple}"
            )
            yield Finding(f"{at}.ppq_batches", text)
    last = step is network.step(chain.programme, None)
    lagged = last and network.lagged(chain.programme)
    if not lagged and network.lead_time(step, "ppq") is None:
        release = network.release_classes.get(step.release or "")
        if release is not None and chain.ppq_batches:
            text = f"missing for ppq, which {chain.id} needs"
            yield Finding(f"release_classes.{release.id}.lead_time", text)


def _alone(network: Network, chain: Qualification, step: Step) -> bool:
    """Whether nothing else may fill up its PPQ campaign: surplus is of last steps, sold."""
    sold = chain.programme not in network.made_to_stock
    return not sold or step is not network.step(chain.programme, None)


def _reviewed(network: Network, chain: Qualification, at: str) -> Iterator[Finding]:
    """Every market says how long such a filing is reviewed."""
    markets = {market.id: market for market in network.scenario.markets}
    for number, name in enumerate(chain.markets):
        path = f"{at}.markets.#{number}"
        if name in chain.markets[:number]:
            yield Finding(path, f"{name} comes twice")
        days = markets[name].review_days if name in markets else {chain.filing: 0}
        if chain.filing not in days:
            text = f"{name} has no review time for {chain.filing}"
            yield Finding(f"{at}.filing", text + nearest(chain.filing, days))


def _comes_after(network: Network, chain: Qualification, at: str) -> Iterator[Finding]:
    """What it comes after is of the same product, for all its steps and markets."""
    other = network.elsewhere(chain)
    if other is None or other not in network.sites:
        return
    named = network.qualifications.get(chain.after or "")
    if named is not None and named.programme != chain.programme:
        text = f"{named.id} is for {named.programme}, not {chain.programme}"
        yield Finding(f"{at}.after", text)
        return
    if named is not None and (text := _not_for(network, chain, named)):
        yield Finding(f"{at}.after", text)
        return
    if network.before(network.in_turn(chain)[-1]) == chain or other == chain.site:
        yield Finding(f"{at}.after", f"{chain.id} would have to come before itself")
        return
    for number, market in enumerate(chain.markets):
        for text in _not_approved(network, chain, other, market):
            yield Finding(f"{at}.markets.#{number}", text)


def _not_for(network: Network, chain: Qualification, before: Qualification) -> str:
    """Steps that the one that comes before isn't for, in words; nothing if there are none."""
    steps = network.qualified(before)
    missing = [step for step in network.qualified(chain) if step not in steps]
    if not missing:
        return ""
    return f"{before.id} isn't for {' and '.join(missing)}, which {chain.id} is for"


def _not_approved(
    network: Network, chain: Qualification, other: str, market: str
) -> Iterator[str]:
    """The site that it comes after has or may get every step's right to the market."""
    steps = network.qualified(chain)
    filed = [
        each
        for step in steps
        if (each := network.chain(chain.programme, step, other)) is not None
        and market in each.markets
    ]
    if filed:
        if text := _not_for(network, chain, filed[-1]):
            yield text
        return
    rights = [network.right(chain.programme, step, other, market) for step in steps]
    if None in rights:
        yield (
            f"{chain.after}, which {chain.id} comes after, isn't filed for {market}: say "
            f"since when {other} is licensed there, in licences, or leave {market} out"
        )


def _dated_besides(
    network: Network, chain: Qualification, at: str
) -> Iterator[Finding]:
    """No date says what the plan decides."""
    steps = network.qualified(chain)
    for licence in network.scenario.licences:
        if (licence.programme, licence.site) != _place(chain):
            continue
        if licence.step not in (None, *steps):
            continue
        if licence.market in chain.markets:
            text = (
                f"{licence.id} gives the right to ship to {licence.market} from "
                f"{format_moment(licence.start)}, before or without its PPQ: take out "
                "one of the two"
            )
            yield Finding(f"{at}.markets", text)


def _begun(network: Network, chain: Qualification) -> Iterator[Finding]:
    """What is there already at its site came after its transfer, and can be told apart."""
    steps = network.qualified(chain)
    for part, row in network.opening:
        suite = network.suites.get(row.suite)
        if suite is None or (row.programme, suite.site) != _place(chain):
            continue
        step = network.step(row.programme, row.step)
        if step is None or step.step not in steps:
            continue
        at = f"{part}.{row.id}"
        if chain.origin is not None:
            text = (
                f"{chain.id} has yet to open {chain.site}: state its transfer by date, in "
                "transfers, instead of where it comes from"
            )
            yield Finding(f"{at}.suite", text)
        elif part != "locks" and row.kind not in ("clinical", "intermediate"):
            text = (
                f"what {chain.id} qualifies is told by its start: state these {row.kind} "
                "batches as a locked campaign"
            )
            yield Finding(f"{at}.kind", text)
        elif isinstance(row, Lock) and row.kind == "ppq":
            yield from _ppq_under_way(network, chain, row, at)


def _ppq_under_way(
    network: Network, chain: Qualification, ppq: Lock, at: str
) -> Iterator[Finding]:
    """A locked PPQ campaign has every batch that is asked for, after all engineering."""
    missing = network.asked(chain, "ppq", ppq.suite) - ppq.batches
    if missing > 0:
        text = f"{missing} short of the PPQ of {chain.id}, which is one campaign"
        yield Finding(f"{at}.batches", text)
    if filed := _filed_by_now(network, chain, ppq):
        text = (
            f"PPQ of {chain.id} was released so long ago that it is filed already: "
            f"instead of {chain.id} state its rights by date, in licences"
        )
        if len(filed) < len(chain.markets):
            names = " and ".join(filed)
            text = (
                f"PPQ of {chain.id} was released so long ago that it is filed for {names} "
                f"already: state its right there by date, in licences, and leave {names} "
                f"out of the markets of {chain.id}"
            )
        yield Finding(f"{at}.start", text)
    until = later(ppq.start, -network.scenario.quality.ppq_after_engineering_days)
    trials = [
        lock
        for lock in network.scenario.locks
        if lock.kind == "engineering"
        and network.track(lock) == network.track(ppq)
        and network.locked_end(network.suites[lock.suite], lock) <= until
    ]
    made = sum(lock.batches for lock in trials)
    if any(
        made < network.asked(chain, "engineering", x.suite) for x in trials or [ppq]
    ):
        text = (
            f"PPQ of {chain.id} has begun without its engineering: lock that as well, "
            "before it, or leave it out where it is done"
        )
        yield Finding(f"{at}.start", text)


def _filed_by_now(network: Network, chain: Qualification, ppq: Lock) -> list[str]:
    """Markets for which a filing, which the plan decides, would lie in the past."""
    step = network.programmes[chain.programme].recipe[-1]
    asked = min(ppq.batches, network.asked(chain, "ppq", ppq.suite))
    out = network.locked_out(network.suites[ppq.suite], ppq, asked)
    released = later(out, network.released_after(chain.programme, step, "ppq"))
    return [
        market
        for market in chain.markets
        if later(released, network.filing_days(market)) < network.scenario.as_of
    ]
