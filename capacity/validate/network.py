"""A scenario's records by name, with the dates and speeds that follow from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from capacity.demand import firm_batches
from capacity.horizon import SECONDS_PER_DAY, Grid, add_months, days_between
from capacity.scenario import (
    CampaignLimits,
    Demand,
    Direct,
    InRelease,
    Lane,
    Lock,
    MadeToStock,
    Order,
    Programme,
    Qualification,
    ReleaseClass,
    Scenario,
    Shutdown,
    Site,
    Step,
    Stock,
    Suite,
)

Span = tuple[datetime, datetime]
"""Half-open."""
Track = tuple[str, str | None]
"""A programme, and its qualification where a site has one."""


def later(moment: datetime, days: Fraction) -> datetime:
    """The moment so many days later."""
    return moment + timedelta(seconds=float(days * SECONDS_PER_DAY))


@dataclass(frozen=True)
class Network:
    """Looks up what may be unknown: a wrong name gives None, never an error."""

    scenario: Scenario

    @cached_property
    def sites(self) -> dict[str, Site]:
        """Sites by id."""
        return {site.id: site for site in self.scenario.sites}

    @cached_property
    def suites(self) -> dict[str, Suite]:
        """Suites by id."""
        return {suite.id: suite for suite in self.scenario.suites}

    @cached_property
    def programmes(self) -> dict[str, Programme]:
        """Programmes by id."""
        return {programme.id: programme for programme in self.scenario.programmes}

    @cached_property
    def qualifications(self) -> dict[str, Qualification]:
        """Qualifications by id."""
        return {chain.id: chain for chain in self.scenario.qualifications}

    @cached_property
    def limits(self) -> dict[str, CampaignLimits]:
        """Campaign limits by id."""
        return {limits.id: limits for limits in self.scenario.campaign_limits}

    @cached_property
    def release_classes(self) -> dict[str, ReleaseClass]:
        """Release classes by id."""
        return {release.id: release for release in self.scenario.release_classes}

    @cached_property
    def lanes(self) -> dict[tuple[str, str], Lane]:
        """Lanes by their two sites."""
        return {(lane.start, lane.to): lane for lane in self.scenario.lanes}

    @cached_property
    def opening(self) -> list[tuple[str, Lock | InRelease | Stock]]:
        """Locked campaigns, batches in release and stock, each with its list's name."""
        scenario = self.scenario
        return [
            *(("locks", lock) for lock in scenario.locks),
            *(("in_release", waiting) for waiting in scenario.in_release),
            *(("stock", stock) for stock in scenario.stock),
        ]

    @cached_property
    def made_to_stock(self) -> dict[str, MadeToStock]:
        """What is said of programmes that are made to stock, by programme."""
        return {row.programme: row for row in self.scenario.made_to_stock}

    def lagged(self, programme: str) -> bool:
        """Whether its batches enter the stock with no QC and QA."""
        stocked = self.made_to_stock.get(programme)
        return stocked is not None and stocked.release_days is not None

    def demand(self, programme: str) -> list[Demand]:
        """Periods of a programme, in order of their last days."""
        rows = [row for row in self.scenario.demand if row.programme == programme]
        return sorted(rows, key=lambda row: (row.due, row.id))

    @cached_property
    def locked_ppq(self) -> dict[Track, tuple[Lock, datetime]]:
        """First locked PPQ campaign of each, and when its engineering must be out."""
        wait = self.scenario.quality.ppq_after_engineering_days
        ppq = [lock for lock in self.scenario.locks if lock.kind == "ppq"]
        found: dict[Track, tuple[Lock, datetime]] = {}
        for lock in sorted(ppq, key=lambda lock: (lock.start, lock.id)):
            found.setdefault(self.track(lock), (lock, later(lock.start, -wait)))
        return found

    def locked_end(self, suite: Suite, lock: Lock) -> datetime:
        """When the last batch of a locked campaign is out."""
        return self.locked_out(suite, lock, lock.batches)

    def locked_out(self, suite: Suite, lock: Lock, batches: int) -> datetime:
        """When so many batches of a locked campaign are out."""
        takt = lock.takt_days or self.takt(suite, lock.programme, lock.start)
        days = self.lead_in(suite, lock.programme) + (batches - 1) * takt
        return later(lock.start, days)

    def track(self, lock: Lock) -> Track:
        """Whose engineering comes before whose PPQ: a qualification's are its own."""
        step, suite = self.step(lock.programme, lock.step), self.suites.get(lock.suite)
        if step is None or suite is None:
            return lock.programme, None
        chain = self.chain(lock.programme, step.step, suite.site)
        return lock.programme, None if chain is None else chain.id

    @cached_property
    def end(self) -> datetime:
        """End of the horizon's last day; none where it ends before it starts."""
        if self.scenario.horizon.end < self.scenario.horizon.start:
            return datetime.max
        return later(self.scenario.horizon.end, Fraction(1))

    @cached_property
    def grid(self) -> Grid:
        """The time grid."""
        return self.scenario.grid()

    # --------------------------------------------------------------- recipes

    def step(self, programme: str, name: str | None) -> Step | None:
        """A step by name; the last where none is named."""
        found = self.programmes.get(programme)
        if found is None:
            return None
        if name is None:
            return found.recipe[-1]
        return next((step for step in found.recipe if step.step == name), None)

    def neighbour(self, programme: str, step: Step, offset: int) -> Step | None:
        """The step before (-1) or after (+1)."""
        recipe = self.programmes[programme].recipe
        number = recipe.index(step) + offset
        return recipe[number] if 0 <= number < len(recipe) else None

    def in_process(self, programme: str, step: Step) -> bool:
        """Whether the next step follows directly."""
        after = self.neighbour(programme, step, 1)
        return after is not None and isinstance(after.supply, Direct)

    # ------------------------------------------------------------ permission

    def qualified(self, chain: Qualification) -> list[str]:
        """Steps that a qualification is for: one with its direct feeds, or all."""
        found: list[str] = []
        for step in self.programmes[chain.programme].recipe:
            if chain.step is not None and not isinstance(step.supply, Direct):
                found = []
            found.append(step.step)
            if step.step == chain.step:
                break
        return found

    def elsewhere(self, chain: Qualification) -> str | None:
        """Site that a qualification comes after: named, or that of the one named."""
        named = self.qualifications.get(chain.after or "")
        return chain.after if named is None else named.site

    def before(self, chain: Qualification) -> Qualification | None:
        """The qualification of the site that it comes after, if there is one."""
        other = self.elsewhere(chain)
        if other is None:
            return None
        return self.chain(chain.programme, self.qualified(chain)[-1], other)

    def in_turn(self, chain: Qualification) -> list[Qualification]:
        """It, what it comes after, and so on; a circle is gone round once."""
        found = [chain]
        while (first := self.before(found[-1])) is not None and first not in found:
            found.append(first)
        return found

    def chain(self, programme: str, step: str, site: str) -> Qualification | None:
        """The qualification of a site for a step."""
        return self._chain_at.get((programme, step, site))

    @cached_property
    def _chain_at(self) -> dict[tuple[str, str, str], Qualification]:
        return {
            (chain.programme, step, chain.site): chain
            for chain in self.scenario.qualifications
            if chain.programme in self.programmes
            for step in self.qualified(chain)
        }

    def transferred(self, chain: Qualification) -> datetime | None:
        """Earliest end of a qualification's transfer; none where it has none."""
        days = chain.transfer_days
        if days is None and chain.origin is not None:
            days = self.scenario.quality.transfer_days.get(chain.origin)
        if chain.origin is None or days is None:
            return None
        return later(max(self.scenario.as_of, chain.not_before or datetime.min), days)

    def opens(self, programme: str, step: str, site: str) -> datetime | None:
        """From when the site may make the step, if ever."""
        chain = self.chain(programme, step, site)
        if chain is not None and chain.origin is not None:
            return self.transferred(chain)
        stated = self.dated_transfer(programme, step, site)
        if stated is not None:
            return stated
        licensed = any(
            (licence.programme, licence.site) == (programme, site)
            and licence.step in (None, step)
            for licence in self.scenario.licences
        )
        return self.scenario.as_of if licensed else None

    def dated_transfer(self, programme: str, step: str, site: str) -> datetime | None:
        """When the transfer of a step to a site ends, where a row states it."""
        ends = [
            transfer.end
            for transfer in self.scenario.transfers
            if (transfer.programme, transfer.site) == (programme, site)
            and transfer.step in (None, step)
        ]
        return min(ends, default=None)

    def right(
        self, programme: str, step: str, site: str, market: str
    ) -> datetime | None:
        """From when the step may ship from the site to the market, if ever.

        Where a qualification gives the right: when filing and review may end at the
        earliest, from the transfer's end or the release of locked PPQ on.
        """
        chain = self.chain(programme, step, site)
        if chain is not None and market in chain.markets:
            return self._granted(chain, step, market)
        found = [
            licence.start
            for licence in self.scenario.licences
            if (licence.programme, licence.site, licence.market)
            == (programme, site, market)
            and licence.step in (None, step)
        ]
        return min(found, default=None)

    def _granted(self, chain: Qualification, step: str, market: str) -> datetime | None:
        own, other = self._approved(chain, step, market), self.elsewhere(chain)
        if own is None or other is None:
            return own
        steps = self.qualified(chain)
        firsts = [self.right(chain.programme, each, other, market) for each in steps]
        known = [at for at in firsts if at is not None]
        return max(own, *known) if len(known) == len(steps) else None

    def _approved(
        self, chain: Qualification, step: str, market: str
    ) -> datetime | None:
        opened = self.opens(chain.programme, step, chain.site)
        found = {row.id: row.review_days for row in self.scenario.markets}
        days = found.get(market, {}).get(chain.filing)
        if opened is None or days is None or not chain.permitted:
            return None
        filed = later(self._proved(chain, opened), self.filing_days(market))
        return later(max(self.scenario.as_of, filed), days)

    def _proved(self, chain: Qualification, opened: datetime) -> datetime:
        """Before this its PPQ can't be released: made from the site's opening on, or locked."""
        new = max(self.scenario.as_of, opened)
        if (chain.programme, chain.id) not in self.locked_ppq:
            return new
        lock, _ = self.locked_ppq[chain.programme, chain.id]
        suite, step = self.suites[lock.suite], self.step(lock.programme, lock.step)
        assert step is not None
        asked = min(lock.batches, self.asked(chain, "ppq", suite.id))
        out = self.locked_out(suite, lock, asked)
        return min(new, later(out, self.released_after(lock.programme, step, "ppq")))

    def asked(self, chain: Qualification, kind: str, suite: str) -> int:
        """Engineering or PPQ batches that a qualification asks for where a suite makes them."""
        step = self.programmes[chain.programme].recipe[-1]
        ratio = Fraction(1)
        reference = step.kg_per_batch.get(step.reference_suite or step.suites[0])
        if reference is not None:  # missing is a finding of its own
            ratio = reference / step.kg_per_batch.get(suite, reference)
        parts = [
            part
            for order in self.scenario.orders
            if order.id in chain.orders and order.kind == kind
            for part in self._parts(order)
        ]
        own = chain.ppq_batches if kind == "ppq" else chain.engineering_batches
        return own + sum(math.ceil(part * ratio) for part in parts)

    def _parts(self, order: Order) -> tuple[int, int]:
        """Firm and other batches of an order: each part is made in whole batches."""
        firm = self._firm.get(order.id, 0)
        return firm, order.batches - firm

    @cached_property
    def _firm(self) -> dict[str, int]:
        """Firm batches of every order of a known contract."""
        known = {contract.id for contract in self.scenario.contracts}
        orders = [order for order in self.scenario.shares if order.contract in known]
        return firm_batches(self.scenario, orders)

    def filing_days(self, market: str) -> Fraction:
        """From the last PPQ batch released to the filing for a market. [day]"""
        stated = {row.id: row.filing_days for row in self.scenario.markets}.get(market)
        return self.scenario.quality.filing_days if stated is None else stated

    # ---------------------------------------------------------------- suites

    def closures(self, suite: Suite) -> list[Span]:
        """Shutdowns and outages of a suite within the horizon, in order."""
        site = self.sites.get(suite.site)
        spans = [
            (outage.start, later(outage.start, outage.days))
            for outage in [*(site.outages if site else []), *suite.outages]
        ]
        for shutdown in site.shutdowns if site else []:
            spans += self._repeats(shutdown)
        return sorted(spans)

    def _repeats(self, shutdown: Shutdown) -> Iterator[Span]:
        years, start = 0, shutdown.start
        while start <= self.scenario.horizon.end:
            yield start, later(start, shutdown.days)
            if shutdown.every_years is None:
                return
            years += shutdown.every_years
            start = add_months(shutdown.start, 12 * years)

    def lead_in(self, suite: Suite, programme: str) -> Fraction:
        """From a batch's start to its out. [day]"""
        for rate in suite.rates:
            if rate.programme == programme and rate.lead_in_days is not None:
                return rate.lead_in_days
        return suite.production_days + suite.downstream_days

    def takt(self, suite: Suite, programme: str, start: datetime) -> Fraction:
        """Between batches of a campaign, on the grid. [day]"""
        given = [
            rate.takt_days
            for rate in suite.rates
            if rate.programme == programme and rate.takt_days is not None
        ]
        occupied = (suite.production_days + suite.turnaround_days) / suite.reactors
        derived = max(occupied, suite.downstream_cycle_days)
        days = given[0] if given else derived / (1 - suite.unplanned_downtime)
        passed = days_between(suite.go_live, start)
        number = math.floor(passed / self.scenario.ramp_step_days)
        share = suite.ramp[number] if 0 <= number < len(suite.ramp) else Fraction(1)
        return self.grid.days(self.grid.up(days / share))

    def lead_time(self, step: Step, kind: str) -> Fraction | None:
        """From out to release with no queue; none where it isn't stated. [day]"""
        if kind == "engineering":
            return Fraction(0)
        release = self.release_classes.get(step.release or "")
        if release is None:
            return None
        times = {str(key): time for key, time in release.lead_time.items()}
        stated = times.get(kind, times.get("any"))
        if stated is None:
            return None
        days: Fraction = getattr(stated, self.scenario.quality.planning_percentile)
        delay = self.grid.days(self.grid.up(stated.expected_delay))
        return max(days, release.qc_days, release.qa_days) + delay

    def released_after(self, programme: str, step: Step, kind: str) -> Fraction:
        """From out to release with no queue, or into the stock that it is made to. [day]"""
        if self.in_process(programme, step):
            return Fraction(0)
        stocked = self.made_to_stock.get(programme)
        last = self.neighbour(programme, step, 1) is None
        if stocked is not None and stocked.release_days is not None and last:
            return Fraction(0) if kind == "engineering" else stocked.release_days
        return self.lead_time(step, kind) or Fraction(0)
