"""Values that know where they were written and what the data model expects."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from capacity.horizon import format_moment
from capacity.scenario import Entity, Record, Step, SuiteRate

Scalar = str | int | float | bool | None


@dataclass(frozen=True, order=True)
class Place:
    """Where a value was written; line 0 where there are no lines."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong, and where."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{Place(self.file, self.line)}: {self.sentence}"


class ScenarioError(Exception):
    """A scenario that can't be used, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass
class Node:
    """A mapping, list or plain value with its place."""

    value: dict[str, Node] | list[Node] | Scalar
    place: Place
    blanks: dict[str, Place] = field(default_factory=dict)
    """Where keys that aren't stated would stand, where that is known."""

    def problem(self, sentence: str) -> Problem:
        """A problem at this place."""
        return Problem(self.place.file, self.place.line, sentence)


@dataclass(frozen=True)
class Shape:
    """What the data model expects at a place."""

    kind: Literal["record", "choice", "list", "table", "when", "whole", "plain"]
    records: dict[str, type[Record]] = field(default_factory=dict)
    """The record under "", or the records of a choice by their `how`."""
    part: Shape | None = None
    """What a list's items or a table's values are."""

    def record(self, node: Node) -> type[Record] | None:
        """The record that a node should be, where that is known."""
        how = ""
        if self.kind == "choice" and isinstance(node.value, dict):
            how = str(text_of(node.value.get("how")))
        return self.records.get(how)

    @property
    def key(self) -> str | None:
        """Field that tells a list's rows apart, where there is one."""
        row = self.part.records.get("") if self.part is not None else None
        if self.kind != "list" or row is None:
            return None
        if issubclass(row, Entity):
            return "id"
        return {Step: "step", SuiteRate: "programme"}.get(row)


PLAIN = Shape("plain")


def shape_of(annotation: Any) -> Shape:  # noqa: ANN401 - annotations have no type
    """What a field's annotation expects."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(args[0])
    if origin in (Union, types.UnionType):
        parts = [shape_of(arg) for arg in args if arg is not type(None)]
        if len(parts) == 1:
            return parts[0]
        if all(part.kind == "record" for part in parts):
            return Shape(
                "choice", {_how(part.records[""]): part.records[""] for part in parts}
            )
        return PLAIN
    if origin is list:
        return Shape("list", part=shape_of(args[0]))
    if origin is dict:
        return Shape("table", part=shape_of(args[1]))
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return Shape("record", {"": annotation})
    if annotation is datetime:
        return Shape("when")
    return Shape("whole") if annotation is int else PLAIN


def _how(record: type[Record]) -> str:
    return str(get_args(record.model_fields["how"].annotation)[0])


@cache
def fields(record: type[Record]) -> dict[str, Shape]:
    """Keys of a record as the planner writes them, with what each expects."""
    return {
        info.alias or name: shape_of(info.annotation)
        for name, info in record.model_fields.items()
    }


@cache
def required(record: type[Record]) -> tuple[str, ...]:
    """Keys that a record can't do without."""
    return tuple(
        info.alias or name
        for name, info in record.model_fields.items()
        if info.is_required()
    )


def text_of(node: Node | None) -> str | None:
    """A plain value as text: an id may look like a number."""
    if node is None or node.value is None or isinstance(node.value, dict | list):
        return None
    return str(node.value)


def label(item: Node, number: int, key: str | None) -> str:
    """How a list's item is called in a path: by its key, else by its number."""
    named = None
    if key is not None and isinstance(item.value, dict):
        named = text_of(item.value.get(key))
    return str(number) if named is None else named


def children(node: Node, shape: Shape) -> Iterator[tuple[str, Node, Shape]]:
    """The parts of a node with their name in a path and their shape."""
    if isinstance(node.value, dict):
        record = shape.record(node)
        known = fields(record) if record is not None else {}
        for key, child in node.value.items():
            yield key, child, known.get(key, shape.part or PLAIN)
    elif isinstance(node.value, list):
        for number, child in enumerate(node.value):
            yield label(child, number, shape.key), child, shape.part or PLAIN


def walk(node: Node, shape: Shape, path: str = "") -> Iterator[tuple[str, Node, Shape]]:
    """A node and everything below it, with dotted paths."""
    yield path, node, shape
    for name, child, expected in children(node, shape):
        yield from walk(child, expected, f"{path}.{name}" if path else name)


def entities(root: Node, shape: Shape) -> dict[str, tuple[Node, type[Record]]]:
    """Every record with an id; the first one where an id comes twice."""
    found: dict[str, tuple[Node, type[Record]]] = {}
    for _, node, expected in walk(root, shape):
        record = expected.record(node)
        if record is None or not isinstance(node.value, dict):
            continue
        name = text_of(node.value.get("id"))
        if issubclass(record, Entity) and name is not None:
            found.setdefault(name, (node, record))
    return found


def assume(owner: Node, name: str, place: Place) -> None:
    """Mark a changed field of a record as an assumption, where it stood as more."""
    assert isinstance(owner.value, dict)
    standing = owner.value.get("standing")
    if standing is None or not isinstance(standing.value, dict):
        return
    if name in standing.value or "*" in standing.value:
        mark = Node({"is": Node("assumption", place)}, place)
        owner.value["standing"] = Node({**standing.value, name: mark}, standing.place)


def plain(node: Node) -> Any:  # noqa: ANN401 - as YAML has it
    """The values alone."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def node_of(value: object, place: Place) -> Node:
    """Plain data as nodes that all have one place."""
    if isinstance(value, dict):
        return Node({str(k): node_of(part, place) for k, part in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([node_of(part, place) for part in value], place)
    if isinstance(value, datetime):
        return Node(moment_text(value), place)
    if isinstance(value, date):
        return Node(value.isoformat(), place)
    if value is None or isinstance(value, str | int | float | bool):
        return Node(value, place)
    return Node(str(value), place)


def moment_text(moment: datetime) -> str:
    """ISO text that loses nothing, seconds included."""
    if moment.second or moment.microsecond or moment.tzinfo:
        return moment.isoformat()
    return format_moment(moment)
