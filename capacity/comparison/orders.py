"""Orders that became late, or were saved."""

from __future__ import annotations

from typing import Any

import pandas as pd

ORDER_COLUMNS = (
    *("change", "order", "contract", "programme", "kind", "market", "firmness"),
    *(
        f"{name}_{side}"
        for name in (
            *("batches", "due", "last_available", "late", "unserved", "cost"),
            "cause",
        )
        for side in ("before", "after")
    ),
)

ORDER_CHANGES = ("unserved", "late", "worse", "better", "saved", "same", "new", "gone")


def compared_orders(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """How each order line is served in two plans.

    Parameters
    ----------
    before
        Frame of `tables.orders`.
    after
        The same of the other plan.

    Returns
    -------
    DataFrame
        change, order, contract, programme, kind, market, firmness; batches, due,
        last_available, late, unserved, cost and cause, `_before` and `_after`. A line
        is `late` or `unserved` that wasn't, `saved` if it no longer is; `worse` or
        `better` if more or fewer of its batches are unserved, else late, else the same
        ones later or earlier; `new` or `gone` if only one scenario has it.
    """
    one, other = (
        {row["order"]: row for row in frame.to_dict("records")}
        for frame in (before, after)
    )
    rows = [_row(one.get(name), other.get(name)) for name in sorted({**one, **other})]
    return pd.DataFrame(rows, columns=list(ORDER_COLUMNS), dtype=object)


Line = dict[Any, Any]


def _row(one: Line | None, other: Line | None) -> list[object]:
    some = other or one
    assert some is not None
    cells: list[object] = [_change(one, other)]
    for column in ORDER_COLUMNS[1:]:
        name, _, side = column.rpartition("_")
        if side == "before":
            cells.append(None if one is None else one[name])
        elif side == "after":
            cells.append(None if other is None else other[name])
        else:
            cells.append(some[column])
    return cells


def _change(one: Line | None, other: Line | None) -> str:
    if one is None or other is None:
        return "new" if one is None else "gone"
    was, now = _short(one), _short(other)
    if not any(was) and not any(now):
        return "same"
    if not any(now):
        return "saved"
    if not any(was) or (now[0] and not was[0]):
        return "unserved" if now[0] else "late"
    was, now = (*was, _last(one)), (*now, _last(other))
    if now == was:
        return "same"
    return "worse" if now > was else "better"


def _short(line: Line) -> tuple[Any, ...]:
    """Batches that aren't served, and that are late."""
    return line["unserved"], line["late"]


def _last(line: Line) -> str:
    """When it is served in full, as ISO text, which sorts by time."""
    return line["last_available"] or ""
