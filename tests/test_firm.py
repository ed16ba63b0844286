"""Firm lines by themselves: what they cost at least, and a plan that costs no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import FAMILIES, Case, cases

from capacity import read
from capacity.checker import broken_rules
from capacity.construct import construct
from capacity.firm import alone, floors, secured
from capacity.instance import build
from capacity.publish import to_plan
from capacity.reinsert import improve
from capacity.resume import wishes_of
from capacity.schedule import Schedule

SCENARIOS = Path(__file__).parent.parent / "scenarios"
EXAMPLES = settings().max_examples


def holds(case: Case) -> None:
    """Hold the least against a plan that keeps the rules, programme by programme."""
    plan = to_plan(case.schedule, "drawn")
    if broken_rules(case.scenario, plan):
        return
    instance = case.schedule.instance
    cost = [0] * len(instance.programmes)
    served = case.schedule.served()
    for group in instance.groups:
        if group.firm:
            batches = served.get(group.index, [])
            terms = group.terms[case.schedule.size(group, batches)]
            cost[group.programme] += (terms.need - len(batches)) * terms.unserved
            cost[group.programme] += sum(
                group.service(terms, case.schedule.available(batch))
                for batch in batches
            )
    assert sum(cost) == plan.firm_service
    assert all(
        least <= paid for least, paid in zip(floors(instance), cost, strict=True)
    )


@given(cases())
def test_no_plan_costs_less_firm_service(case: Case) -> None:
    holds(case)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_plan_costs_less_where_a_scenario_uses(family: str) -> None:
    @settings(max_examples=max(10, EXAMPLES // 5))
    @given(cases(frozenset({family})))
    def hold(case: Case) -> None:
        holds(case)

    hold()


def test_what_is_lost_before_planning_begins_is_all_that_the_worked_case_loses() -> (
    None
):
    # BSP-1's batch in release is out of review 7 days after the due day, and CLIN-3's
    # second locked one 6 days: nothing new could be there as soon.
    instance = build(read(SCENARIOS / "base.yaml").scenario)
    found = floors(instance)

    lost = {instance.programmes[p]: cost for p, cost in enumerate(found) if cost}
    assert lost == {"BSP-1": 16_946, "CLIN-3": 14_198}
    assert construct(instance).bill.firm_service > sum(found)
    firm = secured(instance, enough=sum(found), seed=0, done=lambda made: made / 60_000)
    assert firm.bill.firm_service == sum(found)


def test_firm_lines_by_themselves_cost_their_service_only() -> None:
    instance = build(read(SCENARIOS / "tiny.yaml").scenario)
    bill = construct(alone(instance)).bill

    assert bill.regret == bill.firm_service == sum(floors(instance)) == 100_000


def test_the_search_ends_where_no_campaign_may_move() -> None:
    instance = build(read(SCENARIOS / "tiny.yaml").scenario)
    nothing = replace(instance, groups=())

    found = secured(nothing, enough=-1, seed=0, done=lambda _: 0.0)

    assert found.bill.firm_service == 0


def test_nothing_firm_is_late_in_the_worked_case_that_need_not_be() -> None:
    instance = build(read(SCENARIOS / "base.yaml").scenario)
    least = floors(instance)
    firm = secured(instance, enough=sum(least), seed=0, done=lambda made: made / 60_000)
    around = construct(instance, wishes_of(firm))
    found = improve(
        around, seed=0, done=lambda made: made / 8000, report=ignored, floors=least
    )

    assert found.bill.firm_service == sum(least)
    assert found.bill.regret < around.bill.regret


def ignored(_: Schedule) -> None:
    """A plan on the way."""
