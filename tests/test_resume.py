"""A written plan is read back as it was, and what no longer fits is left out of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from strategies import Case, cases
from typer.testing import CliRunner

from capacity.checker import breaches, broken_rules
from capacity.cli import app
from capacity.construct import construct
from capacity.folders import OutputError
from capacity.instance import build
from capacity.plan import Plan
from capacity.publish import to_plan
from capacity.reading import read
from capacity.resume import campaigns_of, schedule_of, wishes_of
from capacity.scenario import Licence, Scenario
from capacity.solver import solve

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@given(cases())
def test_what_was_written_is_read_back_as_it_was(case: Case) -> None:
    plan = to_plan(case.schedule, "drawn")
    assume(not broken_rules(case.scenario, plan))

    again = schedule_of(case.schedule.instance, plan)

    assert again is not None
    assert to_plan(again, "drawn") == plan


@pytest.fixture(scope="module")
def base(two_years: Callable[[str], Scenario]) -> Scenario:
    return two_years("base")


@pytest.fixture(scope="module")
def start(base: Scenario) -> Plan:
    return to_plan(construct(build(base), stop=lambda: True), "start")


def test_a_solve_is_no_worse_than_its_start(base: Scenario, start: Plan) -> None:
    better = solve(base, work=3, start=start)

    assert better.plan is not None
    assert better.breaches == []
    assert (better.plan.firm_service, better.plan.objective) <= (
        start.firm_service,
        start.objective,
    )
    again = solve(base, work=0.01, start=better.plan)
    assert again.plan is not None
    assert again.plan.objective <= better.plan.objective


def test_a_plan_for_another_scenario_gives_what_still_fits(
    start: Plan, two_years: Callable[[str], Scenario]
) -> None:
    late = two_years("songdo_six_months_late")

    found = construct(build(late), campaigns_of(build(late), start))

    assert breaches(late, to_plan(found, "")) == []
    kept = {(row.suite, row.start) for row in to_plan(found, "").campaigns}
    at_syracuse = [row for row in start.campaigns if row.site == "SYR"]
    assert sum((row.suite, row.start) in kept for row in at_syracuse) > 0.7 * len(
        at_syracuse
    )
    assert solve(late, time_limit=0.01, start=start).breaches == []


def test_a_start_that_lacks_some_antibody_gives_up_what_needs_it(
    base: Scenario, start: Plan
) -> None:
    instance = build(base)
    wishes = campaigns_of(instance, start)
    antibody = [w for w in wishes if instance.steps[w.step].role == "intermediate"]
    left = [w for w in wishes if w is not antibody[len(antibody) // 2]]

    found = construct(instance, left, stop=lambda: True)

    # Taken away at once, all that lacks it would leave others that don't fit side by side.
    assert breaches(base, to_plan(found, "")) == []
    kept = wishes_of(found)
    assert sum(w in kept for w in left) > 0.85 * len(left)


def test_a_plan_with_unknown_names_is_no_start(base: Scenario, start: Plan) -> None:
    row = start.campaigns[-1].model_copy(update={"suite": "NOWHERE"})
    other = start.model_copy(update={"campaigns": [*start.campaigns[:-1], row]})

    assert schedule_of(build(base), other) is None
    assert construct(build(base), campaigns_of(build(base), other)).bill.regret > 0


def test_a_start_that_the_grid_does_not_know_is_left_out(
    base: Scenario, start: Plan
) -> None:
    moved = [
        row.model_copy(update={"start": row.start + timedelta(minutes=1)})
        for row in start.campaigns
    ]
    other = start.model_copy(update={"campaigns": moved})

    assert schedule_of(build(base), other) is None
    assert (
        breaches(
            base, to_plan(construct(build(base), campaigns_of(build(base), other)), "")
        )
        == []
    )


def with_antibody_from_songdo(base: Scenario) -> Scenario:
    """The worked case with a licence where it has a qualification that nobody need begin."""
    (chain,) = (row for row in base.qualifications if row.step == "antibody")
    licence = Licence.model_validate(
        {"id": chain.id, "programme": chain.programme, "step": chain.step}
        | {
            "site": chain.site,
            "market": chain.markets[0],
            "from": datetime(2030, 1, 31),
        }
    )
    others = [row for row in base.qualifications if row is not chain]
    licences = [*base.licences, licence]
    return base.model_copy(update={"licences": licences, "qualifications": others})


def test_a_plan_made_at_another_rate_is_no_start_as_it_stands() -> None:
    # where a suite is slower now, batches lie elsewhere than shipments would have them
    shipping = with_antibody_from_songdo(read(SCENARIOS / "base.yaml").scenario)
    suites = [
        suite.model_copy(update={"unplanned_downtime": Fraction(1, 5)})
        for suite in shipping.suites
    ]
    slower = shipping.model_copy(update={"suites": suites})
    # around campaigns wished for, intermediates wait at both sites, and some are shipped
    instance = build(shipping)
    wishes = wishes_of(construct(instance, stop=lambda: True))[:1]
    start = to_plan(construct(instance, wishes, stop=lambda: True), "start")
    assert {name for row in start.shipments for name in row.batches}

    assert schedule_of(build(slower), start) is None
    assert solve(slower, time_limit=0.01, start=start).breaches == []


def test_the_program_goes_on_from_a_run(tmp_path: Path, tiny_run: Path) -> None:
    tiny = str(SCENARIOS / "tiny.yaml")
    runner = CliRunner()

    asked = [
        "solve",
        tiny,
        "-o",
        str(tmp_path / "again"),
        "--start-from",
        str(tiny_run),
    ]
    assert runner.invoke(app, asked).exit_code == 0

    plans = [(run / "plan.json").read_bytes() for run in (tiny_run, tmp_path / "again")]
    assert plans[0] == plans[1]
    missing = [*asked[:3], str(tmp_path / "x"), "--start-from", str(tmp_path / "none")]
    assert isinstance(runner.invoke(app, missing).exception, OutputError)
    assert not (tmp_path / "x").exists()
