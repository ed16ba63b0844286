"""The exact model of a whole plan: any plan found, the best one proved."""

from __future__ import annotations

from dataclasses import replace

from ortools.sat.python.cp_model import CpModel, LinearExprT

from capacity.model import Scope, Variables
from capacity.model import build as build_model
from capacity.model.plans import NotInModel, found, values
from capacity.model.slots import batches_useful_in
from capacity.schedule import Schedule
from capacity.search import Limits, Outcome, completed, hint, search
from capacity.solver.clock import BUILD_PER_SLOT, DETERMINISTIC_PER_NOMINAL
from capacity.solver.state import State

WHOLE_SLOTS = 160
"""Up to so many slots the whole model is solved at once."""

MOST_SLOTS = 1500
"""A whole model beyond this isn't built: it would take minutes and gigabytes."""


def slots_of(state: State, scope: Scope) -> int:
    """Slots of the whole model, estimated without building it."""
    steps = state.instance.steps
    needs = [
        step.sufficient * _wanted(state, step.programme) * len(step.modes)
        for step in steps
    ]
    return sum(needs) + sum(run.batches for run in scope.base.runs)


def _wanted(state: State, programme: int) -> int:
    """Batches that a programme can use."""
    stocked, wanted = state.instance.stocked.get(programme), 0
    if stocked is not None:
        modes = state.instance.last_step(programme).modes
        wanted = batches_useful_in(stocked, modes)
    groups = state.instance.groups_of(programme)
    return wanted + sum(group.terms[group.reference].need for group in groups)


def find_any(state: State, whole: Scope) -> None:
    """Look for any plan, where nothing constructed keeps the rules."""
    if slots_of(state, whole) > MOST_SLOTS:
        state.log("too large to search whole: no plan found")
        return
    model, v, _ = build_model(state.instance, whole)
    outcome = searched(state, model, state.clock.limits(0.7), "any plan")
    if outcome.value is not None:
        state.take(found(v, outcome.value), "any plan")
        return
    if outcome.status == "infeasible":
        confirm_impossible(state, model)


def confirm_impossible(state: State, model: CpModel) -> None:
    """That no plan exists is believed only if a search without presolve agrees."""
    again = searched(
        state,
        model,
        state.clock.limits(1.0),
        "confirm without presolve",
        presolve=False,
    )
    state.impossible = again.status == "infeasible"


def prove(state: State, whole: Scope) -> None:
    """Solve the whole model: firm service, regret, and the rest where they differ."""
    assert state.best is not None
    model, v, regret = build_model(state.instance, whole)
    state.clock.charge(BUILD_PER_SLOT * sum(1 for _ in v.slots()))
    strict = state.instance.strict
    if strict:
        first = _minimise(state, model, v, regret.tier(), "firm service", 0.3)
        state.raise_tier(0, first)
    share = 0.5 if strict else 1.0
    total = _minimise(state, model, v, regret.total(), "regret", share)
    state.raise_bound(state.believed(total, state.best.bill.regret))
    if strict and not state.finished():
        model.add(regret.tier() <= state.best.bill.firm_service)
        rest = regret.total() - regret.tier()
        state.raise_tier(1, _minimise(state, model, v, rest, "rest", 1.0))


def _minimise(
    state: State,
    model: CpModel,
    v: Variables,
    goal: LinearExprT,
    name: str,
    share: float,
) -> Outcome:
    """One objective of the whole model, from the best plan."""
    assert state.best is not None
    model.minimize(goal)
    whole = _hint(state, model, v, state.best)
    outcome = searched(state, model, state.clock.limits(share), name)
    if outcome.value is not None:
        state.take(found(v, outcome.value), name)
    if whole:
        return outcome
    # a model without the plan in hand proves nothing about it
    return replace(
        outcome,
        status="unknown" if outcome.value is None else "feasible",
        bound=None,
    )


def _hint(state: State, model: CpModel, v: Variables, schedule: Schedule) -> bool:
    """Start the model from a schedule; whether the model has it."""
    try:
        start = completed(model, values(v, schedule), state.clock.halted)
    except NotInModel:
        state.log("the plan in hand has no place in the model")
        return False
    state.clock.charge(start.work / DETERMINISTIC_PER_NOMINAL)
    if start.solution is None:
        state.log("the plan in hand wasn't found in the model")
        return False
    hint(model, start.solution)
    return True


def searched(
    state: State,
    model: CpModel,
    limits: Limits,
    name: str,
    *,
    presolve: bool = True,
    mixed: bool = True,
) -> Outcome:
    """What CP-SAT finds in a model within limits, charged and logged."""
    outcome = search(
        model,
        limits,
        seed=state.seed,
        workers=state.workers,
        stop=state.clock.halted,
        presolve=presolve,
        interleave=mixed,
    )
    state.clock.charge(outcome.work / DETERMINISTIC_PER_NOMINAL)
    state.log(f"{name}: {outcome.status} {outcome.objective} {outcome.bound}")
    return outcome
