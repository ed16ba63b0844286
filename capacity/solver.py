"""From a scenario to a checked plan with its bound: the phases and their limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from ortools.sat.python.cp_model import CpModel, LinearExprT

from capacity.aside import Aside, Job, Task
from capacity.checker import breaches, unavoidable
from capacity.construct import TRIED_BATCHES, Wish, construct
from capacity.floors import floors
from capacity.instance import DAY, Instance, build
from capacity.levels import stock_bound
from capacity.model import Scope, Variables
from capacity.model import build as build_model
from capacity.model.linked import (
    Trains,
    build_linked,
    found_linked,
    least_cost,
    values_linked,
)
from capacity.model.plans import NotInModel, found, locked_only, values
from capacity.model.slots import batches_useful
from capacity.parts import (
    AGAIN_HEAT,
    Part,
    improved,
    of_programmes,
    parts_of,
    together,
)
from capacity.plan import Plan, Price, Reached
from capacity.publish import to_plan
from capacity.reinsert import improve
from capacity.reopen import Attempt, Reopener, what_is_shared_holds
from capacity.resume import campaigns_of, schedule_of, wishes_of
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.search import Limits, Outcome, completed, hint, search
from capacity.slots import early

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
StoppedBy = Literal["optimal", "gap", "work", "time_limit", "interrupt"]


@dataclass(frozen=True)
class Progress:
    """What is known so far."""

    seconds: float
    """Since the start. [s]"""
    objective: int
    """Regret of the best plan. [money]"""
    bound: int
    """Lower bound on regret. [money]"""
    gap: float
    """(objective - bound) / objective. [1]"""


@dataclass(frozen=True)
class Tier:
    """One of the objectives that are minimised in order."""

    name: str
    """firm_service, rest or regret."""
    objective: int
    """[money]"""
    bound: int
    """Lower bound, given the tiers above. [money]"""


@dataclass(frozen=True)
class Result:
    """A solve's answer."""

    status: Status
    plan: Plan | None
    """None where there is none."""
    bound: int
    """Lower bound on the regret of every feasible plan. [money]"""
    prices: list[Price]
    """Of suites, week by week; empty where the search for them had no end."""
    tiers: list[Tier]
    unavoidable: int
    """Regret that no plan avoids. [money]"""
    stopped_by: StoppedBy
    reproducible: bool
    """Whether the same input gives the same plan again."""
    seconds: float
    """Wall clock. [s]"""
    log: str
    """What the search did."""
    breaches: list[str]
    """What the checker found wrong; empty for a plan that may be used."""
    history: list[Reached] = field(default_factory=list)
    """Objective and bound whenever one of them changed, by the clock."""


def solve(
    scenario: Scenario,
    *,
    scenario_sha256: str = "",
    work: float = 60.0,
    time_limit: float | None = None,
    gap: float = 0.0,
    workers: int = 1,
    seed: int = 0,
    start: Plan | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Result:
    """Plan a scenario and check the plan.

    Parameters
    ----------
    scenario
        What to plan.
    scenario_sha256
        Hash of the resolved scenario, stated in the plan.
    work
        Deterministic budget in nominal seconds, where there is no time limit. [s]
    time_limit
        Wall clock, instead of the budget. [s]
    gap
        Good enough: (objective - bound) / objective. [1]
    workers
        Threads of the solver; more than one isn't reproducible.
    seed
        Of every random choice.
    start
        A plan to go on from; of one made for another scenario, what still fits is kept.
    progress
        Called at each improvement.
    stop
        Set by the caller to end early with the best plan so far.
    """
    clock = _Clock(work, time_limit, stop or threading.Event())
    search_ = _Search(scenario, clock, gap, workers, seed, start, progress)
    search_.run()
    return search_.result(scenario_sha256)


class _Clock:
    """The limits: nominal work by default, seconds where asked for."""

    def __init__(
        self, work: float, time_limit: float | None, stop: threading.Event
    ) -> None:
        self.began = time.monotonic()
        self.budget, self.time_limit, self.stop = work, time_limit, stop
        self.spent = 0.0

    @property
    def seconds(self) -> float:
        """Since the start. [s]"""
        return time.monotonic() - self.began

    def charge(self, work: float) -> None:
        """Count work done. [nominal s]"""
        self.spent += work

    @property
    def left(self) -> float:
        """Seconds or nominal seconds left. [s]"""
        if self.time_limit is not None:
            return self.time_limit - self.seconds
        return self.budget - self.spent

    def over(self) -> bool:
        """Whether to stop."""
        return self.stop.is_set() or self.left <= 0

    def halted(self) -> bool:
        """Whether to stop at once: an interrupt, or the wall clock."""
        late = self.time_limit is not None and self.seconds >= self.time_limit
        return self.stop.is_set() or late

    def limits(self, share: float, most: float = float("inf")) -> Limits:
        """Limits for one search out of what is left."""
        allowed = max(0.01, min(self.left * share, most))
        if self.time_limit is not None:
            return Limits(None, allowed)
        return Limits(allowed * DETERMINISTIC_PER_NOMINAL, None)


class _Share:
    """How much of a budget moves have used, by their number or by the clock."""

    def __init__(
        self, clock: _Clock, budget: float, enough: Callable[[], bool]
    ) -> None:
        self.clock, self.budget, self.enough = clock, budget, enough
        self.began = clock.seconds
        self.spent = 0.0
        """[nominal s]"""

    def __call__(self, made: int) -> float:
        """Share that is used after so many moves; 1 where all is over. [1]"""
        self.spent = made / MOVES_PER_NOMINAL
        if self.clock.halted() or self.enough():
            return 1.0
        timed = self.clock.time_limit is not None
        return (self.clock.seconds - self.began if timed else self.spent) / self.budget


DETERMINISTIC_PER_NOMINAL = 0.35
"""Deterministic time of CP-SAT in a nominal second of one worker."""

BUILD_PER_SLOT = 0.004
"""Nominal seconds to build, hint and load the model of one slot. [s]"""

CONSTRUCT_PER_BATCH = 0.0025
"""Nominal seconds of the constructive planner per batch. [s]"""

QUALIFY_SHARE = 0.25
"""What trying a qualification takes of that, by itself and with others. [1]"""

MOVES_PER_NOMINAL = 2700
"""Reinsertion moves in a nominal second."""

LINKED_PHASES: tuple[tuple[int | None, bool, float], ...] = (
    (4, False, 0.3),
    (None, False, 0.7),
    (None, True, 1.0),
)
"""Trains of a programme, whether product expires by itself, and the share of what is left
of the budget: a bound comes soonest without expiry, and holds with it."""

WHOLE_SLOTS = 160
"""Up to so many slots the whole model is solved at once."""

MOST_SLOTS = 1500
"""A whole model beyond this isn't built: it would take minutes and gigabytes."""

WARM_UP, WARM_UP_HEAT = 0.3, 0.1
"""Nominal seconds of reinsertion before a small case is solved whole, and how hot. [s, 1]"""

BOUND_SHARE = 0.15
"""Share of the budget for the bound by prices, where it decides when to stop. Elsewhere
the second core bounds for as long as the first one searches, and isn't charged."""

SWEEP_PER_BATCH = 0.0006
"""Nominal seconds in which that bound plans every programme once, per batch. [s]"""

MOST_SWEEPS = 10_000
"""Where seconds end it."""

FINE, FINE_SWEEP = 3, 10
"""Time steps per shortest takt of a last sweep, and how many others it takes as long as."""

PLENTY = 60
"""Moves per batch from which on reinsertion begins as hot as it may."""

RESUMED_HEAT = 0.02
"""How hot reinsertion begins from a plan that has been improved before. [1]"""

PARTS_SHARE = 0.9
"""Share of what is then left for parts."""

WHOLE_SHARE = 0.5
"""Share of what they leave for reinsertion in the whole plan."""

TURNED_AWAY = 5
"""Plans of parts in a row that make the whole no better: it is searched instead."""

ASIDE_SHARE = 0.5
"""Most of the time for parts in which the second core searches some before it bounds."""

NEIGHBOURHOOD_WORK = 1.5
"""Most nominal seconds of one neighbourhood. [s]"""


VISIBLE = 0.001
"""Least change that the history of a search holds, as a share of the regret. [1]"""


def _visible(before: Reached, after: Reached) -> bool:
    """Whether a moment is worth a row of its own."""
    moved = abs(after.objective - before.objective), abs(after.bound - before.bound)
    return max(moved) > VISIBLE * after.objective


def cost_of(tried: Attempt) -> float:
    """Work of one neighbourhood. [nominal s]"""
    return 0.1 + BUILD_PER_SLOT * tried.slots + tried.work / DETERMINISTIC_PER_NOMINAL


class _Search:
    """The best plan so far, its bounds, and the phases that better them."""

    def __init__(
        self,
        scenario: Scenario,
        clock: _Clock,
        gap: float,
        workers: int,
        seed: int,
        start: Plan | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.scenario, self.clock, self.gap = scenario, clock, gap
        self.workers, self.seed, self.progress = workers, seed, progress
        self.start = start
        self.lines: list[str] = []
        self.objectives: list[tuple[float, int]] = []
        """When a plan became the best, and its regret. [s, money]"""
        self.bounds: list[tuple[float, int]] = []
        """When a bound was known. [s, money]"""
        self.best: Schedule | None = None
        self.instance: Instance = build(scenario)
        self.unavoidable = self.bound = self.by_levels = 0
        self.tier_bounds = [0, 0]
        self.impossible = False
        self.aside: Aside | None = None
        """The other process."""
        self.bound_work = 0.0
        """What the bound is charged. [nominal s]"""
        self.aside_failed = False
        self.prices: list[Price] = []
        self.heat = 1.0
        """Of reinsertion. [1]"""
        self.promising: Schedule | None = None
        """A plan that a search had better begin from than from the best."""
        self.turned_away = 0
        """Plans of parts in a row that made the whole no better."""
        self.here: list[tuple[Part, float]] = []
        """Parts to search in this process, and how long. [nominal s]"""
        self.there: list[tuple[Part, float]] = []
        """The same in the other process."""

    # ---------------------------------------------------------------- phases

    def run(self) -> None:
        """Construct, then prove a small case or improve a large one."""
        self.unavoidable = unavoidable(self.scenario)
        self.by_levels = stock_bound(self.instance)
        self.bound = self.unavoidable
        self.bounds.append((0.0, self.bound))
        self.floors = floors(self.instance)
        if self.instance.linked:
            self._plan_linked()
            return
        built = construct(
            self.instance,
            stop=self.clock.halted,
            report=self._constructed,
        )
        made = len(built.batches)
        tried = min(len(self._unordered()), max(1, TRIED_BATCHES // max(1, made)))
        self.clock.charge(CONSTRUCT_PER_BATCH * made * (1 + QUALIFY_SHARE * tried))
        self._begin_with(built)
        whole = Scope(locked_only(built))
        if self.start is not None:
            self._go_on_from(self.start)
        if self.best is None:
            self._find_any(whole)
        if self.best is None or self._finished():
            return
        if self._slots(whole) <= WHOLE_SLOTS:
            self._soundly(lambda best: self._reinsert(best, WARM_UP, WARM_UP_HEAT))
            self._prove(whole)
        self._improve()

    def _unordered(self) -> list[str]:
        """Qualifications that the constructive planner tries."""
        rows = self.scenario.qualifications
        return [row.id for row in rows if row.permitted and row.ppq_batches]

    def _plan_linked(self) -> None:
        """Linked campaigns: the model of a few for each programme, then of all."""
        nothing = Schedule(self.instance, ())
        if self._keeps_the_rules(nothing):
            self._take(nothing, "nothing made")
        if self.start is not None:
            before = schedule_of(self.instance, self.start)
            if before is not None and self._keeps_the_rules(before):
                self._take(before, "start")
        for most, expiring, share in LINKED_PHASES:
            if self.clock.over() or (self.best is not None and self._good_enough()):
                return
            trains = build_linked(
                self.instance, most or self._most_trains(), expiring=expiring
            )
            self._solve_linked(trains, share, most is None)

    def _most_trains(self) -> int | None:
        """More trains than this cost more than the plan in hand by their changeovers."""
        each = least_cost(self.instance)
        if self.best is None or not each:
            return None
        return self.best.bill.regret // each

    def _solve_linked(self, trains: Trains, share: float, whole: bool) -> None:
        """Regret of linked campaigns, from the best plan; a bound where all are there."""
        model = trains.v.model
        model.minimize(trains.regret.total())
        if self.best is not None:
            self._hint_linked(trains, self.best)
        limits = self.clock.limits(share)
        outcome = self._search(model, limits, f"{len(trains.rows)} trains", mixed=False)
        if outcome.value is not None:
            self._take(found_linked(trains, outcome.value), "linked campaigns")
        if not whole:
            return
        if self.best is not None:
            self._raise_bound(self._believed(outcome, self.best.bill.regret))
        elif outcome.status == "infeasible":
            again = self._search(
                model,
                self.clock.limits(1.0),
                "confirm without presolve",
                presolve=False,
            )
            self.impossible = again.status == "infeasible"

    def _hint_linked(self, trains: Trains, schedule: Schedule) -> None:
        """Start the model from a schedule, where it has a place for it."""
        model = trains.v.model
        try:
            pins = values_linked(trains, schedule)
        except NotInModel:
            return
        start = completed(model, pins, self.clock.halted)
        self.clock.charge(start.work / DETERMINISTIC_PER_NOMINAL)
        if start.solution is not None:
            hint(model, start.solution)

    def _constructed(self, schedule: Schedule) -> None:
        self._take(schedule, "construct")

    def _begin_with(self, built: Schedule) -> None:
        """Keep the best of what was constructed, and remember what to search from."""
        best = self.best
        if not self._keeps_the_rules(built):
            self.best = None
        elif (
            best is not None and best.rank < built.rank and self._keeps_the_rules(best)
        ):
            self.promising = built
        else:
            self.best = built

    def _go_on_from(self, plan: Plan) -> None:
        """Take a plan that was made before, or what is left of it, if it is better."""
        found, name = schedule_of(self.instance, plan), "start"
        if found is None or not self._keeps_the_rules(found):
            wishes = campaigns_of(self.instance, plan)
            found = construct(self.instance, wishes, stop=self.clock.halted)
            self.clock.charge(CONSTRUCT_PER_BATCH * len(found.batches))
            name = "start, as far as it fits"
        if self._keeps_the_rules(found) and self._take(found, name):
            self.heat, self.promising = RESUMED_HEAT, None
        else:
            self._log("the start is no better than a new plan, or breaks a rule")

    def _keeps_the_rules(self, schedule: Schedule) -> bool:
        return not breaches(self.scenario, to_plan(schedule, ""))

    def _slots(self, scope: Scope) -> int:
        """Slots of the whole model, estimated without building it."""
        steps = self.instance.steps
        needs = [
            step.sufficient * self._wanted(step.programme) * len(step.modes)
            for step in steps
        ]
        return sum(needs) + sum(run.batches for run in scope.base.runs)

    def _wanted(self, programme: int) -> int:
        """Batches that a programme can use."""
        stocked = self.instance.stocked.get(programme)
        if stocked is not None:
            suites = self.instance.last_step(programme).modes
            return max((batches_useful(stocked, suite) for suite in suites), default=0)
        groups = self.instance.groups_of(programme)
        return sum(group.terms[group.reference].need for group in groups)

    def _find_any(self, whole: Scope) -> None:
        """Look for any plan, where nothing constructed keeps the rules."""
        if self._slots(whole) > MOST_SLOTS:
            self._log("too large to search whole: no plan found")
            return
        model, v, _ = build_model(self.instance, whole)
        outcome = self._search(model, self.clock.limits(0.7), "any plan")
        if outcome.value is not None:
            self._take(found(v, outcome.value), "any plan")
            return
        if outcome.status == "infeasible":
            again = self._search(
                model,
                self.clock.limits(1.0),
                "confirm without presolve",
                presolve=False,
            )
            self.impossible = again.status == "infeasible"

    def _prove(self, whole: Scope) -> None:
        """Solve the whole model: firm service, regret, and the rest where they differ."""
        assert self.best is not None
        model, v, regret = build_model(self.instance, whole)
        self.clock.charge(BUILD_PER_SLOT * sum(1 for _ in v.slots()))
        strict = self.instance.strict
        if strict:
            first = self._minimise(model, v, regret.tier(), "firm service", 0.3)
            self._raise_tier(0, first)
        share = 0.5 if strict else 1.0
        total = self._minimise(model, v, regret.total(), "regret", share)
        self._raise_bound(self._believed(total, self.best.bill.regret))
        if strict and not self._finished():
            model.add(regret.tier() <= self.best.bill.firm_service)
            rest = regret.total() - regret.tier()
            self._raise_tier(1, self._minimise(model, v, rest, "rest", 1.0))

    def _minimise(
        self,
        model: CpModel,
        v: Variables,
        goal: LinearExprT,
        name: str,
        share: float,
    ) -> Outcome:
        """One objective of the whole model, from the best plan."""
        assert self.best is not None
        model.minimize(goal)
        whole = self._hint(model, v, self.best)
        outcome = self._search(model, self.clock.limits(share), name)
        if outcome.value is not None:
            self._take(found(v, outcome.value), name)
        if whole:
            return outcome
        # a model without the plan in hand proves nothing about it
        return replace(
            outcome,
            status="unknown" if outcome.value is None else "feasible",
            bound=None,
        )

    def _believed(self, outcome: Outcome, reached: int) -> int | None:
        """The bound of a search, None if the plan in hand contradicts it."""
        if outcome.status == "infeasible":
            self._log("the model denies a plan that keeps the rules: no claim is made")
        if outcome.bound is None or outcome.bound > reached:
            return None
        return outcome.bound

    def _raise_tier(self, tier: int, outcome: Outcome) -> None:
        """Take a bound on a tier, given the tiers above."""
        assert self.best is not None
        bound = self._believed(outcome, self.best.bill.rank[tier])
        if bound is not None:
            self.tier_bounds[tier] = max(self.tier_bounds[tier], bound)

    def _raise_bound(self, bound: int | None) -> None:
        """Take a bound on regret unless the plan in hand contradicts it."""
        if bound is None or self.best is None:
            return
        if bound > self.best.bill.regret:
            self._log(
                f"the plan in hand contradicts the bound {bound}: no claim is made"
            )
            return
        self.bound = max(self.bound, bound)
        self.bounds.append((self.clock.seconds, self.bound))
        self._report()

    def _improve(self) -> None:
        """A bound beside it; reinsertion part by part, then neighbourhoods."""
        if self._finished():
            return
        if not self._bound_first:
            self._share_out()
        self._start_aside()
        try:
            if self._bound_first:
                self._end_bound()
                if self._finished():
                    return
                self._share_out()
            self._soundly(self._search_parts)
            self._soundly(self._search_whole)
            self._neighbourhoods()
            self._end_bound()
        finally:
            if self.aside is not None:
                self.aside.close()

    def _start_aside(self) -> None:
        """In another process: the smaller parts searched, then a bound by prices."""
        assert self.best is not None
        timed = self.clock.time_limit is not None
        first = self._bound_first
        share = BOUND_SHARE if first else 1.0
        tasks = [self._task(part, seconds) for part, seconds in self.there]
        searched = sum(seconds for _, seconds in self.there)
        each = SWEEP_PER_BATCH * max(1, len(self.best.batches))
        sweeps = int((share * self.clock.left - searched) / each)
        fine = FINE if sweeps > 2 * FINE_SWEEP else 0
        sweeps = max(0, sweeps - (FINE_SWEEP if fine else 0))
        if not self.instance.groups:
            sweeps = 0
        if sweeps < 1 and not tasks:
            return
        self.bound_work = share * self.clock.left if first else 0.0
        job = Job(
            self.instance,
            self.best.bill.regret,
            MOST_SWEEPS if timed else sweeps,
            fine,
            searched + sweeps * each if timed else None,
            tuple(tasks),
            self.by_levels,
        )
        try:
            self.aside = Aside(job)
        except OSError as error:
            self._log(f"no second process: {error}")
            self.aside_failed = True

    def _share_out(self) -> None:
        """Give parts their seconds, the smaller ones in the other process if it may.

        What it searches it can't bound in the same time.
        """
        here, there = list[Part](), list[Part]()
        for part in parts_of(self.instance):
            if self._start_of(part) is None:
                continue
            load = sum(other.size for other in (*there, part))
            most = ASIDE_SHARE * sum(other.size for other in here)
            aside = load <= most and not self._bound_first
            (there if aside else here).append(part)
        total = sum(part.size for part in here)
        each = PARTS_SHARE * self.clock.left / max(1, total)
        self.here = [(part, each * part.size) for part in here]
        self.there = [(part, each * part.size) for part in there]

    def _end_bound(self) -> None:
        """Take the bound of the other process; only a limit doesn't wait for it."""
        if self.aside is None:
            return
        aside, timed = self.aside, self.clock.time_limit is not None
        sweeps = aside.wait(lambda: self.clock.halted() or (timed and self._met(aside)))
        self.aside = None
        self.bounds += [(at - self.clock.began, value) for at, value in aside.told]
        self.clock.charge(self.bound_work)
        if sweeps is None and not timed and not self.clock.halted():
            self._log(f"the bound's process failed: {aside.process.returncode}")
            self.aside_failed = True
            return
        self._log(f"bound by prices: {aside.latest} after {sweeps} sweeps")
        self.prices = self._by_week(aside.prices)
        self._raise_bound(aside.latest)

    def _by_week(self, prices: dict[int, list[float]]) -> list[Price]:
        """Prices in the planner's terms, from the week of `as_of` on."""
        instance = self.instance
        day = instance.grid.whole(DAY)
        return [
            Price(
                suite=suite.id,
                week=instance.grid.moment(week),
                per_day=round(rows[suite.index] * day, 2),
            )
            for suite in instance.suites
            for week, rows in sorted(prices.items())
            if instance.as_of - 7 * day < week < instance.horizon_end
        ]

    def _met(self, aside: Aside) -> bool:
        """Whether a better bound would change nothing."""
        assert self.best is not None
        return self._within_gap() or aside.latest >= self.best.bill.regret

    def _firm_least(self) -> int:
        """What firm service costs at least; nothing where the plan in hand denies it."""
        assert self.best is not None
        least = max(self.tier_bounds[0], sum(self.floors))
        return least if least <= self.best.bill.firm_service else 0

    @property
    def _bound_first(self) -> bool:
        """Whether the bound decides when to stop, and so comes first and alone."""
        return bool(self.gap) and self.clock.time_limit is None

    def _soundly(self, phase: Callable[[Schedule], None]) -> None:
        """Search on from the best plan, and go back to it if the new one breaks a rule."""
        before, known = self.best, len(self.objectives)
        assert before is not None
        phase(before)
        found = self.best
        if (
            found is not None
            and found is not before
            and not self._keeps_the_rules(found)
        ):
            self._log("what the search found breaks a rule: it is dropped")
            self.best = before
            del self.objectives[known:]

    def _search_parts(self, _best: Schedule) -> None:
        """Reinsertion in parts that share no suite."""
        for part, seconds in self.here:
            self._search_part(part, seconds)
        done = 0
        if self.aside is not None:
            done = self.aside.wait_for_parts(self.clock.halted)
            for number, campaigns in sorted(self.aside.parts.items()):
                self._take_part(self.there[number][0], campaigns)
        missing = self.there[done:]
        for part, seconds in missing:
            if not self.clock.halted():
                self.aside_failed = True
                self._search_part(part, seconds)

    def _search_whole(self, best: Schedule) -> None:
        """Reinsertion in all of the plan: what parts share isn't theirs alone."""
        share = WHOLE_SHARE if self.turned_away < TURNED_AWAY else 1.0
        self._reinsert(best, share * self.clock.left, AGAIN_HEAT)

    def _search_part(self, part: Part, seconds: float) -> None:
        """Better campaigns for some programmes, for so many seconds.

        Where what they share with others, such as QC, turns its plans away, it ends.
        """
        seconds, start = min(seconds, self.clock.left), self._start_of(part)
        if seconds <= 0 or start is None or self._within_gap():
            return
        share = _Share(
            self.clock,
            seconds,
            lambda: self._within_gap() or self.turned_away >= TURNED_AWAY,
        )
        found = improved(
            start,
            seed=self.seed,
            done=share,
            report=lambda schedule: self._take_part(part, wishes_of(schedule)),
            heat=self._heat(part, seconds),
            floors=self._floors_of(part),
        )
        self._take_part(part, wishes_of(found))
        self.clock.charge(share.spent)

    def _task(self, part: Part, seconds: float) -> Task:
        """The same for the other process."""
        timed, start = self.clock.time_limit is not None, self._start_of(part)
        assert start is not None  # such parts aren't shared out
        return Task(
            start,
            self._floors_of(part),
            self.seed,
            self._heat(part, seconds),
            int(seconds * MOVES_PER_NOMINAL),
            seconds if timed else None,
        )

    def _heat(self, part: Part, seconds: float) -> float:
        """How hot to begin: a hot search that is short ends above where it began. [1]"""
        plenty = seconds * MOVES_PER_NOMINAL / (PLENTY * part.size)
        return self.heat * min(1.0, plenty)

    def _start_of(self, part: Part) -> Schedule | None:
        """Its campaigns to search from, None where they break a rule by themselves."""
        plan = self.promising or self.best
        assert plan is not None
        return together(part.instance, of_programmes(plan, part.programmes))

    def _floors_of(self, part: Part) -> list[int]:
        return [
            least if programme in part.programmes else 0
            for programme, least in enumerate(self.floors)
        ]

    def _take_part(self, part: Part, campaigns: list[Wish]) -> None:
        """Keep a better plan of a part, all else as in the best."""
        assert self.best is not None
        own = of_programmes(self.best, part.programmes)
        rest = [wish for wish in wishes_of(self.best) if wish not in own]
        found = together(self.instance, [*rest, *campaigns])
        if found is not None and self._take(found, "reinsertion"):
            self.turned_away = 0
        elif found is None or found.rank > self.best.rank:
            self.turned_away += 1

    def _reinsert(self, start: Schedule, budget: float, heat: float) -> None:
        """Reinsertion from a plan for so many seconds, nominal or by the clock."""
        budget = min(budget, self.clock.left)
        if budget <= 0:
            return
        share = self._share(budget)
        better = improve(
            start,
            seed=self.seed,
            done=share,
            report=self._better,
            heat=heat,
            floors=self.floors,
        )
        self.clock.charge(share.spent)
        self._take(better, "reinsertion")

    def _share(self, budget: float) -> _Share:
        return _Share(self.clock, budget, self._within_gap)

    def _better(self, schedule: Schedule) -> None:
        self._take(schedule, "reinsertion")

    def _neighbourhoods(self) -> None:
        """Reopen parts of the plan in the exact model until a limit."""
        reopener = Reopener(self.instance, self.seed, self.workers)
        while not self._finished():
            assert self.best is not None
            limits = self.clock.limits(1.0, NEIGHBOURHOOD_WORK)
            better, tried = reopener.better(self.best, limits, self.clock.halted)
            self.clock.charge(max((cost_of(t) for t in tried), default=0.05))
            for t in tried:
                self._log(f"  {t.name}: {t.slots} slots, {t.work:.2f} work, {t.proved}")
            self._take(better, " and ".join(t.name for t in tried))

    # -------------------------------------------------------------- book-keeping

    def _hint(self, model: CpModel, v: Variables, schedule: Schedule) -> bool:
        """Start the model from a schedule; whether the model has it."""
        try:
            start = completed(model, values(v, schedule), self.clock.halted)
        except NotInModel:
            self._log("the plan in hand has no place in the model")
            return False
        self.clock.charge(start.work / DETERMINISTIC_PER_NOMINAL)
        if start.solution is None:
            self._log("the plan in hand wasn't found in the model")
            return False
        hint(model, start.solution)
        return True

    def _search(
        self,
        model: CpModel,
        limits: Limits,
        name: str,
        *,
        presolve: bool = True,
        mixed: bool = True,
    ) -> Outcome:
        outcome = search(
            model,
            limits,
            seed=self.seed,
            workers=self.workers,
            stop=self.clock.halted,
            presolve=presolve,
            interleave=mixed,
        )
        self.clock.charge(outcome.work / DETERMINISTIC_PER_NOMINAL)
        self._log(f"{name}: {outcome.status} {outcome.objective} {outcome.bound}")
        return outcome

    def _take(self, schedule: Schedule, name: str) -> bool:
        """Keep a plan if it is better than the best."""
        if self.best is not None and schedule.rank >= self.best.rank:
            return False
        first = self.best is None
        self.best = schedule = self._sooner(schedule)
        self.objectives.append((self.clock.seconds, schedule.bill.regret))
        self._log(f"{self.clock.seconds:.1f} s {name}: {schedule.bill}")
        if first:
            self._raise_bound(self.unavoidable + self.by_levels)
        self._report()
        return True

    def _sooner(self, schedule: Schedule) -> Schedule:
        """The plan with tests as early as queues let them be, if that is no worse."""
        moved = early(schedule)
        if moved.rank <= schedule.rank and what_is_shared_holds(moved):
            return moved
        return schedule

    def _report(self) -> None:
        if self.progress is not None and self.best is not None:
            objective = self.best.bill.regret
            bound = self._bound_so_far()
            gap = (objective - bound) / objective if objective else 0.0
            self.progress(Progress(self.clock.seconds, objective, bound, gap))

    def _bound_so_far(self) -> int:
        """What the other process knows counts as well. [money]"""
        assert self.best is not None
        aside = 0 if self.aside is None else self.aside.latest
        return max(self.bound, min(aside, self.best.bill.regret))

    def _log(self, text: str) -> None:
        self.lines.append(text)

    def _good_enough(self) -> bool:
        """Every tier at its bound, or the gap that was asked for."""
        assert self.best is not None
        if all(tier.objective == tier.bound for tier in self._tiers()):
            return True
        return self._within_gap()

    def _within_gap(self) -> bool:
        """Whether the gap that was asked for is reached."""
        assert self.best is not None
        objective = self.best.bill.regret
        timed = self.clock.time_limit is not None
        bound = self._bound_so_far() if timed else self.bound
        return self.gap > 0 and objective - bound <= self.gap * objective

    def _finished(self) -> bool:
        return self.clock.over() or self._good_enough()

    def result(self, scenario_sha256: str) -> Result:
        """Check the best plan and say what is known of it."""
        status: Status = "infeasible" if self.impossible else "unknown"
        plan, tiers, wrong = None, [], []
        if self.best is not None:
            plan = to_plan(self.best, scenario_sha256)
            wrong = breaches(self.scenario, plan)
            tiers = self._tiers()
            proved = all(tier.objective == tier.bound for tier in tiers)
            status = "optimal" if proved and not wrong else "feasible"
        return Result(
            status=status,
            plan=plan,
            bound=self.bound,
            prices=self.prices,
            tiers=tiers,
            unavoidable=self.unavoidable,
            stopped_by=self._stopped_by(status),
            reproducible=self.clock.time_limit is None
            and self.workers == 1
            and not self.aside_failed
            and not self.clock.stop.is_set(),
            seconds=self.clock.seconds,
            log="\n".join(self.lines) + "\n",
            breaches=wrong,
            history=self._history(),
        )

    def _history(self) -> list[Reached]:
        """Both series on one clock, from the first plan on, without what can't be seen."""
        rows: list[Reached] = []
        row: Reached | None = None
        known = [(at, value) for at, value in self.bounds if value <= self.bound]
        for at in sorted({at for at, _ in (*self.objectives, *known)}):
            regrets = [value for when, value in self.objectives if when <= at]
            bound = max(value for when, value in known if when <= at)
            if regrets:
                row = Reached(seconds=round(at, 2), objective=regrets[-1], bound=bound)
                if not rows or _visible(rows[-1], row):
                    rows.append(row)
        return rows if row is None or row == rows[-1] else [*rows, row]

    def _tiers(self) -> list[Tier]:
        assert self.best is not None
        if not self.instance.strict:
            return [Tier("regret", self.best.bill.regret, self.bound)]
        service, rest = self.best.bill.rank
        return [
            Tier("firm_service", service, self._firm_least()),
            Tier("rest", rest, max(self.tier_bounds[1], self.bound - service)),
        ]

    def _stopped_by(self, status: Status) -> StoppedBy:
        if status == "optimal":
            return "optimal"
        if self.clock.stop.is_set():
            return "interrupt"
        if self.best is not None and self._good_enough():
            return "gap"
        return "work" if self.clock.time_limit is None else "time_limit"
