"""Values that can't be meant together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction

from pydantic import BaseModel

from capacity.horizon import (
    coarsest_tick,
    days_between,
    format_days,
    format_moment,
)
from capacity.scenario import (
    CampaignLimits,
    Client,
    Frozen,
    Licence,
    Lock,
    Programme,
    Qualification,
    Rate,
    Scenario,
    Step,
    Suite,
    SuiteRate,
    Transfer,
)
from capacity.validate.names import Check, Finding
from capacity.validate.network import Network, later
from capacity.validate.words import nearest

MINUTE = Fraction(1, 1440)
"""What dates in files are whole numbers of. [day]"""
MOST_TICKS = 2_000_000
"""Ticks in a horizon that a solver still takes."""


def horizon(network: Network) -> Iterator[Finding]:
    """The horizon has a day, and today lies in it."""
    span, as_of = network.scenario.horizon, network.scenario.as_of
    if span.end < span.start:
        text = (
            f"{format_moment(span.end)} is before the start "
            f"{format_moment(span.start)}: the horizon has no day"
        )
        yield Finding("horizon.end", text)
    elif not span.start <= as_of < network.end:
        yield Finding("as_of", f"{format_moment(as_of)} is outside the horizon")


def grid(network: Network) -> Iterator[Finding]:
    """Every stated duration is whole on a grid that a solver can take."""
    scenario = network.scenario
    tick = network.grid.tick
    if scenario.horizon.end < scenario.horizon.start:
        return
    if (1 / tick).denominator != 1:  # only a stated one can be
        text = f"a day isn't a whole number of ticks of {format_days(tick)}"
        yield Finding("resolution_days", text)
        return
    if scenario.resolution_days is not None:
        yield from _misfits(scenario, tick)
    between = list(_between_minutes(scenario))
    yield from between
    ticks = days_between(scenario.horizon.start, network.end) / tick
    if not between and ticks > MOST_TICKS:
        at = "resolution_days" if scenario.resolution_days else "horizon"
        text = (
            f"has more than 2 million ticks of {format_days(tick)}; take a coarser grid"
        )
        yield Finding(at, text)


def _misfits(scenario: Scenario, tick: Fraction) -> Iterator[Finding]:
    """Durations and times of day that miss a stated grid."""
    for path, days in scenario.durations():
        if (days / tick).denominator != 1:
            text = f"{format_days(days)} don't fit a grid of {format_days(tick)}"
            if isinstance(_value(scenario, path), datetime):
                text = f"the time of day doesn't fit a grid of {format_days(tick)}"
            yield Finding(_data_path(scenario, path), text)


def _between_minutes(scenario: Scenario) -> Iterator[Finding]:
    """What asks for a grid between whole minutes: no file could hold its dates.

    If every duration is whole minutes, so is the coarsest grid on which all are whole.
    """
    stated = scenario.resolution_days
    asking = scenario.durations()
    if stated is not None:
        asking = [("resolution_days", stated)]
    for path, days in asking:
        if (days / MINUTE).denominator != 1:
            tick = coarsest_tick([days])
            why = "finer than a minute" if tick < MINUTE else "not in whole minutes"
            text = f"needs a time grid of {format_days(tick)}, {why}"
            yield Finding(_data_path(scenario, path), text)


def _value(value: object, path: str) -> object:
    """What stands at a path of `scenario.walk`."""
    for piece in path.split("."):
        if isinstance(value, BaseModel):
            value = getattr(value, piece)
        elif isinstance(value, dict):
            value = value[piece]
        elif isinstance(value, list):
            ids = [getattr(item, "id", None) for item in value]
            value = value[ids.index(piece) if piece in ids else int(piece)]
    return value


def _data_path(value: object, path: str) -> str:
    """A path of `scenario.walk` in the words of the file."""
    said: list[str] = []
    for piece in path.split("."):
        word = piece
        if isinstance(value, BaseModel):
            word = type(value).model_fields[piece].alias or piece
        below = _value(value, piece)
        if isinstance(below, Step):
            word = below.step
        if isinstance(below, SuiteRate):
            word = below.programme
        said.append(word)
        value = below
    return ".".join(said)


def rates(network: Network) -> Iterator[Finding]:
    """Steps of a rate are in order of their dates."""
    for site in network.scenario.sites:
        parts: list[tuple[str, list[Rate]]] = [
            ("qc_batches", site.qc_batches),
            ("qa_reviewers", site.qa_reviewers),
            ("transfer_slots", site.transfer_slots),
        ]
        for key, steps in parts:
            for number in range(1, len(steps)):
                if steps[number].start <= steps[number - 1].start:
                    path = f"sites.{site.id}.{key}.{number}.from"
                    said = format_moment(steps[number].start)
                    before = format_moment(steps[number - 1].start)
                    text = f"{said} doesn't come after {before}"
                    yield Finding(path, text, f"site {site.id}: {key}")


def recipes(network: Network) -> Iterator[Finding]:
    """Each step can run where it is listed, and is supplied and released."""
    for programme in network.scenario.programmes:
        for number, step in enumerate(programme.recipe):
            at = f"programmes.{programme.id}.recipe.{step.step}"
            yield from _places(network, step, at)
            yield from _supplied(network, programme, number, at)
            yield from _released(network, programme, step, at)
            yield from _weighed(programme, step, at)


def _places(network: Network, step: Step, at: str) -> Iterator[Finding]:
    listed = [network.suites[name] for name in step.suites if name in network.suites]
    for suite in listed:
        path = f"{at}.suites.#{step.suites.index(suite.id)}"
        if suite.stage != step.stage:
            yield Finding(path, f"{suite.id} runs {suite.stage}, not {step.stage}")
        if step.payload_class is not None and step.payload_class not in suite.contains:
            yield Finding(path, f"{suite.id} doesn't contain {step.payload_class}")
    if len(listed) == len(step.suites) and not any(suite.enabled for suite in listed):
        yield Finding(f"{at}.suites", "no suite can make it: none of these is enabled")


def _supplied(
    network: Network, programme: Programme, number: int, at: str
) -> Iterator[Finding]:
    step = programme.recipe[number]
    client = step.supply is None or isinstance(step.supply, Client)
    if number == 0 and not client:
        yield Finding(f"{at}.supply", "the first step has no step before it to use")
    if number > 0 and client:
        text = "a later step says how it uses the step before: direct or frozen"
        yield Finding(f"{at}.supply", text)
    earlier = [s for s in programme.recipe[:number] if isinstance(s.supply, Frozen)]
    if isinstance(step.supply, Frozen) and earlier:
        text = (
            f"a recipe has one frozen intermediate: {earlier[0].step} uses one already"
        )
        yield Finding(f"{at}.supply", text)
    if isinstance(step.supply, Frozen) and network.in_process(programme.id, step):
        after = programme.recipe[number + 1].step
        text = (
            f"{after} follows directly, and no right to ship is carried from a frozen "
            "intermediate through a direct feed: only the last step may use one"
        )
        yield Finding(f"{at}.supply", text)
    if (
        isinstance(step.supply, Frozen)
        and step.supply.min_life_days > step.supply.shelf_life_days
    ):
        yield Finding(f"{at}.supply.min_life_days", "is longer than the shelf life")
    if number > 0 and not client and not _reached(network, programme, number):
        how = "site" if not isinstance(step.supply, Frozen) else "site or shipping lane"
        before = programme.recipe[number - 1].step
        yield Finding(
            f"{at}.suites", f"no {how} joins any of these to a suite of {before}"
        )


def _reached(network: Network, programme: Programme, number: int) -> bool:
    """Whether some suite of the step before can feed some suite of this one.

    Where a suite or a site is unknown, that is said by its name.
    """
    before, step = programme.recipe[number - 1 : number + 1]
    parts = [
        {network.suites[name].site for name in part.suites if name in network.suites}
        for part in (before, step)
    ]
    if not all(parts) or not set.union(*parts) <= set(network.sites):
        return True
    lanes = network.lanes if isinstance(step.supply, Frozen) else {}
    return any(
        start == to or (start, to) in lanes for start in parts[0] for to in parts[1]
    )


def _released(
    network: Network, programme: Programme, step: Step, at: str
) -> Iterator[Finding]:
    in_process = network.in_process(programme.id, step)
    if in_process and step.release is not None:
        yield Finding(
            f"{at}.release", "the next step follows directly, so nothing is released"
        )
    lagged = step is programme.recipe[-1] and network.lagged(programme.id)
    if not in_process and step.release is None and not lagged:
        yield Finding(f"{at}.release", "missing: its batches are tested and released")
    release = network.release_classes.get(step.release or "")
    if in_process or release is None or lagged:
        return
    for kind in _kinds(network, programme, step):
        if network.lead_time(step, kind) is None:
            text = f"missing for {kind}, which step {step.step} of {programme.id} needs"
            yield Finding(f"release_classes.{release.id}.lead_time", text)


def _kinds(network: Network, programme: Programme, step: Step) -> list[str]:
    """Kinds that a step releases; what serves no order counts as commercial."""
    if step is not programme.recipe[-1]:
        return ["intermediate"]
    scenario = network.scenario
    bought = {c.id for c in scenario.contracts if c.programme == programme.id}
    kinds = {str(order.kind) for order in scenario.orders if order.contract in bought}
    kinds |= {str(row.kind) for row in scenario.locks if row.programme == programme.id}
    kinds |= {
        str(row.kind) for row in scenario.in_release if row.programme == programme.id
    }
    return sorted((kinds | {"commercial"}) - {"intermediate"})


def _weighed(programme: Programme, step: Step, at: str) -> Iterator[Finding]:
    if not step.kg_per_batch:
        return
    if step is not programme.recipe[-1]:
        yield Finding(f"{at}.kg_per_batch", "only the last step has a product to weigh")
    missing = [suite for suite in step.suites if suite not in step.kg_per_batch]
    if missing:
        yield Finding(f"{at}.kg_per_batch", f"missing for {', '.join(missing)}")


def release_times(network: Network) -> Iterator[Finding]:
    """Nine of ten batches take at least as long as half of them."""
    for release in network.scenario.release_classes:
        for kind, time in release.lead_time.items():
            if time.p50 > time.p90:
                path = f"release_classes.{release.id}.lead_time.{kind}.p50"
                yield Finding(path, "is longer than p90")


def campaign_limits(network: Network) -> Iterator[Finding]:
    """A campaign of each kind has some allowed number of batches."""
    for limits in network.scenario.campaign_limits:
        at = f"campaign_limits.{limits.id}"
        for kind, minimum in limits.minimum.items():
            if minimum > limits.maximum:
                text = f"{minimum} is more than the maximum {limits.maximum}"
                yield Finding(f"{at}.minimum.{kind}", text)
            elif not _size(limits, minimum):
                text = f"no multiple of {limits.multiple} lies between {minimum} and"
                yield Finding(f"{at}.minimum.{kind}", f"{text} {limits.maximum}")
        if not limits.minimum and not _size(limits, 1):
            text = f"is less than the multiple {limits.multiple}"
            yield Finding(f"{at}.maximum", text)


def _size(limits: CampaignLimits, minimum: int) -> bool:
    return limits.maximum // limits.multiple * limits.multiple >= minimum


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
        yield from _dated_besides(network, chain, at)
        yield from _made_there(network, chain, step, at)
        if chain.programme in {row.programme for row in scenario.made_to_stock}:
            text = (
                f"{chain.programme} is made to stock: state its transfers and licences "
                "by date"
            )
            yield Finding(f"{at}.programme", text)


def _made_there(
    network: Network, chain: Qualification, step: Step, at: str
) -> Iterator[Finding]:
    """Its step is made at the site, tested by itself, and qualified there once."""
    recipe = network.programmes[chain.programme].recipe
    if network.in_process(chain.programme, step):
        after = recipe[recipe.index(step) + 1].step
        text = f"{step.step} goes straight into {after}: name that step"
        yield Finding(f"{at}.step", text)
    if not _made_at(network, step, chain.site):
        here = [
            each.step
            for each in recipe
            if chain.step is None and _made_at(network, each, chain.site)
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


def _made_at(network: Network, step: Step, site: str) -> bool:
    suites = [network.suites[name] for name in step.suites if name in network.suites]
    return any(suite.site == site and suite.enabled for suite in suites)


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
    elif limits is not None and step is not network.step(chain.programme, None):
        least = limits.minimum.get("ppq", 1)
        if count and (count < least or count % limits.multiple):
            text = (
                f"{count} can't be a campaign of their own: it has {least} or more, in "
                f"multiples of {limits.multiple}"
            )
            yield Finding(f"{at}.ppq_batches", text)
    if network.lead_time(step, "ppq") is None:
        release = network.release_classes.get(step.release or "")
        if release is not None and chain.ppq_batches:
            text = f"missing for ppq, which {chain.id} needs"
            yield Finding(f"release_classes.{release.id}.lead_time", text)


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


def _dated_besides(
    network: Network, chain: Qualification, at: str
) -> Iterator[Finding]:
    """No date says what the plan decides, and nothing is there before its PPQ."""
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
    for part, row in network.opening:
        suite = network.suites.get(row.suite)
        if suite is None or (row.programme, suite.site) != _place(chain):
            continue
        step = network.step(row.programme, row.step)
        begun = chain.origin is None and row.kind in ("clinical", "intermediate")
        if step is not None and step.step in steps and not begun:
            text = (
                f"{chain.id} is yet to qualify {chain.site}: where it has begun, state "
                "transfers and licences by date"
            )
            yield Finding(f"{part}.{row.id}.suite", text)


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


def set_up(network: Network) -> Iterator[Finding]:
    """What is set up at the start can run there."""
    for suite in network.scenario.suites:
        programme = network.programmes.get(suite.set_up or "")
        if programme is not None and not any(
            suite.id in s.suites for s in programme.recipe
        ):
            text = f"no step of {programme.id} lists this suite"
            yield Finding(f"suites.{suite.id}.set_up", text)


def opening(network: Network) -> Iterator[Finding]:
    """What is on hand, waits or is locked is of a kind that its step can have."""
    for part, row in network.opening:
        step = network.step(row.programme, row.step)
        if step is None:
            continue
        at = f"{part}.{row.id}"
        last = step is network.programmes[row.programme].recipe[-1]
        if last and row.kind == "intermediate":
            text = f"{step.step} is the last step: its batches aren't intermediate"
            yield Finding(f"{at}.kind", text)
        if not last and row.kind != "intermediate":
            text = f"batches of {step.step} are intermediate, not {row.kind}"
            yield Finding(f"{at}.kind", text)
        if part != "locks" and network.in_process(row.programme, step):
            text = f"the next step follows {step.step} directly, so none are kept"
            yield Finding(f"{at}.step", text)
    yield from _dated(network)


def _dated(network: Network) -> Iterator[Finding]:
    as_of = network.scenario.as_of
    for waiting in network.scenario.in_release:
        last = later(waiting.first_out, waiting.every_days * (waiting.batches - 1))
        if last >= as_of:
            one = last == waiting.first_out
            out = format_moment(last) if one else f"the last, on {format_moment(last)},"
            text = f"{out} isn't before as_of {format_moment(as_of)}"
            yield Finding(f"in_release.{waiting.id}.first_out", text)
    for stock in network.scenario.stock:
        if stock.expiry < as_of:
            text = (
                f"{format_moment(stock.expiry)} is before as_of {format_moment(as_of)}"
            )
            yield Finding(f"stock.{stock.id}.expiry", text)


def freezers(network: Network) -> Iterator[Finding]:
    """A freezer takes at least the intermediates that lie in it already."""
    inside: Counter[str] = Counter()
    for _, row in network.opening:
        step = network.step(row.programme, row.step)
        after = step and network.neighbour(row.programme, step, 1)
        if not isinstance(row, Lock) and after and isinstance(after.supply, Frozen):
            inside[network.suites[row.suite].site] += row.batches
    for site in network.scenario.sites:
        most = site.freezer_batches
        if most is not None and inside[site.id] > most:
            text = f"takes {most}, and {inside[site.id]} intermediates lie there"
            yield Finding(f"sites.{site.id}.freezer_batches", text)


def locks(network: Network) -> Iterator[Finding]:
    """Locked campaigns run in an open suite, one after the other."""
    ends: dict[str, tuple[Lock, datetime]] = {}
    for lock in sorted(network.scenario.locks, key=lambda lock: (lock.start, lock.id)):
        suite = network.suites.get(lock.suite)
        if suite is None:
            continue
        end = _end(network, suite, lock)
        yield from _runs(network, suite, lock, end)
        yield from _before_ppq(network, lock, end)
        before, until = ends.get(suite.id, (lock, lock.start))
        if lock.start < until:
            ends_on = format_moment(until)
            text = f"starts while {before.id} runs in {suite.id} until {ends_on}"
            yield Finding(f"locks.{lock.id}.start", text)
        if end >= until:
            ends[suite.id] = (lock, end)


def _before_ppq(network: Network, lock: Lock, end: datetime) -> Iterator[Finding]:
    """PPQ follows the last engineering batch, among locked campaigns as well."""
    if lock.kind != "engineering" or lock.programme not in network.locked_ppq:
        return
    ppq, until = network.locked_ppq[lock.programme]
    if end > until:
        text = (
            f"makes engineering batches until {format_moment(end)}, but PPQ campaign "
            f"{ppq.id} wants them out by {format_moment(until)}"
        )
        yield Finding(f"locks.{lock.id}.start", text)


def _end(network: Network, suite: Suite, lock: Lock) -> datetime:
    takt = lock.takt_days or network.takt(suite, lock.programme, lock.start)
    days = network.lead_in(suite, lock.programme) + (lock.batches - 1) * takt
    return later(lock.start, days)


def _runs(
    network: Network, suite: Suite, lock: Lock, end: datetime
) -> Iterator[Finding]:
    at = f"locks.{lock.id}.start"
    if not suite.enabled:
        yield Finding(f"locks.{lock.id}.suite", f"{suite.id} isn't enabled")
    if lock.start < suite.go_live:
        text = f"is before {suite.id} goes live on {format_moment(suite.go_live)}"
        yield Finding(at, text)
    if end > network.end:
        yield Finding(at, f"runs until {format_moment(end)}, past the horizon's end")
    for start, until in network.closures(suite):
        if lock.start < until and start < end:
            text = (
                f"runs until {format_moment(end)}, through the shutdown or outage "
                f"of {format_moment(start)} to {format_moment(until)}"
            )
            yield Finding(at, text)


CHECKS: list[Check] = [
    horizon,
    grid,
    rates,
    recipes,
    release_times,
    campaign_limits,
    permissions,
    qualifications,
    orders,
    set_up,
    opening,
    freezers,
    locks,
]
