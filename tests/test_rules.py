"""Each rule and each cost of the checker alone, on plans written by hand."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest

from capacity.checker import RULES, breaches
from capacity.checker.book import Book
from capacity.checker.costs import (
    COSTS,
    by_term,
    charges,
    cost_of_lateness,
    cost_of_suite,
    cost_of_unserved,
    price_share,
)
from capacity.checker.ledger import Ledger
from capacity.plan import Costs, Plan
from capacity.scenario import Scenario
from capacity.validate import problems

Row = dict[str, Any]
Changes = dict[str, Row]


# ------------------------------------------------------------------------- scenarios


def network() -> Row:
    """Site A with suite S for P and Q; nothing else but what every scenario needs.

    In S a batch takes 8 + 2 = 10 days; takt max((8 + 2) / 2, 3) = 5 days.
    QC takes 1 a week, 4 in 28 days; QA 2 x 0.6 a week, floor(4.8) = 4 in 28 days.
    """
    return {
        "schema_version": 1,
        "name": "by hand",
        "as_of": "2026-01-01",
        "horizon": {"start": "2026-01-01", "end": "2026-06-30"},
        "sites": [
            {
                "id": "A",
                "name": "A",
                "shutdowns": [{"id": "A-shut", "start": "2026-03-01", "days": 7}],
                "qc_batches": [{"from": "2025-01-01", "value": 1}],
                "qa_reviewers": [{"from": "2025-01-01", "value": 2}],
            }
        ],
        "suites": [
            {
                "id": "S",
                "site": "A",
                "stage": "mab",
                "go_live": "2025-01-01",
                "reactors": 2,
                "production_days": 8,
                "turnaround_days": 2,
                "downstream_days": 2,
                "downstream_cycle_days": 3,
                "changeover": "rules",
                "variable_cost": 500,
                "set_up": "P",
            }
        ],
        "changeovers": [
            {
                "id": "rules",
                "same_product": 2,
                "same_client": 4,
                "different_client": 6,
                "first_use": 3,
                "cost": 1000,
            }
        ],
        "campaign_limits": [
            {"id": "limits", "minimum": {"commercial": 2}, "maximum": 3},
        ],
        "release_classes": [
            {
                "id": "release",
                "qc_days": 6,
                "qa_days": 4,
                "lead_time": {"any": {"p50": 8, "p90": 10}},
            }
        ],
        "programmes": [programme("P", "X"), programme("Q", "Y")],
        "licences": [
            {
                "id": "P@A",
                "programme": "P",
                "site": "A",
                "market": "US",
                "from": "2025-01-01",
            },
            {
                "id": "Q@A",
                "programme": "Q",
                "site": "A",
                "market": "EU",
                "from": "2025-01-01",
            },
        ],
        "contracts": [
            {"id": "C", "programme": "P", "firm_months": 12, "price": prices(10_000)},
            {"id": "D", "programme": "Q", "price": prices(10_000)},
        ],
        "orders": [
            {
                "id": "O",
                "contract": "C",
                "kind": "commercial",
                "market": "US",
                "batches": 2,
                "due": "2026-02-15",
            }
        ],
    }


def programme(name: str, client: str) -> Row:
    step = {
        "step": "ab",
        "stage": "mab",
        "suites": ["S"],
        "release": "release",
        "campaign": "limits",
    }
    return {"id": name, "client": client, "recipe": [step]}


def prices(price: int) -> Row:
    return dict.fromkeys(("engineering", "ppq", "clinical", "commercial"), price)


def direct_network() -> Row:
    """Upstream in U takes 6 days, downstream in S 2 + 2; hold at most 3 days."""
    document = network()
    document["suites"][0] |= {"stage": "down", "production_days": 2, "set_up": None}
    upstream = document["suites"][0] | {"id": "U", "stage": "up"}
    upstream |= {"production_days": 6, "downstream_days": 0}
    document["suites"].append(upstream)
    step = document["programmes"][0]["recipe"][0]
    step |= {"stage": "down", "supply": {"how": "direct", "hold_days": 3}}
    feed = {"step": "grow", "stage": "up", "suites": ["U"], "campaign": "limits"}
    document["programmes"] = [
        {"id": "P", "client": "X", "recipe": [feed, step]},
    ]
    document["licences"].pop()
    document["contracts"].pop()
    document["campaign_limits"][0]["minimum"] = {}
    document["orders"][0]["batches"] = 1
    return document


def frozen_network() -> Row:
    """Antibody in S at A (10 days), conjugate in K at B (4 days), a lane of 2 + 1 days.

    An antibody batch is usable a day after its release and keeps 40 days from its out;
    5 of them must be left at use.
    """
    document = network()
    document["sites"].append(
        document["sites"][0] | {"id": "B", "name": "B", "shutdowns": []}
    )
    document["suites"][0]["set_up"] = None
    document["suites"].append(
        document["suites"][0]
        | {"id": "K", "site": "B", "stage": "conjugation"}
        | {"production_days": 4, "downstream_days": 0}
    )
    antibody = document["programmes"][0]["recipe"][0]
    conjugate = antibody | {"step": "conj", "stage": "conjugation", "suites": ["K"]}
    conjugate["supply"] = {
        "how": "frozen",
        "ratio": 1,
        "freeze_days": 1,
        "shelf_life_days": 40,
        "min_life_days": 5,
    }
    document["programmes"] = [
        {"id": "P", "client": "X", "recipe": [antibody, conjugate]}
    ]
    document["licences"] = [
        {
            "id": f"P@{site}",
            "programme": "P",
            "site": site,
            "market": "US",
            "from": "2025-01-01",
        }
        for site in "AB"
    ]
    document["lanes"] = [
        {
            "id": "AB",
            "from": "A",
            "to": "B",
            "days": 2,
            "receipt_days": 1,
            "batches": 2,
            "cost": 70,
        }
    ]
    document["contracts"].pop()
    document["campaign_limits"][0]["minimum"] = {}
    document["orders"][0]["batches"] = 1
    return document


def scenario(document: Row) -> Scenario:
    found = Scenario.model_validate(document)
    assert problems(found) == []
    return found


# ----------------------------------------------------------------------------- plans


def batch(name: str, start: str, out: str, **fields: Any) -> Row:
    """A batch of P from S that serves O, tested at out and released 10 days later."""
    return {
        "batch": name,
        "order": "O",
        "contract": "C",
        "programme": "P",
        "client": "X",
        "kind": "commercial",
        "step": "ab",
        "market": "US",
        "site": "A",
        "suite": "S",
        "campaign": name.rpartition("/")[0],
        "start": start,
        "out": out,
        "qc_site": "A",
        "qc_start": out,
        "qc_end": None,
        "qa_site": "A",
        "qa_start": out,
        "released": None,
        "wait_days": 0.0,
        "available": fields.get("released"),
        "due": "2026-02-15",
        "late_days": 0.0,
        "at_risk": False,
    } | fields


UNSOLD = {
    "order": None,
    "contract": None,
    "market": None,
    "due": None,
    "available": None,
    "late_days": None,
}
UNTESTED = dict.fromkeys(
    ("qc_site", "qc_start", "qc_end", "qa_site", "qa_start", "released", "wait_days")
)


def campaign(name: str, start: str, first_out: str, end: str, **fields: Any) -> Row:
    return {
        "campaign": name,
        "site": "A",
        "suite": "S",
        "programme": "P",
        "step": "ab",
        "kind": "commercial",
        "batches": 1,
        "changeover_start": None,
        "changeover_days": 0.0,
        "start": start,
        "first_out": first_out,
        "end": end,
        "locked": False,
    } | fields


def order(**fields: Any) -> Row:
    return {
        "order": "O",
        "contract": "C",
        "programme": "P",
        "kind": "commercial",
        "market": "US",
        "firmness": "firm",
        "weight": 1.0,
        "batches": 1,
        "on_time": 1,
        "late": 0,
        "unserved": 0,
        "due": "2026-02-15",
        "last_available": None,
        "cost": 0,
        "cause": "none",
    } | fields


def single_step_plan() -> Row:
    """Two batches of P; P is set up and idle for 10 days of the 14, so no changeover.

    Out + max(6, 4) + buffer (10 - 6) = out + 10. The first is available a day before
    the 14 days before its due day: 1 x 0.0003 x 10000 = 3.
    """
    return {
        "scenario_sha256": "",
        "batches": [
            batch(
                "S-001/01",
                "2026-01-11",
                "2026-01-21",
                qc_end="2026-01-27",
                released="2026-01-31",
            ),
            batch(
                "S-001/02",
                "2026-01-16",
                "2026-01-26",
                qc_end="2026-02-01",
                released="2026-02-05",
            ),
        ],
        "campaigns": [
            campaign("S-001", "2026-01-11", "2026-01-21", "2026-01-26", batches=2)
        ],
        "orders": [order(batches=2, on_time=2, last_available="2026-02-05", cost=3)],
        "shipments": [],
        "consumes": [],
        "costs": {"holding": 3},
        "objective": 3,
    }


def direct_plan() -> Row:
    """U grows from 11 to 17 January; S takes it on the 19th, 2 of 3 days later.

    Out on the 23rd, released 10 days later on 2 February: less than 14 days before the
    due day, so without holding. Both suites are used for the first time: 3 days each.
    """
    feed = batch("U-001/01", "2026-01-11", "2026-01-17", suite="U", step="grow")
    return {
        "scenario_sha256": "",
        "batches": [
            feed | UNSOLD | UNTESTED | {"kind": "in_process"},
            batch(
                "S-001/01",
                "2026-01-19",
                "2026-01-23",
                qc_end="2026-01-29",
                released="2026-02-02",
            ),
        ],
        "campaigns": [
            campaign(
                "U-001",
                "2026-01-11",
                "2026-01-17",
                "2026-01-17",
                suite="U",
                step="grow",
                kind="in_process",
                changeover_start="2026-01-08",
                changeover_days=3.0,
            ),
            campaign(
                "S-001",
                "2026-01-19",
                "2026-01-23",
                "2026-01-23",
                changeover_start="2026-01-16",
                changeover_days=3.0,
            ),
        ],
        "orders": [order(last_available="2026-02-02")],
        "shipments": [],
        "consumes": [{"batch": "S-001/01", "uses": ["U-001/01"]}],
        "costs": {"changeover": 2000},
        "objective": 2000,
    }


def frozen_plan() -> Row:
    """Antibody out on the 14th, released on the 24th, frozen until the 25th.

    Two days on the lane and one of receipt: ready at B on 28 January, used then.
    """
    return {
        "scenario_sha256": "",
        "batches": [
            batch(
                "S-001/01",
                "2026-01-04",
                "2026-01-14",
                qc_end="2026-01-20",
                released="2026-01-24",
                kind="intermediate",
            )
            | UNSOLD,
            batch(
                "K-001/01",
                "2026-01-28",
                "2026-02-01",
                site="B",
                suite="K",
                step="conj",
                qc_site="B",
                qa_site="B",
                qc_end="2026-02-07",
                released="2026-02-11",
            ),
        ],
        "campaigns": [
            campaign(
                "S-001",
                "2026-01-04",
                "2026-01-14",
                "2026-01-14",
                kind="intermediate",
                changeover_start="2026-01-01",
                changeover_days=3.0,
            ),
            campaign(
                "K-001",
                "2026-01-28",
                "2026-02-01",
                "2026-02-01",
                site="B",
                suite="K",
                step="conj",
                changeover_start="2026-01-25",
                changeover_days=3.0,
            ),
        ],
        "orders": [order(last_available="2026-02-11")],
        "shipments": [
            {
                "lane": "AB",
                "depart": "2026-01-25",
                "arrive": "2026-01-27",
                "batches": ["S-001/01"],
            }
        ],
        "consumes": [{"batch": "K-001/01", "uses": ["S-001/01"]}],
        "costs": {"changeover": 2000, "shipment": 70},
        "objective": 2070,
    }


def changed(rows: Row, changes: Changes) -> Plan:
    """The plan with other values in some batches, campaigns or the shipment."""
    rows = deepcopy(rows)
    for row in [*rows["batches"], *rows["campaigns"]]:
        row |= changes.get(row.get("batch") or row["campaign"], {})
    for row in rows["shipments"]:
        row |= changes.get("shipment", {})
    return Plan.model_validate(rows)


def said(rule: str, document: Row, plan: Plan) -> str:
    """What one rule alone finds, in one text."""
    return "\n".join(RULES[rule](Ledger(Book(scenario(document)), plan)))


BASES: dict[str, tuple[Callable[[], Row], Callable[[], Row]]] = {
    "single": (network, single_step_plan),
    "direct": (direct_network, direct_plan),
    "frozen": (frozen_network, frozen_plan),
}


@pytest.mark.parametrize("base", BASES)
def test_the_plans_written_by_hand_keep_every_rule_at_the_cost_worked_out(
    base: str,
) -> None:
    document, rows = BASES[base]

    assert breaches(scenario(document()), changed(rows(), {})) == []


# ------------------------------------------------------- one thing changed in the plan


DATES = [
    # Takt 5: the second batch starts on the 16th, not a day later.
    (
        "single",
        "batches_follow_their_campaign",
        {},
        {"S-001/02": {"start": "2026-01-17", "out": "2026-01-27"}},
        ["S-001/02", "S", "2026-01-17", "2026-01-16"],
    ),
    # Lead-in 10: the first batch is out on the 21st, not a day earlier.
    (
        "single",
        "batches_follow_their_campaign",
        {},
        {"S-001/01": {"out": "2026-01-20"}},
        ["S-001/01", "S", "2026-01-20", "2026-01-21"],
    ),
    # The frozen window is empty and P is open from as_of, 1 January.
    (
        "single",
        "nothing_starts_too_early",
        {"S-001": {"start": "2026-01-01"}},
        {"S-001": {"start": "2025-12-31"}},
        ["S-001", "S", "2025-12-31"],
    ),
    # The shutdown is 1 to 7 March: a campaign may end as it begins.
    (
        "single",
        "nothing_runs_in_a_closure",
        {"S-001": {"start": "2026-02-14", "end": "2026-03-01"}},
        {"S-001": {"start": "2026-02-15", "end": "2026-03-02"}},
        ["S-001", "S", "2026-03-01", "2026-03-08"],
    ),
    # ... and begin as it ends.
    (
        "single",
        "nothing_runs_in_a_closure",
        {"S-001": {"start": "2026-03-08", "end": "2026-03-23"}},
        {"S-001": {"start": "2026-03-07", "end": "2026-03-22"}},
        ["S-001", "S", "2026-03-01"],
    ),
    # The horizon ends with 30 June, that is at 00:00 of 1 July.
    (
        "single",
        "nothing_runs_in_a_closure",
        {"S-001": {"start": "2026-06-16", "end": "2026-07-01"}},
        {"S-001": {"start": "2026-06-17", "end": "2026-07-02"}},
        ["S-001", "S", "2026-07-02", "horizon"],
    ),
    # P counts as set up until 1 January: 14 days of idle are clean, 15 need 2 days.
    (
        "single",
        "changeovers_fit",
        {"S-001": {"start": "2026-01-15"}},
        {"S-001": {"start": "2026-01-16"}},
        ["S-001", "S", "2 days", "2026-01-14"],
    ),
    # Another client enters: 6 days from 1 January at the earliest.
    (
        "single",
        "changeovers_fit",
        {
            "S-001": {
                "programme": "Q",
                "start": "2026-01-07",
                "changeover_start": "2026-01-01",
                "changeover_days": 6.0,
            }
        },
        {
            "S-001": {
                "programme": "Q",
                "start": "2026-01-06",
                "changeover_start": "2025-12-31",
                "changeover_days": 6.0,
            }
        },
        ["S-001", "S", "2025-12-31", "too early"],
    ),
    # A changeover may begin as the shutdown ends on 8 March, not before.
    (
        "single",
        "changeovers_fit",
        {
            "S-001": {
                "start": "2026-03-10",
                "end": "2026-03-25",
                "changeover_start": "2026-03-08",
                "changeover_days": 2.0,
            }
        },
        {
            "S-001": {
                "start": "2026-03-09",
                "end": "2026-03-24",
                "changeover_start": "2026-03-07",
                "changeover_days": 2.0,
            }
        },
        ["S-001", "S", "2026-03-01"],
    ),
    # Hold 3 days from the 17th: the 20th at the latest.
    (
        "direct",
        "direct_batches_meet_the_hold",
        {"S-001/01": {"start": "2026-01-20"}},
        {"S-001/01": {"start": "2026-01-21"}},
        ["S-001/01", "U-001/01", "2026-01-17", "2026-01-21", "3 days"],
    ),
    # ... and not before its input is out.
    (
        "direct",
        "direct_batches_meet_the_hold",
        {"S-001/01": {"start": "2026-01-17"}},
        {"S-001/01": {"start": "2026-01-16"}},
        ["S-001/01", "U-001/01", "2026-01-17", "2026-01-16"],
    ),
    # Ready at B on the 28th.
    (
        "frozen",
        "intermediates_are_ready",
        {},
        {"K-001/01": {"start": "2026-01-27"}},
        ["K-001/01", "S-001/01", "2026-01-27", "2026-01-28"],
    ),
    # Out on 14 January + 40 days of life = 23 February; 5 days left on the 18th.
    (
        "frozen",
        "intermediates_are_ready",
        {"K-001/01": {"start": "2026-02-18"}},
        {"K-001/01": {"start": "2026-02-19"}},
        ["S-001/01", "K-001/01", "too old"],
    ),
    # Usable on 25 January, a day after its release.
    (
        "frozen",
        "shipments_keep_their_lane",
        {},
        {"shipment": {"depart": "2026-01-24", "arrive": "2026-01-26"}},
        ["AB", "2026-01-24", "S-001/01", "ready"],
    ),
    # The lane takes 2 days.
    (
        "frozen",
        "shipments_keep_their_lane",
        {},
        {"shipment": {"arrive": "2026-01-28"}},
        ["AB", "2026-01-25", "arrival"],
    ),
    # Only intermediates are shipped.
    (
        "frozen",
        "shipments_keep_their_lane",
        {},
        {"shipment": {"batches": ["K-001/01"]}},
        ["AB", "K-001/01", "intermediate"],
    ),
    # QC starts at out at the earliest.
    (
        "single",
        "release_adds_up",
        {},
        {"S-001/01": {"qc_start": "2026-01-20", "qc_end": "2026-01-26"}},
        ["S-001/01", "before it is out"],
    ),
    # A review that starts 3 days after out ends after 7 days, testing after 6.
    (
        "single",
        "release_adds_up",
        {
            "S-001/01": {
                "qa_start": "2026-01-24",
                "released": "2026-02-01",
                "wait_days": 1.0,
            }
        },
        {
            "S-001/01": {
                "qa_start": "2026-01-24",
                "released": "2026-01-31",
                "wait_days": 1.0,
            }
        },
        ["S-001/01", "2026-02-01"],
    ),
    # Tested and reviewed at once, it doesn't wait.
    (
        "single",
        "release_adds_up",
        {},
        {"S-001/01": {"wait_days": 1.0}},
        ["S-001/01", "wrong wait"],
    ),
    # An overdue batch serves its line for 180 days after 15 February: until 14 August.
    (
        "single",
        "lines_get_what_they_may",
        {"S-001/01": {"available": "2026-08-14"}},
        {"S-001/01": {"available": "2026-08-15"}},
        ["S-001/01", "O", "too late"],
    ),
    # Engineering batches never serve commercial lines.
    (
        "single",
        "lines_get_what_they_may",
        {},
        {"S-001/01": {"kind": "engineering"}},
        ["S-001/01", "O"],
    ),
    # Available is the release, the right having been there for a year.
    (
        "single",
        "dates_of_batches_agree",
        {},
        {"S-001/01": {"available": "2026-01-30"}},
        ["S-001/01", "2026-01-31"],
    ),
    # A locked campaign is locked in the scenario too.
    (
        "single",
        "locks_keep_their_dates",
        {},
        {"S-001": {"locked": True}},
        ["S-001", "locked"],
    ),
    # A campaign of three batches states three.
    (
        "single",
        "batches_follow_their_campaign",
        {},
        {"S-001": {"batches": 3}},
        ["S-001", "3", "2"],
    ),
    # Its kind is the strictest of its batches.
    (
        "single",
        "campaigns_have_allowed_sizes",
        {},
        {"S-001": {"kind": "clinical"}},
        ["S-001", "commercial", "clinical"],
    ),
]


@pytest.mark.parametrize(
    ("base", "rule", "allowed", "forbidden", "words"),
    DATES,
    ids=[f"{number}-{row[1]}" for number, row in enumerate(DATES)],
)
def test_a_rule_tells_the_nearest_allowed_plan_from_the_nearest_forbidden(
    base: str, rule: str, allowed: Changes, forbidden: Changes, words: list[str]
) -> None:
    document, rows = BASES[base]

    assert said(rule, document(), changed(rows(), allowed)) == ""

    text = said(rule, document(), changed(rows(), forbidden))
    assert [word for word in words if word not in text] == []


# --------------------------------------------------- one thing changed in the scenario


def in_suite(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["suites"][0].update(fields)


def in_step(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["programmes"][0]["recipe"][-1].update(fields)


def in_limits(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["campaign_limits"][0].update(fields)


def in_site(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["sites"][0].update(fields)


def in_licence(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["licences"][0].update(fields)


def in_order(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["orders"][0].update(fields)


def with_rows(part: str, *rows: Row) -> Callable[[Row], None]:
    return lambda document: document.update({part: list(rows)})


def top(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document.update(fields)


def client_input(lead_time_days: int, on_hand: int) -> Callable[[Row], None]:
    supply = {"how": "client", "lead_time_days": lead_time_days, "on_hand": on_hand}
    return in_step(supply=supply)


def frozen_input(**fields: Any) -> Callable[[Row], None]:
    return lambda document: document["programmes"][0]["recipe"][-1]["supply"].update(
        fields
    )


def transfer(end: str) -> Row:
    return {"id": "P-to-A", "programme": "P", "site": "A", "end": end}


def lock(**fields: Any) -> Row:
    row = {"id": "run", "programme": "Q", "suite": "S", "kind": "commercial"}
    return row | {"batches": 1, "start": "2026-04-01"} | fields


SCENARIOS = [
    # The campaign starts on 11 January.
    (
        "single",
        "nothing_starts_too_early",
        in_suite(go_live="2026-01-11"),
        in_suite(go_live="2026-01-12"),
        ["S-001", "S", "2026-01-11", "go-live"],
    ),
    (
        "single",
        "nothing_starts_too_early",
        top(frozen_days=10),
        top(frozen_days=11),
        ["S-001", "S", "2026-01-11", "frozen"],
    ),
    (
        "single",
        "nothing_starts_too_early",
        with_rows("transfers", transfer("2026-01-11")),
        with_rows("transfers", transfer("2026-01-12")),
        ["S-001", "A", "2026-01-11", "open"],
    ),
    # It ends on the 26th: an outage may begin then.
    (
        "single",
        "nothing_runs_in_a_closure",
        in_suite(outages=[{"id": "down", "start": "2026-01-26", "days": 1}]),
        in_suite(outages=[{"id": "down", "start": "2026-01-25", "days": 1}]),
        ["S-001", "S", "2026-01-25", "2026-01-26"],
    ),
    # Two commercial batches.
    (
        "single",
        "campaigns_have_allowed_sizes",
        in_limits(minimum={"commercial": 2}),
        in_limits(minimum={"commercial": 3}),
        ["S-001", "S", "2 batches", "3"],
    ),
    (
        "single",
        "campaigns_have_allowed_sizes",
        in_limits(maximum=2),
        in_limits(minimum={}, maximum=1),
        ["S-001", "S", "2 batches", "1"],
    ),
    (
        "single",
        "campaigns_have_allowed_sizes",
        in_limits(multiple=2),
        in_limits(multiple=3),
        ["S-001", "S", "2 batches", "multiples of 3"],
    ),
    # The second batch starts on 16 January, 15 days after as_of, with one on hand.
    (
        "single",
        "client_input_has_arrived",
        client_input(15, 1),
        client_input(16, 1),
        ["S-001/02", "2026-01-16", "2026-01-17"],
    ),
    (
        "single",
        "client_input_has_arrived",
        client_input(30, 2),
        client_input(30, 1),
        ["S-001/02", "2026-01-16", "2026-01-31"],
    ),
    # Two starts in 28 days: half a start a week is just enough.
    (
        "single",
        "qc_is_finite",
        in_site(qc_batches=[{"from": "2025-01-01", "value": "1/2"}]),
        in_site(qc_batches=[{"from": "2025-01-01", "value": "49/100"}]),
        ["QC", "A", "2 batches", "1 fit"],
    ),
    # 0.6 records a week and reviewer: 2 in 28 days need 5/6 of a reviewer.
    (
        "single",
        "qa_is_finite",
        in_site(qa_reviewers=[{"from": "2025-01-01", "value": "5/6"}]),
        in_site(qa_reviewers=[{"from": "2025-01-01", "value": "4/5"}]),
        ["QA", "A", "2 batches", "1 fit"],
    ),
    # No start while the rate is 0, however empty the window.
    (
        "single",
        "qc_is_finite",
        in_site(
            qc_batches=[
                {"from": "2025-01-01", "value": 9},
                {"from": "2026-01-27", "value": 0},
            ]
        ),
        in_site(
            qc_batches=[
                {"from": "2025-01-01", "value": 9},
                {"from": "2026-01-26", "value": 0},
            ]
        ),
        ["QC", "S-001/02", "A", "2026-01-26"],
    ),
    # A right to ship at the site, for the market, some day.
    (
        "single",
        "lines_get_what_they_may",
        in_licence(**{"from": "2026-06-01"}),
        in_licence(market="EU"),
        ["S-001/01", "A", "US", "O"],
    ),
    # Two batches for a line of two.
    (
        "single",
        "lines_get_what_they_may",
        in_order(batches=2),
        in_order(batches=1),
        ["O", "2 batches", "more"],
    ),
    # One intermediate for the first conjugate: enough up to a ratio of 1.
    (
        "frozen",
        "intermediates_are_ready",
        frozen_input(ratio="0.5"),
        frozen_input(ratio="1.01"),
        ["K-001/01", "2026-01-28", "lacks"],
    ),
    # An intermediate licensed for the market that the conjugate serves.
    (
        "frozen",
        "intermediates_are_ready",
        in_licence(**{"from": "2026-03-01"}),
        in_licence(market="EU"),
        ["K-001/01", "lacks"],
    ),
    # Used at risk it counts from its out on the 14th: 11 days later it is the 25th.
    (
        "frozen",
        "shipments_keep_their_lane",
        frozen_input(at_risk=True, freeze_days=11),
        frozen_input(at_risk=True, freeze_days=12),
        ["AB", "2026-01-25", "S-001/01", "ready"],
    ),
    # What the scenario states is in the plan.
    (
        "single",
        "locks_keep_their_dates",
        with_rows("locks"),
        with_rows("locks", lock()),
        ["run", "missing"],
    ),
]


@pytest.mark.parametrize(
    ("base", "rule", "allowed", "forbidden", "words"),
    SCENARIOS,
    ids=[f"{number}-{row[1]}" for number, row in enumerate(SCENARIOS)],
)
def test_a_rule_tells_the_scenario_that_allows_a_plan_from_the_one_that_forbids_it(
    base: str,
    rule: str,
    allowed: Callable[[Row], None],
    forbidden: Callable[[Row], None],
    words: list[str],
) -> None:
    document, rows = BASES[base]
    plan = changed(rows(), {})
    kind, unkind = document(), document()
    allowed(kind)
    assert said(rule, kind, plan) == ""

    forbidden(unkind)
    text = said(rule, unkind, plan)
    assert [word for word in words if word not in text] == []


def test_a_step_runs_only_in_a_listed_suite_that_contains_its_payload() -> None:
    rule = "suites_can_run_the_step"
    document = network()
    in_suite(contains=["toxic"])(document)
    in_step(payload_class="toxic")(document)
    plan = changed(single_step_plan(), {})
    assert said(rule, document, plan) == ""

    in_suite(contains=["mild"])(document)
    document["suites"].append(document["suites"][0] | {"id": "T", "stage": "fill"})
    ledger = Ledger(Book(Scenario.model_validate(document)), plan)
    assert list(RULES[rule](ledger)) == ["campaign S-001: S doesn't contain toxic"]

    moved = changed(single_step_plan(), {"S-001": {"suite": "T"}})
    ledger = Ledger(Book(Scenario.model_validate(document)), moved)
    assert "campaign S-001: T isn't a suite for P ab" in list(RULES[rule](ledger))


# ----------------------------------------------------------- PPQ, locks, shared rules


def ppq_document(**engineered: Any) -> Row:
    """O is a PPQ line; an engineering batch waits for release; 3 days lie between."""
    document = network()
    document["orders"][0] |= {"kind": "ppq", "market": None}
    row = {"id": "trial", "programme": "P", "suite": "S", "kind": "engineering"}
    document["in_release"] = [
        row | {"batches": 1, "first_out": "2025-12-31"} | engineered
    ]
    document["as_of"] = "2026-01-10"
    return document


def ppq_plan(second: Row | None = None) -> Plan:
    rows = single_step_plan()
    for row in rows["batches"]:
        row |= {"kind": "ppq", "market": None}
    rows["batches"][1] |= second or {}
    rows["campaigns"][0] |= {"kind": "ppq"}
    trial = batch("trial/01", "2025-12-21", "2025-12-31", kind="engineering")
    trial |= UNSOLD | UNTESTED | {"campaign": None, "start": None}
    rows["batches"].append(trial)
    return Plan.model_validate(rows)


def test_ppq_starts_three_days_after_the_last_engineering_batch_is_out() -> None:
    # The campaign starts on 11 January, so engineering is out by the 8th.
    rows = ppq_plan()
    late = rows.model_dump()
    late["batches"][2]["out"] = "2026-01-09"
    on_time = rows.model_dump()
    on_time["batches"][2]["out"] = "2026-01-08"

    assert said("ppq_runs_alone", ppq_document(), Plan.model_validate(on_time)) == ""
    assert said("ppq_runs_alone", ppq_document(), Plan.model_validate(late)) == (
        "PPQ campaign S-001 of P starts 2026-01-11, too soon after engineering"
    )


def test_a_ppq_campaign_may_hold_surplus_but_no_other_kind() -> None:
    surplus = ppq_plan(UNSOLD | {"kind": "surplus"})
    clinical = ppq_plan({"kind": "clinical"})

    assert said("ppq_runs_alone", ppq_document(), surplus) == ""
    assert said("ppq_runs_alone", ppq_document(), clinical) == (
        "PPQ campaign S-001 also makes other kinds"
    )


def test_the_batches_of_a_ppq_line_are_in_one_campaign() -> None:
    rows = ppq_plan().model_dump()
    rows["batches"][1]["campaign"] = "S-002"
    rows["campaigns"].append(rows["campaigns"][0] | {"campaign": "S-002"})

    assert said("ppq_runs_alone", ppq_document(), Plan.model_validate(rows)) == (
        "PPQ line O is split over campaigns S-001, S-002"
    )


def test_a_locked_batch_keeps_the_date_that_the_scenario_states() -> None:
    document = network()
    document["locks"] = [lock(id="S-001", programme="P", batches=2, start="2026-01-11")]
    locked = {"S-001": {"locked": True}}
    moved = locked | {"S-001/02": {"start": "2026-01-17", "out": "2026-01-27"}}

    assert (
        said("locks_keep_their_dates", document, changed(single_step_plan(), locked))
        == ""
    )
    assert said(
        "locks_keep_their_dates", document, changed(single_step_plan(), moved)
    ) == ("batch S-001/02 differs from what the scenario states of it")


def test_stock_of_any_kind_is_released_today() -> None:
    document = network()
    row = {"id": "shelf", "programme": "P", "suite": "S", "batches": 1}
    document["stock"] = [row | {"kind": "engineering", "expiry": "2026-03-01"}]
    rows = single_step_plan()
    shelf = batch("shelf/01", "2026-01-01", "2026-01-01", kind="engineering")
    shelf |= UNSOLD | UNTESTED
    shelf |= {"campaign": None, "start": None, "out": None, "released": "2026-01-01"}
    rows["batches"].append(shelf)

    assert breaches(scenario(document), Plan.model_validate(rows)) == []


def test_a_shipment_carries_intermediates_of_one_step() -> None:
    document = frozen_network()
    other = deepcopy(document["programmes"][0]) | {"id": "Q"}
    document["programmes"].append(other)
    rows = frozen_plan()
    rows["batches"].append(rows["batches"][0] | {"batch": "S-002/01", "programme": "Q"})
    rows["shipments"][0]["batches"] = ["S-001/01", "S-002/01"]

    assert said("shipments_keep_their_lane", document, Plan.model_validate(rows)) == (
        "shipment on AB of 2026-01-25 carries intermediates of more than one step"
    )


def test_a_shipment_carries_no_more_than_its_lane_takes() -> None:
    document, rows = frozen_network(), frozen_plan()
    rows["batches"].append(rows["batches"][0] | {"batch": "S-001/02"})
    rows["shipments"][0]["batches"] = ["S-001/01", "S-001/02"]
    assert said("shipments_keep_their_lane", document, Plan.model_validate(rows)) == ""

    document["lanes"][0]["batches"] = 1
    assert said("shipments_keep_their_lane", document, Plan.model_validate(rows)) == (
        "shipment on AB of 2026-01-25 carries 2 batches"
    )


def lent_plan() -> Plan:
    """Both conjugate and antibody are reviewed at A, one of them for B."""
    return changed(frozen_plan(), {"K-001/01": {"qa_site": "A"}})


@pytest.mark.parametrize(
    ("share", "text"),
    [
        # 4 records in 28 days at A: a quarter of them is the one that B sends.
        ("1/4", ""),
        (
            "6/25",
            "QA at A for other sites starts 1 batches in the window from 2026-01-05; "
            "0 fit",
        ),
    ],
)
def test_a_site_lends_no_more_than_its_share(share: str, text: str) -> None:
    document = frozen_network()
    document["quality"] = {"lending": {"qa": share}}

    assert said("qa_is_finite", document, lent_plan()) == text


# ----------------------------------------------------------------------------- cost


def book(**economics: Any) -> Book:
    document = network()
    document["economics"] = economics
    return Book(scenario(document))


@pytest.mark.parametrize(
    ("late", "money"),
    [
        (0, 0),
        (1, 25),  # 0.0025 a day of 10000
        (28, 700),  # four weeks of grace: service charge only
        (29, 739),  # 29 x 25 + 1 x 14, a week's 1 % being 100 / 7 = 14.29 a day
        (99, 3469),  # 99 x 25 + 71 x 14
        (100, 3500),  # 72 x 14 = 1008 is more than 10 % of 10000
        (180, 5500),  # 180 x 25 + 1000
    ],
)
def test_lateness_is_a_charge_by_the_day_and_a_capped_penalty_after_the_grace(
    late: int, money: int
) -> None:
    assert cost_of_lateness(book(), Fraction(10_000), late) == money


@pytest.mark.parametrize(
    ("price", "unit", "money"),
    [
        (200, 1, 1),  # 0.0025 x 200 = 0.5: half up
        (199, 1, 0),
        (600_000, 1000, 2000),  # 1500 in thousands: half up
        (599_999, 1000, 1000),
    ],
)
def test_a_rate_is_rounded_half_up_to_the_money_unit_before_it_is_multiplied(
    price: int, unit: int, money: int
) -> None:
    assert cost_of_lateness(book(money_unit=unit), Fraction(price), 1) == money
    assert cost_of_lateness(book(money_unit=unit), Fraction(price), 3) == 3 * money


@pytest.mark.parametrize(
    ("kind", "prospect", "money"),
    [
        ("ppq", False, 30_000),
        ("commercial", False, 20_000),
        ("clinical", False, 15_000),
        ("engineering", False, 10_000),
        ("commercial", True, 10_000),
    ],
)
def test_an_unserved_batch_costs_its_price_times_the_factor_of_its_kind(
    kind: str, prospect: bool, money: int
) -> None:
    document = network()
    market = "US" if kind == "commercial" else None
    document["orders"][0] |= {"kind": kind, "market": market, "batches": 1}
    document["contracts"][0]["prospect"] = prospect
    document["licences"].append(
        document["licences"][0] | {"id": "c", "market": "clinical"}
    )
    found = Book(scenario(document))
    line = found.lines["O"]

    assert cost_of_unserved(found, line, price_share(found, line, Fraction(1))) == money


def costs(document: Row, plan: Plan) -> Costs:
    return by_term(charges(Ledger(Book(scenario(document)), plan)))


def test_a_batch_started_before_its_right_to_ship_is_at_risk_and_waits_for_it() -> None:
    # Right on 20 February, 5 days after due: both batches 5 x 25 late, (1 - 0.9) x 500
    # at risk each, and too late for holding.
    document = network()
    document["licences"][0]["from"] = "2026-02-20"
    late = {"available": "2026-02-20", "late_days": 5.0, "at_risk": True}
    plan = changed(single_step_plan(), {"S-001/01": late, "S-001/02": late})

    assert costs(document, plan) == Costs(lateness=250, at_risk=100)


def test_holding_ignores_the_queue() -> None:
    # Tested 10 days after it was out, the first batch still costs the day of holding.
    waits = {"qc_start": "2026-01-31", "qc_end": "2026-02-06", "released": "2026-02-10"}
    waits["available"] = "2026-02-10"
    plan = changed(single_step_plan(), {"S-001/01": waits})

    assert costs(network(), plan) == Costs(holding=3)


def test_a_line_of_a_prospect_costs_its_probability() -> None:
    # Half of 3 a day is 1.5, rounded half up to 2.
    document = network()
    document["contracts"][0] |= {"prospect": True, "probability": "0.5"}

    assert costs(document, changed(single_step_plan(), {})) == Costs(holding=2)


def test_surplus_costs_its_whole_variable_cost_at_full_weight() -> None:
    # One batch serves the line, the other none; the line lacks one of 2 x 10000.
    document = network()
    plan = changed(single_step_plan(), {"S-001/02": UNSOLD | {"kind": "surplus"}})

    assert costs(document, plan) == Costs(holding=3, variable=500, unserved=20_000)


def test_an_intermediate_costs_its_variable_cost_unless_it_is_used() -> None:
    used = changed(frozen_plan(), {})
    rows = frozen_plan()
    rows["batches"].append(rows["batches"][0] | {"batch": "S-001/02"})

    assert costs(frozen_network(), used) == Costs(changeover=2000, shipment=70)
    assert costs(frozen_network(), Plan.model_validate(rows)).variable == 500


def two_sizes() -> Book:
    """Orders count batches of S, 3 kg; T makes 2 kg for 300, S for 500."""
    document = network()
    document["suites"].append(document["suites"][0] | {"id": "T", "variable_cost": 300})
    document["programmes"][0]["recipe"][0] |= {
        "suites": ["S", "T"],
        "kg_per_batch": {"S": 3, "T": 2},
        "reference_suite": "S",
    }
    return Book(scenario(document))


def test_a_line_made_in_smaller_batches_shares_its_price_over_more_of_them() -> None:
    # Two batches of 3 kg are three of 2 kg; 2 x 10000 over three is 6666.67 each.
    found = two_sizes()
    line = found.lines["O"]

    assert found.needed(line, Fraction(3)) == 2
    assert found.needed(line, Fraction(2)) == 3
    assert price_share(found, line, Fraction(2)) == Fraction(20_000, 3)
    # Unserved: twice 6666.67 is 13333.33.
    assert cost_of_unserved(found, line, Fraction(20_000, 3)) == 13_333
    # Late: 0.0025 of it is 16.67, so 17 a day.
    assert cost_of_lateness(found, Fraction(20_000, 3), 2) == 34


def test_variable_cost_is_compared_per_line_not_per_batch() -> None:
    # The line costs 2 x 500 in S and 3 x 300 in T: S is 100 dearer, 50 a batch.
    found = two_sizes()
    line = found.lines["O"]

    assert cost_of_suite(found, line, "S") == 50
    assert cost_of_suite(found, line, "T") == 0


def test_a_changeover_of_no_days_costs_nothing_and_another_once() -> None:
    document = direct_network()
    plan = changed(direct_plan(), {})
    assert costs(document, plan) == Costs(changeover=2000)

    document["changeovers"][0]["first_use"] = 0
    assert costs(document, plan) == Costs()


def test_a_changeover_of_thirds_of_a_day_is_stated_as_the_nearest_number() -> None:
    document = network()
    document["changeovers"][0]["same_product"] = "7/3"
    document["clean_hold_days"] = 0
    begins = {"changeover_start": "2026-01-08T16:00"}

    for days, fits in ((7 / 3, True), (2.333333, False), (8 / 3, False)):
        stated = {"S-001": begins | {"changeover_days": days}}
        plan = changed(single_step_plan(), stated)
        assert (said("changeovers_fit", document, plan) == "") is fits


def test_every_cost_is_a_term_of_a_plan() -> None:
    assert set(COSTS) == set(Costs.model_fields)
