"""How far each value that a plan rests on can be trusted."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pydantic import BaseModel

from capacity.horizon import format_moment
from capacity.scenario import Entity, Order, Scenario, Standing
from capacity.tables.rows import plain

ASSUMPTION_COLUMNS = ("id", "field", "value", "standing", "note")
PROVENANCE_COLUMNS = ("id", "field", "value", "standing", "source", "note")

WEAKER = ("fact", "typical", "assumption")
"""Every standing; the further on, the less it carries."""

CHOICES = frozenset(
    {"due_rule", "tiers", "planning_percentile", "set_up", "priority", "load_period"}
)
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
    known = standings(scenario)
    return known[known.standing == "assumption"].reset_index(drop=True)


def standings(scenario: Scenario) -> pd.DataFrame:
    """Every value with its standing: fact, typical range or assumption.

    Returns
    -------
    DataFrame
        As `assumptions`, with facts and typical values among the rows.
    """
    rows = [*_marked(scenario, None, None)]
    for entity, inherited in _entities(scenario):
        if isinstance(entity, Order):
            rows.append(_marked_order(entity))
        else:
            rows.extend(_marked(entity, entity.id, inherited))
    return pd.DataFrame(rows, columns=list(ASSUMPTION_COLUMNS), dtype=object)


def provenance(scenario: Scenario) -> pd.DataFrame:
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
    return pd.DataFrame(rows, columns=list(PROVENANCE_COLUMNS), dtype=object)


Marked = tuple[str | None, str, object, str, str | None]
"""A value with its standing."""


def _marked(
    record: Scenario | Entity, name: str | None, inherited: Standing | None
) -> Iterator[Marked]:
    for path, value in _values(record):
        mark = _mark(record.standing, path) or inherited
        yield name, path, plain(value), _is(mark), _note(mark)


def _marked_order(order: Order) -> Marked:
    """One row with batches and due day, as weak as the weaker of the two."""
    marks = [_mark(order.standing, name) for name in ("batches", "due")]
    weakest = max(marks, key=lambda mark: WEAKER.index(_is(mark)))
    value = f"{order.batches} by {format_moment(order.due)}"
    return order.id, "batches, due", value, _is(weakest), _note(weakest)


def _is(mark: Standing | None) -> str:
    return "assumption" if mark is None else mark.is_


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
