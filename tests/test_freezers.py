"""Freezers at both ends of a lane, from a plan laid by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from strategies import Case, cases
from test_pinned import agree, laid, two_suites
from test_rules import frozen_network, scenario

from capacity.board import board_of
from capacity.checker import RULES, broken_rules
from capacity.checker.book import Book
from capacity.checker.ledger import Ledger
from capacity.instance import build as instance_of
from capacity.publish import to_plan
from capacity.reopen import freezers_hold
from capacity.scenario import Scenario
from capacity.schedule import Freight
from capacity.solver import solve
from capacity.validate import problems

Row = dict[str, Any]


def freezers(**most: int) -> Row:
    document = two_suites(frozen_network())
    for site in document["sites"]:
        site["freezer_batches"] = most.get(site["id"])
    return document


def lying(**most: int) -> Any:
    """Antibody from S and T, out on tick 13; S's leaves on 24 and is used in K on 27.

    T's is never used and lies for 40 days, until tick 53.
    """
    document = freezers(**most)
    lanes = instance_of(scenario(document)).lanes
    suite = sorted(row["id"] for row in document["suites"]).index("S")
    return laid(
        document,
        ("ab", "S", 3, (None,)),
        ("ab", "T", 3, (None,)),
        ("conj", "K", 27, (0,)),
        freights=(Freight(lanes[0], 24, ((suite, 3),)),),
    )


def test_intermediates_lie_where_they_are_made_until_they_leave_and_then_where_used() -> (
    None
):
    schedule = lying().schedule
    step = next(s for s in schedule.instance.steps if s.frozen is not None)
    assert sorted(schedule.stays(step)) == [(0, 13, 24), (0, 13, 53), (1, 26, 27)]


@pytest.mark.parametrize(
    ("most", "kept"),
    [({"A": 2, "B": 1}, True), ({"A": 1}, False), ({"B": 0}, False), ({}, True)],
)
def test_neither_end_holds_more_than_its_freezer(
    most: dict[str, int], kept: bool
) -> None:
    case = lying(**most)
    assert agree(case) is kept
    assert (board_of(case.schedule).crowded == 0) is kept


@pytest.mark.parametrize(
    ("departs", "most", "kept"), [(25, 1, True), (24, 1, False), (24, 2, True)]
)
def test_a_place_is_free_again_at_the_moment_of_use(
    departs: int, most: int, kept: bool
) -> None:
    # S's arrives on 26 and is used on 27, when T's arrives or has been there for a day.
    document = freezers(B=most)
    document["orders"][0]["batches"] = 2
    lanes = instance_of(scenario(document)).lanes
    suites = sorted(row["id"] for row in document["suites"])
    case = laid(
        document,
        ("ab", "S", 3, (None,)),
        ("ab", "T", 3, (None,)),
        ("conj", "K", 27, (0, 0)),
        freights=(
            Freight(lanes[0], 24, ((suites.index("S"), 3),)),
            Freight(lanes[0], departs, ((suites.index("T"), 3),)),
        ),
    )
    assert agree(case) is kept


@pytest.mark.parametrize(("start", "kept"), [(13, True), (12, False)])
def test_a_place_is_taken_from_the_out_on(start: int, kept: bool) -> None:
    # S's is out on 13 and leaves on 24; T's is out when it leaves, or a day before.
    document = freezers(A=1)
    lanes = instance_of(scenario(document)).lanes
    suite = sorted(row["id"] for row in document["suites"]).index("S")
    case = laid(
        document,
        ("ab", "S", 3, (None,)),
        ("ab", "T", start + 1, (None,)),
        ("conj", "K", 27, (0,)),
        freights=(Freight(lanes[0], 24, ((suite, 3),)),),
    )
    assert agree(case) is kept


def test_the_checker_says_where_and_when_a_freezer_is_too_full() -> None:
    case = lying(A=1)
    assert broken_rules(case.scenario, to_plan(case.schedule, "drawn")) == [
        "A holds 2 frozen intermediates on 2026-01-14; its freezer takes 1"
    ]


def test_a_swap_that_crowds_a_freezer_is_priced_and_taken_back() -> None:
    board = board_of(lying(A=1).schedule)
    crowded, total = board.crowded, board.total()
    assert crowded == 1
    idle = next(c for c in board.steps[0] if c.suite == 2)
    foreseen, delta = board.foresee([idle], []), board.swap([idle], [])
    assert foreseen is not None
    assert delta is not None
    assert board.crowded == 0
    assert board.total() == total + delta
    assert foreseen.delta == delta
    assert foreseen.delta < 0
    board.revert()
    assert (board.crowded, board.total()) == (crowded, total)


def test_a_plan_keeps_freezers_and_a_freezer_of_nothing_takes_nothing() -> None:
    for most, served in (({"A": 1, "B": 1}, 1), ({"B": 0}, 0)):
        document = freezers(**most)
        plan = solve(scenario(document), work=2).plan
        assert plan is not None
        assert broken_rules(scenario(document), plan) == []
        assert sum(batch.order is not None for batch in plan.batches) == served


def test_more_on_the_shelf_than_a_freezer_takes_is_refused() -> None:
    document = freezers(A=1)
    shelf: Row = {"id": "shelf", "programme": "P", "step": "ab", "suite": "S"}
    shelf |= {"kind": "intermediate", "batches": 2, "expiry": "2026-05-31"}
    document["stock"] = [shelf]
    assert problems(Scenario.model_validate(document)) == [
        (
            "sites.A.freezer_batches",
            "site A: freezer_batches: takes 1, and 2 intermediates lie there",
        )
    ]


@pytest.mark.parametrize("most", [-1, 10**9, 1.5])
def test_a_freezer_holds_a_sensible_number_of_batches(most: float) -> None:
    document = freezers()
    document["sites"][0]["freezer_batches"] = most
    with pytest.raises(ValueError, match="freezer_batches"):
        scenario(document)


@settings(max_examples=40)
@given(cases(frozenset({"freezers", "lanes"})))
def test_search_and_checker_agree_whether_freezers_hold(case: Case) -> None:
    plan = to_plan(case.schedule, "drawn")
    broken = broken_rules(case.scenario, plan)
    assume(not any("can't be read" in said for said in broken))
    ledger = Ledger(Book(case.scenario), plan)
    crowded = list(RULES["freezers_are_finite"](ledger))
    assume(broken == crowded)
    assert freezers_hold(case.schedule) is (not crowded)
