"""The page on one quality system: made from its figures, which are of the right shape."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

from capacity import reading
from capacity.scenario import Scenario
from docs import one_quality_system as oqs

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@cache
def shipped(name: str) -> Scenario:
    return reading.read(SCENARIOS / f"{name}.yaml").scenario


def test_the_page_is_what_its_figures_say() -> None:
    figures = json.loads(oqs.FIGURES.read_text())
    made = "made from its figures: python docs/one_quality_system.py"
    assert oqs.PAGE.read_text() == oqs.page(figures), made


def test_the_figures_are_those_of_two_plans_and_keep_their_bounds() -> None:
    figures = json.loads(oqs.FIGURES.read_text())
    for name in (oqs.ONE, oqs.TWO):
        found = figures[name]
        assert found["unavoidable"] <= found["bound"] <= found["objective"]
        assert found["first_from_songdo"]
    # Whoever waits for Songdo waits longer with two systems, and nobody lends reviewers.
    assert figures[oqs.TWO]["unavoidable"] > figures[oqs.ONE]["unavoidable"]
    assert figures[oqs.TWO]["reviewed_elsewhere"] == 0
    one, two = (figures[name]["first_from_songdo"] for name in (oqs.ONE, oqs.TWO))
    assert min(two.values()) > min(one.values())


def test_a_difference_beyond_the_bounds_is_called_certain_and_no_other() -> None:
    plan = {"objective": 90_000_000, "bound": 80_000_000}
    assert "So the difference is certain." in oqs.trust(
        plan, {"objective": 120_000_000, "bound": 95_000_000}
    )
    said = oqs.trust(plan, {"objective": 95_000_000, "bound": 85_000_000})
    assert "between -5.0 M USD and 15.0 M USD more" in said
    assert "the 5.0 M USD between these two plans is an estimate" in said


def test_two_systems_differ_from_one_in_lending_and_in_what_moves_to_songdo() -> None:
    one, two = shipped(oqs.ONE), shipped(oqs.TWO)
    assert {two.quality.lending.qa, two.quality.lending.qc} == {Fraction(0)}
    assert one.quality.lending.qa == Fraction(1, 4)
    assert (one.sites, one.suites, one.programmes) == (
        *(two.sites, two.suites, two.programmes),
    )
    rights = {row.id: row.start for row in one.licences}
    for row in two.licences:
        moved = (row.start - rights[row.id]).days
        assert 120 <= moved <= 123 if row.site == "SON" else moved == 0, row.id
    due = {order.id: order.due for order in one.orders}
    for order in two.orders:
        moved = (order.due - due[order.id]).days
        follows = order.kind in ("ppq", "engineering") and "SON" in _sites(
            two, order.id
        )
        assert 120 <= moved <= 123 if follows else moved == 0, order.id


def _sites(scenario: Scenario, order: str) -> set[str]:
    contract = next(o.contract for o in scenario.orders if o.id == order)
    programme = next(c.programme for c in scenario.contracts if c.id == contract)
    chains = [row for row in scenario.qualifications if order in row.orders]
    return {row.site for row in chains} | {
        row.site for row in scenario.transfers if row.programme == programme
    }
