"""Suites of linked campaigns: one at a time, and suites that are alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ortools.sat.python.cp_model import Domain, IntervalVar, IntVar

from capacity.instance import Instance, SuiteData
from capacity.model.linked.trains import Leg, Train, Trains, behind, earliest
from capacity.model.slots import Expression, Literal


@dataclass(eq=False)
class _Node:
    """A leg that may run in a suite."""

    train: Train
    leg: Leg
    literal: Literal

    rest: IntVar | None = None
    """An end of a period that it is over by, where another product waits for one. [tick]"""

    def comes_after(self, other: _Node | None) -> bool:
        """Whether it can follow another: trains of a programme start in order."""
        if other is None or other.leg.step.index != self.leg.step.index:
            return True
        return (
            other.train.number < self.train.number or other.leg.step.before is not None
        )


class Sequence:
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
        if self.suite.edges:
            self._rest()
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

    def _rest(self) -> None:
        """Each campaign is over by an end of a period, or the horizon's."""
        edges = [*self.suite.edges, self.v.instance.horizon_end]
        for node in self.nodes:
            name = f"rest{self.suite.index}[{node.literal.index}]"
            node.rest = self.v.model.new_int_var_from_domain(
                Domain.from_values(edges), name
            )
            over = node.rest >= node.leg.end
            self.v.model.add(over).only_enforce_if(node.literal)

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
        idle = suite.no_idle or suite.closures or suite.edges
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
            self._apart(earlier, node, literal)
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

    def _apart(self, earlier: _Node, node: _Node, literal: Literal) -> None:
        """Another product waits for the end of a period, where each is for one."""
        other = earlier.train.programme != node.train.programme
        if earlier.rest is not None and other:
            apart = node.leg.start >= earlier.rest
            self.v.model.add(apart).only_enforce_if(literal)

    def _at_once(self, node: _Node, ready: Expression, literal: Literal) -> None:
        """A campaign starts when its changeover is over, or when it first may."""
        start, soonest = (
            node.leg.start,
            earliest(node.leg.step.modes[self.suite.index]),
        )
        if soonest <= self.suite.free_from:
            self.v.model.add(start <= ready).only_enforce_if(literal)
            return
        waits = self.v.literal(f"waits[{literal.index}]")
        self.v.model.add(start <= ready).only_enforce_if([literal, ~waits])
        self.v.model.add(start <= soonest).only_enforce_if([literal, waits])


def alike_suites(instance: Instance) -> list[list[int]]:
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
            cost = mode.variable_cost, mode.campaign_cost
            modes.append((mode.lead, mode.takts, mode.starts, mode.site, cost, own))
        key = (
            suite.site, suite.free_from, suite.closures, suite.set_up,
            suite.changeover_cost, suite.hold, suite.no_idle, suite.edges,
            tuple(sorted(suite.changeover.items())), tuple(modes),
        )  # fmt: skip
        groups[key].append(suite.index)
    return [group for group in groups.values() if len(group) > 1]


def name_first(trains: Trains, alike: list[int]) -> None:
    """The first train that may use suites that are alike uses the first of them."""
    legs = (leg for train in trains.rows for leg in train.legs)
    leg = next((leg for leg in legs if alike[0] in leg.here), None)
    if leg is not None:
        for suite in alike[1:]:
            trains.v.model.add(leg.here[suite] == 0)


def fill_together(trains: Trains, alike: list[int]) -> None:
    """Together, suites that are alike hold no more than their time; this only speeds proofs."""
    v = trains.v
    sequence = Sequence(trains, v.instance.suites[alike[0]])
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
            tails.append(leaving[step] - behind(v.instance, leg.step))
    if used:
        time = v.instance.horizon_end - sequence.suite.free_from + max(tails)
        first = max(0, *(entering[s] - sequence.days(-1, s) for s in sequence.steps))
        v.model.add(sum(used) <= len(alike) * (time + first))
