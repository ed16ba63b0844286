"""Batches handed to other lines once a plan stands: cheaper, and nothing else changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations
from pathlib import Path

from hypothesis import given, settings
from strategies import scenarios
from test_readme import ROOT

from capacity.checker import breaches
from capacity.construct import Wish, construct
from capacity.instance import build
from capacity.parts import together
from capacity.publish import to_plan
from capacity.reading import read
from capacity.repeg import repegged
from capacity.scenario import Scenario
from capacity.schedule import Schedule

TINY = ROOT / "scenarios" / "tiny.yaml"


def serving(schedule: Schedule, serves: dict[tuple[int, int], int | None]) -> Schedule:
    """The plan with other lines for some batches, by run and number."""
    runs = [
        replace(
            run,
            serves=tuple(
                serves.get((n, k), group) for k, group in enumerate(run.serves)
            ),
        )
        for n, run in enumerate(schedule.runs)
    ]
    return replace(schedule, runs=tuple(runs))


def places(schedule: Schedule, programme: str) -> dict[tuple[int, int], int | None]:
    """What the batches of a programme serve, by run and number."""
    instance = schedule.instance
    number = instance.programmes.index(programme)
    return {
        (n, k): group
        for n, run in enumerate(schedule.runs)
        if instance.steps[run.step].programme == number
        for k, group in enumerate(run.serves)
    }


def test_the_cheapest_of_all_ways_to_hand_out_is_found() -> None:
    schedule = construct(build(read(TINY).scenario))
    rows = places(schedule, "ALPHA")
    ways = [
        serving(schedule, dict(zip(rows, way, strict=True)))
        for way in set(permutations(rows.values()))
    ]
    cheapest = min(way.rank for way in ways)
    dearest = max(ways, key=lambda way: way.rank)
    assert cheapest < dearest.rank

    assert repegged(dearest).rank == cheapest


def test_a_plan_that_is_handed_out_at_the_least_cost_stays_as_it_is() -> None:
    schedule = repegged(construct(build(read(TINY).scenario)))

    assert repegged(schedule) is schedule


@settings(max_examples=60)
@given(scenarios())
def test_handing_out_anew_keeps_campaigns_and_rules_and_costs_no_more(
    scenario: Scenario,
) -> None:
    schedule = construct(build(scenario))
    if breaches(scenario, to_plan(schedule, "")):
        return  # a lock may have no plan at all

    found = repegged(schedule)

    assert found.rank <= schedule.rank
    bare = [replace(run, serves=()) for run in found.runs]
    assert bare == [replace(run, serves=()) for run in schedule.runs]
    if scenario.quality.priority == "free":  # else a turn may hang on the line
        assert breaches(scenario, to_plan(found, "")) == []


def stocked_until(expiry: str, tmp_path: Path) -> Schedule:
    """Both lines of ALPHA late but for a batch in stock, the later line the dearer one."""
    text = TINY.read_text(encoding="utf-8")
    dear = (
        "{id: C-DEAR, programme: ALPHA, firm_months: 12, price: {commercial: 9000000}}"
    )
    text = text.replace("contracts:\n", f"contracts:\n  - {dear}\n")
    wanted = "A-1, contract: C-ALPHA, kind: commercial, market: US, batches: "
    text = text.replace(f"{wanted}2", f"{wanted}1")
    text = text.replace("A-2, contract: C-ALPHA", "A-2, contract: C-DEAR")
    text += (
        "\nstock:\n  - {id: HAND, programme: ALPHA, suite: E1, kind: commercial, "
        f"batches: 1, expiry: {expiry}}}\n"
    )
    path = tmp_path / "stocked.yaml"
    path.write_text(text, encoding="utf-8")
    instance = build(read(path).scenario)
    antibody = next(step for step in instance.steps if step.programme == 0)
    late = Wish(antibody.index, 0, instance.grid.at(datetime(2026, 4, 20)), 2, False)
    schedule = together(instance, [late])
    assert schedule is not None
    return schedule


def test_what_is_in_stock_goes_to_no_line_that_it_expires_before(
    tmp_path: Path,
) -> None:
    """It went to any: the checker turned the plan away, and with it what that had saved."""
    lasting = stocked_until("2026-12-01", tmp_path)
    assert lasting.on_hand != repegged(lasting).on_hand

    soon = repegged(stocked_until("2026-04-20", tmp_path))
    wrong = breaches(read(tmp_path / "stocked.yaml").scenario, to_plan(soon, ""))
    assert [text for text in wrong if "expires" in text] == []
