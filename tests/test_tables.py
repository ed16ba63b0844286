"""Frames and key figures, derived by hand from one small plan."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pandas as pd
import pytest

from capacity import tables
from capacity.plan import Plan
from capacity.scenario import Scenario


def scenario(**changes: Any) -> Scenario:
    """One site; suite A goes live on 11 January 2027, suite B isn't used."""
    suite = {
        "site": "S",
        "stage": "ds",
        "production_days": 6,
        "changeover": "clean",
        "variable_cost": 300,
    }
    step = {"step": "ds", "stage": "ds", "suites": ["A"], "campaign": "any"}
    values = {
        "schema_version": 1,
        "name": "small",
        "as_of": "2027-01-01",
        "horizon": {"start": "2027-01-01", "end": "2027-03-31"},
        "ramp_step_days": 20,
        "sites": [
            {
                "id": "S",
                "name": "Site",
                "shutdowns": [{"id": "feb", "start": "2027-02-01", "days": 10}],
                "qc_batches": [
                    {"from": "2027-01-01", "value": 7},
                    {"from": "2027-02-15", "value": 14},
                ],
                "qa_reviewers": [{"from": "2027-02-01", "value": 10}],
            }
        ],
        "suites": [
            {
                "id": "A",
                **suite,
                "go_live": "2027-01-11",
                "ramp": ["0.5", 1],
                "outages": [{"id": "leak", "start": "2027-02-08", "days": 5}],
                "rates": [{"programme": "Q", "variable_cost": 100}],
            },
            {"id": "B", **suite, "go_live": "2027-01-01", "enabled": False},
        ],
        "changeovers": [
            {
                "id": "clean",
                **{"same_product": 1, "same_client": 2},
                **{"different_client": 3, "first_use": 4},
            }
        ],
        "campaign_limits": [{"id": "any", "maximum": 9}],
        "programmes": [
            {"id": "P", "client": "X", "recipe": [step]},
            {"id": "Q", "client": "Y", "recipe": [step]},
        ],
        "contracts": [
            {
                "id": "CP",
                "programme": "P",
                "firm_months": 1,
                "probability": "0.5",
                "price": {"commercial": 1000},
            },
            {
                "id": "CQ",
                "programme": "Q",
                "prospect": True,
                "probability": "0.25",
                "price": {"commercial": 800},
            },
        ],
        "orders": [
            sold("O1", "CP", 3, "2027-01-31"),
            sold("O2", "CP", 2, "2027-03-31"),
            sold("O3", "CQ", 1, "2027-03-31"),
        ],
    }
    return Scenario.model_validate(values | changes)


def sold(name: str, contract: str, batches: int, due: str) -> dict[str, Any]:
    market = {"kind": "commercial", "market": "FDA"}
    return {"id": name, "contract": contract, "batches": batches, "due": due, **market}


def batch(
    name: str, order: str | None, campaign: str | None, start: str | None, **more: Any
) -> dict[str, Any]:
    programme = "Q" if order == "O3" else "P"
    return {
        "batch": name,
        "order": order,
        "contract": order and f"C{programme}",
        "programme": programme,
        "client": "X",
        "kind": "commercial" if order else "surplus",
        "step": "ds",
        "market": "FDA" if order else None,
        "site": "S",
        "suite": "A",
        "campaign": campaign,
        "start": start,
        **dict.fromkeys(["out", "qc_site", "qc_start", "qc_end", "qa_site"]),
        **dict.fromkeys(["qa_start", "released", "available", "due", "late_days"]),
        "at_risk": False,
        **more,
    }


def campaign(name: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    return {
        "campaign": name,
        **{"site": "S", "suite": "A", "programme": "P", "step": "ds"},
        **{"kind": "commercial", "batches": 2, "changeover_start": None},
        **{"changeover_days": 0, "start": start, "first_out": end, "end": end},
        **{"locked": False, **more},
    }


def order(
    name: str, contract: str, firmness: str, weight: float, **counts: int
) -> dict[str, Any]:
    return {
        "order": name,
        "contract": contract,
        "programme": contract[1:],
        "kind": "commercial",
        "market": "FDA",
        "firmness": firmness,
        "weight": weight,
        "due": "2027-03-31",
        "last_available": None,
        "cost": 0,
        "cause": "none",
        **{"on_time": 0, "late": 0, "unserved": 0, **counts},
    }


def plan(**changes: Any) -> Plan:
    values = {
        "scenario_sha256": "0" * 64,
        "batches": [
            batch("C0/1", None, "C0", "2027-01-12", kind="engineering"),
            batch(
                "C1/1",
                "O1",
                "C1",
                "2027-01-25",
                out="2027-01-30",
                qc_site="S",
                qc_start="2027-01-30T12:00",
                qc_end="2027-02-09T12:00",
                qa_site="S",
                qa_start="2027-02-01",
                released="2027-02-19",
                available="2027-02-20",
                due="2027-01-31",
                late_days=19 + 1 / 3,
                at_risk=True,
            ),
            batch("C1/2", "O1", "C1", "2027-01-26", available="2027-02-19"),
            batch("C2/1", "O2", "C2", "2027-02-20", available="2027-03-20"),
            batch("C2/2", None, "C2", "2027-02-22"),
            batch("C3/1", "O3", "C3", "2027-03-05", available="2027-03-31"),
            batch("old", "O2", None, None, available="2027-01-05", market="EMA"),
        ],
        "campaigns": [
            campaign("C0", "2027-01-12", "2027-01-14", batches=1, locked=True),
            campaign(
                *("C1", "2027-01-25", "2027-01-31"),
                changeover_start="2027-01-20T12:00",
                changeover_days=4.5,
            ),
            campaign("C2", "2027-02-20", "2027-03-03"),
            campaign("C3", "2027-03-05", "2027-03-07", programme="Q", batches=1),
        ],
        "orders": [
            order("O1", "CP", "firm", 1, batches=2, on_time=2),
            order("O2", "CP", "forecast", 0.5, batches=2, on_time=1, unserved=1),
            order("O3", "CQ", "prospect", 0.25, batches=1, late=1),
        ],
        "costs": {"changeover": 50, "shipment": 20, "lateness": 930},
        "objective": 1000,
    }
    return Plan.model_validate(values | changes)


def figures(the_plan: Plan | None = None, **changes: Any) -> dict[str, object]:
    known: dict[str, Any] = {
        "bound": 900,
        "tiers": [("firm service", 400, 400), ("the rest", 600, 500)],
        "unavoidable": 600,
    }
    return tables.kpis(scenario(), the_plan or plan(), **(known | changes))


# ------------------------------------------------------------------ what the plan says


def test_batches_are_written_with_iso_dates_and_empty_cells() -> None:
    text = tables.to_csv(tables.batches(plan())).splitlines()
    assert text[0] == (
        "batch,order,contract,programme,client,kind,step,market,site,suite,campaign,"
        "start,out,qc_site,qc_start,qc_end,qa_site,qa_start,released,wait_days,"
        "available,due,late_days,at_risk"
    )
    assert text[1] == ("C0/1,,,P,X,engineering,ds,,S,A,C0,2027-01-12,,,,,,,,,,,,false")
    assert text[2] == (
        "C1/1,O1,CP,P,X,commercial,ds,FDA,S,A,C1,2027-01-25,2027-01-30,S,"
        "2027-01-30T12:00,2027-02-09T12:00,S,2027-02-01,2027-02-19,,2027-02-20,"
        "2027-01-31,19.333333,true"
    )


def test_campaigns_are_written_with_whole_days_as_integers() -> None:
    text = tables.to_csv(tables.campaigns(plan())).splitlines()
    assert text[:3] == [
        "campaign,site,suite,programme,step,kind,batches,changeover_start,"
        "changeover_days,start,first_out,end",
        "C0,S,A,P,ds,commercial,1,,0,2027-01-12,2027-01-14,2027-01-14",
        "C1,S,A,P,ds,commercial,2,2027-01-20T12:00,4.5,2027-01-25,2027-01-31,"
        "2027-01-31",
    ]


def test_orders_are_written_line_by_line() -> None:
    assert tables.to_csv(tables.orders(plan())).splitlines() == [
        "order,contract,programme,kind,market,firmness,weight,batches,on_time,late,"
        "unserved,due,last_available,cost,cause",
        "O1,CP,P,commercial,FDA,firm,1,2,2,0,0,2027-03-31,,0,none",
        "O2,CP,P,commercial,FDA,forecast,0.5,2,1,0,1,2027-03-31,,0,none",
        "O3,CQ,Q,commercial,FDA,prospect,0.25,1,0,1,0,2027-03-31,,0,none",
    ]


def test_an_empty_plan_has_its_columns_and_no_rows() -> None:
    empty = Plan(scenario_sha256="0" * 64)
    for frame, columns in (
        (tables.batches(empty), tables.BATCH_COLUMNS),
        (tables.campaigns(empty), tables.CAMPAIGN_COLUMNS),
        (tables.orders(empty), tables.ORDER_COLUMNS),
    ):
        assert list(frame.columns) == list(columns)
        assert tables.to_csv(frame) == ",".join(columns) + "\n"


def test_cells_with_commas_and_quotes_come_back_as_they_were(tmp_path: Path) -> None:
    frame = pd.DataFrame({"note": ['7 x 5,000 L, "4 + 3"', "é", None]})
    path = tmp_path / "notes.csv"
    path.write_text(tables.to_csv(frame), encoding="utf-8", newline="")
    assert path.read_bytes().count(b"\r") == 0
    assert list(pd.read_csv(path, skip_blank_lines=False).note[:2]) == list(
        frame.note[:2]
    )


# ------------------------------------------------------------------ when suites can run


def test_the_calendar_names_every_stretch_below_full_rate() -> None:
    assert tables.to_csv(tables.calendar(scenario())) == dedent(
        """\
        site,suite,what,start,end,label
        S,A,before_go_live,2027-01-01,2027-01-11,
        S,A,ramp,2027-01-11,2027-01-31,50 %
        S,A,shutdown,2027-02-01,2027-02-11,
        S,A,outage,2027-02-08,2027-02-13,
        """
    )


def test_a_yearly_shutdown_repeats_and_is_clipped_to_horizon_and_go_live() -> None:
    site = scenario().sites[0].model_dump(by_alias=True)
    # 26 December to 4 January, every year; every other year for 10 days in March.
    site["shutdowns"] = [
        {"id": "turn", "start": "2026-12-26", "days": 10, "every_years": 1},
        {"id": "deep", "start": "2026-03-01", "days": 10, "every_years": 2},
        {"id": "early", "start": "2027-01-08", "days": 5},
    ]
    horizon = {"start": "2027-01-01", "end": "2028-12-31"}
    frame = tables.calendar(scenario(sites=[site], horizon=horizon))
    shut = frame[frame.what == "shutdown"]
    # The turn of 2026/27 ends before go-live on 11 January; `early` is cut by it.
    assert [
        (f"{a:%F}", f"{b:%F}") for a, b in zip(shut.start, shut.end, strict=True)
    ] == [
        ("2027-12-26", "2028-01-05"),
        ("2028-12-26", "2029-01-01"),
        ("2028-03-01", "2028-03-11"),
        ("2027-01-11", "2027-01-13"),
    ]


# ------------------------------------------------------------------------ how full


def test_load_counts_days_of_suites_and_starts_of_qc_and_qa() -> None:
    # Suite A, available: 31 - 10 before go-live = 21; 28 - 12 (shutdown 1 to 10,
    # outage 8 to 12) = 16; 31. Used: C0 2 + C1 from the 20th at noon to the 31st 10.5
    # = 12.5; C2 9 (20th to 28th); C2 2 + C3 2 = 4.
    # QC: 31 x 1; 14 x 1 + 14 x 2 = 42; 31 x 2. QA: 10 x 0.6 / 7 a day, from February.
    assert tables.to_csv(tables.load(scenario(), plan())) == dedent(
        """\
        month,site,resource,kind,available,used,load,waiting,wait_days
        2027-01,S,A,suite,21,12.5,0.5952,,
        2027-01,S,QC,qc,31,1,0.0323,0,
        2027-01,S,QA,qa,0,0,,0,
        2027-02,S,A,suite,16,9,0.5625,,
        2027-02,S,QC,qc,42,0,0,0,
        2027-02,S,QA,qa,24,1,0.0417,0,
        2027-03,S,A,suite,31,4,0.129,,
        2027-03,S,QC,qc,62,0,0,0,
        2027-03,S,QA,qa,26.571429,0,0,0,
        """
    )


def test_load_begins_in_the_month_of_as_of() -> None:
    later = scenario(as_of="2027-02-10")
    assert list(tables.load(later, plan()).month.unique()) == ["2027-02", "2027-03"]


def test_yearly_and_quarterly_load_divide_sums() -> None:
    frame = tables.load(scenario(), plan())
    for by, name in (
        (tables.yearly_load(frame), "2027"),
        (tables.quarterly_load(frame), "2027-Q1"),
    ):
        suite = by[by.resource == "A"]
        # (12.5 + 9 + 4) / (21 + 16 + 31) = 25.5 / 68 = 0.375
        assert suite.iloc[0].tolist() == ["S", "A", "suite", name, 68, 25.5, 0.375, 0]


# ---------------------------------------------------------------- how good, in numbers


def test_gaps_are_shares_of_objective_and_of_its_avoidable_part() -> None:
    found = figures()
    # 1000 - 900 = 100: 10 % of 1000, and 25 % of the 400 that isn't unavoidable.
    assert (found["gap_money"], found["gap"], found["gap_avoidable"]) == (
        100,
        0.1,
        0.25,
    )
    assert found["tiers"] == [
        {"name": "firm service", "objective": 400, "bound": 400},
        {"name": "the rest", "objective": 600, "bound": 500},
    ]


@pytest.mark.parametrize(
    ("objective", "bound", "unavoidable", "gap", "avoidable"),
    [(0, 0, 0, 0, 0), (600, 600, 600, 0, 0), (1000, None, 600, None, None)],
)
def test_gaps_without_anything_to_divide(
    objective: int, bound: int | None, unavoidable: int, gap: float, avoidable: float
) -> None:
    found = figures(plan(objective=objective), bound=bound, unavoidable=unavoidable)
    assert (found["gap"], found["gap_avoidable"]) == (gap, avoidable)


def test_service_counts_lines_and_reports_prospects_apart() -> None:
    found = figures()
    assert (found["late_batches"], found["unserved_batches"]) == (1, 1)
    assert found["on_time_in_full"] == 0.5  # O1 of O1 and O2
    assert found["on_time_in_full_prospects"] == 0  # O3 is late


def test_service_of_no_lines_is_nothing() -> None:
    assert figures(plan(orders=[]))["on_time_in_full"] is None


def test_counts_are_those_of_the_plan() -> None:
    found = figures()
    # Of C0 to C3 only C1 has a changeover; batch `old` belongs to no campaign.
    assert [found[key] for key in ("changeovers", "campaigns", "batches")] == [1, 4, 6]
    assert found["regret"] == {
        **{"lateness": 930, "holding": 0, "variable": 0, "at_risk": 0},
        **{"unserved": 0, "changeover": 50, "shipment": 20, "qualification": 0},
        **{"storage": 0, "shortage": 0, "waste": 0, "deficit": 0},
        **{"campaign": 0, "hold": 0},
    }


def test_revenue_and_margin_share_a_lines_price_over_what_it_needs() -> None:
    found = figures()
    # O1: 3 x 1000, both of the 2 it needs; O2: 2 x 1000, 1 of 2; O3: 800.
    assert found["revenue"] == 3000 + 1000 + 800
    # Weights 1, 0.5 and 0.25.
    assert found["revenue_expected"] == 3000 + 500 + 200
    # C1 2 x 300, C2 300 and its surplus 300, C3 100; locked C0 and `old` nothing.
    assert found["margin"] == 4800 - 1300 - 50 - 20
    assert found["margin_expected"] == 3700 - (600 + 150 + 300 + 25) - 50 - 20


def test_firsts_are_the_earliest_of_each_site_and_market() -> None:
    found = figures()
    assert found["first_batch"] == {"S": "2027-01-12"}
    assert found["first_shipment"] == {"S": {"EMA": "2027-01-05", "FDA": "2027-02-19"}}


def test_load_of_suites_is_given_by_year() -> None:
    assert figures()["load"] == {"A": {"2027": 0.375}}


def test_key_figures_are_plain_json() -> None:
    text = json.dumps(figures(), allow_nan=False)
    assert json.loads(text) == figures()


# ------------------------------------------------------------------- on which guesses


def guesses(the_scenario: Scenario, name: str | None) -> dict[Any, Any]:
    frame = tables.assumptions(the_scenario)
    rows = frame[frame.id.isna() if name is None else frame.id == name]
    return {row.field: (row.value, row.note) for row in rows.itertuples()}


def changed(part: str, name: str, **changes: Any) -> Scenario:
    """The scenario with other fields of one record."""
    rows = [row.model_dump(by_alias=True) for row in getattr(scenario(), part)]
    return scenario(
        **{part: [row | changes if row["id"] == name else row for row in rows]}
    )


def test_unmarked_values_are_assumptions_and_names_are_not_listed() -> None:
    assert guesses(scenario(), "CQ") == {
        "firm_months": (0, None),
        "take_or_pay": (0, None),
        "probability": (0.25, None),
        "renewal_probability": (0, None),
        "prospect": (True, None),
        "price.commercial": (800, None),
    }


def test_facts_and_typical_values_are_left_out() -> None:
    marks = {
        "*": {"is": "typical"},
        "probability": {"is": "assumption", "note": "a guess", "source": "S1"},
        "firm_months": {"is": "fact", "source": "S2"},
    }
    assert guesses(changed("contracts", "CQ", standing=marks), "CQ") == {
        "probability": (0.25, "a guess; S1")
    }


def test_a_mark_holds_for_what_is_below_it_unless_that_has_its_own() -> None:
    marks = {
        "*": {"is": "typical"},
        "qc_batches": {"is": "assumption"},
        "qc_batches.1": {"is": "fact", "source": "S1"},
    }
    assert guesses(changed("sites", "S", standing=marks), "S") == {
        "qc_batches.0.from": ("2027-01-01", None),
        "qc_batches.0.value": (7, None),
    }


def test_a_shutdown_has_the_mark_of_its_site_unless_it_has_its_own() -> None:
    inherited = changed("sites", "S", standing={"shutdowns": {"is": "typical"}})
    assert guesses(inherited, "feb") == {}
    own = {"id": "feb", "start": "2027-02-01", "days": 10}
    own["standing"] = {"days": {"is": "assumption", "note": "longer"}}
    marked = changed(
        *("sites", "S"), shutdowns=[own], standing={"shutdowns": {"is": "typical"}}
    )
    assert guesses(marked, "feb") == {"days": (10, "longer")}


def test_values_outside_the_lists_go_by_their_dotted_name() -> None:
    marks = {"economics": {"is": "typical"}, "quality.lending.qa": {"is": "typical"}}
    found = guesses(scenario(standing=marks, resolution_days="1/6"), None)
    assert found["quality.lending.qc"] == (0, None)
    assert found["resolution_days"] == (0.166667, None)
    assert "quality.lending.qa" not in found
    assert not [field for field in found if field.startswith("economics")]


def test_an_order_is_one_row_unless_both_its_values_are_known() -> None:
    assert guesses(scenario(), "O1") == {"batches, due": ("3 by 2027-01-31", None)}
    fact = {"is": "fact", "source": "S1"}
    half = changed("orders", "O1", standing={"due": fact})
    assert "batches, due" in guesses(half, "O1")
    known = changed("orders", "O1", standing={"due": fact, "batches": fact})
    assert guesses(known, "O1") == {}


def test_assumptions_are_text_a_spreadsheet_reads() -> None:
    text = tables.to_csv(tables.assumptions(scenario())).splitlines()
    assert text[0] == "id,field,value,standing,note"
    assert ",as_of,2027-01-01,assumption," in text
    assert "A,enabled,true,assumption," in text
    assert datetime.fromisoformat(text[1].split(",")[2]) == datetime(2027, 1, 1)
