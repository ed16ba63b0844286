"""A scenario with its ill-formed values set aside, so that the rest is checked too."""

from __future__ import annotations

import copy
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from capacity.reading.nodes import Node, Place, Shape, children, plain, shape_of
from capacity.scenario import Record, Scenario

UNREFERENCED = {
    "orders",
    "licences",
    "transfers",
    "qualifications",
    "lanes",
    "locks",
    "in_release",
    "stock",
    "demand",
}
"""Lists whose rows nothing else names: an ill-formed row is left out."""
ROUNDS = 3
"""Repairs may uncover what pydantic hadn't reached."""


class Frame:
    """One level on the way to a value."""

    def __init__(self, node: Node, shape: Shape, key: str | int, path: str) -> None:
        self.node = node
        self.shape = shape
        self.key = key
        self.path = path


def repaired(
    root: Node, shape: Shape, error: ValidationError
) -> tuple[Scenario, set[str]] | None:
    """The scenario without what is ill-formed, and the paths that were touched.

    Returns
    -------
    (Scenario, set of str) or None
        None where too little is left to check.
    """
    root = copy.deepcopy(root)
    touched: set[str] = set()
    for _ in range(ROUNDS):
        spoilt: list[tuple[list[Node], Node]] = []
        for detail in error.errors(include_url=False):
            if not _mend(detail, _frames(detail, root, shape), touched, spoilt):
                return None
        for rows, row in spoilt:
            rows[:] = [other for other in rows if other is not row]
        try:
            return Scenario.model_validate(plain(root)), touched
        except ValidationError as again:
            error = again
    return None


def _frames(detail: ErrorDetails, root: Node, shape: Shape) -> list[Frame]:
    loc = detail["loc"]
    pieces = loc[: loc.index("[key]")] if "[key]" in loc else loc
    frames: list[Frame] = []
    node, path = root, ""
    for piece in pieces:
        if shape.kind == "choice" and piece in shape.records:
            continue
        parts = list(children(node, shape))
        names = [name for name, _, _ in parts]
        at = piece if isinstance(piece, int) else None
        if at is None and piece in names:
            at = names.index(str(piece))
        name = names[at] if at is not None and at < len(names) else str(piece)
        path = f"{path}.{name}" if path else name
        frames.append(Frame(node, shape, piece, path))
        if at is None or at >= len(parts):
            break
        _, node, shape = parts[at]
    return frames


def _mend(
    detail: ErrorDetails,
    frames: list[Frame],
    touched: set[str],
    spoilt: list[tuple[list[Node], Node]],
) -> bool:
    """Take one ill-formed value away, or put a harmless one in its place."""
    if not frames:
        return False
    last = frames[-1]
    touched.add(last.path)
    if (detail["type"] == "extra_forbidden" or "[key]" in detail["loc"]) and isinstance(
        last.node.value, dict
    ):
        last.node.value.pop(str(last.key), None)
        return True
    for frame in reversed(frames):
        record = frame.shape.record(frame.node)
        if record is not None and isinstance(frame.node.value, dict):
            touched.add(frame.path)
            info = _by_key(record).get(str(frame.key))
            return info is not None and _set_aside(frame, info, frames, spoilt)
    return False


def _by_key(record: type[Record]) -> dict[str, FieldInfo]:
    """Fields of a record by the key that the planner writes."""
    return {info.alias or name: info for name, info in record.model_fields.items()}


def _set_aside(
    frame: Frame,
    info: FieldInfo,
    frames: list[Frame],
    spoilt: list[tuple[list[Node], Node]],
) -> bool:
    """Leave a field or its row out, or give it a harmless value, if one will do."""
    assert isinstance(frame.node.value, dict)
    unreferenced = str(frames[0].key) in UNREFERENCED and len(frames) > 1
    # an order without its markets would be said to lack one
    whole = unreferenced and shape_of(info.annotation).kind == "table"
    if not info.is_required() and not whole:
        frame.node.value.pop(str(frame.key), None)
        return True
    if unreferenced:
        rows, number = frames[1].node.value, frames[1].key
        assert isinstance(rows, list)
        assert isinstance(number, int)
        spoilt.append((rows, rows[number]))
        return True
    value = _harmless(info.annotation, frame.path)
    if value is not None:
        frame.node.value[str(frame.key)] = Node(value, frame.node.place)
    return value is not None


def _harmless(annotation: Any, path: str) -> Any:  # noqa: ANN401 - any annotation, any value
    """A value of the right type that raises no problem elsewhere."""
    origin = get_origin(annotation)
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is dict:
        return {}
    if origin is list and get_args(annotation)[0] is str:
        return [Node("?", Place("", 0))]
    text = f"? {path}".replace(".", " ")[:80]
    return {str: text, int: 1, Fraction: 1, datetime: "2000-01-01"}.get(annotation)
