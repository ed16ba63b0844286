"""A plan improved: part by part, as a whole, by neighbourhoods; a bound beside it."""

from __future__ import annotations

from capacity.neighbourhoods import Dear
from capacity.parts import AGAIN_HEAT
from capacity.reinsert import improve
from capacity.reopen import Attempt, Reopener
from capacity.schedule import Schedule
from capacity.solver.bounding import end_bound, start_aside
from capacity.solver.by_parts import TURNED_AWAY, Parts
from capacity.solver.clock import BUILD_PER_SLOT, DETERMINISTIC_PER_NOMINAL, Share
from capacity.solver.state import State

WARM_UP, WARM_UP_HEAT = 0.3, 0.1
"""Nominal seconds of reinsertion before a small case is solved whole, and how hot. [s, 1]"""

WHOLE_SHARE = 0.5
"""Share of what parts leave for reinsertion in the whole plan."""

NEIGHBOURHOOD_WORK = 1.5
"""Most nominal seconds of one neighbourhood. [s]"""


def warm_up(state: State) -> None:
    """Reinsertion for a moment, before a small case is solved whole."""
    state.soundly(lambda best: reinsert(state, best, WARM_UP, WARM_UP_HEAT))


def improve_plan(state: State) -> None:
    """A bound beside it; reinsertion part by part, then neighbourhoods."""
    if state.finished():
        return
    parts = Parts(state)
    if not state.bound_first:
        parts.share_out()
    seconds = sum(seconds for _, seconds in parts.there)
    charged = start_aside(state, parts.tasks(), seconds)
    try:
        if state.bound_first:
            end_bound(state, charged)
            if state.finished():
                return
            parts.share_out()
        state.soundly(parts.search)
        # what parts share isn't theirs alone
        share = WHOLE_SHARE if parts.turned_away < TURNED_AWAY else 1.0
        state.soundly(
            lambda best: reinsert(state, best, share * state.clock.left, AGAIN_HEAT)
        )
        if state.clock.time_limit is None:  # what suites cost tells what is misplaced
            end_bound(state, charged)
        _neighbourhoods(state)
        end_bound(state, charged)
    finally:
        if state.aside is not None:
            state.aside.close()


def _neighbourhoods(state: State) -> None:
    """Reopen parts of the plan in the exact model until a limit."""
    dear = Dear(state.instance, state.suite_prices) if state.suite_prices else None
    reopener = Reopener(state.instance, state.seed, state.workers, dear)
    while not state.finished():
        assert state.best is not None
        limits = state.clock.limits(1.0, NEIGHBOURHOOD_WORK)
        better, tried = reopener.better(state.best, limits, state.clock.halted)
        state.clock.charge(max((_cost_of(t) for t in tried), default=0.05))
        for t in tried:
            state.log(f"  {t.name}: {t.slots} slots, {t.work:.2f} work, {t.proved}")
        state.take(better, " and ".join(t.name for t in tried))


def reinsert(state: State, start: Schedule, budget: float, heat: float) -> None:
    """Reinsertion from a plan for so many seconds, nominal or by the clock."""
    budget = min(budget, state.clock.left)
    if budget <= 0:
        return

    def better(schedule: Schedule) -> None:
        state.take(schedule, "reinsertion")

    share = Share(state.clock, budget, state.within_gap)
    found = improve(
        start,
        seed=state.seed,
        done=share,
        report=better,
        heat=heat,
        floors=state.floors,
    )
    state.clock.charge(share.spent)
    state.take(found, "reinsertion")


def _cost_of(tried: Attempt) -> float:
    """Work of one neighbourhood. [nominal s]"""
    return 0.1 + BUILD_PER_SLOT * tried.slots + tried.work / DETERMINISTIC_PER_NOMINAL
