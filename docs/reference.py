"""The reference page, made from the code: every command, and every field of a scenario.

python docs/reference.py    writes docs/reference.md, which a test compares with this
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel
from typer.models import ArgumentInfo, OptionInfo

from capacity.cli import app
from capacity.plan import Plan
from capacity.scenario import Scenario

PAGE = Path(__file__).parent / "reference.md"

HEAD = """\
# Reference

Made from the code by `python docs/reference.py`; don't edit it. What the fields are for is
told in [scenario.md](scenario.md), what the words mean exactly in [semantics.md](semantics.md).

[Commands](#commands) · [Fields of a scenario](#fields-of-a-scenario) ·
[Fields of plan.json](#fields-of-planjson)
"""

FIELDS = """\
## Fields of a scenario

Top to bottom as in a file; a *needed* field has no default. A *number* may be written `3.5` or
`16/3`. A *date* is `2027-03-29`, a day and time, or hangs on another date of the file
(`SON.completed + 90 days`); of a list of dates the latest counts.
"""

PLAN = """\
## Fields of plan.json

Rows of `batches.csv`, `campaigns.csv` and `orders.csv` have the same columns.
"""

Schema = dict[str, Any]


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Commands\n", *commands(), FIELDS, *records(Scenario)]
    return "\n".join([*parts, PLAN, *records(Plan)])


# -------------------------------------------------------------------------- commands


@dataclass(frozen=True)
class Taken:
    """An argument or option that a command takes."""

    name: str
    kind: type
    default: object
    info: ArgumentInfo | OptionInfo


def commands() -> Iterator[str]:
    """A section for each command: what it does, how it is called, its options."""
    for each in app.registered_commands:
        assert each.callback is not None
        name = each.name or each.callback.__name__.replace("_", "-")
        taken = list(_taken(each.callback))
        words = [
            _placeholder(one) for one in taken if isinstance(one.info, ArgumentInfo)
        ]
        usage = " ".join(["capacity", name, *words, "[OPTIONS]"])
        rows = [
            f"| {_named(one)} | {_default(one)} | {_told(one.info.help)} |"
            for one in taken
        ]
        head = [f"### capacity {name}", "", inspect.getdoc(each.callback) or "", ""]
        table = ["| | default | |", "|---|---|---|", *rows, ""]
        yield "\n".join([*head, f"`{usage}`", "", *table])


def _taken(command: Callable[..., object]) -> Iterator[Taken]:
    stated = inspect.signature(command).parameters
    for name, hint in get_type_hints(command, include_extras=True).items():
        if name != "return":
            kind, info = get_args(hint)
            kinds = [k for k in get_args(kind) if k is not NoneType] or [kind]
            yield Taken(name, kinds[0], stated[name].default, info)


def _placeholder(taken: Taken) -> str:
    shown = taken.info.metavar or taken.name.upper()
    return shown if taken.default is inspect.Parameter.empty else f"[{shown}]"


def _named(taken: Taken) -> str:
    """An argument or option as it is written on the command line."""
    if isinstance(taken.info, ArgumentInfo):
        shown = taken.info.metavar or taken.name.upper()
        return "`{}`".format(shown.replace("|", "\\|"))
    long = f"--{taken.name.replace('_', '-')}"
    # typer takes the first name of an annotated option for its default
    given = [taken.info.default, *(taken.info.param_decls or ())]
    names = sorted([str(n) for n in given if str(n).startswith("-")] or [long], key=len)
    value = (taken.info.metavar or _value_of(taken.kind)).replace("|", "\\|")
    return ", ".join(
        [*(f"`{n}`" for n in names[:-1]), f"`{names[-1]}{value and ' '}{value}`"]
    )


def _value_of(kind: type) -> str:
    """What follows an option's name."""
    return "" if kind is bool else "ID"


def _default(taken: Taken) -> str:
    if taken.default is inspect.Parameter.empty:
        return "*needed*"
    known = taken.default.value if isinstance(taken.default, Enum) else taken.default
    return "" if known is None or known is False else f"`{known}`"


# ---------------------------------------------------------------------------- fields


def records(model: type[BaseModel]) -> Iterator[str]:
    """A section for the model and each record that it holds, in order of appearance."""
    whole = model.model_json_schema(by_alias=True)
    known, waiting, seen = whole["$defs"], [model.__name__], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        record = whole if name == model.__name__ else known[name]
        yield _record(name, record)
        inner = json.dumps(record["properties"])
        waiting += re.findall(r'"\$ref": "#/\$defs/(\w+)"', inner)


def _record(name: str, record: Schema) -> str:
    needed = record.get("required", [])
    rows = [
        f"| `{field}` | {_type(schema)} | {_unit(schema)} |"
        f" {'*needed*' if field in needed else _value(schema.get('default'))} |"
        f" {_told(schema.get('description'))} |"
        for field, schema in record["properties"].items()
    ]
    head = ["| field | type | unit | default | meaning |", "|---|---|---|---|---|"]
    return "\n".join([f"### {name}", "", record["description"], "", *head, *rows, ""])


def _type(schema: Schema) -> str:
    """What may stand there, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return _options([each for each in options if each.get("type") != "null"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object":
        keys = _type(schema["propertyNames"]) if "propertyNames" in schema else "name"
        return f"{_type(schema['additionalProperties'])} by {keys}"
    words = {"integer": "whole number", "string": "text", "boolean": "`true` `false`"}
    kind = str(schema.get("type", "any value"))
    return words.get(kind, kind)


def _options(options: list[Schema]) -> str:
    kinds = [each.get("type") for each in options]
    if kinds == ["number", "string"]:
        return "number"
    if kinds == ["string", "array"]:
        return "date"
    return " or ".join(dict.fromkeys(_type(each) for each in options))


UNIT = re.compile(r"\s*\[([^\]]+)\]$")


def _unit(schema: Schema) -> str:
    found = UNIT.search(schema.get("description", ""))
    return found[1] if found else ""


def _told(text: str | None) -> str:
    return UNIT.sub("", " ".join((text or "").split())).replace("|", "\\|")


def _value(default: object) -> str:
    """A default as it would be written; nothing where it is nothing."""
    if default in (None, [], {}, ""):
        return ""
    if isinstance(default, dict):
        return "its own"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, str) and re.fullmatch(r"\d+/\d+", default):
        return f"`{float(Fraction(default)):g}`"
    return f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(page())
