"""Frames with types, for files that know dates from text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, get_args, get_origin

import pandas as pd

from capacity.plan import PlannedBatch, PlannedCampaign, PlannedOrder, Price
from capacity.scenario import Record
from capacity.tables.genealogy import GENEALOGY_COLUMNS, SHIPMENT_COLUMNS
from capacity.tables.qualified import QUALIFICATION_COLUMNS
from capacity.tables.rows import plain
from capacity.tables.stock import STOCK_COLUMNS
from capacity.tables.waits import WAIT_COLUMNS

DTYPES = {datetime: "datetime64[us]", int: "Int64", float: "float64", bool: "bool"}
"""What a column is stored as, by what `plan.json` says of its values; else text."""

ROWS: dict[str, type[Record]] = {
    "batches": PlannedBatch,
    "campaigns": PlannedCampaign,
    "orders": PlannedOrder,
    "prices": Price,
}
"""Tables whose columns are fields of `plan.json`."""

COLUMNS = {
    "shipments": SHIPMENT_COLUMNS,
    "genealogy": GENEALOGY_COLUMNS,
    "stock": STOCK_COLUMNS,
    "waits": WAIT_COLUMNS,
    "qualifications": QUALIFICATION_COLUMNS,
}
"""Tables whose columns say themselves what they hold."""


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn ISO dates into dates, whole numbers and shares into numbers.

    Parameters
    ----------
    name
        The table's name, such as `batches`.
    frame
        The table.

    Returns
    -------
    DataFrame
        The same columns; text is text, and missing where there is no value. A column
        has its type even if it is empty.
    """
    known = _dtypes(name)
    for column, dtype in frame.dtypes.items():
        if not isinstance(dtype, pd.StringDtype) and dtype.kind != "O":
            known.setdefault(str(column), str(dtype))
    return pd.DataFrame(
        {
            column: _column(frame[column], known.get(str(column), "string"))
            for column in frame.columns
        }
    )


def meanings(name: str) -> dict[str, str]:
    """What the columns of a table mean, with their units, as far as it is stated."""
    if name in COLUMNS:
        return {column: means for column, (_, means) in COLUMNS[name].items()}
    fields = ROWS[name].model_fields if name in ROWS else {}
    return {key: info.description or "" for key, info in fields.items()}


def _dtypes(name: str) -> dict[str, str]:
    if name in COLUMNS:
        return {column: dtype for column, (dtype, _) in COLUMNS[name].items()}
    fields = ROWS[name].model_fields.items() if name in ROWS else ()
    found = {key: DTYPES.get(_bare(info.annotation)) for key, info in fields}
    return {key: dtype for key, dtype in found.items() if dtype is not None}


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - annotations have no type
    """An annotation without its marks, and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    rest = [arg for arg in get_args(annotation) if arg is not type(None)]
    return _bare(rest[0]) if len(rest) == 1 else annotation


def _column(values: pd.Series[Any], dtype: Any) -> pd.Series[Any]:  # noqa: ANN401
    if dtype == "datetime64[us]":
        return pd.to_datetime(values, format="ISO8601").astype(dtype)
    if dtype == "string":
        return values.map(_text).astype(dtype)
    if dtype == "float64":
        return values.astype(dtype).round(6)  # as `to_csv` writes them
    return values.astype(dtype)


def _text(value: object) -> str | None:
    if value is None or value != value:  # NaN isn't itself
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(plain(value))
