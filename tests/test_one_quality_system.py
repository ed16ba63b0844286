"""The page on one quality system: made from its figures, which are of the right shape."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

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
    for name in oqs.PAIRS:
        pair = figures[name]
        one, two = pair["one"], pair["two"]
        for found in (one, two):
            assert found["unavoidable"] <= found["bound"] <= found["objective"]
            assert found["first_from_songdo"]
        assert two["unavoidable"] >= one["unavoidable"]
        assert two["reviewed_elsewhere"] == 0
        # As many searches for one as for two.
        in_turn = pair["in_turn"]
        assert len(in_turn) == 4
        best = [min(in_turn[::2]), min(in_turn[1::2])]
        assert best == [one["objective"], two["objective"]]


@pytest.mark.parametrize("name", oqs.PAIRS)
def test_the_figures_are_of_the_scenarios_as_they_are(name: str) -> None:
    figures = json.loads(oqs.FIGURES.read_text())[name]
    for system, scenario in zip(("one", "two"), oqs.PAIRS[name], strict=True):
        now = reading.sha256(reading.read(SCENARIOS / f"{scenario}.yaml"))
        made = figures[system]["scenario_sha256"]
        assert made == now, "python docs/one_quality_system.py"


def test_a_difference_that_a_second_search_makes_as_well_is_called_noise() -> None:
    said = oqs.noise([9_000_000, 9_500_000, 7_000_000, 8_000_000])
    assert "moved one by 2.0 M USD and two by 1.5 M USD" in said
    assert "differ by 1.0 M USD, no more than that: noise." in said
    assert "more than that." in oqs.noise([9_000_000, 9_500_000, 8_900_000, 9_400_000])


def test_it_is_said_plainly_when_no_record_is_reviewed_elsewhere() -> None:
    two = {"reviewed_elsewhere": 0}
    assert "Pooling shows nothing here" in oqs.pooling(two, two)
    assert "7 batch records" in oqs.pooling({"reviewed_elsewhere": 7}, two)


def test_moves_between_the_sites_say_how_long_their_transfers_have_waited() -> None:
    none: oqs.Figures = {"moves": []}
    assert oqs.moves(none, none) == [
        "Neither plan moves anything from one site to the other."
    ]
    row = {"programme": "MAB-4", "step": "antibody", "site": "SON"}
    days = {"transfer_end": "2026-10-13", "engineered": "2028-11-07"}
    said = "\n".join(oqs.moves({"moves": [row | days]}, none))
    assert (
        "With one system, MAB-4's antibody is transferred to SON by 2026-10-13" in said
    )
    assert "2028-11-07, 25 months later." in said
    assert "With two" not in said


def test_a_difference_beyond_the_bounds_is_called_certain_and_no_other() -> None:
    plan = {"objective": 90_000_000, "bound": 80_000_000}
    assert "So the difference is certain." in oqs.trust(
        plan, {"objective": 120_000_000, "bound": 95_000_000}
    )
    said = oqs.trust(plan, {"objective": 95_000_000, "bound": 85_000_000})
    assert "between -5.0 M USD and 15.0 M USD more" in said
    assert "the 5.0 M USD between these two plans is an estimate" in said


@pytest.mark.parametrize("name", oqs.PAIRS)
def test_two_systems_differ_in_lending_and_in_what_moves_between_their_sites(
    name: str,
) -> None:
    one, two = (shipped(scenario) for scenario in oqs.PAIRS[name])
    assert {two.quality.lending.qa, two.quality.lending.qc} == {Fraction(0)}
    assert one.quality.lending.qa == Fraction(1, 4)
    for part in ("sites", "suites", "programmes", "orders", "qualifications"):
        assert getattr(one, part) == getattr(two, part), part
    # From outside as long as ever, from the other site as long as from outside.
    within, outside = (
        one.quality.transfer_days[each] for each in ("within", "outside")
    )
    assert within < outside
    assert two.quality.transfer_days == {"within": outside, "outside": outside}
    assert (one.transfers, one.licences) == (two.transfers, two.licences)


def test_only_what_may_run_at_both_sites_moves_within() -> None:
    one = shipped("base")
    sites = {suite.id: suite.site for suite in one.suites}
    listed = {
        programme.id: {
            sites[suite] for step in programme.recipe for suite in step.suites
        }
        for programme in one.programmes
    }
    within = [row for row in one.qualifications if row.origin == "within"]
    assert within
    for row in within:
        assert listed[row.programme] == {"SYR", "SON"}, row.id
