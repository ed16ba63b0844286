"""From a scenario to a checked plan with its bound: the phases and their limits."""

from __future__ import annotations

import threading
from collections.abc import Callable

from capacity.aims import Weights
from capacity.model import Scope
from capacity.model.plans import locked_only
from capacity.plan import Plan
from capacity.repeg import repegged
from capacity.scenario import Scenario
from capacity.solver.clock import Clock
from capacity.solver.first import first_plan
from capacity.solver.held import plan_held
from capacity.solver.improvement import improve_plan, warm_up
from capacity.solver.linked import plan_linked
from capacity.solver.result import Progress, Result, Status, StoppedBy, Tier
from capacity.solver.state import State
from capacity.solver.whole import WHOLE_SLOTS, find_any, prove, slots_of

__all__ = ["Progress", "Result", "Status", "StoppedBy", "Tier", "solve"]


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
    weights: Weights | None = None,
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
    weights
        Of several objectives, where everything is made to stock, instead of the scenario's.
    """
    clock = Clock(work, time_limit, stop or threading.Event())
    state = State(
        scenario, clock, gap, workers, seed, progress, weights, scenario_sha256
    )
    _run(state, start)
    return state.result()


def _run(state: State, start: Plan | None) -> None:
    """Construct, then prove a small case or improve a large one."""
    if state.instance.linked:
        plan_linked(state, start)
        return
    if state.instance.cap is not None:
        plan_held(state, start)
        return
    whole = Scope(locked_only(first_plan(state, start)))
    if state.best is None:
        find_any(state, whole)
    if state.best is None or state.finished():
        return
    if slots_of(state, whole) <= WHOLE_SLOTS:
        warm_up(state)
        prove(state, whole)
    improve_plan(state)
    state.soundly(lambda plan: state.take(repegged(plan), "lines"))
