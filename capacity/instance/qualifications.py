"""Qualifications and filings in ticks, and since when a site may make a step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from capacity.instance.known import FAR, Known
from capacity.scenario import Licence, Qualification, Site, Transfer


@dataclass(frozen=True)
class ChainData:
    """A qualification: transfer, engineering, PPQ, filings."""

    index: int
    id: str
    programme: int
    step: int
    """Whose engineering and PPQ it makes."""
    steps: frozenset[int]
    """That it is for."""
    site: int
    permitted: bool
    transfer: int | None
    """Length of its transfer, None where it has none of its own. [tick]"""
    earliest: int
    """First tick on which the transfer may start. [tick]"""
    proved: int | None
    """When its PPQ may be released at the earliest; None for never. [tick]"""
    transfer_cost: int
    """[money]"""
    filings: tuple[int, ...]


@dataclass(frozen=True)
class FilingData:
    """A filing of a qualification for a market."""

    index: int
    chain: int
    site: int
    market: str
    cost: int
    """[money]"""
    wait: int
    """Last PPQ released to the filing. [tick]"""
    review: int
    """[tick]"""
    inspection: int | None
    """Of the site, from its first filing; None where there is none. [tick]"""
    inspected: int | None
    """When that is over at the latest, as something is licensed; None for never. [tick]"""
    after: int | None
    """Filing whose right to ship comes first, None for none."""
    licensed: int | None
    """When the licences begin that come first; None for none. [tick]"""


def chain_data(known: Known, chain: Qualification, proved: int | None) -> ChainData:
    """A qualification in ticks, with the earliest release of its PPQ. [tick]"""
    start = transfer_from(known, chain)
    return ChainData(
        index=known.chain[chain.id],
        id=chain.id,
        programme=known.programme[chain.programme],
        step=known.step[chain.programme, known.validated(chain).step],
        steps=frozenset(
            known.step[chain.programme, step] for step in known.qualified(chain)
        ),
        site=known.site[chain.site],
        permitted=chain.permitted,
        transfer=_transfer_of(known, chain),
        earliest=start,
        proved=proved,
        transfer_cost=chain.transfer_cost,
        filings=tuple(known.filing[chain.id, market] for market in chain.markets),
    )


def transfer_from(known: Known, chain: Qualification) -> int:
    """First tick on which a transfer may start. [tick]"""
    if chain.not_before is None:
        return known.as_of
    return max(known.as_of, known.grid.at(chain.not_before))


def _transfer_of(known: Known, chain: Qualification) -> int | None:
    if chain.origin is None:
        return None
    by_origin = known.scenario.quality.transfer_days
    return known.ticks(chain.transfer_days or by_origin[chain.origin])


def filing_data(known: Known, name: str, market: str) -> FilingData:
    """A filing of a qualification for a market."""
    chain = known.chains[known.chain[name]]
    data = next(row for row in known.scenario.markets if row.id == market)
    licensed = min(
        (
            known.grid.at(row.start)
            for row in known.scenario.licences
            if (row.site, row.market) == (chain.site, market)
        ),
        default=None,
    )
    held = licensed is not None and licensed <= known.as_of
    days = known.ticks(data.inspection_days)
    first = before(known, chain, market)
    return FilingData(
        index=known.filing[name, market],
        chain=known.chain[name],
        site=known.site[chain.site],
        market=market,
        cost=chain.filing_cost,
        wait=known.ticks(
            known.scenario.quality.filing_days
            if data.filing_days is None
            else data.filing_days
        ),
        review=known.ticks(data.review_days[chain.filing]),
        inspection=days if days and not held else None,
        inspected=licensed,
        after=None if first is None else known.filing[first.id, market],
        licensed=_licensed_before(known, chain, market) if first is None else None,
    )


def _site_before(known: Known, chain: Qualification) -> str | None:
    """Site whose rights come first: named, or that of the qualification named."""
    if chain.after in known.chain:
        return known.chains[known.chain[chain.after]].site
    return chain.after


def before(known: Known, chain: Qualification, market: str) -> Qualification | None:
    """The qualification whose right to a market comes first, if one gives it."""
    site, step = _site_before(known, chain), known.validated(chain).step
    if site is None:
        return None
    first = known.chain_of.get((chain.programme, step, site))
    return None if first is None or market not in first.markets else first


def _licensed_before(known: Known, chain: Qualification, market: str) -> int | None:
    """When licences of the site that comes first hold for every step. [tick]"""
    site = _site_before(known, chain)
    if site is None:
        return None
    return max(
        min(
            known.grid.at(row.start)
            for row in known.scenario.licences
            if (row.programme, row.site, row.market) == (chain.programme, site, market)
            and row.step in (None, step)
        )
        for step in known.qualified(chain)
    )


def transfer_slots(known: Known, site: Site) -> tuple[tuple[int, int], ...]:
    """(tick, transfers at a time from then on) of a site. [tick]"""
    return tuple(
        (known.grid.at(rate.start), math.floor(rate.value))
        for rate in site.transfer_slots
    )


def _transferred(known: Known, chain: Qualification) -> int | None:
    """Earliest end of a transfer that has its site to itself. [tick]"""
    length = _transfer_of(known, chain)
    assert length is not None
    start = transfer_from(known, chain)
    site = next(s for s in known.scenario.sites if s.id == chain.site)
    if not site.transfer_slots:
        return start + length
    steps = [(-FAR, 0), *transfer_slots(known, site), (FAR, 0)]
    for (at, number), (until, _) in pairwise(steps):
        if not number and at < start + length and start < until:
            start = until
    return None if start >= FAR else start + length


def opens(known: Known, programme: str, step: str, site: str) -> int | None:
    """Since when a site may make a step; None is never. [tick]"""
    chain = known.chain_of.get((programme, step, site))
    if chain is not None and chain.origin is not None:
        return _transferred(known, chain)
    stated: list[Transfer | Licence] = [
        *known.scenario.transfers,
        *known.scenario.licences,
    ]
    rows = [
        row
        for row in stated
        if row.programme == programme
        and row.site == site
        and (row.step is None or row.step == step)
    ]
    ends = [known.grid.at(row.end) for row in rows if isinstance(row, Transfer)]
    return min(ends) if ends else (known.as_of if rows else None)
