"""Make-up batches: how many, for which order, and what they are to the plan."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import pytest
from test_pinned import agree, laid
from test_rules import frozen_network, network, scenario

from capacity import tables
from capacity.checker.book import Book
from capacity.demand import lines
from capacity.instance import build as instance_of
from capacity.losses import chance_needed, make_up_batches, success_of_step
from capacity.publish import to_plan
from capacity.schedule import Schedule
from capacity.schedule.freights import freights_for

Row = dict[str, Any]


def sold(*batches: int, **fields: Any) -> Row:
    """Commercial orders of so many batches of P, due day after day."""
    document = network()
    document["orders"] = [
        document["orders"][0]
        | {"id": f"O{number}", "batches": count, "due": f"2026-02-{number + 10}"}
        for number, count in enumerate(batches)
    ]
    stage = document["suites"][0]["stage"]
    document["losses"] = {"success": {stage: "0.8"}}
    return document | fields


def spares(document: Row) -> dict[str, int]:
    found = make_up_batches(scenario(document))
    return {order: made.batches for order, made in found.items()}


def test_an_order_at_which_expected_failures_pass_a_half_gets_a_batch() -> None:
    # 1 / 0.8 - 1 = 1/4 a batch: 1/4 after 1, 1/2 after 2, 5/4 after 5, 6/4 after 6.
    assert spares(sold(1, 1, 3, 1, 3)) == {"O1": 1, "O3": 1}


@pytest.mark.parametrize(
    ("rates", "spares"),
    [(["0.5"], 1), (["0.9", "0.8", "0.7"], 1), (["0.6"] * 4, 3), (["2/3", "1"], 2)],
)
def test_a_make_up_batch_counts_with_the_chance_that_it_is_needed(
    rates: list[str], spares: int
) -> None:
    shares = [Fraction(rate) for rate in rates]
    needed = Fraction(0)
    for passes in product((True, False), repeat=len(shares)):
        chance = Fraction(1)
        for passed, rate in zip(passes, shares, strict=True):
            chance *= rate if passed else 1 - rate
        needed += chance * min(spares, passes.count(False)) / spares
    found = chance_needed(shares, spares)
    assert abs(found - needed) <= Fraction(1, 2000)
    assert (1000 * found).denominator == 1


def test_where_everything_passes_nothing_is_made_up_for() -> None:
    document = sold(9)
    document["losses"] = {}
    assert spares(document) == {}
    assert all(line.firmness != "spare" for line in lines(scenario(document)))


def test_engineering_batches_are_not_made_again() -> None:
    document = sold(4)
    document["orders"][0] |= {"kind": "engineering", "market": None}
    document["contracts"][0]["price"]["engineering"] = 100
    assert spares(document) == {}


def test_released_stock_does_not_fail() -> None:
    document = sold(4, 2)
    shelf = {"id": "shelf", "programme": "P", "suite": "S", "kind": "commercial"}
    document["stock"] = [shelf | {"batches": 2, "expiry": "2026-12-31"}]
    assert spares(document) == {"O0": 1}  # two of four: 1/2; 4/4 after O1
    document["stock"][0]["batches"] = 3
    assert spares(document) == {"O1": 1}  # one of four: 1/4; 3/4 after O1


def test_ppq_batches_have_their_own_rate_and_sum() -> None:
    document = sold(1, 2)
    document["orders"][1] |= {"kind": "ppq", "market": None}
    document["contracts"][0]["price"]["ppq"] = 100
    document["losses"]["ppq"] = "0.5"
    # 1/4 of a commercial batch; 2 of a PPQ one, in which the commercial ones don't count.
    assert spares(document) == {"O1": 2}


def test_the_first_batches_of_a_programme_that_no_site_makes_yet_fail_more_often() -> (
    None
):
    document = sold(4, 4)
    document["losses"] |= {"new_site": "0.5", "new_site_batches": 3}
    assert spares(document) == {"O0": 1, "O1": 1}  # A is licensed, so it isn't new
    transfer = {"id": "T", "programme": "P", "site": "A", "end": "2026-01-02"}
    document["transfers"] = [transfer]
    # Three batches at 1 each, a fourth and four more at 1/4: 13/4, 17/4.
    assert spares(document) == {"O0": 3, "O1": 1}
    document["transfers"] = [transfer | {"end": document["as_of"]}]
    assert spares(document) == {"O0": 1, "O1": 1}


def test_prospects_change_nothing_for_what_is_sold() -> None:
    document = sold(1, 1)
    prospect = document["contracts"][0] | {"id": "Z", "prospect": True}
    document["contracts"].append(prospect)
    document["orders"].append(
        document["orders"][0] | {"id": "early", "contract": "Z", "due": "2026-02-01"}
    )
    assert spares(document) == {"O1": 1}


def test_a_make_up_batch_is_a_line_that_nobody_pays_for() -> None:
    document = sold(2)
    document["losses"]["success"] = {document["suites"][0]["stage"]: "2/3"}
    drawn = scenario(document)
    bought, spare = lines(drawn)
    assert (spare.id, spare.firmness, spare.batches) == ("O0/spare", "spare", 1)
    assert (spare.due, spare.price) == (bought.due, bought.price)
    assert spare.weight == Fraction("0.556")  # 1 - 2/3 x 2/3 that one of two fails

    case = laid(document, ("ab", "S", 3, (0, 0, 1)))
    assert agree(case) is True
    plan = to_plan(case.schedule, "drawn")
    found = tables.kpis(drawn, plan, bound=None, tiers=[], unavoidable=0)
    assert found["revenue"] == 2 * bought.price
    assert (found["make_up_batches"], found["make_up_batches_missing"]) == (1, 0)
    assert found["on_time_in_full"] == 1

    without = laid(document, ("ab", "S", 3, (0, 0)))
    assert agree(without) is True
    plan = to_plan(without.schedule, "drawn")
    found = tables.kpis(drawn, plan, bound=None, tiers=[], unavoidable=0)
    assert found["make_up_batches_missing"] == 1
    assert (found["unserved_batches"], found["on_time_in_full"]) == (0, 1)
    # It is worth what the batch is that it would make up for, where that fails.
    assert plan.costs.unserved == 2 * bought.price * spare.weight
    assert plan.firm_service == 0


def test_a_batch_takes_the_intermediates_that_are_expected_to_fail_as_well() -> None:
    document = frozen_network()
    document["losses"] = {"success": {document["suites"][0]["stage"]: "0.5"}}
    drawn = scenario(document)
    assert success_of_step(drawn, "P", "ab") == Fraction(1, 2)
    assert success_of_step(drawn, "P", "conj") == 1
    document["lanes"][0]["batches"] = 2
    for count, verdict in ((2, True), (1, False)):
        case = laid(document, ("ab", "S", 3, (None,) * count), ("conj", "K", 40, (0,)))
        case.schedule = shipped(case.schedule)
        assert agree(case) is verdict
        if verdict:
            rows = tables.genealogy(drawn, to_plan(case.schedule, "drawn"))
            assert rows.spare.tolist() == [False, True]


@pytest.mark.parametrize(
    ("success", "released", "taken"),
    [
        # Without failures a batch takes one. 1 / 0.8 - 1 = 1/4 fails for each: the second
        # batch brings it to a half, so it takes one more; so does the sixth.
        ("0.999", 0, [1, 1, 1, 1, 1, 1]),
        ("0.8", 0, [1, 2, 1, 1, 1, 2]),
        # Two have passed already: a half is reached at the fourth.
        ("0.8", 2, [1, 1, 1, 2, 1, 1]),
    ],
)
def test_failures_of_intermediates_are_rounded_not_what_is_taken(
    success: str, released: int, taken: list[int]
) -> None:
    document = frozen_network()
    document["losses"] = {"success": {document["suites"][0]["stage"]: success}}
    shelf: Row = {"id": "shelf", "programme": "P", "suite": "S", "step": "ab"}
    shelf |= {"kind": "intermediate", "batches": released, "expiry": "2027-12-31"}
    document["stock"] = [shelf] if released else []
    drawn = scenario(document)
    book = Book(drawn)
    supply = next(s.frozen for s in instance_of(drawn).steps if s.frozen is not None)

    found = [book.intermediates("P", "conj", n) for n in range(7)]

    assert found == [supply.units(n) for n in range(7)]
    assert [b - a for a, b in pairwise(found)] == taken


def shipped(schedule: Schedule) -> Schedule:
    """The same with the shipments that it needs."""
    return replace(schedule, freights=freights_for(schedule))


@pytest.mark.parametrize("rate", ["0", "-0.1", "1.01"])
def test_a_success_rate_is_above_nothing_and_at_most_all(rate: str) -> None:
    with pytest.raises(ValueError, match=r"losses\.success"):
        scenario(sold(1, losses={"success": {"mab": rate}}))
