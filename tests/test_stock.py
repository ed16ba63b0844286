"""Demand against stock: plans worked out by hand, to the unit."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from PIL import Image
from strategies import Case, cases
from test_pictures import collisions
from test_pinned import agree
from test_rules import network
from typer.testing import CliRunner

from benchmarks import inventory
from capacity import cli, plots, reading, tables
from capacity.board import board_of
from capacity.checker import breaches, broken_rules
from capacity.construct import construct
from capacity.instance import build
from capacity.levels import stock_bound
from capacity.model import Scope
from capacity.model import build as build_model
from capacity.model.plans import locked_only
from capacity.plan import Plan, StockPeriod
from capacity.publish import to_plan
from capacity.reinsert import improve
from capacity.scenario import Scenario
from capacity.schedule import Run, Schedule
from capacity.search import Limits, search
from capacity.solver import solve
from capacity.validate import problems, rough_cut, warnings

Row = dict[str, Any]

EXAMPLES = settings().max_examples


def stock_network(*demand: tuple[str, Any], **fields: Any) -> Row:
    """P is made to stock in S, a batch in 10 days at a variable cost of 10, takt 5.

    A unit sells for 100. What waits costs 20 at a period's end, stock 1, waste 5.
    """
    document = network()
    document["sites"][0]["shutdowns"] = []
    document["suites"][0]["variable_cost"] = 10
    document["changeovers"][0]["cost"] = 0
    document["campaign_limits"][0]["minimum"] = {}
    document["programmes"].pop()
    document["licences"].pop()
    document["due_rule"] = "strict"
    document["contracts"] = document["orders"] = []
    document["made_to_stock"] = [
        {
            "id": "P-stock",
            "programme": "P",
            "price": 100,
            "shortage_cost": 20,
            "storage_cost": 1,
            "waste_cost": 5,
            "release_days": 0,
        }
        | fields
    ]
    document["demand"] = [
        {"id": f"D{n}", "programme": "P", "due": due, "quantity": quantity}
        for n, (due, quantity) in enumerate(demand)
    ]
    return document


def made(document: Row, *campaigns: tuple[int, int]) -> Case:
    """Campaigns of P in S (start, batches), which take no QC and QA."""
    scenario = Scenario.model_validate(document)
    assert problems(scenario) == []
    instance = build(scenario)
    runs = tuple(
        Run(0, 0, start, 5, (None,) * n, (None,) * n) for start, n in campaigns
    )
    return Case(scenario, Schedule(instance, runs))


def planned(case: Case) -> Plan:
    """The plan, which model and checker agree on, where the model has so many batches."""
    assert agree(case) is not False
    plan = to_plan(case.schedule, "drawn")
    assert breaches(case.scenario, plan) == []
    return plan


def flows(plan: Plan, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, name) for name in names) for row in plan.stocks]


DAY_30, DAY_60, DAY_90 = "2026-01-31", "2026-03-02", "2026-04-01"
DAY_120 = "2026-05-01"


@pytest.mark.parametrize("shortage", ["hard", "lost"])
def test_a_batch_of_which_most_finds_no_room_is_made_for_every_period(
    shortage: str,
) -> None:
    # A batch has 10 kg, 3 are wanted on each of three days and none may be kept. Three
    # batches bring 9 kg to sale, so 21 kg more than that are made (1 each) and wasted (5).
    document = stock_network(
        *((due, 3) for due in (DAY_30, DAY_60, DAY_90)),
        unit="kg",
        shortage=shortage,
        storage_limit=0,
        over_limit="wasted",
    )
    document["programmes"][0]["recipe"][0]["kg_per_batch"] = {"S": 10}

    result = solve(Scenario.model_validate(document), work=10)

    assert (result.status, result.breaches) == ("optimal", [])
    assert result.plan is not None
    assert result.plan.objective == result.bound == 21 * 1 + 21 * 5


def test_what_waits_is_served_as_soon_as_there_is_stock() -> None:
    # Out on days 30, 35 and 40. Of two wanted on day 30 one waits (20); on day 60 one
    # is left (1), which day 90 takes.
    document = stock_network((DAY_30, 2), (DAY_60, 0), (DAY_90, 1))

    plan = planned(made(document, (20, 3)))

    assert flows(plan, "opening", "made", "sold", "backlog", "closing", "cost") == [
        (0, 1, 1, 1, 0, 20),
        (0, 2, 1, 0, 1, 1),
        (1, 0, 1, 0, 0, 0),
    ]
    assert plan.costs.model_dump(exclude_defaults=True) == {
        "shortage": 20,
        "storage": 1,
    }
    assert plan.objective == 21


def test_the_objective_is_what_the_profit_lacks_of_all_sold_at_its_cheapest() -> None:
    # Two of three are made. Sold 200, made for 20, 20 waits on each of two days, then
    # for ever: 200 - 20 - 60 = 120. All sold at the cheapest is 300 - 30 = 270.
    document = stock_network((DAY_30, 2), (DAY_60, 0), (DAY_90, 1))

    plan = planned(made(document, (20, 1), (50, 1)))

    assert flows(plan, "sold", "backlog", "closing") == [
        (1, 1, 0),
        (1, 0, 0),
        (0, 1, 0),
    ]
    # On day 30 one waits; what is made for day 60 serves it; on day 90 one waits.
    profit = 200 - 20 - 20 - 20
    assert plan.objective == 270 - profit
    assert plan.costs.shortage == 40
    assert plan.costs.unserved == 100 - 10
    assert plan.costs.variable == 0


def test_a_batch_that_nobody_needs_costs_in_full() -> None:
    plan = planned(made(stock_network((DAY_60, 1)), (10, 2)))

    assert plan.costs.variable == 10
    assert plan.costs.storage == 1


def test_a_batch_counts_on_the_last_tick_of_its_life_and_not_after() -> None:
    # Out on day 35 it is 25 days old on day 60.
    for life, sold, waste in ((25, 1, 0), (24, 0, 1)):
        document = stock_network((DAY_60, 1), shelf_life_days=life)

        plan = planned(made(document, (25, 1)))

        assert flows(plan, "sold", "waste") == [(sold, waste)]
        assert plan.costs.waste == 5 * waste


@pytest.mark.parametrize(("issue", "kept"), [("fefo", 1), ("fifo", 0)])
def test_what_goes_out_first_decides_what_expires(issue: str, kept: int) -> None:
    # The opening unit keeps till summer. The batch is out on day 35, in the second
    # period, and expires after day 65: if it isn't sold on day 60, it is wasted.
    document = stock_network(
        (DAY_30, 0),
        (DAY_60, 1),
        (DAY_90, 1),
        issue=issue,
        shelf_life_days=30,
        opening=[{"quantity": 1, "expiry": "2026-06-30"}],
    )

    plan = planned(made(document, (25, 1)))

    assert flows(plan, "sold", "waste", "backlog") == [
        (0, 0, 0),
        (1, 0, 0),
        (kept, 1 - kept, 1 - kept),
    ]


def test_opening_stock_serves_till_its_last_day() -> None:
    for expiry, waste in ((DAY_60, 0), ("2026-03-01", 2)):
        opening = [{"quantity": 2, "expiry": expiry}]
        document = stock_network((DAY_60, 2), opening=opening)

        plan = planned(made(document))

        assert [row.waste for row in plan.stocks] == [waste]
        # What is on hand has no variable cost: nothing could be saved.
        assert plan.costs.unserved == 100 * waste


def test_kilograms_supply_part_of_a_batch() -> None:
    # Two batches of 2.5 kg: 4 kg on day 60, and of the 1.5 kg then wanted 0.5 waits.
    document = stock_network((DAY_60, 4), (DAY_90, "1.5"), unit="kg")
    document["programmes"][0]["recipe"][0]["kg_per_batch"] = {"S": 2.5}

    plan = planned(made(document, (10, 2)))

    half = Fraction(1, 2)
    assert flows(plan, "made", "sold", "closing", "backlog", "cost") == [
        (5, 4, 1, 0, 1),
        (0, 1, 0, half, 10),
    ]
    # Half a kilogram unsold, which at 10 for 2.5 kg would have cost 2 to make.
    assert plan.costs.unserved == 50 - 2


def test_every_amount_of_money_is_rounded_up() -> None:
    document = stock_network((DAY_60, "1.5"), unit="kg", storage_cost="0.3")
    document["programmes"][0]["recipe"][0]["kg_per_batch"] = {"S": 2}

    plan = planned(made(document, (10, 1)))

    assert plan.costs.storage == 1  # 0.15


def test_what_isn_t_supplied_in_time_is_lost_where_it_doesn_t_wait() -> None:
    document = stock_network((DAY_30, 2), (DAY_60, 1), shortage="lost")

    plan = planned(made(document, (20, 2)))

    assert flows(plan, "sold", "lost", "backlog") == [(1, 1, 0), (1, 0, 0)]
    assert plan.costs.shortage == 20
    assert plan.costs.unserved == 100 - 10


def test_a_hard_demand_refuses_a_shortage() -> None:
    document = stock_network((DAY_30, 1), (DAY_60, 1), shortage="hard")

    assert agree(made(document, (20, 2)))
    late = made(document, (21, 2))
    assert agree(late) is False
    assert broken_rules(late.scenario, to_plan(late.schedule, "")) == [
        "P lacks 1 batches at the end of 2026-01-31"
    ]


def test_the_storage_limit_forbids_or_wastes() -> None:
    over = made(stock_network((DAY_60, 0), storage_limit=1), (10, 2))
    document = stock_network((DAY_60, 0), storage_limit=1, over_limit="wasted")

    assert agree(over) is False
    assert broken_rules(over.scenario, to_plan(over.schedule, "")) == [
        "P has 2 batches in stock at the end of 2026-03-02; 1 find room"
    ]
    plan = planned(made(document, (10, 2)))
    assert flows(plan, "waste", "closing", "cost") == [(1, 1, 6)]


def test_costs_per_day_run_from_entry_and_till_the_next_end() -> None:
    # Out on day 20 it lies 10 days till day 30. What is wanted then and on day 60 waits
    # 30 days till day 60, and two units from there to the horizon's end on day 181.
    document = stock_network((DAY_30, 2), (DAY_60, 1), costs_per="day")

    plan = planned(made(document, (10, 1)))

    assert plan.costs.storage == 10
    assert plan.costs.shortage == 20 * (30 + 2 * 121)


def test_targets_are_of_the_programme_of_the_row_or_months_of_demand() -> None:
    # Two months after 31 January are until 31 March: day 60 only.
    document = stock_network(
        (DAY_30, 0), (DAY_60, 2), (DAY_90, 3), target_months=2, target_cost=7
    )
    document["demand"][1]["target"] = 1

    plan = planned(made(document, (20, 1)))

    assert flows(plan, "closing", "target") == [(1, 2), (0, 1), (0, 0)]
    assert plan.costs.deficit == 7 + 7


def test_a_batch_enters_when_it_is_released_and_licensed_everywhere() -> None:
    # Out on day 20, a lag of 3 days; licensed for EU from day 31.
    document = stock_network((DAY_30, 1), release_days=3, markets=["US"])
    assert planned(made(document, (10, 1))).stocks[0].sold == 1
    document["made_to_stock"][0]["markets"].append("EU")
    licence = {"id": "EU", "market": "EU", "from": "2026-02-01"}
    document["licences"].append(document["licences"][0] | licence)

    plan = planned(made(document, (10, 1)))

    assert plan.stocks[0].sold == 0
    assert plan.batches[0].available is not None
    assert plan.batches[0].available.isoformat() == "2026-02-01T00:00:00"


def test_a_release_class_holds_where_no_lag_is_stated() -> None:
    # Campaigns of two at the least, as for any commercial batch, tested in the queues.
    document = stock_network((DAY_60, 1), release_days=None)
    document["campaign_limits"][0]["minimum"] = {"commercial": 2}
    scenario = Scenario.model_validate(document)

    result = solve(scenario, work=5)

    assert result.plan is not None
    assert result.status == "optimal"
    assert [row.kind for row in result.plan.batches] == ["commercial"] * 2
    assert all(row.qc_start for row in result.plan.batches)
    # The second, which nobody needs, comes in after the last period's end.
    assert result.plan.objective == 10


def test_a_small_case_is_proved() -> None:
    # All can be made just in time by four campaigns: nothing is kept or wasted.
    document = stock_network(
        (DAY_30, 1), (DAY_60, 2), (DAY_90, 0), (DAY_120, 2), shelf_life_days=40
    )

    result = solve(Scenario.model_validate(document), work=10)

    assert result.plan is not None
    assert result.status == "optimal"
    assert result.plan.objective == 0
    assert breaches(Scenario.model_validate(document), result.plan) == []


def searched_alike(case: Case) -> None:
    """What a search says of a plan's campaigns is what the checker says of them."""
    plan = to_plan(case.schedule, "")
    if broken_rules(case.scenario, plan):
        return
    board = board_of(case.schedule)
    again = board.snapshot().schedule()
    expected = again.bill.rank if again.instance.strict else (0, again.bill.regret)
    assert board.rank == (0, *expected)
    assert breaches(case.scenario, to_plan(again, "")) == []


@settings(max_examples=max(20, EXAMPLES // 8), derandomize=True)
@given(cases(frozenset({"stock"})))
def test_a_plan_that_is_searched_costs_what_the_checker_says(case: Case) -> None:
    searched_alike(case)


@settings(max_examples=max(40, EXAMPLES // 8), derandomize=True)
@given(cases(frozenset({"stock", "qualifications"})))
def test_and_so_it_does_where_rights_are_decided(case: Case) -> None:
    searched_alike(case)


def test_a_plan_states_its_periods_as_its_batches_make_them() -> None:
    case = made(stock_network((DAY_60, 1)), (10, 2))
    plan = planned(case)
    wrong = plan.stocks[0].model_copy(update={"sold": Fraction(2)})

    assert isinstance(wrong, StockPeriod)
    assert breaches(case.scenario, plan.model_copy(update={"stocks": [wrong]})) == [
        "the stocks of the plan aren't what its batches make of them"
    ]


# ------------------------------------------------------------------- large cases


def test_a_large_case_is_constructed_and_searched() -> None:
    # Two years of quarters for five of the products: too large to be solved whole.
    document = inventory.network()
    kept = [f"P{number:02d}" for number in range(1, 6)]
    for part in ("made_to_stock", "demand", "transfers"):
        document[part] = [row for row in document[part] if row["programme"] in kept]
    document["programmes"] = [p for p in document["programmes"] if p["id"] in kept]
    document["horizon"]["end"] = "2027-12-31"
    document["demand"] = [r for r in document["demand"] if r["due"] < "2028-01-01"]
    scenario = Scenario.model_validate(document)
    assert problems(scenario) == []

    built = construct(build(scenario))
    better = improve(built, seed=0, done=lambda made: made / 500, report=lambda _: None)

    for schedule in (built, better):
        assert breaches(scenario, to_plan(schedule, "")) == []
    # Nearly all of the demand is supplied, and most of it in time.
    wanted = sum(row.quantity for row in scenario.demand)
    unsold = sum(
        row.backlog for row in to_plan(better, "").stocks if row.due.year == 2027
    )
    assert built.bill.unserved < wanted * 400_000 / 20
    assert unsold < wanted / 5
    assert better.bill.regret < built.bill.regret


def test_the_benchmark_tells_the_first_plan_the_marks_and_the_end() -> None:
    rows = [(11.94, 400, 100), (25.0, 300, 150), (61.5, 200, 150)]

    assert inventory.table(rows, ideal=800).splitlines()[2:] == [
        "| 11.9 | 400 | 100 | 75.0% | 25.0% |",
        "| 30 | 300 | 150 | 50.0% | 13.6% |",
        "| 60 | 300 | 150 | 50.0% | 13.6% |",
        "| 61.5 | 200 | 150 | 25.0% | 5.0% |",
    ]


def test_the_network_of_the_benchmark_is_the_same_every_time() -> None:
    document = inventory.network()

    assert document == inventory.network()
    assert document != inventory.network(seed=1)
    scenario = Scenario.model_validate(document)
    assert problems(scenario) == []
    sizes = len(scenario.suites), len(scenario.programmes), len(scenario.demand)
    assert sizes == (10, 15, 15 * 60)


def test_the_rough_cut_load_counts_demand_beyond_what_is_on_hand() -> None:
    # 5 kg less 1 on hand at 2 kg a batch are two batches of 5 days.
    document = stock_network((DAY_60, 5), unit="kg", opening=[{"quantity": 1}])
    document["programmes"][0]["recipe"][0]["kg_per_batch"] = {"S": 2}

    rows = rough_cut(Scenario.model_validate(document))

    assert [row["needed_days"] for row in rows] == [10]


def test_demand_before_anything_new_is_warned_of() -> None:
    # A batch takes 10 days and a lag of 25: day 35, and 2 are on hand.
    opening = [{"quantity": 2}]
    demand = ((DAY_30, 3), (DAY_60, 2))
    document = stock_network(*demand, opening=opening, release_days=25)

    assert warnings(Scenario.model_validate(document)) == [
        (
            "demand.D0.due",
            "demand D0: due: 3 batches are wanted by then and 2 on hand; anything else "
            "comes on 2026-02-05 at the earliest (suite: production and release take "
            "that long)",
        )
    ]
    document["demand"][0]["quantity"] = 2
    assert warnings(Scenario.model_validate(document)) == []


def test_month_ends_stay_month_ends() -> None:
    # Half a year after 30 June is until 31 December, a quarter after until 30 September.
    for months, target in ((6, 5), (3, 2)):
        demand = [("2026-06-30", 1), ("2026-09-30", 2), ("2026-12-31", 3)]
        document = stock_network(*demand, target_months=months)
        document["horizon"]["end"] = "2026-12-31"

        assert planned(made(document)).stocks[0].target == target


# ---------------------------------------------------------------- tables and picture


def covered() -> Case:
    """Stock of 5 on day 30, of which 2 expire in summer; more is wanted than is made."""
    document = stock_network(
        (DAY_30, 0),
        (DAY_60, 1),
        (DAY_90, 2),
        (DAY_120, 8),
        shelf_life_days=1000,
        target=3,
        opening=[{"quantity": 2, "expiry": "2026-06-30"}],
    )
    return made(document, (10, 3))


def test_stock_is_told_by_period_with_cover_and_expiry() -> None:
    case = covered()

    frame = tables.stock(case.scenario, planned(case))

    shown = ["made", "closing", "target", "cover_months", "expiring", "first_expiry"]
    # It is 30 days from end to end, and 30.4375 a month. What is out on day 25 keeps
    # 1000 days.
    assert frame[shown].to_numpy().tolist() == [
        [5, 5, 3, 2.22, 2, "2026-06-30"],  # 60 days, and 2 of the 8 of the last 30
        [0, 4, 3, 1.23, 1, "2026-06-30"],
        [0, 2, 3, 0.25, 0, "2028-10-22"],
        [0, 0, 3, None, 0, None],
    ]
    typed = tables.typed("stock", frame)
    assert str(typed.due.dtype) == "datetime64[us]"
    assert set(tables.meanings("stock")) == set(frame.columns)


def test_the_picture_of_cover_draws_what_the_table_says() -> None:
    case = covered()
    plan = planned(case)
    frame = tables.typed("stock", tables.stock(case.scenario, plan))

    figure = plots.cover_figure(case.scenario, plan)

    ax = figure.axes[0]
    bars = {
        gid: [
            bar.get_height()
            for bar in ax.patches
            if isinstance(bar, Rectangle) and bar.get_gid() == gid
        ]
        for gid in ("stock", "expiring", "short")
    }
    assert bars["stock"] == list(frame.closing)
    assert bars["expiring"] == list(frame.expiring)
    assert bars["short"] == [0, 0, 0, -6]
    notes = [text.get_text() for text in ax.texts]
    assert notes == [
        "P [batches]",
        "1 short, 2 low of 4 ends, cover from 0.2 months",
    ]
    # Where a due day ends as it begins, one that ends with the horizon is shown as well.
    document = case.scenario.model_dump(by_alias=True)
    document["horizon"]["end"] = "2026-04-30"
    ends = plots.cover_figure(Scenario.model_validate(document), plan).axes[0]
    assert ends.texts[1].get_text() == notes[1]
    with pytest.raises(ValueError, match="Q isn't made to stock; there are P"):
        plots.cover_figure(case.scenario, plan, programme="Q")


@pytest.mark.parametrize("size", ["16:9", "A3"])
def test_no_label_of_fifteen_programmes_meets_another(size: plots.Size) -> None:
    scenario = Scenario.model_validate(inventory.network())
    plan = to_plan(Schedule(build(scenario), ()), "")

    assert collisions(plots.cover_figure(scenario, plan, size=size)) == []


def test_cover_is_printed_in_greys_and_the_same_every_time(tmp_path: Path) -> None:
    case = covered()
    plan = planned(case)
    for name in ("once.png", "again.png"):
        figure = plots.cover_figure(case.scenario, plan, style="print")
        plots.save(figure, tmp_path / name)

    assert (tmp_path / "once.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    with Image.open(tmp_path / "once.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()


# ------------------------------------------------------------------------- bound


@settings(max_examples=max(60, EXAMPLES // 3), derandomize=True)
@given(
    st.sampled_from([{"stock"}, {"stock", "qualifications"}]).flatmap(
        lambda families: cases(frozenset(families))
    )
)
def test_no_plan_costs_less_than_the_bound_by_levels(case: Case) -> None:
    plan = to_plan(case.schedule, "")
    if not broken_rules(case.scenario, plan):
        assert stock_bound(case.schedule.instance) <= plan.objective


@settings(max_examples=12, derandomize=True)
@given(cases(frozenset({"stock"})))
def test_no_optimum_is_less_than_the_bound_by_levels(case: Case) -> None:
    instance = case.schedule.instance
    model, _, cost = build_model(instance, Scope(locked_only(case.schedule)))
    model.minimize(cost.total())
    found = search(model, Limits(2.0, None), seed=0, stop=lambda: False)
    if found.status == "optimal":
        assert found.objective is not None
        assert stock_bound(instance) <= found.objective


def test_the_bound_by_levels_sees_what_a_suite_cannot_make() -> None:
    # From day 0 on, five batches are out by day 30 at the most: 10 + 4 x 5. Of seven
    # wanted then two wait a month at 20, but for the share that a lead-in takes.
    document = stock_network((DAY_30, 7), (DAY_60, 0))
    document["campaign_limits"][0]["maximum"] = 100
    instance = build(Scenario.model_validate(document))

    assert 20 < stock_bound(instance) <= 40


def test_a_closure_before_go_live_is_not_taken_from_the_time_after_it() -> None:
    document = stock_network(("2026-02-15", 0), ("2026-05-10", 5))
    document["suites"][0]["go_live"] = "2026-04-01"
    closed = {"id": "A-closed", "start": "2026-03-01", "days": 20}
    document["sites"][0]["shutdowns"] = [closed]
    instance = build(Scenario.model_validate(document))

    assert construct(instance).bill.regret == 0
    assert stock_bound(instance) == 0


# ------------------------------------------------------------------ run and letters


def test_a_run_is_solved_checked_compared_and_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document = stock_network((DAY_30, 1), (DAY_60, 2), target=1, target_cost=3)
    Path("one.yaml").write_text(json.dumps(document))
    command = CliRunner()

    told = command.invoke(cli.app, ["solve", "one.yaml", "--work", "3", "-o", "one"])
    more = ["solve", "one.yaml", "--work", "3", "-o", "two", "--set", "D0.quantity=2"]

    assert told.exit_code == 0, told.output
    assert "short at 0 of 2 ends of periods, low at 1" in told.output
    assert command.invoke(cli.app, more).exit_code == 0
    assert command.invoke(cli.app, ["check", "one"]).exit_code == 0
    rows = Path("one/stock.csv").read_text().splitlines()
    assert rows[1].startswith("P,batches,2026-01-31,0,2,0,1,1,0,0,1,1,")
    assert json.loads(Path("one/kpis.json").read_text())["revenue"] == 300
    compared = command.invoke(cli.app, ["compare", "one", "two"]).output
    assert "expected revenue" in compared
    assert command.invoke(cli.app, ["cover", "one"]).exit_code == 0
    assert Path("one-cover.png").stat().st_size > 10_000
    refused = command.invoke(cli.app, ["cover", "one", "--programme", "Q"])
    assert refused.exit_code == 2
    spoilt = Path("one/stock.csv")
    spoilt.write_text(spoilt.read_text().replace(",batches,", ",kg,"))
    assert command.invoke(cli.app, ["check", "one"]).exit_code == 7


def test_demand_comes_from_a_file_and_its_lines_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document = stock_network() | {"demand": {"file": "demand.csv"}}
    Path("one.yaml").write_text(json.dumps(document))
    rows = ["id,programme,due,quantity", "D1,P,2026-01-31,2.5", "D2,P,2026-03-02,0"]
    Path("demand.csv").write_text("\n".join(rows))

    read = reading.read(Path("one.yaml")).scenario
    assert [row.quantity for row in read.demand] == [Fraction(5, 2), 0]

    rows += ["D3,Q,2026-04-01,1", "D2,P,2026-04-01,1", "D4,P,2026-05-01,-1"]
    Path("demand.csv").write_text("\n".join(rows))
    with pytest.raises(reading.ScenarioError) as caught:
        reading.read(Path("one.yaml"))
    assert [str(problem) for problem in caught.value.problems] == [
        "demand.csv:4: demand D3: programme: unknown programme Q; there are P",
        "demand.csv:5: demand D2: the id comes twice, first on line 3",
        "demand.csv:6: demand D4: quantity: should be at least 0, not '-1'",
    ]
