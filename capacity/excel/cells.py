"""One value as one cell, and back.

Numbers that a spreadsheet would round or take for a date (`16/3`) are text. A list is
the line of a CSV file: `E1, W1`. Text that a cell would lose or change, such as blanks
at its ends, stands in double quotes, as JSON has it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from capacity.excel.layout import Column
from capacity.excel.looks import LONGEST
from capacity.reading.nodes import Scalar, moment_text

Cell = str | int | float | bool | datetime | None
"""What a worksheet's cell can hold."""

_FIRST, _LAST = datetime(1990, 1, 1), datetime(2201, 1, 1)
_UNSAFE = re.compile(
    r'^$|^["\s]|\s$|[\x00-\x08\x0b-\x1f\x7f]|_x[0-9A-Fa-f]{4}_|[\ufffe\uffff]'
)
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")
_ISO = re.compile(r"\d{4}-\d\d-\d\d\b")
_ERRORS = ("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


class CellError(ValueError):
    """A cell that can't be meant, in a sentence."""


def written(value: object, column: Column) -> Cell:
    """What a cell holds for a value, as a scenario's file states it.

    Raises
    ------
    CellError
        If no cell can hold it.
    """
    cell = _one(value, column)
    if isinstance(value, list):
        cell = _line([_text(_one(part, column)) for part in value])
    if isinstance(cell, str) and len(cell) > LONGEST:
        msg = f"is longer than the {LONGEST:,} characters that a cell holds"
        raise CellError(msg)
    return cell


def _one(value: object, column: Column) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if _keeps(value) else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime | date):
        value = value.isoformat()
    text = str(value)
    if column.holds == "date" and (moment := _moment(text)) is not None:
        return moment
    if column.holds in ("date", "number"):
        return text
    unsafe = text in _ERRORS or _UNSAFE.search(text)
    return json.dumps(text) if unsafe else text


def _keeps(value: float) -> bool:
    """Whether a spreadsheet, with its 15 digits, holds a number unchanged."""
    return abs(value) < 10**15 and float(f"{value:.15g}") == value


def _moment(text: str) -> datetime | None:
    """A date that Excel can hold; relative ones stay text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    whole = moment.second == moment.microsecond == 0 and moment.tzinfo is None
    return moment if whole and _FIRST <= moment < _LAST else None


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return moment_text(cell)
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _line(parts: Sequence[str]) -> str | None:
    """A list as one line; none where it is empty."""
    if not parts:
        return None
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(parts)
    plain = not any(mark in part for part in parts for mark in '",\r\n')
    return ", ".join(parts) if plain else line.getvalue().removesuffix("\r\n")


def read(cell: object, column: Column) -> Scalar | list[Scalar]:
    """What a cell means for a column; none where it is blank.

    Raises
    ------
    CellError
        If it can't be meant.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if cell in _ERRORS:
        msg = f"holds the error {cell}, not a value"
        raise CellError(msg)
    dates = column.holds == "date" and isinstance(cell, str) and "," in cell
    if dates or column.shape.kind == "list":
        return [_meant(part, column) for part in _parts(cell)]
    return _meant(cell, column)


def _parts(cell: object) -> list[object]:
    """The values of a list."""
    if not isinstance(cell, str):
        return [cell]
    try:
        (line,) = csv.reader(io.StringIO(cell, newline=""), skipinitialspace=True)
    except (csv.Error, ValueError):
        msg = f"can't read the list {cell[:40]!r}: separate its values by commas"
        raise CellError(msg) from None
    return [part for part in line if part.strip()]


def _meant(cell: object, column: Column) -> Scalar:
    if isinstance(cell, datetime | date | time | timedelta):
        return _dated(cell, column)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, str):
        return _worded(cell, column)
    if column.holds in ("text", "choice"):
        return str(cell).lower() if isinstance(cell, bool) else str(cell)
    return cell if isinstance(cell, int | float) else str(cell)


def _dated(cell: date | time | timedelta, column: Column) -> str:
    if column.holds != "date":
        shown = moment_text(cell) if isinstance(cell, datetime) else str(cell)
        msg = f"is the date {shown}, but no date is meant"
        if column.holds == "number":
            msg += "; a fraction such as 16/3 is written as '16/3, as text"
        raise CellError(msg)
    if isinstance(cell, datetime):
        # Excel counts days as floats: 08:00 comes back a few microseconds off.
        minutes = cell + timedelta(seconds=0.5)
        near = minutes.replace(microsecond=0)
        return moment_text(near)
    if isinstance(cell, date):
        return cell.isoformat()
    msg = f"is the time {cell}, not a date"
    raise CellError(msg)


def _worded(cell: str, column: Column) -> str | int | float:
    text = cell.strip()
    if column.holds == "number" and _NUMBER.fullmatch(text):
        number = float(text)
        if _keeps(number) and Decimal(repr(number)) == Decimal(text):
            return int(number) if number.is_integer() else number
    foreign = _DATE_LIKE.match(text) and not _ISO.match(text)
    if column.holds == "date" and foreign:
        msg = (
            f"{text[:40]!r} is text, not a date: give the cell a date format, "
            "or write it as 2027-03-29"
        )
        raise CellError(msg)
    if text.startswith('"') and text.endswith('"'):
        try:
            quoted = json.loads(text)
        except ValueError:
            return text
        return str(quoted)
    return text
