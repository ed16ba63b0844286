"""A rule or cost that is stated in one place and forgotten in another is named here."""

from __future__ import annotations

from pathlib import Path

from test_linked import network
from test_qualifications import two_sites
from test_stock import stock_network

from capacity.checker.costs import COSTS
from capacity.checker.rules import RULES
from capacity.construct import construct
from capacity.instance import build
from capacity.model import CONSTRAINTS, STATED_BY, Scope
from capacity.model import build as build_model
from capacity.model.linked import build_linked
from capacity.model.plans import locked_only
from capacity.plan import Costs
from capacity.reading import read
from capacity.scenario import Scenario
from capacity.schedule import Bill

SCENARIOS = Path(__file__).parent.parent / "scenarios"


def test_every_rule_is_stated_by_the_model_and_no_other() -> None:
    assert set(STATED_BY) == set(RULES)
    stating = {constraint for row in STATED_BY.values() for constraint in row}
    shaping = set(CONSTRAINTS) - stating
    # this one only orders anonymous slots: it forbids no plan
    assert {constraint.__name__ for constraint in shaping} == {
        "fill_blocks_from_the_front"
    }
    assert stating <= set(CONSTRAINTS)


def test_every_cost_has_a_term_in_plan_bill_and_model() -> None:
    assert set(COSTS) == set(Costs.model_fields)
    assert set(Bill.__dataclass_fields__) == {*COSTS, "firm_service"}
    stock = stock_network(
        ("2026-02-15", 2),
        ("2026-04-15", 2),
        target=1,
        target_cost=3,
        shelf_life_days=30,
    )
    stock["suites"][0]["campaign_cost"] = 5
    waiting = Scenario.model_validate(network(hold_days=3, hold_cost=1))
    found = set(build_linked(build(waiting)).regret.terms)
    for scenario in (
        read(SCENARIOS / "tiny.yaml").scenario,  # two sites, ramp, a late licence
        Scenario.model_validate(stock),
        Scenario.model_validate(two_sites()),
    ):
        instance = build(scenario)
        scope = Scope(locked_only(construct(instance)))
        _, _, regret = build_model(instance, scope)
        found |= regret.terms.keys()
    # every term but shipments, as nothing is shipped
    assert found == set(COSTS) - {"shipment"}
