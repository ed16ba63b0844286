"""A plan as the checker reads it: stated batches and campaigns in ticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from capacity.checker.book import ONE_DAY, Book
from capacity.checker.stocks import Flow, Lot, expected, flow, quantity
from capacity.demand import Line
from capacity.horizon import format_moment
from capacity.plan import Plan, PlannedBatch, PlannedCampaign, PlannedQualification
from capacity.scenario import (
    InRelease,
    Lock,
    MadeKind,
    MadeToStock,
    Qualification,
    Stock,
    Suite,
)


@dataclass(frozen=True)
class Given:
    """A batch that the scenario states: locked, in release or in stock."""

    batch: str
    programme: str
    step: str
    suite: str
    kind: MadeKind
    source: Lock | InRelease | Stock
    start: int | None
    out: int | None
    expiry: int | None
    """End of its last day, stock only. [tick]"""


@dataclass(frozen=True)
class Ledger:
    """One plan against one book."""

    book: Book
    plan: Plan

    @cached_property
    def batches(self) -> dict[str, PlannedBatch]:
        """Batches by id."""
        return {batch.batch: batch for batch in self.plan.batches}

    @cached_property
    def campaigns(self) -> dict[str, PlannedCampaign]:
        """Campaigns by id."""
        return {campaign.campaign: campaign for campaign in self.plan.campaigns}

    @cached_property
    def members(self) -> dict[str, list[PlannedBatch]]:
        """Batches by campaign, in order of start."""
        found: dict[str, list[PlannedBatch]] = {name: [] for name in self.campaigns}
        for batch in self.plan.batches:
            if batch.campaign is not None:
                found[batch.campaign].append(batch)
        for batches in found.values():
            batches.sort(key=lambda batch: (self.tick(batch.start), batch.batch))
        return found

    @cached_property
    def given(self) -> dict[str, Given]:
        """Batches that the scenario states, by id."""
        scenario = self.book.scenario
        sources: list[Lock | InRelease | Stock] = [
            *scenario.locks,
            *scenario.in_release,
            *scenario.stock,
        ]
        return {
            given.batch: given
            for source in sources
            for given in self._given(source, source.batches)
        }

    def _given(self, source: Lock | InRelease | Stock, count: int) -> Iterator[Given]:
        book, grid = self.book, self.book.grid
        step = source.step or book.last_step(source.programme).step
        suite = book.suites[source.suite]
        start = out = expiry = None
        for number in range(count):
            if isinstance(source, Lock):
                begin = grid.at(source.start)
                takt = (
                    grid.whole(source.takt_days)
                    if source.takt_days
                    else book.takt(suite, source.programme, begin)
                )
                start = begin + number * takt
                out = start + book.lead_in(suite, source.programme)
            elif isinstance(source, InRelease):
                wait = grid.whole(source.every_days)
                out = grid.at(source.first_out) + number * wait
            else:
                expiry = grid.at(source.expiry) + grid.whole(ONE_DAY)
            yield Given(
                f"{source.id}/{number + 1:02d}",
                source.programme,
                step,
                source.suite,
                source.kind,
                source,
                start,
                out,
                expiry,
            )

    @cached_property
    def by_suite(self) -> dict[str, list[PlannedCampaign]]:
        """Campaigns of each suite in order of start."""
        found: dict[str, list[PlannedCampaign]] = {
            name: [] for name in self.book.suites
        }
        for campaign in self.plan.campaigns:
            found[campaign.suite].append(campaign)
        for campaigns in found.values():
            campaigns.sort(key=lambda campaign: (campaign.start, campaign.campaign))
        return found

    @cached_property
    def uses(self) -> dict[str, list[str]]:
        """Stated inputs of each batch."""
        return {row.batch: row.uses for row in self.plan.consumes}

    def made(self, programme: str, step: str) -> list[PlannedBatch]:
        """Batches of a step, on hand ones included."""
        return [
            batch
            for batch in self.plan.batches
            if (batch.programme, batch.step) == (programme, step)
        ]

    def tick(self, moment: datetime | None) -> int:
        """Tick of a stated moment that must be there (ValueError off the grid)."""
        if moment is None:
            msg = "a date is missing"
            raise ValueError(msg)
        return self.book.grid.at(moment)

    def maybe(self, moment: datetime | None) -> int | None:
        """Tick of a stated moment, if there is one."""
        return None if moment is None else self.book.grid.at(moment)

    def date(self, tick: int) -> str:
        """A tick in words."""
        return format_moment(self.book.grid.moment(tick))

    def suite(self, batch: PlannedBatch) -> Suite:
        """Suite that made a batch."""
        return self.book.suites[batch.suite]

    def line(self, batch: PlannedBatch) -> Line | None:
        """Line that a batch serves."""
        return None if batch.order is None else self.book.lines[batch.order]

    def planned(self, batch: PlannedBatch) -> bool:
        """Whether the plan, not the scenario, decided to make the batch."""
        return batch.batch not in self.given

    def tested(self, batch: PlannedBatch) -> bool:
        """Whether the batch takes QC and QA."""
        return (
            batch.out is not None
            and batch.kind not in ("engineering", "in_process")
            and self.book.role(batch.programme, batch.step) != "in_process"
            and self.book.lag(batch.programme, batch.step) is None
        )

    def lead_kind(self, batch: PlannedBatch) -> MadeKind:
        """Kind whose release lead time holds; surplus is tested like commercial."""
        if batch.kind in ("surplus", "in_process"):
            return "commercial"
        return batch.kind  # type: ignore[return-value]  # narrowed above

    def stocked(self, batch: PlannedBatch) -> bool:
        """Whether the batch goes into the stock of a programme that is made to it."""
        return (
            batch.programme in self.book.made_to_stock
            and batch.kind == "commercial"
            and self.book.step_after(batch.programme, batch.step) is None
        )

    def enters(self, batch: PlannedBatch) -> int | None:
        """When a batch is released and may ship to all markets, None if never. [tick]"""
        markets = self.book.made_to_stock[batch.programme].markets
        rights = [self.right(batch, market) for market in markets]
        known = [right for right in rights if right is not None]
        if len(known) < len(rights):
            return None
        return max([self.tick(batch.released), *known])

    @cached_property
    def flows(self) -> dict[str, Flow]:
        """What happens to the stock of each programme that is made to it."""
        return {name: self._flow(row) for name, row in self.book.made_to_stock.items()}

    def _flow(self, stocked: MadeToStock) -> Flow:
        book = self.book
        day, life = book.grid.whole(ONE_DAY), stocked.shelf_life_days
        coming = [
            Lot(
                f"opening {number}",
                row.quantity,
                book.as_of,
                None if row.expiry is None else book.grid.at(row.expiry) + day,
            )
            for number, row in enumerate(stocked.opening)
        ]
        given = sum((row.quantity for row in stocked.opening), Fraction(0))
        for batch in self.plan.batches:
            if batch.programme != stocked.programme or not self.stocked(batch):
                continue
            weigh = quantity if batch.out is None else expected
            amount = weigh(book, stocked, batch.suite)
            given += 0 if self.planned(batch) else amount
            enters, end = self.enters(batch), None
            if batch.out is None:
                end = self.given[batch.batch].expiry
            elif life is not None:  # its last tick still counts
                end = self.tick(batch.out) + book.grid.whole(life) + 1
            if enters is not None:
                coming.append(Lot(batch.batch, amount, enters, end))
        return flow(book, stocked, coming, given)

    def unqueued(self, batch: PlannedBatch) -> int:
        """Release without any queue. [tick]"""
        lead = self.book.lead_time(batch.programme, batch.step, self.lead_kind(batch))
        return self.tick(batch.out) + lead

    def right(self, batch: PlannedBatch, market: str) -> int | None:
        """Latest right to ship of all steps that went into a batch. [tick]"""
        rights = [self.book.right(batch.programme, batch.step, batch.site, market)]
        chain = self.book.filing_chain(batch.programme, batch.step, batch.site, market)
        if chain is not None:
            rights = [self.granted(chain, market)]
        rights += [
            self.right(self.batches[used], market)
            for used in self.uses.get(batch.batch, [])
            if used in self.batches
        ]
        known = [right for right in rights if right is not None]
        return max(known) if len(known) == len(rights) else None

    def input_order(self, step: tuple[str, str]) -> list[PlannedBatch]:
        """Batches of a step that draw input from `as_of` on, in order of start."""
        return sorted(
            (
                batch
                for batch in self.made(*step)
                if batch.start is not None and self.tick(batch.start) >= self.book.as_of
            ),
            key=lambda batch: (self.tick(batch.start), batch.suite, batch.batch),
        )

    # --------------------------------------------------------- qualifications

    @cached_property
    def stated(self) -> dict[str, PlannedQualification]:
        """Qualifications that the plan goes through, by id."""
        return {row.qualification: row for row in self.plan.qualifications}

    def serving(self, line: Line) -> list[PlannedBatch]:
        """Batches that serve a line, in order of start."""
        found = self._served.get(line.id, [])
        return sorted(found, key=lambda batch: (self.tick(batch.start), batch.batch))

    @cached_property
    def _served(self) -> dict[str, list[PlannedBatch]]:
        """Batches by the line that they serve."""
        found: dict[str, list[PlannedBatch]] = {}
        for batch in self.plan.batches:
            if batch.order is not None:
                found.setdefault(batch.order, []).append(batch)
        return found

    @cached_property
    def of_programme(self) -> dict[str, list[PlannedBatch]]:
        """Batches by programme, as the plan has them."""
        found: dict[str, list[PlannedBatch]] = {}
        for batch in self.plan.batches:
            found.setdefault(batch.programme, []).append(batch)
        return found

    def whole(self, line: Line) -> bool:
        """Whether a line has all the batches that it needs."""
        served = self.serving(line)
        kg = {self.book.kg(line.programme, batch.suite) for batch in served}
        return len(kg) == 1 and len(served) == self.book.needed(line, kg.pop())

    def validated(self, chain: Qualification) -> list[PlannedBatch]:
        """PPQ batches of a qualification, none where they aren't complete."""
        lines = self.book.lines_of(chain, "ppq")
        if not lines or not all(map(self.whole, lines)):
            return []
        return [batch for line in lines for batch in self.serving(line)]

    def proved(self, chain: Qualification) -> int | None:
        """Release of a qualification's last PPQ batch, None if incomplete. [tick]"""
        batches = self.validated(chain)
        if not batches or not chain.permitted:
            return None
        return max(self.tick(batch.released) for batch in batches)

    def filed(self, chain: Qualification, market: str) -> int | None:
        """When the plan files for a market, None where it doesn't. [tick]"""
        return self._filed.get((chain.id, market))

    @cached_property
    def _filed(self) -> dict[tuple[str, str], int]:
        found = {}
        for name, row in self.stated.items():
            proved = self.proved(self.book.chains[name])
            for market in {filing.market for filing in row.filings}:
                if proved is not None and market in self.book.chains[name].markets:
                    filed = proved + self.book.filing_wait(market)
                    found[name, market] = max(self.book.as_of, filed)
        return found

    def inspected(self, site: str, market: str) -> int | None:
        """End of the inspection that a site's first filing brings, if any. [tick]

        What is licensed later has been filed for, so it is over by then at the latest.
        """
        length = self.book.inspection(site, market)
        filings = [
            self.filed(chain, market)
            for chain in self.book.chains.values()
            if chain.site == site
        ]
        first = min((at for at in filings if at is not None), default=None)
        if length is None or first is None:
            return None
        licence = self.book.first_licence(site, market)
        if licence is None:
            return first + length
        return min(first + length, self.book.grid.at(licence.start))

    def granted(self, chain: Qualification, market: str) -> int | None:
        """Right to ship that a qualification gives: reviewed and inspected. [tick]

        It comes no sooner than the right of the site that it comes after.
        """
        filed = self.filed(chain, market)
        if filed is None:
            return None
        reviewed = filed + self.book.review(chain, market)
        own = max(reviewed, self.inspected(chain.site, market) or reviewed)
        if chain.after is None:
            return own
        before = self.book.before(chain, market)
        if before is None:
            first = self.book.licensed_before(chain, market)
        else:
            first = self.granted(before, market)
        return None if first is None else max(own, first)
