"""Pictures: what is drawn where, that labels can be read, that bytes repeat."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from capacity import plots, tables
from capacity.plan import Plan, PlannedBatch, PlannedCampaign
from capacity.plots import lettering
from capacity.scenario import Scenario, Suite

# ------------------------------------------------------------- two sites, made up


def programme(name: str, *suites: str) -> dict[str, Any]:
    step = {"step": "ds", "stage": "ds", "suites": list(suites), "campaign": "any"}
    return {"id": name, "client": name, "recipe": [step]}


def suite(
    name: str,
    site: str,
    go_live: str,
    *,
    takt: float,
    lead_in: float,
    ramp: Sequence[str] = (),
    outages: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "id": name,
        "site": site,
        "stage": "ds",
        "go_live": go_live,
        "production_days": lead_in,
        "downstream_cycle_days": takt,
        "changeover": "any",
        "variable_cost": 1,
        "ramp": list(ramp),
        "outages": list(outages),
    }


def closure(
    name: str, start: str, days: int, every_years: int | None = None
) -> dict[str, Any]:
    repeated = {"every_years": every_years} if every_years else {}
    return {"id": name, "start": start, "days": days, **repeated}


def network(**changes: Any) -> Scenario:
    """Two sites, seven suites, fourteen programmes, six years."""
    syr, son = ("SYR-A", "SYR-B"), ("SON-T1", "SON-T2")
    ramp = ("0.4", "0.6", "0.8", "1")
    terms = {"LEG-A": "2028-12-31", "LEG-B": "2029-12-31", "BSP-1": "2029-12-31"}
    terms |= {"US-IO": "2030-06-30", "CLIN-3": "2030-12-31", "ADC-C": "2031-12-31"}
    values: dict[str, Any] = {
        "schema_version": 1,
        "name": "made-up",
        "title": "Syracuse and Songdo, made-up plan",
        "as_of": "2026-01-16",
        "horizon": {"start": "2026-01-01", "end": "2031-12-31"},
        "sites": [
            {
                "id": "SYR",
                "name": "Syracuse",
                "shutdowns": [
                    closure("SYR-july", "2026-07-06", 14, 1),
                    closure("SYR-december", "2025-12-24", 9, 1),
                ],
                "qc_batches": [{"from": "2026-01-01", "value": 4}],
                "qa_reviewers": [{"from": "2026-01-01", "value": 7}],
            },
            {
                "id": "SON",
                "name": "Songdo",
                "shutdowns": [
                    closure("SON-august", "2028-08-01", 10, 1),
                    closure("SON-seollal", "2028-02-05", 5, 1),
                    closure("SON-biennial", "2029-05-07", 21, 2),
                ],
                "qc_batches": [
                    {"from": "2027-01-01", "value": "1.5"},
                    {"from": "2028-01-01", "value": 3},
                    {"from": "2029-01-01", "value": "4.5"},
                ],
                "qa_reviewers": [
                    {"from": "2027-01-01", "value": 4},
                    {"from": "2028-01-01", "value": 7},
                    {"from": "2029-01-01", "value": 9},
                ],
            },
        ],
        "suites": [
            suite("SYR-A", "SYR", "2023-01-01", takt=4, lead_in=20),
            suite("SYR-B", "SYR", "2023-01-01", takt=5.5, lead_in=20),
            suite("SYR-S", "SYR", "2025-01-01", takt=7.5, lead_in=19),
            suite(
                *("SYR-C1", "SYR", "2025-04-24"),
                takt=7,
                lead_in=5,
                outages=[closure("C1-repair", "2028-09-01", 42)],
            ),
            suite("SON-T1", "SON", "2027-03-29", takt=4, lead_in=21, ramp=ramp),
            suite("SON-T2", "SON", "2027-12-30", takt=4, lead_in=21, ramp=ramp),
            suite("SON-HT", "SON", "2027-09-29", takt=4, lead_in=20, ramp=ramp[1:]),
        ],
        "changeovers": [
            {
                "id": "any",
                **{"same_product": 3, "same_client": 9},
                **{"different_client": 12, "first_use": 5},
            }
        ],
        "campaign_limits": [{"id": "any", "maximum": 30}],
        "programmes": [
            programme("LEG-A", *syr),
            programme("LEG-B", *syr),
            programme("US-IO", *syr, "SON-HT"),
            programme("MAB-4", *syr, "SON-HT"),
            programme("BSP-1", "SYR-S", "SYR-B"),
            programme("CLIN-3", "SYR-S"),
            programme("RAK-PIT", *syr, "SYR-C1"),
            programme("ADC-A", "SYR-C1"),
            programme("ADC-B", *syr, "SON-HT", "SYR-C1"),
            programme("ADC-C", "SYR-C1"),
            programme("BIG-1", *son),
            programme("BIG-2", *son),
            programme("HT-1", "SON-HT", "SYR-B"),
            programme("PROS-1", *son),
        ],
        "contracts": [
            {"id": f"C-{name}", "programme": name, "term_end": end, "price": {}}
            for name, end in terms.items()
        ],
    }
    return Scenario.model_validate(values | changes)


KINDS = ("commercial",) * 12 + ("clinical",) * 3 + ("ppq", "engineering", "surplus")


def made_up_plan(scenario: Scenario, seed: int = 7) -> Plan:
    """Campaigns back to back with changeovers, around whatever closes a suite."""
    draw = random.Random(seed)
    closed = tables.calendar(scenario)
    campaigns: list[PlannedCampaign] = []
    made: list[PlannedBatch] = []
    for line in scenario.suites:
        able = [p.id for p in scenario.programmes if line.id in p.recipe[0].suites]
        shut = closed[(closed.suite == line.id) & (closed.what != "ramp")]
        at, before = max(scenario.as_of, line.go_live), ""
        while at < scenario.horizon.end - timedelta(days=90):
            after, kind = draw.choice(able), draw.choice(KINDS)
            most = {"commercial": 14, "clinical": 4}.get(kind, 3)
            count = draw.randint(1, most)
            wash = 3 if after == before else 12
            lead, takt = float(line.production_days), float(line.downstream_cycle_days)
            end = at + timedelta(days=wash + lead + (count - 1) * takt)
            hit = shut[(shut.start < end) & (shut.end > at)]
            if len(hit) and draw.random() < 0.9:
                at = hit.end.max().to_pydatetime()
                continue
            if not len(hit):
                new = _campaign(line, after, kind, count, at, wash, end, len(campaigns))
                campaigns.append(new)
                made += _batches(new, lead, takt)
                before = after
            at = end + timedelta(days=draw.choice([0, 0, 0, 4, 10, 25]))
    return Plan(scenario_sha256="0" * 64, batches=made, campaigns=campaigns)


def _campaign(
    line: Suite,
    programme: str,
    kind: str,
    count: int,
    at: datetime,
    wash: int,
    end: datetime,
    number: int,
) -> PlannedCampaign:
    start = at + timedelta(days=wash)
    if line.id in ("SYR-A", "SYR-B") and programme in ("RAK-PIT", "ADC-B"):
        kind = "intermediate"
    return PlannedCampaign.model_validate(
        {
            **{"campaign": f"{line.id}/{number}", "site": line.site, "suite": line.id},
            **{"programme": programme, "step": "ds", "kind": kind, "batches": count},
            **{"changeover_start": at, "changeover_days": wash},
            "start": start,
            "first_out": start + timedelta(days=float(line.production_days)),
            "end": end,
            "locked": at < datetime(2026, 2, 1),
        }
    )


def _batches(
    campaign: PlannedCampaign, lead: float, takt: float
) -> Iterator[PlannedBatch]:
    empty: dict[str, Any] = dict.fromkeys(PlannedBatch.model_fields)
    for number in range(campaign.batches):
        start = campaign.start + timedelta(days=number * takt)
        out = start + timedelta(days=lead)
        yield PlannedBatch.model_validate(
            empty
            | {
                "batch": f"{campaign.campaign}/{number}",
                "client": campaign.programme,
                "at_risk": False,
                **campaign.model_dump(
                    include={"programme", "kind", "step", "site", "suite", "campaign"}
                ),
                **{"start": start, "out": out},
                **{"qc_site": campaign.site, "qc_start": out},
                **{"qa_site": campaign.site, "qa_start": out + timedelta(days=14)},
            }
        )


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return network()


@pytest.fixture(scope="module")
def plan(scenario: Scenario) -> Plan:
    return made_up_plan(scenario)


@pytest.fixture(scope="module", params=["16:9", "A3"])
def sheet(request: pytest.FixtureRequest, scenario: Scenario, plan: Plan) -> Figure:
    return plots.gantt_figure(scenario, plan, size=request.param)


ROWS = [("Site", "A"), ("Site", "B")]
YEAR = (datetime(2027, 1, 1), datetime(2028, 1, 1))


def made(
    name: str, suite: str, start: str, end: str, *, programme: str = "P", **more: Any
) -> dict[str, Any]:
    return {
        "campaign": name,
        **{"site": "S", "suite": suite, "programme": programme, "step": "ds"},
        **{"kind": "commercial", "batches": 3, "changeover_start": None},
        **{"changeover_days": 0, "start": start, "first_out": start, "end": end},
        **more,
    }


def drawn(*rows: dict[str, Any], calendar: Sequence[Any] = (), **options: Any) -> Axes:
    """Two rows, a year, on a small sheet."""
    figure = Figure(figsize=(12, 3), dpi=100)
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0.1, 0.2, 0.88, 0.7))
    campaigns = pd.DataFrame(rows, columns=list(tables.CAMPAIGN_COLUMNS), dtype=object)
    stretches = pd.DataFrame(calendar, columns=list(tables.CALENDAR_COLUMNS))
    known: dict[str, Any] = {
        **{"suites": ROWS, "as_of": datetime(2027, 1, 1), "span": YEAR}
    }
    return plots.gantt(ax, campaigns, stretches, **(known | options))


def named(where: Axes | Figure, start: str) -> list[Artist]:
    """Everything drawn whose gid starts like this."""

    def starts(artist: Artist) -> bool:
        return str(artist.get_gid() or "").startswith(start)

    return where.findobj(starts)


def bars(ax: Axes) -> list[Rectangle]:
    return [bar for bar in named(ax, "bar:") if isinstance(bar, Rectangle)]


def paint(figure: Figure) -> None:
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]


def day(text: str) -> float:
    return float(date2num(datetime.fromisoformat(text)))  # type: ignore[no-untyped-call]


# ----------------------------------------------------------------------------- bars


def test_every_campaign_is_one_bar_at_its_dates_in_the_row_of_its_suite() -> None:
    ax = drawn(
        made("one", "A", "2027-02-01", "2027-03-01"),
        made("two", "B", "2027-03-01T12:00", "2027-05-01"),
        made("elsewhere", "C", "2027-03-01", "2027-05-01"),
    )
    found = {
        str(bar.get_gid()): (
            bar.get_x(),
            bar.get_x() + bar.get_width(),
            round(bar.get_y()),
        )
        for bar in bars(ax)
    }
    assert found == {
        "bar:one": (day("2027-02-01"), day("2027-03-01"), 0),
        "bar:two": (day("2027-03-01T12:00"), day("2027-05-01"), 1),
    }


def test_the_picture_spans_what_is_asked_and_names_its_rows() -> None:
    ax = drawn()
    assert ax.get_xlim() == (day("2027-01-01"), day("2028-01-01"))
    assert ax.get_ylim() == (1.5, -0.5)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["A", "B"]
    assert "Site" in [text.get_text() for text in ax.texts]


def test_bars_outside_the_span_are_left_out() -> None:
    ax = drawn(
        made("before", "A", "2026-11-01", "2027-01-01"),
        made("over", "A", "2027-12-01", "2028-02-01"),
        made("after", "B", "2028-01-01", "2028-02-01"),
    )
    assert [bar.get_gid() for bar in bars(ax)] == ["bar:over"]


def test_a_changeover_ends_where_its_campaign_begins_and_is_lower() -> None:
    ax = drawn(
        made("one", "A", "2027-02-13", "2027-03-01", changeover_start="2027-02-01")
    )
    (change,) = named(ax, "changeover:")
    (bar,) = bars(ax)
    assert isinstance(change, Rectangle)
    assert change.get_x() == day("2027-02-01")
    assert change.get_x() + change.get_width() == bar.get_x()
    assert change.get_height() < 0.7 * bar.get_height()


def test_kinds_differ_by_hatch_and_not_by_colour_alone() -> None:
    hatches = [hatch for _, hatch in plots.KINDS.values()]
    assert len(set(hatches)) == len(hatches) == 7
    for kind, (_, hatch) in plots.KINDS.items():
        ax = drawn(made("one", "A", "2027-02-01", "2027-03-01", kind=kind))
        assert {patch.get_hatch() for patch in ax.patches} - {None} == {hatch} - {""}


def test_locked_campaigns_have_a_thick_edge() -> None:
    rows = [
        made("free", "A", "2027-02-01", "2027-03-01"),
        made("held", "B", "2027-02-01", "2027-03-01"),
    ]
    widths = {
        bar.get_gid(): bar.get_linewidth()
        for bar in bars(drawn(*rows, locked={"held"}))
    }
    assert widths == {"bar:free": 0.5, "bar:held": 2}


def test_fourteen_programmes_have_fourteen_colours() -> None:
    names = [f"P-{number}" for number in range(14)]
    colours = plots.programme_colours(reversed(names))
    assert colours == plots.programme_colours(names)
    assert len(set(colours.values())) == 14


# ------------------------------------------------------------- shades, lines and flags


def test_shutdowns_outages_ramp_and_go_live_are_shaded_in_their_row() -> None:
    stretches = [
        ("S", "A", "shutdown", YEAR[0], datetime(2027, 1, 15), ""),
        ("S", "A", "outage", datetime(2027, 3, 1), datetime(2027, 4, 1), ""),
        ("S", "B", "before_go_live", YEAR[0], datetime(2027, 6, 1), ""),
        ("S", "B", "ramp", datetime(2027, 6, 1), datetime(2027, 9, 1), "40 %"),
    ]
    ax = drawn(calendar=stretches)
    found = {
        (str(patch.get_gid()), round(patch.get_y() + 0.5), patch.get_hatch())
        for patch in ax.patches
        if isinstance(patch, Rectangle)
    }
    assert found == {
        ("shutdown", 0, None),
        ("outage", 0, "xxx"),
        ("before_go_live", 1, "//"),
        ("ramp", 1, None),
    }
    texts = [text.get_text() for text in named(ax, "shade:") if isinstance(text, Text)]
    assert sorted(texts) == ["40 %", "go-live 2027-06-01"]


def test_bars_leave_room_for_the_share_of_a_ramp() -> None:
    ramp = ("S", "A", "ramp", *YEAR, "40 %")
    ax = drawn(
        made("slow", "A", "2027-02-01", "2027-12-01"),
        made("fast", "B", "2027-02-01", "2027-12-01"),
        calendar=[ramp],
    )
    slow, fast = bars(ax)
    (share,) = named(ax, "shade:ramp")
    assert slow.get_height() < fast.get_height()
    assert share.get_window_extent().y0 >= slow.get_window_extent().y1


def test_as_of_is_marked_where_it_is_in_view() -> None:
    ax = drawn(as_of=datetime(2027, 5, 1))
    (line,) = named(ax, "as_of")
    assert list(line.get_xdata()) == [day("2027-05-01")] * 2  # type: ignore[attr-defined]
    assert "as of 2027-05-01" in [text.get_text() for text in ax.texts]
    assert named(drawn(as_of=datetime(2026, 5, 1)), "as_of") == []


def test_contract_ends_are_flagged_above_the_first_row_without_overlap() -> None:
    ends = [
        ("LEG-A", datetime(2027, 3, 31)),
        ("US-IO", datetime(2027, 4, 10)),
        ("LEG-B", datetime(2027, 3, 31)),
        ("ADC-C", datetime(2027, 12, 31)),
        ("later", datetime(2028, 6, 30)),
    ]
    ax = drawn(contract_ends=ends)
    flags = [text for text in named(ax, "contract_end") if isinstance(text, Text)]
    assert [flag.get_text() for flag in flags] == ["LEG-A, LEG-B", "US-IO", "ADC-C"]
    boxes = [flag.get_window_extent() for flag in flags]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    frame = ax.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    # 0.25 of the 2.1 inches are for the flags; two rows share the rest.
    assert ax.get_ylim() == pytest.approx((1.5, -0.5 - 2 * 0.25 / 1.85))


# ---------------------------------------------------------------------------- labels


def test_a_wide_bar_says_programme_and_batches_in_one_line() -> None:
    ax = drawn(made("one", "A", "2027-02-01", "2027-06-01", programme="LEG-A"))
    (label,) = named(ax, "label:one")
    assert isinstance(label, Text)
    assert label.get_text() == f"LEG-A {plots.TIMES}3"
    assert label.get_rotation() == 0


def test_a_narrow_bar_turns_its_label() -> None:
    ax = drawn(made("narrow", "A", "2027-02-01", "2027-02-10", programme="LEG-A"))
    (label,) = named(ax, "label:")
    assert isinstance(label, Text)
    assert (label.get_gid(), label.get_rotation()) == ("label:narrow", 90)


def test_a_sliver_is_labelled_on_the_side_that_is_free() -> None:
    crowd = ("A", "2027-06-03", "2027-08-01")
    for row, (rows, text) in enumerate(
        (
            ([], f"\N{BLACK LEFT-POINTING SMALL TRIANGLE}LEG-A {plots.TIMES}3"),
            (
                [made("after", *crowd)],
                f"LEG-A {plots.TIMES}3\N{BLACK RIGHT-POINTING SMALL TRIANGLE}",
            ),
        )
    ):
        sliver = made("sliver", "A", "2027-06-01", "2027-06-03", programme="LEG-A")
        ax = drawn(sliver, *rows)
        (label,) = named(ax, "beside:sliver")
        assert isinstance(label, Text)
        assert label.get_text() == text
        box, bar = label.get_window_extent(), bars(ax)[0].get_window_extent()
        assert bar.x1 < box.x0 if row == 0 else box.x1 < bar.x0


def test_a_sliver_between_others_has_a_number_that_is_explained_above(
    scenario: Scenario,
) -> None:
    key: dict[str, int] = {}
    three = (
        made("before", "A", "2027-02-01", "2027-06-01"),
        made("sliver", "A", "2027-06-01", "2027-06-03"),
        made("after", "A", "2027-06-03", "2027-08-01"),
    )
    assert named(drawn(*three), "key:") == []
    ax = drawn(*three, key=key)
    labels = [*named(ax, "label:"), *named(ax, "beside:")]
    assert [label.get_gid() for label in labels] == ["label:before", "label:after"]
    (mark,) = named(ax, "key:sliver")
    assert isinstance(mark, Text)
    assert (mark.get_text(), key) == ("1", {f"P {plots.TIMES}3": 1})
    # campaigns of four days, side by side, leave no room for a name
    start = datetime(2027, 1, 1)
    ends = [start + timedelta(days=4 * number) for number in range(40)]
    rows = [
        made(
            *(f"c{number}", "SYR-A", f"{one:%Y-%m-%d}", f"{two:%Y-%m-%d}"),
            programme="LEG-A",
        )
        for number, (one, two) in enumerate(pairwise(ends))
    ]
    plan = Plan(
        scenario_sha256="0" * 64,
        campaigns=[
            PlannedCampaign.model_validate(row | {"locked": False}) for row in rows
        ],
    )
    figure = plots.gantt_figure(scenario, plan)
    assert len(named(figure, "key:")) == 38  # the last has room for its name beside it
    (said,) = (text for text in figure.axes[0].texts if text.get_gid() == "key")
    assert said.get_text() == f"narrow bars: 1 LEG-A {plots.TIMES}3"


def test_a_roomy_bar_says_its_dates_and_a_flat_one_does_not() -> None:
    ax = drawn(
        made("long", "A", "2027-02-01", "2027-06-01"),
        made("short", "B", "2027-02-01", "2027-03-01"),
    )
    (dates,) = named(ax, "dates:")
    assert isinstance(dates, Text)
    assert dates.get_text() == "2027-02-01 \N{EN DASH} 2027-06-01"
    (label,) = named(ax, "label:long")
    assert dates.get_window_extent().y1 <= label.get_window_extent().y0


def test_a_campaign_cut_by_the_edge_points_beyond_it() -> None:
    ax = drawn(
        made("from", "A", "2026-11-01", "2027-03-01"),
        made("whole", "A", "2027-04-01", "2027-06-01"),
        made("beyond", "A", "2027-11-01", "2028-03-01"),
    )
    found = {
        mark.get_gid(): list(mark.get_xdata())  # type: ignore[attr-defined]
        for mark in named(ax, "cut:")
    }
    assert found == {
        "cut:from": [day("2027-01-01")],
        "cut:beyond": [day("2028-01-01")],
    }


def test_a_label_stays_clear_of_the_line_at_as_of() -> None:
    bar = made("one", "A", "2027-02-01", "2027-06-01", programme="LEG-A")
    ax = drawn(bar, as_of=datetime(2027, 4, 1))
    (line,), (label,) = named(ax, "as_of"), named(ax, "label:one")
    assert label.get_window_extent().x0 > line.get_window_extent().x1


def test_what_no_font_can_draw_is_a_box_and_no_warning(plan: Plan) -> None:
    strange = "S\U0010fffd\x07 1"
    site = {"id": "SYR", "name": strange}
    scenario = network(title=strange, sites=[site, {"id": "SON", "name": "Songdo"}])
    for figure in (
        plots.gantt_figure(scenario, plan),
        plots.load_figure(scenario, tables.load(scenario, plan), site="SYR"),
    ):
        paint(figure)  # a missing glyph would warn, and warnings are errors here
        assert figure.texts[0].get_text() == "S□□ 1"


def test_what_the_usual_font_lacks_is_drawn_by_another_installed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # STIXGeneral ships with matplotlib, and has a mark that DejaVu Sans lacks.
    mark = "\N{COMBINING ENCLOSING CIRCLE}"
    monkeypatch.setattr(lettering, "OTHERS", ("No such font", "STIXGeneral"))
    for known in (lettering.legible, lettering.families, lettering.family):
        known.cache_clear()
    assert lettering.legible(f"A{mark}") == f"A{mark}"
    assert lettering.families(f"A{mark}") == ["DejaVu Sans", "STIXGeneral"]
    for known in (lettering.legible, lettering.families, lettering.family):
        known.cache_clear()


def test_long_names_are_cut_and_say_so(plan: Plan) -> None:
    name = "A site with a name that goes on and on and on and on and on"
    scenario = network(sites=[{"id": "SYR", "name": name}, {"id": "SON", "name": "B"}])
    figure = plots.gantt_figure(scenario, plan)
    for ax in figure.axes:
        first, second = (text for text in ax.texts if text.get_gid() == "site")
        lines = first.get_text().split("\n")
        assert all(line.rstrip("…") in name for line in lines)
        assert "…" in first.get_text()
        assert not first.get_window_extent().overlaps(second.get_window_extent())


def test_names_with_dollars_are_no_formulas() -> None:
    ax = drawn(
        made("one", "A", "2027-02-01", "2027-06-01", programme="$x_{$"),
        contract_ends=[("$x_{$", datetime(2027, 5, 1))],
    )
    figure = ax.get_figure(root=True)
    assert figure is not None
    paint(figure)
    (label,) = named(ax, "label:one")
    assert isinstance(label, Text)
    assert label.get_text() == f"$x_{{$ {plots.TIMES}3"


def test_no_label_leaves_its_bar_or_touches_another(sheet: Figure) -> None:
    # Bars of a suite don't overlap, so labels inside their bars can't either; both are
    # asserted on pixels all the same.
    for ax in sheet.axes:
        frame = ax.get_window_extent()
        boxes = {
            str(bar.get_gid())[4:]: Bbox.intersection(bar.get_window_extent(), frame)
            for bar in bars(ax)
        }
        labels = {
            str(text.get_gid())[6:]: text.get_window_extent()
            for text in named(ax, "label:")
        }
        beside = [text.get_window_extent() for text in named(ax, "beside:")]
        assert len(labels) > 50
        for text in beside:
            assert frame.x0 <= text.x0 <= text.x1 <= frame.x1
            assert not any(bar and bar.overlaps(text) for bar in boxes.values())
        for campaign, label in labels.items():
            bar = boxes[campaign]
            assert bar is not None
            assert bar.x0 <= label.x0 <= label.x1 <= bar.x1
            assert bar.y0 <= label.y0 <= label.y1 <= bar.y1
        for one, other in combinations([*labels.values(), *beside], 2):
            assert not one.overlaps(other)


def test_every_campaign_of_three_weeks_is_labelled_on_slide_and_sheet(
    sheet: Figure, plan: Plan
) -> None:
    long = {
        campaign.campaign
        for campaign in plan.campaigns
        if campaign.end - campaign.start >= timedelta(days=21)
    }
    labels = [*named(sheet, "label:"), *named(sheet, "beside:")]
    assert long <= {str(text.get_gid()).split(":", 1)[1] for text in labels}


# ---------------------------------------------------------------------------- sheets


def test_six_years_are_two_panels_that_hold_every_campaign(
    sheet: Figure, scenario: Scenario, plan: Plan
) -> None:
    limits = [ax.get_xlim() for ax in sheet.axes]
    assert limits == [
        (day("2026-01-01"), day("2029-01-01")),
        (day("2029-01-01"), day("2032-01-01")),
    ]
    per_panel = [{str(bar.get_gid())[4:] for bar in bars(ax)} for ax in sheet.axes]
    assert set.union(*per_panel) == {campaign.campaign for campaign in plan.campaigns}
    cut = datetime(2029, 1, 1)
    assert set.intersection(*per_panel) == {
        campaign.campaign
        for campaign in plan.campaigns
        if campaign.start < cut < campaign.end
    }
    rows = [tick.get_text() for tick in sheet.axes[0].get_yticklabels()]
    # Syracuse runs since 2023, so it stands above Songdo.
    assert rows == ["contract ends", *(suite.id for suite in scenario.suites)]


def test_title_quality_and_legend_are_written(scenario: Scenario, plan: Plan) -> None:
    kpis = {"gap_money": 600_000, "on_time_in_full": 0.974}
    kpis |= {"late_batches": 12, "unserved_batches": 3}
    priced = plan.model_copy(update={"objective": 12_345_678})
    figure = plots.gantt_figure(scenario, priced, kpis=kpis)
    batches = sum(campaign.batches for campaign in plan.campaigns)
    assert [text.get_text() for text in figure.texts] == [
        "Syracuse and Songdo, made-up plan",
        "regret 12.3 M USD · at most 600 k USD better exists · "
        "97.4 % of sold lines on time in full · 12 batches late, 3 unserved · "
        f"{len(plan.campaigns)} campaigns, {batches:,} batches",
    ]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    for word in ("PPQ", "clinical", "commercial", "locked", "changeover", "shutdown"):
        assert word in words
    assert words[0] == f"bars: programme {plots.TIMES} batches"


def test_a_long_title_stays_on_the_sheet(plan: Plan) -> None:
    figure = plots.gantt_figure(network(title="A very long title indeed " * 10), plan)
    assert figure.texts[0].get_window_extent().x1 <= figure.bbox.x1


def test_the_legend_stays_on_the_sheet(sheet: Figure) -> None:
    box = sheet.legends[0].get_window_extent()
    assert sheet.bbox.x0 <= box.x0 < box.x1 <= sheet.bbox.x1
    lowest = min(text.get_window_extent().y0 for text in sheet.axes[-1].texts)
    assert box.y1 <= lowest


def test_forty_suites_are_one_panel_whose_names_do_not_meet() -> None:
    names = [f"L{number}" for number in range(40)]
    lines = [suite(name, "SYR", "2025-01-01", takt=4, lead_in=20) for name in names]
    scenario = network(
        suites=lines,
        programmes=[programme("P", *names)],
        contracts=[],
        horizon={"start": "2026-01-01", "end": "2026-12-31"},
    )
    empty = Plan(scenario_sha256="0" * 64)
    figure = plots.gantt_figure(scenario, empty)
    (ax,) = figure.axes
    boxes = [tick.get_window_extent() for tick in ax.get_yticklabels()]
    assert len(boxes) == 40
    assert not any(one.overlaps(two) for one, two in pairwise(boxes))
    for each in plots.load_figure(scenario, tables.load(scenario, empty)).axes:
        place = each.get_position()
        assert 0 < place.x0 < place.x1 < 1
        assert 0 < place.y0 < place.y1 < 1


def test_few_suites_fill_the_slide() -> None:
    one = network(suites=network().model_dump(mode="json")["suites"][:1])
    figure = plots.gantt_figure(one, Plan(scenario_sha256="0" * 64), end=YEAR[1])
    (ax,) = figure.axes
    assert ax.get_position().height > 0.38


def test_filters_leave_one_site_one_programme_and_some_days(
    scenario: Scenario, plan: Plan
) -> None:
    figure = plots.gantt_figure(
        *(scenario, plan),
        site="SON",
        programme="US-IO",
        start=datetime(2028, 1, 1),
        end=datetime(2028, 12, 31),
    )
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["SON-HT"]
    assert ax.get_xlim() == (day("2028-01-01"), day("2029-01-01"))
    assert {str(bar.get_gid())[4:] for bar in bars(ax)} == {
        campaign.campaign
        for campaign in plan.campaigns
        if (campaign.suite, campaign.programme) == ("SON-HT", "US-IO")
        and campaign.start.year <= 2028 <= campaign.end.year
    }
    assert figure.texts[1].get_text().startswith("Songdo only · US-IO only · shown: ")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"site": "SONG"}, "no site SONG; there are SON, SYR"),
        ({"programme": "X"}, "no programme X; there are ADC-A, ADC-B"),
        ({"programme": "ADC-A", "site": "SON"}, "no suite in use for ADC-A at SON"),
        (
            {"start": datetime(2028, 1, 2), "end": datetime(2028, 1, 1)},
            "2028-01-01 is before 2028-01-02",
        ),
        (
            {"start": datetime(2040, 1, 1), "end": datetime(2041, 1, 1)},
            "nothing of that",
        ),
        ({"end": datetime(2025, 1, 1), "start": datetime(2024, 1, 1)}, "2026-01-16 to"),
    ],
)
def test_filters_that_leave_nothing_are_refused(
    scenario: Scenario, plan: Plan, wanted: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        plots.gantt_figure(scenario, plan, **wanted)
    with pytest.raises(ValueError, match=sentence):
        plots.load_figure(scenario, tables.load(scenario, plan), **wanted)


def test_a_plan_without_campaigns_still_shows_the_calendar(scenario: Scenario) -> None:
    figure = plots.gantt_figure(scenario, Plan(scenario_sha256="0" * 64))
    assert named(figure, "bar:") == []
    assert len(named(figure.axes[0], "before_go_live")) == 3


@pytest.mark.parametrize("days", [1, 40, 300, 800])
def test_any_span_has_ticks_that_are_named(
    scenario: Scenario, plan: Plan, days: int
) -> None:
    start = datetime(2028, 2, 11)
    figure = plots.gantt_figure(
        scenario, plan, start=start, end=start + timedelta(days=days - 1)
    )
    paint(figure)
    (ax,) = figure.axes
    fine = [name for name in ax.get_xticklabels(minor=True) if name.get_text()]
    coarse = [text for text in ax.texts if text.get_gid() == "period"]
    boxes = [name.get_window_extent() for name in [*fine, *coarse]]
    assert len(fine) >= min(days, 9)
    assert coarse
    assert not any(one.overlaps(two) for one, two in pairwise(boxes))


# ------------------------------------------------------------------------------ load


def heading(ax: Axes, which: str) -> str:
    (text,) = (each for each in ax.texts if each.get_gid() == which)
    return text.get_text()


def months(kind: str, *rows: tuple[str, float, float]) -> pd.DataFrame:
    cells = [
        ("S", "A", kind, month, available, used) for month, available, used in rows
    ]
    names = ["site", "resource", "kind", "month", "available", "used"]
    frame = pd.DataFrame(cells, columns=names)
    share = frame.used / frame.available.where(frame.available > 0)
    frame = frame.assign(load=share, waiting=0.0, wait_days=None)
    return frame[list(tables.LOAD_COLUMNS)]


def test_bars_are_what_a_quarter_uses_and_hatched_where_too_full() -> None:
    frame = months(
        "suite",
        *(("2027-01", 0, 0), ("2027-03", 0, 0), ("2027-04", 30, 20)),
        *(("2027-05", 30, 31), ("2027-07", 20, 17), ("2028-01", 31, 31)),
    )
    figure = Figure()
    ax = plots.load_bars(figure.add_subplot(), frame, title="A")
    found = {
        gid: [bar.get_height() for bar in named(ax, gid) if isinstance(bar, Rectangle)]
        for gid in ("used", "full")
    }
    # Q1 0 of 0; Q2 51 of 60 = 85 %, not above it; Q3 17 of 20 = 85 %; 2028 31 of 31.
    assert found == {"used": [0, 51, 17], "full": [31]}
    assert [bar.get_hatch() for bar in named(ax, "full")] == ["////"]  # type: ignore[attr-defined]
    (line,) = [patch for patch in ax.patches if patch.get_gid() is None]
    assert list(line.get_data().values) == [0, 60, 20, 31]  # type: ignore[attr-defined]
    assert len(named(ax, "none")) == 1
    # 68 of 80 in 2027, 31 of 31 in 2028.
    words = [tick.get_text() for tick in ax.get_xticklabels(minor=True)]
    assert words == ["2027\n85 %", "2028\n100 %"]
    assert heading(ax, "title") == "A"
    # 99 of 111 days in all.
    assert heading(ax, "peak") == "89 % in all, peak 100 % in 2028 Q1"


def test_load_is_drawn_for_every_suite_and_for_qc_and_qa(
    scenario: Scenario, plan: Plan
) -> None:
    figure = plots.load_figure(scenario, tables.load(scenario, plan))
    assert [heading(ax, "title") for ax in figure.axes] == [
        *(f"{name} · Syracuse" for name in ("SYR-A", "SYR-B", "SYR-S", "SYR-C1")),
        *(f"{name} · Songdo" for name in ("SON-T1", "SON-T2", "SON-HT")),
        *("QC · Syracuse", "QA · Syracuse", "QC · Songdo", "QA · Songdo"),
    ]
    assert {len(ax.containers) for ax in figure.axes} == {24}
    paint(figure)
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    assert not any(
        one.overlaps(two) for one, two in combinations(boxes, 2) if one and two
    )


def test_load_of_a_programme_is_that_of_the_suites_that_may_run_it(
    scenario: Scenario, plan: Plan
) -> None:
    figure = plots.load_figure(
        *(scenario, tables.load(scenario, plan)),
        programme="BIG-1",
        start=datetime(2028, 1, 1),
        end=datetime(2028, 12, 31),
        size="A3",
    )
    titles = [heading(ax, "title") for ax in figure.axes]
    assert titles == [
        *("SON-T1 · Songdo", "SON-T2 · Songdo", "QC · Songdo", "QA · Songdo"),
    ]
    assert figure.texts[1].get_text().startswith("suites that may run BIG-1 · as of ")
    assert {len(ax.containers) for ax in figure.axes} == {4}


# ----------------------------------------------------------------------------- files


def test_the_same_plan_gives_the_same_bytes(
    tmp_path: Path, scenario: Scenario, plan: Plan
) -> None:
    once, again = tmp_path / "once.png", tmp_path / "again.png"
    for path in (once, again):
        plots.save(plots.gantt_figure(scenario, plan), path)
    assert once.read_bytes() == again.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.png", "once.png"]


@pytest.mark.parametrize(
    ("size", "pixels"), [("16:9", (2000, 1125)), ("A3", (2481, 1753))]
)
def test_a_picture_has_the_pixels_of_its_size_and_names_no_program(
    tmp_path: Path, scenario: Scenario, size: plots.Size, pixels: tuple[int, int]
) -> None:
    path = tmp_path / "load.png"
    empty = Plan(scenario_sha256="0" * 64)
    plots.save(plots.gantt_figure(scenario, empty, size=size), path)
    with Image.open(path) as image:
        assert image.size == pixels
        assert "Software" not in image.info


def test_a_picture_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "gantt.png"
    path.write_bytes(b"old")
    broken = Figure()
    broken.text(0, 0, "$x_{$")
    with pytest.raises(ValueError, match="x_"):
        plots.save(broken, path)
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["gantt.png"]
