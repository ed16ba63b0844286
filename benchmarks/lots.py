"""The usual models of the literature: lots of order lines, sequenced in each suite.

A lot is all that one group of order lines needs, made in one suite in one go. Two lots of a
programme that follow each other make one campaign; between programmes the suite is
emptied and changed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ortools.sat.python.cp_model import (
    CpModel,
    CpSolver,
    CpSolverSolutionCallback,
    Domain,
    IntVar,
    LinearExprT,
)

from benchmarks.cases import LATE_TO_EARLY, SETUP_PER_TICK
from benchmarks.race import Pen
from benchmarks.wishes import Wish
from capacity.instance import Group, Instance, Mode, StepData

BEHIND, AHEAD = 180, 720
"""A lot may follow another that is due so much later, or so much earlier. [day]"""


@dataclass(frozen=True)
class Lot:
    """Batches of one step for one group."""

    step: StepData
    kind: str
    batches: dict[int, int]
    """By suite: suites differ in scale."""
    by: int
    """Last batch out at this tick is on time. [tick]"""
    free_from: int
    """Out from here on costs no holding. [tick]"""
    charge: int
    """Lateness of the whole lot. [money/tick]"""
    holding: int
    """[money/tick]"""
    unserved: int
    """[money]"""
    inputs: tuple[int, ...] = ()
    """Lots that are out before this one starts, by place in the list."""

    def length(self, mode: Mode) -> int:
        """Ticks after which the next lot of the same step may start. [tick]"""
        return self.batches[mode.suite] * takt(mode)

    def wish(self, suite: int, start: int) -> Wish:
        """The lot as a campaign."""
        return Wish(self.step.index, suite, start, self.batches[suite], self.kind)


def takt(mode: Mode) -> int:
    """Takt at full rate: these models have no ramps. [tick]"""
    return mode.takts[-1][1]


def emptying(mode: Mode) -> int:
    """From a lot's end to the suite being free for another programme. [tick]"""
    return mode.lead - takt(mode)


def lots_of(instance: Instance) -> list[Lot]:
    """Lots of all groups by due date, those of the steps that supply them included."""
    left = _left(instance)
    found: list[Lot] = []
    for group in sorted(instance.groups, key=lambda g: (g.deadline, g.index)):
        if left[group.index]:
            _add(instance, group, left[group.index], found)
    return found


def _left(instance: Instance) -> dict[int, int]:
    """Batches that groups still need after what is on hand or locked, first due first."""
    left = {g.index: g.terms[g.reference].need for g in instance.groups}
    given = [(b.step, b.kind, 1) for b in instance.on_hand]
    given += [(lock.step, lock.kind, lock.batches) for lock in instance.locks]
    for step, kind, batches in given:
        for group in sorted(instance.groups, key=lambda g: g.deadline):
            if (group.step, group.kind) == (step, kind):
                used = min(batches, left[group.index])
                left[group.index] -= used
                batches -= used
    return left


def _add(instance: Instance, group: Group, n: int, found: list[Lot]) -> None:
    step = instance.steps[group.step]
    terms = group.terms[group.reference]
    by = group.deadline - step.lead_times[group.kind]
    batches = {
        suite: -(-n * group.terms[mode.kg].need // terms.need)
        for suite, mode in step.modes.items()
        if suite in group.suite_cost
    }
    lot = Lot(
        step, group.kind, batches, by, by - (group.deadline - group.hold_from),
        n * terms.charge, n * terms.holding, n * terms.unserved,
        _inputs(instance, step, n, by, found),
    )  # fmt: skip
    found.append(lot)


def _inputs(
    instance: Instance, step: StepData, n: int, by: int, found: list[Lot]
) -> tuple[int, ...]:
    """Add the lot of the step before, which costs nothing of its own."""
    if step.before is None:
        return ()
    before = instance.steps[step.before]
    units = n if step.frozen is None else step.frozen.units(n)
    inner = _inputs(instance, before, units, by, found)
    made = dict.fromkeys(before.modes, units)
    found.append(Lot(before, before.role, made, by, 0, 0, 0, 0, inner))
    return (len(found) - 1,)


class _Watch(CpSolverSolutionCallback):
    """Tells each plan with the model's own objective and bound."""

    def __init__(self, pen: Pen, read: Callable[[Any], Iterator[Wish]]) -> None:
        super().__init__()
        self.pen, self.read = pen, read

    def on_solution_callback(self) -> None:
        wishes: list[list[int | str]] = [
            [w.step, w.suite, w.start, w.batches, w.kind] for w in self.read(self)
        ]
        self.pen.tell(self.objective_value, self.best_objective_bound, wishes)


def _search(
    model: CpModel,
    pen: Pen,
    limit: float,
    workers: int,
    read: Callable[[Any], Iterator[Wish]],
) -> None:
    """CP-SAT as it comes, from nothing."""
    solver = CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.max_time_in_seconds = max(1.0, limit - pen.seconds)
    solver.best_bound_callback = lambda bound: pen.tell(None, bound)
    solver.solve(model, _Watch(pen, read))


# ---------------------------------------------------------------- circuit


def circuit(instance: Instance, pen: Pen, limit: float, workers: int) -> None:
    """Lots as optional intervals, and a circuit through the lots of each suite."""
    model = _Circuit(instance)
    _search(model.model, pen, limit, workers, model.wishes)


class _Circuit:
    """The plain model with `add_circuit`."""

    def __init__(self, instance: Instance) -> None:
        self.instance, self.model = instance, CpModel()
        self.lots = lots_of(instance)
        self.last = max(
            mode.starts[-1][1] for s in instance.steps for mode in s.modes.values()
        )
        self.start = [self.model.new_int_var(0, self.last, "") for _ in self.lots]
        self.out = [self.model.new_int_var(0, 2 * self.last, "") for _ in self.lots]
        self.made = [
            {u: self.model.new_bool_var("") for u in lot.batches} for lot in self.lots
        ]
        self.costs: list[LinearExprT] = []
        for number, lot in enumerate(self.lots):
            self._lot(number, lot)
        for suite in range(len(instance.suites)):
            self._suite(suite)
        self.model.minimize(sum(self.costs))

    def _lot(self, number: int, lot: Lot) -> None:
        model, start, out = self.model, self.start[number], self.out[number]
        absent = model.new_bool_var("")
        model.add_exactly_one([absent, *self.made[number].values()])
        self.costs.append(lot.unserved * absent)
        for suite, made in self.made[number].items():
            mode = lot.step.modes[suite]
            long = (lot.batches[suite] - 1) * takt(mode)
            spans = [
                [low, high - long] for low, high in mode.starts if low <= high - long
            ]
            model.add_linear_expression_in_domain(
                start, Domain.from_intervals(spans)
            ).only_enforce_if(made)
            model.add(out == start + long + mode.lead).only_enforce_if(made)
        late = model.new_int_var(0, 2 * self.last, "")
        early = model.new_int_var(0, 2 * self.last, "")
        model.add(late >= out - lot.by).only_enforce_if(~absent)
        model.add(early >= lot.free_from - out).only_enforce_if(~absent)
        self.costs += [lot.charge * late, lot.holding * early]
        for feed in lot.inputs:
            model.add(self.out[feed] <= start).only_enforce_if(~absent)
            model.add(sum(self.made[feed].values()) == 1).only_enforce_if(~absent)

    def _suite(self, suite: int) -> None:
        here = [n for n, lot in enumerate(self.lots) if suite in lot.batches]
        if not here:
            return
        model, arcs = self.model, []
        lengths = {n: self.lots[n].length(self.lots[n].step.modes[suite]) for n in here}
        model.add_no_overlap(
            model.new_optional_fixed_size_interval_var(
                self.start[n], lengths[n], self.made[n][suite], ""
            )
            for n in here
        )
        for place, n in enumerate(here, 1):
            first, last = model.new_bool_var(""), model.new_bool_var("")
            arcs += [
                (0, place, first),
                (place, 0, last),
                (place, place, ~self.made[n][suite]),
            ]
            self._arc(suite, None, n, first)
            for other, m in enumerate(here, 1):
                if other != place and self._near(n, m):
                    arcs.append((place, other, follows := model.new_bool_var("")))
                    self._arc(suite, n, m, follows)
        arcs.append((0, 0, model.new_bool_var("")))
        model.add_circuit(arcs)

    def _near(self, n: int, m: int) -> bool:
        """Whether lot m may follow lot n: those of a step in due order, others nearly."""
        one, other = self.lots[n], self.lots[m]
        ahead = self.instance.grid.days(other.by - one.by)
        if one.step.index == other.step.index and ahead < 0:
            return False
        return -BEHIND <= ahead <= AHEAD

    def _arc(self, suite: int, n: int | None, m: int, follows: IntVar) -> None:
        """What lies between two lots that follow each other, or before the first."""
        step, data = self.lots[m].step, self.instance.suites[suite]
        if n is not None and self.lots[n].step.index == step.index:
            end = self.start[n] + self.lots[n].length(step.modes[suite])
            self.model.add(self.start[m] >= end).only_enforce_if(follows)
            return
        if n is None:
            free, leaving = _free(self.instance, suite)
            wait = data.changeover[leaving, step.index]
            self.model.add(self.start[m] >= free + wait).only_enforce_if(follows)
        else:
            wait = data.changeover[self.lots[n].step.index, step.index]
            end = self.out[n] + wait
            self.model.add(self.start[m] >= end).only_enforce_if(follows)
        if wait:
            self.costs.append(data.changeover_cost * follows)

    def wishes(self, solver: CpSolver) -> Iterator[Wish]:
        """Campaigns of a solution."""
        for lot, start, made in zip(self.lots, self.start, self.made, strict=True):
            for suite, literal in made.items():
                if solver.value(literal):
                    yield lot.wish(suite, solver.value(start))


def _free(instance: Instance, suite: int) -> tuple[int, int]:
    """When a suite is free at first, and the step that then leaves it."""
    data = instance.suites[suite]
    free, leaving = data.free_from, data.set_up_step
    for lock in instance.locks:
        end = lock.start + (lock.batches - 1) * lock.takt + lock.lead
        if lock.suite == suite and end > free:
            free, leaving = end, lock.step
    return free, leaving


# ---------------------------------------------------------------- PyJobShop


def pyjobshop(instance: Instance, pen: Pen, limit: float, workers: int) -> None:
    """The lots as jobs of PyJobShop, solved by its CP-SAT model.

    A task lasts its batches' takts; what a suite needs to be emptied and changed over is
    its setup time. PyJobShop's own `solve` keeps no history, so its model is searched
    with the parameters it would set.
    """
    from pyjobshop.solvers.ortools import CPModel

    lots = lots_of(instance)
    built, places = _export(instance, lots)
    built.set_objective(
        weight_total_tardiness=LATE_TO_EARLY,
        weight_total_earliness=1,
        weight_total_setup_time=SETUP_PER_TICK,
    )
    theirs = CPModel(built.data())

    def wishes(solver: CpSolver) -> Iterator[Wish]:
        for number, lot in enumerate(lots):
            start = solver.value(theirs.variables.task_vars[number].start)
            for mode, (task, suite) in enumerate(places):
                if task == number and solver.value(theirs.variables.mode_vars[mode]):
                    yield lot.wish(suite, start)

    _search(theirs.model, pen, limit, workers, wishes)


def _export(instance: Instance, lots: list[Lot]) -> tuple[Any, list[tuple[int, int]]]:
    """Say the lots in PyJobShop's words: its model, and (lot, suite) of each mode."""
    from pyjobshop import Model

    model = Model()
    machines = [
        model.add_machine([(0, suite.free_from)] if suite.free_from > 0 else [])
        for suite in instance.suites
    ]
    places: list[tuple[int, int]] = []
    here: defaultdict[int, list[tuple[int, Any]]] = defaultdict(list)
    for number, lot in enumerate(lots):
        rest = min(emptying(lot.step.modes[suite]) for suite in lot.batches)
        job = model.add_job(weight=lot.holding, due_date=max(0, lot.by - rest))
        task = model.add_task(job)
        for suite in lot.batches:
            model.add_mode(task, machines[suite], lot.length(lot.step.modes[suite]))
            places.append((number, suite))
            here[suite].append((number, task))
    for suite, rows in here.items():
        for n, one in rows:
            mode, leaving = lots[n].step.modes[suite], lots[n].step.index
            for m, other in rows:
                entering = lots[m].step.index
                if leaving != entering:
                    wait = instance.suites[suite].changeover[leaving, entering]
                    setup = max(0, wait + emptying(mode))
                    model.add_setup_time(machines[suite], one, other, setup)
    return model, places
