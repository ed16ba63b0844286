"""Linked campaigns: the model of a few for each programme, then of all."""

from __future__ import annotations

from collections.abc import Sequence

from capacity.model.linked import (
    Trains,
    build_linked,
    found_linked,
    least_cost,
    values_linked,
)
from capacity.model.plans import NotInModel
from capacity.plan import Plan
from capacity.resume import schedule_of
from capacity.schedule import Schedule
from capacity.search import completed, hint
from capacity.solver.clock import DETERMINISTIC_PER_NOMINAL
from capacity.solver.state import State
from capacity.solver.whole import confirm_impossible, searched

LINKED_PHASES: tuple[tuple[int | None, bool, float], ...] = (
    (4, False, 0.3),
    (None, False, 0.7),
    (None, True, 1.0),
)
"""Trains of a programme, whether product expires by itself, and the share of what is left
of the budget: a bound comes soonest without expiry, and holds with it."""

MANY_TRAINS = 40
"""More trains of a programme than this take too long to state: nothing is proved by them."""

FEW_PHASES: tuple[tuple[int | None, bool, float], ...] = (
    (3, True, 0.4),
    (5, True, 1.0),
)
"""What is looked at then; where much is made for its own sake, product expires."""


def plan_linked(state: State, start: Plan | None) -> None:
    """Linked campaigns: the model of a few for each programme, then of all."""
    nothing = Schedule(state.instance, ())
    if state.keeps_the_rules(nothing):
        state.take(nothing, "nothing made")
    if start is not None:
        before = schedule_of(state.instance, start)
        if before is not None and state.keeps_the_rules(before):
            state.take(before, "start")
    for most, expiring, share in _phases(state):
        if state.clock.over() or (state.best is not None and state.good_enough()):
            return
        every = _most_trains(state)
        trains = build_linked(state.instance, most or every, expiring=expiring)
        _solve_linked(state, trains, share, most is None)


def _phases(state: State) -> Sequence[tuple[int | None, bool, float]]:
    """All trains at the end, unless every batch counts and too many find time."""
    rooms = (stocked.room or {} for stocked in state.instance.stocked.values())
    many = max(sum(room.values()) for room in rooms) > MANY_TRAINS
    return FEW_PHASES if many else LINKED_PHASES


def _most_trains(state: State) -> int | None:
    """More trains than this cost more than the plan in hand by their changeovers."""
    each = least_cost(state.instance)
    if state.best is None or not each:
        return None
    return state.best.bill.regret // each


def _solve_linked(state: State, trains: Trains, share: float, whole: bool) -> None:
    """Regret of linked campaigns, from the best plan; a bound where all are there."""
    model = trains.v.model
    model.minimize(trains.regret.total())
    if state.best is not None:
        _hint_linked(state, trains, state.best)
    limits = state.clock.limits(share)
    outcome = searched(state, model, limits, f"{len(trains.rows)} trains", mixed=False)
    if outcome.value is not None:
        state.take(found_linked(trains, outcome.value), "linked campaigns")
    if not whole:
        return
    if state.best is not None:
        state.raise_bound(state.believed(outcome, state.best.bill.regret))
    elif outcome.status == "infeasible":
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
