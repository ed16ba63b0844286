"""Qualifications by hand: the date of every milestone, what it costs, what it rescues."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from strategies import Case, documents
from test_agreement import optimum, valid
from test_pinned import agree
from test_rules import frozen_network, network, prices, programme

from capacity import cli, plots, tables
from capacity.board import Board
from capacity.bound.ways import ways
from capacity.checker import breaches
from capacity.checker.book import Book
from capacity.construct import construct
from capacity.instance import build
from capacity.parts import together
from capacity.plan import Plan, PlannedQualification
from capacity.publish import to_plan
from capacity.reading import ScenarioError, read
from capacity.reinsert import Search
from capacity.requalify import requalified
from capacity.resume import wishes_of
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.solver import solve
from capacity.validate import problems, warnings
from capacity.validate.network import Network

Row = dict[str, Any]


def two_sites() -> Row:
    """P is wanted in the US by 8 June, and no site may ship it: B may be qualified.

    In T at B a batch takes 10 days, one follows 5 days after another, and the first
    campaign has a changeover of 3 days. PPQ is released 20 days after out.
    """
    document = network()
    document["horizon"]["end"] = "2026-09-30"
    site = document["sites"][0]
    site |= {"id": "B", "name": "B", "shutdowns": [], "qc_batches": []}
    site["qc_batches"] = [{"from": "2025-01-01", "value": 7}]
    site["qa_reviewers"] = [{"from": "2025-01-01", "value": 20}]
    document["suites"][0] |= {"id": "T", "site": "B", "set_up": None}
    document["release_classes"][0]["lead_time"]["ppq"] = {"p50": 20, "p90": 20}
    for row in document["programmes"]:
        row["recipe"][0]["suites"] = ["T"]
    document["programmes"] = document["programmes"][:1]
    document["contracts"] = document["contracts"][:1]
    document["licences"] = []
    document["quality"] = {
        "transfer_days": {"within": 30, "outside": 60},
        "filing_days": 15,
    }
    document["markets"] = [
        {"id": "US", "review_days": {"addition": 40, "new": 100}, "inspection_days": 60}
    ]
    document["qualifications"] = [qualification("P")]
    document["orders"][0]["due"] = "2026-06-08"
    return document


def qualification(name: str, **fields: Any) -> Row:
    return {
        "id": f"{name}@B",
        "programme": name,
        "site": "B",
        "origin": "within",
        "engineering_batches": 1,
        "ppq_batches": 3,
        "markets": ["US"],
        "filing": "addition",
        "transfer_cost": 1000,
        "filing_cost": 100,
    } | fields


@cache
def solved(document: str) -> Plan:
    scenario = Scenario.model_validate_json(document)
    assert problems(scenario) == []
    result = solve(scenario, work=20)
    assert result.breaches == []
    assert result.status == "optimal"
    assert result.plan is not None
    return result.plan


def planned(document: Row) -> Plan:
    """The best plan, proved."""
    return solved(json.dumps(document))


def milestones(row: PlannedQualification) -> list[str]:
    dates = [
        row.transfer_start,
        row.transfer_end,
        row.engineered,
        row.ppq_start,
        row.ppq_out,
        row.ppq_released,
        *(
            date
            for filing in row.filings
            for date in (filing.filed, filing.reviewed, filing.inspected, filing.right)
        ),
    ]
    return ["-" if date is None else f"{date:%m-%d}" for date in dates]


def test_milestones_follow_one_another_each_as_early_as_can_be() -> None:
    plan = planned(two_sites())

    (row,) = plan.qualifications
    assert milestones(row) == [
        "01-01", "01-31",  # transfer within the quality system: 30 days
        "02-10",  # engineering from the end of the transfer, out 10 days later
        "02-13",  # PPQ 3 days after
        "03-05",  # three batches: 10 + 2 x 5 days
        "03-25",  # released 20 days after out
        "04-09",  # filed 15 days after the last release
        "05-19",  # reviewed in 40 days
        "06-08",  # inspected 60 days after the first filing of the site
        "06-08",  # so it may ship
    ]  # fmt: skip


def test_a_qualification_costs_its_transfer_its_filings_and_its_batches() -> None:
    plan = planned(two_sites())

    assert plan.costs.qualification == 1000 + 100 + 4 * 500
    assert plan.costs.variable == 0
    # Both batches of the order are made before 8 June, at (1 - 0.9) x 500 each.
    assert plan.costs.at_risk == 2 * 50
    assert plan.costs.lateness == plan.costs.unserved == 0
    assert plan.costs.changeover == 1000
    assert {row.order for row in plan.orders} == {"O"}


def under_way() -> Row:
    """PPQ of P runs at B on 1 January; what engineered it is out."""
    document = two_sites()
    chain = document["qualifications"][0]
    for key in ("origin", "transfer_cost"):
        del chain[key]
    document["licences"] = [
        {"id": "L", "programme": "P", "site": "B", "market": "clinical"}
        | {"from": "2025-06-01"}
    ]
    document["suites"][0]["set_up"] = "P"
    document["locks"] = [
        {"id": "TRIAL", "kind": "engineering", "batches": 1, "start": "2025-12-07"},
        {"id": "PPQ", "kind": "ppq", "batches": 3, "start": "2025-12-20"},
    ]
    for row in document["locks"]:
        row |= {"programme": "P", "suite": "T"}
    document["orders"][0]["due"] = "2026-04-14"
    return document


def test_ppq_that_runs_already_is_filed_for_when_its_last_batch_is_released() -> None:
    plan = planned(under_way())

    (row,) = plan.qualifications
    assert milestones(row) == [
        "-", "-",
        "12-17",  # the engineering batch began on 7 December
        "12-20", "01-09",  # three batches: 10 + 2 x 5 days
        "01-29",  # released 20 days after out
        "02-13", "03-25", "04-14", "04-14",  # as ever: 15, 40 and 60 days
    ]  # fmt: skip
    # Locked batches cost nothing more, the filing does.
    assert plan.costs.qualification == 100
    assert plan.costs.lateness == plan.costs.unserved == 0


def behind() -> Row:
    """Three of four PPQ batches validate B; the third was released on 17 December."""
    document = under_way()
    del document["qualifications"][0]["engineering_batches"]
    ppq = {"batches": 4, "start": "2025-11-07"}
    document["locks"] = [document["locks"][1] | ppq]
    return document


def test_nothing_is_filed_for_before_the_plan_begins() -> None:
    document = behind()

    (row,) = planned(document).qualifications
    # 15 days after the release, and 40 and 60 days after that.
    assert milestones(row)[5:] == ["12-17", "01-01", "02-10", "03-02", "03-02"]
    (chain,) = build(Scenario.model_validate(document)).chains
    assert chain.proved == -15
    document["locks"][0]["start"] = "2025-11-06"
    # The fourth batch, which nobody asks for, isn't released yet.
    assert dict(said(document))["locks.PPQ.start"] == (
        "lock PPQ: start: PPQ of P@B was released so long ago that it is filed already: "
        "instead of P@B state its rights by date, in licences"
    )


def test_model_and_checker_agree_on_what_is_filed_for_as_the_plan_begins() -> None:
    document = behind()
    document["locks"][0]["start"] = "2025-11-05"  # filed on 30 December, were it data
    document["orders"][0]["due"] = "2026-02-20"
    scenario = Scenario.model_validate(document)
    case = Case(scenario, construct(build(scenario)))

    assert agree(case)
    # Two batches, 10 days late at 25 a day: the right comes on 2 March.
    assert case.schedule.bill.lateness == 2 * 10 * 25


def test_a_filing_in_the_past_breaks_a_rule() -> None:
    document = behind()
    plan = planned(document)
    (row,) = plan.qualifications
    (filing,) = row.filings
    past = filing.model_copy(update={"filed": filing.filed - timedelta(days=2)})
    early = row.model_copy(update={"filings": [past]})

    found = breaches(
        Scenario.model_validate(document),
        plan.model_copy(update={"qualifications": [early]}),
    )

    assert any("states milestones that don't follow" in text for text in found)


def test_ppq_follows_engineering_that_runs_already() -> None:
    document = under_way()
    document["locks"] = [document["locks"][0] | {"start": "2025-12-24"}]
    del document["markets"][0]["inspection_days"]
    document["orders"][0]["due"] = "2026-04-11"

    plan = planned(document)

    (row,) = plan.qualifications
    assert milestones(row) == [
        "-", "-",
        "01-03",  # the engineering batch began on 24 December
        "01-06", "01-26", "02-15",  # PPQ 3 days after
        "03-02", "04-11", "-", "04-11",
    ]  # fmt: skip
    assert plan.costs.qualification == 100 + 3 * 500
    assert plan.costs.lateness == plan.costs.unserved == 0


def test_a_sold_batch_under_way_waits_for_the_right_that_the_plan_gives() -> None:
    document = under_way()
    document["locks"].append(
        {"id": "SOLD", "programme": "P", "suite": "T", "kind": "commercial"}
        | {"batches": 1, "start": "2026-01-09"}
    )
    document["orders"][0]["batches"] = 1

    plan = planned(document)

    (batch,) = [row for row in plan.batches if row.kind == "commercial"]
    assert (batch.campaign, batch.order) == ("SOLD", "O")
    # Out on 19 January; it may ship on 14 April.
    assert f"{batch.available:%m-%d}" == "04-14"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batches": 2}, "1 short of the PPQ of P@B, which is one campaign"),
        ({"start": "2025-12-18"}, "PPQ of P@B has begun without its engineering"),
        ({"start": "2025-09-01"}, "released so long ago that it is filed already"),
    ],
)
def test_ppq_under_way_is_whole_and_follows_its_engineering(
    change: Row, said: str
) -> None:
    document = under_way()
    document["locks"][1] |= change
    if "start" in change:
        document["quality"]["ppq_after_engineering_days"] = 3

    found = [str(each) for each in problems(Scenario.model_validate(document))]

    assert any(said in each for each in found), found


def test_ppq_under_way_has_every_part_of_an_order_in_whole_batches() -> None:
    document = under_way()
    chain = document["qualifications"][0]
    chain |= {"engineering_batches": 0, "ppq_batches": 0, "orders": ["V"]}
    # One of two is taken or paid for: each part is 3 kg, and T makes 2 kg at a time.
    document["contracts"][0] |= {"firm_months": 0, "take_or_pay": 0.25}
    document["orders"].append(
        {"id": "V", "contract": "C", "kind": "ppq", "batches": 2, "due": "2026-03-30"}
    )
    document["suites"].append(document["suites"][0] | {"id": "U"})
    document["programmes"][0]["recipe"][0] |= {
        "suites": ["T", "U"], "reference_suite": "U", "kg_per_batch": {"T": 2, "U": 3}
    }  # fmt: skip
    document["locks"] = [document["locks"][1]]
    scenario = Scenario.model_validate(document)
    book = Book(scenario)
    lines = book.lines_of(book.chains["P@B"], "ppq")
    needed = sum(book.needed(line, book.kg("P", "T")) for line in lines)

    assert needed == 4
    assert said(document) == [
        (
            "locks.PPQ.batches",
            "lock PPQ: batches: 1 short of the PPQ of P@B, which is one campaign",
        )
    ]
    document["locks"][0]["batches"] = needed
    assert said(document) == []
    document["orders"][1]["contract"] = "D"
    assert dict(said(document))["orders.V.contract"].startswith("order V: contract")


def test_ppq_that_is_filed_for_one_market_is_filed_for_another_by_the_plan() -> None:
    document = under_way()
    # Released on 26 December: filed for US on 31 December, for EU on 25 January.
    document["locks"][0]["start"] = "2025-10-25"
    document["locks"][1]["start"] = "2025-11-16"
    document["quality"]["ppq_after_engineering_days"] = 3
    document["markets"][0]["filing_days"] = 5
    document["markets"].append(
        {"id": "EU", "review_days": {"addition": 50}, "filing_days": 30}
    )
    chain = document["qualifications"][0]
    chain["markets"] = ["EU", "US"]

    assert dict(said(document))["locks.PPQ.start"] == (
        "lock PPQ: start: PPQ of P@B was released so long ago that it is filed for US "
        "already: state its right there by date, in licences, and leave US out of the "
        "markets of P@B"
    )
    chain["markets"] = ["EU"]
    document["licences"].append(
        {"id": "P@B:US", "programme": "P", "site": "B", "market": "US",
         "from": "2026-03-01"}
    )  # fmt: skip
    assert said(document) == []


def test_ppq_for_a_stock_is_released_as_late_as_that_stock_says() -> None:
    document = for_stock(("2026-09-01", 2), release_days=90)
    begun = under_way()
    for part in ("qualifications", "licences", "suites", "locks"):
        document[part] = begun[part]
    del document["qualifications"][0]["engineering_batches"]
    # Out on 20 September and, 90 days instead of 20 later, released on 19 December.
    document["locks"] = [document["locks"][1] | {"start": "2025-08-31"}]

    assert said(document) == []


def test_what_is_released_or_tested_is_told_by_its_start_where_rights_are_decided() -> (
    None
):
    document = under_way()
    document["in_release"] = [
        {"id": "OUT", "programme": "P", "suite": "T", "kind": "ppq", "batches": 1}
        | {"first_out": "2025-12-20"}
    ]

    found = [str(each) for each in problems(Scenario.model_validate(document))]

    said = "state these ppq batches as a locked campaign"
    assert any(said in each for each in found), found


def test_no_campaign_is_locked_before_its_transfer_ends(tmp_path: Path) -> None:
    document = under_way()
    document["transfers"] = [
        {"id": "TR", "programme": "P", "site": "B", "end": "2025-12-08"}
    ]
    file = tmp_path / "early.yaml"
    file.write_text(json.dumps(document, indent=0), encoding="utf-8")
    line = file.read_text().splitlines().index('"start": "2025-12-07",') + 1

    with pytest.raises(ScenarioError) as refused:
        read(file)

    text = "is before the transfer to B ends on 2025-12-08"
    assert list(map(str, refused.value.problems)) == [
        f"{file}:{line}: lock TRIAL: start: {text}"
    ]


@pytest.mark.parametrize(
    ("part", "kind", "text"),
    [
        ("locks", "ppq", "leave it out, close U meanwhile by an outage, and instead of "
         "P-ab state its rights by date, in licences"),
        ("in_release", "engineering", "leave it out, and ask P-ab for no engineering"),
        ("locks", "clinical", "so they are intermediate, not clinical"),
    ],
)  # fmt: skip
def test_what_qualifies_an_antibody_by_itself_and_runs_already_is_stated_by_date(
    part: str, kind: str, text: str
) -> None:
    document = antibody_elsewhere()
    (chain,) = document["qualifications"]
    chain |= {"id": "P-ab"}
    (suite,) = [row["id"] for row in document["suites"] if row["site"] == chain["site"]]
    when = {"locks": "start", "in_release": "first_out"}[part]
    document[part] = [
        {"id": "G", "programme": "P", "step": "ab", "suite": suite, "kind": kind}
        | {"batches": 1, when: "2025-12-20"}
    ]

    assert text.replace(" U ", f" {suite} ") in dict(said(document))[f"{part}.G.kind"]


def test_nothing_is_at_a_site_that_has_yet_to_be_opened() -> None:
    document = under_way()
    document["qualifications"][0]["origin"] = "within"
    document["licences"] = []

    found = [str(each) for each in problems(Scenario.model_validate(document))]

    assert any("P@B has yet to open B" in each for each in found), found


def test_ppq_that_may_fail_costs_what_making_it_again_costs() -> None:
    document = two_sites()
    document["qualifications"][0]["ppq_success"] = 0.9

    assert planned(document).costs.qualification == 3100 + 3 * 50


def test_from_outside_a_transfer_takes_longer_and_a_right_comes_later() -> None:
    document = two_sites()
    document["qualifications"][0]["origin"] = "outside"

    (row,) = planned(document).qualifications
    assert milestones(row)[:2] == ["01-01", "03-02"]
    # 30 days later, but no PPQ runs into the shutdown: B has none.
    assert milestones(row)[-1] == "07-08"


def test_another_kind_of_filing_is_reviewed_for_longer() -> None:
    document = two_sites()
    document["qualifications"][0]["filing"] = "new"

    (row,) = planned(document).qualifications
    assert milestones(row)[-3:] == ["07-18", "06-08", "07-18"]


def test_a_transfer_starts_no_earlier_than_it_may() -> None:
    document = two_sites()
    document["qualifications"][0]["not_before"] = "2026-01-11"

    (row,) = planned(document).qualifications
    assert milestones(row)[:2] == ["01-11", "02-10"]
    assert milestones(row)[-1] == "06-18"


def test_what_isnt_worth_its_cost_isnt_qualified() -> None:
    document = two_sites() | {"tiers": "single"}  # else firm lines are worth anything
    document["qualifications"][0]["transfer_cost"] = 100_000

    plan = planned(document)

    assert plan.qualifications == []
    assert plan.batches == []
    assert plan.costs.unserved == plan.objective == 2 * 20_000
    assert plan.orders[0].cause == "licence"


def test_a_client_who_orders_ppq_pays_for_it() -> None:
    document = two_sites()
    chain = document["qualifications"][0]
    chain |= {"engineering_batches": 0, "ppq_batches": 0, "orders": ["E", "V"]}
    common = {"contract": "C", "due": "2026-03-30"}
    document["orders"] += [
        common | {"id": "E", "kind": "engineering", "batches": 1, "due": "2026-02-10"},
        common | {"id": "V", "kind": "ppq", "batches": 3},
    ]

    plan = planned(document)

    assert milestones(plan.qualifications[0])[-1] == "06-08"
    assert plan.costs.qualification == 1000 + 100
    assert {row.order for row in plan.orders} == {"O", "E", "V"}


@pytest.mark.parametrize(
    ("losses", "again"), [({}, 150), ({"ppq": 0.9}, 150), ({"ppq": 0.6}, 0)]
)
def test_ppq_that_may_fail_is_paid_for_once(losses: Row, again: int) -> None:
    document = two_sites() | {"losses": losses}
    chain = document["qualifications"][0]
    chain |= {"engineering_batches": 0, "ppq_batches": 0, "orders": ["V"]}
    chain["ppq_success"] = 0.9
    document["orders"].append(
        {"id": "V", "contract": "C", "kind": "ppq", "batches": 3, "due": "2026-03-30"}
    )

    plan = planned(document)

    # (1 - 0.9) x 500 of each batch, unless make-up batches are planned: 1/3 of one is
    # expected at 0.9, which is rounded to none, two at 0.6.
    assert plan.costs.qualification == 1000 + 100 + again
    made_up = {"V/spare"} if not again else set()
    assert {row.order for row in plan.orders} == {"O", "V"} | made_up


@pytest.fixture
def program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """The program: exit code and all that it says."""

    def call(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["capacity", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return call


def completed_on(day: str, folder: Path) -> Path:
    """B, its suite, and the transfer to it hang on the day on which B is complete."""
    document = two_sites()
    document["horizon"]["end"] = "2027-03-31"
    document["economics"] = {"max_late_days": 365}
    document["sites"][0]["completed"] = day
    document["suites"][0]["go_live"] = "B.completed + 0 days"
    document["qualifications"][0]["not_before"] = "B.completed + 0 days"
    file = folder / f"{day}.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_site_complete_six_months_later_moves_the_chain_and_the_money_is_reported(
    tmp_path: Path, program: Callable[..., tuple[int, str]]
) -> None:
    runs = []
    for day in ("2026-01-01", "2026-07-01"):
        runs.append(str(tmp_path / f"run-{day}"))
        file = completed_on(day, tmp_path)
        assert program("solve", file, "-o", runs[-1])[0] == 0
    plans = [
        Plan.model_validate_json((Path(run) / "plan.json").read_text()) for run in runs
    ]
    on_time, late = (plan.qualifications[0] for plan in plans)

    # Every milestone 181 days later: the right comes on 6 December instead of 8 June.
    assert milestones(on_time)[-1] == "06-08"
    assert milestones(late)[-1] == "12-06"
    assert late.transfer_end is not None
    assert on_time.transfer_end is not None
    assert (late.transfer_end - on_time.transfer_end).days == 181
    # Two batches late by 181 days at 25 a day, and the whole penalty of 10 %.
    lost = 2 * (181 * 25 + 1000)
    assert plans[1].objective - plans[0].objective == lost
    assert lost == 11_050
    code, told = program("compare", *runs)
    assert code == 0
    assert "11.1 k USD more regret" in told


def two_programmes() -> Row:
    """Q, in a suite U of its own, may be qualified at B too."""
    document = two_sites()
    document["suites"].append(document["suites"][0] | {"id": "U"})
    other = programme("Q", "Y")
    other["recipe"][0]["suites"] = ["U"]
    document["programmes"].append(other)
    document["contracts"].append(
        {"id": "D", "programme": "Q", "firm_months": 12, "price": prices(10_000)}
    )
    document["orders"].append(
        document["orders"][0] | {"id": "Q1", "contract": "D", "due": "2026-06-20"}
    )
    document["qualifications"].append(qualification("Q"))
    return document


def test_a_first_plan_of_a_large_network_tries_some_qualifications_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance = build(Scenario.model_validate(two_programmes()))
    both = {wish.step for wish in wishes_of(construct(instance)) if wish.ppq}
    monkeypatch.setattr("capacity.construct.TRIED_BATCHES", 1)
    one = {wish.step for wish in wishes_of(construct(instance)) if wish.ppq}

    assert both == {0, 1}
    assert len(one) == 1


def test_a_plan_is_looked_at_with_each_qualification_turned_round() -> None:
    instance = build(Scenario.model_validate(two_programmes()))
    neither = together(instance, [])
    assert neither is not None

    one = requalified(neither)
    # Its own programme first or last: that comes to the same here.
    assert [len(qualified_in(plan)) for plan in one] == [1, 1]
    assert {chain for plan in one for chain in qualified_in(plan)} == {"P@B", "Q@B"}
    assert all(plan.bill.unserved < neither.bill.unserved for plan in one)

    both = requalified(one[0])
    # Given up again, it would cost more firm service, and is left out.
    assert [len(qualified_in(plan)) for plan in both] == [2]
    assert both[0].bill.unserved == 0


def test_how_much_turning_qualifications_takes_is_told_and_it_can_be_stopped() -> None:
    instance = build(Scenario.model_validate(two_programmes()))
    plan = construct(instance)
    told: list[int] = []

    def spend(moves: int) -> bool:
        told.append(moves)
        return False

    assert requalified(plan, spend) == []
    assert set(told) == {2 * sum(wish.batches for wish in wishes_of(plan))}


def test_no_moves_are_taken_for_qualifications_that_arent_permitted() -> None:
    document = two_programmes()
    for row in document["qualifications"]:
        row["permitted"] = False
    plan = construct(build(Scenario.model_validate(document)))
    told: list[int] = []

    def spend(moves: int) -> bool:
        told.append(moves)
        return True

    assert requalified(plan, spend) == []
    assert told == []


def qualified_in(schedule: Schedule) -> list[str]:
    """Qualifications with PPQ batches in a plan."""
    instance = schedule.instance
    steps = {wish.step for wish in wishes_of(schedule) if wish.ppq}
    return [chain.id for chain in instance.chains if chain.step in steps]


def test_a_site_is_qualified_together_with_all_that_it_may_serve() -> None:
    document = two_sites()
    order = document["orders"][0]
    document["orders"].append(order | {"id": "O2", "due": "2026-09-08"})
    instance = build(Scenario.model_validate(document))
    search = Search(Board(instance), seed=0)

    changes = [search.qualify() for _ in range(20)]

    made = [sum(c.n for c in change[1]) for change in changes if change is not None]
    # One engineering batch, three for PPQ, and two of each order, or more.
    assert max(made) >= 1 + 3 + 2 * 2


def test_a_team_that_does_one_transfer_at_a_time_does_the_other_after_it() -> None:
    document = two_programmes()
    document["sites"][0]["transfer_slots"] = [{"from": "2026-01-06", "value": 1}]
    for row in document["qualifications"]:
        row |= {"engineering_batches": 0, "ppq_batches": 1}

    # P is late by 5 days however it goes; Q, due 12 days later, by 18 if it comes second.
    first, second = planned(document).qualifications

    assert milestones(first)[:2] == ["01-06", "02-05"]
    assert milestones(second)[:2] == ["02-05", "03-07"]


def test_the_first_filing_of_a_site_brings_the_inspection_that_all_wait_for() -> None:
    rows = planned(two_programmes()).qualifications
    filed = [row.filings[0].filed for row in rows]
    inspected = {row.filings[0].inspected for row in rows}

    assert len(inspected) == 1
    (end,) = inspected
    assert end is not None
    assert (end - min(filed)).days == 60
    for row in rows:
        (filing,) = row.filings
        assert (filing.reviewed - filing.filed).days == 40
        assert filing.right == max(filing.reviewed, end)


def test_a_site_that_ships_to_a_market_already_isnt_inspected_again() -> None:
    document = two_programmes()
    document["qualifications"] = document["qualifications"][:1]
    document["licences"] = [
        {"id": "Q@B:US", "programme": "Q", "site": "B", "market": "US",
         "from": "2025-01-01"}
    ]  # fmt: skip

    (row,) = planned(document).qualifications
    (filing,) = row.filings
    assert filing.inspected is None
    assert filing.right == filing.reviewed


@pytest.mark.parametrize(
    ("licensed", "inspected", "why"),
    [
        ("2026-05-25", "05-25", "over at the latest when P@B:US begins"),
        ("2026-05-01", "05-01", "over at the latest when P@B:US begins"),
        (
            "2026-07-01",
            "06-08",
            "brought by the site's first filing there, Q@B on 2026-04-09",
        ),
    ],
)
def test_an_inspection_is_over_when_something_is_licensed(
    licensed: str, inspected: str, why: str
) -> None:
    document = two_programmes()
    document["qualifications"] = document["qualifications"][1:]
    document["licences"] = [
        {"id": "P@B:US", "programme": "P", "site": "B", "market": "US",
         "from": licensed}
    ]  # fmt: skip
    document["orders"] = document["orders"][1:]
    document["orders"][0]["due"] = max(f"2026-{inspected}", "2026-05-19")
    plan = planned(document)

    (row,) = plan.qualifications
    # Filed on 9 April as ever, and reviewed in 40 days.
    assert milestones(row)[-4:-1] == ["04-09", "05-19", inspected]
    assert milestones(row)[-1] == max("05-19", inspected)
    frame = tables.qualifications(Scenario.model_validate(document), plan)
    (told,) = frame[frame["milestone"] == "inspection"].itertuples()
    assert told.why == why


def two_markets() -> Row:
    """The same with a second market, in which nobody has ordered anything."""
    document = two_sites()
    document["markets"].append(
        {"id": "EU", "review_days": {"addition": 50}, "inspection_days": 0}
    )
    document["qualifications"][0]["markets"] = ["EU", "US"]
    return document


def test_a_warning_counts_the_days_that_a_market_takes_to_be_filed_for() -> None:
    document = two_sites()
    document["orders"][0]["due"] = "2026-04-20"
    # Transferred by 31 January, reviewed in 40 days: 27 March with 15 days to file.
    assert warnings(Scenario.model_validate(document)) == []
    document["markets"][0]["filing_days"] = 45

    ((_, text),) = warnings(Scenario.model_validate(document))

    assert "the right to ship begins on 2026-04-26" in text


def test_a_warning_knows_of_ppq_that_is_released_and_files_no_earlier_than_now() -> (
    None
):
    document = behind()
    document["markets"][0]["inspection_days"] = 0
    document["orders"][0]["due"] = "2026-02-10"
    # PPQ was released in December: 40 days of review, from 1 January.
    assert warnings(Scenario.model_validate(document)) == []
    document["orders"][0]["due"] = "2026-02-09"

    ((_, text),) = warnings(Scenario.model_validate(document))

    assert "the right to ship begins on 2026-02-10" in text


@settings(max_examples=max(40, settings().max_examples))
@given(documents(frozenset({"qualifications"})))
def test_no_warning_puts_a_right_later_than_it_can_be(document: Row) -> None:
    scenario = valid(document)
    known, book = Network(scenario), Book(scenario)
    for chain in scenario.qualifications:
        if not all(each.permitted for each in known.in_turn(chain)):
            continue
        for market in chain.markets:
            step = known.qualified(chain)[-1]
            first = known.right(chain.programme, step, chain.site, market)
            right = book.earliest_right(chain, market)
            if right is not None:
                assert first is not None
                assert first <= book.grid.moment(right)


def test_ppq_in_two_parts_is_out_with_the_larger() -> None:
    document = two_sites()
    chain = document["qualifications"][0]
    chain |= {"engineering_batches": 0, "ppq_batches": 0, "orders": ["V"]}
    document["orders"].append(
        {"id": "V", "contract": "C", "kind": "ppq", "batches": 3, "due": "2026-03-30"}
    )
    document["contracts"][0] |= {"firm_months": 0, "take_or_pay": 0.5}
    scenario = Scenario.model_validate(document)
    instance, book = build(scenario), Book(scenario)
    parts = [group.lines[0] for group in instance.groups if group.kind == "ppq"]
    (right,) = {
        right
        for group in instance.groups
        if group.kind == "commercial"
        for right in group.rights.values()
    }

    assert sorted(parts) == [("V/firm", 2), ("V/forecast", 1)]
    assert right == book.earliest_right(book.chains["P@B"], "US")


def test_a_market_that_nothing_is_shipped_to_isnt_filed_for() -> None:
    plan = planned(two_markets())

    (row,) = plan.qualifications
    assert [filing.market for filing in row.filings] == ["US"]
    assert plan.costs.qualification == 1000 + 100 + 4 * 500
    frame = tables.qualifications(Scenario.model_validate(two_markets()), plan)
    (left_out,) = frame[frame["market"] == "EU"].itertuples()
    assert left_out.milestone == "not_filed"
    assert left_out.why == "no better plan with it was found"


def test_a_market_may_be_filed_for_later_than_others() -> None:
    document = two_sites()
    document["markets"][0]["filing_days"] = 20
    document["orders"][0]["due"] = "2026-06-13"

    (row,) = planned(document).qualifications
    # Released on 25 March as ever, filed 20 days later instead of 15.
    assert milestones(row)[-4:] == ["04-14", "05-24", "06-13", "06-13"]


# ------------------------------------------------------------- one after another


def added_to() -> Row:
    """The product is new at B, whose suite breaks down after PPQ; D is added to it."""
    document = two_sites()
    site, suite = deepcopy(document["sites"][0]), deepcopy(document["suites"][0])
    document["sites"].append(site | {"id": "D", "name": "D"})
    document["suites"].append(suite | {"id": "U", "site": "D"})
    document["suites"][0]["outages"] = [
        {"id": "T-down", "start": "2026-03-06", "days": 300}
    ]
    document["programmes"][0]["recipe"][0]["suites"] = ["T", "U"]
    document["qualifications"][0]["filing"] = "new"
    document["qualifications"].append(
        qualification("P", id="P@D", site="D", after="P@B")
    )
    document["orders"][0]["due"] = "2026-07-18"
    return document


def test_a_site_that_is_added_waits_for_what_it_is_added_to() -> None:
    document = added_to()
    plan = planned(document)

    first, added = plan.qualifications
    # Filed on 9 April as ever, the new product is reviewed for 100 days.
    assert milestones(first)[-4:] == ["04-09", "07-18", "06-08", "07-18"]
    (filing,) = added.filings
    assert filing.inspected is not None
    assert (filing.reviewed - filing.filed).days == 40
    assert (filing.inspected - filing.filed).days == 60
    assert max(filing.reviewed, filing.inspected) < filing.right
    assert f"{filing.right:%m-%d}" == "07-18"
    assert {batch.site for batch in plan.batches if batch.order == "O"} == {"D"}
    assert plan.costs.lateness == plan.costs.unserved == 0
    assert plan.costs.qualification == 2 * (1000 + 100 + 4 * 500)
    frame = tables.qualifications(Scenario.model_validate(document), plan)
    (right,) = frame[
        (frame["qualification"] == "P@D") & (frame["milestone"] == "right_to_ship")
    ].itertuples()
    assert right.why == "US has approved P@B, which comes first"
    opened = tables.milestones(Scenario.model_validate(document), plan)
    assert opened[opened["milestone"] == "right_to_ship"]["why"].to_list() == [
        "qualification P@B: reviewed",
        "qualification P@D: approved elsewhere",
    ]


def test_without_what_it_is_added_to_a_site_has_no_right() -> None:
    document = added_to()
    document["qualifications"][0]["permitted"] = False

    plan = planned(document)
    assert plan.qualifications == []
    assert {batch.order for batch in plan.batches} <= {None}
    assert plan.costs.unserved > 0


def test_a_filing_before_the_one_it_comes_after_breaks_a_rule() -> None:
    document = added_to()
    plan = planned(document)
    first, added = plan.qualifications
    silent = first.model_copy(update={"filings": []})

    found = breaches(
        Scenario.model_validate(document),
        plan.model_copy(update={"qualifications": [silent, added]}),
    )
    said = "qualification P@D is filed for US, though P@B, which it comes after, isn't"
    assert said in found


@pytest.mark.parametrize(
    ("number", "fields", "path", "text"),
    [
        (
            1,
            {"after": "P@b"},
            "P@D.after",
            "unknown qualification or site P@b (of one that is done, name the site); "
            "did you mean P@B",
        ),
        (1, {"after": "P@D"}, "P@D.after", "P@D would have to come before itself"),
        (0, {"after": "P@D"}, "P@B.after", "P@B would have to come before itself"),
        (0, {"markets": ["EU"]}, "P@D.markets.#0", "P@B, which P@D comes after, isn't"),
        (1, {"programme": "Q"}, "P@D.after", "P@B is for P, not Q"),
        (1, {"after": "D"}, "P@D.after", "P@D would have to come before itself"),
        (0, {"after": "D"}, "P@B.after", "P@B would have to come before itself"),
        (
            1,
            {"after": "B", "markets": ["EU"]},
            "P@D.markets.#0",
            "B, which P@D comes after, isn't filed for EU: say since when B is licensed",
        ),
        (1, {"after": "C"}, "P@D.after", "unknown qualification or site C (of one"),
    ],
)
def test_what_a_qualification_cant_come_after_is_refused(
    number: int, fields: Row, path: str, text: str
) -> None:
    document = added_to()
    document["markets"].append({"id": "EU", "review_days": {"new": 1, "addition": 1}})
    document["programmes"].append(programme("Q", "Y"))
    document["programmes"][-1]["recipe"][0]["suites"] = ["T", "U"]
    document["qualifications"][number] |= fields

    found = dict(reversed(said(document)))
    assert text in found[f"qualifications.{path}"]


def test_a_qualification_comes_after_one_for_all_that_it_is_for() -> None:
    document = both_steps_at_one_site()
    document["qualifications"][0] |= {"step": "ab", "after": "P-later"}
    document["qualifications"].append(
        qualification("P", id="P-later", step="conj", site="A")
    )

    found = dict(reversed(said(document)))
    path = f"qualifications.{document['qualifications'][0]['id']}.after"
    assert "P-later isn't for ab, which" in found[path]


def added_later(licensed: str, **fields: Any) -> Row:
    """The product has been filed for at B, now closed, and is licensed from a day."""
    document = added_to()
    document["suites"][0]["outages"][0]["start"] = "2026-01-01"
    document["qualifications"] = [document["qualifications"][1] | fields]
    document["licences"] = [
        {"id": "P@B:US", "programme": "P", "site": "B", "market": "US",
         "from": licensed}
    ]  # fmt: skip
    return document


def test_a_site_that_is_added_waits_for_a_licence_of_what_it_is_added_to() -> None:
    document = added_later("2026-07-18", after="B")
    plan = planned(document)

    (filing,) = plan.qualifications[0].filings
    assert filing.inspected is not None
    assert max(filing.reviewed, filing.inspected) < filing.right
    assert f"{filing.right:%m-%d}" == "07-18"
    assert {batch.site for batch in plan.batches if batch.order == "O"} == {"D"}
    assert plan.costs.lateness == plan.costs.unserved == 0
    frame = tables.qualifications(Scenario.model_validate(document), plan)
    (right,) = frame[frame["milestone"] == "right_to_ship"].itertuples()
    assert right.why == "US has approved P at B, which comes first"
    document = added_later("2026-06-01", after="B")
    document["orders"][0]["due"] = "2026-06-08"
    assert milestones(planned(document).qualifications[0])[-1] == "06-08"


def test_a_licence_that_comes_first_is_of_every_step() -> None:
    document = both_steps_at_one_site()
    document["sites"].append(document["sites"][0] | {"id": "B", "name": "B"})
    document["qualifications"][0]["after"] = "B"
    document["licences"] = [
        {"id": step, "programme": "P", "site": "B", "market": "US", "step": step,
         "from": day}
        for step, day in (("ab", "2026-07-01"), ("conj", "2026-06-20"))
    ]  # fmt: skip
    scenario = Scenario.model_validate(document)

    assert said(document) == []
    (filing,), book = build(scenario).filings, Book(scenario)
    assert filing.licensed is not None
    assert book.grid.moment(filing.licensed).isoformat() == "2026-07-01T00:00:00"
    assert book.licensed_before(book.chains["P@A"], "US") == filing.licensed
    for step in ("ab", "conj"):
        right = Network(scenario).right("P", step, "A", "US")
        assert right is not None
        assert right.isoformat() == "2026-07-01T00:00:00"
    del document["licences"][0]
    ((path, text),) = said(document)
    assert path == "qualifications.P@A.markets.#0"
    assert text.endswith(
        "B, which P@A comes after, isn't filed for US: say since when B is licensed "
        "there, in licences, or leave US out"
    )


def test_one_market_of_what_comes_first_is_filed_for_and_another_licensed() -> None:
    document = added_later("2026-07-18", markets=["EU", "US"])
    document["markets"].append({"id": "EU", "review_days": {"new": 1, "addition": 1}})
    first = qualification("P", origin=None, markets=["EU"], filing="new")
    document["qualifications"].insert(0, first)

    (added,) = planned(document).qualifications
    # B is gone through for nobody, so D can't be filed for in the EU.
    assert [f"{f.market} {f.right:%m-%d}" for f in added.filings] == ["US 07-18"]


def test_a_bound_knows_of_a_licence_that_comes_first() -> None:
    instance = build(Scenario.model_validate(added_later("2026-07-18", after="B")))
    step = next(step for step in instance.steps if step.after is None)
    first = instance.grid.at(datetime(2026, 7, 18))

    rights = [way.rights[0] for way in ways(instance, step) if way.rights]

    assert min(low for low, _ in rights) == first
    assert max(low for low, _ in rights) > first


def test_what_is_done_is_no_longer_named_by_its_qualification() -> None:
    document = added_later("2026-07-18")
    document["qualifications"][0]["id"] = "P@C"

    # Not the row's own name, however near.
    assert dict(said(document))["qualifications.P@C.after"] == (
        "qualification P@C: after: unknown qualification or site P@B (of one that is "
        "done, name the site); there are B, D"
    )


def test_a_table_says_that_what_comes_first_isnt_filed_for() -> None:
    document = added_to() | {"tiers": "single"}
    document["markets"].append({"id": "EU", "review_days": {"new": 1, "addition": 1}})
    for chain in document["qualifications"]:
        chain["markets"] = ["EU", "US"]
    frame = tables.qualifications(Scenario.model_validate(document), planned(document))
    left_out = frame[frame["milestone"] == "not_filed"]
    assert [(row.qualification, row.why) for row in left_out.itertuples()] == [
        ("P@B", "no better plan with it was found"),
        ("P@D", "P@B, which comes first, isn't filed for EU"),
    ]

    document["qualifications"][0]["permitted"] = False
    frame = tables.qualifications(Scenario.model_validate(document), planned(document))
    assert frame[["qualification", "milestone", "why"]].to_numpy().tolist() == [
        ["P@B", "not_taken", "not permitted"],
        ["P@D", "not_taken", "P@B, which comes first, isn't filed for EU"],
    ]


# ------------------------------------------------------------ frozen intermediates


def antibody_elsewhere() -> Row:
    """The conjugate of P may ship to the US from B; its antibody from A has no right yet.

    A conjugate batch takes 4 days in K at B, two a week; antibody travels from A in 2 days,
    is tested for 1 on receipt, and is usable a day after its release.
    """
    document = frozen_network()
    document["horizon"]["end"] = "2026-09-30"
    for site in document["sites"]:
        site["qc_batches"] = [{"from": "2025-01-01", "value": 7}]
        site["qa_reviewers"] = [{"from": "2025-01-01", "value": 20}]
    document["release_classes"][0]["lead_time"]["ppq"] = {"p50": 20, "p90": 20}
    document["quality"] = two_sites()["quality"]
    document["markets"] = two_sites()["markets"]
    document["licences"] = [
        row | {"step": "conj"} for row in document["licences"] if row["site"] == "B"
    ]
    document["qualifications"] = [
        qualification("P", id="P-ab@A", step="ab", site="A", ppq_batches=2)
    ]
    document["orders"][0]["due"] = "2026-06-03"
    return document


def test_an_antibody_is_qualified_with_engineering_and_ppq_of_its_own() -> None:
    plan = planned(antibody_elsewhere())

    (row,) = plan.qualifications
    assert (row.step, row.site) == ("ab", "A")
    assert milestones(row) == [
        "01-01", "01-31",  # transfer
        "02-10",  # an antibody batch is out after 10 days
        "02-13", "02-28",  # two more, 5 days apart, from 3 days after, before the shutdown
        "03-20",  # released 20 days after out
        "04-04",  # filed 15 days later
        "05-14", "06-03", "06-03",  # reviewed in 40 days, inspected in 60
    ]  # fmt: skip
    # Three antibody batches at 500, and the one that is used costs nothing beyond.
    assert plan.costs.qualification == 1000 + 100 + 3 * 500
    assert plan.costs.variable == 0
    assert plan.costs.shipment == 70
    # The conjugate is made before antibody from A may ship: (1 - 0.9) x 500.
    assert plan.costs.at_risk == 50
    assert plan.costs.lateness == plan.costs.unserved == 0


def test_only_ppq_waits_where_an_earlier_right_would_cost_holding() -> None:
    document = antibody_elsewhere()
    document["qualifications"][0]["engineering_batches"] = 0
    del document["qualifications"][0]["origin"]
    document["transfers"] = [
        {"id": "TR", "programme": "P", "step": "ab", "site": "A", "end": "2025-11-01"}
    ]

    plan = planned(document)

    # Made ahead of the right, which a later PPQ release brings just in time.
    (sold,) = [batch for batch in plan.batches if batch.kind == "commercial"]
    assert plan.costs.holding == 0
    assert sold.at_risk
    assert sold.wait_days == 0


def test_engineering_and_ppq_of_an_antibody_go_into_no_conjugate() -> None:
    plan = planned(antibody_elsewhere())

    made = [batch for batch in plan.batches if batch.step == "ab"]
    kinds = sorted(batch.kind for batch in made)
    (row,) = plan.consumes
    assert kinds == ["engineering", "intermediate", "ppq", "ppq"]
    assert row.uses == [b.batch for b in made if b.kind == "intermediate"]


def test_a_plan_that_uses_ppq_antibody_breaks_the_rules() -> None:
    scenario = Scenario.model_validate(antibody_elsewhere())
    plan = planned(antibody_elsewhere())
    tried = next(batch.batch for batch in plan.batches if batch.kind == "ppq")
    sent = plan.shipments[0].model_copy(update={"batches": [tried]})
    (row,) = plan.consumes
    used = row.model_copy(update={"uses": [tried]})

    found = breaches(
        scenario, plan.model_copy(update={"shipments": [sent], "consumes": [used]})
    )

    assert any("which serves a qualification" in said for said in found)
    assert any("by rule, not what it states" in said for said in found)


def test_without_its_antibody_qualified_a_conjugate_has_no_right() -> None:
    document = antibody_elsewhere()
    document["qualifications"][0]["permitted"] = False

    plan = planned(document)

    assert plan.qualifications == []
    assert plan.orders[0].unserved == 1
    assert plan.orders[0].cause == "licence"


def both_steps_at_one_site() -> Row:
    """Antibody in S and conjugate in K, both at A, are qualified there by one filing."""
    document = antibody_elsewhere()
    document["sites"] = document["sites"][:1]
    document["sites"][0]["shutdowns"] = []
    for suite in document["suites"]:
        suite["site"] = "A"
    document["lanes"] = []
    document["licences"] = []
    document["qualifications"] = [qualification("P", id="P@A", site="A", ppq_batches=2)]
    document["orders"][0]["due"] = "2026-06-10"
    return document


def test_one_filing_qualifies_every_step_at_a_site_after_ppq_of_the_last() -> None:
    plan = planned(both_steps_at_one_site())

    (row,) = plan.qualifications
    assert row.step is None
    assert milestones(row) == [
        "01-01", "01-31",  # transfer of both steps
        # Antibody out on 02-10, 02-15, 02-20, released in 10 days, usable a day later.
        "02-25",  # the conjugate of engineering starts on 02-21 and takes 4 days
        "02-28", "03-07",  # two of PPQ, 3 days apart, the second from antibody of 03-03
        "03-27", "04-11", "05-21", "06-10", "06-10",
    ]  # fmt: skip
    uses = {row.batch: row.uses for row in plan.consumes}
    tried = [b.batch for b in plan.batches if b.kind in ("engineering", "ppq")]
    assert len({unit for name in tried for unit in uses[name]}) == 3


# ------------------------------------------------------------------- plans that lie


def changed(**fields: Any) -> list[str]:
    """Breaches of the best plan with other milestones."""
    scenario = Scenario.model_validate(two_sites())
    plan = planned(two_sites())
    (row,) = plan.qualifications
    other = row.model_copy(update=fields)
    return breaches(scenario, plan.model_copy(update={"qualifications": [other]}))


def test_the_checker_works_every_milestone_out_again() -> None:
    plan = planned(two_sites())
    (row,) = plan.qualifications
    (filing,) = row.filings
    sooner = filing.model_copy(update={"right": filing.reviewed})

    said = changed(filings=[sooner])
    assert said == ["qualification P@B states milestones that don't follow"]
    assert changed(ppq_released=row.ppq_out) == said
    assert changed(transfer_end=row.transfer_start) == [
        "qualification P@B states another transfer than it takes"
    ]
    assert changed(qualification="P@C") == ["unknown qualification P@C"]


def test_a_plan_that_forgets_its_qualification_breaks_rules() -> None:
    scenario = Scenario.model_validate(two_sites())
    plan = planned(two_sites()).model_copy(update={"qualifications": []})

    found = breaches(scenario, plan)

    assert "qualification P@B is missing, though its PPQ is complete" in found
    assert any("isn't open to P ab" in said for said in found)


# ------------------------------------------------------------- tables and pictures


def test_every_milestone_has_a_row_that_says_why() -> None:
    scenario = Scenario.model_validate(two_sites())
    frame = tables.qualifications(scenario, planned(two_sites()))

    rows = {row.milestone: row for row in frame.itertuples()}
    assert {name: f"{row.start} {row.date}" for name, row in rows.items()} == {
        "transfer": "2026-01-01 2026-01-31",
        "engineering": "2026-01-31 2026-02-10",
        "ppq": "2026-02-13 2026-03-05",
        "ppq_release": "2026-03-05 2026-03-25",
        "filing": "2026-03-25 2026-04-09",
        "review": "2026-04-09 2026-05-19",
        "inspection": "2026-04-09 2026-06-08",
        "right_to_ship": "None 2026-06-08",
    }
    assert rows["right_to_ship"].why == "B has been inspected for US"
    assert rows["inspection"].why == (
        "brought by the site's first filing there, P@B on 2026-04-09"
    )


def test_a_qualification_that_isnt_taken_has_a_row_as_well() -> None:
    document = two_sites() | {"tiers": "single"}
    document["qualifications"][0]["transfer_cost"] = 100_000

    frame = tables.qualifications(Scenario.model_validate(document), planned(document))

    assert frame[["milestone", "why"]].to_numpy().tolist() == [
        ["not_taken", "no better plan with it was found"]
    ]


def test_key_figures_pay_for_a_qualification_once() -> None:
    scenario = Scenario.model_validate(two_sites())
    found = tables.kpis(
        scenario, planned(two_sites()), bound=0, tiers=[], unavoidable=0
    )

    # Two batches sold; six made at 500, a changeover, a transfer, a filing.
    assert found["revenue"] == 2 * 10_000
    assert found["margin"] == 20_000 - 6 * 500 - 1000 - 1000 - 100
    assert found["on_time_in_full"] == 1
    assert found["first_shipment"] == {"B": {"US": "2026-06-08"}}


def test_the_gantt_has_transfer_ppq_and_flags_below_the_suites_of_the_site() -> None:
    scenario = Scenario.model_validate(two_sites())
    figure = plots.gantt_figure(scenario, planned(two_sites()))

    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["T", "P"]
    drawn = {str(each.get_gid()) for each in figure.findobj()}
    assert {"transfer:P@B", "ppq:P@B", "right:P@B:US", "markets:P@B"} <= drawn


# ------------------------------------------------------------------------ bad input


def said(document: Row) -> list[tuple[str, str]]:
    return problems(Scenario.model_validate(document))


@pytest.mark.parametrize(
    ("fields", "path", "text"),
    [
        ({"filing": "additon"}, "filing", "review time for additon; did you mean"),
        ({"markets": ["USA"]}, "markets.#0", "unknown market USA; did you mean US?"),
        ({"markets": ["US", "US"]}, "markets.#1", "US comes twice"),
        ({"site": "C"}, "site", "unknown site C"),
        ({"origin": None}, "origin", "missing: no transfer or licence opens B"),
        ({"ppq_batches": 0}, "ppq_batches", "a right to ship needs PPQ"),
        ({"ppq_batches": 4}, "ppq_batches", "4 don't fit one campaign of 3"),
        ({"orders": ["O"]}, "orders.#0", "O is commercial, not engineering or PPQ"),
        ({"orders": ["X"]}, "orders.#0", "unknown order X"),
    ],
)
def test_a_qualification_that_cant_be_meant_is_refused(
    fields: Row, path: str, text: str
) -> None:
    document = two_sites()
    document["qualifications"][0] |= fields

    found = dict(reversed(said(document)))

    assert text in found[f"qualifications.P@B.{path}"]


def test_a_right_before_its_ppq_is_refused() -> None:
    document = two_sites()
    document["licences"] = [
        {"id": "L", "programme": "P", "site": "B", "market": "US", "from": "2026-02-01"}
    ]

    assert any("before or without its PPQ" in text for _, text in said(document))


def test_a_transfer_without_a_length_is_refused() -> None:
    document = two_sites()
    document["quality"]["transfer_days"] = {"outside": 60}

    ((path, text),) = said(document)
    assert path == "qualifications.P@B.origin"
    assert "how long one from within takes" in text


@pytest.mark.parametrize("kind", ["engineering", "ppq"])
def test_an_order_that_no_qualification_names_is_warned_of(kind: str) -> None:
    document = two_sites()
    batches = {"engineering": 1, "ppq": 3}[kind]
    document["orders"].append(
        {
            "id": "V",
            "contract": "C",
            "kind": kind,
            "batches": batches,
            "due": "2026-05-30",
        }
    )

    ((path, text),) = warnings(Scenario.model_validate(document))
    assert path == "orders.V"
    assert "name it in the orders of P@B or leave it out (licence)" in text
    # So it is: made at B, whatever is made there is for P@B.
    lost = {row.order: row.unserved for row in planned(document).orders}
    assert lost == {"O": 0, "V": batches}

    named = document["qualifications"][0]
    named |= {"orders": ["V"], "ppq_batches": 0, "engineering_batches": 0}
    if kind == "ppq":
        assert warnings(Scenario.model_validate(document)) == []


def test_an_order_waits_for_the_site_of_the_qualification_that_names_it() -> None:
    document = two_sites()
    document["sites"].append(document["sites"][0] | {"id": "D", "name": "D"})
    document["suites"].append(document["suites"][0] | {"id": "U", "site": "D"})
    document["suites"][0]["go_live"] = "2026-09-20"
    document["programmes"][0]["recipe"][0]["suites"] = ["T", "U"]
    document["transfers"] = [
        {"id": "D-open", "programme": "P", "site": "D", "end": "2026-01-01"}
    ]
    document["orders"] = [
        {"id": "V", "contract": "C", "kind": "ppq", "batches": 3, "due": "2026-09-30"}
    ]
    document["qualifications"][0] |= {
        "orders": ["V"], "ppq_batches": 0, "engineering_batches": 0
    }  # fmt: skip

    # D could release it in February.
    ((_, text),) = warnings(Scenario.model_validate(document))
    assert "2026-10-20 at the earliest (go_live: T goes live on 2026-09-20)" in text

    document["suites"][0]["go_live"] = "2026-09-25"
    ((_, text),) = warnings(Scenario.model_validate(document))
    assert text == (
        "order V: can never be served: P@B asks for it, and nothing is out at B before "
        "the horizon's end (suite)"
    )


def test_transfers_at_a_time_are_whole_and_none_is_warned_of() -> None:
    document = two_sites()
    slots = document["sites"][0]["transfer_slots"] = [
        {"from": "2025-01-01", "value": 0}
    ]
    assert warnings(Scenario.model_validate(document)) == [
        ("sites.B.transfer_slots",
         "site B: transfer_slots: none, so P@B can never be gone through")
    ]  # fmt: skip

    slots.append({"from": "2026-02-01", "value": 1})
    assert warnings(Scenario.model_validate(document)) == []

    slots[1]["value"] = "3/2"
    ((path, text),) = said(document)
    assert path == "sites.B.transfer_slots.1.value"
    assert text.endswith("should be a whole number of transfers at a time, not 3/2")


def test_a_transfer_that_is_done_is_stated_by_date() -> None:
    document = two_sites()
    document["stock"] = [
        {"id": "shelf", "programme": "P", "suite": "T", "kind": "commercial",
         "batches": 1, "expiry": "2027-01-01"}
    ]  # fmt: skip

    ((path, text),) = said(document)
    assert path == "stock.shelf.suite"
    assert "state its transfer by date" in text


@pytest.mark.parametrize(
    ("fields", "path", "text"),
    [
        ({"step": "abb"}, "step", "unknown step abb; did you mean ab?"),
        ({"step": "conj"}, "site", "conj of P has no suite at A"),
        ({"step": None}, "site", "conj of P has no suite at A, only ab: name this step"),
        ({"orders": ["O"], "ppq_batches": 0, "engineering_batches": 0}, "orders",
         "orders ask for batches of conj: say how many of ab it makes at its own cost"),
        ({"ppq_batches": 1}, "ppq_batches", "1 can't be a campaign of their own"),
    ],
)  # fmt: skip
def test_a_step_that_cant_be_qualified_so_is_refused(
    fields: Row, path: str, text: str
) -> None:
    document = antibody_elsewhere()
    document["campaign_limits"][0]["minimum"] = {"ppq": 2}
    document["qualifications"][0] |= fields

    found = dict(reversed(said(document)))

    assert text in found[f"qualifications.P-ab@A.{path}"]


def test_a_step_isnt_qualified_beside_the_whole_recipe() -> None:
    document = both_steps_at_one_site()
    document["qualifications"].append(
        qualification("P", id="P-ab@A", step="ab", site="A")
    )

    ((path, text),) = said(document)
    assert path == "qualifications.P-ab@A.step"
    assert text.endswith("P@A is for every step at A already")


def test_what_contradicts_itself_is_told_by_file_and_line(
    tmp_path: Path, program: Callable[..., tuple[int, str]]
) -> None:
    document = antibody_elsewhere()
    document["quality"]["lending"] = {"qa": 1.5}
    file = tmp_path / "pooled.yaml"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    code, pooled = program("solve", file, "-o", tmp_path / "run")
    assert code == 3
    assert "should be at most 1, not 1.5" in pooled
    document["quality"]["lending"] = {}
    document["licences"].append(
        {"id": "L", "programme": "P", "site": "A", "market": "US", "from": "2026-02-01"}
    )
    document["qualifications"][0]["filing"] = "new_product"
    document["qualifications"].append(qualification("P", id="Q", step="conj", site="A"))
    document["lanes"].append(
        {"id": "AC", "from": "A", "to": "C", "days": 1, "batches": 1, "cost": 0}
    )
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    code, told = program("solve", file, "-o", tmp_path / "run")

    assert code == 3
    for text in (
        "before or without its PPQ",  # a right to ship before PPQ
        "no review time for new_product",  # a market without review time
        "conj of P has no suite at A",  # a step that no site may be qualified for
        "unknown site C",  # a lane to nowhere
    ):
        line = next(row for row in told.splitlines() if text in row)
        assert line.startswith(f"{file}:"), line
        assert line.removeprefix(f"{file}:").split(":")[0].isdigit()
    assert not (tmp_path / "run").exists()


# -------------------------------------------------------------------- made to stock


def for_stock(*demand: tuple[str, int], **fields: Any) -> Row:
    """The same programme made to stock for the US, in batches at 10,000."""
    document = two_sites()
    document["contracts"] = document["orders"] = []
    document["made_to_stock"] = [
        {"id": "P-stock", "programme": "P", "markets": ["US"], "price": 10_000,
         "shortage_cost": 1000, "storage_cost": 1} | fields
    ]  # fmt: skip
    document["demand"] = [
        {"id": f"D{n}", "programme": "P", "due": due, "quantity": quantity}
        for n, (due, quantity) in enumerate(demand)
    ]
    return document


def test_batches_enter_a_stock_from_the_right_that_the_plan_decides() -> None:
    document = for_stock(("2026-06-07", 1), ("2026-06-08", 1), ("2026-09-01", 1))
    plan = planned(document)

    (row,) = plan.qualifications
    assert milestones(row)[-1] == "06-08"
    # What is due the day before waits for a period, and none of PPQ is sold.
    assert [period.sold for period in plan.stocks] == [0, 2, 1]
    assert plan.costs.shortage == 1000
    entered = [b.available for b in plan.batches if b.kind == "commercial"]
    assert min(day for day in entered if day is not None).isoformat() == (
        "2026-06-08T00:00:00"
    )
    others = [batch for batch in plan.batches if batch.kind != "commercial"]
    assert sorted(batch.kind for batch in others) == ["engineering"] + ["ppq"] * 3
    assert all(batch.order for batch in others)
    scenario = Scenario.model_validate(document)
    told = tables.kpis(scenario, plan, bound=0, tiers=[], unavoidable=0)
    assert told["first_shipment"] == {"B": {"US": "2026-06-08"}}
    # No order is late, so nothing is charged for what waits for its right.
    assert plan.costs.at_risk == 0
    assert plan.costs.qualification == 1000 + 100 + 4 * 500


def test_a_first_plan_qualifies_a_site_that_a_stock_needs() -> None:
    scenario = Scenario.model_validate(
        for_stock(("2026-06-08", 2), ("2026-09-01", 2), release_days=4)
    )

    found = construct(build(scenario))

    assert found.proved[0] is not None
    assert breaches(scenario, to_plan(found, "")) == []
    assert [sum(flow.sold) for flow in found.flows.values()] == [4]


def test_a_lag_instead_of_qc_and_qa_holds_for_ppq_too() -> None:
    # Out on 5 March, released 4 days later, not 20: inspected by 23 May.
    document = for_stock(("2026-05-23", 2), release_days=4)

    (row,) = planned(document).qualifications

    assert milestones(row)[4:7] == ["03-05", "03-09", "03-24"]


def test_a_stock_that_brings_too_little_qualifies_no_site() -> None:
    plan = planned(for_stock(("2026-09-01", 2), price=600, shortage_cost=0))

    assert not plan.qualifications
    assert not plan.batches
    assert plan.stocks[0].sold == 0


def test_every_market_of_a_stock_is_filed_for() -> None:
    document = for_stock(("2026-07-08", 2), markets=["US", "EU"])
    document["markets"].append({"id": "EU", "review_days": {"addition": 90}})
    document["qualifications"][0]["markets"] = ["US", "EU", "JP"]
    document["markets"].append({"id": "JP", "review_days": {"addition": 10}})

    (row,) = planned(document).qualifications

    # The EU takes longest: 9 April + 90 days. Nothing goes to Japan.
    assert [(f.market, f"{f.right:%m-%d}") for f in row.filings] == [
        ("US", "06-08"),
        ("EU", "07-08"),
    ]


@pytest.mark.parametrize(
    ("stock", "chain", "path", "text"),
    [
        ({"markets": []}, {}, "qualifications.P@B.markets",
         "P-stock says of no market that it goes there"),
        ({"markets": ["US", "EU"]}, {}, "qualifications.P@B.markets",
         "nothing enters it from B without that right: add EU"),
        ({}, {"ppq_batches": 2}, "qualifications.P@B.ppq_batches",
         "2 can't be a campaign of their own: it has 3 or more"),
        ({}, {"orders": ["O"]}, "qualifications.P@B.orders.#0", "unknown order O"),
    ],
)  # fmt: skip
def test_a_qualification_for_a_stock_that_cant_be_meant_is_refused(
    stock: Row, chain: Row, path: str, text: str
) -> None:
    document = for_stock(("2026-09-01", 2), **stock)
    document["campaign_limits"][0]["minimum"] = {"ppq": 3}
    document["qualifications"][0] |= chain

    assert text in dict(reversed(said(document)))[path]


def test_stock_waits_from_its_right_where_ppq_was_released_before() -> None:
    """Batches that were out before the plan begins stay out of stock if nobody files."""
    document = for_stock(("2026-01-02", 1), costs_per="day", release_days=4, price=50)
    begun = behind()
    for part in ("qualifications", "licences", "suites", "locks"):
        document[part] = begun[part]
    document["markets"][0] |= {"review_days": {"addition": 0}, "inspection_days": 0}
    document["locks"][0]["start"] = "2025-11-23"
    document["locks"].append(
        {"id": "SOLD", "programme": "P", "suite": "T", "kind": "commercial"}
        | {"batches": 1, "start": "2025-12-18"}
    )
    document["made_to_stock"][0] |= {"shortage_cost": 0}

    (row,) = planned(document).qualifications
    assert row.filings == []
    document["qualifications"][0]["filing_cost"] = 0
    (row,) = planned(document).qualifications
    assert milestones(row)[5:] == ["12-17", "01-01", "01-01", "-", "01-01"]


def test_an_amount_of_product_says_nothing_of_what_qualifying_is_worth() -> None:
    document = for_stock(("2026-09-01", 2)) | {"objective": "throughput"}

    ((path, text),) = said(document)

    assert path == "qualifications.P@B"
    assert "throughput counts product and no money" in text


def test_the_least_cost_at_full_service_pays_for_a_qualification() -> None:
    document = for_stock(("2026-09-01", 2)) | {"objective": "cost"}

    plan = planned(document)

    assert len(plan.qualifications) == 1
    assert plan.stocks[0].sold == 2


# ------------------------------------------------------------------ what it is worth


@settings(max_examples=max(6, settings().max_examples // 25))
@given(documents(frozenset({"qualifications"})))
def test_turning_a_permitted_site_off_never_improves_a_plan(document: Row) -> None:
    assume(document["qualifications"])
    document["qualifications"][0]["permitted"] = True
    closed = deepcopy(document)
    closed["qualifications"][0]["permitted"] = False

    open_, shut = optimum(valid(document)), optimum(valid(closed))

    assert shut is None or (open_ is not None and open_ <= shut)


def test_no_plan_without_a_permitted_site_is_below_what_no_plan_with_it_betters(
    tmp_path: Path, program: Callable[..., tuple[int, str]]
) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(json.dumps(two_programmes()), encoding="utf-8")
    turned = "P@B.permitted=false"
    told = {}
    for name, change in (("open", ()), ("shut", ("--set", turned))):
        run = tmp_path / name
        words = ("solve", file, *change, "--work", 3, "-o", run)
        assert program(*words)[0] == 0
        told[name] = json.loads((run / "kpis.json").read_text())

    assert told["open"]["bound"] <= told["open"]["objective"]
    assert told["open"]["objective"] <= told["shut"]["objective"]
    assert told["open"]["bound"] < told["shut"]["objective"]
    # P isn't made at all then: two batches at twice their price.
    assert told["shut"]["objective"] >= 40_000


def test_ppq_of_a_stock_with_a_lag_needs_no_lead_time_of_release() -> None:
    document = for_stock(("2026-09-01", 2), release_days=4)
    del document["release_classes"][0]["lead_time"]["ppq"]
    times = document["release_classes"][0]["lead_time"]
    times["commercial"] = times.pop("any")

    (row,) = planned(document).qualifications

    assert row.ppq_released is not None
    assert row.ppq_out is not None
    assert (row.ppq_released - row.ppq_out).days == 4


def test_what_qualifies_a_site_and_runs_already_is_not_given_to_its_stock() -> None:
    document = for_stock(("2026-09-01", 3))
    begun = under_way()
    for part in ("qualifications", "licences", "suites", "locks"):
        document[part] = begun[part]

    (stock,) = build(Scenario.model_validate(document)).stocked.values()

    assert stock.given == 0
    assert stock.ideal == 3 * stock.cheapest * stock.parts
