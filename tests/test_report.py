"""The report: the numbers of the run, nothing from elsewhere, and it works in a browser."""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from capacity import cli, report, runs, tables
from capacity.plots import programme_colours
from capacity.report.story import CAUSES, Story

ROOT = Path(__file__).parent.parent

CALM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
"""Chromium without a window that asks nobody anything."""

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;'\""


class Element:
    """An element of a page: its attributes and all the text in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes, self.text = tag, attributes, ""

    def is_a(self, name: str) -> bool:
        return name in self.attributes.get("class", "").split()


class Reader(HTMLParser):
    """Every element of a page, in order."""

    EMPTY = frozenset({"meta", "link", "input", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in self.EMPTY:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def every(self, tag: str, name: str = "") -> list[Element]:
        return [
            each
            for each in self.elements
            if each.tag == tag and (not name or each.is_a(name))
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        (element,) = (
            each
            for each in self.elements
            if each.tag == tag and attributes.items() <= each.attributes.items()
        )
        return element


@pytest.fixture(scope="module")
def run(_solved: Path) -> runs.Run:
    """The tiny scenario's run; nothing here changes its folder."""
    return runs.read_run(_solved)


@pytest.fixture(scope="module")
def text(run: runs.Run) -> str:
    return report.page(run)


@pytest.fixture(scope="module")
def page(text: str) -> Reader:
    return Reader(text)


@pytest.fixture(scope="module")
def evil(
    solved: Callable[[Path, Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> runs.Run:
    """The tiny scenario, told by somebody who means ill."""
    directory = tmp_path_factory.mktemp("evil")
    written = (ROOT / "scenarios" / "tiny.yaml").read_text()
    quoted = json.dumps(EVIL)
    changes = {
        r"\b(programme|id|set_up): ALPHA(?=[,\n])": r'\1: "<b>ALPHA<!--"',
        "title: .*": f"title: {quoted}",
        "name: East": f"name: {quoted}",
        "client: Aster": f"client: {quoted}",
        "currency: USD": 'currency: "<u>"',
        "market: US": 'market: "<em>"',
    }
    for pattern, new in changes.items():
        written, count = re.subn(
            pattern, new.replace("\\", r"\\").replace(r"\\1", r"\1"), written
        )
        assert count, pattern
    marks = {"as_of": {"is": "fact", "source": "S1", "note": f"{EVIL}\u2028next"}}
    written += f"\nstanding: {json.dumps(marks)}\nsources: {json.dumps({'S1': EVIL})}\n"
    (directory / "evil.yaml").write_text(written)
    return runs.read_run(solved(directory / "evil.yaml", directory / "run"))


def cells(page: Reader, table: str) -> list[list[str]]:
    """A table as the page holds it: header and rows."""
    data = json.loads(page.one("script", id="data").text)[table]
    rows = zip(
        *([column["values"][n] for n in column["rows"]] for column in data), strict=True
    )
    return [[column["name"] for column in data], *map(list, rows)]


def read_csv(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def bars(page: Reader) -> list[Element]:
    return page.every("g", "bar")


# ------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "table",
    ["orders", "campaigns", "batches", "shipments", "genealogy", "waits", "load"],
)
def test_tables_are_those_of_the_run_folder(
    page: Reader, run: runs.Run, table: str
) -> None:
    assert cells(page, table) == read_csv(run.directory / f"{table}.csv")


def test_assumptions_are_those_of_the_run_folder(page: Reader, run: runs.Run) -> None:
    header, *rows = cells(page, "standings")
    weak = [row for row in rows if row[header.index("standing")] == "assumption"]
    assert [header, *weak] == read_csv(run.directory / "assumptions.csv")


def test_the_plan_of_the_page_is_plan_json(page: Reader, run: runs.Run) -> None:
    plan = json.loads((run.directory / "plan.json").read_text())
    header, *orders = cells(page, "orders")
    cost = header.index("cost")
    # W1-002 pays for changeovers too, which belong to no order.
    terms = plan["costs"]
    shared = terms["changeover"] + terms["shipment"]
    assert sum(int(row[cost]) for row in orders) + shared == plan["objective"]
    assert [row[0] for row in cells(page, "batches")[1:]] == [
        batch["batch"] for batch in plan["batches"]
    ]


def test_key_figures_are_those_of_the_run(page: Reader, run: runs.Run) -> None:
    shown = dict(
        zip(
            (each.text for each in page.every("dt")),
            (" ".join(e.text.split()) for e in page.every("dd") if not e.is_a("note")),
            strict=True,
        )
    )
    kpis = run.kpis
    assert (kpis["on_time_in_full"], kpis["late_batches"]) == (0.8, 2)
    assert shown["On time in full"] == "80.0 %"
    assert shown["Late batches"] == "2"
    assert shown["Unserved batches"] == "0"
    assert (kpis["revenue"], kpis["margin"]) == (12_200_000, 8_170_000)
    assert shown["Revenue"] == "12.2 M USD"
    assert shown["Margin"] == "8.2 M USD"
    assert shown["Campaigns"] == "4"
    assert shown["scenario"] == f"tiny, sha256 {run.manifest.scenario_sha256}"


def test_regret_is_told_by_every_term_that_has_some(
    page: Reader, run: runs.Run
) -> None:
    rows = {row.text.strip() for row in page.every("tr")}
    told = {
        name: f"{name.replace('_', ' ')}{amount:,}" in rows
        for name, amount in run.kpis["regret"].items()
    }
    assert told == {name: amount > 0 for name, amount in run.kpis["regret"].items()}
    assert set(told.values()) == {True, False}
    assert "regret424,700" in rows


def test_every_campaign_is_a_bar_in_its_place(page: Reader, run: runs.Run) -> None:
    found = {bar.attributes["data-number"]: bar.attributes for bar in bars(page)}
    assert len(found) == len(bars(page)) == len(run.plan.campaigns) == 4
    # E1-002: 17 February to 9 March of the 365 days of 2026.
    second = found["1"]
    assert float(second["data-x"]) == pytest.approx(100 * 47 / 365, abs=1e-3)
    assert float(second["data-width"]) == pytest.approx(100 * 20 / 365, abs=1e-3)
    assert second["aria-label"] == (
        "BETA, 2 batches, clinical; E1, 2026-02-17 to 2026-03-09"
    )
    # W1-002 makes G-1, whose licence comes ten days late.
    assert found["3"]["aria-label"].endswith("; 2 batches late")
    late = [bar.attributes["data-number"] for bar in bars(page) if bar.is_a("late")]
    assert late == ["3"]


def test_bars_have_the_colours_of_the_pictures(page: Reader, run: runs.Run) -> None:
    colours = programme_colours(each.id for each in run.loaded.scenario.programmes)
    fills = [rect.attributes["fill"] for rect in page.every("rect", "fill")]
    made = [campaign.programme for campaign in run.plan.campaigns]
    assert fills == [colours[programme] for programme in made]


def test_changeovers_and_the_calendar_are_drawn(page: Reader) -> None:
    drawn = [
        (float(rect.attributes["x"][:-1]), float(rect.attributes["width"][:-1]))
        for rect in page.every("rect", "changeover")
        if "data-for" in rect.attributes and not rect.is_a("lines")
    ]
    # 10 days before E1-002, 8 before W1-001, 10 before W1-002.
    assert [round(width * 3.65, 2) for _, width in drawn] == [10, 8, 10]
    shades = [rect for rect in page.every("rect", "shade") if "x" in rect.attributes]
    assert [next(n for n in s.attributes["class"].split()[1:]) for s in shades] == [
        *("shutdown", "before_go_live", "ramp"),
    ]
    assert "go-live 2026-07-01" in {text.text for text in page.every("text")}


def test_the_legend_explains_what_is_there(page: Reader) -> None:
    key = [item.text.strip() for item in page.every("li")]
    start = key.index("bars: programme \N{MULTIPLICATION SIGN} batches")
    assert key[start - 3 : start] == ["ALPHA", "BETA", "GAMMA"]
    assert key[start + 1 : start + 8] == [
        *("commercial", "clinical", "changeover", "with late batches"),
        *("before go-live", "ramp, share of full rate", "shutdown"),
    ]


def test_load_is_drawn_month_by_month(page: Reader, run: runs.Run) -> None:
    load = tables.load(run.loaded.scenario, run.plan)
    months = [
        rect for rect in page.every("rect", "used") if "data-tip" in rect.attributes
    ]
    assert len(months) == len(load) == 12 * 6
    tips = {rect.attributes["data-tip"]: rect.attributes for rect in months}
    # E1 in January: 20 days of E1-001 from the 12th.
    january = tips["2026-01 · E1: 20.0 of 31.0 days, 64.5 %"]
    assert january["height"] == "64.52%"
    assert tips["2026-06 · W1: none"]["class"] == "used closed"
    yearly = run.kpis["load"]["W1"]["2026"]
    assert f"{100 * yearly:.1f} %" in {span.text for span in page.every("span")}


def test_causes_add_up_to_the_key_figures(run: runs.Run) -> None:
    scenario, plan = run.loaded.scenario, run.plan
    story = Story(run, tables.orders(plan), tables.standings(scenario))
    assert [(row.cause, row.lines, row.cost) for row in story.causes] == [
        ("licence", 1, 180_000)
    ]
    assert sum(row.late for row in story.causes) == run.kpis["late_batches"]
    assert sum(row.unserved for row in story.causes) == run.kpis["unserved_batches"]


def test_every_cause_is_explained() -> None:
    from typing import get_args

    from capacity.plan import Cause

    assert set(CAUSES) == set(get_args(Cause)) - {"none"}


def told(run: runs.Run, kpis: dict[str, Any], **manifest: Any) -> Story:
    """The words of a run with other figures."""
    changed = dataclasses.replace(
        run,
        kpis=run.kpis | kpis,
        manifest=run.manifest.model_copy(update=manifest),
    )
    scenario, plan = run.loaded.scenario, run.plan
    return Story(changed, tables.orders(plan), tables.standings(scenario))


def test_what_is_proved_is_said_and_nothing_more(run: runs.Run) -> None:
    open_ = {"bound": 400_000, "gap_money": 24_700}
    proved = told(run, {})
    assert proved.verdict == "Proved: no better plan exists."
    assert proved.bounds.endswith("at its cheapest (its regret).")
    assert proved.firm == (
        "Late and unserved firm lines cost the least that any plan can reach."
    )
    ordered = told(run, open_)
    assert ordered.verdict.startswith("Proved the best in its order of priorities")
    assert "24.7 k USD better exists" in ordered.verdict
    feasible = told(run, open_, status="feasible", stopped_by="work")
    assert feasible.verdict == "At most 24.7 k USD better exists."
    assert feasible.bounds.endswith(
        "It is proved that every plan loses at least 400 k USD."
    )
    assert feasible.search.startswith("The search ended at its work budget; more work")
    unknown = told(run, {"bound": None, "gap_money": None}, status="feasible")
    assert unknown.verdict.startswith("Nothing is proved")
    tiers = [{"name": "firm_service", "objective": 9, "bound": 5}]
    assert told(run, {"tiers": tiers}).firm == ""
    assert told(run, {}, reproducible=False).search.endswith("may give another plan.")


# --------------------------------------------------------------- alone and harmless


def test_the_page_asks_for_nothing(text: str, page: Reader) -> None:
    for element in page.elements:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = element.attributes.get(name)
            assert value is None or value.startswith("#") or value == "data:,", value
        assert not any(name.startswith("on") for name in element.attributes)
        assert "style" not in element.attributes
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(", text)


def test_only_the_own_style_and_script_are_allowed(page: Reader) -> None:
    meta = page.one("meta", **{"http-equiv": "Content-Security-Policy"})
    policy = dict(
        part.strip().split(" ", 1) for part in meta.attributes["content"].split(";")
    )
    assert policy["default-src"] == "'none'"
    own = [each for each in page.every("script") if "type" not in each.attributes]
    for what, elements in (("style-src", page.every("style")), ("script-src", own)):
        (element,) = elements
        digest = hashlib.sha256(element.text.encode()).digest()
        assert policy[what] == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_text_of_a_scenario_is_escaped(evil: runs.Run, page: Reader) -> None:
    text = report.page(evil)
    bad = Reader(text)
    assert not {"img", "em", "u"} & {each.tag for each in bad.elements}
    assert len(bad.every("script")) == len(page.every("script")) == 2
    assert len(bad.every("b")) == len(page.every("b"))
    assert bad.one("h1").text == EVIL
    clients = [row[4] for row in cells(bad, "batches")[1:]]
    assert EVIL in clients
    assert "<!--" not in text
    assert any("<b>ALPHA<!--" in bar.attributes["aria-label"] for bar in bars(bad))
    notes = {row[4] for row in cells(bad, "standings")[1:]}
    assert f"{EVIL}\u2028next; S1" in notes
    assert EVIL in {each.text for each in bad.every("dd")}


def test_the_same_run_gives_the_same_bytes(run: runs.Run, text: str) -> None:
    later = {"created": "2031-01-01T00:00:00+00:00", "seconds": 99.0}
    manifest = run.manifest.model_copy(update=later)
    assert report.page(dataclasses.replace(run, manifest=manifest)) == text


def test_the_page_is_light(text: str) -> None:
    assert len(text.encode()) < 120_000


# ------------------------------------------------------------------------- command


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def capacity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["capacity", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def test_a_report_goes_beside_the_run_or_where_asked(
    capacity: Call, tiny_run: Path, tmp_path: Path
) -> None:
    beside = tmp_path / "run-report.html"
    assert capacity("report", tiny_run) == (0, f"{beside}\n", "")
    asked = tmp_path / "asked.html"
    asked.write_text("old")
    assert capacity("report", tiny_run, "-o", asked) == (0, f"{asked}\n", "")
    assert asked.read_bytes() == beside.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("asked.html", "run", "run-report.html"),
    }
    assert runs.check_run(tiny_run) == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("report.pdf", "doesn't end in .html"),
        ("run.txt/report.html", "can't be written: File exists"),
        ("run/report.html", "stays as it was written"),
        ("folder.html", "can't be written"),
    ],
)
def test_where_no_report_can_be_written(
    capacity: Call, tiny_run: Path, tmp_path: Path, output: str, said: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "run.txt").touch()
    code, out, err = capacity("report", tiny_run, "-o", tmp_path / output)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert {path.name for path in tmp_path.iterdir()} == {
        *("folder.html", "run", "run.txt"),
    }
    assert runs.check_run(tiny_run) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "orders.csv").unlink(), "orders.csv: it is missing"),
        (lambda run: (run / "plan.json").unlink(), "plan.json: it is missing"),
        (lambda run: (run / "manifest.json").unlink(), "manifest.json: it is missing"),
        (
            lambda run: (run / "kpis.json").write_text("{}"),
            "kpis.json: changed since it was written",
        ),
        (
            lambda run: (run / "plan.json").write_text("nonsense"),
            "plan.json: changed since it was written",
        ),
    ],
)
def test_no_report_of_a_run_that_was_changed(
    capacity: Call,
    tiny_run: Path,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    said: str,
) -> None:
    spoil(tiny_run)
    asked = tmp_path / "asked.html"
    asked.write_text("old")
    code, out, err = capacity("report", tiny_run, "-o", asked)
    assert (code, out) == (7, "")
    assert f"{tiny_run}: {said}" in err
    assert asked.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"asked.html", "run"}


def test_a_disk_that_is_full_leaves_the_old_report(
    capacity: Call, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked.html"
    asked.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = capacity("report", tiny_run, "-o", asked)
    assert (code, "No space left on device" in err) == (2, True)
    assert asked.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"asked.html", "run"}


# ------------------------------------------------------------------------- browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program is not None, "no Chromium: apt-get install chromium"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=CALM)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a report; afterwards nothing may have gone wrong or been asked for."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    trouble: list[str] = []

    def open_(run: runs.Run, width: int = 1280) -> Page:
        path = tmp_path / "report.html"
        path.write_text(report.page(run), encoding="utf-8")
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text))
        page.on("dialog", lambda dialog: trouble.append(dialog.message))
        page.on(
            "request",
            lambda asked: (
                trouble.append(asked.url)
                if asked.url not in (path.as_uri(), "data:,")
                else None
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_
    context.close()
    assert trouble == []


def on(page: Page) -> list[str]:
    """Campaigns that pass the filters."""
    labels = page.locator("#chart .bar:not(.off)").evaluate_all(
        "bars => bars.map(bar => bar.getAttribute('aria-label'))"
    )
    return [label.partition(",")[0] for label in labels]


def first_cells(page: Page, column: int = 0) -> list[str]:
    cells = page.locator(f"#sheet tbody tr td:nth-child({column + 1})")
    return [text.strip() for text in cells.all_inner_texts()]


def focused(page: Page) -> str:
    label: str = page.evaluate("document.activeElement.getAttribute('aria-label')")
    return label


def height(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.browser
def test_a_browser_shows_every_campaign(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    bars = page.locator("#chart .bar .fill")
    assert bars.count() == len(run.plan.campaigns)
    assert all(bars.nth(number).is_visible() for number in range(4))
    # 26 days of 2026 beside one another.
    boxes = [bars.nth(number).bounding_box() for number in range(2)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["width"] == pytest.approx(boxes[1]["width"] * 26 / 20, rel=0.02)
    assert page.locator("#counted").inner_text() == "4 campaigns, 9 batches"
    assert page.locator(".ticks.months").is_visible()
    assert not page.locator(".ticks.weeks").is_visible()


@pytest.mark.browser
def test_filters_leave_what_was_asked_for(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    page.select_option("[name=site]", "WEST")
    assert on(page) == ["BETA", "GAMMA"]
    assert page.locator("#counted").inner_text() == "2 of 4 campaigns, 4 batches"
    assert page.locator("#names .suite:visible").all_inner_texts() == ["W1"]
    # Contract ends 24, a site 26, a suite 42.
    assert height(page.locator("#chart")) == 92
    assert page.locator(".fullness tbody tr:visible").count() == 3
    page.get_by_role("tab", name="Campaigns").click()
    assert first_cells(page) == ["W1-001", "W1-002"]
    page.select_option("[name=programme]", "GAMMA")
    assert on(page) == ["GAMMA"]
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#counted")).to_have_text("4 campaigns, 9 batches")
    assert len(on(page)) == 4
    page.select_option("[name=kind]", "clinical")
    assert on(page) == ["BETA", "BETA"]
    page.select_option("[name=suite]", "E1")
    assert on(page) == ["BETA"]
    page.locator("[name=suite]").select_option("")
    page.locator("[name=kind]").select_option("")
    page.fill("[name=text]", "e1-0")
    assert on(page) == ["ALPHA", "BETA"]
    page.fill("[name=text]", "g-1 commercial")
    assert on(page) == ["GAMMA"]
    page.fill("[name=text]", "nothing like that")
    assert on(page) == []
    page.fill("[name=text]", "")
    page.check("[name=late]")
    assert on(page) == ["GAMMA"]
    page.uncheck("[name=late]")
    page.locator(".swatch", has_text="ALPHA").click()
    assert on(page) == ["ALPHA"]


@pytest.mark.browser
def test_the_plan_is_walked_through_by_keyboard(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    page.locator(".zoom .year").last.focus()
    page.keyboard.press("Tab")
    assert focused(page).startswith("ALPHA, 3 batches")
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("BETA, 2 batches, clinical; E1")
    tip = page.locator("#tip")
    assert tip.inner_text().splitlines() == [
        "BETA \N{MULTIPLICATION SIGN}2",
        "clinical, antibody, E1",
        "2026-02-17 to 2026-03-09",
        "changeover 10 days before",
    ]
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("BETA, 2 batches, clinical; W1")
    page.keyboard.press("End")
    assert focused(page).startswith("GAMMA")
    page.keyboard.press("Enter")
    details = page.locator("#details")
    assert details.is_visible()
    assert details.locator("h2").inner_text() == "GAMMA \N{MULTIPLICATION SIGN}2"
    batches = details.locator("tbody tr td:first-child").all_inner_texts()
    assert batches == ["W1-002/01", "W1-002/02"]
    assert details.locator("td.bad").all_inner_texts() == ["10", "10"]
    page.keyboard.press("Escape")
    assert not details.is_visible()
    assert focused(page).startswith("GAMMA")
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    assert focused(page).startswith("BETA, 2 batches, clinical; E1")


@pytest.mark.browser
def test_zoom_by_key_button_and_wheel(opened: Open, run: runs.Run) -> None:
    page = opened(run)

    def width() -> float:
        box = page.locator("#chart").bounding_box()
        assert box is not None
        return box["width"]

    whole = width()
    page.locator("#chart .bar").first.focus()
    page.keyboard.press("+")
    assert width() == pytest.approx(1.5 * whole, rel=0.01)
    page.keyboard.press("0")
    assert width() == pytest.approx(whole, rel=0.01)
    page.locator("#in").click(click_count=4)
    assert page.locator(".ticks.weeks").is_visible()
    assert page.locator(".ticks.full_months").is_visible()
    page.locator("#fit").click()
    box = page.locator("#pane").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(page.locator("#pane")).not_to_have_js_property("scrollLeft", 0)
    assert width() > 2 * whole
    left = page.evaluate("document.getElementById('pane').scrollLeft")
    assert left > 0
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 120, box["y"] + 60, steps=4)
    page.mouse.up()
    moved = page.evaluate("document.getElementById('pane').scrollLeft")
    assert moved == pytest.approx(left - 120, abs=2)
    assert not page.locator("#details").is_visible()


@pytest.mark.browser
def test_labels_stay_within_their_bars(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    for _ in range(3):
        outside = page.evaluate(
            """[...document.querySelectorAll('#chart .bar')].filter(bar => {
                const text = bar.querySelector('.label').getBoundingClientRect();
                const box = bar.querySelector('.fill').getBoundingClientRect();
                return text.width && (text.left < box.left || text.right > box.right
                    || text.top < box.top - 1 || text.bottom > box.bottom + 1);
            }).length"""
        )
        assert outside == 0
        page.locator("#in").click()
    assert page.locator("#chart .bar .label:visible").count() == 4


@pytest.mark.browser
def test_hovering_tells_and_clicking_opens(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    page.locator("#chart .bar").first.hover()
    assert (
        page.locator("#tip").inner_text().startswith("ALPHA \N{MULTIPLICATION SIGN}3")
    )
    page.locator(".used.full").first.hover()
    assert re.match(r"2026-\d\d · ", page.locator("#tip").inner_text())
    page.locator("#chart .bar").first.click()
    assert page.locator("#details h2").inner_text() == "ALPHA \N{MULTIPLICATION SIGN}3"
    page.get_by_role("button", name="Close").click()
    assert not page.locator("#details").is_visible()


@pytest.mark.browser
def test_tables_are_sorted_searched_and_copied(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    assert first_cells(page) == ["A-1", "A-2", "B-1", "B-2", "G-1"]
    head = page.locator("#sheet th", has_text="cost")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert first_cells(page) == ["A-1", "B-2", "A-2", "B-1", "G-1"]
    assert first_cells(page, 13) == ["0", "0", "14,700", "50,000", "180,000"]
    page.keyboard.press("Enter")  # the head keeps the focus
    assert head.get_attribute("aria-sort") == "descending"
    assert first_cells(page) == ["G-1", "B-1", "A-2", "A-1", "B-2"]
    page.get_by_role("button", name="licence").click()
    assert first_cells(page) == ["G-1"]
    assert page.locator("#rows").inner_text() == "1 of 5 rows"
    page.fill("#find", "firmness:firm")
    page.get_by_role("button", name="Copy for Excel").click()
    expect(page.locator("#rows")).to_have_text("3 rows copied")
    page.context.grant_permissions(["clipboard-read"])
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].split("\t") == list(tables.ORDER_COLUMNS)
    assert [line.split("\t")[0] for line in lines[1:]] == ["G-1", "A-2", "A-1"]
    assert lines[1].split("\t")[11:] == [
        "2026-10-31",
        "2026-11-10",
        "180000",
        "licence",
    ]
    page.get_by_role("tab", name="Orders").focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) is None
    assert first_cells(page) == ["E1-001", "E1-002", "W1-001", "W1-002"]
    page.fill("#find", "no such thing")
    assert page.locator("#sheet .empty").inner_text() == "No row fits the filters."


@pytest.mark.browser
def test_ill_meant_text_stays_text(opened: Open, evil: runs.Run) -> None:
    page = opened(evil)
    for name in ("Orders", "Campaigns", "Batches", "Assumptions and facts"):
        page.get_by_role("tab", name=name).click()
    page.locator("#chart .bar").first.hover()
    page.locator("#chart .bar").first.click()
    assert EVIL in page.locator("#details").inner_text()
    assert page.locator("img, em, u").count() == 0
    assert page.locator("h1").inner_text() == EVIL


@pytest.mark.browser
def test_a_narrow_screen_scrolls_down_only(opened: Open, run: runs.Run) -> None:
    page = opened(run, width=380)
    assert page.evaluate("document.documentElement.scrollWidth") == 380


@pytest.mark.browser
def test_paper_shows_the_plan_and_no_buttons(opened: Open, run: runs.Run) -> None:
    page = opened(run)
    page.locator("#in").click(click_count=3)
    page.emulate_media(media="print")
    for hidden in ("#filters", ".zoom", "nav", "#tables"):
        assert not page.locator(hidden).is_visible()
    pane, chart = (page.locator(name).bounding_box() for name in ("#pane", "#chart"))
    assert pane is not None
    assert chart is not None
    assert chart["x"] + chart["width"] <= pane["x"] + pane["width"] + 1
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.browser
def test_without_script_the_page_still_tells(
    browser: Browser, run: runs.Run, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(report.page(run), encoding="utf-8")
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#chart .bar .fill").count() == 4
    assert page.locator(".claim").inner_text() == "Proved: no better plan exists."
    assert not page.locator("#filters").is_visible()
    assert page.locator("noscript p").is_visible()
    assert page.locator(".ticks.quarters text").first.is_visible()
    context.close()
