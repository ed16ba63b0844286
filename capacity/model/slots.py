"""Decision variables: every batch that may be made, named once.

A *chain* is one step in one suite. Its batches are anonymous and in order of time, so
equal plans have one description. A *slot* is one possible batch of a chain; a *fixed
run* is a campaign that this model doesn't decide (locked, or outside its scope).
Between two fixed runs of a chain lies a *block* of free slots, filled from the front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ortools.sat.python.cp_model import (
    CpModel,
    Domain,
    IntervalVar,
    IntVar,
    LinearExpr,
)

from capacity.instance import FAR, Instance, Mode, OnHand, StepData, Stocked
from capacity.schedule import Run, Schedule, Test, Unit, end_of, lead_in

Expression = LinearExpr | int
"""Ticks or money that depend on the decisions, or don't."""
Literal = IntVar
Option = tuple[int, int]
"""A group, and the right to ship that holds for it [tick], or the code of a filing."""

BY_FILING = 2 * FAR
"""From here on an option's right isn't a tick: so far beyond is the filing that gives it."""

BY_INPUT = 3 * FAR
"""From here on so far beyond is the slot: what goes into its batch decides as well."""

MOST_MOVED = 8
"""Batches that a neighbourhood may bring to a block from other suites."""


@dataclass(eq=False)
class Serving:
    """What a batch may serve."""

    options: dict[Option, Literal]
    """Group and right to ship."""


@dataclass(eq=False)
class Slot:
    """One batch of a chain, made or not."""

    number: int
    """Unique in the model."""
    step: StepData
    suite: int
    site: int
    lead: int
    low: int
    """Earliest start. [tick]"""
    high: int
    """Latest start. [tick]"""
    present: Literal
    start: Expression
    """[tick]"""
    fixed: FixedRun | None
    """The fixed run it belongs to."""
    place: int
    """Number in its fixed run or block, from 0."""
    kind: str | None
    """Stated kind of a locked batch."""
    planned: bool
    first: Literal | None = None
    """Begins a campaign (free slots)."""
    joined: Literal | None = None
    """Follows the slot before in its campaign (free slots)."""
    takts: list[tuple[int, Literal]] = field(default_factory=list)
    """Takt and its literal (free slots)."""
    before: Slot | None = None
    """Slot before it in its block."""
    after: Slot | None = None
    """Slot behind it in its block."""
    serving: Serving | None = None
    """None where what it serves isn't decided here."""
    kept: Literal | None = None
    """There, and serves no qualification (intermediates, and batches for a stock, that may
    serve one)."""
    tested: Literal | None = None
    """Takes QC and QA; None where its tests aren't decided here."""
    qc_start: IntVar | None = None
    qa_start: IntVar | None = None
    qc_sites: dict[int, Literal] = field(default_factory=dict)
    qa_sites: dict[int, Literal] = field(default_factory=dict)
    done: Expression | None = None
    """End of testing and review, before the buffer. [tick]"""

    @property
    def out(self) -> Expression:
        """Handed over. [tick]"""
        return self.start + self.lead

    @property
    def free(self) -> Literal:
        """There, and serves no qualification."""
        return self.present if self.kept is None else self.kept

    @property
    def always(self) -> bool:
        """Whether the batch is there in every plan of this model."""
        return self.fixed is not None


@dataclass(eq=False)
class FixedRun:
    """A campaign that keeps its place."""

    run: Run
    step: StepData
    suite: int
    end: int
    slots: list[Slot] = field(default_factory=list)


@dataclass(eq=False)
class Chain:
    """One step in one suite."""

    step: StepData
    suite: int
    parts: list[FixedRun | list[Slot]] = field(default_factory=list)
    """Fixed runs and blocks of free slots in order of time."""

    def slots(self) -> Iterator[Slot]:
        """Every slot in order of time."""
        for part in self.parts:
            yield from part.slots if isinstance(part, FixedRun) else part

    def free(self) -> Iterator[Slot]:
        """Every free slot in order of time."""
        for part in self.parts:
            if not isinstance(part, FixedRun):
                yield from part


@dataclass(eq=False)
class Spare:
    """A batch on hand whose line is decided here."""

    data: OnHand
    serving: Serving


@dataclass(frozen=True)
class Scope:
    """What a model decides: everything, or what a neighbourhood reopens.

    Runs of `base` that aren't in `reopened` keep their place, lines and tests.
    """

    base: Schedule
    """The locked runs only, or a plan to improve."""
    reopened: frozenset[int] | None = None
    """Indices of runs of `base` that may change; None is all but the locked ones."""
    window: tuple[int, int] | None = None
    """Closed span of starts for what is reopened; None is the horizon. [tick]"""
    suites: frozenset[int] = frozenset()
    """Suites that take new campaigns (neighbourhoods only)."""
    steps: frozenset[int] = frozenset()
    """Steps that get new campaigns (neighbourhoods only)."""
    spare: int = 2
    """Slots per block beyond what was reopened (neighbourhoods only)."""
    longest_wait: int | None = None
    """Longest wait for QC and QA; None is no limit. [tick]"""

    @property
    def whole(self) -> bool:
        """Whether everything is decided."""
        return self.reopened is None

    def fixes(self, index: int) -> bool:
        """Whether a run of `base` keeps its place."""
        run = self.base.runs[index]
        if run.lock is not None or self.reopened is None:
            return run.lock is not None
        return index not in self.reopened or self._qualifies(run)

    def _qualifies(self, run: Run) -> bool:
        """Whether rights hang on a run: no neighbourhood changes those."""
        groups = self.base.instance.groups
        return any(g is not None and groups[g].chain is not None for g in run.serves)


@dataclass(eq=False)
class Variables:
    """The model and all its named variables."""

    model: CpModel
    instance: Instance
    scope: Scope
    chains: dict[tuple[int, int], Chain] = field(default_factory=dict)
    spares: list[Spare] = field(default_factory=list)
    needs: dict[int, int] = field(default_factory=dict)
    """Batches by group that are served outside this model, groups in scope only."""
    taken: dict[Unit | int, Literal] = field(default_factory=dict)
    """Whether an intermediate is taken, by slot number or unit on hand."""
    arcs: dict[tuple[int, int], list[Arc]] = field(default_factory=dict)
    freights: list[FreightVars] = field(default_factory=list)
    qualified: dict[int, ChainVars] = field(default_factory=dict)
    """Qualifications that this model decides."""
    files: dict[int, Literal] = field(default_factory=dict)
    """Whether each filing is made."""
    rights: dict[int, IntVar] = field(default_factory=dict)
    """Right to ship by its code, where this model decides it. [tick]"""
    stocks: list[StockedVars] = field(default_factory=list)
    """Programmes made to stock that are decided here."""
    stays: dict[int, list[IntervalVar]] = field(default_factory=dict)
    """Intermediates in the freezer of a site, where it is limited."""
    one: Literal = field(init=False)
    zero: Literal = field(init=False)

    def __post_init__(self) -> None:
        self.one = self.model.new_constant(1)
        self.zero = self.model.new_constant(0)

    def right(self, option: Option) -> Expression:
        """Right to ship of an option. [tick]"""
        return self.rights[option[1]] if option[1] >= BY_FILING else option[1]

    def slots(self) -> Iterator[Slot]:
        """Every slot."""
        for chain in self.chains.values():
            yield from chain.slots()

    def of_step(self, step: int) -> list[Chain]:
        """Chains of a step by suite."""
        return [chain for (s, _), chain in self.chains.items() if s == step]

    def literal(self, name: str) -> Literal:
        """A new Boolean."""
        return self.model.new_bool_var(name)


@dataclass(eq=False)
class ChainVars:
    """A qualification."""

    taken: Literal
    """Its transfer is in the plan."""
    start: IntVar
    """Of the transfer. [tick]"""
    whole: Literal
    """Its PPQ is complete."""
    proved: IntVar
    """Release of its last PPQ batch. [tick]"""


@dataclass(eq=False)
class Arc:
    """One campaign directly before another in a suite."""

    literal: Literal
    days: int
    """Changeover. [tick]"""
    cost: int
    """[money]"""


@dataclass
class StockVars:
    """One period of a programme made to stock, in parts of its unit."""

    storage: Expression
    """In stock at the end, or ticks in stock where costs are per day."""
    shortage: Expression
    """Waits at the end, or for so many ticks; or lost."""
    waste: Expression
    deficit: Expression


@dataclass
class StockedVars:
    """A programme made to stock."""

    stocked: Stocked
    periods: list[StockVars]
    unsold: Expression
    most: int
    """No amount of these is larger."""


@dataclass(eq=False)
class FreightVars:
    """A possible shipment."""

    lane: int
    step: int
    used: Literal
    depart: IntVar
    cargo: dict[Unit | int, Literal]
    """By slot number, or unit for batches on hand."""
    dues: list[Expression]
    """Duty and expected loss of what it carries. [money]"""


def domain_of(mode: Mode, low: int, high: int) -> Domain:
    """Allowed starts of a batch inside a closed span."""
    spans = [
        [max(first, low), min(last, high)]
        for first, last in mode.starts
        if max(first, low) <= min(last, high)
    ]
    return Domain.from_intervals(spans)


def declare(model: CpModel, instance: Instance, scope: Scope) -> Variables:
    """Chains with their fixed runs and blocks, and the batches on hand in scope."""
    v = Variables(model, instance, scope)
    numbers = iter(range(10**9))
    for step in instance.steps:
        suites = set(step.modes) | {
            run.suite for run in scope.base.runs if run.step == step.index
        }
        for suite in sorted(suites):
            chain = Chain(step, suite)
            v.chains[step.index, suite] = chain
            _fill(v, chain, numbers)
    return v


def _fill(v: Variables, chain: Chain, numbers: Iterator[int]) -> None:
    base = v.scope.base
    fixed = [
        index
        for index in base.in_suite[chain.suite]
        if base.runs[index].step == chain.step.index and v.scope.fixes(index)
    ]
    previous_end = None
    for index in [*fixed, None]:
        run = None if index is None else base.runs[index]
        last = None if run is None else run.start
        block = _block(v, chain, numbers, previous_end, last)
        if block:
            chain.parts.append(block)
        if run is not None:
            part = _fixed(v, chain, run, numbers)
            chain.parts.append(part)
            previous_end = part.end


def _fixed(v: Variables, chain: Chain, run: Run, numbers: Iterator[int]) -> FixedRun:
    instance = v.instance
    part = FixedRun(run, chain.step, chain.suite, end_of(instance, run))
    lock = None if run.lock is None else instance.locks[run.lock]
    for place, start in enumerate(run.starts()):
        part.slots.append(
            Slot(
                number=next(numbers),
                step=chain.step,
                suite=chain.suite,
                site=instance.suites[chain.suite].site,
                lead=lead_in(instance, run),
                low=start,
                high=start,
                present=v.one,
                start=start,
                fixed=part,
                place=place,
                kind=None if lock is None else lock.kind,
                planned=lock is None,
            )
        )
    return part


def _block(
    v: Variables,
    chain: Chain,
    numbers: Iterator[int],
    after: int | None,
    until: int | None,
) -> list[Slot]:
    """Free slots between two fixed runs of a chain."""
    mode = chain.step.modes.get(chain.suite)
    if mode is None:
        return []
    low, high = v.scope.window or (-(10**9), 10**9)
    if after is not None:
        low = max(low, after)
    if until is not None:
        high = min(high, until - mode.lead)
    domain = domain_of(mode, low, high)
    if domain.is_empty():
        return []
    begins = _begins(v, chain, mode)
    if begins is None:
        return []
    domain = domain_of(mode, max(low, begins), high)
    if domain.is_empty():
        return []
    low, high = domain.min(), domain.max()
    closest = min([mode.lead, *(takt for _, takt in mode.takts)])
    size = min(slots_needed(v, chain), (high - low) // closest + 1)
    block: list[Slot] = []
    for place in range(size):
        block.append(_free_slot(v, chain, mode, domain, next(numbers), place))
        if place:
            block[-1].before, block[-2].after = block[-2], block[-1]
    return block


def _begins(v: Variables, chain: Chain, mode: Mode) -> int | None:
    """When a site may begin where that isn't decided here, None for never. [tick]"""
    number = v.instance.chain_at.get((chain.step.index, mode.site))
    if v.scope.whole or number is None:
        return -(10**9)
    data, starts = v.instance.chains[number], v.scope.base.transfers
    if data.transfer is None:
        return -(10**9)
    return starts[number] + data.transfer if number in starts else None


def _free_slot(
    v: Variables, chain: Chain, mode: Mode, domain: Domain, number: int, place: int
) -> Slot:
    instance = v.instance
    step = instance.steps[chain.step.index]
    name = f"{instance.programmes[step.programme]}.{step.name}"
    name = f"{name}@{instance.suites[chain.suite].id}#{number}"
    return Slot(
        number=number,
        step=step,
        suite=chain.suite,
        site=mode.site,
        lead=mode.lead,
        low=domain.min(),
        high=domain.max(),
        present=v.literal(f"present[{name}]"),
        start=v.model.new_int_var_from_domain(domain, f"start[{name}]"),
        fixed=None,
        place=place,
        kind=None,
        planned=True,
        first=v.literal(f"first[{name}]"),
        joined=v.literal(f"joined[{name}]") if place else v.zero,
    )


def slots_needed(v: Variables, chain: Chain) -> int:
    """How many slots a block needs so that no plan worth having is lost."""
    instance, scope = v.instance, v.scope
    step = chain.step
    if not scope.whole:
        if chain.suite not in scope.suites or step.index not in scope.steps:
            return 0
        runs = [scope.base.runs[index] for index in scope.reopened or ()]
        mine = [run for run in runs if run.step == step.index]
        here = sum(run.batches for run in mine if run.suite == chain.suite)
        elsewhere = sum(run.batches for run in mine) - here
        return here + min(elsewhere, MOST_MOVED) + scope.spare
    return most_useful(instance, step, chain.suite) * step.sufficient


def most_useful(instance: Instance, step: StepData, suite: int) -> int:
    """Most batches of a step that demand can use, in units of this suite's batches."""
    if step.after is None:
        kg = step.modes[suite].kg
        # every batch of a direct feed is used, so the locked ones need a batch each
        fed = step.before if step.direct_hold is not None else None
        locked = sum(lock.batches for lock in instance.locks if lock.step == fed)
        stocked = instance.stocked.get(step.programme)
        if stocked is not None:
            locked += batches_useful(stocked, suite)
        return locked + sum(
            group.terms[kg].need
            for group in instance.groups_of(step.programme)
            if kg in group.terms
        )
    after = instance.steps[step.after]
    users = sum(lock.batches for lock in instance.locks if lock.step == after.index)
    users += after.sufficient * max(
        (most_useful(instance, after, suite) for suite in after.modes), default=0
    )
    used = after.frozen.units(users) if after.frozen is not None else users
    return used + sum(g.terms[g.reference].need for g in instance.trials_of(step.index))


def batches_useful(stocked: Stocked, suite: int) -> int:
    """Most batches of a suite that demand and targets can use, or that find time.

    What nothing is wasted of is sold, or kept for a target to the end. Where product
    expires or finds no room, a target may be served anew in every period, and a batch that
    is opened may be wasted, two of them in each period.
    """
    if stocked.room is not None:
        return stocked.room.get(suite, 0)
    size = stocked.amounts[suite]
    targets = [period.target for period in stocked.periods]
    span = stocked.periods[-1].end - stocked.start
    keeps = stocked.life is None or stocked.life > span
    if keeps and (stocked.limit is None or not stocked.wasted):
        return -(-(stocked.wanted + max(targets)) // size)
    opened = 0 if size == stocked.parts == 1 else 2 * len(targets)
    return -(-(stocked.wanted + sum(targets)) // size) + opened


def batches_useful_in(stocked: Stocked, suites: Iterable[int]) -> int:
    """Most batches that demand and targets can use, whichever suites make them.

    Where time is the limit, each suite has its own.
    """
    if stocked.room is not None:
        return sum(stocked.room.get(suite, 0) for suite in suites)
    return max((batches_useful(stocked, suite) for suite in suites), default=0)


def test_of(v: Variables, slot: Slot) -> Test | None:
    """Tests that a slot of a fixed, unlocked run keeps."""
    assert slot.fixed is not None
    return slot.fixed.run.tests[slot.place]
