"""Lines of orders: which batches serve them, when, and with what right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from capacity.checker.ledger import Ledger
from capacity.plan import PlannedBatch


def lines_get_what_they_may(ledger: Ledger) -> Iterator[str]:
    """A batch serves a line of its programme and kind, licensed there and in time."""
    book = ledger.book
    served: defaultdict[str, list[PlannedBatch]] = defaultdict(list)
    latest = book.grid.whole(book.scenario.economics.max_late_days)
    for batch in ledger.plan.batches:
        line = ledger.line(batch)
        if line is None:
            continue
        served[line.id].append(batch)
        if (batch.programme, batch.step, batch.kind) != (
            line.programme,
            line.step,
            line.kind,
        ):
            yield f"batch {batch.batch} can't serve line {line.id}"
        right = None if line.market is None else ledger.right(batch, line.market)
        if line.market is None and not book.serves(line, batch.site):
            yield (
                f"batch {batch.batch} from {batch.site} can't serve line {line.id}, "
                "which another site is for"
            )
        elif line.market is not None and right is None:
            yield (
                f"batch {batch.batch} from {batch.site} has no right to ship to "
                f"{line.market} for line {line.id}"
            )
        elif ledger.tick(batch.available) - book.deadline(line) > latest:
            yield (
                f"batch {batch.batch} is too late for line {line.id}: it counts as "
                "unserved"
            )
        given = ledger.given.get(batch.batch)
        if (
            given
            and given.expiry is not None
            and given.expiry <= book.grid.at(line.due)
        ):
            yield f"batch {batch.batch} expires before line {line.id} is due"
    for name, batches in served.items():
        line = book.lines[name]
        scales = {book.kg(line.programme, batch.suite) for batch in batches}
        if len(scales) > 1:
            yield f"line {name} is made at more than one batch size"
        elif len(batches) > book.needed(line, scales.pop()):
            yield (
                f"line {name} is served with {len(batches)} batches, more than it needs"
            )


def dates_of_batches_agree(ledger: Ledger) -> Iterator[str]:
    """What a batch states of its line, availability and lateness agrees."""
    book = ledger.book
    for batch in ledger.plan.batches:
        line = ledger.line(batch)
        role = book.role(batch.programme, batch.step)
        open_kind = {"product": "surplus", "intermediate": "intermediate"}
        kind = line.kind if line else open_kind.get(role, role)
        if line is None and role == "product" and batch.programme in book.made_to_stock:
            kind = "commercial"
        if ledger.planned(batch) and batch.kind != kind:
            yield f"batch {batch.batch} is of kind {kind}, not {batch.kind}"
        client = book.programmes[batch.programme].client
        stated = (batch.contract, batch.market, batch.due, batch.client, batch.site)
        expected = (
            (line and line.contract) or None,
            line and line.market,
            line and line.due,
            client,
            book.suites[batch.suite].site,
        )
        if stated != expected:
            yield (
                f"batch {batch.batch} states another contract, market, due day, client "
                "or site"
            )
        available, late, risk = _outcome(ledger, batch)
        if ledger.maybe(batch.available) != available:
            shown = "never" if available is None else ledger.date(available)
            yield f"batch {batch.batch} is available {shown}, not as stated"
        if batch.late_days != late:
            yield f"batch {batch.batch} is late by {late} days, not {batch.late_days}"
        if batch.at_risk != risk:
            yield f"batch {batch.batch} states a wrong at_risk"


def _outcome(
    ledger: Ledger, batch: PlannedBatch
) -> tuple[int | None, float | None, bool]:
    """Available, late days and at-risk of a batch by the rules."""
    line = ledger.line(batch)
    if line is None:
        return ledger.enters(batch) if ledger.stocked(batch) else None, None, False
    available = ledger.tick(batch.released)
    right = None if line.market is None else ledger.right(batch, line.market)
    if right is not None:
        available = max(available, right)
    late = max(0, available - ledger.book.deadline(line))
    start = ledger.maybe(batch.start)
    at_risk = right is not None and start is not None and start < right
    return available, float(ledger.book.grid.days(late)), at_risk
