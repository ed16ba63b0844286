"""Tables as the page holds them: the cells of the CSV files, column by column."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TypedDict

import pandas as pd
from pydantic import BaseModel

from capacity import tables
from capacity.plan import PlannedBatch, PlannedCampaign, PlannedOrder

ROWS: dict[str, type[BaseModel]] = {
    "orders": PlannedOrder,
    "campaigns": PlannedCampaign,
    "batches": PlannedBatch,
}
"""What a row of a table is: its fields say what the columns mean."""

MEANINGS = {
    "load": {
        "month": "Month.",
        "site": "Site.",
        "resource": "Suite, QC or QA.",
        "kind": "suite, qc or qa.",
        "available": "Days of a suite, starts of QC and QA.",
        "used": "Of what is available.",
        "load": "Used by available.",
        "waiting": "Batches out in the month that wait for QC or QA.",
        "wait_days": "How much later they are released, on average. [day]",
    },
    "calendar": {
        "site": "Site.",
        "suite": "Suite.",
        "what": "Before go-live, ramp, shutdown or outage.",
        "start": "First moment.",
        "end": "When it is over.",
        "label": "Share of the full rate during a ramp.",
    },
    "standings": {
        "id": "What it belongs to; none for values of the whole scenario.",
        "field": "Its name in the scenario's file.",
        "value": "What the plan read.",
        "standing": "Fact, typical published range, or assumption.",
        "note": "Reason, range, source.",
    },
}
"""What the columns of the other tables mean."""

MONEY, SHARES = frozenset({"cost"}), frozenset({"load"})
"""Columns that a reader wants grouped by thousands, and as percentages."""


class Column(TypedDict):
    """A column, each of its values written once."""

    name: str
    kind: str
    """text, number, money or share."""
    means: str
    values: list[str]
    """Different cells, in order of appearance."""
    rows: list[int]
    """Which of them stands in each row."""


def columns(table: str, frame: pd.DataFrame) -> list[Column]:
    """Take a table apart into columns.

    Parameters
    ----------
    table
        Name of the table.
    frame
        Frame of `capacity.tables`.

    Returns
    -------
    list of Column
        Cells are the text that stands in the CSV file.
    """
    header, *rows = csv.reader(StringIO(tables.to_csv(frame), newline=""))
    cells = list(zip(*rows, strict=True)) or [()] * len(header)
    return [
        _column(table, name, list(column))
        for name, column in zip(header, cells, strict=True)
    ]


def _column(table: str, name: str, cells: list[str]) -> Column:
    numbers: dict[str, int] = {}
    rows = [numbers.setdefault(cell, len(numbers)) for cell in cells]
    return {
        "name": name,
        "kind": _kind(name, numbers),
        "means": _means(table, name),
        "values": list(numbers),
        "rows": rows,
    }


def _kind(name: str, values: dict[str, int]) -> str:
    if name in MONEY:
        return "money"
    if name in SHARES:
        return "share"
    try:
        stated = [float(value) for value in values if value]
    except ValueError:
        return "text"
    return "number" if stated else "text"


def _means(table: str, name: str) -> str:
    if table in ROWS:
        return ROWS[table].model_fields[name].description or ""
    return {**tables.meanings(table), **MEANINGS.get(table, {})}[name]
