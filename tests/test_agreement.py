"""What the solver returns keeps the rules at the stated cost, and the names match."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ortools.sat.python.cp_model import CpModel
from strategies import Case, cases, documents, locked_runs

from capacity.checker import RULES, breaches, regret, unavoidable
from capacity.checker.costs import COSTS
from capacity.instance import Instance
from capacity.instance import build as instance_of
from capacity.model import CONSTRAINTS, STATED_BY, Regret, Scope, Variables, build
from capacity.model.plans import NotInModel, found, values
from capacity.plan import Costs
from capacity.publish import to_plan
from capacity.scenario import Scenario
from capacity.schedule import Bill, Schedule
from capacity.search import Limits, Outcome, search
from capacity.validate import problems

Row = dict[str, Any]

EXAMPLES = max(12, settings().max_examples // 12)
ENOUGH = Limits(work=4.0, seconds=None)


def whole(instance: Instance) -> tuple[CpModel, Variables, Regret]:
    """The model of all that a scenario leaves open."""
    return build(instance, Scope(Schedule(instance, tuple(locked_runs(instance)))))


def solved(model: CpModel, *, presolve: bool = True) -> Outcome:
    """Searched to the end; the rare scenario that takes longer is set aside."""
    outcome = search(model, ENOUGH, seed=0, stop=lambda: False, presolve=presolve)
    assume(outcome.status in ("optimal", "infeasible"))
    return outcome


def optimum(scenario: Scenario) -> int | None:
    """Least regret of a scenario, None where no plan exists."""
    model, _, cost = whole(instance_of(scenario))
    model.minimize(cost.total())
    return solved(model).objective


def returned(case: Case, v: Variables, outcome: Outcome) -> int:
    """Regret of the plan that was found, having been checked."""
    assert outcome.value is not None
    plan = to_plan(found(v, outcome.value), "drawn")
    assert breaches(case.scenario, plan) == []
    assert regret(case.scenario, plan) == plan.objective
    return plan.objective


@settings(max_examples=EXAMPLES)
@given(cases())
def test_an_optimal_plan_keeps_the_rules_and_costs_what_the_solver_says(
    case: Case,
) -> None:
    model, v, cost = whole(case.schedule.instance)
    model.minimize(cost.total())

    outcome = solved(model)

    assume(outcome.value is not None)
    assert outcome.value is not None
    assert returned(case, v, outcome) == outcome.objective
    plan = to_plan(found(v, outcome.value), "drawn")
    assert outcome.value(cost.tier()) == plan.firm_service
    # No plan costs less than what each batch must cost alone.
    assert outcome.objective is not None
    assert unavoidable(case.scenario) <= outcome.objective
    # Nor does any plan drawn at random cost less than the best.
    drawn = to_plan(case.schedule, "drawn")
    if breaches(case.scenario, drawn) == []:
        assert outcome.objective <= drawn.objective


@settings(max_examples=EXAMPLES)
@given(cases(frozenset({"frozen", "queues"})), st.integers(0, 10**6))
def test_whatever_the_model_is_asked_for_its_plan_keeps_the_rules(
    case: Case, seed: int
) -> None:
    # Best plans are all alike; a random goal leads to the odd ones.
    model, v, _ = whole(case.schedule.instance)
    rng = random.Random(seed)
    model.maximize(
        sum(rng.randint(-3, 9) * slot.present for slot in v.slots())
        + sum(
            rng.randint(-3, 3) * literal
            for slot in v.slots()
            if slot.serving is not None
            for literal in slot.serving.options.values()
        )
        + sum(rng.randint(-1, 1) * freight.used for freight in v.freights)
    )

    outcome = search(model, Limits(3.0, None), seed=0, stop=lambda: False)

    assume(outcome.value is not None)
    returned(case, v, outcome)


@settings(max_examples=EXAMPLES)
@given(cases(frozenset({"opening"})) | cases(frozenset({"qualifications"})), st.data())
def test_a_part_reopened_keeps_its_plan_and_finds_only_plans_that_keep_the_rules(
    case: Case, data: st.DataObject
) -> None:
    base = case.schedule
    drawn = to_plan(base, "drawn")
    assume(breaches(case.scenario, drawn) == [])
    planned = [index for index, run in enumerate(base.runs) if run.lock is None]
    assume(planned)
    reopened = data.draw(st.sets(st.sampled_from(planned), min_size=1))
    starts = [start for index in reopened for start in base.runs[index].starts()]
    scope = Scope(
        base=base,
        reopened=frozenset(reopened),
        window=(min(starts) - 5, max(starts) + 10),
        suites=frozenset(base.runs[index].suite for index in reopened),
        steps=frozenset(base.runs[index].step for index in reopened),
    )
    pinned, again, price = build(base.instance, scope)
    for variable, value in values(again, base):
        pinned.add(variable == value)
    pinned.minimize(price.total())
    before = solved(pinned).objective
    assert before is not None

    model, v, cost = build(base.instance, scope)
    model.minimize(cost.total())
    outcome = solved(model)

    # The cost of what stays is the same in both, so the gain is all in the model.
    assert outcome.objective is not None
    assert drawn.objective - returned(case, v, outcome) == before - outcome.objective


@settings(max_examples=EXAMPLES // 2)
@given(documents())
def test_presolve_changes_no_optimum(document: Row) -> None:
    scenario = valid(document)
    model, _, cost = whole(instance_of(scenario))
    model.minimize(cost.total())

    with_presolve, without = solved(model), solved(model, presolve=False)

    assert with_presolve.objective == without.objective


# --------------------------------------------------- the same scenario, said otherwise


def valid(document: Row) -> Scenario:
    scenario = Scenario.model_validate(document)
    assume(not problems(scenario))
    return scenario


@settings(max_examples=EXAMPLES // 2)
@given(documents())
def test_the_order_of_rows_changes_no_optimum(document: Row) -> None:
    turned = {
        part: rows[::-1] if isinstance(rows, list) else rows
        for part, rows in document.items()
    }

    assert optimum(valid(turned)) == optimum(valid(document))


def renamed(value: Any, names: dict[str, str]) -> Any:
    """The same data with other ids, wherever they are mentioned."""
    if isinstance(value, dict):
        return {
            names.get(key, key): renamed(part, names) for key, part in value.items()
        }
    if isinstance(value, list):
        return [renamed(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


@settings(max_examples=EXAMPLES // 2)
@given(documents())
def test_other_names_change_no_optimum(document: Row) -> None:
    # Intermediates that expire together go by name, so their suites keep their order.
    if any(len(programme["recipe"]) > 1 for programme in document["programmes"]):
        parts = ["programmes", "sites", "contracts"]
    else:
        parts = ["programmes", "sites", "contracts", "suites"]
    names = {
        row["id"]: f"{part}-{len(document[part]) - number}"
        for part in parts
        for number, row in enumerate(sorted(document[part], key=lambda row: row["id"]))
    }

    assert optimum(valid(renamed(document, names))) == optimum(valid(document))


@settings(max_examples=EXAMPLES // 2)
@given(documents(frozenset({"queues"})))
def test_more_qc_never_makes_a_plan_dearer(document: Row) -> None:
    more = deepcopy(document)
    for site in more["sites"]:
        for rate in site["qc_batches"]:
            rate["value"] = 14

    few, many = optimum(valid(document)), optimum(valid(more))

    assert few is None or (many is not None and many <= few)


@settings(max_examples=EXAMPLES // 2)
@given(documents(), st.integers(1, 20))
def test_an_earlier_go_live_never_makes_a_plan_dearer(document: Row, days: int) -> None:
    # No ramp, which would change the pace; nothing set up, which would go stale.
    for suite in document["suites"]:
        suite |= {"ramp": [], "set_up": None}
    later = deepcopy(document)
    later["suites"][0]["go_live"] = f"2026-01-{1 + days:02d}"
    earlier = deepcopy(later)
    earlier["suites"][0]["go_live"] = "2026-01-01"

    late, early = optimum(valid(later)), optimum(valid(earlier))

    assert late is None or (early is not None and early <= late)


# ----------------------------------------------------------------------------- names


def test_every_rule_of_the_checker_is_stated_by_the_model_and_none_besides() -> None:
    assert set(STATED_BY) == set(RULES)


def test_every_constraint_that_states_a_rule_is_in_the_model() -> None:
    assert {c for stated in STATED_BY.values() for c in stated} <= set(CONSTRAINTS)


def test_every_cost_has_one_name_in_checker_plan_bill_and_model() -> None:
    terms = set(Costs.model_fields)
    assert set(COSTS) == terms
    assert set(Bill.__dataclass_fields__) == terms | {"firm_service"}

    @settings(max_examples=20)
    @given(documents())
    def priced(document: Row) -> None:
        _, _, cost = whole(instance_of(valid(document)))
        assert set(cost.terms) <= terms

    priced()


@settings(max_examples=EXAMPLES)
@given(cases())
def test_a_plan_that_the_model_has_no_room_for_is_refused_not_bent(case: Case) -> None:
    # Four orders of two batches, in campaigns of at most four, never ask for 99.
    runs = [run for run in case.schedule.runs if run.lock is None]
    assume(runs)
    endless = replace(runs[0], serves=(None,) * 99, tests=(None,) * 99)
    _, v, _ = whole(case.schedule.instance)

    with pytest.raises(NotInModel):
        values(v, replace(case.schedule, runs=(endless,), freights=()))
