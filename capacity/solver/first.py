"""The first plan: constructed, or what is left of one that was made before."""

from __future__ import annotations

from capacity.construct import TRIED_BATCHES, construct
from capacity.plan import Plan
from capacity.resume import campaigns_of, schedule_of, wishes_of
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.solver.state import State

CONSTRUCT_PER_BATCH = 0.0025
"""Nominal seconds of the constructive planner per batch. [s]"""

QUALIFY_SHARE = 0.25
"""What trying a qualification takes of that, by itself and with others. [1]"""

RESUMED_HEAT = 0.02
"""How hot reinsertion begins from a plan that has been improved before. [1]"""


def first_plan(state: State, start: Plan | None) -> Schedule:
    """Construct a plan, and keep the one to go on from where it is better."""

    def constructed(schedule: Schedule) -> None:
        first = state.best is None
        state.take(schedule, "construct")
        if first and state.best is not None and state.clock.time_limit is not None:
            state.judged(state.best)  # so that it is known how long a check takes

    built = construct(state.instance, stop=state.clock.halted, report=constructed)
    made = len(built.batches)
    tried = min(_unordered(state.scenario), max(1, TRIED_BATCHES // max(1, made)))
    state.clock.charge(CONSTRUCT_PER_BATCH * made * (1 + QUALIFY_SHARE * tried))
    _begin_with(state, built)
    if start is not None:
        _go_on_from(state, start)
    return built


def _unordered(scenario: Scenario) -> int:
    """Qualifications that the constructive planner tries."""
    rows = scenario.qualifications
    return sum(row.permitted and bool(row.ppq_batches) for row in rows)


def _begin_with(state: State, built: Schedule) -> None:
    """Keep the best of what was constructed, and remember what to search from."""
    best = state.best
    better = best if best is not None and best.rank < built.rank else None
    if better is not None and _serves_alone(state, better, built):
        return
    if not state.keeps_the_rules(built):
        state.best = None
    elif better is not None and state.keeps_the_rules(better):
        state.promising = built
    else:
        state.best = built


def _serves_alone(state: State, best: Schedule, built: Schedule) -> bool:
    """Whether the best plan keeps the rules, and nothing else needs to be checked.

    Searches begin from campaigns: where those are the same, or no time is left, it makes no
    difference whether they begin from what was built.
    """
    alike = wishes_of(best) == wishes_of(built)
    return (alike or state.clock.halted()) and state.keeps_the_rules(best)


def _go_on_from(state: State, plan: Plan) -> None:
    """Take a plan that was made before, or what is left of it, if it is better."""
    found, name = schedule_of(state.instance, plan), "start"
    if found is None or not state.keeps_the_rules(found):
        wishes = campaigns_of(state.instance, plan)
        found = construct(state.instance, wishes, stop=state.clock.halted)
        state.clock.charge(CONSTRUCT_PER_BATCH * len(found.batches))
        name = "start, as far as it fits"
    if state.keeps_the_rules(found) and state.take(found, name):
        state.heat, state.promising = RESUMED_HEAT, None
    else:
        state.log("the start is no better than a new plan, or breaks a rule")
