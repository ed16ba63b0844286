"""A plan as a workbook to read, filter and present."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity import tables
from capacity.excel import gantt, looks
from capacity.excel.looks import Looks, clean, new_book, width
from capacity.excel.weeks import weeks
from capacity.tables.closures import suites_in_use

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from capacity.runs import Run

FORMS = {
    **dict.fromkeys(("load", "weight"), looks.SHARE),
    **dict.fromkeys(("cost", "price"), looks.MONEY),
}
"""How the numbers of some columns are shown."""

FULL, BUSY = 0.95, 0.85
"""Load from which a month is shown as full, and as busy. [1]"""

Rule = tuple[str, str | float, str]
"""A comparison, what with, and the fill where it holds."""

RULES: dict[str, list[Rule]] = {
    "late": [(">", 0, looks.WARM)],
    "late_days": [(">", 0, looks.WARM)],
    "unserved": [(">", 0, looks.BAD)],
    "at_risk": [("==", "TRUE", looks.WARM)],
    "cause": [("!=", '"none"', looks.WARM)],
    "load": [(">=", FULL, looks.BAD), (">=", BUSY, looks.WARM)],
    "standing": [("==", f'"{name}"', fill) for name, fill in looks.STANDING.items()],
}
"""What is coloured, by column."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")


def workbook(run: Run, frames: Mapping[str, pd.DataFrame]) -> bytes:
    """Write a run as a workbook: figures, weeks, a sheet for each table, what made it.

    Parameters
    ----------
    run
        The run folder.
    frames
        Its tables by name; each becomes a sheet.
    """
    scenario = run.loaded.scenario
    stream = io.BytesIO()
    book = new_book(stream, scenario.title or scenario.name)
    look = Looks(book)
    _summary(look, book.add_worksheet("Summary"), run)
    gantt.draw(look, book.add_worksheet("Gantt"), _chart(run))
    for name, frame in frames.items():
        page = book.add_worksheet(name.capitalize())
        _table(look, page, name, tables.typed(name, frame))
    rests_on = tables.provenance(scenario)
    _table(look, book.add_worksheet("Standing"), "standings", rests_on)
    _pairs(look, book.add_worksheet("Sources"), ("source", "is"), scenario.sources)
    _pairs(look, book.add_worksheet("Versions"), ("what", "is"), _made_by(run))
    book.close()
    return stream.getvalue()


# ------------------------------------------------------------------------------- tables


def _table(look: Looks, page: Worksheet, name: str, frame: pd.DataFrame) -> None:
    """A row for each row, below a header that stays in view, to filter."""
    notes = tables.meanings(name)
    for at, column in enumerate(map(str, frame.columns)):
        numbers = pd.api.types.is_numeric_dtype(frame[column])
        header = look.header(align="right" if numbers else "left")
        page.write_string(0, at, column, header)
        if column in notes:
            page.write_comment(0, at, notes[column], {"font_size": 9})
        shown = [column]
        for row, value in enumerate(frame[column].astype(object), start=1):
            shown.append(_put(look, page, (row, at), column, value))
        page.set_column(at, at, width(shown))
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(1, len(frame)), len(frame.columns) - 1)
    page.set_landscape()
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)
    _colour(look, page, frame)


def _put(
    look: Looks, page: Worksheet, at: tuple[int, int], column: str, value: object
) -> str:
    """Write a value as what it is; what it shows, for the column's width."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, str) and column == "month":
        return look.put(page, at, datetime.strptime(value, "%Y-%m"), looks.MONTH)
    if isinstance(value, str) and column == "value" and _ISO.fullmatch(value):
        value = datetime.fromisoformat(value)
    return look.put(page, at, value, FORMS.get(column, looks.GENERAL))


def _colour(look: Looks, page: Worksheet, frame: pd.DataFrame) -> None:
    """Colour what is late, missing, at risk or full, and what values rest on."""
    for at, column in enumerate(frame.columns):
        area = (1, at, max(1, len(frame)), at)
        for criteria, value, fill in RULES.get(str(column), ()):
            rule = {"type": "cell", "criteria": criteria, "value": value}
            looks.shade(look.book, page, area, rule, fill)


def _pairs(
    look: Looks, page: Worksheet, header: tuple[str, str], rows: Mapping[str, object]
) -> None:
    for at, name in enumerate(header):
        page.write_string(0, at, name, look.header())
    for row, (name, value) in enumerate(rows.items(), start=1):
        page.write_string(row, 0, name, look())
        _put(look, page, (row, 1), "", value)
    page.set_column(0, 0, width(list(rows)))
    page.set_column(1, 1, 100)
    page.freeze_panes(1, 1)


# ------------------------------------------------------------------------------ figures


def _summary(look: Looks, page: Worksheet, run: Run) -> None:
    """Key figures, as `kpis.json` has them: single ones, then blocks and tables."""
    scenario = run.loaded.scenario
    page.hide_gridlines(2)
    page.set_column(0, 0, 30)
    page.set_column(1, 12, 15)
    title = clean(scenario.title or scenario.name)
    page.write_string(0, 0, title, look(bold=True, font_size=14))
    checked = "accepted by the checker" if run.manifest.checker == "ok" else "rejected"
    said = f"{scenario.name}: {run.manifest.status} plan, {checked}"
    said += f"; money in {scenario.currency}"
    page.write_string(1, 0, said, look(font_color=looks.PALE))
    blocks = {name: part for name, part in run.kpis.items() if _is_block(part)}
    row = 3
    for name, value in run.kpis.items():
        if name not in blocks:
            _figures(look, page, row, _spoken(name), ["none" if value == [] else value])
            row += 1
    for name, part in blocks.items():
        row = _block(look, page, row + 1, name, part)
    page.set_landscape()
    page.fit_to_pages(1, 1)


def _is_block(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _block(
    look: Looks, page: Worksheet, row: int, name: str, part: dict[str, Any] | list[Any]
) -> int:
    """A figure for each name, or several; the row below them."""
    if isinstance(part, list):
        part = {each["name"]: each for each in part}
    found = {key: each for key, each in part.items() if isinstance(each, dict)}
    keys = dict.fromkeys(key for each in found.values() for key in each)
    heads = [key for key in keys if key != "name"]
    page.write_string(row, 0, _spoken(name), look.header())
    for at, head in enumerate(heads or [""], start=1):
        page.write_string(row, at, _spoken(head), look.header(align="right"))
    for number, (key, each) in enumerate(part.items(), start=row + 1):
        values = [each.get(head) for head in heads] if heads else [each]
        _figures(look, page, number, key if heads else _spoken(key), values, heads)
    for criteria, value, fill in RULES.get(name, ()):
        rule = {"type": "cell", "criteria": criteria, "value": value}
        area = (row + 1, 1, row + len(part), max(1, len(heads)))
        looks.shade(look.book, page, area, rule, fill)
    return row + len(part) + 1


def _figures(
    look: Looks,
    page: Worksheet,
    row: int,
    name: str,
    values: Sequence[object],
    heads: Sequence[str] = (),
) -> None:
    """A name with its figures: money and counts are whole, shares and days aren't."""
    page.write_string(row, 0, name, look())
    for at, value in enumerate(values, start=1):
        if isinstance(value, int | float):
            form = looks.SHARE if isinstance(value, float) else looks.MONEY
            if heads and heads[at - 1].endswith("_days"):
                form = looks.GENERAL
            page.write_number(row, at, value, look(num_format=form, align="right"))
        elif value is not None:
            _put(look, page, (row, at), "value", value)


def _made_by(run: Run) -> dict[str, object]:
    """What made the run, but for what differs from one search to the next."""
    manifest = run.manifest
    bound = {
        name: run.kpis.get(name) for name in ("objective", "bound", "gap_money", "gap")
    }
    return {
        "scenario": run.loaded.scenario.name,
        "scenario_sha256": manifest.scenario_sha256,
        "status": manifest.status,
        "checker": "ok" if manifest.checker == "ok" else "rejected",
        **bound,
        "stopped_by": manifest.stopped_by,
        "reproducible": manifest.reproducible,
        "seed": manifest.seed,
        **{f"option {name}": _said(value) for name, value in manifest.options.items()},
        **{f"version of {name}": value for name, value in manifest.versions.items()},
        **{f"sha256 of {name}": value for name, value in manifest.files.items()},
    }


def _said(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value


def _chart(run: Run) -> gantt.Chart:
    from capacity.plots.looks import SHADES, programme_colours

    scenario, plan = run.loaded.scenario, run.plan
    start = min([scenario.horizon.start, *(each.start for each in plan.campaigns)])
    made = sum(campaign.batches for campaign in plan.campaigns)
    shades = {what: (name, fill) for what, (name, fill, _, _) in SHADES.items()}
    return gantt.Chart(
        title=scenario.title or scenario.name,
        subtitle=f"{len(plan.campaigns)} campaigns, {made:,} batches; a column is a week "
        f"from Monday, the red one holds {scenario.as_of:%Y-%m-%d}; bars are programme "
        f"{gantt.TIMES} batches, notes on them say more",
        rows=[(site.id, suite.id) for site, suite in suites_in_use(scenario)],
        mondays=weeks(start, scenario.horizon.end),
        as_of=scenario.as_of,
        campaigns=plan.campaigns,
        calendar=tables.calendar(scenario),
        colours=programme_colours(each.id for each in scenario.programmes),
        shades={"changeover": ("changeover", "#8C8C8C"), **shades},
    )
