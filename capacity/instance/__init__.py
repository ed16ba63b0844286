"""The scenario as the solver sees it: integers, ticks and indices, defaults filled in.

Nothing here is shared with `check`, which reads the same scenario on its own: a slip in
one of the two shows as a disagreement.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from capacity.horizon import Grid
from capacity.instance.demand import Group, Terms, groups
from capacity.instance.given import (
    LockData,
    OnHand,
    batches_on_hand,
    lock_data,
    tested_before,
)
from capacity.instance.known import DAY, FAR, QA, QC, Known
from capacity.instance.lanes import LaneData, lane_data
from capacity.instance.qualifications import (
    ChainData,
    FilingData,
    chain_data,
    filing_data,
    transfer_slots,
)
from capacity.instance.queues import Queue, queue
from capacity.instance.rights import earliest_ppq
from capacity.instance.spans import Span, overlap
from capacity.instance.steps import FrozenData, Mode, StepData, step_data
from capacity.instance.stock import Stocked, stocked
from capacity.instance.suites import SuiteData, suite_data
from capacity.scenario import Scenario

__all__ = [
    "DAY",
    "FAR",
    "QA",
    "QC",
    "Cap",
    "ChainData",
    "FilingData",
    "FrozenData",
    "Group",
    "Instance",
    "LaneData",
    "LockData",
    "Mode",
    "OnHand",
    "Queue",
    "Span",
    "StepData",
    "Stocked",
    "SuiteData",
    "Terms",
    "build",
    "overlap",
]


@dataclass(frozen=True)
class Cap:
    """How bad an amount may be at the most, beside what is asked for."""

    objective: str
    """throughput | target_deficit"""
    most: int
    """Parts that stock lacks of its targets, or parts that are made, below 0."""


@dataclass(frozen=True)
class Instance:
    """Everything that the planner and the model read."""

    scenario: Scenario
    grid: Grid
    as_of: int
    frozen_until: int
    horizon_end: int
    clean_hold: int
    ppq_wait: int
    strict: bool
    """Firm service is a tier of its own."""
    sites: tuple[str, ...]
    suites: tuple[SuiteData, ...]
    programmes: tuple[str, ...]
    steps: tuple[StepData, ...]
    groups: tuple[Group, ...]
    locks: tuple[LockData, ...]
    on_hand: tuple[OnHand, ...]
    lanes: tuple[LaneData, ...]
    kg: dict[tuple[int, int], Fraction]
    """Product of a batch by (step, suite). [kg]"""
    queues: dict[tuple[int, int], Queue]
    """By (site, QC or QA)."""
    freezers: dict[int, int] = field(default_factory=dict)
    """Frozen intermediates that a site holds at a time, where that is limited."""
    tested_before: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    """Starts of batches out before `as_of`, by (site, QC or QA). [tick]"""
    stocked: dict[int, Stocked] = field(default_factory=dict)
    """Programmes made to stock."""
    chains: tuple[ChainData, ...] = ()
    filings: tuple[FilingData, ...] = ()
    chain_at: dict[tuple[int, int], int] = field(default_factory=dict)
    """Qualification by (step, site)."""
    transfer_slots: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """(tick, transfers at a time from then on) by site; any number where none. [tick]"""
    cap: Cap | None = None
    """What plans between two of a front are held to."""

    def filed(
        self, proved: Sequence[int | None], without: Collection[int] = ()
    ) -> tuple[int | None, ...]:
        """When each filing is made, from the last PPQ release of each chain. [tick]

        None for those that aren't: left out, without their PPQ, or after one that isn't.
        """

        def made(filing: FilingData) -> int | None:
            at = proved[filing.chain]
            if at is None or filing.index in without:
                return None
            if filing.after is not None and made(self.filings[filing.after]) is None:
                return None
            return max(self.as_of, at + filing.wait)

        return tuple(map(made, self.filings))

    def first_filings(self, filed: Sequence[int | None]) -> dict[tuple[int, str], int]:
        """Filing that brings the inspection of a site for a market.

        None where a licence says that it is over before, or where nothing is filed.
        """
        found: dict[tuple[int, str], int] = {}
        for filing in self.filings:
            at, key = filed[filing.index], (filing.site, filing.market)
            if at is None or filing.inspection is None:
                continue
            last = filing.inspected
            if last is not None and last <= at + filing.inspection:
                continue
            first = None if key not in found else filed[found[key]]
            if first is None or at < first:
                found[key] = filing.index
        return found

    def granted(self, filed: Sequence[int | None]) -> tuple[int | None, ...]:
        """Right to ship by filing, from the date of each. [tick]

        A site's first filing for a market brings an inspection, which every right from
        there to that market waits for; and it waits for the right that it comes after,
        by licence or by another filing.
        """
        first = self.first_filings(filed)
        found: list[int | None] = []
        for filing in self.filings:
            at = filed[filing.index]
            if at is not None:
                at += filing.review
                inspected = self.inspected(filing, filed, first)
                if inspected is not None:
                    at = max(at, inspected)
                if filing.licensed is not None:
                    at = max(at, filing.licensed)
            found.append(at)

        def right(number: int) -> int | None:
            at, after = found[number], self.filings[number].after
            if at is None or after is None:
                return at
            before = right(after)
            return None if before is None else max(at, before)

        return tuple(map(right, range(len(found))))

    def inspected(
        self,
        filing: FilingData,
        filed: Sequence[int | None],
        first: dict[tuple[int, str], int],
    ) -> int | None:
        """End of the inspection that a filing waits for, None where there is none. [tick]"""
        if filing.inspection is None:
            return None
        number = first.get((filing.site, filing.market))
        if number is None:
            return filing.inspected
        begun = filed[number]
        assert begun is not None
        return begun + filing.inspection

    def standing(
        self, proved: Sequence[int | None]
    ) -> tuple[tuple[int, bool] | None, ...]:
        """By filing, if all that can be are made: its right, and if it brings inspectors."""
        filed = self.filed(proved)
        first = set(self.first_filings(filed).values())
        return tuple(
            None if right is None else (right, number in first)
            for number, right in enumerate(self.granted(filed))
        )

    def placed(self, deadlines: dict[int, int]) -> tuple[dict[int, int], int]:
        """Start of each transfer that must end by a tick, and how many end too late.

        The most urgent goes first, as early as its site has a slot for all its days.
        """
        found: dict[int, int] = {}
        late = 0
        for chain in sorted(deadlines, key=lambda chain: (deadlines[chain], chain)):
            data = self.chains[chain]
            assert data.transfer is not None
            start = self._free(data, found)
            if start is None or start + data.transfer > deadlines[chain]:
                late += 1
            found[chain] = data.earliest if start is None else start
        return found, late

    def _free(self, data: ChainData, taken: dict[int, int]) -> int | None:
        assert data.transfer is not None
        slots = self.transfer_slots.get(data.site)
        if slots is None:
            return data.earliest
        others = [
            (start, start + length)
            for chain, start in taken.items()
            if self.chains[chain].site == data.site
            and (length := self.chains[chain].transfer) is not None
        ]
        edges = {data.earliest, *(end for _, end in others), *(at for at, _ in slots)}
        for start in sorted(edge for edge in edges if edge >= data.earliest):
            end = start + data.transfer
            looks = [start, *(at for at, _ in slots), *(at for at, _ in others)]
            if all(
                sum(a <= look < b for a, b in others)
                < next((n for at, n in reversed(slots) if at <= look), 0)
                for look in looks
                if start <= look < end
            ):
                return start
        return None

    def turn(self, group: int | None) -> int:
        """Where the priority rule puts a product batch before its out is looked at."""
        rule = self.scenario.quality.priority
        if rule == "first_out":
            return 0
        last = self.horizon_end + 10**6  # later than any due day
        if group is None:
            return last
        data = self.groups[group]
        if rule == "due_date":
            return data.due
        return 0 if data.firm else 1

    @cached_property
    def parts(self) -> dict[int, int]:
        """What a part of each programme made to stock weighs where amounts are added up."""
        most = math.lcm(*(stocked.parts for stocked in self.stocked.values()))
        return {p: most // stocked.parts for p, stocked in self.stocked.items()}

    def brings(self, step: StepData, suite: int) -> int:
        """What a batch of a last step adds to throughput. [part]"""
        stocked = self.stocked[step.programme]
        return self.parts[step.programme] * stocked.amounts[suite]

    def room(self, mode: Mode) -> int:
        """Batches of a step that a suite has time for, all else left out."""
        if not mode.starts:
            return 0
        time = self.horizon_end - mode.starts[0][0] - mode.lead
        takt = min(mode.lead, *(takt for _, takt in mode.takts))  # or campaigns of one
        return 0 if time < 0 else 1 + time // takt

    @property
    def linked(self) -> bool:
        """Whether campaigns are fed by campaigns, so that they are planned as such."""
        return any(step.linked for step in self.steps)

    def lane(self, start: int, to: int) -> LaneData | None:
        """The lane between two sites."""
        return self._lanes_between.get((start, to))

    @cached_property
    def _lanes_between(self) -> dict[tuple[int, int], LaneData]:
        return {(x.start, x.to): x for x in reversed(self.lanes)}  # the first counts

    def right(self, group: Group, step: int, site: int) -> int | None:
        """Right to ship what a site makes: of the step and its direct feeds. [tick]"""
        latest = group.rights[step, site]
        data = self.steps[step]
        if latest is None or data.direct_hold is None:
            return latest
        assert data.before is not None
        inner = self.right(group, data.before, site)
        return None if inner is None else max(latest, inner)

    def last_step(self, programme: int) -> StepData:
        """The step whose batches serve orders."""
        return next(
            step
            for step in self.steps
            if step.programme == programme and step.after is None
        )

    def stocked_by(self, step: StepData) -> Stocked | None:
        """The stock that batches of a step go into."""
        return self.stocked.get(step.programme) if step.after is None else None

    def groups_of(self, programme: int) -> list[Group]:
        """Groups of a programme's last step by deadline."""
        last = self.last_step(programme).index
        return [group for group in self.groups if group.step == last]

    def trials_of(self, step: int) -> list[Group]:
        """Engineering and PPQ that qualifications make of an intermediate step."""
        if self.steps[step].after is None:
            return []
        return [group for group in self.groups if group.step == step]

    def latest_input_right(self, group: Group, site: int) -> int:
        """Latest right to ship that input of a batch may have; `FAR` by a filing. [tick]

        What has none isn't taken for the group's market; without input it is 0.
        """
        places: list[tuple[int, int]] = []
        step, sites = self.steps[group.step], range(site, site + 1)
        while step.before is not None:
            if step.direct_hold is None:  # frozen: this and all before it, at any site
                sites = range(len(self.sites))
            step = self.steps[step.before]
            places += [(step.index, at) for at in sites]
        if any(place in group.filings for place in places):
            return FAR
        rights = [group.rights[place] for place in places]
        return max([0, *(at for at in rights if at is not None)])


def build(scenario: Scenario) -> Instance:
    """Translate a validated scenario."""
    known = Known(scenario)
    suites = tuple(suite_data(known, n, s) for n, s in enumerate(known.suites))
    steps = tuple(step_data(known, n, suites) for n in range(len(known.recipe_steps)))
    on_hand = batches_on_hand(known, steps, suites)
    locks = tuple(
        lock_data(known, n, lock)
        for n, lock in enumerate(sorted(scenario.locks, key=lambda lock: lock.id))
    )
    return Instance(
        scenario=scenario,
        grid=known.grid,
        as_of=known.as_of,
        frozen_until=known.frozen_until,
        horizon_end=known.horizon_end,
        clean_hold=known.ticks(scenario.clean_hold_days),
        ppq_wait=known.ticks(scenario.quality.ppq_after_engineering_days),
        strict=scenario.tiers == "strict",
        sites=tuple(known.site),
        suites=suites,
        programmes=tuple(known.programme),
        steps=steps,
        groups=groups(known, steps),
        locks=locks,
        on_hand=on_hand,
        lanes=tuple(
            lane_data(known, lane)
            for lane in sorted(scenario.lanes, key=lambda lane: lane.id)
        ),
        kg={
            (n, known.suite[suite.id]): step.kg_per_batch.get(suite.id, Fraction(1))
            for n, (_, step) in enumerate(known.recipe_steps)
            for suite in known.suites
        },
        queues={
            (site, resource): queue(known, site, resource)
            for site in range(len(known.site))
            for resource in (QC, QA)
        },
        freezers={
            known.site[site.id]: site.freezer_batches
            for site in scenario.sites
            if site.freezer_batches is not None
        },
        tested_before=tested_before(known, steps, on_hand, locks, suites),
        chains=tuple(
            chain_data(known, chain, earliest_ppq(known, chain))
            for chain in known.chains
        ),
        filings=tuple(filing_data(known, *key) for key in known.filing),
        chain_at={
            (known.step[programme, step], known.site[site]): known.chain[chain.id]
            for (programme, step, site), chain in known.chain_of.items()
        },
        transfer_slots={
            known.site[site.id]: transfer_slots(known, site)
            for site in scenario.sites
            if site.transfer_slots
        },
        stocked={
            known.programme[row.programme]: stocked(known, row, steps, suites)
            for row in scenario.made_to_stock
        },
    )
