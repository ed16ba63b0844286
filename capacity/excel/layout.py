"""The schema of scenarios as sheets: one rule for every field, those to come too.

A list of records is a sheet with a row for each. A record inside a row is columns with
dotted names, and so is a table whose keys are given (`price.commercial`). A list of
plain values is one cell. A list of records inside a row is a sheet of its own that
begins with the names of its owners. A table with free keys is a sheet of two columns,
but where its values are records (`standing`) one sheet holds those of every owner.
What remains of the scenario is the sheet Settings, a row for each value.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from capacity.reading.nodes import PLAIN, Shape, shape_of
from capacity.scenario import Entity, Record, Scenario
from capacity.validate.words import NOUNS

SETTING, VALUE, MEANING = "setting", "value", "meaning"
"""Headers of the sheet of settings."""
KEY = "key"
"""Header beside the value of a table with free keys."""
RECORD, FIELD = "record", "field"
"""Headers of whose and which, where one sheet holds the tables of every owner."""
SCENARIO = "scenario"
"""What the scenario itself is called there, as in `--set scenario.name=...`."""


@dataclass(frozen=True)
class Column:
    """One plain value of a row, or a list of them."""

    path: tuple[str, ...]
    """Keys from the row's record down."""
    shape: Shape
    """What the value should be."""
    holds: Literal["text", "number", "truth", "choice", "date"]
    """What a cell holds, or each value of its list."""
    options: tuple[str, ...] = ()
    """Values of a choice."""
    required: bool = False
    meaning: str = ""
    """What the schema says of it, with its unit."""
    owner: bool = False
    """Names the record that a row belongs to."""

    @property
    def header(self) -> str:
        """What stands above it."""
        return ".".join(self.path)


Empty = tuple[tuple[str, ...], type[list[Any] | dict[str, Any]]]
"""Where a list or a table has to be, even if nothing is in it."""


@dataclass(frozen=True)
class Sheet:
    """A worksheet: where its rows stand in a scenario, and its columns."""

    name: str
    kind: Literal["settings", "rows", "pairs", "marks"]
    """One value a row; a record; a table's entry; an entry of every owner's table."""
    path: tuple[str, ...]
    """Keys from the owner down, else from the scenario."""
    columns: tuple[Column, ...]
    """Without those that name the owner."""
    owner: Sheet | None = None
    """Sheet whose rows these belong to."""
    key: str | None = None
    """Field that tells rows apart."""
    empties: tuple[Empty, ...] = ()
    """What a row has to have."""
    meaning: str = ""
    settings: tuple[Column, ...] = ()
    """What the rows of the settings hold."""

    @property
    def owners(self) -> tuple[str, ...]:
        """Headers of the columns that name the owner, and its owner."""
        if self.owner is None:
            return ()
        return (*self.owner.owners, noun(self.owner.path[-1]))

    @property
    def full(self) -> tuple[Column, ...]:
        """Every column, those that name the owners first."""
        owners = [
            Column((owner,), PLAIN, "text", required=True, owner=True)
            for owner in self.owners
        ]
        return (*owners, *self.columns)

    @property
    def headers(self) -> tuple[str, ...]:
        """The first row of the sheet."""
        return tuple(column.header for column in self.full)

    @property
    def needed(self) -> tuple[str, ...]:
        """Headers that can't be left out."""
        return tuple(column.header for column in self.full if column.required)


@dataclass
class _Parts:
    """What the fields of a record become."""

    columns: list[Column] = field(default_factory=list)
    sheets: list[tuple[tuple[str, ...], FieldInfo]] = field(default_factory=list)
    empties: list[Empty] = field(default_factory=list)


@cache
def sheets(root: type[Record] = Scenario) -> tuple[Sheet, ...]:
    """Every sheet of a scenario's workbook, in order: settings first, marks last."""
    parts = _parts(root)
    settings = Sheet(
        "Settings",
        "settings",
        (),
        tuple(
            Column((header,), PLAIN, "text", required=header != MEANING)
            for header in (SETTING, VALUE, MEANING)
        ),
        empties=tuple(parts.empties),
        settings=tuple(parts.columns),
        meaning="What isn't in a list: days, rules, economics, quality.",
    )
    lists = [*_below(parts, None)]
    lists.sort(key=lambda sheet: sheet.kind == "pairs" and sheet.owner is None)
    return (settings, *lists, _marks(root))


def _parts(record: type[Record]) -> _Parts:
    parts = _Parts()
    for path, info in _fields(record, ()):
        _place(parts, path, info, needed=info.is_required())
    return parts


def _fields(
    record: type[Record], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    for name, info in record.model_fields.items():
        yield (*above, info.alias or name), info


def _place(
    parts: _Parts, path: tuple[str, ...], info: FieldInfo, *, needed: bool
) -> None:
    """Make a field columns or a sheet; `needed` where nothing around it is optional."""
    shape = shape_of(info.annotation)
    part = shape.part or PLAIN
    keys = _options(_inner(info)[0]) if shape.kind == "table" else ()
    if needed and shape.kind in ("list", "table"):
        parts.empties.append((path, list if shape.kind == "list" else dict))
    if shape.kind in ("record", "choice"):
        for record in shape.records.values():
            for below, inner in _fields(record, path):
                if (inner.description or "").startswith("["):  # a unit alone
                    told = f"{info.description or ''} {inner.description}"
                    inner = FieldInfo.merge_field_infos(inner, description=told)
                _place(parts, below, inner, needed=needed and inner.is_required())
    elif keys:
        value = FieldInfo(annotation=_inner(info)[1], description=info.description)
        for key in keys:
            _place(parts, (*path, key), value, needed=False)
    elif shape.kind == "table" and part.records:
        return  # the sheet of marks holds it
    elif shape.kind == "table" or part.records:
        parts.sheets.append((path, info))
    else:
        _add(parts.columns, _column(path, shape, info, needed=needed))


def _add(columns: list[Column], column: Column) -> None:
    """Add a column; the records of a choice share those that they have in common."""
    for number, other in enumerate(columns):
        if other.path == column.path:
            options = tuple(dict.fromkeys(other.options + column.options))
            required = other.required and column.required
            columns[number] = replace(other, options=options, required=required)
            return
    columns.append(column)


def _column(
    path: tuple[str, ...], shape: Shape, info: FieldInfo, *, needed: bool
) -> Column:
    annotation = _inner(info)[0] if shape.kind == "list" else info.annotation
    options = _options(annotation)
    holds = "choice" if options else _holds(annotation)
    return Column(path, shape, holds, options, needed, info.description or "")


def _holds(annotation: Any) -> Literal["text", "number", "truth", "date"]:  # noqa: ANN401
    bare = _bare(annotation)
    if bare is str:
        return "text"
    if bare is bool:
        return "truth"
    return "date" if shape_of(annotation).kind == "when" else "number"


def _inner(info: FieldInfo) -> tuple[Any, ...]:
    """What a list's items, or a table's keys and values, are."""
    return get_args(_bare(info.annotation))


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - annotations have no type
    """An annotation without its marks, and without None."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bare(args[0])
    if origin in (Union, types.UnionType):
        rest = [arg for arg in args if arg is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _options(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The words that an annotation admits, where it admits no others."""
    bare = _bare(annotation)
    origin, args = get_origin(bare), get_args(bare)
    if origin is Literal:
        return tuple(arg for arg in args if isinstance(arg, str))
    if origin in (Union, types.UnionType):
        parts = [_options(arg) for arg in args]
        return tuple(word for part in parts for word in part) if all(parts) else ()
    return ()


def _below(parts: _Parts, owner: Sheet | None) -> Iterator[Sheet]:
    """The sheets of the lists and tables in a record, each before those inside it."""
    for path, info in parts.sheets:
        shape = shape_of(info.annotation)
        name, meaning = _title(path, owner), info.description or ""
        if shape.kind == "table":
            yield Sheet(name, "pairs", path, _pair(info), owner, KEY, (), meaning)
            continue
        assert shape.part is not None
        inner = _parts(shape.part.records[""])
        rows = Sheet(
            *(name, "rows", path, tuple(inner.columns), owner, shape.key),
            *(tuple(inner.empties), meaning),
        )
        yield rows
        if inner.sheets and rows.key is None:
            msg = f"{name}: lists inside rows that no field tells apart"
            raise TypeError(msg)
        yield from _below(inner, rows)


def _title(path: tuple[str, ...], owner: Sheet | None) -> str:
    """`in_release` as In release, `shutdowns` of a site as Site shutdowns."""
    words = " ".join(path).replace("_", " ")
    if owner is not None:
        words = f"{noun(owner.path[-1])} {words}"
    return words[0].upper() + words[1:]


def noun(name: str) -> str:
    """How one row of a list is called."""
    return NOUNS.get(name, name)


def _pair(info: FieldInfo) -> tuple[Column, ...]:
    """Key and value of a table with free keys."""
    annotation = _inner(info)[1]
    value = FieldInfo(annotation=annotation, description=info.description)
    return (
        Column((KEY,), PLAIN, "text", required=True, meaning="What the value is for."),
        _column((VALUE,), shape_of(annotation), value, needed=True),
    )


def _marks(root: type[Record]) -> Sheet:
    """One sheet for the tables of records that every owner may have."""
    records: tuple[type[Record], ...] = (root, *_entities(root))
    found = {
        path[0]: shape_of(info.annotation).part
        for record in records
        for path, info in _fields(record, ())
        if _is_marks(info)
    }
    ((name, mark),) = found.items()  # another such table would need a sheet as well
    assert mark is not None
    whose = f"Id of the record, or {SCENARIO}."
    which = "Field, * for every other one."
    columns = (
        Column((RECORD,), PLAIN, "text", required=True, meaning=whose),
        Column((FIELD,), PLAIN, "text", required=True, meaning=which),
        *_parts(mark.records[""]).columns,
    )
    meaning = "Which values are facts, typical or assumptions, and their sources."
    return Sheet(name.capitalize(), "marks", (name,), columns, meaning=meaning)


def _is_marks(info: FieldInfo) -> bool:
    shape = shape_of(info.annotation)
    free = shape.kind == "table" and not _options(_inner(info)[0])
    return free and bool(shape.part and shape.part.records)


def _entities(record: type[Record]) -> Iterator[type[Entity]]:
    """Every class of records with an id."""
    for info in record.model_fields.values():
        shape = shape_of(info.annotation)
        for inner in (shape.part or shape).records.values():
            if issubclass(inner, Entity):
                yield inner
            yield from _entities(inner)
