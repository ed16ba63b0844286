"""What is there already and can't be: set-ups, stock, freezers, locked campaigns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from capacity.horizon import format_moment
from capacity.scenario import Frozen, InRelease, Lock, Step, Stock, Suite
from capacity.validate.names import Finding
from capacity.validate.network import Network, later


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
            yield Finding(f"{at}.kind", _not_intermediate(network, row, step))
        if part != "locks" and network.in_process(row.programme, step):
            text = f"the next step follows {step.step} directly, so none are kept"
            yield Finding(f"{at}.step", text)
    yield from _dated(network)


def _not_intermediate(
    network: Network, row: Lock | InRelease | Stock, step: Step
) -> str:
    """Why batches of a step before the last are of no other kind, and what to state."""
    suite = network.suites.get(row.suite)
    site = None if suite is None else suite.site
    chain = network.chain(row.programme, step.step, site) if site else None
    alone = chain is not None and chain.step is not None
    if chain is None or not alone or row.kind not in ("ppq", "engineering"):
        return (
            f"batches of {step.step} go into the step after it, so they are "
            f"intermediate, not {row.kind}"
        )
    instead = f"ask {chain.id} for no engineering"
    if row.kind == "ppq":
        instead = f"instead of {chain.id} state its rights by date, in licences"
    closed = (
        f", close {row.suite} meanwhile by an outage" if isinstance(row, Lock) else ""
    )
    return (
        f"{row.kind} of {step.step}, which {chain.id} qualifies by itself, can't be under "
        f"way: leave it out{closed}, and {instead}"
    )


def _dated(network: Network) -> Iterator[Finding]:
    as_of = network.scenario.as_of
    for waiting in network.scenario.in_release:
        last = later(waiting.first_out, waiting.every_days * (waiting.batches - 1))
        if last >= as_of:
            one = last == waiting.first_out
            out = format_moment(last) if one else f"the last, on {format_moment(last)},"
            text = f"{out} isn't before as_of {format_moment(as_of)}"
            yield Finding(f"in_release.{waiting.id}.first_out", text)
        if early := _too_soon(network, waiting, waiting.first_out):
            yield Finding(f"in_release.{waiting.id}.first_out", early)
    for stock in network.scenario.stock:
        if stock.expiry < as_of:
            text = (
                f"{format_moment(stock.expiry)} is before as_of {format_moment(as_of)}"
            )
            yield Finding(f"stock.{stock.id}.expiry", text)
        if early := _too_soon(network, stock, as_of):
            on_hand = f"batches made there are on hand on {format_moment(as_of)}"
            text = f"{on_hand}, which {early}"
            yield Finding(f"stock.{stock.id}.suite", text)


def freezers(network: Network) -> Iterator[Finding]:
    """A freezer takes at least the intermediates that lie in it already."""
    inside: Counter[str] = Counter()
    for _, row in network.opening:
        step = network.step(row.programme, row.step)
        after = step and network.neighbour(row.programme, step, 1)
        suite = network.suites.get(row.suite)
        if suite is None or isinstance(row, Lock) or after is None:
            continue
        if isinstance(after.supply, Frozen):
            inside[suite.site] += row.batches
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
        end = network.locked_end(suite, lock)
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
    if lock.kind != "engineering" or network.track(lock) not in network.locked_ppq:
        return
    ppq, until = network.locked_ppq[network.track(lock)]
    if end > until:
        text = (
            f"makes engineering batches until {format_moment(end)}, but PPQ campaign "
            f"{ppq.id} wants them out by {format_moment(until)}"
        )
        yield Finding(f"locks.{lock.id}.start", text)


def _runs(
    network: Network, suite: Suite, lock: Lock, end: datetime
) -> Iterator[Finding]:
    at = f"locks.{lock.id}.start"
    if not suite.enabled:
        yield Finding(f"locks.{lock.id}.suite", f"{suite.id} isn't enabled")
    if lock.start < suite.go_live:
        text = f"is before {suite.id} goes live on {format_moment(suite.go_live)}"
        yield Finding(at, text)
    if early := _too_soon(network, lock, lock.start):
        yield Finding(at, early)
    if end > network.end:
        yield Finding(at, f"runs until {format_moment(end)}, past the horizon's end")
    for start, until in network.closures(suite):
        if lock.start < until and start < end:
            text = (
                f"runs until {format_moment(end)}, through the shutdown or outage "
                f"of {format_moment(start)} to {format_moment(until)}"
            )
            yield Finding(at, text)


def _too_soon(
    network: Network, row: Lock | InRelease | Stock, at: datetime
) -> str | None:
    """What is wrong with batches at a site on a day, if its transfer ends later."""
    step, suite = network.step(row.programme, row.step), network.suites.get(row.suite)
    if step is None or suite is None:
        return None
    ends = network.dated_transfer(row.programme, step.step, suite.site)
    if ends is None or ends <= at:
        return None
    return f"is before the transfer to {suite.site} ends on {format_moment(ends)}"
