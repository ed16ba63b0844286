"""Reopening parts of a plan: neighbourhoods solved two at a time, repeatably.

Both start from the same plan and touch neither the same suites nor the same
programmes, so that what they find fits together but for QC and QA, which is looked at
afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ortools.sat.python.cp_model import CpModel, LinearExprT

from capacity.instance import DAY, Instance
from capacity.model import Regret, Variables, build
from capacity.model.plans import NotInModel, found, values
from capacity.model.slots import Scope, declare
from capacity.neighbourhoods import NEIGHBOURHOODS, Dear
from capacity.schedule import Schedule, tests_of
from capacity.search import MOST_WORKERS, Limits, completed, hint, search
from capacity.slots import turns_hold

LANES = 2
"""Fewest neighbourhoods solved at a time."""

FIRM_FIRST = 1000
"""Weight of firm service in a neighbourhood of a strict plan."""

MOST_SLOTS = 110
"""Larger neighbourhoods are not worth building."""

SHORTEST, LONGEST = 40, 720
"""Bounds on the length of a window. [day]"""


@dataclass(frozen=True)
class Attempt:
    """One neighbourhood and what it found."""

    name: str
    scope: Scope
    schedule: Schedule | None
    """None where nothing was found."""
    proved: bool
    slots: int
    work: float
    """Deterministic time. [1]"""


class Reopener:
    """Chooses neighbourhoods: those kinds more often, and as long, as have helped."""

    def __init__(
        self, instance: Instance, seed: int, workers: int, dear: Dear | None = None
    ) -> None:
        self.instance = instance
        self.kinds = dict(NEIGHBOURHOODS)
        if dear is not None:
            self.kinds["misplaced"] = dear.misplaced_window
        self.lanes = max(LANES, min(workers, MOST_WORKERS))
        self.rng = random.Random(seed)
        self.credit = dict.fromkeys(self.kinds, 1.0)
        self.length = dict.fromkeys(self.credit, 150.0)

    def better(
        self, base: Schedule, limits: Limits, stop: Callable[[], bool]
    ) -> tuple[Schedule, list[Attempt]]:
        """The plan after one round, never worse than `base`, and what was tried."""
        chosen = self._choose(base)
        seeds = [self.rng.randrange(2**30) for _ in chosen]

        def run(number: int) -> Attempt:
            name, scope = chosen[number]
            return attempt(name, scope, seeds[number], limits, stop)

        with ThreadPoolExecutor(self.lanes) as pool:
            attempts = list(pool.map(run, range(len(chosen))))
        best = base
        for tried in attempts:
            best = max_of(best, tried, base)
        for tried in attempts:
            self._learn(tried, base)
        return best, attempts

    def _choose(self, base: Schedule) -> list[tuple[str, Scope]]:
        chosen: list[tuple[str, Scope]] = []
        day = self.instance.grid.whole(DAY)
        for _ in range(8 * self.lanes):
            if len(chosen) == self.lanes:
                break
            name, scope = self._next(base, day)
            if scope is not None and all(_apart(scope, other) for _, other in chosen):
                chosen.append((name, scope))
        return chosen

    def _next(self, base: Schedule, day: int) -> tuple[str, Scope | None]:
        """A neighbourhood by chance, those that have helped more often."""
        names = list(self.kinds)
        name = self.rng.choices(names, [self.credit[name] for name in names])[0]
        length = int(self.length[name] * day)
        return name, self.kinds[name](base, self.rng, length)

    def _learn(self, tried: Attempt, base: Schedule) -> None:
        gain = tried.schedule is not None and tried.schedule.rank < base.rank
        self.credit[tried.name] = 0.9 * self.credit[tried.name] + (
            0.3 if gain else 0.03
        )
        longer = 1.12 if tried.proved else 0.92
        length = self.length[tried.name] * longer
        self.length[tried.name] = min(max(length, SHORTEST), LONGEST)


def attempt(
    name: str, scope: Scope, seed: int, limits: Limits, stop: Callable[[], bool]
) -> Attempt:
    """Solve one neighbourhood from the plan it reopens."""
    drawn = declare(CpModel(), scope.base.instance, scope)
    slots = sum(1 for slot in drawn.slots() if slot.fixed is None)
    nothing = Attempt(name, scope, None, proved=False, slots=slots, work=0.0)
    if not 0 < slots <= MOST_SLOTS:
        return nothing
    _, _, regret = built = build(scope.base.instance, scope)
    goal = regret.total()
    if scope.base.instance.strict:
        goal = FIRM_FIRST * regret.tier() + goal
    schedule, proved, work = _from_base(built, goal, scope, seed, limits, stop)
    return Attempt(name, scope, schedule, proved=proved, slots=slots, work=work)


def _from_base(
    built: tuple[CpModel, Variables, Regret],
    goal: LinearExprT,
    scope: Scope,
    seed: int,
    limits: Limits,
    stop: Callable[[], bool],
) -> tuple[Schedule | None, bool, float]:
    """Minimise a goal from the plan in hand: what was found, if proved, and the work."""
    model, v, _ = built
    model.minimize(goal)  # first: else the hint has costs as they happen to come
    try:
        start = completed(model, values(v, scope.base), stop)
    except NotInModel:
        return None, False, 0.0
    if start.solution is None:
        return None, False, start.work
    hint(model, start.solution)
    outcome = search(model, limits, seed=seed, stop=stop, interleave=False)
    schedule = None if outcome.value is None else found(v, outcome.value)
    return schedule, outcome.status == "optimal", start.work + outcome.work


def max_of(best: Schedule, tried: Attempt, base: Schedule) -> Schedule:
    """The better of a plan and what an attempt makes of it."""
    if tried.schedule is None or tried.schedule.rank >= base.rank:
        return best
    if best is base:
        return tried.schedule
    both = joined(best, tried)
    if both.rank < best.rank and what_is_shared_holds(both):
        return both
    return min(best, tried.schedule, key=lambda schedule: schedule.rank)


def joined(best: Schedule, tried: Attempt) -> Schedule:
    """A plan with the runs that an attempt made in place of those it reopened."""
    base = tried.scope.base
    assert tried.schedule is not None
    assert tried.scope.reopened is not None
    gone = {base.runs[index] for index in tried.scope.reopened}
    kept = set(base.runs)
    made = [run for run in tried.schedule.runs if run not in kept]
    unchanged = set(tried.schedule.runs) & gone
    runs = [run for run in best.runs if run not in gone or run in unchanged]
    steps = tried.scope.steps
    freights = [f for f in best.freights if _user(best, f.units[0]) not in steps]
    freights += [
        f for f in tried.schedule.freights if _user(tried.schedule, f.units[0]) in steps
    ]
    return replace(best, runs=(*runs, *made), freights=tuple(freights))


def _user(schedule: Schedule, unit: tuple[int, int]) -> int | None:
    """Step that uses a shipped unit."""
    step = schedule.by_unit[unit].step
    return schedule.instance.steps[step].after


def _apart(one: Scope, other: Scope) -> bool:
    """Whether two scopes share neither suites nor programmes."""
    steps = one.base.instance.steps
    programmes = [{steps[step].programme for step in s.steps} for s in (one, other)]
    return not (one.suites & other.suites or programmes[0] & programmes[1])


def what_is_shared_holds(schedule: Schedule) -> bool:
    """Whether queues and freezers, which parts share, hold what two of them make."""
    return queues_hold(schedule) and freezers_hold(schedule) and turns_hold(schedule)


def freezers_hold(schedule: Schedule) -> bool:
    """Whether no site holds more intermediates than its freezer takes."""
    freezers = schedule.instance.freezers
    moves = sorted(
        move
        for step in schedule.instance.steps
        if step.frozen is not None and freezers
        for site, begin, end in schedule.stays(step)
        if begin < end and site in freezers
        for move in ((begin, 1, site), (end, -1, site))
    )
    inside = dict.fromkeys(freezers, 0)
    for _, change, site in moves:
        inside[site] += change
        if inside[site] > freezers[site]:
            return False
    return True


def queues_hold(schedule: Schedule) -> bool:
    """Whether every window of QC and QA takes what starts in it."""
    instance = schedule.instance
    for (site, resource), queue in instance.queues.items():
        for foreign in (False, True):
            starts = tests_of(schedule, resource, site, foreign=foreign)
            given = [] if foreign else instance.tested_before[site, resource]
            if not queue.holds(starts, given, foreign=foreign):
                return False
    return True
