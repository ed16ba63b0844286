"""Why a line is late or unserved, read off the scenario's book and the plan."""

from __future__ import annotations

from capacity.checker.book import Book
from capacity.checker.unavoidable import allowed_starts, earliest_right, inputs_of
from capacity.demand import Line
from capacity.plan import Cause, PlannedBatch
from capacity.scenario import Suite


def cause_of(
    book: Book,
    batches: list[PlannedBatch],
    line: Line,
    served: list[PlannedBatch],
) -> Cause:
    """The first thing that stands in the way of a line that isn't whole and on time.

    Given all batches of its programme, and those that serve it.
    In this order: no site may ever make it; even a batch alone would be late (and what
    holds that batch back); the right that a qualification gives in this plan comes too
    late or never; a batch that waited for QC or QA; intermediates that came
    too late or not at all; else the suites are taken by others.
    """
    alone = _alone(book, line)
    if alone is not None:
        return alone
    if _awaits_qualification(book, line, batches, served):
        return "licence"
    waited = _queue(book, line, served)
    if waited is not None:
        return waited
    if _starved(book, line, batches, served):
        return "intermediate"
    return "suite"


def _alone(book: Book, line: Line) -> Cause | None:
    """Why a batch with all resources to itself is late, None if it isn't."""
    step = book.last_step(line.programme).step
    opened = book.open_suites(line.programme, step)
    if not opened:
        return "transfer"
    suites = book.eligible_suites(line)
    if not suites:
        return "licence"
    reasons = [_holds_back(book, line, suite) for suite in suites]
    return None if None in reasons else reasons[0]


def _holds_back(book: Book, line: Line, suite: Suite) -> Cause | None:
    """What keeps a suite from making one batch of the line on time, None if nothing."""
    step = book.last_step(line.programme).step
    lead = book.lead_in(suite, line.programme)
    lead += book.lead_time(line.programme, step, line.kind)
    deadline = book.deadline(line)
    right = earliest_right(book, line, suite)
    if line.market is not None and (right is None or right > deadline):
        return "licence"
    spans = allowed_starts(book, line, suite)
    if spans and spans[0][0] + lead <= deadline:
        return None
    latest = deadline - lead
    opened = book.opens(line.programme, step, suite.site)
    if book.as_of > latest:
        return "due_before_possible"
    if book.grid.at(suite.go_live) > latest:
        return "go_live"
    if opened is None or opened > latest:
        return "transfer"
    if book.frozen_until > latest:
        return "frozen"
    return "shutdown"


def _awaits_qualification(
    book: Book, line: Line, batches: list[PlannedBatch], served: list[PlannedBatch]
) -> bool:
    """Whether a right that a qualification gives, not the release, makes a line late.

    A line that nothing serves awaits one where every site of some step hangs on a
    qualification and none of these has its PPQ.
    """
    steps = [*inputs_of(book, line)]
    for batch in served:
        places = [(line.step, batch.site)]
        places += [(step, site) for step, sites in steps for site in sites]
        if not batch.late_days or batch.released is None:
            continue
        if book.grid.at(batch.released) <= book.deadline(line) and any(
            book.filing_chain(line.programme, *place, line.market) for place in places
        ):
            return True
    if served:
        return False
    orders = {batch.order for batch in batches}
    steps.append((line.step, {suite.site for suite in book.eligible_suites(line)}))
    return any(
        sites and all(_unqualified(book, line, step, site, orders) for site in sites)
        for step, sites in steps
    )


def _unqualified(
    book: Book, line: Line, step: str, site: str, orders: set[str | None]
) -> bool:
    """Whether a right hangs on a qualification that has no PPQ in the plan."""
    chain = book.filing_chain(line.programme, step, site, line.market)
    return chain is not None and not any(
        ppq.id in orders for ppq in book.lines_of(chain, "ppq")
    )


def _queue(book: Book, line: Line, served: list[PlannedBatch]) -> Cause | None:
    """QC or QA, where a late batch would have been on time without its wait.

    It waits for what ends last, test or review.
    """
    grid = book.grid
    for batch in sorted(served, key=lambda row: (str(row.start or ""), row.batch)):
        if not batch.late_days or batch.out is None or batch.qc_start is None:
            continue
        lead = book.lead_time(line.programme, batch.step, line.kind)
        if grid.at(batch.out) + lead > book.deadline(line):
            continue
        assert batch.qa_start is not None
        qc_days, qa_days = book.testing(line.programme, batch.step)
        tested = grid.at(batch.qc_start) + qc_days
        reviewed = grid.at(batch.qa_start) + qa_days
        if tested == reviewed:  # both hold it up: the one that kept it waiting longer
            return "qc" if batch.qc_start >= batch.qa_start else "qa"
        return "qc" if tested > reviewed else "qa"
    return None


def _starved(
    book: Book, line: Line, batches: list[PlannedBatch], served: list[PlannedBatch]
) -> bool:
    """Whether the step before had nothing ready in time for this line."""
    step = book.last_step(line.programme)
    before = book.step_before(line.programme, step.step)
    if before is None:
        return False
    late = [batch.start for batch in served if batch.late_days and batch.start]
    users = [b for b in batches if (b.programme, b.step) == (line.programme, step.step)]
    units = [
        b for b in batches if (b.programme, b.step) == (line.programme, before.step)
    ]
    until = max(late, default=line.due)
    ready = sum(1 for unit in units if unit.out is None or unit.out <= until)
    started = sum(1 for user in users if user.start is not None and user.start <= until)
    started += 1 if not late else 0
    return ready < book.intermediates(line.programme, step.step, started)
