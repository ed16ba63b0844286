"""A plan in the solver's integers, what follows from it, and how it is written out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import islice

from capacity.instance import (
    QC,
    FrozenData,
    Group,
    Instance,
    Mode,
    StepData,
    Stocked,
    Terms,
)
from capacity.schedule.batches import (
    ON_HAND,
    Batch,
    Freight,
    Run,
    Test,
    Unit,
    changeover_between,
    end_of,
    kg_of,
    kind_of,
    lead_in,
)
from capacity.schedule.bill import Bill
from capacity.stocks import NEVER, Flow, Lot, flow

__all__ = [
    "ON_HAND",
    "Batch",
    "Bill",
    "Freight",
    "Run",
    "Schedule",
    "Test",
    "Unit",
    "changeover_between",
    "end_of",
    "kg_of",
    "kind_of",
    "lead_in",
    "tests_of",
]


@dataclass(frozen=True)
class Schedule:
    """Decisions: runs, what batches on hand serve, and shipments."""

    instance: Instance = field(repr=False)
    runs: tuple[Run, ...]
    """In any order; the locked ones included."""
    on_hand: dict[int, int] = field(default_factory=dict)
    """Group that a batch on hand serves, by its index."""
    freights: tuple[Freight, ...] = ()
    transfers: dict[int, int] = field(default_factory=dict)
    """Start of the transfer of each qualification that has one in this plan. [tick]"""
    without: frozenset[int] = frozenset()
    """Filings that this plan doesn't make, whether their PPQ is complete or not."""

    @property
    def rank(self) -> tuple[int, int]:
        """What is minimised, in order. [money]"""
        bill = self.bill
        return bill.rank if self.instance.strict else (bill.regret, 0)

    def mode(self, run: Run) -> Mode:
        """The step in its suite."""
        return self.instance.steps[run.step].modes[run.suite]

    @cached_property
    def batches(self) -> list[Batch]:
        """Every batch, made ones by run, then those on hand."""
        found = [
            batch
            for index, run in enumerate(self.runs)
            for batch in self._made(index, run)
        ]
        for data in self.instance.on_hand:
            found.append(
                Batch(
                    unit=(ON_HAND, data.index),
                    step=data.step,
                    suite=data.suite,
                    site=data.site,
                    kind=data.kind,
                    start=None,
                    out=data.out,
                    serves=self.on_hand.get(data.index),
                    test=self._before(data.step, data.site, data.kind, data.out),
                    run=None,
                    number=data.index,
                    planned=False,
                )
            )
        return found

    def _before(self, step: int, site: int, kind: str, out: int | None) -> Test | None:
        tested = self.instance.steps[step].tested and kind != "engineering"
        if out is None or not tested:
            return None
        return Test(site, out, site, out)

    def _made(self, index: int, run: Run) -> Iterator[Batch]:
        instance = self.instance
        step = instance.steps[run.step]
        site = instance.suites[run.suite].site
        lead = lead_in(instance, run)
        locked = None if run.lock is None else instance.locks[run.lock].kind
        for number, start in enumerate(run.starts()):
            group = run.serves[number]
            kind = locked or kind_of(instance, step, group)
            yield Batch(
                unit=(run.suite, start),
                step=run.step,
                suite=run.suite,
                site=site,
                kind=kind,
                start=start,
                out=start + lead,
                serves=group,
                test=run.tests[number],
                run=index,
                number=number,
                planned=run.lock is None,
            )

    @cached_property
    def by_unit(self) -> dict[Unit, Batch]:
        """Batches by unit."""
        return {batch.unit: batch for batch in self.batches}

    @cached_property
    def in_suite(self) -> list[list[int]]:
        """Indices of the runs of each suite in order of start."""
        found: list[list[int]] = [[] for _ in self.instance.suites]
        for index, run in enumerate(self.runs):
            found[run.suite].append(index)
        for indices in found:
            indices.sort(key=lambda index: self.runs[index].start)
        return found

    # ----------------------------------------------------------------- input

    @cached_property
    def uses(self) -> dict[Unit, tuple[tuple[Unit, ...], tuple[Unit, ...]]]:
        """Per batch with a supply: what it takes anew and what it uses."""
        found: dict[Unit, tuple[tuple[Unit, ...], tuple[Unit, ...]]] = {}
        self.__dict__["uses"] = found  # later steps ask what went into earlier ones
        for step in self.instance.steps:
            if step.frozen is not None:
                found.update(self._frozen_uses(step, step.frozen))
            elif step.linked:
                found.update(self._linked_uses(step))
            elif step.direct_hold is not None:
                found.update(self._direct_uses(step))
        return found

    def _frozen_uses(
        self, step: StepData, supply: FrozenData
    ) -> Iterator[tuple[Unit, tuple[tuple[Unit, ...], tuple[Unit, ...]]]]:
        pool = sorted(
            self.intermediates(step),
            key=lambda batch: (*self.expiry_key(batch, supply),),
        )
        last: tuple[Unit, ...] = ()
        for number, user in enumerate(self.users(step.index)):
            count = supply.units(number + 1) - supply.units(number)
            fitting = (at for at, unit in enumerate(pool) if self.may_take(unit, user))
            places = list(islice(fitting, count))
            units = tuple(pool[at].unit for at in places)
            for at in reversed(places):
                del pool[at]
            last = units[-1:] or last
            yield user.unit, (units, units or last)

    def intermediates(self, step: StepData) -> Iterator[Batch]:
        """What a step may use: batches of the one before that serve no qualification."""
        for batch in self.batches:
            if batch.step == step.before and batch.serves is None:
                yield batch

    def _direct_uses(
        self, step: StepData
    ) -> Iterator[tuple[Unit, tuple[tuple[Unit, ...], tuple[Unit, ...]]]]:
        for site in range(len(self.instance.sites)):
            feeds = sorted(
                (
                    batch
                    for batch in self.batches
                    if batch.step == step.before
                    and batch.site == site
                    and batch.run is not None
                ),
                key=lambda batch: (batch.out, self.name_key(batch)),
            )
            users = sorted(
                (
                    batch
                    for batch in self.batches
                    if batch.step == step.index
                    and batch.site == site
                    and batch.run is not None
                ),
                key=lambda batch: (batch.start, self.name_key(batch)),
            )
            for feed, user in zip(feeds, users, strict=False):
                yield user.unit, ((feed.unit,), (feed.unit,))

    def _linked_uses(
        self, step: StepData
    ) -> Iterator[tuple[Unit, tuple[tuple[Unit, ...], tuple[Unit, ...]]]]:
        first = {(run.suite, run.start): run for run in self.runs}
        for run in self.runs:
            source = None if run.feed is None else first.get(run.feed)
            if run.step != step.index or source is None:
                continue
            for start, out in zip(run.starts(), source.starts(), strict=False):
                unit = (source.suite, out)
                yield (run.suite, start), ((unit,), (unit,))

    def users(self, step: int) -> list[Batch]:
        """Batches of a step that draw input from `as_of` on, in order of start."""
        return sorted(
            (
                batch
                for batch in self.batches
                if batch.step == step
                and batch.start is not None
                and batch.start >= self.instance.as_of
            ),
            key=lambda batch: (batch.start, self.name_key(batch)),
        )

    def name_key(self, batch: Batch) -> tuple[str, str]:
        """Order of batches at a tie: suite, then id."""
        return self.instance.suites[batch.suite].id, self.names[batch.unit]

    def expiry_key(self, batch: Batch, supply: FrozenData) -> tuple[int, str, str]:
        """Order in which intermediates are used."""
        return (self.expiry(batch, supply), *self.name_key(batch))

    def expiry(self, batch: Batch, supply: FrozenData) -> int:
        """End of an intermediate's life. [tick]"""
        if batch.out is not None:
            return batch.out + supply.shelf_life
        stated = self.instance.on_hand[batch.number].expiry
        assert stated is not None
        return stated

    def may_take(self, unit: Batch, user: Batch) -> bool:
        """Whether an intermediate is licensed for the market that a batch serves."""
        if user.serves is None:
            return True
        return self.right(unit, self.instance.groups[user.serves]) is not None

    def right(self, batch: Batch, group: Group) -> int | None:
        """Latest right to ship of all steps that went into a batch. [tick]"""
        latest = group.rights[batch.step, batch.site]
        if (batch.step, batch.site) in group.filings:
            latest = self.granted[group.filings[batch.step, batch.site]]
        for unit in (
            self.uses.get(batch.unit, ((), ()))[1] if latest is not None else ()
        ):
            inner = self.right(self.by_unit[unit], group)
            if inner is None:
                return None
            latest = max(latest or inner, inner)
        return latest

    def usable(self, batch: Batch, supply: FrozenData) -> int:
        """When an intermediate is ready on its own site. [tick]"""
        if batch.out is None:
            return self.instance.as_of
        ready = batch.out if supply.at_risk else self.released(batch)
        assert ready is not None
        return ready + supply.freeze

    # -------------------------------------------------------- qualifications

    @cached_property
    def asked(self) -> dict[int, dict[int, list[Batch]]]:
        """Batches that serve each engineering and PPQ group of each qualification."""
        found: dict[int, dict[int, list[Batch]]] = {}
        for group in self.instance.groups:
            if group.chain is not None:
                found.setdefault(group.chain, {})[group.index] = []
        for batch in self.batches if found else ():
            if batch.serves is not None:
                group = self.instance.groups[batch.serves]
                if group.chain is not None:
                    found[group.chain][group.index].append(batch)
        return found

    def engineering(self, chain: int) -> list[Batch]:
        """Engineering batches of a qualification."""
        return self._asked_of(chain, "engineering")

    def validated(self, chain: int) -> list[Batch]:
        """PPQ batches of a qualification, none where they aren't complete."""
        for index, served in self.asked.get(chain, {}).items():
            group = self.instance.groups[index]
            need = group.terms[self.size(group, served)].need
            if group.kind == "ppq" and not group.spare and len(served) != need:
                return []
        return self._asked_of(chain, "ppq")

    def _asked_of(self, chain: int, kind: str) -> list[Batch]:
        return [
            batch
            for index, served in self.asked.get(chain, {}).items()
            if self.instance.groups[index].kind == kind
            and not self.instance.groups[index].spare
            for batch in served
        ]

    @cached_property
    def proved(self) -> tuple[int | None, ...]:
        """When the last PPQ batch of each qualification is released. [tick]"""
        found: list[int | None] = []
        for chain in self.instance.chains:
            released = [self.released(b) for b in self.validated(chain.index)]
            known = [at for at in released if at is not None]
            whole = known and len(known) == len(released) and chain.permitted
            found.append(max(known) if whole else None)
        return tuple(found)

    @cached_property
    def filed(self) -> tuple[int | None, ...]:
        """When each filing is made. [tick]"""
        return self.instance.filed(self.proved, self.without)

    @cached_property
    def granted(self) -> tuple[int | None, ...]:
        """Right to ship that each filing gives. [tick]"""
        return self.instance.granted(self.filed)

    # --------------------------------------------------------------- freezers

    def stays(self, step: StepData) -> Iterator[tuple[int, int, int]]:
        """Site, from and until of every intermediate that a step may use. [tick]"""
        supply = step.frozen
        assert supply is not None
        last: dict[Unit, int] = {}
        for user in self.users(step.index):
            assert user.start is not None
            for unit in self.uses.get(user.unit, ((), ()))[1]:
                last[unit] = max(user.start, last.get(unit, user.start))
        sent = {unit: freight for freight in self.freights for unit in freight.units}
        for batch in self.intermediates(step):
            begin = max(self.instance.as_of, batch.out or self.instance.as_of)
            end = min(self.expiry(batch, supply), self.instance.horizon_end)
            end = last.get(batch.unit, end)
            freight = sent.get(batch.unit)
            if freight is None:
                yield batch.site, begin, end
            else:
                lane = freight.lane
                yield batch.site, begin, freight.depart
                yield lane.to, freight.depart + lane.days, end

    # --------------------------------------------------------------- release

    def released(self, batch: Batch) -> int | None:
        """Disposition of a batch. [tick]"""
        if batch.out is None:
            return self.instance.as_of
        if batch.kind == "engineering":
            return batch.out
        lag = self.instance.steps[batch.step].lag
        if lag is not None:
            return batch.out + lag
        if batch.test is None:
            return None
        step = self.instance.steps[batch.step]
        tested = max(
            batch.test.qc_start + step.qc_days, batch.test.qa_start + step.qa_days
        )
        return tested + step.buffer(batch.kind)

    def available(self, batch: Batch) -> int:
        """When a batch that serves a group is released and may ship. [tick]"""
        found = self.available_if_ever(batch)
        assert found is not None
        return found

    def available_if_ever(self, batch: Batch) -> int | None:
        """The same, None where a plan breaks the rules so that it never is. [tick]"""
        assert batch.serves is not None
        released = self.released(batch)
        right = self.right(batch, self.instance.groups[batch.serves])
        return None if released is None or right is None else max(released, right)

    # ----------------------------------------------------------------- stock

    def enters(self, batch: Batch) -> int | None:
        """When a batch enters the stock it is made for, None if never. [tick]"""
        stocked = self.instance.stocked_by(self.instance.steps[batch.step])
        if stocked is None or batch.kind != "commercial":
            return None
        rights = stocked.given_rights if batch.run is None else stocked.rights
        found = [rights[batch.suite], self.released(batch)]
        if batch.run is not None:
            found += [self.granted[filing] for filing in stocked.filings[batch.suite]]
        known = [at for at in found if at is not None]
        return max(known) if len(known) == len(found) else None

    @cached_property
    def flows(self) -> dict[int, Flow]:
        """What happens to the stock of each programme made to it."""
        return {
            programme: flow(stocked, self.lots(stocked))
            for programme, stocked in self.instance.stocked.items()
        }

    def lots(self, stocked: Stocked) -> Iterator[Lot]:
        """What enters a stock: of campaigns and of what is on hand."""
        for batch in self.batches:
            enters = self.enters(batch) if batch.step == stocked.step else None
            if enters is None:
                continue
            end, amounts = NEVER, stocked.amounts
            if batch.out is None:
                amounts = stocked.released_amounts
                end = self.instance.on_hand[batch.number].expiry or NEVER
            elif stocked.life is not None:
                end = batch.out + stocked.life + 1
            yield Lot(enters, end, amounts[batch.suite])

    # ----------------------------------------------------------------- money

    def changeover(self, suite: int, place: int) -> int:
        """Changeover before the run at a place in its suite's order. [tick]"""
        order = self.in_suite[suite]
        run = self.runs[order[place]]
        before = self.runs[order[place - 1]] if place else None
        return changeover_between(self.instance, before, run)

    def served(self) -> dict[int, list[Batch]]:
        """Batches that serve each group."""
        found: defaultdict[int, list[Batch]] = defaultdict(list)
        for batch in self.batches:
            if batch.serves is not None:
                found[batch.serves].append(batch)
        return found

    def size(self, group: Group, served: list[Batch]) -> Fraction:
        """Batch size that a group is made at. [kg]"""
        sizes = [kg_of(self.instance, batch) for batch in served[:1]]
        return next((kg for kg in sizes if kg in group.terms), group.reference)

    @cached_property
    def bill(self) -> Bill:
        """What the schedule costs."""
        sums: defaultdict[str, int] = defaultdict(int)
        served = self.served()
        taken = {unit for anew, _ in self.uses.values() for unit in anew}
        for group in self.instance.groups:
            self._bill_group(group, served.get(group.index, []), sums)
        for batch in self.batches:
            if batch.planned and batch.serves is None:
                sums["variable"] += self._unsold(batch, batch.unit in taken)
        for suite in self.instance.suites:
            for place, index in enumerate(self.in_suite[suite.index]):
                planned = self.runs[index].lock is None
                if planned and self.changeover(suite.index, place):
                    sums["changeover"] += suite.changeover_cost
        for run in self.runs:
            if run.lock is None:
                sums["campaign"] += self.mode(run).campaign_cost
                sums["hold"] += self._held(run)
        sums["shipment"] = sum(map(self._freight_cost, self.freights))
        for chain in self.instance.chains:
            if chain.index in self.transfers:
                sums["qualification"] += chain.transfer_cost
        for filing in self.instance.filings:
            if self.filed[filing.index] is not None:
                sums["qualification"] += filing.cost
        for found in self.flows.values():
            sums["unserved"] += found.unserved_cost
            sums["variable"] -= found.saved
            terms = ("storage", "shortage", "waste", "deficit")
            for term, costs in zip(terms, found.costs(), strict=True):
                sums[term] += sum(costs)
        return Bill(**{name: sums[name] for name in Bill.__dataclass_fields__})

    def _held(self, run: Run) -> int:
        """What the waits of a linked campaign's harvest cost. [money]"""
        step = self.instance.steps[run.step]
        if not step.hold_cost or run.feed is None:
            return 0
        source = self.by_unit[run.feed].run
        assert source is not None
        feed = self.runs[source]
        lead = lead_in(self.instance, feed)
        waits = (
            start - out - lead
            for start, out in zip(run.starts(), feed.starts(), strict=False)
        )
        return math.ceil(step.hold_cost * sum(waits))

    def _bill_group(
        self, group: Group, served: list[Batch], sums: defaultdict[str, int]
    ) -> None:
        terms = group.terms[self.size(group, served)]
        service = (terms.need - len(served)) * terms.unserved
        sums["unserved"] += service
        for batch in served:
            for term, money in self.charge(batch, group, terms).items():
                sums[term] += money
                service += money if term == "lateness" else 0
        if group.firm:
            sums["firm_service"] += service

    def charge(self, batch: Batch, group: Group, terms: Terms) -> dict[str, int]:
        """Cost of a batch that serves a group, by term; none if it may not. [money]"""
        right, available = self.right(batch, group), self.available_if_ever(batch)
        if right is None or available is None:
            return {}
        found = {"lateness": group.service(terms, available)}
        if batch.out is not None:
            step = self.instance.steps[batch.step]
            able = max(batch.out + step.lead_times[batch.kind], right)
            found["holding"] = terms.holding * max(0, group.hold_from - able)
        if batch.planned:
            found["variable"] = group.suite_cost[batch.suite]
            if group.chain is not None:
                found["qualification"] = group.making[batch.suite]
            assert batch.start is not None
            if batch.start < right:
                found["at_risk"] = group.risk_cost[batch.suite]
        return found

    def _freight_cost(self, freight: Freight) -> int:
        """A shipment with duty and expected loss of its cargo. [money]"""
        cargo = [self.by_unit[unit] for unit in freight.units]
        dues = sum(freight.lane.dues[batch.step, batch.suite] for batch in cargo)
        return freight.lane.cost + dues

    def _unsold(self, batch: Batch, taken: bool) -> int:
        """Variable cost of a batch that serves no line. [money]"""
        step = self.instance.steps[batch.step]
        modes = step.modes
        own = modes[batch.suite].variable_cost
        if step.programme in self.instance.stocked:
            return own
        if batch.kind == "in_process" or taken:
            own -= min(mode.variable_cost for mode in modes.values())
        return own

    # ----------------------------------------------------------------- names

    @cached_property
    def run_names(self) -> list[str]:
        """Campaign ids: the lock's, or suite and number in order of start."""
        names = [""] * len(self.runs)
        for suite in self.instance.suites:
            number = 0
            for index in self.in_suite[suite.index]:
                lock = self.runs[index].lock
                if lock is not None:
                    names[index] = self.instance.locks[lock].id
                else:
                    number += 1
                    names[index] = f"{suite.id}-{number:03d}"
        return names

    @cached_property
    def names(self) -> dict[Unit, str]:
        """Batch ids: campaign and number."""
        found = {(ON_HAND, data.index): data.id for data in self.instance.on_hand}
        for index, run in enumerate(self.runs):
            for number, start in enumerate(run.starts()):
                name = f"{self.run_names[index]}/{number + 1:02d}"
                found[run.suite, start] = name
        return found


def tests_of(
    schedule: Schedule, resource: int, site: int, *, foreign: bool
) -> list[int]:
    """QC or QA starts at a site, only those for other sites if `foreign`. [tick]"""
    found = []
    for batch in schedule.batches:
        test = batch.test
        if test is None or (foreign and batch.site == site):
            continue
        where, start = (
            (test.qc_site, test.qc_start)
            if resource == QC
            else (test.qa_site, test.qa_start)
        )
        if where == site:
            found.append(start)
    return found
