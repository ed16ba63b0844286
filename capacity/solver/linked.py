"""Linked campaigns: trains moved one by one, then the model of all where it isn't too large."""

from __future__ import annotations

from capacity.model.linked import (
    Spare,
    Trains,
    build_linked,
    found_linked,
    least_cost,
    spare_batches,
    stairs,
    values_linked,
)
from capacity.model.plans import NotInModel
from capacity.plan import Plan
from capacity.resume import schedule_of
from capacity.schedule import Schedule
from capacity.search import completed, hint
from capacity.solver.clock import DETERMINISTIC_PER_NOMINAL, Share
from capacity.solver.state import State
from capacity.solver.whole import confirm_impossible, searched
from capacity.trains import Laid, Layer, first_plan, search_trains, wishes_of

LINKED_PHASES = ((False, 0.7), (True, 1.0))
"""Whether product expires by itself, and the share of what is left of the budget: a bound
comes soonest without expiry, and holds with it."""

MOST_STAIRS = 6_000
"""Up to so many literals of stock the whole model is built; beyond, only trains are moved."""

SPARE_STAIRS = 2 * MOST_STAIRS
"""As many with batches that nothing needs; plans with more of these are left to a bound."""

WITHOUT_SPARE = 0.5
"""Share of a phase in which these are left out, where the plan in hand pays for too many, or
where there is none."""

BEFORE_MODEL = 1.0
"""Nominal seconds in which trains are moved before the model takes over. [s]"""

LAID_PER_NOMINAL = 40_000
"""Trains that are looked at in a nominal second of moving them."""

AGAIN_HEAT = 0.1
"""How hot trains are moved from a plan that was made before. [1]"""

PLENTY = 500
"""Moves per train from which on moving them begins as hot as it may."""

MANY_TRAINS = 40
"""More trains of a programme than this take too long to state: nothing is proved by them."""


def plan_linked(state: State, start: Plan | None) -> None:
    """Linked campaigns: a plan at once, moved train by train; then the model, if it may."""
    nothing = Schedule(state.instance, ())
    if state.keeps_the_rules(nothing):
        state.take(nothing, "nothing made")
    if start is not None:
        before = schedule_of(state.instance, start)
        if before is not None and state.keeps_the_rules(before):
            state.take(before, "start")
    small = stairs(state.instance) <= MOST_STAIRS and not _too_many(state)
    _move_trains(state, BEFORE_MODEL if small else state.clock.left, start is not None)
    for expiring, share in LINKED_PHASES if small or state.best is None else ():
        if _done(state):
            return
        if state.best is None or _spare(state).beyond is not None:
            # a plan that pays for fewer spare batches comes sooner without any
            _solve_linked(state, _spare(state, 0), share * WITHOUT_SPARE, expiring)
            if _done(state):
                return
        _solve_linked(state, _spare(state), share, expiring)


def _done(state: State) -> bool:
    """Whether a limit is reached, or all is known."""
    if state.impossible or state.clock.over():
        return True
    return state.best is not None and state.good_enough()


def _move_trains(state: State, seconds: float, again: bool) -> None:
    """A first plan, and better ones for so many seconds, nominal or by the clock."""
    layer, clock = Layer(state.instance), state.clock
    plan = first_plan(layer, clock.halted)
    _take_laid(state, layer, plan)
    if again and state.best is not None:
        plan = min(plan, layer.laid(wishes_of(state.best)), key=lambda p: p.money)
    share = Share(
        clock,
        min(seconds, clock.left),
        lambda: state.best is not None and state.good_enough(),
        LAID_PER_NOMINAL,
    )
    plenty = share.budget * LAID_PER_NOMINAL / (PLENTY * (1 + len(plan.trains)) ** 2)
    heat = AGAIN_HEAT if again else min(1.0, plenty)
    if share.budget > 0:
        found = search_trains(
            plan,
            layer,
            seed=state.seed,
            done=share,
            report=lambda better: _take_laid(state, layer, better),
            heat=heat,
        )
        clock.charge(share.spent)
        _take_laid(state, layer, found)


def _take_laid(state: State, layer: Layer, plan: Laid) -> None:
    """Keep a plan of trains if it keeps the rules and is better."""
    schedule = layer.schedule(plan)
    if state.best is not None and schedule.rank >= state.best.rank:
        return
    if state.keeps_the_rules(schedule):
        state.take(schedule, "trains")


def _too_many(state: State) -> bool:
    """Whether every batch counts, and more trains find time than can be stated."""
    rooms = (stocked.room or {} for stocked in state.instance.stocked.values())
    return max(sum(room.values()) for room in rooms) > MANY_TRAINS


def _most_trains(state: State) -> int | None:
    """More trains than this cost more than the plan in hand by themselves."""
    each = least_cost(state.instance)
    if state.best is None or not each:
        return None
    return state.best.bill.regret // each


def _spare(state: State, most: int = SPARE_STAIRS) -> Spare:
    """Batches that nothing needs, as many as the plan in hand pays for."""
    regret = None if state.best is None else state.best.bill.regret
    return spare_batches(state.instance, regret, most)


def _solve_linked(state: State, spare: Spare, share: float, expiring: bool) -> None:
    """Regret of linked campaigns, from the best plan, and a bound."""
    trains = build_linked(
        state.instance, _most_trains(state), spare.batches, expiring=expiring
    )
    model = trains.v.model
    model.minimize(trains.regret.total())
    if state.best is not None:
        _hint_linked(state, trains, state.best)
    limits = state.clock.limits(share)
    outcome = searched(state, model, limits, f"{len(trains.rows)} trains", mixed=False)
    if outcome.value is not None:
        found = found_linked(trains, outcome.value)
        if state.keeps_the_rules(found):  # without expiry, a stock may be too full
            state.take(found, "linked campaigns")
    if state.best is not None:
        bound = state.believed(outcome, state.best.bill.regret)
        if bound is not None and spare.beyond is not None:
            bound = min(bound, spare.beyond)
        state.raise_bound(bound)
    elif outcome.status == "infeasible" and spare.beyond is None:
        confirm_impossible(state, model)


def _hint_linked(state: State, trains: Trains, schedule: Schedule) -> None:
    """Start the model from a schedule, where it has a place for it."""
    model = trains.v.model
    try:
        pins = values_linked(trains, schedule)
    except NotInModel:
        return
    start = completed(model, pins, state.clock.halted)
    state.clock.charge(start.work / DETERMINISTIC_PER_NOMINAL)
    if start.solution is not None:
        hint(model, start.solution)
