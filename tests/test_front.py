"""Fronts of two objectives: worked out by hand, written whole, drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread
from test_linked import network as linked_network
from test_objectives import sixty_one_days
from typer.testing import CliRunner

from capacity import cli, plots, reading
from capacity.aims import Weights
from capacity.folders import OutputError
from capacity.front import Front, Line, search_front, table, write
from capacity.instance import build
from capacity.plan import Plan
from capacity.reading import ScenarioError
from capacity.scenario import Scenario
from capacity.solver import Result, solve

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
