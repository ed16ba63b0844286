"""What a planner should know before solving: orders that can't be served, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from capacity.horizon import format_moment
from capacity.plan import Cause
from capacity.scenario import (
    Client,
    Direct,
    Frozen,
    InRelease,
    Lock,
    MadeToStock,
    Order,
    Scenario,
    Step,
    Stock,
    Suite,
)
from capacity.validate.names import Finding
from capacity.validate.network import Network, later

Warn = Callable[[Network], Iterator[Finding]]


@dataclass(frozen=True)
class Batch:
    """The earliest batch of a step from one source, and what it waits for."""

    site: str
    out: datetime
    """Out, or on hand."""
    released: datetime
    """Tested and reviewed."""
    right: datetime
    """Right to ship, of every step used."""
    cause: Cause
    """What its start waits for most."""
    words: str
    """The same in words."""
    kept: bool = False
    """In stock, frozen already."""

    @property
    def available(self) -> datetime:
        """Released and with the right to ship."""
        return max(self.released, self.right)

    @property
    def why(self) -> str:
        """The cause of this date, in words."""
        if self.right > self.released:
            return f"licence: the right to ship begins on {format_moment(self.right)}"
        return f"{self.cause}: {self.words}"


@dataclass(frozen=True)
class Wait:
    """Something that a start waits for."""

    until: datetime
    cause: Cause
    words: str


def earliest(
    network: Network, programme: str, kind: str, market: str | None
) -> list[Batch]:
    """Earliest batch of a programme's last step from each suite, soonest first.

    A bound that no plan beats: no queue, changeover, campaign minimum or other product.
    """
    steps = network.programmes[programme].recipe
    batches: list[Batch] = []
    for step in steps:
        kept = kind if step is steps[-1] else "intermediate"
        made = _made(network, programme, step, kept, market, batches)
        batches = [*made, *_coming(network, programme, step, kept, market)]
    return sorted(batches, key=lambda batch: (batch.available, batch.site))


def _made(
    network: Network,
    programme: str,
    step: Step,
    kind: str,
    market: str | None,
    before: list[Batch],
) -> list[Batch]:
    """New batches of a step, from each open suite and each way to supply it."""
    found = []
    for suite in _open_suites(network, programme, step):
        right = _right(network, programme, step, suite.site, market)
        for wait, inherited in _inputs(network, step, suite.site, before):
            if right is None:
                continue
            batch = _first(network, programme, step, suite, kind, wait)
            if batch is not None:
                found.append(replace(batch, right=max(right, inherited)))
    return found


def _open_suites(network: Network, programme: str, step: Step) -> list[Suite]:
    return [
        network.suites[name]
        for name in step.suites
        if network.suites[name].enabled
        and network.opens(programme, step.step, network.suites[name].site) is not None
    ]


def _right(
    network: Network, programme: str, step: Step, site: str, market: str | None
) -> datetime | None:
    """Right to ship of one step; the beginning of time where none is needed."""
    if market is None:
        return datetime.min
    return network.right(programme, step.step, site, market)


def _inputs(
    network: Network, step: Step, site: str, before: list[Batch]
) -> Iterator[tuple[Wait, datetime]]:
    """When input can be at a site, with the right to ship that it brings along."""
    as_of, supply = network.scenario.as_of, step.supply
    if supply is None:
        yield (
            Wait(as_of, "suite", "production and release take that long"),
            datetime.min,
        )
    elif isinstance(supply, Client):
        days = Fraction(0) if supply.on_hand else supply.lead_time_days
        words = "the client's antibody comes on "
        when = later(as_of, days)
        yield Wait(when, "intermediate", words + format_moment(when)), datetime.min
    else:
        for batch in before:
            usable = _usable(network, supply, batch, site)
            if usable is not None:
                words = f"no intermediate can be used before {format_moment(usable)}"
                yield Wait(max(as_of, usable), "intermediate", words), batch.right


def _usable(
    network: Network, supply: Direct | Frozen, batch: Batch, site: str
) -> datetime | None:
    """When a batch of the step before can be used at a site, if it can get there."""
    if isinstance(supply, Direct):
        return batch.out if batch.site == site else None
    freezing = Fraction(0) if batch.kept else supply.freeze_days
    when = later(batch.out if supply.at_risk else batch.released, freezing)
    if batch.site == site:
        return when
    lane = network.lanes.get((batch.site, site))
    return later(when, lane.days + lane.receipt_days) if lane is not None else None


def _first(
    network: Network, programme: str, step: Step, suite: Suite, kind: str, wait: Wait
) -> Batch | None:
    """The earliest batch of a suite that still ends within the horizon."""
    start = _start(network, programme, step, suite, wait)
    out = later(start.until, network.lead_in(suite, programme))
    if out > network.end:
        return None
    released = later(out, network.released_after(programme, step, kind))
    return Batch(suite.site, out, released, datetime.min, start.cause, start.words)


def _start(
    network: Network, programme: str, step: Step, suite: Suite, wait: Wait
) -> Wait:
    """When a suite can start its first batch, and what that waits for most."""
    waits = [wait, *_waits(network, programme, step, suite)]
    longest = max(waits, key=lambda wait: wait.until)
    lead_in = network.lead_in(suite, programme)
    for begins, ends in network.closures(suite):
        if longest.until < ends and begins < later(longest.until, lead_in):
            words = f"{suite.id} is down until {format_moment(ends)}"
            longest = Wait(ends, "shutdown", words)
    return longest


def _waits(
    network: Network, programme: str, step: Step, suite: Suite
) -> Iterator[Wait]:
    scenario = network.scenario
    opens = network.opens(programme, step.step, suite.site)
    if scenario.frozen_days:
        until = later(scenario.as_of, scenario.frozen_days)
        yield Wait(until, "frozen", f"the plan is frozen until {format_moment(until)}")
    live = format_moment(suite.go_live)
    yield Wait(suite.go_live, "go_live", f"{suite.id} goes live on {live}")
    if opens is not None:
        words = f"the transfer to {suite.site} ends on {format_moment(opens)}"
        yield Wait(opens, "transfer", words)


def _coming(
    network: Network, programme: str, step: Step, kind: str, market: str | None
) -> Iterator[Batch]:
    """Batches that are locked, wait for release or are on hand."""
    for suite, outs, until, kept in _opening(network, programme, step, kind):
        site = network.suites[suite].site
        right = _right(network, programme, step, site, market)
        if right is not None:
            released = max(until, network.scenario.as_of)
            words = "its release takes that long"
            yield Batch(site, outs, released, right, "suite", words, kept)


def _opening(
    network: Network, programme: str, step: Step, kind: str
) -> Iterator[tuple[str, datetime, datetime, bool]]:
    """Suite, out, release, and if it is stock, of what is under way.

    Stock that serves orders has an expiry, so it is looked at order by order.
    """
    days = network.released_after(programme, step, kind)
    for _, row in network.opening:
        ours = (row.programme, row.kind) == (programme, kind)
        if not ours or network.step(programme, row.step) is not step:
            continue
        if isinstance(row, Lock):
            lead_in = network.lead_in(network.suites[row.suite], programme)
            out = later(row.start, lead_in)
            yield row.suite, out, later(out, days), False
        elif isinstance(row, InRelease):
            yield row.suite, row.first_out, later(row.first_out, days), False
        elif kind == "intermediate":
            yield row.suite, network.scenario.as_of, network.scenario.as_of, True


def impossible(network: Network) -> Iterator[Finding]:
    """Orders due before anything could serve one batch of them."""
    scenario = network.scenario
    programmes = {contract.id: contract.programme for contract in scenario.contracts}
    known: dict[tuple[str, str, str | None], list[Batch]] = {}
    for at, at_due, order in _shares(scenario):
        programme = programmes[order.contract]
        market = "clinical" if order.kind == "clinical" else order.market
        key = (programme, str(order.kind), market)
        if key not in known:
            known[key] = earliest(network, *key)
        if _from_stock(network, order, programme, market):
            continue
        if not known[key]:
            yield Finding(at, _never(network, programme, market))
            continue
        able = [b for b in known[key] if _asked_for(network, order, programme, b.site)]
        if not able:
            yield Finding(at, _unasked(network, order, programme, known[key]))
            continue
        first = able[0]
        if first.available > _deadline(network, order):
            text = (
                f"{format_moment(order.due)} is before anything could be available: "
                f"{format_moment(first.available)} at the earliest ({first.why})"
            )
            yield Finding(at_due, text)


def _asked_for(network: Network, order: Order, programme: str, site: str) -> bool:
    """Whether a site's batches may serve an order.

    Where a site may be qualified, engineering and PPQ are made for the qualification.
    """
    if order.kind not in ("engineering", "ppq"):
        return True
    chains = network.scenario.qualifications
    last = network.programmes[programme].recipe[-1].step
    chain = network.chain(programme, last, site)
    if chain is None:
        return not any(order.id in other.orders for other in chains)
    return order.id in chain.orders


def _unasked(
    network: Network, order: Order, programme: str, batches: list[Batch]
) -> str:
    """Why no batch may serve an order, though such batches are made."""
    for chain in network.scenario.qualifications:
        if order.id in chain.orders:
            return (
                f"can never be served: {chain.id} asks for it, and nothing is out at "
                f"{chain.site} before the horizon's end (suite)"
            )
    last = network.programmes[programme].recipe[-1].step
    sites = sorted({batch.site for batch in batches})
    chains = [network.chain(programme, last, site) for site in sites]
    names = " or ".join(chain.id for chain in chains if chain is not None)
    return (
        "can never be served: engineering and PPQ batches there are those that a "
        f"qualification asks for, so name it in the orders of {names} or leave it out "
        "(licence)"
    )


def _shares(scenario: Scenario) -> Iterator[tuple[str, str, Order]]:
    """Every order by market, with the places of what is said of it and of its due day."""
    for order in scenario.orders:
        at = f"orders.{order.id}"
        for share in order.shares:
            if order.markets:
                place = f"{at}.markets.{share.market}"
                yield place, place, share
            else:
                yield at, f"{at}.due", share


def scarce(network: Network) -> Iterator[Finding]:
    """Demand against stock that is more than what is on hand before anything new."""
    for stocked in network.scenario.made_to_stock:
        markets: list[str | None] = [*stocked.markets] or [None]
        batches = [
            earliest(network, stocked.programme, "commercial", market)
            for market in markets
        ]
        firsts = [found[0] for found in batches if found]
        at = f"made_to_stock.{stocked.id}"
        if len(firsts) < len(batches):
            yield Finding(at, f"nothing can ever be made for {stocked.programme}")
            continue
        first = max(firsts, key=lambda batch: batch.available)
        wanted = Fraction(0)
        for row in network.demand(stocked.programme):
            wanted += row.quantity
            there = _on_hand(network, stocked)
            if first.available <= _day_end(network, row.due) or wanted <= there:
                continue
            text = (
                f"{float(wanted):g} {stocked.unit} are wanted by then and "
                f"{float(there):g} on hand; anything else comes on "
                f"{format_moment(first.available)} at the earliest ({first.why})"
            )
            yield Finding(f"demand.{row.id}.due", text)
            break


def _on_hand(network: Network, stocked: MadeToStock) -> Fraction:
    """Product that is there at `as_of`. [unit]"""
    step = network.programmes[stocked.programme].recipe[-1]
    found = sum((row.quantity for row in stocked.opening), Fraction(0))
    for row in network.scenario.stock:
        if (row.programme, network.step(row.programme, row.step)) == (
            stocked.programme,
            step,
        ):
            kg = step.kg_per_batch.get(row.suite, Fraction(1))
            found += row.batches * (kg if stocked.unit == "kg" else 1)
    return found


def _from_stock(
    network: Network, order: Order, programme: str, market: str | None
) -> bool:
    """Whether a batch on hand can serve the order on time."""
    step = network.programmes[programme].recipe[-1]
    for stock in network.scenario.stock:
        if (stock.programme, stock.kind) == (programme, order.kind):
            site = network.suites[stock.suite].site
            right = _right(network, programme, step, site, market)
            in_time = right is not None and right <= _deadline(network, order)
            if in_time and order.due <= stock.expiry:
                return True
    return False


def _deadline(network: Network, order: Order) -> datetime:
    return _day_end(network, order.due)


def _day_end(network: Network, due: datetime) -> datetime:
    """When a due day is over."""
    if network.scenario.due_rule == "strict":
        return due
    return later(due, 1 - network.grid.tick)


def _never(network: Network, programme: str, market: str | None) -> str:
    """Why no suite can ever make a batch for a market."""
    for step in network.programmes[programme].recipe:
        suites = _open_suites(network, programme, step)
        if not suites:
            text = (
                f"no suite for step {step.step} is at a site with a transfer or licence"
            )
            return f"can never be served: {text} (transfer)"
        sites = {suite.site for suite in suites}
        rights = [_right(network, programme, step, site, market) for site in sites]
        if all(right is None for right in rights):
            text = f"no site has a right to ship {programme} to {market}"
            return f"can never be served: {text} (licence)"
    return "can never be served: nothing is out before the horizon's end (suite)"


def never_opened(network: Network) -> Iterator[Finding]:
    """Suites that a step lists in vain."""
    for programme in network.scenario.programmes:
        for step in programme.recipe:
            for number, name in enumerate(step.suites):
                site = network.suites[name].site
                if network.opens(programme.id, step.step, site) is None:
                    path = (
                        f"programmes.{programme.id}.recipe.{step.step}.suites.{number}"
                    )
                    about = f"programme {programme.id}: step {step.step}"
                    text = f"no licence or transfer ever opens {site} for {name}"
                    yield Finding(path, text, about)


def dear_lateness(network: Network) -> Iterator[Finding]:
    """Kinds whose latest delivery costs more than not delivering at all."""
    scenario = network.scenario
    terms = scenario.economics
    weeks = max(Fraction(0), terms.max_late_days / 7 - terms.penalty_grace_weeks)
    penalty = min(terms.penalty_cap, terms.penalty_per_week * weeks)
    worst = terms.service_charge_per_day * terms.max_late_days + penalty
    prospects = {contract.id for contract in scenario.contracts if contract.prospect}
    kinds = {
        "prospect" if order.contract in prospects else str(order.kind)
        for order in scenario.orders
    }
    for kind in sorted(kinds):
        factor: Fraction = getattr(terms.unserved_factor, kind)
        if worst > factor:
            text = (
                f"a batch {terms.max_late_days} days late costs {float(worst):g} of "
                f"its price, more than the {float(factor):g} for not serving it"
            )
            yield Finding(f"economics.unserved_factor.{kind}", text)


def large_ppq(network: Network) -> Iterator[Finding]:
    """PPQ orders that don't fit into one campaign."""
    contracts = {contract.id: contract for contract in network.scenario.contracts}
    for order in network.scenario.orders:
        step = network.programmes[contracts[order.contract].programme].recipe[-1]
        most = network.limits[step.campaign].maximum
        if order.kind == "ppq" and order.batches > most:
            text = f"{order.batches} PPQ batches don't fit one campaign of {most}"
            yield Finding(f"orders.{order.id}.batches", text)


def late_engineering(network: Network) -> Iterator[Finding]:
    """Engineering orders due when a locked PPQ campaign allows no such batch any more.

    PPQ follows the last engineering batch of its programme, so a locked PPQ campaign
    leaves no engineering batch to later days. What qualifications ask for, they say.
    """
    contracts = {contract.id: contract for contract in network.scenario.contracts}
    asked = {name for chain in network.scenario.qualifications for name in chain.orders}
    locked = network.locked_ppq
    for order in network.scenario.orders:
        programme = contracts[order.contract].programme
        if order.kind != "engineering" or (programme, None) not in locked:
            continue
        if order.id in asked:
            continue
        lock, until = locked[programme, None]
        if _from_stock(network, order, programme, None):
            continue
        at = f"orders.{order.id}"
        said = (
            f"the PPQ campaign {lock.id} is locked from {format_moment(lock.start)}, so "
            f"engineering batches of {programme} are out by {format_moment(until)}"
        )
        outs = [b.out for b in earliest(network, programme, "engineering", None)]
        if outs and min(outs) > until:
            first = format_moment(min(outs))
            yield Finding(at, f"can never be served: {said}; {first} is the earliest")
        elif order.due > until:
            yield Finding(f"{at}.due", f"{format_moment(order.due)} is late: {said}")


def stale_intermediates(network: Network) -> Iterator[Finding]:
    """Intermediates on hand that expire unused, though the rule has them used next."""
    for programme in network.scenario.programmes:
        for step in programme.recipe:
            if not isinstance(step.supply, Frozen):
                continue
            before = network.neighbour(programme.id, step, -1)
            for part, row in network.opening:
                ours = row.programme == programme.id and row.step is not None
                if ours and before is not None and row.step == before.step:
                    yield from _stale(network, step, step.supply, part, row)


def _stale(
    network: Network,
    step: Step,
    supply: Frozen,
    part: str,
    row: Lock | InRelease | Stock,
) -> Iterator[Finding]:
    if isinstance(row, Lock):
        return
    key = "expiry" if isinstance(row, Stock) else "first_out"
    for batch, expiry in _kept(network, supply, row):
        first = _first_use(network, row.programme, step, supply, batch)
        if first is not None and later(first, supply.min_life_days) > expiry:
            last = format_moment(expiry)
            text = (
                f"life ends on {last}, too soon for any batch of {step.step}, the first "
                f"of which could use it on {format_moment(first)}; in order of expiry "
                "it stays before all that lasts longer, so leave out what is lost"
            )
            yield Finding(f"{part}.{row.id}.{key}", text)
            return


def _kept(
    network: Network, supply: Frozen, row: InRelease | Stock
) -> Iterator[tuple[Batch, datetime]]:
    """Each batch of a row of intermediates, with the end of its life."""
    site, as_of = network.suites[row.suite].site, network.scenario.as_of
    step = network.step(row.programme, row.step)
    if isinstance(row, Stock):
        batch = Batch(site, as_of, as_of, as_of, "intermediate", "", kept=True)
        yield batch, later(row.expiry, Fraction(1))
        return
    assert step is not None
    days = network.released_after(row.programme, step, "intermediate")
    for number in range(row.batches):
        out = later(row.first_out, number * row.every_days)
        batch = Batch(site, out, later(out, days), as_of, "intermediate", "")
        yield batch, later(out, supply.shelf_life_days)


def _first_use(
    network: Network, programme: str, step: Step, supply: Frozen, batch: Batch
) -> datetime | None:
    """The earliest start that can use an intermediate, if any can. [moment]"""
    found = []
    for suite in _open_suites(network, programme, step):
        usable = _usable(network, supply, batch, suite.site)
        if usable is None:
            continue
        wait = Wait(max(network.scenario.as_of, usable), "intermediate", "")
        found.append(_start(network, programme, step, suite, wait).until)
        found += [
            max(usable, lock.start)
            for lock in network.scenario.locks
            if (lock.programme, lock.suite) == (programme, suite.id)
            and network.step(programme, lock.step) is step
        ]
    return min(found, default=None)


def no_freezer(network: Network) -> Iterator[Finding]:
    """Sites whose freezer holds nothing, though frozen intermediates would lie there."""
    for site in network.scenario.sites:
        if site.freezer_batches != 0:
            continue
        kept = sorted(
            programme.id
            for programme in network.scenario.programmes
            for before, step in pairwise(programme.recipe)
            if isinstance(step.supply, Frozen)
            if any(
                network.suites[name].site == site.id
                and network.opens(programme.id, each.step, site.id) is not None
                for each in (before, step)
                for name in each.suites
            )
        )
        if kept:
            text = f"holds no frozen intermediate, and {', '.join(kept)} would need it"
            yield Finding(f"sites.{site.id}.freezer_batches", text)


def narrow_ceilings(network: Network) -> Iterator[Finding]:
    """Ceilings under which not even one batch fits.

    Below 1, no campaign fills a period, so it lies in two of them at the most.
    """
    period = network.scenario.load_period
    longest = {"month": 31, "quarter": 92, "year": 366}[period]
    for suite in network.scenario.suites:
        if suite.load_ceiling is None or suite.load_ceiling == 1:
            continue
        most = 2 * suite.load_ceiling * longest
        leads = [
            network.lead_in(suite, programme.id)
            for programme in network.scenario.programmes
            if any(suite.id in step.suites for step in programme.recipe)
        ]
        if leads and min(leads) > most:
            text = (
                f"admits no batch: the shortest takes {float(min(leads)):g} days, two "
                f"neighbouring {period}s admit {float(most):g}"
            )
            yield Finding(f"suites.{suite.id}.load_ceiling", text)


def unreleased(network: Network) -> Iterator[Finding]:
    """Sites without QC or QA, whose batches are never released."""
    scenario = network.scenario
    lending = scenario.quality.lending
    for site in scenario.sites:
        if not _tests(network, site.id):
            continue
        for field, lent in (("qc_batches", lending.qc), ("qa_reviewers", lending.qa)):
            at_work = {
                other.id
                for other in scenario.sites
                for rate in getattr(other, field)
                if rate.value > 0 and rate.start < network.end
            }
            if site.id not in at_work and not (lent and at_work):
                text = f"none, so nothing that is made at {site.id} is ever released"
                yield Finding(f"sites.{site.id}.{field}", text)


def _tests(network: Network, site: str) -> bool:
    """Whether anything that may be made at a site takes QC and QA."""
    for programme in network.scenario.programmes:
        for step in programme.recipe:
            last = step is programme.recipe[-1]
            if network.in_process(programme.id, step):
                continue
            if last and network.lagged(programme.id):
                continue
            suites = _open_suites(network, programme.id, step)
            if any(suite.site == site for suite in suites):
                return True
    return False


def no_team(network: Network) -> Iterator[Finding]:
    """Sites whose team never takes a transfer, though some could be qualified."""
    for site in network.scenario.sites:
        within = [rate for rate in site.transfer_slots if rate.start < network.end]
        if not site.transfer_slots or any(rate.value > 0 for rate in within):
            continue
        waiting = [
            chain.id
            for chain in network.scenario.qualifications
            if chain.site == site.id and chain.origin is not None and chain.permitted
        ]
        if waiting:
            text = f"none, so {', '.join(waiting)} can never be gone through"
            yield Finding(f"sites.{site.id}.transfer_slots", text)


def early_rights(network: Network) -> Iterator[Finding]:
    """A product's first right to ship that begins before its first PPQ is due.

    Allowed, since that PPQ may be for something else, such as a change of its process.
    """
    scenario = network.scenario
    programmes = {contract.id: contract.programme for contract in scenario.contracts}
    done = {row.programme for _, row in network.opening if row.kind == "ppq"}
    done |= {chain.programme for chain in scenario.qualifications}
    for programme in scenario.programmes:
        ppq = [
            order
            for order in scenario.orders
            if order.kind == "ppq" and programmes[order.contract] == programme.id
        ]
        licences = [
            row
            for row in scenario.licences
            if row.programme == programme.id and row.market != "clinical"
        ]
        if programme.id in done or not ppq or not licences:
            continue
        order = min(ppq, key=lambda order: (order.due, order.id))
        right = min(licences, key=lambda row: (row.start, row.id))
        if scenario.as_of < right.start < order.due:
            text = (
                f"{format_moment(right.start)} is before {order.id} is due, "
                f"{format_moment(order.due)}: PPQ, filing and review come first"
            )
            yield Finding(f"licences.{right.id}.from", text)


WARNINGS: list[Warn] = [
    impossible,
    scarce,
    never_opened,
    dear_lateness,
    large_ppq,
    late_engineering,
    stale_intermediates,
    no_freezer,
    narrow_ceilings,
    unreleased,
    no_team,
    early_rights,
]
