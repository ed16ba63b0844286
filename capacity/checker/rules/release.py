"""QC and QA of batches: how long, how many at a time, in which order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from capacity.checker.book import WEEK, Book
from capacity.checker.ledger import Ledger
from capacity.plan import PlannedBatch


def release_adds_up(ledger: Ledger) -> Iterator[str]:
    """QC and QA start at or after out; release follows their days and the buffer.

    A batch waits as long as its release is later than if both had started at its out.
    """
    book = ledger.book
    sites = set(book.sites)
    for batch in ledger.plan.batches:
        stated = (
            batch.qc_site,
            batch.qc_start,
            batch.qc_end,
            batch.qa_site,
            batch.qa_start,
        )
        if not ledger.tested(batch) and batch.wait_days is not None:
            yield f"batch {batch.batch} takes no QC or QA and can't wait"
        if not ledger.tested(batch):
            if any(value is not None for value in stated):
                yield f"batch {batch.batch} takes no QC or QA"
            released = ledger.maybe(batch.released)
            expected: int | None = None
            if batch.out is None:
                expected = book.as_of
            elif batch.kind == "engineering":
                expected = ledger.tick(batch.out)
            elif book.lag(batch.programme, batch.step) is not None:
                expected = ledger.unqueued(batch)
            if released != expected:
                yield f"batch {batch.batch} states a wrong release"
            continue
        if None in stated or not {batch.qc_site, batch.qa_site} <= sites:
            yield f"batch {batch.batch} lacks its QC or QA"
            continue
        out = ledger.tick(batch.out)
        qc, qa = ledger.tick(batch.qc_start), ledger.tick(batch.qa_start)
        if min(qc, qa) < out:
            yield f"batch {batch.batch} is tested or reviewed before it is out"
        if out < book.as_of and (
            (qc, qa, batch.qc_site, batch.qa_site) != (out, out, batch.site, batch.site)
        ):
            yield (
                f"batch {batch.batch} was out before as_of: QC and QA start at its out"
            )
        qc_days, qa_days = book.testing(batch.programme, batch.step)
        if ledger.tick(batch.qc_end) != qc + qc_days:
            yield f"batch {batch.batch} states a wrong end of QC"
        buffer = book.buffer(batch.programme, batch.step, ledger.lead_kind(batch))
        release = max(qc + qc_days, qa + qa_days) + buffer
        unqueued = out + max(qc_days, qa_days) + buffer
        if batch.wait_days != float(book.grid.days(release - unqueued)):
            yield f"batch {batch.batch} states a wrong wait"
        if ledger.maybe(batch.released) != release:
            yield (
                f"batch {batch.batch} is released {ledger.date(release)}, not as stated"
            )


def qc_is_finite(ledger: Ledger) -> Iterator[str]:
    """In every window of 28 days a site starts no more QC than its rate allows."""
    yield from _queue_is_finite(ledger, "qc")


def qa_is_finite(ledger: Ledger) -> Iterator[str]:
    """In every window of 28 days a site starts no more QA than its rate allows."""
    yield from _queue_is_finite(ledger, "qa")


def turn(ledger: Ledger, batch: PlannedBatch) -> tuple[int, int, int]:
    """Where the priority rule puts a batch of a last step: the least comes first.

    What serves no line comes last, what is out earlier first where all else is equal.
    """
    line, out = ledger.line(batch), ledger.tick(batch.out)
    rule = ledger.book.scenario.quality.priority
    if rule == "first_out":
        return 0, 0, out
    if line is None:
        return 2, 0, out
    if rule == "due_date":
        return 0, ledger.book.grid.at(line.due), out
    return int(line.firmness != "firm"), 0, out


def queues_keep_their_order(ledger: Ledger) -> Iterator[str]:
    """QC and QA start no batch of a site while one that comes first waits there.

    Batches of last steps only, out from `as_of` on, whoever does the work.
    """
    book = ledger.book
    if book.scenario.quality.priority == "free":
        return
    batches = [
        batch
        for batch in ledger.plan.batches
        if ledger.tested(batch)
        and book.role(batch.programme, batch.step) == "product"
        and ledger.tick(batch.out) >= book.as_of
    ]
    for resource in ("qc", "qa"):
        for site in book.sites:
            queue = [
                (
                    turn(ledger, batch),
                    ledger.tick(batch.out),
                    ledger.tick(getattr(batch, f"{resource}_start")),
                    batch.batch,
                )
                for batch in batches
                if batch.site == site
            ]
            for first, out, waits_until, name in queue:
                for second, _, start, other in queue:
                    if first < second and out <= start < waits_until:
                        yield (
                            f"{resource.upper()} of {other} starts on "
                            f"{ledger.date(start)}, while {name} of {site} waits and "
                            "comes first"
                        )


def _queue_is_finite(ledger: Ledger, resource: str) -> Iterator[str]:
    share = getattr(ledger.book.scenario.quality.lending, resource)
    for site in ledger.book.sites:
        every: list[int] = []
        own_before: list[int] = []
        foreign: list[int] = []
        for batch in ledger.plan.batches:
            if ledger.tested(batch) and getattr(batch, f"{resource}_site") == site:
                start = ledger.tick(getattr(batch, f"{resource}_start"))
                every.append(start)
                if ledger.tick(batch.out) < ledger.book.as_of:
                    own_before.append(start)
                elif rate_at(ledger.book, site, resource, start) == 0:
                    yield (
                        f"{resource.upper()} of {batch.batch} starts at {site} on "
                        f"{ledger.date(start)}, when it has no capacity"
                    )
                if batch.site != site:
                    foreign.append(start)
        label = f"{resource.upper()} at {site}"
        yield from _windows(
            ledger, site, resource, every, own_before, Fraction(1), label
        )
        lent = f"{label} for other sites"
        yield from _windows(ledger, site, resource, foreign, [], share, lent)


def _windows(
    ledger: Ledger,
    site: str,
    resource: str,
    starts: list[int],
    before: list[int],
    share: Fraction,
    label: str,
) -> Iterator[str]:
    """The first overfull window, if any; every window with a start is looked at."""
    if not starts:
        return
    book = ledger.book
    length = book.grid.whole(book.scenario.quality.window_days)
    first = min(starts) - length + 1
    offered = window_capacity(book, site, resource, first, max(starts) + 1)
    size = max(starts) - first + length + 2
    here, given = [0] * (size + 1), [0] * (size + 1)
    for table, ticks in ((here, starts), (given, before)):
        for tick in ticks:
            table[tick - first + 1] += 1
        for number in range(size):
            table[number + 1] += table[number]
    for number, capacity in enumerate(offered):
        inside = here[number + length] - here[number]
        stuck = given[number + length] - given[number]
        if inside > max(math.floor(share * capacity), stuck):
            window = ledger.date(first + number)
            yield (
                f"{label} starts {inside} batches in the window from {window}; "
                f"{math.floor(share * capacity)} fit"
            )
            return


def rate_at(book: Book, site: str, resource: str, tick: int) -> Fraction:
    """Starts a week in force at a tick. [1/week]"""
    value = Fraction(0)
    for rate in book.starts_a_week(site, resource):
        if book.grid.at(rate.start) <= tick:
            value = rate.value
    return value


def window_capacity(
    book: Book, site: str, resource: str, first: int, last: int
) -> list[int]:
    """Starts that fit into the window from each tick of [first, last)."""
    length = book.grid.whole(book.scenario.quality.window_days)
    steps = [
        (book.grid.at(rate.start), rate.value / WEEK * book.grid.tick)
        for rate in book.starts_a_week(site, resource)
    ]
    unit = math.lcm(*(rate.denominator for _, rate in steps), 1)
    per_tick = []
    value = 0
    waiting = list(steps)
    for tick in range(first, last + length):
        while waiting and waiting[0][0] <= tick:
            value = int(waiting.pop(0)[1] * unit)
        per_tick.append(value)
    inside = sum(per_tick[:length])
    found = []
    for number in range(last - first):
        found.append(inside // unit)
        inside += per_tick[number + length] - per_tick[number]
    return found
