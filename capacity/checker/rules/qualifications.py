"""Qualifications: transfers, and milestones that follow from the batches."""

from __future__ import annotations

from collections.abc import Iterator

from capacity.checker.ledger import Ledger
from capacity.plan import PlannedQualification
from capacity.scenario import Qualification


def transfers_have_their_team(ledger: Ledger) -> Iterator[str]:
    """A transfer takes its days, from when it may start, in a slot of its site."""
    book = ledger.book
    for row in ledger.plan.qualifications:
        chain, label = (
            book.chains[row.qualification],
            f"qualification {row.qualification}",
        )
        if not chain.permitted:
            yield f"{label} isn't permitted"
        length = book.transfer(chain)
        stated = ledger.maybe(row.transfer_start), ledger.maybe(row.transfer_end)
        if length is None:
            if stated != (None, None):
                yield f"{label} has no transfer of its own"
            continue
        start, end = stated
        if start is None or end != start + length:
            yield f"{label} states another transfer than it takes"
        elif start < book.transfer_from(chain):
            yield f"the transfer of {label} starts {ledger.date(start)}, too early"
    for site in book.sites:
        yield from _crowded(ledger, site)


def _crowded(ledger: Ledger, site: str) -> Iterator[str]:
    """The first day on which more transfers are under way than a site has slots."""
    slots = ledger.book.transfer_slots(site)
    rows = [
        (ledger.tick(row.transfer_start), ledger.tick(row.transfer_end))
        for row in ledger.plan.qualifications
        if ledger.book.chains[row.qualification].site == site and row.transfer_start
    ]
    if slots is None:
        return
    for tick in sorted({*(start for start, _ in rows), *(at for at, _ in slots)}):
        under_way = sum(start <= tick < end for start, end in rows)
        offered = [number for at, number in slots if at <= tick][-1]
        if under_way > offered:
            yield (
                f"{site} has {under_way} transfers under way on {ledger.date(tick)} "
                f"and slots for {offered}"
            )
            return


def qualifications_follow_their_order(ledger: Ledger) -> Iterator[str]:
    """Transfer, engineering, PPQ, filing, review: milestones follow from the batches.

    Once PPQ is complete, each market is filed for or not.
    """
    book = ledger.book
    for name, chain in book.chains.items():
        engineering = book.lines_of(chain, "engineering")
        ppq = [
            line for line in map(ledger.line, ledger.plan.batches) if line is not None
        ]
        begun = any((line.chain, line.kind) == (name, "ppq") for line in ppq)
        if begun and not all(map(ledger.whole, engineering)):
            yield f"qualification {name} has PPQ without all its engineering batches"
        row = ledger.stated.get(name)
        validated = ledger.validated(chain)
        if row is None:
            if validated:
                yield f"qualification {name} is missing, though its PPQ is complete"
            continue
        yield from _filed_too_soon(ledger, chain, row)
        if book.transfer(chain) is None and not validated:
            yield f"qualification {name} is stated without its PPQ"
        made = [batch for line in engineering for batch in ledger.serving(line)]
        expected = (
            chain.programme,
            chain.step,
            chain.site,
            max((ledger.tick(batch.out) for batch in made), default=None),
            min((ledger.tick(batch.start) for batch in validated), default=None),
            max((ledger.tick(batch.out) for batch in validated), default=None),
            max((ledger.tick(batch.released) for batch in validated), default=None),
            _filings(ledger, chain),
        )
        stated = (
            row.programme,
            row.step,
            row.site,
            *map(
                ledger.maybe,
                (row.engineered, row.ppq_start, row.ppq_out, row.ppq_released),
            ),
            [
                (
                    filing.market,
                    ledger.tick(filing.filed),
                    ledger.tick(filing.reviewed),
                    ledger.maybe(filing.inspected),
                    ledger.tick(filing.right),
                )
                for filing in row.filings
            ],
        )
        if stated != expected:
            yield f"qualification {name} states milestones that don't follow"
    if len(ledger.stated) != len(ledger.plan.qualifications):
        yield "a qualification stands twice in the plan"


def _filed_too_soon(
    ledger: Ledger, chain: Qualification, row: PlannedQualification
) -> Iterator[str]:
    """What comes after a qualification is filed for only where that one is, too."""
    if chain.after is None:
        return
    for filing in row.filings:
        before = ledger.book.before(chain, filing.market)
        if before is not None and ledger.filed(before, filing.market) is None:
            yield (
                f"qualification {chain.id} is filed for {filing.market}, though "
                f"{before.id}, which it comes after, isn't"
            )


Filing = tuple[str, int, int, int | None, int]
"""(market, filed, reviewed, inspected, right to ship), in ticks."""


def _filings(ledger: Ledger, chain: Qualification) -> list[Filing]:
    """Filings that the plan makes for a qualification, none before its PPQ is complete."""
    found: list[Filing] = []
    for market in chain.markets:
        filed = ledger.filed(chain, market)
        if filed is None:
            continue
        right = ledger.granted(chain, market)
        if right is None:
            continue  # filed too soon
        reviewed = filed + ledger.book.review(chain, market)
        inspected = ledger.inspected(chain.site, market)
        found.append((market, filed, reviewed, inspected, right))
    return found
