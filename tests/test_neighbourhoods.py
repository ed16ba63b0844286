"""Parts of a plan that are reopened where the bound's prices say that they lie wrongly."""

from __future__ import annotations

import random

import pytest
from test_readme import ROOT

from capacity.construct import construct
from capacity.instance import DAY, build
from capacity.neighbourhoods import Dear
from capacity.reading import read
from capacity.schedule import Schedule, end_of

WEEKS = range(0, 365, 7)


@pytest.fixture(scope="module")
def plan() -> Schedule:
    """The first plan of the tiny network: BETA may be made in both suites."""
    return construct(build(read(ROOT / "scenarios" / "tiny.yaml").scenario))


def flat(plan: Schedule, rate: float) -> dict[int, dict[int, float]]:
    """The same price in every suite and week. [money per tick]"""
    day = plan.instance.grid.whole(DAY)
    weeks = [week * day for week in WEEKS]
    return {suite.index: dict.fromkeys(weeks, rate) for suite in plan.instance.suites}


def test_a_stay_costs_its_part_of_each_week(plan: Schedule) -> None:
    prices = flat(plan, 0.0)
    prices[0][0], prices[0][7], prices[0][14] = 10.0, 100.0, 1_000.0
    dear = Dear(plan.instance, prices)

    assert dear.cost(0, 5, 16) == 2 * 10 + 7 * 100 + 2 * 1_000
    assert dear.cost(0, -20, 1) == 10
    assert dear.cost(0, 20, 500) == 1_000
    assert dear.cost(1, 5, 16) == 0


def test_where_all_weeks_cost_the_same_nothing_is_misplaced(plan: Schedule) -> None:
    dear = Dear(plan.instance, flat(plan, 5.0))

    # but for what would end after the last week that has a price
    assert dear.misplaced_window(plan, random.Random(0), 90) is None


def test_a_campaign_in_a_dear_week_is_reopened_with_the_cheaper_place(
    plan: Schedule,
) -> None:
    beta = next(
        index for index, run in enumerate(plan.runs)
        if plan.instance.programmes[plan.instance.steps[run.step].programme] == "BETA"
        and run.suite == 0
    )  # fmt: skip
    run = plan.runs[beta]
    prices = flat(plan, 1.0)
    for week in prices[0]:
        if run.start - 7 < week < end_of(plan.instance, run):
            prices[0][week] = 50.0
    dear = Dear(plan.instance, prices)

    scope = dear.misplaced_window(plan, random.Random(0), 300)

    assert scope is not None
    assert scope.reopened is not None
    assert beta in scope.reopened
    assert 0 in scope.suites
    assert scope.window is not None
    assert scope.window[0] <= run.start <= scope.window[1]


def test_no_place_is_cheap_where_a_suite_is_closed(plan: Schedule) -> None:
    prices = flat(plan, 5.0)
    for suite in plan.instance.suites:
        for first, last in suite.closures:
            for week in prices[suite.index]:
                if first - 7 < week < last:
                    prices[suite.index][week] = 0.0
    dear = Dear(plan.instance, prices)

    for index, run in enumerate(plan.runs):
        size = end_of(plan.instance, run) - run.start
        saved, place, start = dear.cheapest(plan, index, 100)
        assert not saved or plan.instance.suites[place].clear(start, start + size)
    assert any(suite.closures for suite in plan.instance.suites)
