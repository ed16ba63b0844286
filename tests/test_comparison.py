"""Two plans compared: what became of campaigns and orders, what is certain, and why."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from capacity import cli, comparison, plots, reading, runs, tables
from capacity.comparison import Comparison, compare, letter, words
from capacity.comparison import folder as folders
from capacity.comparison.campaigns import (
    CHANGES,
    Campaign,
    by_programme,
    compared_campaigns,
    counted,
    linked,
    marks,
)
from capacity.comparison.figures import compared_kpis
from capacity.comparison.inputs import compared_inputs, told
from capacity.comparison.orders import compared_orders
from capacity.comparison.picture import figure
from capacity.folders import OutputError
from capacity.manifest import hashes_of
from capacity.solver import Result, solve

# ------------------------------------------------------------------- two runs of tiny


@pytest.fixture(scope="session")
def _late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small scenario with the western suite a month later, solved."""
    scenario = Path(__file__).parent.parent / "scenarios" / "tiny.yaml"
    changes = ["scenario.name=late", "W1.go_live=2026-08-01"]
    loaded = reading.read(scenario, changes)
    result = solve(loaded.scenario, scenario_sha256=reading.sha256(loaded))
    directory = tmp_path_factory.mktemp("solved") / "late"
    runs.write_run(directory, loaded, result, options={}, seed=0, overwrite=False)
    return directory


@pytest.fixture(scope="session")
def first(_solved: Path) -> Path:
    """The small scenario, solved; to be read only."""
    return _solved


@pytest.fixture(scope="session")
def second(_late: Path) -> Path:
    """The later one; to be read only."""
    return _late


@pytest.fixture
def late(_late: Path, tmp_path: Path) -> Path:
    """A run folder of that, free to be spoilt."""
    return shutil.copytree(_late, tmp_path / "late")


@pytest.fixture(scope="session")
def compared(first: Path, second: Path) -> Comparison:
    return compare(first, second)


# -------------------------------------------------------------------------- campaigns


def campaign(name: str, start: str, **other: Any) -> Campaign:
    values: dict[str, Any] = {
        **{"campaign": name, "site": "A", "suite": "A-1", "programme": "P"},
        **{"step": "ds", "kind": "commercial", "batches": 5, "end": start},
        "orders": frozenset(),
    }
    return Campaign(**{**values, "start": start, **other})


def became(before: Sequence[Campaign], after: Sequence[Campaign]) -> set[str]:
    """Links as `old change new`, with a dash for none."""
    return {
        f"{one.campaign if one else '-'} {change} {other.campaign if other else '-'}"
        for change, one, other in linked(before, after)
    }


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ("same", {}),
        ("same", {"start": "2026-03-01T20:00"}),
        ("moved", {"start": "2026-03-02"}),
        ("moved", {"start": "2026-02-20", "batches": 7}),
        ("moved", {"suite": "A-2"}),
        ("moved", {"suite": "B-1", "site": "B"}),
        ("resized", {"batches": 4}),
    ],
)
def test_a_pair_is_moved_resized_or_the_same(
    change: str, other: dict[str, Any]
) -> None:
    new = {"start": "2026-03-01", **other}
    found = became([campaign("x", "2026-03-01")], [campaign("y", **new)])
    assert found == {f"x {change} y"}


@pytest.mark.parametrize(
    "other",
    [
        {"programme": "Q"},
        {"step": "dp"},
        {"kind": "ppq"},
        {"kind": "engineering"},
        {"start": "2026-09-01"},
    ],
)
def test_other_work_is_gone_and_new(other: dict[str, Any]) -> None:
    new = {"start": "2026-03-01", **other}
    found = became([campaign("x", "2026-03-01")], [campaign("y", **new)])
    assert found == {"x gone -", "- new y"}


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ({"o1", "o2"}, {"x moved y"}),
        ({"o1"}, {"x moved y"}),
        ({"o1", "o3", "o4"}, {"x gone -", "- new y"}),
    ],
)
def test_the_same_orders_make_the_same_work_however_late(
    orders: set[str], found: set[str]
) -> None:
    one = campaign("x", "2026-03-01", orders=frozenset({"o1", "o2"}))
    other = campaign("y", "2027-03-01", orders=frozenset(orders))
    assert became([one], [other]) == found


def test_the_nearest_are_paired_and_other_suites_are_farther() -> None:
    before = [campaign("x", "2026-03-01")]
    # 20 days off in its own suite, none off in another: 20 < 30.
    own, beside = (
        campaign("own", "2026-03-21"),
        campaign("b", "2026-03-01", suite="A-2"),
    )
    assert became(before, [own, beside]) == {"x moved own", "- new b"}
    # 40 days off in its own suite is farther than 0 + 30, and nearer than 0 + 60.
    own = campaign("own", "2026-04-10")
    assert became(before, [own, beside]) == {"x moved b", "- new own"}
    abroad = campaign("b", "2026-03-01", suite="B-1", site="B")
    assert became(before, [own, abroad]) == {"x moved own", "- new b"}


def test_what_one_lost_and_another_has_is_a_split() -> None:
    before = [campaign("x", "2026-03-01", batches=10)]
    after = [
        campaign("y", "2026-03-01", batches=4),
        campaign("z", "2026-05-01", batches=6),
        campaign("more", "2026-07-01", batches=5),
    ]
    assert became(before, after) == {"x split y", "x split z", "- new more"}
    assert became(after, before) == {"y merged x", "z merged x", "more gone -"}


def test_a_campaign_that_lost_less_than_half_of_another_was_not_split() -> None:
    before = [campaign("x", "2026-03-01", batches=10)]
    after = [campaign("y", "2026-03-01", batches=8)]
    found = {"x resized y", "- new z"}
    assert became(before, [*after, campaign("z", "2026-05-01")]) == found
    four = campaign("z", "2026-05-01", batches=4)
    assert became(before, [*after, four]) == {"x split y", "x split z"}


SOME = st.lists(
    st.builds(
        lambda day, suite, batches, kind: (day, suite, batches, kind),
        *(st.integers(1, 28), st.sampled_from(["A-1", "A-2"]), st.integers(1, 9)),
        st.sampled_from(["commercial", "ppq"]),
    ),
    max_size=8,
)


def made(rows: Sequence[tuple[int, str, int, str]]) -> list[Campaign]:
    return [
        campaign(f"c{n}", f"2026-{n + 1:02}-{day:02}", suite=s, batches=b, kind=kind)
        for n, (day, s, b, kind) in enumerate(rows)
    ]


@given(SOME, SOME, st.randoms())
def test_every_campaign_is_told_of_and_order_of_rows_means_nothing(
    some: Any, others: Any, shuffled: Any
) -> None:
    before, after = made(some), made(others)
    links = list(linked(before, after))
    assert {link.before.campaign for link in links if link.before} == {
        each.campaign for each in before
    }
    assert {link.after.campaign for link in links if link.after} == {
        each.campaign for each in after
    }
    # One that is shared by several links is a split or merged one.
    whole = [link for link in links if link.change not in ("split", "merged")]
    for side in ("before", "after"):
        named = [getattr(link, side) for link in whole if getattr(link, side)]
        assert len(set(named)) == len(named)
    mixed = shuffled.sample(before, len(before)), shuffled.sample(after, len(after))
    assert set(linked(*mixed)) == set(links)


@given(SOME)
def test_a_plan_compared_with_itself_is_the_same(some: Any) -> None:
    plan = made(some)
    assert {link.change for link in linked(plan, plan)} <= {"same"}


def frames(
    campaigns: Sequence[Campaign], orders: Sequence[tuple[str, str]] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [name for name in Campaign.__dataclass_fields__ if name != "orders"]
    rows = [[getattr(each, name) for name in names] for each in campaigns]
    batches = pd.DataFrame(orders, columns=["campaign", "order"], dtype=object)
    return pd.DataFrame(rows, columns=names, dtype=object), batches


def test_campaigns_are_a_frame_with_both_sides_and_the_shift() -> None:
    one = frames([campaign("x", "2026-03-01"), campaign("old", "2026-12-01")])
    other = frames([campaign("y", "2026-03-11T12:00", suite="A-2", batches=6)])
    found = compared_campaigns(one, other)
    assert found.to_dict("records")[0] == {
        **{"change": "moved", "programme": "P", "step": "ds", "kind": "commercial"},
        **{"campaign_before": "x", "campaign_after": "y"},
        **{"site_before": "A", "site_after": "A"},
        **{"suite_before": "A-1", "suite_after": "A-2"},
        **{"start_before": "2026-03-01", "start_after": "2026-03-11T12:00"},
        **{"end_before": "2026-03-01", "end_after": "2026-03-11T12:00"},
        **{"batches_before": 5, "batches_after": 6, "shift_days": 10.5},
    }
    assert found.change.tolist() == ["moved", "gone"]
    assert found.campaign_after.tolist() == ["y", None]
    assert marks(found, "before") == {"x": "elsewhere", "old": "gone"}
    assert marks(found, "after") == {"y": "elsewhere"}


def test_orders_of_batches_find_what_moved_far() -> None:
    one = frames([campaign("x", "2026-03-01")], [("x", "o1"), ("x", "o2")])
    other = frames([campaign("y", "2027-03-01")], [("y", "o2"), ("y", "o1")])
    [row] = compared_campaigns(one, other).to_dict("records")
    assert (row["change"], row["shift_days"]) == ("moved", 365)


def test_programmes_count_batches_once_and_changes_where_they_are_now() -> None:
    before = [
        campaign("x", "2026-03-01", batches=10),
        campaign("far", "2027-03-01", batches=2),
    ]
    after = [
        campaign("y", "2026-03-01", batches=4),
        campaign("z", "2026-05-01", batches=6, site="B", suite="B-1"),
        campaign("w", "2026-06-01", batches=3, programme="Q"),
    ]
    found = by_programme(compared_campaigns(frames(before), frames(after)))
    kept = ["site", "programme", "batches_before", "batches_after"]
    assert found[[*kept, "split", "new", "gone"]].to_numpy().tolist() == [
        ["A", "P", 12, 4, 1, 0, 1],
        ["A", "Q", 0, 3, 0, 1, 0],
        ["B", "P", 0, 6, 0, 0, 0],
    ]


# ------------------------------------------------------------------------ key figures


def regret(objective: int, bound: int | None) -> dict[str, Any]:
    tiers = [
        {"name": "firm_service", "objective": objective, "bound": bound},
        {"name": "rest", "objective": 0, "bound": 0},
    ]
    return {"objective": objective, "bound": bound, "tiers": tiers}


@pytest.mark.parametrize(
    ("before", "after", "least", "most", "certain"),
    [
        ((100, 90), (130, 101), 1, 40, True),  # 30 more, the dearer's gap is 29
        ((100, 90), (130, 100), 0, 40, False),  # 30 more, its gap is 30
        ((100, 0), (130, 101), 1, 130, True),  # the cheaper's gap matters not
        ((130, 101), (100, 90), -40, -1, True),
        ((100, 100), (100, 100), 0, 0, False),
        ((100, None), (130, 130), None, None, None),
    ],
)
def test_a_difference_is_certain_where_it_is_larger_than_the_dearers_gap(
    before: tuple[int, int | None],
    after: tuple[int, int | None],
    least: int | None,
    most: int | None,
    certain: bool | None,
) -> None:
    found = compared_kpis(regret(*before), regret(*after), "USD").set_index("kpi")
    for name in ("objective", "tiers.firm_service.objective"):
        stated = [found.loc[name, each] for each in ("least", "most", "certain")]
        assert stated == [least, most, certain]
    # A lower tier's bound holds only given the tiers above.
    assert found.loc["tiers.rest.objective", "certain"] is None


@pytest.mark.parametrize(
    ("name", "before", "after", "difference", "verdict"),
    [
        ("late_batches", 3, 5, 2, "worse"),
        ("unserved_batches", 3, 1, -2, "better"),
        ("on_time_in_full", 0.75, 0.8, 0.05, "better"),
        ("on_time_in_full", 0.75, None, None, None),
        ("margin", 10, 4, -6, "worse"),
        ("campaigns", 4, 5, 1, None),
        ("changeovers", 4, 4, 0, "same"),
        ("first_shipment.A.US", "2026-03-01", "2026-02-27T12:00", -1.5, "better"),
        ("first_shipment.A.US", "2026-03-01", None, None, None),
        ("first_batch.A", "2026-03-01", "2026-03-05", 4, None),
        ("load.A-1.2026", 0.5, 0.6, 0.1, None),
    ],
)
def test_figures_have_a_difference_and_a_verdict(
    name: str, before: object, after: object, difference: object, verdict: object
) -> None:
    def nested(value: object) -> dict[str, Any]:
        for piece in reversed(name.split(".")):
            value = {piece: value}
        assert isinstance(value, dict)
        return value

    [row] = compared_kpis(nested(before), nested(after), "USD").to_dict("records")
    assert (row["kpi"], row["before"], row["after"]) == (name, before, after)
    assert row["difference"] == pytest.approx(difference)
    assert row["verdict"] == verdict


def test_every_key_figure_of_a_run_is_compared(first: Path) -> None:
    kpis = json.loads((first / "kpis.json").read_text())

    def leaves(value: Any) -> int:
        if isinstance(value, dict):
            return sum(leaves(part) for key, part in value.items() if key != "name")
        return sum(map(leaves, value)) if isinstance(value, list) else 1

    assert len(compared_kpis(kpis, kpis, "USD")) == leaves(kpis)


# ----------------------------------------------------------------------------- orders


def order(name: str, **other: Any) -> dict[str, Any]:
    return {
        **{"order": name, "contract": "C", "programme": "P", "kind": "commercial"},
        **{"market": "US", "firmness": "firm", "weight": 1, "batches": 3, "on_time": 3},
        **{"late": 0, "unserved": 0, "due": "2026-06-30", "cost": 0, "cause": "none"},
        **{"last_available": "2026-06-01"},
        **other,
    }


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({}, {}, "same"),
        ({}, {"last_available": "2026-06-09", "cost": 7}, "same"),
        ({}, {"late": 1}, "late"),
        ({}, {"unserved": 1}, "unserved"),
        ({"late": 2}, {"late": 1, "unserved": 1}, "unserved"),
        ({"late": 2}, {}, "saved"),
        ({"unserved": 2}, {}, "saved"),
        ({"unserved": 2}, {"late": 2}, "better"),
        ({"unserved": 2}, {"unserved": 1, "late": 2}, "better"),
        ({"late": 1}, {"late": 2}, "worse"),
        ({"late": 2}, {"late": 2}, "same"),
        ({"late": 2}, {"late": 2, "last_available": "2026-08-01"}, "worse"),
        ({"late": 2}, {"late": 2, "last_available": "2026-05-31"}, "better"),
        (None, {"late": 1}, "new"),
        ({"late": 1}, None, "gone"),
    ],
)
def test_orders_are_saved_or_become_late(
    before: dict[str, Any] | None, after: dict[str, Any] | None, change: str
) -> None:
    sides = [
        pd.DataFrame([] if other is None else [order("o", **other)], dtype=object)
        for other in (before, after)
    ]
    [row] = compared_orders(*sides).to_dict("records")
    assert (row["change"], row["order"], row["market"]) == (change, "o", "US")
    assert row["late_before"] == (None if before is None else before.get("late", 0))
    assert row["late_after"] == (None if after is None else after.get("late", 0))


# ----------------------------------------------------------------------------- inputs


def changed(tiny: Path, what_if: str) -> list[tuple[object, ...]]:
    """What a scenario that extends the small one states otherwise."""
    path = tiny.parent / "what_if.yaml"
    path.write_text(f"extends: tiny.yaml\nname: what_if\n{what_if}")
    one, other = (reading.read(each).scenario for each in (tiny, path))
    rows = compared_inputs(one, other).to_numpy().tolist()
    return [tuple(row) for row in rows]


@pytest.fixture
def copied(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny, tmp_path))


@pytest.mark.parametrize(
    ("what_if", "rows"),
    [
        ("title: Other\n", []),
        ("sites: [{id: EAST, name: Orient}]\n", []),
        ("suites: [{id: E1, standing: {reactors: {is: typical}}}]\n", []),
        ("clean_hold_days: 7\n", [("changed", "clean_hold_days", "14", "7")]),
        (
            "suites: [{id: E1, production_days: 12.5, set_up: null}]\n",
            [
                ("changed", "suites.E1.production_days", "10", "12.5"),
                ("gone", "suites.E1.set_up", "ALPHA", None),
            ],
        ),
        (
            "suites: [{id: W1, ramp: [0.25, 0.5, 1]}]\n",
            [("changed", "suites.W1.ramp", "0.5, 1", "0.25, 0.5, 1")],
        ),
        (
            "sites: [{id: EAST, shutdowns: [{id: EAST-summer, days: 10}]}]\n",
            [("changed", "sites.EAST.shutdowns.EAST-summer.days", "14", "10")],
        ),
        (
            "orders: [{id: A-3, contract: C-ALPHA, kind: commercial, market: US,"
            " batches: 2, due: 2026-11-11}]\n",
            [
                (
                    *("new", "orders.A-3", None),
                    "contract C-ALPHA, kind commercial, market US, batches 2,"
                    " due 2026-11-11",
                )
            ],
        ),
    ],
)
def test_inputs_that_differ_are_told_by_their_path(
    copied: Path, what_if: str, rows: list[tuple[object, ...]]
) -> None:
    assert changed(copied, what_if) == rows


def test_dates_that_hang_on_one_another_are_all_told(compared: Comparison) -> None:
    [pair] = compared.pairs
    assert told(pair.inputs) == [
        "sites.WEST.qc_batches.0.from: 2026-07-01 -> 2026-08-01",
        "sites.WEST.qa_reviewers.0.from: 2026-07-01 -> 2026-08-01",
        "suites.W1.go_live: 2026-07-01 -> 2026-08-01",
        "transfers.BETA@WEST.end: 2026-07-01 -> 2026-08-01",
        "licences.BETA@WEST:clinical.from: 2026-07-01 -> 2026-08-01",
        "licences.GAMMA@WEST:EU.from: 2026-11-10 -> 2026-12-11",
    ]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [("2026-07-01", "2026-07-03"), ("2026-07-01", "2026-07-11")],
            "3 dates, 2 to 10 days later",
        ),
        (
            [("2026-07-03", "2026-07-01"), ("2026-07-03", "2026-07-01")],
            "3 dates, by -2 to +5 days",
        ),
        ([("2", "3"), ("4", "6")], "3, o0, o1, o2 and so on"),
    ],
)
def test_one_field_of_many_rows_is_one_sentence(
    rows: list[tuple[str, str]], sentence: str
) -> None:
    cells = [*rows, ("2026-07-01", "2026-07-06")]
    frame = pd.DataFrame(
        [("changed", f"orders.o{n}.due", *cell) for n, cell in enumerate(cells)],
        columns=["change", "path", "before", "after"],
    )
    assert told(frame) == [f"orders.*.due: {sentence}"]
    assert len(told(frame[:2])) == 2


# ---------------------------------------------------------------------- all of it


def test_a_month_later_moves_what_west_makes(compared: Comparison) -> None:
    [pair] = compared.pairs
    kept = ["change", "programme", "suite_after", "start_before", "start_after"]
    assert pair.campaigns[kept].to_numpy().tolist() == [
        ["same", "ALPHA", "E1", "2026-01-12", "2026-01-12"],
        ["same", "BETA", "E1", "2026-02-17", "2026-02-17"],
        ["moved", "BETA", "W1", "2026-07-25", "2026-08-09"],
        ["moved", "GAMMA", "W1", "2026-09-04", "2026-09-15"],
    ]
    changes = pair.orders.set_index("order").change.to_dict()
    assert changes == {
        **{"A-1": "same", "A-2": "same", "B-1": "same"},
        **{"B-2": "late", "G-1": "worse"},
    }
    assert counted(pair.campaigns) == {
        **dict.fromkeys(CHANGES, 0),
        **{"same": 2, "moved": 2},
    }


def test_figures_and_tables_are_those_of_the_runs(
    compared: Comparison, first: Path, second: Path
) -> None:
    kpis = compared.kpis.set_index("kpi")
    for side, run in (("before", first), ("after", second)):
        stated = json.loads((run / "kpis.json").read_text())
        for name in ("objective", "bound", "late_batches", "margin_expected"):
            assert kpis.loc[name, side] == stated[name]
        for table, key in (("campaigns", "campaign"), ("orders", "order")):
            with (run / f"{table}.csv").open() as file:
                rows = list(csv.DictReader(file))
            frame = getattr(compared, table)
            names = ["batches", "start"] if table == "campaigns" else ["cost", "cause"]
            for name in names:
                ids = frame[f"{key}_{side}" if table == "campaigns" else key]
                found = dict(zip(ids, map(str, frame[f"{name}_{side}"]), strict=True))
                assert found == {row[key]: row[name] for row in rows}


def test_the_letter_says_it_in_short(compared: Comparison) -> None:
    text = letter.markdown(compared)
    lines = text.splitlines()
    assert lines[0] == "# late against tiny"
    assert lines[2] == (
        "**late costs 406.8 k USD more regret than tiny (831.5 k USD against"
        " 424.7 k USD).**"
    )
    assert lines[4] == (
        "That is certain, larger than the gaps: the best plans differ by +406.8 k USD."
    )
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert ["late batches", "2", "4", "+2", "worse"] in cells
    assert [
        "sold lines on time in full",
        "80.0 %",
        "60.0 %",
        "-20.0 points",
        "worse",
    ] in (cells)
    assert ["WEST", "GAMMA", "2", "1"] in cells
    for said in (
        "**Campaigns:** 2 moved, 2 unchanged.",
        "- BETA antibody: moved, W1, 2026-07-25 to 2026-08-09, 15 days later, 2 batches",
        "**Orders:** 1 newly late, 1 worse, 3 unchanged.",
        "- B-2 (forecast, due 2026-09-30): was on time, is 2 late of 2 (suite)",
        "**Inputs:** 6 values differ.",
        "- `suites.W1.go_live: 2026-07-01 -> 2026-08-01`",
    ):
        assert said in lines
    assert len(lines) < 60


def test_the_other_way_round_it_saves(first: Path, second: Path) -> None:
    [pair] = compare(second, first).pairs
    found = compare(second, first)
    assert words.headline(found, pair).startswith("tiny costs 406.8 k USD less regret")
    assert words.orders(pair) == "1 better but late, 1 saved, 3 unchanged"


def test_runs_of_one_scenario_say_so(first: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(first, tmp_path / "again")
    found = compare(first, copy)
    [pair] = found.pairs
    # Both scenarios have one name, so the folders name the runs.
    assert (found.name, pair.name) == ("tiny", "again")
    assert words.headline(found, pair).startswith(
        "again costs what tiny costs: 424.7 k"
    )
    assert words.certainty(found, pair).startswith("Both plan the same scenario")
    assert words.campaigns(pair) == "4 unchanged"
    assert pair.inputs.empty
    assert "**Inputs:** the scenarios state the same." in letter.markdown(found)


def test_three_runs_are_each_compared_with_the_first(
    first: Path, second: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(first, tmp_path / "again")
    found = compare(first, second, copy)
    assert [pair.name for pair in found.pairs] == ["late", "again"]
    assert found.campaigns.groupby("run", sort=False).size().to_dict() == {
        "late": 4,
        "again": 4,
    }
    assert set(found.inputs.run) == {"late"}
    text = letter.markdown(found)
    assert text.startswith("# late and again against tiny\n\n## late\n")
    drawn = figure(found)
    assert [ax.get_title(loc="left").split(" ·")[0] for ax in drawn.axes] == [
        *("tiny", "late: 2 moved, 2 unchanged", "again: 4 unchanged")
    ]


def test_names_are_no_markup() -> None:
    hostile = "a|b <script> [x](y) `c` *d* _e_ f_g \\ #\nh"
    assert letter.safe(hostile) == (
        r"a\|b \<script\> \[x\](y) \`c\` \*d\* \_e\_ f_g \\ \# h"
    )


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "0 X"), (-950, "-950 X"), (1_250, "1.2 k X"), (-12_345_678, "-12.3 M X")],
)
def test_money_is_rounded_to_what_can_be_said(amount: int, said: str) -> None:
    assert words.money(amount, "X") == said


def test_different_versions_limits_and_days_are_noted(late: Path, first: Path) -> None:
    path = late / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["capacity"] = "0.0.9"
    manifest["options"] = {"work": 5, "time_limit": 7}
    path.write_text(json.dumps(manifest))
    notes = compare(first, late).notes
    assert [note.partition("(")[2] for note in notes] == [
        "tiny: 0.1.0, late: 0.0.9)",
        "tiny: work 60, late: work 5, 7 s)",
    ]


# --------------------------------------------------------------------------- picture


def bars(figure: Figure) -> list[dict[str, Rectangle]]:
    """Bars of each panel by campaign."""
    return [
        {
            str(patch.get_gid()).partition(":")[2]: patch
            for patch in ax.patches
            if str(patch.get_gid()).startswith("bar:") and isinstance(patch, Rectangle)
        }
        for ax in figure.axes
    ]


def labels(figure: Figure) -> list[dict[str, str]]:
    """What stands on the bars of each panel, by campaign."""
    return [
        {
            str(text.get_gid()).partition(":")[2]: text.get_text()
            for text in ax.texts
            if str(text.get_gid()).partition(":")[0] in ("label", "beside", "sign")
        }
        for ax in figure.axes
    ]


def test_both_plans_stand_on_one_axis_with_changes_signed(compared: Comparison) -> None:
    drawn = figure(compared)
    before, after = drawn.axes
    assert before.get_xlim() == after.get_xlim()
    [pair] = compared.pairs
    shown, said = bars(drawn), labels(drawn)
    assert [len(panel) for panel in shown] == [4, 4]
    for panel, texts, side in zip(shown, said, ("before", "after"), strict=True):
        for row in pair.campaigns.to_dict("records"):
            name = row[f"campaign_{side}"]
            moved = row["change"] == "moved"
            assert texts[name].startswith("\N{RIGHTWARDS ARROW}") == moved
            assert panel[name].get_height() > 0
    assert drawn.texts[0].get_text().startswith("late costs 406.8 k USD more regret")
    names = {text.get_text() for text in drawn.legends[0].get_texts()}
    assert {"unchanged", "\N{RIGHTWARDS ARROW} later"} <= names
    assert not any("gone" in name or "new" in name for name in names)


def many(count: int) -> pd.DataFrame:
    """Campaigns of all marks, some too narrow for words."""
    rows = [
        {
            **{"campaign": f"c{n}", "site": "EAST", "suite": "E1", "step": "antibody"},
            **{"programme": "ALPHA", "kind": "ppq", "batches": 2},
            **{"changeover_start": None, "changeover_days": 0.0},
            "start": f"2026-{1 + n:02}-01",
            "first_out": f"2026-{1 + n:02}-05",
            "end": f"2026-{1 + n:02}-{8 + 2 * n:02}",
            "mark": list(plots.MARKS)[n],
        }
        for n in range(count)
    ]
    return pd.DataFrame(rows)


def test_every_change_has_a_colour_and_a_sign(first: Path) -> None:
    scenario = runs.read_run(first).loaded.scenario
    side = plots.Side("all", scenario, many(len(plots.MARKS)))
    drawn = plots.compared_figure([side, side, side], title="t", subtitle="s")
    FigureCanvasAgg(drawn).draw()  # type: ignore[no-untyped-call]
    for ax, texts in zip(drawn.axes, labels(drawn), strict=True):
        fills = {
            to_hex(patch.get_facecolor()).upper()
            for patch in ax.patches
            if isinstance(patch, Rectangle) and patch.get_zorder() == 3
        }
        assert fills == {colour.upper() for _, colour, _ in plots.MARKS.values()}
        for number, (sign, _, _) in enumerate(plots.MARKS.values()):
            assert texts.get(f"c{number}", "").startswith(sign)
        written = [
            text.get_window_extent()
            for text in (*ax.texts, ax.title, ax._left_title)  # type: ignore[attr-defined]  # noqa: SLF001
            if text.get_text()
        ]
        assert not [1 for one, two in combinations(written, 2) if one.overlaps(two)]


# ---------------------------------------------------------------------------- folder


def test_the_folder_is_the_same_bytes_again(
    compared: Comparison, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        folders.write(compared, tmp_path / name, overwrite=False)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert set(one) == set(folders.FILES)
    header = (tmp_path / "one" / "campaigns.csv").read_text().splitlines()[0]
    assert header.startswith("run,change,programme,step,kind,campaign_before,")
    assert one["inputs.csv"].decode().splitlines()[3] == (
        "late,changed,suites.W1.go_live,2026-07-01,2026-08-01"
    )


def test_what_no_comparison_wrote_is_never_replaced(
    compared: Comparison, tmp_path: Path, late: Path
) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "thesis.doc").write_text("mine")
    for directory, said in (
        (place, "holds thesis.doc, which no comparison writes"),
        (late, "which no comparison writes"),
        (late / "below", "lies in a run folder"),
        (place / "thesis.doc", "is a file"),
        (place / "thesis.doc" / "below", "can't be written"),
    ):
        with pytest.raises(OutputError, match=said):
            folders.write(compared, directory, overwrite=True)
    assert (place / "thesis.doc").read_text() == "mine"
    assert runs.check_run(late) == []
    fine = tmp_path / "fine"
    folders.write(compared, fine, overwrite=False)
    (fine / "compare.md").write_text("edited")
    with pytest.raises(OutputError, match="--overwrite replaces it"):
        folders.write(compared, fine, overwrite=False)
    folders.write(compared, fine, overwrite=True)
    assert (fine / "compare.md").read_text().startswith("# late against tiny")


# ------------------------------------------------------------------------ the command


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture
def capacity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`capacity compare`, called in this process."""

    def call(*given: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["capacity", "compare", *map(str, given)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def desk(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the small scenario and a later one."""
    monkeypatch.chdir(copied.parent)
    late = "extends: tiny.yaml\nname: late\nsuites: [{id: W1, go_live: 2026-08-01}]\n"
    (copied.parent / "late.yaml").write_text(late)
    return copied.parent


def test_two_runs_give_a_summary_and_a_folder_beside_the_first(
    capacity: Call, tiny_run: Path, late: Path
) -> None:
    code, out, err = capacity(tiny_run, late)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("late costs 406.8 k USD more regret than tiny")
    assert lines[-4:] == [
        "campaigns   2 moved, 2 unchanged",
        "orders      1 newly late, 1 worse, 3 unchanged",
        "inputs      6 values differ",
        f"comparison  {tiny_run.parent / 'run-vs-late'}",
    ]
    found = {path.name for path in (tiny_run.parent / "run-vs-late").iterdir()}
    assert found == set(folders.FILES)
    assert runs.check_run(tiny_run) == runs.check_run(late) == []


def test_json_is_one_document_with_what_the_tables_say(
    capacity: Call, tiny_run: Path, late: Path, tmp_path: Path
) -> None:
    code, out, _ = capacity(tiny_run, late, "-o", tmp_path / "found", "--json")
    document = json.loads(out)
    assert (code, document["schema_version"]) == (0, 1)
    assert document["against"] == {"name": "tiny", "run": str(tiny_run)}
    assert document["runs"][0]["headline"].startswith("late costs 406.8 k USD more")
    for name in ("kpis", "campaigns", "programmes", "orders", "inputs"):
        with (tmp_path / "found" / f"{name}.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [list(row) for row in document[name]] == [list(row) for row in rows]
        assert len(rows) > 0


def test_scenarios_are_solved_once(capacity: Call, desk: Path) -> None:
    code, out, err = capacity("tiny.yaml", "late.yaml", "--work", "0.1")
    assert code == 0
    assert [line for line in err.splitlines() if "warning" not in line] == [
        "tiny.yaml: not solved yet, solving it into runs/tiny",
        "late.yaml: not solved yet, solving it into runs/late",
    ]
    assert runs.check_run(desk / "runs" / "late") == []
    assert out.splitlines()[-1] == "comparison  runs/tiny-vs-late"
    again = capacity("tiny.yaml", "late.yaml", "--work", "0.1", "--overwrite")
    assert again == (0, out, "")
    code, out, err = capacity("runs/tiny", "late.yaml", "--work", "0.2", "-o", "new")
    assert (code, out) == (2, "")
    assert "runs/late was solved with work 0.1 instead of 0.2: name the folder" in err
    (desk / "late.yaml").write_text("extends: tiny.yaml\nname: late\n")
    code, out, err = capacity("runs/tiny", "late.yaml", "--work", "0.1", "-o", "new")
    assert "runs/late was solved from another scenario: name the folder" in err
    assert not (desk / "new").exists()
    code, out, err = capacity("tiny.yaml", "runs/tiny", "--work", "0.1")
    assert (code, out) == (2, "")
    assert "runs/tiny and tiny.yaml are the same run, in runs/tiny" in err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "Missing argument"),
        (("run",), "name two run folders or scenarios at least"),
        (("run", "run"), "run is named twice"),
        (("run", "./run"), "run is named twice"),
        (("run", "late/../run"), "late/../run and run are the same run"),
        (("run", "nowhere"), "nowhere doesn't exist"),
        (("run", "."), ". isn't a run folder"),
        (("run", "late", "-o", "run"), "which no comparison writes"),
        (("run", "late", "-o", "late/new"), "lies in a run folder"),
        (("run", "late", "-o", "tiny.yaml/new"), "can't be written: Not a directory"),
        (("run", "late", "--work", "0"), "--work"),
    ],
)
def test_what_cannot_be_compared_or_written_is_a_usage_error(
    capacity: Call,
    tiny_run: Path,
    late: Path,
    desk: Path,
    given: Sequence[str],
    said: str,
) -> None:
    here = sorted(desk.iterdir())
    code, out, err = capacity(*given)
    assert (code, out) == (2, "")
    assert said in err
    assert sorted(desk.iterdir()) == here
    assert runs.check_run(late) == []


def test_unlike_horizons_and_currencies_are_refused_before_any_search(
    capacity: Call, tiny_run: Path, desk: Path
) -> None:
    for name, change in (
        ("short", "horizon: {end: 2026-11-30}"),
        ("euro", "currency: EUR"),
    ):
        (desk / f"{name}.yaml").write_text(
            f"extends: tiny.yaml\nname: {name}\n{change}\n"
        )
    code, out, err = capacity("run", "short.yaml", "euro.yaml")
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        "short.yaml plans 2026-01-01 to 2026-11-30, run plans 2026-01-01 to 2026-12-31:"
        " costs over unlike horizons can't be compared",
        "euro.yaml counts EUR, run counts USD:"
        " costs in unlike currencies can't be compared",
    ]
    assert not (desk / "runs").exists()


@pytest.mark.parametrize("name", ["plan.json", "orders.csv", "gantt.png"])
def test_a_run_with_a_file_missing_or_edited_is_rejected(
    capacity: Call, tiny_run: Path, late: Path, desk: Path, name: str
) -> None:
    with (late / name).open("ab") as file:
        file.write(b"\n")
    code, out, err = capacity("run", "late")
    assert (code, out) == (7, "")
    assert err == f"late/{name}: changed since it was written (its hash differs)\n"
    (late / name).unlink()
    assert capacity("run", "late") == (7, "", f"late/{name}: it is missing\n")
    (late / "manifest.json").unlink()
    code, _, err = capacity("run", "late")
    # With neither plan nor manifest it is no run at all.
    assert code == (2 if name == "plan.json" else 7)
    assert not (desk / "run-vs-late").exists()


def test_a_run_of_another_format_or_that_was_rejected_is_refused(
    capacity: Call, tiny_run: Path, late: Path, desk: Path
) -> None:
    path = late / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "schema_version": 2}))
    code, _, err = capacity("run", "late")
    assert code == 3
    assert err.startswith("late has format 2, and this version of the program reads")
    path.write_text(json.dumps({**manifest, "checker": ["two batches overlap"]}))
    code, _, err = capacity("run", "late")
    assert (code, err) == (
        7,
        "late/manifest.json: the checker rejected this plan when it was made\n",
    )


def test_a_run_whose_figures_have_other_names_is_refused(
    capacity: Call, tiny_run: Path, late: Path, desk: Path
) -> None:
    kpis = json.loads((late / "kpis.json").read_text())
    kpis["cost"] = kpis.pop("objective")
    kpis["tiers"] = [["firm", 3]]
    (late / "kpis.json").write_text(json.dumps(kpis))
    path = late / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = hashes_of(late)
    path.write_text(json.dumps(manifest))
    code, out, err = capacity("run", "late")
    assert (code, out) == (3, "")
    assert err.startswith(
        "late/kpis.json: objective isn't a whole number; version 0.1.0"
    )
    kpis["objective"] = kpis["cost"]
    (late / "kpis.json").write_text(json.dumps(kpis))
    path.write_text(json.dumps({**manifest, "files": hashes_of(late)}))
    code, out, _ = capacity("run", "late")
    assert code == 0
    assert re.search(r"^service of firm lines +100\.0 k USD +- +-$", out, re.MULTILINE)


def test_a_run_made_before_a_table_was_added_is_compared(
    capacity: Call, tiny_run: Path, late: Path, desk: Path
) -> None:
    (late / "prices.csv").unlink()
    path = late / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["files"]["prices.csv"]
    path.write_text(json.dumps(manifest))
    assert capacity("run", "late").code == 0


@pytest.mark.parametrize(
    ("status", "code"), [("infeasible", 4), ("unknown", 5), ("rejected", 7)]
)
def test_a_scenario_without_a_plan_ends_with_its_exit_code(
    capacity: Call,
    tiny_run: Path,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    code: int,
) -> None:
    plan = runs.read_run(tiny_run).plan
    nothing = Result(
        status="unknown",
        plan=None,
        bound=0,
        prices=[],
        tiers=[],
        unavoidable=0,
        stopped_by="work",
        reproducible=True,
        seconds=1.0,
        log="",
        breaches=[],
    )
    changes: dict[str, Any] = {"status": status}
    if status == "rejected":
        changes = {"status": "feasible", "plan": plan, "breaches": ["two overlap"]}
    result = dataclasses.replace(nothing, **changes)
    monkeypatch.setattr("capacity.solver.solve", lambda *_, **__: result)
    found = capacity("run", "late.yaml", "-o", "new")
    assert (found.code, found.out) == (code, "")
    assert not (desk / "new").exists()
    assert not (desk / "runs" / "late").exists()


def test_an_invalid_scenario_is_invalid_input(
    capacity: Call, tiny_run: Path, desk: Path
) -> None:
    (desk / "late.yaml").write_text("extends: tiny.yaml\nsuite: []\n")
    code, out, err = capacity("run", "late.yaml")
    assert (code, out) == (3, "")
    assert "late.yaml:2: " in err
    code, out, err = capacity("run", "late.yaml", "--json")
    document = json.loads(out)
    assert (code, document["status"], document["comparison"]) == (3, "invalid", None)
    assert 2 in [problem["line"] for problem in document["problems"]]


def test_an_interrupted_solve_keeps_its_plan_and_compares_nothing(
    capacity: Call, tiny_run: Path, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: Any, **options: Any) -> Result:
        result = solve(*given, **{**options, "work": 0.1})
        return dataclasses.replace(result, stopped_by="interrupt")

    monkeypatch.setattr("capacity.solver.solve", stopped)
    code, out, err = capacity("run", "late.yaml", "tiny.yaml", "-o", "new")
    assert (code, out) == (130, "")
    assert "the plan so far is in runs/late; nothing compared" in err
    assert [path.name for path in (desk / "runs").iterdir()] == ["late"]
    assert not (desk / "new").exists()


def test_the_python_face_compares_folders(first: Path, second: Path) -> None:
    import capacity as package

    found = package.compare(str(first), runs.read_run(second))
    assert isinstance(found, comparison.Comparison)
    assert found.campaigns.query("change == 'moved'").programme.tolist() == [
        *("BETA", "GAMMA")
    ]
    with pytest.raises(ValueError, match="two runs or more"):
        package.compare(first)
    assert tables.to_csv(found.programmes).startswith("run,site,programme,")
