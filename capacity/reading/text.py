"""The resolved scenario as text: one spelling for one meaning."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from capacity.horizon import format_moment
from capacity.reading.nodes import Place
from capacity.scenario import Entity, Exact, Record, Scenario, Step, SuiteRate

_PLAIN = re.compile(r"[A-Za-z][\w./()&%@'+-]*( [\w./()&%@'+-]+)*", re.ASCII)
_EXACT: TypeAdapter[Fraction] = TypeAdapter(Exact)
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
SHORT = 88
"""Characters of a row that still stands on one line."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")
_BREAKS = {ord(c): f"\\u{ord(c):04x}" for c in "\x7f\x85\u2028\u2029\ufeff"}


def lines(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Each line of the text with the path of the value on it ("" for headings)."""
    yield from _record(scenario, "", "")


def resolved(scenario: Scenario) -> str:
    """The whole text."""
    return "".join(f"{line}\n" for _, line in lines(scenario))


def with_places(scenario: Scenario, places: Mapping[str, Place]) -> str:
    """The same text with the file and line that each value came from."""
    shown = []
    for path, line in lines(scenario):
        place = f"  # {places.get(path, 'default')}" if path else ""
        shown.append(f"{line}{place}\n")
    return "".join(shown)


def stated(document: dict[str, Any], heading: str) -> str:
    """Plain data as a scenario's file: a comment, then section by section."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10**6
    file = io.StringIO()
    file.write(f"# {heading}\n")
    together = False
    for key, value in document.items():
        apart = isinstance(value, dict | list)
        if apart or not together:
            file.write("\n")
        together = not apart
        yaml.dump(CommentedMap({key: _laid_out(value)}), file)
    return file.getvalue()


def _laid_out(value: object) -> object:
    """The same data with days as days, and short rows on one line."""
    found: CommentedMap | CommentedSeq
    if isinstance(value, dict):
        found = CommentedMap({key: _laid_out(part) for key, part in value.items()})
        parts = list(value.values())
    elif isinstance(value, list):
        found = CommentedSeq([_laid_out(part) for part in value])
        parts = value
    elif isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
        return value
    else:
        return value
    plain = not any(isinstance(part, dict | list) for part in parts)
    if plain and len(str(value).replace("'", "")) <= SHORT:
        found.fa.set_flow_style()
    return found


def _record(record: Record, path: str, indent: str) -> Iterator[tuple[str, str]]:
    for name, info in type(record).model_fields.items():
        value = getattr(record, name)
        if value is None or (value in ({}, []) and not info.is_required()):
            continue
        key = info.alias or name
        yield from _entry(key, value, f"{path}.{key}" if path else key, indent)


def _entry(
    key: str, value: object, path: str, indent: str
) -> Iterator[tuple[str, str]]:
    head = f"{indent}{scalar(key)}:"
    if isinstance(value, Record | dict | list) and value not in ({}, []):
        yield "", head
        yield from _below(value, path, indent + "  ")
    else:
        yield path, f"{head} {scalar(value)}"


def _below(
    value: Record | dict[str, object] | list[object], path: str, indent: str
) -> Iterator[tuple[str, str]]:
    if isinstance(value, Record):
        yield from _record(value, path, indent)
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _entry(key, value[key], f"{path}.{key}", indent)
    else:
        for number, item in enumerate(value):
            yield from _item(item, f"{path}.{row_name(item, number)}", indent)


def _item(item: object, path: str, indent: str) -> Iterator[tuple[str, str]]:
    if not isinstance(item, Record):
        yield path, f"{indent}- {scalar(item)}"
        return
    mark = f"{indent}- "
    for below, line in _record(item, path, indent + "  "):
        yield below, mark + line[len(mark) :]
        mark = indent + "  "


def row_name(item: object, number: int) -> str:
    """How a row is called in a path: by its id, else by its number."""
    if isinstance(item, Entity):
        return item.id
    if isinstance(item, Step):
        return item.step
    return item.programme if isinstance(item, SuiteRate) else str(number)


def scalar(value: object) -> str:
    """One plain value in YAML, quoted where it would be read as something else."""
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, Fraction):
        value = _EXACT.dump_python(value, mode="json")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, int):
        return str(value)
    if value in ({}, []):
        return str(value)
    text = str(value)
    if _DATE.fullmatch(text):
        return text
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False).translate(_BREAKS)
