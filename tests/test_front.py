"""Fronts of two objectives: worked out by hand, written whole, drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.image import imread
from test_linked import network as linked_network
from test_objectives import sixty_one_days
from test_stock import DAY_30, DAY_60, DAY_90, made, stock_network
from typer.testing import CliRunner

from capacity import cli, plots, reading
from capacity.aims import Weights, priced, regret_of, weighted
from capacity.board import Board
from capacity.folders import OutputError
from capacity.front import Front, Line, edge, search_front, table, write
from capacity.instance import Cap, build
from capacity.model import Scope
from capacity.model import build as build_model
from capacity.model.linked import build_linked, values_linked
from capacity.model.plans import locked_only, values
from capacity.plan import Plan
from capacity.reading import ScenarioError
from capacity.scenario import Objective, Scenario
from capacity.schedule import Run, Schedule
from capacity.search import completed
from capacity.solver import Result, held, solve
from capacity.trains import BROKEN, Layer, wishes_of

command = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The front of profit and throughput of a suite with 61 days."""
    place = tmp_path_factory.mktemp("front")
    (place / "one.yaml").write_text(json.dumps(sixty_one_days("regret")))
    asked = ["solve", str(place / "one.yaml"), "--pareto", "profit,throughput"]
    told = command.invoke(cli.app, [*asked, "-o", str(place / "front")])
    assert told.exit_code == 0, told.output
    return place / "front"


def test_a_front_goes_from_the_most_profit_to_the_most_throughput(folder: Path) -> None:
    # Two are sold for 200 and made for 20. A third batch costs 10; from the fourth on
    # they lie in stock on day 30 or day 60 as well (1 each). Nine find time.
    rows = pd.read_csv(folder / "front.csv")

    ends = rows.iloc[[0, -1]][["profit", "throughput"]].to_numpy().tolist()
    assert ends[0] == [180, 2]
    assert ends[1][1] == 9
    assert [170, 3] in rows[["profit", "throughput"]].to_numpy().tolist()
    assert set(rows.proved) == {"yes"}
    assert (rows.profit == rows.profit_bound).all()
    assert rows.profit.is_monotonic_decreasing
    assert rows.throughput.is_monotonic_increasing


def test_every_plan_of_a_front_is_a_run_that_the_checker_accepts(folder: Path) -> None:
    rows = pd.read_csv(folder / "front.csv")

    for row in rows.to_dict("records"):
        run = folder / row["run"]
        assert command.invoke(cli.app, ["check", str(run)]).exit_code == 0
        kpis = json.loads((run / "kpis.json").read_text())
        assert kpis["profit"] == row["profit"]
        assert kpis["profit_bound"] == rows.profit.max()


def test_a_front_is_drawn_with_what_no_plan_reaches(folder: Path) -> None:
    assert imread(folder / "front.png").shape[:2] == (1125, 2000)


def test_filled_points_are_proved_and_each_has_its_number() -> None:
    scenario = Scenario.model_validate(sixty_one_days("profit"))
    rows = pd.DataFrame(
        [
            [1, "point-1", 180, 2, 180, 2, "yes"],
            [2, "point-2", 120, 7, 130, 8, "no"],
        ],
        columns=["point", "run", "profit", "throughput", "a", "b", "proved"],
    )

    figure = plots.front_figure(
        scenario, rows, ("profit", "throughput"), [(180.0, 2.0), (120.0, 8.0)]
    )

    drawn = {str(line.get_gid()): line for line in figure.axes[0].lines}
    assert drawn["point:1"].get_markerfacecolor() != "white"
    assert drawn["point:2"].get_markerfacecolor() == "white"
    notes = {text.get_gid(): text.get_text() for text in figure.axes[0].texts}
    assert notes["note:2"] == "2   120 USD, 7 batches, not proved"


def test_a_line_says_what_no_plan_betters_that_is_as_good_in_the_other() -> None:
    instance = build(Scenario.model_validate(sixty_one_days("throughput")))
    front = Front(instance, ("profit", "throughput"))
    front.lines = [Line((1, 0), 3), Line((2, 5), 31)]

    # 2 x + 5 y >= 31: with y at most 4 it is x >= 5.5, so 6; with y at most 6 x >= 3.
    assert [front.least(y, 0) for y in (4, 6)] == [6, 3]
    assert front.least(3, 1) == 5


def test_an_unproved_search_leaves_its_points_unproved() -> None:
    scenario = Scenario.model_validate(sixty_one_days("throughput"))

    def poor(weights: object, start: object) -> object:
        result = solve(scenario, work=0.01, weights=weights)  # type: ignore[arg-type]
        object.__setattr__(result, "priced_bound", 0)
        return result

    front = search_front(scenario, ("profit", "throughput"), poor, most=2)  # type: ignore[arg-type]

    # No regret at all needs no proof, but more might be made without any.
    assert table(front).proved.to_list() == ["no", "no"]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("profit", "should name two objectives"),
        ("profit,thruput", "unknown objective thruput"),
        ("profit,regret", "plans are in the same order by both"),
        ("throughput,throughput", "plans are in the same order by both"),
    ],
)
def test_a_pair_that_makes_no_front_is_refused(
    tmp_path: Path, pair: str, said: str
) -> None:
    (tmp_path / "one.yaml").write_text(json.dumps(sixty_one_days("regret")))

    told = command.invoke(
        cli.app, ["solve", str(tmp_path / "one.yaml"), "--pareto", pair]
    )

    assert told.exit_code == 2
    assert said in " ".join(told.output.replace("│", " ").split())


def test_an_objective_that_the_scenario_can_t_have_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(json.dumps(sixty_one_days("regret")))
    asked = ["solve", str(tmp_path / "one.yaml"), "--pareto", "profit,target_deficit"]

    told = command.invoke(cli.app, asked)

    assert isinstance(told.exception, ScenarioError)
    assert "nothing made to stock has a target" in str(told.exception)
    assert "--pareto: " in str(told.exception)
    assert "--set" not in str(told.exception)


def test_a_front_replaces_only_a_front(folder: Path, tmp_path: Path) -> None:
    scenario = str(folder.parent / "one.yaml")
    asked = ["solve", scenario, "--pareto", "profit,throughput", "-o"]
    (tmp_path / "mine.txt").write_text("kept")

    there = command.invoke(cli.app, [*asked, str(folder)])
    other = command.invoke(cli.app, [*asked, str(tmp_path), "--overwrite"])

    assert isinstance(there.exception, OutputError)
    assert "exists; --overwrite replaces it" in str(there.exception)
    assert isinstance(other.exception, OutputError)
    assert "isn't a front" in str(other.exception)
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_linked_campaigns_have_fronts_too() -> None:
    # What is made for its own sake has no price to anneal by.
    scenario = Scenario.model_validate(linked_network())

    def search(weights: Weights, start: Plan | None) -> Result:
        return solve(scenario, work=2.0, weights=weights, start=start)

    front = search_front(scenario, ("profit", "throughput"), search, most=3)

    rows = table(front)
    assert front.rejected is None
    assert rows.profit.is_monotonic_decreasing
    assert rows.throughput.is_monotonic_increasing
    assert (rows.profit <= rows.profit_bound).all()
    assert (rows.throughput <= rows.throughput_bound).all()


@pytest.mark.parametrize("searches", [0, 1])
def test_a_front_that_is_stopped_has_the_points_so_far(
    searches: int, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text(json.dumps(sixty_one_days("profit")))
    loaded = reading.read(tmp_path / "s.yaml")
    made = 0

    def one(weights: Weights, start: Plan | None) -> Result:
        nonlocal made
        made += 1
        return solve(loaded.scenario, work=1, weights=weights, start=start)

    found = search_front(
        loaded.scenario,
        ("throughput", "profit"),
        one,
        stopped=lambda: made >= searches,
    )
    write(found, tmp_path / "f", loaded, options={}, seed=0, overwrite=False)

    assert made == 1
    assert len(pd.read_csv(tmp_path / "f" / "front.csv")) == 1


def in_threes_at_a_price() -> Scenario:
    """From the third batch on one costs 10, and from the fourth a campaign of three 30.

    Batches 4, 5, 7 and 8 aren't worth their campaign: the line from 3 over 6 to 9 passes.
    """
    document = sixty_one_days("profit")
    document["suites"][0]["campaign_cost"] = 30
    document["made_to_stock"][0]["storage_cost"] = 0
    return Scenario.model_validate(document)


def found_between(scenario: Scenario, most: int) -> pd.DataFrame:
    """The front of profit and throughput, each search proved or not."""

    def search(weights: Weights, start: Plan | None) -> Result:
        return solve(scenario, work=2.0, weights=weights, start=start)

    front = search_front(scenario, ("profit", "throughput"), search, most=most)
    assert front.rejected is None
    corners = edge(front)
    assert corners[0][0] == front.said(0, front.points[0].pair[0])
    for point in front.points:
        assert front.exactly(point.pair[0], 1) <= point.pair[1]
    return table(front)


IN_THREES = [[150, 2], [140, 3], [100, 4], [90, 5], [80, 6], [40, 7], [30, 8], [20, 9]]


def test_plans_behind_the_line_through_their_neighbours_are_found_and_proved() -> None:
    rows = found_between(in_threes_at_a_price(), most=20)

    assert rows[["profit", "throughput"]].to_numpy().tolist() == IN_THREES
    assert set(rows.proved) == {"yes"}


def test_moves_find_plans_behind_the_line_where_no_model_proves_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held, "WHOLE_SLOTS", 0)

    rows = found_between(in_threes_at_a_price(), most=20)

    assert rows[["profit", "throughput"]].to_numpy().tolist() == IN_THREES


def test_a_plan_that_keeps_too_little_breaks_a_rule_of_the_search() -> None:
    instance = build(in_threes_at_a_price())
    kept = replace(instance, cap=Cap("throughput", -3))
    step = instance.steps[0]

    board = Board(kept)
    assert board.breaks == 3

    first = board.earliest(None, step, 0, 2, False, 0)
    assert first is not None
    assert board.swap([], [first]) is not None
    assert board.breaks == 1
    board.revert()
    assert board.breaks == 3


def test_a_line_of_a_held_search_speaks_of_plans_that_keep_it() -> None:
    line = Line((7, 1), 75, (1, 5))  # 7 x + y >= 75 where y is at most 5

    assert [line.least(y, 0) for y in (5, 4, 6)] == [10, Fraction(71, 7), None]
    assert [line.least(x, 1) for x in (8, 10)] == [6, 5]


@pytest.mark.parametrize("pair", [("profit", "throughput"), ("throughput", "profit")])
def test_either_order_holds_the_amount(pair: tuple[Any, Any]) -> None:
    scenario = in_threes_at_a_price()

    def search(weights: Weights, start: Plan | None) -> Result:
        return solve(scenario, work=2.0, weights=weights, start=start)

    front = search_front(scenario, pair, search, most=20)

    rows = table(front)
    assert sorted(rows[["profit", "throughput"]].to_numpy().tolist()) == sorted(
        IN_THREES
    )
    assert set(rows.proved) == {"yes"}


def test_linked_campaigns_have_plans_behind_the_line_too() -> None:
    document = linked_network()
    document["campaign_limits"][0]["maximum"] = 2
    scenario = Scenario.model_validate(document)

    rows = found_between(scenario, most=12)

    assert rows.profit.is_monotonic_decreasing
    assert (rows.profit <= rows.profit_bound).all()
    assert (rows.throughput <= rows.throughput_bound).all()
    assert list(rows.throughput) == sorted({*rows.throughput})


@pytest.mark.parametrize(
    ("objective", "worst", "keeps"),
    [
        ("target_deficit", 3, True),
        ("target_deficit", 2, False),
        ("throughput", 3, True),  # of so many that time has room for
        ("throughput", 4, False),
    ],
)
def test_the_model_keeps_an_amount_as_far_as_the_checker_counts_it(
    objective: Objective, worst: int, keeps: bool
) -> None:
    # Stock of 1, 0 and 2 against targets of 2, 2 and 1: three batches, a deficit of 3.
    document = stock_network((DAY_30, 0), (DAY_60, 1), (DAY_90, 0), target=2)
    document["demand"][2]["target"] = 1
    case = made(document, (15, 1), (60, 2))
    instance = build(case.scenario)
    if objective == "throughput":
        worst = regret_of(instance, objective, worst)
    priced_so = priced(instance, weighted({"profit": 1}, (objective, worst)))
    schedule = replace(case.schedule, instance=priced_so)

    model, v, _ = build_model(priced_so, Scope(locked_only(schedule)))
    found = completed(model, values(v, schedule), lambda: False)

    assert (found.solution is not None) == keeps


@pytest.mark.parametrize(("batches", "keeps"), [(4, True), (5, False)])
def test_trains_keep_an_amount(batches: int, keeps: bool) -> None:
    scenario = Scenario.model_validate(linked_network())
    instance = build(scenario)
    worst = regret_of(instance, "throughput", batches)
    weights = weighted({"profit": 1, "throughput": 1}, ("throughput", worst))
    priced_so = priced(instance, weights)
    layer, nothing = Layer(priced_so), (None,) * 4
    grown, pure = (
        Run(0, 1, 5, 10, nothing, nothing),
        Run(1, 0, 15, 5, nothing, nothing, feed=(1, 5), paced=(15, 25, 35, 45)),
    )
    schedule = Schedule(priced_so, (grown, pure))

    trains = build_linked(priced_so)
    pins = values_linked(trains, schedule)
    found = completed(trains.v.model, pins, lambda: False)
    laid = layer.laid(wishes_of(schedule))

    assert (found.solution is not None) == keeps
    assert (laid.money < BROKEN) == keeps
