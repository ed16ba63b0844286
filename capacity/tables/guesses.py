"""The assumptions that a plan rests on."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pydantic import BaseModel

from capacity.horizon import format_moment
from capacity.scenario import Entity, Order, Scenario, Standing
from capacity.tables.rows import plain

ASSUMPTION_COLUMNS = ("id", "field", "value", "standing", "note")
STANDING_COLUMNS = ("id", "field", "value", "standing", "source", "note")

CHOICES = frozenset({"due_rule", "tiers", "planning_percentile", "set_up"})
"""Text that is a value; all other text names something or refers to it."""


def assumptions(scenario: Scenario) -> pd.DataFrame:
    """Every value that rests on an assumption, as in `assumptions.csv`.

    Values marked as fact or typical are left out, and so are names and references. An
    order is one row. A shutdown or outage without a mark of its own has the mark that
    its site or suite gives it.

    Returns
    -------
    DataFrame
        id (none for values outside the lists), field (dotted, as in the file), value,
        standing (always `assumption`), note (with the source, if any).
    """
    rows = [*_guesses(scenario, None, None)]
    for entity, inherited in _entities(scenario):
        if isinstance(entity, Order):
            rows.extend(_guessed_order(entity))
        else:
            rows.extend(_guesses(entity, entity.id, inherited))
    return pd.DataFrame(rows, columns=list(ASSUMPTION_COLUMNS), dtype=object)


def standings(scenario: Scenario) -> pd.DataFrame:
    """Every value with what it rests on, facts and typical ones among them.

    Returns
    -------
    DataFrame
        id (none for values outside the lists), field, value, standing (`fact`,
        `typical` or `assumption`, also where nothing is stated), source, note.
    """
    rows = []
    owners: list[tuple[Scenario | Entity, Standing | None]]
    owners = [(scenario, None), *_entities(scenario)]
    for record, inherited in owners:
        name = record.id if isinstance(record, Entity) else None
        for path, value in _values(record):
            mark = _mark(record.standing, path) or inherited
            mark = mark or Standing.model_validate({"is": "assumption"})
            told = (mark.is_, mark.source, mark.note)
            rows.append((name, path, plain(value), *told))
    return pd.DataFrame(rows, columns=list(STANDING_COLUMNS), dtype=object)


Guess = tuple[str | None, str, object, str, str | None]
"""A row of the assumptions."""


def _guesses(
    record: Scenario | Entity, name: str | None, inherited: Standing | None
) -> Iterator[Guess]:
    for path, value in _values(record):
        mark = _mark(record.standing, path) or inherited
        if mark is None or mark.is_ == "assumption":
            yield name, path, plain(value), "assumption", _note(mark)


def _guessed_order(order: Order) -> list[Guess]:
    """One row with batches and due day, or none where neither is an assumption."""
    marks = [_mark(order.standing, name) for name in ("batches", "due")]
    notes = [_note(m) for m in marks if m is None or m.is_ == "assumption"]
    value = f"{order.batches} by {format_moment(order.due)}"
    return [(order.id, "batches, due", value, "assumption", n) for n in notes[:1]]


def _entities(
    record: BaseModel, inherited: Standing | None = None
) -> Iterator[tuple[Entity, Standing | None]]:
    """Everything with an id below `record`, with the mark that its owner gives it."""
    for name in type(record).model_fields:
        parts = getattr(record, name)
        mark = inherited
        if isinstance(record, Entity):
            mark = _mark(record.standing, name) or inherited
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, Entity):
                yield part, mark
                yield from _entities(part, mark)


def _values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Numbers, dates and choices of a record by their dotted names in the file."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if name not in ("standing", "schema_version"):
                below = f"{path}.{field.alias or name}".lstrip(".")
                yield from _values(getattr(value, name), below)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _values(part, f"{path}.{key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            if not isinstance(part, Entity):
                yield from _values(part, f"{path}.{number}")
    elif isinstance(value, str):
        if path.rsplit(".", 1)[-1] in CHOICES:
            yield path, value
    elif value is not None:
        yield path, value


def _mark(marks: dict[str, Standing], path: str) -> Standing | None:
    """Find the mark of the longest stated beginning of `path`, else that of `*`."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        if mark := marks.get(".".join(parts[:length])):
            return mark
    return marks.get("*")


def _note(mark: Standing | None) -> str | None:
    if mark is None:
        return None
    return "; ".join(filter(None, (mark.note, mark.source))) or None
