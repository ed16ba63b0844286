"""What a suite runs one after another: closures, changeovers, idle time, ceilings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from capacity.checker.book import Book
from capacity.checker.ledger import Ledger
from capacity.plan import PlannedCampaign


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


def suites_make_one_product_a_period(ledger: Ledger) -> Iterator[str]:
    """Where a suite is so marked, no period has campaigns of two programmes in it."""
    book = ledger.book
    for suite_id, campaigns in ledger.by_suite.items():
        if not book.suites[suite_id].one_product:
            continue
        for begin, end in pairwise(book.period_edges()):
            made = {
                campaign.programme
                for campaign in campaigns
                if ledger.tick(campaign.start) < end
                and begin < ledger.tick(campaign.end)
            }
            if len(made) > 1:
                yield (
                    f"{suite_id} makes {' and '.join(sorted(made))} before "
                    f"{ledger.date(end)}, in one period"
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
