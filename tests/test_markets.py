"""Which site a batch for a market may come from."""

from __future__ import annotations

from typing import Any

import pytest
from test_pinned import agree, laid, two_suites
from test_rules import network

from capacity.publish import to_plan

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
