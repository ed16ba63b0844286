"""Runs for other programs: the same numbers as in the run folder, as real types."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from icalendar import Calendar
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from capacity import excel, exports, reading, runs, tables
from capacity.excel import gantt, weeks
from capacity.folders import OutputError
from capacity.horizon import format_moment
from capacity.manifest import TABLES
from capacity.plan import PlannedCampaign

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def run(_solved: Path) -> runs.Run:
    """A run of `tiny.yaml`; nothing here writes into it."""
    return runs.read_sealed(_solved)


@pytest.fixture(scope="module")
def book(run: runs.Run) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(excel.workbook(run, exports.frames(run))))


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def as_csv(value: object) -> str:
    """A cell of a workbook as the run folder's tables write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return format_moment(value)
    return str(tables.rows.plain(value)) if isinstance(value, float) else str(value)


def column(page: Worksheet, header: str) -> list[Any]:
    names = [cell.value for cell in page[1]]
    at = names.index(header) + 1
    return [page.cell(row, at).value for row in range(2, page.max_row + 1)]


# ---------------------------------------------------------------------------- workbook


@pytest.mark.parametrize("name", [*TABLES, "prices.csv"])
def test_every_table_is_a_sheet_with_the_same_cells(
    name: str, run: runs.Run, book: Workbook
) -> None:
    page = book[name.removesuffix(".csv").capitalize()]
    cells = [[as_csv(cell.value) for cell in row] for row in page]
    if name == "load.csv":
        cells[1:] = [[row[0][:7], *row[1:]] for row in cells[1:]]  # months are dates
    assert cells == rows(run.directory / name)


def test_where_nothing_waits_the_summary_says_none(book: Workbook) -> None:
    said = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True)}
    assert said["waits"] == "none"


def test_dates_are_dates_money_is_money_and_nothing_is_a_formula(
    book: Workbook,
) -> None:
    starts = column(book["Campaigns"], "start")
    assert all(isinstance(start, datetime) for start in starts)
    assert all(isinstance(cost, int) for cost in column(book["Orders"], "cost"))
    assert {type(risk) for risk in column(book["Batches"], "at_risk")} == {bool}
    types = {cell.data_type for page in book for row in page for cell in row}
    assert "f" not in types


def test_tables_stay_in_view_and_can_be_filtered(book: Workbook) -> None:
    for name in ("Campaigns", "Orders", "Batches", "Load", "Assumptions", "Standing"):
        assert book[name].freeze_panes == "B2"
        assert str(book[name].auto_filter.ref).startswith("A1:")


def test_a_plan_is_no_scenario(run: runs.Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(excel.workbook(run, exports.frames(run)))
    with pytest.raises(reading.ScenarioError) as error:
        excel.read(path)
    (problem,) = error.value.problems
    assert problem.sentence.startswith("isn't a scenario's workbook")


def test_headers_say_what_they_mean(book: Workbook) -> None:
    notes = {cell.value: cell.comment for cell in book["Batches"][1]}
    assert all(notes.values())
    note = notes["late_days"]
    assert note is not None
    assert note.text.endswith("Days after the deadline, 0 when on time. [day]")


def test_late_and_full_are_coloured(book: Workbook) -> None:
    def rules(name: str) -> list[tuple[str, str, list[str]]]:
        return [
            (str(area.sqref), rule.operator, rule.formula)
            for area in book[name].conditional_formatting
            for rule in area.rules
        ]

    last = book["Orders"].max_row
    assert (f"J2:J{last}", "greaterThan", ["0"]) in rules("Orders")  # late
    last = book["Load"].max_row
    found = [rule for rule in rules("Load") if rule[0] == f"G2:G{last}"]
    assert [formula for _, _, formula in found] == [["0.95"], ["0.85"]]


def test_the_summary_has_the_key_figures(run: runs.Run, book: Workbook) -> None:
    page = book["Summary"]
    said = {row[0].value: row[1].value for row in page.iter_rows(min_row=4)}
    for name, value in run.kpis.items():
        if isinstance(value, int | float):
            assert said[name.replace("_", " ")] == value
    terms = run.kpis["regret"]
    assert {name: said[name.replace("_", " ")] for name in terms} == terms
    heads = next(row for row in page.iter_rows(values_only=True) if row[0] == "load")
    loads = next(row for row in page.iter_rows(values_only=True) if row[0] == "W1")
    years = dict(zip(heads[1:], loads[1:], strict=True))
    assert {year: years[year] for year in run.kpis["load"]["W1"]} == run.kpis["load"][
        "W1"
    ]


def test_versions_name_inputs_bound_and_verdict_but_no_clock(
    run: runs.Run, book: Workbook
) -> None:
    said = {row[0].value: row[1].value for row in book["Versions"].iter_rows(min_row=2)}
    assert said["scenario_sha256"] == reading.sha256(run.loaded)
    assert said["checker"] == "ok"
    assert (said["seed"], said["bound"]) == (0, run.kpis["bound"])
    assert said["gap_money"] == run.kpis["gap_money"]
    assert said["version of ortools"] == run.manifest.versions["ortools"]
    assert said["sha256 of plan.json"] == run.manifest.files["plan.json"]
    assert {"created", "seconds"} & set(said) == set()


def test_the_same_run_gives_the_same_bytes(run: runs.Run) -> None:
    one, two = (excel.workbook(run, exports.frames(run)) for _ in range(2))
    assert one == two


# ------------------------------------------------------------------------ assumptions


def test_every_value_says_what_it_rests_on() -> None:
    scenario = reading.read(ROOT / "scenarios" / "base.yaml").scenario
    frame = tables.provenance(scenario)
    assert list(frame.columns) == list(tables.PROVENANCE_COLUMNS)
    completed = frame[(frame.id == "SON") & (frame.field == "completed")]
    note = "the month is public; that it is the last day of it is ours"
    row = ("SON", "completed", "2026-08-31", "fact", "S1, S8", note)
    assert [tuple(found) for found in completed.to_numpy()] == [row]
    assert {"fact", "typical", "assumption"} == set(frame.standing)


def test_the_assumptions_among_them_are_those_of_the_run_folder() -> None:
    scenario = reading.read(ROOT / "scenarios" / "base.yaml").scenario
    orders = {order.id for order in scenario.orders}

    def told(frame: pd.DataFrame) -> list[tuple[str, ...]]:
        frame = frame[(frame.standing == "assumption") & ~frame.id.isin(orders)]
        return [tuple(row) for row in frame[["id", "field", "value"]].to_numpy()]

    assert told(tables.provenance(scenario)) == told(tables.assumptions(scenario))


# ------------------------------------------------------------------------------- weeks

MONDAY = datetime(2026, 1, 5)


def campaign(name: str, start: float, end: float) -> PlannedCampaign:
    return PlannedCampaign(
        campaign=name,
        site="S",
        suite="A",
        programme=f"P-{name}",
        step="ab",
        kind="commercial",
        batches=2,
        changeover_start=None,
        changeover_days=0,
        start=MONDAY + timedelta(days=start),
        first_out=MONDAY + timedelta(days=end),
        end=MONDAY + timedelta(days=end),
        locked=False,
    )


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 14)], [("a", 0, 1)]),  # out on a Monday: the week before is its last
        ([(0, 10), (13, 21)], [("a", 0, 1), ("b", 2, 2)]),  # 3 days of the week, 1 day
        ([(0, 8), (9, 21)], [("a", 0, 0), ("b", 1, 2)]),  # 1 day of the week, 5 days
        ([(0, 5), (5, 9)], [("a", 0, 0), ("b", 1, 1)]),
        ([(0, 12), (12, 14)], [("a", 0, 0), ("b", 1, 1)]),  # nobody loses the only week
        ([(0, 2), (3, 5)], [("a+b", 0, 0)]),
        ([(0, 2), (3, 5), (6, 16)], [("a+b", 0, 0), ("c", 1, 2)]),
    ],
)
def test_a_week_goes_to_the_campaign_that_fills_more_of_it(
    spans: list[tuple[float, float]], expected: list[tuple[str, int, int]]
) -> None:
    made = [campaign(name, *span) for name, span in zip("abc", spans, strict=False)]
    mondays = weeks.weeks(MONDAY, MONDAY + timedelta(days=40))
    found = [
        ("+".join(each.campaign for each in bar.campaigns), bar.first, bar.last)
        for bar in weeks.bars(made, mondays)
    ]
    assert found == expected


def test_weeks_begin_on_the_monday_before_and_hold_the_last_day() -> None:
    found = weeks.weeks(datetime(2026, 1, 1, 8), datetime(2026, 1, 12))
    assert found == [
        datetime(2025, 12, 29),
        datetime(2026, 1, 5),
        datetime(2026, 1, 12),
    ]


def test_a_bar_says_as_much_as_fits() -> None:
    one = campaign("aster", 0, 5).model_copy(update={"kind": "ppq"})
    said = [gantt.label(weeks.Bar(0, last, [one])) for last in (0, 2, 4)]
    times = "\N{MULTIPLICATION SIGN}2"
    assert said == [times, "P-aster", f"P-aster {times} ppq"]


def test_the_weeks_show_every_campaign_and_closure(
    run: runs.Run, book: Workbook
) -> None:
    page = book["Gantt"]
    assert page.freeze_panes == "C7"
    suites = [page.cell(row, 2).value for row in range(7, page.max_row + 1)]
    assert suites == ["E1", "W1"]
    notes = [cell.comment.text for row in page for cell in row if cell.comment]
    assert sorted(note.partition(":")[0] for note in notes) == sorted(
        each.campaign for each in run.plan.campaigns
    )
    colours = {  # of the weeks of E1's shutdown, 2026-07-06 to 19
        page.cell(7, at).fill.fgColor.rgb
        for at in range(3, page.max_column + 1)
        if page.cell(6, at).value in (datetime(2026, 7, 6), datetime(2026, 7, 13))
    }
    assert colours == {"FFCBCBCB"}
    years = [cell.value for cell in page[4] if cell.value]
    assert years == ["2025", "2026"]
    months = [cell.value for cell in page[5] if cell.value]
    assert months[:3] == ["Dec", "Jan", "Feb"]


def test_bars_lie_where_their_campaigns_do(run: runs.Run, book: Workbook) -> None:
    page = book["Gantt"]
    weeks = {page.cell(6, at).value: at for at in range(3, page.max_column + 1)}
    suites = {page.cell(row, 2).value: row for row in range(7, page.max_row + 1)}
    for each in run.plan.campaigns:
        monday = each.start - timedelta(days=each.start.weekday())
        at = weeks[monday.replace(hour=0, minute=0)]
        near = [page.cell(suites[each.suite], at + shift) for shift in (0, 1)]
        assert any(cell.comment and each.campaign in cell.comment.text for cell in near)


# -------------------------------------------------------------------- CSV and Parquet


def test_csv_is_what_the_run_folder_holds(run: runs.Run, tmp_path: Path) -> None:
    paths = exports.write_folder(run, tmp_path / "csv", "csv", overwrite=False)
    names = {path.name for path in paths}
    assert {*TABLES, "prices.csv", "calendar.csv"} == names
    for name in (*TABLES, "prices.csv"):
        assert (tmp_path / "csv" / name).read_bytes() == (
            run.directory / name
        ).read_bytes()


def test_parquet_has_the_same_values_with_types(run: runs.Run, tmp_path: Path) -> None:
    exports.write_folder(run, tmp_path / "parquet", "parquet", overwrite=False)
    for name, frame in exports.frames(run).items():
        found = pd.read_parquet(tmp_path / "parquet" / f"{name}.parquet")
        found = found.astype(object).where(found.notna(), None)
        assert tables.to_csv(found) == tables.to_csv(frame)
    orders = pd.read_parquet(tmp_path / "parquet" / "orders.parquet")
    assert str(orders.dtypes["due"]) == "datetime64[us]"
    assert str(orders.dtypes["late"]) == "Int64"
    prices = pd.read_parquet(tmp_path / "parquet" / "prices.parquet")  # has no rows
    assert [str(dtype) for dtype in prices.dtypes] == [
        "string",
        "datetime64[us]",
        "string",
        "float64",
    ]


# ---------------------------------------------------------------------------- calendars


@pytest.fixture
def calendars(run: runs.Run, tmp_path: Path) -> dict[str, Calendar]:
    exports.write_folder(run, tmp_path / "ics", "ics", overwrite=False)
    paths = (tmp_path / "ics").iterdir()
    return {path.stem: Calendar.from_ical(path.read_bytes()) for path in paths}


def test_each_site_has_a_calendar_of_campaigns_and_shutdowns(
    run: runs.Run, calendars: dict[str, Any]
) -> None:
    assert set(calendars) == {"EAST", "WEST"}
    for site, found in calendars.items():
        events = {str(event["uid"]): event for event in found.walk("VEVENT")}
        mine = [each for each in run.plan.campaigns if each.site == site]
        for each in mine:
            event = events.pop(f"{each.campaign}@tiny")
            spans = [event["dtstart"].dt, event["dtend"].dt]
            moments = [
                x if isinstance(x, datetime) else datetime(x.year, x.month, x.day)
                for x in spans
            ]
            assert moments == [each.start, each.end]
            assert each.programme in event["summary"]
        closed = [(e["dtstart"].dt, e["dtend"].dt) for e in events.values()]
        shutdown = (date(2026, 7, 6), date(2026, 7, 20))
        assert closed == ([shutdown] if site == "EAST" else [])


def test_calendars_repeat_and_hold_no_clock(run: runs.Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        exports.write_folder(run, tmp_path / name, "ics", overwrite=False)
    one, two = ((tmp_path / name / "EAST.ics").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"DTSTAMP:20260101T000000Z" in one


def test_a_site_called_like_a_path_still_has_a_file(run: runs.Run) -> None:
    assert exports.file_name("A/B") == "A%2FB"
    assert exports.file_name("A%2FB") == "A%252FB"
    assert exports.file_name("Køge 2") == "Køge 2"


# ------------------------------------------------------------------------------ folders


def test_only_an_earlier_export_is_replaced(run: runs.Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    exports.write_folder(run, folder, "csv", overwrite=False)
    with pytest.raises(OutputError, match="exists; --overwrite replaces it"):
        exports.write_folder(run, folder, "csv", overwrite=False)
    exports.write_folder(run, folder, "csv", overwrite=True)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds notes\.txt, so it isn't replaced"):
        exports.write_folder(run, folder, "csv", overwrite=True)
    with pytest.raises(OutputError, match="which stays as it was written"):
        exports.write_folder(run, run.directory / "out", "csv", overwrite=False)
    with pytest.raises(OutputError, match="is a file; --format csv needs a folder"):
        exports.write_folder(run, folder / "notes.txt", "csv", overwrite=False)
    assert (folder / "notes.txt").read_text() == "mine"


# ------------------------------------------------------------------------------- office


def office(*words: object, folder: Path) -> Iterator[Path]:
    """What LibreOffice makes of a file, without asking or repairing."""
    soffice = shutil.which("soffice")
    assert soffice is not None, "needs libreoffice-calc"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    out = folder / "office"
    command = [soffice, profile, "--headless", "--convert-to", *words, "--outdir", out]
    subprocess.run([str(word) for word in command], check=True, timeout=120)
    yield from sorted(out.iterdir())


SHEETS = (
    "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
)
"""Every sheet as a CSV file, values as they are stored."""


@pytest.mark.office
def test_libreoffice_opens_a_run_and_sees_the_same_values(
    run: runs.Run, tmp_path: Path
) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(excel.workbook(run, exports.frames(run)))
    paths = {each.stem: each for each in office(SHEETS, path, folder=tmp_path)}
    for name in ("campaigns", "orders", "batches", "load"):
        found = rows(paths[f"plan-{name.capitalize()}"])
        expected = rows(run.directory / f"{name}.csv")
        assert found[0] == expected[0]
        assert len(found) == len(expected)
        for row, right in zip(found[1:], expected[1:], strict=True):
            assert [_loose(cell) for cell in row] == [_loose(cell) for cell in right]


def _loose(cell: str) -> object:
    """A cell without the spelling of numbers, dates and truths."""
    try:
        if cell.endswith("%"):
            return round(float(cell[:-1]) / 100, 6)
        return float(cell)
    except ValueError:
        month = re.fullmatch(r"(\d\d)/01/(\d{4})", cell)  # it shows no month alone
        return f"{month[2]}-{month[1]}" if month else cell.replace(" ", "T").lower()


@pytest.mark.office
@pytest.mark.parametrize("name", ["base", "tiny"])
def test_a_scenario_survives_libreoffice(name: str, tmp_path: Path) -> None:
    scenario = ROOT / "scenarios" / f"{name}.yaml"
    path = tmp_path / "case.xlsx"
    path.write_bytes(excel.template(reading.written(scenario)))
    (saved,) = office("xlsx", path, folder=tmp_path)
    assert excel.read(saved).loaded.scenario == reading.read(scenario).scenario
