"""What the plan says, row by row, and how rows are written as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import pandas as pd
from pydantic import BaseModel

from capacity.horizon import format_moment
from capacity.plan import Plan, PlannedBatch, Price, Reached
from capacity.scenario import Scenario

BATCH_COLUMNS = (
    *("batch", "order", "contract", "programme", "client", "kind", "step", "market"),
    *("site", "suite", "campaign", "start", "out", "qc_site", "qc_start", "qc_end"),
    *("qa_site", "qa_start", "released", "wait_days", "available", "due", "late_days"),
    "at_risk",
)
CAMPAIGN_COLUMNS = (
    *("campaign", "site", "suite", "programme", "step", "kind", "batches"),
    *("changeover_start", "changeover_days", "start", "first_out", "end"),
)
ORDER_COLUMNS = (
    *("order", "contract", "programme", "kind", "market", "firmness", "weight"),
    *("batches", "on_time", "late", "unserved", "due", "last_available", "cost"),
    "cause",
)
PRICE_COLUMNS = ("resource", "week", "unit", "price")
HISTORY_COLUMNS = ("seconds", "objective", "bound")


def batches(plan: Plan) -> pd.DataFrame:
    """One row per batch, as in `batches.csv`."""
    return _records(plan.batches, BATCH_COLUMNS)


def campaigns(plan: Plan) -> pd.DataFrame:
    """One row per campaign, as in `campaigns.csv`."""
    return _records(plan.campaigns, CAMPAIGN_COLUMNS)


def orders(plan: Plan) -> pd.DataFrame:
    """One row per order line, as in `orders.csv`."""
    return _records(plan.orders, ORDER_COLUMNS)


def prices(rows: Sequence[Price]) -> pd.DataFrame:
    """What one more unit of suites, QC and QA is worth, by week, as in `prices.csv`."""
    return _records(rows, PRICE_COLUMNS)


def history(rows: Sequence[Reached]) -> pd.DataFrame:
    """How far a search was, and when: seconds, objective and bound. [s, money]"""
    cells = [[getattr(row, name) for name in HISTORY_COLUMNS] for row in rows]
    return pd.DataFrame(cells, columns=list(HISTORY_COLUMNS))


def _records(rows: Sequence[BaseModel], columns: Sequence[str]) -> pd.DataFrame:
    cells = [[plain(getattr(row, name)) for name in columns] for row in rows]
    return pd.DataFrame(cells, columns=list(columns), dtype=object)


def variable_cost(scenario: Scenario, batch: PlannedBatch) -> int:
    """Variable cost of a batch in the suite that made it. [money]"""
    suite = next(suite for suite in scenario.suites if suite.id == batch.suite)
    for rate in suite.rates:
        if rate.programme == batch.programme and rate.variable_cost is not None:
            return rate.variable_cost
    return suite.variable_cost


def plain(value: object) -> object:
    """Write dates as ISO text, and numbers with no more decimals than they need."""
    if isinstance(value, datetime):
        return format_moment(value)
    # 16/3 would be a date in a spreadsheet.
    if isinstance(value, float | Fraction):
        return int(value) if value == int(value) else round(float(value), 6)
    return value


def to_csv(frame: pd.DataFrame) -> str:
    """Write a frame as CSV text that a spreadsheet takes as it is.

    Lines end in LF, whole numbers have no decimals, dates are ISO, `None` is an empty
    cell. Text is written as it stands: names that a spreadsheet would run as a formula
    were refused when the scenario was read.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(map(_cell, row) for row in frame.astype(object).to_numpy())
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or value != value:  # NaN isn't itself
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(plain(value))
