"""Which batch goes first where QC or QA is short, from plans laid by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from strategies import Case, cases
from test_pinned import agree, laid
from test_rules import network, scenario

from capacity.checker import RULES, broken_rules
from capacity.checker.book import Book
from capacity.checker.ledger import Ledger
from capacity.construct import construct
from capacity.instance import build as instance_of
from capacity.publish import to_plan
from capacity.reopen import queues_hold
from capacity.schedule import Schedule
from capacity.slots import early, in_turn, turns_hold

Row = dict[str, Any]

ORDERS = ("free", "first_out", "due_date", "firm_first")


def short_of_review(priority: str) -> Row:
    """QA starts a review in 28 days; O is due in February and firm, L in April and not."""
    document = network()
    document["sites"][0] |= {"shutdowns": []}
    document["sites"][0]["qa_reviewers"][0]["value"] = "0.5"
    document["quality"] = {"priority": priority}
    document["campaign_limits"][0]["minimum"] = {}
    document["contracts"][0]["firm_months"] = 2
    first = document["orders"][0] | {"batches": 1}
    document["orders"] = [first, first | {"id": "L", "due": "2026-04-30"}]
    return document


def reviewed(priority: str, one: int, other: int, document: Row | None = None) -> Case:
    """A batch for L, out on tick 13, and one for O, on 18, reviewed on these ticks."""
    case = laid(document or short_of_review(priority), ("ab", "S", 3, (1, 0)))
    run = case.schedule.runs[0]
    tests = tuple(
        test and replace(test, qa_start=start)
        for test, start in zip(run.tests, (one, other), strict=True)
    )
    case.schedule = replace(case.schedule, runs=(replace(run, tests=tests),))
    return case


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        # L's batch is reviewed when it is out; O's isn't there yet.
        (13, 41, set(ORDERS)),
        # O's overtakes L's, which waits.
        (46, 18, {"free", "due_date", "firm_first"}),
        # Both wait, and L's goes first.
        (41, 69, {"free", "first_out"}),
    ],
)
def test_the_rule_says_which_of_two_that_wait_is_first(
    one: int, other: int, kept: set[str]
) -> None:
    for priority in ORDERS:
        assert agree(reviewed(priority, one, other)) is (priority in kept), priority


@pytest.mark.parametrize(
    ("priority", "one", "other", "kept"),
    [
        # Out on 13 and 18: together is in turn, a tick before isn't.
        ("first_out", 18, 18, True),
        ("first_out", 19, 18, False),
        # O comes first once it is out, on 18.
        ("due_date", 17, 25, True),
        ("due_date", 18, 25, False),
        ("due_date", 25, 25, True),
        ("firm_first", 24, 25, False),
    ],
)
def test_whoever_is_first_is_so_from_its_out_to_its_start(
    priority: str, one: int, other: int, kept: bool
) -> None:
    document = short_of_review(priority)
    document["sites"][0]["qa_reviewers"][0]["value"] = 9
    assert agree(reviewed(priority, one, other, document)) is kept


def test_the_checker_names_who_overtakes_whom() -> None:
    case = reviewed("first_out", 46, 18)
    assert broken_rules(case.scenario, to_plan(case.schedule, "drawn")) == [
        "QA of S-001/02 starts on 2026-01-19, while S-001/01 of A waits and comes first"
    ]


def test_a_batch_that_serves_none_comes_last_but_where_the_first_out_does() -> None:
    for priority, kept in (("due_date", False), ("first_out", True)):
        document = short_of_review(priority)
        case = laid(document, ("ab", "S", 3, (None, 0)))
        run = case.schedule.runs[0]
        first, second = run.tests
        assert first is not None
        assert second is not None
        tests = (replace(first, qa_start=18), replace(second, qa_start=46))
        case.schedule = replace(case.schedule, runs=(replace(run, tests=tests),))
        assert agree(case) is kept


@pytest.mark.parametrize("priority", ORDERS)
def test_what_is_searched_is_put_in_turn(priority: str) -> None:
    document = short_of_review(priority)
    document["orders"] = [
        document["orders"][0] | {"id": f"O{number}", "due": due, "batches": 2}
        for number, due in enumerate(["2026-04-30", "2026-02-10", "2026-03-20"])
    ]
    instance = instance_of(scenario(document))
    schedule = construct(instance)
    plan = to_plan(schedule, "drawn")
    assert broken_rules(scenario(document), plan) == []
    assert any(batch.wait_days for batch in plan.batches)
    assert in_turn(schedule).bill == schedule.bill


def test_what_its_turn_makes_too_late_serves_none() -> None:
    document = short_of_review("due_date")
    document["economics"] = {"max_late_days": 30}
    case = laid(document, ("ab", "S", 3, (0, 0)))  # both for O, due on 15 February
    document["orders"][0]["batches"] = 2
    case = laid(document, ("ab", "S", 3, (0, 0)))

    found = in_turn(case.schedule)

    # The second is reviewed 28 days after the first, on tick 41, released on the 22nd
    # of February, in time; with a third it would be tick 69 and 22 March: too late.
    assert [group for run in found.runs for group in run.serves] == [0, 0]
    document["orders"][0]["batches"] = 3
    case = laid(document, ("ab", "S", 3, (0, 0, 0)))
    found = in_turn(case.schedule)
    assert [group for run in found.runs for group in run.serves] == [0, 0, None]
    case.schedule = found
    assert agree(case) is True


@pytest.mark.parametrize("change", [in_turn, early])
def test_what_is_not_out_yet_takes_no_room_from_what_waits(
    change: Callable[[Schedule], Schedule],
) -> None:
    # From 8 March on there is no review: L's batch, out on 13, can't wait for O's.
    document = short_of_review("due_date")
    document["sites"][0]["qa_reviewers"].append({"from": "2026-03-08", "value": 0})
    case = reviewed("due_date", 13, 41, document)
    assert broken_rules(case.scenario, to_plan(case.schedule, "drawn")) == []

    found = change(case.schedule)

    assert broken_rules(case.scenario, to_plan(found, "drawn")) == []
    assert found == case.schedule


def test_a_plan_whose_queues_have_no_room_stays_as_it_is() -> None:
    document = short_of_review("due_date")
    document["sites"][0]["qa_reviewers"].append({"from": "2026-02-01", "value": 0})
    case = reviewed("due_date", 13, 18, document)
    assert in_turn(case.schedule) == case.schedule


@settings(max_examples=40)
@given(cases(frozenset({"priorities"})))
def test_search_and_checker_agree_whether_all_are_in_turn(case: Case) -> None:
    plan = to_plan(case.schedule, "drawn")
    rules = (
        "batches_follow_their_campaign",
        "release_adds_up",
        "locks_keep_their_dates",
    )
    ledger = Ledger(Book(case.scenario), plan)
    assume(not any(said for rule in rules for said in RULES[rule](ledger)))
    overtaken = list(RULES["queues_keep_their_order"](ledger))
    assert turns_hold(case.schedule) is (not overtaken)
    put = in_turn(case.schedule)
    if put == case.schedule:
        return  # in turn already, or no room for all
    assert turns_hold(put)
    assert queues_hold(put)
