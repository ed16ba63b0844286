"""Running CP-SAT: one place for parameters, limits, statuses and the traps of 9.15."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ortools.sat.python.cp_model import (
    FEASIBLE,
    INFEASIBLE,
    OPTIMAL,
    CpModel,
    CpSolver,
    IntVar,
    LinearExprT,
)

MOST_WORKERS = 8
"""More have given false claims of infeasibility without presolve (or-tools 5295)."""

POLL = 0.05
"""How often a stop is looked for. [s]"""


COMPLETION_WORK = 5.0
"""Most deterministic time to complete a hint. [1]"""


@dataclass(frozen=True)
class Limits:
    """When a search stops: deterministic work, or seconds."""

    work: float | None
    """Deterministic time of CP-SAT. [1]"""
    seconds: float | None
    """Wall clock. [s]"""


@dataclass(frozen=True)
class Outcome:
    """What a search found. `value` may be read only where there is a plan."""

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    value: Callable[[LinearExprT], int] | None
    solution: list[int] | None
    """Values of all variables, in order."""
    objective: int | None
    bound: int | None
    """Lower bound on the objective, if it has one."""
    work: float
    """Deterministic time spent. [1]"""


def search(
    model: CpModel,
    limits: Limits,
    *,
    seed: int,
    workers: int = 1,
    stop: Callable[[], bool],
    presolve: bool = True,
    interleave: bool = True,
) -> Outcome:
    """Solve a model in a thread of its own, so that an interrupt is heard at once."""
    solver = CpSolver()
    parameters = solver.parameters
    parameters.num_workers = min(workers, MOST_WORKERS)
    parameters.interleave_search = interleave and workers == 1
    parameters.random_seed = seed
    parameters.cp_model_presolve = presolve
    parameters.catch_sigint_signal = False
    parameters.log_to_stdout = False
    if limits.work is not None:
        parameters.max_deterministic_time = limits.work
    if limits.seconds is not None:
        parameters.max_time_in_seconds = max(limits.seconds, 0.01)
    statuses: list[int] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            statuses.append(int(solver.solve(model)))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(POLL)
        if stop():
            solver.stop_search()
    if errors:
        raise errors[0]
    return _outcome(solver, statuses)


def _outcome(solver: CpSolver, statuses: list[int]) -> Outcome:
    status = statuses[0] if statuses else None
    work = solver.response_proto.deterministic_time if statuses else 0.0
    if status == INFEASIBLE:
        return Outcome("infeasible", None, None, None, None, work)
    has_goal = solver.response_proto.best_objective_bound is not None
    bound = math.ceil(solver.best_objective_bound - 1e-6) if has_goal else None
    if status not in (OPTIMAL, FEASIBLE):
        return Outcome("unknown", None, None, None, bound, work)
    objective = round(solver.objective_value)
    proved = status == OPTIMAL and bound is not None and bound >= objective
    return Outcome(
        status="optimal" if proved else "feasible",
        value=solver.value,
        solution=list(solver.response_proto.solution),
        objective=objective,
        bound=bound,
        work=work,
    )


def completed(
    model: CpModel, pins: list[tuple[IntVar, int]], stop: Callable[[], bool]
) -> Outcome:
    """Values of every variable once some are pinned.

    A hint that leaves out auxiliary variables is often lost; a whole one never is.
    """
    pinned = model.clone()
    for variable, value in pins:
        pinned.add(pinned.get_int_var_from_proto_index(variable.index) == value)
    limits = Limits(COMPLETION_WORK, None)
    return search(pinned, limits, seed=0, stop=stop, interleave=False)


def hint(model: CpModel, solution: list[int]) -> None:
    """Hint every variable of a model."""
    model.clear_hints()  # type: ignore[no-untyped-call]  # OR-Tools gives it no types
    for index, value in enumerate(solution):
        model.add_hint(model.get_int_var_from_proto_index(index), value)
