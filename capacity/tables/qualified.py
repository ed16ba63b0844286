"""What the plan's qualifications go through, when, and why then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import pandas as pd

from capacity.checker.book import Book
from capacity.horizon import format_moment
from capacity.plan import Plan, PlannedBatch, PlannedFiling, PlannedQualification
from capacity.scenario import Qualification, Scenario
from capacity.tables.rows import plain

QUALIFICATION_COLUMNS = {
    "qualification": ("string", "Qualification."),
    "programme": ("string", "Programme."),
    "step": ("string", "Step; every step at the site where none."),
    "site": ("string", "Site."),
    "market": ("string", "Market; none for what comes before the filings."),
    "milestone": (
        "string",
        "transfer, engineering, ppq, ppq_release, filing, review, inspection, "
        "right_to_ship; not_taken, not_filed where the plan goes without.",
    ),
    "start": ("datetime64[us]", "First day; none for what has no length."),
    "date": ("datetime64[us]", "When it is done."),
    "why": ("string", "What gives the date."),
}
"""Columns of `qualifications.csv`: stored as, meaning."""

GAINS_NOTHING = "no better plan with it was found"

Row = tuple[str | None, str, datetime | None, datetime | None, str]
"""Market, milestone, start, date, why."""


def qualifications(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """One row per milestone of every qualification, as in `qualifications.csv`."""
    found = {row.qualification: row for row in plan.qualifications}
    book = Book(scenario)
    cells = []
    for chain in sorted(scenario.qualifications, key=lambda chain: chain.id):
        row = found.get(chain.id)
        if row is None:
            steps: Iterable[Row] = [_left_out(book, plan, chain)]
        else:
            steps = _gone_through(book, plan, chain, row)
        cells += [
            [chain.id, chain.programme, chain.step, chain.site, *map(plain, step)]
            for step in steps
        ]
    return pd.DataFrame(cells, columns=list(QUALIFICATION_COLUMNS), dtype=object)


def _left_out(book: Book, plan: Plan, chain: Qualification) -> Row:
    why = "not permitted"
    if chain.permitted:
        reasons = {_unfiled(book, plan, chain, market) for market in chain.markets}
        why = GAINS_NOTHING if GAINS_NOTHING in reasons else min(reasons)
    return None, "not_taken", None, None, why


def _unfiled(book: Book, plan: Plan, chain: Qualification, market: str) -> str:
    """Why a market isn't filed for, though the qualification is permitted."""
    first = None if chain.after is None else book.before(chain, market)
    if first is None:
        return GAINS_NOTHING
    filed = {
        filing.market
        for row in plan.qualifications
        if row.qualification == first.id
        for filing in row.filings
    }
    if market in filed:
        return GAINS_NOTHING
    return f"{first.id}, which comes first, isn't filed for {market}"


def _gone_through(
    book: Book, plan: Plan, chain: Qualification, row: PlannedQualification
) -> Iterator[Row]:
    if row.transfer_start is not None:
        why = f"a transfer from {chain.origin}, in a slot of {chain.site}"
        yield None, "transfer", row.transfer_start, row.transfer_end, why
    own = [
        batch
        for batch in plan.batches
        if (batch.programme, batch.site) == (row.programme, row.site)
        and row.step in (None, batch.step)
    ]
    trials = [b for b in own if b.kind == "engineering" and b.order is not None]
    if row.engineered is not None:
        starts = [batch.start for batch in trials if batch.start is not None]
        yield (
            None,
            "engineering",
            min(starts, default=None),
            row.engineered,
            f"campaign {_campaign(trials, row.engineered)}, after the transfer",
        )
    if row.ppq_start is not None and row.ppq_out is not None:
        checks = [b for b in own if b.kind == "ppq"]
        why = f"campaign {_campaign(checks, row.ppq_out)}"
        if row.engineered is not None:
            why += ", after engineering"
        yield None, "ppq", row.ppq_start, row.ppq_out, why
        why = "the last PPQ batch is tested and reviewed"
        yield None, "ppq_release", row.ppq_out, row.ppq_released, why
    filings = {filing.market: filing for filing in row.filings}
    for market in chain.markets if row.ppq_released is not None else ():
        if market in filings:
            yield from _filing(book, plan, chain, row, filings[market])
        else:
            why = _unfiled(book, plan, chain, market)
            yield market, "not_filed", None, None, why


def _campaign(batches: list[PlannedBatch], out: datetime) -> str:
    return next((b.campaign or "" for b in batches if b.out == out), "")


def _filing(
    book: Book,
    plan: Plan,
    chain: Qualification,
    row: PlannedQualification,
    filing: PlannedFiling,
) -> Iterator[Row]:
    name, last = filing.market, row.ppq_released
    yield name, "filing", last, filing.filed, "written once PPQ is released"
    yield name, "review", filing.filed, filing.reviewed, f"{name} reviews the filing"
    why = f"{name} has approved"
    if filing.inspected is not None:
        yield _inspection(book, plan, row, filing)
        if filing.inspected > filing.reviewed:
            why = f"{row.site} has been inspected for {name}"
    if filing.right > max(filing.reviewed, filing.inspected or filing.reviewed):
        product = "" if chain.after in book.chains else f"{chain.programme} at "
        why = f"{name} has approved {product}{chain.after}, which comes first"
    yield name, "right_to_ship", None, filing.right, why


def _inspection(
    book: Book, plan: Plan, row: PlannedQualification, filing: PlannedFiling
) -> Row:
    """What brought the inspection that a filing waits for, or what says that it is over."""
    name, licence = filing.market, book.first_licence(row.site, filing.market)
    grid = book.grid
    if licence and grid.moment(grid.at(licence.start)) == filing.inspected:
        why = f"over at the latest when {licence.id} begins"
        return name, "inspection", None, filing.inspected, why
    first, begun = min(
        (each.filed, other.qualification)
        for other in plan.qualifications
        if other.site == row.site
        for each in other.filings
        if each.market == name
    )[::-1]
    why = f"brought by the site's first filing there, {first} on {format_moment(begun)}"
    return name, "inspection", begun, filing.inspected, why
