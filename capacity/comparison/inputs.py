"""What two scenarios state differently."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from capacity.reading import text
from capacity.scenario import Entity, Record, Scenario

INPUT_COLUMNS = ("change", "path", "before", "after")

TOLD = frozenset({"schema_version", "name", "title", "sources", "standing", "note"})
"""Fields that say something about a scenario and change no plan."""


def compared_inputs(before: Scenario, after: Scenario) -> pd.DataFrame:
    """Every value that two scenarios state differently, all dates resolved.

    Names, titles, sources and marks of standing are left out.

    Returns
    -------
    DataFrame
        change (`changed`, `new`, `gone`), path (dotted, rows by their id, such as
        `suites.SON-T1.go_live`), before, after; what has an id and is only in one
        scenario is one row, with its values in a line.
    """
    one, other = dict(_values(before)), dict(_values(after))
    rows = []
    for path in dict.fromkeys((*one, *other)):
        was, now = one.get(path), other.get(path)
        if was != now and not _within(path, one, other):
            change = "new" if was is None else "gone" if now is None else "changed"
            rows.append((change, path, was, now))
    return pd.DataFrame(rows, columns=list(INPUT_COLUMNS), dtype=object)


def _within(path: str, one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether a value is told with the row that holds it, or that row with its parts."""
    above = path
    while above := above.rpartition(".")[0]:
        if (above in one) != (above in other):
            return True
    # A row in both scenarios is compared value by value.
    return path in one and path in other and f"{path}.id" in one


def _values(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Values by dotted path; for what has an id, all of it in a line as well."""
    if isinstance(value, Record):
        if isinstance(value, Entity):
            yield path, _line(value)
            yield f"{path}.id", value.id
        for name, info in type(value).model_fields.items():
            key = info.alias or name
            if key not in TOLD and name != "id":
                below = f"{path}.{key}".lstrip(".")
                yield from _values(getattr(value, name), below)
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _values(value[key], f"{path}.{key}")
    elif isinstance(value, list) and not any(isinstance(x, Record) for x in value):
        yield path, ", ".join(map(_word, value)) or "none"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _values(item, f"{path}.{text.row_name(item, number)}")
    elif value is not None:
        yield path, _word(value)


def _line(entity: Entity) -> str:
    """Stated plain values of a row: `site SYR, stage conjugation`."""
    stated = entity.model_fields_set - TOLD - {"id"}
    parts = [
        f"{info.alias or name} {_word(value)}"
        for name, info in type(entity).model_fields.items()
        if name in stated
        and (value := getattr(entity, name)) is not None
        and not isinstance(value, Record | dict | list)
    ]
    return ", ".join(parts) or entity.id


def _word(value: object) -> str:
    return value if isinstance(value, str) else text.scalar(value).strip('"')


# --------------------------------------------------------------------------------- words

FEW = 3
"""From so many on, changes of one field in many rows are told together."""


def told(inputs: pd.DataFrame) -> list[str]:
    """Say what changed: `suites.SON-T1.go_live: 2027-03-29 -> 2026-09-01`.

    The same field of three rows or more is one sentence: `licences.*.from: 13 dates,
    209 to 210 days earlier`.
    """
    fields: dict[str, list[dict[Any, Any]]] = {}
    for row in inputs.to_dict("records"):
        fields.setdefault(_field(row), []).append(row)
    said: list[str] = []
    for field, rows in fields.items():
        said += [_together(field, rows)] if len(rows) >= FEW else map(_one, rows)
    return said


def _field(row: dict[Any, Any]) -> str:
    """Path without the id of the row: `licences.*.from`; new rows by themselves."""
    section, _, rest = row["path"].partition(".")
    _, dot, field = rest.partition(".")
    if row["change"] != "changed":
        return f"{row['change']} {section}"
    return f"{section}.*.{field}" if dot else row["path"]


def _one(row: dict[Any, Any]) -> str:
    if row["change"] == "changed":
        return f"{row['path']}: {row['before']} -> {row['after']}"
    value = row["after"] if row["change"] == "new" else row["before"]
    return f"{row['path']}: {row['change']}, {value}"


def _together(field: str, rows: list[dict[Any, Any]]) -> str:
    shifts = [_shift(row["before"], row["after"]) for row in rows]
    days = [shift for shift in shifts if shift is not None]
    if len(days) < len(rows):
        names = [row["path"].split(".")[1] for row in rows]
        return f"{field}: {len(rows)}, {', '.join(names[:FEW])} and so on"
    least, most = sorted((min(days), max(days)), key=abs)
    if (least < 0) != (most < 0):
        return f"{field}: {len(rows)} dates, by {min(days):+d} to {max(days):+d} days"
    span = f"{abs(most)}" if least == most else f"{abs(least)} to {abs(most)}"
    return (
        f"{field}: {len(rows)} dates, {span} days {'later' if most > 0 else 'earlier'}"
    )


def _shift(before: str | None, after: str | None) -> int | None:
    """Days from one date to the other; none if these aren't dates."""
    try:
        one, other = (datetime.fromisoformat(each or "") for each in (before, after))
    except ValueError:
        return None
    return round((other - one).total_seconds() / 86_400)
