"""What pydantic finds wrong, in the planner's words and at the planner's lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capacity.reading.nodes import (
    PLAIN,
    Node,
    Place,
    Shape,
    fields,
    label,
    text_of,
)
from capacity.validate.words import NOUNS, nearest


class Found:
    """The record that an error names: its words, path, place and expectations."""

    def __init__(self, root: Node, shape: Shape) -> None:
        self.node: Node | None = root
        self.shape = shape
        self.place: Place = root.place
        self.words: list[str] = []
        self.path: list[str] = []
        self.options: list[str] = []
        self._list = ""

    def step(self, piece: str | int) -> None:
        """Go down one piece of an error's location."""
        node, value = self.node, self.node.value if self.node is not None else None
        if isinstance(piece, int) and node is not None and isinstance(value, list):
            key = self.shape.key
            name = label(value[piece], piece, key)
            noun = NOUNS.get(self._list)
            if key is None or text_of(_get(value[piece], key)) is None:
                name = f"number {piece + 1}" if noun else str(piece + 1)
            if noun is not None:
                self.words.pop()
            self.words.append(f"{noun or 'row'} {name}")
            self.path.append(label(value[piece], piece, key))
            self._go(value[piece], self.shape.part or PLAIN)
        elif self.shape.kind == "choice" and piece in self.shape.records:
            return  # pydantic names the choice taken
        else:
            record = self.shape.record(node) if node is not None else None
            known = fields(record) if record is not None else {}
            self.options = list(known)
            self.words.append(str(piece))
            self.path.append(str(piece))
            self._list = str(piece)
            if node is not None:
                self.place = node.blanks.get(str(piece), self.place)
            below = _get(node, str(piece))
            self._go(below, known.get(str(piece), self.shape.part or PLAIN))

    def _go(self, node: Node | None, shape: Shape) -> None:
        self.node, self.shape = node, shape
        if node is not None:
            self.place = node.place


def _get(node: Node | None, key: str) -> Node | None:
    return (
        node.value.get(key)
        if node is not None and isinstance(node.value, dict)
        else None
    )


def sentences(
    error: ValidationError, root: Node, shape: Shape
) -> list[tuple[str, Place, str]]:
    """Path, place and sentence of everything that a validation found."""
    said: dict[str, tuple[str, Place, str]] = {}
    for detail in error.errors(include_url=False):
        found = Found(root, shape)
        loc = detail["loc"]
        in_key = "[key]" in loc
        for piece in loc[: loc.index("[key]")] if in_key else loc:
            found.step(piece)
        path = ".".join(found.path)
        about = _key(detail, found) if in_key else _said(detail, found)
        words = ": ".join([*found.words, about])
        if path in said and in_key:  # one error per alternative of a key
            continue
        how = _get(found.node, "how") if detail["type"] == "union_tag_invalid" else None
        place = how.place if how is not None else found.place
        said.setdefault(path, (path, place, words))
    return list(said.values())


def _key(detail: ErrorDetails, found: Found) -> str:
    if detail["type"] != "literal_error":
        return "can't be a key here"
    return "unknown key; there are " + _expected(detail)


def _expected(detail: ErrorDetails) -> str:
    return (
        str(detail.get("ctx", {}).get("expected", ""))
        .replace("'", "")
        .replace(" or ", ", ")
    )


def _said(detail: ErrorDetails, found: Found) -> str:
    kind, given, ctx = detail["type"], detail["input"], detail.get("ctx", {})
    whole = "a whole number, " if found.shape.kind == "whole" else ""
    value = shown(given)
    if kind == "extra_forbidden":
        return f"unknown key{nearest(found.path[-1], found.options)}"
    if kind == "literal_error":
        options = _expected(detail).split(", ")
        return f"{_one_of(options)}, not {value}{_close(given, options)}"
    if kind == "union_tag_invalid":
        options = str(ctx["expected_tags"]).replace("'", "").split(", ")
        tag = str(ctx["tag"])
        return f"how: {_one_of(options)}, not {tag!r}{_close(tag, options)}"
    bounds = {
        "greater_than_equal": ("at least", "ge"),
        "greater_than": ("more than", "gt"),
        "less_than_equal": ("at most", "le"),
        "less_than": ("less than", "lt"),
    }
    if kind in bounds:
        words, key = bounds[kind]
        return f"should be {whole}{words} {ctx[key]}, not {value}"
    if kind == "value_error":
        return _own(str(ctx["error"]), given, value)
    return _PLAIN_WORDS.get(kind, _by_family(kind, found)).format(
        value=value, least=ctx.get("min_length"), most=ctx.get("max_length")
    )


def _one_of(options: Sequence[str]) -> str:
    return f"should be one of {', '.join(options)}"


def _by_family(kind: str, found: Found) -> str:
    if kind.startswith(("int", "finite")):
        return "should be a whole number, not {value}"
    if kind.startswith("bool"):
        return "should be true or false, not {value}"
    if kind.startswith(("model", "dict")):
        return "should be a mapping of keys, not {value}"
    return "can't be {value}"


_PLAIN_WORDS = {
    "missing": "missing",
    "union_tag_not_found": "how: missing; there are direct, frozen, client",
    "string_type": "should be text, not {value}; put it in quotes",
    "string_pattern_mismatch": "{value} can't be a name: it has one of . = [ ] "
    "or a space in front",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {most} characters",
    "list_type": "should be a list, not {value}",
    "too_short": "should have at least {least} row",
    "too_long": "should have at most {most} rows",
}


def _own(words: str, given: Any, value: str) -> str:  # noqa: ANN401 - whatever was written
    if given is None:
        return "has no value"
    if words.startswith(("should be", "is absurdly")) and "not" not in words:
        return (
            f"{words}, not {value}"
            if words.startswith("should")
            else f"{value} {words}"
        )
    return words


def _close(given: object, options: Sequence[str]) -> str:
    found = nearest(str(given), options)
    return found if "did you mean" in found else ""


def shown(value: object) -> str:
    """A value as a sentence shows it: short, and never a dump."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    return str(value)[:40]
