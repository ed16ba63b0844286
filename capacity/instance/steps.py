"""Steps of recipes in ticks, and the suites that may run them."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from capacity.instance.known import Known
from capacity.instance.paces import campaign_cost, lead_in, takts, variable_cost
from capacity.instance.qualifications import opens
from capacity.instance.spans import Span, open_starts
from capacity.instance.suites import SuiteData
from capacity.losses import success_of_step
from capacity.scenario import Client, Direct, Frozen, Step


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
    campaign_cost: int
    """[money]"""

    def takt(self, start: int) -> int:
        """Takt of a campaign that starts at `start`. [tick]"""
        takts = self.takts
        if len(takts) == 1:  # no ramp: nearly everywhere
            return takts[0][1]
        found = bisect_right(takts, (start, math.inf)) - 1
        return takts[max(found, 0)][1]


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
    cut: bool
    """A campaign after which no further batch ends in time may have any size."""
    hold_cost: Fraction
    """Of a batch that waits in a direct supply, per tick. [money]"""
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
    def largest(self) -> int:
        """Most batches of a campaign: the maximum, or the multiple below it."""
        return self.maximum // self.multiple * self.multiple

    def rounded(self, batches: int) -> int:
        """So many batches, or as many more as make a multiple."""
        return -(-batches // self.multiple) * self.multiple

    @property
    def sufficient(self) -> int:
        """A campaign size that is allowed for every kind."""
        return self.rounded(max([1, *self.minimum.values()]))

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


def step_data(known: Known, index: int, suites: tuple[SuiteData, ...]) -> StepData:
    """A step with the suites that may ever run it."""
    programme, step = known.recipe_steps[index]
    recipe = known.by_programme[programme].recipe
    place = [s.step for s in recipe].index(step.step)
    after = recipe[place + 1] if place + 1 < len(recipe) else None
    role = "product"
    if after is not None:
        role = "in_process" if isinstance(after.supply, Direct) else "intermediate"
    limits = next(c for c in known.scenario.campaign_limits if c.id == step.campaign)
    supply = step.supply
    client = supply if isinstance(supply, Client) else None
    lag = _lag(known, programme) if after is None else None
    qc_days, qa_days, leads = release_times(known, programme, step)
    modes = {}
    for suite_id in step.suites:
        if suite_id in known.suite:
            mode = _mode(known, programme, step, suites[known.suite[suite_id]])
            if mode is not None:
                modes[mode.suite] = mode
    return StepData(
        index=index,
        programme=known.programme[programme],
        name=step.step,
        role=role,
        before=known.step[programme, recipe[place - 1].step] if place else None,
        after=None if after is None else known.step[programme, after.step],
        minimum={str(kind): count for kind, count in limits.minimum.items()},
        maximum=limits.maximum,
        multiple=limits.multiple,
        cut=limits.cut_by_end,
        hold_cost=supply.hold_cost * known.grid.tick
        if isinstance(supply, Direct)
        else Fraction(0),
        direct_hold=known.ticks(supply.hold_days)
        if isinstance(supply, Direct)
        else None,
        linked=isinstance(supply, Direct) and supply.linked,
        frozen=_frozen(known, supply, programme, recipe[place - 1])
        if isinstance(supply, Frozen)
        else None,
        client_arrival=None
        if client is None
        else known.as_of + known.ticks(client.lead_time_days),
        client_on_hand=0 if client is None else client.on_hand,
        qc_days=qc_days,
        qa_days=qa_days,
        lead_times=leads,
        modes=modes,
        lag=lag,
    )


def _lag(known: Known, programme: str) -> int | None:
    stocked = known.made_to_stock.get(programme)
    if stocked is None or stocked.release_days is None:
        return None
    return known.ticks(stocked.release_days)


def _frozen(known: Known, supply: Frozen, programme: str, before: Step) -> FrozenData:
    passing = success_of_step(known.scenario, programme, before.step)
    return FrozenData(
        ratio=supply.ratio,
        spoiled=1 / passing - 1,
        passed=sum(
            row.batches
            for row in known.scenario.stock
            if (row.programme, row.step) == (programme, before.step)
        ),
        at_risk=supply.at_risk,
        freeze=known.ticks(supply.freeze_days),
        shelf_life=known.ticks(supply.shelf_life_days),
        min_life=known.ticks(supply.min_life_days),
    )


def release_times(
    known: Known, programme: str, step: Step
) -> tuple[int, int, dict[str, int]]:
    """QC, QA, and out to release without a queue by kind. [tick]"""
    lag = _lag(known, programme)
    if lag is not None and step is known.by_programme[programme].recipe[-1]:
        kinds = ("ppq", "commercial", "surplus")
        return 0, 0, {"engineering": 0, **dict.fromkeys(kinds, lag)}
    found = [c for c in known.scenario.release_classes if c.id == step.release]
    if not found:
        return 0, 0, {"engineering": 0, "in_process": 0}
    qc_days, qa_days = known.ticks(found[0].qc_days), known.ticks(found[0].qa_days)
    floor = max(qc_days, qa_days)
    leads = {"engineering": 0}
    for kind in ("ppq", "clinical", "commercial", "intermediate"):
        row = found[0].lead_time.get(kind, found[0].lead_time.get("any"))
        if row is not None:
            days = getattr(row, known.scenario.quality.planning_percentile)
            delay = known.grid.up(row.expected_delay)
            leads[kind] = max(floor, known.ticks(days)) + delay
    leads["surplus"] = leads.get("commercial", floor)
    return qc_days, qa_days, leads


def _mode(known: Known, programme: str, step: Step, data: SuiteData) -> Mode | None:
    suite = known.suites[data.index]
    opened = opens(known, programme, step.step, suite.site)
    if opened is None or not suite.enabled:
        return None
    lead = lead_in(known, suite, programme)
    earliest = max(opened, known.frozen_until, known.grid.at(suite.go_live))
    chain = known.chain_of.get((programme, step.step, suite.site))
    barred = chain is not None and chain.origin is not None and not chain.permitted
    starts = open_starts(data.closures, earliest, known.horizon_end, lead)
    return Mode(
        suite=data.index,
        site=data.site,
        lead=lead,
        takts=takts(known, suite, programme),
        starts=() if barred else starts,
        kg=step.kg_per_batch.get(suite.id, Fraction(1)),
        variable_cost=variable_cost(suite, programme),
        campaign_cost=campaign_cost(suite, programme),
    )
