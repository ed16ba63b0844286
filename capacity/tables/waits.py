"""Where batches wait for QC or QA: which of the two binds at which site, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from capacity.horizon import add_months
from capacity.plan import Plan, PlannedBatch
from capacity.scenario import Scenario

WAIT_COLUMNS = {
    "site": ("string", "Site that made the batches."),
    "resource": ("string", "QC or QA."),
    "from": ("string", "Month in which the first of them is out."),
    "to": ("string", "Month in which the last of them has waited enough."),
    "batches": ("Int64", "How many it releases later than if none had queued."),
    "mean_days": ("float64", "How much later, on average. [day]"),
    "longest_days": ("float64", "How much later, at most. [day]"),
    "late_batches": ("Int64", "Those of them that are late."),
}
"""Columns of `waits.csv`: stored as, meaning."""

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wait:
    """A batch that a queue releases later."""

    site: str
    resource: str
    """QC or QA."""
    out: datetime
    until: datetime
    """When its test or review starts."""
    days: float
    """Later than without any queue. [day]"""
    late: bool


def queued(scenario: Scenario, plan: Plan) -> Iterator[Wait]:
    """Every batch that waits, once for each of QC and QA that holds it up.

    A batch that starts its test late but ends its review later still is held up by QA.
    """
    reviews = _review_days(scenario)
    for batch in plan.batches:
        if batch.wait_days and batch.out is not None:
            review = reviews[batch.programme, batch.step]
            for resource, start in _holding_up(batch, review):
                late = bool(batch.late_days)
                yield Wait(
                    batch.site, resource, batch.out, start, batch.wait_days, late
                )


def _review_days(scenario: Scenario) -> dict[tuple[str, str], timedelta]:
    """How long QA takes, by programme and step."""
    days = {each.id: each.qa_days for each in scenario.release_classes}
    return {
        (programme.id, step.step): timedelta(days=float(days[step.release]))
        for programme in scenario.programmes
        for step in programme.recipe
        if step.release is not None
    }


def _holding_up(
    batch: PlannedBatch, review: timedelta
) -> Iterator[tuple[str, datetime]]:
    assert batch.qc_start is not None
    assert batch.qc_end is not None
    assert batch.qa_start is not None
    reviewed = batch.qa_start + review
    if batch.qc_end >= reviewed:
        yield "QC", batch.qc_start
    if reviewed >= batch.qc_end:
        yield "QA", batch.qa_start


def waits(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """One row for each stretch of months in which QC or QA of a site binds.

    A stretch ends before a whole month in which no batch waits.

    Returns
    -------
    DataFrame
        As in `waits.csv`: site, resource, from, to, batches, mean_days, longest_days
        [day], late_batches; by site, resource and month.
    """
    found: defaultdict[tuple[str, str], list[Wait]] = defaultdict(list)
    for wait in queued(scenario, plan):
        found[wait.site, wait.resource].append(wait)
    rows = [
        _row(stretch)
        for _, each in sorted(found.items())
        for stretch in _stretches(sorted(each, key=lambda wait: (wait.out, wait.until)))
    ]
    return pd.DataFrame(rows, columns=list(WAIT_COLUMNS), dtype=object)


def _stretches(each: list[Wait]) -> Iterator[list[Wait]]:
    held: list[Wait] = []
    for wait in each:
        if held and _month(wait.out) > add_months(
            _month(max(other.until for other in held)), 1
        ):
            yield held
            held = []
        held.append(wait)
    yield held


def _month(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, 1)


def _row(stretch: list[Wait]) -> tuple[object, ...]:
    days = [wait.days for wait in stretch]
    return (
        *(stretch[0].site, stretch[0].resource),
        f"{stretch[0].out:%Y-%m}",
        f"{max(wait.until for wait in stretch):%Y-%m}",
        len(stretch),
        round(sum(days) / len(days), 2),
        round(max(days), 2),
        sum(wait.late for wait in stretch),
    )


def binding(rows: list[dict[str, Any]]) -> list[str]:
    """What binds, where and when, the longest waits in all first.

    Parameters
    ----------
    rows
        Rows of `waits`, by the names of its columns.
    """
    ranked = sorted(rows, key=lambda row: -row["batches"] * row["mean_days"])
    return [
        f"{row['resource']} at {row['site']} binds {_span(row)}:"
        f" {row['batches']} batch{'es wait' if row['batches'] > 1 else ' waits'}"
        f" {row['mean_days']:.3g} d{' on average' if row['batches'] > 1 else ''}"
        for row in ranked
    ]


def _span(row: dict[str, Any]) -> str:
    if row["from"] == row["to"]:
        return f"in {row['from']}"
    return f"{row['from']} to {row['to']}"
