"""Where QC and QA bind, from plans whose queues are laid by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import Case, cases
from test_pinned import laid
from test_rules import network, scenario

from capacity import summary, tables
from capacity.checker import broken_rules
from capacity.plan import Plan
from capacity.publish import to_plan
from capacity.scenario import Scenario
from capacity.slots import early
from capacity.solver import solve


def queued(*waits: tuple[int, int]) -> tuple[Scenario, Plan]:
    """Batches out on 14, 19, 24 January ... that start QC and QA some days later."""
    case = laid(network(), ("ab", "S", 3, (0, 0, None)[: len(waits)]))
    run = case.schedule.runs[0]
    tests = tuple(
        test and replace(test, qc_start=test.qc_start + qc, qa_start=test.qa_start + qa)
        for test, (qc, qa) in zip(run.tests, waits, strict=True)
    )
    schedule = replace(case.schedule, runs=(replace(run, tests=tests),))
    return case.scenario, to_plan(schedule, "drawn")


def test_a_batch_waits_as_long_as_its_release_is_later_than_without_a_queue() -> None:
    # Testing takes 6 days and review 4: a review 2 days late is no later than the test.
    _, plan = queued((0, 2), (0, 5), (3, 0))

    assert [batch.wait_days for batch in plan.batches] == [0, 3, 3]


def test_what_ends_last_binds_at_the_site_and_in_the_months_of_the_wait() -> None:
    # Out on the 19th and released 3 days later for QA, on the 24th 12 for QC.
    scenario, plan = queued((0, 2), (0, 5), (12, 5))

    rows = tables.waits(scenario, plan).to_dict("records")

    known = {"site": "A", "from": "2026-01", "batches": 1, "late_batches": 0}
    qa = {"resource": "QA", "to": "2026-01", "mean_days": 3, "longest_days": 3}
    qc = {"resource": "QC", "to": "2026-02", "mean_days": 12, "longest_days": 12}
    assert rows == [known | qa, known | qc] or rows == [known | qc, known | qa]
    assert tables.binding([{str(k): v for k, v in row.items()} for row in rows]) == [
        "QC at A binds 2026-01 to 2026-02: 1 batch waits 12 d",
        "QA at A binds in 2026-01: 1 batch waits 3 d",
    ]


@pytest.mark.parametrize(
    ("qc", "qa", "cause"),
    [
        # Testing takes 6 days, review 4: what ends last made it late, whoever waited longer.
        (40, 41, "qc"),
        (40, 43, "qa"),
        # Both end on the same day; the review waited longer.
        (40, 42, "qa"),
    ],
)
def test_a_line_is_late_for_what_ends_last(qc: int, qa: int, cause: str) -> None:
    _, plan = queued((qc, qa))

    assert [order.cause for order in plan.orders if order.late] == [cause]


def test_a_stretch_counts_its_batches_and_their_mean_wait() -> None:
    scenario, plan = queued((0, 4), (0, 5), (0, 6))

    [row] = tables.waits(scenario, plan).to_dict("records")

    assert (row["batches"], row["mean_days"], row["longest_days"]) == (3, 3, 4)
    found = tables.kpis(scenario, plan, bound=None, tiers=[], unavoidable=0)
    assert (found["waiting_batches"], found["waiting_days"]) == (3, 9)
    load = tables.load(scenario, plan).set_index(["month", "resource"])
    assert load.loc[("2026-01", "QA"), "waiting"] == 3
    assert load.loc[("2026-01", "QA"), "wait_days"] == 3
    assert load.loc[("2026-01", "QC"), "waiting"] == 0


def test_where_nothing_waits_the_summary_says_so() -> None:
    scenario, plan = queued((0, 0), (0, 0))

    assert tables.waits(scenario, plan).empty
    assert summary.queues({"waits": []}) == [("QC and QA", "no batch waits for them")]


def test_the_summary_tells_the_longest_waits_and_how_many_more_there_are() -> None:
    row = {"site": "A", "resource": "QA", "from": "2028-03", "to": "2028-07"}
    rows = [row | {"batches": n, "mean_days": 9.04} for n in (14, 2, 3, 4)]

    told = summary.queues({"waits": rows})

    first = "QA at A binds 2028-03 to 2028-07: 14 batches wait 9.04 d on average"
    assert told[0] == ("QC and QA", first)
    assert len(told) == 3
    assert told[-1][1].endswith("; 1 more in waits.csv")


# ---------------------------------------------------------------- waits are for queues


def starts(plan: Plan) -> dict[str, tuple[object, object]]:
    return {row.batch: (row.qc_start, row.qa_start) for row in plan.batches}


@settings(max_examples=40)
@given(st.data())
def test_nothing_waits_but_for_room(data: st.DataObject) -> None:
    family = data.draw(st.sampled_from(["queues", "priorities", "stock"]))
    case: Case = data.draw(cases(frozenset({family})))
    plan = to_plan(case.schedule, "drawn")
    assume(broken_rules(case.scenario, plan) == [])

    found = early(case.schedule)

    sooner = to_plan(found, "drawn")
    assert broken_rules(case.scenario, sooner) == []
    assert found.rank <= case.schedule.rank
    assert early(found) == found
    stocked = {row.programme for row in case.scenario.made_to_stock}
    for old, new in zip(plan.batches, sooner.batches, strict=True):
        if old.programme in stocked and old.order is None and old.kind == "commercial":
            assert (new.qc_start, new.qa_start) == (old.qc_start, old.qa_start)
    if family != "priorities" and case.scenario.quality.priority == "free":
        before, after = starts(plan), starts(sooner)
        for batch, (qc, qa) in before.items():
            assert str(after[batch][0]) <= str(qc)
            assert str(after[batch][1]) <= str(qa)


@pytest.mark.parametrize("priority", ["free", "first_out"])
def test_where_there_is_room_for_all_no_plan_waits(priority: str) -> None:
    document = network()
    for rates in ("qc_batches", "qa_reviewers"):
        document["sites"][0][rates][0]["value"] = 90
    document["quality"] = {"priority": priority}
    plan = solve(scenario(document), work=2).plan
    assert plan is not None
    assert {batch.wait_days for batch in plan.batches} == {0}
