"""Inputs that nobody freezes: direct from the step before, or from the client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from capacity.checker.ledger import Ledger
from capacity.plan import PlannedBatch
from capacity.scenario import Client, Direct


def direct_batches_meet_the_hold(ledger: Ledger) -> Iterator[str]:
    """Per site the n-th batch to start takes the n-th to come out, within the hold.

    A linked campaign takes those of one campaign, batch by batch.
    """
    book = ledger.book
    for programme in book.scenario.programmes:
        for before, step in pairwise(programme.recipe):
            if not isinstance(step.supply, Direct):
                continue
            hold = book.grid.whole(step.supply.hold_days)
            if step.supply.linked:
                yield from _linked(ledger, programme.id, before.step, step.step, hold)
                continue
            for site in book.sites:
                feeds, users = (
                    sorted(
                        (
                            batch
                            for batch in ledger.made(programme.id, name)
                            if batch.site == site and batch.campaign is not None
                        ),
                        key=lambda batch: (
                            ledger.tick(
                                batch.out if name == before.step else batch.start
                            ),
                            batch.suite,
                            batch.batch,
                        ),
                    )
                    for name in (before.step, step.step)
                )
                if len(feeds) != len(users):
                    yield (
                        f"{programme.id} at {site}: {len(feeds)} batches of "
                        f"{before.step} for {len(users)} of {step.step}"
                    )
                for feed, user in zip(feeds, users, strict=False):
                    wait = ledger.tick(user.start) - ledger.tick(feed.out)
                    if not 0 <= wait <= hold:
                        yield (
                            f"batch {user.batch} starts "
                            f"{ledger.date(ledger.tick(user.start))}"
                            f", but its input {feed.batch} is out "
                            f"{ledger.date(ledger.tick(feed.out))} and holds "
                            f"{float(step.supply.hold_days):g} days"
                        )
                    if ledger.uses.get(user.batch) != [feed.batch]:
                        yield (
                            f"batch {user.batch} uses {feed.batch}, not what it states"
                        )


def feed_of(ledger: Ledger, batch: PlannedBatch) -> PlannedBatch | None:
    """The one batch that a batch of a linked campaign says it takes."""
    names = ledger.uses.get(batch.batch, [])
    return ledger.batches.get(names[0]) if len(names) == 1 else None


def _linked(
    ledger: Ledger, programme: str, before: str, step: str, hold: int
) -> Iterator[str]:
    """Every campaign of a step feeds one campaign of the next, within the hold."""
    fed: Counter[str | None] = Counter()
    for campaign in ledger.plan.campaigns:
        if (campaign.programme, campaign.step) != (programme, step):
            continue
        members = ledger.members[campaign.campaign]
        feeds = [feed_of(ledger, batch) for batch in members]
        names = {None if feed is None else feed.campaign for feed in feeds}
        source = names.pop()
        batches = ledger.members[source] if source is not None else []
        if names or not batches or feeds != batches:
            yield (
                f"campaign {campaign.campaign} isn't fed by one campaign of {before}, "
                "batch by batch"
            )
            continue
        fed[source] += 1
        for feed, user in zip(batches, members, strict=True):
            wait = ledger.tick(user.start) - ledger.tick(feed.out)
            if feed.site != user.site or not 0 <= wait <= hold:
                yield (
                    f"batch {user.batch} starts at {user.site} on "
                    f"{ledger.date(ledger.tick(user.start))}, but its input "
                    f"{feed.batch} is out at {feed.site} on "
                    f"{ledger.date(ledger.tick(feed.out))} and holds "
                    f"{float(ledger.book.grid.days(hold)):g} days"
                )
    for campaign in ledger.plan.campaigns:
        if (campaign.programme, campaign.step) == (programme, before):
            count = fed[campaign.campaign]
            if count != 1:
                yield f"campaign {campaign.campaign} feeds {count} campaigns, not one"


def client_input_has_arrived(ledger: Ledger) -> Iterator[str]:
    """Beyond what is on hand, client-supplied input takes its time from `as_of`."""
    book = ledger.book
    for programme in book.scenario.programmes:
        for step in programme.recipe:
            if not isinstance(step.supply, Client):
                continue
            arrival = book.as_of + book.grid.whole(step.supply.lead_time_days)
            users = ledger.input_order((programme.id, step.step))
            for batch in users[step.supply.on_hand :]:
                if ledger.tick(batch.start) < arrival:
                    yield (
                        f"batch {batch.batch} starts "
                        f"{ledger.date(ledger.tick(batch.start))}, before the client's "
                        f"material arrives {ledger.date(arrival)}"
                    )
