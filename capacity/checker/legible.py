"""What no rule could read in a plan: a date that is missing or off the grid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from capacity.checker.ledger import Ledger
from capacity.horizon import format_days, format_moment
from capacity.plan import PlannedBatch

BATCH_DATES = (
    "start",
    "out",
    "qc_start",
    "qc_end",
    "qa_start",
    "released",
    "available",
)
CAMPAIGN_DATES = ("changeover_start", "start", "first_out", "end")
SHIPMENT_DATES = ("depart", "arrive")
MILESTONES = (
    "transfer_start",
    "transfer_end",
    "engineered",
    "ppq_start",
    "ppq_out",
    "ppq_released",
)
FILING_DATES = ("filed", "reviewed", "inspected", "right")
TEST = ("qc_site", "qc_start", "qc_end", "qa_site", "qa_start")


def illegible(ledger: Ledger) -> Iterator[str]:
    """Every value that the rules can't read, by its place in the plan."""
    for batch in ledger.plan.batches:
        label = f"batch {batch.batch}"
        for field in BATCH_DATES:
            yield from _odd(ledger, label, field, getattr(batch, field))
        for field in _needed(ledger, batch):
            if getattr(batch, field) is None:
                yield f"{label}: {field} is missing"
        yield from _untimed(ledger, batch)
    for campaign in ledger.plan.campaigns:
        for field in CAMPAIGN_DATES:
            value = getattr(campaign, field)
            yield from _odd(ledger, f"campaign {campaign.campaign}", field, value)
    for number, shipment in enumerate(ledger.plan.shipments, start=1):
        for field in SHIPMENT_DATES:
            label = f"shipment {number} on {shipment.lane}"
            yield from _odd(ledger, label, field, getattr(shipment, field))
    for chain in ledger.plan.qualifications:
        label = f"qualification {chain.qualification}"
        for field in MILESTONES:
            yield from _odd(ledger, label, field, getattr(chain, field))
        for filing in chain.filings:
            for field in FILING_DATES:
                yield from _odd(
                    ledger, f"{label}: {filing.market}", field, getattr(filing, field)
                )
    for row in ledger.plan.orders:
        label = f"order {row.order}"
        yield from _odd(ledger, label, "last_available", row.last_available)


def _odd(
    ledger: Ledger, label: str, field: str, moment: datetime | None
) -> Iterator[str]:
    """A date that no tick stands for."""
    if moment is None:
        return
    said = f"{label}: {field} {format_moment(moment)}"
    try:
        ledger.tick(moment)
    except ValueError:
        yield f"{said} is off the time grid of {format_days(ledger.book.grid.tick)}"


def _needed(ledger: Ledger, batch: PlannedBatch) -> Iterator[str]:
    """Fields without which no rule can follow a batch."""
    if batch.campaign is not None:
        yield from ("start", "out")
    if ledger.tested(batch):
        yield from TEST
    if ledger.book.role(batch.programme, batch.step) != "in_process":
        yield "released"
    if batch.order is not None:
        yield "available"


def _untimed(ledger: Ledger, batch: PlannedBatch) -> Iterator[str]:
    """A kind for which the scenario states no release lead time."""
    if not ledger.tested(batch):
        return
    name = ledger.book.step(batch.programme, batch.step).release
    classes = {c.id: c.lead_time for c in ledger.book.scenario.release_classes}
    kind = ledger.lead_kind(batch)
    if not {kind, "any"} & set(classes[name or ""]):
        yield (
            f"batch {batch.batch}: its kind {batch.kind} has no release lead time in {name}"
        )
