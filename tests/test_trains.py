"""Linked campaigns searched train by train, and networks too large for a model."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_linked import day, documents, train
from test_linked import network as paper

from benchmarks.linked import network, table
from capacity.checker import breaches
from capacity.instance import build
from capacity.model.linked import stairs
from capacity.publish import to_plan
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.solver import solve
from capacity.solver.linked import MOST_STAIRS
from capacity.trains import (
    BROKEN,
    Annealing,
    Laid,
    Layer,
    Wish,
    first_plan,
    search_trains,
    wishes_of,
)
from capacity.validate import problems

EXAMPLES = max(40, settings().max_examples // 2)


def moved(layer: Layer, moves: int, seed: int) -> tuple[Laid, Laid]:
    """The first plan, and one after so many looks at trains."""
    first = first_plan(layer, lambda: False)
    found = search_trains(
        first,
        layer,
        seed=seed,
        done=lambda made: made / moves,
        report=lambda _: None,
    )
    return first, found


@settings(max_examples=EXAMPLES)
@given(documents(), st.integers(0, 9))
def test_what_is_laid_keeps_the_rules_and_costs_what_the_checker_counts(
    document: dict[str, Any], seed: int
) -> None:
    scenario = Scenario.model_validate(document)
    assume(not problems(scenario))
    layer = Layer(build(scenario))

    first, found = moved(layer, 600, seed)

    assert found.money <= first.money
    for laid in (first, found):
        plan = to_plan(layer.schedule(laid), "laid")
        wrong = breaches(scenario, plan)
        if laid.money >= BROKEN:  # of a stock that may not be short
            assert wrong
        else:
            assert wrong == []
            assert plan.objective == laid.money


def test_what_is_laid_once_is_laid_again_from_where_it_was() -> None:
    scenario = Scenario.model_validate(paper(hold_days=30))
    layer = Layer(build(scenario))
    first, other = train(5, 1, 15), train(20, 2, 33, (33, 40))
    schedule = Schedule(layer.instance, (*first, *other))
    assert breaches(scenario, to_plan(schedule, "drawn")) == []

    again = layer.schedule(layer.laid(wishes_of(schedule)))

    assert to_plan(again, "drawn") == to_plan(schedule, "drawn")


def test_a_network_too_large_for_the_model_gets_a_plan_at_once_and_a_better_one() -> (
    None
):
    scenario = Scenario.model_validate(network(4))
    assert problems(scenario) == []
    layer = Layer(build(scenario))
    assert stairs(layer.instance) > MOST_STAIRS

    nothing = layer.laid([]).money
    first, found = moved(layer, 20_000, 0)

    assert first.money < nothing / 20
    assert found.money < first.money
    wanted = sum(row.wanted for row in layer.instance.stocked.values())
    assert sum(train.wish.batches for train in first.trains) >= wanted


def test_a_large_network_is_solved_the_same_way_twice() -> None:
    scenario = Scenario.model_validate(network(2))

    one, other = (solve(scenario, work=1.0) for _ in range(2))

    assert one.plan is not None
    assert one.breaches == []
    assert one.plan == other.plan
    assert 0 <= one.bound <= one.plan.objective


def test_the_table_of_linked_networks_reads_profit_at_every_mark() -> None:
    rows = [(0.5, 900, 1000), (20.0, 940, 990), (70.0, 960, 980)]

    assert table(rows).splitlines()[2:] == [
        "| 0.5 | 900 | 1,000 |",
        "| 10 | 900 | 1,000 |",
        "| 30 | 940 | 990 |",
        "| 60 | 940 | 990 |",
        "| 70 | 960 | 980 |",
    ]


def test_what_feeds_directly_lies_on_one_site() -> None:
    document = paper(hold_days=0)
    document["sites"].append({"id": "B", "name": "B"})
    upstream, downstream = document["suites"]
    document["suites"] += [
        {**upstream, "id": "UB", "site": "B", "production_days": 30},
        {**downstream, "id": "DB", "site": "B"},
    ]
    downstream["production_days"] = 10  # the quickest of each are apart
    first_step, second_step = document["programmes"][0]["recipe"]
    first_step["suites"], second_step["suites"] = ["U", "UB"], ["D", "DB"]
    begin = document["horizon"]["start"]
    document["transfers"].append(
        {"id": "P@B", "programme": "P", "site": "B", "end": begin}
    )
    scenario = Scenario.model_validate(document)
    layer = Layer(build(scenario))

    for laid in moved(layer, 600, 0):
        assert laid.trains
        assert breaches(scenario, to_plan(layer.schedule(laid), "laid")) == []


def test_a_stock_that_may_not_be_too_full_is_kept_by_what_comes_out() -> None:
    document = paper(hold_days=0)
    document["horizon"]["end"] = day(79)
    document["demand"] = [
        {"id": f"X{k}", "programme": "P", "due": day(40 + 20 * k), "quantity": 1}
        for k in range(3)
    ]
    document["made_to_stock"][0] |= {
        **{"shelf_life_days": 60, "waste_cost": 200},
        **{"storage_cost": 0, "storage_limit": 0},
    }

    found = solve(Scenario.model_validate(document), work=2.5)

    assert found.plan is not None
    assert found.breaches == []
    assert found.plan.objective == 12


def test_trains_in_threes_are_split_and_passed_on_in_threes() -> None:
    document = paper()
    document["horizon"]["end"] = day(400)
    for limits in document["campaign_limits"]:
        limits |= {"multiple": 3, "maximum": 12}
    layer = Layer(build(Scenario.model_validate(document)))
    programme, recipe = next(iter(layer.recipes.items()))
    suites = tuple(min(step.modes) for step in recipe)
    both = [Wish(programme, 6, suites, (at, *(0 for _ in suites[1:]))) for at in (0, 1)]
    search = Annealing(layer.laid(both), layer, seed=1)

    passed = [search.pass_on(list(both)) for _ in range(40)]
    parted = [search.split(list(both)) for _ in range(5)]

    assert {w.batches for wishes in passed for w in wishes or ()} == {3, 9}
    assert [sorted(w.batches for w in wishes or ()) for wishes in parted] == [
        [3, 3, 6]
    ] * 5
