"""What a solve promises: checked plans, honest claims, the same bytes again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from capacity.checker import breaches, unavoidable
from capacity.checker.book import Book
from capacity.checker.costs import (
    cost_of_holding,
    cost_of_lateness,
    cost_of_risk,
    cost_of_suite,
    cost_of_unserved,
    price_share,
)
from capacity.checker.unavoidable import allowed_starts, earliest_right
from capacity.construct import construct
from capacity.instance import build
from capacity.plan import Consumption
from capacity.publish import to_plan
from capacity.reading import read, scenario_from
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.solver import Progress, solve

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    return read(SCENARIOS / "tiny.yaml").scenario


@pytest.fixture(scope="module")
def base(two_years: Callable[[str], Scenario]) -> Scenario:
    return two_years("base")


def test_tiny_is_proved_at_the_optimum_worked_by_hand(tiny: Scenario) -> None:
    result = solve(tiny)
    assert result.status == result.stopped_by == "optimal"
    assert result.plan is not None
    # docs/worked_case.md: lateness 100,000 + at risk 80,000 + holding 14,700
    # + variable 50,000 + three changeovers of 60,000
    assert result.plan.objective == result.bound == 424_700
    assert [(tier.objective, tier.bound) for tier in result.tiers] == [
        (100_000, 100_000),
        (324_700, 324_700),
    ]
    assert result.breaches == []
    assert result.reproducible


def test_the_same_input_gives_the_same_plan(tiny: Scenario) -> None:
    first, second = solve(tiny, seed=3), solve(tiny, seed=3)
    assert first.plan is not None
    assert first.plan == second.plan
    assert first.bound == second.bound


def test_a_large_case_repeats_and_betters_its_start(base: Scenario) -> None:
    seen: list[Progress] = []
    first = solve(base, work=2.2, progress=seen.append)
    second = solve(base, work=2.2)
    assert first.plan is not None
    assert first.plan == second.plan
    assert first.breaches == []
    assert first.stopped_by == "work"
    start = construct(build(base)).bill
    rest = first.plan.objective - first.plan.firm_service
    assert (first.plan.firm_service, rest) < start.rank
    assert first.unavoidable <= first.bound <= first.plan.objective
    assert seen[-1].objective == first.plan.objective


def test_a_limit_of_no_time_still_gives_a_complete_plan(base: Scenario) -> None:
    result = solve(base, time_limit=0.01)
    assert result.status == "feasible"
    assert result.stopped_by == "time_limit"
    assert not result.reproducible
    assert result.breaches == []


def test_an_interrupt_keeps_the_best_plan(base: Scenario) -> None:
    stop = threading.Event()
    stop.set()
    result = solve(base, stop=stop)
    assert result.stopped_by == "interrupt"
    assert result.plan is not None
    assert result.breaches == []


def test_a_gap_that_is_reached_stops_the_search(tiny: Scenario) -> None:
    result = solve(tiny, gap=0.9)
    assert result.plan is not None
    # the start costs about 494,000 against 230,000 that nobody avoids: within 90 %
    assert result.stopped_by in ("gap", "optimal")
    assert result.plan.objective - result.bound <= 0.9 * result.plan.objective


def test_a_gap_that_is_reached_ends_a_long_limit(base: Scenario) -> None:
    result = solve(base, time_limit=600, gap=0.98)
    assert result.stopped_by == "gap"
    assert result.breaches == []


def test_a_gap_ends_the_default_mode_as_well(base: Scenario) -> None:
    result = solve(base, work=20, gap=0.97)
    assert result.stopped_by == "gap"
    assert result.reproducible


def test_construction_reports_each_better_plan_and_ends_where_it_is_told(
    base: Scenario,
) -> None:
    instance = build(base)
    seen: list[Schedule] = []
    best = construct(instance, report=seen.append)
    first = construct(instance, stop=lambda: True)
    assert first.rank == seen[0].rank
    assert best.rank == seen[-1].rank
    for before, after in pairwise(seen):  # a qualification counts by all that it saves
        saves = after.bill.regret < before.bill.regret
        assert saves if after.bill.qualification else after.rank < before.rank


def test_a_first_plan_is_the_one_with_the_least_firm_service(base: Scenario) -> None:
    instance = build(base)
    seen: list[Schedule] = []
    construct(instance, report=seen.append)

    result = solve(base, work=1)

    assert result.plan is not None
    firm = sum(tier.objective for tier in result.tiers if tier.name == "firm_service")
    assert firm <= min(plan.bill.firm_service for plan in seen)


def test_a_campaign_does_not_step_over_an_outage_between_two_batches() -> None:
    """Two days in production, a batch every third day: a day's outage fits between."""
    never = {"from": "2025-01-01"}
    document = {
        "schema_version": 1,
        "name": "gap",
        "as_of": "2026-01-01",
        "horizon": {"start": "2026-01-01", "end": "2026-02-19"},
        "sites": [
            {
                "id": "A",
                "name": "A",
                "qc_batches": [{**never, "value": 14}],
                "qa_reviewers": [{**never, "value": 14}],
            }
        ],
        "suites": [
            {
                "id": "S1",
                "site": "A",
                "stage": "mab",
                "go_live": "2025-12-12",
                "production_days": 2,
                "unplanned_downtime": 0.1,
                "changeover": "quick",
                "variable_cost": 100,
                "outages": [{"id": "down", "start": "2026-01-15", "days": 1}],
            }
        ],
        "changeovers": [
            {
                "id": "quick",
                "same_product": 0,
                "same_client": 0,
                "different_client": 1,
                "first_use": 0,
            }
        ],
        "campaign_limits": [{"id": "two", "minimum": {"clinical": 2}, "maximum": 2}],
        "release_classes": [
            {
                "id": "fast",
                "qc_days": 0,
                "qa_days": 0,
                "lead_time": {"any": {"p50": 0, "p90": 0}},
            }
        ],
        "quality": {"ppq_after_engineering_days": 0},
        "programmes": [
            {
                "id": "P0",
                "client": "X",
                "recipe": [
                    {
                        "step": "ab",
                        "stage": "mab",
                        "suites": ["S1"],
                        "release": "fast",
                        "campaign": "two",
                    }
                ],
            }
        ],
        "transfers": [{"id": "T", "programme": "P0", "site": "A", "end": "2026-01-13"}],
        "licences": [
            {"id": "L", "programme": "P0", "site": "A", "market": "clinical", **never}
        ],
        "contracts": [{"id": "C", "programme": "P0", "price": {"clinical": 1000}}],
        "orders": [
            {
                "id": "O",
                "contract": "C",
                "kind": "clinical",
                "batches": 1,
                "due": "2026-01-16",
            }
        ],
    }
    result = solve(scenario_from(document).scenario)
    assert result.status == "optimal"
    assert result.breaches == []
    assert result.plan is not None
    # Not 13 January, on time but astride the outage.
    assert [f"{c.start:%Y-%m-%d}" for c in result.plan.campaigns] == ["2026-01-16"]


def _locked_conjugate() -> dict[str, Any]:
    """A conjugation fixed in two weeks, with no antibody on hand and none in time."""
    suite = {
        "site": "S",
        "go_live": "2020-01-01",
        "production_days": 5,
        "changeover": "clean",
        "variable_cost": 1,
    }
    return {
        "schema_version": 1,
        "name": "starved",
        "as_of": "2026-01-01",
        "horizon": {"start": "2026-01-01", "end": "2026-06-30"},
        "sites": [
            {
                "id": "S",
                "name": "S",
                "qc_batches": [{"from": "2025-01-01", "value": 9}],
                "qa_reviewers": [{"from": "2025-01-01", "value": 9}],
            }
        ],
        "suites": [
            {"id": "A", "stage": "upstream_downstream", **suite, "production_days": 20},
            {"id": "C", "stage": "conjugation", **suite},
        ],
        "changeovers": [
            {
                "id": "clean",
                "same_product": 1,
                "same_client": 1,
                "different_client": 1,
                "first_use": 1,
            }
        ],
        "campaign_limits": [{"id": "size", "maximum": 9}],
        "release_classes": [
            {
                "id": "release",
                "qc_days": 10,
                "qa_days": 10,
                "lead_time": {"any": {"p50": 10, "p90": 10}},
            }
        ],
        "programmes": [
            {
                "id": "P",
                "client": "K",
                "recipe": [
                    {
                        "step": "antibody",
                        "stage": "upstream_downstream",
                        "suites": ["A"],
                        "release": "release",
                        "campaign": "size",
                    },
                    {
                        "step": "conjugate",
                        "stage": "conjugation",
                        "suites": ["C"],
                        "release": "release",
                        "campaign": "size",
                        "supply": {
                            "how": "frozen",
                            "ratio": 1,
                            "at_risk": True,
                            "shelf_life_days": 100,
                        },
                    },
                ],
            }
        ],
        "licences": [
            {
                "id": "P@S",
                "programme": "P",
                "site": "S",
                "market": "clinical",
                "from": "2020-01-01",
            }
        ],
        "contracts": [{"id": "C-P", "programme": "P", "price": {"clinical": 1000}}],
        "orders": [
            {
                "id": "O",
                "contract": "C-P",
                "kind": "clinical",
                "batches": 1,
                "due": "2026-05-31",
            }
        ],
        "locks": [
            {
                "id": "L",
                "programme": "P",
                "suite": "C",
                "kind": "clinical",
                "batches": 1,
                "start": "2026-01-15",
            }
        ],
    }


def test_a_locked_campaign_without_its_input_has_no_plan_and_that_is_confirmed() -> (
    None
):
    # the antibody takes 20 days and could start on 2 January after its changeover
    result = solve(scenario_from(_locked_conjugate()).scenario)
    assert result.status == "infeasible"
    assert result.plan is None


def test_the_same_campaign_two_weeks_later_has_one() -> None:
    document = _locked_conjugate()
    document["locks"][0]["start"] = "2026-01-29"
    result = solve(scenario_from(document).scenario)
    assert result.status == "optimal"
    assert result.breaches == []


def _least_by_brute_force(book: Book, line_id: str) -> int:
    """Least cost of one batch of a line over every suite and start tick."""
    line = book.lines[line_id]
    step = book.last_step(line.programme).step
    found = []
    for suite in book.eligible_suites(line):
        kg = book.kg(line.programme, suite.id)
        price = price_share(book, line, kg)
        found.append(cost_of_unserved(book, line, price))
        lead = book.lead_in(suite, line.programme)
        lead += book.lead_time(line.programme, step, line.kind)
        right = earliest_right(book, line, suite)
        for low, high in allowed_starts(book, line, suite):
            for start in range(low, high + 1):
                able = max(start + lead, right or start + lead)
                late = max(0, able - book.deadline(line))
                if late > book.grid.whole(book.scenario.economics.max_late_days):
                    continue
                money = cost_of_lateness(book, price, late)
                money += cost_of_holding(book, price, line, able)
                money += cost_of_suite(book, line, suite.id)
                if right is not None and start < right:
                    money += cost_of_risk(book, line, suite.id)
                found.append(money)
    return min(found)


def test_unavoidable_regret_is_the_least_over_every_start_tick(tiny: Scenario) -> None:
    book = Book(tiny)
    by_hand = sum(
        line.batches * _least_by_brute_force(book, name)
        for name, line in book.lines.items()
    )
    # nothing in stock, in release or locked: no batch is dropped
    assert unavoidable(tiny) == by_hand == 230_000


@pytest.mark.parametrize("name", [p.stem for p in sorted(SCENARIOS.glob("*.yaml"))])
def test_the_constructed_plan_keeps_the_rules_of_a_shipped_scenario(
    name: str, two_years: Callable[[str], Scenario]
) -> None:
    whole, early = read(SCENARIOS / f"{name}.yaml").scenario, two_years(name)
    # of all years the first plan only: trying qualifications takes ten times as long
    first = construct(build(whole), stop=lambda: True)
    for scenario, built in ((whole, first), (early, construct(build(early)))):
        plan = to_plan(built, "")
        assert breaches(scenario, plan) == []
        assert plan.objective >= unavoidable(scenario)


def test_a_minimum_between_two_multiples_costs_what_the_next_multiple_costs() -> None:
    """Campaigns of 4 or more in threes are campaigns of 6: the optimum is the same."""
    found = []
    for minimum in (4, 6):
        document = read(SCENARIOS / "tiny.yaml").document
        document["orders"] = [o for o in document["orders"] if o["id"] == "A-2"]
        limits = document["campaign_limits"][0]
        limits["minimum"] = {"commercial": minimum}
        limits["multiple"] = 3
        result = solve(scenario_from(document).scenario)
        assert result.plan is not None
        assert result.status == "optimal"
        found.append((result.plan.objective, result.bound))
    assert found[0] == found[1]


def test_a_batch_that_uses_itself_or_stands_twice_is_told(tiny: Scenario) -> None:
    plan = to_plan(construct(build(tiny)), "")
    batch = plan.batches[0].batch
    row = Consumption(batch=batch, uses=[batch])
    spoilt = plan.model_copy(update={"consumes": [row, row]})
    # no step of tiny has another before it, so no batch uses anything
    assert f"consumes: batch {batch} can't use {batch}" in breaches(tiny, spoilt)
    assert f"consumes: batch {batch} stands twice" in breaches(tiny, spoilt)
