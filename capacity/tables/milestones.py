"""From when a programme may be made at a site and shipped to a market, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from capacity.plan import Plan, PlannedBatch, PlannedFiling
from capacity.scenario import Scenario
from capacity.tables.closures import suites_in_use

MILESTONE_COLUMNS = ("programme", "step", "site", "market", "milestone", "date", "why")

Milestone = tuple[str, str | None, str, str | None, str, datetime, str]
"""A row of the milestones."""


def milestones(scenario: Scenario, plan: Plan | None = None) -> pd.DataFrame:
    """Every date that opens a site or a market to a programme.

    Go-live, dated transfers and licences are the scenario's; PPQ is the plan's, and with
    it every milestone of the qualifications that the plan goes through.

    Returns
    -------
    DataFrame
        programme, step (none for all steps at the site), site, market (of rights to ship),
        milestone (`go_live`, `transfer_start`, `transfer`, `ppq_start`, `ppq_released`,
        `filed`, `right_to_ship`), date, why (what gives the date); by site, programme
        and date.
    """
    rows = [*_go_lives(scenario), *_transfers(scenario), *_ppqs(plan)]
    rows += [*_rights(scenario), *_qualified(plan)]
    sites = [site.id for site in scenario.sites]
    programmes = [programme.id for programme in scenario.programmes]
    rows.sort(key=lambda row: (sites.index(row[2]), programmes.index(row[0]), row[5]))
    frame = pd.DataFrame(rows, columns=list(MILESTONE_COLUMNS), dtype=object)
    return frame.astype({"date": "datetime64[us]"})


def _go_lives(scenario: Scenario) -> Iterator[Milestone]:
    """First suite of each site that goes live for a programme."""
    for programme in scenario.programmes:
        suites = {suite for step in programme.recipe for suite in step.suites}
        opened: dict[str, tuple[datetime, str]] = {}
        for site, suite in suites_in_use(scenario):
            if suite.id in suites:
                first = (suite.go_live, suite.id)
                opened[site.id] = min(first, opened.get(site.id, first))
        for owner, (day, name) in opened.items():
            yield programme.id, None, owner, None, "go_live", day, f"suite {name}"


def _transfers(scenario: Scenario) -> Iterator[Milestone]:
    for each in scenario.transfers:
        why = f"transfer {each.id}"
        yield each.programme, each.step, each.site, None, "transfer", each.end, why


def _rights(scenario: Scenario) -> Iterator[Milestone]:
    for each in scenario.licences:
        opened = each.programme, each.step, each.site, each.market
        yield *opened, "right_to_ship", each.start, f"licence {each.id}"


def _qualified(plan: Plan | None) -> Iterator[Milestone]:
    """Transfers, filings and rights of the plan's qualifications."""
    for row in [] if plan is None else plan.qualifications:
        opened, why = (row.programme, row.step, row.site), row.qualification
        if row.transfer_start is not None and row.transfer_end is not None:
            said = f"qualification {why}"
            yield *opened, None, "transfer_start", row.transfer_start, said
            yield *opened, None, "transfer", row.transfer_end, said
        for at in sorted({filing.filed for filing in row.filings}):
            yield *opened, None, "filed", at, f"qualification {why}"
        for filing in row.filings:
            said = f"qualification {why}: {_last(filing)}"
            yield *opened, filing.market, "right_to_ship", filing.right, said


def _last(filing: PlannedFiling) -> str:
    """What a right waits for longest."""
    inspected = filing.inspected or filing.reviewed
    if filing.right > max(filing.reviewed, inspected):
        return "approved elsewhere"
    return "inspected" if inspected > filing.reviewed else "reviewed"


def _ppqs(plan: Plan | None) -> Iterator[Milestone]:
    """First start and last release of the PPQ batches of an order at a site."""
    made: dict[tuple[str, str, str], list[PlannedBatch]] = {}
    for batch in [] if plan is None else plan.batches:
        if batch.kind == "ppq" and batch.order is not None:
            key = batch.programme, batch.site, batch.order
            made.setdefault(key, []).append(batch)
    for (programme, site, order), batches in made.items():
        starts = [batch.start for batch in batches if batch.start is not None]
        released = [batch.released for batch in batches if batch.released is not None]
        asked = batches[0].contract is None
        why = f"qualification {order}" if asked else f"order {order}"
        own = batches[0].step
        if starts:
            yield programme, own, site, None, "ppq_start", min(starts), why
        if released:
            yield programme, own, site, None, "ppq_released", max(released), why
