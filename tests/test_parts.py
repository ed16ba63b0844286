"""Parts that share no suite: told apart, searched by themselves, put together again."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from strategies import scenarios

from capacity.checker import broken_rules
from capacity.construct import construct
from capacity.floors import floors
from capacity.instance import build
from capacity.parts import improved, of_programmes, parts_of, together
from capacity.publish import to_plan
from capacity.reading import read
from capacity.resume import wishes_of
from capacity.scenario import Scenario
from capacity.schedule import Schedule

SCENARIOS = Path(__file__).parent.parent / "scenarios"


def test_the_worked_case_falls_into_the_tanks_of_songdo_and_the_rest() -> None:
    instance = build(read(SCENARIOS / "base.yaml").scenario)

    rest, tanks = parts_of(instance)

    assert {instance.programmes[p] for p in tanks.programmes} == {
        "BIG-1",
        "BIG-2",
        "PROS-1",
    }
    assert len(rest.programmes) == 11
    assert not rest.programmes & tanks.programmes
    assert (rest.size, tanks.size) == (
        836,
        349,
    )  # with 12 that only qualifications ask for


@given(scenarios())
def test_parts_put_together_are_the_plan_again(scenario: Scenario) -> None:
    instance = build(scenario)
    plan = construct(instance)
    if broken_rules(scenario, to_plan(plan, "drawn")):
        return
    parts = parts_of(instance)
    pieces = [of_programmes(plan, part.programmes) for part in parts]

    suites = [{wish.suite for wish in piece} for piece in pieces]
    assert all(not one & two for n, one in enumerate(suites) for two in suites[:n])
    again = together(instance, [wish for piece in pieces for wish in piece])
    assert again is not None
    assert again.bill.rank <= plan.bill.rank


def test_a_part_is_improved_by_itself_and_fits_the_rest() -> None:
    instance = build(read(SCENARIOS / "base.yaml").scenario)
    plan, least = construct(instance), floors(instance)
    tanks = parts_of(instance)[1]
    start = together(tanks.instance, of_programmes(plan, tanks.programmes))
    assert start is not None
    told: list[Schedule] = []

    found = improved(
        start,
        seed=0,
        done=lambda made: made / 1500,
        report=told.append,
        floors=[n * (p in tanks.programmes) for p, n in enumerate(least)],
    )

    assert found.rank == min(schedule.rank for schedule in [start, *told])
    assert found.bill.regret < start.bill.regret
    rest = [w for w in wishes_of(plan) if w not in wishes_of(start)]
    whole = together(instance, [*rest, *wishes_of(found)])
    assert whole is not None
    saved = start.bill.regret - found.bill.regret
    # QA is shared, so batches of other parts may queue a little longer
    assert plan.bill.regret - whole.bill.regret > 0.95 * saved
