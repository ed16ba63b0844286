"""Changes from the command line: `--set ID.FIELD=VALUE`."""

from __future__ import annotations

from collections.abc import Sequence

from capacity.reading import source
from capacity.reading.edits import ROOT
from capacity.reading.nodes import (
    PLAIN,
    Node,
    Place,
    Problem,
    ScenarioError,
    Shape,
    assume,
    children,
    entities,
    fields,
)
from capacity.scenario import Scenario
from capacity.validate.words import nearest

SET = Place("--set", 0)


def apply(root: Node, settings: Sequence[str], problems: list[Problem]) -> None:
    """Make the changes that `--set ID.FIELD=VALUE` asks for."""
    for setting in settings:
        target, equals, written_value = setting.partition("=")
        name, dot, path = target.strip().partition(".")
        if not equals or not dot or not name or not path:
            said = f"{setting!r} isn't of the form ID.FIELD=VALUE"
            if name in fields(Scenario):
                said += f"; the scenario's own fields are scenario.{name} and so on"
            problems.append(_unset(said))
            continue
        try:
            found = source.yaml_node(written_value or "null", "--set", problems)
        except ScenarioError:
            problems.append(_unset(f"{target}: can't read the value {written_value!r}"))
            continue
        value = _at_once(found)
        _set(root, name, path.split("."), value, problems)


def _unset(sentence: str) -> Problem:
    return Problem(SET.file, SET.line, sentence)


def _at_once(node: Node) -> Node:
    """The same value, placed on the command line."""
    if isinstance(node.value, dict):
        return Node({key: _at_once(part) for key, part in node.value.items()}, SET)
    if isinstance(node.value, list):
        return Node([_at_once(part) for part in node.value], SET)
    return Node(node.value, SET)


def _set(
    root: Node, name: str, keys: list[str], value: Node, problems: list[Problem]
) -> None:
    known = entities(root, ROOT)
    tops = [key for key, shape in fields(Scenario).items() if shape.kind == "record"]
    if name in tops:
        keys, name = [name, *keys], "scenario"
    if name != "scenario" and name not in known:
        options = [*known, *tops, "scenario"]
        problems.append(_unset(f"{name}: unknown id{nearest(name, options)}"))
        return
    owner, record = (root, ROOT.records[""]) if name == "scenario" else known[name]
    node, shape = owner, Shape("record", {"": record})
    said = name
    for key in keys[:-1]:
        step = _below(node, shape, key)
        said += f".{key}"
        if step is None:
            options = _options(node, shape)
            problems.append(_unset(f"{said}: unknown{nearest(key, options)}"))
            return
        node, shape = step
    if not _assign(node, shape, keys[-1], value):
        options = _options(node, shape)
        problems.append(
            _unset(f"{said}.{keys[-1]}: unknown{nearest(keys[-1], options)}")
        )
        return
    top = isinstance(owner.value, dict) and owner is root and keys[0] in tops
    assume(owner, ".".join(keys[:2]) if top else keys[0], SET)


def _options(node: Node, shape: Shape) -> list[str]:
    """What may follow in a dotted field."""
    record = shape.record(node)
    if record is not None:
        return list(fields(record))
    return [name for name, _, _ in children(node, shape)]


def _below(node: Node, shape: Shape, key: str) -> tuple[Node, Shape] | None:
    """The named part of a node; a mapping that isn't stated yet is begun."""
    for name, child, expected in children(node, shape):
        if name == key:
            return child, expected
    record = shape.record(node)
    if isinstance(node.value, dict) and record is not None:
        expected = fields(record).get(key, PLAIN)
        if expected.kind in ("record", "table"):
            node.value[key] = Node({}, SET)
            return node.value[key], expected
    return None


def _assign(node: Node, shape: Shape, key: str, value: Node) -> bool:
    if isinstance(node.value, dict):
        if value.value is None:
            node.value.pop(key, None)
        else:
            node.value[key] = value
        return True
    names = [name for name, _, _ in children(node, shape)]
    if not isinstance(node.value, list) or key not in names:
        return False
    node.value[names.index(key)] = value
    return True
