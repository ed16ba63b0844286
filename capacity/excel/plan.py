"""A plan as a workbook to read, filter and present."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity import tables
from capacity.excel import gantt, looks
from capacity.excel.looks import Looks, new_book, width
from capacity.excel.weeks import weeks
from capacity.tables.closures import suites_in_use

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from capacity.runs import Run

SHARES = ("load", "gap", "on_time_in_full", "take_or_pay", "weight")
MONEY = ("cost", "per_day")
FULL, BUSY = 0.95, 0.85
"""Load from which a month is shown as full, and as busy. [1]"""

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
    standings = tables.standings(scenario)
    _table(look, book.add_worksheet("Standing"), "standings", standings)
    _pairs(look, book.add_worksheet("Sources"), ("source", "is"), scenario.sources)
    _pairs(look, book.add_worksheet("Versions"), ("what", "is"), _made_by(run))
    book.close()
    return stream.getvalue()


# ------------------------------------------------------------------------------- tables


def _table(look: Looks, page: Worksheet, name: str, frame: pd.DataFrame) -> None:
    """A row for each row, below a header that stays in view, to filter."""
    for at, column in enumerate(frame.columns):
        page.write_string(0, at, column, look.header())
        shown = [str(column)]
        for row, value in enumerate(frame[column].astype(object), start=1):
            shown.append(_put(look, page, (row, at), str(column), value))
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
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, str) and column == "value" and _ISO.fullmatch(value):
        value = datetime.fromisoformat(value)
    if isinstance(value, str) and column == "month":
        month = datetime.strptime(value, looks.PY_MONTH)
        page.write_datetime(*at, month, look(num_format=looks.MONTH, align="center"))
        return value
    if isinstance(value, datetime):
        moment = value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
        form = looks.DATE if moment.hour == moment.minute == 0 else looks.MOMENT
        page.write_datetime(*at, moment, look(num_format=form, align="center"))
        return form
    if isinstance(value, bool):
        page.write_boolean(*at, value, look())
        return "FALSE"
    if isinstance(value, int | float):
        form = looks.SHARE if column in SHARES else "General"
        form = looks.MONEY if column in MONEY else form
        page.write_number(*at, value, look(num_format=form))
        return f"{value:,}"
    page.write_string(*at, str(value), look(num_format="@", align="left", indent=1))
    return str(value)


def _colour(look: Looks, page: Worksheet, frame: pd.DataFrame) -> None:
    """Colour what is late, missing, at risk or full."""
    rules: list[tuple[str, str, float | str, str]] = [
        ("late", ">", 0, looks.WARM),
        ("unserved", ">", 0, looks.BAD),
        ("late_days", ">", 0, looks.WARM),
        ("load", ">=", FULL, looks.BAD),
        ("load", ">=", BUSY, looks.WARM),
        ("at_risk", "==", "TRUE", looks.WARM),
        ("cause", "!=", '"none"', looks.WARM),
        *(("standing", "==", f'"{s}"', fill) for s, fill in looks.STANDING.items()),
    ]
    names = [str(column) for column in frame.columns]
    for column, sign, value, fill in rules:
        if column in names and len(frame):
            at = names.index(column)
            form = look.book.add_format({"bg_color": fill})
            rule = {"type": "cell", "criteria": sign, "value": value, "format": form}
            page.conditional_format(
                1, at, len(frame), at, {**rule, "stop_if_true": True}
            )


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
    scenario, kpis = run.loaded.scenario, run.kpis
    page.hide_gridlines(2)
    page.set_column(0, 0, 30)
    page.set_column(1, 12, 15)
    page.write_string(
        0, 0, scenario.title or scenario.name, look(bold=True, font_size=14)
    )
    checked = "accepted by the checker" if run.manifest.checker == "ok" else "rejected"
    money = f"money in {scenario.currency}"
    said = f"{scenario.name}: {run.manifest.status} plan, {checked}; {money}"
    page.write_string(1, 0, said, look(font_color=looks.PALE))
    row = 3
    for name, value in kpis.items():
        if not isinstance(value, dict | list):
            row = _figure(look, page, row, name, value)
    for name, value in kpis.items():
        if isinstance(value, dict | list) and value:
            row = _block(look, page, row + 1, name, value)
    page.set_landscape()
    page.fit_to_pages(1, 1)


def _figure(look: Looks, page: Worksheet, row: int, name: str, value: object) -> int:
    page.write_string(row, 0, name.replace("_", " "), look())
    _figured(look, page, (row, 1), value)
    return row + 1


def _figured(look: Looks, page: Worksheet, at: tuple[int, int], value: object) -> None:
    """A figure: money and counts are whole, shares aren't."""
    if isinstance(value, float):
        page.write_number(*at, value, look(num_format=looks.SHARE, align="right"))
    elif isinstance(value, int):
        page.write_number(*at, value, look(num_format=looks.MONEY, align="right"))
    elif isinstance(value, str) and _ISO.fullmatch(value):
        _put(look, page, at, "value", value)
    elif value is not None:
        page.write_string(*at, str(value), look(align="right"))


def _block(
    look: Looks, page: Worksheet, row: int, name: str, value: dict[str, Any] | list[Any]
) -> int:
    """A figure by one name, or by two."""
    if isinstance(value, list):
        value = {
            each["name"]: {k: v for k, v in each.items() if k != "name"}
            for each in value
        }
    heads = [
        *dict.fromkeys(
            key for each in value.values() if isinstance(each, dict) for key in each
        )
    ]
    for at, head in enumerate([name, *(heads or [""])]):
        page.write_string(row, at, head.replace("_", " "), look.header())
    first = row + 1
    for key, each in value.items():
        row += 1
        page.write_string(row, 0, key.replace("_", " ") if not heads else key, look())
        if isinstance(each, dict):
            for at, head in enumerate(heads, start=1):
                _figured(look, page, (row, at), each.get(head))
        else:
            _figured(look, page, (row, 1), each)
    if name == "load":
        for least, fill in ((FULL, looks.BAD), (BUSY, looks.WARM)):
            form = look.book.add_format({"bg_color": fill})
            rule = {"type": "cell", "criteria": ">=", "value": least, "format": form}
            area = (first, 1, row, len(heads))
            page.conditional_format(*area, {**rule, "stop_if_true": True})
    return row + 1


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
