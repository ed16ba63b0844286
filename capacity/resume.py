"""A plan that was written, back in the solver's integers, to go on from."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from capacity.construct import Wish
from capacity.instance import Instance, StepData
from capacity.plan import Plan, PlannedBatch, PlannedCampaign
from capacity.schedule import ON_HAND, Freight, Run, Schedule, Test, Unit


def schedule_of(instance: Instance, plan: Plan) -> Schedule | None:
    """The same plan, None where the scenario doesn't know something in it.

    Parameters
    ----------
    instance
        What is planned: the scenario of the plan, or one like it.
    plan
        As `plan.json` states it.
    """
    try:
        return _Reader(instance, plan).schedule()
    except (KeyError, ValueError):  # a name or a moment that isn't there
        return None


def campaigns_of(instance: Instance, plan: Plan) -> list[Wish]:
    """Campaigns of a plan that aren't locked, as far as the scenario knows the names."""
    reader, found = _Reader(instance, plan), []
    for row in plan.campaigns:
        try:
            step, suite = reader.step(row), reader.suites[row.suite]
            start = reader.at(row.start)
        except (KeyError, ValueError):
            continue
        if not row.locked:
            found.append(Wish(step.index, suite, start, row.batches, row.kind == "ppq"))
    return found


def wishes_of(schedule: Schedule) -> list[Wish]:
    """Campaigns of a schedule that aren't locked."""
    groups = schedule.instance.groups
    return [
        Wish(
            run.step, run.suite, run.start, run.batches,
            any(g is not None and groups[g].kind == "ppq" for g in run.serves),
        )
        for run in schedule.runs
        if run.lock is None
    ]  # fmt: skip


class _Reader:
    """Carries the lookups that reading needs."""

    def __init__(self, instance: Instance, plan: Plan) -> None:
        self.instance, self.plan = instance, plan
        self.sites: dict[str | None, int] = {
            name: number for number, name in enumerate(instance.sites)
        }
        self.suites = {suite.id: suite.index for suite in instance.suites}
        self.lanes = {lane.id: lane for lane in instance.lanes}
        self.locks = {lock.id: lock for lock in instance.locks}
        self.on_hand = {batch.id: batch.index for batch in instance.on_hand}
        self.steps = {
            (instance.programmes[step.programme], step.name): step
            for step in instance.steps
        }
        self.chains = {chain.id: chain.index for chain in instance.chains}
        self.groups = {
            line: group.index for group in instance.groups for line, _ in group.lines
        }

        self.batches = {batch.batch: batch for batch in plan.batches}
        self.uses = {row.batch: row.uses[0] for row in plan.consumes if row.uses}

    def unit(self, name: str) -> Unit:
        """A batch that a campaign of the plan makes."""
        batch = self.batches[name]
        return self.suites[batch.suite], self.at(batch.start)

    def at(self, moment: datetime | None) -> int:
        if moment is None:
            raise KeyError
        return self.instance.grid.at(moment)

    def step(self, row: PlannedCampaign) -> StepData:
        return self.steps[row.programme, row.step]

    def schedule(self) -> Schedule:
        members: defaultdict[str, list[PlannedBatch]] = defaultdict(list)
        units: dict[str, Unit] = {}
        serves = {}
        for batch in self.plan.batches:
            if batch.campaign is None:
                index = self.on_hand[batch.batch]
                units[batch.batch] = (ON_HAND, index)
                if batch.order is not None:
                    serves[index] = self.groups[batch.order]
            else:
                members[batch.campaign].append(batch)
                units[batch.batch] = (self.suites[batch.suite], self.at(batch.start))
        return Schedule(
            self.instance,
            tuple(self._run(row, members[row.campaign]) for row in self.plan.campaigns),
            serves,
            tuple(
                Freight(
                    self.lanes[row.lane],
                    self.at(row.depart),
                    tuple(units[name] for name in row.batches),
                )
                for row in self.plan.shipments
            ),
            {
                self.chains[row.qualification]: self.at(row.transfer_start)
                for row in self.plan.qualifications
                if row.transfer_start is not None
            },
            self._without(),
        )

    def _without(self) -> frozenset[int]:
        """Filings that the plan doesn't make though it could."""
        made = {
            (self.chains[row.qualification], filing.market)
            for row in self.plan.qualifications
            for filing in row.filings
        }
        proved = {
            self.chains[row.qualification]
            for row in self.plan.qualifications
            if row.ppq_released is not None
        }
        return frozenset(
            filing.index
            for filing in self.instance.filings
            if filing.chain in proved and (filing.chain, filing.market) not in made
        )

    def _run(self, row: PlannedCampaign, members: list[PlannedBatch]) -> Run:
        members = sorted(members, key=lambda batch: str(batch.start))
        step, suite = self.step(row), self.suites[row.suite]
        start, lock = self.at(row.start), self.locks.get(row.campaign)
        takt = step.modes[suite].takt(start) if lock is None else lock.takt
        feed = self.uses.get(members[0].batch) if step.linked else None
        run = Run(
            step.index,
            suite,
            start,
            takt,
            tuple(self.groups[b.order] if b.order else None for b in members),
            tuple(self._test(b) for b in members),
            None if lock is None or not row.locked else lock.index,
            None if feed is None else self.unit(feed),
            tuple(self.at(b.start) for b in members) if step.linked else (),
        )
        if run.starts() != [self.at(batch.start) for batch in members]:
            raise ValueError  # the suite's rate was another one then
        return run

    def _test(self, batch: PlannedBatch) -> Test | None:
        if batch.qc_start is None or batch.qa_start is None:
            return None
        return Test(
            self.sites[batch.qc_site],
            self.at(batch.qc_start),
            self.sites[batch.qa_site],
            self.at(batch.qa_start),
        )
