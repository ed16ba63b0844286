"""The scenario as the checker looks things up: naive, exact, in ticks of the grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from capacity.demand import Line, lines
from capacity.horizon import Grid
from capacity.scenario import (
    Changeover,
    Demand,
    Direct,
    Frozen,
    Licence,
    MadeKind,
    MadeToStock,
    Outage,
    Programme,
    Qualification,
    Rate,
    Scenario,
    Shutdown,
    Site,
    Step,
    Suite,
    SuiteRate,
)

ONE_DAY = Fraction(1)
WEEK = 7


@dataclass(frozen=True)
class Book:
    """Lookups and formulas of SEMANTICS over one scenario. Times are ticks."""

    scenario: Scenario

    @cached_property
    def grid(self) -> Grid:
        """The time grid."""
        return self.scenario.grid()

    @cached_property
    def sites(self) -> dict[str, Site]:
        """Sites by id."""
        return {site.id: site for site in self.scenario.sites}

    @cached_property
    def suites(self) -> dict[str, Suite]:
        """Suites by id, those that only made what is on hand included."""
        return {suite.id: suite for suite in self.scenario.suites}

    @cached_property
    def programmes(self) -> dict[str, Programme]:
        """Programmes by id."""
        return {programme.id: programme for programme in self.scenario.programmes}

    @cached_property
    def lines(self) -> dict[str, Line]:
        """Order lines by id."""
        return {line.id: line for line in lines(self.scenario)}

    @cached_property
    def made_to_stock(self) -> dict[str, MadeToStock]:
        """What is said of programmes that are made to stock, by programme."""
        return {row.programme: row for row in self.scenario.made_to_stock}

    def demand(self, programme: str) -> list[Demand]:
        """Periods of a programme that is made to stock, in order."""
        rows = [row for row in self.scenario.demand if row.programme == programme]
        return sorted(rows, key=lambda row: row.due)

    # ------------------------------------------------------------------ time

    @cached_property
    def as_of(self) -> int:
        """Today. [tick]"""
        return self.grid.at(self.scenario.as_of)

    @cached_property
    def frozen_until(self) -> int:
        """First tick on which a planned campaign may start. [tick]"""
        return self.as_of + self.grid.whole(self.scenario.frozen_days)

    @cached_property
    def horizon_end(self) -> int:
        """End of the last day. [tick]"""
        return self.grid.at(self.scenario.horizon.end) + self.grid.whole(ONE_DAY)

    def deadline(self, line: Line) -> int:
        """Last tick on which a batch of the line is on time. [tick]"""
        return self.day_end(line.due)

    def day_end(self, day: datetime) -> int:
        """Last tick that counts for a due day. [tick]"""
        due = self.grid.at(day)
        if self.scenario.due_rule == "strict":
            return due
        return due + self.grid.whole(ONE_DAY) - 1

    def period_edges(self) -> list[int]:
        """Where periods of demand begin and end, those before and after included. [tick]"""
        late = 0 if self.scenario.due_rule == "strict" else 1
        ends = {self.day_end(row.due) + late for row in self.scenario.demand}
        begin, end = self.grid.at(self.scenario.horizon.start), self.horizon_end
        return sorted({begin, end, *ends})

    def shutdowns(self, site: str) -> list[tuple[int, int]]:
        """Shutdowns of a site, repeated ones spelt out. [tick]"""
        return sorted(
            span
            for shutdown in self.sites[site].shutdowns
            for span in self._occurrences(shutdown)
        )

    def _occurrences(self, shutdown: Shutdown) -> Iterator[tuple[int, int]]:
        length = self.grid.whole(shutdown.days)
        start, years = shutdown.start, 0
        while start <= self.scenario.horizon.end:
            first = self.grid.at(start)
            yield first, first + length
            if shutdown.every_years is None:
                return
            years += shutdown.every_years
            start = years_later(shutdown.start, years)

    def closures(self, suite: Suite) -> list[tuple[int, int]]:
        """Shutdowns and outages in which the suite makes nothing. [tick]"""
        return self._closures[suite.id]

    @cached_property
    def _closures(self) -> dict[str, list[tuple[int, int]]]:
        return {
            suite.id: sorted(
                [
                    *self.shutdowns(suite.site),
                    *map(self._outage, self.sites[suite.site].outages),
                    *map(self._outage, suite.outages),
                ]
            )
            for suite in self.suites.values()
        }

    def load_periods(self) -> list[tuple[int, int]]:
        """Calendar periods from `as_of` to the end of the horizon. [tick]"""
        months = {"month": 1, "quarter": 3, "year": 12}[self.scenario.load_period]
        today = self.scenario.as_of
        first = datetime(today.year, (today.month - 1) // months * months + 1, 1)
        found = []
        while self.grid.at(first) < self.horizon_end:
            number = first.year * 12 + first.month - 1 + months
            after = datetime(number // 12, number % 12 + 1, 1)
            begin = max(self.as_of, self.grid.at(first))
            found.append((begin, min(self.horizon_end, self.grid.at(after))))
            first = after
        return found

    def available(self, suite: Suite, begin: int, end: int) -> int:
        """Ticks of a span in which the suite is live and not closed. [tick]"""
        return sum(
            all(not first <= tick < last for first, last in self.closures(suite))
            for tick in range(max(begin, self.grid.at(suite.go_live)), end)
        )

    def _outage(self, outage: Outage) -> tuple[int, int]:
        start = self.grid.at(outage.start)
        return start, start + self.grid.whole(outage.days)

    # ---------------------------------------------------------------- suites

    def rate(self, suite: Suite, programme: str) -> SuiteRate:
        """What the suite does differently for the programme."""
        for rate in suite.rates:
            if rate.programme == programme:
                return rate
        return SuiteRate(programme=programme)

    def lead_in(self, suite: Suite, programme: str) -> int:
        """From a batch's start to its out. [tick]"""
        given = self.rate(suite, programme).lead_in_days
        return self.grid.whole(given or suite.production_days + suite.downstream_days)

    def takt(self, suite: Suite, programme: str, start: int) -> int:
        """Between batches of a campaign that starts at `start`. [tick]"""
        given = self.rate(suite, programme).takt_days
        days = given or max(
            (suite.production_days + suite.turnaround_days) / suite.reactors,
            suite.downstream_cycle_days,
        ) / (1 - suite.unplanned_downtime)
        step = self.grid.whole(self.scenario.ramp_step_days)
        number = (start - self.grid.at(suite.go_live)) // step
        share = suite.ramp[number] if 0 <= number < len(suite.ramp) else Fraction(1)
        return self.grid.up(days / share)

    def variable_cost(self, suite: Suite, programme: str) -> int:
        """Variable cost of a batch. [money]"""
        given = self.rate(suite, programme).variable_cost
        return suite.variable_cost if given is None else given

    def campaign_cost(self, suite: Suite, programme: str) -> int:
        """Cost of a campaign, beside its changeover. [money]"""
        given = self.rate(suite, programme).campaign_cost
        return suite.campaign_cost if given is None else given

    def changeover_rules(self, suite: Suite) -> Changeover:
        """The suite's changeover rules."""
        found = {rules.id: rules for rules in self.scenario.changeovers}
        return found[suite.changeover]

    def changeover(
        self, suite: Suite, leaving: tuple[str, str] | None, entering: tuple[str, str]
    ) -> int:
        """Changeover by the most specific rule for two (programme, step). [tick]"""
        rules = self.changeover_rules(suite)
        return self.grid.whole(self._changeover_days(rules, leaving, entering))

    def _changeover_days(
        self,
        rules: Changeover,
        leaving: tuple[str, str] | None,
        entering: tuple[str, str],
    ) -> Fraction:
        if leaving is None:
            return rules.first_uses.get(entering[0], rules.first_use)
        for pair in rules.programmes:
            if (pair.leaving, pair.entering) == (leaving[0], entering[0]):
                return pair.days
        if leaving[0] == entering[0]:
            return rules.same_product
        out, into = (self.step(*end).payload_class for end in (leaving, entering))
        if out is not None and into is not None:
            for row in rules.classes:
                if out in row.leaving and into in row.entering:
                    return row.days
            by_class = rules.same_class if out == into else rules.different_class
            if by_class is not None:
                return by_class
        clients = {self.programmes[end[0]].client for end in (leaving, entering)}
        return rules.same_client if len(clients) == 1 else rules.different_client

    # --------------------------------------------------------------- recipes

    def step(self, programme: str, step: str) -> Step:
        """A step of a recipe."""
        return next(s for s in self.programmes[programme].recipe if s.step == step)

    def last_step(self, programme: str) -> Step:
        """The step whose batches serve orders."""
        return self.programmes[programme].recipe[-1]

    def step_before(self, programme: str, step: str) -> Step | None:
        """The step that supplies this one."""
        recipe = self.programmes[programme].recipe
        number = [s.step for s in recipe].index(step)
        return recipe[number - 1] if number else None

    def step_after(self, programme: str, step: str) -> Step | None:
        """The step that this one supplies."""
        recipe = self.programmes[programme].recipe
        number = [s.step for s in recipe].index(step)
        return recipe[number + 1] if number + 1 < len(recipe) else None

    def role(self, programme: str, step: str) -> str:
        """`product` (for orders), `intermediate` (frozen) or `in_process` (direct)."""
        after = self.step_after(programme, step)
        if after is None:
            return "product"
        return "in_process" if isinstance(after.supply, Direct) else "intermediate"

    def kg(self, programme: str, suite: str) -> Fraction:
        """Product of a batch; 1 where the recipe doesn't say. [kg]"""
        return self.last_step(programme).kg_per_batch.get(suite, Fraction(1))

    def needed(self, line: Line, kg: Fraction) -> int:
        """Batches that the line needs where a batch yields `kg`."""
        if line.own:
            return line.batches  # a qualification counts batches, whatever their size
        step = self.last_step(line.programme)
        reference = self.kg(line.programme, step.reference_suite or step.suites[0])
        return math.ceil(line.batches * reference / kg)

    # --------------------------------------------------------- qualifications

    @cached_property
    def chains(self) -> dict[str, Qualification]:
        """Qualifications by id."""
        return {chain.id: chain for chain in self.scenario.qualifications}

    def chain(self, programme: str, step: str, site: str) -> Qualification | None:
        """The qualification of a site for a step."""
        return self._chain_at.get((programme, step, site))

    @cached_property
    def _chain_at(self) -> dict[tuple[str, str, str], Qualification]:
        return {
            (chain.programme, step, chain.site): chain
            for chain in self.chains.values()
            for step in self._qualified(chain)
        }

    def _qualified(self, chain: Qualification) -> list[str]:
        """Steps that a qualification is for: one with its direct feeds, or all."""
        recipe = self.programmes[chain.programme].recipe
        names = [step.step for step in recipe]
        if chain.step is None:
            return names
        first = last = names.index(chain.step)
        while isinstance(recipe[first].supply, Direct):
            first -= 1
        return names[first : last + 1]

    def validated_step(self, chain: Qualification) -> str:
        """Step of which a qualification makes its engineering and PPQ."""
        return chain.step or self.last_step(chain.programme).step

    def filing_chain(
        self, programme: str, step: str, site: str, market: str | None
    ) -> Qualification | None:
        """The qualification that a right to ship from a site to a market hangs on."""
        chain = self.chain(programme, step, site)
        return chain if chain is not None and market in chain.markets else None

    def before(self, chain: Qualification, market: str) -> Qualification | None:
        """The qualification whose right to a market comes first, if one gives it."""
        site, step = self._site_before(chain), self.validated_step(chain)
        return self.filing_chain(chain.programme, step, site, market)

    def licensed_before(self, chain: Qualification, market: str) -> int | None:
        """When licences of the site that it comes after hold for every step. [tick]"""
        found = [
            self.right(chain.programme, step, self._site_before(chain), market)
            for step in self._qualified(chain)
        ]
        known = [at for at in found if at is not None]
        return max(known) if len(known) == len(found) else None

    def _site_before(self, chain: Qualification) -> str:
        """The site that a qualification comes after: named, or that of one named."""
        assert chain.after is not None
        named = self.chains.get(chain.after)
        return chain.after if named is None else named.site

    def lines_of(self, chain: Qualification, kind: str) -> list[Line]:
        """Engineering or PPQ lines that a qualification needs: no make-up batches."""
        return self._of_chains.get((chain.id, kind), [])

    @cached_property
    def _of_chains(self) -> dict[tuple[str | None, str], list[Line]]:
        """The same by qualification and kind: large networks have thousands of lines."""
        found: dict[tuple[str | None, str], list[Line]] = {}
        for line in self.lines.values():
            if line.firmness != "spare":
                found.setdefault((line.chain, line.kind), []).append(line)
        return found

    def transfer(self, chain: Qualification) -> int | None:
        """Length of its transfer, None where it has none of its own. [tick]"""
        if chain.origin is None:
            return None
        days = chain.transfer_days
        if days is None:
            days = self.scenario.quality.transfer_days[chain.origin]
        return self.grid.whole(days)

    def transfer_from(self, chain: Qualification) -> int:
        """First tick of its transfer. [tick]"""
        stated = [] if chain.not_before is None else [self.grid.at(chain.not_before)]
        return max([self.as_of, *stated])

    def transfer_slots(self, site: str) -> list[tuple[int, int]] | None:
        """(tick, transfers at a time from then on) of a site, None for any number."""
        rates = self.sites[site].transfer_slots
        if not rates:
            return None
        steps = [(self.grid.at(rate.start), math.floor(rate.value)) for rate in rates]
        return [(-(10**9), 0), *steps]

    def transferred(self, chain: Qualification) -> int | None:
        """Earliest end of its transfer, were no other under way; None if never. [tick]"""
        length = self.transfer(chain)
        assert length is not None
        start = self.transfer_from(chain)
        for tick, slots in self.transfer_slots(chain.site) or []:
            until = min(
                (at for at, _ in self.transfer_slots(chain.site) or [] if at > tick),
                default=10**9,
            )
            if slots == 0 and tick < start + length and start < until:
                start = until
        return start + length if start < 10**9 else None

    def filing_wait(self, market: str) -> int:
        """From the last PPQ batch released to the filing for a market. [tick]"""
        days = {row.id: row.filing_days for row in self.scenario.markets}[market]
        if days is None:
            days = self.scenario.quality.filing_days
        return self.grid.whole(days)

    def review(self, chain: Qualification, market: str) -> int:
        """From its filing for a market to the approval. [tick]"""
        found = {row.id: row for row in self.scenario.markets}
        return self.grid.whole(found[market].review_days[chain.filing])

    def inspection(self, site: str, market: str) -> int | None:
        """From a site's first filing to the end of its inspection. [tick]

        None where there is none, or where the site shipped to the market before.
        """
        days = {row.id: row.inspection_days for row in self.scenario.markets}[market]
        first = self.first_licence(site, market)
        held = first is not None and first.start <= self.scenario.as_of
        return None if held or not days else self.grid.whole(days)

    def first_licence(self, site: str, market: str) -> Licence | None:
        """The first licence of anything from a site to a market."""
        rows = [
            row
            for row in self.scenario.licences
            if (row.site, row.market) == (site, market)
        ]
        return min(rows, key=lambda row: row.start, default=None)

    def earliest_right(self, chain: Qualification, market: str) -> int | None:
        """Right to ship that a qualification gives at the earliest. [tick]

        Every batch alone: transfer, engineering unless some is locked there, PPQ at
        full rate or in a locked campaign, release without a queue, filing and review,
        no inspection; no earlier than that of the site it comes after.
        """
        step = self.validated_step(chain)
        tried = any(
            lock.kind == "engineering"
            and lock.programme == chain.programme
            and self.suites[lock.suite].site == chain.site
            for lock in self.scenario.locks
        )
        found = [
            out + self.lead_time(chain.programme, step, "ppq")
            for out in self._ppq_under_way(chain)
        ]
        for suite in self.open_suites(chain.programme, step):
            opened = self.opens(chain.programme, step, suite.site)
            if suite.site != chain.site or opened is None:
                continue
            lead = self.lead_in(suite, chain.programme)
            kg = self.kg(chain.programme, suite.id)
            batches = [self.needed(line, kg) for line in self.lines_of(chain, "ppq")]
            start = max(opened, self.frozen_until, self.grid.at(suite.go_live))
            if self.lines_of(chain, "engineering") and not tried:
                wait = self.scenario.quality.ppq_after_engineering_days
                start += lead + self.grid.whole(wait)
            full = self.takt(suite, chain.programme, 10**7)
            out = start + lead + (max(batches) - 1) * full
            found.append(out + self.lead_time(chain.programme, step, "ppq"))
        first = min(found, default=None)
        if first is None:
            return None
        filed = max(self.as_of, first + self.filing_wait(market))
        approved = filed + self.review(chain, market)
        if chain.after is None:
            return approved
        before = self.before(chain, market)
        if before is None:
            first = self.licensed_before(chain, market)
        else:
            first = self.earliest_right(before, market)
        return None if first is None else max(approved, first)

    def _ppq_under_way(self, chain: Qualification) -> Iterator[int]:
        """When locked campaigns have as much PPQ out as it needs. [tick]"""
        for lock in self.scenario.locks:
            suite = self.suites[lock.suite]
            mine = (lock.programme, suite.site, lock.kind)
            last = self.last_step(lock.programme).step
            if mine != (chain.programme, chain.site, "ppq"):
                continue
            if self.validated_step(chain) != last:
                continue
            kg = self.kg(lock.programme, suite.id)
            count = max(self.needed(line, kg) for line in self.lines_of(chain, "ppq"))
            start = self.grid.at(lock.start)
            takt = self.takt(suite, lock.programme, start)
            if lock.takt_days is not None:
                takt = self.grid.whole(lock.takt_days)
            yield start + self.lead_in(suite, lock.programme) + (count - 1) * takt

    def lag(self, programme: str, step: str) -> int | None:
        """From out into the stock where that needs no QC and QA. [tick]"""
        stocked = self.made_to_stock.get(programme)
        if stocked is None or stocked.release_days is None:
            return None
        if self.step_after(programme, step) is not None:
            return None
        return self.grid.whole(stocked.release_days)

    # ------------------------------------------------------------ permission

    def right(self, programme: str, step: str, site: str, market: str) -> int | None:
        """From when the step may ship from the site to the market. [tick]"""
        found = [
            self.grid.at(licence.start)
            for licence in self._licences.get((programme, site, market), [])
            if licence.step in (None, step)
        ]
        return min(found, default=None)

    @cached_property
    def _licences(self) -> dict[tuple[str, str, str], list[Licence]]:
        """Licences by programme, site and market."""
        found: dict[tuple[str, str, str], list[Licence]] = {}
        for licence in self.scenario.licences:
            key = licence.programme, licence.site, licence.market
            found.setdefault(key, []).append(licence)
        return found

    def opens(self, programme: str, step: str, site: str) -> int | None:
        """From when the site may make the step, None if never. [tick]

        Where a qualification opens it: from when it might.
        """
        chain = self.chain(programme, step, site)
        if chain is not None and chain.origin is not None:
            return self.transferred(chain)
        ends = [
            self.grid.at(transfer.end)
            for transfer in self.scenario.transfers
            if (transfer.programme, transfer.site) == (programme, site)
            and transfer.step in (None, step)
        ]
        if ends:
            return min(ends)
        licensed = any(
            (licence.programme, licence.site) == (programme, site)
            and licence.step in (None, step)
            for licence in self.scenario.licences
        )
        return self.as_of if licensed else None

    def open_suites(self, programme: str, step: str) -> list[Suite]:
        """Enabled suites that may ever run the step, preferred first."""
        return [
            self.suites[suite]
            for suite in self.step(programme, step).suites
            if self.suites[suite].enabled
            and self.opens(programme, step, self.suites[suite].site) is not None
        ]

    def eligible_suites(self, line: Line) -> list[Suite]:
        """Suites that may ever make batches for the line."""
        return [
            suite
            for suite in self.open_suites(line.programme, line.step)
            if self.serves(line, suite.site)
        ]

    def serves(self, line: Line, site: str) -> bool:
        """Whether batches from a site may ever serve a line.

        Engineering and PPQ of a qualification are made at its site, and no other
        engineering or PPQ of the programme is made there.
        """
        chain = self.chain(line.programme, line.step, site)
        if line.kind in ("engineering", "ppq"):
            if chain is None:
                return line.chain is None
            return chain.permitted and line.chain == chain.id
        if line.market is None or self.filing_chain(
            line.programme, line.step, site, line.market
        ):
            return True
        return self.right(line.programme, line.step, site, line.market) is not None

    # --------------------------------------------------------------- quality

    def testing(self, programme: str, step: str) -> tuple[int, int]:
        """Days of QC and of QA. [tick]"""
        found = {c.id: c for c in self.scenario.release_classes}
        release = found[self.step(programme, step).release or ""]
        return self.grid.whole(release.qc_days), self.grid.whole(release.qa_days)

    def lead_time(self, programme: str, step: str, kind: MadeKind) -> int:
        """From out to release where nothing queues, deviations at their mean. [tick]"""
        if kind == "engineering":
            return 0
        lag = self.lag(programme, step)
        if lag is not None:
            return lag
        found = {c.id: c for c in self.scenario.release_classes}
        times = found[self.step(programme, step).release or ""].lead_time
        stated = times[kind] if kind in times else times["any"]
        days = getattr(stated, self.scenario.quality.planning_percentile)
        delay = self.grid.up(stated.deviations * stated.deviation_days)
        return max(self.grid.whole(days), *self.testing(programme, step)) + delay

    def buffer(self, programme: str, step: str, kind: MadeKind) -> int:
        """What the release lead time adds to testing and review. [tick]"""
        return self.lead_time(programme, step, kind) - max(
            self.testing(programme, step)
        )

    def starts_a_week(self, site: str, resource: str) -> list[Rate]:
        """QC or QA starts a week at a site, by date. [1/week]"""
        if resource == "qc":
            return self.sites[site].qc_batches
        records = self.scenario.quality.records_per_reviewer_week
        return [
            Rate(**{"from": rate.start, "value": rate.value * records})
            for rate in self.sites[site].qa_reviewers
        ]

    # ----------------------------------------------------------------- money

    def rounded(self, money: Fraction) -> int:
        """Half up to the money unit. [money]"""
        unit = self.scenario.economics.money_unit
        return math.floor(money / unit + Fraction(1, 2)) * unit

    def intermediates(self, programme: str, step: str, batches: int) -> int:
        """How many the first so many batches of a step take from the step before.

        Of frozen ones as many as its ratio says, rounded up, and beside them those that
        are expected to fail, rounded half up; what is released already doesn't fail.
        """
        supply = self.frozen_supply(programme, step)
        if supply is None:
            return batches
        good = supply.ratio * batches
        before = self.step_before(programme, step)
        assert before is not None
        passed = sum(
            row.batches
            for row in self.scenario.stock
            if row.programme == programme and row.step == before.step
        )
        failing = self._failures_per_good(programme, step) * max(
            Fraction(0), good - passed
        )
        return math.ceil(good) + math.floor(failing + Fraction(1, 2))

    def _failures_per_good(self, programme: str, step: str) -> Fraction:
        """Batches of the step before that fail for one that passes."""
        recipe = self.programmes[programme].recipe
        number = [s.step for s in recipe].index(step) - 1
        success = self.scenario.losses.success
        passing = success.get(recipe[number].stage, Fraction(1))
        while isinstance(recipe[number].supply, Direct):
            number -= 1
            passing *= success.get(recipe[number].stage, Fraction(1))
        return 1 / passing - 1

    def frozen_supply(self, programme: str, step: str) -> Frozen | None:
        """The frozen supply of a step, if it has one."""
        supply = self.step(programme, step).supply
        return supply if isinstance(supply, Frozen) else None


def years_later(moment: datetime, years: int) -> datetime:
    """The same day some years later (28 February for the 29th)."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return (moment - timedelta(days=1)).replace(year=moment.year + years)
