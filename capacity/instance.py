"""The scenario as the solver sees it: integers, ticks and indices, defaults filled in.

Nothing here is shared with `check`, which reads the same scenario on its own: a slip in
one of the two shows as a disagreement.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby, pairwise

from capacity.demand import Line, lines
from capacity.horizon import Grid, add_months, months_on
from capacity.losses import success_of_step
from capacity.scenario import (
    Changeover,
    Client,
    Demand,
    Direct,
    Frozen,
    InRelease,
    Lane,
    Licence,
    Lock,
    MadeToStock,
    Qualification,
    Rate,
    Scenario,
    Site,
    Step,
    Stock,
    Suite,
    Transfer,
)

Span = tuple[int, int]
"""Half-open [start, end) in ticks, or closed where a docstring says so."""

QC, QA = 0, 1
RESOURCES = ("qc", "qa")
DAY = Fraction(1)
FAR = 10**9
"""Later than anything. [tick]"""


@dataclass(frozen=True)
class SuiteData:
    """A suite in ticks."""

    index: int
    id: str
    site: int
    free_from: int
    """Earliest start of a changeover: `as_of` or go-live. [tick]"""
    closures: tuple[Span, ...]
    """Shutdowns and outages, merged. [tick]"""
    shutdowns: tuple[Span, ...]
    """Shutdowns only, after which the same product needs a changeover. [tick]"""
    set_up: int | None
    """Programme set up at the start."""
    set_up_step: int
    """Its step in this suite, -1 where nothing is set up."""
    changeover: dict[tuple[int, int], int]
    """By (step that leaves or -1, step that enters). [tick]"""
    changeover_cost: int
    """[money]"""
    hold: int
    """Longest idle after which the same product needs no changeover; -1: none. [tick]"""
    no_idle: bool
    """Campaigns start as soon as they can."""
    ceilings: tuple[tuple[int, int, int], ...] = ()
    """Spans with the most ticks of each that may be used; none without a ceiling."""

    def clear(self, start: int, end: int) -> bool:
        """Whether [start, end) touches no closure."""
        return all(end <= first or last <= start for first, last in self.closures)

    def shut_between(self, start: int, end: int) -> bool:
        """Whether a shutdown touches [start, end)."""
        return any(first < end and start < last for first, last in self.shutdowns)


@dataclass(frozen=True)
class Mode:
    """One step in one suite."""

    suite: int
    site: int
    lead: int
    """Start to out. [tick]"""
    takts: tuple[tuple[int, int], ...]
    """(first start tick, takt) per ramp step in force, ascending. [tick]"""
    starts: tuple[Span, ...]
    """Closed spans of ticks on which a planned batch may start. [tick]"""
    kg: Fraction
    """Product of a batch. [kg]"""
    variable_cost: int
    """[money]"""

    def takt(self, start: int) -> int:
        """Takt of a campaign that starts at `start`. [tick]"""
        found = bisect_right(self.takts, (start, math.inf)) - 1
        return self.takts[max(found, 0)][1]


@dataclass(frozen=True)
class StepData:
    """One step of one recipe."""

    index: int
    programme: int
    name: str
    role: str
    """product | intermediate | in_process"""
    before: int | None
    """Step that supplies this one."""
    after: int | None
    """Step that this one supplies."""
    minimum: dict[str, int]
    """Fewest batches of a campaign by kind, 1 where not stated."""
    maximum: int
    multiple: int
    direct_hold: int | None
    """Hold limit of a direct supply. [tick]"""
    linked: bool
    """Its campaigns are fed by one campaign each."""
    frozen: FrozenData | None
    """Frozen supply."""
    client_arrival: int | None
    """When client-supplied input arrives. [tick]"""
    client_on_hand: int
    qc_days: int
    """[tick]"""
    qa_days: int
    """[tick]"""
    lead_times: dict[str, int]
    """Out to release without a queue, by kind. [tick]"""
    modes: dict[int, Mode]
    """By suite, preferred first; only suites that may ever run it."""
    lag: int | None = None
    """Out into the stock with no QC and QA, of a programme made to stock. [tick]"""

    @property
    def tested(self) -> bool:
        """Whether its batches take QC and QA."""
        return self.role != "in_process" and self.lag is None

    def least(self, kind: str) -> int:
        """Fewest batches in a campaign with a batch of this kind."""
        return self.minimum.get(kind, 1)

    @property
    def sufficient(self) -> int:
        """A campaign size that is allowed for every kind."""
        least = [1, *self.minimum.values()]
        return max(-(-count // self.multiple) * self.multiple for count in least)

    def buffer(self, kind: str) -> int:
        """What the release lead time adds to testing and review. [tick]"""
        return self.lead_times[kind] - max(self.qc_days, self.qa_days)


@dataclass(frozen=True)
class FrozenData:
    """How a step uses intermediates."""

    ratio: Fraction
    """Good intermediates per batch."""
    spoiled: Fraction
    """Failures per good intermediate that is still to pass."""
    passed: int
    """Intermediates that have passed: released at `as_of`."""
    at_risk: bool
    freeze: int
    """[tick]"""
    shelf_life: int
    """[tick]"""
    min_life: int
    """[tick]"""

    def units(self, batches: int) -> int:
        """Intermediates that the first so many batches take, with expected failures."""
        good = self.ratio * batches
        failing = max(Fraction(0), good - self.passed) * self.spoiled
        return math.ceil(good) + math.floor(failing + Fraction(1, 2))


@dataclass(frozen=True)
class Terms:
    """A group's money at one batch size."""

    need: int
    """Batches needed."""
    charge: int
    """Lateness per tick. [money]"""
    penalty: int
    """Contract penalty per tick beyond the grace. [money]"""
    cap: int
    """Most penalty. [money]"""
    holding: int
    """Holding per tick. [money]"""
    unserved: int
    """A batch not served. [money]"""


@dataclass(frozen=True)
class Group:
    """Lines that the model can't tell apart: alike in due day, money and rights."""

    index: int
    programme: int
    step: int
    """Whose batches serve it: the last of the programme, or what is qualified."""
    kind: str
    market: str | None
    firm: bool
    prospect: bool
    due: int
    """Due day at 00:00. [tick]"""
    deadline: int
    """Last tick on time. [tick]"""
    grace: int
    """Ticks after the deadline without penalty. [tick]"""
    latest: int
    """Last availability that still serves. [tick]"""
    hold_from: int
    """Availability before this costs holding. [tick]"""
    lines: tuple[tuple[str, int], ...]
    """(line id, batches at the reference size), by id."""
    reference: Fraction
    """Batch size of the reference suite. [kg]"""
    terms: dict[Fraction, Terms]
    """By batch size; more than one only for a single line."""
    suite_cost: dict[int, int]
    """Variable cost above the cheapest, by suite that may make it. [money]"""
    risk_cost: dict[int, int]
    """Start before the right to ship, by suite. [money]"""
    rights: dict[tuple[int, int], int | None]
    """Right to ship by (step, site), not before anything made; None is never. Where a
    qualification gives it, the earliest. [tick]"""
    chain: int | None = None
    """Qualification that its engineering or PPQ batches are part of."""
    spare: bool = False
    """Make-up batches, without which that qualification is complete."""
    own: bool = False
    """Made at that qualification's cost: nobody ordered it."""
    making: dict[int, int] = field(default_factory=dict)
    """What a batch costs the qualification, by suite. [money]"""
    filings: dict[tuple[int, int], int] = field(default_factory=dict)
    """Filing that gives the right to ship, by (step, site)."""

    def service(self, terms: Terms, available: int) -> int:
        """Lateness of a batch available at a tick. [money]"""
        late = max(0, available - self.deadline)
        beyond = max(0, late - self.grace)
        return terms.charge * late + min(terms.cap, terms.penalty * beyond)


@dataclass(frozen=True)
class Period:
    """A period of a programme made to stock, in parts of a unit."""

    due: int
    """Due day at 00:00. [tick]"""
    end: int
    """Last tick that counts. [tick]"""
    demand: int
    target: int


@dataclass(frozen=True)
class Stocked:
    """A programme made to stock. Amounts are whole parts of its unit."""

    programme: int
    step: int
    """Last step."""
    id: str
    parts: int
    """Parts of a unit."""
    periods: tuple[Period, ...]
    """In order of time."""
    start: int
    """`as_of`, from which opening stock lies. [tick]"""
    after: int
    """End of the horizon, until which the last backlog waits. [tick]"""
    shortage: str
    fifo: bool
    daily: bool
    """Storage and backlog cost per tick."""
    limit: int | None
    wasted: bool
    """More than the limit is wasted, not forbidden."""
    life: int | None
    """From out, its last tick included. [tick]"""
    opening: tuple[tuple[int, int | None], ...]
    """(amount, first tick on which it has expired)"""
    amounts: dict[int, int]
    """Of a batch, by suite: the share that passes."""
    released_amounts: dict[int, int]
    """The same of a batch that is released at `as_of`."""
    rights: dict[int, int | None]
    """When a batch may ship to every market, by suite; None is never. [tick]"""
    given_rights: dict[int, int | None]
    """The same of batches in stock and in release, whose input is past. [tick]"""
    price: Fraction
    """Of a part, as all that follows; storage and shortage per tick if `daily`. [money]"""
    shortage_cost: Fraction
    storage_cost: Fraction
    waste_cost: Fraction
    target_cost: Fraction
    cheapest: Fraction
    """Least variable cost of making a part, at most its price. [money]"""
    given: int
    """What enters without a decision."""
    inputs: Fraction
    """Least variable cost of the inputs that have all to be made for a batch. [money]"""

    @cached_property
    def wanted(self) -> int:
        """Demand of all periods."""
        return sum(period.demand for period in self.periods)

    @cached_property
    def wanted_so_far(self) -> list[int]:
        """Demand up to the end of each period."""
        return list(accumulate(period.demand for period in self.periods))

    @cached_property
    def ideal(self) -> int:
        """Variable cost of making what is wanted beyond what is given. [money]"""
        return math.floor(self.cheapest * max(0, self.wanted - self.given))


@dataclass(frozen=True)
class LockData:
    """A locked campaign."""

    index: int
    id: str
    step: int
    suite: int
    kind: str
    start: int
    """[tick]"""
    takt: int
    """[tick]"""
    lead: int
    """Start to out. [tick]"""
    batches: int


@dataclass(frozen=True)
class OnHand:
    """A batch in stock or in release at `as_of`."""

    index: int
    id: str
    step: int
    suite: int
    site: int
    kind: str
    out: int | None
    """None for stock. [tick]"""
    ready: int
    """Released. [tick]"""
    expiry: int | None
    """End of its last day, stock only. [tick]"""


@dataclass(frozen=True)
class LaneData:
    """A shipping lane."""

    id: str
    start: int
    to: int
    days: int
    """[tick]"""
    receipt: int
    """[tick]"""
    batches: int
    cost: int
    """[money]"""
    dues: dict[tuple[int, int], int]
    """Duty and expected loss of a batch by (step, suite). [money]"""


@dataclass(frozen=True)
class Queue:
    """QC or QA of a site: how many starts each window takes."""

    window: int
    """[tick]"""
    first: int
    """Tick of the first window in the tables. [tick]"""
    total: list[int]
    """Starts that the window from tick `first + i` takes."""
    lent: list[int]
    """Of these, for other sites."""
    open_spans: tuple[Span, ...]
    """Closed spans of ticks with a rate above 0. [tick]"""

    def inside(self, starts: Iterable[int]) -> list[int]:
        """How many of some starts lie in each window of the tables."""
        size = len(self.total)
        change = [0] * (size + 1)
        for start in starts:
            last = start - self.first
            if last >= 0:
                change[min(max(0, last - self.window + 1), size)] += 1
                change[min(last + 1, size)] -= 1
        return list(accumulate(change[:size]))

    def holds(self, starts: list[int], given: Iterable[int], *, foreign: bool) -> bool:
        """Whether every window takes its starts; given ones alone may overfill it."""
        table = self.lent if foreign else self.total
        rows = zip(self.inside(starts), table, self.inside(given), strict=True)
        return all(here <= max(offer, stuck) for here, offer, stuck in rows)

    def capacity(self, tick: int, foreign: bool = False) -> int:
        """Starts that the window from `tick` takes."""
        table = self.lent if foreign else self.total
        return table[min(max(tick - self.first, 0), len(table) - 1)]


@dataclass(frozen=True)
class ChainData:
    """A qualification: transfer, engineering, PPQ, filings."""

    index: int
    id: str
    programme: int
    step: int
    """Whose engineering and PPQ it makes."""
    steps: frozenset[int]
    """That it is for."""
    site: int
    permitted: bool
    transfer: int | None
    """Length of its transfer, None where it has none of its own. [tick]"""
    earliest: int
    """First tick on which the transfer may start. [tick]"""
    transfer_cost: int
    """[money]"""
    filing_wait: int
    """Last PPQ released to filing. [tick]"""
    filing_cost: int
    """Of all its filings. [money]"""
    filings: tuple[int, ...]


@dataclass(frozen=True)
class FilingData:
    """A filing of a qualification for a market."""

    index: int
    chain: int
    site: int
    market: str
    review: int
    """[tick]"""
    inspection: int | None
    """Of the site, from its first filing; None where there is none. [tick]"""


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

    def granted(self, filed: Sequence[int | None]) -> tuple[int | None, ...]:
        """Right to ship by filing, from the date on which each chain is filed. [tick]

        A site's first filing for a market brings an inspection, which every right from
        there to that market waits for.
        """
        first: dict[tuple[int, str], int] = {}
        for filing in self.filings:
            at, key = filed[filing.chain], (filing.site, filing.market)
            if at is not None:
                first[key] = min(at, first.get(key, at))
        found: list[int | None] = []
        for filing in self.filings:
            at = filed[filing.chain]
            if at is not None:
                at += filing.review
                if filing.inspection is not None:
                    inspected = first[filing.site, filing.market] + filing.inspection
                    at = max(at, inspected)
            found.append(at)
        return tuple(found)

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

    @property
    def linked(self) -> bool:
        """Whether campaigns are fed by campaigns, so that they are planned as such."""
        return any(step.linked for step in self.steps)

    def lane(self, start: int, to: int) -> LaneData | None:
        """The lane between two sites."""
        return next((x for x in self.lanes if (x.start, x.to) == (start, to)), None)

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

    def may_be_later(self, group: Group, site: int) -> bool:
        """Whether a right may come later than at its earliest: by a filing, or other input."""
        places = [(group.step, site)]
        step = self.steps[group.step]
        while step.before is not None:
            fed = step.direct_hold is not None
            step = self.steps[step.before]
            sites = [site] if fed else range(len(self.sites))
            places += [(step.index, at) for at in sites]
        if any(place in group.filings for place in places):
            return True
        own = self.right(group, group.step, site)
        rights = [group.rights[place] for place in places]
        return own is not None and any(x is not None and x > own for x in rights)


def build(scenario: Scenario) -> Instance:
    """Translate a validated scenario."""
    return _Builder(scenario).instance()


class _Builder:
    """Carries the lookups that the translation needs."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.grid = scenario.grid()
        self.as_of = self.grid.at(scenario.as_of)
        self.dawn = self._dawn()
        self.horizon_end = self.grid.at(scenario.horizon.end) + self.grid.whole(DAY)
        self.frozen_until = self.as_of + self.ticks(scenario.frozen_days)
        self.site = {site.id: n for n, site in enumerate(scenario.sites)}
        on_hand: list[InRelease | Stock] = [*scenario.in_release, *scenario.stock]
        made = {row.suite for row in on_hand}
        kept = (s for s in scenario.suites if s.enabled or s.id in made)
        self.suites = sorted(kept, key=lambda suite: suite.id)
        self.suite = {suite.id: n for n, suite in enumerate(self.suites)}
        ordered = sorted(scenario.programmes, key=lambda programme: programme.id)
        self.programme = {programme.id: n for n, programme in enumerate(ordered)}
        self.recipe_steps = [
            (programme.id, step) for programme in ordered for step in programme.recipe
        ]
        self.step = {
            (programme, step.step): n
            for n, (programme, step) in enumerate(self.recipe_steps)
        }
        self.client = {programme.id: programme.client for programme in ordered}
        self.by_programme = {programme.id: programme for programme in ordered}
        self.chains = sorted(scenario.qualifications, key=lambda chain: chain.id)
        self.chain = {chain.id: n for n, chain in enumerate(self.chains)}
        self.chain_of = {
            (chain.programme, step, chain.site): chain
            for chain in self.chains
            for step in self._qualified(chain)
        }
        self.filing = {
            key: n
            for n, key in enumerate(
                (chain.id, market) for chain in self.chains for market in chain.markets
            )
        }
        self.lines = lines(scenario)
        self.made_to_stock = {row.programme: row for row in scenario.made_to_stock}
        self.given: list[Lock | InRelease | Stock] = [
            *scenario.locks,
            *scenario.in_release,
            *scenario.stock,
        ]

    def _dawn(self) -> int:
        """Before any date of the plan: earlier rights to ship are all alike. [tick]"""
        starts = [lock.start for lock in self.scenario.locks]
        starts += [row.first_out for row in self.scenario.in_release]
        return min([self.as_of, *(self.grid.at(start) for start in starts)])

    def ticks(self, days: Fraction) -> int:
        return self.grid.whole(days)

    def instance(self) -> Instance:
        scenario = self.scenario
        suites = tuple(self._suite(n, s) for n, s in enumerate(self.suites))
        steps = tuple(self._step(n, suites) for n in range(len(self.recipe_steps)))
        on_hand = self._on_hand(steps, suites)
        locks = tuple(
            self._lock(n, lock, suites)
            for n, lock in enumerate(sorted(scenario.locks, key=lambda lock: lock.id))
        )
        return Instance(
            scenario=scenario,
            grid=self.grid,
            as_of=self.as_of,
            frozen_until=self.frozen_until,
            horizon_end=self.horizon_end,
            clean_hold=self.ticks(scenario.clean_hold_days),
            ppq_wait=self.ticks(scenario.quality.ppq_after_engineering_days),
            strict=scenario.tiers == "strict",
            sites=tuple(self.site),
            suites=suites,
            programmes=tuple(self.programme),
            steps=steps,
            groups=self._groups(steps, suites),
            locks=locks,
            on_hand=on_hand,
            lanes=tuple(
                LaneData(
                    lane.id,
                    self.site[lane.start],
                    self.site[lane.to],
                    self.ticks(lane.days),
                    self.ticks(lane.receipt_days),
                    lane.batches,
                    lane.cost,
                    self._dues(lane),
                )
                for lane in sorted(scenario.lanes, key=lambda lane: lane.id)
            ),
            kg={
                (n, self.suite[suite.id]): step.kg_per_batch.get(suite.id, Fraction(1))
                for n, (_, step) in enumerate(self.recipe_steps)
                for suite in self.suites
            },
            queues={
                (site, resource): self._queue(site, resource)
                for site in range(len(self.site))
                for resource in (QC, QA)
            },
            freezers={
                self.site[site.id]: site.freezer_batches
                for site in scenario.sites
                if site.freezer_batches is not None
            },
            tested_before=self._tested_before(steps, on_hand, locks, suites),
            chains=tuple(self._chain(chain) for chain in self.chains),
            filings=tuple(self._filing(*key) for key in self.filing),
            chain_at={
                (self.step[programme, step], self.site[site]): self.chain[chain.id]
                for (programme, step, site), chain in self.chain_of.items()
            },
            transfer_slots={
                self.site[site.id]: self._slots_of(site)
                for site in scenario.sites
                if site.transfer_slots
            },
            stocked={
                self.programme[row.programme]: self._stocked(row, steps, suites)
                for row in scenario.made_to_stock
            },
        )

    # -------------------------------------------------------- qualifications

    def _chain(self, chain: Qualification) -> ChainData:
        start = self.as_of
        if chain.not_before is not None:
            start = max(start, self.grid.at(chain.not_before))
        return ChainData(
            index=self.chain[chain.id],
            id=chain.id,
            programme=self.programme[chain.programme],
            step=self.step[chain.programme, self._validated(chain).step],
            steps=frozenset(
                self.step[chain.programme, step] for step in self._qualified(chain)
            ),
            site=self.site[chain.site],
            permitted=chain.permitted,
            transfer=self._transfer_of(chain),
            earliest=start,
            transfer_cost=chain.transfer_cost,
            filing_wait=self.ticks(self.scenario.quality.filing_days),
            filing_cost=chain.filing_cost * len(chain.markets),
            filings=tuple(self.filing[chain.id, market] for market in chain.markets),
        )

    def _qualified(self, chain: Qualification) -> list[str]:
        """Steps that a qualification is for: one with its direct feeds, or all."""
        found: list[str] = []
        for step in self.by_programme[chain.programme].recipe:
            if chain.step is not None and not isinstance(step.supply, Direct):
                found = []
            found.append(step.step)
            if step.step == chain.step:
                break
        return found

    def _validated(self, chain: Qualification) -> Step:
        """Step of which a qualification makes its engineering and PPQ."""
        recipe = self.by_programme[chain.programme].recipe
        return next((step for step in recipe if step.step == chain.step), recipe[-1])

    def _transfer_of(self, chain: Qualification) -> int | None:
        if chain.origin is None:
            return None
        by_origin = self.scenario.quality.transfer_days
        return self.ticks(chain.transfer_days or by_origin[chain.origin])

    def _filing(self, name: str, market: str) -> FilingData:
        chain = self.chains[self.chain[name]]
        data = next(row for row in self.scenario.markets if row.id == market)
        before = [
            row
            for row in self.scenario.licences
            if row.site == chain.site
            and row.market == market
            and self.grid.at(row.start) <= self.as_of
        ]
        days = self.ticks(data.inspection_days)
        return FilingData(
            index=self.filing[name, market],
            chain=self.chain[name],
            site=self.site[chain.site],
            market=market,
            review=self.ticks(data.review_days[chain.filing]),
            inspection=days if days and not before else None,
        )

    def _slots_of(self, site: Site) -> tuple[tuple[int, int], ...]:
        return tuple(
            (self.grid.at(rate.start), math.floor(rate.value))
            for rate in site.transfer_slots
        )

    def _transferred(self, chain: Qualification) -> int | None:
        """Earliest end of a transfer that has its site to itself. [tick]"""
        data = self._chain(chain)
        assert data.transfer is not None
        start = data.earliest
        site = next(s for s in self.scenario.sites if s.id == chain.site)
        if not site.transfer_slots:
            return start + data.transfer
        steps = [(-FAR, 0), *self._slots_of(site), (FAR, 0)]
        for (at, number), (until, _) in pairwise(steps):
            if not number and at < start + data.transfer and start < until:
                start = until
        return None if start >= FAR else start + data.transfer

    def _earliest_right(self, chain: Qualification, market: str) -> int | None:
        """Right to ship from PPQ as early as any suite of the site may have it. [tick]"""
        step = self._validated(chain)
        opened = self._opens(chain.programme, step.step, chain.site)
        if opened is None:
            return None
        first: list[int] = []
        asked = {
            line.kind: line
            for line in self.lines
            if line.chain == chain.id and line.firmness != "spare"
        }
        for name in step.suites:
            if name not in self.suite:
                continue
            suite = self.suites[self.suite[name]]
            if suite.site != chain.site or not suite.enabled:
                continue
            lead = self._lead(suite, chain.programme)
            kg = step.kg_per_batch.get(name, Fraction(1))
            reference = step.kg_per_batch.get(
                step.reference_suite or step.suites[0], Fraction(1)
            )
            count = self._count(asked["ppq"], kg, reference)
            start = max(opened, self.frozen_until, self.grid.at(suite.go_live))
            if "engineering" in asked:
                wait = self.scenario.quality.ppq_after_engineering_days
                start += lead + self.ticks(wait)
            takt = self._takts(suite, chain.programme)[-1][1]
            first.append(start + lead + (count - 1) * takt)
        if not first:
            return None
        filing = self._filing(chain.id, market)
        lead_time = self._release(step)[2]["ppq"]
        wait_days = self.scenario.quality.filing_days
        return min(first) + lead_time + self.ticks(wait_days) + filing.review

    # ---------------------------------------------------------------- suites

    def _suite(self, index: int, suite: Suite) -> SuiteData:
        site = next(s for s in self.scenario.sites if s.id == suite.site)
        shutdowns = []
        for shutdown in site.shutdowns:
            length = self.ticks(shutdown.days)
            number = 0
            while True:
                begin = add_months(shutdown.start, 12 * number)
                if begin > self.scenario.horizon.end:
                    break
                at = self.grid.at(begin)
                shutdowns.append((at, at + length))
                if shutdown.every_years is None:
                    break
                number += shutdown.every_years
        outages = [
            (
                self.grid.at(outage.start),
                self.grid.at(outage.start) + self.ticks(outage.days),
            )
            for outage in [*site.outages, *suite.outages]
        ]
        rules = next(r for r in self.scenario.changeovers if r.id == suite.changeover)
        return SuiteData(
            index=index,
            id=suite.id,
            site=self.site[suite.site],
            free_from=max(self.as_of, self.grid.at(suite.go_live)),
            closures=merged(shutdowns + outages),
            shutdowns=merged(shutdowns),
            set_up=None if suite.set_up is None else self.programme[suite.set_up],
            set_up_step=self._set_up_step(suite),
            changeover=self._matrix(suite, rules),
            changeover_cost=rules.cost,
            hold=-1
            if rules.every_campaign
            else self.ticks(self.scenario.clean_hold_days),
            no_idle=suite.no_idle,
            ceilings=tuple(self._ceilings(suite, merged(shutdowns + outages))),
        )

    def _ceilings(
        self, suite: Suite, closures: tuple[Span, ...]
    ) -> Iterator[tuple[int, int, int]]:
        """What each period admits: its ceiling, or what is locked in it if that is more."""
        if suite.load_ceiling is None:
            return
        go_live = self.grid.at(suite.go_live)
        for begin, end in self._periods():
            live = max(begin, go_live)
            shut = sum(overlap(span, (live, end)) for span in closures)
            most = math.floor(suite.load_ceiling * (max(0, end - live) - shut))
            locked = sum(
                overlap(self._locked_span(lock), (begin, end))
                for lock in self.scenario.locks
                if lock.suite == suite.id
            )
            yield begin, end, max(most, locked)

    def _periods(self) -> Iterator[Span]:
        months = {"month": 1, "quarter": 3, "year": 12}[self.scenario.load_period]
        today = self.scenario.as_of
        start = datetime(today.year, (today.month - 1) // months * months + 1, 1)
        begin = self.as_of
        while begin < self.horizon_end:
            start = add_months(start, months)
            end = min(self.grid.at(start), self.horizon_end)
            yield begin, end
            begin = end

    def _locked_span(self, lock: Lock) -> Span:
        suite = self.suites[self.suite[lock.suite]]
        start, takt = self.grid.at(lock.start), self._lock_takt(lock)
        lead = self._lead(suite, lock.programme)
        return start, start + (lock.batches - 1) * takt + lead

    def _set_up_step(self, suite: Suite) -> int:
        for number, (programme, step) in enumerate(self.recipe_steps):
            if programme == suite.set_up and suite.id in step.suites:
                return number
        return -1

    def _matrix(self, suite: Suite, rules: Changeover) -> dict[tuple[int, int], int]:
        here = [
            (n, programme, step)
            for n, (programme, step) in enumerate(self.recipe_steps)
            if suite.id in step.suites
        ]
        table = {
            (-1, n): self.ticks(rules.first_uses.get(programme, rules.first_use))
            for n, programme, _ in here
        }
        for n, leaving, out in here:
            for m, entering, into in here:
                days = self._between(rules, leaving, out, entering, into)
                table[n, m] = self.ticks(days)
        return table

    def _between(
        self, rules: Changeover, leaving: str, out: Step, entering: str, into: Step
    ) -> Fraction:
        pairs = {(p.leaving, p.entering): p.days for p in reversed(rules.programmes)}
        if (leaving, entering) in pairs:
            return pairs[leaving, entering]
        if leaving == entering:
            return rules.same_product
        if out.payload_class is not None and into.payload_class is not None:
            classes = {
                (a, b): row.days
                for row in reversed(rules.classes)
                for a in row.leaving
                for b in row.entering
            }
            pair = (out.payload_class, into.payload_class)
            same = out.payload_class == into.payload_class
            stated = classes.get(
                pair, rules.same_class if same else rules.different_class
            )
            if stated is not None:
                return stated
        if self.client[leaving] == self.client[entering]:
            return rules.same_client
        return rules.different_client

    def _takts(self, suite: Suite, programme: str) -> tuple[tuple[int, int], ...]:
        nominal = None
        for rate in suite.rates:
            if rate.programme == programme:
                nominal = rate.takt_days
        if nominal is None:
            pace = (suite.production_days + suite.turnaround_days) / suite.reactors
            pace = max(pace, suite.downstream_cycle_days)
            nominal = pace / (1 - suite.unplanned_downtime)
        length = self.ticks(self.scenario.ramp_step_days)
        go_live = self.grid.at(suite.go_live)
        table = [
            (go_live + n * length, self.grid.up(nominal / share))
            for n, share in enumerate([*suite.ramp, Fraction(1)])
        ]
        return tuple(next(rows) for _, rows in groupby(table, key=lambda row: row[1]))

    def _lead(self, suite: Suite, programme: str) -> int:
        for rate in suite.rates:
            if rate.programme == programme and rate.lead_in_days is not None:
                return self.ticks(rate.lead_in_days)
        return self.ticks(suite.production_days + suite.downstream_days)

    def _variable_cost(self, suite: Suite, programme: str) -> int:
        for rate in suite.rates:
            if rate.programme == programme and rate.variable_cost is not None:
                return rate.variable_cost
        return suite.variable_cost

    # ----------------------------------------------------------------- steps

    def _opens(self, programme: str, step: str, site: str) -> int | None:
        chain = self.chain_of.get((programme, step, site))
        if chain is not None and chain.origin is not None:
            return self._transferred(chain)
        stated: list[Transfer | Licence] = [
            *self.scenario.transfers,
            *self.scenario.licences,
        ]
        rows = [
            row
            for row in stated
            if row.programme == programme
            and row.site == site
            and (row.step is None or row.step == step)
        ]
        ends = [self.grid.at(row.end) for row in rows if isinstance(row, Transfer)]
        return min(ends) if ends else (self.as_of if rows else None)

    def _step(self, index: int, suites: tuple[SuiteData, ...]) -> StepData:
        programme, step = self.recipe_steps[index]
        recipe = self.by_programme[programme].recipe
        place = [s.step for s in recipe].index(step.step)
        after = recipe[place + 1] if place + 1 < len(recipe) else None
        role = "product"
        if after is not None:
            role = "in_process" if isinstance(after.supply, Direct) else "intermediate"
        limits = next(c for c in self.scenario.campaign_limits if c.id == step.campaign)
        supply = step.supply
        client = supply if isinstance(supply, Client) else None
        lag = self._lag(programme) if after is None else None
        qc_days, qa_days, leads = self._release(step)
        if lag is not None:
            qc_days, qa_days = 0, 0
            leads = {"engineering": 0, "commercial": lag, "surplus": lag}
        modes = {}
        for suite_id in step.suites:
            if suite_id in self.suite:
                mode = self._mode(programme, step, suites[self.suite[suite_id]])
                if mode is not None:
                    modes[mode.suite] = mode
        return StepData(
            index=index,
            programme=self.programme[programme],
            name=step.step,
            role=role,
            before=self.step[programme, recipe[place - 1].step] if place else None,
            after=None if after is None else self.step[programme, after.step],
            minimum={str(kind): count for kind, count in limits.minimum.items()},
            maximum=limits.maximum,
            multiple=limits.multiple,
            direct_hold=self.ticks(supply.hold_days)
            if isinstance(supply, Direct)
            else None,
            linked=isinstance(supply, Direct) and supply.linked,
            frozen=self._frozen(supply, programme, recipe[place - 1])
            if isinstance(supply, Frozen)
            else None,
            client_arrival=None
            if client is None
            else self.as_of + self.ticks(client.lead_time_days),
            client_on_hand=0 if client is None else client.on_hand,
            qc_days=qc_days,
            qa_days=qa_days,
            lead_times=leads,
            modes=modes,
            lag=lag,
        )

    def _lag(self, programme: str) -> int | None:
        stocked = self.made_to_stock.get(programme)
        if stocked is None or stocked.release_days is None:
            return None
        return self.ticks(stocked.release_days)

    def _frozen(self, supply: Frozen, programme: str, before: Step) -> FrozenData:
        passing = success_of_step(self.scenario, programme, before.step)
        return FrozenData(
            ratio=supply.ratio,
            spoiled=1 / passing - 1,
            passed=sum(
                row.batches
                for row in self.scenario.stock
                if (row.programme, row.step) == (programme, before.step)
            ),
            at_risk=supply.at_risk,
            freeze=self.ticks(supply.freeze_days),
            shelf_life=self.ticks(supply.shelf_life_days),
            min_life=self.ticks(supply.min_life_days),
        )

    def _release(self, step: Step) -> tuple[int, int, dict[str, int]]:
        found = [c for c in self.scenario.release_classes if c.id == step.release]
        if not found:
            return 0, 0, {"engineering": 0, "in_process": 0}
        qc_days, qa_days = self.ticks(found[0].qc_days), self.ticks(found[0].qa_days)
        floor = max(qc_days, qa_days)
        leads = {"engineering": 0}
        for kind in ("ppq", "clinical", "commercial", "intermediate"):
            row = found[0].lead_time.get(kind, found[0].lead_time.get("any"))
            if row is not None:
                days = getattr(row, self.scenario.quality.planning_percentile)
                delay = self.grid.up(row.expected_delay)
                leads[kind] = max(floor, self.ticks(days)) + delay
        leads["surplus"] = leads.get("commercial", floor)
        return qc_days, qa_days, leads

    def _mode(self, programme: str, step: Step, data: SuiteData) -> Mode | None:
        suite = self.suites[data.index]
        opened = self._opens(programme, step.step, suite.site)
        if opened is None or not suite.enabled:
            return None
        lead = self._lead(suite, programme)
        earliest = max(opened, self.frozen_until, self.grid.at(suite.go_live))
        chain = self.chain_of.get((programme, step.step, suite.site))
        barred = chain is not None and chain.origin is not None and not chain.permitted
        starts = open_starts(data.closures, earliest, self.horizon_end, lead)
        return Mode(
            suite=data.index,
            site=data.site,
            lead=lead,
            takts=self._takts(suite, programme),
            starts=() if barred else starts,
            kg=step.kg_per_batch.get(suite.id, Fraction(1)),
            variable_cost=self._variable_cost(suite, programme),
        )

    # ----------------------------------------------------------------- stock

    def _stocked(
        self,
        row: MadeToStock,
        steps: tuple[StepData, ...],
        suites: tuple[SuiteData, ...],
    ) -> Stocked:
        programme = self.programme[row.programme]
        mine = [step for step in steps if step.programme == programme]
        last = mine[-1]
        kgs = self.by_programme[row.programme].recipe[-1].kg_per_batch
        sizes = {
            suite.index: kgs.get(suite.id, Fraction(1))
            if row.unit == "kg"
            else Fraction(1)
            for suite in suites
        }
        rows = sorted(
            (d for d in self.scenario.demand if d.programme == row.programme),
            key=lambda demand: demand.due,
        )
        targets = [self._target(row, rows, number) for number in range(len(rows))]
        passing = success_of_step(self.scenario, row.programme, last.name)
        made = {suite: passing * size for suite, size in sizes.items()}
        stated = [
            *sizes.values(),
            *made.values(),
            *targets,
            row.storage_limit or Fraction(0),
        ]
        stated += [demand.quantity for demand in rows]
        stated += [opening.quantity for opening in row.opening]
        parts = math.lcm(*(amount.denominator for amount in stated))
        late_from = 0 if self.scenario.due_rule == "strict" else self.ticks(DAY) - 1
        amounts = {suite: int(size * parts) for suite, size in made.items()}
        released = {suite: int(size * parts) for suite, size in sizes.items()}
        costs = [
            Fraction(mode.variable_cost + self._inputs_cost(mine), amounts[mode.suite])
            for mode in last.modes.values()
        ]
        price = row.price / parts
        daily = row.costs_per == "day"
        rate = self.grid.tick if daily else Fraction(1)
        waits = rate if row.shortage != "lost" else Fraction(1)
        day = self.ticks(DAY)
        given = [
            x
            for x in self.given
            if x.programme == row.programme and x.step in (None, last.name)
        ]
        return Stocked(
            programme=programme,
            step=last.index,
            id=row.programme,
            parts=parts,
            periods=tuple(
                Period(
                    due=self.grid.at(demand.due),
                    end=self.grid.at(demand.due) + late_from,
                    demand=int(demand.quantity * parts),
                    target=int(target * parts),
                )
                for demand, target in zip(rows, targets, strict=True)
            ),
            start=self.as_of,
            after=self.horizon_end,
            shortage=row.shortage,
            fifo=row.issue == "fifo",
            daily=daily,
            limit=None if row.storage_limit is None else int(row.storage_limit * parts),
            wasted=row.over_limit == "wasted",
            life=None
            if row.shelf_life_days is None
            else self.ticks(row.shelf_life_days),
            opening=tuple(
                (
                    int(opening.quantity * parts),
                    None
                    if opening.expiry is None
                    else self.grid.at(opening.expiry) + day,
                )
                for opening in row.opening
            ),
            amounts=amounts,
            released_amounts=released,
            rights={s.index: self._entry(row, mine, s.site) for s in suites},
            given_rights={s.index: self._entry(row, [last], s.site) for s in suites},
            price=price,
            shortage_cost=row.shortage_cost / parts * waits,
            storage_cost=row.storage_cost / parts * rate,
            waste_cost=row.waste_cost / parts,
            target_cost=row.target_cost / parts,
            cheapest=min([price, *costs]),
            inputs=self._inputs_cost(mine),
            given=sum(int(opening.quantity * parts) for opening in row.opening)
            + sum(
                x.batches
                * (released if isinstance(x, Stock) else amounts)[self.suite[x.suite]]
                for x in given
            ),
        )

    def _target(self, row: MadeToStock, rows: list[Demand], number: int) -> Fraction:
        """Stock wanted at the end of a period. [unit]"""
        here = rows[number]
        if here.target is not None:
            return here.target
        if row.target_months is None:
            return row.target or Fraction(0)
        until = months_on(here.due, row.target_months)
        later = (
            demand.quantity for demand in rows[number + 1 :] if demand.due <= until
        )
        return sum(later, Fraction(0))

    def _inputs_cost(self, mine: list[StepData]) -> Fraction:
        """Least cost of the inputs that have all to be made for a batch. [money]"""
        each, cost = Fraction(1), Fraction(0)
        for after, step in pairwise(reversed(mine)):
            each *= after.frozen.ratio if after.frozen is not None else 1
            there = any(
                self.step.get((x.programme, x.step or "")) == step.index
                for x in self.given
            )
            costs = [mode.variable_cost for mode in step.modes.values()]
            cost += 0 if there else each * min(costs, default=0)
        return cost

    def _entry(self, row: MadeToStock, mine: list[StepData], at: int) -> int | None:
        """When a batch made at a site may ship to every market. [tick]"""
        site, latest = self.scenario.sites[at].id, self.dawn
        for market in row.markets:
            for step in mine:
                dates = [
                    self.grid.at(licence.start)
                    for licence in self.scenario.licences
                    if (licence.programme, licence.site, licence.market)
                    == (row.programme, site, market)
                    and licence.step in (None, step.name)
                ]
                if not dates:
                    return None
                latest = max(latest, min(dates))
        return latest

    # ---------------------------------------------------------------- demand

    def _groups(
        self, steps: tuple[StepData, ...], suites: tuple[SuiteData, ...]
    ) -> tuple[Group, ...]:
        rows: dict[tuple[object, ...], list[Line]] = {}
        for line in self.lines:
            rows.setdefault(self._key(line, steps), []).append(line)
        groups = [
            self._group(members, steps, suites)
            for members in sorted(
                rows.values(),
                key=lambda found: (found[0].programme, found[0].due, found[0].id),
            )
        ]
        return tuple(
            Group(**{**group.__dict__, "index": number})
            for number, group in enumerate(groups)
        )

    def _product(self, line: Line, steps: tuple[StepData, ...]) -> StepData:
        return steps[self.step[line.programme, line.step]]

    def _rights(
        self, line: Line, steps: tuple[StepData, ...]
    ) -> dict[tuple[int, int], int | None]:
        programme = self.programme[line.programme]
        found: dict[tuple[int, int], int | None] = {}
        for step in steps:
            if step.programme != programme:
                continue
            for site, number in self.site.items():
                chain = self.chain_of.get((line.programme, step.name, site))
                if line.kind in ("engineering", "ppq") and step.name == line.step:
                    here = None if chain is None else chain.id
                    may = line.chain == here and (chain is None or chain.permitted)
                    found[step.index, number] = self.dawn if may else None
                    continue
                if line.market is None:
                    found[step.index, number] = self.dawn
                    continue
                if chain is not None and line.market in chain.markets:
                    earliest = self._earliest_right(chain, line.market)
                    if earliest is not None:
                        earliest = max(earliest, self.dawn)
                    found[step.index, number] = earliest
                    continue
                dates = [
                    self.grid.at(row.start)
                    for row in self.scenario.licences
                    if row.programme == line.programme
                    and row.site == site
                    and row.market == line.market
                    and (row.step is None or row.step == step.name)
                ]
                found[step.index, number] = (
                    max(min(dates), self.dawn) if dates else None
                )
        return found

    def _key(self, line: Line, steps: tuple[StepData, ...]) -> tuple[object, ...]:
        step = self._product(line, steps)
        sizes = {mode.kg for mode in step.modes.values()}
        several = len(sizes | self._given_sizes(line.programme)) > 1
        return (
            line.programme,
            line.kind,
            line.due,
            line.firmness,
            line.weight,
            line.price,
            line.unserved_factor,
            line.market is None,
            tuple(sorted(self._rights(line, steps).items(), key=lambda row: row[0])),
            line.id if several or line.kind == "ppq" else None,
            line.chain,
            tuple(self._filings_of(line)),
        )

    def _filings_of(self, line: Line) -> Iterator[tuple[tuple[int, int], int]]:
        """((step, site), filing) where a qualification gives a line its right to ship."""
        for (programme, step, site), chain in self.chain_of.items():
            if programme == line.programme and line.market in chain.markets:
                place = self.step[programme, step], self.site[site]
                yield place, self.filing[chain.id, line.market]

    def _making(self, line: Line, variable_cost: int) -> int:
        """What a batch of a line costs its qualification. [money]"""
        if line.chain is None:
            return 0
        chain, again = self.chains[self.chain[line.chain]], Fraction(0)
        if line.kind == "ppq":
            again = (1 - chain.ppq_success) * variable_cost
        if line.own:
            return self._round(variable_cost + again)
        return self._round(line.weight * again)

    def _group(
        self,
        members: list[Line],
        steps: tuple[StepData, ...],
        suites: tuple[SuiteData, ...],
    ) -> Group:
        line = members[0]
        step = self._product(line, steps)
        terms = self.scenario.economics
        rights = self._rights(line, steps)
        due = self.grid.at(line.due)
        late_from = 0 if self.scenario.due_rule == "strict" else self.ticks(DAY) - 1
        listed = self.recipe_steps[step.index][1]
        reference = listed.kg_per_batch.get(
            listed.reference_suite or listed.suites[0], Fraction(1)
        )
        eligible = {
            suite: mode
            for suite, mode in step.modes.items()
            if rights[step.index, mode.site] is not None
        }
        sizes = {reference} | {mode.kg for mode in eligible.values()}
        given = self._given_sizes(line.programme)
        money = {kg: self._money(members, kg, reference) for kg in sizes | given}
        chance = self.by_programme[line.programme].approval_probability
        chance = terms.approval_probability if chance is None else chance
        cheapest = min(
            (
                self._count(line, m.kg, reference) * m.variable_cost
                for m in eligible.values()
            ),
            default=0,
        )
        return Group(
            index=-1,
            programme=step.programme,
            step=step.index,
            kind=line.kind,
            market=line.market,
            firm=line.firmness == "firm",
            prospect=line.firmness == "prospect",
            due=due,
            deadline=due + late_from,
            grace=self.ticks(terms.penalty_grace_weeks * 7),
            latest=due + late_from + self.ticks(terms.max_late_days),
            hold_from=due + late_from - self.ticks(terms.holding_free_days),
            lines=tuple(sorted((member.id, member.batches) for member in members)),
            reference=reference,
            terms=money,
            suite_cost={
                suite: 0
                if line.own
                else self._round(
                    line.weight
                    * (
                        mode.variable_cost
                        - Fraction(cheapest, self._count(line, mode.kg, reference))
                    )
                )
                for suite, mode in eligible.items()
            },
            risk_cost={
                suite: self._round(line.weight * (1 - chance) * mode.variable_cost)
                for suite, mode in eligible.items()
            },
            rights=rights,
            chain=None if line.chain is None else self.chain[line.chain],
            spare=line.firmness == "spare",
            own=line.own,
            making={
                suite: self._making(line, mode.variable_cost)
                for suite, mode in eligible.items()
            }
            if line.chain is not None
            else {},
            filings=dict(self._filings_of(line)),
        )

    def _given_sizes(self, programme: str) -> set[Fraction]:
        kgs = self.by_programme[programme].recipe[-1].kg_per_batch
        return {
            kgs.get(row.suite, Fraction(1))
            for row in self.given
            if row.programme == programme
        }

    def _count(self, line: Line, kg: Fraction, reference: Fraction) -> int:
        if line.own:
            return line.batches
        return math.ceil(line.batches * reference / kg)

    def _round(self, money: Fraction) -> int:
        unit = self.scenario.economics.money_unit
        return math.floor(money / unit + Fraction(1, 2)) * unit

    def _money(self, members: list[Line], kg: Fraction, reference: Fraction) -> Terms:
        line, terms, tick = members[0], self.scenario.economics, self.grid.tick
        count = self._count(line, kg, reference)
        price = line.weight * line.price * Fraction(line.batches, count)
        return Terms(
            need=sum(self._count(member, kg, reference) for member in members),
            charge=self._round(terms.service_charge_per_day * tick * price),
            penalty=self._round(terms.penalty_per_week / 7 * tick * price),
            cap=self._round(terms.penalty_cap * price),
            holding=self._round(terms.holding_per_day * tick * price),
            unserved=self._round(price * line.unserved_factor),
        )

    # ----------------------------------------------------------------- given

    def _lock(self, index: int, lock: Lock, suites: tuple[SuiteData, ...]) -> LockData:
        suite = self.suites[self.suite[lock.suite]]
        last = self.by_programme[lock.programme].recipe[-1].step
        return LockData(
            index=index,
            id=lock.id,
            step=self.step[lock.programme, lock.step or last],
            suite=self.suite[lock.suite],
            kind=lock.kind,
            start=self.grid.at(lock.start),
            takt=self._lock_takt(lock),
            lead=self._lead(suite, lock.programme),
            batches=lock.batches,
        )

    def _lock_takt(self, lock: Lock) -> int:
        if lock.takt_days is not None:
            return self.ticks(lock.takt_days)
        start = self.grid.at(lock.start)
        table = self._takts(self.suites[self.suite[lock.suite]], lock.programme)
        return [
            value for first, value in table if first <= start or first == table[0][0]
        ][-1]

    def _on_hand(
        self, steps: tuple[StepData, ...], suites: tuple[SuiteData, ...]
    ) -> tuple[OnHand, ...]:
        found: list[OnHand] = []
        rows: list[InRelease | Stock] = [
            *self.scenario.in_release,
            *self.scenario.stock,
        ]
        for row in sorted(rows, key=lambda row: row.id):
            last = self.by_programme[row.programme].recipe[-1].step
            step = steps[self.step[row.programme, row.step or last]]
            suite = suites[self.suite[row.suite]]
            for number in range(row.batches):
                out = expiry = None
                ready = self.as_of
                if isinstance(row, InRelease):
                    wait = self.ticks(row.every_days)
                    out = self.grid.at(row.first_out) + number * wait
                    ready = out + step.lead_times[row.kind]
                else:
                    expiry = self.grid.at(row.expiry) + self.ticks(DAY)
                name = f"{row.id}/{number + 1:02d}"
                found.append(
                    OnHand(
                        len(found), name, step.index, suite.index, suite.site,
                        row.kind, out, ready, expiry,
                    )
                )  # fmt: skip
        return tuple(found)

    def _tested_before(
        self,
        steps: tuple[StepData, ...],
        on_hand: tuple[OnHand, ...],
        locks: tuple[LockData, ...],
        suites: tuple[SuiteData, ...],
    ) -> dict[tuple[int, int], tuple[int, ...]]:
        starts: dict[int, list[int]] = {site: [] for site in range(len(self.site))}
        for batch in on_hand:
            tested = steps[batch.step].tested
            if batch.out is not None and tested and batch.kind != "engineering":
                starts[batch.site].append(batch.out)
        for lock in locks:
            tested = steps[lock.step].tested and lock.kind != "engineering"
            first = lock.start + lock.lead
            outs = [first + k * lock.takt for k in range(lock.batches)]
            if tested:
                starts[suites[lock.suite].site] += [
                    out for out in outs if out < self.as_of
                ]
        return {
            (site, resource): tuple(sorted(outs))
            for site, outs in starts.items()
            for resource in (QC, QA)
        }

    def _dues(self, lane: Lane) -> dict[tuple[int, int], int]:
        found = {}
        for n, (programme, _) in enumerate(self.recipe_steps):
            for suite in self.suites:
                worth = self._variable_cost(suite, programme)
                shares = (lane.tariff, lane.loss)
                dues = sum(self._round(share * worth) for share in shares)
                found[n, self.suite[suite.id]] = dues
        return found

    # --------------------------------------------------------------- quality

    def _queue(self, site: int, resource: int) -> Queue:
        data = self.scenario.sites[site]
        records = self.scenario.quality.records_per_reviewer_week
        rates: list[Rate] = data.qc_batches if resource == QC else data.qa_reviewers
        factor = Fraction(1) if resource == QC else records
        steps = [
            (self.grid.at(rate.start), rate.value * factor / 7 * self.grid.tick)
            for rate in rates
        ]
        unit = math.lcm(1, *(rate.denominator for _, rate in steps))
        scaled = [(at, int(rate * unit)) for at, rate in steps]
        window = self.ticks(self.scenario.quality.window_days)
        first = min(0, self.as_of) - window - self.ticks(2 * 365 * DAY)
        last = self.horizon_end + self.ticks(2 * 365 * DAY)
        filled = list(accumulate(_per_tick(scaled, first, last + window), initial=0))
        offers = [(filled[n + window] - filled[n]) // unit for n in range(last - first)]
        share = self.scenario.quality.lending.qc
        if resource == QA:
            share = self.scenario.quality.lending.qa
        ends = [at for at, _ in scaled[1:]] + [last]
        spans = (
            [
                (max(at, first), end - 1)
                for (at, rate), end in zip(scaled, ends, strict=True)
                if rate > 0 and end - 1 >= max(at, first)
            ]
            if scaled
            else []
        )
        return Queue(
            window, first, offers, [math.floor(share * n) for n in offers], tuple(spans)
        )


def _per_tick(steps: list[tuple[int, int]], first: int, last: int) -> Iterable[int]:
    value, number = 0, 0
    for tick in range(first, last):
        while number < len(steps) and steps[number][0] <= tick:
            value = steps[number][1]
            number += 1
        yield value


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """Half-open spans in order, touching and overlapping ones joined."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def overlap(one: Span, other: Span) -> int:
    """Ticks that two spans share; those that are empty or the wrong way round none."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def open_starts(
    closures: tuple[Span, ...], earliest: int, end: int, length: int
) -> tuple[Span, ...]:
    """Closed spans of ticks at which a stretch of `length` fits between closures."""
    spans, low = [], earliest
    for first, last in [*closures, (end, end)]:
        high = min(first, end) - length
        if low <= high:
            spans.append((low, high))
        low = max(low, last)
    return tuple(spans)
