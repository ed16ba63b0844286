"""The constructive planner alone: what it must serve, and that it keeps every rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from ortools.sat.python.cp_model import OPTIMAL, CpSolver
from strategies import scenarios
from test_readme import ROOT, blocks
from test_rules import frozen_network
from test_rules import scenario as scenario_of

from capacity.board import Board, board_of
from capacity.checker import breaches, broken_rules
from capacity.construct import construct
from capacity.instance import build
from capacity.model import Scope
from capacity.model import build as build_model
from capacity.model.plans import locked_only, values
from capacity.publish import to_plan
from capacity.reading import read, scenario_from
from capacity.reinsert import improve
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.search import completed

Row = dict[str, Any]


def trains() -> Row:
    """Two trains upstream, a batch every 16 days each; one line downstream, every 7."""
    ever = {"from": "2025-01-01"}
    suite = {
        "site": "EAST",
        "go_live": "2020-01-01",
        "turnaround_days": 2,
        "changeover": "clean",
        "variable_cost": 200_000,
    }
    up = suite | {"stage": "up", "production_days": 14}
    direct = {"how": "direct", "hold_days": 3}
    return {
        "schema_version": 1,
        "name": "only",
        "as_of": "2026-01-05",
        "horizon": {"start": "2026-01-01", "end": "2026-12-31"},
        "sites": [
            {
                "id": "EAST",
                "name": "East",
                "qc_batches": [{**ever, "value": 3}],
                "qa_reviewers": [{**ever, "value": 4}],
            }
        ],
        "suites": [
            {"id": "U1", **up},
            {"id": "U2", **up},
            {"id": "D1", **suite, "stage": "down", "production_days": 5},
        ],
        "changeovers": [
            {
                "id": "clean",
                "same_product": 2,
                "same_client": 5,
                "different_client": 8,
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
                "lead_time": {"any": {"p50": 30, "p90": 40}},
            }
        ],
        "programmes": [
            {
                "id": "NEW",
                "client": "Cedar",
                "recipe": [
                    {
                        "step": "up",
                        "stage": "up",
                        "suites": ["U1", "U2"],
                        "campaign": "any",
                    },
                    {
                        "step": "down",
                        "stage": "down",
                        "suites": ["D1"],
                        "campaign": "any",
                        "release": "rel",
                        "supply": direct,
                    },
                ],
            }
        ],
        "licences": [
            {
                "id": "NEW@EAST",
                "programme": "NEW",
                "site": "EAST",
                "market": "US",
                **ever,
            }
        ],
        "contracts": [
            {
                "id": "C-NEW",
                "programme": "NEW",
                "firm_months": 24,
                "price": {"commercial": 1_000_000},
            }
        ],
        "orders": [order("N1", 6, "2026-09-30")],
    }


def order(name: str, batches: int, due: str) -> Row:
    return {
        "id": name,
        "contract": "C-NEW",
        "kind": "commercial",
        "market": "US",
        "batches": batches,
        "due": due,
    }


def three_years() -> Row:
    """The same trains with 30 batches in three years."""
    document = trains()
    document["horizon"]["end"] = "2028-12-31"
    document["orders"] += [
        order("N2", 8, "2027-03-31"),
        order("N3", 8, "2027-09-30"),
        order("N4", 8, "2028-03-31"),
    ]
    return document


def network(folder: Path) -> Row:
    """The network that the pieces of docs/scenario.md make."""
    page = ROOT / "docs" / "scenario.md"
    pieces = [p for p in blocks(page, "yaml") if not p.startswith("extends:")]
    (folder / "my_network.yaml").write_text("\n".join(pieces))
    (folder / "my_orders.csv").write_text(*blocks(page, "csv"))
    return read(folder / "my_network.yaml").document


def constructed(scenario: Scenario) -> Schedule:
    """The plan, seen to keep every rule."""
    schedule = construct(build(scenario))
    assert breaches(scenario, to_plan(schedule, "")) == []
    return schedule


def unserved(schedule: Schedule) -> int:
    """Batches of all lines that nothing serves."""
    need = sum(g.terms[g.reference].need for g in schedule.instance.groups)
    return need - sum(batch.serves is not None for batch in schedule.batches)


def in_the_model(schedule: Schedule) -> bool:
    """Whether the whole model has a plan, at its cost."""
    model, v, cost = build_model(schedule.instance, Scope(locked_only(schedule)))
    for variable, value in values(v, schedule):
        model.add(variable == value)
    model.minimize(cost.total())
    solver = CpSolver()
    solver.parameters.num_workers = 1
    if solver.solve(model) != OPTIMAL:
        return False
    return solver.value(cost.total()) == schedule.bill.regret


# ------------------------------------------------------------------- direct supply


def test_two_trains_feed_a_line_directly() -> None:
    schedule = constructed(scenario_from(trains()).scenario)

    assert unserved(schedule) == 0
    assert in_the_model(schedule)


def test_lines_fed_directly_fill_three_years() -> None:
    schedule = constructed(scenario_from(three_years()).scenario)

    assert unserved(schedule) == 0


def test_a_programme_fed_directly_joins_the_network_of_the_docs(tmp_path: Path) -> None:
    document, new = network(tmp_path), trains()
    every = {o["id"] for o in new["orders"]}
    for section in ("programmes", "licences", "contracts", "orders", "suites"):
        document[section] = [*document[section], *new[section]]
    document["campaign_limits"] += new["campaign_limits"]
    document["release_classes"] += new["release_classes"]

    schedule = constructed(scenario_from(document).scenario)

    for group in schedule.instance.groups:
        if {line for line, _ in group.lines} & every:
            served = sum(batch.serves == group.index for batch in schedule.batches)
            assert served == group.terms[group.reference].need


@pytest.mark.parametrize("hold", [0, 1, 3, 10])
@pytest.mark.parametrize("production", [4, 7, 9])
@pytest.mark.parametrize("suites", [["U1"], ["U1", "U2"]], ids=len)
def test_a_line_is_made_whatever_the_pace_of_its_feed(
    hold: int, production: int, suites: list[str]
) -> None:
    """Takts of 7 days downstream against 6, 9 or 11, in one train or two."""
    document = trains()
    for suite in document["suites"][:2]:
        suite["production_days"] = production
    feed, last = document["programmes"][0]["recipe"]
    feed["suites"], last["supply"]["hold_days"] = suites, hold

    schedule = constructed(scenario_from(document).scenario)

    assert unserved(schedule) == 0


def test_feeding_campaigns_keep_their_multiple() -> None:
    document = trains()
    document["campaign_limits"].append(
        {"id": "fours", "minimum": {}, "multiple": 4, "maximum": 20}
    )
    document["programmes"][0]["recipe"][0]["campaign"] = "fours"

    assert unserved(constructed(scenario_from(document).scenario)) == 0


def frozen_after_direct() -> Row:
    """The downstream batches are frozen, and two go into each of three conjugates."""
    document = trains()
    suite = document["suites"][-1] | {"id": "K", "stage": "conjugation"}
    document["suites"].append(suite)
    recipe = document["programmes"][0]["recipe"]
    conjugate = recipe[-1] | {"step": "conj", "stage": "conjugation", "suites": ["K"]}
    conjugate["supply"] = {"how": "frozen", "ratio": 2, "shelf_life_days": 700}
    recipe.append(conjugate)
    document["orders"] = [order("N1", 3, "2026-11-30")]
    return document


def test_intermediates_made_through_direct_feeds_are_frozen_and_used() -> None:
    schedule = constructed(scenario_from(frozen_after_direct()).scenario)

    assert unserved(schedule) == 0
    assert in_the_model(schedule)


def test_validation_is_made_in_one_campaign_of_a_line_fed_directly() -> None:
    document = trains()
    document["contracts"][0]["price"]["ppq"] = 1_000_000
    document["orders"][0] |= {"kind": "ppq", "market": None, "batches": 3}
    document["programmes"][0]["recipe"][1]["supply"]["hold_days"] = 10

    assert unserved(constructed(scenario_from(document).scenario)) == 0


def test_lines_fed_directly_move_as_one_when_a_plan_is_improved() -> None:
    scenario = scenario_from(trains()).scenario
    start = construct(build(scenario))

    better = improve(
        start, seed=0, done=lambda moves: moves / 3000, report=lambda _: None
    )

    # the start has 51,000 of holding: all of its campaigns are a little early
    assert better.bill.regret < start.bill.regret
    assert breaches(scenario, to_plan(better, "")) == []


@settings(max_examples=60)
@given(scenarios(frozenset({"direct"})))
def test_constructed_plans_with_direct_feeds_keep_every_rule(
    scenario: Scenario,
) -> None:
    schedule = construct(build(scenario))
    hard = any(
        row.shortage == "hard"
        # opening stock that expires unsold can't be kept from it
        or (row.waste == "forbidden" and any(part.expiry for part in row.opening))
        for row in scenario.made_to_stock
    )
    if not scenario.locks and not hard:  # else there may be no plan at all
        assert breaches(scenario, to_plan(schedule, "")) == []


@settings(max_examples=60)
@given(scenarios())
def test_the_whole_model_accepts_the_constructed_plan(scenario: Scenario) -> None:
    schedule = construct(build(scenario))
    if breaches(scenario, to_plan(schedule, "")):
        return  # a lock may have no plan at all

    model, v, regret = build_model(schedule.instance, Scope(locked_only(schedule)))
    model.minimize(regret.total())
    found = completed(model, values(v, schedule), lambda: False)

    assert found.value is not None
    assert found.value(regret.total()) == schedule.bill.regret
    assert found.value(regret.tier()) == schedule.bill.firm_service


def test_no_site_is_qualified_at_the_cost_of_firm_lines() -> None:
    scenario = read(ROOT / "scenarios" / "base.yaml").scenario
    assert constructed(scenario).bill.firm_service < 2_000_000


@settings(max_examples=60)
@given(scenarios())
def test_no_intermediate_is_made_that_nothing_needs(scenario: Scenario) -> None:
    board = board_of(construct(build(scenario)))

    for step in board.instance.steps:
        for campaign in board.steps[step.index]:
            if step.role == "intermediate" and campaign.lock is None:
                delta = board.swap([campaign], [])
                assert delta is None or delta > 0
                if delta is not None:
                    board.revert()


# --------------------------------------------------------------- validation, minima


def test_a_validation_order_split_by_take_or_pay_is_one_campaign(
    tmp_path: Path,
) -> None:
    document = network(tmp_path)
    document["orders"] = [o for o in document["orders"] if o["id"] == "MAB-ppq"]

    schedule = constructed(scenario_from(document).scenario)

    assert len([g for g in schedule.instance.groups if g.kind == "ppq"]) == 2
    assert unserved(schedule) == 0


@pytest.mark.parametrize("kind", ["commercial", "ppq"])
def test_a_line_below_the_minimum_is_made_with_surplus(kind: str) -> None:
    document = trains()
    document["campaign_limits"].append(
        {"id": "threes", "minimum": {kind: 4}, "multiple": 3, "maximum": 20}
    )
    recipe = document["programmes"][0]["recipe"]
    recipe[1].pop("supply")
    recipe[1]["campaign"] = "threes"
    document["programmes"][0]["recipe"] = recipe[1:]
    document["contracts"][0]["price"]["ppq"] = 1_000_000
    market = None if kind == "ppq" else "US"
    document["orders"][0] |= {"kind": kind, "market": market, "batches": 2}

    schedule = constructed(scenario_from(document).scenario)

    assert unserved(schedule) == 0
    assert [run.batches for run in schedule.runs] == [6]


def intermediate_on_hand(site: str, part: str) -> Row:
    """One antibody batch at a site, out long ago or in stock; conjugates are made in K at B."""
    document = frozen_network()
    document["suites"][1]["set_up"] = "P"
    made = document["suites"][0] | {"id": "T", "site": site}
    document["suites"].append(made)
    document["programmes"][0]["recipe"][0]["suites"] = ["S", "T"]
    row = {"id": "W", "programme": "P", "step": "ab", "suite": "T", "batches": 1}
    dated = {
        "stock": {"expiry": "2026-03-01"},
        "in_release": {"first_out": "2025-12-20"},
    }
    document[part] = [row | {"kind": "intermediate"} | dated[part]]
    return document


@pytest.mark.parametrize("part", ["stock", "in_release"])
@pytest.mark.parametrize(("site", "first"), [("A", 3), ("B", 0)])
def test_what_lay_there_before_is_shipped_and_used_from_today_on(
    site: str, first: int, part: str
) -> None:
    # A lane of 2 days and one of receipt testing; what is frozen on the spot is at hand.
    found = scenario_of(intermediate_on_hand(site, part))
    instance = build(found)
    conjugate = instance.steps[-1]
    (suite,) = conjugate.modes
    for start in range(first + 3):
        board = Board(instance)
        campaign = board.campaign(conjugate, suite, start, 1)
        assert campaign is not None
        board.swap([], [campaign])

        plan = to_plan(board.snapshot().schedule(), "drawn")

        possible = start >= first
        assert (not broken_rules(found, plan)) is possible, start
        assert (not board.breaks) is possible, start


def test_intermediates_that_keep_for_weeks_are_made_when_they_are_wanted() -> None:
    # Antibody keeps 40 days from its out and is released after 10: each order has its own.
    document = frozen_network()
    for site in document["sites"]:
        site["shutdowns"] = []
        site["qc_batches"] = [{"from": "2025-01-01", "value": 7}]
        site["qa_reviewers"] = [{"from": "2025-01-01", "value": 20}]
    order = document["orders"][0]
    document["orders"] = [
        order | {"id": f"O{month}", "due": f"2026-0{month}-28", "batches": 3}
        for month in (3, 4, 5, 6)
    ]

    schedule = constructed(scenario_of(document))

    assert unserved(schedule) == 0
