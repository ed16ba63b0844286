"""Firm lines: what they cost at least, and plans in which they cost no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import FAMILIES, Case, cases

from capacity import read
from capacity.checker import broken_rules
from capacity.construct import Wish
from capacity.firm import punctual
from capacity.floors import floors
from capacity.instance import DAY, Instance, build
from capacity.parts import together
from capacity.publish import to_plan
from capacity.reading import scenario_from
from capacity.resume import wishes_of
from capacity.scenario import Scenario

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


def lines() -> Scenario:
    """Two lines that may make both products, one twice as fast; all that is sold is firm."""
    ever = {"from": "2025-01-01"}
    suite = {
        "site": "EAST",
        "stage": "line",
        "go_live": "2020-01-01",
        "production_days": 10,
        "downstream_days": 4,
        "changeover": "clean",
        "variable_cost": 200_000,
    }
    programmes = {"SOON": ("2026-03-16", 3), "LATER": ("2026-05-31", 4)}
    document = {
        "schema_version": 1,
        "name": "lines",
        "as_of": "2026-01-05",
        "horizon": {"start": "2026-01-01", "end": "2026-12-31"},
        "sites": [
            {
                "id": "EAST",
                "name": "East",
                "qc_batches": [{**ever, "value": 5}],
                "qa_reviewers": [{**ever, "value": 9}],
            }
        ],
        "suites": [
            {"id": "SLOW", **suite, "reactors": 1},
            {"id": "FAST", **suite, "reactors": 2},
        ],
        "changeovers": [
            {
                "id": "clean",
                "same_product": 2,
                "same_client": 6,
                "different_client": 6,
                "first_use": 6,
                "cost": 60_000,
            }
        ],
        "campaign_limits": [{"id": "any", "maximum": 20}],
        "release_classes": [
            {
                "id": "rel",
                "qc_days": 20,
                "qa_days": 14,
                "lead_time": {"any": {"p50": 40, "p90": 40}},
            }
        ],
        "programmes": [
            {
                "id": name,
                "client": name,
                "recipe": [
                    {
                        "step": "only",
                        "stage": "line",
                        "suites": ["SLOW", "FAST"],
                        "release": "rel",
                        "campaign": "any",
                    }
                ],
            }
            for name in programmes
        ],
        "licences": [
            {
                "id": f"L-{name}",
                "programme": name,
                "site": "EAST",
                "market": "US",
                "from": "2025-01-01",
            }
            for name in programmes
        ],
        "contracts": [
            {
                "id": f"C-{name}",
                "programme": name,
                "firm_months": 12,
                "price": {"commercial": 1_000_000},
            }
            for name in programmes
        ],
        "orders": [
            {
                "id": f"O-{name}",
                "contract": f"C-{name}",
                "kind": "commercial",
                "market": "US",
                "batches": batches,
                "due": due,
            }
            for name, (due, batches) in programmes.items()
        ],
    }
    return scenario_from(document).scenario


def campaign(
    instance: Instance, programme: str, suite: str, batches: int, days: int
) -> Wish:
    """A campaign that starts so many days after the first of January."""
    step = instance.last_step(instance.programmes.index(programme)).index
    where = [suite.id for suite in instance.suites].index(suite)
    return Wish(step, where, days * instance.grid.whole(DAY), batches, False)


def test_suites_change_what_they_make_so_that_a_firm_line_is_in_time() -> None:
    instance = build(lines())
    # Three batches in the slow line are out 34 days after their start and 40 days later
    # released, ten days after the due day; in the fast one it is the last day to be in time.
    late = together(
        instance,
        [
            campaign(instance, "SOON", "SLOW", 3, 10),
            campaign(instance, "LATER", "FAST", 4, 10),
        ],
    )
    assert late is not None
    assert late.bill.firm_service == 2_500 * 10

    found = punctual(late, floors(instance))

    assert found[0].bill.firm_service == 0
    assert found[0].bill.unserved == 0
    suites = {(c.step, c.suite) for c in wishes_of(found[0])}
    assert suites == {
        (w.step, w.suite)
        for w in (
            campaign(instance, "SOON", "FAST", 3, 10),
            campaign(instance, "LATER", "SLOW", 4, 10),
        )
    }
    assert punctual(found[0], floors(instance)) == []
