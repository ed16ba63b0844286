"""Locked campaigns, their batches, where and when they may run, how many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from capacity.checker.book import Book
from capacity.checker.ledger import Ledger
from capacity.checker.rules.inputs import feed_of
from capacity.plan import PlannedBatch, PlannedCampaign
from capacity.scenario import Direct


def locks_keep_their_dates(ledger: Ledger) -> Iterator[str]:
    """What the scenario states is in the plan, unchanged; nothing else claims to be."""
    for name, given in ledger.given.items():
        batch = ledger.batches.get(name)
        if batch is None:
            yield f"batch {name} of the scenario is missing"
            continue
        stated = (
            batch.programme,
            batch.step,
            batch.suite,
            batch.kind,
            ledger.maybe(batch.start),
            ledger.maybe(batch.out),
        )
        if stated != (
            given.programme,
            given.step,
            given.suite,
            given.kind,
            given.start,
            given.out,
        ):
            yield f"batch {name} differs from what the scenario states of it"
    locks = {lock.id for lock in ledger.book.scenario.locks}
    for campaign in ledger.plan.campaigns:
        if campaign.locked != (campaign.campaign in locks):
            yield (
                f"campaign {campaign.campaign} is locked in only one of plan and "
                "scenario"
            )
    for lock in sorted(locks - set(ledger.campaigns)):
        yield f"locked campaign {lock} is missing"
    for batch in ledger.plan.batches:
        if batch.batch in ledger.given:
            source = ledger.given[batch.batch].source.id
            if batch.campaign != (source if source in locks else None):
                yield f"batch {batch.batch} is stated in campaign {batch.campaign}"


def batches_follow_their_campaign(ledger: Ledger) -> Iterator[str]:
    """Batch k starts at start + (k-1) takt and is out a lead-in later.

    In a linked campaign it starts a takt after the one before or, if later, as soon as the
    batch that feeds it is out.
    """
    book = ledger.book
    for campaign in ledger.plan.campaigns:
        members = ledger.members[campaign.campaign]
        if len(members) != campaign.batches or not members:
            yield (
                f"campaign {campaign.campaign} states {campaign.batches} batches and "
                f"has {len(members)}"
            )
            continue
        suite = book.suites[campaign.suite]
        start = ledger.tick(campaign.start)
        starts = _paced(ledger, campaign)
        lead = book.lead_in(suite, campaign.programme)
        for batch, begins in zip(members, starts, strict=True):
            if (batch.programme, batch.step, batch.suite, batch.site) != (
                campaign.programme,
                campaign.step,
                campaign.suite,
                campaign.site,
            ):
                yield f"batch {batch.batch} isn't of its campaign {campaign.campaign}"
            if campaign.locked:
                continue
            if ledger.tick(batch.start) != begins:
                yield (
                    f"batch {batch.batch} in {campaign.suite} starts "
                    f"{ledger.date(ledger.tick(batch.start))}, not "
                    f"{ledger.date(begins)}"
                )
            if ledger.tick(batch.out) != ledger.tick(batch.start) + lead:
                yield (
                    f"batch {batch.batch} in {campaign.suite} is out "
                    f"{ledger.date(ledger.tick(batch.out))}, not "
                    f"{ledger.date(ledger.tick(batch.start) + lead)}"
                )
        dates = (
            ledger.tick(members[0].start),
            ledger.tick(members[0].out),
            ledger.tick(members[-1].out),
        )
        stated = (start, ledger.tick(campaign.first_out), ledger.tick(campaign.end))
        if dates != stated:
            yield f"campaign {campaign.campaign} states other dates than its batches"


def _paced(ledger: Ledger, campaign: PlannedCampaign) -> list[int]:
    """When the batches of a campaign start, from its own start on. [tick]"""
    book, members = ledger.book, ledger.members[campaign.campaign]
    start = ledger.tick(campaign.start)
    takt = book.takt(book.suites[campaign.suite], campaign.programme, start)
    supply = book.step(campaign.programme, campaign.step).supply
    if not isinstance(supply, Direct) or not supply.linked:
        return [start + number * takt for number in range(len(members))]
    starts = [start]
    for batch in members[1:]:
        feed = feed_of(ledger, batch)
        ready = start if feed is None else ledger.tick(feed.out)
        starts.append(max(ready, starts[-1] + takt))
    return starts


def suites_can_run_the_step(ledger: Ledger) -> Iterator[str]:
    """A step runs only in a listed suite of its stage that contains its payload."""
    book = ledger.book
    for campaign in ledger.plan.campaigns:
        step = book.step(campaign.programme, campaign.step)
        suite = book.suites[campaign.suite]
        listed = campaign.suite in step.suites and suite.enabled
        if not listed or suite.stage != step.stage:
            yield (
                f"campaign {campaign.campaign}: {campaign.suite} isn't a suite for "
                f"{campaign.programme} {campaign.step}"
            )
        if step.payload_class is not None and step.payload_class not in suite.contains:
            yield (
                f"campaign {campaign.campaign}: {campaign.suite} doesn't contain "
                f"{step.payload_class}"
            )


def nothing_starts_too_early(ledger: Ledger) -> Iterator[str]:
    """Nothing runs before go-live, its transfer's end or the frozen window's end."""
    book = ledger.book
    for campaign in ledger.plan.campaigns:
        start = ledger.tick(campaign.start)
        suite = book.suites[campaign.suite]
        if start < book.grid.at(suite.go_live):
            yield (
                f"campaign {campaign.campaign} starts in {suite.id} on "
                f"{ledger.date(start)}, before go-live"
            )
        if campaign.locked:
            continue
        opened = opened_at(ledger, campaign.programme, campaign.step, suite.site)
        if opened is None or start < opened:
            yield (
                f"campaign {campaign.campaign}: {suite.site} isn't open to "
                f"{campaign.programme} {campaign.step} on {ledger.date(start)}"
            )
        if start < book.frozen_until:
            yield (
                f"campaign {campaign.campaign} starts in {suite.id} on "
                f"{ledger.date(start)}, inside the frozen window"
            )


def opened_at(ledger: Ledger, programme: str, step: str, site: str) -> int | None:
    """From when a site may make a step in this plan, None if it never may. [tick]"""
    chain = ledger.book.chain(programme, step, site)
    if chain is None or chain.origin is None:
        return ledger.book.opens(programme, step, site)
    stated = ledger.stated.get(chain.id)
    return None if stated is None else ledger.maybe(stated.transfer_end)


def strictest(ledger: Ledger, campaign: PlannedCampaign) -> tuple[str, int]:
    """Kind with the largest minimum in a campaign, and that minimum."""
    limits = {limit.id: limit for limit in ledger.book.scenario.campaign_limits}
    step = ledger.book.step(campaign.programme, campaign.step)
    minima = {str(kind): n for kind, n in limits[step.campaign].minimum.items()}
    kinds = sorted({batch.kind for batch in ledger.members[campaign.campaign]})
    order = [
        "ppq",
        "commercial",
        "clinical",
        "engineering",
        "intermediate",
        "in_process",
        "surplus",
    ]
    kinds.sort(key=order.index)
    return max(((kind, minima.get(kind, 1)) for kind in kinds), key=lambda row: row[1])


def campaigns_have_allowed_sizes(ledger: Ledger) -> Iterator[str]:
    """Batches per campaign: the strictest kind's minimum, the maximum, the multiple.

    Where the end of the horizon may cut a campaign off, one after which no further batch would
    be out in time needs neither minimum nor multiple.
    """
    book = ledger.book
    limits = {limit.id: limit for limit in book.scenario.campaign_limits}
    for campaign in ledger.plan.campaigns:
        kind, minimum = strictest(ledger, campaign)
        if campaign.kind != kind:
            yield f"campaign {campaign.campaign} is of kind {kind}, not {campaign.kind}"
        limit = limits[book.step(campaign.programme, campaign.step).campaign]
        size, multiple = campaign.batches, limit.multiple
        if campaign.locked:
            continue
        if limit.cut_by_end and _cut_off(ledger, campaign):
            minimum, multiple = 1, 1
        if not minimum <= size <= limit.maximum or size % multiple:
            yield (
                f"campaign {campaign.campaign} of {campaign.programme} in "
                f"{campaign.suite} has {size} batches; allowed are {minimum} to "
                f"{limit.maximum} in multiples of {limit.multiple}"
            )


def _cut_off(ledger: Ledger, campaign: PlannedCampaign) -> bool:
    """Whether one batch more would be out after the end of the horizon."""
    book = ledger.book
    suite, start = book.suites[campaign.suite], ledger.tick(campaign.start)
    takt = book.takt(suite, campaign.programme, start)
    return ledger.tick(campaign.end) + takt > book.horizon_end


Track = tuple[str, str | None]
"""A programme, and its qualification where a site has one."""


def track_of(book: Book, row: PlannedBatch | PlannedCampaign) -> Track:
    """Whose engineering comes before whose PPQ: a qualification's are its own."""
    chain = book.chain(row.programme, row.step, row.site)
    return row.programme, None if chain is None else chain.id


def ppq_runs_alone(ledger: Ledger) -> Iterator[str]:
    """PPQ campaigns hold PPQ only, one for each line, and follow engineering."""
    book = ledger.book
    homes: defaultdict[str, set[str]] = defaultdict(set)
    wait = book.grid.whole(book.scenario.quality.ppq_after_engineering_days)
    engineered: defaultdict[Track, int] = defaultdict(lambda: -(10**9))
    for batch in ledger.plan.batches:
        if batch.kind == "engineering" and batch.out is not None:
            track = track_of(book, batch)
            engineered[track] = max(ledger.tick(batch.out), engineered[track])
    for campaign in ledger.plan.campaigns:
        members = ledger.members[campaign.campaign]
        kinds = {batch.kind for batch in members}
        if "ppq" not in kinds:
            continue
        if kinds - {"ppq", "surplus"}:
            yield f"PPQ campaign {campaign.campaign} also makes other kinds"
        if ledger.tick(campaign.start) < engineered[track_of(book, campaign)] + wait:
            yield (
                f"PPQ campaign {campaign.campaign} of {campaign.programme} starts "
                f"{ledger.date(ledger.tick(campaign.start))}, too soon after "
                "engineering"
            )
        for batch in members:
            if batch.order is not None:
                homes[batch.order].add(campaign.campaign)
    for order, campaigns in homes.items():
        if len(campaigns) > 1:
            split = ", ".join(sorted(campaigns))
            yield f"PPQ line {order} is split over campaigns {split}"
