"""Linked campaigns, decided whole: how many batches, in which suites, from when.

Where everything is made to stock and each campaign feeds one campaign of the next step,
a batch needs no choice of its own. A *train* is a campaign of a recipe's first step with
those that it feeds, one after another; a *leg* is its campaign of one step. Trains of a
programme are in order of their first start, and the first of all is in the first of suites
that are alike, so equal plans have few descriptions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ortools.sat.python.cp_model import (
    CpModel,
    Domain,
    IntervalVar,
    IntVar,
    LinearExprT,
)

from capacity.instance import Instance, Mode, StepData, Stocked, SuiteData
from capacity.model.money import Regret
from capacity.model.plans import NotInModel
from capacity.model.slots import (
    Chain,
    Expression,
    Literal,
    Scope,
    Slot,
    StockedVars,
    StockVars,
    Variables,
    batches_useful,
)
from capacity.model.stocks import costs_of, flow_of
from capacity.schedule import Run, Schedule, Unit

Value = tuple[IntVar, int]


@dataclass(eq=False)
class Leg:
    """One campaign of a train."""

    step: StepData
    here: dict[int, Literal]
    """By suite; none where the train isn't there."""
    starts: list[Expression]
    """Start of each batch that is made. [tick]"""
    lead: Expression
    """Start to out. [tick]"""
    span: IntVar
    """First start to last out, 0 where it isn't there. [tick]"""
    end: Expression
    """Last batch out: the suite is free. [tick]"""

    @property
    def start(self) -> Expression:
        """First batch enters production. [tick]"""
        return self.starts[0]

    @property
    def outs(self) -> list[Expression]:
        """When each batch is handed over. [tick]"""
        return [start + self.lead for start in self.starts]


@dataclass(eq=False)
class Train:
    """A campaign of the first step and those that it feeds."""

    programme: int
    number: int
    more: list[Literal]
    """Whether it has more than so many batches."""
    legs: list[Leg] = field(default_factory=list)

    @property
    def present(self) -> Literal:
        """Whether it is there."""
        return self.more[0]

    @property
    def batches(self) -> Expression:
        """How many."""
        return sum(self.more)


@dataclass(eq=False)
class Trains:
    """The model of linked campaigns."""

    v: Variables
    rows: list[Train]
    regret: Regret


def build_linked(
    instance: Instance, most: int | None = None, *, expiring: bool = True
) -> Trains:
    """The model of everything that a scenario of linked campaigns leaves open.

    Parameters
    ----------
    instance
        The scenario.
    most
        Most trains of a programme; none for all that demand can use.
    expiring
        False: product keeps for ever where that is never dearer than to waste it, else it
        may be wasted at any time. A bound on such plans holds for all, and comes sooner.
    """
    v = Variables(CpModel(), instance, Scope(Schedule(instance, ())))
    trains = Trains(v, [], Regret())
    for programme, stocked in sorted(instance.stocked.items()):
        trains.rows += _trains(v, programme, stocked, most)
    for suite in instance.suites:
        _Sequence(trains, suite).state()
    for alike in _alike(instance):
        _name_first(trains, alike)
        _fill_together(trains, alike)
    for programme, stocked in sorted(instance.stocked.items()):
        rows = [train for train in trains.rows if train.programme == programme]
        if _in_turn(instance, stocked):
            v.stocks.append(_Turns(v, stocked, rows, expiring).built())
        else:
            _list_batches(v, rows)
            v.stocks.append(flow_of(v, stocked))
    for train in trains.rows:
        for leg in train.legs:
            trains.regret.add("variable", _variable(v, train, leg))
    for term, money in costs_of(v):
        trains.regret.add(term, money)
    return trains


def _variable(v: Variables, train: Train, leg: Leg) -> Expression:
    """Variable cost of a campaign's batches. [money]"""
    costs = {suite: leg.step.modes[suite].variable_cost for suite in leg.here}
    least, most = min(costs.values()), len(train.more)
    return least * train.batches + sum(
        (cost - least) * _product(v, train.batches, leg.here[suite], most)
        for suite, cost in costs.items()
        if cost > least
    )


def _product(v: Variables, count: Expression, literal: Literal, most: int) -> IntVar:
    """A count where a literal is true, else 0."""
    found = v.model.new_int_var(0, most, f"made{literal.index}")
    v.model.add(found == count).only_enforce_if(literal)
    v.model.add(found == 0).only_enforce_if(~literal)
    return found


# ---------------------------------------------------------------------------- trains


def _trains(
    v: Variables, programme: int, stocked: Stocked, few: int | None
) -> Iterator[Train]:
    """Trains of a programme, as many as demand can use, or only a few."""
    steps = [step for step in v.instance.steps if step.programme == programme]
    useful = max((batches_useful(stocked, s) for s in steps[-1].modes), default=0)
    if not useful or not all(step.modes for step in steps):
        return
    least = [
        step.least("commercial" if step.after is None else step.role) for step in steps
    ]
    largest = max(useful, *(step.sufficient for step in steps))
    most = min(largest, *(step.maximum for step in steps))
    before: Train | None = None
    made: list[Train] = []
    for number in range(min(useful, useful if few is None else few)):
        train = _train(v, steps, number, most)
        _size(v, train, steps, max(least))
        if before is not None:
            v.model.add_implication(train.present, before.present)
            later = before.legs[0].start <= train.legs[0].start
            v.model.add(later).only_enforce_if(train.present)
        before = train
        made.append(train)
        yield train
    if max(least) == 1 and all(step.multiple == 1 for step in steps):
        v.model.add(sum(train.batches for train in made) <= useful)


def _train(v: Variables, steps: list[StepData], number: int, most: int) -> Train:
    name = f"{v.instance.programmes[steps[0].programme]}/{number}"
    train = Train(
        steps[0].programme,
        number,
        [v.literal(f"more{k}[{name}]") for k in range(most)],
    )
    for one, other in pairwise(train.more):
        v.model.add_implication(other, one)
    for step in steps:
        here = {s: v.literal(f"in{s}[{name}]{step.name}") for s in step.modes}
        v.model.add_exactly_one([*here.values(), ~train.present])
        if not train.legs:
            train.legs.append(_first_leg(v, train, step, here, name))
        else:
            train.legs.append(_fed_leg(v, train, step, here, name))
    for leg, fed in pairwise(train.legs):
        _stay_on_site(v, leg, fed)
    return train


def _size(v: Variables, train: Train, steps: list[StepData], least: int) -> None:
    """Batches of a train: the strictest minimum of its campaigns, every multiple."""
    if least > len(train.more):
        v.model.add(train.present == 0)
        return
    v.model.add_implication(train.present, train.more[least - 1])
    for step in steps:
        if step.multiple > 1:
            sizes = Domain.from_values(range(0, len(train.more) + 1, step.multiple))
            v.model.add_linear_expression_in_domain(train.batches, sizes)


def _stay_on_site(v: Variables, feed: Leg, user: Leg) -> None:
    """What is fed stays on the site."""
    for suite, literal in feed.here.items():
        site = feed.step.modes[suite].site
        there = [x for s, x in user.here.items() if user.step.modes[s].site == site]
        v.model.add_bool_or([~literal, *there])


def _by_suite(here: dict[int, Literal], values: dict[int, int]) -> Expression:
    """A value of the suite that is chosen; plain where all suites have the same."""
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return sum(values[suite] * literal for suite, literal in here.items())


def _takts(step: StepData) -> dict[int, int]:
    return {suite: mode.takts[0][1] for suite, mode in step.modes.items()}


def _leads(step: StepData) -> dict[int, int]:
    return {suite: mode.lead for suite, mode in step.modes.items()}


def _earliest(mode: Mode) -> int:
    return mode.starts[0][0] if mode.starts else 10**9


def _ready(instance: Instance, step: StepData, suite: int) -> int:
    """Before this no campaign of a step starts in a suite, whatever comes first. [tick]"""
    data = instance.suites[suite]
    own = data.set_up in (None, step.programme) and data.hold >= 0
    days = [
        days for (_, enters), days in data.changeover.items() if enters == step.index
    ]
    return data.free_from + (0 if own else min(days, default=0))


def _start(v: Variables, step: StepData, here: dict[int, Literal], name: str) -> IntVar:
    """First start of a campaign, when one of its suites may start a batch."""
    spans = [list(span) for mode in step.modes.values() for span in mode.starts]
    soonest = min(_ready(v.instance, step, suite) for suite in here)
    latest = (
        v.instance.horizon_end - _behind(v.instance, step) - min(_leads(step).values())
    )
    domain = Domain.from_intervals(spans or [[0, 0]]).intersection_with(
        Domain(soonest, max(soonest, latest))
    )
    if domain.is_empty():
        domain = Domain(soonest, soonest)
    start = v.model.new_int_var_from_domain(domain, f"start[{name}]{step.name}")
    for suite, literal in here.items():
        own = [list(span) for span in step.modes[suite].starts]
        if not own:
            v.model.add(literal == 0)
        elif own != spans[: len(own)] or len(spans) != len(own) * len(here):
            v.model.add_linear_expression_in_domain(
                start, Domain.from_intervals(own)
            ).only_enforce_if(literal)
    return start


def _behind(instance: Instance, step: StepData) -> int:
    """Least time from a step's last out to the train's. [tick]"""
    if step.after is None:
        return 0
    after = instance.steps[step.after]
    return min(_leads(after).values(), default=0) + _behind(instance, after)


def _first_leg(
    v: Variables, train: Train, step: StepData, here: dict[int, Literal], name: str
) -> Leg:
    """A takt from batch to batch."""
    start = _start(v, step, here, name)
    takts, leads = _takts(step), _leads(step)
    takt, lead = _by_suite(here, takts), _by_suite(here, leads)
    starts: list[Expression] = [
        start,
        *(start + k * takt for k in range(1, len(train.more))),
    ]
    top = v.instance.horizon_end - _behind(v.instance, step)
    longest = max(takts.values()) * (len(train.more) - 1) + max(leads.values())
    span = v.model.new_int_var(0, longest, f"span[{name}]{step.name}")
    end = v.model.new_int_var(0, top, f"end[{name}]{step.name}")
    if isinstance(takt, int) and isinstance(lead, int):
        v.model.add(span == takt * train.batches + (lead - takt) * train.present)
    else:
        v.model.add(span == 0).only_enforce_if(~train.present)
        for suite, literal in here.items():
            long = takts[suite] * (train.batches - 1) + leads[suite]
            v.model.add(span == long).only_enforce_if(literal)
    v.model.add(end == start + span).only_enforce_if(train.present)
    return Leg(step, here, starts, lead, span, end)


def _fed_leg(
    v: Variables, train: Train, step: StepData, here: dict[int, Literal], name: str
) -> Leg:
    """A batch starts a takt after the one before, or once the one that feeds it is out."""
    feed, hold = train.legs[-1], step.direct_hold or 0
    if hold == 0 and feed.step.direct_hold in (0, None):
        return _leg_without_wait(v, train, step, here, name)
    model, top = v.model, v.instance.horizon_end
    takt, lead = _by_suite(here, _takts(step)), _by_suite(here, _leads(step))
    outs = feed.outs
    starts: list[Expression] = [_start(v, step, here, name)]
    model.add(starts[0] >= outs[0]).only_enforce_if(train.present)
    model.add(starts[0] <= outs[0] + hold).only_enforce_if(train.present)
    for k, more in enumerate(train.more[1:], 1):
        start = model.new_int_var(0, top, f"start{k}[{name}]{step.name}")
        paced = v.literal(f"paced{k}[{name}]{step.name}")
        following = starts[-1] + takt
        model.add(start >= outs[k]).only_enforce_if(more)
        model.add(start <= outs[k] + hold).only_enforce_if(more)
        model.add(start >= following).only_enforce_if(more)
        model.add(start <= following).only_enforce_if([more, paced])
        model.add(start <= outs[k]).only_enforce_if([more, ~paced])
        model.add(start == starts[-1]).only_enforce_if(~more)
        starts.append(start)
    span = model.new_int_var(0, top + 1, f"span[{name}]{step.name}")
    end = model.new_int_var(0, top, f"end[{name}]{step.name}")
    least_takt, least_lead = min(_takts(step).values()), min(_leads(step).values())
    shortest = least_takt * train.batches + (least_lead - least_takt) * train.present
    model.add(span >= shortest)
    model.add(end == starts[-1] + lead).only_enforce_if(train.present)
    model.add(end == starts[0] + span).only_enforce_if(train.present)
    return Leg(step, here, starts, lead, span, end)


def _leg_without_wait(
    v: Variables, train: Train, step: StepData, here: dict[int, Literal], name: str
) -> Leg:
    """Every batch starts as soon as the one that feeds it is out, so it must keep pace."""
    feed, model, top = train.legs[-1], v.model, v.instance.horizon_end
    lead = _by_suite(here, _leads(step))
    starts: list[Expression] = [*feed.outs]
    first = train.legs[0]
    slow = _by_suite(first.here, _takts(first.step))
    quick = _by_suite(here, _takts(step))
    if len(train.more) > 1 and not (
        isinstance(slow, int) and isinstance(quick, int) and quick <= slow
    ):
        model.add(quick <= slow).only_enforce_if(train.more[1])
    span = model.new_int_var(0, top + 1, f"span[{name}]{step.name}")
    model.add(span == feed.span - feed.lead + lead).only_enforce_if(train.present)
    model.add(span == 0).only_enforce_if(~train.present)
    for suite, literal in here.items():
        own = [list(spell) for spell in step.modes[suite].starts]
        model.add_linear_expression_in_domain(
            starts[0], Domain.from_intervals(own or [[-2, -1]])
        ).only_enforce_if(literal)
    end: Expression = feed.end + lead
    if not isinstance(lead, int) or not isinstance(feed.lead, int):
        begin = model.new_int_var(0, top, f"start[{name}]{step.name}")
        model.add(begin == starts[0]).only_enforce_if(train.present)
        stop = model.new_int_var(0, top, f"end[{name}]{step.name}")
        model.add(stop == end).only_enforce_if(train.present)
        starts[0], end = begin, stop
    model.add(end <= top).only_enforce_if(train.present)
    return Leg(step, here, starts, lead, span, end)


# ---------------------------------------------------------------------------- suites


@dataclass(eq=False)
class _Node:
    """A leg that may run in a suite."""

    train: Train
    leg: Leg
    literal: Literal

    def comes_after(self, other: _Node | None) -> bool:
        """Whether it can follow another: trains of a programme start in order."""
        if other is None or other.leg.step.index != self.leg.step.index:
            return True
        return (
            other.train.number < self.train.number or other.leg.step.before is not None
        )


class _Sequence:
    """States that a suite runs one campaign at a time, each after its changeover."""

    def __init__(self, trains: Trains, suite: SuiteData) -> None:
        self.trains, self.v, self.suite = trains, trains.v, suite
        self.nodes = [
            _Node(train, leg, leg.here[suite.index])
            for train in trains.rows
            for leg in train.legs
            if suite.index in leg.here
        ]
        self.steps = sorted({node.leg.step.index for node in self.nodes})

    def state(self) -> None:
        """All of it."""
        if not self.nodes:
            return
        leaving, entering = self.parts()
        tiles: list[IntervalVar] = []
        for node in self.nodes:
            before, after = entering[node.leg.step.index], leaving[node.leg.step.index]
            tiles.append(
                self.v.model.new_optional_interval_var(
                    node.leg.start - before,
                    node.leg.span + before + after,
                    node.leg.end + after,
                    node.literal,
                    f"tile{self.suite.index}[{node.literal.index}]",
                )
            )
        self.v.model.add_no_overlap(tiles)
        for first, last in self.suite.closures:
            self._stay_clear(first, last)
        if self._plain(leaving, entering):
            self._plainly()
        else:
            self._arcs()

    def _stay_clear(self, first: int, last: int) -> None:
        """No campaign spans a closure."""
        for node in self.nodes:
            past = self.v.literal(f"past{first}[{node.literal.index}]")
            self.v.model.add(node.leg.end <= first).only_enforce_if(
                [node.literal, ~past]
            )
            self.v.model.add(node.leg.start >= last).only_enforce_if(
                [node.literal, past]
            )

    def days(self, leaving: int, entering: int) -> int:
        """Least changeover between two steps, -1 for what is set up at the start. [tick]"""
        steps, suite = self.v.instance.steps, self.suite
        own = steps[entering].programme
        set_up = suite.set_up if leaving < 0 else steps[leaving].programme
        if leaving < 0 and set_up is not None:
            leaving = suite.set_up_step
        days = suite.changeover[leaving, entering]
        return 0 if set_up == own and suite.hold >= 0 else days

    def parts(self) -> tuple[dict[int, int], dict[int, int]]:
        """What every changeover takes at the least, by step that leaves and that enters."""
        enter = {j: min(self.days(i, j) for i in self.steps) for j in self.steps}
        leave = {
            i: min(self.days(i, j) - enter[j] for j in self.steps) for i in self.steps
        }
        return leave, enter

    def _plain(self, leaving: dict[int, int], entering: dict[int, int]) -> bool:
        """Whether these parts say all: of days, of costs and of what comes first."""
        suite, steps = self.suite, self.v.instance.steps
        days = {(i, j): self.days(i, j) for i in [-1, *self.steps] for j in self.steps}
        exact = all(
            d == leaving[i] + entering[j] for (i, j), d in days.items() if i >= 0
        )
        same = all(bool(d) for d in days.values()) or not suite.changeover_cost
        least = {i: steps[i].modes[suite.index].lead for i in self.steps}
        soon = all(
            days[-1, j] <= days[-1, i] + least[i] + days[i, j]
            for i in self.steps
            for j in self.steps
        )
        idle = suite.no_idle or suite.closures
        return (
            exact
            and same
            and soon
            and not idle
            and (suite.hold < 0 or not any(days.values()))
        )

    def _plainly(self) -> None:
        """The first campaign waits for its set-up, and every campaign costs alike."""
        suite = self.suite
        for node in self.nodes:
            days = self.days(-1, node.leg.step.index)
            ready = node.leg.start >= suite.free_from + days
            self.v.model.add(ready).only_enforce_if(node.literal)
            if days and suite.changeover_cost:
                cost = suite.changeover_cost * node.literal
                self.trains.regret.add("changeover", cost)

    def _arcs(self) -> None:
        """Which campaign comes directly before which."""
        before: dict[int, list[Literal]] = defaultdict(list)
        after: dict[int, list[Literal]] = defaultdict(list)
        for place, node in enumerate(self.nodes):
            for other, earlier in [(-1, None), *enumerate(self.nodes)]:
                if other == place or not node.comes_after(earlier):
                    continue
                for literal in self._follow(earlier, node):
                    before[place].append(literal)
                    after[other].append(literal)
        for place, node in enumerate(self.nodes):
            self.v.model.add(sum(before[place]) == node.literal)
            self.v.model.add_at_most_one(after[place])
        self.v.model.add_at_most_one(after[-1])

    def _follow(self, earlier: _Node | None, node: _Node) -> Iterator[Literal]:
        """Ways in which a campaign follows another, or comes first."""
        steps, suite = self.v.instance.steps, self.suite
        free: Expression = suite.free_from if earlier is None else earlier.leg.end
        step = suite.set_up_step if earlier is None else earlier.leg.step.index
        leaving = suite.set_up if earlier is None else steps[step].programme
        if earlier is None and suite.set_up is None:
            step = -1
        days = suite.changeover[step, node.leg.step.index]
        wait = node.leg.start - free
        if leaving != steps[node.leg.step.index].programme or suite.hold < 0:
            yield self._arc(earlier, node, days)
            return
        clean = self._arc(earlier, node, 0)
        self.v.model.add(wait <= suite.hold).only_enforce_if(clean)
        yield clean
        stale = self._arc(earlier, node, days)
        self.v.model.add(wait > suite.hold).only_enforce_if(stale)
        yield stale

    def _arc(self, earlier: _Node | None, node: _Node, days: int) -> Literal:
        model, suite = self.v.model, self.suite
        name = "" if earlier is None else earlier.literal.index
        literal = self.v.literal(f"arc{name}to{node.literal.index}after{days}")
        free: Expression = suite.free_from if earlier is None else earlier.leg.end
        model.add(node.leg.start >= free + days).only_enforce_if(literal)
        model.add_implication(literal, node.literal)
        if earlier is not None:
            model.add_implication(literal, earlier.literal)
        if days:
            for first, last in suite.closures:
                past = self.v.literal(f"past{first}[{literal.index}]")
                start = node.leg.start
                model.add(start <= first).only_enforce_if([literal, ~past])
                model.add(start >= last + days).only_enforce_if([literal, past])
            if suite.changeover_cost:
                self.trains.regret.add("changeover", suite.changeover_cost * literal)
        if suite.no_idle:
            self._at_once(node, free + days, literal)
        return literal

    def _at_once(self, node: _Node, ready: Expression, literal: Literal) -> None:
        """A campaign starts when its changeover is over, or when it first may."""
        start, soonest = (
            node.leg.start,
            _earliest(node.leg.step.modes[self.suite.index]),
        )
        if soonest <= self.suite.free_from:
            self.v.model.add(start <= ready).only_enforce_if(literal)
            return
        waits = self.v.literal(f"waits[{literal.index}]")
        self.v.model.add(start <= ready).only_enforce_if([literal, ~waits])
        self.v.model.add(start <= soonest).only_enforce_if([literal, waits])


def _alike(instance: Instance) -> list[list[int]]:
    """Suites that can stand for one another, whatever their names."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for suite in instance.suites:
        modes: list[object] = []
        for step in instance.steps:
            mode = step.modes.get(suite.index)
            stocked = instance.stocked.get(step.programme)
            if mode is None or stocked is None:
                modes.append(None)
                continue
            own = stocked.amounts[suite.index], stocked.rights[suite.index]
            cost = mode.variable_cost
            modes.append((mode.lead, mode.takts, mode.starts, mode.site, cost, own))
        key = (
            suite.site, suite.free_from, suite.closures, suite.set_up,
            suite.changeover_cost, suite.hold, suite.no_idle,
            tuple(sorted(suite.changeover.items())), tuple(modes),
        )  # fmt: skip
        groups[key].append(suite.index)
    return [group for group in groups.values() if len(group) > 1]


def _name_first(trains: Trains, alike: list[int]) -> None:
    """The first train that may use suites that are alike uses the first of them."""
    legs = (leg for train in trains.rows for leg in train.legs)
    leg = next((leg for leg in legs if alike[0] in leg.here), None)
    if leg is not None:
        for suite in alike[1:]:
            trains.v.model.add(leg.here[suite] == 0)


def _fill_together(trains: Trains, alike: list[int]) -> None:
    """Together, suites that are alike hold no more than their time; this only speeds proofs."""
    v = trains.v
    sequence = _Sequence(trains, v.instance.suites[alike[0]])
    if any(set(node.leg.here) - set(alike) for node in sequence.nodes):
        return
    leaving, entering = sequence.parts()
    used, tails = [], []
    for train in trains.rows:
        for leg in train.legs:
            if alike[0] not in leg.here:
                continue
            step = leg.step.index
            used.append(leg.span + (leaving[step] + entering[step]) * train.present)
            tails.append(leaving[step] - _behind(v.instance, leg.step))
    if used:
        time = v.instance.horizon_end - sequence.suite.free_from + max(tails)
        first = max(0, *(entering[s] - sequence.days(-1, s) for s in sequence.steps))
        v.model.add(sum(used) <= len(alike) * (time + first))


# ----------------------------------------------------------------------------- stock


def _in_turn(instance: Instance, stocked: Stocked) -> bool:
    """Whether all product goes out in the order in which it is made, in equal amounts."""
    last = instance.steps[stocked.step]
    sizes = {stocked.amounts[suite] for suite in last.modes}
    soonest = min((_earliest(m) + m.lead for m in last.modes.values()), default=0)
    late = [
        right for right in stocked.rights.values() if right is None or right > soonest
    ]
    return (
        len(sizes) == 1
        and not late
        and not stocked.opening
        and not stocked.daily
        and not stocked.wasted
        and stocked.shortage != "lost"
        and (stocked.life is None or stocked.life >= (last.lag or 0))
    )


class _Turns:
    """A stock whose product goes out in the order in which it was made.

    So sums over time say all: what has entered, what of it has expired, what was sold.
    """

    def __init__(
        self, v: Variables, stocked: Stocked, rows: list[Train], expiring: bool
    ) -> None:
        self.v, self.stocked, self.rows = v, stocked, rows
        self.expiring = expiring
        suites = v.instance.steps[stocked.step].modes
        self.amount = next((stocked.amounts[suite] for suite in suites), 1)
        self.most = sum(len(train.more) for train in rows) * self.amount

    def built(self) -> StockedVars:
        """All periods."""
        model, stocked, found = self.v.model, self.stocked, []
        wanted = 0
        gone: Expression = 0
        wasted: Expression = 0
        backlog: Expression = 0
        entered, expired = self._by_periods()
        keeps = stocked.life is None or (not self.expiring and self._better_kept())
        made = sum(train.batches for train in self.rows)
        for number, period in enumerate(stocked.periods):
            name = f"{stocked.id}{number}"
            wanted += period.demand
            waste: Expression = 0
            if not keeps:
                waste = model.new_int_var(0, self.most, f"waste{name}")
            if not keeps and self.expiring:
                model.add_max_equality(waste, [0, expired[number] - gone])
            if stocked.clean:
                model.add(waste == 0)
            wasted = wasted + waste
            closing = model.new_int_var(0, self.most, f"closing{name}")
            backlog = model.new_int_var(0, wanted, f"backlog{name}")
            enough = self.v.literal(f"enough{name}")
            model.add(closing - backlog == entered[number] - wasted - wanted)
            model.add(closing == 0).only_enforce_if(~enough)
            model.add(backlog == 0).only_enforce_if(enough)
            gone = entered[number] - closing
            if stocked.limit is not None and (self.expiring or stocked.life is None):
                model.add(closing <= stocked.limit)
            if stocked.shortage == "hard":
                model.add(backlog == 0)
            deficit: Expression = 0
            if period.target:
                deficit = model.new_int_var(0, period.target, f"deficit{name}")
                model.add_max_equality(deficit, [0, period.target - closing])
            found.append(StockVars(closing, backlog, waste, deficit))
        model.add(backlog + self.amount * made >= wanted)  # follows, and guides
        targets = (period.target for period in stocked.periods)
        most = max(self.most, stocked.wanted, *targets)
        return StockedVars(stocked, found, backlog, most)

    def _better_kept(self) -> bool:
        """Whether to keep product to the end never costs more than to waste it."""
        stocked = self.stocked
        modes = self.v.instance.steps[stocked.step].modes.values()
        soonest = min((_earliest(mode) + mode.lead for mode in modes), default=0)
        expiry = soonest + (stocked.life or 0) + 1
        kept = sum(period.end >= expiry for period in stocked.periods)
        plain = stocked.storage_cost.denominator == stocked.waste_cost.denominator == 1
        return plain and stocked.storage_cost * kept <= stocked.waste_cost

    def _by_periods(self) -> tuple[list[Expression], list[Expression]]:
        """What has entered by each period's end, and what has expired then."""
        lag = self.v.instance.steps[self.stocked.step].lag or 0
        ends = [period.end for period in self.stocked.periods]
        entered: list[Expression] = [0] * len(ends)
        expired: list[Expression] = [0] * len(ends)
        life = self.stocked.life
        for train in self.rows:
            for k, by in enumerate(
                self._until(train, [end - lag for end in ends], "in")
            ):
                entered[k] += self.amount * sum(by)
            if life is not None and self.expiring:
                last = [end - life - 1 for end in ends]
                for k, by in enumerate(self._until(train, last, "over")):
                    expired[k] += self.amount * sum(by)
        return entered, expired

    def _until(self, train: Train, ticks: list[int], name: str) -> list[list[Literal]]:
        """By tick, whether each batch of a train is made and out by then."""
        model, leg, end = self.v.model, train.legs[-1], self.v.instance.horizon_end
        first = min(_earliest(mode) + mode.lead for mode in leg.step.modes.values())
        found: list[list[Literal]] = []
        for number, tick in enumerate(ticks):
            row: list[Literal] = list(train.more) if tick >= end else []
            for k, (more, out) in enumerate(zip(train.more, leg.outs, strict=True)):
                if tick < first or tick >= end:
                    break
                by = self.v.literal(f"{name}{number}[{more.index}]")
                model.add_implication(by, more)
                if k:
                    model.add_implication(by, row[-1])
                if found and k < len(found[-1]):
                    model.add_implication(found[-1][k], by)
                model.add(out <= tick).only_enforce_if(by)
                model.add(out > tick).only_enforce_if([more, ~by])
                row.append(by)
            found.append(row)
        return found


def _list_batches(v: Variables, rows: list[Train]) -> None:
    """Every batch of a last step as one that may enter the stock."""
    number = 0
    for train in rows:
        leg = train.legs[-1]
        stocked = v.instance.stocked[train.programme]
        sorts: defaultdict[tuple[int, int, int | None], list[int]] = defaultdict(list)
        for suite, mode in leg.step.modes.items():
            right = stocked.rights[suite]
            sorts[mode.lead, stocked.amounts[suite], right].append(suite)
        for suites in sorts.values():
            where = [leg.here[suite] for suite in suites]
            block: list[Slot] = []
            for place, more in enumerate(train.more):
                present = more if len(sorts) == 1 else _both(v, more, where)
                mode = leg.step.modes[suites[0]]
                block.append(_slot(v, leg, place, mode, present, number))
                number += 1
            chain = Chain(leg.step, suites[0], [block])
            v.chains[-1 - number, suites[0]] = chain  # of one train alone


def _both(v: Variables, more: Literal, where: list[Literal]) -> Literal:
    """Whether a batch is made in one of some suites."""
    literal = v.literal(f"both[{more.index}]{where[0].index}")
    v.model.add_implication(literal, more)
    v.model.add_bool_or([~literal, *where])
    for suite in where:
        v.model.add_bool_or([literal, ~more, ~suite])
    return literal


def _slot(
    v: Variables, leg: Leg, place: int, mode: Mode, present: Literal, number: int
) -> Slot:
    return Slot(
        number=number,
        step=leg.step,
        suite=mode.suite,
        site=mode.site,
        lead=mode.lead,
        low=min(_earliest(m) for m in leg.step.modes.values()),
        high=v.instance.horizon_end - mode.lead,
        present=present,
        start=leg.starts[place],
        fixed=None,
        place=place,
        kind=None,
        planned=True,
    )


def least_cost(instance: Instance) -> int:
    """Changeovers that every train costs at the least. [money]"""
    return min(
        sum(
            min((_entry_cost(instance, step, s) for s in step.modes), default=0)
            for step in instance.steps
            if step.programme == programme
        )
        for programme in instance.stocked
    )


def _entry_cost(instance: Instance, step: StepData, suite: int) -> int:
    """What a campaign's changeover costs in a suite at the least. [money]"""
    data = instance.suites[suite]
    clean = data.hold >= 0  # after the same product it may need none
    days = [
        days for (_, enters), days in data.changeover.items() if enters == step.index
    ]
    return 0 if clean or not all(days) else data.changeover_cost


# ------------------------------------------------------------------------- schedules


def found_linked(trains: Trains, value: Callable[[LinearExprT], int]) -> Schedule:
    """The schedule that a solution describes."""
    runs = [run for train in trains.rows for run in _runs(train, value)]
    return Schedule(trains.v.instance, tuple(runs))


def _runs(train: Train, value: Callable[[LinearExprT], int]) -> Iterator[Run]:
    count = sum(value(more) for more in train.more)
    feed: Unit | None = None
    for leg in train.legs if count else ():
        suite = next(suite for suite, literal in leg.here.items() if value(literal))
        starts = [value(start) for start in leg.starts[:count]]
        nothing = (None,) * count
        yield Run(
            leg.step.index, suite, starts[0], _takts(leg.step)[suite], nothing, nothing,
            feed=feed, paced=tuple(starts) if leg.step.linked else (),
        )  # fmt: skip
        feed = suite, starts[0]


def values_linked(trains: Trains, schedule: Schedule) -> list[Value]:
    """Values of the decisions that make the model's plan this schedule.

    Raises
    ------
    NotInModel
        If the model has no description of the schedule.
    """
    found: list[Value] = []
    users = {run.feed: run for run in schedule.runs if run.feed is not None}
    rows: defaultdict[int, list[Train]] = defaultdict(list)
    for train in trains.rows:
        rows[train.programme].append(train)
    steps = schedule.instance.steps
    firsts = [run for run in schedule.runs if steps[run.step].before is None]
    for run in sorted(firsts, key=lambda run: (run.start, run.suite)):
        waiting = rows[steps[run.step].programme]
        if not waiting or run.batches > len(waiting[0].more):
            raise NotInModel
        train = waiting.pop(0)
        at: Run | None = run
        found += [(x, int(k < run.batches)) for k, x in enumerate(train.more)]
        outs: list[int] = []
        for leg in train.legs:
            if at is None or at.suite not in leg.here or at.batches != run.batches:
                raise NotInModel
            if leg.step.direct_hold == 0 and at.starts() != outs:
                raise NotInModel
            outs = [start + leg.step.modes[at.suite].lead for start in at.starts()]
            found += [(x, int(s == at.suite)) for s, x in leg.here.items()]
            for start, tick in zip(leg.starts, at.starts(), strict=False):
                if isinstance(start, IntVar):
                    found.append((start, tick))
            at = users.get((at.suite, at.start))
    for train in (train for waiting in rows.values() for train in waiting):
        found.append((train.present, 0))
    return found
