"""The scenarios that come with the program say what their documentation says."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from capacity import reading
from capacity.checker.unavoidable import unavoidable
from capacity.horizon import format_moment
from capacity.scenario import Order, Qualification, Scenario, Standing
from capacity.solver import solve

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
SLIPS = ("songdo_2027", "songdo_six_months_late", "songdo_twelve_months_late")

# Market shares of the commercial programmes, as the case assumes them.
SHARES = {
    "RAK-PIT": {"FDA": "0.6", "PMDA": "0.4"},
    "US-IO": {"FDA": "0.8", "EMA": "0.2"},
    "LEG-A": {"FDA": "0.5", "EMA": "0.3", "PMDA": "0.15", "MFDS": "0.05"},
    "LEG-B": {"FDA": "0.7", "EMA": "0.3"},
    "MAB-4": {"FDA": "0.7", "EMA": "0.3"},
    "ADC-A": {"FDA": "0.7", "MFDS": "0.3"},
    "ADC-B": {"FDA": "0.6", "EMA": "0.3", "PMDA": "0.1"},
    "BIG-1": {"FDA": "0.55", "EMA": "0.3", "PMDA": "0.1", "MFDS": "0.05"},
    "BIG-2": {"EMA": "0.5", "MFDS": "0.2", "FDA": "0.3"},
    "HT-1": {"FDA": "0.7", "MFDS": "0.1", "PMDA": "0.2"},
    "PROS-1": {"FDA": "0.7", "EMA": "0.3"},
}


@cache
def shipped(name: str) -> Scenario:
    return reading.read(SCENARIOS / f"{name}.yaml").scenario


def dates(name: str) -> dict[str, date]:
    """Dates that may hang on Songdo, by id: transfers may begin, orders are due, ..."""
    scenario = shipped(name)
    return {
        **{suite.id: suite.go_live.date() for suite in scenario.suites},
        **{transfer.id: transfer.end.date() for transfer in scenario.transfers},
        **{licence.id: licence.start.date() for licence in scenario.licences},
        **{
            chain.id: chain.not_before.date()
            for chain in scenario.qualifications
            if chain.not_before is not None
        },
        **{order.id: order.due.date() for order in scenario.orders},
    }


def batches(scenario: Scenario) -> dict[str, dict[str, int]]:
    """Batches by programme and kind."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for order in scenario.orders:
        found[order.contract.removeprefix("C-")][order.kind] += order.batches
    return {programme: dict(kinds) for programme, kinds in found.items()}


def commercial_quarters(scenario: Scenario, programme: str) -> list[list[Order]]:
    """Commercial orders of a programme, quarter by quarter."""
    quarters: defaultdict[str, list[Order]] = defaultdict(list)
    for order in scenario.orders:
        if order.contract == f"C-{programme}" and order.kind == "commercial":
            quarters[order.id.removeprefix(f"{programme}-")[:6]].append(order)
    return [quarters[quarter] for quarter in sorted(quarters)]


def markets_open(scenario: Scenario, programme: str, due: date) -> set[str]:
    """Markets that the product itself may be shipped to from somewhere."""
    return {
        licence.market
        for licence in scenario.licences
        if licence.programme == programme
        and licence.step is None
        and licence.market != "clinical"
        and licence.start.date() <= due
    } | {
        market
        for chain in scenario.qualifications
        for market in chain.markets
        if chain.programme == programme
        and (at := granted(scenario, chain, market)) is not None
        and at <= due
    }


def granted(scenario: Scenario, chain: Qualification, market: str) -> date | None:
    """Right to ship if every PPQ order is released when it is due, none if none is."""
    due = {order.id: order.due.date() for order in scenario.orders}
    times = next(row for row in scenario.markets if row.id == market)
    filed = {
        other.id: due[other.orders[-1]] + timedelta(days=90)
        for other in scenario.qualifications
        if other.orders and (other.site, market in other.markets) == (chain.site, True)
    }
    if chain.id not in filed:
        return None
    reviewed = filed[chain.id] + timedelta(float(times.review_days[chain.filing]))
    if held(scenario, chain.site, market):
        return reviewed
    inspected = min(filed.values()) + timedelta(float(times.inspection_days))
    return max(reviewed, inspected)


def held(scenario: Scenario, site: str, market: str) -> bool:
    """Whether a site ships to a market already, so that no filing brings an inspection."""
    return any(
        (licence.site, licence.market) == (site, market)
        and licence.start <= scenario.as_of
        for licence in scenario.licences
    )


def standings(value: object) -> Iterator[Standing]:
    """Every mark below a record."""
    if isinstance(value, Standing):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from standings(getattr(value, name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from standings(part)
    elif isinstance(value, list):
        for part in value:
            yield from standings(part)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_reads_under_its_own_name(name: str) -> None:
    assert shipped(name).name == name
    assert shipped(name).title


def test_the_shipped_scenarios_are_those_that_the_documentation_lists() -> None:
    page = (SCENARIOS.parent / "docs" / "worked_case.md").read_text()
    assert {name for name in SHIPPED if f"`{name}`" in page} | {"tiny"} == set(SHIPPED)


# ---------------------------------------------------------------- the worked case


def test_the_order_book_holds_the_batches_of_the_case() -> None:
    # Sums of the quarterly demand by kind, 2026 Q1 to 2031 Q4. LEG-A, for one:
    # 4 x (14 + 12 + 10 + 8 + 8 + 6) = 232. US-IO commercial: 0 + 6 + 5 + 5 in 2028,
    # 4 x 6 in 2029, 4 x 8 in 2030 and in 2031 = 104.
    assert batches(shipped("base")) == {
        "RAK-PIT": {"engineering": 1, "clinical": 4, "ppq": 3, "commercial": 18},
        "US-IO": {"engineering": 1, "clinical": 8, "ppq": 3, "commercial": 104},
        "LEG-A": {"commercial": 232},
        "LEG-B": {"commercial": 100},
        "MAB-4": {"engineering": 1, "clinical": 4, "ppq": 3, "commercial": 40},
        "BSP-1": {"clinical": 36},
        "CLIN-3": {"clinical": 28},
        "ADC-A": {"engineering": 1, "clinical": 16, "ppq": 3, "commercial": 23},
        "ADC-B": {"engineering": 1, "clinical": 6, "ppq": 3, "commercial": 87},
        "ADC-C": {"clinical": 32},
        "BIG-1": {"engineering": 2, "ppq": 3, "commercial": 176},
        "BIG-2": {"engineering": 2, "ppq": 3, "commercial": 98},
        "HT-1": {"engineering": 1, "ppq": 3, "commercial": 62},
        "PROS-1": {"engineering": 2, "ppq": 3, "commercial": 60},
    }


def test_every_order_of_the_worked_case_is_due_on_the_last_day_of_its_quarter() -> None:
    for order in shipped("base").orders:
        year, quarter = re.findall(r"-(\d{4})Q(\d)-", order.id)[0]
        after = order.due + timedelta(days=1)
        # The day after is the first of the next quarter.
        month = int(quarter) * 3 + 1
        first = (int(year) + month // 13, month % 12, 1)
        assert (after.year, after.month, after.day) == first, order.id


@pytest.mark.parametrize("programme", SHARES)
def test_market_lines_go_to_open_markets_and_keep_to_the_shares(programme: str) -> None:
    scenario = shipped("base")
    shares = {market: Fraction(share) for market, share in SHARES[programme].items()}
    behind: defaultdict[str, Fraction] = defaultdict(Fraction)
    for orders in commercial_quarters(scenario, programme):
        due = orders[0].due.date()
        live = markets_open(scenario, programme, due)
        assert {order.market for order in orders} <= live
        total = sum(order.batches for order in orders)
        for market in live:
            weight = sum(shares[other] for other in live)
            behind[market] += total * shares[market] / weight
        for order in orders:
            behind[str(order.market)] -= order.batches
        # Whole batches can't be split, but no market falls a batch or more behind.
        assert all(abs(debt) < 1 for debt in behind.values()), (due, behind)
    assert sum(behind.values()) == 0


def test_the_market_lines_of_a_quarter_add_up_to_its_demand() -> None:
    scenario = shipped("base")
    sums = {
        programme: [
            sum(order.batches for order in orders)
            for orders in commercial_quarters(scenario, programme)
        ]
        for programme in ("LEG-A", "ADC-B", "BIG-1")
    }
    # Demand of the case from the first commercial quarter on.
    assert sums == {
        "LEG-A": [14] * 4 + [12] * 4 + [10] * 4 + [8] * 8 + [6] * 4,
        "ADC-B": [5, 5, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8],
        "BIG-1": [6, 10, 12, 12, 12, 12, *[14] * 8],
    }


def test_facts_name_a_source_and_every_source_named_is_listed() -> None:
    scenario = shipped("base")
    marks = list(standings(scenario))
    count = Counter(mark.is_ for mark in marks)
    # Public values are few; a change of these counts is a change of what is claimed.
    assert (count["fact"], count["typical"]) == (17, 27)
    for mark in marks:
        keys = re.findall(r"\bS\d+\b", mark.source or "")
        assert keys or mark.is_ == "assumption", mark
        assert set(keys) <= set(scenario.sources), mark


def test_every_listed_source_has_an_address_and_is_used() -> None:
    text = (SCENARIOS / "base.yaml").read_text()
    for key, citation in shipped("base").sources.items():
        assert "://" in citation
        # Once where it is listed, and at least once where it is used.
        assert len(re.findall(rf"\b{key}\b", text)) > 1, key


def test_batches_of_other_tanks_count_by_their_litres() -> None:
    recipes = {p.id: p.recipe[-1] for p in shipped("base").programmes}
    # 5,000 L x 0.8 x 4.5 g/L x 0.72 = 12.96 kg; 3,000 L gives three fifths of it.
    assert recipes["US-IO"].kg_per_batch["SYR-B"] == Fraction("12.96")
    assert recipes["US-IO"].kg_per_batch["SON-HT"] == Fraction("0.6") * Fraction(
        "12.96"
    )


def test_the_opening_state_comes_out_on_the_days_of_the_case() -> None:
    scenario = shipped("base")
    last = {}
    for row in scenario.in_release:
        span = timedelta(days=float((row.batches - 1) * row.every_days))
        last[row.id] = format_moment(row.first_out + span)
    # 11 batches every 4 d, 6 every 16/3 d, 2 every 7 d and 1.
    assert last == {
        "LEG-A-in-release": "2026-01-13",
        "LEG-B-in-release": "2026-01-12",
        "BSP-1-in-release": "2026-01-12",
        "ADC-A-in-release": "2026-01-10",
    }


# ---------------------------------------------------------------- the other starts


def test_songdo_starts_on_the_days_that_the_scenarios_are_named_for() -> None:
    starts = {
        name: [dates(name)[suite].isoformat() for suite in ("SON-T1", "SON-T2")]
        for name in ("base", "songdo_august_2026", *SLIPS)
    }
    # The second train goes live 276 days after the first.
    assert starts == {
        "base": ["2027-03-29", "2027-12-30"],
        "songdo_august_2026": ["2026-09-01", "2027-06-04"],
        "songdo_2027": ["2027-06-30", "2028-04-01"],
        "songdo_six_months_late": ["2027-09-26", "2028-06-28"],
        "songdo_twelve_months_late": ["2028-03-28", "2028-12-29"],
    }


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("songdo_august_2026", -209),  # 2027-03-29 less 209 d = 2026-09-01
        ("songdo_2027", 93),  # 2027-03-29 + 93 d = 2027-06-30
        ("songdo_six_months_late", 181),  # 2026-08-31 to 2027-02-28
        ("songdo_twelve_months_late", 365),  # 2026-08-31 to 2027-08-31
    ],
)
def test_what_hangs_on_songdo_moves_with_it_and_nothing_else_does(
    name: str, days: int
) -> None:
    before, after = dates("base"), dates(name)
    moved = {key: (after[key] - before[key]).days for key in before}
    programmes = ("BIG-1", "BIG-2", "HT-1", "PROS-1")
    first = {"BIG-1": "2028Q3", "BIG-2": "2029Q3", "HT-1": "2028Q4", "PROS-1": "2030Q2"}
    hanging = {"SON-T1", "SON-T2", "SON-HT"}
    for programme in programmes:
        hanging |= {
            key
            for key in before
            if key.startswith(f"{programme}-")
            and (key.endswith(("-eng", "-ppq")) or first[programme] in key)
        }
    hanging |= {f"{programme}@SON" for programme in programmes}
    assert {key: moved[key] for key in moved if moved[key]} == dict.fromkeys(
        hanging, days
    )


@pytest.mark.parametrize("name", ["base", "songdo_august_2026", *SLIPS])
def test_orders_stay_inside_the_horizon_and_rights_follow_validation(name: str) -> None:
    scenario, when = shipped(name), dates(name)
    for order in scenario.orders:
        assert scenario.as_of <= order.due <= scenario.horizon.end, order.id
    chains = {chain.id: chain for chain in scenario.qualifications}
    for programme in ("BIG-1", "BIG-2", "HT-1", "PROS-1"):
        chain = chains[f"{programme}@SON"]
        trial, ppq = chain.orders
        assert when[chain.id] + timedelta(days=365) < when[trial] < when[ppq]
        # No date says when Songdo may ship what the plan has yet to qualify.
        assert not [key for key in when if key.startswith(f"{programme}@SON:")]


def test_rights_that_are_yet_to_come_follow_from_qualifications() -> None:
    scenario = shipped("base")
    for licence in scenario.licences:
        assert licence.market == "clinical" or licence.start < scenario.as_of
    sold = {order.contract for order in scenario.orders if order.kind == "commercial"}
    chains = {f"C-{chain.programme}" for chain in scenario.qualifications}
    assert sold - chains == {"C-LEG-A", "C-LEG-B"}


@pytest.mark.parametrize(
    ("chain", "rights"),
    [
        # PPQ due 2026-12-31, filed 90 d later on 2027-03-31; 365 d and 434 d of review.
        ("US-IO@SYR", {"FDA": "2028-03-30", "EMA": "2028-06-07"}),
        # Due 2029-09-30, filed 2029-12-29; 243 d and 221 d.
        ("ADC-A@SYR", {"FDA": "2030-08-29", "MFDS": "2030-08-07"}),
        # Due 2027-12-31, filed 2028-03-30; 365 d, or 243 d, 250 d and 274 d.
        ("RAK-PIT@SYR", {"FDA": "2029-03-30", "PMDA": "2029-03-30"}),
        (
            "ADC-B@SYR",
            {"FDA": "2028-11-28", "EMA": "2028-12-05", "PMDA": "2028-12-29"},
        ),
    ],
)
def test_new_products_are_reviewed_for_as_long_as_each_authority_takes(
    chain: str, rights: dict[str, str]
) -> None:
    scenario = shipped("base")
    row = next(row for row in scenario.qualifications if row.id == chain)
    assert {name: str(granted(scenario, row, name)) for name in row.markets} == rights


def test_songdo_of_august_2026_has_a_laboratory_from_its_first_day() -> None:
    songdo = {site.id: site for site in shipped("songdo_august_2026").sites}["SON"]
    for steps in (songdo.qc_batches, songdo.qa_reviewers):
        assert [step.start.date().isoformat() for step in steps] == [
            "2026-09-01",
            "2028-01-01",
            "2029-01-01",
        ]


# ---------------------------------------------------------------- the other questions


def test_the_second_conjugation_suite_is_the_only_difference_of_its_scenario() -> None:
    base, other = shipped("base"), shipped("second_conjugation_suite")
    assert [s.id for s in base.suites if not s.enabled] == ["SYR-C2"]
    assert all(suite.enabled for suite in other.suites)
    assert other.orders == base.orders


def test_us_io_doubles_from_july_2028() -> None:
    # 104 in the base case, of which 6 are due before July 2028: 6 + 2 x 98.
    assert batches(shipped("us_io_doubled"))["US-IO"]["commercial"] == 202


def test_lost_leg_a_keeps_the_batches_of_two_years() -> None:
    # 4 x 14 in 2026 and 4 x 12 in 2027.
    assert batches(shipped("lost_leg_a"))["LEG-A"]["commercial"] == 104


def test_syracuse_is_down_for_ninety_days_and_songdo_is_not() -> None:
    sites = {site.id: site for site in shipped("syracuse_outage").sites}
    outage = sites["SYR"].outages[0]
    assert outage.start.date().isoformat() == "2029-02-01"
    assert outage.days == 90
    assert sites["SON"].outages == []


def test_qa_shortfall_takes_a_fifth_of_the_reviewers_everywhere() -> None:
    found = {
        site.id: [step.value for step in site.qa_reviewers]
        for site in shipped("qa_shortfall").sites
    }
    # 0.8 x 7; 0.8 x 4, 7, 9.
    assert found == {
        "SYR": [Fraction("5.6")],
        "SON": [Fraction("3.2"), Fraction("5.6"), Fraction("7.2")],
    }


@pytest.mark.parametrize(
    "name", ["songdo_reviewers_short", "two_systems_reviewers_short"]
)
def test_songdo_has_half_of_its_reviewers(name: str) -> None:
    found = {
        site.id: [step.value for step in site.qa_reviewers]
        for site in shipped(name).sites
    }
    assert found == {
        "SYR": [Fraction(7)],
        "SON": [Fraction(2), Fraction("3.5"), Fraction("4.5")],
    }


def test_tiny_cannot_avoid_what_its_hand_calculation_says() -> None:
    # GAMMA's licence comes ten days late: 2 x (10 x 5,000 + 0.1 x 400,000) = 180,000.
    # BETA's first order at East: 2 x 0.5 x (450,000 - 400,000) = 50,000.
    assert unavoidable(shipped("tiny")) == 230_000


def test_an_order_for_two_markets_is_made_at_the_site_of_each() -> None:
    plan = solve(shipped("tiny_two_markets"), work=20).plan

    assert plan is not None
    made = {(row.order, row.site) for row in plan.batches if "A-3" in str(row.order)}
    assert made == {("A-3/US", "EAST"), ("A-3/EU", "WEST")}
    # Beside the plan of tiny, which the documentation works out: two changeovers.
    assert plan.objective == 424_700 + 2 * 60_000


def test_west_is_qualified_for_the_stock_that_east_is_too_old_for() -> None:
    scenario = shipped("tiny_to_stock")
    plan = solve(scenario, work=5).plan

    assert plan is not None
    (chain,) = plan.qualifications
    (filing,) = chain.filings
    assert chain.ppq_released is not None
    # 30 days to the filing and 122 of review, longer than the inspection of 90.
    assert (filing.right - chain.ppq_released).days == 30 + 122
    west = [
        row.available
        for row in plan.batches
        if (row.site, row.programme, row.kind) == ("WEST", "ALPHA", "commercial")
    ]
    assert min(day for day in west if day is not None) >= filing.right
    assert sum(period.sold for period in plan.stocks) == 14
    # Without West, East's batches are too old from August 2027 on.
    closed = reading.read(
        SCENARIOS / "tiny_to_stock.yaml", ["ALPHA@WEST.permitted=false"]
    ).scenario
    alone = solve(closed, work=5).plan
    assert alone is not None
    assert alone.objective > plan.objective
    assert sum(period.sold for period in alone.stocks) == 8
