"""A scenario as a workbook and back: nothing lost, and every error at its cell."""

from __future__ import annotations

import fnmatch
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from strategies import scenarios

from capacity import excel, reading
from capacity.excel import cells, layout
from capacity.excel.template import SPARE
from capacity.folders import OutputError
from capacity.reading import ScenarioError
from capacity.reading.nodes import PLAIN, Shape
from capacity.scenario import Entity, Exact, Kind, Rate, Scenario, When

ROOT = Path(__file__).parent.parent
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
SMALL = ROOT / "tests" / "data" / "small.yaml"

Edit = Callable[[Workbook], object]


def imported(data: bytes, folder: Path) -> excel.Imported:
    path = folder / "taken.xlsx"
    path.write_bytes(data)
    return excel.read(path)


def opened(data: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


@pytest.fixture(scope="module")
def tiny_book() -> bytes:
    """The workbook of `tiny.yaml`."""
    return excel.template(reading.written(ROOT / "scenarios" / "tiny.yaml"))


@pytest.fixture(scope="module")
def base_book() -> bytes:
    """The workbook of the worked case."""
    return excel.template(reading.written(ROOT / "scenarios" / "base.yaml"))


@pytest.fixture
def said(tiny_book: bytes, tmp_path: Path) -> Callable[[Edit], list[str]]:
    """What is said of the workbook of `tiny.yaml` after an edit."""

    def call(edit: Edit) -> list[str]:
        book = opened(tiny_book)
        edit(book)
        book.save(tmp_path / "edited.xlsx")
        with pytest.raises(ScenarioError) as error:
            excel.read(tmp_path / "edited.xlsx")
        return [str(problem) for problem in error.value.problems]

    return call


# ------------------------------------------------------------------------- round trip


@pytest.mark.parametrize("path", [*SCENARIOS, SMALL], ids=lambda path: path.stem)
def test_a_scenario_comes_back_from_its_workbook(path: Path, tmp_path: Path) -> None:
    loaded = reading.read(path)
    found = imported(excel.template(reading.written(path)), tmp_path)
    assert found.loaded.scenario == loaded.scenario
    assert found.ignored == []


@pytest.mark.parametrize("name", ["tiny", "songdo_six_months_late"])
def test_and_from_the_file_that_it_becomes(name: str, tmp_path: Path) -> None:
    path = ROOT / "scenarios" / f"{name}.yaml"
    loaded = reading.read(path)
    found = imported(excel.template(reading.written(path)), tmp_path)
    text = reading.stated_text(found.document, "Imported")
    (tmp_path / "back.yaml").write_text(text)
    assert reading.sha256(reading.read(tmp_path / "back.yaml")) == reading.sha256(
        loaded
    )


@pytest.mark.parametrize("name", ["base.yaml", "tiny.yaml"])
def test_so_does_a_resolved_one(name: str, tmp_path: Path) -> None:
    loaded = reading.read(ROOT / "scenarios" / name)
    data = excel.template(loaded.document)
    assert imported(data, tmp_path).loaded.scenario == loaded.scenario


@settings(max_examples=5)
@given(scenario=scenarios())
def test_so_does_any_scenario(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = scenario.model_dump(mode="json", by_alias=True)
    expected = reading.scenario_from(document).scenario
    found = imported(excel.template(document), tmp_path_factory.mktemp("drawn"))
    assert found.loaded.scenario == expected


def test_the_same_scenario_gives_the_same_bytes(tiny_book: bytes) -> None:
    again = excel.template(reading.written(ROOT / "scenarios" / "tiny.yaml"))
    assert again == tiny_book


def test_dates_stay_relative_and_move_together(
    base_book: bytes, tmp_path: Path
) -> None:
    book = opened(base_book)
    (site,) = (
        row for row in book["Sites"].iter_rows(min_row=2) if row[0].value == "SON"
    )
    site[2].value = datetime(2027, 2, 28)
    book.save(tmp_path / "later.xlsx")
    scenario = excel.read(tmp_path / "later.xlsx").loaded.scenario
    setting = ["SON.completed=2027-02-28"]
    expected = reading.read(ROOT / "scenarios" / "base.yaml", setting).scenario
    lives = {suite.id: suite.go_live for suite in scenario.suites}
    assert lives == {suite.id: suite.go_live for suite in expected.suites}
    assert lives["SON-T1"] > datetime(2027, 2, 28)


def test_what_rests_on_a_fact_still_does(base_book: bytes, tmp_path: Path) -> None:
    scenario = imported(base_book, tmp_path).loaded.scenario
    site = next(site for site in scenario.sites if site.id == "SON")
    mark = site.standing["completed"]
    assert (mark.is_, mark.source) == ("fact", "S1, S8")
    assert mark.note is not None
    assert "S1" in scenario.sources


ODD = r"""
=1+1 | +1 | -1 | @now | " | "quoted" | TRUE | 2026-01-01 | 1/2 | 1e5 | a,b | #N/A | _x0041_
"""
"""Texts that a spreadsheet may take for something else."""


def test_odd_texts_come_back_and_none_is_a_formula(tiny: Path, tmp_path: Path) -> None:
    document = reading.written(tiny)
    texts = [text.strip() for text in ODD.split("|")]
    texts += ["", " a ", "a\nb", "\tx", "\x01\x7f", "\ufffe", "\N{GRINNING FACE}"]
    document["sources"] = {f"key {n}": text for n, text in enumerate(texts)}
    document["title"] = "=HYPERLINK(1)"
    document["sites"][0]["name"] = "=1+1"
    data = excel.template(document)
    types = {cell.data_type for page in opened(data) for row in page for cell in row}
    assert "f" not in types
    found = imported(data, tmp_path)
    assert found.document["sources"] == document["sources"]
    (tmp_path / "odd.yaml").write_text(reading.stated_text(found.document, "Odd"))
    assert reading.read(tmp_path / "odd.yaml").scenario == found.loaded.scenario
    assert found.loaded.scenario.title == "=HYPERLINK(1)"
    assert found.loaded.scenario.sites[0].name == "=1+1"


@pytest.mark.parametrize("name", ['"E1"', "123", "TRUE", "E, 1", "1/2", "#N/A", "E* ?"])
def test_odd_names_come_back_wherever_they_stand(
    name: str, tiny: Path, tmp_path: Path
) -> None:
    text = json.dumps(reading.read(tiny).document)
    for old in ("EAST", "E1", "ALPHA"):  # owners, lists and references among them
        text = text.replace(
            f'"{old}"', json.dumps(f"{name}{old[0]}" if old != "E1" else name)
        )
    document = json.loads(text)
    document["title"] = "\x01 \ufffe"
    expected = reading.scenario_from(document).scenario
    found = imported(excel.template(document), tmp_path)
    assert found.loaded.scenario == expected


def test_the_file_reads_like_one_written_by_hand(tiny: Path) -> None:
    text = reading.stated_text(reading.written(tiny), "Imported from tiny.xlsx")
    assert text.startswith(
        "# Imported from tiny.xlsx\n\nschema_version: 1\nname: tiny\n"
    )
    assert "\n\nhorizon: {start: 2026-01-01, end: 2026-12-31}\n" in text
    assert "\n    go_live: WEST.completed + 90 days\n" in text
    assert (
        "\n  - {id: A-1, contract: C-ALPHA, kind: commercial, market: US, batches: 2,"
        " due: 2026-03-11}\n"
    ) in text
    assert max(map(len, text.splitlines())) <= 100


def column(holds: Any, kind: Any = "plain") -> layout.Column:
    return layout.Column(("x",), Shape(kind, part=PLAIN), holds)


@given(st.text(max_size=20))
def test_text_is_kept_by_a_cell(text: str) -> None:
    cell = cells.written(text, column("text"))
    assert cells.read(cell, column("text")) == text


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_lists_are_kept_by_a_cell(texts: list[str]) -> None:
    cell = cells.written(texts, column("text", "list"))
    assert isinstance(cell, str)
    assert cells.read(cell, column("text", "list")) == texts


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e11, max_value=1e11)
)
def test_numbers_are_kept_by_a_cell(number: float) -> None:
    cell = cells.written(number, column("number"))
    back = cells.read(cell, column("number"))
    assert isinstance(back, int | float | str)
    assert float(back) == number


def test_a_text_too_long_for_a_cell_is_refused(tiny: Path) -> None:
    document = reading.written(tiny)
    document["sources"] = {"S1": "x" * 40_000}
    with pytest.raises(
        OutputError, match="Sources: S1: value: is longer than the 32,767"
    ):
        excel.template(document)


# ----------------------------------------------------------------------------- layout


def leaves(schema: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[str]:
    """Dotted names of every value that a JSON schema admits."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    parts = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    records = [part for part in parts if "$ref" in part or "oneOf" in part]
    if records:
        for part in records:
            yield from leaves(schema, part, path)
    elif "properties" in node:
        for key, part in node["properties"].items():
            yield from leaves(schema, part, f"{path}.{key}".lstrip("."))
    elif "additionalProperties" in node and node["type"] == "object":
        options = words(node.get("propertyNames", {}))
        for key in options or ["*"]:
            yield from leaves(schema, node["additionalProperties"], f"{path}.{key}")
    elif node.get("type") == "array" and ("$ref" in node["items"]):
        yield from leaves(schema, node["items"], path)
    else:
        yield path


def words(node: dict[str, Any]) -> list[str]:
    """The words that a JSON schema admits, if it admits only words."""
    const = [node["const"]] if "const" in node else []
    inner = [word for part in node.get("anyOf", ()) for word in words(part)]
    return [*const, *node.get("enum", ()), *inner]


def base(sheet: layout.Sheet) -> str:
    above = f"{base(sheet.owner)}." if sheet.owner is not None else ""
    return above + ".".join(sheet.path)


def test_every_field_of_a_scenario_has_a_cell() -> None:
    schema = Scenario.model_json_schema()
    expected = {leaf for leaf in leaves(schema, schema, "") if ".standing." not in leaf}
    expected = {leaf for leaf in expected if not leaf.startswith("standing.")}
    found: set[str] = set()
    for sheet in layout.sheets():
        if sheet.kind == "settings":
            found |= {column.header for column in sheet.settings}
        elif sheet.kind == "rows":
            found |= {f"{base(sheet)}.{column.header}" for column in sheet.columns}
        elif sheet.kind == "pairs":
            found.add(f"{base(sheet)}.*")
    # The schema doesn't always tell the keys of a table.
    assert [leaf for leaf in expected if not fnmatch.filter(found, leaf)] == []
    assert [x for x in found if not any(fnmatch.fnmatch(x, e) for e in expected)] == []
    marks = layout.sheets()[-1]
    assert marks.headers == ("record", "field", "is", "source", "note")


class Depot(Entity):
    """A list that scenarios don't have yet."""

    site: str
    """Site."""
    opens: When | None = None
    """First day."""
    shelves: list[Rate] = []
    """Places by date."""
    cost: dict[Kind, int] = {}
    """By kind. [money]"""


class Wider(Scenario):
    """A scenario with more to say."""

    depots: list[Depot] = []
    """Stores of intermediates."""
    vat: Exact = Fraction(0)
    """Tax. [1]"""


def test_a_field_that_is_added_has_its_cell_at_once() -> None:
    before = {sheet.name: sheet for sheet in layout.sheets()}
    after = {sheet.name: sheet for sheet in layout.sheets(Wider)}
    assert set(after) - set(before) == {"Depots", "Depots shelves"}
    costs = tuple(f"cost.{kind}" for kind in get_args(Kind))
    assert after["Depots"].headers == ("id", "site", "opens", *costs)
    assert after["Depots shelves"].headers == ("depots", "from", "value")
    settings = [column.header for column in after["Settings"].settings]
    assert settings == [*(c.header for c in before["Settings"].settings), "vat"]


def test_sheets_are_named_after_what_a_scenario_has() -> None:
    names = [sheet.name for sheet in layout.sheets()]
    assert names[:3] == ["Settings", "Sites", "Site shutdowns"]
    assert names[-3:] == ["Sources", "Losses success", "Standing"]
    assert {"Suites", "Programmes", "Programme recipe", "Contracts", "Orders"} <= {
        *names
    }
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 31  # Excel's limit


def test_nested_rows_begin_with_their_owners() -> None:
    sheets = {sheet.name: sheet for sheet in layout.sheets()}
    assert sheets["Programme recipe"].headers[:2] == ("programme", "step")
    assert sheets["Step kg per batch"].headers == ("programme", "step", "key", "value")
    assert "supply.how" in sheets["Programme recipe"].headers
    assert "price.commercial" in sheets["Contracts"].headers


# ------------------------------------------------------------------------------- looks


def at(page: Worksheet, header: str) -> int:
    return [cell.value for cell in page[1]].index(header) + 1


def dropdown(page: Worksheet, header: str) -> Any:
    cell = page.cell(2, at(page, header)).coordinate
    rules = page.data_validations.dataValidation
    (rule,) = (rule for rule in rules if cell in rule.sqref)
    return rule


def test_words_and_names_have_drop_downs(tiny_book: bytes) -> None:
    book = opened(tiny_book)
    kinds = dropdown(book["Orders"], "kind")
    assert kinds.formula1 == '"engineering,ppq,clinical,commercial"'
    assert kinds.errorStyle in (None, "stop")
    for sheet, header, source in (
        ("Orders", "contract", "names_of_Contracts"),
        ("Suites", "site", "names_of_Sites"),
        ("Suites", "set_up", "names_of_Programmes"),
        ("Lanes", "to", "names_of_Sites"),
        ("Programme recipe", "campaign", "names_of_Campaign_limits"),
        ("Programme recipe", "programme", "names_of_Programmes"),
        ("Step kg per batch", "step", "names_of_Programme_recipe"),
    ):
        rule = dropdown(book[sheet], header)
        assert rule.formula1 == source
        assert rule.errorStyle == "warning"  # the name may come later
        assert max(area.max_row for area in rule.sqref.ranges) > SPARE
    assert dropdown(book["Suites"], "enabled").formula1 == '"TRUE,FALSE"'
    steps = book.defined_names["names_of_Programme_recipe"].attr_text
    assert steps.startswith("OFFSET('Programme recipe'!$B$2,0,0,MAX(1,COUNTA(")


def test_headers_stay_in_view_and_say_what_they_mean(tiny_book: bytes) -> None:
    book = opened(tiny_book)
    suites = book["Suites"]
    assert suites.freeze_panes == "B2"
    assert book["Site shutdowns"].freeze_panes == "C2"
    assert (
        suites.auto_filter.ref == f"A1:{suites.cell(3, suites.max_column).coordinate}"
    )
    note = suites.cell(1, at(suites, "production_days")).comment
    assert note is not None
    assert note.text.endswith("Days of a batch in production. [day] Needed.")
    units = {
        row[0].value: row[2].value for row in book["Settings"].iter_rows(min_row=2)
    }
    assert units["quality.lending.qa"] == "Work for other sites. [1]"


def test_dates_are_dates_and_numbers_numbers(tiny_book: bytes) -> None:
    row = [cell.value for cell in opened(tiny_book)["Orders"][2]]
    assert row == ["A-1", "C-ALPHA", "commercial", "US", 2, datetime(2026, 3, 11)]
    book = opened(tiny_book)
    due = book["Orders"].cell(2, 6)
    assert isinstance(due.value, datetime)
    assert due.number_format == "yyyy-mm-dd"
    suites = book["Suites"]
    assert suites.cell(3, at(suites, "ramp")).value == "0.5, 1"
    assert suites.cell(2, at(suites, "enabled")).value in (True, None)


# ------------------------------------------------------------------------------ errors


def put(sheet: str, cell: str, value: Any) -> Edit:
    def edit(book: Workbook) -> None:
        book[sheet][cell] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            put("Orders", "B3", "C-ALFA"),
            "Orders!B3: order A-2: contract: unknown contract C-ALFA; did you mean C-ALPHA?",
        ),
        (
            put("Orders", "C2", "comercial"),
            "Orders!C2: order A-1: kind: should be one of engineering, ppq, clinical,"
            " commercial, not 'comercial'; did you mean commercial?",
        ),
        (
            put("Orders", "E2", 2.5),
            "Orders!E2: order A-1: batches: should be a whole number, not 2.5",
        ),
        (put("Orders", "E2", None), "Orders!E2: order A-1: batches: missing"),
        (
            put("Orders", "D2", None),
            "Orders!D2: order A-1: market: missing: a commercial order has a market",
        ),
        (
            put("Orders", "F2", "31.12.2026"),
            "Orders!F2: due: '31.12.2026' is text, not a date: give the cell a date format,"
            " or write it as 2027-03-29",
        ),
        (
            put("Orders", "F2", datetime(2031, 1, 1)),
            "Orders!F2: order A-1: due: 2031-01-01 is after the horizon's end",
        ),
        (
            put("Orders", "F2", "A-9.due + 3 days"),
            "Orders!F2: order A-1: due: A-9.due: unknown id A-9; did you mean A-2?",
        ),
        (
            put("Orders", "E2", "=1+1"),
            "Orders!E2: batches: a formula without a saved value: open the file in Excel"
            " or LibreOffice and save it, or write the value",
        ),
        (
            put("Orders", "D2", "#N/A"),
            "Orders!D2: market: holds the error #N/A, not a value",
        ),
        (
            put("Orders", "A3", "A-1"),
            "Orders!A3: order A-1: the id comes twice",
        ),
        (
            put("Suites", "G2", datetime(2026, 3, 16)),
            "Suites!G2: production_days: is the date 2026-03-16, but no date is meant;"
            " a fraction such as 16/3 is written as '16/3, as text",
        ),
        (
            put("Programme recipe", "D3", "E1, W9"),
            "Programme recipe!D3: programme BETA: step antibody: suites: unknown suite W9;"
            " there are E1, W1",
        ),
        (
            put("Programme recipe", "D3", None),
            "Programme recipe!D3: programme BETA: step antibody: suites: should have at"
            " least 1 row",
        ),
        (
            put("Programme recipe", "H3", "frozn"),
            "Programme recipe!H3: programme BETA: step antibody: supply: how: should be"
            " one of direct, frozen, client, not 'frozn'; did you mean frozen?",
        ),
        (
            put("Site shutdowns", "A2", "EATS"),
            "Site shutdowns!A2: unknown site EATS; did you mean EAST?",
        ),
        (
            put("Settings", "A4", "titel"),
            "Settings!A4: titel: unknown setting; did you mean title?",
        ),
    ],
    ids=lambda value: value.split(": ")[0] if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_at_its_cell(
    said: Callable[[Edit], list[str]], edit: Edit, sentence: str
) -> None:
    assert sentence in said(edit)


def test_everything_wrong_is_said_at_once_and_in_order(
    said: Callable[[Edit], list[str]],
) -> None:
    def edit(book: Workbook) -> None:
        for place in ("Orders!E10", "Orders!E2", "Orders!AA2", "Suites!F3"):
            sheet, _, cell = place.partition("!")
            book[sheet][cell] = "odd"
        book["Orders"]["A10"] = "Z-9"
        book["Licences"].merge_cells("C3:D3")

    places = [sentence.partition(": ")[0] for sentence in said(edit)]
    assert places[:3] == ["Suites!F3", "Licences!C3:D3", "Licences!D3"]
    assert places[3:5] == ["Orders!E2", "Orders!B10"]
    assert places == list(dict.fromkeys(places))


def without_sheets(book: Workbook) -> None:
    book.remove(book["Orders"])
    book["Sites"].title = "Site"


@pytest.mark.parametrize(
    ("edit", "sentences"),
    [
        (
            without_sheets,
            [
                "edited.xlsx: sheet Sites: missing; did you mean Site?",
                "edited.xlsx: sheet Orders: missing",
            ],
        ),
        (
            put("Suites", "C1", "staage"),
            [
                "Suites!A1: column stage: missing in the first row",
                "Suites!C1: column staage: unknown; did you mean stage?",
            ],
        ),
        (
            put("Orders", "G1", "batches"),
            ["Orders!G1: column batches: comes twice"],
        ),
        (
            put("Stock", "A20010", "x"),
            ["Stock: has more than 20,000 rows; delete empty ones"],
        ),
        (
            lambda book: [book.remove(page) for page in book.worksheets[1:]],
            [
                "edited.xlsx: isn't a scenario's workbook;"
                " capacity init --excel FILE.xlsx writes one"
            ],
        ),
    ],
    ids=["sheets", "column", "twice", "rows", "foreign"],
)
def test_a_workbook_of_another_form_is_refused(
    said: Callable[[Edit], list[str]], edit: Edit, sentences: list[str]
) -> None:
    found = [re.sub(r"^/\S*/", "", sentence) for sentence in said(edit)]
    assert sorted(found) == sorted(sentences)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "isn't an Excel workbook (.xlsx), or is damaged"),
        (b"hello", "isn't an Excel workbook (.xlsx), or is damaged"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512),
            "has a password or is older than .xlsx: save it as .xlsx without one",
        ),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as error:
        imported(data, tmp_path)
    assert [problem.sentence for problem in error.value.problems] == [why]


def test_a_damaged_workbook_is_refused(tiny_book: bytes, tmp_path: Path) -> None:
    for data in (
        tiny_book[:20_000],
        tiny_book.replace(b"PK\x03\x04", b"PK\x03\x05", 9),
    ):
        with pytest.raises(ScenarioError, match="isn't an Excel workbook"):
            imported(data, tmp_path)


def test_a_workbook_that_unpacks_without_end_is_refused(
    tiny_book: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity.excel.book.LARGEST", 1000)
    with pytest.raises(ScenarioError, match="unpacks to more than"):
        imported(tiny_book, tmp_path)


def changed(data: bytes, sheet: str, old: str, new: str) -> bytes:
    """The workbook with another piece of XML on one sheet."""
    names = [each.name for each in layout.sheets()]
    part = f"xl/worksheets/sheet{names.index(sheet) + 2}.xml"
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(out, "w") as after,
    ):
        for name in before.namelist():
            text = before.read(name)
            if name == part:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            after.writestr(name, text)
    return out.getvalue()


def test_a_formula_counts_by_its_saved_value(tiny_book: bytes, tmp_path: Path) -> None:
    cell = re.search(r'<c r="E2"[^>]*><v>2</v>', _sheet(tiny_book, "Orders"))
    assert cell is not None
    new = cell[0].replace("<v>2</v>", "<f>1+2</f><v>3</v>")
    data = changed(tiny_book, "Orders", cell[0], new)
    orders = imported(data, tmp_path).loaded.scenario.orders
    assert {order.id: order.batches for order in orders}["A-1"] == 3


def _sheet(data: bytes, sheet: str) -> str:
    names = [each.name for each in layout.sheets()]
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return book.read(f"xl/worksheets/sheet{names.index(sheet) + 2}.xml").decode()


def test_planners_keep_sheets_rows_and_columns_of_their_own(
    tiny_book: bytes, tmp_path: Path, tiny: Path
) -> None:
    book = opened(tiny_book)
    book.create_sheet("My notes")["A1"] = "=1+1"
    orders = book["Orders"]
    orders["H2"] = "a remark without a header"
    orders.insert_rows(3)
    orders.move_range("A1:F9", cols=1)
    orders["E2"] = "US "  # blanks are easily typed and hardly seen
    book["Sites"].title = "x"
    book["x"].title = "SITES"
    book.save(tmp_path / "own.xlsx")
    found = excel.read(tmp_path / "own.xlsx")
    assert found.ignored == ["My notes"]
    assert found.loaded.scenario == reading.read(tiny).scenario


def test_numbers_may_be_text_and_names_numbers(
    tiny_book: bytes, tmp_path: Path
) -> None:
    book = opened(tiny_book)
    book["Orders"]["A2"], book["Orders"]["E2"] = 2027, "2"
    book["Suites"]["G2"] = "'32/3".strip("'")
    book.save(tmp_path / "typed.xlsx")
    found = excel.read(tmp_path / "typed.xlsx")
    order = next(each for each in found.loaded.scenario.orders if each.id == "2027")
    assert order.batches == 2
    assert found.document["orders"][0]["id"] == "2027"
    assert found.document["suites"][0]["production_days"] == "32/3"
