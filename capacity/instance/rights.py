"""From when what a site makes may ship to a market."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from capacity.demand import Line
from capacity.instance.known import Known
from capacity.instance.paces import lead_in, lock_takt, takts
from capacity.instance.qualifications import before, filing_data, opens
from capacity.instance.sizes import batches_of, reference_size
from capacity.instance.steps import StepData, release_times
from capacity.scenario import MadeToStock, Qualification, Step


def rights_to_ship(
    known: Known, line: Line, steps: tuple[StepData, ...]
) -> dict[tuple[int, int], int | None]:
    """Right to ship what a line is served with, by (step, site); None is never. [tick]"""
    programme = known.programme[line.programme]
    found: dict[tuple[int, int], int | None] = {}
    for step in steps:
        if step.programme != programme:
            continue
        for site, number in known.site.items():
            chain = known.chain_of.get((line.programme, step.name, site))
            if line.kind in ("engineering", "ppq") and step.name == line.step:
                here = None if chain is None else chain.id
                may = line.chain == here and (chain is None or chain.permitted)
                found[step.index, number] = known.dawn if may else None
                continue
            if line.market is None:
                found[step.index, number] = known.dawn
                continue
            if chain is not None and line.market in chain.markets:
                earliest = earliest_right(known, chain, line.market)
                if earliest is not None:
                    earliest = max(earliest, known.dawn)
                found[step.index, number] = earliest
                continue
            dates = [
                known.grid.at(row.start)
                for row in known.scenario.licences
                if row.programme == line.programme
                and row.site == site
                and row.market == line.market
                and (row.step is None or row.step == step.name)
            ]
            found[step.index, number] = max(min(dates), known.dawn) if dates else None
    return found


def earliest_right(known: Known, chain: Qualification, market: str) -> int | None:
    """Right to ship from PPQ as early as any suite of the site may have it. [tick]

    No earlier than that of the site which it comes after.
    """
    released = earliest_ppq(known, chain)
    if released is None:
        return None
    filing = filing_data(known, chain.id, market)
    approved = max(known.as_of, released + filing.wait) + filing.review
    if filing.licensed is not None:
        return max(approved, filing.licensed)
    first = before(known, chain, market)
    if first is None:
        return approved
    right = earliest_right(known, first, market)
    return None if right is None else max(approved, right)


def earliest_ppq(known: Known, chain: Qualification) -> int | None:
    """When PPQ of a qualification may be released at the earliest, None for never. [tick]

    In a locked campaign, or in a new one that has a suite of the site to itself, right
    away where some engineering is locked, which may be out by then.
    """
    step = known.validated(chain)
    opened = opens(known, chain.programme, step.step, chain.site)
    if opened is None:
        return None
    asked: dict[str, list[Line]] = {"engineering": [], "ppq": []}
    for line in known.validating[chain.id]:
        asked[line.kind].append(line)
    first = list(_ppq_under_way(known, chain, step, asked["ppq"]))
    for name in step.suites:
        if name not in known.suite:
            continue
        suite = known.suites[known.suite[name]]
        if suite.site != chain.site or not suite.enabled:
            continue
        lead = lead_in(known, suite, chain.programme)
        kg = step.kg_per_batch.get(name, Fraction(1))
        count = _longest(asked["ppq"], kg, step)
        start = max(opened, known.frozen_until, known.grid.at(suite.go_live))
        if asked["engineering"] and not _tried(known, chain):
            wait = known.scenario.quality.ppq_after_engineering_days
            start += lead + known.ticks(wait)
        takt = takts(known, suite, chain.programme)[-1][1]
        first.append(start + lead + (count - 1) * takt)
    if not first:
        return None
    return min(first) + release_times(known, chain.programme, step)[2]["ppq"]


def _longest(asked: list[Line], kg: Fraction, step: Step) -> int:
    """Batches of the longest of several PPQ campaigns, one for each line."""
    return max(batches_of(line, kg, reference_size(step)) for line in asked)


def _tried(known: Known, chain: Qualification) -> bool:
    """Whether any engineering of a programme is locked at a site."""
    return any(
        (lock.programme, lock.kind) == (chain.programme, "engineering")
        and known.suites[known.suite[lock.suite]].site == chain.site
        for lock in known.scenario.locks
    )


def _ppq_under_way(
    known: Known, chain: Qualification, step: Step, asked: list[Line]
) -> Iterator[int]:
    """When locked campaigns have as much PPQ out as a qualification needs. [tick]"""
    for lock in known.scenario.locks:
        suite = known.suites[known.suite[lock.suite]]
        mine = (lock.programme, suite.site, lock.kind)
        last = known.by_programme[lock.programme].recipe[-1].step
        if mine != (chain.programme, chain.site, "ppq") or step.step != last:
            continue
        kg = step.kg_per_batch.get(suite.id, Fraction(1))
        count = _longest(asked, kg, step)
        out = known.grid.at(lock.start) + lead_in(known, suite, lock.programme)
        yield out + (count - 1) * lock_takt(known, lock)


def right_of_entry(
    known: Known, row: MadeToStock, mine: list[StepData], at: int
) -> int | None:
    """When what a site makes may ship to every market; by filing at its earliest. [tick]"""
    site, latest = known.scenario.sites[at].id, known.dawn
    for market in row.markets:
        for step in mine:
            chain = known.chain_of.get((row.programme, step.name, site))
            if chain is not None and market in chain.markets:
                earliest = earliest_right(known, chain, market)
                if earliest is None:
                    return None
                latest = max(latest, earliest)
                continue
            dates = [
                known.grid.at(licence.start)
                for licence in known.scenario.licences
                if (licence.programme, licence.site, licence.market)
                == (row.programme, site, market)
                and licence.step in (None, step.name)
            ]
            if not dates:
                return None
            latest = max(latest, min(dates))
    return latest


def filings_of_entry(
    known: Known, row: MadeToStock, mine: list[StepData], at: int
) -> tuple[int, ...]:
    """Filings that a batch made at a site waits for, to ship to every market."""
    site = known.scenario.sites[at].id
    chains = [known.chain_of.get((row.programme, step.name, site)) for step in mine]
    found = {
        known.filing[chain.id, market]
        for chain in chains
        for market in row.markets
        if chain is not None and market in chain.markets
    }
    return tuple(sorted(found))
