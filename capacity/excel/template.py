"""A scenario as a workbook to change and to import: drop-downs, notes, live colours."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from capacity.excel import aids, looks
from capacity.excel.cells import Cell, CellError, written
from capacity.excel.layout import (
    FIELD,
    KEY,
    MEANING,
    RECORD,
    SCENARIO,
    SETTING,
    VALUE,
    Column,
    Sheet,
    sheets,
)
from capacity.excel.looks import Looks, clean, new_book, width
from capacity.folders import OutputError

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SPARE = 500
"""Empty rows with drop-downs below the last."""

GUIDE = "Read me"
"""Name of the sheet that explains the others; it isn't read."""

RULES = (
    "Change what you like, add and remove rows; capacity import FILE.xlsx -o my.yaml "
    "makes a scenario of it and names every cell that is wrong.",
    "The darkest headers are needed in every row. An empty cell takes the default. Notes "
    "on the headers say what a column means and its unit.",
    "A date is a cell with a date format, or text that hangs on another date: "
    "SITE.completed + 90 days, SUITE.go_live - 2 months, with the ids of yours. Move one "
    "and the others follow.",
    "Days may be fractions: 3.5, or 16/3 as text ('16/3), which Excel would take for a "
    "date. Shares are between 0 and 1.",
    "A list stands in one cell, separated by commas: E1, W1.",
    "A row of a sheet such as Site shutdowns begins with the name of its owner.",
    "Columns and sheets keep their names; sheets of your own are left alone. Cells are "
    "not merged. Formulas are read by the value that Excel saved.",
    "Colours follow the sheet Standing: green is a fact with its source, blue a typical "
    "value, yellow a stated assumption. What has no colour is an assumption too.",
)


def template(document: dict[str, Any]) -> bytes:
    """Write a scenario as a workbook.

    Parameters
    ----------
    document
        What a scenario's file says: plain data, dates absolute or relative.

    Raises
    ------
    OutputError
        If a value fits no cell.
    """
    stream = io.BytesIO()
    book = new_book(stream, str(document.get("title") or document.get("name", "")))
    look = Looks(book)
    aids.define(book)
    guide = book.add_worksheet(GUIDE)
    counts: dict[str, int] = {}
    for sheet in sheets():
        rows = [*_rows(document, sheet)]
        counts[sheet.name] = len(rows)
        page = book.add_worksheet(sheet.name)
        (_settings if sheet.kind == "settings" else _table)(look, page, sheet, rows)
    _guide(look, guide, document, counts)
    book.close()
    return stream.getvalue()


Row = tuple[tuple[str, ...], dict[str, Any]]
"""Names of the owners, and a record."""


def _rows(document: dict[str, Any], sheet: Sheet) -> Iterator[Row]:
    """What stands on a sheet, row by row."""
    if sheet.kind == "settings":
        yield (), document
    elif sheet.kind == "marks":
        yield from _marks(document, sheet)
    else:
        owners: list[Row] = [((), document)]
        if sheet.owner is not None:
            key = sheet.owner.key or ""
            rows = _rows(document, sheet.owner)
            owners = [((*names, str(row[key])), row) for names, row in rows]
        for names, owner in owners:
            found = _get(owner, sheet.path) or []
            if isinstance(found, dict):
                found = [{KEY: key, VALUE: value} for key, value in found.items()]
            yield from ((names, row) for row in found)


def _marks(document: dict[str, Any], marks: Sheet) -> Iterator[Row]:
    owners = [(SCENARIO, document)]
    for sheet in sheets():
        if sheet.kind == "rows" and sheet.key == "id":
            owners += [(str(row["id"]), row) for _, row in _rows(document, sheet)]
    for name, owner in owners:
        for field, mark in (_get(owner, marks.path) or {}).items():
            yield (), {RECORD: name, FIELD: field, **mark}


def _get(record: dict[str, Any], path: Sequence[str]) -> Any:  # noqa: ANN401
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


# ------------------------------------------------------------------------------ tables


def _table(look: Looks, page: Worksheet, sheet: Sheet, rows: Sequence[Row]) -> None:
    """A row for each record, below a header that stays in view."""
    last = len(rows) + SPARE
    texts: list[list[str]] = [[header] for header in sheet.headers]
    for number, (names, record) in enumerate(rows, start=1):
        cells: list[Cell] = [
            *(
                written(name, owner)
                for name, owner in zip(names, sheet.full, strict=False)
            ),
            *(_cell(sheet, record, column) for column in sheet.columns),
        ]
        for at, (cell, column) in enumerate(zip(cells, sheet.full, strict=True)):
            texts[at].append(_put(look, page, (number, at), cell, column))
    for at, column in enumerate(sheet.full):
        aids.head(look, page, (0, at), column, sheet)
        text = column.holds in ("text", "choice") or column.shape.kind == "list"
        # Where an id such as 2027-01 is typed, it stays text.
        form = look(num_format="@") if text else None
        page.set_column(at, at, width(texts[at]), form)
        aids.offer(page, (1, at, last, at), aids.choices(sheet, at))
    page.freeze_panes(1, len(sheet.owners) + bool(sheet.key))
    page.autofilter(0, 0, max(1, len(rows)), len(sheet.headers) - 1)
    page.set_tab_color("#A5A5A5" if sheet.owner else "#2F75B5")
    page.set_landscape()
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)
    aids.colour(look, page, sheet, last)


def _cell(sheet: Sheet, record: dict[str, Any], column: Column) -> Cell:
    try:
        return written(_get(record, column.path), column)
    except CellError as error:
        name = record.get(sheet.key or "", "")
        msg = f"sheet {sheet.name}: {name}: {column.header}: {error}"
        raise OutputError(msg) from None


def _put(
    look: Looks, page: Worksheet, at: tuple[int, int], cell: Cell, column: Column
) -> str:
    money = "[money]" in column.meaning
    return look.put(page, at, cell, looks.MONEY if money else looks.GENERAL)


def _guide(
    look: Looks, page: Worksheet, document: dict[str, Any], counts: dict[str, int]
) -> None:
    title = clean(str(document.get("title") or document.get("name", "")))
    page.hide_gridlines(2)
    page.set_column(0, 0, 26)
    page.set_column(1, 1, 8)
    page.set_column(2, 2, 90)
    page.write_string(0, 0, title, look(bold=True, font_size=14))
    row = 2
    for rule in RULES:
        page.merge_range(row, 0, row, 2, "", look(text_wrap=True))
        page.write_string(row, 0, rule, look(text_wrap=True))
        page.set_row(row, 31)
        row += 1
    row += 1
    for at, header in enumerate(("sheet", "rows", "holds")):
        page.write_string(row, at, header, look.header())
    for sheet in sheets():
        row += 1
        link = look(font_color="#1F4E9E", underline=1)
        page.write_url(row, 0, f"internal:'{sheet.name}'!A1", link, sheet.name)
        if sheet.kind != "settings":
            page.write_number(row, 1, counts[sheet.name], look())
        page.write_string(
            row, 2, aids.plain(sheet.meaning), look(align="left", indent=1)
        )


# ---------------------------------------------------------------------------- settings


def _settings(look: Looks, page: Worksheet, sheet: Sheet, rows: Sequence[Row]) -> None:
    """A row for each value, with what it means."""
    ((_, document),) = rows
    for at, header in enumerate((SETTING, VALUE, MEANING)):
        page.write_string(0, at, header, look.header())
    texts: list[str] = []
    for number, column in enumerate(sheet.settings, start=1):
        page.write_string(number, 0, column.header, look(bold=column.required))
        cell = _cell(sheet, document, column)
        texts.append(_put(look, page, (number, 1), cell, column))
        page.write_string(
            number, 2, aids.plain(column.meaning), look(align="left", indent=1)
        )
        aids.offer(page, (number, 1, number, 1), aids.given(column))
    page.set_column(0, 0, width([column.header for column in sheet.settings]))
    page.set_column(1, 1, width(texts))
    page.set_column(2, 2, 80)
    page.freeze_panes(1, 1)
    page.set_tab_color("#1F3864")
    area = (1, 1, len(sheet.settings), 1)
    aids.shade(look, page, area, aids.standing(f'"{SCENARIO}"', "$A2"))
