"""Load ceilings: what a period admits, and that every room keeps it."""

from __future__ import annotations

from typing import Any

import pytest
from test_pinned import agree, laid
from test_rules import network, scenario

from capacity.board import Board
from capacity.checker import breaches, broken_rules
from capacity.instance import build as instance_of
from capacity.model import Scope, build
from capacity.publish import to_plan
from capacity.schedule import Schedule
from capacity.solver import solve

Row = dict[str, Any]


def capped(ceiling: str, **suite: Any) -> Row:
    """Suite S without closures, filled up to its ceiling in any month."""
    document = network()
    document["load_period"] = "month"
    document["sites"][0]["shutdowns"] = []
    document["suites"][0] |= {"load_ceiling": ceiling, "outages": [], **suite}
    return document


def test_a_month_takes_campaigns_up_to_its_ceiling() -> None:
    # Two batches take 10 + 5 days, three take 20: 15/31 and 20/31 of January.
    assert agree(laid(capped("15/31"), ("ab", "S", 3, (0, 0)))) is True
    assert agree(laid(capped("14/31"), ("ab", "S", 3, (0, 0)))) is False
    assert agree(laid(capped("19/31"), ("ab", "S", 3, (0, 0, None)))) is False
    assert agree(laid(capped("20/31"), ("ab", "S", 3, (0, 0, None)))) is True


def test_each_month_counts_what_lies_in_it() -> None:
    # From 23 January to 6 February, 9 days of January and 6 of February.
    assert agree(laid(capped("9/31", set_up="P"), ("ab", "S", 22, (0, 0)))) is False
    # Clean since 1 January, it is cleaned for days before: they count as well.
    case = laid(capped("9/31"), ("ab", "S", 22, (0, 0)))
    days = int(case.schedule.changeover(0, 0))
    assert days > 0
    fits = laid(capped(f"{9 + days}/31"), ("ab", "S", 22, (0, 0)))
    over = laid(capped(f"{8 + days}/31"), ("ab", "S", 22, (0, 0)))
    assert (agree(fits), agree(over)) == (True, False)


def test_closures_and_the_days_before_go_live_are_not_available() -> None:
    outage = {"id": "down", "start": "2026-01-21", "days": 11}
    for ceiling, verdict in (("3/4", True), ("7/10", False)):
        document = capped(ceiling, outages=[outage])
        assert agree(laid(document, ("ab", "S", 3, (0, 0)))) is verdict  # 15 of 20
    document = capped("15/30", go_live="2026-01-02", set_up=None)
    start = 1 + scenario(document).changeovers[0].first_use
    document["suites"][0]["load_ceiling"] = f"{14 + int(start)}/30"
    assert agree(laid(document, ("ab", "S", int(start), (0, 0)))) is True
    document["suites"][0]["load_ceiling"] = f"{13 + int(start)}/30"
    assert agree(laid(document, ("ab", "S", int(start), (0, 0)))) is False


def test_the_checker_says_what_is_used_where_and_what_is_allowed() -> None:
    case = laid(capped("14/31"), ("ab", "S", 3, (0, 0)))
    assert broken_rules(case.scenario, to_plan(case.schedule, "drawn")) == [
        "S is used for 15 days between 2026-01-01 and 2026-02-01; its ceiling is 14"
    ]


def test_locked_campaigns_may_fill_a_period_but_leave_no_room() -> None:
    document = capped("1/31")
    lock = {"id": "running", "programme": "P", "suite": "S", "kind": "commercial"}
    document["locks"] = [lock | {"batches": 2, "start": "2026-01-01"}]
    instance = instance_of(scenario(document))
    assert instance.suites[0].ceilings[0] == (0, 31, 15)
    board = Board(instance)
    step = instance.steps[0]
    another = board.campaign(step, 0, 15, 2)
    assert another is not None
    assert board.swap([], [another]) is None


def test_a_plan_of_a_full_suite_keeps_its_ceiling() -> None:
    document = capped("1/2")
    document["orders"] = [
        document["orders"][0] | {"id": f"O{number}", "due": f"2026-0{number}-28"}
        for number in range(2, 5)
    ]
    capped_plan, free_plan = (
        solve(scenario(each), work=2).plan
        for each in (document, document | {"suites": [open_(document)]})
    )
    assert capped_plan is not None
    assert free_plan is not None
    assert breaches(scenario(document), capped_plan) == []
    assert free_plan.objective < capped_plan.objective


def open_(document: Row) -> Row:
    suite: Row = document["suites"][0]
    return suite | {"load_ceiling": None}


@pytest.mark.parametrize("ceiling", ["0", "1.2", "-0.5"])
def test_a_ceiling_is_above_nothing_and_at_most_all(ceiling: str) -> None:
    with pytest.raises(ValueError, match="load_ceiling"):
        scenario(capped(ceiling))


def test_what_a_scenario_does_not_use_adds_nothing_to_the_model() -> None:
    instance = instance_of(scenario(network()))
    model, _, _ = build(instance, Scope(Schedule(instance, ())))
    added = ("begins", "share", "case", "leaves", "stay", "dies", "soon")
    names = [variable.name for variable in model.proto.variables]
    assert [name for name in names if name.startswith(added)] == []
