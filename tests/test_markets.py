"""Which site a batch for a market may come from, and orders that serve several."""

from __future__ import annotations

from typing import Any

import pytest
from test_pinned import agree, laid, two_suites
from test_rules import network, scenario

from capacity import tables
from capacity.demand import lines
from capacity.publish import to_plan
from capacity.scenario import Scenario

Row = dict[str, Any]


def two_sites(**markets: str) -> Row:
    """Site B with suite T like A with S; O asks for two batches for the US.

    Parameters
    ----------
    markets
        For each site the market that it is licensed for.
    """
    document = two_suites(network())
    document["sites"].append(document["sites"][0] | {"id": "B", "shutdowns": []})
    document["suites"][-1] |= {"site": "B"}
    licence = next(row for row in document["licences"] if row["programme"] == "P")
    document["licences"] = [
        row for row in document["licences"] if row["programme"] != "P"
    ] + [
        licence | {"id": f"P@{site}", "site": site, "market": market}
        for site, market in markets.items()
    ]
    document["campaign_limits"][0]["minimum"] = {}
    document["orders"] = document["orders"][:1]
    return document


@pytest.mark.parametrize(("market", "kept"), [("US", True), ("EU", False)])
def test_the_batches_of_a_market_come_from_any_site_that_is_licensed_for_it(
    market: str, kept: bool
) -> None:
    case = laid(two_sites(A="US", B=market), ("ab", "S", 3, (0,)), ("ab", "T", 3, (0,)))

    assert agree(case) is kept
    plan = to_plan(case.schedule, "drawn")
    assert {(row.site, row.order) for row in plan.batches} == {("A", "O"), ("B", "O")}


def test_a_batch_that_is_licensed_elsewhere_serves_none_or_its_own_market() -> None:
    document = two_sites(A="US", B="EU")
    document["orders"].append(document["orders"][0] | {"id": "P-EU", "market": "EU"})
    # Groups by id: 0 is O for the US, 1 is P-EU.
    own = laid(document, ("ab", "S", 3, (0,)), ("ab", "T", 3, (1,)))
    crossed = laid(document, ("ab", "S", 3, (1,)), ("ab", "T", 3, (0,)))
    none = laid(document, ("ab", "S", 3, (0,)), ("ab", "T", 3, (None,)))

    assert (agree(own), agree(crossed), agree(none)) == (True, False, True)


def shared(document: Row, **markets: int) -> Row:
    """The same with O for several markets."""
    document["orders"][0] |= {
        "market": None,
        "markets": markets,
        "batches": sum(markets.values()),
    }
    return document


def test_shares_of_one_order_come_from_different_sites() -> None:
    document = shared(two_sites(A="US", B="EU"), US=1, EU=1)
    # Groups by id: 0 is O/EU, 1 is O/US.
    own = laid(document, ("ab", "S", 3, (1,)), ("ab", "T", 3, (0,)))
    crossed = laid(document, ("ab", "S", 3, (0,)), ("ab", "T", 3, (1,)))

    assert (agree(own), agree(crossed)) == (True, False)
    found = tables.orders(to_plan(own.schedule, "drawn"))
    assert found[["order", "market", "batches", "on_time"]].to_numpy().tolist() == [
        ["O/EU", "EU", 1, 1],
        ["O/US", "US", 1, 1],
    ]
    sites = {row.order: row.site for row in to_plan(own.schedule, "drawn").batches}
    assert sites == {"O/US": "A", "O/EU": "B"}


def of(scenario: Scenario) -> list[tuple[str, str | None, int, str]]:
    return [(x.id, x.market, x.batches, x.firmness) for x in lines(scenario)]


def test_take_or_pay_and_make_up_batches_are_told_by_market() -> None:
    document = shared(two_sites(A="US", B="EU"), US=4, EU=3)
    document["contracts"][0] |= {"firm_months": 0, "take_or_pay": "4/7"}
    stage = document["suites"][0]["stage"]
    document["losses"] = {"success": {stage: "0.8"}}

    # 1/4 a batch: 3/4 after the three for the EU, 7/4 after four more for the US.
    assert of(scenario(document)) == [
        ("O/EU", "EU", 3, "firm"),
        ("O/EU/spare", "EU", 1, "spare"),
        ("O/US/firm", "US", 1, "firm"),
        ("O/US/forecast", "US", 3, "forecast"),
        ("O/US/spare", "US", 1, "spare"),
    ]
