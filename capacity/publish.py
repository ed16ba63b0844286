"""From the solver's integers to a plan in dates and names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from capacity.checker.book import Book
from capacity.checker.causes import cause_of
from capacity.demand import lines
from capacity.instance import ChainData, Group
from capacity.plan import (
    Consumption,
    Costs,
    Plan,
    PlannedBatch,
    PlannedCampaign,
    PlannedFiling,
    PlannedOrder,
    PlannedQualification,
    Shipment,
    StockPeriod,
)
from capacity.schedule import Batch, Schedule, end_of, lead_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from capacity.demand import Line
    from capacity.plan import Cause

STRICTNESS = (
    "ppq",
    "commercial",
    "clinical",
    "engineering",
    "intermediate",
    "in_process",
    "surplus",
)
"""Which kind names a campaign where minima are equal."""


def to_plan(schedule: Schedule, scenario_sha256: str) -> Plan:
    """Write a schedule out; `check` recomputes all of it."""
    return _Writer(schedule).plan(scenario_sha256)


class _Writer:
    """Carries the lookups that writing needs."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.instance = schedule.instance
        self.scenario = self.instance.scenario
        self.book = Book(self.scenario)
        self.lines = {line.id: line for line in lines(self.scenario)}
        self.clients = {p.id: p.client for p in self.scenario.programmes}
        self.named = {chain.id: chain.step for chain in self.scenario.qualifications}
        self.line_of = self._lines_served()

    def plan(self, scenario_sha256: str) -> Plan:
        batches = [self._batch(batch) for batch in self.schedule.batches]
        batches.sort(
            key=lambda row: (row.programme, row.step, str(row.start or ""), row.batch)
        )
        bill = self.schedule.bill
        return Plan(
            scenario_sha256=scenario_sha256,
            batches=batches,
            campaigns=self._campaigns(),
            orders=self._orders(batches),
            shipments=self._shipments(),
            consumes=self._consumes(),
            qualifications=list(self._qualifications()),
            stocks=list(self._stocks()),
            costs=Costs(**{term: getattr(bill, term) for term in Costs.model_fields}),
            firm_service=bill.firm_service,
            objective=bill.regret,
        )

    def date(self, tick: int | None) -> datetime | None:
        return None if tick is None else self.instance.grid.moment(tick)

    def _lines_served(self) -> dict[tuple[int, int], Line]:
        """Line of each serving batch: a group's lines are filled one after another."""
        found = {}
        for index, served in self.schedule.served().items():
            group = self.instance.groups[index]
            places = self._places(group, served)
            for batch, line in zip(self._in_turn(served), places, strict=True):
                found[batch.unit] = self.lines[line]
        return found

    def _in_turn(self, served: list[Batch]) -> list[Batch]:
        return sorted(
            served,
            key=lambda batch: (self.schedule.available_if_ever(batch) or 0, batch.unit),
        )

    def _places(self, group: Group, served: list[Batch]) -> list[str]:
        if len(group.lines) == 1:
            return [group.lines[0][0]] * len(served)
        every = [name for name, batches in group.lines for _ in range(batches)]
        beyond = [every[-1]] * (len(served) - len(every))  # for the checker to refuse
        return [*every[: len(served)], *beyond]

    # --------------------------------------------------------------- batches

    def _batch(self, batch: Batch) -> PlannedBatch:
        instance, schedule = self.instance, self.schedule
        step = instance.steps[batch.step]
        line = self.line_of.get(batch.unit)
        programme = instance.programmes[step.programme]
        test = batch.test
        return PlannedBatch(
            batch=schedule.names[batch.unit],
            order=line and line.id,
            contract=(line and line.contract) or None,
            programme=programme,
            client=self.clients[programme],
            kind=batch.kind,
            step=step.name,
            market=line and line.market,
            site=instance.sites[batch.site],
            suite=instance.suites[batch.suite].id,
            campaign=None if batch.run is None else schedule.run_names[batch.run],
            start=self.date(batch.start),
            out=self.date(batch.out),
            qc_site=test and instance.sites[test.qc_site],
            qc_start=self.date(None if test is None else test.qc_start),
            qc_end=self.date(None if test is None else test.qc_start + step.qc_days),
            qa_site=test and instance.sites[test.qa_site],
            qa_start=self.date(None if test is None else test.qa_start),
            released=self.date(schedule.released(batch)),
            wait_days=self._wait(batch),
            **self._outcome(batch, line),
        )

    def _wait(self, batch: Batch) -> float | None:
        if batch.test is None or batch.out is None:
            return None
        step = self.instance.steps[batch.step]
        ends = batch.test.qc_start + step.qc_days, batch.test.qa_start + step.qa_days
        wait = max(ends) - batch.out - max(step.qc_days, step.qa_days)
        return float(self.instance.grid.days(wait))

    def _outcome(self, batch: Batch, line: Line | None) -> dict[str, Any]:
        if line is None:
            enters = self.date(self.schedule.enters(batch))
            return {
                "available": enters, "due": None, "late_days": None, "at_risk": False
            }  # fmt: skip
        available = self.schedule.available_if_ever(batch)
        assert batch.serves is not None
        group = self.instance.groups[batch.serves]
        late = None if available is None else max(0, available - group.deadline)
        return {
            "available": self.date(available),
            "due": line.due,
            "late_days": None if late is None else float(self.instance.grid.days(late)),
            "at_risk": self._at_risk(batch, group),
        }

    def _at_risk(self, batch: Batch, group: Group) -> bool:
        if group.market is None or batch.start is None:
            return False
        right = self.schedule.right(batch, group)
        return right is not None and batch.start < right

    # ------------------------------------------------------------- campaigns

    def _campaigns(self) -> list[PlannedCampaign]:
        members: defaultdict[int, list[Batch]] = defaultdict(list)
        for batch in self.schedule.batches:
            if batch.run is not None:
                members[batch.run].append(batch)
        rows = []
        for suite in self.instance.suites:
            for place, index in enumerate(self.schedule.in_suite[suite.index]):
                rows.append(self._campaign(index, place, members[index]))
        return rows

    def _campaign(
        self, index: int, place: int, members: list[Batch]
    ) -> PlannedCampaign:
        instance, schedule = self.instance, self.schedule
        run = schedule.runs[index]
        suite, step = instance.suites[run.suite], instance.steps[run.step]
        changeover = schedule.changeover(run.suite, place)
        kinds = {batch.kind for batch in members}
        kind = max(kinds, key=lambda name: (step.least(name), -STRICTNESS.index(name)))
        return PlannedCampaign(
            campaign=schedule.run_names[index],
            site=instance.sites[suite.site],
            suite=suite.id,
            programme=instance.programmes[step.programme],
            step=step.name,
            kind=kind,
            batches=run.batches,
            changeover_start=self.date(run.start - changeover) if changeover else None,
            changeover_days=float(instance.grid.days(changeover)),
            start=self.date(run.start),
            first_out=self.date(run.start + lead_in(instance, run)),
            end=self.date(end_of(instance, run)),
            locked=run.lock is not None,
        )

    # ---------------------------------------------------------------- orders

    def _orders(self, batches: list[PlannedBatch]) -> list[PlannedOrder]:
        served: defaultdict[str, list[PlannedBatch]] = defaultdict(list)
        made: defaultdict[str, list[PlannedBatch]] = defaultdict(list)
        for row in batches:
            made[row.programme].append(row)
            if row.order is not None:
                served[row.order].append(row)
        costs = self._line_costs()
        needs = self._line_needs()
        rows = []
        for name, line in self.lines.items():
            if not line.own:
                own = made[line.programme]
                rows.append(
                    self._order(line, served[name], own, needs[name], costs[name])
                )
        return rows

    def _order(
        self,
        line: Line,
        served: list[PlannedBatch],
        batches: list[PlannedBatch],
        need: int,
        cost: int,
    ) -> PlannedOrder:
        late = [row for row in served if row.late_days]
        cause: Cause = "none"
        if late or len(served) < need:
            cause = cause_of(self.book, batches, line, served)
        return PlannedOrder(
            order=line.id,
            contract=line.contract,
            programme=line.programme,
            kind=line.kind,
            market=line.market,
            firmness=line.firmness,
            weight=float(line.weight),
            batches=need,
            on_time=len(served) - len(late),
            late=len(late),
            unserved=need - len(served),
            due=line.due,
            last_available=max(
                (row.available for row in served if row.available), default=None
            ),
            cost=cost,
            cause=cause,
        )

    def _line_needs(self) -> dict[str, int]:
        served = self.schedule.served()
        found = {}
        for group in self.instance.groups:
            size = self.schedule.size(group, served.get(group.index, []))
            for name, batches in group.lines:
                single = len(group.lines) == 1
                found[name] = group.terms[size].need if single else batches
        return found

    def _line_costs(self) -> dict[str, int]:
        served = self.schedule.served()
        needs = self._line_needs()
        costs: defaultdict[str, int] = defaultdict(int)
        for group in self.instance.groups:
            batches = served.get(group.index, [])
            terms = group.terms[self.schedule.size(group, batches)]
            for name, _ in group.lines:
                costs[name] += needs[name] * terms.unserved
            for batch in batches:
                name = self.line_of[batch.unit].id
                costs[name] -= terms.unserved
                costs[name] += sum(self.schedule.charge(batch, group, terms).values())
        return costs

    # -------------------------------------------------------- qualifications

    def _qualifications(self) -> Iterator[PlannedQualification]:
        """Those with a transfer in the plan, or their PPQ complete."""
        for chain in self.instance.chains:
            ppq = self.schedule.validated(chain.index)
            if chain.index in self.schedule.transfers or ppq:
                yield self._qualification(chain, ppq)

    def _qualification(
        self, chain: ChainData, ppq: list[Batch]
    ) -> PlannedQualification:
        schedule = self.schedule
        start, length = schedule.transfers.get(chain.index), chain.transfer
        moved = start is not None and length is not None
        made = [batch.out or 0 for batch in schedule.engineering(chain.index)]
        return PlannedQualification(
            qualification=chain.id,
            programme=self.instance.programmes[chain.programme],
            step=self.named[chain.id],
            site=self.instance.sites[chain.site],
            transfer_start=self.date(start),
            transfer_end=self.date((start or 0) + (length or 0)) if moved else None,
            engineered=self.date(max(made, default=None)),
            ppq_start=self.date(min((b.start or 0 for b in ppq), default=None)),
            ppq_out=self.date(max((b.out or 0 for b in ppq), default=None)),
            ppq_released=self.date(
                max((schedule.released(b) or 0 for b in ppq), default=None)
            ),
            filings=list(self._filings(chain)),
        )

    def _filings(self, chain: ChainData) -> Iterator[PlannedFiling]:
        filed = self.schedule.filed
        first = self.instance.first_filings(filed)
        for number in chain.filings:
            filing, at = self.instance.filings[number], filed[number]
            if at is None:
                continue
            inspected = self.instance.inspected(filing, filed, first)
            yield PlannedFiling(
                market=filing.market,
                filed=self.date(at),
                reviewed=self.date(at + filing.review),
                inspected=self.date(inspected),
                right=self.date(self.schedule.granted[number]),
            )

    # ----------------------------------------------------------------- stock

    def _stocks(self) -> Iterator[StockPeriod]:
        for programme, found in sorted(self.schedule.flows.items()):
            stocked = self.instance.stocked[programme]
            costs = zip(*found.costs(), strict=True)
            for n, (period, cost) in enumerate(
                zip(stocked.periods, costs, strict=True)
            ):
                amounts = {
                    "opening": found.closing[n - 1] if n else 0,
                    "made": found.made[n],
                    "waste": found.waste[n],
                    "demand": period.demand,
                    "sold": found.sold[n],
                    "backlog": found.backlog[n],
                    "lost": found.lost[n],
                    "closing": found.closing[n],
                    "target": period.target,
                }
                yield StockPeriod(
                    programme=stocked.id,
                    due=self.date(period.due),
                    cost=sum(cost),
                    **{name: Fraction(x, stocked.parts) for name, x in amounts.items()},
                )

    # ----------------------------------------------------------------- input

    def _shipments(self) -> list[Shipment]:
        names = self.schedule.names
        rows = [
            Shipment(
                lane=freight.lane.id,
                depart=self.date(freight.depart),
                arrive=self.date(freight.depart + freight.lane.days),
                batches=sorted(names[unit] for unit in freight.units),
            )
            for freight in self.schedule.freights
        ]
        return sorted(rows, key=lambda row: (row.depart, row.lane, row.batches))

    def _consumes(self) -> list[Consumption]:
        names = self.schedule.names
        rows = [
            Consumption(batch=names[user], uses=[names[unit] for unit in used])
            for user, (_, used) in self.schedule.uses.items()
            if used
        ]
        return sorted(rows, key=lambda row: row.batch)
