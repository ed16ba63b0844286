"""The rules that every plan keeps: one function per rule, breaches as sentences.

Written to be read, not to be fast. `RULES` is the specification; the model states the
same rules again and the tests hold the two together.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

from capacity.checker.book import WEEK, Book
from capacity.checker.ledger import Ledger
from capacity.horizon import format_moment
from capacity.plan import PlannedBatch, PlannedCampaign, Shipment
from capacity.scenario import Client, Direct, Frozen, Qualification

Rule = Callable[[Ledger], Iterator[str]]


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
        feed = _feed(ledger, batch)
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


def nothing_runs_in_a_closure(ledger: Ledger) -> Iterator[str]:
    """A campaign never spans a shutdown, an outage or the end of the horizon."""
    book = ledger.book
    for campaign in ledger.plan.campaigns:
        start, end = ledger.tick(campaign.start), ledger.tick(campaign.end)
        if end > book.horizon_end:
            yield (
                f"campaign {campaign.campaign} in {campaign.suite} ends "
                f"{ledger.date(end)}, after the horizon"
            )
        for first, last in book.closures(book.suites[campaign.suite]):
            if start < last and first < end:
                yield (
                    f"campaign {campaign.campaign} runs in {campaign.suite} through "
                    f"the closure from {ledger.date(first)} to {ledger.date(last)}"
                )


def changeover_needed(
    ledger: Ledger, before: PlannedCampaign | None, campaign: PlannedCampaign
) -> int:
    """Changeover days between two neighbours in a suite. [tick]"""
    book = ledger.book
    suite = book.suites[campaign.suite]
    if campaign.locked and (before is None or before.locked):
        return 0
    entering = (campaign.programme, campaign.step)
    start = ledger.tick(campaign.start)
    if before is None:
        free = max(book.as_of, book.grid.at(suite.go_live))
        leaving = None
        if suite.set_up is not None:
            steps = book.programmes[suite.set_up].recipe
            step = next(s.step for s in steps if suite.id in s.suites)
            leaving = (suite.set_up, step)
    else:
        free, leaving = ledger.tick(before.end), (before.programme, before.step)
    if leaving is not None and leaving[0] == campaign.programme:
        hold = book.grid.whole(book.scenario.clean_hold_days)
        shut = any(a < start and free < b for a, b in book.shutdowns(suite.site))
        always = book.changeover_rules(suite).every_campaign
        if start - free <= hold and not shut and not always:
            return 0
    return book.changeover(suite, leaving, entering)


def changeovers_fit(ledger: Ledger) -> Iterator[str]:
    """The changeover is directly before its campaign, clear of closures and go-live."""
    book = ledger.book
    for suite_id, campaigns in ledger.by_suite.items():
        suite = book.suites[suite_id]
        for before, campaign in pairwise([None, *campaigns]):
            assert campaign is not None
            start = ledger.tick(campaign.start)
            needed = changeover_needed(ledger, before, campaign)
            began = start - needed
            days = float(book.grid.days(needed))
            stated_start = ledger.maybe(campaign.changeover_start)
            if campaign.changeover_days != days or stated_start != (
                began if needed else None
            ):
                yield (
                    f"campaign {campaign.campaign} in {suite_id} needs a changeover of "
                    f"{days:g} days from {ledger.date(began)}"
                )
            if before is not None and ledger.tick(before.end) > began:
                yield (
                    f"campaign {campaign.campaign} and its changeover overlap "
                    f"{before.campaign} in {suite_id} on {ledger.date(began)}"
                )
            if needed and began < max(book.as_of, book.grid.at(suite.go_live)):
                yield (
                    f"the changeover of campaign {campaign.campaign} in {suite_id} "
                    f"begins {ledger.date(began)}, too early"
                )
            for first, last in book.closures(suite) if needed else ():
                if began < last and first < start:
                    yield (
                        f"the changeover of campaign {campaign.campaign} in {suite_id} "
                        f"runs into the closure from {ledger.date(first)}"
                    )


def suites_run_without_idle(ledger: Ledger) -> Iterator[str]:
    """Where a suite may not idle, a campaign starts as soon as its changeover permits."""
    book = ledger.book
    for suite_id, campaigns in ledger.by_suite.items():
        suite = book.suites[suite_id]
        for before, campaign in pairwise([None, *campaigns] if suite.no_idle else []):
            assert campaign is not None
            opened = book.opens(campaign.programme, campaign.step, suite.site)
            free = max(book.as_of, book.grid.at(suite.go_live))
            if before is not None:
                free = ledger.tick(before.end)
            ready = free + changeover_needed(ledger, before, campaign)
            soonest = max(ready, book.frozen_until, opened or 0)
            if ledger.tick(campaign.start) > soonest and not campaign.locked:
                yield (
                    f"campaign {campaign.campaign} starts in {suite_id} on "
                    f"{ledger.date(ledger.tick(campaign.start))}, though it could on "
                    f"{ledger.date(soonest)} and the suite may not idle"
                )


def suites_keep_their_ceiling(ledger: Ledger) -> Iterator[str]:
    """In no calendar period do changeovers and campaigns fill more than the ceiling.

    Where locked campaigns alone fill more, the period admits no more than them.
    """
    book = ledger.book
    for suite_id, campaigns in ledger.by_suite.items():
        suite = book.suites[suite_id]
        if suite.load_ceiling is None:
            continue
        for begin, end in book.load_periods():
            used = stuck = 0
            for before, campaign in pairwise([None, *campaigns]):
                assert campaign is not None
                start = ledger.tick(campaign.start)
                last = ledger.tick(campaign.end)
                first = start - changeover_needed(ledger, before, campaign)
                used += max(0, min(last, end) - max(first, begin))
                if campaign.locked:
                    stuck += max(0, min(last, end) - max(start, begin))
            most = math.floor(suite.load_ceiling * book.available(suite, begin, end))
            if used > max(most, stuck):
                yield (
                    f"{suite_id} is used for {_days(book, used)} days between "
                    f"{ledger.date(begin)} and {ledger.date(end)}; its ceiling is "
                    f"{_days(book, most)}"
                )


def _days(book: Book, ticks: int) -> str:
    return f"{float(book.grid.days(ticks)):g}"


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
    """Batches per campaign: the strictest kind's minimum, the maximum, the multiple."""
    book = ledger.book
    limits = {limit.id: limit for limit in book.scenario.campaign_limits}
    for campaign in ledger.plan.campaigns:
        kind, minimum = strictest(ledger, campaign)
        if campaign.kind != kind:
            yield f"campaign {campaign.campaign} is of kind {kind}, not {campaign.kind}"
        limit = limits[book.step(campaign.programme, campaign.step).campaign]
        size = campaign.batches
        if campaign.locked:
            continue
        if not minimum <= size <= limit.maximum or size % limit.multiple:
            yield (
                f"campaign {campaign.campaign} of {campaign.programme} in "
                f"{campaign.suite} has {size} batches; allowed are {minimum} to "
                f"{limit.maximum} in multiples of {limit.multiple}"
            )


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


# ------------------------------------------------------------------ input of a step


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


def _feed(ledger: Ledger, batch: PlannedBatch) -> PlannedBatch | None:
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
        feeds = [_feed(ledger, batch) for batch in members]
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


def expiry(ledger: Ledger, unit: PlannedBatch, supply: Frozen) -> int:
    """End of life of an intermediate. [tick]"""
    given = ledger.given.get(unit.batch)
    if given is not None and given.expiry is not None:
        return given.expiry
    life = ledger.book.grid.whole(supply.shelf_life_days)
    return ledger.tick(unit.out) + life


def may_take(ledger: Ledger, unit: PlannedBatch, batch: PlannedBatch) -> bool:
    """Whether an intermediate is licensed for the market that a batch serves."""
    line = ledger.line(batch)
    if line is None or line.market is None:
        return True
    return ledger.right(unit, line.market) is not None


def intermediates(ledger: Ledger, programme: str, step: str) -> list[PlannedBatch]:
    """Batches of a step that the next may use: all that serve no qualification."""
    return [unit for unit in ledger.made(programme, step) if unit.order is None]


def inputs_by_rule(
    ledger: Ledger, programme: str, step: str, supply: Frozen
) -> Iterator[tuple[PlannedBatch, list[PlannedBatch], list[PlannedBatch]]]:
    """Every user of intermediates, what it takes anew, and what it uses.

    The k-th batch to start takes what the first k take in all less what the first
    k - 1 do, in order of expiry from those licensed for its market, or shares the last
    one taken. Engineering and PPQ of the step before go into nothing.
    """
    before = ledger.book.step_before(programme, step)
    assert before is not None
    pool = sorted(
        intermediates(ledger, programme, before.step),
        key=lambda unit: (expiry(ledger, unit, supply), unit.suite, unit.batch),
    )
    last: list[PlannedBatch] = []
    for number, batch in enumerate(ledger.input_order((programme, step))):
        count = newly_taken(ledger, programme, step, number)
        taken = [unit for unit in pool if may_take(ledger, unit, batch)][:count]
        for unit in taken:
            pool.remove(unit)
        last = taken[-1:] or last
        yield batch, taken, taken or last


def newly_taken(ledger: Ledger, programme: str, step: str, number: int) -> int:
    """Intermediates that a batch takes anew when so many have started before it."""
    first, then = (
        ledger.book.intermediates(programme, step, batches)
        for batches in (number, number + 1)
    )
    return then - first


def intermediates_are_ready(ledger: Ledger) -> Iterator[str]:
    """Intermediates are used in order of expiry, ready, alive, licensed, on site."""
    for programme in ledger.book.scenario.programmes:
        for step in programme.recipe:
            if isinstance(step.supply, Frozen):
                yield from _intermediates_of(
                    ledger, programme.id, step.step, step.supply
                )


def _intermediates_of(
    ledger: Ledger, programme: str, step: str, supply: Frozen
) -> Iterator[str]:
    book = ledger.book
    least = book.grid.whole(supply.min_life_days)
    numbered = enumerate(inputs_by_rule(ledger, programme, step, supply))
    for number, (batch, taken, used) in numbered:
        count = newly_taken(ledger, programme, step, number)
        start = ledger.tick(batch.start)
        if len(taken) < count or not used:
            yield f"batch {batch.batch} on {ledger.date(start)} lacks its intermediate"
            continue
        if ledger.uses.get(batch.batch) != [unit.batch for unit in used]:
            names = ", ".join(unit.batch for unit in used)
            yield f"batch {batch.batch} takes {names} by rule, not what it states"
        for unit in used:
            ready = ready_at(ledger, unit, batch.site, supply)
            if ready is None:
                yield f"intermediate {unit.batch} never gets to {batch.site}"
            elif ready > start:
                yield (
                    f"batch {batch.batch} starts {ledger.date(start)}, before its "
                    f"intermediate {unit.batch} is ready {ledger.date(ready)}"
                )
            if expiry(ledger, unit, supply) - start < least:
                yield f"intermediate {unit.batch} is too old for batch {batch.batch}"
            if not may_take(ledger, unit, batch):
                yield (
                    f"intermediate {unit.batch} isn't licensed for {batch.batch}'s "
                    "market"
                )


def shippable_at(ledger: Ledger, unit: PlannedBatch, supply: Frozen) -> int:
    """When an intermediate can be used on its own site. [tick]"""
    if unit.out is None:
        return ledger.book.as_of
    ready = ledger.tick(unit.out if supply.at_risk else unit.released)
    return ready + ledger.book.grid.whole(supply.freeze_days)


def ready_at(
    ledger: Ledger, unit: PlannedBatch, site: str, supply: Frozen
) -> int | None:
    """When an intermediate can be used on a site, None if never. [tick]"""
    book = ledger.book
    if unit.site == site:
        shipped = any(unit.batch in row.batches for row in ledger.plan.shipments)
        return None if shipped else shippable_at(ledger, unit, supply)
    for shipment in ledger.plan.shipments:
        lane = next((x for x in book.scenario.lanes if x.id == shipment.lane), None)
        if lane is not None and lane.to == site and unit.batch in shipment.batches:
            arrive = ledger.tick(shipment.arrive)
            return arrive + book.grid.whole(lane.receipt_days)
    return None


def shipments_keep_their_lane(ledger: Ledger) -> Iterator[str]:
    """Shipments carry ready intermediates of one step along a lane, each once."""
    book = ledger.book
    lanes = {lane.id: lane for lane in book.scenario.lanes}
    carried: Counter[str] = Counter()
    for shipment in ledger.plan.shipments:
        lane = lanes[shipment.lane]
        depart, arrive = ledger.tick(shipment.depart), ledger.tick(shipment.arrive)
        label = f"shipment on {lane.id} of {ledger.date(depart)}"
        if arrive != depart + book.grid.whole(lane.days):
            yield f"{label} states another arrival than its lane takes"
        if not 0 < len(shipment.batches) <= lane.batches:
            yield f"{label} carries {len(shipment.batches)} batches"
        if depart < book.as_of:
            yield f"{label} departs before as_of"
        units = [ledger.batches[name] for name in shipment.batches]
        if len({(unit.programme, unit.step) for unit in units}) > 1:
            yield f"{label} carries intermediates of more than one step"
        carried.update(shipment.batches)
        yield from _cargo(ledger, shipment, lane.start, label)
    for batch, times in carried.items():
        if times > 1:
            yield f"intermediate {batch} is shipped {times} times"


def _cargo(
    ledger: Ledger, shipment: Shipment, origin: str, label: str
) -> Iterator[str]:
    for name in shipment.batches:
        unit = ledger.batches[name]
        after = ledger.book.step_after(unit.programme, unit.step)
        if after is None or not isinstance(after.supply, Frozen):
            yield f"{label} carries {name}, which isn't an intermediate"
        elif unit.site != origin:
            yield f"{label} carries {name}, which is at {unit.site}"
        elif unit.order is not None:
            yield f"{label} carries {name}, which serves a qualification"
        elif shippable_at(ledger, unit, after.supply) > ledger.tick(shipment.depart):
            yield f"{label} carries {name} before it is ready"


def stays_in_freezers(ledger: Ledger) -> Iterator[tuple[str, str, int, int]]:
    """Site, intermediate, and from when until when it lies frozen there. [tick]

    From its out, not before `as_of`, until the last batch that uses it starts; unused,
    until it expires or the horizon ends. Shipped, it leaves when its shipment departs and
    lies at the other end from its arrival on.
    """
    book = ledger.book
    for programme in book.scenario.programmes:
        for step in programme.recipe:
            if not isinstance(step.supply, Frozen):
                continue
            before = book.step_before(programme.id, step.step)
            assert before is not None
            last: dict[str, int] = {}
            for batch, _, used in inputs_by_rule(
                ledger, programme.id, step.step, step.supply
            ):
                for unit in used:
                    start = ledger.tick(batch.start)
                    last[unit.batch] = max(start, last.get(unit.batch, start))
            for unit in intermediates(ledger, programme.id, before.step):
                begin = book.as_of
                if unit.out is not None:
                    begin = max(begin, ledger.tick(unit.out))
                end = min(expiry(ledger, unit, step.supply), book.horizon_end)
                end = last.get(unit.batch, end)
                sent = [x for x in ledger.plan.shipments if unit.batch in x.batches]
                yield (
                    unit.site,
                    unit.batch,
                    begin,
                    (ledger.tick(sent[0].depart) if sent else end),
                )
                for shipment in sent:
                    to = next(
                        x.to for x in book.scenario.lanes if x.id == shipment.lane
                    )
                    yield to, unit.batch, ledger.tick(shipment.arrive), end


def freezers_are_finite(ledger: Ledger) -> Iterator[str]:
    """A site never holds more frozen intermediates than its freezer."""
    stays = list(stays_in_freezers(ledger))
    for site in ledger.book.scenario.sites:
        most = site.freezer_batches
        if most is None:
            continue
        here = [(begin, end) for where, _, begin, end in stays if where == site.id]
        for tick in sorted({begin for begin, end in here if begin < end}):
            count = sum(begin <= tick < end for begin, end in here)
            if count > most:
                yield (
                    f"{site.id} holds {count} frozen intermediates on "
                    f"{ledger.date(tick)}; its freezer takes {most}"
                )
                break


# ------------------------------------------------------------------ release and rights


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
        if role == "product" and batch.programme in book.made_to_stock:
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


# ------------------------------------------------------------------ qualifications


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
    """Transfer, engineering, PPQ, filing, review: milestones follow from the batches."""
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


Filing = tuple[str, int, int, int | None, int]
"""(market, filed, reviewed, inspected, right to ship), in ticks."""


def _filings(ledger: Ledger, chain: Qualification) -> list[Filing]:
    """Every filing of a qualification, none before its PPQ is complete."""
    filed = ledger.filed(chain)
    found: list[Filing] = []
    for market in chain.markets if filed is not None else ():
        assert filed is not None
        right = ledger.granted(chain, market)
        assert right is not None
        reviewed = filed + ledger.book.review(chain, market)
        inspected = ledger.inspected(chain.site, market)
        found.append((market, filed, reviewed, inspected, right))
    return found


# ------------------------------------------------------------------------------ stock


def hard_demand_is_met(ledger: Ledger) -> Iterator[str]:
    """Where a shortage may not be, every period's demand is met in it."""
    for stocked in ledger.book.scenario.made_to_stock:
        for row in ledger.flows[stocked.programme].rows:
            if stocked.shortage == "hard" and row.backlog:
                yield (
                    f"{stocked.programme} lacks {_amount(row.backlog)} {stocked.unit} "
                    f"at the end of {format_moment(row.due)}"
                )


def stock_keeps_its_limit(ledger: Ledger) -> Iterator[str]:
    """No more than the storage limit is in stock at a period's end."""
    for stocked in ledger.book.scenario.made_to_stock:
        limit = stocked.storage_limit
        for row in ledger.flows[stocked.programme].rows:
            if limit is not None and row.closing > limit:
                yield (
                    f"{stocked.programme} has {_amount(row.closing)} {stocked.unit} in "
                    f"stock at the end of {format_moment(row.due)}; "
                    f"{_amount(limit)} find room"
                )


def _amount(quantity: Fraction) -> str:
    return f"{float(quantity):g}"


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        locks_keep_their_dates,
        batches_follow_their_campaign,
        suites_can_run_the_step,
        nothing_starts_too_early,
        nothing_runs_in_a_closure,
        changeovers_fit,
        suites_run_without_idle,
        suites_keep_their_ceiling,
        campaigns_have_allowed_sizes,
        ppq_runs_alone,
        direct_batches_meet_the_hold,
        client_input_has_arrived,
        intermediates_are_ready,
        shipments_keep_their_lane,
        freezers_are_finite,
        release_adds_up,
        qc_is_finite,
        qa_is_finite,
        queues_keep_their_order,
        lines_get_what_they_may,
        dates_of_batches_agree,
        transfers_have_their_team,
        qualifications_follow_their_order,
        hard_demand_is_met,
        stock_keeps_its_limit,
    )
}
